//! The orders of a search.

use std::cmp::{Ordering, Reverse};

use crate::photoprism::mint::session_id;
use crate::photoprism::model::{File, Photo, Root};

/// A row before it is written: a file and its photo.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    pub(crate) photo: &'a Photo,
    pub(crate) file: &'a File,
}

/// How rows are sorted, and which of them an order leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Added,
    Newest,
    Oldest,
    Edited,
    Updated,
    Archived,
    Relevance,
    Duration,
    Size,
    Similar,
    Name,
    Title,
    Random,
}

impl Order {
    /// The order of a name, which must be spelt exactly; `None` for all that the server refuses.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "" | "added" | "imported" => Self::Added,
            "newest" => Self::Newest,
            "oldest" => Self::Oldest,
            "edited" => Self::Edited,
            "updated" => Self::Updated,
            "archived" => Self::Archived,
            "relevance" => Self::Relevance,
            "duration" => Self::Duration,
            "size" => Self::Size,
            "similar" => Self::Similar,
            "name" => Self::Name,
            "title" => Self::Title,
            "random" => Self::Random,
            _ => return None,
        })
    }

    /// Whether a row is in a result of this order.
    pub(crate) fn holds(self, row: Row<'_>) -> bool {
        match self {
            Self::Edited => row.photo.edited_at.is_some(),
            Self::Updated => row.photo.updated_at > row.photo.created_at,
            Self::Size => row.file.root == Root::Originals || row.file.primary,
            Self::Similar | Self::Random => row.file.primary || row.file.video,
            _ => true,
        }
    }

    /// Which of two rows comes first.
    pub(crate) fn compare(self, a: Row<'_>, b: Row<'_>) -> Ordering {
        let newest = || taken(b).cmp(&taken(a)).then_with(|| media(a).cmp(&media(b)));
        match self {
            Self::Added => media(a).cmp(&media(b)),
            Self::Newest => newest(),
            Self::Oldest => taken(a).cmp(&taken(b)).then_with(|| media(a).cmp(&media(b))),
            Self::Edited => b
                .photo
                .edited_at
                .cmp(&a.photo.edited_at)
                .then_with(|| media(a).cmp(&media(b))),
            Self::Updated => b
                .photo
                .updated_at
                .cmp(&a.photo.updated_at)
                .then_with(|| media(a).cmp(&media(b))),
            Self::Archived => b
                .photo
                .deleted_at
                .cmp(&a.photo.deleted_at)
                .then_with(|| media(a).cmp(&media(b))),
            Self::Relevance => b.photo.quality.cmp(&a.photo.quality).then_with(newest),
            Self::Duration => b.photo.duration_ns.cmp(&a.photo.duration_ns).then_with(newest),
            Self::Size => b.file.size.cmp(&a.file.size).then_with(newest),
            Self::Similar => {
                let look = |row: Row<'_>| (row.photo.color, row.photo.cell_id.clone(), row.file.diff);
                look(a)
                    .cmp(&look(b))
                    .then_with(|| a.photo.id.cmp(&b.photo.id))
                    .then_with(|| media(a).cmp(&media(b)))
            }
            Self::Name => {
                let name = |row: Row<'_>| (row.photo.path.clone(), row.photo.name.clone());
                name(a).cmp(&name(b)).then_with(newest)
            }
            Self::Title => a
                .photo
                .title
                .cmp(&b.photo.title)
                .then_with(|| taken(a).cmp(&taken(b)))
                .then_with(|| media(a).cmp(&media(b))),
            // Shuffled, but the same for the same library, so that a test can be repeated.
            Self::Random => session_id(&a.file.uid).cmp(&session_id(&b.file.uid)),
        }
    }
}

/// What the server sorts by as time: the wall clock.
fn taken(row: Row<'_>) -> jiff::civil::DateTime {
    row.photo.taken_at_local.at
}

/// The order of `MediaID`: new photos first, and of each the primary file first. The others follow in order of their
/// creation, while the real server leaves that to the chance of their UIDs.
fn media(row: Row<'_>) -> (Reverse<u64>, bool, u64) {
    (Reverse(row.photo.id), !row.file.primary, row.file.id)
}
