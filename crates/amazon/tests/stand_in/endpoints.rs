//! The client by itself, in the service's words.

use photomove_amazon::{Filter, NodeQuery, SearchQuery, Sort, Start};
use photomove_core::ErrorKind;
use photomove_sim::AmazonSwitches;
use rstest::rstest;
use secrecy::ExposeSecret;

use crate::support::StandIn;

#[tokio::test]
async fn root_tells_the_owner() {
    let stand_in = StandIn::small(AmazonSwitches::default()).await;
    let root = stand_in.provider().client().root().await.unwrap();
    assert_eq!(root.owner_id.as_deref(), Some(stand_in.sim().owner_id()));
    assert_eq!((root.name, root.is_root), (None, Some(true)));
    stand_in.end().await;
}

#[rstest]
#[case(false)]
#[case(true)]
#[tokio::test]
async fn usage_counts_by_category(#[case] usage_as_strings: bool) {
    let stand_in = StandIn::small(AmazonSwitches {
        usage_as_strings,
        ..AmazonSwitches::default()
    })
    .await;
    let usage = stand_in.provider().client().usage().await.unwrap();
    assert_eq!(usage.categories["photo"].total.count, Some(30));
    assert_eq!(usage.categories["photo"].total.bytes, Some(30 * 4096));
    assert_eq!(usage.categories["video"].total.count, Some(0));
    stand_in.end().await;
}

#[tokio::test]
async fn the_token_helper_gives_a_key() {
    let stand_in = StandIn::small(AmazonSwitches::default()).await;
    let token = stand_in.provider().client().auth_token().await.unwrap();
    assert!(token.access_token.expose_secret().starts_with("Atza|"));
    assert_eq!(token.duration_s, Some(3600));
    stand_in.end().await;
}

#[tokio::test]
async fn search_goes_on_by_offset_and_refuses_foreign_keys() {
    let stand_in = StandIn::small(AmazonSwitches::default()).await;
    let source = stand_in.provider();
    let query = SearchQuery::default()
        .limit(20)
        .starting(Start::Offset(20))
        .sorted(Sort::NameAscending);
    let page = source.client().search(&query).await.unwrap();
    assert_eq!((page.count, page.nodes.len()), (Some(30), 10));
    assert!(page.other.contains_key("aggregations"));
    let error = source
        .client()
        .search(&SearchQuery::new("kind:(FILE)"))
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("Invalid filter"), "{error}");
    let types = source.client().aggregation("type").await.unwrap();
    assert_eq!(
        types.iter().find(|entry| entry.value == "PHOTOS").unwrap().count,
        Some(30)
    );
    stand_in.end().await;
}

#[tokio::test]
async fn folders_and_albums_are_listed() {
    let stand_in = StandIn::small(AmazonSwitches::default()).await;
    let source = stand_in.provider();
    let client = source.client();
    let folders = client
        .nodes(&NodeQuery::new(Filter::new().clause("kind:FOLDER")))
        .await
        .unwrap();
    let web = folders
        .nodes
        .into_iter()
        .map(Result::unwrap)
        .find(|node| node.name.as_deref() == Some("Web"))
        .unwrap();
    let children = client
        .children(&web.id, &NodeQuery::new(Filter::files()).limit(5))
        .await
        .unwrap();
    assert_eq!((children.count, children.nodes.len()), (Some(30), 5));
    let albums = client.albums(Start::Beginning).await.unwrap();
    assert_eq!(albums.count, Some(1));
    let node = client.node(&web.id).await.unwrap();
    assert_eq!(node.id, web.id);
    stand_in.end().await;
}

#[tokio::test]
async fn thumbnails_are_small_pictures_and_never_the_original() {
    let stand_in = StandIn::small(AmazonSwitches::default()).await;
    let source = stand_in.provider();
    let page = source
        .client()
        .nodes(&NodeQuery::new(Filter::files()).limit(1))
        .await
        .unwrap();
    let node = page.nodes.into_iter().next().unwrap().unwrap();
    let picture = source
        .client()
        .thumbnail(&node.id, node.owner_id.as_deref(), 64)
        .await
        .unwrap();
    assert_eq!(picture.media_type.as_deref(), Some("image/jpeg"));
    assert_ne!(picture.size_bytes, node.content.unwrap().size);
    stand_in.end().await;
}

#[tokio::test]
async fn every_listing_says_what_working_clients_say() {
    // A strict stand-in refuses requests without `resourceVersion=V2` and `x-amzn-sessionid`, and token with offset.
    let stand_in = StandIn::small(AmazonSwitches {
        strict: true,
        ..AmazonSwitches::default()
    })
    .await;
    let source = stand_in.provider();
    assert_eq!(crate::support::list_all(&source).await.unwrap().len(), 30);
    source.client().usage().await.unwrap();
    source.client().albums(Start::Beginning).await.unwrap();
    stand_in.end().await;
}
