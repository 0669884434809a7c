//! What `photomove doctor` says, on machines where something is wrong.

use jiff::SignedDuration;
use photomove_core::{Clock, ManualClock, SystemClock};

use super::{Home, Ran, sims};
use crate::exit::Exit;

/// The lines about one thing, without the numbers that differ from machine to machine.
fn lines(ran: &Ran, word: &str) -> Vec<String> {
    ran.data
        .lines()
        .filter(|line| line.contains(word))
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn on_a_new_machine_nothing_is_broken_and_two_sign_ins_are_missing() {
    let home = Home::new();
    let ran = home.run(&["doctor", "--offline"]).await;
    assert_eq!(ran.exit, Exit::Done, "{}{}", ran.data, ran.talk);
    for said in [
        "does not exist yet; the first run makes it",
        "there is none yet: nothing was moved",
        "note  nobody is signed in to Amazon Photos\n        run `photomove auth login amazon`\n",
        "no host was asked, because of `--offline`",
        "nothing is broken",
    ] {
        assert!(ran.data.contains(said), "{said}\n{}", ran.data);
    }
    let state_dir = lines(&ran, "state_dir");
    assert!(state_dir[0].ends_with("PHOTOMOVE_STATE_DIR"), "{state_dir:?}");
}

#[tokio::test]
async fn after_a_migration_all_is_well_and_nothing_private_is_shown() {
    let sims = sims(|_| {}).await;
    let home = Home::new().with_sims(&sims);
    assert_eq!(home.run(&["amazon", "google", "--yes"]).await.exit, Exit::Done);
    let ran = home.run(&["doctor"]).await;
    assert_eq!(ran.exit, Exit::Done, "{}{}", ran.data, ran.talk);
    for said in [
        "every page is sound",
        "it adds up",
        "no run is under way",
        "the same time as here",
    ] {
        assert!(ran.data.contains(said), "{said}\n{}", ran.data);
    }
    assert!(!ran.data.contains("@example"), "an address is shown\n{}", ran.data);
    let secrets = ["PHOTOMOVE_AMAZON_COOKIES", "PHOTOMOVE_GOOGLE_TOKEN"].map(|name| home.value(name));
    for file in secrets {
        for value in std::fs::read_to_string(file).unwrap().split(['\t', '"', '\n']) {
            assert!(
                value.len() < 16 || value.contains("http") || !ran.data.contains(value),
                "{value}"
            );
        }
    }
    let json = home.run(&["--json", "doctor"]).await;
    let objects: Vec<serde_json::Value> = json
        .data
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let documented = include_str!("../json.md");
    for object in &objects {
        let name = object["type"].as_str().unwrap();
        assert!(documented.contains(&format!("\n| `{name}` |")), "{name}");
    }
    assert_eq!(objects.last().unwrap()["bad"], 0);
    sims.shutdown().await;
}

#[tokio::test]
async fn a_wrong_clock_is_told_with_what_it_breaks() {
    let sims = sims(|_| {}).await;
    let mut home = Home::new().with_sims(&sims);
    let late = SystemClock.now() - SignedDuration::from_hours(2);
    home.clock = std::sync::Arc::new(ManualClock::new(late));
    let ran = home.run(&["doctor"]).await;
    assert_eq!(ran.exit, Exit::Error, "{}", ran.data);
    let told = lines(&ran, "the clock of this machine is");
    assert!(
        told.len() == 1 && told[0].contains("behind: certificates"),
        "{}",
        ran.data
    );
    sims.shutdown().await;
}

#[tokio::test]
#[cfg(unix)]
async fn files_that_others_can_read_are_broken_and_never_shown() {
    use std::os::unix::fs::PermissionsExt;

    let home = Home::new();
    let folder = home.folder.path().join("state/credentials");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, mode, text) in [
        ("google@anna.json", 0o644, r#"{"access_token": "hush"}"#),
        ("amazon@default.json", 0o600, "hush"),
    ] {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let ran = home.run(&["doctor", "--offline"]).await;
    assert_eq!(ran.exit, Exit::Error, "{}", ran.data);
    let told = lines(
        &ran,
        "google@a….json can be read or changed by other users of this machine (mode 644)",
    );
    assert_eq!(told.len(), 1, "{}", ran.data);
    assert_eq!(lines(&ran, "amazon@default.json is no JSON").len(), 1, "{}", ran.data);
    assert!(!ran.data.contains("hush") && !ran.data.contains("anna"), "{}", ran.data);
}

#[tokio::test]
async fn settings_that_cannot_be_read_do_not_end_the_checks() {
    let home = Home::new();
    let config = home.file("broken.toml", "spool-max = 1");
    let home = home.with("PHOTOMOVE_CONFIG", config);
    let ran = home.run(&["doctor", "--offline"]).await;
    assert_eq!(ran.exit, Exit::Error, "{}{}", ran.data, ran.talk);
    assert_eq!(lines(&ran, "unknown field `spool-max`").len(), 1, "{}", ran.data);
    assert!(ran.data.contains("SQLite"), "{}", ran.data);
}

#[tokio::test]
async fn a_host_that_is_not_there_and_a_wrong_certificate_file_are_broken() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let home = Home::new()
        .with("PHOTOMOVE_GOOGLE_LIBRARY_URL", format!("http://127.0.0.1:{port}"))
        .with("PHOTOMOVE_GOOGLE_USERINFO_URL", format!("http://127.0.0.1:{port}"))
        .with("PHOTOMOVE_GOOGLE_REVOKE_URL", format!("http://127.0.0.1:{port}"))
        .with("PHOTOMOVE_AMAZON_METADATA_URL", format!("http://127.0.0.1:{port}"))
        .with("PHOTOMOVE_AMAZON_CONTENT_URL", format!("http://127.0.0.1:{port}"))
        .with("PHOTOMOVE_AMAZON_DOWNLOAD_URL", format!("http://127.0.0.1:{port}"))
        .with("PHOTOMOVE_AMAZON_THUMBNAIL_URL", format!("http://127.0.0.1:{port}"));
    let ran = home.run(&["doctor"]).await;
    assert_eq!(ran.exit, Exit::Error, "{}", ran.data);
    // One origin is asked once, whoever uses it.
    assert_eq!(lines(&ran, "nothing answers at").len(), 1, "{}", ran.data);
    let page = home.file("roots.pem", "<html>");
    let ran = home.with("PHOTOMOVE_CA_CERT", page).run(&["doctor"]).await;
    assert_eq!(ran.exit, Exit::Error, "{}", ran.data);
    assert_eq!(
        lines(&ran, "the file of trusted certificates holds none").len(),
        1,
        "{}",
        ran.data
    );
}
