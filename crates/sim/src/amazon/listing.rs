//! Sorting, paging and page tokens, shared by all routes that list nodes.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::seeded::mix;

use super::world::{Node, NodeIndex, World};

/// Nodes that a page has at most.
pub(super) const MAX_LIMIT: usize = 200;
/// Largest `offset + limit`.
const WINDOW: usize = 9999;
/// Results that are remembered, so that a walk of 1000 pages does not sort 200,000 nodes 1000 times.
const REMEMBERED: usize = 64;

/// Fields that a listing can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Name,
    Kind,
    Status,
    Created,
    Modified,
    Size,
    ContentType,
    ContentDate,
    Extension,
}

impl Key {
    fn parse(name: &str, search: bool) -> Option<Self> {
        Some(match name {
            "name" => Self::Name,
            "createdDate" => Self::Created,
            "contentProperties.contentDate" => Self::ContentDate,
            _ if search => return None,
            "kind" => Self::Kind,
            "status" => Self::Status,
            "modifiedDate" => Self::Modified,
            "contentProperties.size" => Self::Size,
            "contentProperties.contentType" => Self::ContentType,
            "contentProperties.extension" => Self::Extension,
            _ => return None,
        })
    }

    fn compare(self, a: &Node, b: &Node) -> Ordering {
        let lower = |node: &Node| node.name.as_deref().unwrap_or_default().to_lowercase();
        match self {
            Self::Name => lower(a).cmp(&lower(b)),
            Self::Kind => a.kind.name().cmp(b.kind.name()),
            Self::Status => a.trashed.cmp(&b.trashed),
            Self::Created => a.created_ms.cmp(&b.created_ms),
            Self::Modified => a.modified_ms.cmp(&b.modified_ms),
            Self::Size => by_file(a, b, |file| file.blob.len()),
            Self::ContentType => by_file(a, b, |file| file.content_type.clone()),
            Self::ContentDate => by_file(a, b, |file| file.content_ms),
            Self::Extension => a.extension().to_lowercase().cmp(&b.extension().to_lowercase()),
        }
    }
}

fn by_file<T: Ord>(a: &Node, b: &Node, field: impl Fn(&super::world::FileFacts) -> T) -> Ordering {
    a.file.as_ref().map(&field).cmp(&b.file.as_ref().map(&field))
}

/// An order of nodes: `['createdDate DESC']`, `["kind DESC", "name ASC"]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sort(Vec<(Key, bool)>);

impl Sort {
    /// Parses a sort; `search` allows the fields of `/search` only. `None` if it makes no sense.
    pub(super) fn parse(text: &str, search: bool) -> Option<Self> {
        let inside = text.trim().strip_prefix('[')?.strip_suffix(']')?;
        let part = |part: &str| {
            let part = part.trim();
            let bare = part
                .strip_prefix('\'')
                .and_then(|part| part.strip_suffix('\''))
                .or_else(|| part.strip_prefix('"')?.strip_suffix('"'))?;
            let (field, direction) = bare.trim().split_once(' ')?;
            let descending = match direction {
                "ASC" => false,
                "DESC" => true,
                _ => return None,
            };
            Some((Key::parse(field, search)?, descending))
        };
        inside.split(',').map(part).collect::<Option<Vec<_>>>().map(Self)
    }

    pub(super) fn apply(&self, world: &World, nodes: &mut [NodeIndex]) {
        nodes.sort_by(|a, b| {
            let (a, b) = (world.node(*a), world.node(*b));
            let mut orders = self.0.iter().map(|(key, descending)| {
                let order = key.compare(a, b);
                if *descending { order.reverse() } else { order }
            });
            orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        });
    }
}

/// Which page is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) start: usize,
    pub(super) limit: usize,
}

/// Why a page cannot be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PageError {
    /// 400 with this message.
    Bad(String),
    /// 400 `Next token is expired`.
    TokenExpired,
}

/// What the paging parameters may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct PageRules {
    pub(super) window: bool,
    pub(super) refuse_large_limit: bool,
    pub(super) strict: bool,
    pub(super) token_life_ms: i64,
    pub(super) now_ms: i64,
}

/// Names the listing a token belongs to; the token of one listing is of no use for another.
pub(super) fn listing_id(scope: &str, filters: &str, sort: &str) -> u64 {
    [scope, filters, sort]
        .iter()
        .flat_map(|part| part.bytes().chain([0]))
        .fold(0, |hash, byte| mix(hash ^ u64::from(byte)))
}

#[derive(Serialize, Deserialize)]
struct Token {
    listing: u64,
    next: usize,
    issued_ms: i64,
}

/// A token for the page that starts at `next`.
pub(super) fn token(listing: u64, next: usize, now_ms: i64) -> String {
    let token = Token {
        listing,
        next,
        issued_ms: now_ms,
    };
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&token).unwrap_or_default())
}

/// Reads `limit`, `offset` and `startToken`.
pub(super) fn window(query: &HashMap<String, String>, listing: u64, rules: PageRules) -> Result<Window, PageError> {
    let bad = |message: &str| PageError::Bad(message.to_owned());
    let number = |name: &str| match query.get(name) {
        None => Ok(None),
        Some(text) => text
            .parse::<usize>()
            .map(Some)
            .map_err(|_| PageError::Bad(format!("Invalid {name}: {text}"))),
    };
    let limit = match number("limit")? {
        Some(0) => return Err(bad("Invalid limit: 0")),
        Some(limit) if limit > MAX_LIMIT && rules.refuse_large_limit => {
            return Err(PageError::Bad(format!("Invalid limit: {limit}")));
        }
        limit => limit.unwrap_or(MAX_LIMIT).min(MAX_LIMIT),
    };
    let offset = number("offset")?;
    if let Some(text) = query.get("startToken") {
        if rules.strict && offset.is_some() {
            return Err(bad("startToken and offset exclude each other"));
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad("Invalid startToken"))?;
        let token: Token = serde_json::from_slice(&bytes).map_err(|_| bad("Invalid startToken"))?;
        if token.listing != listing {
            return Err(bad("Invalid startToken"));
        }
        if rules.now_ms >= token.issued_ms + rules.token_life_ms {
            return Err(PageError::TokenExpired);
        }
        return Ok(Window {
            start: token.next,
            limit,
        });
    }
    let start = offset.unwrap_or(0);
    if rules.window && start.saturating_add(limit) > WINDOW {
        return Err(bad("Offset + limit cannot be greater than 9999"));
    }
    Ok(Window { start, limit })
}

/// What was found or counted for a listing, by the listing.
#[derive(Debug)]
pub(super) struct Remembered<T>(Mutex<HashMap<u64, Arc<T>>>);

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Remembered<T> {
    /// What belongs to a listing of one edition of the library, made by `make` if it is not remembered.
    pub(super) fn get(&self, listing: u64, make: impl FnOnce() -> T) -> Arc<T> {
        if let Some(known) = self.lock().get(&listing) {
            return Arc::clone(known);
        }
        let made = Arc::new(make());
        let mut all = self.lock();
        if all.len() >= REMEMBERED {
            all.clear();
        }
        all.insert(listing, Arc::clone(&made));
        made
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Arc<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const RULES: PageRules = PageRules {
        window: true,
        refuse_large_limit: false,
        strict: false,
        token_life_ms: 600_000,
        now_ms: 1_000_000,
    };

    fn query(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[rstest]
    #[case(&[], Ok((0, 200)))]
    #[case(&[("limit", "50"), ("offset", "100")], Ok((100, 50)))]
    #[case(&[("limit", "1000")], Ok((0, 200)))]
    #[case(&[("limit", "200"), ("offset", "9799")], Ok((9799, 200)))]
    #[case(&[("limit", "200"), ("offset", "9800")], Err("Offset + limit cannot be greater than 9999"))]
    #[case(&[("limit", "0")], Err("Invalid limit: 0"))]
    #[case(&[("offset", "-1")], Err("Invalid offset: -1"))]
    #[case(&[("startToken", "nonsense")], Err("Invalid startToken"))]
    fn windows_are_read_and_refused(#[case] pairs: &[(&str, &str)], #[case] wanted: Result<(usize, usize), &str>) {
        let wanted = wanted
            .map(|(start, limit)| Window { start, limit })
            .map_err(|message| PageError::Bad(message.to_owned()));
        assert_eq!(window(&query(pairs), 7, RULES), wanted);
    }

    #[test]
    fn a_token_leads_past_the_window_until_it_expires_and_for_its_own_listing_only() {
        let text = token(7, 123_456, RULES.now_ms);
        let pairs = query(&[("startToken", &text)]);
        assert_eq!(window(&pairs, 7, RULES).unwrap().start, 123_456);
        assert_eq!(
            window(&pairs, 8, RULES),
            Err(PageError::Bad("Invalid startToken".to_owned()))
        );
        let late = PageRules {
            now_ms: RULES.now_ms + 600_000,
            ..RULES
        };
        assert_eq!(window(&pairs, 7, late), Err(PageError::TokenExpired));
        let both = query(&[("startToken", &text), ("offset", "0")]);
        assert!(window(&both, 7, PageRules { strict: true, ..RULES }).is_err());
    }

    #[rstest]
    #[case("['createdDate DESC']", false, true)]
    #[case("[\"kind DESC\", \"modifiedDate DESC\"]", false, true)]
    #[case("['kind DESC']", true, false)]
    #[case("['contentProperties.contentDate ASC']", true, true)]
    #[case("createdDate DESC", false, false)]
    #[case("['createdDate']", false, false)]
    #[case("['size DESC']", false, false)]
    fn sorts_are_read_and_refused(#[case] text: &str, #[case] search: bool, #[case] good: bool) {
        assert_eq!(Sort::parse(text, search).is_some(), good);
    }
}
