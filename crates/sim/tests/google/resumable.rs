//! Uploads in several requests: the whole state machine, broken connections, lost replies, dying tokens.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use photomove_sim::google::{GoogleSwitches, ResumableHash, TokenDeath};
use photomove_sim::{Fault, FaultRule, Hashes, Library, SimOptions};
use reqwest::{Response, StatusCode};
use rstest::rstest;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::support::{ALL, Stand, batch};

/// A small granularity, so that small bodies have many chunks.
const GRAIN: usize = 1024;

/// What a reply says: status, `X-Goog-Upload-Status`, `X-Goog-Upload-Size-Received`, body.
type Said = (u16, String, Option<u64>, String);

struct Session {
    stand: Stand,
    url: String,
    bytes: Vec<u8>,
}

async fn video(bytes: usize) -> Vec<u8> {
    let library = Library::synthetic(1, bytes as u64, 3).unwrap();
    library.items[0].blob.bytes().await.unwrap().to_vec()
}

fn small_grains(switches: &mut GoogleSwitches) {
    switches.upload_granularity = GRAIN as u64;
}

async fn said(response: Response) -> Said {
    let header = |name: &str| {
        response
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    let (status, state, size) = (
        response.status().as_u16(),
        header("x-goog-upload-status").unwrap_or_default(),
        header("x-goog-upload-size-received").map(|size| size.parse().unwrap()),
    );
    (status, state, size, response.text().await.unwrap())
}

impl Session {
    /// A session for a file of so many bytes.
    async fn of(size: usize, change: impl FnOnce(&mut GoogleSwitches)) -> Self {
        Self::over(
            Stand::with(|switches| {
                small_grains(switches);
                change(switches);
            })
            .await,
            size,
        )
        .await
    }

    async fn over(stand: Stand, size: usize) -> Self {
        let response = start(&stand, &size.to_string()).await;
        assert_eq!(response.status(), StatusCode::OK);
        let url = response.headers()["x-goog-upload-url"].to_str().unwrap().to_owned();
        assert_eq!(response.headers()["x-goog-upload-control-url"], url.as_str());
        Self {
            stand,
            url,
            bytes: video(size).await,
        }
    }

    fn request(&self, command: &str) -> reqwest::RequestBuilder {
        let request = self.stand.http.post(&self.url).bearer_auth(&self.stand.token);
        request.header("x-goog-upload-command", command)
    }

    async fn command(&self, command: &str) -> Said {
        said(
            self.request(command)
                .header("content-length", "0")
                .send()
                .await
                .unwrap(),
        )
        .await
    }

    async fn send(&self, command: &str, offset: usize, bytes: &[u8]) -> Said {
        let request = self.request(command).header("x-goog-upload-offset", offset.to_string());
        said(request.body(bytes.to_vec()).send().await.unwrap()).await
    }

    /// Sends so many bytes of a request that promises all the rest, and closes the connection.
    async fn break_off(&self, offset: usize, count: usize) {
        let mut stream = self.begin(offset, count).await;
        stream.shutdown().await.unwrap();
        // The end of the reply's stream says that the server has noticed.
        let mut rest = Vec::new();
        let end = stream.read_to_end(&mut rest);
        let _ = tokio::time::timeout(Duration::from_secs(60), end).await.unwrap();
    }

    async fn begin(&self, offset: usize, count: usize) -> tokio::net::TcpStream {
        let url = reqwest::Url::parse(&self.url).unwrap();
        let address = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        let head = format!(
            "POST {}?{} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\
             X-Goog-Upload-Command: upload, finalize\r\nX-Goog-Upload-Offset: {offset}\r\n\r\n",
            url.path(),
            url.query().unwrap(),
            self.stand.token,
            self.bytes.len() - offset,
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&self.bytes[offset..offset + count]).await.unwrap();
        stream
    }

    fn facts(&self) -> Value {
        self.stand.google().uploads().pop().unwrap()
    }

    /// Makes an item of the token and checks that it has all the bytes.
    async fn arrives(&self, token: &str) {
        let (status, reply) = self.stand.create(batch(&[(token, "long.jpg")])).await;
        assert_eq!(status, 200, "{reply}");
        let library = self.stand.google().library();
        assert_eq!(library.len(), 1);
        assert_eq!(library[0].sha1, Hashes::of(&self.bytes).sha1_hex());
        assert_eq!(library[0].size, self.bytes.len() as u64);
    }
}

async fn start(stand: &Stand, size: &str) -> Response {
    stand
        .request(reqwest::Method::POST, "/v1/uploads")
        .header("x-goog-upload-command", "start")
        .header("x-goog-upload-protocol", "resumable")
        .header("x-goog-upload-raw-size", size)
        .header("x-goog-upload-content-type", "video/mp4")
        .header("content-length", "0")
        .send()
        .await
        .unwrap()
}

#[tokio::test]
async fn everything_at_once_gives_the_token_as_text() {
    let session = Session::over(Stand::start().await, 300_000).await;
    let (status, state, _, token) = session.send("upload, finalize", 0, &session.bytes).await;
    assert_eq!((status, state.as_str(), token.len()), (200, "final", 531));
    session.arrives(&token).await;
    let facts = session.facts();
    assert_eq!(
        (
            facts["received"].as_u64(),
            facts["bytes_in"].as_u64(),
            facts["state"].as_str()
        ),
        (Some(300_000), Some(300_000), Some("final"))
    );
    assert_eq!(facts["requests"], 2);
}

#[tokio::test]
async fn the_granularity_of_the_documentation_is_the_default() {
    let stand = Stand::start().await;
    let response = start(&stand, "5").await;
    assert_eq!(response.headers()["x-goog-upload-chunk-granularity"], "262144");
    assert_eq!(response.headers()["x-goog-upload-status"], "active");
    assert_eq!(response.text().await.unwrap(), "");
}

#[tokio::test]
async fn chunks_and_a_bare_finalize_arrive() {
    let session = Session::of(3 * GRAIN, |_| {}).await;
    for part in 0..3 {
        let chunk = &session.bytes[part * GRAIN..(part + 1) * GRAIN];
        let (status, state, _, body) = session.send(" UPLOAD", part * GRAIN, chunk).await;
        assert_eq!((status, state.as_str(), body.as_str()), (200, "active", ""));
    }
    assert_eq!(session.command("query").await.2, Some(3 * GRAIN as u64));
    let (status, state, _, token) = session.command("Finalize").await;
    assert_eq!((status, state.as_str()), (200, "final"));
    session.arrives(&token).await;
}

#[tokio::test]
async fn commands_have_names_of_their_own_in_log_and_counters() {
    let session = Session::of(2 * GRAIN, |_| {}).await;
    session.send("upload", 0, &session.bytes[..GRAIN]).await;
    session.command("query").await;
    session.command("cancel").await;
    let counts = session.stand.google().counters();
    for name in ["upload_start", "upload_chunk", "upload_query", "upload_cancel"] {
        assert_eq!(counts.by_operation[name], 1, "{name}");
    }
    assert_eq!(counts.bytes_in, GRAIN as u64);
    assert!(!counts.by_operation.contains_key("upload"));
}

#[tokio::test]
async fn misplaced_and_misaligned_chunks_change_nothing() {
    let session = Session::of(3 * GRAIN, |_| {}).await;
    session.send("upload", 0, &session.bytes[..GRAIN]).await;
    let (status, state, _, text) = session.send("upload", 0, &session.bytes[..GRAIN]).await;
    assert_eq!((status, state.as_str()), (409, "active"));
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["code"], 10);
    let end = &session.bytes[GRAIN..];
    for (command, offset, bytes) in [
        ("upload", GRAIN, &end[..GRAIN - 1]),
        ("upload, finalize", GRAIN, &end[..GRAIN]),
        ("upload, finalize, query", GRAIN, end),
        ("explode", GRAIN, end),
    ] {
        let (status, state, ..) = session.send(command, offset, bytes).await;
        assert_eq!(
            (status, state.as_str()),
            (400, "active"),
            "{command} of {}",
            bytes.len()
        );
    }
    assert_eq!(session.command("finalize").await.0, 400, "not all bytes are here");
    assert_eq!(session.command("query").await.2, Some(GRAIN as u64));
    let (.., token) = session.send("upload, finalize", GRAIN, end).await;
    session.arrives(&token).await;
}

#[tokio::test]
async fn more_than_announced_is_refused_and_not_kept_also_without_a_length() {
    let session = Session::of(GRAIN, |_| {}).await;
    let too_much = [session.bytes.clone(), vec![0]].concat();
    assert_eq!(session.send("upload, finalize", 0, &too_much).await.0, 400);
    let pieces: Vec<_> = too_much
        .chunks(100)
        .map(|piece| Ok::<_, std::io::Error>(piece.to_vec()))
        .collect();
    let body = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
    let request = session.request("upload, finalize").header("x-goog-upload-offset", "0");
    assert_eq!(said(request.body(body).send().await.unwrap()).await.0, 400);
    assert_eq!(session.command("query").await.2, Some(0));
    let (.., token) = session.send("upload, finalize", 0, &session.bytes).await;
    session.arrives(&token).await;
}

#[rstest]
#[case::rounded_down(false, 2 * GRAIN)]
#[case::every_byte(true, 2 * GRAIN + 300)]
#[tokio::test]
async fn a_broken_request_keeps_a_prefix_and_only_the_rest_is_sent_again(#[case] all: bool, #[case] kept: usize) {
    let session = Session::of(5 * GRAIN + 7, |switches| switches.keep_partial_granule = all).await;
    session.break_off(0, 2 * GRAIN + 300).await;
    let (status, state, size, _) = session.command("query").await;
    assert_eq!((status, state.as_str(), size), (200, "active", Some(kept as u64)));
    assert_eq!(session.facts()["bytes_in"], 2 * GRAIN + 300);
    let (_, state, _, token) = session.send("upload, finalize", kept, &session.bytes[kept..]).await;
    assert_eq!(state, "final");
    session.arrives(&token).await;
    assert_eq!(
        session.facts()["bytes_in"],
        2 * GRAIN + 300 + session.bytes.len() - kept
    );
}

#[tokio::test]
async fn large_bodies_survive_many_breaks_in_a_file() {
    let session = Session::of(3 << 20, |_| {}).await;
    let mut held = 0;
    for count in [1_500_000, 10, 700_001, 900_000] {
        session.break_off(held, count).await;
        held = usize::try_from(session.command("query").await.2.unwrap()).unwrap();
    }
    assert!(held > 3_000_000 && held < 3 << 20, "{held}");
    let (.., token) = session.send("upload, finalize", held, &session.bytes[held..]).await;
    session.arrives(&token).await;
    let id = session.stand.google().library()[0].id.clone();
    assert_eq!(
        session.stand.google().body(&id).unwrap().bytes().await.unwrap(),
        session.bytes
    );
}

#[tokio::test]
async fn discarded_bodies_have_right_hashes_over_several_requests() {
    let google = {
        let mut switches = GoogleSwitches::default();
        small_grains(&mut switches);
        switches
    };
    let options = SimOptions {
        discard: true,
        google,
        ..SimOptions::default()
    };
    let session = Session::over(Stand::with_options(options).await, 3 << 20).await;
    session.break_off(0, (1 << 20) + 500).await;
    let held = usize::try_from(session.command("query").await.2.unwrap()).unwrap();
    let (.., token) = session.send("upload, finalize", held, &session.bytes[held..]).await;
    session.arrives(&token).await;
}

#[tokio::test]
async fn a_client_that_comes_back_does_not_wait_for_its_dead_connection() {
    let session = Session::of(4 * GRAIN, |_| {}).await;
    // Stays open and silent, as after a crash of the machine.
    let _dead = session.begin(0, GRAIN + 1).await;
    let arrived = async {
        // What lies in the socket may take a moment to be read.
        while session.facts()["received"] != GRAIN {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), arrived).await.unwrap();
    let held = session.command("query").await.2;
    assert_eq!(held, Some(GRAIN as u64));
    let (.., token) = session.send("upload, finalize", GRAIN, &session.bytes[GRAIN..]).await;
    session.arrives(&token).await;
}

#[rstest]
#[case::with_token(true)]
#[case::without(false)]
#[tokio::test]
async fn a_query_after_the_end_says_final(#[case] with_token: bool) {
    let session = Session::of(GRAIN, |switches| switches.final_query_token = with_token).await;
    let (.., token) = session.send("upload, finalize", 0, &session.bytes).await;
    let (status, state, size, body) = session.command("query").await;
    assert_eq!((status, state.as_str(), size), (200, "final", None));
    assert_eq!(body, if with_token { token } else { String::new() });
    let (status, state, ..) = session.send("upload, finalize", 0, &session.bytes).await;
    assert_eq!((status, state.as_str()), (400, "final"));
}

#[tokio::test]
async fn a_cancelled_session_is_gone() {
    let session = Session::of(GRAIN, |_| {}).await;
    let (status, state, ..) = session.command("cancel").await;
    assert_eq!((status, state.as_str()), (200, "cancelled"));
    assert_eq!(session.command("query").await.0, 410);
    assert_eq!(session.send("upload, finalize", 0, &session.bytes).await.0, 410);
    assert_eq!(session.facts()["state"], "cancelled");
}

#[tokio::test]
async fn unknown_and_old_sessions_are_not_found() {
    let mut session = Session::of(GRAIN, |_| {}).await;
    session.stand.advance(7 * 86_400 - 1);
    session.stand.token = session.stand.google().access_token(&ALL);
    assert_eq!(session.command("query").await.0, 200);
    session.stand.advance(1);
    assert_eq!(session.command("query").await.0, 404);
    session.url = session.url.replace("upload_id=", "upload_id=x");
    assert_eq!(session.command("query").await.0, 404);
    assert_eq!(session.facts()["state"], "expired");
}

#[tokio::test]
async fn every_request_needs_a_token_of_the_same_account() {
    let mut session = Session::of(2 * GRAIN, |_| {}).await;
    let anonymous = session
        .stand
        .http
        .post(&session.url)
        .header("x-goog-upload-command", "query");
    let anonymous = anonymous.header("content-length", "0");
    assert_eq!(anonymous.send().await.unwrap().status(), 401);
    let own = session.stand.token.clone();
    session.stand.token = session.stand.google().add_account("someone@gmail.example", &ALL);
    for command in ["query", "cancel"] {
        assert_eq!(session.command(command).await.0, 403, "{command}");
    }
    assert_eq!(session.send("upload", 0, &session.bytes[..GRAIN]).await.0, 403);
    session.stand.token = own;
    assert_eq!(session.command("query").await.2, Some(0));
}

#[rstest]
#[case::for_the_next_request(TokenDeath::AfterRequest)]
#[case::in_the_middle(TokenDeath::InRequest)]
#[tokio::test]
async fn a_token_dies_inside_an_upload(#[case] death: TokenDeath) {
    let change = |switches: &mut GoogleSwitches| {
        switches.tokens_die_after_bytes = Some(2 * GRAIN as u64);
        switches.token_death = death;
    };
    // Large enough for several reads of the server.
    let mut session = Session::of(800 * GRAIN, change).await;
    let (status, _, _, text) = session.send("upload, finalize", 0, &session.bytes).await;
    match death {
        TokenDeath::AfterRequest => {
            assert_eq!(status, 200);
            assert_eq!(session.command("query").await.0, 401);
            session.stand.token = session.stand.google().access_token(&ALL);
            session.arrives(&text).await;
        }
        _ => {
            assert_eq!(status, 401);
            assert_eq!(session.command("query").await.0, 401);
            session.stand.token = session.stand.google().access_token(&ALL);
            let held = usize::try_from(session.command("query").await.2.unwrap()).unwrap();
            assert!(held >= 2 * GRAIN && held < session.bytes.len(), "{held}");
            let (.., token) = session.send("upload, finalize", held, &session.bytes[held..]).await;
            session.arrives(&token).await;
        }
    }
}

#[rstest]
#[case::at_the_start(true)]
#[case::at_the_end(false)]
#[tokio::test]
async fn a_wrong_hash_ends_the_session(#[case] at_start: bool) {
    let stand = Stand::with(small_grains).await;
    let wrong = format!("sha1={}", STANDARD.encode(Hashes::of(b"other").sha1));
    let mut begin = stand
        .request(reqwest::Method::POST, "/v1/uploads")
        .header("x-goog-upload-command", "start")
        .header("x-goog-upload-protocol", "resumable")
        .header("x-goog-upload-raw-size", GRAIN.to_string())
        .header("content-length", "0");
    if at_start {
        begin = begin.header("x-goog-hash", &wrong);
    }
    let url = begin.send().await.unwrap().headers()["x-goog-upload-url"]
        .to_str()
        .unwrap()
        .to_owned();
    let session = Session {
        stand,
        url,
        bytes: video(GRAIN).await,
    };
    let mut end = session.request("upload, finalize").header("x-goog-upload-offset", "0");
    if !at_start {
        end = end.header("x-goog-hash", &wrong);
    }
    let (status, _, _, text) = said(end.body(session.bytes.clone()).send().await.unwrap()).await;
    assert_eq!(status, 400);
    assert!(
        text.contains("User-provided checksum does not match received payload content."),
        "{text}"
    );
    let (status, state, _, body) = session.command("query").await;
    assert_eq!((status, state.as_str(), body.as_str()), (200, "final", ""));
}

#[rstest]
#[case::nobody_looks(true)]
#[case::the_fault_plan_says_so(false)]
#[tokio::test]
async fn a_wrong_hash_may_pass(#[case] ignored: bool) {
    let mut google = GoogleSwitches::default();
    small_grains(&mut google);
    let mut faults = vec![FaultRule::new("upload_chunk", Fault::WrongHashAccepted)];
    if ignored {
        google.resumable_hash = ResumableHash::Ignored;
        faults.clear();
    }
    let options = SimOptions {
        google,
        faults,
        ..SimOptions::default()
    };
    let session = Session::over(Stand::with_options(options).await, GRAIN).await;
    let request = session.request("upload, finalize").header("x-goog-upload-offset", "0");
    let request = request.header("x-goog-hash", "sha1=AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    assert_eq!(request.body(session.bytes.clone()).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_right_hash_is_right_over_the_whole() {
    let session = Session::of(2 * GRAIN, |_| {}).await;
    session.send("upload", 0, &session.bytes[..GRAIN]).await;
    let hash = format!("sha1={}", STANDARD.encode(Hashes::of(&session.bytes).sha1));
    let request = session
        .request("upload, finalize")
        .header("x-goog-upload-offset", GRAIN.to_string());
    let request = request
        .header("x-goog-hash", hash)
        .body(session.bytes[GRAIN..].to_vec());
    assert_eq!(request.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn sizes_are_judged_at_the_start_and_kinds_by_their_bytes() {
    let change = |switches: &mut GoogleSwitches| {
        switches.video_limit_bytes = 50_000;
        switches.photo_limit_bytes = 5_000;
    };
    let stand = Stand::with(change).await;
    for (size, status) in [("50001", 413), ("0", 400), ("many", 400)] {
        assert_eq!(start(&stand, size).await.status(), status, "{size}");
    }
    assert!(stand.google().uploads().is_empty());
    // Said to be a video, and a picture after all.
    let session = Session::over(stand, 6_000).await;
    assert_eq!(session.send("upload, finalize", 0, &session.bytes).await.0, 413);
    assert_eq!(session.facts()["state"], "refused");
}

#[tokio::test]
async fn most_sessions_that_nobody_ends_are_given_up() {
    let stand = Stand::start().await;
    for _ in 0..257 {
        start(&stand, "5").await;
    }
    let uploads = stand.google().uploads();
    let states: Vec<_> = uploads.iter().map(|upload| upload["state"].as_str().unwrap()).collect();
    assert_eq!(states[0], "expired");
    assert!(states[1..].iter().all(|state| *state == "active"));
}
