//! Albums that are made.

use photomove_core::{DestAlbumId, ErrorKind, Intent, NewAlbum, PhotoSink, Settled};
use photomove_sim::FaultRule;

use crate::support::{Bench, item, pictures, put, unstacked};

fn new(title: &str) -> NewAlbum {
    NewAlbum {
        title: title.into(),
        description: Some("from another service".into()),
    }
}

fn titles(bench: &Bench) -> Vec<String> {
    let albums = bench.sim().albums().into_iter();
    let mut titles: Vec<_> = albums
        .filter(|album| album.kind == "album" && !album.deleted)
        .map(|album| album.title)
        .collect();
    titles.sort();
    titles
}

#[tokio::test]
async fn titles_that_the_server_takes_for_one_become_albums_of_their_own() {
    let bench = Bench::start().await;
    let sink = bench.sink();
    let all = [
        "***", "!!!", "😀", "😎", "Été", "ete", "100%", "100 days", "a_b", "aXb", "%", "Same", "Same",
    ];
    let mut ids = Vec::new();
    for title in all {
        ids.push(sink.create_album(&new(title)).await.unwrap());
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all.len());
    let mut expected: Vec<String> = all.iter().map(|title| (*title).to_owned()).collect();
    expected.sort();
    assert_eq!(titles(&bench), expected);
}

#[tokio::test]
async fn a_deleted_album_of_that_title_does_not_come_back() {
    let bench = Bench::start().await;
    let provider = bench.provider();
    let sink = bench.sink();
    let pictures = pictures(2).await;
    let old = put(&*sink, &item(1, "a.jpg", pictures[0].clone())).await;
    let dead = sink.create_album(&new("Summer")).await.unwrap();
    sink.add_to_album(&dead, &[old]).await.unwrap().remove(0).unwrap();
    provider.client().delete_album(dead.as_str()).await.unwrap();
    let fresh = put(&*sink, &item(2, "b.jpg", pictures[1].clone())).await;
    let album = sink.create_album(&new("Summer")).await.unwrap();
    sink.add_to_album(&album, &[fresh]).await.unwrap().remove(0).unwrap();
    let shown: Vec<_> = bench
        .sim()
        .albums()
        .into_iter()
        .filter(|one| one.kind == "album" && !one.deleted)
        .collect();
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0].photos.len(), 1, "the former photo stays away");
}

async fn settle(sink: &dyn PhotoSink, title: &str, known: Vec<DestAlbumId>) -> Settled {
    let question = Intent::CreateAlbum {
        album: new(title),
        since: "2026-11-21T19:59:00Z".parse().unwrap(),
        known,
    };
    sink.settle(&question).await.unwrap()
}

#[tokio::test]
async fn an_album_that_was_left_half_made_is_finished() {
    // The name that it is to bear is never heard: the process died in between.
    let rule = |nth: u64| -> FaultRule {
        let rule = serde_json::json!({"operation": "album_update", "nth": nth, "fault": "status", "status": 403});
        serde_json::from_value(rule).unwrap()
    };
    let bench = Bench::filled(None, vec![rule(1)], unstacked).await;
    let sink = bench.sink();
    sink.create_album(&new("Summer")).await.unwrap_err();
    assert!(
        matches!(settle(&*sink, "Winter", Vec::new()).await, Settled::DidNot),
        "it is none of that title"
    );
    let Settled::AlbumHappened(found) = settle(&*sink, "Summer", Vec::new()).await else {
        panic!("it is there, under its first name");
    };
    assert_eq!(titles(&bench), ["Summer"]);
    assert!(matches!(settle(&*sink, "Summer", vec![found]).await, Settled::DidNot));
}

#[tokio::test]
async fn an_older_album_of_the_same_title_is_never_taken_for_the_new_one() {
    let bench = Bench::start().await;
    let sink = bench.sink();
    sink.create_album(&new("Summer")).await.unwrap();
    bench
        .sim()
        .clock()
        .advance(std::time::Duration::from_secs(3 * 24 * 3600));
    let question = Intent::CreateAlbum {
        album: new("Summer"),
        since: bench.env.clock.now(),
        known: Vec::new(),
    };
    assert!(matches!(sink.settle(&question).await.unwrap(), Settled::DidNot));
}

#[tokio::test]
async fn an_album_of_the_same_title_that_holds_photos_is_somebody_elses() {
    let bench = Bench::start().await;
    let sink = bench.sink();
    let there = put(&*sink, &item(1, "a.jpg", pictures(1).await[0].clone())).await;
    let theirs = sink.create_album(&new("Summer")).await.unwrap();
    sink.add_to_album(&theirs, &[there]).await.unwrap().remove(0).unwrap();
    assert!(matches!(settle(&*sink, "Summer", Vec::new()).await, Settled::DidNot));
    // One that is empty is what a lost reply left.
    let ours = sink.create_album(&new("Summer")).await.unwrap();
    let Settled::AlbumHappened(found) = settle(&*sink, "Summer", Vec::new()).await else {
        panic!("it is there and empty");
    };
    assert_eq!(found, ours);
}

#[tokio::test]
async fn what_is_not_there_enters_no_album_and_spoils_no_other() {
    let bench = Bench::start().await;
    let sink = bench.sink();
    let there = put(&*sink, &item(1, "a.jpg", pictures(1).await[0].clone())).await;
    let album = sink.create_album(&new("Summer")).await.unwrap();
    let missing = "0000000000000000000000000000000000000000".into();
    let results = sink.add_to_album(&album, &[missing, there]).await.unwrap();
    assert_eq!(*results[0].as_ref().unwrap_err().kind(), ErrorKind::NotFound);
    assert!(results[1].is_ok());
}
