//! Albums, which are made under a name that no other has and are known by their ids from then on: the server finds or
//! makes, and takes many titles for one (reference 2.6.2).

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use futures_util::TryStreamExt;
use jiff::{SignedDuration, Timestamp};
use photomove_core::{
    DestAlbumId, DestId, Digester, Error, ErrorKind, HashKinds, NewAlbum, Operation, Rejection, Result, Settled,
    cut_chars,
};

use super::present::{Present, REVIEWED, unsettled};
use super::{PhotoPrismSink, TITLE_CHARS};
use crate::KIND;
use crate::search::AlbumSearch;
use crate::wire::{Album, AlbumProperties, PhotoProperties};

/// Beginning of the names under which albums are made; no person gives one such a title.
const MARK: &str = "photomove";
/// How far the server's clock may be behind ours.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_hours(24);
/// Characters of an album's description.
const DESCRIPTION_CHARS: u32 = 2048;

/// Names under which albums are being made by this process, so that none is taken for one that an earlier one left.
#[derive(Debug, Default)]
pub(super) struct InFlight(Mutex<HashSet<String>>);

impl InFlight {
    fn with<T>(&self, of: impl FnOnce(&mut HashSet<String>) -> T) -> T {
        of(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A name that is in use, for as long as this lives.
struct Held<'h>(&'h InFlight, String);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.with(|names| names.remove(&self.1));
    }
}

/// Letters and digits of the title's hash: which albums that were left half made may be meant.
fn digest(title: &str) -> String {
    let mut digester = Digester::new(HashKinds::SHA1);
    digester.update(title.as_bytes());
    let hash = digester.finish().sha1_hex().unwrap_or_default();
    hash.chars().take(12).collect()
}

/// Titles as the server may store them: it trims some letters at both ends and turns quotes.
fn stored(title: &str) -> String {
    let trimmed = title.trim_matches(|c: char| "_&|{}<>: \n\r\t\\".contains(c));
    cut_chars(&trimmed.replace('"', "\u{201c}"), TITLE_CHARS).into_owned()
}

fn properties(album: &NewAlbum) -> AlbumProperties {
    let mut properties = AlbumProperties::default().with_title(album.title.as_str());
    if let Some(text) = album.description.as_deref().filter(|text| !text.is_empty()) {
        properties = properties.with_description(cut_chars(text, DESCRIPTION_CHARS));
    }
    properties
}

impl PhotoPrismSink {
    pub(super) async fn new_album(&self, album: &NewAlbum) -> Result<DestAlbumId> {
        // Letters and digits alone: the server takes some signs for wildcards, and all others for one.
        let name = format!(
            "{MARK} {} {:016x}",
            digest(&album.title),
            self.client().env().random.next_u64()
        );
        self.naming.with(|names| names.insert(name.clone()));
        let held = Held(&self.naming, name);
        let made = self.client().create_distinct_album(&held.1, &properties(album)).await?;
        Ok(DestAlbumId::from(made.uid))
    }

    /// Looks for an album whose creation was not heard to its end: half made, under its first name, or whole.
    pub(super) async fn settle_album(
        &self,
        album: &NewAlbum,
        since: Timestamp,
        known: &[DestAlbumId],
    ) -> Result<Settled> {
        let first_name = format!("{MARK} {} ", digest(&album.title));
        let title = stored(&album.title);
        let earliest = since.saturating_sub(CLOCK_TOLERANCE).unwrap_or(Timestamp::MIN);
        let (mut half, mut whole): (Vec<Album>, Vec<Album>) = (Vec::new(), Vec::new());
        let mut albums = self.client().all_albums(AlbumSearch::of_people());
        while let Some(seen) = albums
            .try_next()
            .await
            .map_err(|error| error.operation(Operation::Settle))?
        {
            let is_known = known.iter().any(|id| id.as_str() == seen.uid);
            let is_younger = seen.created_at.is_none_or(|at| at >= earliest);
            // Nothing was put into ours yet: one that holds photos is somebody else's, whatever its title.
            let is_filled = seen.photo_count.is_some_and(|count| count > 0);
            if is_known || !is_younger || is_filled || seen.is_smart() {
                continue;
            }
            if seen.title.starts_with(&first_name) && !self.naming.with(|names| names.contains(&seen.title)) {
                half.push(seen);
            } else if seen.title == album.title || seen.title == title {
                whole.push(seen);
            }
        }
        let adopt = |album: Album| Settled::AlbumHappened(DestAlbumId::from(album.uid));
        if whole.is_empty()
            && let Some(left) = half.pop()
        {
            // Whichever it is: it is ours, and nothing is in it.
            let made = self.client().update_album(&left.uid, &properties(album)).await?;
            return Ok(adopt(made));
        }
        Ok(match whole.len() {
            0 => Settled::DidNot,
            1 => whole.pop().map_or(Settled::DidNot, adopt),
            _ => Settled::Unknown,
        })
    }

    pub(super) async fn add(&self, album: &DestAlbumId, members: &[DestId]) -> Result<Vec<Result<()>>> {
        if members.is_empty() {
            return Ok(Vec::new());
        }
        let hashes: Vec<&str> = members.iter().map(DestId::as_str).collect();
        // Photos are merged at any time: which one a file belongs to is asked anew each time.
        let present = self
            .present(&hashes)
            .await
            .map_err(|error| error.operation(Operation::AddToAlbum))?;
        let left_out = self.take_out_of_review(&present).await?;
        let ids: HashSet<&str> = present
            .values()
            .filter_map(Present::photo)
            .filter(|uid| !left_out.contains(*uid))
            .collect();
        let added: HashSet<String> = match ids.is_empty() {
            true => HashSet::new(),
            false => {
                let change = self.client().add_to_album(album.as_str(), ids).await?;
                change.photos.into_iter().collect()
            }
        };
        let result = |present: &HashMap<String, Present>, hash: &str| match present.get(hash) {
            Some(Present::Unsettled) => Err(unsettled().operation(Operation::AddToAlbum)),
            Some(found) if found.photo().is_some_and(|photo| added.contains(photo)) => Ok(()),
            Some(found) if found.photo().is_some_and(|photo| left_out.contains(photo)) => Err(Error::new(
                ErrorKind::Rejected(Rejection::Policy),
                "the photo is archived and in review, and the album would bring it back from the archive",
            )
            .provider(KIND)
            .operation(Operation::AddToAlbum)
            .hint("look at it in the archive of PhotoPrism; restore it there if it is to be in the album")),
            // It moved between the question and the call.
            Some(Present::Shown(_) | Present::Archived { .. }) => Err(unsettled().operation(Operation::AddToAlbum)),
            _ => Err(Error::new(
                ErrorKind::NotFound,
                "photoprism does not show the photo, so that it can enter no album",
            )
            .provider(KIND)
            .operation(Operation::AddToAlbum)),
        };
        Ok(hashes.into_iter().map(|hash| result(&present, hash)).collect())
    }

    /// Lets archived photos pass for looked at, where they are: an album that takes them as they were brings them back.
    /// Returns those of which the server does not say so.
    async fn take_out_of_review(&self, present: &HashMap<String, Present>) -> Result<HashSet<String>> {
        let in_review: HashSet<&str> = present
            .values()
            .filter_map(|present| match present {
                Present::Archived { uid, in_review: true } => Some(uid.as_str()),
                _ => None,
            })
            .collect();
        let mut left_out = HashSet::new();
        for uid in in_review {
            // Any change does, also none.
            match self.client().update_photo(uid, &PhotoProperties::default()).await {
                Ok(photo) if photo.quality >= REVIEWED => {}
                Ok(_) => drop(left_out.insert(uid.to_owned())),
                // It was deleted meanwhile, which the album's answer tells.
                Err(error) if *error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error.operation(Operation::AddToAlbum)),
            }
        }
        Ok(left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_compared_as_the_server_stores_them() {
        assert_eq!(stored(" \"Best\" of: "), "\u{201c}Best\u{201c} of");
        assert_eq!(stored("{100%}"), "100%");
        assert_eq!(digest("a").len(), 12);
        assert_ne!(digest("a"), digest("b"));
    }

    #[test]
    fn a_description_goes_along_as_far_as_it_fits() {
        let album = NewAlbum {
            title: "Summer".into(),
            description: Some("x".repeat(3000)),
        };
        let sent = properties(&album);
        assert_eq!(
            (sent.title.as_deref(), sent.description.unwrap().len()),
            (Some("Summer"), 2048)
        );
        let bare = NewAlbum {
            description: Some(String::new()),
            ..album
        };
        assert_eq!(properties(&bare).description, None);
    }
}
