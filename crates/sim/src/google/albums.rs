//! `albums`: create, list, get, patch, add, remove, enrichments.

use serde::Serialize;
use serde_json::{Value, json};

use super::create::{Circumstances, room_for};
use super::items::check_ids;
use super::paging::{LIST_ALBUMS, Page, Wanted};
use super::proto::{Message, Query};
use super::reply::ApiError;
use super::switches::{GoogleSwitches, MissingAs};
use super::wire::{AlbumBody, Renderer};
use super::world::{AccountIndex, Album, Entry, Position, World};

const ALBUM_FIELDS: [&str; 8] = [
    "id",
    "title",
    "productUrl",
    "isWriteable",
    "shareInfo",
    "mediaItemsCount",
    "coverPhotoBaseUrl",
    "coverPhotoMediaItemId",
];

/// A page of albums; an empty one is `{}`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AlbumsReply {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    albums: Vec<AlbumBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// `POST /v1/albums`
pub(super) fn create(world: &mut World, body: Option<&Value>, at: Circumstances<'_>) -> Result<AlbumBody, ApiError> {
    let request = Message::of_body(body, &["album"])?;
    let album = request
        .message("album", &ALBUM_FIELDS)?
        .ok_or_else(|| ApiError::invalid("Request must contain an album."))?;
    let title = title_of(&album)?;
    let creator = world.app();
    let album = world.add_album(at.account, creator, title);
    Ok(renderer(world, at).new_album(&world.albums[album], true))
}

/// `GET /v1/albums`; `writeable` is whether the caller's scopes allow adding items.
pub(super) fn list(
    world: &World,
    query: &Query,
    writeable: bool,
    at: Circumstances<'_>,
) -> Result<AlbumsReply, ApiError> {
    query.only(&["pageSize", "pageToken", "excludeNonAppCreatedData"])?;
    let app = world.app();
    let mine = |album: &&Album| album.account == at.account && album.creator == app && !album.deleted;
    let albums: Vec<&Album> = world.albums.iter().rev().filter(mine).collect();
    let wanted = Wanted {
        size: query.int("pageSize")?,
        token: query.get("pageToken").unwrap_or_default(),
        parameters: query.get("excludeNonAppCreatedData").unwrap_or_default().to_owned(),
    };
    let Page { elements, next } = LIST_ALBUMS.page(&albums, |album| &album.id, &wanted, at.switches)?;
    let render = |album: &&Album| renderer(world, at).album(album, writeable);
    Ok(AlbumsReply {
        albums: elements.iter().map(render).collect(),
        next_page_token: next,
    })
}

/// `GET /v1/albums/{id}`
pub(super) fn get(
    world: &World,
    id: &str,
    query: &Query,
    writeable: bool,
    at: Circumstances<'_>,
) -> Result<AlbumBody, ApiError> {
    query.only(&[])?;
    let album = world.own_album(at.account, id).ok_or_else(not_found)?;
    Ok(renderer(world, at).album(&world.albums[album], writeable))
}

/// `PATCH /v1/albums/{id}`
pub(super) fn patch(
    world: &mut World,
    id: &str,
    query: &Query,
    body: Option<&Value>,
    at: Circumstances<'_>,
) -> Result<AlbumBody, ApiError> {
    query.only(&["updateMask"])?;
    let request = Message::of_body(body, &ALBUM_FIELDS)?;
    let album = world.own_album(at.account, id).ok_or_else(not_found)?;
    let mask = query.get("updateMask").unwrap_or_default();
    if mask.is_empty() {
        return Err(ApiError::invalid("Invalid update mask."));
    }
    let mut changed = world.albums[album].clone();
    for field in mask.split(',') {
        match field {
            "title" => changed.title = title_of(&request)?,
            "coverPhotoMediaItemId" | "cover_photo_media_item_id" => {
                let cover = request.string("coverPhotoMediaItemId")?;
                if !changed.holds(&cover) {
                    return Err(ApiError::invalid("Invalid cover photo media item ID."));
                }
                changed.cover = Some(cover);
            }
            _ => return Err(ApiError::invalid("Invalid update mask.")),
        }
    }
    world.albums[album] = changed;
    Ok(renderer(world, at).album(&world.albums[album], true))
}

/// `POST /v1/albums/{id}:batchAddMediaItems`; all or nothing.
pub(super) fn add_items(
    world: &mut World,
    id: &str,
    body: Option<&Value>,
    at: Circumstances<'_>,
) -> Result<Value, ApiError> {
    let (album, ids) = album_and_items(world, id, body, at)?;
    let new = ids.iter().filter(|id| !world.albums[album].holds(id)).count();
    room_for(world.albums[album].count() + new, at.switches)?;
    insert(
        &mut world.albums[album],
        ids.into_iter().map(Entry::Item).collect(),
        &Position::Last,
    );
    world.changes += 1;
    Ok(json!({}))
}

/// `POST /v1/albums/{id}:batchRemoveMediaItems`; all or nothing.
pub(super) fn remove_items(
    world: &mut World,
    id: &str,
    body: Option<&Value>,
    at: Circumstances<'_>,
) -> Result<Value, ApiError> {
    let (album, ids) = album_and_items(world, id, body, at)?;
    let album = &mut world.albums[album];
    if ids.iter().any(|id| !album.holds(id)) {
        return Err(invalid_item());
    }
    album.remove(&ids);
    world.changes += 1;
    Ok(json!({}))
}

fn album_and_items(
    world: &World,
    id: &str,
    body: Option<&Value>,
    at: Circumstances<'_>,
) -> Result<(usize, Vec<String>), ApiError> {
    let ids = Message::of_body(body, &["mediaItemIds"])?.strings("mediaItemIds")?;
    let album = album_for_writing(world, id, at.account, at.switches)?;
    check_ids(&ids)?;
    if ids.iter().any(|id| world.own_item(at.account, id).is_none()) {
        return Err(invalid_item());
    }
    Ok((album, ids))
}

/// `POST /v1/albums/{id}:addEnrichment`
pub(super) fn add_enrichment(
    world: &mut World,
    id: &str,
    body: Option<&Value>,
    at: Circumstances<'_>,
) -> Result<Value, ApiError> {
    let request = Message::of_body(body, &["newEnrichmentItem", "albumPosition"])?;
    let album = album_for_writing(world, id, at.account, at.switches)?;
    let new = request
        .message(
            "newEnrichmentItem",
            &["textEnrichment", "locationEnrichment", "mapEnrichment"],
        )?
        .ok_or_else(|| ApiError::invalid("Request must contain an enrichment item."))?;
    check_enrichment(&new)?;
    let place = position(&request, &world.albums[album])?;
    let prefix = world.id_prefix(at.account);
    let enrichment = world.mint.enrichment_id(&prefix);
    insert(
        &mut world.albums[album],
        vec![Entry::Enrichment(enrichment.clone())],
        &place,
    );
    Ok(json!({ "enrichmentItem": { "id": enrichment } }))
}

/// Exactly one kind, with what it needs.
fn check_enrichment(new: &Message<'_>) -> Result<(), ApiError> {
    let location = |message: Option<Message<'_>>| -> Result<bool, ApiError> {
        let Some(message) = message else { return Ok(false) };
        let latlng = message.message("latlng", &["latitude", "longitude"])?;
        let in_range = match &latlng {
            None => false,
            Some(latlng) => latlng.float("latitude")?.abs() <= 90.0 && latlng.float("longitude")?.abs() <= 180.0,
        };
        Ok(in_range && !message.string("locationName")?.is_empty())
    };
    const LOCATION: [&str; 2] = ["locationName", "latlng"];
    let text = new.message("textEnrichment", &["text"])?;
    let place = new.message("locationEnrichment", &["location"])?;
    let map = new.message("mapEnrichment", &["origin", "destination"])?;
    let good = match (&text, &place, &map) {
        (Some(text), None, None) => (1..=1000).contains(&text.string("text")?.chars().count()),
        (None, Some(place), None) => location(place.message("location", &LOCATION)?)?,
        (None, None, Some(map)) => {
            location(map.message("origin", &LOCATION)?)? && location(map.message("destination", &LOCATION)?)?
        }
        _ => false,
    };
    if good {
        Ok(())
    } else {
        Err(ApiError::invalid("Request must contain a valid enrichment item."))
    }
}

/// The album that something is to be put into, or the refusal that fits.
pub(super) fn album_for_writing(
    world: &World,
    id: &str,
    account: AccountIndex,
    switches: &GoogleSwitches,
) -> Result<usize, ApiError> {
    let well_formed = id.len() == 76
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if !well_formed {
        return Err(ApiError::invalid("Invalid album ID."));
    }
    match world.album_at(account, id).map(|at| (at, &world.albums[at])) {
        Some((_, album)) if album.deleted => Err(no_album(switches)),
        Some((_, album)) if album.creator != world.app() => {
            Err(ApiError::invalid("No permission to add media items to this album."))
        }
        Some((at, _)) => Ok(at),
        None => Err(no_album(switches)),
    }
}

fn no_album(switches: &GoogleSwitches) -> ApiError {
    let text = "The provided ID does not match any albums.";
    match switches.deleted_album {
        MissingAs::NotFound => ApiError::new(404, text),
        MissingAs::InvalidArgument => ApiError::invalid(text),
    }
}

/// Where `albumPosition` points to in this album; the end if there is none.
pub(super) fn position(request: &Message<'_>, album: &Album) -> Result<Position, ApiError> {
    let fields = ["position", "relativeMediaItemId", "relativeEnrichmentItemId"];
    let Some(position) = request.message("albumPosition", &fields)? else {
        return Ok(Position::Last);
    };
    let item = position.string("relativeMediaItemId")?;
    let enrichment = position.string("relativeEnrichmentItemId")?;
    let place = match (
        position.string("position")?.as_str(),
        item.is_empty(),
        enrichment.is_empty(),
    ) {
        ("FIRST_IN_ALBUM", true, true) => Position::First,
        ("" | "POSITION_TYPE_UNSPECIFIED" | "LAST_IN_ALBUM", true, true) => Position::Last,
        ("AFTER_MEDIA_ITEM", false, true) => Position::After(Entry::Item(item)),
        ("AFTER_ENRICHMENT_ITEM", true, false) => Position::After(Entry::Enrichment(enrichment)),
        _ => return Err(ApiError::invalid("Invalid album position.")),
    };
    match &place {
        Position::After(entry) if !album.has(entry) => Err(ApiError::invalid("Invalid album position.")),
        _ => Ok(place),
    }
}

/// Puts entries into an album, in order; what is there already stays where it is.
pub(super) fn insert(album: &mut Album, entries: Vec<Entry>, place: &Position) {
    let at = match place {
        Position::First => 0,
        Position::Last => album.entries().len(),
        Position::After(entry) => album
            .entries()
            .iter()
            .position(|e| e == entry)
            .map_or(album.entries().len(), |at| at + 1),
    };
    album.insert(at, entries);
}

fn title_of(album: &Message<'_>) -> Result<String, ApiError> {
    let title = album.string("title")?;
    if title.is_empty() {
        return Err(ApiError::invalid("Album title must not be empty."));
    }
    if title.chars().count() > 500 {
        return Err(ApiError::invalid("Album title must not be more than 500 characters."));
    }
    Ok(title)
}

fn not_found() -> ApiError {
    ApiError::new(404, "Requested entity was not found.")
}

fn invalid_item() -> ApiError {
    ApiError::invalid("Request contains an invalid media item id.")
}

fn renderer<'a>(world: &'a World, at: Circumstances<'a>) -> Renderer<'a> {
    Renderer {
        world,
        switches: at.switches,
        now: at.now,
        bytes_url: at.bytes_url,
    }
}
