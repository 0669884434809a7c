//! Starts a stand-in and providers that are signed in to it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use jiff::Timestamp;
use photomove_amazon::{AmazonConfig, AmazonPhotos, Cookies, Endpoints};
use photomove_core::{Asset, Clock, Cursor, Filters, ManualClock, Media, PhotoSource, Result, SeededRandom};
use photomove_http::HttpEnv;
use photomove_sim::{
    AmazonSim, AmazonSwitches, Fill, Library, RequestLine, ServiceKind, ServiceSpec, SimClock, SimOptions, Sims, start,
};

/// A stand-in; both clocks stand still at the same instant until they are moved.
pub(crate) struct StandIn {
    sims: Sims,
    pub(crate) clock: ManualClock,
    pub(crate) service_clock: SimClock,
}

impl StandIn {
    pub(crate) async fn start(library: Library, switches: AmazonSwitches) -> Self {
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let service_clock = SimClock::frozen(now);
        let options = SimOptions {
            services: vec![ServiceSpec::new(ServiceKind::Amazon)],
            fill: Some(Fill::Library(library)),
            clock: Some(service_clock.clone()),
            amazon: switches,
            ..SimOptions::default()
        };
        let sims = start(options).await.unwrap();
        Self {
            sims,
            clock: ManualClock::new(now),
            service_clock,
        }
    }

    /// A small library that spans several pages of seven.
    pub(crate) async fn small(switches: AmazonSwitches) -> Self {
        Self::start(Library::synthetic(30, 4096, 7).unwrap(), switches).await
    }

    pub(crate) fn sim(&self) -> &AmazonSim {
        self.sims.amazon().unwrap()
    }

    /// A provider as a new process would make it.
    pub(crate) fn provider(&self) -> Arc<AmazonPhotos> {
        self.provider_with(AmazonConfig::default().with_page_size(7))
    }

    pub(crate) fn provider_with(&self, config: AmazonConfig) -> Arc<AmazonPhotos> {
        self.configured(&config.with_endpoints(self.endpoints()))
    }

    pub(crate) fn provider_at(&self, endpoints: Endpoints) -> Arc<AmazonPhotos> {
        self.configured(&AmazonConfig::default().with_page_size(7).with_endpoints(endpoints))
    }

    /// A provider whose cookies cannot be renewed.
    pub(crate) fn provider_without_renewal(&self) -> Arc<AmazonPhotos> {
        let cookies = self.sim().cookies().into_iter();
        let needed = cookies.filter(|(name, _)| !name.starts_with("sst-"));
        let config = AmazonConfig::default()
            .with_page_size(7)
            .with_endpoints(self.endpoints());
        AmazonPhotos::new(&config, &Cookies::from_variables(needed).unwrap(), &self.env()).unwrap()
    }

    fn configured(&self, config: &AmazonConfig) -> Arc<AmazonPhotos> {
        let text = std::fs::read_to_string(self.sim().cookie_file()).unwrap();
        let cookies = Cookies::parse(&text).unwrap();
        AmazonPhotos::new(config, &cookies, &self.env()).unwrap()
    }

    pub(crate) fn endpoints(&self) -> Endpoints {
        let origins = self.sim().origins();
        let url = |role: &str| Some(origins[role].parse().unwrap());
        Endpoints {
            metadata: url("metadata"),
            content: url("content"),
            download: url("download"),
            thumbnail: url("thumbnail"),
        }
    }

    pub(crate) fn env(&self) -> HttpEnv {
        HttpEnv {
            clock: Arc::new(self.clock.clone()),
            random: Arc::new(SeededRandom::new(3)),
            ..HttpEnv::system()
        }
    }

    pub(crate) fn log(&self) -> Vec<RequestLine> {
        self.sim().shared().log.lines()
    }

    /// Requests of an operation so far.
    pub(crate) fn count(&self, operation: &str) -> u64 {
        self.sim()
            .shared()
            .counters
            .counts()
            .by_operation
            .get(operation)
            .copied()
            .unwrap_or(0)
    }

    pub(crate) fn faults(&self, json: &str) {
        self.sim()
            .shared()
            .faults
            .replace(photomove_sim::parse_faults(json).unwrap());
    }

    /// Moves the service's clock only, as if the client had been away.
    pub(crate) fn service_time_passes(&self, duration: Duration) {
        self.service_clock.advance(duration);
    }

    pub(crate) async fn end(self) {
        assert_eq!(self.sims.unknown_requests(), [], "requests to routes that do not exist");
        self.sims.shutdown().await;
    }
}

/// Lists all assets from the beginning, page by page.
pub(crate) async fn list_all(source: &AmazonPhotos) -> Result<Vec<Asset>> {
    let start = source.start(&Filters::default()).await?;
    list_from(source, start).await
}

pub(crate) async fn list_from(source: &AmazonPhotos, start: Cursor) -> Result<Vec<Asset>> {
    let mut assets = Vec::new();
    let mut next = Some(start);
    while let Some(at) = next {
        let page = source.assets(&at).await?;
        assets.extend(page.items.into_iter().collect::<Result<Vec<_>>>()?);
        next = page.next;
    }
    Ok(assets)
}

pub(crate) async fn read(media: Media) -> Result<Vec<u8>> {
    let chunks: Vec<_> = media.stream.try_collect().await?;
    Ok(chunks.concat())
}

/// Opens the first part of an asset.
pub(crate) async fn open(source: &AmazonPhotos, asset: &Asset, offset: u64) -> Result<Media> {
    source.open(&asset.parts[0].id, &asset.locator, offset).await
}

/// How long the client has waited by its clock.
pub(crate) fn waited(stand_in: &StandIn) -> Duration {
    let began: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    stand_in.clock.now().duration_since(began).unsigned_abs()
}
