//! Which files a search finds.

use std::collections::HashSet;

use jiff::Timestamp;
use jiff::civil::{Date, Time};

use crate::photoprism::ingest::kinds::stem;
use crate::photoprism::library::patterns::{
    any_wildcard, indexed, like, says_no, split_and, split_or, wildcard, words,
};
use crate::photoprism::library::slug::slug;
use crate::photoprism::mint::{clean_uid, is_uid, prefix};
use crate::photoprism::model::{Album, File, Label, Photo};
use crate::photoprism::time::at_utc;
use crate::photoprism::wire::media_id;
use crate::photoprism::world::World;

use super::area::{Area, range};
use super::form::{Form, FormError};

/// Width by height: what counts as square, and from where on as landscape.
const SQUARE: f64 = 1.0;
const LANDSCAPE: f64 = 1.25;

/// Types of pictures, as opposed to videos, sounds and documents.
const PICTURES: &[&str] = &["image", "raw", "live", "animated", "vector"];

/// Switches for one type each; the first that is on counts.
const TYPES: &[&str] = &[
    "video", "raw", "live", "image", "animated", "vector", "audio", "document",
];

/// Chroma up to which a picture has no colours.
const MONO_CHROMA: i64 = 2;

/// Where the photos of a search may come from.
#[derive(Debug, Clone)]
pub(crate) enum Scope {
    /// The whole library.
    All,
    /// The visible entries of an album.
    Album(String),
    /// A stored search; what was taken out of the album is left out.
    Smart(String),
}

/// A search, ready to be asked about each file.
#[derive(Debug)]
pub(crate) struct Filter<'a> {
    form: &'a Form,
    scope: Scope,
    uids: Option<Uids>,
    area: Option<Area>,
    /// Photos with one of the labels asked for.
    labels: Option<HashSet<u64>>,
    /// UIDs of albums of which one must hold the photo; several lists for several conditions.
    albums: Vec<HashSet<String>>,
    /// UIDs of people of which one must be in the picture; several lists for several conditions.
    people: Vec<HashSet<String>>,
    by_words: bool,
}

/// What the `uid` parameter names.
#[derive(Debug)]
enum Uids {
    Photos(HashSet<String>),
    Files(HashSet<String>),
    Hashes(HashSet<String>),
}

impl<'a> Filter<'a> {
    /// Looks up what the form names.
    pub(crate) fn new(world: &World, form: &'a Form, scope: Scope) -> Result<Self, FormError> {
        Ok(Self {
            form,
            uids: uids(form)?,
            area: area(world, form)?,
            labels: labels(world, form),
            albums: albums(world, form, &scope),
            people: people(world, form),
            by_words: !form.words.is_empty(),
            scope,
        })
    }

    /// Photos that may be found, if the form says more than "all": by hash, by UID, by album. Each is still to be asked
    /// about.
    pub(crate) fn candidates(&self, world: &World) -> Option<HashSet<u64>> {
        let hashes = |list: &mut dyn Iterator<Item = String>| -> HashSet<u64> {
            list.flat_map(|hash| world.files_by_hash(&hash).map(|file| file.photo_id).collect::<Vec<_>>())
                .collect()
        };
        if let Some(list) = self.form.text("hash") {
            return Some(hashes(&mut split_or(list).map(str::to_lowercase)));
        }
        match (&self.uids, &self.scope) {
            (Some(Uids::Photos(uids)), _) => Some(uids.iter().filter_map(|uid| Some(world.photo(uid)?.id)).collect()),
            (Some(Uids::Files(uids)), _) => {
                Some(uids.iter().filter_map(|uid| Some(world.file(uid)?.photo_id)).collect())
            }
            (Some(Uids::Hashes(list)), _) => Some(hashes(&mut list.iter().cloned())),
            (None, Scope::Album(uid)) => Some(
                world
                    .entries
                    .of_album(uid)
                    .filter(|entry| !entry.hidden && !entry.missing)
                    .filter_map(|entry| Some(world.photo(&entry.photo_uid)?.id))
                    .collect(),
            ),
            (None, _) => None,
        }
    }

    /// Whether a photo is found, as far as its files do not matter.
    pub(crate) fn finds_photo(&self, world: &World, photo: &Photo) -> bool {
        self.in_scope(world, photo)
            && self.state(photo)
            && self.uids_photo(photo)
            && self.kind(photo)
            && self.texts(photo)
            && self.dates(photo)
            && self.places(world, photo)
            && self.numbers(photo)
            && self.gear(world, photo)
            && self.company(world, photo)
            && (!self.by_words || self.words(world, photo))
    }

    /// Whether a file of a photo that is found is a row of the result.
    pub(crate) fn finds_file(&self, world: &World, photo: &Photo, file: &File) -> bool {
        let form = self.form;
        let shown = !file.sidecar && !file.missing && media_id(file).is_some();
        let error = match (form.is("error"), form.is("hidden")) {
            (true, _) => !file.error.is_empty(),
            (false, true) => true,
            (false, false) => file.error.is_empty(),
        };
        let named = |name: &str, matches: &dyn Fn(&str) -> bool| form.text(name).is_none_or(matches);
        let same_type = || {
            let alike = |other: &&File| other.id != file.id && other.file_type == "jpg" && file.file_type == "jpg";
            world.files_of(photo).any(|other| alike(&other))
        };
        shown
            && error
            && (!form.is("primary") || file.primary)
            && match &self.uids {
                Some(Uids::Files(uids)) => uids.contains(&file.uid),
                Some(Uids::Hashes(hashes)) => hashes.contains(&file.hash),
                _ => true,
            }
            && named("hash", &|list| {
                split_or(list).any(|hash| hash.eq_ignore_ascii_case(&file.hash))
            })
            && named("filename", &|list| any_wildcard(list, &file.name))
            && named("id", &|list| {
                list.split(['|', '&'])
                    .any(|id| id == photo.document_id || id == file.instance_id)
            })
            && named("color", &|list| {
                split_or(list).any(|color| color.eq_ignore_ascii_case(&file.main_color))
            })
            && (!form.is("portrait") || file.portrait)
            && (!form.is("landscape") || file.aspect_ratio > LANDSCAPE)
            && (!form.is("square") || (file.aspect_ratio - SQUARE).abs() < f64::EPSILON)
            && (!form.is("stack") || same_type())
            && (!form.is("mono") || file.chroma <= MONO_CHROMA)
            && named("chroma", &|_| file.chroma >= form.int("chroma"))
            && named("diff", &|_| file.diff == form.int("diff"))
    }

    fn in_scope(&self, world: &World, photo: &Photo) -> bool {
        match &self.scope {
            Scope::All => true,
            Scope::Album(uid) => world
                .entries
                .get(uid, &photo.uid)
                .is_some_and(|entry| !entry.hidden && !entry.missing),
            Scope::Smart(uid) => world.entries.get(uid, &photo.uid).is_none_or(|entry| !entry.hidden),
        }
    }

    fn state(&self, photo: &Photo) -> bool {
        let form = self.form;
        if form.is("hidden") {
            return photo.quality == -1 && photo.deleted_at.is_none();
        }
        if form.is("archived") {
            return photo.quality > -1 && photo.deleted_at.is_some();
        }
        let privacy = match (form.is("private"), form.is("public")) {
            (true, _) => photo.private,
            (false, true) => !photo.private,
            (false, false) => true,
        };
        let least = form.int("quality");
        let quality = match form.is("review") {
            true => photo.quality < 3,
            false => least == 0 || form.is("private") || photo.quality >= least,
        };
        photo.deleted_at.is_none() && privacy && quality
    }

    fn uids_photo(&self, photo: &Photo) -> bool {
        match &self.uids {
            Some(Uids::Photos(uids)) => uids.contains(&photo.uid),
            _ => true,
        }
    }

    fn kind(&self, photo: &Photo) -> bool {
        let form = self.form;
        let own = photo.kind.as_str();
        let listed = form
            .text("type")
            .is_none_or(|list| split_or(list).any(|kind| kind.eq_ignore_ascii_case(own)));
        let switched = match form.is("photo") {
            true => PICTURES.contains(&own),
            false => TYPES.iter().find(|kind| form.is(kind)).is_none_or(|kind| *kind == own),
        };
        let stack = (!form.is("unstacked") || photo.stack < 0) && (!form.is("stackable") || photo.stack >= 0);
        listed && switched && stack
    }

    fn texts(&self, photo: &Photo) -> bool {
        let form = self.form;
        let named = |name: &str, text: &str| form.text(name).is_none_or(|list| any_wildcard(list, text));
        let base = |list: &str| split_or(list).any(|name| wildcard(base_name(name), &photo.name));
        named("title", &photo.title)
            && named("original", &photo.original_name)
            && form.text("name").is_none_or(base)
            && form
                .either(["path", "folder"])
                .is_none_or(|path| in_folder(path, &photo.path))
            && form.text("keywords").is_none_or(|list| {
                let own = keywords(photo);
                let has = |word: &str| own.iter().any(|keyword| keyword.starts_with(&word.to_lowercase()));
                split_and(list).all(|all| split_or(all).any(has))
            })
    }

    fn dates(&self, photo: &Photo) -> bool {
        let form = self.form;
        let midnight = |day: Date| at_utc(day.to_datetime(Time::midnight()));
        let since =
            |name: &str, at: Option<Timestamp>| form.time(name).is_none_or(|from| at.is_some_and(|at| at >= from));
        let listed = |name: &str, value: i64| {
            let wanted: Vec<i64> = form
                .text(name)
                .into_iter()
                .flat_map(split_or)
                .filter_map(|text| text.parse().ok())
                .collect();
            // Lists of nonsense filter nothing.
            wanted.is_empty() || wanted.contains(&value)
        };
        form.date("taken")
            .is_none_or(|day| crate::photoprism::time::utc(photo.taken_at).date() == day)
            && form.date("before").is_none_or(|day| photo.taken_at <= midnight(day))
            && form.date("after").is_none_or(|day| photo.taken_at >= midnight(day))
            && since("added", Some(photo.created_at))
            && since("updated", Some(photo.updated_at))
            && since("edited", photo.edited_at)
            && listed("year", photo.year)
            && listed("month", photo.month)
            && listed("day", photo.day)
    }

    fn places(&self, world: &World, photo: &Photo) -> bool {
        let form = self.form;
        let placed = photo.lat != 0.0 || photo.lng != 0.0;
        let known = photo.cell_id != "zz";
        let place = || world.places.get(&photo.place_id);
        let listed = |name: &str, value: &dyn Fn() -> Option<String>| {
            let same =
                |list: &str| value().is_some_and(|own| split_or(list).any(|text| text.eq_ignore_ascii_case(&own)));
            form.text(name).is_none_or(same)
        };
        self.area
            .is_none_or(|area| placed && area.contains(photo.lat, photo.lng))
            && form.text("geo").is_none_or(|geo| known != says_no(geo))
            && form.text("s2").is_none_or(|cell| {
                known
                    && photo
                        .cell_id
                        .trim_start_matches("s2:")
                        .starts_with(cell.trim_start_matches("s2:"))
            })
            && form.text("olc").is_none_or(|_| known)
            && listed("country", &|| Some(photo.country.clone()))
            && listed("state", &|| Some(place()?.state.clone()))
            && listed("city", &|| Some(place()?.city.clone()))
            && form.text("category").is_none_or(|_| known)
    }

    fn numbers(&self, photo: &Photo) -> bool {
        let form = self.form;
        let within = |name: &str, value: f64| {
            form.text(name)
                .and_then(range)
                .is_none_or(|(from, to)| (from..=to).contains(&value))
        };
        let yes = |name: &str, value: bool| form.text(name).is_none_or(|text| value != says_no(text));
        within("alt", photo.altitude as f64)
            && within("iso", photo.iso as f64)
            && within("mm", photo.focal_length as f64)
            && within("f", photo.f_number)
            && within("mp", photo.resolution as f64)
            && yes("favorite", photo.favorite)
            && yes("scan", photo.scan)
            && (!form.is("panorama") || photo.panorama)
    }

    fn gear(&self, world: &World, photo: &Photo) -> bool {
        let named = |text: &str, id: u64, names: &[&str]| match text.parse::<u64>() {
            Ok(wanted) => wanted == id,
            Err(_) => names.iter().any(|name| like(&format!("{text}%"), name)),
        };
        let camera = self.form.text("camera").is_none_or(|text| {
            let own = world.cameras.iter().find(|camera| camera.id == photo.camera_id);
            own.is_some_and(|own| named(text, own.id, &[&own.name, &own.model, &own.slug]))
        });
        let lens = self.form.text("lens").is_none_or(|text| {
            let own = world.lenses.iter().find(|lens| lens.id == photo.lens_id);
            own.is_some_and(|own| named(text, own.id, &[&own.name, &own.model, &own.slug]))
        });
        camera && lens
    }

    /// Labels, albums and people.
    fn company(&self, world: &World, photo: &Photo) -> bool {
        let labelled = self.labels.as_ref().is_none_or(|wanted| {
            let shown = photo.labels.iter().filter(|label| label.uncertainty < 100);
            shown.into_iter().any(|label| wanted.contains(&label.label_id))
        });
        let in_one = |albums: &HashSet<String>| {
            let visible = |album: &str| world.entries.get(album, &photo.uid).is_some_and(|entry| !entry.hidden);
            albums.iter().any(|album| visible(album))
        };
        let people = || {
            let markers = world.files_of(photo).flat_map(|file| &file.markers);
            let seen: HashSet<_> = markers
                .filter(|marker| !marker.invalid)
                .map(|marker| marker.subj_uid.clone())
                .collect();
            self.people.iter().all(|wanted| !wanted.is_disjoint(&seen))
        };
        let faces = |text: &str| match (text.parse::<i64>(), text) {
            (Ok(least), _) => photo.faces >= least,
            (Err(_), "new") => false,
            (Err(_), text) => (photo.faces > 0) != says_no(text),
        };
        labelled
            && self.albums.iter().all(in_one)
            && (!self.form.is("unsorted") || !is_sorted(world, photo))
            && (self.people.is_empty() || people())
            && self.form.text("faces").is_none_or(faces)
            && self.form.text("face").is_none_or(|text| match text {
                "yes" | "no" => (photo.faces > 0) == (text == "yes"),
                id => world
                    .files_of(photo)
                    .flat_map(|file| &file.markers)
                    .any(|marker| marker.face_id == id),
            })
    }

    /// Whether the words of the search text are keywords, labels or the beginning of the title.
    fn words(&self, world: &World, photo: &Photo) -> bool {
        let text = self.form.words.join(" ");
        let wanted: Vec<String> = indexed(&text).collect();
        if wanted.is_empty() {
            return like(&format!("{text}%"), &photo.title);
        }
        let own = keywords(photo);
        let labels: Vec<&Label> = photo
            .labels
            .iter()
            .filter(|label| label.uncertainty < 100)
            .filter_map(|label| world.labels.get(&label.label_id))
            .filter(|label| label.deleted_at.is_none())
            .collect();
        let slug = slug(&text);
        let labelled = labels
            .iter()
            .any(|label| label.slug == slug || label.custom_slug == slug);
        labelled
            || wanted
                .iter()
                .all(|word| own.iter().any(|keyword| keyword.starts_with(word.as_str())))
    }
}

/// The words by which a photo is found.
fn keywords(photo: &Photo) -> HashSet<String> {
    let details = &photo.details;
    let texts = [&photo.title, &photo.caption, &details.subject, &details.artist];
    let indexed = texts.into_iter().flat_map(|text| indexed(text));
    indexed.chain(words(&details.keywords)).collect()
}

/// Whether a photo is in an album that is there.
fn is_sorted(world: &World, photo: &Photo) -> bool {
    let visible = |album: &str| world.entries.get(album, &photo.uid).is_some_and(|entry| !entry.hidden);
    let exists = |album: &str| world.album(album).is_some_and(|album| album.deleted_at.is_none());
    world
        .entries
        .albums_of(&photo.uid)
        .any(|album| visible(album) && exists(album))
}

fn in_folder(path: &str, own: &str) -> bool {
    let path = path.strip_prefix('/').unwrap_or(path);
    match path.strip_suffix('/') {
        Some(exact) => exact == own,
        None => any_wildcard(path, own),
    }
}

/// A name without folder and known extension.
fn base_name(name: &str) -> &str {
    stem(name.rsplit('/').next().unwrap_or(name))
}

fn uids(form: &Form) -> Result<Option<Uids>, FormError> {
    let Some(list) = form.text("uid") else { return Ok(None) };
    let ids: HashSet<String> = split_or(list).map(str::to_lowercase).collect();
    let all = |check: &dyn Fn(&str) -> bool| ids.iter().all(|id| check(id));
    let is_hash = |id: &str| id.len() == 40 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if all(&|id| is_uid(id, prefix::PHOTO)) {
        Ok(Some(Uids::Photos(ids)))
    } else if all(&|id| is_uid(id, prefix::FILE)) {
        Ok(Some(Uids::Files(ids)))
    } else if all(&is_hash) {
        Ok(Some(Uids::Hashes(ids)))
    } else {
        Err(FormError::Refused)
    }
}

fn area(world: &World, form: &Form) -> Result<Option<Area>, FormError> {
    if let Some(uid) = form.text("near") {
        let photo = world.photo(&clean_uid(uid)).ok_or(FormError::Refused)?;
        return Ok(Some(Area::around(photo.lat, photo.lng, form.float("dist"))));
    }
    let (lat, lng) = (form.float("lat"), form.float("lng"));
    match lat != 0.0 || lng != 0.0 {
        true => Ok(Some(Area::around(lat, lng, form.float("dist")))),
        false => Ok(form.text("latlng").and_then(Area::parse)),
    }
}

fn labels(world: &World, form: &Form) -> Option<HashSet<u64>> {
    let wanted: Vec<String> = split_or(form.text("label")?).map(slug).collect();
    let named = |label: &&Label| wanted.contains(&label.slug) || wanted.contains(&label.custom_slug);
    let alive = world.labels.values().filter(|label| label.deleted_at.is_none());
    Some(alive.filter(named).map(|label| label.id).collect())
}

fn albums(world: &World, form: &Form, scope: &Scope) -> Vec<HashSet<String>> {
    let called = |matches: &dyn Fn(&Album) -> bool| -> HashSet<String> {
        let alive = world.albums.values().filter(|album| album.deleted_at.is_none());
        alive
            .filter(|album| matches(album))
            .map(|album| album.uid.clone())
            .collect()
    };
    let mut lists = Vec::new();
    if let Some(name) = form
        .text("album")
        .filter(|text| !is_uid(&clean_uid(text), prefix::ALBUM))
    {
        let pattern = format!("{}%", name.trim_matches('*'));
        lists.push(called(&|album| like(&pattern, &album.title)));
    }
    if let (Some(text), Scope::All) = (form.text("albums"), scope) {
        for all in split_and(text) {
            lists.push(called(&|album| split_or(all).any(|name| wildcard(name, &album.title))));
        }
    }
    lists
}

fn people(world: &World, form: &Form) -> Vec<HashSet<String>> {
    let called = |matches: &dyn Fn(&str, &str) -> bool| -> HashSet<String> {
        let alive = world.subjects.iter().filter(|subject| subject.deleted_at.is_none());
        alive
            .filter(|subject| matches(&subject.uid, &subject.name))
            .map(|subject| subject.uid.clone())
            .collect()
    };
    let mut lists = Vec::new();
    if let Some(text) = form.either(["subject", "person"]) {
        for all in split_and(text) {
            lists.push(called(&|uid, name| {
                split_or(all).any(|who| who == uid || who.eq_ignore_ascii_case(name))
            }));
        }
    }
    if let Some(text) = form.either(["subjects", "people"]) {
        for all in split_and(text) {
            lists.push(called(&|_, name| {
                split_or(all).any(|who| wildcard(&format!("*{who}*"), name))
            }));
        }
    }
    lists
}
