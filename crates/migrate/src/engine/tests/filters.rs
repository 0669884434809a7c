//! Jobs about a part of the library: what they move, what they leave, and what the next job makes of it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use photomove_core::{
    CaptureTime, ErrorKind, FilterCaps, Filters, MediaFilter, MediaKind, MemoryAlbum, MemoryItem, MemoryPart,
    Operation, PartRole, Precision, SourceCaps, Sourced,
};
use rstest::rstest;

use super::harness::{Bench, clock, demanding, item, kind_source};
use crate::MigrateOptions;

/// How a source lists.
#[derive(Debug, Clone, Copy)]
enum Lists {
    /// Everything, and albums apart.
    Plainly,
    /// Only what is meant.
    WhatIsMeant,
    /// Everything, each asset with its albums.
    WithAlbums,
}

fn bench(lists: Lists) -> Bench {
    let clock = clock();
    let change: fn(&mut SourceCaps) = match lists {
        Lists::Plainly => |_| {},
        Lists::WhatIsMeant => |caps| {
            caps.filters = FilterCaps::NONE.with_albums().with_kind().with_favourite().with_dates();
        },
        Lists::WithAlbums => |caps| caps.members_in_listing = true,
    };
    let source = kind_source(&clock).with_page_items(7).with_source_caps(change);
    let sink = demanding(&clock);
    Bench::with(clock, source, sink)
}

/// Pictures of July 2023, one a day: every fifth a favourite, the ones at 10 and 11 videos, one a live photo, two
/// without a date.
fn library(bench: &Bench) {
    for n in 0..30 {
        let mut one = item(n);
        let day = jiff::civil::date(2023, 7, 1).saturating_add(jiff::Span::new().days(n as i64));
        let taken = CaptureTime::local(day.at(12, 0, 0, 0), Precision::Second);
        one.metadata.taken = (n != 3 && n != 4).then(|| Sourced::provider(taken));
        one.metadata.favourite = Some(Sourced::provider(n % 5 == 0));
        if n == 10 || n == 11 {
            one.kind = MediaKind::Video;
        }
        if n == 12 {
            one.kind = MediaKind::LivePhoto;
            one.parts.push(MemoryPart {
                role: PartRole::Motion,
                file_name: "12.mov".into(),
                bytes: "clip of picture 12".into(),
                media_type: None,
            });
        }
        bench.source.insert(one);
    }
    bench.album("first", 0..12);
    bench.album("second", 8..20);
    bench.album("empty", []);
}

fn filters(change: fn(&mut MigrateOptions), bench: &mut Bench) {
    bench.change = change;
}

/// Numbers of the pictures that the destination holds.
fn arrived(bench: &Bench) -> Vec<usize> {
    let number = |item: MemoryItem| {
        let text = String::from_utf8(item.bytes.to_vec()).unwrap();
        text.strip_prefix("bytes of picture ")
            .map(|number| number.parse().unwrap())
    };
    let numbers: BTreeSet<usize> = bench.sink.items().into_iter().filter_map(number).collect();
    numbers.into_iter().collect()
}

fn shelves(bench: &Bench) -> Vec<(String, usize)> {
    let shelves = Bench::shelves(&bench.sink);
    shelves
        .into_iter()
        .map(|(title, members)| (title, members.len()))
        .collect()
}

fn day(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[rstest]
#[case::videos(|o: &mut MigrateOptions| o.filters = Filters::default().with_kind(MediaFilter::Video), vec![10, 11])]
#[case::favourites(|o: &mut MigrateOptions| o.filters = Filters::default().with_favourite(), vec![0, 5, 10, 15, 20, 25])]
#[case::favourite_photos(
    |o: &mut MigrateOptions| o.filters = Filters::default().with_favourite().with_kind(MediaFilter::Photo),
    vec![0, 5, 15, 20, 25]
)]
#[case::since(
    |o: &mut MigrateOptions| o.filters = Filters::default().with_since(day("2023-07-28T12:00:00Z")),
    vec![27, 28, 29]
)]
#[case::until(
    |o: &mut MigrateOptions| o.filters = Filters::default().with_until(day("2023-07-06T12:00:00Z")),
    vec![0, 1, 2]
)]
#[case::between_in_a_zone(
    |o: &mut MigrateOptions| {
        // Noon of the fifth day there is the evening of it in Greenwich.
        o.filters = Filters::default().with_since(day("2023-07-06T19:00:00Z")).with_until(day("2023-07-08T19:00:00Z"))
            .with_zone("America/Los_Angeles");
    },
    vec![5, 6]
)]
#[case::the_first_four(|o: &mut MigrateOptions| o.filters = Filters::default().with_limit(4), vec![0, 1, 2, 3])]
#[case::the_first_two_favourites_of_an_album(
    |o: &mut MigrateOptions| o.filters = Filters::default().with_favourite().with_album("ALBUM second").with_limit(1),
    vec![10]
)]
#[case::two_albums(
    |o: &mut MigrateOptions| {
        o.filters = Filters::default().with_album("album first").with_album("Album Second").with_since(day("2023-07-19T00:00:00Z"));
    },
    vec![18, 19]
)]
#[case::more_than_there_are(|o: &mut MigrateOptions| o.filters = Filters::default().with_limit(99), (0..30).collect())]
#[tokio::test]
async fn only_what_is_meant_is_moved(
    #[case] change: fn(&mut MigrateOptions),
    #[case] wanted: Vec<usize>,
    #[values(Lists::Plainly, Lists::WhatIsMeant, Lists::WithAlbums)] lists: Lists,
) {
    let mut bench = bench(lists);
    library(&bench);
    filters(change, &mut bench);
    let plan = bench.plan().await;
    assert_eq!(plan.assets, wanted.len() as u64, "{plan:?}");
    let summary = bench.run().await;
    assert!(summary.stopped.is_none(), "{:?}", summary.stopped);
    assert_eq!((summary.unlisted, summary.unreadable), (0, 0));
    assert_eq!(arrived(&bench), wanted);
    // Each is in the albums that it should be in, and no album is there without one.
    let mut options = MigrateOptions::new("");
    change(&mut options);
    for (title, members) in [("Album first", 0..12_usize), ("Album second", 8..20)] {
        let meant = options.filters.albums.is_empty() || options.filters.names(title);
        let held = wanted.iter().filter(|n| meant && members.contains(n)).count();
        let shelf = shelves(&bench).into_iter().find(|(found, _)| found == title);
        // The live photo is two items.
        let clips = usize::from(meant && wanted.contains(&12) && members.contains(&12));
        assert_eq!(shelf.map_or(0, |(_, members)| members), held + clips, "{title}");
    }
    assert!(
        !shelves(&bench).iter().any(|(_, members)| *members == 0),
        "{:?}",
        shelves(&bench)
    );
    assert!(bench.run().await.nothing_to_do);
    assert_eq!(arrived(&bench), wanted);
}

#[tokio::test]
async fn the_plan_says_what_was_left_out_and_why() {
    let mut bench = bench(Lists::Plainly);
    library(&bench);
    filters(
        |o| o.filters = Filters::default().with_since(day("2023-07-28T12:00:00Z")),
        &mut bench,
    );
    let filtered = bench.plan().await.filtered.unwrap();
    assert_eq!((filtered.left_out, filtered.without_date), (27, 2));
    assert!(!filtered.stopped_at_limit);
    let journal = bench.open(None);
    let jobs = journal.jobs().await.unwrap();
    assert_eq!(jobs[0].filters, filtered.filters);
}

#[rstest]
#[tokio::test]
async fn a_limit_asks_for_no_more_pages(#[values(Lists::Plainly, Lists::WhatIsMeant)] lists: Lists) {
    let mut bench = bench(lists);
    library(&bench);
    filters(|o| o.filters = Filters::default().with_limit(9), &mut bench);
    let plan = bench.plan().await;
    assert_eq!(plan.assets, 9);
    assert!(plan.filtered.unwrap().stopped_at_limit);
    assert_eq!(
        bench.source.calls_of(Operation::ListAssets),
        2,
        "nine of pages of seven"
    );
}

#[tokio::test]
async fn an_album_trial_reads_no_other_album() {
    for (lists, members, pages) in [
        (Lists::Plainly, 2, 5),
        (Lists::WhatIsMeant, 0, 5),
        (Lists::WithAlbums, 0, 5),
    ] {
        let mut bench = bench(lists);
        library(&bench);
        filters(|o| o.filters = Filters::default().with_album("Album first"), &mut bench);
        assert_eq!(bench.plan().await.assets, 12, "{lists:?}");
        assert_eq!(bench.source.calls_of(Operation::ListMembers), members, "{lists:?}");
        assert!(bench.source.calls_of(Operation::ListAssets) <= pages, "{lists:?}");
    }
}

#[tokio::test]
async fn a_title_that_no_album_has_is_refused_with_the_nearest() {
    let mut bench = bench(Lists::Plainly);
    library(&bench);
    filters(
        |o| o.filters = Filters::default().with_album("Album secnod").with_album("Album first"),
        &mut bench,
    );
    let target = std::sync::Arc::clone(&bench.sink);
    let migration = bench.migration(bench.open(None), target);
    let error = Box::pin(migration.plan()).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Config);
    assert_eq!(error.message(), "no album is called `Album secnod`");
    assert_eq!(error.hint_text(), Some("did you mean `Album second`?"));
    assert_eq!(bench.source.calls_of(Operation::ListAssets), 0);
    drop(migration);
    // Once there is such an album the same command finds it.
    bench
        .source
        .add_album(MemoryAlbum::new("new", "Album Secnod", ["i29".into()]));
    bench.run().await;
    assert_eq!(arrived(&bench), (0..12).chain([29]).collect::<Vec<_>>());
}

#[tokio::test]
async fn all_albums_of_a_title_are_meant() {
    let mut bench = bench(Lists::Plainly);
    library(&bench);
    bench
        .source
        .add_album(MemoryAlbum::new("again", "Album first", ["i25".into()]));
    filters(|o| o.filters = Filters::default().with_album("album FIRST"), &mut bench);
    let filtered = bench.plan().await.filtered.unwrap();
    assert_eq!(
        (filtered.namesakes[0].title.as_str(), filtered.namesakes[0].albums),
        ("Album first", 2)
    );
    bench.run().await;
    assert_eq!(arrived(&bench), (0..12).chain([25]).collect::<Vec<_>>());
    assert_eq!(bench.sink.albums().len(), 2);
}

#[tokio::test]
async fn nothing_that_fits_is_no_failure() {
    let mut bench = bench(Lists::Plainly);
    library(&bench);
    filters(
        |o| o.filters = Filters::default().with_since(day("2030-01-01T00:00:00Z")),
        &mut bench,
    );
    let summary = bench.run().await;
    assert!(summary.stopped.is_none() && summary.nothing_to_do);
    assert_eq!((summary.accounting.found.count, summary.unlisted), (0, 0));
    assert!(bench.sink.albums().is_empty());
}

/// Pages on which nothing fits are no sign of a listing that runs in circles.
#[tokio::test]
async fn many_pages_without_anything_that_fits_are_read_to_the_end() {
    let clock = clock();
    let source = kind_source(&clock).with_page_items(1);
    let sink = demanding(&clock);
    let mut bench = Bench::with(clock, source, sink);
    bench.fill(450);
    let mut last = item(450);
    last.metadata.favourite = Some(Sourced::provider(true));
    bench.source.insert(last);
    filters(|o| o.filters = Filters::default().with_favourite(), &mut bench);
    bench.run().await;
    assert_eq!(arrived(&bench), [450]);
}

#[rstest]
#[tokio::test]
async fn a_trial_and_then_everything_add_up(
    #[values(Lists::Plainly, Lists::WhatIsMeant, Lists::WithAlbums)] lists: Lists,
) {
    let mut bench = bench(lists);
    library(&bench);
    filters(|o| o.filters = Filters::default().with_limit(10), &mut bench);
    assert_eq!(bench.run().await.accounting.verified.count, 10);
    assert_eq!(
        shelves(&bench),
        [("Album first".to_owned(), 10), ("Album second".to_owned(), 2)]
    );
    let added = bench.sink.calls_of(Operation::AddToAlbum);
    filters(|o| o.filters = Filters::default(), &mut bench);
    let plan = bench.plan().await;
    assert_eq!((plan.already_there.count, plan.to_send.count), (10, 21));
    let summary = bench.run().await;
    let sums = summary.accounting;
    assert_eq!(
        (sums.found.count, sums.verified.count, sums.already_there.count),
        (31, 21, 10)
    );
    assert_eq!(bench.sink.calls_of(Operation::Stage), 31, "nothing is sent twice");
    assert!(
        bench.audit_complaints().await.is_empty(),
        "{:?}",
        bench.audit_complaints().await
    );
    assert!(
        bench.sink.calls_of(Operation::AddToAlbum) - added <= 1,
        "what the trial filed is not filed again"
    );
    // And the trial again, after everything: nothing left to do, and no place is lost.
    filters(|o| o.filters = Filters::default().with_limit(10), &mut bench);
    assert!(bench.run().await.nothing_to_do);
    bench.assert_same_albums();
}

#[tokio::test]
async fn everything_and_then_a_part_finds_all_of_it_there() {
    let mut bench = bench(Lists::WhatIsMeant);
    library(&bench);
    bench.run().await;
    let (stages, albums) = (bench.sink.calls_of(Operation::Stage), bench.sink.albums());
    filters(
        |o| o.filters = Filters::default().with_album("Album second").with_favourite(),
        &mut bench,
    );
    let plan = bench.plan().await;
    assert_eq!((plan.already_there.count, plan.to_send.count, plan.albums), (2, 0, 1));
    let summary = bench.run().await;
    assert_eq!(summary.accounting.already_there.count, 2);
    assert_eq!((summary.albums.open, summary.albums.filed), (1, 2));
    assert_eq!(bench.sink.calls_of(Operation::Stage), stages);
    assert_eq!(bench.sink.albums(), albums);
}

/// Somebody looks at the whole before the trial, so that the albums are listed already when the trial makes them.
#[rstest]
#[tokio::test]
async fn a_plan_after_a_trial_does_not_make_its_albums_again(
    #[values(Lists::Plainly, Lists::WhatIsMeant, Lists::WithAlbums)] lists: Lists,
) {
    let mut bench = bench(lists);
    library(&bench);
    let albums = bench.plan().await.album_plan;
    assert_eq!((albums.to_create, albums.made), (3, 0));
    filters(|o| o.filters = Filters::default().with_limit(10), &mut bench);
    bench.run().await;
    filters(|o| o.filters = Filters::default(), &mut bench);
    let albums = bench.plan().await.album_plan;
    assert_eq!((albums.to_create, albums.made), (1, 2));
    bench.run().await;
    assert_eq!(bench.sink.calls_of(Operation::CreateAlbum), 3);
}

/// A picture of an album trial is in another album too: the run of everything puts it there, and into no second copy of
/// the trial's album.
#[tokio::test]
async fn what_an_album_trial_sent_is_filed_into_its_other_albums_later() {
    let mut bench = bench(Lists::WhatIsMeant);
    library(&bench);
    filters(|o| o.filters = Filters::default().with_album("Album first"), &mut bench);
    bench.run().await;
    assert_eq!(shelves(&bench), [("Album first".to_owned(), 12)]);
    filters(|o| o.filters = Filters::default(), &mut bench);
    bench.run().await;
    bench.assert_same_albums();
    assert_eq!(arrived(&bench).len(), 30);
}

/// Two jobs of one library whose albums are cut into slices there: each place is kept once.
#[tokio::test]
async fn slices_of_an_earlier_job_are_filled_not_made_again() {
    let clock = clock();
    let source = kind_source(&clock);
    let sink = demanding(&clock).with_sink_caps(|caps| {
        if let Some(albums) = &mut caps.albums {
            albums.max_items = Some(5);
        }
    });
    let mut bench = Bench::with(clock, source, sink);
    bench.fill(12);
    bench.album("a", 0..12);
    bench.run().await;
    let before = shelves(&bench);
    assert_eq!(before.len(), 3);
    filters(|o| o.filters = Filters::default().with_limit(8), &mut bench);
    let summary = bench.run().await;
    assert_eq!((summary.albums.filed, summary.albums.unfiled), (8, 0));
    assert_eq!(shelves(&bench), before);
}

/// Once one of the first ten is deleted, the eleventh does not take its place: a trial never grows.
#[tokio::test]
async fn a_trial_never_moves_more_than_it_was_told() {
    let mut bench = bench(Lists::Plainly);
    library(&bench);
    filters(|o| o.filters = Filters::default().with_limit(10), &mut bench);
    bench.run().await;
    assert!(bench.source.remove(&"i4".into()));
    let summary = bench.run().await;
    assert!(summary.nothing_to_do);
    assert_eq!(summary.unlisted, 0);
    assert_eq!(arrived(&bench), (0..10).collect::<Vec<_>>());
    // What changed of the ten is moved; what is new behind them is not.
    bench
        .source
        .insert(MemoryItem::new("i2", "2.jpg", "bytes of picture 202"));
    bench.source.insert(item(99));
    assert_eq!(bench.run().await.uploaded.count, 1);
    assert!(arrived(&bench).contains(&202) && !arrived(&bench).contains(&10));
}

/// Killed at every boundary of the journal, a filtered job ends with exactly what is meant.
#[rstest]
#[case(|o: &mut MigrateOptions| o.filters = Filters::default().with_limit(10), (0..10).collect())]
#[case(|o: &mut MigrateOptions| o.filters = Filters::default().with_album("Album second").with_favourite(), vec![10, 15])]
#[tokio::test]
async fn kills_change_nothing_of_what_is_meant(
    #[case] change: fn(&mut MigrateOptions),
    #[case] wanted: Vec<usize>,
    #[values(Lists::Plainly, Lists::WhatIsMeant)] lists: Lists,
) {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    let mut bench = bench(lists);
    library(&bench);
    bench.change = change;
    // Each life lasts a few writes longer than the one before; the last one lives to the end.
    for life in (1..).step_by(3) {
        let left = AtomicU32::new(life);
        let fuse: crate::journal::writer::Fuse = Arc::new(move |_| {
            left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1))
                .is_err()
        });
        let journal = bench.open(Some(fuse));
        let target = Arc::clone(&bench.sink);
        let ended = Box::pin(bench.migration(journal, target).run()).await;
        if ended.is_ok_and(|summary| summary.stopped.is_none()) {
            break;
        }
        assert!(life < 500, "it never ends");
    }
    assert!(bench.run().await.stopped.is_none());
    assert_eq!(arrived(&bench), wanted);
    let doubled: Vec<_> = bench.bodies().into_iter().filter(|(_, count)| *count != 1).collect();
    assert!(doubled.is_empty(), "{doubled:?}");
    let titles: Vec<String> = bench.sink.albums().into_iter().map(|album| album.title).collect();
    let unique: BTreeSet<&String> = titles.iter().collect();
    assert_eq!(unique.len(), titles.len(), "{titles:?}");
}

/// The same filter is the same job, another one is another, and the empty one is that of journals from before.
#[tokio::test]
async fn a_filter_makes_a_job() {
    let mut bench = bench(Lists::Plainly);
    library(&bench);
    let none = bench.plan().await.job;
    filters(|o| o.filters = Filters::default().with_limit(3), &mut bench);
    let three = bench.plan().await.job;
    assert_ne!(none, three);
    assert_eq!(bench.plan().await.job, three);
    filters(|o| o.filters = Filters::default(), &mut bench);
    assert_eq!(bench.plan().await.job, none);
    let journal = bench.open(None);
    let options = journal
        .read(move |c| {
            c.query_row("SELECT options FROM job WHERE id=?1", [none.0], |row| {
                row.get::<_, String>(0)
            })
            .map_err(crate::journal::sql_error)
        })
        .await
        .unwrap();
    assert_eq!(options, "{}");
}

impl Bench {
    /// What the journal itself complains about, and what is lost or doubled at the destination.
    async fn audit_complaints(&self) -> Vec<String> {
        let journal = self.open(None);
        let mut complaints = Vec::new();
        for job in journal.jobs().await.unwrap() {
            let broken = journal.check(job.id).await.unwrap();
            complaints.extend(broken.iter().map(ToString::to_string));
        }
        let doubled = self.bodies().into_iter().filter(|(_, count)| *count != 1);
        complaints.extend(doubled.map(|(body, count)| format!("{count} times {body:?}")));
        complaints
    }

    /// The same albums with the same members, each once. The clip of the live photo is in its albums.
    fn assert_same_albums(&self) {
        let wanted: Vec<(String, usize)> = [("Album empty", 0), ("Album first", 12), ("Album second", 13)]
            .map(|(title, members)| (title.to_owned(), members))
            .to_vec();
        assert_eq!(shelves(self), wanted);
        for album in self.sink.albums() {
            let unique: BTreeSet<_> = album.members.iter().collect();
            assert_eq!(unique.len(), album.members.len(), "{}", album.title);
        }
    }
}
