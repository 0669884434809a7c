//! `mediaItems.batchCreate`: upload tokens become items.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use sha1::{Digest, Sha1};

use super::albums::{album_for_writing, insert, position};
use super::proto::Message;
use super::reply::ApiError;
use super::switches::{GoogleSwitches, MissingAs, TrashedItem};
use super::wire::{MediaItem, Renderer};
use super::world::{AccountIndex, ContentId, Entry, NewItem, TokenKey, Upload, World};

const FAILURE: &str = "There was an error while trying to create this media item.";

/// What a batch is answered with.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BatchReply {
    new_media_item_results: Vec<ItemResult>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ItemResult {
    upload_token: String,
    status: ItemStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_item: Option<MediaItem>,
}

#[derive(Serialize)]
struct ItemStatus {
    /// Left out when 0, which is success.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u8>,
    message: String,
}

/// The circumstances of a call.
#[derive(Clone, Copy)]
pub(super) struct Circumstances<'a> {
    pub(super) account: AccountIndex,
    pub(super) now: Timestamp,
    pub(super) switches: &'a GoogleSwitches,
    pub(super) bytes_url: &'a str,
}

struct NewMediaItem {
    token: String,
    file_name: String,
    description: String,
}

/// The key under which a token is kept.
pub(super) fn token_key(token: &str) -> TokenKey {
    Sha1::digest(token.as_bytes()).into()
}

/// Creates the items of a batch; either the whole request fails and nothing happens, or every element has a result.
pub(super) fn batch_create(
    world: &mut World,
    body: Option<&Value>,
    at: Circumstances<'_>,
) -> Result<(u16, BatchReply), ApiError> {
    let request = Message::of_body(body, &["albumId", "newMediaItems", "albumPosition"])?;
    let wanted = new_items(&request)?;
    let album_id = request.string("albumId")?;
    if request.has("albumPosition") && album_id.is_empty() {
        return Err(ApiError::invalid(
            "Album position can only be specified with an album id.",
        ));
    }
    let album = (!album_id.is_empty())
        .then(|| album_for_writing(world, &album_id, at.account, at.switches))
        .transpose()?;
    let place = match album {
        Some(album) => Some(position(&request, &world.albums[album])?),
        None => None,
    };
    let uploads = uploads_of(world, &wanted, at)?;
    check_storage(world, &uploads, at)?;
    if let Some(album) = album {
        check_room(world, album, &uploads, at)?;
    }

    let mut created = Vec::new();
    let mut outcomes = Vec::new();
    let mut seen = HashSet::new();
    for (wanted, upload) in wanted.iter().zip(&uploads) {
        let outcome = create_one(world, wanted, upload, &mut seen, at);
        if let Ok(item) = &outcome {
            created.push(Entry::Item(world.items[*item].id.clone()));
        }
        outcomes.push(outcome);
    }
    if let (Some(album), Some(place)) = (album, place) {
        insert(&mut world.albums[album], created, &place);
        world.changes += 1;
    }
    Ok(reply(world, &wanted, outcomes, &album_id, at))
}

fn new_items(request: &Message<'_>) -> Result<Vec<NewMediaItem>, ApiError> {
    let elements = request.messages("newMediaItems", &["description", "simpleMediaItem"])?;
    if elements.is_empty() {
        return Err(ApiError::invalid("Request must have at least one item."));
    }
    if elements.len() > 50 {
        // The text says "less than" although 50 are accepted (batchcreate-400-more-than-50).
        return Err(ApiError::invalid("Request must have less than 50 items."));
    }
    let read = |element: &Message<'_>| {
        let simple = element.message("simpleMediaItem", &["uploadToken", "fileName"])?;
        let text = |name| simple.as_ref().map_or(Ok(String::new()), |simple| simple.string(name));
        let item = NewMediaItem {
            token: text("uploadToken")?,
            file_name: text("fileName")?,
            description: element.string("description")?,
        };
        if item.description.chars().count() >= 1000 {
            return Err(ApiError::invalid("Description must be less than 1000 characters."));
        }
        if item.file_name.chars().count() > 255 {
            return Err(ApiError::invalid("File name must not be more than 255 characters."));
        }
        Ok(item)
    };
    elements.iter().map(read).collect()
}

/// The uploads behind the tokens; a single bad token fails them all.
fn uploads_of(world: &World, wanted: &[NewMediaItem], at: Circumstances<'_>) -> Result<Vec<Upload>, ApiError> {
    let usable = |item: &NewMediaItem| {
        world.uploads.get(&token_key(&item.token)).filter(|upload| {
            upload.account == at.account
                && at.now.duration_since(upload.created) < at.switches.upload_token_life
                && (!upload.used || at.switches.used_token_accepted)
        })
    };
    wanted
        .iter()
        .map(|item| {
            usable(item)
                .cloned()
                .ok_or_else(|| ApiError::invalid("Request must contain a valid upload token."))
        })
        .collect()
}

fn check_storage(world: &World, uploads: &[Upload], at: Circumstances<'_>) -> Result<(), ApiError> {
    let Some(limit) = world.accounts[at.account].storage_limit else {
        return Ok(());
    };
    let fresh: HashMap<ContentId, u64> = uploads
        .iter()
        .map(|upload| (upload.stored.content(), upload.stored.size))
        .filter(|(content, _)| world.item_of(at.account, content).is_none())
        .collect();
    if world.storage_used(at.account) + fresh.values().sum::<u64>() > limit {
        return Err(ApiError::invalid(
            "The remaining storage in the user's account is not enough to perform this operation.",
        ));
    }
    Ok(())
}

fn check_room(world: &World, album: usize, uploads: &[Upload], at: Circumstances<'_>) -> Result<(), ApiError> {
    let album = &world.albums[album];
    let is_new = |content: &ContentId| {
        world
            .item_of(at.account, content)
            .is_none_or(|item| !album.holds(&world.items[item].id))
    };
    let new: HashSet<ContentId> = uploads
        .iter()
        .map(|upload| upload.stored.content())
        .filter(is_new)
        .collect();
    room_for(album.count() + new.len(), at.switches)
}

/// Refuses an album that would hold `count` items, if those are too many.
pub(super) fn room_for(count: usize, switches: &GoogleSwitches) -> Result<(), ApiError> {
    if count <= switches.album_limit {
        return Ok(());
    }
    // The real text is not known.
    let text = "The album has reached the maximum number of media items.";
    Err(match switches.full_album {
        MissingAs::InvalidArgument => ApiError::invalid(text),
        MissingAs::NotFound => ApiError::new(404, text),
    })
}

/// The item, or the code of its failure.
fn create_one(
    world: &mut World,
    wanted: &NewMediaItem,
    upload: &Upload,
    seen: &mut HashSet<ContentId>,
    at: Circumstances<'_>,
) -> Result<usize, u8> {
    let key = token_key(&wanted.token);
    let name = match (wanted.file_name.as_str(), &upload.file_name) {
        ("", Some(name)) => name.clone(),
        (name, _) => name.to_owned(),
    };
    if refused(upload, &name, at.switches) {
        return Err(3);
    }
    if world.mint.share(&key) < at.switches.internal_error_rate && !upload.failed_once {
        if let Some(upload) = world.uploads.get_mut(&key) {
            upload.failed_once = true;
        }
        return Err(13);
    }
    let content = upload.stored.content();
    if !seen.insert(content) {
        return Err(6);
    }
    if let Some(upload) = world.uploads.get_mut(&key) {
        upload.used = true;
    }
    match world.item_of(at.account, &content) {
        Some(item) if !world.items[item].trashed || at.switches.trashed_item == TrashedItem::Restored => {
            let app = world.app();
            world.changes += 1;
            let existing = &mut world.items[item];
            existing.trashed = false;
            if at.switches.duplicate_updates_item && existing.creator == app {
                existing.name = name;
                existing.description.clone_from(&wanted.description);
            }
            Ok(item)
        }
        _ => Ok(add(world, wanted, upload, name, at)),
    }
}

fn add(world: &mut World, wanted: &NewMediaItem, upload: &Upload, name: String, at: Circumstances<'_>) -> usize {
    let details = &upload.stored.details;
    let caption = details
        .caption
        .clone()
        .filter(|_| wanted.description.is_empty() && at.switches.embedded_captions);
    let mime = match (&details.format, &upload.declared_type) {
        (Some(format), _) => format.mime.to_owned(),
        (None, Some(declared)) => declared.clone(),
        (None, None) => "application/octet-stream".to_owned(),
    };
    world.add_item(NewItem {
        account: at.account,
        creator: world.app(),
        stored: std::sync::Arc::clone(&upload.stored),
        name,
        description: caption.unwrap_or_else(|| wanted.description.clone()),
        mime,
        created: at.now,
        favorite: false,
    })
}

/// Whether the service would not take this file for a photo or video.
fn refused(upload: &Upload, name: &str, switches: &GoogleSwitches) -> bool {
    let named = &switches.refuse_names_containing;
    let details = &upload.stored.details;
    let bad_media = || !details.complete || details.format.is_none_or(|format| !format.on_the_list);
    (!named.is_empty() && name.contains(named.as_str())) || (switches.strict_media && bad_media())
}

fn reply(
    world: &World,
    wanted: &[NewMediaItem],
    outcomes: Vec<Result<usize, u8>>,
    album_id: &str,
    at: Circumstances<'_>,
) -> (u16, BatchReply) {
    let switches = at.switches;
    let renderer = Renderer {
        world,
        switches,
        now: at.now,
        bytes_url: at.bytes_url,
    };
    let in_album = (!album_id.is_empty()).then_some(album_id);
    let mixed = outcomes.iter().any(Result::is_ok) && outcomes.iter().any(Result::is_err);
    let mut results: Vec<ItemResult> = wanted
        .iter()
        .zip(outcomes)
        .map(|(wanted, outcome)| match outcome {
            Ok(item) => ItemResult {
                upload_token: wanted.token.clone(),
                status: ItemStatus {
                    code: None,
                    message: switches.success_message.clone(),
                },
                media_item: Some(renderer.thin_item(&world.items[item], in_album)),
            },
            Err(code) => ItemResult {
                upload_token: wanted.token.clone(),
                status: ItemStatus {
                    code: Some(code),
                    message: format!("{}{FAILURE}", switches.failure_prefix),
                },
                media_item: None,
            },
        })
        .collect();
    if switches.drop_last_result && results.len() > 1 {
        results.pop();
    }
    if switches.reverse_results {
        results.reverse();
    }
    (
        if mixed { switches.mixed_batch_status } else { 200 },
        BatchReply {
            new_media_item_results: results,
        },
    )
}
