//! A browser's session that is switched to another account in mid-run.

use std::sync::{Arc, Mutex};

use photomove_core::{AssetId, AuthProblem, ErrorKind, Filters, Locator, PhotoProvider, PhotoSource};
use serde_json::json;

use crate::support::{Server, first_page, node, not_found, open, page, root};

const WRONG: ErrorKind = ErrorKind::Auth(AuthProblem::WrongAccount);

/// An account of nine photos in pages of three; a switch changes the owner and the nodes.
async fn switchable(nodes_of_other: &'static [u64]) -> (Arc<Mutex<&'static str>>, Server) {
    let owner = Arc::new(Mutex::new("A0OWN"));
    let now = Arc::clone(&owner);
    let server = Server::start(move |seen| {
        let owner = *now.lock().unwrap();
        if seen.asks_for_root() {
            return root(owner);
        }
        if !seen.path.ends_with("/nodes") {
            return not_found();
        }
        let own = (1..=9).collect::<Vec<u64>>();
        let nodes = if owner == "A0OWN" {
            own.as_slice()
        } else {
            nodes_of_other
        };
        let from: usize = seen.query.get("startToken").map_or(0, |token| token.parse().unwrap());
        let shown = nodes
            .iter()
            .skip(from)
            .take(3)
            .map(|number| node(*number, owner))
            .collect();
        let next = (from + 3 < nodes.len()).then(|| (from + 3).to_string());
        page(nodes.len() as u64, shown, next.as_deref())
    })
    .await;
    (owner, server)
}

async fn switched_after_one_page(nodes_of_other: &'static [u64]) -> ErrorKind {
    let (owner, server) = switchable(nodes_of_other).await;
    let amazon = server.provider();
    assert_eq!(amazon.connect().await.unwrap().owner.as_str(), "A0OWN");
    let start = amazon.start(&Filters::default()).await.unwrap();
    let next = amazon.assets(&start).await.unwrap().next.unwrap();
    *owner.lock().unwrap() = "A0OTHER";
    let error = amazon.assets(&next).await.unwrap_err();
    assert!(error.hint_text().unwrap().contains("first account"), "{error:?}");
    // connect() says who it is now, so that whoever asks can say so.
    assert_eq!(amazon.connect().await.unwrap().owner.as_str(), "A0OTHER");
    error.kind().clone()
}

#[tokio::test]
async fn nodes_of_another_account_stop_the_listing() {
    assert_eq!(switched_after_one_page(&[1, 2, 3, 4, 5, 6, 7]).await, WRONG);
}

#[tokio::test]
async fn an_account_with_less_does_not_pass_for_the_end_of_the_listing() {
    assert_eq!(switched_after_one_page(&[]).await, WRONG);
    assert_eq!(switched_after_one_page(&[1, 2, 3, 4]).await, WRONG);
}

#[tokio::test]
async fn to_another_account_what_is_missing_is_not_gone() {
    let (owner, server) = switchable(&[]).await;
    let amazon = server.provider();
    amazon.connect().await.unwrap();
    let gone = AssetId::from("n99");
    let nowhere = Locator(json!({}));
    assert!(amazon.refresh(&gone, &nowhere).await.unwrap().is_none());
    assert_eq!(*open(&amazon, "n99", 0).await.unwrap_err().kind(), ErrorKind::NotFound);
    *owner.lock().unwrap() = "A0OTHER";
    assert_eq!(*amazon.refresh(&gone, &nowhere).await.unwrap_err().kind(), WRONG);
    assert_eq!(*open(&amazon, "n99", 0).await.unwrap_err().kind(), WRONG);
}

#[tokio::test]
async fn what_others_share_is_listed_while_the_account_is_the_same() {
    let server = Server::start(|seen| match seen.asks_for_root() {
        true => root("A0OWN"),
        false => page(3, vec![node(1, "A0OWN"), node(2, "A0FAMILY"), node(3, "A0OWN")], None),
    })
    .await;
    let amazon = server.provider();
    amazon.connect().await.unwrap();
    let assets = first_page(&amazon).await.unwrap();
    assert_eq!(assets.len(), 3);
    assert_eq!(assets[1].locator, Locator(json!({"owner": "A0FAMILY"})));
    // connect, the page, and one question whose account it is.
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn members_of_an_album_are_listed_without_further_questions() {
    let server = Server::start(|seen| match seen.asks_for_root() {
        true => root("A0OWN"),
        false => page(1, vec![node(1, "A0OWN")], None),
    })
    .await;
    let amazon = server.provider();
    amazon.connect().await.unwrap();
    for album in ["a", "b", "c"] {
        assert_eq!(amazon.members(&album.into(), None).await.unwrap().items.len(), 1);
    }
    assert_eq!(server.seen().len(), 4);
}
