//! What goes wrong between photomove and a server: each has a clear outcome, and nothing is lost.

mod sign_in;

use photomove_sim::{PhotoPrismSwitches, ServiceKind, SimOptions, parse_faults};

use super::{filled, held, options, picture, pictures, prism, spec};
use crate::support::{Output, Stage};

const NAMES: [&str; 6] = [
    "trip/a.jpg",
    "trip/b.jpg",
    "trip/c.jpg",
    "home/d.jpg",
    "home/e.jpg",
    "home/f.jpg",
];

/// Six pictures at Amazon, and a server that behaves as it is told.
async fn into(faults: &str, change: impl FnOnce(&mut PhotoPrismSwitches)) -> Stage {
    let folder = tempfile::tempdir().expect("folder").keep();
    pictures(&folder, &NAMES);
    let mut options = SimOptions {
        faults: parse_faults(faults).expect("plan"),
        ..options(vec![
            filled(ServiceKind::Amazon, &folder),
            spec(ServiceKind::PhotoPrism),
        ])
    };
    change(&mut options.photoprism);
    Stage::with(options).await
}

/// Six pictures at a server, and nothing at Google.
async fn out_of(faults: &str) -> Stage {
    let folder = tempfile::tempdir().expect("folder").keep();
    pictures(&folder, &NAMES);
    Stage::with(SimOptions {
        faults: parse_faults(faults).expect("plan"),
        ..options(vec![
            filled(ServiceKind::PhotoPrism, &folder),
            spec(ServiceKind::Google),
        ])
    })
    .await
}

async fn run(stage: &Stage, from: &str, to: &str) -> Output {
    stage.photomove(&[from, to, "--yes"]).await
}

#[track_caller]
fn assert_all_there(stage: &Stage, run: &Output) {
    assert!(run.text().contains("6 of 6 verified · 0 failed"), "{}", run.text());
    let held = held(prism(stage));
    assert_eq!(held.len(), 6);
    assert!(held.values().all(|albums| albums.len() == 1), "{held:?}");
    assert_eq!(prism(stage).photos().len(), 6, "nothing is there twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_in_mid_run_is_opened_anew_and_what_it_held_is_sent_again() {
    for operation in ["upload", "upload_process", "file_get", "album_add", "photo_update"] {
        let plan = format!(r#"[{{"operation": "{operation}", "nth": 2, "fault": "expire_session"}}]"#);
        let stage = into(&plan, |_| {}).await;
        let run = run(&stage, "amazon", "photoprism").await.expect_code(0);
        assert_all_there(&stage, &run);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_was_changed_in_mid_run_pauses_it_and_the_same_command_goes_on() {
    let mut stage = into(
        r#"[{"operation": "upload", "nth": 3, "fault": "expire_session"}]"#,
        |_| {},
    )
    .await;
    // The session is good; the password that would open another one is not.
    let file = stage.path("sign-in.json");
    let document = serde_json::json!({
        "url": format!("{}/", prism(&stage).url()),
        "sign_in": { "kind": "user", "name": "admin", "password": "hush" },
        "session": { "token": prism(&stage).access_token(), "until": null },
    });
    std::fs::write(&file, document.to_string()).expect("written");
    stage.set("PHOTOMOVE_PHOTOPRISM_SIGN_IN", file.display().to_string());
    let stopped = run(&stage, "amazon", "photoprism").await.expect_code(4);
    assert!(stopped.text().contains("photomove --state-dir"), "{}", stopped.text());
    assert!(!stopped.text().contains("hush"), "{}", stopped.text());
    let document = serde_json::json!({
        "url": format!("{}/", prism(&stage).url()),
        "sign_in": { "kind": "user", "name": "admin", "password": prism(&stage).password() },
    });
    std::fs::write(&file, document.to_string()).expect("written");
    let run = run(&stage, "amazon", "photoprism").await.expect_code(0);
    assert_all_there(&stage, &run);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_with_a_passcode_moves_by_an_app_password() {
    let mut stage = into("[]", |switches| switches.passcode = true).await;
    let refused = run(&stage, "amazon", "photoprism").await.expect_code(4);
    assert!(refused.text().contains("wants a passcode"), "{}", refused.text());
    stage.unset("PHOTOMOVE_PHOTOPRISM_SIGN_IN");
    let password = prism(&stage).add_app_password("photomove", "photos albums files sessions settings logs");
    std::fs::write(stage.path("secret"), password).expect("written");
    let url = prism(&stage).url().to_owned();
    let words = [
        "auth",
        "login",
        "photoprism",
        "--url",
        &url,
        "--app-password",
        "--secret-file",
        "secret",
    ];
    stage.photomove(&words).await.expect_code(0);
    let run = run(&stage, "amazon", "photoprism").await.expect_code(0);
    assert_all_there(&stage, &run);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_moved_into_is_told_before_anything_is_read() {
    let stage = into("[]", |switches| switches.read_only = true).await;
    let refused = run(&stage, "amazon", "photoprism").await;
    assert!(
        refused.code != Some(0) && refused.text().contains("read-only"),
        "{}",
        refused.text()
    );
    assert!(prism(&stage).photos().is_empty());
    let mut stage = into("[]", |_| {}).await;
    stage.unset("PHOTOMOVE_PHOTOPRISM_SIGN_IN");
    let url = prism(&stage).url().to_owned();
    let narrow = prism(&stage).add_app_password("narrow", "photos sessions");
    std::fs::write(stage.path("secret"), narrow).expect("written");
    let words = [
        "auth",
        "login",
        "photoprism",
        "--url",
        &url,
        "--app-password",
        "--secret-file",
        "secret",
    ];
    let login = stage.photomove(&words).await;
    let refused = match login.code {
        Some(0) => run(&stage, "amazon", "photoprism").await,
        _ => login,
    };
    assert_eq!(refused.code, Some(4), "{}", refused.text());
    assert!(
        refused.text().contains("albums") && refused.text().contains("hint: "),
        "{}",
        refused.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_loses_nothing_and_the_same_command_goes_on() {
    let stage = into("[]", |switches| switches.disk_full = true).await;
    let stopped = run(&stage, "amazon", "photoprism").await;
    assert!(matches!(stopped.code, Some(3 | 6)), "{}", stopped.text());
    assert!(
        stopped.text().contains("could not store the file"),
        "{}",
        stopped.text()
    );
    assert!(held(prism(&stage)).is_empty());
    prism(&stage).switches().disk_full = false;
    let again = stage
        .photomove(&["amazon", "photoprism", "--yes", "--retry-refused"])
        .await
        .expect_code(0);
    assert_all_there(&stage, &again);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_proxy_finds_too_large_fails_alone_and_says_whose_limit_it_is() {
    let plan = r#"[{"operation": "upload", "nth": 2, "fault": "status", "status": 413}]"#;
    let stage = into(plan, |_| {}).await;
    let first = run(&stage, "amazon", "photoprism").await.expect_code(3);
    assert!(first.text().contains("5 of 6 verified · 1 failed"), "{}", first.text());
    assert!(
        first
            .text()
            .contains("larger than the server, or a proxy in front of it, takes"),
        "{}",
        first.text()
    );
    let again = stage.photomove(&["retry", "--refused", "--yes"]).await;
    let again = match again.code {
        Some(2) => {
            stage
                .photomove(&["amazon", "photoprism", "--yes", "--retry-refused"])
                .await
        }
        _ => again,
    };
    assert_eq!(again.code, Some(0), "{}", again.text());
    assert_eq!(held(prism(&stage)).len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_the_server_in_mid_run_is_got_over_on_either_side() {
    for operation in ["download", "photo_search"] {
        let plan = format!(r#"[{{"operation": "{operation}", "nth": 2, "fault": "restart"}}]"#);
        let stage = out_of(&plan).await;
        let run = run(&stage, "photoprism", "google").await.expect_code(0);
        assert!(run.text().contains("6 of 6 verified"), "{operation}: {}", run.text());
        assert_eq!(stage.google_items().await.len(), 6);
    }
    for lose in ["false", "true"] {
        let plan =
            format!(r#"[{{"operation": "upload_process", "nth": 2, "fault": "restart", "lose_sessions": {lose}}}]"#);
        let stage = into(&plan, |_| {}).await;
        let run = run(&stage, "amazon", "photoprism").await.expect_code(0);
        assert_all_there(&stage, &run);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_that_get_lost_make_nothing_twice() {
    for operation in [
        "upload",
        "upload_process",
        "album_create",
        "album_add",
        "album_update",
        "photo_update",
    ] {
        let plan = format!(r#"[{{"operation": "{operation}", "nth": 1, "fault": "reset_after"}}]"#);
        let stage = into(&plan, |_| {}).await;
        let first = run(&stage, "amazon", "photoprism").await;
        let last = match first.code {
            Some(0) => first,
            _ => run(&stage, "amazon", "photoprism").await,
        };
        assert_eq!(last.code, Some(0), "{operation}: {}", last.text());
        assert_eq!(
            (held(prism(&stage)).len(), prism(&stage).photos().len()),
            (6, 6),
            "{operation}"
        );
        let albums = prism(&stage).albums();
        let shown: Vec<_> = albums
            .iter()
            .filter(|album| album.kind == "album" && !album.deleted)
            .collect();
        let mut titles: Vec<&str> = shown.iter().map(|album| album.title.as_str()).collect();
        titles.sort_unstable();
        assert_eq!(titles, ["home", "trip"], "{operation}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_already_is_found_by_its_bytes_the_archive_included() {
    let stage = into("[]", |_| {}).await;
    for (name, file) in [("trip/a.jpg", "there.jpg"), ("trip/b.jpg", "archived.jpg")] {
        std::fs::write(stage.path(file), picture(name)).expect("written");
        stage.photomove(&["photoprism", "upload", file]).await.expect_code(0);
    }
    stage
        .photomove(&["photoprism", "archive", "archived.jpg", "--yes"])
        .await
        .expect_code(0);
    let run = run(&stage, "amazon", "photoprism").await;
    assert_eq!(prism(&stage).photos().len(), 6, "no byte is sent twice");
    let there = prism(&stage)
        .photos()
        .into_iter()
        .find(|photo| sha1_of(photo, "trip/a.jpg"))
        .expect("found");
    assert_eq!(there.albums, ["trip"], "what was there joins its album");
    let archived = prism(&stage)
        .photos()
        .into_iter()
        .find(|photo| sha1_of(photo, "trip/b.jpg"))
        .expect("found");
    assert!(archived.archived, "what its owner put away stays there");
    assert!(run.text().contains("archive"), "{}", run.text());
}

fn sha1_of(photo: &photomove_sim::photoprism::StoredPhoto, name: &str) -> bool {
    let sha1 = photomove_core::Checksums::of(&picture(name)).sha1_hex().expect("taken");
    photo.files.iter().any(|file| file.sha1 == sha1)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_run_beside_an_import_is_told_as_busy() {
    // As the server answers then.
    let plan = r#"[{"operation": "index", "nth": 1, "fault": "status", "status": 500}]"#;
    let stage = into(plan, |_| {}).await;
    let busy = stage.photomove(&["photoprism", "index"]).await.expect_code(1);
    assert!(busy.text().contains("photoprism import --cancel"), "{}", busy.text());
    stage.photomove(&["photoprism", "index"]).await.expect_code(0);
}
