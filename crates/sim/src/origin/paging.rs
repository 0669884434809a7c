//! Listings that misbehave: repeated pages and tokens, empty pages, expired tokens, listings without an end.
//!
//! A page that is to come again gets a token of its own: the real one with `.again` and a number behind it. Whoever comes
//! with such a token is served as if it were the real one, so that the stand-in need not remember anything.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use bytes::Bytes;
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use crate::faults::{EndlessItems, Fault};

use super::answer::{Done, rewritten};

const AGAIN: &str = ".again";
/// Largest request that is read to find its page token.
const REQUEST_BYTES: usize = 16 * 1024 * 1024;

/// Words of one service's listings.
#[derive(Debug, Clone, Copy)]
struct Words {
    token: &'static str,
    next: &'static str,
    items: &'static [&'static str],
    /// Whether an empty list is left out of the answer.
    omits_empty: bool,
}

const AMAZON: Words = Words {
    token: "startToken",
    next: "nextToken",
    items: &["data"],
    omits_empty: false,
};
const GOOGLE: Words = Words {
    token: "pageToken",
    next: "nextPageToken",
    items: &["mediaItems", "albums"],
    omits_empty: true,
};

impl Default for Words {
    fn default() -> Self {
        AMAZON
    }
}

/// The page that a request asks for.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    words: Words,
    /// The token as the service knows it; empty for a first page.
    token: String,
    /// Whether it came with a token that this module made.
    again: bool,
    /// Whether it names a place in the listing instead of a token.
    by_offset: bool,
}

/// Finds out which page is asked for, and takes the mark of this module off its token.
pub(super) async fn asked(service: &str, parts: &mut Parts, body: Body) -> (Asked, Body) {
    let words = if service == "google" { GOOGLE } else { AMAZON };
    let mut asked = Asked {
        words,
        ..Asked::default()
    };
    let query: Vec<(String, String)> = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
        .into_owned()
        .collect();
    asked.by_offset = query.iter().any(|(name, _)| name == "offset");
    if let Some((_, token)) = query.iter().find(|(name, _)| name == words.token) {
        asked.take(token);
        if asked.again {
            let token = &asked.token;
            edit_query(&mut parts.uri, &query, |name, value| {
                if name != words.token {
                    Some(value.to_owned())
                } else {
                    Some(token.clone()).filter(|token| !token.is_empty())
                }
            });
        }
        return (asked, body);
    }
    // Google's search has its token in the body. Other bodies stream by: they may be long, and may break off.
    if parts.method != axum::http::Method::POST || !parts.uri.path().ends_with(":search") {
        return (asked, body);
    }
    let Ok(whole) = axum::body::to_bytes(body, REQUEST_BYTES).await else {
        return (asked, Body::empty());
    };
    let mut sent: Option<Map<String, Value>> = serde_json::from_slice(&whole).ok();
    if let Some(token) = sent.as_ref().and_then(|sent| sent.get(words.token)?.as_str()) {
        asked.take(token);
    }
    match &mut sent {
        Some(sent) if asked.again => {
            sent.insert(words.token.to_owned(), asked.token.clone().into());
            let text = Value::Object(std::mem::take(sent)).to_string();
            parts.headers.remove(axum::http::header::CONTENT_LENGTH);
            (asked, Body::from(text))
        }
        _ => (asked, Body::from(whole)),
    }
}

fn edit_query(uri: &mut Uri, query: &[(String, String)], change: impl Fn(&str, &str) -> Option<String>) {
    let mut out = form_urlencoded::Serializer::new(String::new());
    for (name, value) in query {
        if let Some(value) = change(name, value) {
            out.append_pair(name, &value);
        }
    }
    if let Ok(edited) = format!("{}?{}", uri.path(), out.finish()).parse() {
        *uri = edited;
    }
}

impl Asked {
    fn take(&mut self, token: &str) {
        match token.rsplit_once(AGAIN) {
            Some((real, number)) if number.parse::<u64>().is_ok() => (self.token, self.again) = (real.to_owned(), true),
            _ => self.token = token.to_owned(),
        }
    }

    /// Whether there is a token that a fault could use.
    pub(super) fn has_token(&self) -> bool {
        !self.token.is_empty()
    }

    /// Leads a request by offset to the page before, so that this comes again. `false` if there is nothing to change.
    pub(super) fn step_back(&self, parts: &mut Parts) -> bool {
        let query: Vec<(String, String)> = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect();
        let number = |wanted: &str| {
            let found = query.iter().find(|(name, _)| name == wanted);
            found.and_then(|(_, value)| value.parse::<u64>().ok())
        };
        let Some(offset) = number("offset").filter(|offset| *offset > 0) else {
            return false;
        };
        let before = offset.saturating_sub(number("limit").unwrap_or(200));
        edit_query(&mut parts.uri, &query, |name, value| {
            Some(if name == "offset" {
                before.to_string()
            } else {
                value.to_owned()
            })
        });
        true
    }

    /// Refuses the token as the service refuses an old one.
    pub(super) fn expired(&self) -> Response {
        let body = if self.words.omits_empty {
            json!({ "error": { "code": 400, "message": "Invalid page token.", "status": "INVALID_ARGUMENT" } })
        } else {
            json!({ "logref": "00000000-0000-0000-0000-000000000000", "message": "Next token is expired" })
        };
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = StatusCode::BAD_REQUEST;
        super::answer::set_header(
            &mut response,
            axum::http::header::CONTENT_TYPE,
            "application/json; charset=UTF-8",
        );
        response
    }

    /// Does the fault to the page; `number` makes tokens and ids that no other answer has.
    pub(super) async fn spoil(&self, response: Response, fault: &Fault, number: u64) -> Done {
        if response.status() != StatusCode::OK {
            return (response, false);
        }
        rewritten(response, |whole| {
            let mut page: Map<String, Value> = serde_json::from_slice(whole).ok()?;
            let done = match fault {
                Fault::RepeatToken => self.has_token() && self.set_next(&mut page, self.token.clone()),
                Fault::RepeatPage => self.by_offset || self.set_next(&mut page, self.again(number)),
                Fault::EmptyPage => self.empty(&mut page, number),
                Fault::EndlessListing { items } => self.never_end(&mut page, *items, number),
                _ => false,
            };
            done.then(|| Bytes::from(Value::Object(page).to_string()))
        })
        .await
    }

    fn again(&self, number: u64) -> String {
        format!("{}{AGAIN}{number}", self.token)
    }

    fn set_next(&self, page: &mut Map<String, Value>, token: String) -> bool {
        page.insert(self.words.next.to_owned(), token.into());
        true
    }

    fn clear(&self, page: &mut Map<String, Value>) -> bool {
        let mut had = false;
        for name in self.words.items {
            let Some(Value::Array(items)) = page.get_mut(*name) else {
                continue;
            };
            had |= !items.is_empty();
            if self.words.omits_empty {
                page.remove(*name);
            } else {
                items.clear();
            }
        }
        had
    }

    fn empty(&self, page: &mut Map<String, Value>, number: u64) -> bool {
        let had = self.clear(page);
        if !self.by_offset {
            self.set_next(page, self.again(number));
        }
        had
    }

    fn never_end(&self, page: &mut Map<String, Value>, items: EndlessItems, number: u64) -> bool {
        if self.by_offset {
            // There is no token by which to go on: the service claims that there is always more.
            page.insert("count".to_owned(), 1_000_000_000_u64.into());
            return true;
        }
        if page.get(self.words.next).is_some_and(|next| next != "") {
            return true;
        }
        if self.again {
            match items {
                EndlessItems::Same => {}
                EndlessItems::None => {
                    self.clear(page);
                }
                EndlessItems::New => self.rename(page, number),
            }
        }
        self.set_next(page, self.again(number))
    }

    fn rename(&self, page: &mut Map<String, Value>, number: u64) {
        for name in self.words.items {
            let items = page.get_mut(*name).and_then(Value::as_array_mut);
            for item in items.into_iter().flatten() {
                if let Some(Value::String(id)) = item.get_mut("id") {
                    id.push_str(&format!("-{number}"));
                }
            }
        }
    }
}
