//! The stand-in of Amazon Photos: four hosts of the service and a foreign storage host, one account, one session.
//!
//! It answers what a source needs: listing, search, children, single nodes, usage, albums, originals by every route,
//! thumbnails. Routes that change something are unknown to it (404, counted). What nobody outside knows for certain is a
//! switch: [`AmazonSwitches`].

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use crate::control::{Service, SessionCommand};
use crate::error::SimError;
use crate::origin::{Listener, Origin, OriginSpec, Shared, urls};
use crate::run::{Ports, ServiceContext};

mod content;
mod filter;
mod listing;
mod metadata;
mod node;
mod odd;
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

pub use switches::{AmazonSwitches, Marketplace, RedirectTarget, Region, SessionLoss, TempLinkForm, TokenRule};

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
];

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
        let world = World::new(context.library, context.shared.seed, switches.odd_nodes).await?;
        let state = Arc::new(State::new(context.shared, switches, world, urls));
        let cookie_file = context.state_dir.join(COOKIE_FILE);
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
        Arc::new(AmazonService(Arc::clone(&self.state)))
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

    /// Owner id of the account.
    pub fn owner_id(&self) -> &str {
        &self.state.world.owner
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
        self.state.sessions.sign_in_again(self.state.shared.seed);
        self.state.sessions.write_cookie_file(&self.cookie_file)
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
struct AmazonService(Arc<State>);

impl Service for AmazonService {
    fn name(&self) -> &'static str {
        "amazon"
    }

    fn operations(&self) -> &'static [&'static str] {
        OPERATIONS
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.0.shared
    }

    fn library_lines(&self) -> BoxFuture<'_, Vec<Value>> {
        let world = &self.0.world;
        let line = |(node, file): (&world::Node, &world::FileFacts)| {
            let hashes = file.blob.known_hashes();
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
        };
        let lines = world.files().map(line).collect();
        async move { lines }.boxed()
    }

    fn album_lines(&self) -> Vec<Value> {
        let albums = self.0.world.nodes.iter().filter(|node| node.kind == Kind::Album);
        albums
            .map(|album| json!({ "id": album.id, "title": album.name, "count": album.members.len() }))
            .collect()
    }

    fn end_sessions(&self, command: SessionCommand) {
        // There is no refresh token here: cookies are all that can end.
        if command.expire || command.revoke_refresh {
            self.0.sessions.expire();
        }
    }
}
