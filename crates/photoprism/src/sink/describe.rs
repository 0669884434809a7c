//! Metadata, set once a photo is there: only what differs is sent, and what came back is believed.

mod wishes;
mod zones;

use photomove_core::{DestId, Error, ErrorKind, Fields, Metadata, Operation, Result};

use super::PhotoPrismSink;
use super::present::{REVIEWED, unsettled};
use crate::KIND;
use crate::client::Arrival;
use crate::wire::{NewLabel, Photo};

use wishes::Wishes;

/// What can be set.
pub(super) const FIELDS: Fields = Fields::TAKEN
    .union(Fields::TITLE)
    .union(Fields::DESCRIPTION)
    .union(Fields::KEYWORDS)
    .union(Fields::PLACE)
    .union(Fields::FAVOURITE)
    .union(Fields::ARCHIVED)
    .union(Fields::PRIVATE);

/// How often it is begun anew because the file moved to another photo.
const TRIES: u32 = 3;

fn failed(kind: ErrorKind, message: &str) -> Error {
    Error::new(kind, message).provider(KIND).operation(Operation::Describe)
}

impl PhotoPrismSink {
    /// Sets metadata of the photo that a file belongs to now, and says which fields it holds then.
    pub(super) async fn set_metadata(&self, item: &DestId, patch: &Metadata) -> Result<Fields> {
        for _ in 0..TRIES {
            let arrival = self.arrival(item.as_str()).await;
            let before = match arrival.map_err(|error| error.operation(Operation::Describe))? {
                Arrival::Visible(photo) | Arrival::Archived(photo) => *photo,
                Arrival::Unsettled => return Err(unsettled().operation(Operation::Describe)),
                Arrival::Unknown => return Err(failed(ErrorKind::NotFound, "photoprism does not have the file")),
                Arrival::Hidden(_) => return Err(failed(ErrorKind::NotFound, "photoprism does not show the photo")),
            };
            let wishes = Wishes::of(patch);
            let change = wishes.change(&before);
            // Any change takes a photo out of review, where people would take it for lost.
            let mut after = match change.is_some() || before.quality < REVIEWED {
                true => {
                    self.client()
                        .update_photo(&before.uid, &change.unwrap_or_default())
                        .await?
                }
                false => before,
            };
            for phrase in wishes.labels(&after) {
                after = self.client().add_label(&after.uid, &NewLabel::new(phrase)).await?;
            }
            if wishes.archived && !after.is_archived() {
                // Last: a photo that is put away leaves its albums, and a change may bring it back.
                self.client().archive_photos([&after.uid]).await?;
                after = self.client().photo(&after.uid).await?;
                // Who is put away is private no longer.
                if let Some(change) = wishes.change(&after).filter(|_| after.is_archived()) {
                    after = self.client().update_photo(&after.uid, &change).await?;
                }
            }
            // A photo that was merged away meanwhile takes everything and keeps nothing.
            if after.file(item.as_str()).is_some() {
                return Ok(wishes.granted(&after));
            }
        }
        Err(unsettled().operation(Operation::Describe))
    }
}

/// Says whether a label that can be seen is on a photo.
fn has_label(photo: &Photo, name: &str) -> bool {
    let same = |known: &str| known.to_lowercase() == name.to_lowercase();
    photo
        .labels
        .iter()
        .filter(|label| label.uncertainty < 100)
        .any(|label| label.label.as_ref().is_some_and(|label| same(&label.name)))
}
