//! Replies that never come, one kind of call after the other: what is found out, and what is done again.

use photomove_core::{
    DestAlbumId, DestId, Disposition, Error, ErrorKind, Happened, Intent, NewAlbum, PhotoSink, Settled, StagedBundle,
};
use photomove_google::GooglePhotos;
use photomove_sim::{Fault, FaultRule};

use crate::support::{Bench, bytes, ids, put, stage, staged, switched};

const LOST: Fault = Fault::ResetAfter { at: None };

fn lost(operation: &str) -> FaultRule {
    FaultRule::new(operation, LOST)
}

fn trip() -> NewAlbum {
    NewAlbum {
        title: "Trip".into(),
        description: None,
    }
}

fn commit_of(bundles: &[StagedBundle], album: Option<&DestAlbumId>) -> Intent {
    Intent::Commit {
        bundles: bundles.to_vec(),
        album: album.cloned(),
    }
}

fn is_open(error: &Error) {
    assert_eq!(error.disposition(), Disposition::Settle, "{error:?}");
    assert_eq!(error.has_happened(), Happened::Unknown);
}

/// Commits as an engine does: a batch of which one is refused is halved; returns the places that were refused alone.
async fn commit_halving(google: &GooglePhotos, batch: &[StagedBundle], made: &mut Vec<String>) -> Vec<u128> {
    let mut refused = Vec::new();
    let mut queue = vec![batch];
    while let Some(batch) = queue.pop() {
        match google.commit(batch, None).await {
            Ok(answers) => made.extend(ids(&answers)),
            Err(error) if *error.kind() == ErrorKind::BadBatch && batch.len() == 1 => {
                refused.push(batch[0].key.as_u128());
            }
            Err(error) => {
                assert_eq!(error.disposition(), Disposition::SplitBatch, "{error:?}");
                let (left, right) = batch.split_at(batch.len() / 2);
                queue.extend([right, left]);
            }
        }
    }
    refused
}

#[tokio::test]
async fn a_lost_reply_of_an_upload_costs_that_body_again_and_nothing_else() {
    // The first one is the canary.
    let bench = Bench::with(switched(|_| {}), vec![lost("upload").nth(3)]).await;
    let google = bench.google().await;
    assert_eq!(put(&google, 0..3, None).await.len(), 3);
    assert_eq!(bench.count("upload"), 1 + 3 + 1);
    assert_eq!(bench.sim().library().len(), 3);
}

#[tokio::test]
async fn a_lost_reply_of_a_creation_is_settled_by_the_same_batch_with_the_same_ids_and_no_body_again() {
    let bench = Bench::with(switched(|_| {}), vec![lost("batch_create").nth(1)]).await;
    let google = bench.google().await;
    let album = google.create_album(&trip()).await.unwrap();
    let batch = staged(&google, 0..5).await;
    let uploads = bench.count("upload");
    is_open(&google.commit(&batch, Some(&album)).await.unwrap_err());
    let there: Vec<String> = bench.sim().library().into_iter().map(|item| item.id).collect();
    assert_eq!(there.len(), 5, "the service had acted");

    // As after a kill: another process settles, and repeats.
    let google = bench.google().await;
    let settled = google.settle(&commit_of(&batch, Some(&album))).await.unwrap();
    assert!(matches!(settled, Settled::RepeatIsHarmless));
    let mut again = ids(&google.commit(&batch, Some(&album)).await.unwrap());
    again.sort();
    let mut there = there;
    there.sort();
    assert_eq!(again, there);
    assert_eq!(bench.count("upload"), uploads, "no body again");
    assert_eq!(bench.sim().albums()[0].items.len(), 5);
    assert_eq!(bench.sim().library().len(), 5);
}

#[tokio::test]
async fn where_used_tokens_are_refused_exactly_those_items_are_sent_again() {
    let switches = switched(|s| s.used_token_accepted = false);
    let bench = Bench::with(switches, vec![lost("batch_create").nth(1)]).await;
    let google = bench.google().await;
    let used = staged(&google, 0..3).await;
    is_open(&google.commit(&used, None).await.unwrap_err());
    let there: Vec<String> = bench.sim().library().into_iter().map(|item| item.id).collect();

    // Two more came meanwhile; one batch holds used and unused tokens.
    let mut batch = used.clone();
    batch.extend(staged(&google, 3..5).await);
    let uploads = bench.count("upload");
    let mut made = Vec::new();
    let mut refused = commit_halving(&google, &batch, &mut made).await;
    refused.sort_unstable();
    assert_eq!(refused, [0, 1, 2]);
    assert_eq!(made.len(), 2);

    // Only these go up again, and are the same items.
    let again = staged(&google, 0..3).await;
    assert_eq!(bench.count("upload"), uploads + 3);
    let same = ids(&google.commit(&again, None).await.unwrap());
    assert!(same.iter().all(|id| there.contains(id)), "{same:?} {there:?}");
    assert_eq!(bench.sim().library().len(), 5);
}

#[tokio::test]
async fn a_lost_reply_of_a_new_album_is_settled_by_looking_and_there_is_one_album() {
    let bench = Bench::with(switched(|_| {}), vec![lost("album_create").nth(1)]).await;
    let google = bench.google().await;
    let since = bench.sim().clock().now();
    is_open(&google.create_album(&trip()).await.unwrap_err());
    let google = bench.google().await;
    let intent = Intent::CreateAlbum {
        album: trip(),
        since,
        known: Vec::new(),
    };
    let Settled::AlbumHappened(found) = google.settle(&intent).await.unwrap() else {
        panic!()
    };
    let albums = bench.sim().albums();
    assert_eq!(albums.len(), 1);
    assert_eq!(albums[0].id, found.as_str());
}

#[tokio::test]
async fn a_request_for_an_album_that_never_arrived_is_known_not_to_have_happened() {
    let before = FaultRule::new("album_create", Fault::ResetBefore).nth(1);
    let bench = Bench::with(switched(|_| {}), vec![before]).await;
    let google = bench.google().await;
    let since = bench.sim().clock().now();
    is_open(&google.create_album(&trip()).await.unwrap_err());
    let intent = Intent::CreateAlbum {
        album: trip(),
        since,
        known: Vec::new(),
    };
    assert!(matches!(google.settle(&intent).await.unwrap(), Settled::DidNot));
    google.create_album(&trip()).await.unwrap();
    assert_eq!(bench.sim().albums().len(), 1);
}

#[tokio::test]
async fn a_clock_that_jumped_makes_no_second_album() {
    let bench = Bench::start().await;
    let google = bench.google().await;
    let clock = bench.sim().clock();
    let began = clock.now();
    let intent = Intent::CreateAlbum {
        album: trip(),
        // Long ago by this clock, which says nothing about how long ago it was.
        since: began - jiff::SignedDuration::from_hours(24),
        known: Vec::new(),
    };
    assert!(matches!(google.settle(&intent).await.unwrap(), Settled::DidNot));
    assert!(
        clock.now().duration_since(began).as_secs() >= 20,
        "it had time to appear"
    );
    assert_eq!(bench.count("album_list"), 2);
}

#[tokio::test]
async fn a_stop_does_not_wait_for_an_album_and_leaves_the_question_open() {
    let bench = Bench::start().await;
    let google = bench.google().await;
    bench.env.stop.cancel();
    let intent = Intent::CreateAlbum {
        album: trip(),
        since: bench.sim().clock().now(),
        known: Vec::new(),
    };
    let error = google.settle(&intent).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Cancelled);
}

#[tokio::test]
async fn a_lost_reply_of_filing_is_repeated_and_nothing_is_filed_twice() {
    let bench = Bench::with(switched(|_| {}), vec![lost("album_add").nth(1)]).await;
    let google = bench.google().await;
    let album = google.create_album(&trip()).await.unwrap();
    let members: Vec<DestId> = put(&google, 0..3, None).await.into_iter().map(DestId::from).collect();
    let intent = Intent::AddToAlbum {
        album: album.clone(),
        members: members.clone(),
    };
    assert!(
        google
            .add_to_album(&album, &members)
            .await
            .unwrap()
            .iter()
            .all(Result::is_ok)
    );
    assert!(matches!(
        google.settle(&intent).await.unwrap(),
        Settled::RepeatIsHarmless
    ));
    // As a killed run would.
    google.add_to_album(&album, &members).await.unwrap();
    assert_eq!(bench.sim().albums()[0].items.len(), 3);
}

#[tokio::test]
async fn an_item_of_another_app_enters_each_album_by_creating_it_again_with_the_same_token() {
    let bench = Bench::with(switched(|_| {}), vec![lost("batch_create").nth(2)]).await;
    let phone = bench.sim().preload_phone_item(bytes(1), "phone.jpg");
    let google = bench.google().await;
    let mut albums = Vec::new();
    for title in ["first", "second", "third"] {
        let album = NewAlbum {
            title: title.into(),
            description: None,
        };
        albums.push(google.create_album(&album).await.unwrap());
    }
    let batch = staged(&google, [1]).await;
    let uploads = bench.count("upload");
    for (number, album) in albums.iter().enumerate() {
        let made = google.commit(&batch, Some(album)).await;
        let made = match made {
            // The reply was lost: settled and repeated like any other.
            Err(error) => {
                assert_eq!(number, 1);
                is_open(&error);
                google.commit(&batch, Some(album)).await.unwrap()
            }
            Ok(made) => made,
        };
        assert_eq!(ids(&made), [phone.as_str()]);
    }
    assert!(bench.sim().albums().iter().all(|album| album.items == [phone.clone()]));
    assert_eq!(bench.count("upload"), uploads, "one body for all");
}

#[tokio::test]
async fn uploads_that_were_under_way_are_harmless_to_repeat() {
    let bench = Bench::start().await;
    let google = bench.google().await;
    let first = stage(&google, 1).await.unwrap();
    let second = stage(&google, 1).await.unwrap();
    for staged in [first, second] {
        let batch = [crate::support::bundle(1, staged)];
        google.commit(&batch, None).await.unwrap();
    }
    assert_eq!(bench.sim().library().len(), 1);
}
