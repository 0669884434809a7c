//! A destination that keeps files together, forgets what is staged when a session ends, and has settings of its own.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use photomove_core::{
    Answer, AuthProblem, Error, ErrorKind, FailWhen, Fields, Interaction, MediaKind, MemoryItem, MemoryPart, Metadata,
    Operation, OutOfSight, PartRole, PhotoProvider, Prompt, Result, SettingChange, Siblings, Sourced,
};

use super::harness::{Bench, clock, item, kind_source};
use super::killer::{Gate, Killer};
use super::kills::run_until_killed;
use crate::{Loss, Summary, restore_settings};

fn bench() -> Bench {
    bench_with(|sink| sink)
}

fn bench_with(change: impl FnOnce(photomove_core::MemoryProvider) -> photomove_core::MemoryProvider) -> Bench {
    let clock = clock();
    let sink = photomove_core::MemoryProvider::stacking("target")
        .with_clock(Arc::clone(&clock) as photomove_core::SharedClock);
    Bench::with(clock.clone(), kind_source(&clock), change(sink))
}

fn live(n: usize) -> MemoryItem {
    let mut one = item(n);
    one.kind = MediaKind::LivePhoto;
    one.parts.push(MemoryPart {
        role: PartRole::Motion,
        file_name: format!("{n}.mov"),
        bytes: format!("clip of picture {n}").into(),
        media_type: Some("video/quicktime".into()),
    });
    one
}

fn revoked() -> Error {
    Error::new(ErrorKind::Auth(AuthProblem::Revoked), "the sign-in was taken back")
}

fn losses<'a>(summary: &'a Summary, what: &str) -> Vec<&'a Loss> {
    summary.losses.iter().filter(|loss| loss.what == what).collect()
}

async fn run_through(bench: &Bench, gate: Gate) -> Summary {
    let migration = bench.migration(bench.open(None), Arc::new(gate));
    Box::pin(migration.run()).await.unwrap()
}

#[tokio::test]
async fn files_of_a_bundle_are_committed_together_however_small_a_batch_is() {
    for batch in 1..4 {
        let bench = bench_with(|sink| {
            sink.with_sink_caps(|caps| caps.commit_batch = std::num::NonZeroU32::new(batch).unwrap())
        });
        for n in 0..7 {
            bench.source.insert(live(n));
        }
        bench.album("a", 0..5);
        let summary = bench.run().await;
        assert_eq!(summary.accounting.verified.count, 14);
        let items = bench.sink.items();
        assert_eq!(items.len(), 7, "no stack was torn apart");
        assert!(items.iter().all(|item| item.parts.len() == 1));
        bench.assert_same_library();
        assert!(bench.audit().await.is_empty());
        assert!(bench.run().await.nothing_to_do);
    }
}

#[tokio::test]
async fn each_file_is_sent_with_the_names_of_its_bundle() {
    let bench = bench();
    bench.source.insert(live(1));
    bench.source.insert(item(2));
    bench.sink.fail_next(Operation::Commit, FailWhen::Before, revoked);
    bench.run().await;
    let of = |names: &[&str], place| Siblings {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        place,
    };
    let mut found = bench.sink.staged_siblings();
    found.sort_by_key(|one| (one.names.clone(), one.place));
    let expected = [
        of(&["1.jpg", "1.mov"], 0),
        of(&["1.jpg", "1.mov"], 1),
        of(&["2.jpg"], 0),
    ];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn no_more_than_so_many_files_lie_staged() {
    let bench = bench();
    bench.fill(60);
    let (open, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut gate = Gate::new(&bench.sink, &Killer::new(u64::MAX));
    let (now, peak) = (Arc::clone(&open), Arc::clone(&most));
    gate.look = Box::new(move |operation, batch| match operation {
        Operation::Stage => {
            peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        }
        Operation::Commit => {
            now.fetch_sub(batch.len(), Ordering::SeqCst);
        }
        _ => {}
    });
    assert_eq!(run_through(&bench, gate).await.accounting.verified.count, 60);
    // Eight, and those that were begun when there were fewer.
    let most = most.load(Ordering::SeqCst);
    assert!((8..=16).contains(&most), "{most} lay there at once");
}

#[tokio::test]
async fn a_bundle_of_more_files_than_may_lie_staged_is_sent_all_the_same() {
    let bench = bench();
    let mut one = live(1);
    for n in 0..20 {
        one.parts.push(MemoryPart {
            role: PartRole::Edited,
            file_name: format!("1-{n}.jpg"),
            bytes: format!("edited {n}").into(),
            media_type: Some("image/jpeg".into()),
        });
    }
    bench.source.insert(one);
    let summary = bench.run().await;
    assert_eq!((summary.accounting.verified.count, bench.sink.items().len()), (22, 1));
}

#[tokio::test]
async fn a_limit_in_the_middle_of_a_bundle_ends_the_run() {
    let mut bench = bench();
    for n in 0..6 {
        bench.source.insert(live(n));
    }
    bench.change = |options| options.max_transfer_bytes = Some(60);
    let mut runs = 0;
    while Box::pin(bench.try_run()).await.unwrap().stopped.is_some() {
        runs += 1;
        assert!(runs < 20, "it never ends");
    }
    assert!(runs > 1);
    bench.assert_same_library();
}

#[tokio::test]
async fn what_was_staged_under_a_session_that_ended_is_sent_again() {
    let bench = bench();
    for n in 0..4 {
        bench.source.insert(live(n));
    }
    // Again and again: that a session ended is no failure of the files.
    for _ in 0..4 {
        bench.sink.fail_next(Operation::Commit, FailWhen::Before, revoked);
        let summary = bench.run().await;
        assert!(summary.stopped.is_some());
        bench.sink.end_session();
    }
    let summary = bench.run().await;
    assert_eq!(
        (summary.accounting.verified.count, summary.accounting.failed.count),
        (8, 0)
    );
    assert!(bench.audit().await.is_empty());
}

#[tokio::test]
async fn a_session_that_ends_in_the_middle_of_a_run_costs_no_file() {
    let bench = bench();
    for n in 0..20 {
        bench.source.insert(live(n));
    }
    let sink = Arc::clone(&bench.sink);
    let commits = AtomicUsize::new(0);
    let mut gate = Gate::new(&bench.sink, &Killer::new(u64::MAX));
    gate.look = Box::new(move |operation, _| {
        if operation == Operation::Commit && [2, 4].contains(&commits.fetch_add(1, Ordering::SeqCst)) {
            sink.end_session();
        }
    });
    let summary = run_through(&bench, gate).await;
    assert!(summary.stopped.is_none(), "{:?}", summary.stopped);
    assert_eq!(
        (summary.accounting.verified.count, summary.accounting.failed.count),
        (40, 0)
    );
    assert!(bench.audit().await.is_empty());
}

#[tokio::test]
async fn killed_anywhere_with_its_session_gone_it_loses_and_doubles_nothing() {
    let mut kills = 0;
    for k in (2..).step_by(3) {
        let bench = bench();
        for n in 0..4 {
            let mut one = live(n);
            one.metadata.favourite = Some(Sourced::provider(n == 2));
            bench.source.insert(one);
        }
        bench.album("a", 0..3);
        let killer = Killer::new(k);
        if run_until_killed(&bench, &killer).await {
            break;
        }
        kills += 1;
        bench.sink.end_session();
        let summary = bench.run().await;
        let sums = summary.accounting;
        assert!(summary.stopped.is_none(), "kill {k}: {:?}", summary.stopped);
        assert_eq!(sums.verified.count + sums.already_there.count, 8, "kill {k}: {sums:?}");
        let complaints = bench.audit().await;
        assert!(complaints.is_empty(), "kill {k}: {complaints:?}");
        assert!(bench.sink.items().iter().all(|item| item.parts.len() == 1), "kill {k}");
        let is_favourite = |item: &MemoryItem| item.metadata.favourite.as_ref().is_some_and(|flag| flag.value);
        let favourites = bench.sink.items().iter().filter(|item| is_favourite(item)).count();
        assert_eq!(favourites, 1, "kill {k}: metadata are set");
    }
    assert!(kills > 15, "only {kills} boundaries were found");
}

#[tokio::test]
async fn metadata_is_set_before_an_item_enters_albums() {
    let bench = bench();
    for n in 0..12 {
        let mut one = item(n);
        one.metadata.archived = Some(Sourced::provider(true));
        bench.source.insert(one);
    }
    bench.album("a", 0..12);
    let sink = Arc::clone(&bench.sink);
    let mut gate = Gate::new(&bench.sink, &Killer::new(u64::MAX));
    gate.meddle = Box::new(move |operation, members, when| {
        if (operation, when) == (Operation::AddToAlbum, FailWhen::Before) {
            for one in sink.items() {
                let enters = members.contains(&format!("{:?}", photomove_core::DestId::new(one.id.as_str())));
                assert!(
                    !enters || one.metadata.archived.is_some(),
                    "{:?} is not described",
                    one.id
                );
            }
        }
        None
    });
    let summary = run_through(&bench, gate).await;
    assert_eq!((summary.albums.filed, summary.albums.unfiled), (12, 0));
    bench.assert_same_library();
}

#[tokio::test]
async fn what_the_destination_does_not_keep_is_counted_by_field() {
    let bench = bench_with(|sink| sink.with_forgotten_fields(Fields::TITLE.union(Fields::KEYWORDS)));
    let text = |text: &str| Some(Sourced::provider(text.to_owned()));
    for n in 0..5 {
        let mut one = live(n);
        one.metadata = Metadata {
            title: text("harbour"),
            description: text("at dusk"),
            keywords: (n < 2).then(|| Sourced::provider(vec!["sea".to_owned()])),
            ..Metadata::default()
        };
        bench.source.insert(one);
    }
    let summary = bench.run().await;
    // A live photo is one item, although both of its files were told.
    let counted = |what: &str| losses(&summary, what).iter().map(|loss| loss.count).collect::<Vec<_>>();
    assert_eq!(counted("title"), [Some(5)]);
    assert_eq!(counted("keywords"), [Some(2)]);
    assert_eq!(counted("description"), []);
    let overview = bench.open(None).overview(summary.job).await.unwrap().unwrap();
    assert!(
        losses(&summary, "title")
            .iter()
            .all(|loss| overview.losses.contains(loss))
    );
    // The next pass has nothing to do and still knows it.
    let again = bench.run().await;
    assert!(again.nothing_to_do);
    assert_eq!(losses(&again, "title").len(), 1);
}

#[tokio::test]
async fn metadata_that_is_refused_is_counted_too() {
    let bench = bench();
    let mut one = item(1);
    one.metadata.favourite = Some(Sourced::provider(true));
    bench.source.insert(one);
    let refused = || {
        Error::new(
            ErrorKind::Rejected(photomove_core::Rejection::Policy),
            "no favourites here",
        )
    };
    bench.sink.fail_next(Operation::Describe, FailWhen::Before, refused);
    let summary = bench.run().await;
    assert_eq!(summary.accounting.verified.count, 1);
    let told = losses(&summary, "favourite");
    assert_eq!(told.len(), 1);
    assert!(told[0].why.contains("rejected_policy"), "{}", told[0].why);
}

#[tokio::test]
async fn what_lies_out_of_sight_at_the_destination_has_an_outcome_of_its_own() {
    let bench = bench();
    bench.fill(4);
    let mut archived_here_too = item(1);
    archived_here_too.metadata.archived = Some(Sourced::provider(true));
    bench.source.insert(archived_here_too);
    for (n, how) in [
        (0, OutOfSight::Archived),
        (1, OutOfSight::Archived),
        (2, OutOfSight::Hidden),
    ] {
        let mut there = item(n);
        there.id = format!("old{n}").into();
        bench.sink.insert(there);
        assert!(bench.sink.put_out_of_sight(&format!("old{n}").into(), how));
    }
    let summary = bench.run().await;
    let sums = &summary.accounting;
    assert_eq!(
        (sums.verified.count, sums.already_there.count, sums.failed.count),
        (1, 2, 1)
    );
    assert_eq!(bench.sink.calls_of(Operation::Stage), 1, "no byte was sent in vain");
    let told = losses(&summary, "place in the usual views");
    assert_eq!((told.len(), told[0].count), (1, Some(1)));
    let failures = bench.open(None).failures(summary.job, None, 10).await.unwrap();
    assert_eq!(failures[0].reason.kind, "hidden_there");
    assert!(bench.run().await.nothing_to_do);
}

/// Says yes, or no, and remembers what it was asked.
#[derive(Debug)]
struct Person(bool, Mutex<Vec<String>>);

#[async_trait]
impl Interaction for Person {
    async fn ask(&self, prompt: Prompt) -> Result<Answer> {
        let Prompt::Confirm { what } = prompt else {
            panic!("asked {prompt:?}");
        };
        self.1.lock().unwrap().push(what);
        Ok(if self.0 { Answer::Done } else { Answer::Refused })
    }
}

fn stacking_setting() -> SettingChange {
    SettingChange {
        setting: "stacking".into(),
        before: "on".into(),
        after: "off".into(),
    }
}

fn careful() -> Bench {
    bench_with(|sink| {
        sink.with_setting(stacking_setting()).with_sink_caps(|caps| {
            caps.changes = Some("stacking is switched off");
            caps.restore_warning = Some("the server may then merge photos later");
        })
    })
}

async fn asked(bench: &Bench, person: &Arc<Person>) -> Summary {
    let target = Arc::clone(&bench.sink) as Arc<dyn PhotoProvider>;
    let migration = bench.migration(bench.open(None), target);
    let migration = migration.with_interaction(Arc::clone(person) as Arc<dyn Interaction>);
    Box::pin(migration.run()).await.unwrap()
}

#[tokio::test]
async fn settings_are_put_back_only_if_a_person_says_so() {
    let bench = careful();
    bench.fill(2);
    assert_eq!(bench.plan().await.changes.as_deref(), Some("stacking is switched off"));
    assert_eq!(
        bench.sink.setting("stacking").as_deref(),
        Some("on"),
        "a plan changes nothing"
    );
    let stays = |summary: &Summary| summary.stopped.is_none() && summary.settings_left == [stacking_setting()];
    // Nobody there, then a no: nothing is put back, and what is left is told.
    assert!(stays(&bench.run().await));
    let no = Arc::new(Person(false, Mutex::default()));
    assert!(stays(&asked(&bench, &no).await));
    assert_eq!(
        no.1.lock().unwrap().as_slice(),
        ["the server may then merge photos later"]
    );
    assert_eq!(bench.sink.setting("stacking").as_deref(), Some("off"));
    let left = bench.open(None).settings_left().await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!((left[0].0.kind.as_str(), &left[0].1), ("memory", &stacking_setting()));
    // The next run asks again, although it has nothing else to do.
    let yes = Arc::new(Person(true, Mutex::default()));
    let summary = asked(&bench, &yes).await;
    assert!(summary.settings_left.is_empty() && summary.nothing_to_do);
    assert_eq!(bench.sink.setting("stacking").as_deref(), Some("on"));
    assert!(bench.open(None).settings_left().await.unwrap().is_empty());
    // Nothing is left to be asked about.
    asked(&bench, &yes).await;
    assert_eq!(yes.1.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_change_whose_reply_never_came_is_known_and_put_back() {
    let mut bench = careful();
    bench.fill(1);
    bench.sink.fail_next(Operation::Prepare, FailWhen::AfterActing, revoked);
    assert!(bench.run().await.stopped.is_some());
    assert_eq!(bench.sink.setting("stacking").as_deref(), Some("off"));
    assert_eq!(bench.open(None).settings_left().await.unwrap().len(), 1);
    bench.change = |options| options.restore_settings = Some(true);
    assert!(bench.run().await.settings_left.is_empty());
    assert_eq!(bench.sink.setting("stacking").as_deref(), Some("on"));
}

#[tokio::test]
async fn settings_of_an_interrupted_run_are_put_back_by_the_next_one_or_by_a_command() {
    for by_command in [false, true] {
        let mut bench = careful();
        bench.fill(2);
        bench.sink.fail_next(Operation::Commit, FailWhen::Before, revoked);
        assert!(bench.run().await.stopped.is_some());
        assert_eq!(bench.sink.setting("stacking").as_deref(), Some("off"));
        if by_command {
            let target = Arc::clone(&bench.sink) as Arc<dyn PhotoProvider>;
            let options = crate::MigrateOptions::new(bench.folder.path());
            let now = bench.time().now();
            let journal = bench.open(None);
            let done = restore_settings(Arc::clone(&target), &journal, &options.lock_dir, now)
                .await
                .unwrap();
            assert_eq!(done, [stacking_setting()]);
            assert!(
                restore_settings(target, &journal, &options.lock_dir, now)
                    .await
                    .unwrap()
                    .is_empty()
            );
        } else {
            bench.change = |options| options.restore_settings = Some(true);
            assert!(bench.run().await.settings_left.is_empty());
        }
        assert_eq!(bench.sink.setting("stacking").as_deref(), Some("on"));
        assert_eq!(bench.sink.calls_of(Operation::Restore), 1);
    }
}
