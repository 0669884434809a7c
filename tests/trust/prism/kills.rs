//! The built program dies on its way into PhotoPrism, out of it and between two servers; the next run loses and doubles nothing.

use std::collections::BTreeSet;

use photomove_sim::Library;

use super::BYTES;
use super::journey::{Journey, Route};
use crate::checker::Books;
use crate::figures::{Dice, Scenario, size};
use crate::ground::count;
use crate::kills::was_killed;
use crate::rig::canaries;

/// Items of a job.
const ITEMS: u64 = 60;
/// Bodies that are on their way at once, at most.
const IN_FLIGHT: u64 = 8;

/// How a run is to die.
#[derive(Debug, Clone, Copy)]
enum Death {
    /// From outside, when both sides have seen so many further requests.
    Seen(u64),
    /// By itself, at so many boundaries of a kind.
    At(&'static str, u64),
}

impl Death {
    fn choose(dice: &mut Dice) -> Self {
        match dice.next() % 3 {
            0 => Self::Seen(dice.within(1, 160)),
            // Commits are grouped, so that there are fewer of their boundaries than of requests'.
            1 => Self::At("commit", dice.within(1, 60)),
            _ => Self::At("request", dice.within(1, 160)),
        }
    }

    /// Runs until it dies; `false` if it finished before.
    async fn befall(self, journey: &Journey) -> bool {
        let ground = &journey.ground;
        let ended = match self {
            Self::Seen(more) => {
                let until = journey.requests() + more;
                let mut run = ground.spawn(&journey.words());
                if run.until(|| journey.requests() >= until).await {
                    run.kill();
                    return true;
                }
                run.ended().await
            }
            Self::At(kind, n) => {
                ground.set("PHOTOMOVE_DRILL", format!("kill={kind}:{n}"));
                let run = ground.spawn(&journey.words());
                ground.unset("PHOTOMOVE_DRILL");
                run.ended().await
            }
        };
        if was_killed(ended.code) {
            return true;
        }
        ended.expect_code(0);
        false
    }
}

/// What the kills of a route came to.
#[derive(Debug, Default)]
struct Toll {
    kills: u64,
    with_open_work: u64,
    with_open_intent: u64,
    jobs: u64,
    uploads: u64,
    allowed: u64,
}

/// Bodies that the target has got, without those that ask Google whether hashes are checked.
fn uploads(journey: &Journey) -> u64 {
    let trials = match journey.route {
        Route::Out => canaries(&journey.ground.google_requests()),
        Route::In | Route::Across => 0,
    };
    count(&journey.target_counts(), "upload") - trials
}

async fn kill(route: Route, test: &'static str, seed: u64) {
    let scenario = Scenario::begin(test, seed);
    let (kills, mut dice, mut toll) = (size(10, 200), Dice::new(scenario.seed), Toll::default());
    while toll.kills < kills {
        let seed = dice.next();
        let library = Library::synthetic(ITEMS, BYTES, seed).expect("computed library");
        let journey = Journey::start(route, library, seed).await;
        let mut in_flight = 0;
        while toll.kills < kills && Death::choose(&mut dice).befall(&journey).await {
            toll.kills += 1;
            journey.check_now().await;
            let books = match journey.ground.journal().exists() {
                true => Books::read(&journey.ground.journal()).expect("the journal opens"),
                false => Books::default(),
            };
            toll.with_open_work += u64::from(books.has_open_work());
            toll.with_open_intent += u64::from(books.open_intents() > 0);
            let now = books.in_flight();
            assert!(now <= IN_FLIGHT, "{now} uploads under way at once");
            in_flight += now;
        }
        journey.ground.run(&journey.words()).await.expect_code(0);
        journey.check(&BTreeSet::new()).await;
        let (sent, allowed) = (uploads(&journey), ITEMS + in_flight);
        assert!(sent <= allowed, "{sent} uploads, {allowed} allowed");
        toll.jobs += 1;
        toll.uploads += sent;
        toll.allowed += allowed;
    }
    let share = |part: u64| part * 100 / toll.kills;
    assert!(share(toll.with_open_work) >= 70, "{toll:?}");
    assert!(toll.with_open_intent > 0, "{toll:?}");
    scenario.figure(
        &format!("kills, {}", route.name()),
        toll.kills,
        &format!(
            "{} jobs of {ITEMS} items; {} % left open work, {} % an open intent; {} uploads, {} allowed; 0 lost, 0 doubled",
            toll.jobs,
            share(toll.with_open_work),
            share(toll.with_open_intent),
            toll.uploads,
            toll.allowed
        ),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_the_way_into_photoprism() {
    kill(Route::In, "prism::kills::on_the_way_into_photoprism", 59).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_the_way_out_of_photoprism() {
    kill(Route::Out, "prism::kills::on_the_way_out_of_photoprism", 60).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_the_way_from_server_to_server() {
    kill(Route::Across, "prism::kills::on_the_way_from_server_to_server", 61).await;
}
