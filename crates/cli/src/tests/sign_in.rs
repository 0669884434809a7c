//! Signing in to Amazon Photos: what is taken, what is asked, what is kept, and under which name.

use photomove_sim::control::{Person as Who, SessionCommand};

use super::*;
use crate::firefox::{fake_home, fake_profile};

/// A home of somebody who has never signed in to Amazon; Google's sign-in is a file of the settings.
fn newcomer(sims: &Sims) -> Home {
    Home::new().with_sims(sims).without("PHOTOMOVE_AMAZON_COOKIES")
}

/// The request of the stand-in's page as Chrome copies it on Linux.
fn copied(sims: &Sims) -> String {
    let cookies: Vec<String> = sims
        .amazon()
        .unwrap()
        .cookies()
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    format!(
        "curl 'https://www.amazon.com/drive/v1/account/usage?asset=ALL' \\\n  -H 'accept: */*' \\\n  -b '{}' \\\n  \
         -H $'x-odd: it\\'s\\u0021'\n",
        cookies.join("; ")
    )
}

fn sign_in_as(sims: &Sims, who: Who) {
    let command = SessionCommand {
        issue: Some(who),
        ..SessionCommand::default()
    };
    sims.amazon().unwrap().change_sessions(&command).unwrap();
}

fn requests(sims: &Sims) -> u64 {
    sims.amazon().unwrap().shared().counters.counts().requests
}

/// Fails if a value of a cookie was shown.
fn assert_hidden(sims: &Sims, ran: &Ran) {
    for (name, value) in sims.amazon().unwrap().cookies() {
        let said = ran.data.contains(&value) || ran.talk.contains(&value);
        assert!(!said, "the value of `{name}` was shown");
    }
}

fn kept(home: &Home, account: &str) -> bool {
    let file = format!("state/credentials/amazon@{account}.json");
    home.folder.path().join(file).exists()
}

#[tokio::test]
async fn a_pasted_request_signs_in_after_a_yes() {
    let sims = sims(|_| {}).await;
    let home = newcomer(&sims).answering(&[&copied(&sims), "yes"]);
    let ran = home.run(&["auth", "login", "amazon"]).await;
    assert_hidden(&sims, &ran);
    insta::assert_snapshot!(home.seen(&ran));
    assert!(kept(&home, "default"));
    sims.shutdown().await;
}

#[tokio::test]
async fn whoever_says_that_it_is_not_theirs_keeps_nothing() {
    let sims = sims(|_| {}).await;
    let home = newcomer(&sims).answering(&[&copied(&sims), "no"]);
    let ran = home.run(&["auth", "login", "amazon@anna"]).await;
    assert_eq!(ran.exit, Exit::Interrupted);
    assert!(ran.talk.contains("error: nothing was kept\nhint: "), "{}", ran.talk);
    assert!(!kept(&home, "anna"));
    sims.shutdown().await;
}

#[tokio::test]
async fn what_does_not_do_can_be_pasted_again() {
    let sims = sims(|_| {}).await;
    let expired = copied(&sims);
    sign_in_as(&sims, Who::Same);
    let request = copied(&sims);
    let foreign = "curl 'https://www.google.com/search?q=amazon' -H 'cookie: SID=hush'";
    let scripts = "session-id=133-1; i18n-prefs=USD; ubid-main=133-2";
    let home = newcomer(&sims).answering(&["", foreign, scripts, &expired, &request, "yes"]);
    let ran = home.run(&["auth", "login", "amazon"]).await;
    assert_hidden(&sims, &ran);
    assert!(!ran.talk.contains("hush"), "{}", ran.talk);
    let (_, asked) = ran.talk.split_once("? paste here").unwrap();
    let seen = home.seen(&Ran {
        exit: ran.exit,
        data: ran.data,
        talk: asked.to_owned(),
    });
    insta::assert_snapshot!(seen);
    sims.shutdown().await;
}

#[tokio::test]
async fn a_request_of_another_site_is_sent_nowhere() {
    let sims = sims(|_| {}).await;
    let home = newcomer(&sims);
    let file = home.file("curl.txt", "curl 'https://www.google.com/' -H 'cookie: SID=hush'");
    let ran = home.run(&["auth", "login", "amazon", "--cookies", &file]).await;
    let british = "curl 'https://www.amazon.co.uk/drive/v1/x' -b 'session-id=1; ubid-acbuk=2; at-acbuk=hush'";
    let file = home.file("uk.txt", british);
    let uk = home
        .run(&[
            "auth",
            "login",
            "amazon",
            "--cookies",
            &file,
            "--marketplace",
            "amazon.com",
        ])
        .await;
    assert_eq!(requests(&sims), 0);
    insta::assert_snapshot!(format!("{}\n\n{}", home.seen(&ran), home.seen(&uk)));
    sims.shutdown().await;
}

#[tokio::test]
async fn a_service_that_is_not_reached_ends_the_sign_in() {
    let sims = sims(|_| {}).await;
    let home = newcomer(&sims).impatient().answering(&[&copied(&sims)]);
    sims.shutdown().await;
    let ran = home.run(&["auth", "login", "amazon"]).await;
    assert_eq!(ran.exit, Exit::Error, "{}", ran.talk);
    assert!(ran.talk.contains("nothing answers"), "{}", ran.talk);
    assert!(!kept(&home, "default"));
}

#[tokio::test]
async fn accounts_go_by_their_names_everywhere() {
    let sims = sims(|_| {}).await;
    let home = newcomer(&sims);
    let file = home.file("curl.txt", &copied(&sims));
    let login = home.run(&["auth", "login", "amazon@anna", "--cookies", &file]).await;
    let twin = home.run(&["auth", "login", "amazon", "--cookies", &file]).await;
    let several = home.run(&["auth", "logout", "amazon"]).await;
    let forgotten = home.run(&["auth", "logout", "amazon@default"]).await;
    sims.amazon().unwrap().expire();
    let mut status = home.run(&["auth", "status"]).await;
    // What follows is Google's, with the hour of this run.
    status.data.truncate(status.data.find("google").unwrap());
    let mut seen = String::new();
    for ran in [
        login,
        twin,
        several,
        forgotten,
        status,
        home.run(&["amazon@anna", "usage"]).await,
        home.run(&["amazon", "google", "--yes"]).await,
        home.run(&["auth", "logout", "amazon@anna"]).await,
    ] {
        seen.push_str(&format!("{}\n\n", home.seen(&ran)));
    }
    insta::assert_snapshot!(seen);
    sims.shutdown().await;
}

#[tokio::test]
async fn another_owner_under_the_same_name_is_noticed() {
    let sims = sims(|_| {}).await;
    let home = newcomer(&sims);
    let first = home.file("anna.txt", &copied(&sims));
    let ran = home.run(&["auth", "login", "amazon", "--cookies", &first]).await;
    assert_eq!(ran.exit, Exit::Done, "{}", ran.talk);
    sign_in_as(&sims, Who::Other);
    let request = copied(&sims);
    let second = home.file("ben.txt", &request);
    let words = ["auth", "login", "amazon", "--cookies", &second];
    let refused = home.run(&words).await;
    insta::assert_snapshot!(home.seen(&refused), @r"
    Amazon.com, 3 photos, 0 videos, 6.0 kB
    error: amazon: `amazon` has been another account so far (Amazon.com, 5 photos, 0 videos, 41.0 kB); nothing was kept
    hint: to keep both, give this one a name: `photomove auth login amazon@NAME`; to replace the earlier one, add `--replace`
    exit 4
    ");
    let home = home.answering(&["yes", "0"]);
    let declined = home.run(&words).await;
    assert_eq!(declined.exit, Exit::Interrupted, "{}", declined.talk);
    let owner = |home: &Home| {
        let file = home.folder.path().join("state/credentials/amazon@default.json");
        let kept: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        kept["known"]["owner"].as_str().unwrap().to_owned()
    };
    let amazon = sims.amazon().unwrap();
    assert_eq!(owner(&home), amazon.owner_id());
    let home = home.answering(&["yes", "1"]);
    assert_eq!(home.run(&words).await.exit, Exit::Done);
    assert_eq!(owner(&home), amazon.other_owner_id());
    sign_in_as(&sims, Who::Same);
    let third = home.file("anna.txt", &copied(&sims));
    let home = home.answering(&["yes"]);
    let ran = home
        .run(&["auth", "login", "amazon", "--cookies", &third, "--replace"])
        .await;
    assert_eq!(ran.exit, Exit::Done, "{}", ran.talk);
    assert_eq!(owner(&home), amazon.owner_id());
    sims.shutdown().await;
}

#[tokio::test]
async fn a_run_on_a_terminal_signs_in_right_there() {
    let sims = sims(|_| {}).await;
    let home = newcomer(&sims).answering(&["yes", &copied(&sims), "yes", "yes"]);
    let ran = home.run(&["amazon", "google"]).await;
    assert_eq!(ran.exit, Exit::Done, "{}{}", ran.data, ran.talk);
    // The last question is the plan's.
    let asked: Vec<&str> = ran.talk.lines().filter(|line| line.starts_with("? ")).collect();
    assert_eq!(
        asked[..asked.len() - 1],
        [
            "? Sign in to Amazon Photos now?",
            "? paste here",
            "? Amazon.com, 5 photos, 0 videos, 41.0 kB. Is that yours?",
        ]
    );
    assert_eq!(
        sims.service(ServiceKind::Google).unwrap().library_lines().await.len(),
        5
    );
    sims.shutdown().await;
}

#[tokio::test]
async fn whoever_does_not_sign_in_is_told_the_command() {
    let sims = sims(|_| {}).await;
    let home = newcomer(&sims).answering(&["no"]);
    let ran = home.run(&["amazon@anna", "google"]).await;
    insta::assert_snapshot!(home.seen(&ran), @r"
    Nobody is signed in to Amazon Photos as `amazon@anna`
    ? Sign in to Amazon Photos as `amazon@anna` now?
    error: amazon: nobody is signed in
    hint: run `photomove --state-dir [home]/state --config [home]/config.toml auth login amazon@anna`
    exit 4
    ");
    sims.shutdown().await;
}

#[tokio::test]
async fn a_session_that_is_over_at_the_start_is_renewed_right_there() {
    for kept in [true, false] {
        let sims = sims(|options| options.amazon.renewal = photomove_sim::amazon::Renewal::Refuses).await;
        let mut home = Home::new().with_sims(&sims);
        if kept {
            home = newcomer(&sims);
            let file = home.file("curl.txt", &copied(&sims));
            let ran = home.run(&["auth", "login", "amazon@anna", "--cookies", &file]).await;
            assert_eq!(ran.exit, Exit::Done, "{}", ran.talk);
        }
        sims.amazon().unwrap().expire();
        // The file that the settings name keeps the old cookies.
        let command = SessionCommand {
            issue: Some(Who::Same),
            to: Some(home.folder.path().join("unused.txt")),
            ..SessionCommand::default()
        };
        sims.amazon().unwrap().change_sessions(&command).unwrap();
        let home = home.answering(&["yes", &copied(&sims), "yes", "yes"]);
        let ran = home.run(&["amazon", "google"]).await;
        assert_eq!(ran.exit, Exit::Done, "{}{}", ran.data, ran.talk);
        let question = if kept {
            "? Sign in to Amazon Photos as `amazon@anna` again now?"
        } else {
            "? Sign in to Amazon Photos again now?"
        };
        assert!(ran.talk.contains(question), "{}", ran.talk);
        sims.shutdown().await;
    }
}

#[tokio::test]
async fn firefox_gives_its_sign_in_and_several_are_asked_about() {
    let sims = sims(|_| {}).await;
    let cookies = sims.amazon().unwrap().cookies();
    let rows = |attributes: &'static str| -> Vec<(&str, &str, &str, &str)> {
        cookies
            .iter()
            .map(|(name, value)| (attributes, name.as_str(), value.as_str(), ".amazon.com"))
            .collect()
    };
    let home = newcomer(&sims);
    let folder = home.folder.path().join("person");
    let home = fake_home(&folder)
        .into_iter()
        .fold(home, |home, (name, value)| home.with(&name, value));
    let words = ["auth", "login", "amazon", "--from-browser", "firefox"];
    fake_profile(&folder, "default", &[&rows("")[..], &rows("^userContextId=2")].concat());
    let one = home.run(&words).await;
    fake_profile(&folder, "work", &rows(""));
    let several = home.run(&words).await;
    let named = home.run(&[&words[..], &["--browser-profile", "work"]].concat()).await;
    let seen = [one, several, named].map(|ran| {
        assert_hidden(&sims, &ran);
        home.seen(&ran)
    });
    insta::assert_snapshot!(seen.join("\n\n"));
    let home = home.answering(&["2", "yes"]);
    let chosen = home.run(&words).await;
    assert!(
        chosen.talk.contains("taken from Firefox, profile `work`: amazon.com"),
        "{}",
        chosen.talk
    );
    assert_eq!(chosen.exit, Exit::Done);
    sims.shutdown().await;
}
