//! Bytes: originals, previews, thumbnails, videos, covers and placeholders. Tokens stand in the address.

use axum::body::Body;
use jiff::Timestamp;

use super::super::mint::clean_uid;
use super::super::model::{File, FileId, Photo, Stored};
use super::super::reply::{Answer, Refusal, Reply, SVG, TEXT, icon};
use super::super::request::Call;
use super::super::time::whole_seconds;
use super::super::words::Message;
use super::super::world::World;
use super::albums::search::cover;
use super::slug::slug;
use super::thumbs;

/// What stands where a video cannot be played.
const VIDEO_ICON: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"24\" height=\"24\" viewBox=\"0 0 24 24\"><path d=\"M10 8v8l5-4z\"/></svg>";

/// `GET /dl/:hash`.
pub(super) fn download(world: &mut World, call: &Call) -> Answer {
    if !world.may_download(call.query.get("t"), &call.switches) {
        return Err(Refusal::svg(403, icon::BROKEN));
    }
    let unknown = || Refusal::bare_text(404, "record not found");
    let file = world.file_by_hash(call.param("hash")).ok_or_else(unknown)?.clone();
    send_file(world, call, &file)
}

/// `GET /photos/:uid/dl`: the primary file, which need not be an original.
pub(super) fn photo(world: &mut World, call: &Call) -> Answer {
    if !world.may_download(call.query.get("t"), &call.switches) {
        return Err(Refusal::svg(403, icon::BROKEN));
    }
    let unknown = || Refusal::svg(404, icon::PHOTO);
    let photo = world.photo(&call.uid("uid")).ok_or_else(unknown)?;
    let file = world
        .files_of(photo)
        .find(|file| file.primary)
        .ok_or_else(unknown)?
        .clone();
    send_file(world, call, &file)
}

fn send_file(world: &mut World, call: &Call, file: &File) -> Answer {
    let Some(stored) = on_disk(world, file) else {
        return Err(Refusal::svg(404, icon::BROKEN));
    };
    let name = call.query.get("name");
    let wanted = if name.is_empty() {
        world.settings.text("download", "name")
    } else {
        name
    };
    let name = file_name(file, world.photos.get(&file.photo_id), wanted);
    let media_type = if file.mime.is_empty() {
        "application/octet-stream"
    } else {
        &file.mime
    };
    Ok(serve(call, &stored, media_type).header("content-disposition", format!("attachment; filename=\"{name}\"")))
}

/// The bytes of a file; if they are gone, the file is marked as missing.
pub(super) fn on_disk(world: &mut World, file: &File) -> Option<Stored> {
    let stored = world.disk.get(file.root, &file.name).cloned();
    if stored.is_none()
        && let Some(file) = world.files.get_mut(&file.id)
    {
        file.missing = true;
    }
    stored
}

/// The name under which a file is saved: on the disk, at the upload, or made of date and title.
pub(super) fn file_name(file: &File, photo: Option<&Photo>, wanted: &str) -> String {
    let base = file.base_name().to_owned();
    let extension = base.rsplit_once('.').map_or("", |(_, extension)| extension).to_owned();
    match (wanted, photo) {
        ("original", Some(photo)) => {
            let stem = match file.original_name.is_empty() {
                true => photo.original_name.rsplit('/').next().unwrap_or_default().to_owned(),
                false => file.original_name.rsplit('/').next().unwrap_or_default().to_owned(),
            };
            match (stem.is_empty(), stem.contains('.')) {
                (true, _) => base,
                (false, true) => stem,
                (false, false) => format!("{stem}.{extension}"),
            }
        }
        ("share", Some(photo)) => {
            let at = photo.taken_at_local.at;
            let words = slug(&photo.title);
            let title: Vec<String> = words.split('-').map(super::slug::title_case).collect();
            match photo.title.is_empty() {
                true => format!("{}.{extension}", file.hash),
                false => format!("{}-{}.{extension}", at.strftime("%Y%m%d-%H%M%S"), title.join("-")),
            }
        }
        _ => base,
    }
}

/// A file with its date and, if that is asked for, a part of it only.
pub(super) fn serve(call: &Call, stored: &Stored, media_type: &str) -> Reply {
    let modified = whole_seconds(stored.modified);
    let date = http_date(modified);
    if call
        .header("if-modified-since")
        .and_then(read_http_date)
        .is_some_and(|since| modified <= since)
    {
        return Reply::empty(304).header("last-modified", date);
    }
    let len = stored.size();
    let (status, range) = match call.header("range").map(|text| range_of(text, len)) {
        Some(Range::Part(from, to)) => (206, from..to),
        Some(Range::Beyond) => {
            return Reply::text(416, TEXT, "invalid range: failed to overlap\n")
                .header("content-range", format!("bytes */{len}"))
                .header("x-content-type-options", "nosniff")
                .header("last-modified", date);
        }
        _ => (200, 0..len),
    };
    let size = range.end - range.start;
    let part = (status == 206).then(|| format!("bytes {}-{}/{len}", range.start, range.end.saturating_sub(1)));
    let reply = Reply::stream(
        status,
        "application/octet-stream",
        Body::from_stream(stored.blob.stream(range)),
    )
    .header("content-type", media_type)
    .header("content-length", size.to_string())
    .header("accept-ranges", "bytes")
    .header("last-modified", date);
    match part {
        Some(part) => reply.header("content-range", part),
        None => reply,
    }
}

/// What a `Range` header asks for.
#[derive(Debug, PartialEq, Eq)]
enum Range {
    /// From (inclusive) to (exclusive).
    Part(u64, u64),
    /// Beyond the end.
    Beyond,
    /// Not understood, or several parts: everything is sent.
    Whole,
}

fn range_of(text: &str, len: u64) -> Range {
    let Some((from, to)) = text.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Range::Whole;
    };
    let part = match (from.trim().parse::<u64>(), to.trim()) {
        (Ok(from), "") => (from, len),
        (Ok(from), to) => match to.parse::<u64>() {
            Ok(to) if to >= from => (from, to.saturating_add(1).min(len)),
            _ => return Range::Whole,
        },
        (Err(_), to) if from.trim().is_empty() => match to.parse::<u64>() {
            Ok(last) => (len.saturating_sub(last), len),
            Err(_) => return Range::Whole,
        },
        _ => return Range::Whole,
    };
    match part.0 < len {
        true => Range::Part(part.0, part.1),
        false => Range::Beyond,
    }
}

fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn read_http_date(text: &str) -> Option<Timestamp> {
    let zoned = jiff::fmt::rfc2822::parse(text.trim()).ok()?;
    Some(zoned.timestamp())
}

/// `GET /t/:hash/:token/:size`. What cannot be shown is a picture all the same, with 200.
pub(super) fn thumbnail(world: &mut World, call: &Call) -> Answer {
    if !may_preview(world, call) {
        return Err(Refusal::svg(403, icon::BROKEN));
    }
    let (hash, area) = call.param("hash").split_once('-').unwrap_or((call.param("hash"), ""));
    Ok(picture(world, call, hash, call.param("size"), !area.is_empty()))
}

fn may_preview(world: &World, call: &Call) -> bool {
    [call.param("token"), call.query.get("t")]
        .iter()
        .any(|token| world.may_preview(token, &call.switches))
}

fn picture(world: &mut World, call: &Call, hash: &str, size: &str, cropped: bool) -> Reply {
    let placeholder = || Reply::text(200, SVG, icon::PHOTO);
    let Some(size) = thumbs::size(size) else {
        return placeholder();
    };
    let Some(file) = world.file_by_hash(hash).cloned() else {
        return placeholder();
    };
    // Videos and RAW pictures have no thumbnail of their own: the preview's is shown.
    let shown = preview_of(world, &file).and_then(|id| world.files.get(&id)).cloned();
    let Some(shown) = shown.filter(|file| file.error.is_empty()) else {
        return placeholder();
    };
    let Some(stored) = on_disk(world, &shown) else {
        return placeholder();
    };
    let jpeg = thumbs::jpeg(&shown, size, cropped);
    let made = Stored {
        blob: crate::blob::Blob::memory(jpeg),
        sha1: String::new(),
        modified: stored.modified,
    };
    serve(call, &made, "image/jpeg")
}

fn preview_of(world: &World, file: &File) -> Option<FileId> {
    if matches!(file.file_type.as_str(), "jpg" | "png" | "gif") {
        return Some(file.id);
    }
    let photo = world.photos.get(&file.photo_id)?;
    world.files_of(photo).find(|file| file.primary).map(|file| file.id)
}

/// `GET /videos/:hash/:token/:format`: the file as it is; nothing is converted.
pub(super) fn video(world: &mut World, call: &Call) -> Answer {
    let placeholder = || Reply::text(200, SVG, VIDEO_ICON);
    if !may_preview(world, call) {
        return Err(Refusal::svg(403, VIDEO_ICON));
    }
    let Some(file) = world.file_by_hash(call.param("hash")).cloned() else {
        return Ok(placeholder());
    };
    let film = match file.video {
        true => Some(file.clone()),
        false => {
            let photo = world.photos.get(&file.photo_id);
            photo
                .and_then(|photo| world.files_of(photo).find(|file| file.video))
                .cloned()
        }
    };
    let Some(film) = film else { return Ok(placeholder()) };
    let Some(stored) = on_disk(world, &film) else {
        return Ok(placeholder());
    };
    let media_type = match film.codec.is_empty() {
        true => film.mime.clone(),
        false => format!("{}; codecs=\"{}\"", film.mime, film.codec),
    };
    Ok(serve(call, &stored, &media_type))
}

/// `GET /albums/:uid/t/:token/:size`.
pub(super) fn album_cover(world: &mut World, call: &Call) -> Answer {
    if !may_preview(world, call) {
        return Err(Refusal::svg(403, icon::ALBUM));
    }
    let hash = world
        .album(&call.uid("uid"))
        .map(|album| cover(world, album))
        .unwrap_or_default();
    Ok(cover_or_icon(world, call, &hash))
}

/// `GET /labels/:uid/t/:token/:size`.
pub(super) fn label_cover(world: &mut World, call: &Call) -> Answer {
    if !may_preview(world, call) {
        return Err(Refusal::svg(403, icon::ALBUM));
    }
    let uid = call.uid("uid");
    let label = world
        .labels
        .values()
        .find(|label| label.uid == uid)
        .map(|label| label.id);
    let has = |photo: &&Photo| {
        photo
            .labels
            .iter()
            .any(|own| Some(own.label_id) == label && own.uncertainty < 100)
    };
    let photo = world
        .photos
        .values()
        .rev()
        .filter(|photo| !photo.is_archived())
        .find(has);
    let hash = photo
        .and_then(|photo| world.files_of(photo).find(|file| file.primary))
        .map(|file| file.hash.clone());
    Ok(cover_or_icon(world, call, &hash.unwrap_or_default()))
}

/// `GET /folders/t/:uid/:token/:size`: folders have no covers here.
pub(super) fn folder_cover(world: &mut World, call: &Call) -> Answer {
    match may_preview(world, call) {
        true => Ok(Reply::text(200, SVG, icon::ALBUM)),
        false => Err(Refusal::svg(403, icon::ALBUM)),
    }
}

fn cover_or_icon(world: &mut World, call: &Call, hash: &str) -> Reply {
    match hash.is_empty() {
        true => Reply::text(200, SVG, icon::ALBUM),
        false => picture(world, call, hash, call.param("size"), true),
    }
}

/// `GET /svg/:icon`.
pub(super) fn placeholder(_: &mut World, call: &Call) -> Answer {
    Ok(match call.param("icon") {
        "photo" => Reply::text(200, SVG, icon::PHOTO),
        "file" => Reply::text(200, SVG, icon::FILE),
        "video" => Reply::text(200, SVG, VIDEO_ICON),
        "album" | "label" | "folder" | "user" | "face" => Reply::text(200, SVG, icon::ALBUM),
        "broken" | "error" | "raw" | "camera" | "portrait" => Reply::text(200, SVG, icon::BROKEN),
        _ => return Err(Refusal::new(404, Message::NotFound)),
    })
}

/// The album of the path for a download, by its token.
pub(super) fn album_of(world: &World, call: &Call) -> Result<String, Refusal> {
    if !world.may_download(call.query.get("t"), &call.switches) {
        return Err(Refusal::forbidden());
    }
    let album = world
        .album(&clean_uid(call.param("uid")))
        .filter(|album| album.deleted_at.is_none());
    album
        .map(|album| album.uid.clone())
        .ok_or_else(Refusal::album_not_found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        assert_eq!(range_of("bytes=0-99", 1000), Range::Part(0, 100));
        assert_eq!(range_of("bytes=900-", 1000), Range::Part(900, 1000));
        assert_eq!(range_of("bytes=-10", 1000), Range::Part(990, 1000));
        assert_eq!(range_of("bytes=0-5000", 1000), Range::Part(0, 1000));
        assert_eq!(range_of("bytes=1000-", 1000), Range::Beyond);
        assert_eq!(range_of("bytes=0-1,5-6", 1000), Range::Whole);
        assert_eq!(range_of("lines=1-2", 1000), Range::Whole);
    }

    #[test]
    fn dates_are_written_as_in_http() {
        let at = "2026-11-21T02:54:13Z".parse().unwrap();
        assert_eq!(http_date(at), "Sat, 21 Nov 2026 02:54:13 GMT");
        assert_eq!(read_http_date("Sat, 21 Nov 2026 02:54:13 GMT"), Some(at));
    }
}
