use photomove_migrate::{
    AccountName, AlbumPlan, DoubtfulType, Drift, DriftExample, DriftKind, Estimate, JobId, KindCount, Reason,
    RefusedCount, RequestPlan, SplitAlbum, StoragePlan,
};

use super::*;

fn count(count: u64, bytes: u64) -> Count {
    Count { count, bytes }
}

fn example(name: &str, size_bytes: u64) -> Example {
    Example {
        name: name.into(),
        size_bytes: Some(size_bytes),
    }
}

fn loss(what: &str, why: &str, count: Option<u64>, in_file: bool) -> Loss {
    Loss {
        in_file,
        what: what.into(),
        why: why.into(),
        count,
    }
}

fn kind(kind: MediaKind, assets: u64, parts: Count, split: u64) -> KindCount {
    KindCount {
        kind,
        assets,
        parts,
        split,
    }
}

fn between(source: &str, target: &str) -> Plan {
    let name = |kind: &str, label: &str| AccountName {
        kind: kind.into(),
        label: Some(label.into()),
    };
    Plan::empty(JobId(1), name("amazon", source), name("google", target))
}

/// A large library with one of everything that can be said.
fn large() -> Plan {
    let mut plan = between("Amazon.de", "anna@example.org");
    plan.kinds = vec![
        kind(MediaKind::Photo, 55_120, count(55_120, 110_200_000_000), 0),
        kind(MediaKind::Video, 4_812, count(4_812, 39_000_000_000), 0),
        kind(MediaKind::LivePhoto, 68, count(136, 410_000_000), 68),
    ];
    plan.nothing_to_do = false;
    plan.assets = 60_000;
    plan.parts = count(60_068, 149_610_000_000);
    plan.undated = 12;
    plan.to_send = count(59_000, 148_100_000_000);
    plan.duplicates = count(168, 310_000_000);
    plan.already_there = count(897, 1_200_000_000);
    plan.sent_earlier = count(1_204, 2_300_000_000);
    plan.unseen = Some("it shows a program only what that program made, but the same file stays one item there".into());
    plan.refused = vec![RefusedCount {
        reason: Reason {
            kind: "rejected_too_large".into(),
            message: "the file has 250000000 bytes, the destination takes 209715200".into(),
        },
        parts: count(3, 750_000_000),
        examples: vec![
            example("scan of grandmother's wedding album, page 1.tif", 250_000_000),
            example("scan\u{1b}[2J.tif", 250_000_000),
            example("panorama.png", 250_000_000),
        ],
    }];
    plan.doubtful = vec![DoubtfulType {
        media_type: "image/svg+xml".into(),
        parts: count(4, 40_000),
        examples: vec![example("logo.svg", 10_000)],
    }];
    plan.albums = 25;
    plan.memberships = 61_000;
    plan.album_plan = AlbumPlan {
        to_create: 24,
        made: 3,
        split: 1,
        split_examples: vec![SplitAlbum {
            title: "Everything".into(),
            places: 45_000,
            into: 3,
        }],
    };
    plan.losses = vec![
        loss("favourite", "the destination has no place for it", Some(1_203), false),
        loss("capture date", "the file", Some(59_988), true),
        loss("the bin", "what was thrown away is not moved", None, false),
    ];
    plan.storage = StoragePlan {
        needed_bytes: 148_100_000_000,
        ..StoragePlan::default()
    };
    plan.estimate = Estimate {
        requests: 60_300,
        of: RequestPlan {
            files: 59_020,
            items: 1_190,
            albums: 24,
            memberships: 52,
            daily: 14,
        },
        per_day: Some(10_000),
        used_today: 880,
        days: Some(7),
        last_day: Some("2026-03-08T08:00:00Z".parse().unwrap()),
        ..Estimate::default()
    };
    plan
}

fn told(plan: &Plan, width: usize) -> String {
    let text = plan_text(plan, false, width);
    for line in text.lines() {
        assert!(dialoguer::console::measure_text_width(line) <= width, "{line}");
        assert!(!line.contains('\u{1b}'), "{line:?}");
    }
    // Local times are those of the machine.
    text.replace(&time::local("2026-03-08T08:00:00Z".parse().unwrap()), "[time]")
}

#[test]
fn a_large_plan_is_readable_in_eighty_columns() {
    insta::assert_snapshot!("large_80", told(&large(), 80));
}

#[test]
fn a_large_plan_uses_a_hundred_and_twenty_columns() {
    insta::assert_snapshot!("large_120", told(&large(), 120));
}

#[test]
fn a_measured_speed_gives_a_date() {
    let mut plan = large();
    plan.estimate.bytes_per_second = Some(1_500_000);
    plan.estimate.done_at = plan.estimate.last_day;
    plan.storage.free_bytes = Some(15_000_000_000);
    plan.storage.told_by = Some(RoomToldBy::Person);
    plan.storage.files_that_fit = Some(5_804);
    let text = told(&plan, 80);
    let end = text.split_once("room\n").unwrap().1;
    insta::assert_snapshot!(end, @r"
      needs 148.1 GB, 15.0 GB free as you say: does not fit: full after 5,804 files

    how long
      about 60,300 requests to Google Photos: 59,020 for files, 1,190 to make items,
        24 for albums, 52 for further albums, 14 to begin each day
      10,000 a day are allowed, 9,120 are left today: 7 days, so not done before
        [time]
      speed: 1.5 MB/s in earlier runs, so the bytes alone take 1 d 3 h; done about
        [time]
    ");
}

#[test]
fn the_question_says_what_a_yes_means() {
    let mut plan = large();
    plan.lasting = Some("nothing can be taken back there".into());
    let asked = question(&plan);
    assert_eq!(asked.before, ["nothing can be taken back there"]);
    assert_eq!(asked.words, "move 59,000 files (148.1 GB) to Google Photos?");
    assert!(asked.default);
    plan.storage.free_bytes = Some(1);
    let short = question(&plan);
    assert_eq!(
        short.before[1],
        "this does not fit: the run will end once Google Photos is full"
    );
    assert!(!short.default, "Enter alone begins nothing that cannot end well");
}

#[test]
fn an_empty_library_has_words_of_its_own() {
    insta::assert_snapshot!(told(&between("Amazon.de", "anna@example.org"), 80), @r"
    Amazon Photos (Amazon.de) → Google Photos (anna@example.org)

    nothing to move: Amazon Photos holds no photos or videos
    ");
}

#[test]
fn drift_is_named_before_all_else() {
    let mut plan = large();
    let named = |kind, name: &str, now: Option<&str>, places| DriftExample {
        kind,
        name: name.into(),
        now: now.map(Into::into),
        places,
    };
    let mut drift = Drift::default();
    (
        drift.planned,
        drift.changed,
        drift.gone,
        drift.albums_renamed,
        drift.albums_grown,
    ) = (60_000, 1, 5, 1, 1);
    drift.examples = vec![
        named(DriftKind::Changed, "a.jpg", None, None),
        named(DriftKind::Gone, "b.jpg", None, None),
        named(DriftKind::Gone, "c.jpg", None, None),
        named(DriftKind::AlbumRenamed, "Summer", Some("Summer 2023"), None),
        named(DriftKind::AlbumGrown, "Family", None, Some(3)),
    ];
    insta::assert_snapshot!(
        drift_line(&drift).unwrap(),
        @"not as planned: 1 item with other bytes, 5 items not listed any more, 1 album renamed, 1 album grown (of 60,000 items in the plan)"
    );
    plan.drift = Some(drift);
    let text = told(&plan, 80);
    let block = text
        .split("\n\n")
        .find(|block| block.contains("since the plan"))
        .unwrap();
    insta::assert_snapshot!(block, @r"
    changed since the plan was made
      1 item with other bytes, left where they are: a.jpg
      5 items not listed any more: b.jpg, c.jpg and 3 more
      1 album renamed, created with the planned title: “Summer”, now “Summer 2023”
      1 album grown, filled as planned: “Family” by 3 items
    ");
    plan.drift = Some(Drift::default());
    assert!(told(&plan, 80).contains("nothing has changed"));
}
