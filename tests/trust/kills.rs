//! The real program dies at every kind of moment; the next run loses nothing, doubles nothing and does little again.

use std::collections::BTreeMap;
use std::time::Duration;

use photomove_sim::{Fill, SimOptions};

use crate::checker::{self, Books};
use crate::figures::{Dice, Scenario, size};
use crate::ground::{Ground, Run, count, options};

/// Items of the source; more than one page of the listing.
const ITEMS: u64 = 230;
/// Bytes of each.
const BYTES: u64 = 4_000;
/// Longer than a page token of the source lives.
const AWAY: Duration = Duration::from_secs(11 * 60);
/// Bodies that are on their way at once, at most.
const IN_FLIGHT: u64 = 8;

/// How a run is to die.
#[derive(Debug, Clone, Copy)]
enum Death {
    /// From outside, when the stand-ins have seen so many further requests.
    Seen(u64),
    /// By itself, at so many boundaries of a kind.
    At(&'static str, u64),
}

impl Death {
    fn choose(dice: &mut Dice, kinds: &[&'static str]) -> Self {
        let kind = kinds[usize::try_from(dice.next() % kinds.len() as u64).expect("small")];
        // Commits are grouped, so that there are fewer of their boundaries than of requests'.
        match kind {
            "seen" => Self::Seen(dice.within(1, 110)),
            "commit" => Self::At(kind, dice.within(1, 60)),
            kind => Self::At(kind, dice.within(1, 150)),
        }
    }

    /// Runs until it dies; `false` if it finished before.
    async fn befall(self, ground: &Ground) -> bool {
        let args = ["amazon", "google", "--yes"];
        match self {
            Self::Seen(more) => {
                let until = ground.requests() + more;
                let mut run = ground.spawn(&args);
                let alive = run.until(|| ground.requests() >= until).await;
                if alive {
                    run.kill();
                    return true;
                }
                finished(run).await;
                false
            }
            Self::At(kind, n) => {
                ground.set("PHOTOMOVE_DRILL", format!("kill={kind}:{n}"));
                let run = ground.spawn(&args);
                ground.unset("PHOTOMOVE_DRILL");
                let output = run.ended().await;
                let died = was_killed(output.code);
                if !died {
                    output.expect_code(0);
                }
                died
            }
        }
    }
}

async fn finished(run: Run) {
    run.ended().await.expect_code(0);
}

/// Ended by a signal there is no exit code; elsewhere `abort` leaves one of its own.
pub fn was_killed(code: Option<i32>) -> bool {
    if cfg!(unix) {
        code.is_none()
    } else {
        !matches!(code, Some(0..=130))
    }
}

/// What the kills of a scenario came to.
#[derive(Debug, Default)]
struct Toll {
    kills: u64,
    with_open_work: u64,
    with_open_intent: u64,
    jobs: u64,
    uploads: u64,
    uploads_allowed: u64,
    pages_again: u64,
}

/// A job that is killed again and again.
struct Victim {
    ground: Ground,
    kills: u64,
    /// Pages that all runs together have listed.
    pages: u64,
    in_flight: u64,
    /// Uploads whose token was good when a run died, with the last intent of that time.
    fresh: BTreeMap<i64, i64>,
}

impl Victim {
    async fn new(seed: u64) -> Self {
        let ground = Ground::start(SimOptions {
            fill: Some(Fill::Synthetic {
                count: ITEMS,
                bytes: BYTES,
            }),
            seed,
            ..options()
        })
        .await;
        ground.share_clock();
        ground.hurry();
        Self {
            ground,
            kills: 0,
            pages: 0,
            in_flight: 0,
            fresh: BTreeMap::new(),
        }
    }

    /// Runs once; says whether the run was killed.
    async fn run(&mut self, death: Option<Death>) -> bool {
        let before = count(&self.ground.amazon_counts(), "list");
        let killed = match death {
            Some(death) => death.befall(&self.ground).await,
            None => {
                self.ground.migrate().await.expect_code(0);
                false
            }
        };
        let listed = count(&self.ground.amazon_counts(), "list") - before;
        // The first one of each run asks for the root, which tells the owner.
        self.pages += listed.saturating_sub(1);
        killed
    }

    /// Counts what a kill left in the journal.
    async fn look(&mut self, toll: &mut Toll) {
        checker::at_any_moment(&self.ground).await.assert_none();
        self.kills += 1;
        toll.kills += 1;
        if !self.ground.journal().exists() {
            toll.with_open_work += 1;
            return;
        }
        let books = Books::read(&self.ground.journal()).expect("the journal opens");
        toll.with_open_work += u64::from(books.has_open_work());
        toll.with_open_intent += u64::from(books.open_intents() > 0);
        let in_flight = books.in_flight();
        assert!(in_flight <= IN_FLIGHT, "{in_flight} uploads under way at once");
        self.in_flight += in_flight;
        let now = self.ground.clock.now().as_millisecond();
        let last = books.intents.last().map_or(0, |intent| intent.id);
        for upload in books.uploads.values() {
            let held = matches!(upload.state.as_str(), "staged" | "committing");
            if held && upload.token.is_some() && upload.token_until.is_some_and(|until| until > now) {
                self.fresh.entry(upload.id).or_insert(last);
            }
        }
    }

    /// Lets the job finish and checks what all the dying cost.
    async fn lay_to_rest(mut self, toll: &mut Toll, pages_needed: u64) {
        self.run(None).await;
        let ground = &self.ground;
        checker::finished(ground).await.assert_none();
        let books = Books::read(&ground.journal()).expect("the journal opens");
        for intent in books.intents.iter().filter(|intent| intent.kind == "stage") {
            for upload in &intent.uploads {
                let since = self.fresh.get(upload).copied().unwrap_or(i64::MAX);
                assert!(
                    intent.id <= since,
                    "upload {upload} was sent again though its token was good"
                );
            }
        }
        let canaries = ground.google_requests().iter().filter(|line| is_canary(line)).count() as u64;
        let uploads = count(&ground.google_counts(), "upload") - canaries;
        let allowed = ITEMS + self.in_flight;
        assert!(
            uploads <= allowed,
            "{uploads} uploads after {} kills, {allowed} allowed",
            self.kills
        );
        let pages = self.pages.saturating_sub(pages_needed);
        assert!(
            pages <= self.kills,
            "{pages} pages were listed again after {} kills",
            self.kills
        );
        toll.jobs += 1;
        toll.uploads += uploads;
        toll.uploads_allowed += allowed;
        toll.pages_again += pages;
    }
}

/// The one upload a day that asks whether hashes are checked is refused for its wrong one.
fn is_canary(line: &photomove_sim::RequestLine) -> bool {
    line.operation == "upload" && line.status == 400
}

/// Kills runs of as many jobs as it takes, by these kinds of death.
async fn kill(scenario: &Scenario, kills: u64, kinds: &[&'static str]) -> Toll {
    let mut dice = Dice::new(scenario.seed);
    let mut toll = Toll::default();
    let mut unharmed = Victim::new(dice.next()).await;
    unharmed.run(None).await;
    while toll.kills < kills {
        let mut victim = Victim::new(dice.next()).await;
        while toll.kills < kills && victim.run(Some(Death::choose(&mut dice, kinds))).await {
            victim.look(&mut toll).await;
            if dice.next().is_multiple_of(2) {
                victim.ground.clock.advance(AWAY);
            }
        }
        victim.lay_to_rest(&mut toll, unharmed.pages).await;
    }
    let share = |part: u64| format!("{} of {} ({} %)", part, toll.kills, part * 100 / toll.kills);
    assert!(
        toll.with_open_work * 100 >= toll.kills * 80,
        "open work: {}",
        share(toll.with_open_work)
    );
    assert!(
        toll.with_open_intent * 100 >= toll.kills * 10,
        "open intents: {}",
        share(toll.with_open_intent)
    );
    let kinds = kinds.join(", ");
    scenario.figure(
        &format!("kills by {kinds}"),
        toll.kills,
        &format!("{} jobs of {ITEMS} items", toll.jobs),
    );
    scenario.figure(
        &format!("kills by {kinds} that left open work"),
        share(toll.with_open_work),
        "",
    );
    scenario.figure(
        &format!("kills by {kinds} that left an open intent"),
        share(toll.with_open_intent),
        "",
    );
    scenario.figure(
        &format!("uploads after kills by {kinds}"),
        toll.uploads,
        &format!(
            "{} allowed; {} pages listed again",
            toll.uploads_allowed, toll.pages_again
        ),
    );
    toll
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seeded_moments() {
    let scenario = Scenario::begin("kills::seeded_moments", 1);
    kill(&scenario, size(12, 300), &["seen"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn journal_boundaries() {
    let scenario = Scenario::begin("kills::journal_boundaries", 2);
    kill(&scenario, size(14, 350), &["commit"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn request_boundaries() {
    let scenario = Scenario::begin("kills::request_boundaries", 3);
    kill(&scenario, size(14, 350), &["request"]).await;
}
