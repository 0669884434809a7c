//! What has changed at the source since a plan was made.

use serde::Serialize;

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftKind {
    /// The bytes of an item are others: it stays where it is.
    Changed,
    /// An item is not listed any more, or does not fit the plan's filters any more.
    Gone,
    /// An item has come: it stays where it is.
    New,
    /// An album has another title: the planned one is used.
    AlbumRenamed,
    /// An album is not listed any more.
    AlbumGone,
    /// An album has come: it is not created.
    AlbumNew,
    /// An album has members that it had not: they are not put into it.
    AlbumGrown,
    /// An album lacks members that it had.
    AlbumShrunk,
}

/// One such change by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DriftExample {
    /// What changed.
    pub kind: DriftKind,
    /// Name of the item's first file, or title of the album as it was planned.
    pub name: String,
    /// The album's title now, if it was renamed.
    pub now: Option<String>,
    /// Places more or fewer, if an album grew or shrank.
    pub places: Option<u64>,
}

/// Where the source is not as a plan file says. Counts of items and of albums.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Drift {
    /// Items of the plan.
    pub planned: u64,
    /// Items whose bytes changed.
    pub changed: u64,
    /// Items that are not listed any more.
    pub gone: u64,
    /// Items that have come. Not counted where the plan is of the first so many items only.
    pub new: u64,
    /// Albums with another title.
    pub albums_renamed: u64,
    /// Albums that are not listed any more.
    pub albums_gone: u64,
    /// Albums that have come.
    pub albums_new: u64,
    /// Albums with more members.
    pub albums_grown: u64,
    /// Albums with fewer members, also where these members are gone.
    pub albums_shrunk: u64,
    /// Some of them by name, at most 5 of each kind.
    pub examples: Vec<DriftExample>,
}

impl Drift {
    /// Returns how many items or albums changed in each way, in the order in which they are told.
    pub fn counts(&self) -> [(DriftKind, u64); 8] {
        [
            (DriftKind::Changed, self.changed),
            (DriftKind::Gone, self.gone),
            (DriftKind::New, self.new),
            (DriftKind::AlbumRenamed, self.albums_renamed),
            (DriftKind::AlbumGone, self.albums_gone),
            (DriftKind::AlbumNew, self.albums_new),
            (DriftKind::AlbumGrown, self.albums_grown),
            (DriftKind::AlbumShrunk, self.albums_shrunk),
        ]
    }

    /// Says whether the source is as it was planned.
    pub fn is_none(&self) -> bool {
        self.counts().iter().all(|(_, count)| *count == 0)
    }
}
