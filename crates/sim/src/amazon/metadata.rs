//! The metadata host: `/drive/v1/…`, the token helper and the sign-in page.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State as Extract};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Map, Value, json};

use crate::seeded::mix;

use super::filter::Filter;
use super::listing::{PageError, PageRules, Sort, Window, listing_id, token, window};
use super::node::{View, date_text, render};
use super::reply;
use super::session::{Host, Verdict};
use super::state::State;
use super::switches::{RedirectTarget, TempLinkForm, TokenRule};
use super::world::{Kind, NodeIndex, World};

pub(super) type Parameters = HashMap<String, String>;

pub(super) fn router(state: Arc<State>) -> Router {
    let gated = Router::new()
        .route("/drive/v1/nodes", get(nodes))
        .route("/drive/v1/nodes/", get(nodes))
        .route("/drive/v1/nodes/{id}", get(node))
        .route("/drive/v1/nodes/{id}/children", get(children))
        .route("/drive/v1/nodes/{id}/contentRedirection", get(content_redirection))
        .route("/drive/v1/search", get(super::search::search))
        .route("/drive/v1/search/aggregation", get(super::search::aggregation))
        .route("/drive/v1/account/usage", get(usage))
        .route("/drive/v1/account/quota", get(quota))
        .route("/drive/v1/account/info", get(info))
        .route("/drive/v1/account/endpoint", get(endpoint))
        .route_layer(middleware::from_fn_with_state(Arc::clone(&state), gate));
    Router::new()
        .merge(gated)
        .route("/photos/auth/token", get(access_token))
        .route("/ap/signin", get(sign_in))
        .route(super::renewal::PATH, post(super::renewal::renew))
        .with_state(state)
}

/// Names the operation of a request by its path.
pub(super) fn operation_of(parts: &Parts) -> &'static str {
    if parts.method == "POST" && parts.uri.path() == super::renewal::PATH {
        return "renewal";
    }
    if parts.method != "GET" && parts.method != "HEAD" {
        return crate::origin::UNKNOWN;
    }
    let path = parts.uri.path().trim_end_matches('/');
    let Some(route) = path.strip_prefix("/drive/v1/") else {
        return match path {
            "/photos/auth/token" => "token",
            "/ap/signin" => "sign_in",
            _ => crate::origin::UNKNOWN,
        };
    };
    match route.split('/').collect::<Vec<_>>()[..] {
        ["nodes"] => "list",
        ["nodes", _] => "get",
        ["nodes", _, "children"] => "children",
        ["nodes", _, "contentRedirection"] => "redirect",
        ["search"] => "search",
        ["search", "aggregation"] => "aggregation",
        ["account", "usage"] => "usage",
        ["account", "quota"] => "quota",
        ["account", "info"] => "info",
        ["account", "endpoint"] => "endpoint",
        _ => crate::origin::UNKNOWN,
    }
}

async fn gate(Extract(state): Extract<Arc<State>>, request: Request<axum::body::Body>, next: Next) -> Response {
    if let Err(refusal) = state.admit(request.headers()) {
        return *refusal;
    }
    let query = request.uri().query().unwrap_or_default();
    let versioned =
        url::form_urlencoded::parse(query.as_bytes()).any(|(name, value)| name == "resourceVersion" && value == "V2");
    let about_nodes = request.uri().path().starts_with("/drive/v1/nodes");
    if state.switches.strict && about_nodes && !versioned {
        return state.not_found("Node not found for ResourceVersion V1");
    }
    let mut answer = next.run(request).await;
    for cookie in state.sessions.set_cookies() {
        if let Ok(value) = HeaderValue::from_str(&cookie) {
            answer.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    answer
}

async fn nodes(Extract(state): Extract<Arc<State>>, Query(query): Query<Parameters>) -> Response {
    let world = state.world();
    let everything = || (0..world.nodes.len() as NodeIndex).collect();
    state.list(&world, "/nodes", everything, &query).await
}

async fn children(
    Extract(state): Extract<Arc<State>>,
    Path(id): Path<String>,
    Query(query): Query<Parameters>,
) -> Response {
    let world = state.world();
    match world.find(&id) {
        Some(index) => {
            let members = || world.node(index).members.clone();
            state.list(&world, &id, members, &query).await
        }
        None => state.no_such_node(&id),
    }
}

async fn node(
    Extract(state): Extract<Arc<State>>,
    Path(id): Path<String>,
    Query(query): Query<Parameters>,
) -> Response {
    let world = state.world();
    let Some(index) = world.find(&id) else {
        return state.no_such_node(&id);
    };
    match state.learn_hashes(&world, &[index]).await {
        Ok(()) => reply::json_ok(&state.render(&world, index, &state.view(&query))),
        Err(error) => error,
    }
}

async fn content_redirection(
    Extract(state): Extract<Arc<State>>,
    Path(id): Path<String>,
    Query(query): Query<Parameters>,
) -> Response {
    let world = state.world();
    let Some(index) = state.own_file(&world, &id, &query) else {
        return state.no_such_node(&id);
    };
    let token = state.link_token(&world, index);
    let suffix = query.get("querySuffix").map_or("", String::as_str);
    let target = match state.switches.redirect_target {
        RedirectTarget::Cookies | RedirectTarget::Open => {
            format!("{}/cdproxy/templink/{token}{suffix}", state.urls.content)
        }
        RedirectTarget::PreSigned => {
            let more = suffix.replacen('?', "&", 1);
            super::storage::signed_url(&state, &token) + &more
        }
    };
    reply::redirect(state.switches.redirect_status, &target)
}

async fn usage(Extract(state): Extract<Arc<State>>) -> Response {
    let number = |value: u64| {
        if state.switches.usage_as_strings {
            json!(value.to_string())
        } else {
            json!(value)
        }
    };
    let mut totals = [("other", 0, 0), ("doc", 0, 0), ("photo", 0, 0), ("video", 0, 0)];
    for (node, file) in state.world().files().filter(|(node, _)| !node.trashed) {
        let category = match file.content_type.split('/').next() {
            Some("image") => 2,
            Some("video") => 3,
            Some("text") => 1,
            _ if node.extension().eq_ignore_ascii_case("pdf") => 1,
            _ => 0,
        };
        totals[category].1 += file.blob.len();
        totals[category].2 += 1;
    }
    let mut out = Map::from_iter([("lastCalculated".to_owned(), json!(date_text(state.now_ms())))]);
    for (name, bytes, count) in totals {
        let size = |bytes, count| json!({ "bytes": number(bytes), "count": number(count) });
        // With Prime, photos are free.
        let billable = if name == "photo" {
            size(0, 0)
        } else {
            size(bytes, count)
        };
        out.insert(
            name.to_owned(),
            json!({ "total": size(bytes, count), "billable": billable }),
        );
    }
    reply::json_ok(&Value::Object(out))
}

async fn quota(Extract(state): Extract<Arc<State>>) -> Response {
    const QUOTA: u64 = 5_368_709_120;
    let used: u64 = state
        .world()
        .files()
        .filter(|(node, _)| !node.is_type("image/"))
        .map(|(_, file)| file.blob.len())
        .sum();
    reply::json_ok(&json!({
        "quota": QUOTA,
        "lastCalculated": date_text(state.now_ms()),
        "available": QUOTA.saturating_sub(used),
    }))
}

async fn info() -> Response {
    reply::json_ok(&json!({ "termsOfUse": "1.0.0", "status": "ACTIVE" }))
}

async fn endpoint(Extract(state): Extract<Arc<State>>) -> Response {
    if !state.switches.account_endpoint {
        return reply::gateway_error(StatusCode::FORBIDDEN, "Not Registered");
    }
    reply::json_ok(&json!({
        "customerExists": true,
        "contentUrl": format!("{}/cdproxy/", state.urls.content),
        "metadataUrl": format!("{}/drive/v1/", state.urls.metadata),
        "uploadServiceUrl": format!("{}/", state.urls.content),
    }))
}

async fn access_token(Extract(state): Extract<Arc<State>>, headers: HeaderMap) -> Response {
    let verdict = state
        .sessions
        .judge(&headers, false, Host::Metadata, &state.shared.clock);
    // A page, not part of the API: whoever is not signed in is sent to the sign-in page.
    if verdict != Verdict::Welcome {
        return reply::redirect(302, &state.sign_in_url());
    }
    let (token, life_s) = state.sessions.token(&state.shared.clock);
    reply::json_ok(&json!({ "access_token": token, "duration": life_s.to_string() }))
}

async fn sign_in() -> Response {
    reply::sign_in_page()
}

impl State {
    fn not_found(&self, message: &str) -> Response {
        reply::service_error(StatusCode::NOT_FOUND, self.logref(), message, "NODE_NOT_FOUND")
    }

    pub(super) fn no_such_node(&self, id: &str) -> Response {
        self.not_found(&format!("Node not found with id {id}"))
    }

    pub(super) fn bad_request(&self, message: &str) -> Response {
        reply::service_error(StatusCode::BAD_REQUEST, self.logref(), message, "")
    }

    /// A file of this account; `ownerId` may be left out for one's own.
    pub(super) fn own_file(&self, world: &World, id: &str, query: &Parameters) -> Option<NodeIndex> {
        let own = query.get("ownerId").is_none_or(|owner| *owner == world.owner);
        world
            .find(id)
            .filter(|index| own && world.node(*index).kind == Kind::File)
    }

    pub(super) fn view(&self, query: &Parameters) -> View {
        let is = |name: &str, value: &str| query.get(name).is_some_and(|text| text == value);
        View {
            assets: is("asset", "ALL"),
            temp_links: is("tempLink", "true"),
        }
    }

    pub(super) fn render(&self, world: &World, index: NodeIndex, view: &View) -> Value {
        let node = world.node(index);
        let link = (view.temp_links && node.kind == Kind::File).then(|| match self.switches.temp_link {
            TempLinkForm::Node => format!("{}/cdproxy/nodes/{}", self.urls.content, node.id),
            TempLinkForm::Token => format!(
                "{}/cdproxy/templink/{}",
                self.urls.content,
                self.link_token(world, index)
            ),
        });
        render(world, node, &self.switches, view, link)
    }

    /// Answers a listing of `/nodes` or of one node's children.
    async fn list(
        &self,
        world: &World,
        scope: &str,
        candidates: impl FnOnce() -> Vec<NodeIndex>,
        query: &Parameters,
    ) -> Response {
        let text = |name: &str| query.get(name).map_or("", String::as_str);
        let filter = match Filter::parse(text("filters"), self.switches.md5_filter) {
            Ok(filter) => filter,
            Err(reason) => return self.bad_request(&format!("Invalid filter: {reason}")),
        };
        let sort = match query.get("sort").map(|sort| Sort::parse(sort, false)) {
            Some(None) => return self.bad_request(&format!("Invalid sort: {}", text("sort"))),
            sort => sort.flatten(),
        };
        let listing = listing_id(&format!("{} {scope}", world.owner), text("filters"), text("sort"));
        let page = match window(query, listing, self.page_rules(true)) {
            Ok(page) => page,
            Err(error) => return self.page_refused(error),
        };
        if text("filters").contains("md5") {
            let everything: Vec<_> = (0..world.nodes.len() as NodeIndex).collect();
            if let Err(error) = self.learn_hashes(world, &everything).await {
                return error;
            }
        }
        let found = self.results.get(listing ^ mix(world.edition), || {
            let mut nodes = candidates();
            nodes.retain(|index| filter.matches(world, world.node(*index)));
            if let Some(sort) = sort {
                sort.apply(world, &mut nodes);
            }
            nodes
        });
        let tokens = match self.switches.tokens {
            TokenRule::Always => true,
            TokenRule::Never => false,
            TokenRule::AssetAllAndTempLink => text("asset") == "ALL" && text("tempLink") == "true",
        };
        match self.page(world, &found, page, query, tokens.then_some(listing)).await {
            Ok(page) => reply::json_ok(&Value::Object(page)),
            Err(error) => error,
        }
    }

    pub(super) fn page_rules(&self, window: bool) -> PageRules {
        PageRules {
            window,
            refuse_large_limit: self.switches.refuse_large_limit,
            strict: self.switches.strict,
            token_life_ms: i64::try_from(self.switches.token_life.as_millis()).unwrap_or(i64::MAX),
            now_ms: self.now_ms(),
        }
    }

    pub(super) fn page_refused(&self, error: PageError) -> Response {
        match error {
            PageError::Bad(message) => self.bad_request(&message),
            PageError::TokenExpired => reply::token_expired(self.logref()),
        }
    }

    /// The envelope of a page; `listing` makes a token for the next one, never for requests that had an `offset`.
    pub(super) async fn page(
        &self,
        world: &World,
        found: &[NodeIndex],
        page: Window,
        query: &Parameters,
        listing: Option<u64>,
    ) -> Result<Map<String, Value>, Response> {
        let start = page.start.min(found.len());
        let end = (start + page.limit).min(found.len());
        self.learn_hashes(world, &found[start..end]).await?;
        let view = self.view(query);
        let data: Vec<_> = found[start..end]
            .iter()
            .map(|index| self.render(world, *index, &view))
            .collect();
        let mut out = Map::from_iter([
            ("count".to_owned(), json!(found.len())),
            ("data".to_owned(), json!(data)),
        ]);
        if let Some(listing) = listing.filter(|_| end < found.len() && !query.contains_key("offset")) {
            out.insert("nextToken".to_owned(), json!(token(listing, end, self.now_ms())));
        }
        Ok(out)
    }

    /// Takes the hashes that nodes name, where that was left until now: those of computed videos.
    async fn learn_hashes(&self, world: &World, nodes: &[NodeIndex]) -> Result<(), Response> {
        if !self.switches.video_md5 {
            return Ok(());
        }
        let files = nodes.iter().filter_map(|index| world.node(*index).file.as_ref());
        for file in files.filter(|file| !file.blob.is_quick_to_hash()) {
            if let Err(error) = file.blob.hashes().await {
                tracing::warn!(%error, "a video could not be hashed");
                let (status, message) = (StatusCode::INTERNAL_SERVER_ERROR, "Internal failure");
                return Err(reply::service_error(status, self.logref(), message, ""));
            }
        }
        Ok(())
    }
}
