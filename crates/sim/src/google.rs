//! The stand-in of Google Photos: sign-in, tokens and the Library API, each on a port of its own.
//!
//! | listener | stands for | what it answers |
//! |---|---|---|
//! | `accounts` | `accounts.google.com` | the sign-in page, `/.well-known/openid-configuration` |
//! | `oauth2` | `oauth2.googleapis.com` | `/token`, `/revoke` |
//! | `library` | `photoslibrary.googleapis.com` | `/v1/uploads` (in one request or several), `/v1/mediaItems…`, `/v1/albums…` |
//! | `userinfo` | `openidconnect.googleapis.com` | `/v1/userinfo` |
//!
//! There is one OAuth client (kind "Desktop app") of one project at a time, and one account unless
//! [`GoogleSim::add_account`] adds more. The device flow and base URLs are not answered.
//! Every behaviour that is not established is a field of [`GoogleSwitches`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, MutexGuard};

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;

use crate::blob::{Blob, Hashes};
use crate::clock::SimClock;
use crate::control::Service;
use crate::error::SimError;
use crate::library::Library;
use crate::log::Counts;
use crate::origin::{Listener, Origin, OriginSpec, urls};
use crate::run::{Ports, ServiceContext};

mod about;
mod albums;
mod call;
mod consent;
mod create;
mod credentials;
mod details;
mod filters;
mod frames;
mod identity;
mod items;
mod mask;
mod mint;
mod orders;
mod paging;
mod proto;
mod quota;
mod receive;
mod reply;
mod resumable;
mod routes;
mod scopes;
mod service;
mod sessions;
mod sniff;
mod switches;
mod token;
mod upload;
mod wire;
mod world;

pub use switches::{
    ConsentMode, EmptyUpload, ErrorStyle, GoogleSwitches, GrantLifeTold, MissingAs, OversizedPage, ResumableHash,
    TokenDeath, TrashedItem,
};

use details::Details;
use receive::Receiver;
use service::{Google, Urls};
use world::{Account, AccountIndex, Creator, Entry, NewItem, Stored, World};

/// Every operation name that requests may get.
pub const OPERATIONS: &[&str] = &[
    "upload",
    "upload_start",
    "upload_chunk",
    "upload_query",
    "upload_cancel",
    "batch_create",
    "search",
    "list",
    "get",
    "batch_get",
    "patch_item",
    "album_create",
    "album_list",
    "album_get",
    "album_patch",
    "album_add",
    "album_remove",
    "enrichment",
    "sharing",
    "authorize",
    "token",
    "revoke",
    "userinfo",
    "openid_configuration",
    "unknown",
];

/// An item as it lies in a library of the stand-in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredItem {
    /// Media item id.
    pub id: String,
    /// File name.
    pub name: String,
    /// Size of the body in bytes.
    pub size: u64,
    /// MD5 of the body, 32 lower-case hexadecimal digits.
    pub md5: String,
    /// SHA-1 of the body, 40 lower-case hexadecimal digits.
    pub sha1: String,
    /// Titles of the albums that hold it, in order of the albums' creation.
    pub albums: Vec<String>,
    /// Description; empty if it has none.
    pub description: String,
    /// Whether the app created it; other items are invisible to the API.
    pub app_created: bool,
    /// E-mail address of its owner.
    pub owner: String,
}

/// An album as it lies in a library of the stand-in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredAlbum {
    /// Album id.
    pub id: String,
    /// Title.
    pub title: String,
    /// Ids of its items, in its order.
    pub items: Vec<String>,
    /// Whether the app created it.
    pub app_created: bool,
}

/// The running stand-in of Google Photos.
#[derive(Debug)]
pub struct GoogleSim {
    google: Arc<Google>,
    origins: Vec<Origin>,
    client_secret: PathBuf,
    token: PathBuf,
}

impl GoogleSim {
    /// Opens the listeners, takes over the library as the app's own uploads, and writes credential files to the
    /// state folder.
    ///
    /// # Errors
    /// [`SimError`] if a port is taken, or a file cannot be read or written.
    pub async fn start(context: ServiceContext, switches: GoogleSwitches, ports: &mut Ports) -> Result<Self, SimError> {
        let ServiceContext {
            shared,
            library,
            discard,
            strict_media,
            state_dir,
        } = context;
        let switches = GoogleSwitches {
            strict_media: switches.strict_media || strict_media,
            ..switches
        };
        let accounts = Listener::open("accounts", ports.next()?).await?;
        let oauth2 = Listener::open("oauth2", ports.next()?).await?;
        let library_host = Listener::open("library", ports.next()?).await?;
        let userinfo = Listener::open("userinfo", ports.next()?).await?;
        let urls = Urls {
            accounts: accounts.url(),
            oauth2: oauth2.url(),
            library: library_host.url(),
            userinfo: userinfo.url(),
        };

        let mut world = World::new(shared.seed);
        fill(&mut world, library, shared.clock.now()).await?;
        let receiver = Receiver::new(state_dir.join("google-bodies"), discard);
        let google = Arc::new(Google::new(shared, state_dir.clone(), urls, receiver, world, switches));
        let serve = |listener: Listener, name, router, operation_of, error_body| {
            let spec = OriginSpec {
                name,
                port: None,
                router,
                operation_of,
                error_body,
            };
            listener.serve(spec, Arc::clone(&google.shared))
        };
        let share = || Arc::clone(&google);
        let origins = vec![
            serve(
                accounts,
                "accounts",
                service::accounts_router(share()),
                routes::identity_operation,
                service::page_error,
            ),
            serve(
                oauth2,
                "oauth2",
                service::oauth2_router(share()),
                routes::identity_operation,
                service::oauth_failure,
            ),
            serve(
                library_host,
                "library",
                service::library_router(share()),
                routes::library_operation,
                service::library_error,
            ),
            serve(
                userinfo,
                "userinfo",
                service::userinfo_router(share()),
                routes::identity_operation,
                service::oauth_failure,
            ),
        ];
        let (client_secret, token) = credentials::write(&google, &state_dir)?;
        Ok(Self {
            google,
            origins,
            client_secret,
            token,
        })
    }

    /// The stand-in as control routes see it.
    pub fn service(&self) -> Arc<dyn Service> {
        Arc::clone(&self.google) as Arc<dyn Service>
    }

    /// The environment variables with which photomove reaches this stand-in, signed in.
    pub fn env(&self) -> BTreeMap<String, String> {
        let Urls {
            oauth2,
            library,
            userinfo,
            ..
        } = &self.google.urls;
        [
            (
                "PHOTOMOVE_GOOGLE_CLIENT_SECRET",
                self.client_secret.display().to_string(),
            ),
            ("PHOTOMOVE_GOOGLE_TOKEN", self.token.display().to_string()),
            ("PHOTOMOVE_GOOGLE_LIBRARY_URL", library.clone()),
            ("PHOTOMOVE_GOOGLE_USERINFO_URL", format!("{userinfo}/v1/userinfo")),
            ("PHOTOMOVE_GOOGLE_REVOKE_URL", format!("{oauth2}/revoke")),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// Names and base URLs of the listeners.
    pub fn origins(&self) -> BTreeMap<String, String> {
        urls(&self.origins)
    }

    /// Base URL of the Library host, without a path.
    pub fn library_url(&self) -> &str {
        &self.google.urls.library
    }

    /// Base URL of the host with the sign-in page, without a path.
    pub fn accounts_url(&self) -> &str {
        &self.google.urls.accounts
    }

    /// Base URL of the token host, without a path.
    pub fn oauth2_url(&self) -> &str {
        &self.google.urls.oauth2
    }

    /// Base URL of the host that tells who is signed in, without a path.
    pub fn userinfo_url(&self) -> &str {
        &self.google.urls.userinfo
    }

    /// The clock of this stand-in.
    pub fn clock(&self) -> &SimClock {
        &self.google.shared.clock
    }

    /// Numbers over all requests so far.
    pub fn counters(&self) -> Counts {
        self.google.shared.counters.counts()
    }

    /// The settings, to be changed while the stand-in runs. Let go of the guard before the next request.
    pub fn switches(&self) -> MutexGuard<'_, GoogleSwitches> {
        self.google.switches_mut()
    }

    /// Changes what the sign-in page does.
    pub fn set_consent(&self, mode: ConsentMode) {
        self.switches().consent = mode;
    }

    /// Everything in the libraries of all accounts, in order of creation; what lies in the trash is left out.
    pub fn library(&self) -> Vec<StoredItem> {
        let world = self.google.world();
        let mut titles = service::titles_by_item(&world);
        let app = world.app();
        let live = world.items.iter().filter(|item| !item.trashed);
        live.map(|item| StoredItem {
            id: item.id.clone(),
            name: item.name.clone(),
            size: item.stored.size,
            md5: item.stored.hashes.md5_hex(),
            sha1: item.stored.hashes.sha1_hex(),
            albums: titles.remove(&item.id).unwrap_or_default(),
            description: item.description.clone(),
            app_created: item.creator == app,
            owner: world.accounts[item.account].email.clone(),
        })
        .collect()
    }

    /// All albums in order of creation; deleted ones are left out.
    pub fn albums(&self) -> Vec<StoredAlbum> {
        let world = self.google.world();
        let app = world.app();
        let live = world.albums.iter().filter(|album| !album.deleted);
        live.map(|album| StoredAlbum {
            id: album.id.clone(),
            title: album.title.clone(),
            items: album.item_ids().map(str::to_owned).collect(),
            app_created: album.creator == app,
        })
        .collect()
    }

    /// The body of an item; fails to be read where bodies are discarded.
    pub fn body(&self, id: &str) -> Option<Blob> {
        let world = self.google.world();
        world
            .items
            .iter()
            .find(|item| item.id == id)
            .map(|item| item.stored.blob.clone())
    }

    /// How many times a refresh token was presented.
    pub fn refresh_count(&self) -> u64 {
        self.google.world().refreshes
    }

    /// Requests that the project has used up of its present day.
    pub fn requests_today(&self) -> u32 {
        let (now, switches) = (self.google.now(), self.google.switches());
        self.google.world().quotas.requests_today(now, &switches)
    }

    /// Ends every access token at once, before its time.
    pub fn expire_access_tokens(&self) {
        self.google.world().access.clear();
    }

    /// Ends every access and refresh token, as when the person takes the app's access away.
    pub fn revoke_refresh(&self) {
        let mut world = self.google.world();
        world.access.clear();
        world.refresh.clear();
    }

    /// The uploads in several requests, oldest first, as the control route `uploads` gives them.
    pub fn uploads(&self) -> Vec<Value> {
        self.google.sessions.lines()
    }

    /// Signs the first account in with just these scopes (full URLs, `openid`, `email`) and returns the access token.
    pub fn access_token(&self, scopes: &[&str]) -> String {
        self.access_token_of(0, scopes)
    }

    /// Deletes the OAuth client and makes one of another project, which sees nothing of what the first one made. Its file
    /// takes the place of the old one's, and its path is returned.
    ///
    /// # Errors
    /// [`SimError`] if the file cannot be written.
    pub fn new_project(&self) -> Result<PathBuf, SimError> {
        self.google.world().new_project();
        credentials::write_client(&self.google)
    }

    /// Signs the first account in with just these scopes and returns what the token endpoint would answer.
    pub fn token_reply(&self, scopes: &[&str]) -> Value {
        let scopes = scopes.iter().filter_map(|name| scopes::canonical(name)).collect();
        let (now, switches) = (self.google.now(), self.google.switches());
        let tokens = identity::sign_in(&mut self.google.world(), now, &switches, 0, scopes, true);
        serde_json::to_value(tokens).unwrap_or_default()
    }

    /// Adds an account and returns an access token of it with these scopes.
    pub fn add_account(&self, email: &str, scopes: &[&str]) -> String {
        let account = {
            let mut world = self.google.world();
            let sub = format!("2{:020}", world.accounts.len());
            world.accounts.push(Account {
                sub,
                email: email.to_owned(),
                storage_limit: None,
            });
            world.accounts.len() - 1
        };
        self.access_token_of(account, scopes)
    }

    fn access_token_of(&self, account: AccountIndex, scopes: &[&str]) -> String {
        let scopes = scopes.iter().filter_map(|name| scopes::canonical(name)).collect();
        let (now, switches) = (self.google.now(), self.google.switches());
        identity::sign_in(&mut self.google.world(), now, &switches, account, scopes, false).access_token
    }

    /// Puts an item into the first account's library that the app did not create, and returns its id.
    pub fn preload_phone_item(&self, bytes: impl Into<Bytes>, name: &str) -> String {
        let bytes: Bytes = bytes.into();
        let details = Details::read(&bytes, true);
        let mime = details
            .format
            .map_or("application/octet-stream", |format| format.mime)
            .to_owned();
        let (size, hashes) = (bytes.len() as u64, Hashes::of(&bytes));
        let stored = Arc::new(Stored {
            blob: Blob::memory(bytes),
            size,
            hashes,
            details,
        });
        let created = self.google.now();
        let mut world = self.google.world();
        let (creator, description) = (Creator::Person, String::new());
        let new = NewItem {
            account: 0,
            creator,
            stored,
            name: name.to_owned(),
            description,
            mime,
            created,
            favorite: false,
        };
        let at = world.add_item(new);
        world.items[at].id.clone()
    }

    /// Adds an album that the app did not create, and returns its id.
    pub fn preload_foreign_album(&self, title: &str) -> String {
        let mut world = self.google.world();
        let at = world.add_album(0, Creator::Person, title.to_owned());
        world.albums[at].id.clone()
    }

    /// Deletes an album, as a person does in the app; its items stay. Returns whether it was there.
    pub fn delete_album(&self, id: &str) -> bool {
        let mut world = self.google.world();
        world.changes += 1;
        let found = world.albums.iter_mut().find(|album| album.id == id && !album.deleted);
        found.map(|album| album.deleted = true).is_some()
    }

    /// Moves an item to the trash, as a person does in the app. Returns whether it was there.
    pub fn trash_item(&self, id: &str) -> bool {
        let mut world = self.google.world();
        world.changes += 1;
        world
            .item_mut(id)
            .filter(|item| !item.trashed)
            .map(|item| item.trashed = true)
            .is_some()
    }

    /// Limits what the first account may store, in bytes over everything it holds; `None` is no limit.
    pub fn set_storage_limit(&self, bytes: Option<u64>) {
        self.google.world().accounts[0].storage_limit = bytes;
    }

    /// Writes the OAuth client's secret and a freshly signed-in token to a folder (mode 0600 where there are modes).
    ///
    /// Returns the paths of the two files. The secret names this stand-in's addresses; the token has the three Library
    /// scopes, `openid` and `email`, and expires by this stand-in's clock.
    ///
    /// # Errors
    /// [`SimError::Io`] if the folder cannot be written.
    pub fn write_credentials(&self, dir: &Path) -> Result<(PathBuf, PathBuf), SimError> {
        credentials::write(&self.google, dir)
    }

    /// Closes the listeners.
    pub async fn shutdown(self) {
        for origin in self.origins {
            origin.shutdown().await;
        }
    }
}

/// Takes over a library as if the app had uploaded it earlier; identical bytes are one item, as at the real service.
async fn fill(world: &mut World, library: Library, now: Timestamp) -> Result<(), SimError> {
    let app = world.app();
    let albums: Vec<usize> = library
        .albums
        .into_iter()
        .map(|album| world.add_album(0, app.clone(), album.title))
        .collect();
    for item in library.items {
        let read = |source| SimError::io("read", &item.name, source);
        let hashes = item.blob.hashes().await.map_err(read)?;
        let format = sniff::sniff(&item.blob.head(sniff::HEAD_BYTES).await.map_err(read)?);
        let at = match world.item_of(0, &hashes.sha1) {
            Some(at) => at,
            None => {
                let details = Details::from_facts(&item.facts, format);
                let stored = Arc::new(Stored {
                    size: item.blob.len(),
                    blob: item.blob,
                    hashes,
                    details,
                });
                world.add_item(NewItem {
                    account: 0,
                    creator: app.clone(),
                    stored,
                    name: item.name,
                    description: item.description.unwrap_or_default(),
                    mime: format.map_or(item.content_type, |format| format.mime.to_owned()),
                    created: now,
                    favorite: item.favorite,
                })
            }
        };
        let id = world.items[at].id.clone();
        for album in item.albums.iter().filter_map(|index| albums.get(*index)) {
            albums::insert(
                &mut world.albums[*album],
                vec![Entry::Item(id.clone())],
                &world::Position::Last,
            );
        }
    }
    Ok(())
}
