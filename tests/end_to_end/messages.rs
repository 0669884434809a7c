//! What people read when something is wrong: one message, one hint, the right exit code.

use photomove_sim::google::ConsentMode;
use photomove_sim::{Fill, Library, LibraryAlbum, LibraryItem, SimOptions, parse_faults};

use crate::support::{Output, Stage, synthetic, synthetic_library};

/// Compares what was said with the kept text, without what differs between machines and runs.
macro_rules! assert_said {
    ($stage:expr, $run:expr) => {
        let settings = filters(&$stage);
        settings.bind(|| insta::assert_snapshot!(said(&$run)));
    };
}

fn filters(stage: &Stage) -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let folder = std::path::absolute(stage.path(".")).expect("absolute");
    let folder = folder.display().to_string();
    settings.add_filter(&insta_escape(folder.trim_end_matches("/.")), "[folder]");
    settings.add_filter(r"127\.0\.0\.1:\d+", "127.0.0.1:[port]");
    settings.add_filter(r"\d+(\.\d+)? (B|kB|KB|MB|GB|kiB|KiB|MiB|GiB)(/s)?", "[bytes]");
    settings.add_filter(r"\d+(\.\d+)? (ms|s|min)\b", "[time]");
    settings.add_filter(r"in \d+[hms]+", "in [time]");
    settings
}

fn insta_escape(text: &str) -> String {
    text.chars()
        .flat_map(|c| if c.is_alphanumeric() { vec![c] } else { vec!['\\', c] })
        .collect()
}

fn said(run: &Output) -> String {
    let code = run.code.map_or_else(|| "none".to_owned(), |code| code.to_string());
    format!(
        "exit code {code}\n--- stdout\n{}\n--- stderr\n{}",
        run.stdout.trim_end(),
        run.stderr.trim_end()
    )
}

/// One picture of its own, in one album.
fn one(item: LibraryItem, title: &str) -> Fill {
    let mut item = item;
    item.albums = vec![0];
    Fill::Library(Library {
        items: vec![item],
        albums: vec![LibraryAlbum { title: title.into() }],
    })
}

fn picture() -> LibraryItem {
    synthetic_library(1).items.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_cookie_file() {
    let stage = Stage::new(synthetic(1)).await;
    let file = stage.path("cookies.txt");
    std::fs::write(
        &file,
        "# Netscape HTTP Cookie File\n.amazon.com\tTRUE\t/\tTRUE\t0\tsession-id\n",
    )
    .expect("written");
    let run = stage
        .photomove(&["auth", "login", "amazon", "--cookies", "cookies.txt"])
        .await
        .expect_code(2);
    assert_said!(stage, run);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_marketplace() {
    let stage = Stage::new(synthetic(1)).await;
    std::fs::write(
        stage.path("cookies.txt"),
        "Cookie: session-id=1-2-3; ubid-acbzz=4-5-6; at-acbzz=Atza|secret",
    )
    .expect("written");
    let run = stage
        .photomove(&["auth", "login", "amazon", "--cookies", "cookies.txt"])
        .await
        .expect_code(2);
    assert!(!run.text().contains("Atza"), "the cookie's value was shown");
    assert_said!(stage, run);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_listening_at_the_port() {
    let mut stage = Stage::new(synthetic(1)).await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = free.local_addr().expect("address").port();
    drop(free);
    stage.set("PHOTOMOVE_AMAZON_METADATA_URL", format!("http://127.0.0.1:{port}"));
    let run = stage.photomove(&["amazon", "google", "--yes"]).await.expect_code(1);
    assert_said!(stage, run);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_client_secret_file() {
    let stage = Stage::new(synthetic(1)).await;
    std::fs::write(
        stage.path("client.json"),
        r#"{"type": "service_account", "private_key": "canary"}"#,
    )
    .expect("written");
    let run = stage
        .photomove(&["auth", "login", "google", "--client-secret", "client.json"])
        .await
        .expect_code(2);
    assert!(!run.text().contains("canary"), "a value of the file was shown");
    assert_said!(stage, run);
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_refused() {
    let stage = Stage::new(synthetic(1)).await;
    stage.sims.google().expect("started").set_consent(ConsentMode::Deny);
    let secret = stage.sims.env()["PHOTOMOVE_GOOGLE_CLIENT_SECRET"].clone();
    let args = ["auth", "login", "google", "--no-browser", "--client-secret", &secret];
    let run = stage.photomove_in_browser(&args).await.expect_code(4);
    let mut settings = filters(&stage);
    settings.add_filter(
        r"http://127\.0\.0\.1:\[port\]/o/oauth2/\S+",
        "[address of the consent page]",
    );
    settings.add_filter(&insta_escape(&secret), "[client secret file]");
    settings.bind(|| insta::assert_snapshot!(said(&run)));
}

#[tokio::test(flavor = "multi_thread")]
async fn item_of_0_bytes() {
    let stage = Stage::new(one(LibraryItem::from_bytes("empty.jpg", ""), "Lisbon")).await;
    let run = stage.photomove(&["amazon", "google", "--yes"]).await.expect_code(3);
    assert_eq!(stage.google_items().await.len(), 0);
    assert_said!(stage, run);
}

#[tokio::test(flavor = "multi_thread")]
async fn album_title_of_600_characters() {
    let title = "ä".repeat(600);
    let stage = Stage::new(one(picture(), &title)).await;
    let run = stage.photomove(&["amazon", "google", "--yes"]).await.expect_code(0);
    let albums = stage.google_albums();
    assert_eq!(albums.len(), 1);
    assert_eq!(albums[0]["title"].as_str().expect("title").chars().count(), 500);
    assert_said!(stage, run);
}

#[tokio::test(flavor = "multi_thread")]
async fn item_of_a_type_google_refuses() {
    let item = LibraryItem::from_bytes("not-a-picture.jpg", "this is text under the name of a picture");
    let options = SimOptions {
        fill: Some(one(item, "Lisbon")),
        strict_media: true,
        ..Stage::options()
    };
    let stage = Stage::with(options).await;
    let run = stage.photomove(&["amazon", "google", "--yes"]).await.expect_code(3);
    assert_said!(stage, run);
}

#[tokio::test(flavor = "multi_thread")]
async fn truncated_download() {
    let run = damaged_downloads(r#""fault": "truncate", "at": 1000, "probability": 1.0"#).await;
    assert_said!(run.0, run.1);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_md5() {
    let run = damaged_downloads(r#""fault": "flip_bit", "probability": 1.0"#).await;
    assert_said!(run.0, run.1);
}

/// Every download of the only picture is damaged, on whichever route.
async fn damaged_downloads(fault: &str) -> (Stage, Output) {
    let faults = parse_faults(&format!(r#"[{{"operation": "download", {fault}}}]"#)).expect("plan");
    let stage = Stage::with(SimOptions {
        fill: Some(one(picture(), "Lisbon")),
        faults,
        ..Stage::options()
    })
    .await;
    let run = stage.photomove(&["amazon", "google", "--yes"]).await.expect_code(3);
    assert_eq!(stage.google_items().await.len(), 0, "a damaged picture was sent");
    (stage, run)
}
