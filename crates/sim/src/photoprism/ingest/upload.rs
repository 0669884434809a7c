//! Uploads: files are staged by `POST`, and imported by `PUT` (reference 2.8).

use std::collections::BTreeSet;
use std::io;

use axum::body::Body;
use futures_util::StreamExt;
use jiff::Timestamp;
use serde_json::json;

use crate::photoprism::access::{Action, Grant, Resource};
use crate::photoprism::model::{Root, Stored};
use crate::photoprism::reply::{Answer, Refusal, Reply};
use crate::photoprism::request::{Call, Object};
use crate::photoprism::routes::Incoming;
use crate::photoprism::server::tell_config;
use crate::photoprism::service::PhotoPrism;
use crate::photoprism::switches::Generation;
use crate::photoprism::time;
use crate::photoprism::words::{Message, files_uploaded};
use crate::photoprism::world::World;

use super::albums;
use super::archives::{is_archive, unpack};
use super::groups::{canonical_base, group};
use super::import::{Waiting, import_group};
use super::index::Context;
use super::kinds::{self, Media, extension, kind_of};
use super::news;
use super::probe::Probe;
use super::receive::Receiver;

/// Longest file name in bytes.
const NAME_BYTES: usize = 255;

/// Largest JSON body of a `PUT`.
const JSON_BYTES: usize = 16 * 1024 * 1024;

/// Albums that generation 3 takes at most.
const MOST_ALBUMS: usize = 100;

/// Stages the files of a form.
pub(crate) async fn stage(incoming: Incoming) -> Answer {
    let Incoming {
        server,
        call,
        parts,
        body,
    } = incoming;
    let refused = check_features(&server, &call, "upload").and_then(|()| authorize(&server, &call));
    let grant = match refused {
        Ok(grant) => grant,
        Err(refusal) => {
            // Read on: a client in the middle of sending would not see the answer.
            drain(body).await;
            return Err(refusal);
        }
    };
    let folder = folder(&call, &grant)?;
    let limit = call
        .switches
        .upload_limit_mb
        .filter(|_| call.switches.generation > Generation::G1);
    if let Err(refusal) = check_room(&server, &call) {
        drain(body).await;
        return Err(refusal);
    }
    let announced = call.header("content-length").and_then(|len| len.parse::<u64>().ok());
    if let (Some(limit), Some(announced)) = (limit, announced)
        && announced > limit.saturating_mul(1_000_000)
    {
        drain(body).await;
        return Err(Refusal::new(413, Message::FileTooLarge));
    }
    let user = grant.user_uid.clone();
    tell(
        &server,
        "upload.start",
        json!({ "uid": user, "time": time::write(call.now) }),
    );
    let boundary = parts.headers.get("content-type").and_then(|kind| kind.to_str().ok());
    let Some(boundary) = boundary.and_then(|kind| multer::parse_boundary(kind).ok()) else {
        drain(body).await;
        return Err(Refusal::new(400, Message::UploadFailed));
    };
    let staged = read_form(
        &server,
        &call,
        &folder,
        &user,
        multer::Multipart::new(body.into_data_stream(), boundary),
    )
    .await?;
    let world = server.world();
    let text = files_uploaded(world.settings.language(), staged, 0);
    world.inform(call.now, text.clone());
    Ok(Reply::message(text))
}

/// Whether a feature is on and the server takes anything.
fn check_features(server: &PhotoPrism, call: &Call, feature: &str) -> Result<(), Refusal> {
    let on = server.world().settings.feature(feature);
    match (feature, on && !call.switches.read_only) {
        (_, true) => Ok(()),
        ("upload", false) => Err(Refusal::new(403, Message::ReadOnly)),
        (_, false) => Err(Refusal::feature_disabled()),
    }
}

fn authorize(server: &PhotoPrism, call: &Call) -> Result<Grant, Refusal> {
    let grant = server.world().authorize(call, Resource::Files, &[Action::Upload])?;
    match grant.user_uid == call.uid("uid") && !grant.user_uid.is_empty() {
        true => Ok(grant),
        false => Err(Refusal::forbidden()),
    }
}

/// Name of the staging folder: the session's short name and what the client invented.
fn folder(call: &Call, grant: &Grant) -> Result<String, Refusal> {
    let allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':');
    let token: String = call.param("token").chars().filter(allowed).collect();
    if token.is_empty() && call.switches.generation > Generation::G2 {
        return Err(Refusal::bad_request());
    }
    Ok(format!("{}{token}", grant.ref_id))
}

fn check_room(server: &PhotoPrism, call: &Call) -> Result<(), Refusal> {
    let switches = &call.switches;
    let later = switches.generation > Generation::G1;
    if switches.disk_full {
        return Err(match switches.generation > Generation::G2 {
            true => Refusal::new(507, Message::QuotaExceeded),
            false => Refusal::new(400, Message::UploadFailed),
        });
    }
    if let (true, Some(quota)) = (later, switches.files_quota_mb) {
        let world = server.world();
        let used: u64 = world
            .disk
            .files_below(Root::Originals, "")
            .map(|(_, file)| file.size())
            .sum();
        if used >= quota.saturating_mul(1_000_000) {
            return Err(Refusal::new(507, Message::QuotaExceeded));
        }
    }
    Ok(())
}

async fn drain(body: Body) {
    let mut pieces = body.into_data_stream();
    while let Some(Ok(_)) = pieces.next().await {}
}

async fn read_form(
    server: &PhotoPrism,
    call: &Call,
    folder: &str,
    user: &str,
    mut form: multer::Multipart<'_>,
) -> Result<usize, Refusal> {
    let failed = || Refusal::new(400, Message::UploadFailed);
    let receiver = Receiver {
        dir: server.state_dir.join("photoprism-bodies"),
        discard: server.discard,
    };
    let mut staged: Vec<String> = Vec::new();
    let mut count = 0;
    let mut offensive = false;
    while let Some(part) = form.next_field().await.map_err(|_| failed())? {
        let is_file = part.name() == Some("files");
        let name = part
            .file_name()
            .map(|name| name.rsplit(['/', '\\']).next().unwrap_or(name).to_owned());
        let stored = receiver.receive(part, call.now).await.map_err(|_| failed())?;
        let (true, Some(name)) = (is_file, name.filter(|name| !name.is_empty())) else {
            continue;
        };
        if name.len() > NAME_BYTES {
            server
                .world()
                .log(call.now, "error", format!("upload: failed saving file {name}"));
            return Err(failed());
        }
        if !is_taken(call, &name, &stored).await {
            continue;
        }
        offensive |= is_offensive(call, &stored).await.map_err(|_| failed())?;
        tell(server, "upload.saved", json!({ "uid": user, "file": name }));
        server
            .world()
            .staging
            .entry(folder.to_owned())
            .or_default()
            .insert(name.clone(), stored);
        staged.push(name);
        count += 1;
    }
    if offensive {
        // All files of this request go, those of earlier ones stay.
        if let Some(files) = server.world().staging.get_mut(folder) {
            files.retain(|name, _| !staged.contains(name));
        }
        return Err(Refusal::new(403, Message::OffensiveUpload));
    }
    Ok(count)
}

/// Whether a file is kept: generation 1 keeps everything, later ones drop some without a word.
async fn is_taken(call: &Call, name: &str, stored: &Stored) -> bool {
    let switches = &call.switches;
    if switches.generation == Generation::G1 {
        return true;
    }
    let own = extension(name).unwrap_or_default().to_ascii_lowercase();
    let allowed = switches
        .upload_allow
        .split(',')
        .map(|known| known.trim().trim_start_matches('.'));
    let listed = switches.upload_allow.is_empty() || allowed.into_iter().any(|known| known.eq_ignore_ascii_case(&own));
    if !listed {
        return false;
    }
    if switches.generation < Generation::G3 {
        return true;
    }
    if switches.upload_archives && is_archive(name) {
        return true;
    }
    let Some(kind) = kind_of(name, true) else { return false };
    let too_large =
        switches.originals_limit_mb > 0 && stored.size() > switches.originals_limit_mb.saturating_mul(1_000_000);
    if too_large || (kind.media == Media::Sidecar && switches.upload_allow.is_empty()) {
        return false;
    }
    let head = stored.blob.head(4096).await.unwrap_or_default();
    let content = kinds::content_type(name, &head);
    match kind.code {
        "jpg" => content == "image/jpeg",
        "png" => content == "image/png",
        "gif" => content == "image/gif",
        "heic" => matches!(content, "image/heic" | "image/heif" | "image/avif"),
        _ => true,
    }
}

async fn is_offensive(call: &Call, stored: &Stored) -> io::Result<bool> {
    let marker = call.switches.nsfw_marker.as_bytes();
    if marker.is_empty() {
        return Ok(false);
    }
    let bytes = stored.blob.head(16 * 1024 * 1024).await?;
    Ok(memchr::memmem::find(&bytes, marker).is_some())
}

/// Imports what was staged.
pub(crate) async fn process(incoming: Incoming) -> Answer {
    let Incoming { server, call, body, .. } = incoming;
    check_features(&server, &call, "import")?;
    let grant = authorize(&server, &call)?;
    let body = axum::body::to_bytes(body, JSON_BYTES)
        .await
        .map_err(|_| Refusal::undecodable())?;
    let wanted = Object::read(&body)?.strings("albums")?.unwrap_or_default();
    let folder = folder(&call, &grant)?;
    if call.switches.generation > Generation::G2 {
        check_process(&server, &call, &folder, &wanted)?;
    }
    // The client may go away, but what was begun is finished.
    let run = run(std::sync::Arc::clone(&server), call, grant, folder, wanted);
    tokio::spawn(run).await.map_err(|_| Refusal::empty(500))
}

fn check_process(server: &PhotoPrism, call: &Call, folder: &str, wanted: &[String]) -> Result<(), Refusal> {
    let world = server.world();
    if world.staging.get(folder).is_none_or(|files| files.is_empty()) {
        return Err(Refusal::not_found());
    }
    if call.switches.disk_full {
        return Err(Refusal::new(507, Message::QuotaExceeded));
    }
    if world.ingest.running.is_some() {
        return Err(Refusal::new(503, Message::Busy));
    }
    let distinct: BTreeSet<&String> = wanted.iter().collect();
    let regular = |uid: &str| {
        let album = world.album(uid);
        album.is_some_and(|album| album.kind == "album" && album.deleted_at.is_none() && album.filter.is_empty())
    };
    let all_regular = wanted
        .iter()
        .filter(|word| crate::photoprism::mint::is_uid(word, 'a'))
        .all(|uid| regular(uid));
    match distinct.len() <= MOST_ALBUMS && all_regular {
        true => Ok(()),
        false => Err(Refusal::bad_request()),
    }
}

async fn run(
    server: std::sync::Arc<PhotoPrism>,
    call: Call,
    grant: Grant,
    folder: String,
    wanted: Vec<String>,
) -> Reply {
    tell(&server, "notify.info", json!({ "message": "Processing upload..." }));
    if documents_allowed(&call) && call.switches.upload_archives {
        unpack_staged(&server, &folder).await;
    }
    // Files that come while this runs wait for the next call; names are taken now, files when it is their turn.
    let documents = documents_allowed(&call);
    let groups = {
        let mut world = server.world();
        let files = world.staging.entry(folder.clone()).or_default();
        files.retain(|name, _| !kinds::is_hidden(name));
        let names: Vec<String> = files
            .iter()
            .filter(|(_, stored)| stored.size() > 0)
            .map(|(name, _)| name.clone())
            .collect();
        group(names.iter().map(String::as_str), documents)
    };
    let (user, now) = (grant.user_uid.clone(), server.now());
    let context = Context {
        now,
        switches: &call.switches,
        user_uid: &user,
        action: "import",
        step: "upload",
    };
    let first_new = server.world().next_album();
    let mut album_uids: Option<Vec<String>> = None;
    for group in groups {
        server.gates.uploads.pass().await;
        let mut waiting = Vec::new();
        for name in std::iter::once(group.main).chain(group.others) {
            let taken = server
                .world()
                .staging
                .get_mut(&folder)
                .and_then(|files| files.remove(&name));
            let Some(stored) = taken else {
                log_lost(&mut server.world(), now, &user, &folder, &name);
                continue;
            };
            match Probe::read(&name, stored).await {
                Ok(probe) => waiting.push(Waiting { name, probe }),
                Err(error) => server.world().log(now, "error", format!("import: {error} in {name}")),
            }
        }
        if !call.switches.import_takes.is_zero() {
            tokio::time::sleep(call.switches.import_takes).await;
        }
        let mut world = server.world();
        if let Some(main) = waiting.first() {
            let name = &main.name;
            world.events.publish(
                "import.file",
                json!({ "fileName": name, "baseName": name, "subFolder": "" }),
            );
        }
        let albums = album_uids.get_or_insert_with(|| {
            wanted
                .iter()
                .filter(|word| !word.is_empty())
                .map(|word| albums::resolve(&mut world, context, word))
                .collect()
        });
        import_group(&mut world, context, &waiting, albums);
    }
    news::albums_updated(&server.world(), first_new, album_uids.as_deref().unwrap_or_default());
    finish(&server, &call, &grant, &folder)
}

/// What the server logs if another run on the same token was faster.
fn log_lost(world: &mut World, now: Timestamp, user: &str, folder: &str, name: &str) {
    // The checksum of nothing.
    let target = format!(
        "{}.{}",
        canonical_base(now, 0xeeee_eeee),
        extension(name).unwrap_or_default()
    );
    let staged = format!("/photoprism/storage/users/{user}/upload/{folder}/{name}");
    let moving = format!("import: failed moving file to {target}, is another import running at the same time?");
    world.log(now, "warning", "media: no such file or directory (stat call failed)");
    world.log(now, "error", format!("no such file or directory {staged}"));
    world.log(now, "warning", moving);
    world.log(now, "error", format!("import: no such file or directory in {target}"));
}

/// Generation 1 knows neither documents nor archives.
fn documents_allowed(call: &Call) -> bool {
    call.switches.generation > Generation::G1
}

/// Puts the files of staged archives in the place of the archives.
async fn unpack_staged(server: &PhotoPrism, folder: &str) {
    let names: Vec<String> = match server.world().staging.get(folder) {
        Some(files) => files.keys().filter(|name| is_archive(name)).cloned().collect(),
        None => return,
    };
    for name in names {
        let taken = server
            .world()
            .staging
            .get_mut(folder)
            .and_then(|files| files.remove(&name));
        let Some(archive) = taken else { continue };
        let files = unpack(archive, server.now()).await;
        server
            .world()
            .staging
            .entry(folder.to_owned())
            .or_default()
            .extend(files);
    }
}

fn finish(server: &PhotoPrism, call: &Call, grant: &Grant, folder: &str) -> Reply {
    let mut world = server.world();
    if world.staging.get(folder).is_some_and(|files| files.is_empty()) {
        world.staging.remove(folder);
    }
    if world.ingest.running.is_some() {
        // The step after both of them has one lock.
        let now = server.now();
        world.log(now, "warning", "moments: already running");
    }
    let text = world.say(Message::UploadProcessed);
    let user = &grant.user_uid;
    let data =
        json!({ "uid": user, "path": format!("/photoprism/storage/users/{user}/upload/{folder}"), "seconds": 0 });
    world.events.publish("notify.success", json!({ "message": text }));
    for topic in ["import.completed", "index.completed", "upload.completed"] {
        world.events.publish(topic, data.clone());
    }
    tell_config(&mut world, call);
    Reply::message(text)
}

fn tell(server: &PhotoPrism, topic: &'static str, data: serde_json::Value) {
    server.world().events.publish(topic, data);
}
