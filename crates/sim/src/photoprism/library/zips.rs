//! Archives of several files: made on request and fetched once, or streamed for an album.

use std::collections::HashMap;
use std::fs::File as Disk;
use std::io::{self, Write};

use axum::body::Body;
use futures_util::StreamExt;
use serde_json::json;
use tempfile::TempPath;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::super::access::{Action, Resource};
use super::super::model::{File, Root, Stored};
use super::super::reply::{Answer, Refusal, Reply};
use super::super::routes::Incoming;
use super::super::time::utc;
use super::super::words::{Message, zip_created};
use super::super::world::World;
use super::albums::known;
use super::downloads::{album_of, file_name, on_disk};
use super::selection::Selection;

/// Files in an archive at most.
const MOST_FILES: usize = 10_000;

/// Largest body of a request for an archive.
const BODY_BYTES: usize = 16 * 1024 * 1024;

/// Archives that wait to be fetched, by name. The file goes when the entry does.
pub(crate) type Zips = HashMap<String, TempPath>;

/// What goes into an archive: names and bytes.
type Content = Vec<(String, Stored)>;

/// `POST /zip`.
pub(super) async fn create(incoming: Incoming) -> Answer {
    let Incoming {
        server, mut call, body, ..
    } = incoming;
    call.body = axum::body::to_bytes(body, BODY_BYTES)
        .await
        .map_err(|_| Refusal::undecodable())?;
    let (content, name) = {
        let mut world = server.world();
        world.authorize(&call, Resource::Photos, &[Action::Download])?;
        if !world.settings.feature("download") || world.settings.flag("download", "disabled") {
            return Err(Refusal::feature_disabled());
        }
        let selection = Selection::read(&call)?;
        if selection.is_empty() {
            return Err(Refusal::new(400, Message::NoItemsSelected));
        }
        let files = selected(&world, &selection);
        let content = content(&mut world, files);
        if content.is_empty() {
            return Err(Refusal::new(404, Message::NoFilesForDownload));
        }
        let at = utc(call.now).strftime("%Y%m%d-%H%M%S").to_string();
        (
            content,
            format!("photoprism-download-{at}-{}.zip", world.mint.base36(8)),
        )
    };
    let path = archive(content).await.map_err(|_| Refusal::empty(500))?;
    server.world().zips.insert(name.clone(), path);
    let message = zip_created(server.world().settings.language(), 0);
    Ok(Reply::ok(&json!({ "code": 200, "message": message, "filename": name })))
}

/// Files of a selection that the settings let into an archive.
fn selected(world: &World, selection: &Selection) -> Vec<File> {
    let setting = |name: &str| world.settings.flag("download", name);
    let (originals, raw, sidecars) = (setting("originals"), setting("mediaRaw"), setting("mediaSidecar"));
    let wanted = |file: &&File| {
        (!originals || file.root == Root::Originals) && (raw || file.media_type != "raw") && (sidecars || !file.sidecar)
    };
    let single = selection.files.iter().filter_map(|uid| world.file(uid));
    let whole = Selection {
        files: Vec::new(),
        ..selection.clone()
    };
    let photos = whole.photo_uids(world);
    let of_photos = photos
        .iter()
        .filter_map(|uid| world.photo(uid))
        .flat_map(|photo| world.files_of(photo).filter(wanted));
    single.chain(of_photos).cloned().collect()
}

/// The bytes of files that are on the disk, under names that are not taken.
fn content(world: &mut World, files: Vec<File>) -> Content {
    let wanted = world.settings.text("download", "name").to_owned();
    let mut content: Content = Vec::new();
    for file in files.into_iter().take(MOST_FILES) {
        let Some(stored) = on_disk(world, &file) else { continue };
        let name = file_name(&file, world.photos.get(&file.photo_id), &wanted);
        let (stem, extension) = name.rsplit_once('.').unwrap_or((&name, ""));
        let free = (0..)
            .map(|number| match number {
                0 => name.clone(),
                _ => format!("{stem} ({number}).{extension}"),
            })
            .find(|name| content.iter().all(|(taken, _)| taken != name));
        content.push((free.unwrap_or_default(), stored));
    }
    content
}

/// Writes an archive to a temporary file; nothing is packed, because pictures are already.
async fn archive(content: Content) -> io::Result<TempPath> {
    let (file, path) = tempfile::NamedTempFile::new()?.into_parts();
    let mut writer: ZipWriter<Disk> = ZipWriter::new(file);
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, stored) in content {
        let large = stored.size() > u64::from(u32::MAX / 2);
        writer
            .start_file(name, options.large_file(large))
            .map_err(io::Error::other)?;
        let mut bytes = stored.blob.stream(0..stored.size());
        while let Some(piece) = bytes.next().await {
            writer.write_all(&piece?)?;
        }
    }
    writer.finish().map_err(io::Error::other)?;
    Ok(path)
}

/// A file that goes when it has been sent.
fn send_once(path: TempPath) -> io::Result<(u64, Body)> {
    let blob = crate::blob::Blob::file(&path)?;
    let len = blob.len();
    // The path is held by the stream, and the file is removed with it.
    let pieces = blob.stream(0..len).map(move |piece| {
        let _held = &path;
        piece
    });
    Ok((len, Body::from_stream(pieces)))
}

/// `GET /zip/:filename`: only once.
pub(super) async fn fetch(incoming: Incoming) -> Answer {
    let Incoming { server, call, .. } = incoming;
    let name = call.param("filename").to_owned();
    let path = {
        let mut world = server.world();
        if !world.may_download(call.query.get("t"), &call.switches) {
            return Err(Refusal::empty(403));
        }
        world.zips.remove(&name).ok_or_else(|| Refusal::empty(404))?
    };
    let (len, body) = send_once(path).map_err(|_| Refusal::empty(500))?;
    Ok(Reply::stream(200, "application/zip", body)
        .header("content-length", len.to_string())
        .header("accept-ranges", "bytes")
        .header("content-disposition", format!("attachment; filename=\"{name}\"")))
}

/// `GET /albums/:uid/dl`: every media file of the album's photos, previews too.
pub(super) async fn album(incoming: Incoming) -> Answer {
    let Incoming { server, call, .. } = incoming;
    let (content, name) = {
        let mut world = server.world();
        album_of(&world, &call)?;
        let uid = known(&world, &call)?;
        let slug = world.album(&uid).map(|album| album.slug.clone()).unwrap_or_default();
        let selection = Selection {
            albums: vec![uid],
            ..Selection::default()
        };
        let photos = selection.photo_uids(&world);
        let found = photos.iter().filter_map(|uid| world.photo(uid));
        let files = found
            .flat_map(|photo| world.files_of(photo).filter(|file| !file.sidecar))
            .cloned()
            .collect();
        (content(&mut world, files), format!("{slug}.zip"))
    };
    let path = archive(content).await.map_err(|_| Refusal::empty(500))?;
    let (_, body) = send_once(path).map_err(|_| Refusal::empty(500))?;
    Ok(Reply::stream(200, "application/zip", body)
        .header("content-disposition", format!("attachment; filename={name}")))
}
