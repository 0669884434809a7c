//! Import of the import folder and index of originals: one lock, one run at a time (reference 2.9, 5.2).

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;

use crate::photoprism::access::{Action, Resource};
use crate::photoprism::model::{Root, Stored};
use crate::photoprism::reply::{Answer, Refusal, Reply};
use crate::photoprism::request::{Call, Object};
use crate::photoprism::routes::Incoming;
use crate::photoprism::server::tell_config;
use crate::photoprism::service::PhotoPrism;
use crate::photoprism::switches::{Generation, PhotoPrismSwitches};
use crate::photoprism::time::whole_seconds;
use crate::photoprism::words::{Message, import_completed, index_completed};
use crate::photoprism::world::World;

use super::albums;
use super::groups::group;
use super::import::{Waiting, import_group};
use super::index::{Context, Member, related};
use super::kinds::is_hidden;
use super::news;
use super::probe::Probe;
use super::state::Run;

/// Largest JSON body.
const JSON_BYTES: usize = 1024 * 1024;

/// `POST /import/…`.
pub(crate) async fn import(incoming: Incoming) -> Answer {
    let Incoming { server, call, body, .. } = incoming;
    let body = axum::body::to_bytes(body, JSON_BYTES)
        .await
        .map_err(|_| Refusal::undecodable())?;
    let (user, object) = {
        let mut world = server.world();
        if !world.settings.feature("import") || call.switches.read_only {
            return Err(Refusal::feature_disabled());
        }
        let grant = world.authorize(&call, Resource::Files, &[Action::Manage])?;
        if !grant.has_user() {
            return Err(Refusal::forbidden());
        }
        (grant.user_uid, Object::read(&body)?)
    };
    if let (true, Some(quota)) = (call.switches.generation > Generation::G1, call.switches.files_quota_mb)
        && used_bytes(&server.world()) >= quota.saturating_mul(1_000_000)
    {
        return Err(Refusal::new(507, Message::QuotaExceeded));
    }
    let path = match call.param("path") {
        "" => object.string("path")?.unwrap_or_default(),
        path => path.to_owned(),
    };
    let order = ImportOrder {
        path: cleaned(&path),
        remove: object.boolean("move")?.unwrap_or(false),
        albums: object.strings("albums")?.unwrap_or_default(),
        user,
    };
    // The client may go away, but what was begun is finished.
    let run = run_import(Arc::clone(&server), Arc::clone(&call.switches), order);
    let seconds = tokio::spawn(run).await.map_err(|_| Refusal::empty(500))?;
    let mut world = server.world();
    let text = import_completed(world.settings.language(), seconds);
    world.events.publish("notify.success", json!({ "message": text }));
    tell_config(&mut world, &call);
    Ok(Reply::message(text))
}

/// `POST /index`.
pub(crate) async fn index(incoming: Incoming) -> Answer {
    let Incoming { server, call, body, .. } = incoming;
    let body = axum::body::to_bytes(body, JSON_BYTES)
        .await
        .map_err(|_| Refusal::undecodable())?;
    let (user, object) = {
        let mut world = server.world();
        if !world.settings.feature("library") {
            return Err(Refusal::feature_disabled());
        }
        let grant = world.authorize(&call, Resource::Photos, &[Action::Manage])?;
        (grant.user_uid, Object::read(&body)?)
    };
    let path = cleaned(&object.string("path")?.unwrap_or_default());
    let rescan = object.boolean("rescan")?.unwrap_or(false);
    object.boolean("cleanup")?;
    {
        let mut world = server.world();
        if world.ingest.running.is_some() {
            // Both of its steps say so.
            for step in ["index: already running", "purge: already running (start)"] {
                world.log(call.now, "warning", step);
            }
            return Err(Refusal::bare_text(500, "Already running"));
        }
    }
    let run = run_index(Arc::clone(&server), Arc::clone(&call.switches), path, rescan, user);
    let seconds = tokio::spawn(run).await.map_err(|_| Refusal::empty(500))?;
    let mut world = server.world();
    let text = index_completed(world.settings.language(), seconds);
    world.events.publish("notify.success", json!({ "message": text }));
    tell_config(&mut world, &call);
    Ok(Reply::message(text))
}

/// `DELETE /import`: the run stops after the file it is at; uploads go on.
pub(crate) fn cancel_import(world: &mut World, call: &Call) -> Answer {
    world.authorize(call, Resource::Files, &[Action::Manage])?;
    world.ingest.cancelled |= world.ingest.running == Some(Run::Import);
    Ok(Reply::message(world.say(Message::ImportCancelled)))
}

/// `DELETE /index`.
pub(crate) fn cancel_index(world: &mut World, call: &Call) -> Answer {
    world.authorize(call, Resource::Photos, &[Action::Manage])?;
    world.ingest.cancelled |= world.ingest.running == Some(Run::Index);
    Ok(Reply::message(world.say(Message::IndexCancelled)))
}

fn used_bytes(world: &World) -> u64 {
    world
        .disk
        .files_below(Root::Originals, "")
        .map(|(_, file)| file.size())
        .sum()
}

/// A path without `..`, and without slashes at its ends.
fn cleaned(path: &str) -> String {
    let parts = path
        .split('/')
        .filter(|part| !part.is_empty() && *part != "." && *part != "..");
    parts.collect::<Vec<_>>().join("/")
}

/// What an import is to do.
#[derive(Debug, Clone)]
struct ImportOrder {
    path: String,
    /// Whether sources go away.
    remove: bool,
    albums: Vec<String>,
    user: String,
}

/// Takes the lock; `false` if another run has it.
fn begin(world: &mut World, run: Run, now: Timestamp) -> bool {
    let word = if run == Run::Import { "import" } else { "index" };
    if world.ingest.running.is_some() {
        let ending = world.ingest.cancelled && world.ingest.running == Some(run);
        let text = format!("{word}: {}", if ending { "still running" } else { "already running" });
        world.log(now, "warning", text.clone());
        world.events.publish("notify.warning", json!({ "message": text }));
        return false;
    }
    world.ingest.running = Some(run);
    world.ingest.cancelled = false;
    true
}

fn end(world: &mut World) {
    world.ingest.running = None;
    world.ingest.cancelled = false;
}

fn seconds_since(start: Timestamp, server: &PhotoPrism) -> u64 {
    u64::try_from(server.now().duration_since(start).as_secs()).unwrap_or(0)
}

async fn run_import(server: Arc<PhotoPrism>, switches: Arc<PhotoPrismSwitches>, order: ImportOrder) -> u64 {
    let start = server.now();
    let context = Context {
        now: start,
        switches: &switches,
        user_uid: &order.user,
        action: "import",
        step: "import",
    };
    {
        let mut world = server.world();
        if !begin(&mut world, Run::Import, start) {
            return 0;
        }
        world.ingest.import_touched = None;
        world.events.publish(
            "notify.info",
            json!({ "message": format!("Copying files from {}", order.path) }),
        );
        if !world.disk.is_folder(Root::Import, &order.path) {
            let text = format!("import: directory /photoprism/import/{} not found", order.path);
            world.log(start, "error", text.clone());
            world.events.publish("notify.error", json!({ "message": text }));
            end(&mut world);
            news::import_completed(&world, &order.user, &order.path, 0);
            return 0;
        }
    }
    let folders = folders(&server.world(), Root::Import, &order.path);
    let mut album_uids: Option<Vec<String>> = None;
    for (folder, names) in folders {
        for group in group(names.iter().map(String::as_str), context.documents()) {
            if server.world().ingest.cancelled {
                break;
            }
            server.gates.imports.pass().await;
            let waiting = gather(
                &server,
                &folder,
                &order.path,
                std::iter::once(group.main).chain(group.others),
            )
            .await;
            if !switches.import_takes.is_zero() {
                tokio::time::sleep(switches.import_takes).await;
            }
            let mut world = server.world();
            if let Some((_, main)) = waiting.first() {
                let name = main.name.rsplit('/').next().unwrap_or_default();
                let data = json!({ "fileName": main.name, "baseName": name, "subFolder": folder });
                world.events.publish("import.file", data);
            }
            let albums = album_uids.get_or_insert_with(|| {
                let wanted = order.albums.iter().filter(|word| !word.is_empty());
                wanted.map(|word| albums::resolve(&mut world, context, word)).collect()
            });
            let (paths, waiting): (Vec<String>, Vec<Waiting>) = waiting.into_iter().unzip();
            import_group(&mut world, context, &waiting, albums);
            if order.remove {
                for path in paths {
                    world.disk.remove(Root::Import, &path);
                }
            }
        }
    }
    let mut world = server.world();
    if order.remove {
        remove_empty_folders(&mut world, &order.path);
    }
    end(&mut world);
    let seconds = seconds_since(start, &server);
    news::import_completed(&world, &order.user, &order.path, seconds);
    seconds
}

/// Imports everything that lies in the import folder, as the first user, and takes it away there.
pub(super) async fn auto_import(server: Arc<PhotoPrism>, switches: Arc<PhotoPrismSwitches>) {
    let user = server
        .world()
        .users
        .first()
        .map(|user| user.uid.clone())
        .unwrap_or_default();
    let order = ImportOrder {
        path: String::new(),
        remove: true,
        albums: Vec::new(),
        user,
    };
    run_import(server, switches, order).await;
}

/// Names by folder, for a folder and all below it.
fn folders(world: &World, root: Root, path: &str) -> BTreeMap<String, Vec<String>> {
    let mut folders: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (file, stored) in world.disk.files_below(root, path) {
        let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
        let hidden = folder.split('/').any(|part| !part.is_empty() && is_hidden(part));
        if !hidden && stored.size() > 0 {
            folders.entry(folder.to_owned()).or_default().push(name.to_owned());
        }
    }
    folders
}

/// Reads files of the import folder; gives their paths and the files with names relative to the folder that is imported.
async fn gather(
    server: &PhotoPrism,
    folder: &str,
    below: &str,
    names: impl Iterator<Item = String>,
) -> Vec<(String, Waiting)> {
    let mut waiting = Vec::new();
    for name in names {
        let path = joined(folder, &name);
        let Some(stored) = server.world().disk.get(Root::Import, &path).cloned() else {
            continue;
        };
        let relative = path
            .strip_prefix(below)
            .unwrap_or(&path)
            .trim_start_matches('/')
            .to_owned();
        match Probe::read(&name, stored).await {
            Ok(probe) => waiting.push((path, Waiting { name: relative, probe })),
            Err(error) => server
                .world()
                .log(server.now(), "error", format!("import: {error} in {relative}")),
        }
    }
    waiting
}

fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

fn remove_empty_folders(world: &mut World, path: &str) {
    let mut folders: Vec<String> = world
        .disk
        .folders_below(Root::Import, path)
        .map(str::to_owned)
        .collect();
    if !path.is_empty() {
        folders.push(path.to_owned());
    }
    for folder in folders {
        if world.disk.files_below(Root::Import, &folder).next().is_none() {
            world.disk.remove_folder(Root::Import, &folder);
        }
    }
}

/// Indexes originals below a path; gives the seconds that it took.
pub(super) async fn run_index(
    server: Arc<PhotoPrism>,
    switches: Arc<PhotoPrismSwitches>,
    path: String,
    rescan: bool,
    user: String,
) -> u64 {
    let start = server.now();
    let context = Context {
        now: start,
        switches: &switches,
        user_uid: "",
        action: "index",
        step: "index",
    };
    {
        let mut world = server.world();
        if !begin(&mut world, Run::Index, start) {
            return 0;
        }
        world
            .events
            .publish("notify.info", json!({ "message": "Indexing originals..." }));
        if !world.disk.is_folder(Root::Originals, &path) {
            world.log(
                start,
                "error",
                format!("index: directory /photoprism/originals/{path} not found"),
            );
            end(&mut world);
            return 0;
        }
        if path.is_empty() {
            world.ingest.originals_touched = None;
        }
    }
    let folders = folders(&server.world(), Root::Originals, &path);
    news::folders(&server.world(), &user, folders.keys());
    for (folder, names) in folders {
        for group in group(names.iter().map(String::as_str), context.documents()) {
            if !switches.import_takes.is_zero() {
                tokio::time::sleep(switches.import_takes).await;
            }
            if server.world().ingest.cancelled {
                break;
            }
            let names: Vec<String> = std::iter::once(group.main).chain(group.others).collect();
            let wanted = wanted(&server.world(), &folder, &names, rescan);
            let mut members = Vec::new();
            for (path, stored, original_name) in wanted {
                let name = path.rsplit('/').next().unwrap_or(&path).to_owned();
                match Probe::read(&name, stored).await {
                    Ok(probe) => members.push(Member {
                        path,
                        original_name,
                        probe,
                    }),
                    Err(error) => server.world().log(start, "error", format!("index: {error} in {path}")),
                }
            }
            let mut world = server.world();
            if let Some(main) = members.first() {
                albums::note_folder(&mut world, context, &main.path);
                related(&mut world, context, &members);
            }
        }
    }
    let mut world = server.world();
    if !world.ingest.cancelled {
        forget_vanished(&mut world, &path, start);
        news::steps(&world, &user);
    }
    end(&mut world);
    let seconds = seconds_since(start, &server);
    world.events.publish(
        "index.completed",
        json!({ "uid": user, "action": "index", "path": "/photoprism/originals", "seconds": seconds }),
    );
    seconds
}

/// Paths, files and names of those that are to be read: all of them if the index lacks one or a rescan is wanted. Copies of
/// what lies elsewhere are left out.
fn wanted(world: &World, folder: &str, names: &[String], rescan: bool) -> Vec<(String, Stored, String)> {
    let mut found = Vec::new();
    let mut is_new = false;
    for name in names {
        let path = joined(folder, name);
        let Some(stored) = world.disk.get(Root::Originals, &path) else {
            continue;
        };
        let record = world
            .files_by_hash(&stored.sha1)
            .find(|file| file.root == Root::Originals && file.name == path);
        let elsewhere = world
            .files_by_hash(&stored.sha1)
            .any(|file| !file.sidecar && file.name != path && world.disk.get(Root::Originals, &file.name).is_some());
        if record.is_none() && elsewhere {
            continue;
        }
        is_new |= record.is_none();
        let original_name = record.map(|file| file.original_name.clone()).unwrap_or_default();
        found.push((path, stored.clone(), original_name));
    }
    if is_new || rescan { found } else { Vec::new() }
}

/// Takes files out of the index that are not on the disk any more; photos without files are hidden and archived.
fn forget_vanished(world: &mut World, below: &str, now: Timestamp) {
    let inside = |path: &str| below.is_empty() || path.strip_prefix(below).is_some_and(|rest| rest.starts_with('/'));
    let vanished: Vec<(u64, u64, String)> = world
        .files
        .values()
        .filter(|file| file.root == Root::Originals && inside(&file.name))
        .filter(|file| {
            world
                .disk
                .get(Root::Originals, &file.name)
                .is_none_or(|stored| stored.sha1 != file.hash)
        })
        .map(|file| (file.id, file.photo_id, file.name.clone()))
        .collect();
    for (file, photo, name) in vanished {
        world.remove_file(file);
        let preview = format!("{name}.jpg");
        let own: Vec<u64> = match world.photos.get(&photo) {
            Some(photo) => world
                .files_of(photo)
                .filter(|file| file.root == Root::Sidecar && file.name == preview)
                .collect(),
            None => Vec::new(),
        }
        .into_iter()
        .map(|file| file.id)
        .collect();
        for preview in own {
            world.remove_file(preview);
        }
        if let Some(photo) = world.photos.get_mut(&photo)
            && photo.files.is_empty()
        {
            photo.quality = -1;
            photo.deleted_at = Some(whole_seconds(now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_cannot_leave_their_root() {
        assert_eq!(cleaned("/Trip/../../etc/./x/"), "Trip/etc/x");
        assert_eq!(cleaned("/"), "");
        assert_eq!(joined("", "a.jpg"), "a.jpg");
    }
}
