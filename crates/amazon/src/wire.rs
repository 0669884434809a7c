//! What the service says, in its own words.
//!
//! The API is undocumented and old accounts hold odd nodes, so reading is tolerant: a field of another type than
//! expected stays where it was, in `other`, numbers may be texts, lists may be missing or null, and one odd node is an
//! error of its own, never of its page.

#[cfg(test)]
pub(crate) mod arbitrary;
mod fields;
mod node;

use std::collections::BTreeMap;
use std::fmt;

use photomove_core::{Error, ErrorKind, Result};
use secrecy::SecretString;
use serde_json::{Map, Value};

use fields::{Fields, number};
pub use node::{ContentProperties, Node, Properties, Settings};

/// Longest page token that is taken; addresses of 8 KiB are refused by many hosts.
const TOKEN_BYTES: usize = 4096;

/// One page of a listing.
#[derive(Debug)]
#[non_exhaustive]
pub struct NodePage {
    /// How many nodes match in all, as the service says.
    pub count: Option<u64>,
    /// Nodes in the order in which they came.
    pub nodes: Vec<Result<Node>>,
    /// Token of the next page; the service does not always give one although there is a next page.
    pub next_token: Option<String>,
    /// What else came, such as `aggregations`.
    pub other: Map<String, Value>,
}

impl NodePage {
    /// Reads the envelope `{"count", "data", "nextToken"}`.
    ///
    /// # Errors
    /// [`ErrorKind::Protocol`] if it is no object, or its `data` is no list.
    pub fn from_value(value: Value) -> Result<Self> {
        let mut fields = Fields::of(value).ok_or_else(|| protocol("a listing that is no JSON object"))?;
        let nodes = match fields.take("data") {
            Some(Value::Array(nodes)) => nodes.into_iter().map(Node::from_value).collect(),
            None => return Err(protocol("a listing without `data`")),
            Some(_) => return Err(protocol("a listing whose `data` is no list")),
        };
        Ok(Self {
            count: fields.number("count"),
            nodes,
            // One that is no part of any address is none; the position in the listing leads on without.
            next_token: fields
                .text("nextToken")
                .filter(|token| (1..=TOKEN_BYTES).contains(&token.len())),
            other: fields.rest(),
        })
    }
}

/// Reads a single node: by itself, or wrapped as some clients have seen it.
///
/// # Errors
/// [`ErrorKind::Protocol`] if there is no node, or it is another one than `id`.
pub(crate) fn single_node(value: Value, id: &str) -> Result<Node> {
    let mut fields = Fields::of(value).ok_or_else(|| protocol("a node that is no JSON object"))?;
    let inner = match fields.take("node") {
        Some(inner) => Some(inner),
        None => ["data", "nodes"].iter().find_map(|name| match fields.take(name) {
            Some(Value::Array(mut list)) if list.len() == 1 => list.pop(),
            _ => None,
        }),
    };
    let node = Node::from_value(inner.unwrap_or_else(|| Value::Object(fields.rest())))?;
    if node.id == id {
        Ok(node)
    } else {
        Err(protocol("another node than the one asked for").context("asked", id))
    }
}

pub(crate) fn protocol(what: &str) -> Error {
    Error::new(ErrorKind::Protocol, format!("the service sent {what}"))
        .provider(crate::KIND)
        .hint("the service may have changed; look for a newer version of photomove")
}

/// Bytes and number of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amount {
    /// Bytes.
    pub bytes: Option<u64>,
    /// Files.
    pub count: Option<u64>,
}

/// What one category of files takes up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CategoryUsage {
    /// All of them.
    pub total: Amount,
    /// Those that count against the plan.
    pub billable: Amount,
}

/// What an account holds.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Usage {
    /// When the service counted, as it says it.
    pub last_calculated: Option<String>,
    /// By category: `photo`, `video`, `doc`, `other` (*observed*).
    pub categories: BTreeMap<String, CategoryUsage>,
}

impl Usage {
    /// Reads an object of categories; `lastCalculated` may be missing.
    ///
    /// # Errors
    /// [`ErrorKind::Protocol`] if it is no object.
    pub fn from_value(value: Value) -> Result<Self> {
        let mut fields = Fields::of(value).ok_or_else(|| protocol("usage that is no JSON object"))?;
        let last_calculated = fields.text("lastCalculated");
        let amount = |category: &Value, name: &str| {
            let part = |key: &str| category.get(name).and_then(|amount| amount.get(key)).and_then(number);
            Amount {
                bytes: part("bytes"),
                count: part("count"),
            }
        };
        let categories = fields.rest().into_iter().filter(|(_, category)| category.is_object());
        let categories = categories
            .map(|(name, category)| {
                let usage = CategoryUsage {
                    total: amount(&category, "total"),
                    billable: amount(&category, "billable"),
                };
                (name, usage)
            })
            .collect();
        Ok(Self {
            last_calculated,
            categories,
        })
    }
}

/// One value of an aggregation with its count.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Aggregation {
    /// The value, such as a year, a cluster id or `CAN#BC#Vancouver`.
    pub value: String,
    /// How many nodes have it.
    pub count: Option<u64>,
    /// What the service adds, such as `clusterName`.
    pub search_data: Value,
}

impl Aggregation {
    /// Reads a list of entries; those without a value are left out.
    pub(crate) fn list(value: Value) -> Vec<Self> {
        let Value::Array(entries) = value else {
            return Vec::new();
        };
        let entry = |value: Value| {
            let mut fields = Fields::of(value)?;
            let value = fields.text("value").or_else(|| fields.text("match"))?;
            let count = fields.number("count");
            Some(Self {
                value,
                count,
                search_data: fields.take("searchData").unwrap_or(Value::Null),
            })
        };
        entries.into_iter().filter_map(entry).collect()
    }
}

/// What the token helper gives: a key for the header `x-amz-access-token`.
#[derive(Clone)]
#[non_exhaustive]
pub struct AuthToken {
    /// The key; begins with `Atza|`.
    pub access_token: SecretString,
    /// Seconds for which it works.
    pub duration_s: Option<u64>,
}

impl AuthToken {
    /// Reads `{"access_token", "duration"}`.
    ///
    /// # Errors
    /// [`ErrorKind::Protocol`] if there is no token.
    pub fn from_value(value: Value) -> Result<Self> {
        let mut fields = Fields::of(value).ok_or_else(|| protocol("a token that is no JSON object"))?;
        let token = fields.text("access_token").filter(|token| !token.is_empty());
        let token = token.ok_or_else(|| protocol("no `access_token`"))?;
        Ok(Self {
            access_token: token.into(),
            duration_s: fields.number("duration"),
        })
    }
}

impl fmt::Debug for AuthToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthToken")
            .field("duration_s", &self.duration_s)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;
    use serde_json::json;

    use super::*;

    #[test]
    fn one_odd_node_does_not_spoil_its_page() {
        let page = NodePage::from_value(json!({
            "count": "3", "nextToken": "t", "aggregations": {"time": []},
            "data": [{"id": "a"}, {"name": "without an id"}, 7, {"id": "b", "parents": null}],
        }))
        .unwrap();
        assert_eq!((page.count, page.next_token.as_deref()), (Some(3), Some("t")));
        let ids: Vec<_> = page
            .nodes
            .iter()
            .map(|node| node.as_ref().ok().map(|node| node.id.as_str()))
            .collect();
        assert_eq!(ids, [Some("a"), None, None, Some("b")]);
        assert!(page.other.contains_key("aggregations"));
    }

    #[test]
    fn an_answer_that_is_no_listing_is_never_an_empty_one() {
        for value in [
            json!([]),
            json!({}),
            json!({"data": {}}),
            json!({"message": "hello"}),
            json!(null),
        ] {
            assert_eq!(*NodePage::from_value(value).unwrap_err().kind(), ErrorKind::Protocol);
        }
    }

    #[test]
    fn a_single_node_may_be_wrapped_and_must_be_the_right_one() {
        for value in [
            json!({"id": "a"}),
            json!({"node": {"id": "a"}}),
            json!({"data": [{"id": "a"}]}),
        ] {
            assert_eq!(single_node(value, "a").unwrap().id, "a");
        }
        assert!(single_node(json!({"id": "b"}), "a").is_err());
        assert!(single_node(json!({"data": []}), "a").is_err());
    }

    #[test]
    fn usage_takes_texts_for_numbers_and_any_category() {
        let usage = Usage::from_value(json!({
            "lastCalculated": "2024-05-01T07:12:44.120Z",
            "photo": {"total": {"bytes": "35543", "count": 1}, "billable": {"bytes": 0, "count": 0}},
            "hologram": {"total": null},
        }))
        .unwrap();
        assert_eq!(
            usage.categories["photo"].total,
            Amount {
                bytes: Some(35543),
                count: Some(1)
            }
        );
        assert_eq!(usage.categories["hologram"], CategoryUsage::default());
    }

    #[test]
    fn aggregations_are_named_by_value_or_match() {
        let list = Aggregation::list(json!([{"match": "2023", "count": 812}, {"value": "CAN#BC", "count": "7"}, {}]));
        assert_eq!(
            list.iter()
                .map(|entry| (entry.value.as_str(), entry.count))
                .collect::<Vec<_>>(),
            [("2023", Some(812)), ("CAN#BC", Some(7))]
        );
    }

    #[test]
    fn a_token_is_kept_secret() {
        let token = AuthToken::from_value(json!({"access_token": "Atza|x", "duration": "3600"})).unwrap();
        assert_eq!(
            (token.access_token.expose_secret(), token.duration_s),
            ("Atza|x", Some(3600))
        );
        assert!(!format!("{token:?}").contains("Atza"));
    }
}
