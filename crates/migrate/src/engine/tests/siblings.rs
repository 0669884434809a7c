//! Jobs between the same two accounts that fill the same albums.

use photomove_core::{Filters, MemoryItem, Operation, Sourced};

use super::harness::{Bench, clock, demanding, item, kind_source};

/// Eight items in one album, the later ones favourites, and a destination whose albums hold five.
fn narrow(first_favourite: usize) -> Bench {
    let clock = clock();
    let sink = demanding(&clock).with_sink_caps(|caps| {
        if let Some(albums) = &mut caps.albums {
            albums.max_items = Some(5);
        }
    });
    let bench = Bench::with(clock.clone(), kind_source(&clock), sink);
    for n in 0..8 {
        let mut one: MemoryItem = item(n);
        one.metadata.favourite = Some(Sourced::provider(n >= first_favourite));
        bench.source.insert(one);
    }
    bench.album("a", 0..8);
    bench
}

fn sizes(bench: &Bench) -> Vec<usize> {
    bench.sink.albums().iter().map(|album| album.members.len()).collect()
}

/// An album that was deleted at the destination is made anew once, whichever of its jobs noticed that; the others do
/// not bring the dead one back.
#[tokio::test]
async fn an_album_that_was_deleted_at_the_destination_is_gone_for_all_its_jobs() {
    let mut bench = Bench::new();
    bench.fill(6);
    bench.album("a", 0..4);
    bench.change = |options| options.filters = Filters::default().with_album("Album a");
    bench.run().await;
    bench.change = |_| {};
    bench.run().await;
    let dead = bench.sink.albums()[0].id.clone();
    assert!(bench.sink.remove_album(&dead));
    bench.album("a", 0..6);
    bench.source.insert(item(6));
    bench.album("a", 0..7);
    let second = bench.run().await;
    assert_eq!((second.albums.open, second.albums.failed), (0, 1));
    assert_eq!(second.accounting.failed.count, 0, "the album failed, no photo");
    bench.change = |options| options.retry_refused = true;
    let third = bench.run().await;
    assert_eq!((third.albums.open, third.albums.failed, third.albums.filed), (1, 0, 7));
    bench.assert_same_library();
    // The trial goes on in the new one.
    bench.change = |options| {
        options.filters = Filters::default().with_album("Album a");
        options.retry_refused = true;
    };
    let trial = bench.run().await;
    assert_eq!((trial.albums.open, trial.albums.failed, trial.albums.filed), (1, 0, 7));
    bench.assert_same_library();
    assert!(bench.audit().await.is_empty(), "{:?}", bench.audit().await);
}

/// What another job has put into an album takes room there: what does not fit goes on in a slice, and no photo fails.
#[tokio::test]
async fn an_album_that_two_jobs_fill_is_cut_before_it_is_full() {
    let mut bench = narrow(4);
    bench.change = |options| options.filters = Filters::default().with_limit(4);
    bench.run().await;
    bench.change = |options| options.filters = Filters::default().with_favourite();
    let summary = bench.run().await;
    assert_eq!(summary.accounting.failed.count, 0);
    assert_eq!((summary.albums.filed, summary.albums.unfiled), (4, 0));
    assert_eq!(sizes(&bench), [5, 3]);
    // The job of everything finds each of them where it is.
    bench.change = |_| {};
    let all = bench.run().await;
    assert_eq!((all.albums.filed, all.uploaded.count), (8, 0));
    assert_eq!(sizes(&bench), [5, 3]);
    assert!(bench.open(None).check(all.job).await.unwrap().is_empty());
}

/// The job of everything listed its places before a trial filled some of them: these are not sent once more.
#[tokio::test]
async fn places_that_a_trial_filled_after_the_whole_was_planned_are_filled() {
    for planned_again in [false, true] {
        let mut bench = Bench::new();
        bench.fill(6);
        bench.album("a", 0..6);
        bench.plan().await;
        bench.change = |options| options.filters = Filters::default().with_limit(4);
        assert_eq!(bench.run().await.albums.filed, 4);
        bench.change = |_| {};
        if planned_again {
            assert_eq!(
                bench.plan().await.estimate.of.memberships,
                0,
                "new ones are made in their album"
            );
        }
        let before = bench.sink.calls_of(Operation::AddToAlbum);
        let all = bench.run().await;
        assert_eq!((all.albums.open, all.albums.filed, all.uploaded.count), (1, 6, 2));
        assert_eq!(
            bench.sink.calls_of(Operation::AddToAlbum),
            before,
            "what the trial filed is not sent once more"
        );
        bench.assert_same_library();
        assert!(bench.audit().await.is_empty(), "{:?}", bench.audit().await);
    }
}

/// A trial that fills the album otherwise than it was planned for the whole: it is cut anew, and nothing is too much.
#[tokio::test]
async fn an_album_that_a_trial_filled_otherwise_than_planned_is_cut_anew() {
    let mut bench = narrow(5);
    bench.plan().await;
    bench.change = |options| options.filters = Filters::default().with_favourite();
    assert_eq!(bench.run().await.albums.filed, 3);
    bench.change = |_| {};
    let all = bench.run().await;
    assert_eq!(
        (all.accounting.failed.count, all.albums.filed, all.albums.unfiled),
        (0, 8, 0)
    );
    assert_eq!(sizes(&bench), [5, 3]);
    assert!(bench.open(None).check(all.job).await.unwrap().is_empty());
}
