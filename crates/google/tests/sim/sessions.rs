//! Uploads of an earlier run: continued, taken over, or begun anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use photomove_core::{AuthProblem, BytesBody, ErrorKind, Evidence};
use photomove_google::auth::{SCOPE_APPEND, SCOPE_EDIT, SCOPE_READ};
use photomove_sim::{Fault, FaultRule};
use rstest::rstest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use url::Url;

use crate::large::{Film, Kept, SIZE, film_bytes};
use crate::resumable::{PROVEN, arrives, chunk, config, cut, google, grains, proof, stage, state, traffic};
use crate::support::{Bench, switched};

/// Leaves an upload in its middle and returns what was written down of it.
async fn left_half_way(bench: &Bench) -> Kept {
    let log = Kept::default();
    let google = google(bench).await;
    let dying = Film::received().stopping_after(SIZE / 2);
    tokio::select! {
        staged = stage(&google, &dying, None, &log) => panic!("{staged:?}"),
        () = dying.reached() => {}
    }
    log
}

/// Answers every request to the Library with the same head, and counts them.
async fn hostile(head: String) -> (Url, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut request = [0; 16 * 1024];
            let _ = stream.read(&mut request).await;
            let reply = format!("HTTP/1.1 200 OK\r\n{head}Connection: close\r\nContent-Length: 0\r\n\r\n");
            let _ = stream.write_all(reply.as_bytes()).await;
        }
    });
    (url, count)
}

#[rstest]
#[case::hash_known(Film::received())]
#[case::hash_comes_last(Film::streamed())]
#[tokio::test]
async fn after_a_kill_only_what_the_service_lacks_is_sent(#[case] film: Film) {
    for keep_all in [false, true] {
        let switches = switched(|s| {
            grains(s);
            s.keep_partial_granule = keep_all;
        });
        let bench = Bench::with(switches, Vec::new()).await;
        let log = Kept::default();
        let google_1 = google(&bench).await;
        let dying = film.stopping_after(SIZE / 2 + 100);
        tokio::select! {
            staged = stage(&google_1, &dying, None, &log) => panic!("{staged:?}"),
            () = dying.reached() => {}
        }
        drop(google_1);
        let google = google(&bench).await;
        let resumed = Kept::default();
        let staged = stage(&google, &film, log.opened().last(), &resumed).await.unwrap();
        let kept = resumed.stored()[0];
        assert!(kept > 0 && kept <= SIZE / 2 + 100, "{kept}");
        assert_eq!(traffic(&bench).len(), 1, "the same upload goes on");
        let bytes = traffic(&bench)[0].0;
        assert!(bytes <= SIZE / 2 + 100 + (SIZE - kept), "{bytes}");
        assert_eq!(
            film.opened().last(),
            Some(&kept),
            "the source is not read from its beginning"
        );
        let id = arrives(&bench, &google, staged).await;
        assert_eq!(proof(&google, &id).await, PROVEN);
        film.forget();
    }
}

#[rstest]
#[case::hash_known(Film::received())]
#[case::hash_comes_last(Film::streamed())]
#[tokio::test]
async fn an_upload_that_ended_as_the_program_died_is_taken_over(#[case] film: Film) {
    let bench = Bench::with(switched(grains), Vec::new()).await;
    let log = Kept::default();
    stage(&google(&bench).await, &film, None, &log).await.unwrap();
    // The token never reached the journal.
    let google = google(&bench).await;
    bench.sim().clock().advance(Duration::from_secs(3600));
    let staged = stage(&google, &film, log.opened().last(), &Kept::default())
        .await
        .unwrap();
    assert_eq!(traffic(&bench)[0].0, SIZE);
    let day = staged.until.unwrap().duration_since(bench.sim().clock().now());
    assert_eq!(
        day.as_hours(),
        22,
        "its day began with the upload, for all that is known"
    );
    let id = arrives(&bench, &google, staged).await;
    assert_eq!(proof(&google, &id).await, PROVEN);
}

#[tokio::test]
async fn an_upload_that_ended_with_other_bytes_is_not_taken_over() {
    let bench = Bench::with(switched(grains), Vec::new()).await;
    let log = Kept::default();
    let mut other = film_bytes();
    other[70_000] ^= 1;
    stage(&google(&bench).await, &Film::streaming(other), None, &log)
        .await
        .unwrap();
    let google = google(&bench).await;
    let staged = stage(&google, &Film::streamed(), log.opened().last(), &Kept::default())
        .await
        .unwrap();
    assert_eq!(traffic(&bench).len(), 2, "the source has changed since");
    arrives(&bench, &google, staged).await;
}

#[tokio::test]
async fn an_upload_that_ended_on_an_unknown_day_is_proven_if_both_days_compare() {
    for facts_are_lost in [false, true] {
        let mut bench = Bench::with(switched(grains), Vec::new()).await;
        let log = Kept::default();
        stage(&google(&bench).await, &Film::received(), None, &log)
            .await
            .unwrap();
        bench.sim().clock().advance(Duration::from_secs(13 * 3600));
        if facts_are_lost {
            bench.facts = Arc::default();
        }
        let google = google(&bench).await;
        let staged = stage(&google, &Film::received(), log.opened().last(), &Kept::default())
            .await
            .unwrap();
        assert_eq!(traffic(&bench)[0].0, SIZE);
        let id = arrives(&bench, &google, staged).await;
        let expected = if facts_are_lost { Evidence::ExistsOnly } else { PROVEN };
        assert_eq!(proof(&google, &id).await, expected);
    }
}

#[tokio::test]
async fn a_sign_in_that_ends_in_the_middle_leaves_the_upload_for_later() {
    let faults = vec![
        chunk(cut(SIZE / 2)).nth(1),
        FaultRule::new("upload_query", Fault::RevokeRefresh).nth(1),
    ];
    let bench = Bench::with(switched(grains), faults).await;
    let log = Kept::default();
    let film = Film::streamed();
    let error = stage(&google(&bench).await, &film, None, &log).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Auth(AuthProblem::Revoked), "{error:?}");
    assert_eq!(state(&bench), "active", "not given up");

    bench
        .sign_in_with(&[SCOPE_APPEND, SCOPE_READ, SCOPE_EDIT, "openid"])
        .await;
    let google = google(&bench).await;
    let before = traffic(&bench)[0].0;
    let resumed = Kept::default();
    let staged = stage(&google, &film, log.opened().last(), &resumed).await.unwrap();
    assert_eq!(traffic(&bench)[0].0 - before, SIZE - resumed.stored()[0]);
    assert!(resumed.stored()[0] > 0);
    arrives(&bench, &google, staged).await;
}

#[tokio::test]
async fn an_old_session_is_not_asked_for() {
    let bench = Bench::with(switched(grains), Vec::new()).await;
    let log = left_half_way(&bench).await;
    bench.sim().clock().advance(Duration::from_secs(24 * 3600));
    let google = google(&bench).await;
    let staged = stage(&google, &Film::received(), log.opened().last(), &Kept::default())
        .await
        .unwrap();
    assert_eq!((bench.count("upload_query"), traffic(&bench).len()), (0, 2));
    arrives(&bench, &google, staged).await;
}

#[tokio::test]
async fn a_session_that_the_service_forgot_is_begun_anew() {
    let switches = switched(|s| {
        grains(s);
        s.upload_session_life = jiff::SignedDuration::from_mins(10);
    });
    let bench = Bench::with(switches, Vec::new()).await;
    let log = left_half_way(&bench).await;
    bench.sim().clock().advance(Duration::from_secs(3600));
    let google = google(&bench).await;
    let staged = stage(&google, &Film::received(), log.opened().last(), &Kept::default())
        .await
        .unwrap();
    assert_eq!((bench.count("upload_query"), traffic(&bench).len()), (1, 2));
    arrives(&bench, &google, staged).await;
}

#[tokio::test]
async fn a_session_for_another_file_is_given_up() {
    let bench = Bench::with(switched(grains), Vec::new()).await;
    let log = left_half_way(&bench).await;
    let google = google(&bench).await;
    let mut other = film_bytes();
    other[0] ^= 1;
    let body = BytesBody::new(other);
    stage(&google, &body, log.opened().last(), &Kept::default())
        .await
        .unwrap();
    assert_eq!((bench.count("upload_cancel"), traffic(&bench).len()), (1, 2));
    let lines = bench.sim().uploads();
    assert_eq!(lines.iter().filter(|line| line["state"] == "cancelled").count(), 1);
}

#[tokio::test]
async fn the_sign_in_is_shown_to_no_address_that_is_not_the_librarys() {
    let (stranger, seen) = hostile(String::new()).await;
    let active = "X-Goog-Upload-Status: active\r\n";
    for (head, words) in [
        (
            format!("{active}X-Goog-Upload-URL: {stranger}v1/uploads?upload_id=x\r\n"),
            "not its own",
        ),
        (
            format!("{active}X-Goog-Upload-URL: file:///etc/passwd\r\n"),
            "not its own",
        ),
        (format!("{active}X-Goog-Upload-URL: no address\r\n"), "no address"),
        (active.to_owned(), "no address"),
        (String::new(), "how the upload stands"),
        ("X-Goog-Upload-Status: final\r\n".to_owned(), "does not want"),
    ] {
        let bench = Bench::start().await;
        let (library, _) = hostile(head).await;
        let google = bench.configured(config(&bench).with_library_url(library)).await;
        let log = Kept::default();
        let error = stage(&google, &Film::streamed(), None, &log).await.unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        assert!(log.opened().is_empty());
    }
    assert_eq!(seen.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn pieces_larger_than_memory_are_refused() {
    let bench = Bench::with(switched(|s| s.upload_granularity = 1 << 40), Vec::new()).await;
    let google = google(&bench).await;
    let error = stage(&google, &Film::streamed(), None, &Kept::default())
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("larger pieces"), "{error}");
}

#[tokio::test]
async fn a_source_that_does_not_go_on_from_what_was_sent_is_sent_anew() {
    let bench = Bench::with(switched(grains), Vec::new()).await;
    let log = left_half_way(&bench).await;
    let google = google(&bench).await;
    let film = Film::received().whole_only();
    let staged = stage(&google, &film, log.opened().last(), &Kept::default())
        .await
        .unwrap();
    assert_eq!((bench.count("upload_cancel"), traffic(&bench).len()), (1, 2));
    arrives(&bench, &google, staged).await;
}
