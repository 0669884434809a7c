//! The sign-in in a real browser without a window: the program opens it, the stand-in's consent page is clicked through, and
//! what the browser shows at the end is looked at. On Windows the browser is started by other means than a script.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use photomove_sim::google::ConsentMode;

use crate::support::{Output, Stage, count, skip_aloud, synthetic};

/// Names of Chromium on the systems that it is packaged for.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Returns the browser, or `None` after saying that there is none; where it is required that is a failure.
fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("PHOTOMOVE_CHROMIUM").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = || {
        std::env::split_paths(&path)
            .flat_map(|folder| NAMES.map(|name| folder.join(name)))
            .find(|program| program.is_file())
    };
    let program = named.filter(|program| program.is_file()).or_else(found);
    if program.is_none() {
        skip_aloud("browser", Path::new("PHOTOMOVE_CHROMIUM or PATH (chromium)"));
    }
    program
}

/// Makes the program that photomove starts with an address: it leaves what the browser showed at last in `landed.html`.
fn browser(stage: &Stage, chromium: &Path) -> PathBuf {
    let folder = std::path::absolute(stage.path(".")).expect("absolute");
    let folder = folder.display().to_string();
    let script = format!(
        "#!/bin/sh\ncd '{folder}' && '{}' --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run \
         --disable-background-networking --user-data-dir='{folder}/profile' --virtual-time-budget=20000 --dump-dom \"$1\" \
         >landed.part 2>browser.log\nmv landed.part landed.html\n",
        chromium.display()
    );
    let path = stage.path("browser.sh");
    std::fs::write(&path, script).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).expect("executable");
    std::path::absolute(path).expect("absolute")
}

/// Signs in with the browser, and returns what the program said and what the browser showed at the end.
async fn signed_in(consent: ConsentMode) -> Option<(Stage, Output, String)> {
    let chromium = chromium()?;
    let mut stage = Stage::new(synthetic(1)).await;
    stage.unset("PHOTOMOVE_GOOGLE_TOKEN");
    stage.sims.google().expect("started").set_consent(consent);
    let program = browser(&stage, &chromium);
    stage.set("PHOTOMOVE_BROWSER", program.display().to_string());
    let run = stage.photomove(&["auth", "login", "google"]).await;
    let landed = stage.path("landed.html");
    let shown = async {
        while !landed.is_file() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    // Only a browser that hangs lets it fail.
    let ended = tokio::time::timeout(Duration::from_secs(120), shown).await;
    let log = std::fs::read_to_string(stage.path("browser.log")).unwrap_or_default();
    ended.unwrap_or_else(|_| panic!("the browser did not end:\n{log}\n{}", run.text()));
    let page = std::fs::read_to_string(landed).expect("readable");
    Some((stage, run, page))
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_in_a_browser_signs_in() {
    let Some((stage, run, page)) = signed_in(ConsentMode::ClickAllow).await else {
        return;
    };
    let run = run.expect_code(0);
    assert!(run.stdout.contains("owner@gmail.example"), "{}", run.text());
    assert!(page.contains("<h1>Google’s answer has arrived</h1>"), "{page}");
    assert!(!page.contains("4/0A") && !page.contains("<script"), "{page}");
    assert_eq!(count(&stage.google_counts(), "authorize"), 2, "the page and the form");
    let status = stage.photomove(&["auth", "status"]).await.expect_code(0);
    assert!(
        status.stdout.contains("google (kept): valid · owner@gmail.example"),
        "{}",
        status.text()
    );
    stage.assert_no_unknown_requests();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_in_a_browser_signs_nobody_in() {
    let Some((stage, run, page)) = signed_in(ConsentMode::ClickDeny).await else {
        return;
    };
    let run = run.expect_code(4);
    assert!(run.stderr.contains("consent was refused"), "{}", run.text());
    assert!(
        page.contains("<h1>You are not signed in</h1>") && page.contains("Consent was refused"),
        "{page}"
    );
    assert_eq!(
        count(&stage.google_counts(), "token"),
        1,
        "the check of the client, and no exchange"
    );
    let kept = std::fs::read_dir(stage.state_dir().join("credentials"));
    assert!(
        kept.is_err() || kept.into_iter().flatten().next().is_none(),
        "nothing is kept"
    );
}
