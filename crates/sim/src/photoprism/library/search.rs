//! `GET /photos`: which rows a search finds, in which order, on which page.

use serde_json::{Value, json};

use super::super::access::{Action, Grant, Resource};
use super::super::mint::{clean_uid, is_uid, prefix};
use super::super::model::{File, Photo, Role};
use super::super::reply::{Answer, Refusal, Reply};
use super::super::request::Call;
use super::super::switches::Generation;
use super::super::time::write;
use super::super::wire::{caption_keys, number};
use super::super::world::World;

mod area;
mod filter;
mod form;
mod order;
pub(crate) mod query;
mod rows;

pub(crate) use filter::{Filter, Scope};
pub(crate) use form::{Form, FormError};
pub(crate) use order::{Order, Row};

/// Sizes of thumbnails that the viewer is told of, with their frames.
const VIEWER_SIZES: &[(&str, i64, i64)] = &[
    ("fit_720", 720, 720),
    ("fit_1280", 1280, 1024),
    ("fit_1920", 1920, 1200),
    ("fit_2560", 2560, 1600),
    ("fit_4096", 4096, 4096),
    ("fit_7680", 7680, 4320),
];

impl From<FormError> for Refusal {
    fn from(error: FormError) -> Self {
        match error {
            FormError::Malformed => Self::undecodable(),
            FormError::Refused => Self::bad_request(),
        }
    }
}

/// `GET /photos`.
pub(super) fn photos(world: &mut World, call: &Call) -> Answer {
    let grant = searcher(world, call, Resource::Photos)?;
    let form = read_form(call, &grant)?;
    let found = find(world, form.clone())?;
    let generation = call.switches.generation;
    let values: Vec<Value> = match form.is("merged") {
        true => found
            .chunk_by(|a, b| a.photo.id == b.photo.id)
            .filter_map(|rows| rows::merged(world, rows, generation))
            .collect(),
        false => found.iter().map(|row| rows::row(world, *row, generation)).collect(),
    };
    let reply = Reply::ok(&values).counted(found.len(), form.int("count"), form.int("offset"));
    Ok(with_tokens(reply, &grant))
}

/// `GET /photos/view`: what the viewer of the web page shows.
pub(super) fn view(world: &mut World, call: &Call) -> Answer {
    let grant = searcher(world, call, Resource::Photos)?;
    let form = read_form(call, &grant)?;
    let found = find(world, form.clone())?;
    let values: Vec<Value> = found
        .chunk_by(|a, b| a.photo.id == b.photo.id)
        .filter_map(|rows| rows.first())
        .map(|row| viewer(*row, &grant, call))
        .collect();
    let reply = Reply::ok(&values).counted(found.len(), form.int("count"), form.int("offset"));
    Ok(with_tokens(reply, &grant))
}

/// `GET /geo`: the placed photos as GeoJSON, oldest first.
pub(super) fn geo(world: &mut World, call: &Call) -> Answer {
    let grant = searcher(world, call, Resource::Places)?;
    let given = call
        .query
        .pairs()
        .filter(|(name, _)| !matches!(*name, "count" | "order"));
    let count = call.query.int("count")?.unwrap_or(0);
    let rows = if count == 0 { "-1".to_owned() } else { count.to_string() };
    let pairs: Vec<(&str, &str)> = given
        .chain([("count", "-1"), ("order", "oldest"), ("primary", "true")])
        .collect();
    let form = Form::read(pairs)?;
    let limit = Form::read([("count", rows.as_str())])?.count();
    let found = find(world, form)?;
    let placed: Vec<Row<'_>> = found
        .into_iter()
        .filter(|row| row.photo.lat != 0.0 || row.photo.lng != 0.0)
        .take(limit)
        .collect();
    let edges = |part: fn(&Photo) -> f64| {
        let values = placed.iter().map(|row| part(row.photo));
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        })
    };
    let (lngs, lats) = (edges(|photo| photo.lng), edges(|photo| photo.lat));
    let features: Vec<Value> = placed.iter().map(|row| feature(row.photo, row.file)).collect();
    let edge = |degrees: f64| {
        if placed.is_empty() {
            number(0.0)
        } else {
            number(degrees)
        }
    };
    let bbox = [edge(lngs.0), edge(lats.0), edge(lngs.1), edge(lats.1)];
    let body = json!({ "type": "FeatureCollection", "bbox": bbox, "features": features });
    let reply = Reply::ok(&body).counted(placed.len(), count, 0);
    Ok(with_tokens(reply, &grant))
}

/// Lets a search in; clients without a user cannot search, and the server says so in an odd way.
fn searcher(world: &mut World, call: &Call, resource: Resource) -> Result<Grant, Refusal> {
    let grant = world.authorize(call, resource, &[Action::Search, Action::View])?;
    if !grant.has_user() && grant.is_client {
        return Err(Refusal::bad_request());
    }
    Ok(grant)
}

/// The parameters of a search; who may not manage photos sees neither private ones nor those in review.
fn read_form(call: &Call, grant: &Grant) -> Result<Form, Refusal> {
    let mut form = Form::read(call.query.pairs())?;
    if matches!(grant.role, Role::Guest | Role::Visitor) {
        for (name, value) in [
            ("quality", "3"),
            ("public", "true"),
            ("private", "false"),
            ("hidden", "false"),
            ("archived", "false"),
        ] {
            form.set(name, value);
        }
    }
    Ok(form)
}

/// Adds the headers with the tokens; nobody needs any in public mode.
pub(super) fn with_tokens(reply: Reply, grant: &Grant) -> Reply {
    if grant.download_token == "public" {
        return reply;
    }
    reply
        .header("x-download-token", &grant.download_token)
        .header("x-preview-token", &grant.preview_token)
}

/// The row of a photo as websockets are told it: merged, its primary file first.
pub(crate) fn told(world: &World, photo: &Photo, generation: Generation) -> Option<Value> {
    let mut files: Vec<_> = world.files_of(photo).filter(|file| file.in_media_index).collect();
    files.sort_by_key(|file| !file.primary);
    let rows: Vec<Row<'_>> = files.into_iter().map(|file| Row { photo, file }).collect();
    rows::merged(world, &rows, generation)
}

/// The page of rows that a search finds.
pub(crate) fn find(world: &World, mut form: Form) -> Result<Vec<Row<'_>>, Refusal> {
    let order = Order::of(form.text("order").unwrap_or_default()).ok_or_else(Refusal::bad_request)?;
    let scope = scope(world, &mut form)?;
    let (count, offset) = (form.count(), form.offset());
    let filter = Filter::new(world, &form, scope)?;
    let mut found: Vec<Row<'_>> = match filter.candidates(world) {
        Some(ids) => ids
            .iter()
            .filter_map(|id| world.photos.get(id))
            .flat_map(|photo| rows_of(world, &filter, photo))
            .collect(),
        None => world
            .photos
            .values()
            .flat_map(|photo| rows_of(world, &filter, photo))
            .collect(),
    };
    found.retain(|row| order.holds(*row));
    let end = offset.saturating_add(count).min(found.len());
    if end < found.len() && end > 0 {
        // Only what comes before the page's end need be in order: a large library is read page by page.
        found.select_nth_unstable_by(end - 1, |a, b| order.compare(*a, *b));
    }
    found.truncate(end);
    found.sort_unstable_by(|a, b| order.compare(*a, *b));
    Ok(found.split_off(offset.min(found.len())))
}

fn rows_of<'w>(world: &'w World, filter: &Filter<'_>, photo: &'w Photo) -> Vec<Row<'w>> {
    if !filter.finds_photo(world, photo) {
        return Vec::new();
    }
    world
        .files_of(photo)
        .filter(|file| filter.finds_file(world, photo, file))
        .map(|file| Row { photo, file })
        .collect()
}

/// The album of `s`, or of `album` if that is a UID. A smart album's filter is put over what was asked.
fn scope(world: &World, form: &mut Form) -> Result<Scope, Refusal> {
    let asked = form.text("s").map(str::to_owned);
    let by_filter = form
        .text("album")
        .filter(|text| is_uid(&clean_uid(text), prefix::ALBUM))
        .map(str::to_owned);
    let Some(uid) = asked.or(by_filter) else {
        return Ok(Scope::All);
    };
    let uid = clean_uid(&uid);
    let album = world.album(&uid).filter(|album| album.deleted_at.is_none());
    let album = album.ok_or_else(Refusal::bad_request)?;
    if album.filter.is_empty() {
        return Ok(Scope::Album(uid));
    }
    form.add_text(&album.filter)?;
    Ok(Scope::Smart(uid))
}

fn viewer(row: Row<'_>, grant: &Grant, call: &Call) -> Value {
    let Row { photo, file } = row;
    let base = &call.switches.base_path;
    let base = if base.is_empty() {
        String::new()
    } else {
        format!("/{base}")
    };
    let thumbs: serde_json::Map<String, Value> = VIEWER_SIZES
        .iter()
        .map(|(size, width, height)| {
            let (w, h) = fitted(file, *width, *height);
            let src = format!("{base}/api/v1/t/{}/{}/{size}", file.hash, grant.preview_token);
            ((*size).to_owned(), json!({ "w": w, "h": h, "src": src }))
        })
        .collect();
    let mut value = json!({
        "UID": photo.uid,
        "Title": photo.title,
        "TakenAtLocal": photo.taken_at_local.to_string(),
        "Favorite": photo.favorite,
        "Playable": matches!(photo.kind.as_str(), "video" | "live" | "animated"),
        "DownloadUrl": format!("{base}/api/v1/dl/{}?t={}", file.hash, grant.download_token),
        "Width": file.width,
        "Height": file.height,
        "Thumbs": thumbs,
    });
    value[caption_keys(call.switches.generation)[0]] = photo.caption.clone().into();
    value
}

/// Width and height of a picture inside a frame; small pictures are not made larger.
fn fitted(file: &File, width: i64, height: i64) -> (i64, i64) {
    let (own_width, own_height) = (file.width.max(1) as f64, file.height.max(1) as f64);
    let scale = (width as f64 / own_width).min(height as f64 / own_height).min(1.0);
    ((own_width * scale).round() as i64, (own_height * scale).round() as i64)
}

fn feature(photo: &Photo, file: &File) -> Value {
    let mut properties = json!({
        "UID": photo.uid,
        "Hash": file.hash,
        "TakenAt": write(photo.taken_at),
        "Title": photo.title,
    });
    if photo.favorite {
        properties["Favorite"] = true.into();
    }
    if photo.kind != "image" {
        properties["Type"] = photo.kind.clone().into();
    }
    json!({
        "id": photo.id.to_string(),
        "type": "Feature",
        "geometry": { "type": "Point", "coordinates": [number(photo.lng), number(photo.lat)] },
        "properties": properties,
    })
}
