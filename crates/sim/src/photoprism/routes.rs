//! Which handler answers which address.
//!
//! A route is a row of a table: method, pattern, operation, handler. In patterns `:name` is one part of the path and
//! `*name` is all the rest, also nothing. Patterns are relative to the base path. The tables of the parts of the API stand
//! beside their handlers and are joined in [`TABLES`].
//!
//! A handler of JSON calls is `fn(&mut World, &Call) -> Answer`: the body has been read, the world is locked, and `?` ends
//! it with a [`Refusal`](super::reply::Refusal). Where bodies stream or time passes it is an `async` function instead:
//!
//! ```text
//! pub(crate) const ROUTES: &[Route] = &[
//!     Route::json("GET", "/api/v1/photos/:uid", "photo_get", get),
//!     Route::streaming("POST", "/api/v1/users/:uid/upload/:token", "upload", |incoming| Box::pin(upload(incoming))),
//! ];
//!
//! fn get(world: &mut World, call: &Call) -> Answer {
//!     world.authorize(call, Resource::Photos, &[Action::View])?;
//!     let photo = world.photo(&call.uid("uid")).ok_or_else(Refusal::not_found)?;
//!     Ok(Reply::indented(&wire::photo(world, photo, call.switches.generation)))
//! }
//!
//! async fn upload(incoming: Incoming) -> Answer {
//!     let grant = incoming.server.world().authorize(&incoming.call, Resource::Files, &[Action::Upload])?;
//!     // read incoming.body as a stream; lock the world only between awaits
//! }
//! ```
//!
//! Operations are those of [`OPERATIONS`](super::OPERATIONS); a new one is added there.

use std::sync::Arc;

use axum::body::Body;
use axum::http::request::Parts;
use futures_util::future::BoxFuture;

use super::reply::Answer;
use super::request::Call;
use super::service::PhotoPrism;
use super::world::World;
use super::{ingest, library, server, sign_in};

/// All routes.
const TABLES: &[&[Route]] = &[sign_in::ROUTES, server::ROUTES, library::ROUTES, ingest::ROUTES];

/// A call whose handler reads the body itself.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) server: Arc<PhotoPrism>,
    pub(crate) call: Call,
    /// Method, address and extensions of the request, for upgrades.
    pub(crate) parts: Parts,
    pub(crate) body: Body,
}

/// How a route is answered.
#[derive(Clone, Copy)]
pub(crate) enum Act {
    Json(fn(&mut World, &Call) -> Answer),
    Streaming(fn(Incoming) -> BoxFuture<'static, Answer>),
}

/// One row of a table.
pub(crate) struct Route {
    pub(crate) method: &'static str,
    pub(crate) pattern: &'static str,
    pub(crate) operation: &'static str,
    pub(crate) act: Act,
}

impl Route {
    /// A call whose body is read before the handler gets it.
    pub(crate) const fn json(
        method: &'static str,
        pattern: &'static str,
        operation: &'static str,
        handler: fn(&mut World, &Call) -> Answer,
    ) -> Self {
        Self {
            method,
            pattern,
            operation,
            act: Act::Json(handler),
        }
    }

    /// A call whose handler reads the body itself, or takes its time.
    pub(crate) const fn streaming(
        method: &'static str,
        pattern: &'static str,
        operation: &'static str,
        handler: fn(Incoming) -> BoxFuture<'static, Answer>,
    ) -> Self {
        Self {
            method,
            pattern,
            operation,
            act: Act::Streaming(handler),
        }
    }
}

/// The route of a call with the named parts of the path.
pub(crate) fn find(method: &str, path: &str) -> Option<(&'static Route, Vec<(&'static str, String)>)> {
    all()
        .filter(|route| route.method == method)
        .find_map(|route| Some((route, matched(route.pattern, path)?)))
}

/// Every route.
pub(crate) fn all() -> impl Iterator<Item = &'static Route> {
    TABLES.iter().copied().flatten()
}

fn matched(pattern: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
    let mut params = Vec::new();
    let mut rest = path;
    for part in pattern.split('/').skip(1) {
        rest = rest.strip_prefix('/')?;
        if let Some(name) = part.strip_prefix('*') {
            params.push((name, rest.to_owned()));
            return Some(params);
        }
        let (own, after) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        match part.strip_prefix(':') {
            Some(name) if !own.is_empty() => params.push((name, own.to_owned())),
            None if own == part => {}
            _ => return None,
        }
        rest = after;
    }
    rest.is_empty().then_some(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_paths() {
        assert_eq!(
            matched("/api/v1/photos/:uid", "/api/v1/photos/p1"),
            Some(vec![("uid", "p1".to_owned())])
        );
        assert_eq!(matched("/api/v1/photos/:uid", "/api/v1/photos/p1/"), None);
        assert_eq!(matched("/api/v1/photos/:uid", "/api/v1/photos/"), None);
        assert_eq!(
            matched("/import/*path", "/import/a/b"),
            Some(vec![("path", "a/b".to_owned())])
        );
        assert_eq!(
            matched("/import/*path", "/import/"),
            Some(vec![("path", String::new())])
        );
        assert_eq!(matched("/import/*path", "/import"), None);
    }

    #[test]
    fn every_operation_is_known_and_every_known_one_has_a_route() {
        for route in all() {
            assert!(
                super::super::OPERATIONS.contains(&route.operation),
                "{}",
                route.operation
            );
        }
    }

    #[test]
    fn no_route_stands_twice() {
        let mut seen = std::collections::HashSet::new();
        for route in all() {
            assert!(
                seen.insert((route.method, route.pattern)),
                "{} {}",
                route.method,
                route.pattern
            );
        }
    }
}
