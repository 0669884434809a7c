//! Listings of a part of the library: complete, and in as few requests as the service allows.

use std::collections::HashSet;

use photomove_amazon::{AmazonConfig, AmazonPhotos};
use photomove_core::{AlbumId, Asset, Filters, Fit, MediaFilter, MediaKind, PhotoProvider, PhotoSource};
use photomove_sim::{AmazonSwitches, Library, LibraryItem};
use rstest::rstest;

use crate::support::{StandIn, list_all, list_from};

/// Pictures and films, some of them favourites, and albums of the pictures.
fn library(pictures: u64, films: u64) -> Library {
    let mut library = Library::synthetic(pictures, 2048, 3).unwrap();
    library.add_synthetic_videos(films, 8192, 3).unwrap();
    for film in library.items.iter_mut().rev().take(2).take(films as usize) {
        film.favorite = true;
    }
    library
}

fn fitting(assets: &[Asset], filters: &Filters) -> HashSet<String> {
    let fit = assets.iter().filter(|asset| filters.matches(asset) == Fit::Yes);
    fit.map(|asset| asset.id.to_string()).collect()
}

async fn listed(source: &AmazonPhotos, filters: &Filters) -> Vec<Asset> {
    let start = source.start(filters).await.unwrap();
    list_from(source, start).await.unwrap()
}

async fn album(source: &AmazonPhotos, title: &str) -> AlbumId {
    let page = source.albums(None).await.unwrap();
    let mut albums = page.items.into_iter().map(Result::unwrap);
    albums.find(|album| album.title == title).unwrap().id
}

#[tokio::test]
async fn videos_alone_are_listed_without_the_pictures() {
    let stand_in = StandIn::start(library(600, 30), AmazonSwitches::default()).await;
    let source = stand_in.provider_with(AmazonConfig::default());
    source.connect().await.unwrap();
    let filters = Filters::default().with_kind(MediaFilter::Video);
    let before = stand_in.count("list");
    let videos = listed(&source, &filters).await;
    assert_eq!(videos.len(), 30);
    assert!(videos.iter().all(|asset| asset.kind == MediaKind::Video));
    // Three that count, one page, and whose account it is before the end is believed; the whole library has four pages.
    assert!(
        stand_in.count("list") - before <= 5,
        "{} requests",
        stand_in.count("list") - before
    );
    stand_in.end().await;
}

#[rstest]
#[case::pictures(Filters::default().with_kind(MediaFilter::Photo))]
#[case::favourites(Filters::default().with_favourite())]
#[case::favourite_films(Filters::default().with_favourite().with_kind(MediaFilter::Video))]
#[case::since(Filters::default().with_since("2019-01-03T00:00:00Z".parse().unwrap()))]
#[case::until(Filters::default().with_until("2019-01-03T00:00:00Z".parse().unwrap()))]
#[tokio::test]
async fn a_filtered_listing_holds_all_that_fits(
    #[case] filters: Filters,
    #[values(false, true)] odd_nodes: bool,
    #[values(false, true)] documents: bool,
) {
    let mut library = library(60, 5);
    if documents {
        library.items.push(LibraryItem::from_bytes("notes.txt", "text"));
    }
    let switches = AmazonSwitches {
        odd_nodes,
        ..AmazonSwitches::default()
    };
    let stand_in = StandIn::start(library, switches).await;
    let source = stand_in.provider();
    let wanted = fitting(&list_all(&source).await.unwrap(), &filters);
    assert_eq!(fitting(&listed(&source, &filters).await, &filters), wanted);
    stand_in.end().await;
}

/// Nodes of which the service knows no type are pictures by their name: a filter by type would lose them.
#[tokio::test]
async fn what_the_service_cannot_tell_apart_is_not_left_to_it() {
    let switches = AmazonSwitches {
        odd_nodes: true,
        ..AmazonSwitches::default()
    };
    let stand_in = StandIn::start(library(60, 5), switches).await;
    let source = stand_in.provider();
    let filters = Filters::default().with_kind(MediaFilter::Photo);
    let assets = listed(&source, &filters).await;
    let names: HashSet<&str> = assets.iter().map(|asset| asset.parts[0].file_name.as_str()).collect();
    assert!(names.contains("odd NoContentProperties.jpg"), "{names:?}");
    // The films come along: whoever lists leaves them out.
    assert_eq!(assets.iter().filter(|asset| asset.kind == MediaKind::Video).count(), 5);
    stand_in.end().await;
}

#[tokio::test]
async fn an_album_is_listed_without_the_library() {
    let stand_in = StandIn::start(library(2_000, 0), AmazonSwitches::default()).await;
    let source = stand_in.provider_with(AmazonConfig::default());
    source.connect().await.unwrap();
    let id = album(&source, "Synthetic 03").await;
    let all = list_all(&source).await.unwrap();
    let before = stand_in.count("list");
    let members = listed(&source, &Filters::default().with_album_ids([id.clone()])).await;
    assert_eq!(
        stand_in.count("list") - before,
        0,
        "no page of the library is asked for"
    );
    let ids: HashSet<_> = members.iter().map(|asset| asset.id.clone()).collect();
    assert!(!ids.is_empty() && ids.len() == members.len() && ids.len() < all.len() / 4);
    assert!(
        members
            .iter()
            .all(|asset| asset.albums.as_deref() == Some(&[id.clone()][..]))
    );
    stand_in.end().await;
}

#[tokio::test]
async fn an_album_that_is_gone_has_no_members() {
    let stand_in = StandIn::small(AmazonSwitches::default()).await;
    let source = stand_in.provider();
    let there = album(&source, "Synthetic 01").await;
    let gone = AlbumId::from("-nosuchnode0000000000a");
    let alone = listed(&source, &Filters::default().with_album_ids([there.clone()])).await;
    let both = listed(&source, &Filters::default().with_album_ids([gone, there])).await;
    assert!(!alone.is_empty());
    assert_eq!(both.len(), alone.len());
    stand_in.end().await;
}
