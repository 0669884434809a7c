//! Sign-ins go to the services they belong to, and nowhere else.

use photomove_sim::{SimOptions, amazon::RedirectTarget};

use crate::support::{Stage, synthetic};

/// Origins of each stand-in that may see its credentials.
const AMAZON_ALLOWED: [&str; 4] = ["metadata", "content", "download", "thumbnail"];
const GOOGLE_ALLOWED: [&str; 3] = ["library", "userinfo", "oauth2"];

#[tokio::test(flavor = "multi_thread")]
async fn no_cookie_or_token_reaches_another_origin() {
    let mut options = SimOptions {
        fill: Some(synthetic(12)),
        ..Stage::options()
    };
    // Downloads are redirected to a storage host that refuses whoever brings a second form of authentication.
    options.amazon.signed_download = false;
    options.amazon.redirect_target = RedirectTarget::PreSigned;
    let stage = Stage::with(options).await;

    stage.photomove(&["amazon", "google", "--yes"]).await.expect_code(0);

    let amazon = stage.amazon_requests();
    let redirected: Vec<_> = amazon.iter().filter(|line| line.origin == "storage").collect();
    assert!(
        redirected.len() >= 12,
        "downloads were to be redirected to the storage host"
    );
    for line in amazon
        .iter()
        .filter(|line| !AMAZON_ALLOWED.contains(&line.origin.as_str()))
    {
        assert_eq!(line.credentials, Vec::<String>::new(), "{line:?}");
    }
    for line in stage
        .google_requests()
        .iter()
        .filter(|line| !GOOGLE_ALLOWED.contains(&line.origin.as_str()))
    {
        assert_eq!(line.credentials, Vec::<String>::new(), "{line:?}");
    }
    let cookies_at_google = stage
        .google_requests()
        .iter()
        .any(|line| line.credentials.iter().any(|name| name.starts_with("at-")));
    assert!(!cookies_at_google, "an Amazon cookie reached Google");
    stage.assert_no_unknown_requests();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_printed_or_written_outside_the_private_files() {
    let stage = Stage::new(synthetic(3)).await;
    let secrets = secrets_of(&stage);
    assert!(secrets.len() >= 5, "cookies and tokens to look for");

    let run = stage
        .photomove(&["-vv", "amazon", "google", "--yes"])
        .await
        .expect_code(0);

    for secret in &secrets {
        assert!(!run.text().contains(secret.as_str()), "a secret was printed");
    }
    for file in files_below(&stage.state_dir()) {
        let bytes = std::fs::read(&file).expect("readable");
        let holds = secrets
            .iter()
            .any(|secret| bytes.windows(secret.len()).any(|part| part == secret.as_bytes()));
        if holds {
            assert_private(&file);
        }
    }
}

/// Values of the cookies and tokens that the stand-ins wrote.
fn secrets_of(stage: &Stage) -> Vec<String> {
    let env = stage.sims.env();
    let cookies = std::fs::read_to_string(&env["PHOTOMOVE_AMAZON_COOKIES"]).expect("cookie file");
    let token = std::fs::read_to_string(&env["PHOTOMOVE_GOOGLE_TOKEN"]).expect("token file");
    let secret = std::fs::read_to_string(&env["PHOTOMOVE_GOOGLE_CLIENT_SECRET"]).expect("client secret file");
    let token: serde_json::Value = serde_json::from_str(&token).expect("token file is JSON");
    let secret: serde_json::Value = serde_json::from_str(&secret).expect("client secret file is JSON");
    let values = cookies
        .lines()
        .filter_map(|line| line.split('\t').nth(6).map(str::to_owned))
        .chain(["access_token", "refresh_token", "id_token"].map(|name| token[name].as_str().unwrap_or("").to_owned()))
        .chain([secret["installed"]["client_secret"].as_str().unwrap_or("").to_owned()]);
    values.filter(|value| value.len() >= 8).collect()
}

fn files_below(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("state folder") {
        let entry = entry.expect("entry");
        if entry.file_type().expect("type").is_dir() {
            found.extend(files_below(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

#[cfg(unix)]
fn assert_private(file: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(file).expect("metadata").permissions().mode();
    assert_eq!(
        mode & 0o077,
        0,
        "{} holds a secret and has mode {mode:o}",
        file.display()
    );
}

#[cfg(not(unix))]
fn assert_private(_file: &std::path::Path) {
    // Elsewhere the folder's access list protects the file; there is no mode to look at.
}
