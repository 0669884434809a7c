//! The real engine and the real clients in this process, on a clock that does not wait: for what needs thousands of faults.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use photomove::amazon::{AmazonConfig, AmazonPhotos, Cookies, Endpoints};
use photomove::core::drill::Drill;
use photomove::core::{
    Clock, CredentialKey, CredentialStore, FactStore, MemoryCredentialStore, PhotoProvider, QuotaStore, Result,
    SeededRandom, SharedClock,
};
use photomove::google::{ClientSecret, GoogleConfig, GooglePhotos};
use photomove::http::HttpEnv;
use photomove::migrate::{EngineEnv, Journal, MigrateOptions, Migration, NoObserver, StopToken, Summary};
use photomove_sim::{Counts, RequestLine, Service, ServiceKind, SimClock, SimOptions, Sims, parse_faults};

use crate::checker::Books;
use crate::ground::count;

/// A run that takes longer than this hangs.
const HANGS: Duration = Duration::from_secs(120);

/// The stand-ins' clock as the client's, as wrong as the test wants it; waiting moves both at once.
#[derive(Debug, Clone)]
pub struct ClientClock {
    service: SimClock,
    skew_ms: Arc<AtomicI64>,
}

impl ClientClock {
    pub fn of(service: SimClock, skew_ms: Arc<AtomicI64>) -> Self {
        Self { service, skew_ms }
    }

    pub fn service(&self) -> &SimClock {
        &self.service
    }

    /// Moves the client's clock alone, back if negative.
    pub fn skew(&self, by: SignedDuration) {
        let ms = i64::try_from(by.as_millis()).expect("less than an age");
        self.skew_ms.fetch_add(ms, Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for ClientClock {
    fn now(&self) -> Timestamp {
        let skew = SignedDuration::from_millis(self.skew_ms.load(Ordering::SeqCst));
        self.service.now().saturating_add(skew).expect("within time")
    }

    async fn sleep(&self, duration: Duration) {
        self.service.advance(duration);
        tokio::task::yield_now().await;
    }
}

/// Stand-ins, and what the client keeps from run to run.
pub struct Rig {
    pub sims: Sims,
    pub clock: ClientClock,
    /// Planted into every later run.
    pub drill: Drill,
    /// Nodes per page of the listing.
    pub page_size: u16,
    /// The client's idea of the requests of a day.
    pub requests_per_day: u32,
    /// Files from this length on go up in a way that can be continued; the client's default if `None`.
    pub resumable_from: Option<u64>,
    pub change: fn(&mut MigrateOptions),
    folder: tempfile::TempDir,
    store: Arc<MemoryCredentialStore>,
    seed: u64,
}

impl Rig {
    /// Starts stand-ins; `options` come from [`crate::ground::options`]. Their clock stands still but for waits.
    pub async fn start(mut options: SimOptions) -> Self {
        // Noon in California, so that no day ends by chance.
        let service = SimClock::frozen("2026-11-21T20:00:00Z".parse().expect("a date"));
        options.clock = Some(service.clone());
        options.google.write_takes = Duration::ZERO;
        options.control = false;
        let seed = options.seed;
        let sims = photomove_sim::start(options).await.expect("stand-ins start");
        let store = Arc::new(MemoryCredentialStore::default());
        let token = std::fs::read_to_string(&sims.env()["PHOTOMOVE_GOOGLE_TOKEN"]).expect("token file");
        store.save(&google_key(), &token.into()).await.expect("kept");
        Self {
            sims,
            clock: ClientClock {
                service,
                skew_ms: Arc::default(),
            },
            drill: Drill::none(),
            page_size: 25,
            requests_per_day: u32::MAX,
            resumable_from: None,
            change: |_| {},
            folder: tempfile::tempdir().expect("temporary folder"),
            store,
            seed,
        }
    }

    pub fn journal(&self) -> PathBuf {
        self.folder.path().join("journal.db")
    }

    /// Runs the job as a new process would: nothing is kept but journal, spool and sign-ins.
    ///
    /// # Errors
    /// When the run could not begin, or its accounting does not add up.
    pub async fn run(&self) -> Result<Summary> {
        let run = Box::pin(self.migration());
        let migration = run.await?;
        let ended = tokio::time::timeout(HANGS, Box::pin(migration.run())).await;
        ended.expect("the run hangs")
    }

    /// Runs until nothing is left to do, as a patient person would: the same again after whatever went wrong.
    ///
    /// Gives how many runs that took.
    ///
    /// # Errors
    /// What the last run said if `runs` were not enough.
    pub async fn try_finish(&self, runs: u32) -> std::result::Result<u32, String> {
        let mut said = String::new();
        for run in 1..=runs {
            match self.run().await {
                Ok(summary) => {
                    let arrived = summary.accounting.failed.count == 0 && summary.accounting.waiting.count == 0;
                    if summary.stopped.is_none() && arrived {
                        return Ok(run);
                    }
                    said = format!("{summary:?}");
                }
                Err(error) => said = format!("{error:?}"),
            }
        }
        let why = Books::read(&self.journal())
            .map(|books| books.complaints())
            .unwrap_or_default();
        Err(format!("not finished after {runs} runs: {said}\n{}", why.join("\n")))
    }

    /// As [`Rig::try_finish`], but fails the test.
    pub async fn finish(&self, runs: u32) -> u32 {
        self.try_finish(runs).await.unwrap_or_else(|said| panic!("{said}"))
    }

    async fn migration(&self) -> Result<Migration> {
        let clock: SharedClock = Arc::new(self.clock.clone());
        let journal = Journal::open_drilled(&self.journal(), clock.clone(), self.drill.clone())?;
        let env = HttpEnv {
            clock: clock.clone(),
            random: Arc::new(SeededRandom::new(self.seed)),
            quota: Arc::new(journal.clone()) as Arc<dyn QuotaStore>,
            drill: self.drill.clone(),
            ..HttpEnv::system()
        };
        let source = AmazonPhotos::new(&self.amazon_config(), &self.cookies()?, &env)?;
        let facts: Arc<dyn FactStore> = Arc::new(journal.clone());
        let target = GooglePhotos::open(self.google_config()?, self.store.clone(), google_key(), facts, &env).await?;
        let target: Arc<dyn PhotoProvider> = Arc::new(target);
        let mut options = MigrateOptions::new(self.folder.path());
        (self.change)(&mut options);
        let env = EngineEnv {
            clock,
            random: Arc::new(SeededRandom::new(self.seed)),
            observer: Arc::new(NoObserver),
            stop: StopToken::new(),
            drill: self.drill.clone(),
            sampler: None,
        };
        Ok(Migration::new(source, target, journal, options, env))
    }

    fn cookies(&self) -> Result<Cookies> {
        let text = std::fs::read_to_string(&self.sims.env()["PHOTOMOVE_AMAZON_COOKIES"]).expect("cookie file");
        Cookies::parse(&text)
    }

    fn amazon_config(&self) -> AmazonConfig {
        let url = |role: &str| {
            let text = &self.sims.env()[&format!("PHOTOMOVE_AMAZON_{role}_URL")];
            Some(text.parse().expect("an address"))
        };
        let endpoints = Endpoints {
            metadata: url("METADATA"),
            content: url("CONTENT"),
            download: url("DOWNLOAD"),
            thumbnail: url("THUMBNAIL"),
        };
        AmazonConfig::default()
            .with_endpoints(endpoints)
            .with_page_size(self.page_size)
    }

    fn google_config(&self) -> Result<GoogleConfig> {
        let env = self.sims.env();
        let url = |name: &str| env[name].parse().expect("an address");
        let secret = std::fs::read_to_string(&env["PHOTOMOVE_GOOGLE_CLIENT_SECRET"]).expect("client secret file");
        let mut config = GoogleConfig::default();
        if let Some(bytes) = self.resumable_from {
            config = config.with_resumable_from_bytes(Some(bytes));
        }
        Ok(config
            .with_library_url(url("PHOTOMOVE_GOOGLE_LIBRARY_URL"))
            .with_userinfo_url(url("PHOTOMOVE_GOOGLE_USERINFO_URL"))
            .with_revoke_url(url("PHOTOMOVE_GOOGLE_REVOKE_URL"))
            .with_client_secret(ClientSecret::parse(&secret)?)
            .with_writes_per_minute(None)
            .with_requests_per_day(self.requests_per_day))
    }

    /// Replaces the fault plan of one stand-in by rules in JSON.
    pub fn faults(&self, kind: ServiceKind, rules: &serde_json::Value) {
        let rules = parse_faults(&rules.to_string()).expect("a plan");
        let service = self.service(kind);
        photomove_sim::faults::check_operations(&rules, service.operations()).expect("operations of the service");
        service.shared().faults.replace(rules);
    }

    /// Ends all planned faults.
    pub fn calm(&self) {
        for kind in [ServiceKind::Amazon, ServiceKind::Google] {
            self.service(kind).shared().faults.replace(Vec::new());
        }
    }

    /// Faults of a kind that happened at a stand-in; of all kinds if it is empty.
    pub fn happened(&self, kind: ServiceKind, fault: &str) -> u64 {
        let counts = self.service(kind).shared().faults.tally().counts();
        counts
            .iter()
            .filter(|(name, _)| fault.is_empty() || *name == fault)
            .map(|(_, count)| count)
            .sum()
    }

    pub fn service(&self, kind: ServiceKind) -> &dyn Service {
        self.sims.service(kind).expect("started").as_ref()
    }

    pub fn google_counts(&self) -> Counts {
        self.service(ServiceKind::Google).shared().counters.counts()
    }

    pub fn google_requests(&self) -> Vec<RequestLine> {
        self.service(ServiceKind::Google).shared().log.lines()
    }

    /// Bodies that the target has got, without those that ask whether hashes are checked.
    pub fn uploads(&self) -> u64 {
        count(&self.google_counts(), "upload") - canaries(&self.google_requests())
    }
}

/// Uploads that ask once a day whether hashes are checked; they are refused for their wrong one.
pub fn canaries(requests: &[RequestLine]) -> u64 {
    let refused = |line: &&RequestLine| line.operation == "upload" && line.status == 400;
    requests.iter().filter(refused).count() as u64
}

fn google_key() -> CredentialKey {
    CredentialKey::new("google", "default")
}
