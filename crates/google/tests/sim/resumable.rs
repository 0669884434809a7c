//! Uploads that continue where they broke off, and what proves them.

use std::time::Duration;

use photomove_core::drill::{Drill, Mutant};
use photomove_core::{Body, BytesBody, ErrorKind, Evidence, HashKinds, NewPart, PhotoSink, Rejection, Result, Staged};
use photomove_google::{GoogleConfig, GooglePhotos};
use photomove_http::HttpEnv;
use photomove_sim::google::{ResumableHash, TokenDeath};
use photomove_sim::{Fault, FaultRule, GoogleSwitches};
use rstest::rstest;

use crate::large::{Film, GRAIN, Kept, SIZE, film_bytes};
use crate::support::{Bench, bundle, evidence, ids, part, switched};

/// Requests with bytes that the canary of a day makes.
pub const CANARY: u64 = 2;
pub const PROVEN: Evidence = Evidence::Hash(HashKinds::SHA1);

pub fn config(bench: &Bench) -> GoogleConfig {
    bench.config().with_resumable_from_bytes(Some(SIZE / 2))
}

pub async fn google(bench: &Bench) -> GooglePhotos {
    bench.configured(config(bench)).await
}

pub fn grains(switches: &mut GoogleSwitches) {
    switches.upload_granularity = GRAIN;
}

pub async fn stage(google: &GooglePhotos, film: &dyn Body, resume: Option<&Staged>, log: &Kept) -> Result<Staged> {
    let part = NewPart {
        // Else it would be looked for in the bytes first.
        media_type: Some("image/jpeg".into()),
        ..part(1)
    };
    google.stage(&part, film, resume, log).await
}

/// Commits and checks that the one item has the bytes of the film; returns its id.
pub async fn arrives(bench: &Bench, google: &GooglePhotos, staged: Staged) -> String {
    let id = ids(&google.commit(&[bundle(1, staged)], None).await.unwrap()).remove(0);
    let library = bench.sim().library();
    assert_eq!(library.len(), 1);
    assert_eq!((&library[0].id, library[0].size), (&id, SIZE));
    assert_eq!(library[0].sha1, sha1(&film_bytes()));
    id
}

pub fn sha1(bytes: &[u8]) -> String {
    let sha1 = BytesBody::new(bytes.to_vec()).checksums().sha1.unwrap();
    sha1.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub async fn proof(google: &GooglePhotos, id: &str) -> Evidence {
    evidence(google, id, &BytesBody::new(film_bytes())).await
}

/// Bytes that came in sessions of whole films, and requests to them.
pub fn traffic(bench: &Bench) -> Vec<(u64, u64)> {
    let of = |line: &serde_json::Value, name: &str| line[name].as_u64().unwrap();
    let lines = bench.sim().uploads();
    let films = lines.iter().filter(|line| of(line, "size") == SIZE);
    films.map(|line| (of(line, "bytes_in"), of(line, "requests"))).collect()
}

pub fn state(bench: &Bench) -> String {
    let lines = bench.sim().uploads();
    let film = lines.iter().rev().find(|line| line["size"] == SIZE).unwrap();
    film["state"].as_str().unwrap().to_owned()
}

pub fn chunk(fault: Fault) -> FaultRule {
    FaultRule::new("upload_chunk", fault)
}

pub fn cut(after_bytes: u64) -> Fault {
    Fault::CutUpload { after_bytes }
}

pub const LOST: Fault = Fault::ResetAfter { at: None };

#[rstest]
#[case::hash_known(Film::received(), 2)]
#[case::hash_comes_last(Film::streamed(), 3)]
#[tokio::test]
async fn a_large_file_goes_up_in_as_few_requests_as_can_be_and_is_proven(#[case] film: Film, #[case] requests: u64) {
    let bench = Bench::with(switched(grains), Vec::new()).await;
    let google = google(&bench).await;
    let log = Kept::default();
    let staged = stage(&google, &film, None, &log).await.unwrap();
    assert_eq!(traffic(&bench), [(SIZE, requests)]);
    assert_eq!(
        bench.sim().requests_today(),
        u32::try_from(requests + 1 + CANARY).unwrap(),
        "and the canary"
    );
    assert_eq!(film.opened(), [0], "the source is read once");
    assert_eq!(log.stored().last(), Some(&SIZE));
    assert!(!log.opened().is_empty(), "written down before a byte left");
    let id = arrives(&bench, &google, staged).await;
    assert_eq!(proof(&google, &id).await, PROVEN);
}

#[tokio::test]
async fn small_files_go_up_in_one_request() {
    let bench = Bench::start().await;
    let google = google(&bench).await;
    let log = Kept::default();
    let body = BytesBody::new(crate::support::bytes(1));
    google.stage(&part(1), &body, None, &log).await.unwrap();
    assert_eq!((bench.count("upload"), bench.count("upload_start")), (2, 0));
    assert!(log.opened().is_empty());
}

#[rstest]
// The canary of a film whose hash is known comes first.
#[case::hash_known(Film::received(), CANARY + 1)]
#[case::hash_comes_last(Film::streamed(), 1)]
#[tokio::test]
async fn broken_connections_cost_a_question_each_and_no_byte_that_arrived(#[case] film: Film, #[case] first: u64) {
    let faults = (first..first + 4).map(|n| chunk(cut(2 * GRAIN + 5)).nth(n)).collect();
    let bench = Bench::with(switched(grains), faults).await;
    let google = google(&bench).await;
    let staged = stage(&google, &film, None, &Kept::default()).await.unwrap();
    let (bytes, _) = traffic(&bench)[0];
    assert_eq!(bench.count("upload_query"), 4);
    assert!(
        bytes <= SIZE + 4 * GRAIN,
        "no more than a granule again each time: {bytes}"
    );
    arrives(&bench, &google, staged).await;
}

#[rstest]
#[case::hash_known(Film::received(), CANARY + 1)]
#[case::hash_comes_last(Film::streamed(), CANARY + 2)]
#[tokio::test]
async fn a_lost_last_reply_is_asked_for_and_nothing_sent_again(#[case] film: Film, #[case] last: u64) {
    let bench = Bench::with(switched(grains), vec![chunk(LOST).nth(last)]).await;
    let google = google(&bench).await;
    let staged = stage(&google, &film, None, &Kept::default()).await.unwrap();
    assert_eq!(bench.count("upload_query"), 1);
    assert_eq!(traffic(&bench)[0].0, SIZE);
    let id = arrives(&bench, &google, staged).await;
    assert_eq!(proof(&google, &id).await, PROVEN);
}

#[tokio::test]
async fn a_complete_upload_without_its_token_is_begun_anew() {
    let switches = switched(|s| {
        grains(s);
        s.final_query_token = false;
    });
    let bench = Bench::with(switches, vec![chunk(LOST).nth(CANARY + 1)]).await;
    let google = google(&bench).await;
    let staged = stage(&google, &Film::received(), None, &Kept::default()).await.unwrap();
    assert_eq!(traffic(&bench).len(), 2);
    arrives(&bench, &google, staged).await;
}

#[rstest]
#[case(TokenDeath::InRequest)]
#[case(TokenDeath::AfterRequest)]
#[tokio::test]
async fn a_token_that_dies_in_the_middle_is_renewed_once_and_the_upload_goes_on(#[case] death: TokenDeath) {
    for film in [Film::received(), Film::streamed()] {
        let switches = switched(|s| {
            grains(s);
            // The canary has a few bytes, too.
            s.tokens_die_after_bytes = Some(SIZE / 2);
            s.token_death = death;
        });
        let bench = Bench::with(switches, Vec::new()).await;
        let google = google(&bench).await;
        let staged = stage(&google, &film, None, &Kept::default()).await.unwrap();
        let (bytes, _) = traffic(&bench)[0];
        // The stand-in reads a request to its end before it refuses it.
        assert!(bytes <= SIZE + SIZE / 2 + GRAIN, "{bytes}");
        arrives(&bench, &google, staged).await;
        assert_eq!(bench.sim().refresh_count(), 1);
    }
}

#[rstest]
#[case::hash_comes_last(Film::streamed(), "cancelled")]
#[case::hash_was_promised(Film::received(), "final")]
#[tokio::test]
async fn bytes_that_are_not_those_that_were_promised_are_never_an_item(#[case] film: Film, #[case] end: &str) {
    let bench = Bench::with(switched(grains), Vec::new()).await;
    let google = google(&bench).await;
    let error = stage(&google, &film.corrupt(), None, &Kept::default())
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Corrupt);
    assert_eq!((state(&bench).as_str(), traffic(&bench).len()), (end, 1));
    assert!(bench.sim().library().is_empty());
}

#[tokio::test]
async fn a_source_that_stumbles_is_read_on_where_it_stopped() {
    let bench = Bench::with(switched(grains), Vec::new()).await;
    let google = google(&bench).await;
    let film = Film::streamed().breaking_once_at(SIZE / 2);
    let staged = stage(&google, &film, None, &Kept::default()).await.unwrap();
    assert_eq!(film.opened().len(), 2);
    assert!(
        film.opened()[1] > 0 && film.opened()[1] <= SIZE / 2,
        "{:?}",
        film.opened()
    );
    arrives(&bench, &google, staged).await;
}

#[tokio::test]
async fn each_way_of_uploading_has_a_canary_of_its_own() {
    let switches = switched(|s| {
        grains(s);
        s.resumable_hash = ResumableHash::Ignored;
    });
    let bench = Bench::with(switches, Vec::new()).await;
    let google = google(&bench).await;
    let small = crate::support::put(&google, [7], None).await.remove(0);
    let staged = stage(&google, &Film::streamed(), None, &Kept::default()).await.unwrap();
    let large = ids(&google.commit(&[bundle(1, staged)], None).await.unwrap()).remove(0);
    assert_eq!(proof(&google, &large).await, Evidence::ExistsOnly);
    assert_eq!(evidence(&google, &small, &crate::support::body(7)).await, PROVEN);
    assert_eq!(bench.sim().library().len(), 2, "neither canary is an item");
    // Also for a new process, and it is not tried again that day.
    let starts = bench.count("upload_start");
    let again = self::google(&bench).await;
    assert_eq!(proof(&again, &large).await, Evidence::ExistsOnly);
    stage(&again, &Film::received(), None, &Kept::default()).await.unwrap();
    assert_eq!(bench.count("upload_start"), starts + 1);
}

#[tokio::test]
async fn an_upload_in_one_request_keeps_its_proof_over_midnight_only_if_both_days_compare() {
    for compares in [true, false] {
        let accepted = match compares {
            true => Vec::new(),
            // The second wrong hash is the canary of the second day.
            false => vec![FaultRule::new("upload", Fault::WrongHashAccepted).nth(2)],
        };
        let switches = switched(|s| s.access_token_life = jiff::SignedDuration::from_hours(48));
        let bench = Bench::with(switches, accepted).await;
        let google = bench.google().await;
        let clock = bench.sim().clock().clone();
        let film = Film::received().on_first_reading(move || clock.advance(Duration::from_secs(13 * 3600)));
        let staged = stage(&google, &film, None, &Kept::default()).await.unwrap();
        assert_eq!(bench.count("upload"), 3, "two canaries");
        let id = arrives(&bench, &google, staged).await;
        let expected = if compares { PROVEN } else { Evidence::ExistsOnly };
        assert_eq!(proof(&google, &id).await, expected);
    }
}

#[tokio::test]
async fn what_is_too_large_is_refused_for_good() {
    let switches = switched(|s| {
        grains(s);
        s.photo_limit_bytes = SIZE - 1;
        s.video_limit_bytes = SIZE - 1;
    });
    let bench = Bench::with(switches, Vec::new()).await;
    let google = google(&bench).await;
    let error = stage(&google, &Film::received(), None, &Kept::default())
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Rejected(Rejection::TooLarge), "{error:?}");
    assert!(traffic(&bench).iter().all(|(bytes, _)| *bytes == 0));
}

#[tokio::test]
async fn a_service_that_stays_unwell_is_left_and_the_upload_kept() {
    let unwell = Fault::Status {
        status: 503,
        retry_after: None,
        body: None,
    };
    let faults = (CANARY + 1..20).map(|n| chunk(unwell.clone()).nth(n)).collect();
    let bench = Bench::with(switched(grains), faults).await;
    let google = google(&bench).await;
    let log = Kept::default();
    let error = stage(&google, &Film::received(), None, &log).await.unwrap_err();
    assert!(error.is_transient() && error.is_exhausted(), "{error:?}");
    assert_eq!(bench.count("upload_chunk"), CANARY + 5);
    assert_eq!(state(&bench), "active");
    let service = bench.sims.service(photomove_sim::ServiceKind::Google).unwrap();
    service.shared().faults.replace(Vec::new());
    let staged = stage(&google, &Film::received(), log.opened().last(), &Kept::default())
        .await
        .unwrap();
    assert_eq!(traffic(&bench).len(), 1);
    arrives(&bench, &google, staged).await;
}

#[tokio::test]
async fn the_planted_defect_never_ends_an_upload_that_broke() {
    let faults = vec![chunk(cut(3 * GRAIN + 5)).nth(CANARY + 1)];
    let bench = Bench::with(switched(grains), faults).await;
    let env = HttpEnv {
        drill: Drill::mutant(Mutant::TrustOwnOffset),
        ..bench.env.clone()
    };
    let google = bench.configured_in(config(&bench), &env).await;
    let log = Kept::default();
    stage(&google, &Film::received(), None, &log).await.unwrap_err();
    stage(&google, &Film::received(), log.opened().last(), &log)
        .await
        .unwrap_err();
    assert_eq!(bench.count("upload_query"), 0);
}
