//! Listings that repeat themselves, never end, or are resumed by a clock that has moved.

use std::collections::HashSet;

use axum::response::Response;
use photomove_core::{Cursor, Error, ErrorKind, Filters, PhotoProvider, PhotoSource};
use rstest::rstest;

use crate::support::{Seen, Server, node, page, root};

/// Follows a listing for so many pages at most; returns the ids, the longest cursor, and the error that ended it.
async fn walk(server: &Server, pages: usize) -> (Vec<String>, usize, Option<Error>) {
    let amazon = server.provider();
    amazon.connect().await.unwrap();
    let mut at = amazon.start(&Filters::default()).await.unwrap();
    let (mut ids, mut longest) = (Vec::new(), 0);
    for _ in 0..pages {
        match amazon.assets(&at).await {
            Ok(page) => {
                ids.extend(page.items.into_iter().map(|item| item.unwrap().id.to_string()));
                let Some(next) = page.next else {
                    return (ids, longest, None);
                };
                longest = longest.max(serde_json::to_string(&next).unwrap().len());
                at = next;
            }
            Err(error) => return (ids, longest, Some(error)),
        }
    }
    panic!("the listing does not end: {} nodes after {pages} pages", ids.len());
}

async fn listing(answer: impl Fn(u64, &Seen) -> Response + Clone + Send + Sync + 'static) -> Server {
    let number = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    Server::start(move |seen| match seen.asks_for_root() {
        true => root("A0OWN"),
        false => answer(number.fetch_add(1, std::sync::atomic::Ordering::SeqCst), seen),
    })
    .await
}

fn three(first: u64) -> Vec<serde_json::Value> {
    (first..first + 3).map(|number| node(number, "A0OWN")).collect()
}

#[rstest]
#[case::the_same_page_by_the_same_token(|_: u64| page(900, three(1), Some("t")))]
#[case::the_same_page_by_new_tokens(|number: u64| page(900, three(1), Some(&format!("t{number}"))))]
#[case::the_same_page_without_tokens(|_: u64| page(900, three(1), None))]
#[case::three_pages_in_a_circle(|number: u64| page(900, three(1 + number % 3 * 3), Some(&format!("t{number}"))))]
#[case::three_pages_in_a_circle_without_count(|number: u64| {
    let nodes = three(1 + number % 3 * 3);
    crate::support::answer(&serde_json::json!({"data": nodes, "nextToken": format!("t{number}")}))
})]
#[tokio::test]
async fn a_listing_that_repeats_itself_ends_in_an_error(#[case] answer: fn(u64) -> Response) {
    let server = listing(move |number, _| answer(number)).await;
    let (ids, _, error) = walk(&server, 40).await;
    let error = error.unwrap();
    assert_eq!(*error.kind(), ErrorKind::Protocol, "{error:?}");
    assert!(ids.len() <= 9 + 30, "{} nodes", ids.len());
}

#[tokio::test]
async fn a_token_that_repeats_while_nodes_are_new_is_left_for_the_position() {
    // The token leads nowhere; by position the service answers as it should.
    let server = listing(|_, seen| {
        let filters = &seen.query["filters"];
        let from = filters
            .split("T00:00:")
            .nth(1)
            .map_or(0, |rest| rest[..2].parse::<u64>().unwrap());
        let nodes: Vec<_> = (from.max(1)..=12).take(3).map(|number| node(number, "A0OWN")).collect();
        page(13 - from.max(1), nodes, Some("t"))
    })
    .await;
    let (ids, _, error) = walk(&server, 60).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 12);
}

#[tokio::test]
async fn an_endless_listing_of_new_nodes_takes_no_more_memory() {
    let server = listing(|number, _| page(u64::MAX, three(number * 3), Some(&format!("t{number}")))).await;
    let amazon = server.provider();
    amazon.connect().await.unwrap();
    let mut at = amazon.start(&Filters::default()).await.unwrap();
    let mut lengths = Vec::new();
    for _ in 0..300 {
        let page = amazon.assets(&at).await.unwrap();
        assert_eq!(page.items.len(), 3);
        at = page.next.unwrap();
        lengths.push(serde_json::to_string(&at).unwrap().len());
    }
    // Counters grow by a digit now and then, and nothing else does.
    assert!(lengths[299] <= lengths[2] + 40, "{} to {}", lengths[2], lengths[299]);
}

#[tokio::test]
async fn ids_and_tokens_of_absurd_length_are_not_carried_along() {
    let server = listing(|number, _| {
        let mut nodes = three(number * 3);
        nodes.push(serde_json::json!({"id": "x".repeat(100_000), "kind": "FILE", "name": "a.jpg"}));
        let token = format!("{number}{}", "t".repeat(100_000));
        page(4, nodes, Some(&token))
    })
    .await;
    let amazon = server.provider();
    let start = amazon.start(&Filters::default()).await.unwrap();
    let page = amazon.assets(&start).await.unwrap();
    let errors: Vec<_> = page.items.iter().filter_map(|item| item.as_ref().err()).collect();
    assert_eq!((page.items.len(), errors.len()), (4, 1));
    assert!(errors[0].to_string().len() < 200);
    assert!(page.next.is_none_or(|next| next.fast.is_none()));
}

#[tokio::test]
async fn a_cursor_of_nonsense_is_an_error() {
    let server = listing(|_, _| page(0, Vec::new(), None)).await;
    let cursor = Cursor {
        resume: serde_json::json!({"version": 1, "until": "soon"}),
        fast: None,
        fast_until: None,
    };
    assert!(server.provider().assets(&cursor).await.is_err());
}
