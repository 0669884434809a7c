//! `mediaItems`: list, search, get, batchGet, patch.

use std::cmp::Reverse;
use std::collections::HashSet;

use serde::Serialize;
use serde_json::Value;

use super::create::Circumstances;
use super::filters::{FILTER_FIELDS, Filters};
use super::paging::{LIST_ITEMS, Listing, Page, SEARCH_ITEMS, Wanted};
use super::proto::{Message, Query};
use super::reply::ApiError;
use super::switches::MissingAs;
use super::wire::{MediaItem, Renderer};
use super::world::{Item, World};

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
    let mut items = world.visible_items(at.account, at.now, at.switches.visible_after);
    newest_first(&mut items, at);
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

    let visible = world.visible_items(at.account, at.now, at.switches.visible_after);
    if !album_id.is_empty() {
        let items = in_album_order(world, &album_id, &visible, at)?;
        return page(world, &SEARCH_ITEMS, &items, &wanted, Some(&album_id), at);
    }
    let mut items: Vec<&Item> = visible.into_iter().filter(|item| filters.lets_through(item)).collect();
    newest_first(&mut items, at);
    if oldest_first {
        items.reverse();
    }
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

/// Items of the same second stay in the order in which they were created, latest first.
fn newest_first(items: &mut [&Item], at: Circumstances<'_>) {
    items.reverse();
    items.sort_by_cached_key(|item| Reverse(item.creation_time(&at.switches.naive_zone)));
}

fn in_album_order<'a>(
    world: &World,
    album_id: &str,
    visible: &[&'a Item],
    at: Circumstances<'_>,
) -> Result<Vec<&'a Item>, ApiError> {
    let album = world
        .own_album(at.account, album_id)
        .ok_or_else(|| ApiError::new(404, "Requested entity was not found."))?;
    let by_id: std::collections::HashMap<&str, &'a Item> =
        visible.iter().map(|item| (item.id.as_str(), *item)).collect();
    Ok(world.albums[album]
        .item_ids()
        .filter_map(|id| by_id.get(id).copied())
        .collect())
}

fn page(
    world: &World,
    listing: &Listing,
    items: &[&Item],
    wanted: &Wanted<'_>,
    album: Option<&str>,
    at: Circumstances<'_>,
) -> Result<ItemsReply, ApiError> {
    let Page { elements, next } = listing.page(items, |item| &item.id, wanted, at.switches)?;
    let render = |item: &&Item| renderer(world, at).item(item, album);
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
