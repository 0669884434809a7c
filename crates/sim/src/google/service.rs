//! The servers of the stand-in: one listener per host, all over one world.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::{any, get, post};
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::control::{Service, SessionCommand};
use crate::error::SimError;
use crate::library_change::LibraryCommand;
use crate::origin::{Shared, unknown_route};

use super::call::Call;
use super::consent;
use super::credentials;
use super::identity;
use super::proto::Query;
use super::receive::Receiver;
use super::reply::{Reply, oauth_error};
use super::resumable::{is_resumable, resumable};
use super::routes::Route;
use super::sessions::Sessions;
use super::switches::GoogleSwitches;
use super::token::{Form, revoke_token, token};
use super::upload::upload;
use super::world::{Entry, Stored, World};

/// Largest JSON request that is read.
pub(super) const JSON_BYTES: usize = 16 * 1024 * 1024;

/// Base URLs of the listeners.
#[derive(Debug, Clone)]
pub(super) struct Urls {
    pub(super) accounts: String,
    pub(super) oauth2: String,
    pub(super) library: String,
    pub(super) userinfo: String,
}

/// What all listeners of the stand-in share.
#[derive(Debug)]
pub(super) struct Google {
    pub(super) shared: Arc<Shared>,
    /// Where files of tokens go.
    pub(super) state_dir: PathBuf,
    pub(super) urls: Urls,
    pub(super) receiver: Receiver,
    pub(super) sessions: Sessions,
    world: Mutex<World>,
    switches: Mutex<GoogleSwitches>,
}

impl Google {
    pub(super) fn new(
        shared: Arc<Shared>,
        state_dir: PathBuf,
        urls: Urls,
        receiver: Receiver,
        world: World,
        switches: GoogleSwitches,
    ) -> Self {
        Self {
            shared,
            state_dir,
            urls,
            receiver,
            sessions: Sessions::default(),
            world: Mutex::new(world),
            switches: Mutex::new(switches),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn switches_mut(&self) -> MutexGuard<'_, GoogleSwitches> {
        self.switches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts bytes of an upload against the switch by which tokens die in the middle; whether they died just now.
    pub(super) fn tokens_die(&self, bytes: u64) -> bool {
        {
            let mut switches = self.switches_mut();
            let Some(left) = switches.tokens_die_after_bytes else {
                return false;
            };
            switches.tokens_die_after_bytes = left.checked_sub(bytes).filter(|left| *left > 0);
            if switches.tokens_die_after_bytes.is_some() {
                return false;
            }
        }
        self.world().access.clear();
        true
    }

    /// The switches as they are now; a request keeps them to its end.
    pub(super) fn switches(&self) -> GoogleSwitches {
        self.switches_mut().clone()
    }
}

type Shares = State<Arc<Google>>;

/// Routes of the host with the sign-in pages.
pub(super) fn accounts_router(google: Arc<Google>) -> Router {
    Router::new()
        .route("/o/oauth2/auth", get(authorize))
        .route("/o/oauth2/v2/auth", get(authorize))
        .route(consent::DECISION_PATH, get(decide))
        .route("/.well-known/openid-configuration", get(openid_configuration))
        .with_state(google)
}

/// Routes of the host for tokens.
pub(super) fn oauth2_router(google: Arc<Google>) -> Router {
    Router::new()
        .route("/token", post(exchange))
        .route("/revoke", post(revoke))
        .with_state(google)
}

/// Routes of the host that tells who is signed in.
pub(super) fn userinfo_router(google: Arc<Google>) -> Router {
    Router::new().route("/v1/userinfo", get(userinfo)).with_state(google)
}

/// Routes of the Library API.
pub(super) fn library_router(google: Arc<Google>) -> Router {
    Router::new().route("/v1/{*rest}", any(library)).with_state(google)
}

/// What a fault plan's `status` is answered with at the Library host.
pub(super) fn library_error(status: StatusCode) -> (&'static str, String) {
    let message = match status.as_u16() {
        503 => "The service is currently unavailable.",
        _ => "Internal error encountered.",
    };
    let body = json!({ "error": { "code": status.as_u16(), "message": message, "status": super::reply::status_name(status.as_u16()) } });
    ("application/json; charset=UTF-8", format!("{body:#}\n"))
}

/// What a fault plan's `status` is answered with at the token host.
pub(super) fn oauth_failure(status: StatusCode) -> (&'static str, String) {
    let error = if status.is_server_error() {
        "internal_failure"
    } else {
        "invalid_request"
    };
    (
        "application/json; charset=utf-8",
        format!("{:#}", json!({ "error": error })),
    )
}

/// What a fault plan's `status` is answered with where a browser asks.
pub(super) fn page_error(status: StatusCode) -> (&'static str, String) {
    (
        "text/html; charset=UTF-8",
        format!("<!DOCTYPE html>\n<title>Error {0}</title>\n<p>{0}\n", status.as_u16()),
    )
}

async fn authorize(State(google): Shares, uri: Uri) -> Reply {
    let (query, switches, now) = (
        Query::parse(uri.query().unwrap_or_default()),
        google.switches(),
        google.now(),
    );
    consent::authorize(&mut google.world(), now, &switches, &query)
}

async fn decide(State(google): Shares, uri: Uri) -> Reply {
    let (query, now) = (Query::parse(uri.query().unwrap_or_default()), google.now());
    consent::decide(&mut google.world(), now, &query)
}

async fn openid_configuration(State(google): Shares) -> Reply {
    identity::openid_configuration(&google.urls)
}

async fn exchange(State(google): Shares, headers: HeaderMap, body: Body) -> Reply {
    let Ok(body) = to_bytes(body, JSON_BYTES).await else {
        return oauth_error(400, "invalid_request", "Bad Request");
    };
    let (switches, now) = (google.switches(), google.now());
    token(&mut google.world(), now, &switches, &headers, &Form::parse(&body))
}

async fn revoke(State(google): Shares, uri: Uri, body: Body) -> Reply {
    let Ok(body) = to_bytes(body, JSON_BYTES).await else {
        return oauth_error(400, "invalid_request", "Bad Request");
    };
    // The token may stand in the query as well; the body wins.
    let fields = [body.as_ref(), b"&", uri.query().unwrap_or_default().as_bytes()].concat();
    revoke_token(&mut google.world(), &Form::parse(&fields))
}

async fn userinfo(State(google): Shares, headers: HeaderMap, uri: Uri) -> Reply {
    let now = google.now();
    let world = google.world();
    let grant = identity::caller(&world, now, &headers, uri.query());
    identity::userinfo(&world, grant.as_ref())
}

async fn library(State(google): Shares, request: Request) -> Reply {
    let (parts, body) = request.into_parts();
    let Some(route) = Route::of(&parts.method, parts.uri.path()) else {
        return unknown_route(parts.method, parts.uri).await;
    };
    if route == Route::Upload {
        return match is_resumable(&parts) {
            true => resumable(&google, &parts, body).await,
            false => upload(&google, &parts, body).await,
        };
    }
    let query = Query::parse(parts.uri.query().unwrap_or_default());
    let switches = google.switches();
    let call = Call {
        google: &google,
        route: &route,
        query: &query,
        switches: &switches,
        headers: &parts.headers,
        uri: &parts.uri,
    };
    let answered = call.answer(&parts.method, body).await;
    answered.unwrap_or_else(|error| error.into_reply(switches.error_style, switches.retry_after_s))
}

impl Service for Google {
    fn name(&self) -> &'static str {
        "google"
    }

    fn operations(&self) -> &'static [&'static str] {
        super::OPERATIONS
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    fn library_lines(&self) -> BoxFuture<'_, Vec<Value>> {
        Box::pin(async { self.lines() })
    }

    fn album_lines(&self) -> Vec<Value> {
        let world = self.world();
        let live = world.albums.iter().filter(|album| !album.deleted);
        live.map(|album| json!({ "id": album.id, "title": album.title, "count": album.count() }))
            .collect()
    }

    fn upload_lines(&self) -> Vec<Value> {
        self.sessions.lines()
    }

    fn file_names(&self, _: &str, parts: &Parts, json: &[u8]) -> Vec<String> {
        self.names_of(parts, json)
    }

    fn other_item(&self, uri: &Uri) -> Option<Uri> {
        self.other_item_of(uri)
    }

    fn change_library(&self, command: LibraryCommand) -> BoxFuture<'_, Result<Value, SimError>> {
        Box::pin(async move {
            let only_removes = LibraryCommand {
                remove: command.remove.clone(),
                ..LibraryCommand::default()
            };
            if command != only_removes {
                return Err(SimError::Options(
                    "here only `remove` is possible: what else comes into this library, clients bring".to_owned(),
                ));
            }
            let mut world = self.world();
            let called = |world: &World, name: &String| {
                let found = world.items.iter().find(|item| item.name == *name && !item.trashed);
                let unknown = || SimError::Options(format!("there is no item `{name}`"));
                found.map(|item| item.id.clone()).ok_or_else(unknown)
            };
            let ids: Vec<_> = command
                .remove
                .iter()
                .map(|name| called(&world, name))
                .collect::<Result<_, _>>()?;
            for id in ids {
                if let Some(item) = world.item_mut(&id) {
                    item.trashed = true;
                }
            }
            world.changes += 1;
            Ok(json!({ "added": [] }))
        })
    }

    fn change_sessions(&self, command: &SessionCommand) -> Result<Value, SimError> {
        if command.renewable.is_some() || command.expire_after_requests.is_some() {
            return Err(SimError::Options(
                "`renewable` and `expire_after_requests` are about cookies, and this service has none".to_owned(),
            ));
        }
        {
            let mut world = self.world();
            if command.expire || command.revoke_refresh {
                world.access.clear();
            }
            if command.revoke_refresh {
                world.refresh.clear();
            }
        }
        if let Some(person) = command.switch_account {
            let email = {
                let mut world = self.world();
                let account = world.account_of(person);
                world.accounts[account].email.clone()
            };
            self.switches_mut().consent_account = Some(email);
        }
        if let Some(bytes) = command.expire_after_bytes {
            self.switches_mut().tokens_die_after_bytes = Some(bytes);
        }
        let client = match command.new_project {
            true => {
                self.world().new_project();
                Some(credentials::write_client(self)?)
            }
            false => None,
        };
        let file = match command.issue {
            Some(person) => Some(credentials::issue(self, person, command.to.as_deref())?),
            None => None,
        };
        Ok(json!({
            "expire": command.expire || command.revoke_refresh,
            "revoke_refresh": command.revoke_refresh,
            "client": client,
            "file": file,
        }))
    }
}

impl Google {
    fn lines(&self) -> Vec<Value> {
        let zone = self.switches().naive_zone;
        let world = self.world();
        let mut titles = titles_by_item(&world);
        let line = |item: &super::world::Item| {
            let Stored {
                size, hashes, details, ..
            } = &*item.stored;
            json!({
                "id": item.id,
                "name": item.name,
                "size": size,
                "md5": hashes.md5_hex(),
                "sha1": hashes.sha1_hex(),
                "albums": titles.remove(&item.id).unwrap_or_default(),
                "taken": details.taken_at(&zone).map(super::wire::timestamp),
                "description": item.description,
                "favorite": item.favorite,
                "state": if item.trashed { "trashed" } else { "available" },
            })
        };
        world.items.iter().map(line).collect()
    }
}

/// Titles of the albums of each item, in order of the albums' creation.
pub(super) fn titles_by_item(world: &World) -> HashMap<String, Vec<String>> {
    let mut titles: HashMap<String, Vec<String>> = HashMap::new();
    for album in world.albums.iter().filter(|album| !album.deleted) {
        for entry in album.entries() {
            if let Entry::Item(id) = entry {
                titles.entry(id.clone()).or_default().push(album.title.clone());
            }
        }
    }
    titles
}
