//! The stand-in of Amazon Photos: four hosts of the service and a foreign storage host, one account, one session at a time, and the account of somebody else.
//!
//! It answers what a source needs: listing, search, children, single nodes, usage, albums, originals by every route,
//! thumbnails. Routes that change something are unknown to it (404, counted). What nobody outside knows for certain is a
//! switch: [`AmazonSwitches`].

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use axum::http::Uri;
use axum::http::request::Parts;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use crate::blob::Hashes;
use crate::control::{Person, Service, SessionCommand};
use crate::error::SimError;
use crate::library::Library;
use crate::library_change::LibraryCommand;
use crate::origin::{Listener, Origin, OriginSpec, Shared, urls};
use crate::run::{Ports, ServiceContext};

mod about;
mod change;
mod content;
mod filter;
mod listing;
mod metadata;
mod node;
mod odd;
mod renewal;
mod reply;
mod search;
mod search_filter;
mod serve;
mod session;
mod state;
mod storage;
mod switches;
mod world;

use state::{State, Urls};
use world::{Kind, World};

pub use switches::{
    AmazonSwitches, LossScope, Marketplace, RedirectTarget, Region, Renewal, SessionLoss, SetCookies, TempLinkForm,
    TokenRule,
};

/// Names of the operations, as fault plans, counters and the request log use them.
///
/// `download` is every answer with an original's bytes, whichever host gives it; the request log tells the path.
pub const OPERATIONS: &[&str] = &[
    "list",
    "get",
    "children",
    "search",
    "aggregation",
    "usage",
    "quota",
    "info",
    "endpoint",
    "redirect",
    "download",
    "thumbnail",
    "token",
    "sign_in",
    "renewal",
];

/// What the other person has.
const OTHERS_PICTURES: u64 = 3;
const OTHERS_BYTES: u64 = 2000;

const COOKIE_FILE: &str = "amazon-cookies.txt";

/// The running stand-in of Amazon Photos.
#[derive(Debug)]
pub struct AmazonSim {
    state: Arc<State>,
    origins: Vec<Origin>,
    cookie_file: PathBuf,
}

impl AmazonSim {
    /// Fills the account, opens the listeners and writes the cookie file.
    ///
    /// # Errors
    /// [`SimError`] if a file of the library cannot be read, a port is taken or the cookie file cannot be written.
    pub async fn start(context: ServiceContext, switches: AmazonSwitches, ports: &mut Ports) -> Result<Self, SimError> {
        let metadata = Listener::open("metadata", ports.next()?).await?;
        let content = Listener::open("content", ports.next()?).await?;
        let download = Listener::open("download", ports.next()?).await?;
        let thumbnail = Listener::open("thumbnail", ports.next()?).await?;
        let storage = Listener::open("storage", ports.next()?).await?;
        let urls = Urls {
            metadata: metadata.url(),
            content: content.url(),
            download: download.url(),
            thumbnail: thumbnail.url(),
            storage: storage.url(),
        };
        let seed = context.shared.seed;
        let world = World::new(context.library, seed, switches.odd_nodes).await?;
        let others = Library::synthetic(OTHERS_PICTURES, OTHERS_BYTES, !seed)?;
        let worlds = [world, World::new(others, !seed, false).await?];
        let cookie_file = context.state_dir.join(COOKIE_FILE);
        let state = Arc::new(State::new(context.shared, switches, worlds, urls));
        state.sessions.write_cookie_file(&cookie_file)?;

        let serve = |listener: Listener, router, operation_of, error_body| {
            let spec = OriginSpec {
                name: listener.name(),
                port: None,
                router,
                operation_of,
                error_body,
            };
            listener.serve(spec, Arc::clone(&state.shared))
        };
        let own = || Arc::clone(&state);
        let bytes: OperationOf = content::operation_of;
        let origins = vec![
            serve(
                metadata,
                metadata::router(own()),
                metadata::operation_of,
                reply::metadata_fault,
            ),
            serve(content, content::content_router(own()), bytes, reply::content_fault),
            serve(download, content::download_router(own()), bytes, reply::content_fault),
            serve(thumbnail, content::thumbnail_router(own()), bytes, reply::content_fault),
            serve(storage, storage::router(own()), bytes, reply::content_fault),
        ];
        Ok(Self {
            state,
            origins,
            cookie_file,
        })
    }

    /// What control routes and tests see of it.
    pub fn service(&self) -> Arc<dyn Service> {
        Arc::new(AmazonService {
            state: Arc::clone(&self.state),
            cookie_file: self.cookie_file.clone(),
        })
    }

    /// Clock, faults, log and counters.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.state.shared
    }

    /// Names and values of the cookies of the present session.
    pub fn cookies(&self) -> Vec<(String, String)> {
        self.state.sessions.cookies()
    }

    /// The cookie file in the form in which browsers export it; mode 0600 on Unix.
    pub fn cookie_file(&self) -> &PathBuf {
        &self.cookie_file
    }

    /// Owner id of the account whose library it is.
    pub fn owner_id(&self) -> &str {
        self.state.owner_of(Person::Same)
    }

    /// Owner id of the account of somebody else.
    pub fn other_owner_id(&self) -> &str {
        self.state.owner_of(Person::Other)
    }

    /// Changes the sessions as the control route `session` does.
    ///
    /// # Errors
    /// [`SimError`] if the service has nothing of the kind, or a file cannot be written.
    pub fn change_sessions(&self, command: &SessionCommand) -> Result<Value, SimError> {
        self.service().change_sessions(command)
    }

    /// Ends the session: every further request with its cookies is refused.
    pub fn expire(&self) {
        self.state.sessions.expire();
    }

    /// Signs the same account in again and rewrites the cookie file; the old cookies stay refused.
    ///
    /// # Errors
    /// [`SimError::Io`] if the cookie file cannot be written.
    pub fn sign_in_again(&self) -> Result<(), SimError> {
        let sessions = &self.state.sessions;
        sessions.sign_in(sessions.person(), &self.state.shared.clock);
        sessions.write_cookie_file(&self.cookie_file)
    }

    /// Base URL of each host by its role: `metadata, content, download, thumbnail, storage`.
    pub fn origins(&self) -> BTreeMap<String, String> {
        urls(&self.origins)
    }

    /// Variables with which photomove reaches the stand-in as its signed-in person. The storage host is none of them:
    /// the client learns of it by a redirect and must not trust it.
    pub fn env(&self) -> BTreeMap<String, String> {
        let urls = &self.state.urls;
        let host = |role: &str, url: &String| (format!("PHOTOMOVE_AMAZON_{role}_URL"), url.clone());
        BTreeMap::from([
            (
                "PHOTOMOVE_AMAZON_COOKIES".to_owned(),
                self.cookie_file.display().to_string(),
            ),
            host("METADATA", &urls.metadata),
            host("CONTENT", &urls.content),
            host("DOWNLOAD", &urls.download),
            host("THUMBNAIL", &urls.thumbnail),
        ])
    }

    /// Closes the listeners.
    pub async fn shutdown(self) {
        for origin in self.origins {
            origin.shutdown().await;
        }
    }
}

type OperationOf = fn(&axum::http::request::Parts) -> &'static str;

#[derive(Debug)]
struct AmazonService {
    state: Arc<State>,
    cookie_file: PathBuf,
}

impl Service for AmazonService {
    fn name(&self) -> &'static str {
        "amazon"
    }

    fn operations(&self) -> &'static [&'static str] {
        OPERATIONS
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.state.shared
    }

    fn library_lines(&self) -> BoxFuture<'_, Vec<Value>> {
        async {
            let world = self.state.world_of(Person::Same);
            let mut lines = Vec::with_capacity(world.nodes.len());
            for (node, file) in world.files() {
                // A file that has become unreadable has no hashes to show.
                let hashes = file.blob.hashes().await.ok();
                lines.push(line(&world, node, file, hashes));
            }
            lines
        }
        .boxed()
    }

    fn album_lines(&self) -> Vec<Value> {
        let world = self.state.world_of(Person::Same);
        let albums = world.nodes.iter().filter(|node| node.kind == Kind::Album);
        albums
            .map(|album| json!({ "id": album.id, "title": album.name, "count": album.members.len() }))
            .collect()
    }

    fn upload_lines(&self) -> Vec<Value> {
        Vec::new()
    }

    fn file_names(&self, _: &str, parts: &Parts, _: &[u8]) -> Vec<String> {
        self.state.file_name(parts.uri.path()).into_iter().collect()
    }

    fn other_item(&self, uri: &Uri) -> Option<Uri> {
        self.state.other_file(uri)
    }

    fn change_library(&self, command: LibraryCommand) -> BoxFuture<'_, Result<Value, SimError>> {
        async move {
            let (seed, now_ms) = (self.state.shared.seed, self.state.now_ms());
            let edition = self.state.world_of(Person::Same).edition;
            // Outside of the change: hashes of pictures take their time.
            let pictures = change::pictures(&command, seed, edition)?;
            let change = |world: &World| world.changed(&command, pictures, seed, now_ms);
            let added = self.state.change_world(Person::Same, change)?;
            Ok(json!({ "added": added }))
        }
        .boxed()
    }

    fn change_sessions(&self, command: &SessionCommand) -> Result<Value, SimError> {
        if command.new_project {
            return Err(SimError::Options(
                "`new_project` is about an OAuth client, and this service has none".to_owned(),
            ));
        }
        if command.expire_after_bytes.is_some() {
            return Err(SimError::Options(
                "`expire_after_bytes` is about uploads, and this service takes none".to_owned(),
            ));
        }
        let sessions = &self.state.sessions;
        // There is no refresh token here: cookies are all that can end.
        if command.expire || command.revoke_refresh {
            sessions.expire();
        }
        if let Some(person) = command.switch_account {
            sessions.give_to(person);
        }
        if let Some(person) = command.issue {
            sessions.sign_in(person, &self.state.shared.clock);
        }
        if let Some(renewable) = command.renewable {
            sessions.set_renewable(renewable);
        }
        if let Some(requests) = command.expire_after_requests {
            sessions.expire_after(requests);
        }
        let file = command.issue.map(|_| command.to.as_ref().unwrap_or(&self.cookie_file));
        if let Some(file) = file {
            sessions.write_cookie_file(file)?;
        }
        Ok(json!({
            "expire": command.expire || command.revoke_refresh,
            "revoke_refresh": command.revoke_refresh,
            "file": file,
        }))
    }
}

fn line(world: &World, node: &world::Node, file: &world::FileFacts, hashes: Option<Hashes>) -> Value {
    let albums: Vec<_> = node
        .albums
        .iter()
        .filter_map(|album| world.node(*album).name.as_deref())
        .collect();
    json!({
        "id": node.id,
        "name": node.name,
        "size": file.blob.len(),
        "md5": hashes.map(|hashes| hashes.md5_hex()),
        "sha1": hashes.map(|hashes| hashes.sha1_hex()),
        "albums": albums,
        "taken": file.facts.taken.as_ref().map(|taken| taken.local.to_string()),
        "description": node.description,
        "favorite": node.favorite,
        "state": if node.trashed { "trashed" } else { "available" },
    })
}
