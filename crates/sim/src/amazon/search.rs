//! `/search` and its aggregations.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Query, State as Extract};
use axum::response::Response;
use serde_json::{Value, json};

use crate::seeded::mix;

use super::listing::{Sort, listing_id, window};
use super::metadata::Parameters;
use super::reply;
use super::search_filter::{Search, civil_date};
use super::state::State;
use super::world::{NodeIndex, World};

const DEFAULT_SORT: &str = "['contentProperties.contentDate DESC']";
const CONTEXTS: [&str; 5] = ["customer", "all", "unknown", "family", "groups"];
const CATEGORIES: [&str; 9] = [
    "allPeople",
    "clusterId",
    "familyMembers",
    "favorite",
    "location",
    "people",
    "things",
    "time",
    "type",
];
/// Categories that every search answer has.
const IN_SEARCH: [&str; 8] = [
    "allPeople",
    "clusterId",
    "favorite",
    "location",
    "people",
    "things",
    "time",
    "type",
];

pub(super) async fn search(Extract(state): Extract<Arc<State>>, Query(query): Query<Parameters>) -> Response {
    let filters = query.get("filters").map_or(Search::DEFAULT, String::as_str);
    let parsed = match Search::parse(filters) {
        Ok(parsed) => parsed,
        Err(reason) => return state.bad_request(&format!("Invalid filter: {reason}")),
    };
    let sort_text = query.get("sort").map_or(DEFAULT_SORT, String::as_str);
    let Some(sort) = Sort::parse(sort_text, true) else {
        return state.bad_request(&format!("Invalid sort: {sort_text}"));
    };
    if let Some(context) = query
        .get("searchContext")
        .filter(|context| !CONTEXTS.contains(&context.as_str()))
    {
        return state.bad_request(&format!("Invalid searchContext: {context}"));
    }
    let by = match query.get("groupByForTime").map(|text| (text, Granularity::parse(text))) {
        None => Granularity::Year,
        Some((_, Some(by))) => by,
        Some((text, None)) => return state.bad_request(&format!("Invalid groupByForTime: {text}")),
    };
    let world = state.world();
    let listing = listing_id(&format!("{} /search", world.owner), filters, sort_text);
    let page = match window(&query, listing, state.page_rules(state.switches.search_window)) {
        Ok(page) => page,
        Err(error) => return state.page_refused(error),
    };
    let found = state.results.get(listing ^ mix(world.edition), || {
        let mut nodes = state.search(&world, &parsed);
        sort.apply(&world, &mut nodes);
        nodes
    });
    let token_for = state.switches.search_tokens.then_some(listing);
    let mut out = match state.page(&world, &found, page, &query, token_for).await {
        Ok(page) => page,
        Err(error) => return error,
    };
    let aggregations = state.summaries.get(listing ^ mix(world.edition) ^ mix(by as u64), || {
        let of = |category: &&str| ((*category).to_owned(), aggregate(&world, category, &found, by));
        Value::Object(IN_SEARCH.iter().map(of).collect())
    });
    out.insert("aggregations".to_owned(), (*aggregations).clone());
    out.insert("nodeToSearchScoreMap".to_owned(), json!({}));
    reply::json_ok(&Value::Object(out))
}

pub(super) async fn aggregation(Extract(state): Extract<Arc<State>>, Query(query): Query<Parameters>) -> Response {
    let category = query.get("category").map_or("", String::as_str);
    if !CATEGORIES.contains(&category) {
        return state.bad_request(&format!("Invalid category: {category}"));
    }
    let world = state.world();
    let everything = Search::parse("")
        .map(|all| state.search(&world, &all))
        .unwrap_or_default();
    reply::json_ok(&json!({ "aggregations": aggregate(&world, category, &everything, Granularity::Year) }))
}

#[derive(Debug, Clone, Copy)]
enum Granularity {
    Year,
    Month,
    Day,
}

impl Granularity {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "year" => Self::Year,
            "month" => Self::Month,
            "day" => Self::Day,
            _ => return None,
        })
    }

    fn format(self) -> &'static str {
        match self {
            Self::Year => "%Y",
            Self::Month => "%Y-%m",
            Self::Day => "%Y-%m-%d",
        }
    }
}

impl State {
    fn search(&self, world: &World, search: &Search) -> Vec<NodeIndex> {
        (0..world.nodes.len() as NodeIndex)
            .filter(|index| {
                let node = world.node(*index);
                let shown = !node.trashed && (!node.hidden || self.switches.hidden_in_search);
                shown && search.matches(node)
            })
            .collect()
    }
}

/// How often each value of a category occurs. The stand-in recognises no people, things and places.
fn aggregate(world: &World, category: &str, found: &[NodeIndex], by: Granularity) -> Value {
    let mut counts = BTreeMap::<String, u64>::new();
    for node in found.iter().map(|index| world.node(*index)) {
        let value = match category {
            "time" => node
                .file
                .as_ref()
                .map(|file| civil_date(file.content_ms).strftime(by.format()).to_string()),
            "type" if node.is_type("video/") => Some("VIDEOS".to_owned()),
            "type" if node.is_type("image/") => Some("PHOTOS".to_owned()),
            "favorite" if node.favorite => Some("true".to_owned()),
            _ => None,
        };
        if let Some(value) = value {
            *counts.entry(value).or_default() += 1;
        }
    }
    let entry = |(value, count)| json!({ "match": value, "count": count, "searchData": {} });
    // Newest first, as the page shows years.
    Value::Array(counts.into_iter().rev().map(entry).collect())
}
