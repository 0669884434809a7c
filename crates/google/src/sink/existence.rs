//! Whether the service has items: asked for fifty at once, and one by one where one of them spoils that.

use photomove_core::{Error, ErrorKind, Evidence, Operation, Result};

use super::{BATCH, GooglePhotos};
use crate::wire::MediaItemResult;

impl GooglePhotos {
    /// Asks the service whether items exist, where no hash was claimed that receipts could speak for.
    pub(super) async fn exist(&self, ids: &[&str]) -> Result<Vec<Result<Evidence>>> {
        let mut answers = Vec::with_capacity(ids.len());
        for ids in ids.chunks(BATCH) {
            match self.client.batch_get(ids).await {
                Ok(reply) if reply.media_item_results.len() == ids.len() => {
                    answers.extend(reply.media_item_results.into_iter().map(existence));
                }
                // What says nothing about the ids is no reason to ask for each of them.
                Err(error) if !may_be_an_id(&error) => return Err(error),
                // A single bad id has been seen to spoil the whole call: ask one by one.
                _ => answers.extend(self.exist_one_by_one(ids).await?),
            }
        }
        Ok(answers)
    }

    async fn exist_one_by_one(&self, ids: &[&str]) -> Result<Vec<Result<Evidence>>> {
        let mut answers: Vec<Result<Evidence>> = Vec::with_capacity(ids.len());
        for id in ids {
            answers.push(match self.client.media_item(id).await {
                Ok(_) => Ok(Evidence::ExistsOnly),
                Err(error) if *error.kind() == ErrorKind::NotFound => Ok(Evidence::Missing),
                // One after the other: then it is the service that is out of order, not an item.
                Err(error) if !may_be_an_id(&error) || matches!(answers.last(), Some(Err(_))) => return Err(error),
                Err(error) => Err(error),
            });
        }
        Ok(answers)
    }
}

/// Says what an answer to the question for an item means; that it is missing only where the service says so.
fn existence(result: MediaItemResult) -> Result<Evidence> {
    /// `INVALID_ARGUMENT` and `NOT_FOUND` of `google.rpc.Code`: for an id that is none, and for one that is none any more.
    const NONE: [i32; 2] = [3, 5];
    match (result.media_item, result.status) {
        (Some(_), _) => Ok(Evidence::ExistsOnly),
        (None, Some(status)) if NONE.contains(&status.code) => Ok(Evidence::Missing),
        (None, status) => {
            let kind = ErrorKind::Unavailable { retry_after: None };
            let error = Error::new(kind, "google photos could not say whether it has the item")
                .provider(crate::KIND)
                .operation(Operation::Verify);
            Err(match status {
                Some(status) => error.context("code", status.code),
                None => error,
            })
        }
    }
}

/// Says whether an id among those that were asked for may be the reason of an error.
fn may_be_an_id(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Unavailable { .. }
            | ErrorKind::NotFound
            | ErrorKind::Rejected(_)
            | ErrorKind::BadBatch
            | ErrorKind::Protocol
    )
}
