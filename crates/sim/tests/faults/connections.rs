//! Faults of the connection and of time.

use std::io::ErrorKind;
use std::time::Duration;

use rstest::rstest;
use serde_json::json;

use crate::support::{ITEM_BYTES, amazon, google, only, slow_amazon, split};

const USAGE: &str = "/drive/v1/account/usage";

#[tokio::test]
async fn a_reset_before_is_a_real_reset_and_nothing_was_done() {
    let stage = google(0, r#"[{"operation":"album_create","times":1,"fault":"reset_before"}]"#).await;
    let album = json!({ "album": { "title": "x" } });
    stage.post("/v1/albums", album.clone()).await.unwrap_err();
    assert!(stage.sims.google().unwrap().albums().is_empty());
    assert_eq!(stage.post("/v1/albums", album).await.unwrap().status(), 200);
    assert_eq!(stage.faults(), only("reset_before", 1));
    let log = stage.log();
    assert_eq!(
        (log[0].status, log[0].fault.as_deref(), log[1].status, &log[1].fault),
        (0, Some("reset_before"), 200, &None)
    );
}

#[tokio::test]
async fn the_end_of_a_reset_is_told_from_a_close() {
    let stage = amazon(
        1,
        r#"[{"operation":"usage","nth":1,"fault":"reset_before"},{"operation":"usage","nth":2,"fault":"reset_after"},
            {"operation":"usage","nth":3,"fault":"stall","ms":1}]"#,
    )
    .await;
    for wanted in [Some(ErrorKind::ConnectionReset), Some(ErrorKind::ConnectionReset), None] {
        let (got, end) = stage.raw("metadata", USAGE).await;
        assert_eq!((got.len(), end.err().map(|error| error.kind())), (0, wanted));
    }
}

#[rstest]
#[case("reset_after")]
#[case("status_after\",\"status\":500,\"body_kind\":\"empty")]
#[case("stall\",\"acted\":true,\"ms\":5,\"times\":1,\"operation\":\"album_create")]
#[tokio::test]
async fn what_the_service_did_stays_done_when_its_answer_is_lost(#[case] fault: &str) {
    let operation = if fault.contains("operation") {
        String::new()
    } else {
        r#""operation":"album_create","times":1,"#.to_owned()
    };
    let stage = google(0, &format!(r#"[{{{operation}"fault":"{fault}"}}]"#)).await;
    let lost = stage.post("/v1/albums", json!({ "album": { "title": "once" } })).await;
    assert!(lost.is_err() || lost.unwrap().status() == 500);
    assert_eq!(stage.sims.google().unwrap().albums().len(), 1);
    assert_eq!(stage.faults().values().sum::<u64>(), 1);
}

#[tokio::test]
async fn a_reset_in_the_middle_comes_behind_so_many_bytes() {
    let stage = amazon(1, r#"[{"operation":"download","fault":"reset_after","at":700}]"#).await;
    let (path, bodies) = stage.downloads().await;
    let (got, end) = stage.raw("download", &path).await;
    assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset);
    let (head, body) = split(&got);
    assert!(head.contains("content-length: 1500"), "{head}");
    assert_eq!(body, &bodies[0][..700]);
}

#[rstest]
#[case("0", 0)]
#[case("1", 1)]
#[case("-1", ITEM_BYTES - 1)]
#[case("99999", ITEM_BYTES - 1)]
#[tokio::test]
async fn a_cut_comes_exactly_where_the_plan_says(#[case] at: &str, #[case] wanted: usize) {
    let stage = amazon(
        1,
        &format!(r#"[{{"operation":"download","fault":"truncate","at":{at}}}]"#),
    )
    .await;
    let (path, bodies) = stage.downloads().await;
    let (got, end) = stage.raw("download", &path).await;
    end.unwrap();
    let (head, body) = split(&got);
    assert!(head.contains("content-length: 1500"), "{head}");
    assert_eq!(body, &bodies[0][..wanted]);
    assert_eq!(stage.faults(), only("truncate", 1));
}

#[tokio::test]
async fn a_stall_in_the_middle_ends_when_the_clock_is_moved() {
    let stage = amazon(1, r#"[{"operation":"download","fault":"stall","at":10,"ms":3600000}]"#).await;
    let (path, bodies) = stage.downloads().await;
    let clock = stage.service().shared().clock.clone();
    let mut response = stage.get("download", &path).await;
    assert_eq!(response.chunk().await.unwrap().unwrap(), bodies[0][..10]);
    clock.advance(Duration::from_secs(3600));
    response.chunk().await.unwrap_err();
    assert_eq!(stage.faults(), only("stall", 1));
}

#[tokio::test]
async fn a_late_answer_was_acted_on_at_once_and_comes_whole() {
    let stage = google(0, r#"[{"operation":"album_create","fault":"late","ms":3600000}]"#).await;
    let clock = stage.service().shared().clock.clone();
    let asked = stage.post("/v1/albums", json!({ "album": { "title": "x" } }));
    let moved = async {
        while stage.sims.google().unwrap().albums().is_empty() || stage.log().is_empty() {
            tokio::task::yield_now().await;
        }
        // Moved again until it counts: the wait may begin after the first time.
        loop {
            clock.advance(Duration::from_secs(3600));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let answer = tokio::select! {
        answer = asked => answer,
        () = moved => unreachable!(),
    };
    assert_eq!(answer.unwrap().status(), 200);
    assert_eq!(stage.faults(), only("late", 1));
}

#[tokio::test]
async fn a_dripping_body_comes_in_pieces_and_is_whole() {
    let stage = amazon(1, r#"[{"operation":"download","fault":"drip","ms":2,"bytes":500}]"#).await;
    let (path, bodies) = stage.downloads().await;
    let mut response = stage.get("download", &path).await;
    let mut pieces = Vec::new();
    while let Some(piece) = response.chunk().await.unwrap() {
        assert!(piece.len() <= ITEM_BYTES);
        pieces.push(piece);
    }
    assert!(pieces.len() > 1, "{}", pieces.len());
    assert_eq!(pieces.concat(), bodies[0]);
}

#[tokio::test]
async fn a_duplicate_answer_follows_the_first_byte_for_byte() {
    let stage = amazon(1, r#"[{"operation":"download","fault":"duplicate_reply"}]"#).await;
    let (path, bodies) = stage.downloads().await;
    let (got, end) = stage.raw("download", &path).await;
    end.unwrap();
    let (first, second) = got.split_at(got.len() / 2);
    assert_eq!(first, second);
    assert_eq!(split(first).1, bodies[0]);
    assert_eq!(stage.faults(), only("duplicate_reply", 1));
}

#[tokio::test]
async fn a_client_that_keeps_connections_survives_duplicates_and_garbage() {
    let stage = amazon(
        1,
        r#"[{"operation":"usage","every":3,"fault":"duplicate_reply"},{"operation":"usage","every":2,"fault":"garbage_reply"}]"#,
    )
    .await;
    for _ in 0..12 {
        let usage = stage.get("metadata", USAGE).await;
        assert_eq!(
            usage.json::<serde_json::Value>().await.unwrap()["photo"]["total"]["count"],
            1
        );
    }
    assert_eq!(stage.faults()["duplicate_reply"], 4);
    let (got, _) = amazon(1, r#"[{"operation":"*","fault":"garbage_reply"}]"#)
        .await
        .raw("metadata", USAGE)
        .await;
    assert!(String::from_utf8_lossy(split(&got).1).contains("garbage that is no HTTP"));
}

#[tokio::test]
async fn a_request_whose_client_goes_away_is_counted_all_the_same() {
    let stage = slow_amazon(Duration::from_secs(3600)).await;
    let gone = tokio::time::timeout(Duration::from_millis(300), stage.raw("metadata", USAGE)).await;
    assert!(gone.is_err());
    let counted = async {
        while stage.log().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), counted).await.unwrap();
    assert_eq!(stage.counts().by_operation["usage"], 1);
    assert_eq!((stage.log()[0].status, stage.log()[0].operation.as_str()), (0, "usage"));
}
