//! Committing: uploads become items, up to 50 a request.

use std::collections::HashMap;

use jiff::Timestamp;
use photomove_core::{
    Committed, DestAlbumId, DestId, Error, ErrorKind, Happened, Operation, Rejection, Result, StagedBundle,
};

use super::BATCH;
use crate::classify::classify_item;
use crate::client::LibraryClient;
use crate::convert::{Upload, description, results_by_upload};
use crate::wire::{NewMediaItem, NewMediaItemResult};

/// google.rpc `ALREADY_EXISTS`: the same bytes twice in one request, or there before.
const ALREADY_EXISTS: i32 = 6;

/// One part on its way to become an item.
struct Element {
    upload: Upload,
    item: NewMediaItem,
}

/// Makes items of bundles; one result per bundle, same order.
pub(super) async fn commit(
    client: &LibraryClient,
    batch: &[StagedBundle],
    album: Option<&DestAlbumId>,
    now: Timestamp,
) -> Result<Vec<Result<Committed>>> {
    if batch.len() > BATCH || batch.iter().any(|bundle| bundle.parts.len() > BATCH) {
        let kind = ErrorKind::Rejected(Rejection::Invalid);
        let error = Error::new(kind, format!("google photos makes at most {BATCH} items a request"));
        return Err(error.provider(crate::KIND).operation(Operation::Commit));
    }
    let mut answers = Vec::with_capacity(batch.len());
    for bundles in requests(batch) {
        let elements: Vec<Element> = bundles.iter().flat_map(elements).collect();
        let made = create(client, &elements, album, now).await;
        match made {
            Ok(made) => answers.extend(by_bundle(bundles, made, album.is_some())),
            Err(error) if answers.is_empty() => return Err(error),
            // What earlier requests made must not be lost: each bundle of this one gets the error for itself.
            Err(error) => answers.extend(bundles.iter().map(|_| Err(again(&error)))),
        }
    }
    Ok(answers)
}

/// Splits a batch into runs of bundles with at most 50 parts together. Most assets have one part: then it is one run.
fn requests(batch: &[StagedBundle]) -> Vec<&[StagedBundle]> {
    let mut runs = Vec::new();
    let (mut start, mut parts) = (0, 0);
    for (place, bundle) in batch.iter().enumerate() {
        if parts + bundle.parts.len() > BATCH {
            runs.push(&batch[start..place]);
            (start, parts) = (place, 0);
        }
        parts += bundle.parts.len();
    }
    if start < batch.len() {
        runs.push(&batch[start..]);
    }
    runs
}

fn elements(bundle: &StagedBundle) -> impl Iterator<Item = Element> {
    bundle.parts.iter().enumerate().map(|(place, (_, staged))| {
        let upload = Upload::from_staged(staged);
        let name = match (place, upload.name.as_str()) {
            (0, _) if !bundle.file_name.is_empty() => Some(bundle.file_name.as_str()),
            (_, name) => Some(name),
        };
        // Words about an asset belong to its picture, not to each of its files.
        let words = description(&bundle.metadata).filter(|_| place == 0);
        let item = NewMediaItem::new(upload.token.clone(), name, words);
        Element { upload, item }
    })
}

/// Sends one request and returns the id of each element.
async fn create(
    client: &LibraryClient,
    elements: &[Element],
    album: Option<&DestAlbumId>,
    now: Timestamp,
) -> Result<Vec<Result<DestId>>> {
    if elements.is_empty() {
        return Ok(Vec::new());
    }
    let results = send(client, elements, album).await?;
    let twins: Vec<usize> = results
        .iter()
        .enumerate()
        .filter(|(_, result)| {
            result
                .as_ref()
                .is_some_and(|result| result.status.code == ALREADY_EXISTS)
        })
        .map(|(place, _)| place)
        .collect();
    let mut made: Vec<Result<DestId>> = results.into_iter().map(|result| id_of(result, now)).collect();
    resolve(client, elements, &twins, &mut made, album, now).await;
    Ok(made)
}

async fn send(
    client: &LibraryClient,
    elements: &[Element],
    album: Option<&DestAlbumId>,
) -> Result<Vec<Option<NewMediaItemResult>>> {
    let items: Vec<NewMediaItem> = elements.iter().map(|element| element.item.clone()).collect();
    let reply = client
        .batch_create(&items, album.map(DestAlbumId::as_str), None)
        .await?;
    let tokens: Vec<&str> = elements.iter().map(|element| element.upload.token.as_str()).collect();
    Ok(results_by_upload(&tokens, reply.new_media_item_results))
}

fn id_of(result: Option<NewMediaItemResult>, now: Timestamp) -> Result<DestId> {
    let Some(result) = result else {
        return Err(unsaid("google photos gave no result for the item"));
    };
    if result.status.code != 0 {
        return Err(classify_item(&result.status, now));
    }
    match result.media_item {
        Some(item) if !item.id.is_empty() => Ok(item.id.into()),
        _ => Err(unsaid("google photos said that it made the item, but not which it is")),
    }
}

/// The item may be there: only asking again, by the same bytes, can tell.
fn unsaid(message: &str) -> Error {
    Error::new(ErrorKind::Protocol, message)
        .provider(crate::KIND)
        .operation(Operation::Commit)
        .happened(Happened::Unknown, false)
}

/// Gives elements that were refused as twins the id of the other one; those without one in the request are sent once
/// more without company, which the service answers with the item that it holds.
async fn resolve(
    client: &LibraryClient,
    elements: &[Element],
    twins: &[usize],
    made: &mut [Result<DestId>],
    album: Option<&DestAlbumId>,
    now: Timestamp,
) {
    let mut by_content: HashMap<String, DestId> = HashMap::new();
    for (element, made) in elements.iter().zip(made.iter()) {
        if let (Some(sha1), Ok(id)) = (&element.upload.sha1, made) {
            by_content.insert(sha1.clone(), id.clone());
        }
    }
    for &place in twins {
        let sha1 = elements[place].upload.sha1.as_ref();
        if let Some(id) = sha1.and_then(|sha1| by_content.get(sha1)) {
            made[place] = Ok(id.clone());
            continue;
        }
        let alone = send(client, &elements[place..=place], album).await;
        made[place] = match alone {
            Ok(mut results) => id_of(results.pop().flatten(), now),
            Err(error) => Err(error),
        };
    }
}

fn by_bundle(bundles: &[StagedBundle], made: Vec<Result<DestId>>, in_album: bool) -> Vec<Result<Committed>> {
    let mut made = made.into_iter();
    bundles
        .iter()
        .map(|bundle| {
            // All are taken before the first error is told, so that the next bundle gets its own.
            let ids: Vec<Result<DestId>> = made.by_ref().take(bundle.parts.len()).collect();
            let ids: Vec<DestId> = ids.into_iter().collect::<Result<_>>()?;
            let keys = bundle.parts.iter().map(|(key, _)| *key);
            Ok(Committed {
                refused: Vec::new(),
                parts: keys.zip(ids.into_iter().map(Some)).collect(),
                // The service answers the same whether it held the bytes before or not.
                already_there: false,
                in_album,
                app_owned: None,
            })
        })
        .collect()
}

/// Makes the same error once more.
fn again(error: &Error) -> Error {
    let copy = Error::new(error.kind().clone(), error.message())
        .provider(crate::KIND)
        .operation(Operation::Commit)
        .happened(error.has_happened(), error.has_happened() == Happened::No);
    match error.hint_text() {
        Some(hint) => copy.hint(hint),
        None => copy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use photomove_core::{Disposition, ItemKey, Metadata, Staged};

    fn bundle(parts: usize) -> StagedBundle {
        let staged = Staged {
            token: r#"{"token": "t", "name": "clip.mov"}"#.into(),
            until: None,
            bound_to: None,
            visible: None,
        };
        StagedBundle {
            key: ItemKey::from_u128(0),
            parts: (0..parts)
                .map(|n| (ItemKey::from_u128(n as u128), staged.clone()))
                .collect(),
            file_name: "still.heic".into(),
            metadata: Metadata::default(),
        }
    }

    #[test]
    fn bundles_stay_whole_and_requests_below_the_limit() {
        let sizes = |batch: &[StagedBundle]| -> Vec<usize> {
            let runs = requests(batch);
            runs.iter()
                .map(|run| run.iter().map(|bundle| bundle.parts.len()).sum())
                .collect()
        };
        assert_eq!(sizes(&vec![bundle(1); 50]), [50]);
        assert_eq!(sizes(&vec![bundle(2); 50]), [50, 50]);
        assert_eq!(sizes(&[bundle(49), bundle(2), bundle(50)]), [49, 2, 50]);
        assert!(requests(&[]).is_empty());
    }

    #[test]
    fn each_part_has_its_own_name() {
        let live = bundle(2);
        let names: Vec<_> = elements(&live).map(|e| serde_json::to_value(e.item).unwrap()).collect();
        assert_eq!(names[0]["simpleMediaItem"]["fileName"], "still.heic");
        assert_eq!(names[1]["simpleMediaItem"]["fileName"], "clip.mov");
    }

    #[test]
    fn a_missing_result_is_settled_and_spares_its_neighbours() {
        let lost = id_of(None, Timestamp::UNIX_EPOCH);
        assert_eq!(lost.as_ref().unwrap_err().disposition(), Disposition::Settle);
        let made = vec![Ok("1".into()), lost, Ok("3".into()), Ok("4".into())];
        let answers = by_bundle(&[bundle(2), bundle(1), bundle(1)], made, true);
        assert!(answers[0].is_err());
        let ids: Vec<_> = answers[1..]
            .iter()
            .map(|a| a.as_ref().unwrap().parts[0].1.clone().unwrap())
            .collect();
        assert_eq!(ids, ["3".into(), "4".into()]);
    }
}
