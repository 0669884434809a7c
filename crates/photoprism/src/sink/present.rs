//! What the server holds, asked by SHA-1: for many files at once where a search suffices, else one by one.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use photomove_core::{
    Checksums, Claim, DestId, Error, ErrorKind, Evidence, HashKinds, Lookup, Operation, OutOfSight, Result,
};

use super::PhotoPrismSink;
use crate::KIND;
use crate::client::{Arrival, absent};
use crate::search::PhotoSearch;
use crate::wire::{Photo, PhotoRow, Root};

/// Hashes asked for in one search; an address has some thousand characters at most.
const ASKED_AT_ONCE: usize = 40;
/// Photos below this quality are in review, which the web page does not show.
pub(super) const REVIEWED: i32 = 3;
/// Rows of such a search: of a stack several files may be asked for.
const ROWS: u32 = 500;
/// Files whose photos are remembered, some batches of them.
const RECENT: usize = 512;

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Present {
    /// Its photo is shown.
    Shown(String),
    /// Its photo is archived.
    Archived {
        uid: String,
        /// Whether it was never looked at: an album that takes it brings it back (reference 2.6.3).
        in_review: bool,
    },
    /// It is held, but shown nowhere.
    Hidden { vanished: bool },
    /// The same bytes are a preview of another picture, which the server made and may throw away at any time.
    Preview,
    /// The server does not know it.
    Unknown,
    /// It moved to another photo each time it was looked for.
    Unsettled,
}

impl Present {
    /// Returns the id of the photo, as long as it has one that means something.
    pub(super) fn photo(&self) -> Option<&str> {
        match self {
            Self::Shown(uid) | Self::Archived { uid, .. } => Some(uid),
            _ => None,
        }
    }

    fn archived(uid: String, quality: i32) -> Self {
        Self::Archived {
            uid,
            in_review: quality < REVIEWED,
        }
    }

    pub(super) fn of(arrival: &Arrival, sha1: &str) -> Self {
        match arrival {
            Arrival::Visible(photo) | Arrival::Archived(photo) if is_preview(photo, sha1) => Self::Preview,
            Arrival::Visible(photo) => Self::Shown(photo.uid.clone()),
            Arrival::Archived(photo) => Self::archived(photo.uid.clone(), photo.quality),
            Arrival::Hidden(photo) => Self::Hidden {
                vanished: has_vanished(photo, sha1),
            },
            Arrival::Unknown => Self::Unknown,
            Arrival::Unsettled => Self::Unsettled,
        }
    }
}

/// The photos in which files were seen last, as a hint where to look: photos are merged at any time.
#[derive(Debug, Default)]
pub(super) struct Recent(Mutex<VecDeque<(String, String)>>);

impl Recent {
    fn note(&self, hash: &str, photo: &str) {
        self.with(|seen| {
            seen.retain(|(known, _)| known != hash);
            if seen.len() == RECENT {
                seen.pop_front();
            }
            seen.push_back((hash.to_owned(), photo.to_owned()));
        });
    }

    /// Gives it once: a hint that was wrong is not to be followed again.
    fn take(&self, hash: &str) -> Option<String> {
        self.with(|seen| {
            let place = seen.iter().position(|(known, _)| known == hash)?;
            seen.remove(place).map(|(_, photo)| photo)
        })
    }

    fn with<T>(&self, of: impl FnOnce(&mut VecDeque<(String, String)>) -> T) -> T {
        of(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn has_vanished(photo: &Photo, sha1: &str) -> bool {
    photo.file(sha1).is_some_and(|file| file.missing)
}

fn is_preview(photo: &Photo, sha1: &str) -> bool {
    let mut same = photo
        .all_files()
        .iter()
        .filter(|file| file.hash.eq_ignore_ascii_case(sha1));
    same.all(|file| !file.is_original())
}

/// What a row of a search says of its file; `None` if it proves nothing.
fn of_row(row: &PhotoRow) -> Option<Present> {
    let counts = row.quality >= 0 && row.file_root == Root::Originals;
    counts.then(|| match row.deleted_at {
        Some(_) => Present::archived(row.uid.clone(), row.quality),
        None => Present::Shown(row.uid.clone()),
    })
}

pub(super) fn unsettled() -> Error {
    Error::new(
        ErrorKind::Unavailable { retry_after: None },
        "the file moves from one photo to another at the moment",
    )
    .provider(KIND)
}

impl PhotoPrismSink {
    /// Looks for many files by SHA-1 in hex. Nothing that is found by a search lacks a primary file.
    pub(super) async fn present(&self, hashes: &[&str]) -> Result<HashMap<String, Present>> {
        let mut found: HashMap<String, Present> = HashMap::with_capacity(hashes.len());
        for archived in [false, true] {
            let open: Vec<&str> = hashes
                .iter()
                .copied()
                .filter(|hash| !found.contains_key(*hash))
                .collect();
            // One file is asked for by itself just as well.
            if open.len() < 2 {
                break;
            }
            for asked in open.chunks(ASKED_AT_ONCE) {
                let search = PhotoSearch::new().hashes(asked);
                let search = if archived { search.archived(true) } else { search };
                for row in self.client().photos(&search, ROWS, 0).await?.rows {
                    let is_asked = asked.contains(&row.hash.as_str());
                    let Some(present) = of_row(&row).filter(|_| is_asked) else {
                        continue;
                    };
                    if let Some(photo) = present.photo() {
                        self.recent.note(&row.hash, photo);
                    }
                    found.insert(row.hash, present);
                }
            }
        }
        for hash in hashes {
            if !found.contains_key(*hash) {
                let present = self.present_one(hash).await?;
                found.insert((*hash).to_owned(), present);
            }
        }
        Ok(found)
    }

    pub(super) async fn present_one(&self, hash: &str) -> Result<Present> {
        let present = Present::of(&self.client().arrival(hash).await?, hash);
        if present != Present::Preview {
            return Ok(present);
        }
        // Of several files of these bytes the first one was told, and it may not be the only one.
        for archived in [false, true] {
            let search = PhotoSearch::new().hashes([hash]);
            let search = if archived { search.archived(true) } else { search };
            let rows = self.client().photos(&search, ROWS, 0).await?.rows;
            if let Some(present) = rows.iter().filter(|row| row.hash == hash).find_map(of_row) {
                return Ok(present);
            }
        }
        Ok(Present::Preview)
    }

    /// What the server holds of a file, asked by the photo that it was last seen in if that is known: one question instead
    /// of two. Only a photo that still has the file is believed.
    pub(super) async fn arrival(&self, hash: &str) -> Result<Arrival> {
        if let Some(photo) = self.recent.take(hash) {
            let photo = absent(self.client().photo(&photo).await)?;
            if let Some(arrival) = photo.and_then(|photo| Arrival::of(photo, hash)) {
                return Ok(arrival);
            }
        }
        self.client().arrival(hash).await
    }

    /// Looks for bytes before they are sent.
    pub(super) async fn look_for(&self, sums: &Checksums) -> Result<Lookup> {
        let Some(sha1) = sums.sha1_hex() else {
            return Ok(Lookup::CannotTell);
        };
        let arrival = self.client().arrival(&sha1).await?;
        let id = DestId::from(sha1.as_str());
        Ok(match &arrival {
            // A preview of the server's own making is nothing to rely on.
            Arrival::Visible(photo) | Arrival::Archived(photo) if is_preview(photo, &sha1) => {
                match self.present_one(&sha1).await? {
                    Present::Shown(_) => Lookup::Found { id, trashed: false },
                    Present::Archived { .. } => Lookup::OutOfSight {
                        id,
                        how: OutOfSight::Archived,
                    },
                    _ => Lookup::CannotTell,
                }
            }
            Arrival::Visible(_) => Lookup::Found { id, trashed: false },
            Arrival::Archived(_) => Lookup::OutOfSight {
                id,
                how: OutOfSight::Archived,
            },
            // Sent again, it takes its old place.
            Arrival::Hidden(photo) if has_vanished(photo, &sha1) => Lookup::Absent,
            Arrival::Hidden(_) => Lookup::OutOfSight {
                id,
                how: OutOfSight::Hidden,
            },
            Arrival::Unknown => Lookup::Absent,
            Arrival::Unsettled => Lookup::CannotTell,
        })
    }

    /// Says what the server proves of items, whose ids are the hashes of their bytes.
    pub(super) async fn evidence(&self, claims: &[Claim]) -> Result<Vec<Result<Evidence>>> {
        let known: Vec<&str> = claims
            .iter()
            .map(|claim| claim.id.as_str())
            .filter(|id| Checksums::sha1_from_hex(id).is_some())
            .collect();
        let present = self
            .present(&known)
            .await
            .map_err(|error| error.operation(Operation::Verify))?;
        let proof = |claim: &Claim| match present.get(claim.id.as_str()) {
            None | Some(Present::Unknown | Present::Hidden { vanished: true }) => Ok(Evidence::Missing),
            Some(Present::Hidden { vanished: false }) => Ok(Evidence::Differs {
                what: "photoprism holds the file, but shows it nowhere".into(),
            }),
            Some(Present::Preview) => Ok(Evidence::Differs {
                what: "photoprism has these bytes as a preview of another picture only".into(),
            }),
            Some(Present::Unsettled) => Err(unsettled().operation(Operation::Verify)),
            Some(Present::Shown(_) | Present::Archived { .. }) => match claim.checksums.sha1_hex() {
                Some(sha1) if sha1 == claim.id.as_str() => Ok(Evidence::Hash(HashKinds::SHA1)),
                Some(_) => Ok(Evidence::Differs {
                    what: HashKinds::SHA1.to_string(),
                }),
                None => Ok(Evidence::ExistsOnly),
            },
        };
        Ok(claims.iter().map(proof).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn photos_are_remembered_for_a_while_and_given_once() {
        let recent = Recent::default();
        for number in 0..=RECENT {
            recent.note(&format!("hash {number}"), "p1");
        }
        recent.note("hash 2", "p2");
        assert_eq!(recent.take("hash 0"), None, "it was the oldest");
        assert_eq!(recent.take("hash 1").as_deref(), Some("p1"));
        assert_eq!(recent.take("hash 2").as_deref(), Some("p2"));
        assert_eq!(recent.take("hash 2"), None);
        assert_eq!(recent.with(|seen| seen.len()), RECENT - 2);
    }
}
