//! The server as control routes see it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::http::Uri;
use axum::http::request::Parts;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use crate::blob::Blob;
use crate::control::{Service, SessionCommand};
use crate::error::SimError;
use crate::library::{DEFAULT_SYNTHETIC_BYTES, Library, LibraryAlbum};
use crate::library_change::LibraryCommand;
use crate::origin::Shared;
use crate::seeded::mix;

use super::ingest;
use super::model::{Photo, Provider, Root};
use super::service::{PhotoPrism, decoded};
use super::time;
use super::world::World;

impl World {
    /// Titles of the albums that show a photo, in order of the albums' creation.
    pub(crate) fn titles_of(&self, photo: &Photo) -> Vec<String> {
        let mut albums: Vec<_> = self
            .entries
            .albums_of(&photo.uid)
            .filter(|uid| self.entries.get(uid, &photo.uid).is_some_and(|entry| !entry.hidden))
            .filter_map(|uid| self.album(uid))
            .filter(|album| album.deleted_at.is_none())
            .collect();
        albums.sort_by_key(|album| album.id);
        albums.into_iter().map(|album| album.title.clone()).collect()
    }

    /// Puts a photo away, out of all its albums, as archiving does.
    pub(crate) fn archive(&mut self, uid: &str, now: jiff::Timestamp) {
        let albums: Vec<String> = self.entries.albums_of(uid).map(str::to_owned).collect();
        for album in albums {
            if let Some(entry) = self.entries.get_mut(&album, uid) {
                entry.hidden = true;
            }
        }
        if let Some(photo) = self.photo_mut(uid) {
            photo.deleted_at.get_or_insert(time::whole_seconds(now));
            photo.updated_at = now;
        }
    }

    /// Ends every session; app passwords and clients' tokens too.
    pub(crate) fn end_sessions(&mut self, app_passwords: bool) {
        self.sessions.retain(|_, session| {
            session.provider == Provider::Application && session.parent_id.is_empty() && !app_passwords
        });
    }
}

/// A line of the library with what has to be read first.
struct Line {
    value: Value,
    blob: Option<Blob>,
}

fn line(world: &World, photo: &Photo, file: &super::model::File) -> Line {
    let state = match (photo.deleted_at, photo.quality) {
        (Some(_), _) => "archived",
        (None, ..0) => "hidden",
        (None, 0..3) => "review",
        (None, _) => "visible",
    };
    let name = match file.original_name.as_str() {
        "" => file.base_name(),
        original => original,
    };
    let value = json!({
        "id": file.uid, "photo": photo.uid, "name": name, "path": file.name, "size": file.size, "sha1": file.hash,
        "albums": world.titles_of(photo), "taken": time::write(photo.taken_at), "taken_local": photo.taken_at_local.to_string(),
        "title": photo.title, "description": photo.caption, "favorite": photo.favorite, "private": photo.private,
        "type": photo.kind, "primary": file.primary, "state": state,
    });
    Line {
        value,
        blob: world.disk.get(file.root, &file.name).map(|stored| stored.blob.clone()),
    }
}

impl PhotoPrism {
    /// Computed pictures come in as if another client had uploaded them; gives their names.
    async fn add_pictures(&self, command: &LibraryCommand) -> Result<Vec<String>, SimError> {
        if command.add == 0 {
            return Ok(Vec::new());
        }
        let edition = self.editions.fetch_add(1, Ordering::SeqCst) + 1;
        let bytes = command.bytes.unwrap_or(DEFAULT_SYNTHETIC_BYTES);
        // Another seed each time: two commands must not add the same picture.
        let mut library = Library::synthetic(command.add, bytes, self.shared.seed ^ mix(edition))?;
        library.albums = command
            .into
            .iter()
            .map(|title| LibraryAlbum { title: title.clone() })
            .collect();
        for (number, item) in library.items.iter_mut().enumerate() {
            item.name = format!("NEW_{edition:02}_{number:05}.jpg");
            item.albums = (0..library.albums.len()).collect();
        }
        let names = library.items.iter().map(|item| item.name.clone()).collect();
        ingest::fill(self, library).await?;
        Ok(names)
    }
}

impl Service for PhotoPrism {
    fn name(&self) -> &'static str {
        "photoprism"
    }

    fn operations(&self) -> &'static [&'static str] {
        super::OPERATIONS
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    fn library_lines(&self) -> BoxFuture<'_, Vec<Value>> {
        Box::pin(async {
            let lines: Vec<Line> = {
                let world = self.world();
                let photos = world.photos.values();
                photos
                    .flat_map(|photo| world.files_of(photo).map(move |file| (photo, file)))
                    .filter(|(_, file)| file.root == Root::Originals && !file.sidecar)
                    .map(|(photo, file)| line(&world, photo, file))
                    .collect()
            };
            let mut out = Vec::with_capacity(lines.len());
            for Line { mut value, blob } in lines {
                let hashes = match &blob {
                    Some(blob) => blob.hashes().await.ok(),
                    None => None,
                };
                value["md5"] = hashes.map(|hashes| hashes.md5_hex()).into();
                out.push(value);
            }
            out
        })
    }

    fn album_lines(&self) -> Vec<Value> {
        let world = self.world();
        let live = world
            .albums
            .values()
            .filter(|album| album.kind == "album" && album.deleted_at.is_none());
        live.map(|album| {
            let count = world.entries.of_album(&album.uid).filter(|entry| !entry.hidden).count();
            json!({ "id": album.uid, "title": album.title, "count": count })
        })
        .collect()
    }

    fn upload_lines(&self) -> Vec<Value> {
        let world = self.world();
        let staged = |(folder, files): (&String, &std::collections::BTreeMap<String, super::model::Stored>)| {
            let bytes: u64 = files.values().map(super::model::Stored::size).sum();
            json!({ "id": folder, "size": null, "received": bytes, "bytes_in": bytes, "requests": files.len(), "state": "active" })
        };
        world.staging.iter().map(staged).collect()
    }

    fn file_names(&self, _: &str, parts: &Parts, _: &[u8]) -> Vec<String> {
        let path = decoded(parts.uri.path());
        let world = self.world();
        let mut segments = path.rsplit('/');
        let last = segments.next().unwrap_or_default();
        if let Some(token) = segments.next().filter(|before| *before == "upload").map(|_| last) {
            let staged = world.staging.iter().filter(|(folder, _)| folder.ends_with(token));
            return staged.flat_map(|(_, files)| files.keys().cloned()).collect();
        }
        let original = |file: &super::model::File| match file.original_name.as_str() {
            "" => file.base_name().to_owned(),
            name => name.to_owned(),
        };
        let by_hash: Vec<String> = path
            .split('/')
            .flat_map(|segment| world.files_by_hash(segment))
            .map(original)
            .collect();
        if !by_hash.is_empty() {
            return by_hash;
        }
        let photo = path.split('/').find_map(|segment| world.photo(segment));
        match photo {
            Some(photo) => world.files_of(photo).map(original).collect(),
            // Over WebDAV the path is the name.
            None => vec![last.to_owned()],
        }
    }

    fn other_item(&self, uri: &Uri) -> Option<Uri> {
        let world = self.world();
        let hash = uri
            .path()
            .split('/')
            .find(|segment| world.file_by_hash(segment).is_some())?;
        let own = world.file_by_hash(hash)?.id;
        let originals = || {
            world
                .files
                .values()
                .filter(|file| file.root == Root::Originals && !file.sidecar)
        };
        let other = originals()
            .find(|file| file.id > own)
            .or_else(|| originals().find(|file| file.id != own))?;
        uri.path_and_query()?
            .as_str()
            .replacen(hash, &other.hash, 1)
            .parse()
            .ok()
    }

    fn change_sessions(&self, command: &SessionCommand) -> Result<Value, SimError> {
        let known = SessionCommand {
            expire: command.expire,
            revoke_refresh: command.revoke_refresh,
            restart: command.restart,
            exhaust_sign_in: command.exhaust_sign_in,
            exhaust_tokens: command.exhaust_tokens,
            new_password: command.new_password.clone(),
            ..SessionCommand::default()
        };
        if *command != known {
            return Err(SimError::Options(
                "here only `expire`, `revoke_refresh`, `restart`, `exhaust_sign_in`, `exhaust_tokens` and `new_password` are possible"
                    .to_owned(),
            ));
        }
        let (now, switches) = (self.now(), self.switches());
        let mut world = self.world();
        if command.restart {
            world.restart();
        }
        if command.expire || command.revoke_refresh {
            world.end_sessions(command.revoke_refresh);
        }
        if command.exhaust_sign_in {
            world.login_limiter.exhaust(now, switches.login_burst);
        }
        if command.exhaust_tokens {
            world.auth_limiter.exhaust(now, switches.auth_burst);
        }
        if let Some(password) = &command.new_password {
            if let Some(user) = world.users.first_mut() {
                user.password.clone_from(password);
            }
            let uid = world.users.first().map(|user| user.uid.clone()).unwrap_or_default();
            super::sign_in::end_other_sessions(&mut world, &uid, "");
        }
        Ok(json!({ "sessions": world.sessions.len() }))
    }

    fn change_library(&self, command: LibraryCommand) -> BoxFuture<'_, Result<Value, SimError>> {
        Box::pin(async move {
            let known = LibraryCommand {
                add: command.add,
                bytes: command.bytes,
                into: command.into.clone(),
                remove: command.remove.clone(),
                ..LibraryCommand::default()
            };
            if command != known {
                return Err(SimError::Options(
                    "here only `add`, `bytes`, `into` and `remove` are possible: what else changes, clients change"
                        .to_owned(),
                ));
            }
            let added = self.add_pictures(&command).await?;
            let now = self.now();
            let mut world = self.world();
            let called = |world: &World, name: &String| {
                let found = world.files.values().find(|file| {
                    let live = world
                        .photos
                        .get(&file.photo_id)
                        .is_some_and(|photo| photo.deleted_at.is_none());
                    live && (file.original_name == *name || file.base_name() == name)
                });
                let unknown = || SimError::Options(format!("there is no photo `{name}`"));
                found.map(|file| file.photo_uid.clone()).ok_or_else(unknown)
            };
            let uids: Vec<String> = command
                .remove
                .iter()
                .map(|name| called(&world, name))
                .collect::<Result<_, _>>()?;
            for uid in uids {
                world.archive(&uid, now);
            }
            Ok(json!({ "added": added }))
        })
    }
}
