//! What the server holds, asked by SHA-1: for many files at once where a search suffices, else one by one.

use std::collections::HashMap;

use photomove_core::{
    Checksums, Claim, DestId, Error, ErrorKind, Evidence, HashKinds, Lookup, Operation, OutOfSight, Result,
};

use super::PhotoPrismSink;
use crate::KIND;
use crate::client::Arrival;
use crate::search::PhotoSearch;
use crate::wire::Photo;

/// Hashes asked for in one search; an address has some thousand characters at most.
const ASKED_AT_ONCE: usize = 40;
/// Rows of such a search: of a stack several files may be asked for.
const ROWS: u32 = 500;

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Present {
    /// Its photo is shown.
    Shown(String),
    /// Its photo is archived.
    Archived(String),
    /// It is held, but shown nowhere.
    Hidden { vanished: bool },
    /// The server does not know it.
    Unknown,
    /// It moved to another photo each time it was looked for.
    Unsettled,
}

impl Present {
    /// Returns the id of the photo, as long as it has one that means something.
    pub(super) fn photo(&self) -> Option<&str> {
        match self {
            Self::Shown(uid) | Self::Archived(uid) => Some(uid),
            _ => None,
        }
    }

    pub(super) fn of(arrival: &Arrival, sha1: &str) -> Self {
        match arrival {
            Arrival::Visible(photo) => Self::Shown(photo.uid.clone()),
            Arrival::Archived(photo) => Self::Archived(photo.uid.clone()),
            Arrival::Hidden(photo) => Self::Hidden {
                vanished: has_vanished(photo, sha1),
            },
            Arrival::Unknown => Self::Unknown,
            Arrival::Unsettled => Self::Unsettled,
        }
    }
}

fn has_vanished(photo: &Photo, sha1: &str) -> bool {
    photo.file(sha1).is_some_and(|file| file.missing)
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
                    if row.quality < 0 || !asked.contains(&row.hash.as_str()) {
                        continue;
                    }
                    let present = match row.deleted_at {
                        Some(_) => Present::Archived(row.uid),
                        None => Present::Shown(row.uid),
                    };
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
        Ok(Present::of(&self.client().arrival(hash).await?, hash))
    }

    /// Looks for bytes before they are sent.
    pub(super) async fn look_for(&self, sums: &Checksums) -> Result<Lookup> {
        let Some(sha1) = sums.sha1_hex() else {
            return Ok(Lookup::CannotTell);
        };
        let arrival = self.client().arrival(&sha1).await?;
        let is_copy = |photo: &Photo| photo.file(&sha1).is_some_and(|file| !file.is_original());
        let id = DestId::from(sha1.as_str());
        Ok(match &arrival {
            // A preview of the server's own making is nothing to rely on.
            Arrival::Visible(photo) if is_copy(photo) => Lookup::CannotTell,
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
            Some(Present::Unsettled) => Err(unsettled().operation(Operation::Verify)),
            Some(Present::Shown(_) | Present::Archived(_)) => match claim.checksums.sha1_hex() {
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
