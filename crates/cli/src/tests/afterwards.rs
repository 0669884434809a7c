//! The days after a migration: a later pass, a look at the destination, a retry, and how it is told.

use photomove_sim::{FaultRule, LibraryCommand};
use serde_json::json;

use super::*;

async fn change(sims: &Sims, kind: ServiceKind, command: LibraryCommand) {
    sims.service(kind).unwrap().change_library(command).await.unwrap();
}

fn faults(sims: &Sims, kind: ServiceKind, rules: &serde_json::Value) {
    let rules: Vec<FaultRule> = photomove_sim::parse_faults(&rules.to_string()).unwrap();
    sims.service(kind).unwrap().shared().faults.replace(rules);
}

#[tokio::test]
async fn what_is_new_moves_what_is_lost_is_told_and_a_retry_brings_it_back() {
    let sims = sims(|_| {}).await;
    let home = Home::new().with_sims(&sims);
    assert_eq!(home.run(&["amazon", "google", "--yes"]).await.exit, Exit::Done);
    let nothing = home.run(&["retry"]).await;
    assert_eq!(nothing.exit, Exit::Done, "{}", nothing.talk);
    assert!(
        nothing.data.contains("nothing failed: 5 of 5 verified"),
        "{}",
        nothing.data
    );

    let added = LibraryCommand {
        add: 2,
        bytes: Some(8192),
        remove: vec!["SYN_0000001.jpg".to_owned()],
        ..LibraryCommand::default()
    };
    change(&sims, ServiceKind::Amazon, added).await;
    let later = home.run(&["amazon", "google", "--yes"]).await;
    assert_eq!(later.exit, Exit::Done, "{}", later.talk);
    assert!(
        later.talk.contains("since the last pass\n  new since "),
        "{}",
        later.talk
    );
    assert!(later.data.contains(": 2 files (16.4 kB)\n"), "{}", later.data);
    let stays = "no longer at Amazon Photos: 1 file (8.2 kB); it stays at Google Photos";
    assert!(later.data.contains(stays), "{}", later.data);

    // Only what was seen there once can be called lost: Google does not show what another program brought.
    let seen = home.run(&["verify"]).await;
    assert_eq!(seen.exit, Exit::Done, "{}", seen.talk);
    let lost = LibraryCommand {
        remove: vec!["SYN_0000002.jpg".to_owned()],
        ..LibraryCommand::default()
    };
    change(&sims, ServiceKind::Google, lost).await;
    let looked = home.run(&["verify"]).await;
    assert_eq!(looked.exit, Exit::Differences, "{}", looked.talk);
    assert!(
        looked.data.starts_with("missing: SYN_0000002.jpg (8.2 kB): "),
        "{}",
        looked.data
    );
    assert!(
        looked.data.ends_with("6 of 7 items there · 1 missing\n"),
        "{}",
        looked.data
    );
    let status = home.run(&["status"]).await;
    assert!(status.data.contains("6 of 7 verified · 1 failed"), "{}", status.data);
    assert!(status.data.contains("6 there · 1 missing"), "{}", status.data);

    let again = home.run(&["retry"]).await;
    assert_eq!(again.exit, Exit::Done, "{}{}", again.data, again.talk);
    assert!(
        again.talk.contains("trying again: 1 failed file (8.2 kB)"),
        "{}",
        again.talk
    );
    assert!(
        again.data.ends_with("tried again: 1 of 1 verified · 0 failed\n"),
        "{}",
        again.data
    );
    let looked = home.run(&["verify", "--level", "download"]).await;
    assert_eq!(looked.exit, Exit::Done, "{}", looked.talk);
    assert!(
        looked.data.contains("level download: not possible here: "),
        "{}",
        looked.data
    );
    assert!(
        looked.data.ends_with("7 of 7 items there · 0 missing\n"),
        "{}",
        looked.data
    );
    sims.shutdown().await;
}

#[tokio::test]
async fn what_was_refused_for_good_is_named_and_left() {
    let sims = sims(|_| {}).await;
    let home = Home::new().with_sims(&sims);
    let refusal = json!([{ "operation": "upload", "nth": 3, "fault": "status", "status": 413, "body_kind": "json" }]);
    faults(&sims, ServiceKind::Google, &refusal);
    assert_eq!(home.run(&["amazon", "google", "--yes"]).await.exit, Exit::ItemsFailed);
    faults(&sims, ServiceKind::Google, &json!([]));
    let left = home.run(&["retry"]).await;
    assert_eq!(left.exit, Exit::ItemsFailed, "{}{}", left.data, left.talk);
    assert!(left.talk.contains("left as failed: 1 file (8.2 kB): "), "{}", left.talk);
    assert!(left.data.contains("retry --retry-refused` also tries"), "{}", left.data);
    let again = home.run(&["retry", "1", "--retry-refused"]).await;
    assert_eq!(again.exit, Exit::Done, "{}{}", again.data, again.talk);
    sims.shutdown().await;
}

#[tokio::test]
async fn jobs_that_are_not_there_are_said_by_every_command() {
    let home = Home::new();
    for words in [&["retry"][..], &["verify"], &["status", "3"]] {
        let ran = home.run(words).await;
        assert_eq!(ran.exit, Exit::Usage, "{words:?}: {}", ran.talk);
        assert!(
            ran.talk.contains("nothing has been moved yet"),
            "{words:?}: {}",
            ran.talk
        );
    }
    let watched = home.run(&["status", "--watch"]).await;
    assert_eq!(
        (watched.exit, watched.data.lines().next()),
        (Exit::Done, Some("nothing has been moved yet"))
    );
}
