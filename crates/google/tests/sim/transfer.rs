use std::time::Duration;

use photomove_core::{
    BytesBody, DestAlbumId, DestId, Disposition, ErrorKind, Intent, NewAlbum, PhotoProvider, PhotoSink, Rejection,
    Resource, Settled, Staged,
};
use photomove_sim::google::EmptyUpload;
use photomove_sim::{Fault, FaultRule, GoogleSwitches};

use crate::support::{Bench, Silent, body, bundle, bytes, ids, part, put, sha1_hex, stage, staged, switched};

fn album(title: &str) -> NewAlbum {
    NewAlbum {
        title: title.into(),
        description: None,
    }
}

#[tokio::test]
async fn fifty_files_arrive_whole_in_one_request_in_their_album() {
    let bench = Bench::start().await;
    let google = bench.google().await;
    google.connect().await.unwrap();
    let album = google.create_album(&album("Лето 2019")).await.unwrap();
    let made = put(&google, 0..50, Some(&album)).await;
    let library = bench.sim().library();
    assert_eq!(library.len(), 50);
    for (number, id) in (0..50).zip(&made) {
        let item = library.iter().find(|item| item.id == *id).unwrap();
        assert_eq!(item.sha1, sha1_hex(number));
        assert_eq!(item.name, format!("{number}.jpg"));
        assert_eq!(item.description, format!("words {number}"));
        assert_eq!(item.albums, ["Лето 2019"]);
    }
    assert_eq!(bench.count("batch_create"), 1);
    assert_eq!(bench.count("upload"), 51, "fifty and the canary");
    assert_eq!(bench.sim().requests_today(), 50 + 1 + 1 + 1 + 1);
}

#[tokio::test]
async fn results_in_any_order_find_their_items() {
    let bench = Bench::with(
        switched(|s| {
            s.reverse_results = true;
            s.success_message = "OK".into();
        }),
        Vec::new(),
    )
    .await;
    let google = bench.google().await;
    let made = put(&google, 0..5, None).await;
    let library = bench.sim().library();
    for (number, id) in (0..5).zip(made) {
        assert_eq!(
            library.iter().find(|item| item.id == id).unwrap().sha1,
            sha1_hex(number)
        );
    }
}

#[tokio::test]
async fn a_refused_file_fails_alone_whatever_the_status_of_the_batch() {
    for mixed_batch_status in [200, 207] {
        let bench = Bench::with(switched(|s| s.mixed_batch_status = mixed_batch_status), Vec::new()).await;
        let google = bench.google().await;
        let mut batch = staged(&google, 0..3).await;
        batch[1].file_name = "refused-by-google.jpg".into();
        let answers = google.commit(&batch, None).await.unwrap();
        let error = answers[1].as_ref().unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Rejected(Rejection::MediaType));
        assert_eq!(error.disposition(), Disposition::FailItem);
        assert!(answers[0].is_ok() && answers[2].is_ok());
    }
}

#[tokio::test]
async fn a_missing_result_is_settled_and_the_repeat_names_the_same_item() {
    let bench = Bench::with(switched(|s| s.drop_last_result = true), Vec::new()).await;
    let google = bench.google().await;
    let batch = staged(&google, 0..3).await;
    let answers = google.commit(&batch, None).await.unwrap();
    assert!(answers[0].is_ok() && answers[1].is_ok());
    assert_eq!(answers[2].as_ref().unwrap_err().disposition(), Disposition::Settle);
    let intent = Intent::Commit {
        bundles: vec![batch[2].clone()],
        album: None,
    };
    assert!(matches!(
        google.settle(&intent).await.unwrap(),
        Settled::RepeatIsHarmless
    ));
    let again = google.commit(&batch[2..], None).await.unwrap();
    let library = bench.sim().library();
    assert_eq!(library.len(), 3);
    assert!(
        library
            .iter()
            .any(|item| item.id == ids(&again)[0] && item.sha1 == sha1_hex(2))
    );
}

#[tokio::test]
async fn a_lost_reply_is_settled_and_the_repeat_doubles_nothing() {
    let lost = FaultRule::new("batch_create", Fault::Truncate { at: Some(10) }).nth(1);
    let bench = Bench::with(GoogleSwitches::default(), vec![lost]).await;
    let google = bench.google().await;
    let batch = staged(&google, 0..3).await;
    let error = google.commit(&batch, None).await.unwrap_err();
    assert_eq!(error.disposition(), Disposition::Settle, "{error:?}");
    assert_eq!(bench.sim().library().len(), 3, "the service had acted");
    let made = ids(&google.commit(&batch, None).await.unwrap());
    let library = bench.sim().library();
    assert_eq!(library.len(), 3);
    assert!(library.iter().all(|item| made.contains(&item.id)));
}

#[tokio::test]
async fn one_poisoned_token_asks_to_split_the_batch() {
    let bench = Bench::start().await;
    let google = bench.google().await;
    let mut batch = staged(&google, 0..2).await;
    let poison = Staged {
        token: "never given".into(),
        until: None,
        bound_to: None,
        visible: None,
    };
    batch.push(bundle(2, poison));
    let error = google.commit(&batch, None).await.unwrap_err();
    assert_eq!(error.disposition(), Disposition::SplitBatch);
    assert!(bench.sim().library().is_empty());
    assert!(
        google
            .commit(&batch[..2], None)
            .await
            .unwrap()
            .iter()
            .all(Result::is_ok)
    );
}

#[tokio::test]
async fn a_token_is_no_longer_used_when_the_service_would_refuse_it() {
    let bench = Bench::start().await;
    let google = bench.google().await;
    let staged = stage(&google, 1).await.unwrap();
    let until = staged.until.unwrap();
    bench.sim().clock().advance(Duration::from_secs(23 * 3600));
    assert!(until <= bench.sim().clock().now());
    assert!(
        google.commit(&[bundle(1, staged.clone())], None).await.unwrap()[0].is_ok(),
        "an hour is kept in reserve"
    );
    bench.sim().clock().advance(Duration::from_secs(3601));
    let error = google.commit(&[bundle(1, staged)], None).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::BadBatch);
}

#[tokio::test]
async fn the_same_bytes_are_one_item_within_a_request_and_between_requests() {
    let bench = Bench::start().await;
    let google = bench.google().await;
    let mut batch = Vec::new();
    for number in 0..3 {
        let staged = google.stage(&part(number), &body(7), None, &Silent).await.unwrap();
        batch.push(bundle(number, staged));
    }
    let made = ids(&google.commit(&batch, None).await.unwrap());
    assert_eq!(made[0], made[1]);
    assert_eq!(made[0], made[2]);
    assert_eq!(bench.count("batch_create"), 1, "twins are known by their hashes");
    assert_eq!(put(&google, [7], None).await[0], made[0]);
    assert_eq!(bench.sim().library().len(), 1);
}

#[tokio::test]
async fn twins_of_unknown_hashes_are_asked_for_alone() {
    let bench = Bench::start().await;
    let google = bench.google().await;
    let mut batch = Vec::new();
    for number in 0..2 {
        let token = google.client().upload_raw(&body(7), None).await.unwrap();
        batch.push(bundle(
            number,
            Staged {
                token: token.into(),
                until: None,
                bound_to: None,
                visible: None,
            },
        ));
    }
    let made = ids(&google.commit(&batch, None).await.unwrap());
    assert_eq!(made[0], made[1]);
    assert_eq!(bench.count("batch_create"), 2);
}

#[tokio::test]
async fn a_busy_moment_of_the_service_concerns_the_item_only() {
    let bench = Bench::with(switched(|s| s.internal_error_rate = 1.0), Vec::new()).await;
    let google = bench.google().await;
    let batch = staged(&google, 0..2).await;
    let answers = google.commit(&batch, None).await.unwrap();
    for answer in &answers {
        assert!(matches!(
            answer.as_ref().unwrap_err().disposition(),
            Disposition::Retry { .. }
        ));
    }
    assert!(
        google.commit(&batch, None).await.unwrap().iter().all(Result::is_ok),
        "the same tokens do"
    );
}

#[tokio::test]
async fn an_item_of_another_app_enters_an_album_only_while_it_is_created() {
    let bench = Bench::start().await;
    let phone = bench.sim().preload_phone_item(bytes(1), "phone.jpg");
    let google = bench.google().await;
    let first = google.create_album(&album("first")).await.unwrap();
    assert_eq!(put(&google, [1], Some(&first)).await[0], phone);
    let second = google.create_album(&album("second")).await.unwrap();
    let phone = DestId::from(phone);
    let answers = google
        .add_to_album(&second, std::slice::from_ref(&phone))
        .await
        .unwrap();
    assert_eq!(
        *answers[0].as_ref().unwrap_err().kind(),
        ErrorKind::Rejected(Rejection::Policy)
    );
    let own = DestId::from(put(&google, [2], None).await.remove(0));
    let error = google.add_to_album(&second, &[own.clone(), phone]).await.unwrap_err();
    assert_eq!(error.disposition(), Disposition::SplitBatch);
    google.add_to_album(&second, std::slice::from_ref(&own)).await.unwrap();
    let albums = bench.sim().albums();
    assert_eq!(albums[0].items.len(), 1);
    assert_eq!(albums[1].items, [own.to_string()]);
}

#[tokio::test]
async fn albums_that_cannot_be_filled_are_told_apart() {
    let bench = Bench::with(switched(|s| s.album_limit = 2), Vec::new()).await;
    let google = bench.google().await;
    let foreign = DestAlbumId::from(bench.sim().preload_foreign_album("theirs"));
    let gone = google.create_album(&album("gone")).await.unwrap();
    bench.sim().delete_album(gone.as_str());
    let small = google.create_album(&album("small")).await.unwrap();
    let batch = staged(&google, 0..3).await;
    for (album, kind) in [
        (&foreign, ErrorKind::Rejected(Rejection::Policy)),
        (&gone, ErrorKind::NotFound),
        (&small, ErrorKind::Rejected(Rejection::Policy)),
    ] {
        let error = google.commit(&batch, Some(album)).await.unwrap_err();
        assert_eq!(*error.kind(), kind, "{error}");
        assert_eq!(error.disposition(), Disposition::FailItem);
    }
}

#[tokio::test]
async fn a_lost_album_is_found_again_and_others_of_its_title_are_left_alone() {
    let bench = Bench::start().await;
    let google = bench.google().await;
    let wanted = album("Trip");
    let lost = |known: Vec<DestAlbumId>| Intent::CreateAlbum {
        album: wanted.clone(),
        since: bench.sim().clock().now(),
        known,
    };
    assert!(matches!(
        google.settle(&lost(Vec::new())).await.unwrap(),
        Settled::DidNot
    ));
    let first = google.create_album(&wanted).await.unwrap();
    assert!(matches!(
        google.settle(&lost(vec![first.clone()])).await.unwrap(),
        Settled::DidNot
    ));
    let second = google.create_album(&wanted).await.unwrap();
    let Settled::AlbumHappened(found) = google.settle(&lost(vec![first.clone()])).await.unwrap() else {
        panic!()
    };
    assert_eq!(found, second);
    assert!(
        matches!(google.settle(&lost(Vec::new())).await.unwrap(), Settled::Unknown),
        "two empty ones"
    );
    put(&google, [1], Some(&first)).await;
    let Settled::AlbumHappened(found) = google.settle(&lost(Vec::new())).await.unwrap() else {
        panic!()
    };
    assert_eq!(found, second, "the only empty one");
}

#[tokio::test]
async fn an_album_beyond_the_first_page_is_found() {
    let bench = Bench::with(
        switched(|s| {
            s.repeat_first_element = true;
            s.writes_per_minute = None;
        }),
        Vec::new(),
    )
    .await;
    let google = bench.google().await;
    google.create_album(&album("Trip")).await.unwrap();
    for _ in 0..60 {
        google.create_album(&album("Other")).await.unwrap();
    }
    let intent = Intent::CreateAlbum {
        album: album("Trip"),
        since: bench.sim().clock().now(),
        known: Vec::new(),
    };
    assert!(matches!(
        google.settle(&intent).await.unwrap(),
        Settled::AlbumHappened(_)
    ));
}

#[tokio::test]
async fn quotas_lead_to_waiting_or_to_the_end_of_the_day() {
    let bench = Bench::with(switched(|s| s.requests_per_day = Some(3)), Vec::new()).await;
    let google = bench.google().await;
    put(&google, [1], None).await;
    let error = stage(&google, 2).await.unwrap_err();
    let Disposition::WaitUntil(Some(at)) = error.disposition() else {
        panic!("{error:?}")
    };
    assert_eq!(at.to_string(), "2026-11-22T08:05:00Z");
    bench.sim().clock().advance(Duration::from_secs(13 * 3600));
    stage(&google, 2).await.unwrap();

    let bench = Bench::with(switched(|s| s.writes_per_minute = Some(2)), Vec::new()).await;
    let google = bench.google().await;
    let before = bench.sim().clock().advanced();
    for number in 0..5 {
        google.create_album(&album(&number.to_string())).await.unwrap();
    }
    assert!(
        bench.sim().clock().advanced() - before >= Duration::from_secs(60),
        "it waited and went on"
    );
    assert_eq!(bench.sim().albums().len(), 5);
}

#[tokio::test]
async fn the_upload_quota_in_the_clothes_of_a_400_is_waited_for() {
    let bench = Bench::with(switched(|s| s.uploads_per_minute = Some(2)), Vec::new()).await;
    let google = bench.google().await;
    put(&google, 0..5, None).await;
    assert_eq!(bench.sim().library().len(), 5);
}

#[tokio::test]
async fn a_full_account_stops_the_run() {
    let bench = Bench::start().await;
    let google = bench.google().await;
    let batch = staged(&google, 0..2).await;
    bench.sim().set_storage_limit(Some(10));
    let error = google.commit(&batch, None).await.unwrap_err();
    assert_eq!(
        *error.kind(),
        ErrorKind::Quota {
            resource: Resource::Storage,
            resets_at: None
        }
    );
    assert_eq!(error.disposition(), Disposition::StopRun);
}

#[tokio::test]
async fn files_that_are_empty_or_too_large_are_refused_for_good() {
    let limits = switched(|s| {
        s.photo_limit_bytes = 10;
        s.empty_upload = EmptyUpload::EmptyToken;
    });
    let bench = Bench::with(limits, Vec::new()).await;
    let google = bench.google().await;
    let empty = google
        .stage(&part(1), &BytesBody::new(Vec::new()), None, &Silent)
        .await
        .unwrap_err();
    assert_eq!(*empty.kind(), ErrorKind::Rejected(Rejection::Empty));
    assert_eq!(bench.count("upload"), 0, "nothing is sent");
    let large = stage(&google, 1).await.unwrap_err();
    assert_eq!(*large.kind(), ErrorKind::Rejected(Rejection::TooLarge));
}

#[tokio::test]
async fn a_service_that_stumbles_is_asked_again() {
    let stumble = |operation: &str| {
        FaultRule::new(
            operation,
            Fault::Status {
                status: 503,
                retry_after: None,
                body: None,
            },
        )
        .nth(2)
    };
    let bench = Bench::with(
        GoogleSwitches::default(),
        vec![stumble("upload"), stumble("album_list")],
    )
    .await;
    let google = bench.google().await;
    google.connect().await.unwrap();
    google.connect().await.unwrap();
    put(&google, [1], None).await;
    let fails = FaultRule::new(
        "album_create",
        Fault::Status {
            status: 500,
            retry_after: None,
            body: None,
        },
    )
    .nth(1);
    let bench = Bench::with(GoogleSwitches::default(), vec![fails]).await;
    let error = bench.google().await.create_album(&album("x")).await.unwrap_err();
    assert_eq!(
        error.disposition(),
        Disposition::Settle,
        "a creation is not repeated blindly"
    );
}
