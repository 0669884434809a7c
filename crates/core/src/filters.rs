//! Which part of a library is meant.

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::{AlbumId, Asset, CaptureTime, MediaKind, Metadata, Origin};

/// Which assets to list; the empty filter means all of them.
///
/// A job is (source owner, target owner, filters): they are written down as JSON, with every default left out, so that
/// the empty filter is `{}`.
///
/// An asset is meant if it fits every part that is set. Nothing is guessed: what the source does not tell of an asset
/// does not fit, see [`Fit`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Filters {
    /// Taken at this instant or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Taken before this instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Time zone of the person who set `since` and `until`, an IANA name or an offset such as `+02:00`; `None` = UTC.
    ///
    /// Cameras write what the clock on the wall shows, without a zone: such a time is read as one of this zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Only photos, or only videos.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<MediaFilter>,
    /// Only what is marked as a favourite.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub favourite: bool,
    /// Only what is in an album of one of these titles, compared by [`Filters::names`]; empty = wherever it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub albums: Vec<String>,
    /// Only so many assets: the first ones of the listing that fit everything else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// The albums of those titles, once they have been looked up; told to a source, never written down.
    #[serde(skip)]
    pub album_ids: Vec<AlbumId>,
}

/// What kind of asset is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaFilter {
    /// Photos; a live photo is one.
    Photo,
    /// Videos.
    Video,
}

impl MediaFilter {
    /// Says whether a kind of asset is meant; a live photo is a photo.
    pub fn fits(self, kind: MediaKind) -> bool {
        match kind {
            MediaKind::Photo | MediaKind::LivePhoto => self == Self::Photo,
            MediaKind::Video => self == Self::Video,
        }
    }
}

/// Whether an asset is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fit {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// It would be, but the source tells no date of it, and only assets of some time are meant. It is left out, and
    /// counted, so that people can be told.
    NoDate,
}

impl Filters {
    /// Lets only pass what was taken at this instant or later.
    #[must_use]
    pub fn with_since(mut self, since: Timestamp) -> Self {
        self.since = Some(since);
        self
    }

    /// Lets only pass what was taken before this instant.
    #[must_use]
    pub fn with_until(mut self, until: Timestamp) -> Self {
        self.until = Some(until);
        self
    }

    /// Sets the zone in which wall-clock times are read: an IANA name, or an offset such as `+02:00`.
    #[must_use]
    pub fn with_zone(mut self, zone: impl Into<String>) -> Self {
        self.zone = Some(zone.into());
        self
    }

    /// Lets only photos pass, or only videos.
    #[must_use]
    pub fn with_kind(mut self, kind: MediaFilter) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Lets only favourites pass.
    #[must_use]
    pub fn with_favourite(mut self) -> Self {
        self.favourite = true;
        self
    }

    /// Lets pass what is in an album of this title, beside what is in albums named before. The order in which titles
    /// are named means nothing.
    #[must_use]
    pub fn with_album(mut self, title: impl Into<String>) -> Self {
        let title = title.into();
        if !self.names(&title) {
            self.albums.push(title);
            self.albums.sort();
        }
        self
    }

    /// Lets only the first so many pass.
    #[must_use]
    pub fn with_limit(mut self, assets: u64) -> Self {
        self.limit = Some(assets);
        self
    }

    /// Says which albums the titles stand for.
    #[must_use]
    pub fn with_album_ids(mut self, albums: impl IntoIterator<Item = AlbumId>) -> Self {
        self.album_ids = albums.into_iter().collect();
        self
    }

    /// Says whether everything is meant.
    pub fn is_empty(&self) -> bool {
        let Self {
            since,
            until,
            // What they are read in means nothing without them.
            zone: _,
            kind,
            favourite,
            albums,
            limit,
            album_ids: _,
        } = self;
        since.is_none() && until.is_none() && kind.is_none() && !favourite && albums.is_empty() && limit.is_none()
    }

    /// Says whether an album of this title is meant by name: equal but for upper and lower case and spaces around it.
    pub fn names(&self, title: &str) -> bool {
        let title = folded(title);
        self.albums.iter().any(|wanted| folded(wanted) == title)
    }

    /// Says whether an asset fits date, kind and favourite; albums and the limit are for whoever lists.
    pub fn matches(&self, asset: &Asset) -> Fit {
        self.matches_facts(asset.kind, &asset.metadata)
    }

    /// Does that for an asset of which kind and metadata are known.
    ///
    /// The date is when it was taken, as the source tells it; one that was only guessed, such as the day of the upload,
    /// is none. A date of which only year, month or day are known counts as their beginning.
    pub fn matches_facts(&self, kind: MediaKind, metadata: &Metadata) -> Fit {
        if self.kind.is_some_and(|wanted| !wanted.fits(kind)) {
            return Fit::No;
        }
        let favourite = || metadata.favourite.as_ref().is_some_and(|favourite| favourite.value);
        if self.favourite && !favourite() {
            return Fit::No;
        }
        if self.since.is_none() && self.until.is_none() {
            return Fit::Yes;
        }
        let taken = metadata
            .taken
            .as_ref()
            .filter(|taken| taken.origin != Origin::Inferred)
            .and_then(|taken| self.instant(&taken.value));
        match taken {
            None => Fit::NoDate,
            Some(at) if self.since.is_some_and(|since| at < since) => Fit::No,
            Some(at) if self.until.is_some_and(|until| at >= until) => Fit::No,
            Some(_) => Fit::Yes,
        }
    }

    /// Returns the zone in which `since` and `until` were meant, UTC if it is not known.
    pub fn time_zone(&self) -> TimeZone {
        let known = |zone: &String| DateTimeParser::new().parse_time_zone(zone).ok();
        self.zone.as_ref().and_then(known).unwrap_or(TimeZone::UTC)
    }

    fn instant(&self, taken: &CaptureTime) -> Option<Timestamp> {
        taken
            .as_instant()
            .or_else(|| self.time_zone().to_timestamp(taken.local?).ok())
    }
}

fn folded(title: &str) -> String {
    title.trim().to_lowercase()
}

#[cfg(test)]
mod tests;
