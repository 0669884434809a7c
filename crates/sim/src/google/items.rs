//! `mediaItems`: list, search, get, batchGet, patch.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::create::Circumstances;
use super::filters::{FILTER_FIELDS, Filters};
use super::paging::{LIST_ITEMS, Listing, Page, SEARCH_ITEMS, Wanted};
use super::proto::{Message, Query};
use super::reply::ApiError;
use super::switches::MissingAs;
use super::wire::{MediaItem, Renderer};
use super::world::World;

/// A page of items; an empty one is `{}`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ItemsReply {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    media_items: Vec<MediaItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// The results of a `batchGet`, in the order asked for.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BatchGetReply {
    media_item_results: Vec<GetResult>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum GetResult {
    MediaItem(Box<MediaItem>),
    Status { code: u8, message: &'static str },
}

/// `GET /v1/mediaItems`
pub(super) fn list(world: &World, query: &Query, at: Circumstances<'_>) -> Result<ItemsReply, ApiError> {
    query.only(&["pageSize", "pageToken"])?;
    let wanted = Wanted {
        size: query.int("pageSize")?,
        token: query.get("pageToken").unwrap_or_default(),
        parameters: String::new(),
    };
    let items = in_order(world, "list", at, || {
        let mut items = world.visible_items(at.account, at.now, at.switches.visible_after);
        newest_first(world, &mut items, at);
        Ok(items)
    })?;
    page(world, &LIST_ITEMS, &items, &wanted, None, at)
}

/// `POST /v1/mediaItems:search`
pub(super) fn search(world: &World, body: Option<&Value>, at: Circumstances<'_>) -> Result<ItemsReply, ApiError> {
    let request = Message::of_body(body, &["albumId", "pageSize", "pageToken", "filters", "orderBy"])?;
    let album_id = request.string("albumId")?;
    if !album_id.is_empty() && request.has("filters") {
        return Err(ApiError::invalid("The album ID cannot be set if filters are used."));
    }
    let filters = request
        .message("filters", &FILTER_FIELDS)?
        .map(|filters| Filters::read(&filters))
        .transpose()?
        .unwrap_or_default();
    let order = request.string("orderBy")?;
    let oldest_first = match order.as_str() {
        "" | "MediaMetadata.creation_time desc" => false,
        "MediaMetadata.creation_time" => true,
        _ => return Err(ApiError::invalid("Invalid order by.")),
    };
    if !order.is_empty() && (!filters.has_dates() || filters.has_others_than_dates()) {
        return Err(ApiError::invalid(
            "The order can only be set together with a date filter.",
        ));
    }
    let token = request.string("pageToken")?;
    let parameters = body.map(without_page_token).unwrap_or_default();
    let wanted = Wanted {
        size: request.int("pageSize")?,
        token: &token,
        parameters,
    };

    if !album_id.is_empty() {
        let items = in_order(world, &wanted.parameters, at, || in_album_order(world, &album_id, at))?;
        return page(world, &SEARCH_ITEMS, &items, &wanted, Some(&album_id), at);
    }
    let items = in_order(world, &wanted.parameters, at, || {
        let mut items = world.visible_items(at.account, at.now, at.switches.visible_after);
        items.retain(|item| filters.lets_through(&world.items[*item]));
        newest_first(world, &mut items, at);
        if oldest_first {
            items.reverse();
        }
        Ok(items)
    })?;
    page(world, &SEARCH_ITEMS, &items, &wanted, None, at)
}

/// `GET /v1/mediaItems/{id}`
pub(super) fn get(world: &World, id: &str, query: &Query, at: Circumstances<'_>) -> Result<MediaItem, ApiError> {
    query.only(&[])?;
    let item = world.own_item(at.account, id).ok_or_else(|| unknown_item(at))?;
    Ok(renderer(world, at).item(item, None))
}

/// `GET /v1/mediaItems:batchGet`
pub(super) fn batch_get(world: &World, query: &Query, at: Circumstances<'_>) -> Result<BatchGetReply, ApiError> {
    query.only(&["mediaItemIds"])?;
    let ids = query.all("mediaItemIds");
    check_ids(&ids)?;
    if at
        .switches
        .poisonous_id
        .as_ref()
        .is_some_and(|poison| ids.contains(poison))
    {
        return Err(ApiError::new(500, "Internal error encountered."));
    }
    let result = |id: &String| match world.own_item(at.account, id) {
        Some(item) => GetResult::MediaItem(Box::new(renderer(world, at).item(item, None))),
        None => GetResult::Status {
            code: 5,
            message: "Media item not found.",
        },
    };
    Ok(BatchGetReply {
        media_item_results: ids.iter().map(result).collect(),
    })
}

/// `PATCH /v1/mediaItems/{id}`
pub(super) fn patch(
    world: &mut World,
    id: &str,
    query: &Query,
    body: Option<&Value>,
    at: Circumstances<'_>,
) -> Result<MediaItem, ApiError> {
    query.only(&["updateMask"])?;
    let fields = [
        "id",
        "description",
        "productUrl",
        "baseUrl",
        "mimeType",
        "filename",
        "mediaMetadata",
        "contributorInfo",
    ];
    let description = Message::of_body(body, &fields)?.string("description")?;
    if query.get("updateMask") != Some("description") {
        return Err(ApiError::invalid(
            "Invalid update mask. Only the field description can be updated.",
        ));
    }
    if description.chars().count() >= 1000 {
        return Err(ApiError::invalid("Description must be less than 1000 characters."));
    }
    if world.own_item(at.account, id).is_none() {
        return Err(unknown_item(at));
    }
    if let Some(item) = world.item_mut(id) {
        item.description = description;
    }
    let item = world.own_item(at.account, id).ok_or_else(|| unknown_item(at))?;
    Ok(renderer(world, at).item(item, None))
}

/// The rules that ids of batch calls obey: 1 to 50, none twice.
pub(super) fn check_ids(ids: &[String]) -> Result<(), ApiError> {
    let distinct: HashSet<&String> = ids.iter().collect();
    if ids.is_empty() {
        return Err(ApiError::invalid("Request must contain at least one media item id."));
    }
    if ids.len() > 50 {
        return Err(ApiError::invalid("Request must have less than 50 media item ids."));
    }
    if distinct.len() < ids.len() {
        return Err(ApiError::invalid("Request must not contain duplicate media item ids."));
    }
    Ok(())
}

fn unknown_item(at: Circumstances<'_>) -> ApiError {
    match at.switches.unknown_item {
        MissingAs::NotFound => ApiError::new(404, "Requested entity was not found."),
        MissingAs::InvalidArgument => ApiError::invalid("Invalid media item ID."),
    }
}

fn renderer<'a>(world: &'a World, at: Circumstances<'a>) -> Renderer<'a> {
    Renderer {
        world,
        switches: at.switches,
        now: at.now,
        bytes_url: at.bytes_url,
    }
}

/// The positions of a listing's items, remembered until the library changes; not while items become visible by time.
fn in_order(
    world: &World,
    listing: &str,
    at: Circumstances<'_>,
    make: impl FnOnce() -> Result<Vec<usize>, ApiError>,
) -> Result<Arc<Vec<usize>>, ApiError> {
    if !at.switches.visible_after.is_zero() {
        return make().map(Arc::new);
    }
    let zone = &at.switches.naive_zone;
    let listing = format!("{} {zone:?} {listing}", at.account);
    world.orders.get(world.changes, &listing, make)
}

/// Items of the same second stay in the order in which they were created, latest first.
fn newest_first(world: &World, items: &mut [usize], at: Circumstances<'_>) {
    items.reverse();
    items.sort_by_cached_key(|item| Reverse(world.items[*item].creation_time(&at.switches.naive_zone)));
}

fn in_album_order(world: &World, album_id: &str, at: Circumstances<'_>) -> Result<Vec<usize>, ApiError> {
    let album = world
        .own_album(at.account, album_id)
        .ok_or_else(|| ApiError::new(404, "Requested entity was not found."))?;
    let delay = at.switches.visible_after;
    Ok(world.albums[album]
        .item_ids()
        .filter_map(|id| world.visible_item(at.account, id, at.now, delay))
        .collect())
}

fn page(
    world: &World,
    listing: &Listing,
    items: &[usize],
    wanted: &Wanted<'_>,
    album: Option<&str>,
    at: Circumstances<'_>,
) -> Result<ItemsReply, ApiError> {
    let Page { elements, next } = listing.page(items, |item| &world.items[*item].id, wanted, at.switches)?;
    let render = |item: &usize| renderer(world, at).item(&world.items[*item], album);
    Ok(ItemsReply {
        media_items: elements.iter().map(render).collect(),
        next_page_token: next,
    })
}

/// The request in one spelling, as the page token is bound to it.
fn without_page_token(body: &Value) -> String {
    let mut body = body.clone();
    if let Some(map) = body.as_object_mut() {
        map.remove("pageToken");
        map.remove("page_token");
    }
    body.to_string()
}
