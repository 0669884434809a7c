//! `GET /albums`.

use std::cmp::Ordering;
use std::collections::HashMap;

use serde_json::Value;

use super::super::super::access::{Action, Resource};
use super::super::super::model::Album;
use super::super::super::reply::{Answer, Refusal, Reply};
use super::super::super::request::Call;
use super::super::super::wire;
use super::super::super::words::Message;
use super::super::super::world::World;
use super::super::patterns::{like, says_no, split_or};
use super::super::search::{query, with_tokens};
use super::super::slug::stored_slug;

/// Names of filters. Some are accepted and of no effect; `Country` is spelt so in query strings.
const FILTERS: &[&str] = &[
    "uid", "slug", "title", "category", "location", "country", "year", "month", "day", "favorite", "public", "private",
    "type", "order",
];

/// What a search for albums asks for.
#[derive(Debug, Default)]
struct Asked {
    values: HashMap<String, String>,
    text: String,
}

impl Asked {
    fn read(call: &Call) -> Result<Self, Refusal> {
        for name in ["year", "month", "day"] {
            call.query.int(name)?;
        }
        for name in ["favorite", "public", "private"] {
            call.query.boolean(name)?;
        }
        let mut asked = Self::default();
        for (name, value) in call.query.pairs() {
            let key = if name == "Country" { "country" } else { name };
            if FILTERS.contains(&key) && (name != "country") && !value.is_empty() {
                asked.values.entry(key.to_owned()).or_insert_with(|| value.to_owned());
            }
        }
        let parsed = query::parse(call.query.get("q"));
        for (key, value) in parsed.pairs {
            if !FILTERS.contains(&key.as_str()) {
                return Err(Refusal::bare_text(400, format!("Unknown filter: {key}")));
            }
            asked.values.insert(key, value);
        }
        asked.text = parsed.words.join(" ").trim_matches('*').to_owned();
        Ok(asked)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.values
            .get(name)
            .map(String::as_str)
            .filter(|text| !text.is_empty())
    }

    fn yes(&self, name: &str) -> bool {
        self.get(name).is_some_and(|text| !says_no(text))
    }

    fn finds(&self, world: &World, album: &Album) -> bool {
        let listed = |name: &str, value: &str| {
            self.get(name)
                .is_none_or(|list| split_or(list).any(|text| text == value))
        };
        let number = |name: &str, value: i64| self.get(name).is_none_or(|text| text.parse() == Ok(value));
        let pattern = format!("%{}%", self.text);
        let texts = [&album.title, &album.location];
        let found =
            texts.iter().any(|text| like(&pattern, text)) || (album.kind == "folder" && like(&pattern, &album.path));
        album.deleted_at.is_none()
            && (self.text.is_empty() || found)
            && listed("uid", &album.uid)
            && listed("type", &album.kind)
            && listed("category", &album.category)
            && listed("location", &album.location)
            && listed("country", &album.country)
            && self.get("year").is_none_or(|text| of_year(world, album, text))
            && number("month", album.month)
            && number("day", album.day)
            && (!self.yes("favorite") || album.favorite)
            && (!self.yes("public") || !album.private)
    }
}

/// Whether an album is of a year, or, if people fill it, has a photo of that year.
fn of_year(world: &World, album: &Album, text: &str) -> bool {
    let Ok(year) = text.parse::<i64>() else { return false };
    let inside = || {
        let visible = world.entries.of_album(&album.uid).filter(|entry| !entry.hidden);
        visible
            .into_iter()
            .any(|entry| world.photo(&entry.photo_uid).is_some_and(|photo| photo.year == year))
    };
    album.year == year || (album.kind == "album" && inside())
}

/// `GET /albums`.
pub(in super::super) fn albums(world: &mut World, call: &Call) -> Answer {
    let grant = world.authorize(call, Resource::Albums, &[Action::Search, Action::View])?;
    if !grant.has_user() && grant.is_client {
        return Err(Refusal::bare(400, Message::Forbidden));
    }
    let (limit, count) = call.query.count()?;
    let (_, offset) = call.query.offset()?;
    let asked = Asked::read(call)?;
    let mut found: Vec<(&Album, usize)> = world
        .albums
        .values()
        .filter(|album| asked.finds(world, album))
        .map(|album| (album, photo_count(world, album)))
        .collect();
    let order = asked.get("order").unwrap_or_default();
    found.sort_by(|a, b| compare(order, *a, *b));
    let rows: Vec<Value> = found
        .into_iter()
        .skip(offset)
        .take(count)
        .map(|(album, photos)| row(world, album, photos))
        .collect();
    let reply = Reply::ok(&rows).counted(rows.len(), limit, offset as i64);
    Ok(with_tokens(reply, &grant))
}

/// Visible photos of a manual album; stored searches tell none.
fn photo_count(world: &World, album: &Album) -> usize {
    if !album.filter.is_empty() || album.kind != "album" {
        return 0;
    }
    let visible = world
        .entries
        .of_album(&album.uid)
        .filter(|entry| !entry.hidden && !entry.missing);
    visible
        .filter(|entry| {
            world
                .photo(&entry.photo_uid)
                .is_some_and(|photo| !photo.files.is_empty())
        })
        .count()
}

/// The row of an album as websockets are told it.
pub(crate) fn told(world: &World, album: &Album) -> Value {
    row(world, album, photo_count(world, album))
}

fn row(world: &World, album: &Album, photos: usize) -> Value {
    let links = world.links.iter().filter(|link| link.share_uid == album.uid).count();
    let mut row = wire::album_row(album, photos, links);
    row["Slug"] = stored_slug(&album.slug).into();
    if album.thumb.is_empty() {
        row["Thumb"] = cover(world, album).into();
    }
    row
}

/// Hash of the picture that an album shows: the preview of its newest photo.
pub(in super::super) fn cover(world: &World, album: &Album) -> String {
    if !album.thumb.is_empty() {
        return album.thumb.clone();
    }
    let visible = world.entries.of_album(&album.uid).filter(|entry| !entry.hidden);
    let photos = visible
        .filter_map(|entry| world.photo(&entry.photo_uid))
        .filter(|photo| !photo.is_archived());
    let newest = photos.max_by_key(|photo| photo.taken_at_local.at);
    let file = newest.and_then(|photo| world.files_of(photo).find(|file| file.primary));
    file.map(|file| file.hash.clone()).unwrap_or_default()
}

/// The orders of albums; unknown ones count as `favorites`.
fn compare(order: &str, a: (&Album, usize), b: (&Album, usize)) -> Ordering {
    let ((a, photos_a), (b, photos_b)) = (a, b);
    let title = || a.title.cmp(&b.title).then_with(|| b.uid.cmp(&a.uid));
    let day = |album: &Album| (album.year, album.month, album.day);
    // Albums are dated to the second.
    let created = |album: &Album| album.created_at.as_second();
    match order {
        "name" => title(),
        "name_reverse" => b.title.cmp(&a.title).then_with(|| b.uid.cmp(&a.uid)),
        "added" => b.uid.cmp(&a.uid),
        "newest" | "moment" => {
            let newest = day(b).cmp(&day(a)).then_with(|| created(b).cmp(&created(a)));
            newest.then_with(|| b.uid.cmp(&a.uid))
        }
        "oldest" => {
            let oldest = day(a).cmp(&day(b)).then_with(|| created(a).cmp(&created(b)));
            oldest.then_with(|| a.uid.cmp(&b.uid))
        }
        "edited" => b
            .updated_at
            .as_second()
            .cmp(&a.updated_at.as_second())
            .then_with(|| b.uid.cmp(&a.uid)),
        "count" => photos_b.cmp(&photos_a).then_with(title),
        "place" => a.location.cmp(&b.location).then_with(title),
        "path" => a.path.cmp(&b.path).then_with(|| b.uid.cmp(&a.uid)),
        "category" => a.category.cmp(&b.category).then_with(title),
        "slug" => slug_key(a).cmp(&slug_key(b)).then_with(|| b.uid.cmp(&a.uid)),
        _ => b.favorite.cmp(&a.favorite).then_with(title),
    }
}

/// Numbers come before texts: the column of slugs is numeric where the text is.
fn slug_key(album: &Album) -> (bool, u64, &str) {
    match album.slug.parse::<u64>() {
        Ok(number) => (false, number, ""),
        Err(_) => (true, 0, &album.slug),
    }
}
