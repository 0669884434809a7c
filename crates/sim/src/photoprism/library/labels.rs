//! Labels, and labels on photos.

use serde_json::{Value, json};

use super::super::access::{Action, Resource};
use super::super::model::{Label, LabelId, PhotoLabel, src};
use super::super::reply::{Answer, Refusal, Reply};
use super::super::request::Call;
use super::super::wire;
use super::super::words::Message;
use super::super::world::World;
use super::patterns::{indexed, keyword_list, like, split_or};
use super::photos::{changed, known, whole};
use super::search::with_tokens;
use super::slug::{slug, title_case};

/// Uncertainty from which on a label does not show.
const HIDDEN: i64 = 100;

/// `GET /labels`: without `X-Count`.
pub(super) fn search(world: &mut World, call: &Call) -> Answer {
    let grant = world.authorize(call, Resource::Labels, &[Action::Search, Action::View])?;
    let query = &call.query;
    let (limit, count) = query.count()?;
    let (_, offset) = query.offset()?;
    let (all, favorite) = (
        query.boolean("all")? == Some(true),
        query.boolean("favorite")? == Some(true),
    );
    let listed = |name: &str, value: &str| {
        !query.has(name) || split_or(query.get(name)).any(|text| text.eq_ignore_ascii_case(value))
    };
    let text = query.get("q").trim_matches('*');
    let pattern = format!("%{text}%");
    let mut found: Vec<(&Label, usize)> = world
        .labels
        .values()
        .filter(|label| label.deleted_at.is_none())
        .filter(|label| all || label.priority >= 0)
        .filter(|label| !favorite || label.favorite)
        .filter(|label| listed("uid", &label.uid) && listed("slug", &label.slug) && listed("name", &label.name))
        .filter(|label| text.is_empty() || like(&pattern, &label.name))
        .map(|label| (label, wire::label_count(world, label)))
        .filter(|(_, photos)| *photos > 0)
        .collect();
    found.sort_by(|(a, _), (b, _)| b.favorite.cmp(&a.favorite).then_with(|| a.slug.cmp(&b.slug)));
    let rows: Vec<Value> = found
        .into_iter()
        .skip(offset)
        .take(count)
        .map(|(label, _)| row(world, label))
        .collect();
    let reply = Reply::ok(&rows)
        .header("x-limit", limit.to_string())
        .header("x-offset", offset.to_string());
    Ok(with_tokens(reply, &grant))
}

fn row(world: &World, label: &Label) -> Value {
    let mut row = wire::label(world, label);
    row["DeletedAt"] = wire::time_or_zero(label.deleted_at);
    row
}

fn label_of(world: &World, call: &Call) -> Result<LabelId, Refusal> {
    let uid = call.uid("uid");
    let mut alive = world.labels.values().filter(|label| label.deleted_at.is_none());
    let label = alive.find(|label| label.uid == uid);
    label
        .map(|label| label.id)
        .ok_or_else(|| Refusal::new(404, Message::LabelNotFound))
}

/// `PUT /labels/:uid`: only the name counts.
pub(super) fn update(world: &mut World, call: &Call) -> Answer {
    world.authorize(call, Resource::Labels, &[Action::Update])?;
    let name = call.object()?.string("Name")?;
    let id = label_of(world, call)?;
    if let (Some(label), Some(name)) = (world.labels.get_mut(&id), name.filter(|name| !name.is_empty())) {
        label.name = title_case(&name);
        label.custom_slug = slug(&name);
        label.updated_at = call.now;
    }
    Ok(Reply::ok(&wire::label(world, &world.labels[&id])))
}

/// `POST /labels/:uid/like`.
pub(super) fn like_label(world: &mut World, call: &Call) -> Answer {
    set_favorite(world, call, true)
}

/// `DELETE /labels/:uid/like`.
pub(super) fn unlike_label(world: &mut World, call: &Call) -> Answer {
    set_favorite(world, call, false)
}

fn set_favorite(world: &mut World, call: &Call, favorite: bool) -> Answer {
    world.authorize(call, Resource::Labels, &[Action::Update])?;
    let id = label_of(world, call)?;
    if let Some(label) = world.labels.get_mut(&id) {
        label.favorite = favorite;
    }
    // By mistake the server writes an empty HTTP response of its own as JSON.
    Ok(Reply::ok(&json!({
        "Status": "", "StatusCode": 0, "Proto": "", "ProtoMajor": 0, "ProtoMinor": 0, "Header": null, "Body": null,
        "ContentLength": 0, "TransferEncoding": null, "Close": false, "Uncompressed": false, "Trailer": null,
        "Request": null, "TLS": null,
    })))
}

/// The label of a name, made if there is none; one that was deleted comes back.
pub(crate) fn find_or_create(world: &mut World, name: &str, priority: i64, now: jiff::Timestamp) -> LabelId {
    let name = match name.trim() {
        "" => "Unknown".to_owned(),
        name => title_case(name),
    };
    let own_slug = slug(&name);
    let found = world
        .labels
        .values_mut()
        .find(|label| label.slug == own_slug || label.custom_slug == own_slug);
    if let Some(label) = found {
        label.deleted_at = None;
        return label.id;
    }
    world.add_label(Label {
        id: 0,
        uid: String::new(),
        slug: own_slug.clone(),
        custom_slug: own_slug,
        name,
        priority,
        favorite: false,
        description: String::new(),
        notes: String::new(),
        thumb: String::new(),
        created_at: now,
        updated_at: now,
        deleted_at: None,
    })
}

/// `POST /photos/:uid/label`.
pub(super) fn add_to_photo(world: &mut World, call: &Call) -> Answer {
    world.authorize(call, Resource::Photos, &[Action::Update])?;
    let uid = known(world, call)?;
    let body = call.object()?;
    let name = body.string("Name")?.unwrap_or_default();
    let uncertainty = body.int("Uncertainty")?.unwrap_or(0);
    let id = find_or_create(world, &name, body.int("Priority")?.unwrap_or(0), call.now);
    let label_name = world.labels[&id].name.clone();
    let photo = changed(world, &uid)?;
    match photo.labels.iter_mut().find(|label| label.label_id == id) {
        Some(label) => {
            label.uncertainty = label.uncertainty.min(uncertainty);
            label.src = src::MANUAL.to_owned();
        }
        None => photo.labels.push(PhotoLabel {
            label_id: id,
            src: src::MANUAL.to_owned(),
            uncertainty,
        }),
    }
    if uncertainty < HIDDEN {
        let words: Vec<String> = indexed(&label_name).collect();
        photo.details.keywords = keyword_list(&format!("{}, {}", photo.details.keywords, words.join(", ")));
        photo.details.updated_at = call.now;
    }
    photo.updated_at = call.now;
    whole(world, &uid, call)
}

/// Place of the label of the path among those of the photo.
fn on_photo(world: &World, uid: &str, call: &Call) -> Result<usize, Refusal> {
    let missing = || Refusal::bare_text(404, "Record not found");
    let id: LabelId = call.param("id").parse().map_err(|_| missing())?;
    let photo = world.photo(uid).ok_or_else(Refusal::not_found)?;
    photo
        .labels
        .iter()
        .position(|label| label.label_id == id)
        .ok_or_else(missing)
}

/// `PUT /photos/:uid/label/:id`.
pub(super) fn change_on_photo(world: &mut World, call: &Call) -> Answer {
    world.authorize(call, Resource::Photos, &[Action::Update])?;
    let uid = known(world, call)?;
    let body = call.object()?;
    let at = on_photo(world, &uid, call)?;
    let uncertainty = body.int("Uncertainty")?;
    let photo = changed(world, &uid)?;
    if let Some(uncertainty) = uncertainty {
        photo.labels[at].uncertainty = uncertainty;
    }
    photo.updated_at = call.now;
    whole(world, &uid, call)
}

/// `DELETE /photos/:uid/label/:id`: labels that people gave go, others are hidden so that they do not come back.
pub(super) fn remove_from_photo(world: &mut World, call: &Call) -> Answer {
    world.authorize(call, Resource::Photos, &[Action::Update])?;
    let uid = known(world, call)?;
    let at = on_photo(world, &uid, call)?;
    let photo = changed(world, &uid)?;
    match photo.labels[at].src.as_str() {
        src::MANUAL | src::TITLE | src::SUBJECT | src::KEYWORD => {
            photo.labels.remove(at);
        }
        _ => photo.labels[at].uncertainty = HIDDEN,
    }
    photo.updated_at = call.now;
    whole(world, &uid, call)
}
