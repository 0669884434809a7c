//! Resumable uploads at a service that does what its documents do not know.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use photomove_core::{AuthProblem, Body, ByteStream, BytesBody, Checksums, Clock, ErrorKind, Evidence, Rejection};
use photomove_core::{Result, SharedClock};
use photomove_http::HttpEnv;
use photomove_sim::{Fault, FaultBody, FaultRule};
use rstest::rstest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use crate::large::{Film, GRAIN, Kept, SIZE, film_bytes};
use crate::resumable::{CANARY, LOST, arrives, chunk, config, cut, google, grains, proof, stage, state, traffic};
use crate::support::{Bench, switched};

const ACTIVE: &str = "X-Goog-Upload-Status: active\r\n";

/// One request of the upload protocol.
struct Asked {
    command: String,
    length: u64,
}

/// Answers by a script, which sees the address of the server.
async fn scripted(script: impl FnMut(&Asked, &str) -> String + Send + 'static) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: Url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let (script, address) = (Arc::new(Mutex::new(script)), url.to_string());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (script, address) = (Arc::clone(&script), address.clone());
            tokio::spawn(async move {
                if let Some(asked) = request(&mut stream).await {
                    let reply = (script.lock().unwrap())(&asked, &address);
                    let _ = stream.write_all(reply.as_bytes()).await;
                }
            });
        }
    });
    url
}

/// Reads a request to its end.
async fn request(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        (stream.read_buf(&mut bytes).await.ok()? > 0).then_some(())?;
    };
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let header = |name: &str| {
        let line = head.lines().find(|line| line.starts_with(&format!("{name}:")))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let length: u64 = header("content-length")?.parse().ok()?;
    let mut left = length.saturating_sub((bytes.len() - end) as u64);
    let mut piece = vec![0; 64 * 1024];
    while left > 0 {
        let got = stream.read(&mut piece).await.ok().filter(|got| *got > 0)?;
        left = left.saturating_sub(got as u64);
    }
    Some(Asked {
        command: header("x-goog-upload-command")?,
        length,
    })
}

fn answer(status: u16, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\n{headers}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}")
}

fn started(address: &str) -> String {
    let session = format!("X-Goog-Upload-URL: {address}v1/uploads?upload_id=x\r\n");
    answer(
        200,
        &format!("{ACTIVE}{session}X-Goog-Upload-Chunk-Granularity: {GRAIN}\r\n"),
        "",
    )
}

fn refused(status: u16, message: &str) -> Fault {
    Fault::Status {
        status,
        retry_after: None,
        body: Some(FaultBody::from(
            format!(r#"{{"code": 3, "message": "{message}"}}"#).as_str(),
        )),
    }
}

#[tokio::test]
async fn a_service_that_loses_again_and_again_what_it_had_is_left() {
    let asked = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&asked);
    let mut questions = 0;
    let library = scripted(move |request, address| {
        if count.fetch_add(1, Ordering::SeqCst) > 50 {
            return answer(403, "", "it never ends");
        }
        match request.command.as_str() {
            "start" => started(address),
            "query" => {
                questions += 1;
                let had = if questions % 2 == 1 { SIZE / 2 } else { 0 };
                answer(200, &format!("{ACTIVE}X-Goog-Upload-Size-Received: {had}\r\n"), "")
            }
            _ => answer(503, "", ""),
        }
    })
    .await;
    let bench = Bench::start().await;
    let settings = config(&bench).with_hash_header(false).with_library_url(library);
    let google = bench.configured(settings).await;
    let error = stage(&google, &Film::received(), None, &Kept::default())
        .await
        .unwrap_err();
    assert!(error.is_transient() && error.is_exhausted(), "{error:?}");
    assert!(asked.load(Ordering::SeqCst) < 20);
}

const WRONG_HASH: &str = r#"{"code": 3, "message": "User-provided checksum does not match received payload content."}"#;

#[tokio::test]
async fn an_end_that_nobody_has_sent_is_none() {
    let library = scripted(|request, address| match request.command.as_str() {
        "start" => started(address),
        // The canary is compared as it should be.
        "upload" if request.length == GRAIN => answer(200, ACTIVE, ""),
        "upload, finalize" if request.length == 1 => answer(400, "", WRONG_HASH),
        // Some whole pieces of the film; its end is still here.
        "upload" => answer(200, "X-Goog-Upload-Status: final\r\n", "CAIS6g"),
        other => panic!("{other}"),
    })
    .await;
    let bench = Bench::start().await;
    let google = bench.configured(config(&bench).with_library_url(library)).await;
    let staged = stage(&google, &Film::streamed(), None, &Kept::default()).await;
    let error = staged.unwrap_err();
    assert!(error.is_transient() && error.is_exhausted(), "{error:?}");
}

#[tokio::test]
async fn a_service_that_compares_only_uploads_in_one_piece_proves_nothing() {
    let mut pieces = 0;
    let library = scripted(move |request, address| match request.command.as_str() {
        "start" => {
            pieces = 0;
            started(address)
        }
        "upload" => {
            pieces += 1;
            answer(200, ACTIVE, "")
        }
        // Whatever hash it carries.
        "upload, finalize" if pieces > 0 => answer(200, "X-Goog-Upload-Status: final\r\n", "CAIS6g"),
        _ => answer(400, "", WRONG_HASH),
    })
    .await;
    let bench = Bench::start().await;
    // Another day's uploads, in one request, are compared.
    crate::support::put(&google(&bench).await, [7], None).await;
    let google = bench.configured(config(&bench).with_library_url(library)).await;
    stage(&google, &Film::streamed(), None, &Kept::default()).await.unwrap();
    assert_eq!(proof(&google, "any").await, Evidence::ExistsOnly);
}

#[tokio::test]
async fn an_upload_without_a_hash_is_not_proven_by_whoever_takes_it_over() {
    let bench = Bench::with(switched(grains), Vec::new()).await;
    let log = Kept::default();
    let without = bench.configured(config(&bench).with_hash_header(false)).await;
    stage(&without, &Film::received(), None, &log).await.unwrap();
    // The token never reached the journal, and the next process sends hashes.
    let google = google(&bench).await;
    let staged = stage(&google, &Film::received(), log.opened().last(), &Kept::default())
        .await
        .unwrap();
    assert_eq!(traffic(&bench).len(), 1);
    let id = arrives(&bench, &google, staged).await;
    assert_eq!(proof(&google, &id).await, Evidence::ExistsOnly);
}

#[rstest]
#[case::hash_known(Film::received())]
#[case::hash_comes_last(Film::streamed())]
#[tokio::test]
async fn an_end_without_bytes_that_is_refused_costs_another_upload_and_not_the_file(#[case] film: Film) {
    let mut sessions = 0;
    let library = scripted(move |request, address| match request.command.as_str() {
        "start" => {
            sessions += 1;
            started(address)
        }
        "upload" => answer(200, ACTIVE, ""),
        "upload, finalize" if sessions == 2 => answer(200, "X-Goog-Upload-Status: final\r\n", "CAIS6g"),
        "upload, finalize" => answer(503, "", ""),
        "query" => answer(200, &format!("{ACTIVE}X-Goog-Upload-Size-Received: {SIZE}\r\n"), ""),
        "finalize" => answer(400, "", r#"{"code": 3, "message": "Payload must not be empty"}"#),
        other => panic!("{other}"),
    })
    .await;
    let bench = Bench::start().await;
    let settings = config(&bench).with_hash_header(false).with_library_url(library);
    let google = bench.configured(settings).await;
    stage(&google, &film, None, &Kept::default()).await.unwrap();
}

#[tokio::test]
async fn a_session_that_may_not_be_asked_for_is_begun_anew() {
    let bench = Bench::with(
        switched(grains),
        vec![
            chunk(cut(SIZE / 2)).nth(CANARY + 1),
            FaultRule::new("upload_query", refused(400, "No such command.")).nth(1),
        ],
    )
    .await;
    let log = Kept::default();
    let google_1 = google(&bench).await;
    let staged = stage(&google_1, &Film::received(), None, &log).await.unwrap();
    assert_eq!(traffic(&bench).len(), 2);
    arrives(&bench, &google_1, staged).await;
    // Also by a later process, whose first request it is.
    let service = bench.sims.service(photomove_sim::ServiceKind::Google).unwrap();
    let refusal = FaultRule::new("upload_query", refused(400, "No such command."));
    service.shared().faults.replace(vec![refusal]);
    let google = google(&bench).await;
    stage(&google, &Film::received(), log.opened().first(), &Kept::default())
        .await
        .unwrap();
    assert_eq!(traffic(&bench).len(), 3);
}

/// Says that it is a byte longer than it is.
#[derive(Debug)]
struct Liar(BytesBody);

#[async_trait]
impl Body for Liar {
    fn size_bytes(&self) -> u64 {
        self.0.size_bytes() + 1
    }

    fn checksums(&self) -> &Checksums {
        self.0.checksums()
    }

    async fn stream(&self, offset: u64) -> Result<ByteStream> {
        self.0.stream(offset).await
    }

    async fn seal(&self) -> Result<Checksums> {
        self.0.seal().await
    }
}

#[tokio::test]
async fn a_file_that_is_not_what_it_was_said_to_be_is_sent_once() {
    let bench = Bench::with(switched(grains), Vec::new()).await;
    let google = google(&bench).await;
    let liar = Liar(BytesBody::new(film_bytes()));
    let error = stage(&google, &liar, None, &Kept::default()).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Corrupt, "{error:?}");
    assert_eq!(
        (bench.count("upload_start"), bench.count("upload_chunk")),
        (2, CANARY + 1)
    );
    assert_eq!(bench.count("upload_cancel"), 1);
}

#[tokio::test]
async fn a_new_sign_in_that_is_refused_too_ends_it_and_the_upload_is_kept() {
    let faults = (CANARY + 1..20).map(|n| chunk(refused(401, "No.")).nth(n)).collect();
    let bench = Bench::with(switched(grains), faults).await;
    let google = google(&bench).await;
    let error = stage(&google, &Film::received(), None, &Kept::default())
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Auth(AuthProblem::Expired), "{error:?}");
    assert!(error.is_exhausted());
    assert_eq!(bench.count("upload_chunk"), CANARY + 2);
    assert_eq!(state(&bench), "active");
}

#[tokio::test]
async fn a_refusal_after_which_the_session_is_gone_says_why_in_the_end() {
    let mut faults = vec![FaultRule::new("upload_query", refused(404, "Gone."))];
    faults.extend((CANARY + 1..20).map(|n| chunk(refused(400, "Something about this file.")).nth(n)));
    let bench = Bench::with(switched(grains), faults).await;
    let google = google(&bench).await;
    let error = stage(&google, &Film::received(), None, &Kept::default())
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Rejected(Rejection::Invalid), "{error:?}");
    assert!(error.to_string().contains("Something about this file"), "{error}");
    assert_eq!(traffic(&bench).len(), 3);
}

#[tokio::test]
async fn what_was_sent_before_its_hash_was_known_is_no_part_of_a_file_that_was_received_since() {
    let bench = Bench::with(switched(grains), Vec::new()).await;
    let (log, google) = (Kept::default(), google(&bench).await);
    let mut other = film_bytes();
    other[70_000] ^= 1;
    let dying = Film::streaming(other).stopping_after(SIZE / 2);
    tokio::select! {
        staged = stage(&google, &dying, None, &log) => panic!("{staged:?}"),
        () = dying.reached() => {}
    }
    let staged = stage(&google, &Film::received(), log.opened().last(), &Kept::default())
        .await
        .unwrap();
    let (bytes, _) = *traffic(&bench).last().unwrap();
    assert_eq!((bench.count("upload_query"), bytes), (0, SIZE));
    arrives(&bench, &google, staged).await;
}

/// A machine that falls asleep whenever it waits.
#[derive(Debug)]
struct Sleepy {
    clock: SharedClock,
    hours: u64,
}

impl Sleepy {
    fn new(bench: &Bench) -> Self {
        Self {
            clock: Arc::clone(&bench.env.clock),
            hours: 10,
        }
    }
}

#[async_trait]
impl Clock for Sleepy {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn sleep(&self, duration: Duration) {
        let asleep = Duration::from_secs(self.hours * 3600);
        self.clock.sleep(duration + asleep).await;
    }
}

#[rstest]
#[case::hash_known(Film::received(), CANARY + 1)]
#[case::hash_comes_last(Film::streamed(), CANARY + 2)]
#[tokio::test]
async fn a_token_is_as_old_as_the_last_byte_that_was_sent(#[case] film: Film, #[case] last: u64) {
    let bench = Bench::with(switched(grains), vec![chunk(LOST).nth(last)]).await;
    let env = HttpEnv {
        clock: Arc::new(Sleepy::new(&bench)),
        ..bench.env.clone()
    };
    let google = bench.configured_in(config(&bench), &env).await;
    let staged = stage(&google, &film, None, &Kept::default()).await.unwrap();
    let left = staged.until.unwrap().duration_since(bench.sim().clock().now());
    assert_eq!(left.as_hours(), 12, "{left}");
    arrives(&bench, &google, staged).await;
}

#[tokio::test]
async fn a_token_that_died_while_the_machine_slept_is_none() {
    let bench = Bench::with(switched(grains), vec![chunk(LOST).nth(CANARY + 1)]).await;
    let env = HttpEnv {
        clock: Arc::new(Sleepy {
            hours: 24,
            ..Sleepy::new(&bench)
        }),
        ..bench.env.clone()
    };
    let google = bench.configured_in(config(&bench), &env).await;
    let staged = stage(&google, &Film::received(), None, &Kept::default()).await.unwrap();
    assert_eq!(traffic(&bench).len(), 2);
    arrives(&bench, &google, staged).await;
}
