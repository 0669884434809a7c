//! Metadata of what was sent.

use jiff::civil::date;
use photomove_core::{CaptureTime, Fields, Metadata, Place, Precision, Sourced};
use photomove_sim::{Generation, PhotoPrismSwitches};
use rstest::rstest;

use crate::support::{Bench, item, pictures, put, unstacked};

fn patch() -> Metadata {
    let text = |text: &str| Some(Sourced::provider(text.to_owned()));
    Metadata {
        taken: Some(Sourced::provider(CaptureTime {
            offset_s: Some(-7 * 3600),
            ..CaptureTime::local(date(2011, 10, 2).at(9, 15, 0, 0), Precision::Second)
        })),
        title: text("First day"),
        description: text("School yard"),
        keywords: Some(Sourced::provider(vec!["school".into(), "Los Angeles".into()])),
        place: Some(Sourced::provider(Place {
            latitude: 37.7793,
            longitude: -122.4193,
            altitude_m: Some(16.0),
            name: None,
        })),
        favourite: Some(Sourced::provider(true)),
        private: Some(Sourced::provider(true)),
        archived: Some(Sourced::provider(true)),
        people: Some(Sourced::provider(vec!["Nora".into()])),
        ..Metadata::default()
    }
}

#[rstest]
#[case(Generation::G1)]
#[case(Generation::G2)]
#[case(Generation::G3)]
#[tokio::test]
async fn everything_that_can_be_kept_is_kept_and_read_back(#[case] generation: Generation) {
    let bench = Bench::with(|switches| {
        *switches = PhotoPrismSwitches::of(generation);
        unstacked(switches);
    })
    .await;
    let sink = bench.sink();
    let one = item(1, "a.jpg", pictures(1).await[0].clone());
    let id = put(&*sink, &one).await;
    let stored = sink.describe(&id, &patch()).await.unwrap();
    assert_eq!(stored, patch().fields().minus(Fields::PEOPLE));
    let photo = bench.photo(&one.sha1);
    assert_eq!(
        (photo.title.as_str(), photo.caption.as_str()),
        ("First day", "School yard")
    );
    assert!(photo.favorite && photo.private && photo.archived);
    assert!(
        photo.taken_at_local.starts_with("2011-10-02T09:15:00"),
        "{}",
        photo.taken_at_local
    );
    assert!(photo.taken_at.starts_with("2011-10-02T16:15:00"), "{}", photo.taken_at);
    assert!(
        photo.keywords.split(", ").any(|word| word == "school"),
        "{}",
        photo.keywords
    );
    assert!((photo.position.0 - 37.7793).abs() < 1e-9);
    // Once more changes nothing, and asks for nothing.
    let updates = bench.count("photo_update");
    assert_eq!(sink.describe(&id, &patch()).await.unwrap(), stored);
    assert_eq!(bench.count("photo_update"), updates);
}

#[tokio::test]
async fn nothing_to_say_takes_a_photo_out_of_review_and_no_more() {
    let bench = Bench::start().await;
    let sink = bench.sink();
    let one = item(1, "a.jpg", pictures(1).await[0].clone());
    let id = put(&*sink, &one).await;
    assert!(
        (0..3).contains(&bench.photo(&one.sha1).quality),
        "the picture has no camera and no place"
    );
    assert_eq!(sink.describe(&id, &Metadata::default()).await.unwrap(), Fields::NONE);
    assert_eq!(bench.photo(&one.sha1).quality, 3);
}

#[tokio::test]
async fn an_archived_photo_keeps_albums_that_it_enters_afterwards() {
    let bench = Bench::start().await;
    let sink = bench.sink();
    let one = item(1, "a.jpg", pictures(1).await[0].clone());
    let id = put(&*sink, &one).await;
    sink.describe(&id, &patch()).await.unwrap();
    let new = photomove_core::NewAlbum {
        title: "Summer".into(),
        description: None,
    };
    let album = sink.create_album(&new).await.unwrap();
    assert!(sink.add_to_album(&album, &[id]).await.unwrap().remove(0).is_ok());
    let photo = bench.photo(&one.sha1);
    assert!(photo.archived, "entering an album does not bring it back");
    assert_eq!(photo.albums, ["Summer"]);
}

#[tokio::test]
async fn an_album_brings_nothing_back_that_was_archived_before_anybody_looked_at_it() {
    let bench = Bench::start().await;
    let provider = bench.provider();
    let sink = bench.sink();
    let pictures = pictures(2).await;
    let (away, shown) = (
        item(1, "a.jpg", pictures[0].clone()),
        item(2, "b.jpg", pictures[1].clone()),
    );
    let ids = [put(&*sink, &away).await, put(&*sink, &shown).await];
    provider
        .client()
        .archive_photos([bench.photo(&away.sha1).uid])
        .await
        .unwrap();
    assert!((0..3).contains(&bench.photo(&away.sha1).quality), "it is in review");
    let new = photomove_core::NewAlbum {
        title: "Summer".into(),
        description: None,
    };
    let album = sink.create_album(&new).await.unwrap();
    for added in sink.add_to_album(&album, &ids).await.unwrap() {
        added.unwrap();
    }
    let photo = bench.photo(&away.sha1);
    assert!(photo.archived, "its owner put it away");
    assert_eq!(photo.albums, ["Summer"]);
    assert!(!bench.photo(&shown.sha1).archived);
    assert_eq!(bench.count("photo_update"), 1, "the other is only added");
}

#[tokio::test]
async fn who_is_archived_is_private_again_afterwards() {
    let bench = Bench::start().await;
    let sink = bench.sink();
    let one = item(1, "a.jpg", pictures(1).await[0].clone());
    let id = put(&*sink, &one).await;
    let flags = Metadata {
        archived: Some(Sourced::provider(true)),
        private: Some(Sourced::provider(true)),
        ..Metadata::default()
    };
    // The server forgets the one when it does the other.
    let stored = sink.describe(&id, &flags).await.unwrap();
    assert_eq!(stored, Fields::ARCHIVED.union(Fields::PRIVATE));
    let photo = bench.photo(&one.sha1);
    assert!(photo.private && photo.archived);
}
