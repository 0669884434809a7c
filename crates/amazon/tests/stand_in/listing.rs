//! The whole library: past the window, past the life of tokens, past the life of the process.

use std::collections::HashSet;
use std::time::Duration;

use photomove_amazon::AmazonConfig;
use photomove_core::{Asset, Cursor, Filters, PhotoProvider, PhotoSource};
use photomove_sim::amazon::TokenRule;
use photomove_sim::{AmazonSwitches, Library};
use rstest::rstest;

use crate::support::{StandIn, list_all, list_from};

fn ids(assets: &[Asset]) -> HashSet<String> {
    assets.iter().map(|asset| asset.id.to_string()).collect()
}

#[rstest]
#[case(TokenRule::Always)]
#[case(TokenRule::Never)]
#[tokio::test]
async fn twenty_thousand_nodes_are_listed_once_each(#[case] tokens: TokenRule) {
    let library = Library::synthetic(20_000, 2048, 1).unwrap();
    let stand_in = StandIn::start(
        library,
        AmazonSwitches {
            tokens,
            ..AmazonSwitches::default()
        },
    )
    .await;
    let source = stand_in.provider_with(AmazonConfig::default());
    let start = source.start(&Filters::default()).await.unwrap();
    assert_eq!(source.assets(&start).await.unwrap().total_hint, Some(20_000));
    let assets = list_from(&source, start).await.unwrap();
    assert_eq!((assets.len(), ids(&assets).len()), (20_000, 20_000));
    // 100 pages; by position each page repeats the nodes of its first instant, so a few more.
    assert!(
        (101..=104).contains(&stand_in.count("list")),
        "{} requests",
        stand_in.count("list")
    );
    assert!(stand_in.log().iter().all(|line| line.status == 200));
    stand_in.end().await;
}

#[tokio::test]
async fn tokens_that_die_in_mid_walk_lose_and_repeat_nothing() {
    let stand_in = StandIn::small(AmazonSwitches::default()).await;
    let source = stand_in.provider();
    let mut next = Some(source.start(&Filters::default()).await.unwrap());
    let mut assets = Vec::new();
    while let Some(at) = next {
        let page = source.assets(&at).await.unwrap();
        assets.extend(page.items.into_iter().map(Result::unwrap));
        next = page.next;
        stand_in.service_time_passes(Duration::from_secs(601));
    }
    assert_eq!((assets.len(), ids(&assets).len()), (30, 30));
    let refused = stand_in.log().iter().filter(|line| line.status == 400).count();
    assert!(refused >= 3, "{refused} tokens were refused");
    stand_in.end().await;
}

#[tokio::test]
async fn a_token_past_its_time_is_not_even_tried() {
    let stand_in = StandIn::small(AmazonSwitches::default()).await;
    let source = stand_in.provider();
    let start = source.start(&Filters::default()).await.unwrap();
    let second = source.assets(&start).await.unwrap().next.unwrap();
    assert!(second.fast.is_some());
    stand_in.clock.advance(Duration::from_secs(601));
    stand_in.service_time_passes(Duration::from_secs(601));
    source.assets(&second).await.unwrap();
    assert!(stand_in.log().iter().all(|line| line.status == 200));
    stand_in.end().await;
}

#[tokio::test]
async fn a_new_process_goes_on_from_the_durable_position_within_one_page() {
    let stand_in = StandIn::small(AmazonSwitches::default()).await;
    let source = stand_in.provider();
    let mut at = source.start(&Filters::default()).await.unwrap();
    let mut before = Vec::new();
    for _ in 0..2 {
        let page = source.assets(&at).await.unwrap();
        before.extend(page.items.into_iter().map(Result::unwrap));
        at = page.next.unwrap();
    }
    let kept = serde_json::to_string(&Cursor {
        fast: None,
        fast_until: None,
        ..at
    })
    .unwrap();
    drop(source);
    let requests = stand_in.count("list");
    let after = list_from(&stand_in.provider(), serde_json::from_str(&kept).unwrap())
        .await
        .unwrap();
    let all: HashSet<String> = ids(&before).union(&ids(&after)).cloned().collect();
    assert_eq!((before.len(), all.len()), (14, 30));
    assert!(after.len() <= 16 + 7, "{} assets came again", after.len() - 16);
    // Four pages, and whose account it is: at the beginning, and before the end is believed.
    assert!(stand_in.count("list") - requests <= 6);
    stand_in.end().await;
}

/// The token of the cursor is dead by then; a client whose clock went back does not know.
#[rstest]
#[case::both_clocks_went_on(660, 660)]
#[case::a_client_that_noticed_nothing(0, 660)]
#[case::a_client_that_is_a_day_ahead(86_400, 660)]
#[case::nobody_was_away(0, 0)]
#[tokio::test]
async fn after_eleven_minutes_one_page_is_listed_again_at_most(#[case] client_s: u64, #[case] service_s: u64) {
    let stand_in = StandIn::small(AmazonSwitches::default()).await;
    let source = stand_in.provider();
    source.connect().await.unwrap();
    let mut at = source.start(&Filters::default()).await.unwrap();
    let mut before = Vec::new();
    for _ in 0..3 {
        let page = source.assets(&at).await.unwrap();
        before.extend(page.items.into_iter().map(Result::unwrap));
        at = page.next.unwrap();
    }
    // Killed here: the journal has the whole cursor, its token too.
    let kept = serde_json::to_string(&at).unwrap();
    drop(source);
    stand_in.clock.advance(Duration::from_secs(client_s));
    stand_in.service_time_passes(Duration::from_secs(service_s));
    let source = stand_in.provider();
    source.connect().await.unwrap();
    let after = list_from(&source, serde_json::from_str(&kept).unwrap()).await.unwrap();
    let all: HashSet<String> = ids(&before).union(&ids(&after)).cloned().collect();
    assert_eq!((before.len(), all.len()), (21, 30));
    assert!(after.len() <= 9 + 7, "{} assets came again", after.len() - 9);
    stand_in.end().await;
}

#[tokio::test]
async fn odd_nodes_are_listed_like_the_others() {
    let switches = AmazonSwitches {
        odd_nodes: true,
        hidden_in_search: false,
        ..AmazonSwitches::default()
    };
    let stand_in = StandIn::small(switches).await;
    let assets = list_all(&stand_in.provider()).await.unwrap();
    let names: HashSet<&str> = assets.iter().map(|asset| asset.parts[0].file_name.as_str()).collect();
    for name in [
        "odd NoMd5.jpg",
        "odd NoContentProperties.jpg",
        "odd NullLists.jpg",
        "odd NumbersAsText.jpg",
        "odd DateWithoutMilliseconds.jpg",
        "slash/inside.jpg",
        "semi;colon = equals.jpg",
        "no extension",
        "hidden.jpg",
        "nfc \u{e9}t\u{e9}.jpg",
        "nfd e\u{301}te\u{301}.jpg",
    ] {
        assert!(names.contains(name), "{name} is missing");
    }
    assert!(!names.contains("trashed.jpg"), "the bin is not moved");
    let named = |name: &str| assets.iter().find(|asset| asset.parts[0].file_name == name).unwrap();
    assert_eq!(
        named("hidden.jpg").metadata.hidden.as_ref().map(|hidden| hidden.value),
        Some(true)
    );
    assert_eq!(named("odd NoSettings.jpg").metadata.hidden, None);
    assert_eq!(named("odd NumbersAsText.jpg").parts[0].size_bytes, Some(2048));
    assert!(named("odd UnknownFields.jpg").metadata.extra.contains_key("hologram"));
    assert!(assets.iter().any(|asset| asset.id.as_str().starts_with('-')));
    assert_eq!(ids(&assets).len(), assets.len());
    stand_in.end().await;
}

#[tokio::test]
async fn documents_are_no_assets_and_not_in_the_total() {
    let mut library = Library::synthetic(20, 4096, 7).unwrap();
    library
        .items
        .push(photomove_sim::LibraryItem::from_bytes("tax.pdf", &b"%PDF-1.7 ..."[..]));
    library
        .items
        .push(photomove_sim::LibraryItem::from_bytes("notes.txt", &b"hello"[..]));
    let stand_in = StandIn::start(library, AmazonSwitches::default()).await;
    let source = stand_in.provider();
    let mut next = Some(source.start(&Filters::default()).await.unwrap());
    let (mut listed, mut total) = (0, None);
    while let Some(at) = next {
        let page = source.assets(&at).await.unwrap();
        listed += page.items.len() as u64;
        (next, total) = (page.next, page.total_hint);
    }
    assert_eq!((listed, total), (20, Some(20)));
    stand_in.end().await;
}

#[tokio::test]
async fn what_is_uploaded_later_is_left_to_the_next_listing() {
    // Uploads are a good half minute apart from 2024-05-01 on; the listing begins in the middle of them.
    let stand_in = StandIn::small(AmazonSwitches::default()).await;
    let source = stand_in.provider();
    let mut start = source.start(&Filters::default()).await.unwrap();
    assert_eq!(
        start.resume["until"], "2026-01-02T00:00:00Z",
        "a clock that is a day behind hides nothing"
    );
    start.resume["until"] = "2024-05-01T08:10:00Z".into();
    let early = list_from(&source, start).await.unwrap();
    assert!((10..20).contains(&early.len()), "{} assets", early.len());
    assert_eq!(list_all(&source).await.unwrap().len(), 30);
    stand_in.end().await;
}
