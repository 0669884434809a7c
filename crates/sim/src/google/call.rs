//! One call of the Library API's JSON methods: what stands before the method, the method, and its reply.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Uri};
use serde::Serialize;
use serde_json::Value;

use super::create::{Circumstances, batch_create};
use super::proto::{Query, parse_body};
use super::reply::{ApiError, Reply, json_reply};
use super::routes::Route;
use super::scopes::{APPEND, EDIT};
use super::service::{Google, JSON_BYTES};
use super::switches::GoogleSwitches;
use super::world::{AccountIndex, Grant};
use super::{albums, identity, items, mask, scopes};

/// One call of the JSON methods.
pub(super) struct Call<'a> {
    pub(super) google: &'a Arc<Google>,
    pub(super) route: &'a Route,
    pub(super) query: &'a Query,
    pub(super) switches: &'a GoogleSwitches,
    pub(super) headers: &'a HeaderMap,
    pub(super) uri: &'a Uri,
}

impl Call<'_> {
    pub(super) async fn answer(&self, method: &Method, body: Body) -> Result<Reply, ApiError> {
        let grant = admit(self.google, self.route, self.switches, self.headers, self.uri)?;
        let _lane = if self.route.writes() {
            Some(Lane::enter(self.google, self.switches, grant.account)?)
        } else {
            None
        };
        let body = to_bytes(body, JSON_BYTES)
            .await
            .map_err(|_| ApiError::invalid("Request payload size exceeds the limit."))?;
        let body = if method == Method::GET {
            None
        } else {
            parse_body(&body)?
        };
        let (status, reply) = self.act(&grant, body.as_ref())?;
        if self.route.writes() {
            tokio::time::sleep(self.switches.write_takes).await;
        }
        let reply = match self.query.get("fields").or_else(|| self.query.get("$fields")) {
            Some(mask) if !mask.is_empty() => mask::apply(mask, reply)?,
            _ => reply,
        };
        Ok(json_reply(
            status,
            &reply,
            self.query.get("prettyPrint") != Some("false"),
        ))
    }

    fn act(&self, grant: &Grant, body: Option<&Value>) -> Result<(u16, Value), ApiError> {
        let at = Circumstances {
            account: grant.account,
            now: self.google.now(),
            switches: self.switches,
            bytes_url: &self.google.urls.library,
        };
        let (query, world) = (self.query, &mut *self.google.world());
        let writeable = scopes::any(&grant.scopes, &[APPEND, EDIT]);
        let body_only = |query: &Query| query.only(&[]);
        Ok((
            200,
            match self.route {
                Route::BatchCreate => {
                    body_only(query)?;
                    let (status, reply) = batch_create(world, body, at)?;
                    return Ok((status, value(&reply)?));
                }
                Route::Search => value(&items::search(world, body, at)?)?,
                Route::List => value(&items::list(world, query, at)?)?,
                Route::Get(id) => value(&items::get(world, id, query, at)?)?,
                Route::BatchGet => value(&items::batch_get(world, query, at)?)?,
                Route::PatchItem(id) => value(&items::patch(world, id, query, body, at)?)?,
                Route::AlbumCreate => value(&albums::create(world, body, at)?)?,
                Route::AlbumList => value(&albums::list(world, query, writeable, at)?)?,
                Route::AlbumGet(id) => value(&albums::get(world, id, query, writeable, at)?)?,
                Route::AlbumPatch(id) => value(&albums::patch(world, id, query, body, at)?)?,
                Route::AlbumAdd(id) => albums::add_items(world, id, body, at)?,
                Route::AlbumRemove(id) => albums::remove_items(world, id, body, at)?,
                Route::Enrichment(id) => albums::add_enrichment(world, id, body, at)?,
                // Refused before, by the scopes that none can have.
                Route::Sharing(rpc) => return Err(ApiError::missing_scope(rpc)),
                Route::Upload | Route::UploadSession => return Err(ApiError::new(500, "Internal error encountered.")),
            },
        ))
    }
}

fn value(reply: &impl Serialize) -> Result<Value, ApiError> {
    serde_json::to_value(reply).map_err(|_| ApiError::new(500, "Internal error encountered."))
}

/// Everything between the door and the method: token, API switch, daily quota, scopes, account policy, write quota.
pub(super) fn admit(
    google: &Google,
    route: &Route,
    switches: &GoogleSwitches,
    headers: &HeaderMap,
    uri: &Uri,
) -> Result<Grant, ApiError> {
    let now = google.now();
    let world = &mut *google.world();
    let grant = identity::caller(world, now, headers, uri.query()).ok_or_else(ApiError::unauthenticated)?;
    let project = world.client.project_number.clone();
    if !switches.api_enabled {
        return Err(ApiError::api_not_enabled(&project));
    }
    world.quotas.take_request(now, switches, &project)?;
    if !scopes::any(&grant.scopes, route.scopes()) {
        return Err(ApiError::missing_scope(route.rpc()));
    }
    if !switches.photos_enabled {
        return Err(ApiError::new(403, "Google Photos is disabled for the user"));
    }
    if route.writes() || (*route == Route::Upload && switches.uploads_count_as_writes) {
        world.quotas.take_write(now, switches, grant.account, &project)?;
    }
    Ok(grant)
}

/// The write lane of an account, held until dropped: also when the client goes away in the middle.
struct Lane {
    google: Arc<Google>,
    account: AccountIndex,
}

impl Lane {
    fn enter(google: &Arc<Google>, switches: &GoogleSwitches, account: AccountIndex) -> Result<Option<Self>, ApiError> {
        if !switches.one_write_at_a_time {
            return Ok(None);
        }
        let now = google.now();
        google.world().quotas.enter_lane(now, account)?;
        Ok(Some(Self {
            google: Arc::clone(google),
            account,
        }))
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        let hold = self.google.switches_mut().hold_write_lane;
        let now = self.google.now();
        self.google.world().quotas.leave_lane(now, self.account, hold);
    }
}
