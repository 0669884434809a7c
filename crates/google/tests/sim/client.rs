use photomove_core::{ErrorKind, Fields, Metadata, PhotoSink, Sourced};
use photomove_google::wire::{AlbumPosition, Date, DateFilter, Filters, NewEnrichment, SearchRequest};

use crate::support::{Bench, put, switched};

#[tokio::test]
async fn items_are_read_listed_and_searched() {
    let bench = Bench::start().await;
    let google = bench.google().await;
    let made = put(&google, 0..3, None).await;
    let client = google.client();
    let item = client.media_item(&made[0]).await.unwrap();
    assert_eq!(item.description.as_deref(), Some("words 0"));
    assert_eq!(item.mime_type.as_deref(), Some("image/jpeg"));
    let first = client.list(2, None).await.unwrap();
    let second = client.list(2, first.next()).await.unwrap();
    assert_eq!(
        (first.media_items.len(), second.media_items.len(), second.next()),
        (2, 1, None)
    );
    let got = client.batch_get(&[&made[1], "nobody"]).await.unwrap();
    assert!(got.media_item_results[0].media_item.is_some());
    assert_eq!(
        got.media_item_results[1].status.as_ref().map(|status| status.code),
        Some(5)
    );
    let dated = SearchRequest {
        filters: Some(Filters {
            date_filter: Some(DateFilter {
                dates: vec![Date {
                    year: 1999,
                    ..Date::default()
                }],
                ranges: Vec::new(),
            }),
            ..Filters::default()
        }),
        ..SearchRequest::default()
    };
    assert!(client.search(&dated).await.unwrap().media_items.is_empty());
    assert_eq!(
        *client.media_item("nobody").await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
}

#[tokio::test]
async fn albums_are_read_changed_filled_and_emptied() {
    let bench = Bench::with(switched(|s| s.writes_per_minute = None), Vec::new()).await;
    let google = bench.google().await;
    let made = put(&google, 0..2, None).await;
    let client = google.client();
    let album = client.album_create("Trip").await.unwrap();
    assert!(album.is_writeable && album.media_items_count.is_none());
    let ids: Vec<&str> = made.iter().map(String::as_str).collect();
    client.album_add(&album.id, &ids).await.unwrap();
    client.album_remove(&album.id, &ids[..1]).await.unwrap();
    client.album_patch(&album.id, Some("Journey"), None).await.unwrap();
    let seen = client.album(&album.id).await.unwrap();
    assert_eq!((seen.title.as_str(), seen.media_items_count), ("Journey", Some(1)));
    let members = SearchRequest {
        album_id: Some(album.id.clone()),
        ..SearchRequest::default()
    };
    assert_eq!(client.search(&members).await.unwrap().media_items[0].id, made[1]);
    let text = NewEnrichment::Text("Day one".into());
    assert!(
        !client
            .add_enrichment(&album.id, &text, &AlbumPosition::first())
            .await
            .unwrap()
            .id
            .is_empty()
    );
    assert_eq!(client.albums_list(50, None).await.unwrap().albums.len(), 1);
    assert_eq!(*client.album("nothing").await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn only_the_description_can_be_set_later() {
    let bench = Bench::start().await;
    let google = bench.google().await;
    let made = put(&google, [1], None).await;
    let id = made[0].as_str().into();
    let patch = Metadata {
        description: Some(Sourced::provider("new".into())),
        favourite: Some(Sourced::provider(true)),
        ..Metadata::default()
    };
    assert_eq!(google.describe(&id, &patch).await.unwrap(), Fields::DESCRIPTION);
    assert_eq!(bench.sim().library()[0].description, "new");
    assert_eq!(google.describe(&id, &Metadata::default()).await.unwrap(), Fields::NONE);
    assert_eq!(
        *google.describe(&"nobody".into(), &patch).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
}
