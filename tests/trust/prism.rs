//! PhotoPrism as the place that photos are moved from and to, with everything failing that is known to.

mod journey;
mod kills;
mod samples;
mod shelves;
mod whole;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use photomove::amazon::{AmazonConfig, AmazonPhotos, Cookies, Endpoints};
use photomove::core::{PhotoProvider, Result, SeededRandom, SharedClock};
use photomove::http::HttpEnv;
use photomove::migrate::{EngineEnv, Journal, MigrateOptions, Migration, NoObserver, StopToken, Summary};
use photomove::photoprism::{PhotoPrism, PhotoPrismAuth, PhotoPrismConfig, SignIn};
use photomove_sim::{
    Fill, Library, LibraryAlbum, PhotoPrismSim, ServiceKind, ServiceSpec, SimClock, SimOptions, Sims, parse_faults,
};
use serde_json::{Value, json};

use crate::checker::{Books, Findings, Rule};
use crate::figures::{Dice, Scenario, size};
use crate::rig::ClientClock;

/// Bytes of an item; the least that a stand-in's picture may have is less.
const BYTES: u64 = 4_000;
/// Items of a job, in albums of three.
const ITEMS: usize = 24;
/// A run that takes longer than this hangs.
const HANGS: Duration = Duration::from_secs(120);

/// What stands where photos come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    Amazon,
    Prism,
}

struct Ground {
    sims: Sims,
    clock: ClientClock,
    from: From,
    folder: tempfile::TempDir,
    seed: u64,
}

impl Ground {
    async fn start(from: From, seed: u64) -> Self {
        let mut library = Library::synthetic(ITEMS as u64, BYTES, seed).expect("computed library");
        library.albums = (0..ITEMS / 3)
            .map(|number| LibraryAlbum {
                title: format!("Album {number:03}"),
            })
            .collect();
        for (index, item) in library.items.iter_mut().enumerate() {
            item.albums = vec![index / 3];
        }
        let service = SimClock::frozen("2026-11-21T20:00:00Z".parse().expect("a date"));
        let first = match from {
            From::Amazon => ServiceKind::Amazon,
            From::Prism => ServiceKind::PhotoPrism,
        };
        let options = SimOptions {
            services: vec![ServiceSpec::new(first), ServiceSpec::new(ServiceKind::PhotoPrism)],
            fill: Some(Fill::Library(library)),
            clock: Some(service.clone()),
            seed,
            ..SimOptions::default()
        };
        Self {
            sims: photomove_sim::start(options).await.expect("stand-ins start"),
            clock: ClientClock::of(service, Arc::new(AtomicI64::new(0))),
            from,
            folder: tempfile::tempdir().expect("temporary folder"),
            seed,
        }
    }

    fn target(&self) -> &PhotoPrismSim {
        self.sims.photoprisms().last().expect("started")
    }

    fn journal(&self) -> PathBuf {
        self.folder.path().join("journal.db")
    }

    fn prism(&self, sim: &PhotoPrismSim, env: &HttpEnv) -> Result<Arc<PhotoPrism>> {
        let config = PhotoPrismConfig::new(sim.url().parse().expect("an address"));
        let sign_in = SignIn::User {
            name: sim.user().to_owned(),
            password: sim.password().into(),
        };
        PhotoPrism::with_page_photos(&config, env, PhotoPrismAuth::new(sign_in), 9)
    }

    fn amazon(&self, env: &HttpEnv) -> Result<Arc<AmazonPhotos>> {
        let given = self.sims.env();
        let url = |role: &str| {
            Some(
                given[&format!("PHOTOMOVE_AMAZON_{role}_URL")]
                    .parse()
                    .expect("an address"),
            )
        };
        let endpoints = Endpoints {
            metadata: url("METADATA"),
            content: url("CONTENT"),
            download: url("DOWNLOAD"),
            thumbnail: url("THUMBNAIL"),
        };
        let text = std::fs::read_to_string(&given["PHOTOMOVE_AMAZON_COOKIES"]).expect("cookie file");
        let config = AmazonConfig::default().with_endpoints(endpoints).with_page_size(9);
        AmazonPhotos::new(&config, &Cookies::parse(&text)?, env)
    }

    /// A run as a new process would make it: nothing is kept but the journal.
    fn migration(&self) -> Result<Migration> {
        let clock: SharedClock = Arc::new(self.clock.clone());
        let journal = Journal::open(&self.journal(), clock.clone())?;
        let env = HttpEnv {
            clock: clock.clone(),
            random: Arc::new(SeededRandom::new(self.seed)),
            ..HttpEnv::system()
        };
        let source: Arc<dyn PhotoProvider> = match self.from {
            From::Amazon => self.amazon(&env)?,
            From::Prism => self.prism(self.sims.photoprism().expect("started"), &env)?,
        };
        let target: Arc<dyn PhotoProvider> = self.prism(self.target(), &env)?;
        let env = EngineEnv {
            clock,
            random: Arc::new(SeededRandom::new(self.seed)),
            observer: Arc::new(NoObserver),
            stop: StopToken::new(),
            drill: photomove::core::drill::Drill::none(),
            sampler: None,
        };
        let options = MigrateOptions::new(self.folder.path());
        Ok(Migration::new(source, target, journal, options, env))
    }

    async fn run(&self) -> Result<Summary> {
        let migration = self.migration()?;
        let ended = tokio::time::timeout(HANGS, Box::pin(migration.run())).await;
        ended.expect("the run hangs")
    }

    /// Runs until nothing is left to do, as a patient person would.
    async fn finish(&self, runs: u32) -> u32 {
        let mut said = String::new();
        for run in 1..=runs {
            match self.run().await {
                Ok(summary) => {
                    let done = summary.accounting.failed.count == 0 && summary.accounting.waiting.count == 0;
                    if summary.stopped.is_none() && done && summary.albums.unfiled + summary.albums.failed == 0 {
                        return run;
                    }
                    said = format!("{summary:?}");
                }
                Err(error) => said = format!("{error:?}"),
            }
        }
        let why = Books::read(&self.journal())
            .map(|books| books.complaints())
            .unwrap_or_default();
        panic!("not finished after {runs} runs: {said}\n{}", why.join("\n"));
    }

    /// Runs until the target has seen so many further requests, then dies; `false` if it ended before.
    async fn die_after(&self, more: u64) -> bool {
        let until = self.target().counters().requests + more;
        let migration = self.migration().expect("the run begins");
        let seen = async {
            while self.target().counters().requests < until {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! {
            biased;
            () = seen => true,
            _ended = Box::pin(migration.run()) => false,
        }
    }

    fn faults(&self, at_target: bool, rules: &Value) {
        let rules = parse_faults(&rules.to_string()).expect("a plan");
        let service = match (at_target, self.from) {
            (true, _) => self.target().service(),
            (false, From::Prism) => self.sims.photoprism().expect("started").service(),
            (false, From::Amazon) => Arc::clone(self.sims.service(ServiceKind::Amazon).expect("started")),
        };
        photomove_sim::faults::check_operations(&rules, service.operations()).expect("operations of the service");
        service.shared().faults.replace(rules);
    }

    fn calm(&self) {
        self.faults(true, &json!([]));
        self.faults(false, &json!([]));
    }

    fn happened(&self, at_target: bool) -> u64 {
        let service = match at_target {
            true => self.target().service(),
            false => self.sims.photoprism().expect("started").service(),
        };
        service.shared().faults.tally().counts().values().sum()
    }

    fn uploads(&self) -> u64 {
        self.target()
            .counters()
            .by_operation
            .get("upload")
            .copied()
            .unwrap_or_default()
    }

    async fn source_lines(&self) -> (Vec<Value>, Vec<Value>) {
        let service = match self.from {
            From::Amazon => Arc::clone(self.sims.service(ServiceKind::Amazon).expect("started")),
            From::Prism => self.sims.photoprism().expect("started").service(),
        };
        (service.library_lines().await, service.album_lines())
    }

    /// None lost, none doubled, none damaged, the same albums, and a journal that says so.
    async fn check(&self) {
        let mut findings = Findings::default();
        Books::read(&self.journal())
            .expect("the journal opens")
            .check_finished(&mut findings);
        let (source, albums) = self.source_lines().await;
        let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let wanted: BTreeSet<String> = source.iter().map(|line| text(line, "sha1")).collect();
        let mut got: BTreeMap<String, u64> = BTreeMap::new();
        let mut shelves: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for photo in self.target().photos() {
            let own: Vec<_> = photo
                .files
                .iter()
                .filter(|file| file.root == "/" && file.media_type != "sidecar")
                .collect();
            for file in &own {
                *got.entry(file.sha1.clone()).or_default() += 1;
                for title in &photo.albums {
                    shelves.entry(title.clone()).or_default().insert(file.sha1.clone());
                }
            }
            let is_shown = photo.quality >= 0 && !photo.archived;
            findings.check(Rule::Lost, is_shown && own.len() == 1, || {
                format!("not shown as one photo: {photo:?}")
            });
        }
        for sha1 in wanted.iter().filter(|sha1| !got.contains_key(*sha1)) {
            findings.add(Rule::Lost, sha1.clone());
        }
        for (sha1, times) in got {
            findings.check(Rule::Doubled, times == 1 && wanted.contains(&sha1), || {
                format!("{sha1} {times} times")
            });
        }
        // Nothing of what was refused or sent twice lies about on the server's disk.
        let on_disk = self.target().originals();
        let copies = on_disk.iter().filter(|path| !path.ends_with(".yml")).count();
        findings.check(Rule::Doubled, copies == wanted.len(), || {
            format!("{copies} files lie on the server's disk")
        });
        let titles: Vec<String> = albums.iter().map(|album| text(album, "title")).collect();
        let mut made: Vec<String> = self
            .target()
            .albums()
            .into_iter()
            .filter(|album| album.kind == "album" && !album.deleted)
            .map(|album| album.title)
            .collect();
        let mut sorted = titles.clone();
        made.sort();
        sorted.sort();
        findings.check(Rule::Albums, made == sorted, || format!("albums are {made:?}"));
        for title in titles {
            let members: BTreeSet<String> = source
                .iter()
                .filter(|line| {
                    line["albums"]
                        .as_array()
                        .is_some_and(|all| all.iter().any(|own| *own == *title))
                })
                .map(|line| text(line, "sha1"))
                .collect();
            findings.check(Rule::Albums, shelves.get(&title) == Some(&members), || {
                format!("`{title}` holds {:?}, not {members:?}", shelves.get(&title))
            });
        }
        for line in self.sims.unknown_requests() {
            findings.add(Rule::Route, format!("{} {}", line.method, line.path));
        }
        findings.assert_none();
    }
}

/// Everything that a server, or a proxy in front of it, does to requests of the work itself.
fn storm(operations: &[&str], share: f64) -> Value {
    let troubles = [
        json!({ "fault": "status", "status": 429 }),
        json!({ "fault": "status", "status": 500 }),
        json!({ "fault": "status", "status": 502, "body_kind": "html" }),
        json!({ "fault": "status", "status": 503, "retry_after": 2 }),
        json!({ "fault": "status", "status": 504, "body_kind": "empty" }),
        json!({ "fault": "status_after", "status": 504 }),
        json!({ "fault": "reset_before" }),
        json!({ "fault": "reset_after" }),
        json!({ "fault": "truncate" }),
    ];
    let each = share / troubles.len() as f64;
    let rules = operations.iter().flat_map(|operation| {
        troubles.iter().map(move |trouble| {
            let mut rule = trouble.clone();
            rule["operation"] = json!(operation);
            rule["probability"] = json!(each);
            rule
        })
    });
    Value::Array(rules.collect())
}

const WRITTEN: [&str; 8] = [
    "upload",
    "upload_process",
    "file_get",
    "photo_get",
    "photo_search",
    "photo_update",
    "album_create",
    "album_add",
];
const READ: [&str; 4] = ["photo_search", "photo_get", "album_search", "download"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_library_arrives_whole_and_the_second_run_has_nothing_to_do() {
    for from in [From::Amazon, From::Prism] {
        let ground = Ground::start(from, 51).await;
        assert_eq!(ground.finish(1).await, 1);
        ground.check().await;
        let again = ground.run().await.expect("the run begins");
        assert!(again.nothing_to_do, "{again:?}");
        assert_eq!(ground.uploads(), ITEMS as u64, "each file was sent once");
        assert!(
            !ground.target().setting("stack", "meta"),
            "nobody allowed to switch it on again"
        );
        assert_eq!(again.settings_left.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn storms_at_either_side() {
    let scenario = Scenario::begin("prism::storms_at_either_side", 52);
    let mut dice = Dice::new(scenario.seed);
    let (mut happened, mut jobs) = (0, 0);
    while happened < size(300, 20_000) {
        let ground = Ground::start(From::Prism, dice.next()).await;
        ground.faults(true, &storm(&WRITTEN, 0.3));
        ground.faults(false, &storm(&READ, 0.3));
        for _ in 0..4 {
            if ground.run().await.is_ok_and(|summary| summary.stopped.is_none()) {
                break;
            }
        }
        happened += ground.happened(true) + ground.happened(false);
        ground.calm();
        ground.finish(4).await;
        ground.check().await;
        jobs += 1;
    }
    scenario.figure(
        "PhotoPrism: faults injected",
        happened,
        &format!("{jobs} jobs; 0 lost, 0 doubled"),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_replies_to_anything_that_writes() {
    let scenario = Scenario::begin("prism::lost_replies_to_anything_that_writes", 53);
    let mut dice = Dice::new(scenario.seed);
    for operation in [
        "upload",
        "upload_process",
        "photo_update",
        "album_create",
        "album_update",
        "album_add",
    ] {
        let ground = Ground::start(From::Amazon, dice.next()).await;
        ground.faults(
            true,
            &json!([{ "operation": operation, "every": 3, "fault": "reset_after" }]),
        );
        ground.finish(6).await;
        assert!(ground.happened(true) > 0, "no reply to `{operation}` was lost");
        ground.check().await;
        scenario.figure(
            &format!("PhotoPrism: lost replies: {operation}"),
            ground.happened(true),
            "0 lost, 0 doubled",
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_originals_are_never_sent() {
    let scenario = Scenario::begin("prism::damaged_originals_are_never_sent", 54);
    let mut dice = Dice::new(scenario.seed);
    for damage in [
        json!({ "fault": "flip_bit" }),
        json!({ "fault": "truncate", "at": 1 }),
        json!({ "fault": "short", "at": -1 }),
        json!({ "fault": "overlong" }),
        json!({ "fault": "html_200" }),
        json!({ "fault": "swap_body" }),
    ] {
        let ground = Ground::start(From::Prism, dice.next()).await;
        let mut rule = damage.clone();
        rule["operation"] = json!("download");
        rule["every"] = json!(3);
        ground.faults(false, &Value::Array(vec![rule]));
        ground.finish(20).await;
        assert!(ground.happened(false) > 0, "{damage}: nothing was damaged");
        assert_eq!(ground.uploads(), ITEMS as u64, "{damage}: a damaged body was sent");
        ground.check().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_again_and_again() {
    let scenario = Scenario::begin("prism::killed_again_and_again", 55);
    let mut dice = Dice::new(scenario.seed);
    let (mut kills, mut jobs) = (0, 0);
    while kills < size(25, 1_500) {
        let ground = Ground::start(From::Prism, dice.next()).await;
        while kills < size(25, 1_500) && ground.die_after(dice.within(1, 60)).await {
            kills += 1;
            // Half of them lose their session with it, and all that waited under it.
            if dice.next().is_multiple_of(2) {
                ground.target().expire_sessions();
            }
        }
        ground.finish(3).await;
        ground.check().await;
        jobs += 1;
    }
    scenario.figure("PhotoPrism: kills", kills, &format!("{jobs} jobs; 0 lost, 0 doubled"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_end_and_servers_restart_in_the_middle() {
    let ground = Ground::start(From::Prism, 56).await;
    let (source, target) = (&ground.sims.photoprisms()[0], ground.target());
    let trouble = async {
        for round in 0_u64.. {
            tokio::time::sleep(Duration::from_millis(15)).await;
            match round % 3 {
                0 => source.restart(false),
                1 => target.restart(round % 2 == 1),
                _ => target.expire_sessions(),
            }
            if round > 20 {
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        _runs = ground.finish(8) => {}
        () = trouble => {}
    }
    ground.check().await;
}
