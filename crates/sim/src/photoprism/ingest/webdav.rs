//! WebDAV below `/originals/` and `/import/` (reference 2.10): as much of it as copies a library.

use axum::body::Body;
use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};

use crate::photoprism::access::{Action, Resource, scope_allows, token_of};
use crate::photoprism::mint::{is_app_password, session_id};
use crate::photoprism::model::{Provider, Root, Stored};
use crate::photoprism::reply::{Answer, Refusal, Reply, TEXT};
use crate::photoprism::request::Call;
use crate::photoprism::routes::Incoming;
use crate::photoprism::service::{decoded, no_route};
use crate::photoprism::world::World;

use super::dav_list;
use super::kinds::stem;
use super::receive::Receiver;

/// Methods that change something.
const WRITES: &[&str] = &[
    "PUT",
    "MKCOL",
    "DELETE",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "PROPPATCH",
    "POST",
    "PATCH",
];

/// What a resource is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Folder,
    File,
    Nothing,
}

/// What a call is about.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) root: Root,
    /// Path below the root, without slashes at its ends.
    pub(super) path: String,
    /// What stands before the path in an address: `/base/originals/`.
    pub(super) prefix: String,
}

/// Every call of WebDAV.
pub(crate) async fn serve(incoming: Incoming) -> Answer {
    let Incoming {
        server,
        call,
        parts,
        body,
    } = incoming;
    if call.switches.public || !call.switches.webdav {
        return Ok(no_route(&call));
    }
    let target = target(&call, parts.uri.path());
    let method = call.method.as_str().to_owned();
    let refused = {
        let mut world = server.world();
        sign_in(&mut world, &call)
            .err()
            .or_else(|| denied(&mut world, &call, &target, &method))
    };
    if let Some(reply) = refused {
        drain(body).await;
        return Ok(reply);
    }
    if method == "PUT" {
        let receiver = Receiver {
            dir: server.state_dir.join("photoprism-bodies"),
            discard: server.discard,
        };
        if !parent_exists(&server.world(), &target) {
            drain(body).await;
            return Ok(said(409));
        }
        let Ok(stored) = receiver.receive(body.into_data_stream(), call.now).await else {
            return Err(Refusal::empty(500));
        };
        return Ok(put(&mut server.world(), &call, &target, stored));
    }
    drain(body).await;
    let mut world = server.world();
    Ok(match method.as_str() {
        "OPTIONS" => options(&world, &target),
        "GET" | "HEAD" => read(&world, &call, &target, method == "GET"),
        "PROPFIND" => dav_list::propfind(&world, &call, &target),
        "MKCOL" => make_folder(&mut world, &call, &target),
        "DELETE" => delete(&mut world, &call, &target),
        "COPY" | "MOVE" => relocate(&mut world, &call, &target, method == "MOVE"),
        "LOCK" => lock(&mut world, &call, &target),
        "UNLOCK" => unlock(&mut world, &target),
        _ => said(405),
    })
}

async fn drain(body: Body) {
    use futures_util::StreamExt;
    let mut pieces = body.into_data_stream();
    while let Some(Ok(_)) = pieces.next().await {}
}

fn target(call: &Call, address: &str) -> Target {
    let (root, name) = match call.path.starts_with("/originals") {
        true => (Root::Originals, "/originals/"),
        false => (Root::Import, "/import/"),
    };
    let whole = decoded(address);
    let base = whole.strip_suffix(call.path.as_str()).unwrap_or_default();
    Target {
        root,
        path: cleaned(call.param("path")),
        prefix: format!("{base}{name}"),
    }
}

fn cleaned(path: &str) -> String {
    let parts = path.split('/').filter(|part| !matches!(*part, "" | "." | ".."));
    parts.collect::<Vec<_>>().join("/")
}

/// What stands at a path.
pub(super) fn kind(world: &World, target: &Target) -> Kind {
    if world.disk.is_folder(target.root, &target.path) {
        Kind::Folder
    } else if world.disk.get(target.root, &target.path).is_some() {
        Kind::File
    } else {
        Kind::Nothing
    }
}

/// An answer that says its own status.
fn said(status: u16) -> Reply {
    let text = axum::http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason());
    Reply::text(status, TEXT, text.unwrap_or_default())
}

/// Basic with a password or an app password, Bearer, or the header of the API.
fn sign_in(world: &mut World, call: &Call) -> Result<(), Reply> {
    let ask = || Reply::empty(401).header("www-authenticate", "Basic realm=\"WebDAV Authorization Required\"");
    if let Some((name, password)) = basic(&call.headers) {
        let login = world.login_limiter.allows(call.now, call.switches.login_burst, 1);
        if !login || !world.auth_limiter.allows(call.now, call.switches.auth_burst, 1) {
            return Err(Reply::empty(429));
        }
        if is_password(world, call.now, &name, &password) {
            return Ok(());
        }
        world.login_limiter.count(call.now, 1);
        return Err(ask());
    }
    if token_of(&call.headers).is_none() {
        return Err(ask());
    }
    let session = world.session_of(call).ok_or_else(ask)?;
    let user = world.user(&session.user_uid).is_some_and(|user| user.webdav);
    match user && scope_allows(&session.scope, Resource::WebDav, &[Action::View]) {
        true => Ok(()),
        false => Err(ask()),
    }
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let text = headers.get("authorization")?.to_str().ok()?.strip_prefix("Basic ")?;
    let pair = String::from_utf8(STANDARD.decode(text).ok()?).ok()?;
    let (name, password) = pair.split_once(':')?;
    Some((name.to_lowercase(), password.to_owned()))
}

fn is_password(world: &World, now: Timestamp, name: &str, password: &str) -> bool {
    let Some(user) = world.users.iter().find(|user| user.name == name && user.webdav) else {
        return false;
    };
    if is_app_password(password) {
        return world.sessions.get(&session_id(password)).is_some_and(|own| {
            own.provider == Provider::Application
                && own.user_uid == user.uid
                && own.expires_at.is_none_or(|end| now < end)
                && scope_allows(&own.scope, Resource::WebDav, &[Action::View])
        });
    }
    // An account with a passcode needs an app password here.
    let has_passcode = user
        .passcode
        .as_ref()
        .is_some_and(|passcode| passcode.activated_at.is_some());
    !has_passcode && !password.is_empty() && user.password == password
}

/// Read-only servers and locks.
fn denied(world: &mut World, call: &Call, target: &Target, method: &str) -> Option<Reply> {
    if !WRITES.contains(&method) {
        return None;
    }
    if call.switches.read_only {
        return Some(Reply::empty(403));
    }
    let now = call.now;
    world.ingest.locks.retain(|_, (_, end)| now < *end);
    let token = world
        .ingest
        .locks
        .get(&lock_key(target))
        .map(|(token, _)| token.clone())?;
    let shown = ["if", "lock-token"]
        .into_iter()
        .filter_map(|name| call.header(name))
        .any(|value| value.contains(&token));
    (!shown && method != "UNLOCK").then(|| said(423))
}

fn lock_key(target: &Target) -> String {
    format!("{}:{}", target.root.as_str(), target.path)
}

fn parent_exists(world: &World, target: &Target) -> bool {
    let parent = target.path.rsplit_once('/').map_or("", |(parent, _)| parent);
    world.disk.is_folder(target.root, parent)
}

/// Notes that something was written, so that the runs by themselves know.
fn touch(world: &mut World, root: Root, now: Timestamp) {
    match root {
        Root::Import => world.ingest.import_touched = Some(now),
        _ => world.ingest.originals_touched = Some(now),
    }
}

fn put(world: &mut World, call: &Call, target: &Target, mut stored: Stored) -> Reply {
    if kind(world, target) == Kind::Folder {
        return said(405);
    }
    let modified = call.header("x-oc-mtime").and_then(|seconds| seconds.parse().ok());
    if let Some(modified) = modified.and_then(|seconds| Timestamp::from_second(seconds).ok()) {
        stored.modified = modified;
    }
    let tag = etag(&stored);
    world.disk.put(target.root, &target.path, stored);
    if call.header("x-favorite") == Some("1") && target.root == Root::Originals {
        let companion = format!("{}.yml", stem(&target.path));
        if world.disk.get(target.root, &companion).is_none() {
            world
                .disk
                .put(target.root, companion, text_file("Favorite: true\n", call.now));
        }
    }
    touch(world, target.root, call.now);
    said(201).header("etag", tag)
}

fn text_file(text: &str, now: Timestamp) -> Stored {
    Stored {
        blob: crate::blob::Blob::memory(text.as_bytes().to_vec()),
        sha1: crate::blob::Hashes::of(text.as_bytes()).sha1_hex(),
        modified: now,
    }
}

/// Changes whenever time or size of a file change.
pub(super) fn etag(stored: &Stored) -> String {
    format!("\"{:x}{:x}\"", stored.modified.as_nanosecond(), stored.size())
}

/// `Sat, 21 Nov 2026 03:03:38 GMT`.
pub(super) fn http_date(time: Timestamp) -> String {
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Media type of a file by its name.
pub(super) fn content_type(path: &str) -> &'static str {
    match path
        .rsplit_once('.')
        .map(|(_, extension)| extension.to_ascii_lowercase())
        .as_deref()
    {
        Some("txt") => TEXT,
        Some("yml" | "yaml") => "application/x-yaml",
        _ => crate::facts::content_type(path, &[]),
    }
}

fn options(world: &World, target: &Target) -> Reply {
    let allow = match kind(world, target) {
        Kind::Folder => "OPTIONS, LOCK, DELETE, PROPPATCH, COPY, MOVE, UNLOCK, PROPFIND",
        Kind::File => "OPTIONS, LOCK, GET, HEAD, POST, DELETE, PROPPATCH, COPY, MOVE, UNLOCK, PROPFIND, PUT",
        Kind::Nothing => "OPTIONS, LOCK, PUT, MKCOL",
    };
    Reply::empty(200)
        .header("allow", allow)
        .header("dav", "1, 2")
        .header("ms-author-via", "DAV")
}

fn read(world: &World, call: &Call, target: &Target, with_body: bool) -> Reply {
    let stored = match kind(world, target) {
        Kind::Folder => return said(405),
        Kind::Nothing => return said(404),
        Kind::File => world.disk.get(target.root, &target.path),
    };
    let Some(stored) = stored else { return said(404) };
    let size = stored.size();
    let range = call.header("range").and_then(|range| byte_range(range, size));
    let (status, wanted) = match &range {
        Some(range) => (206, range.clone()),
        None => (200, 0..size),
    };
    let body = match with_body {
        true => Body::from_stream(stored.blob.stream(wanted.clone())),
        false => Body::empty(),
    };
    let mut reply = Reply::stream(status, content_type(&target.path), body)
        .header("accept-ranges", "bytes")
        .header("etag", etag(stored))
        .header("last-modified", http_date(stored.modified))
        .header("content-length", (wanted.end - wanted.start).to_string());
    if range.is_some() {
        reply = reply.header(
            "content-range",
            format!("bytes {}-{}/{size}", wanted.start, wanted.end - 1),
        );
    }
    reply
}

/// One range of bytes; anything else is answered with the whole file.
fn byte_range(text: &str, size: u64) -> Option<std::ops::Range<u64>> {
    let (from, to) = text.strip_prefix("bytes=")?.split_once('-')?;
    let range = match (from.parse::<u64>(), to.parse::<u64>()) {
        (Ok(from), Ok(to)) => from..to.saturating_add(1).min(size),
        (Ok(from), Err(_)) if to.is_empty() => from..size,
        (Err(_), Ok(last)) if from.is_empty() => size.saturating_sub(last)..size,
        _ => return None,
    };
    (range.start < range.end).then_some(range)
}

fn make_folder(world: &mut World, call: &Call, target: &Target) -> Reply {
    if kind(world, target) != Kind::Nothing {
        return said(405);
    }
    if !parent_exists(world, target) {
        return said(409);
    }
    world.disk.make_folder(target.root, &target.path);
    touch(world, target.root, call.now);
    said(201)
}

fn delete(world: &mut World, call: &Call, target: &Target) -> Reply {
    match kind(world, target) {
        Kind::Nothing => return said(404),
        Kind::Folder => world.disk.remove_folder(target.root, &target.path),
        Kind::File => {
            world.disk.remove(target.root, &target.path);
        }
    }
    touch(world, target.root, call.now);
    Reply::empty(204)
}

fn relocate(world: &mut World, call: &Call, target: &Target, moves: bool) -> Reply {
    let Some(destination) = call.header("destination") else {
        return said(400);
    };
    let address = match destination.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => destination,
    };
    let Some(path) = decoded(address).strip_prefix(&target.prefix).map(cleaned) else {
        return said(502);
    };
    let to = Target { path, ..target.clone() };
    let from = kind(world, target);
    if from == Kind::Nothing || to.path == target.path {
        return said(403);
    }
    if !parent_exists(world, &to) {
        return said(409);
    }
    let there = kind(world, &to) != Kind::Nothing;
    if there && call.header("overwrite") == Some("F") {
        return said(412);
    }
    if from == Kind::Folder {
        let files: Vec<(String, Stored)> = world
            .disk
            .files_below(target.root, &target.path)
            .map(|(path, file)| (path.to_owned(), file.clone()))
            .collect();
        world.disk.make_folder(to.root, &to.path);
        for (path, stored) in files {
            let below = path.strip_prefix(&target.path).unwrap_or(&path).to_owned();
            world.disk.put(to.root, format!("{}{below}", to.path), stored);
        }
        if moves {
            world.disk.remove_folder(target.root, &target.path);
        }
    } else if let Some(stored) = world.disk.get(target.root, &target.path).cloned() {
        world.disk.put(to.root, &to.path, stored);
        if moves {
            world.disk.remove(target.root, &target.path);
        }
    }
    touch(world, target.root, call.now);
    if there { Reply::empty(204) } else { said(201) }
}

fn lock(world: &mut World, call: &Call, target: &Target) -> Reply {
    let seconds = call
        .header("timeout")
        .and_then(|text| text.strip_prefix("Second-")?.parse::<i64>().ok());
    let seconds = seconds.unwrap_or(3600).clamp(1, 86_400);
    let token = call.now.as_second().to_string();
    let end = call
        .now
        .checked_add(SignedDuration::from_secs(seconds))
        .unwrap_or(call.now);
    world.ingest.locks.insert(lock_key(target), (token.clone(), end));
    let path = dav_list::escaped(&target.path);
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:prop xmlns:D=\"DAV:\"><D:lockdiscovery><D:activelock>\n\t\
         <D:locktype><D:write/></D:locktype>\n\t<D:lockscope><D:exclusive/></D:lockscope>\n\t<D:depth>infinity</D:depth>\n\t\
         <D:owner></D:owner>\n\t<D:timeout>Second-{seconds}</D:timeout>\n\t\
         <D:locktoken><D:href>{token}</D:href></D:locktoken>\n\t<D:lockroot><D:href>/{path}</D:href></D:lockroot>\n\
         </D:activelock></D:lockdiscovery></D:prop>"
    );
    Reply::text(200, "application/xml; charset=utf-8", text).header("lock-token", format!("<{token}>"))
}

fn unlock(world: &mut World, target: &Target) -> Reply {
    match world.ingest.locks.remove(&lock_key(target)) {
        Some(_) => Reply::empty(204),
        None => said(409),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_to_the_file() {
        assert_eq!(byte_range("bytes=0-9", 100), Some(0..10));
        assert_eq!(byte_range("bytes=90-", 100), Some(90..100));
        assert_eq!(byte_range("bytes=-10", 100), Some(90..100));
        assert_eq!(byte_range("bytes=5-900", 100), Some(5..100));
        for odd in ["bytes=9-5", "bytes=200-", "items=0-1", "bytes=a-b"] {
            assert_eq!(byte_range(odd, 100), None, "{odd}");
        }
    }

    #[test]
    fn times_are_written_as_http_has_them() {
        let time = "2026-11-21T03:03:38.5Z".parse().unwrap();
        assert_eq!(http_date(time), "Sat, 21 Nov 2026 03:03:38 GMT");
    }
}
