//! Putting files that lie on the disk into the index: the related files of one picture at a time (reference 3.6, 3.7).

use jiff::Timestamp;

use crate::photoprism::library::{places, quality};
use crate::photoprism::mint::is_uid;
use crate::photoprism::model::{FileId, Photo, PhotoId, Root, src};
use crate::photoprism::switches::{Generation, PhotoPrismSwitches};
use crate::photoprism::world::World;

use super::admit::admit;
use super::apply::{self, Dated};
use super::judge::{Tools, Verdict};
use super::kinds::{Kind, Media, kind_of, stem};
use super::preview::{self, Look};
use super::probe::Probe;
use super::record::{file_of, put_file};
use super::{google_json, news, stacking, state, yaml};

/// Videos of this length or less are taken for the moving part of a live photo.
const LIVE_NS: u64 = 3_000_000_000;

/// Of a run: when, by whose rules, for whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) now: Timestamp,
    pub(crate) switches: &'a PhotoPrismSwitches,
    /// UID of the user; empty for an index run.
    pub(crate) user_uid: &'a str,
    /// First word of log lines: `import` or `index`.
    pub(crate) action: &'static str,
    /// What websockets are told that is going on: `upload`, `import` or `index`.
    pub(crate) step: &'static str,
}

impl Context<'_> {
    /// Whether documents are media.
    pub(crate) fn documents(&self) -> bool {
        self.switches.generation > Generation::G1
    }
}

/// A file in originals that is to be indexed.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    /// Path in originals.
    pub(crate) path: String,
    /// Name under which it came; empty for files that were put there.
    pub(crate) original_name: String,
    pub(crate) probe: Probe,
}

impl Member {
    fn base_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// Indexes the files of one picture, the main one first. Gives the photos that they are in now.
pub(crate) fn related(world: &mut World, context: Context<'_>, members: &[Member]) -> Vec<PhotoId> {
    let documents = context.documents();
    let of = |member: &Member| kind_of(member.base_name(), documents);
    let (media, companions): (Vec<&Member>, Vec<&Member>) = members
        .iter()
        .filter(|member| of(member).is_some())
        .partition(|member| of(member).is_some_and(|kind| kind.media != Media::Sidecar));
    let tools = Tools {
        raw: context.switches.raw_converter,
    };
    let mut judged = Vec::new();
    for member in media {
        let Some(kind) = of(member) else { continue };
        let verdict = admit(world, context, member, kind, tools);
        judged.push((member, kind, verdict));
    }
    let has_preview = judged.iter().any(|(.., verdict)| *verdict == Verdict::Preview);
    let mut photos = Vec::new();
    // Made last, when all other files are there.
    let mut preview_of = None;
    let (mut again, mut is_new) = (false, false);
    for (at, (member, kind, verdict)) in judged.into_iter().enumerate() {
        let raw_with_preview = has_preview && kind.media == Media::Raw;
        if verdict == Verdict::Refused && !raw_with_preview {
            // Without a preview of the main file nothing of the picture goes into the index.
            if at == 0 && !has_preview {
                break;
            }
            continue;
        }
        let needs_preview = verdict == Verdict::NeedsPreview && !has_preview;
        let way = Way {
            kind,
            needs_preview: needs_preview && preview_of.is_none(),
            joins: photos.first().copied(),
        };
        if let Some(placed) = media_file(world, context, member, way, &companions) {
            again |= placed.again;
            is_new |= placed.is_new;
            if placed.wants_preview {
                preview_of = Some((placed.photo, placed.file));
            }
            if !photos.contains(&placed.photo) {
                photos.push(placed.photo);
            }
        }
    }
    if let Some(photo) = photos.first() {
        title(world, *photo, preview_of.is_some());
        for companion in &companions {
            companion_file(world, context, companion, *photo);
        }
        if let Some((photo, file)) = preview_of {
            preview::add(world, photo, file, context.now);
            show_all(world, photo);
        }
        if again || context.action == "index" {
            show_all(world, *photo);
        }
        finish(world, context, *photo, is_new || again);
        if is_new {
            news::photo_created(world, context, *photo);
        }
    }
    for photo in photos.clone() {
        if let Some(survivor) = stacking::merge_twins(world, context.now, photo) {
            photos.retain(|known| *known != photo && *known != survivor);
            photos.push(survivor);
        }
    }
    photos
}

/// How a file goes into the index.
#[derive(Debug, Clone, Copy)]
struct Way {
    kind: Kind,
    needs_preview: bool,
    /// The photo that the main file is in.
    joins: Option<PhotoId>,
}

/// Where a file went.
struct Placed {
    photo: PhotoId,
    file: FileId,
    wants_preview: bool,
    /// The index had it already.
    again: bool,
    /// Its photo was made for it.
    is_new: bool,
}

/// Gives all files of a photo their places in searches; happens when it gets its primary file, and when files are read
/// again or moved to it. What comes later is not found by searches.
pub(super) fn show_all(world: &mut World, photo: PhotoId) {
    let files = world
        .photos
        .get(&photo)
        .map(|photo| photo.files.clone())
        .unwrap_or_default();
    for file in files {
        if let Some(file) = world.files.get_mut(&file) {
            file.in_media_index = true;
        }
    }
}

fn media_file(
    world: &mut World,
    context: Context<'_>,
    member: &Member,
    way: Way,
    companions: &[&Member],
) -> Option<Placed> {
    let Way {
        kind,
        needs_preview,
        joins,
    } = way;
    let mut found = member.probe.metadata.clone();
    for companion in companions.iter().filter(|companion| companion.path.ends_with(".json")) {
        google_json::fill(&companion.probe.text, last(&member.original_name), &mut found);
    }
    let (path, base) = split(&member.path);
    let known = known_photo(world, &member.path);
    let by_name = known
        .or(joins)
        .or_else(|| state::photo_named(world, path, numberless(base)));
    let zone = by_name
        .and_then(|id| world.photos.get(&id))
        .filter(|photo| photo.taken_src != src::AUTO);
    let zone = zone.map(|photo| photo.time_zone.clone()).unwrap_or_default();
    let names = [stem(last(&member.original_name)), base];
    let dated = apply::date(&found, names, member.probe.stored.modified, &zone);
    let joined = by_name.or_else(|| stacking::photo_to_join(world, context, &found, &dated));
    let (photo, is_new) = match joined {
        Some(photo) => (photo, false),
        None => (new_photo(world, context, member, kind, companions)?, true),
    };
    let has_primary = world
        .photos
        .get(&photo)
        .is_some_and(|photo| world.files_of(photo).any(|file| file.primary));
    let is_preview = matches!(kind.code, "jpg" | "png") && !needs_preview && told_matches(kind, member);
    let becomes_primary = is_preview && !has_primary;
    if is_new || becomes_primary || leads(world, member, known) {
        apply::set_metadata(world, photo, &found, &dated);
    }
    let fails = !context.switches.preview_fails_named.is_empty()
        && member.original_name.contains(&context.switches.preview_fails_named);
    let mut file = file_of(context, member, kind, &dated);
    file.primary = becomes_primary && !fails;
    if let Some(photo) = world.photos.get(&photo)
        && dated.source == src::AUTO
        && photo.taken_src != src::AUTO
    {
        file.media_utc = photo.taken_at.as_millisecond();
    }
    let look = preview::look(&file.hash);
    if is_preview || kind.media == Media::Video || file.media_type == "live" {
        look.show(&mut file);
    }
    if fails {
        "preview could not be created".clone_into(&mut file.error);
    }
    news::indexing(world, context, member);
    let file = put_file(world, photo, file);
    let wants_preview = needs_preview && !fails && !has_primary;
    if becomes_primary && !fails || known.is_some() {
        show_all(world, photo);
    }
    let is_primary = (becomes_primary && !fails) || wants_preview;
    join(
        world,
        photo,
        member,
        kind,
        is_primary,
        look,
        &found,
        context.switches.generation,
    );
    Some(Placed {
        photo,
        file,
        wants_preview,
        again: known.is_some(),
        is_new,
    })
}

/// Whether a file called a preview is one.
fn told_matches(kind: Kind, member: &Member) -> bool {
    matches!(
        (kind.code, member.probe.content_type),
        ("jpg", "image/jpeg") | ("png", "image/png")
    )
}

/// The photo of a file that is in the index under this path already.
fn known_photo(world: &World, path: &str) -> Option<PhotoId> {
    let hash = &world.disk.get(Root::Originals, path)?.sha1;
    let mut files = world.files_by_hash(hash);
    files
        .find(|file| file.root == Root::Originals && file.name == path)
        .map(|file| file.photo_id)
}

/// Whether a file that is read again is the one that its photo's metadata is from.
fn leads(world: &World, member: &Member, known: Option<PhotoId>) -> bool {
    let Some(photo) = known.and_then(|id| world.photos.get(&id)) else {
        return false;
    };
    let preview = format!("{}.jpg", member.path);
    world
        .files_of(photo)
        .any(|file| file.primary && (file.name == member.path || file.name == preview))
}

/// A base name without the number that made it free: `x` of `x.00001`.
fn numberless(base: &str) -> &str {
    match base.rsplit_once('.') {
        Some((rest, number)) if number.len() == 5 && number.bytes().all(|byte| byte.is_ascii_digit()) => rest,
        _ => base,
    }
}

fn new_photo(
    world: &mut World,
    context: Context<'_>,
    member: &Member,
    kind: Kind,
    companions: &[&Member],
) -> Option<PhotoId> {
    let mut photo = Photo::new(context.now);
    let (path, base) = split(&member.path);
    path.clone_into(&mut photo.path);
    numberless(base).clone_into(&mut photo.name);
    kind.media.as_str().clone_into(&mut photo.kind);
    context.user_uid.clone_into(&mut photo.created_by);
    for companion in companions.iter().filter(|companion| is_yaml(&companion.path)) {
        let text = String::from_utf8_lossy(&companion.probe.text);
        if yaml::is_broken(&text) {
            let text = format!("index: {} is no YAML (restore from yaml)", companion.path);
            world.log(context.now, "error", text);
        }
        let uid = yaml::apply(&text, context.switches.generation, &mut photo);
        if let Some(uid) = uid.filter(|uid| is_uid(uid, 'p')) {
            // A UID that is in use attaches the file to that photo.
            if let Some(known) = world.photo(&uid) {
                return Some(known.id);
            }
            photo.uid = uid;
        }
    }
    let id = world.add_photo(photo);
    // The other files of the picture find it by its name.
    if let Some(photo) = world.photos.get(&id) {
        world.ingest.note(photo);
    }
    Some(id)
}

fn is_yaml(path: &str) -> bool {
    kind_of(path, false).is_some_and(|kind| kind.code == "yml")
}

/// What a file changes in its photo besides metadata: kind, size, length, colour, name.
#[expect(clippy::too_many_arguments, reason = "all of them are facts about one file")]
fn join(
    world: &mut World,
    id: PhotoId,
    member: &Member,
    kind: Kind,
    is_primary: bool,
    look: Look,
    found: &crate::facts::metadata::Metadata,
    generation: Generation,
) {
    let Some(photo) = world.photos.get_mut(&id) else { return };
    if !member.original_name.is_empty() {
        stem(&member.original_name).clone_into(&mut photo.original_name);
    }
    let short = found.duration_ns > 0 && found.duration_ns <= LIVE_NS && generation == Generation::G1;
    let own = match kind.media {
        Media::Image if found.embedded_video => "live",
        Media::Image if found.frames > 1 => "animated",
        Media::Video if short => "live",
        media => media.as_str(),
    };
    photo.kind = match (photo.kind.as_str(), own) {
        _ if !photo.type_src.is_empty() => photo.kind.clone(),
        ("image" | "live", "video") | ("video", "image") if photo.files.len() > 1 => "live".to_owned(),
        (known, own) if rank(own) > rank(known) => own.to_owned(),
        (known, _) => known.to_owned(),
    };
    let megapixels = (f64::from(found.width_px) * f64::from(found.height_px) / 1e6).round() as i64;
    photo.resolution = photo.resolution.max(megapixels);
    if kind.media == Media::Video {
        photo.duration_ns = photo.duration_ns.max(i64::try_from(found.duration_ns).unwrap_or(0));
    }
    if is_primary {
        photo.color = look.id();
        apply::add_keywords(photo, look.name(), photo.title_src != src::MANUAL);
    }
}

fn rank(kind: &str) -> u8 {
    match kind {
        "raw" => 5,
        "live" => 4,
        "video" => 3,
        "animated" | "vector" | "document" => 2,
        _ => 1,
    }
}

fn companion_file(world: &mut World, context: Context<'_>, companion: &Member, photo: PhotoId) {
    let Some(kind) = kind_of(&companion.path, context.documents()) else {
        return;
    };
    let dated = {
        let Some(photo) = world.photos.get_mut(&photo) else {
            return;
        };
        if kind.code == "xmp" {
            apply::set_xmp(photo, &String::from_utf8_lossy(&companion.probe.text));
        }
        if kind.code == "json" && !companion.original_name.is_empty() {
            // Seen: even a companion's name becomes that of the photo.
            stem(&companion.original_name).clone_into(&mut photo.original_name);
        }
        Dated {
            taken_at: photo.taken_at,
            local: photo.taken_at_local,
            zone: photo.time_zone.clone(),
            source: src::META,
        }
    };
    let mut file = file_of(context, companion, kind, &dated);
    (file.width, file.height, file.codec) = (0, 0, String::new());
    put_file(world, photo, file);
}

/// Titles a photo by its media files; names of companions come too late for that.
fn title(world: &mut World, id: PhotoId, gets_preview: bool) {
    let Some(photo) = world.photos.get(&id) else { return };
    let has_preview = gets_preview || world.files_of(photo).any(|file| file.primary);
    if let Some(photo) = world.photos.get_mut(&id) {
        apply::retitle(photo, has_preview);
    }
}

/// Place, quality and short cuts, once all files are there. `is_looked_up` is whether the server asks for the place.
fn finish(world: &mut World, context: Context<'_>, id: PhotoId, is_looked_up: bool) {
    let Some(photo) = world.photos.get(&id) else { return };
    let has_primary = world.files_of(photo).any(|file| file.primary);
    let Some(mut photo) = world.photos.get(&id).cloned() else {
        return;
    };
    let placed = (photo.lat, photo.lng) != (0.0, 0.0) && photo.cell_id == "zz";
    if placed && context.switches.places {
        places::place(world, &mut photo, context.now);
    } else if placed && has_primary && is_looked_up {
        let text = "photo: maps: location lookup disabled (find location)";
        world.log(context.now, "error", text);
    }
    photo.quality = if has_primary { quality::score(&photo) } else { -1 };
    photo.updated_at = context.now;
    photo.details.updated_at = context.now;
    photo.color = photo.color.max(0);
    world.ingest.note(&photo);
    world.photos.insert(id, photo);
}

fn split(path: &str) -> (&str, &str) {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    (folder, stem(name))
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
