//! People and faces: there are only those that a test put in.

use serde_json::{Value, json};

use super::super::access::{Action, Resource};
use super::super::model::Subject;
use super::super::reply::{Answer, Refusal, Reply};
use super::super::request::Call;
use super::super::wire;
use super::super::words::Message;
use super::super::world::World;
use super::patterns::{like, says_no, split_or};
use super::search::with_tokens;
use super::slug::slug;

/// Files and photos with a person.
fn counts(world: &World, subject: &Subject) -> (usize, usize) {
    let mut photos = std::collections::HashSet::new();
    let shown = world.files.values().filter(|file| {
        file.markers
            .iter()
            .any(|marker| !marker.invalid && marker.subj_uid == subject.uid)
    });
    let files = shown
        .inspect(|file| {
            photos.insert(file.photo_id);
        })
        .count();
    (files, photos.len())
}

fn row(world: &World, subject: &Subject) -> Value {
    let (files, photos) = counts(world, subject);
    wire::subject(subject, files, photos)
}

/// `GET /subjects`.
pub(super) fn search(world: &mut World, call: &Call) -> Answer {
    let grant = world.authorize(call, Resource::People, &[Action::Search, Action::View])?;
    let query = &call.query;
    let (limit, count) = query.count()?;
    let (_, offset) = query.offset()?;
    let all = query.boolean("all")? == Some(true);
    let least = (query.int("files")?.unwrap_or(0), query.int("photos")?.unwrap_or(0));
    let flag = |name: &str, value: bool| !query.has(name) || value != says_no(query.get(name));
    let pattern = format!("%{}%", query.get("q").trim_matches('*'));
    let mut found: Vec<(&Subject, (usize, usize))> = world
        .subjects
        .iter()
        .filter(|subject| subject.deleted_at.is_none())
        .filter(|subject| !query.has("uid") || split_or(query.get("uid")).any(|uid| uid == subject.uid))
        .filter(|_| !query.has("type") || split_or(query.get("type")).any(|kind| kind == "person"))
        .filter(|subject| !query.has("q") || like(&pattern, &subject.name) || like(&pattern, &subject.alias))
        .filter(|subject| flag("hidden", subject.hidden) && flag("favorite", subject.favorite))
        .filter(|subject| flag("private", subject.private) && flag("excluded", subject.excluded))
        .map(|subject| (subject, counts(world, subject)))
        .filter(|(_, (files, photos))| all || (*files as i64 >= least.0 && *photos as i64 >= least.1))
        .collect();
    match query.get("order") {
        "count" => found.sort_by_key(|(_, (files, _))| std::cmp::Reverse(*files)),
        "added" => found.sort_by_key(|(subject, _)| std::cmp::Reverse(subject.created_at)),
        "name" => found.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name)),
        _ => found.sort_by(|(a, _), (b, _)| b.favorite.cmp(&a.favorite).then_with(|| a.name.cmp(&b.name))),
    }
    let rows: Vec<Value> = found
        .into_iter()
        .skip(offset)
        .take(count)
        .map(|(subject, (files, photos))| wire::subject(subject, files, photos))
        .collect();
    let reply = Reply::ok(&rows).counted(rows.len(), limit, offset as i64);
    Ok(with_tokens(reply, &grant))
}

fn place(world: &World, call: &Call) -> Result<usize, Refusal> {
    let uid = call.uid("uid");
    let found = world
        .subjects
        .iter()
        .position(|subject| subject.uid == uid && subject.deleted_at.is_none());
    found.ok_or_else(|| Refusal::new(404, Message::SubjectNotFound))
}

/// `GET /subjects/:uid`.
pub(super) fn get(world: &mut World, call: &Call) -> Answer {
    world.authorize(call, Resource::People, &[Action::View])?;
    let at = place(world, call)?;
    Ok(Reply::ok(&row(world, &world.subjects[at])))
}

/// `PUT /subjects/:uid`.
pub(super) fn update(world: &mut World, call: &Call) -> Answer {
    world.authorize(call, Resource::People, &[Action::Update])?;
    let body = call.object()?;
    let at = place(world, call)?;
    let mut subject = world.subjects[at].clone();
    for (key, slot) in [
        ("Name", &mut subject.name),
        ("Alias", &mut subject.alias),
        ("About", &mut subject.about),
        ("Bio", &mut subject.bio),
        ("Notes", &mut subject.notes),
    ] {
        if let Some(text) = body.string(key)? {
            *slot = text;
        }
    }
    for (key, slot) in [
        ("Favorite", &mut subject.favorite),
        ("Hidden", &mut subject.hidden),
        ("Private", &mut subject.private),
        ("Excluded", &mut subject.excluded),
    ] {
        if let Some(flag) = body.boolean(key)? {
            *slot = flag;
        }
    }
    subject.slug = slug(&subject.name);
    subject.updated_at = call.now;
    world.subjects[at] = subject;
    Ok(Reply::ok(&row(world, &world.subjects[at])))
}

/// `POST /subjects/:uid/like`.
pub(super) fn like_subject(world: &mut World, call: &Call) -> Answer {
    set_favorite(world, call, true)
}

/// `DELETE /subjects/:uid/like`.
pub(super) fn unlike_subject(world: &mut World, call: &Call) -> Answer {
    set_favorite(world, call, false)
}

fn set_favorite(world: &mut World, call: &Call, favorite: bool) -> Answer {
    world.authorize(call, Resource::People, &[Action::Update])?;
    let at = place(world, call)?;
    world.subjects[at].favorite = favorite;
    Ok(Reply::message(world.say(Message::ChangesSaved)))
}

/// `GET /faces`: clusters of faces that have no name yet; there are none.
pub(super) fn faces(world: &mut World, call: &Call) -> Answer {
    let grant = world.authorize(call, Resource::People, &[Action::Search, Action::View])?;
    let (limit, _) = call.query.count()?;
    let (_, offset) = call.query.offset()?;
    Ok(with_tokens(
        Reply::ok(&json!([])).counted(0, limit, offset as i64),
        &grant,
    ))
}

/// `GET /faces/:id`.
pub(super) fn face(world: &mut World, call: &Call) -> Answer {
    world.authorize(call, Resource::People, &[Action::View])?;
    Err(Refusal::not_found())
}
