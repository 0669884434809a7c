//! Starting stand-ins: the options, the running services, the environment file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::amazon::{AmazonSim, AmazonSwitches};
use crate::clock::SimClock;
use crate::control::{self, Service};
use crate::demo;
use crate::error::SimError;
use crate::faults::{FaultPlan, FaultRule, check_operations};
use crate::files::write_private;
use crate::google::{GoogleSim, GoogleSwitches};
use crate::library::Library;
use crate::log::{DEFAULT_LOG_LINES, RequestLine};
use crate::origin::{Listener, Origin, Pace, Shared};
use crate::photoprism::{PhotoPrismSim, PhotoPrismSwitches};

/// A service that has a stand-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServiceKind {
    /// Amazon Photos.
    Amazon,
    /// Google Photos.
    Google,
    /// PhotoPrism; the only one that may be started more than once.
    PhotoPrism,
}

impl ServiceKind {
    /// `amazon`, `google` or `photoprism`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Amazon => "amazon",
            Self::Google => "google",
            Self::PhotoPrism => "photoprism",
        }
    }

    fn operations(self) -> &'static [&'static str] {
        match self {
            Self::Amazon => crate::amazon::OPERATIONS,
            Self::Google => crate::google::OPERATIONS,
            Self::PhotoPrism => crate::photoprism::OPERATIONS,
        }
    }
}

/// One service to start.
#[derive(Debug, Clone)]
pub struct ServiceSpec {
    /// Which one.
    pub kind: ServiceKind,
    /// Folder whose files it holds from the start.
    pub dir: Option<PathBuf>,
}

impl ServiceSpec {
    /// A service without a folder of its own.
    pub fn new(kind: ServiceKind) -> Self {
        Self { kind, dir: None }
    }
}

/// What the first service holds from the start.
#[derive(Debug, Clone)]
pub enum Fill {
    /// The files of a folder; sub-folders become albums.
    Dir(PathBuf),
    /// Computed JPEGs.
    Synthetic {
        /// How many.
        count: u64,
        /// Bytes of each; see [`Library::synthetic`] for the least.
        bytes: u64,
    },
    /// The demo's library.
    Demo,
    /// A library made by the caller.
    Library(Library),
}

/// Computed MP4s of one size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyntheticVideos {
    /// How many.
    pub count: u64,
    /// Bytes of each; gigabytes cost no memory and no disk.
    pub bytes: u64,
}

/// What to start and how.
#[derive(Debug, Clone)]
pub struct SimOptions {
    /// Services in order; only PhotoPrism may be named twice.
    pub services: Vec<ServiceSpec>,
    /// What the first service holds; the others start empty unless their [`ServiceSpec::dir`] says otherwise.
    pub fill: Option<Fill>,
    /// Computed videos that the first service holds beside that.
    pub videos: Vec<SyntheticVideos>,
    /// Seed of ids, generated media and faults: same seed, same run.
    pub seed: u64,
    /// Wait before each answer.
    pub latency: Duration,
    /// Bytes per second through each service, both directions together; no limit if `None`.
    pub bandwidth_bytes_per_s: Option<u64>,
    /// Fault plan of every service.
    pub faults: Vec<FaultRule>,
    /// Hash uploaded bodies and throw them away; of no effect on Amazon's stand-in, which takes no uploads.
    pub discard: bool,
    /// Refuse uploads of media that the real service's own list lacks, and of truncated files.
    pub strict_media: bool,
    /// First of the consecutive ports to use; any free ports if `None`.
    pub port_base: Option<u16>,
    /// Folder for credential files; a temporary one, removed at the end, if `None`.
    pub state_dir: Option<PathBuf>,
    /// Whether to open the control routes.
    pub control: bool,
    /// File for the environment variables, written last.
    pub env_file: Option<PathBuf>,
    /// Lines that the request log of each service keeps; the oldest are dropped first.
    pub log_lines: usize,
    /// The services' clocks; every service gets its own running clock if `None`.
    pub clock: Option<SimClock>,
    /// Undecided behaviour of Amazon Photos.
    pub amazon: AmazonSwitches,
    /// Undecided behaviour of Google Photos.
    pub google: GoogleSwitches,
    /// Behaviour of every PhotoPrism server.
    pub photoprism: PhotoPrismSwitches,
}

impl Default for SimOptions {
    fn default() -> Self {
        Self {
            services: Vec::new(),
            fill: None,
            videos: Vec::new(),
            seed: 1,
            latency: Duration::ZERO,
            bandwidth_bytes_per_s: None,
            faults: Vec::new(),
            discard: false,
            strict_media: false,
            port_base: None,
            state_dir: None,
            control: false,
            env_file: None,
            log_lines: DEFAULT_LOG_LINES,
            clock: None,
            amazon: AmazonSwitches::default(),
            google: GoogleSwitches::default(),
            photoprism: PhotoPrismSwitches::default(),
        }
    }
}

/// Hands out ports: consecutive ones from a base, or "any free one".
#[derive(Debug)]
pub struct Ports(Option<u16>);

impl Ports {
    /// Starts at `base`.
    pub fn from(base: Option<u16>) -> Self {
        Self(base)
    }

    /// The next port for [`Listener::open`].
    ///
    /// # Errors
    /// There is no port above 65535.
    #[expect(clippy::should_implement_trait, reason = "it can fail, and it never ends")]
    pub fn next(&mut self) -> Result<Option<u16>, SimError> {
        let Some(port) = self.0 else { return Ok(None) };
        let next = port
            .checked_add(1)
            .ok_or_else(|| SimError::Options("`--port-base` leaves too few ports".to_owned()))?;
        self.0 = Some(next);
        Ok(Some(port))
    }
}

/// What a service gets to start with.
#[derive(Debug)]
pub struct ServiceContext {
    /// Clock, faults, log and counters.
    pub shared: Arc<Shared>,
    /// What it holds from the start.
    pub library: Library,
    /// Hash uploaded bodies and throw them away.
    pub discard: bool,
    /// Refuse media that the real service's own list lacks, and truncated files.
    pub strict_media: bool,
    /// Existing folder for credential files.
    pub state_dir: PathBuf,
}

/// The running stand-ins; they stop with [`shutdown`](Self::shutdown) or when dropped.
#[derive(Debug)]
pub struct Sims {
    amazon: Option<AmazonSim>,
    google: Option<GoogleSim>,
    photoprism: Vec<PhotoPrismSim>,
    running: Vec<Running>,
    env: BTreeMap<String, String>,
    // Held for its Drop: removes the credential files.
    _temporary: Option<tempfile::TempDir>,
}

#[derive(Debug)]
struct Running {
    service: Arc<dyn Service>,
    /// What to type to reach it.
    endpoint: String,
    origins: BTreeMap<String, String>,
    control: Option<Origin>,
}

/// Starts the services and returns when all of them answer.
///
/// # Errors
/// [`SimError`] if a folder cannot be read, a port is taken, or the options do not go together.
pub async fn start(options: SimOptions) -> Result<Sims, SimError> {
    check(&options)?;
    let (state_dir, temporary) = state_dir(options.state_dir.as_deref())?;
    let mut ports = Ports::from(options.port_base);
    let mut sims = Sims {
        amazon: None,
        google: None,
        photoprism: Vec::new(),
        running: Vec::new(),
        env: BTreeMap::new(),
        _temporary: temporary,
    };
    for (index, spec) in options.services.iter().enumerate() {
        let mut library = library(spec, options.fill.as_ref().filter(|_| index == 0), options.seed).await?;
        for videos in options.videos.iter().filter(|_| index == 0) {
            library.add_synthetic_videos(videos.count, videos.bytes, options.seed)?;
        }
        // Servers of one kind must not give the same ids.
        let earlier = options.services[..index]
            .iter()
            .filter(|earlier| earlier.kind == spec.kind)
            .count() as u64;
        let context = ServiceContext {
            shared: Arc::new(shared(spec.kind, options.seed.wrapping_add(earlier), &options)),
            library,
            discard: options.discard,
            strict_media: options.strict_media,
            state_dir: state_dir.clone(),
        };
        sims.start_service(spec.kind, context, &options, &mut ports).await?;
    }
    if let Some(path) = &options.env_file {
        write_private(path, &env_text(&sims.env)).map_err(|source| SimError::io("write", path, source))?;
    }
    Ok(sims)
}

impl Sims {
    async fn start_service(
        &mut self,
        kind: ServiceKind,
        context: ServiceContext,
        options: &SimOptions,
        ports: &mut Ports,
    ) -> Result<(), SimError> {
        let name = kind.name();
        let prefix = format!("PHOTOMOVE_SIM_{}", name.to_uppercase());
        let (service, origins, prefix, endpoint): (Arc<dyn Service>, _, _, _) = match kind {
            ServiceKind::Amazon => {
                let sim = AmazonSim::start(context, options.amazon.clone(), ports).await?;
                self.env.extend(sim.env());
                let parts = (sim.service(), sim.origins(), prefix, name.to_owned());
                self.amazon = Some(sim);
                parts
            }
            ServiceKind::Google => {
                let sim = GoogleSim::start(context, options.google.clone(), ports).await?;
                self.env.extend(sim.env());
                let parts = (sim.service(), sim.origins(), prefix, name.to_owned());
                self.google = Some(sim);
                parts
            }
            ServiceKind::PhotoPrism => {
                let number = self.photoprism.len() + 1;
                let sim = PhotoPrismSim::start(context, options.photoprism.clone(), ports, number).await?;
                self.env.extend(sim.env());
                let parts = (sim.service(), sim.origins(), sim.env_prefix(), sim.endpoint());
                self.photoprism.push(sim);
                parts
            }
        };
        service.shared().belongs_to(&service);
        self.env.insert(format!("{prefix}_ENDPOINT"), endpoint.clone());
        let control = match options.control {
            true => Some(
                Listener::open("control", ports.next()?)
                    .await?
                    .serve_plain(control::router(Arc::clone(&service))),
            ),
            false => None,
        };
        if let Some(origin) = &control {
            self.env.insert(format!("{prefix}_CONTROL"), origin.url());
        }
        self.running.push(Running {
            service,
            endpoint,
            origins,
            control,
        });
        Ok(())
    }

    /// The stand-in of Amazon Photos, if it was started.
    pub fn amazon(&self) -> Option<&AmazonSim> {
        self.amazon.as_ref()
    }

    /// The stand-in of Google Photos, if it was started.
    pub fn google(&self) -> Option<&GoogleSim> {
        self.google.as_ref()
    }

    /// The first stand-in of PhotoPrism, if one was started.
    pub fn photoprism(&self) -> Option<&PhotoPrismSim> {
        self.photoprism.first()
    }

    /// All stand-ins of PhotoPrism in the order asked for.
    pub fn photoprisms(&self) -> &[PhotoPrismSim] {
        &self.photoprism
    }

    /// A running service by kind, the first if there are several: its log, counters, faults and library.
    pub fn service(&self, kind: ServiceKind) -> Option<&Arc<dyn Service>> {
        self.running
            .iter()
            .map(|running| &running.service)
            .find(|service| service.name() == kind.name())
    }

    /// One object per service, in the order asked for: `service, endpoint, origins` (name → URL)`, control` (URL or null).
    pub fn lines(&self) -> Vec<Value> {
        let line = |running: &Running| {
            json!({
                "service": running.service.name(),
                "endpoint": running.endpoint,
                "origins": running.origins,
                "control": running.control.as_ref().map(Origin::url),
            })
        };
        self.running.iter().map(line).collect()
    }

    /// The environment variables with which photomove reaches the stand-ins.
    pub fn env(&self) -> &BTreeMap<String, String> {
        &self.env
    }

    /// The first requests to routes that no stand-in knows, at most 1000 per service; a test should find none.
    pub fn unknown_requests(&self) -> Vec<RequestLine> {
        self.running
            .iter()
            .flat_map(|running| running.service.shared().log.unknown())
            .collect()
    }

    /// Closes all listeners and removes the temporary credential files.
    pub async fn shutdown(self) {
        for running in self.running {
            if let Some(control) = running.control {
                control.shutdown().await;
            }
        }
        if let Some(sim) = self.amazon {
            sim.shutdown().await;
        }
        if let Some(sim) = self.google {
            sim.shutdown().await;
        }
        for sim in self.photoprism {
            sim.shutdown().await;
        }
    }
}

fn check(options: &SimOptions) -> Result<(), SimError> {
    let refuse = |message: String| Err(SimError::Options(message));
    let Some(first) = options.services.first() else {
        return refuse("name at least one service: amazon, google, photoprism".to_owned());
    };
    for (index, spec) in options.services.iter().enumerate() {
        let again = options.services[..index]
            .iter()
            .any(|earlier| earlier.kind == spec.kind);
        if again && spec.kind != ServiceKind::PhotoPrism {
            return refuse(format!("`{}` is named twice", spec.kind.name()));
        }
    }
    if first.dir.is_some() && options.fill.is_some() {
        return refuse(format!(
            "`{}` is filled twice: by its own folder and by a library option",
            first.kind.name()
        ));
    }
    let known: Vec<&str> = options
        .services
        .iter()
        .flat_map(|spec| spec.kind.operations())
        .copied()
        .collect();
    Ok(check_operations(&options.faults, &known)?)
}

fn state_dir(wanted: Option<&Path>) -> Result<(PathBuf, Option<tempfile::TempDir>), SimError> {
    match wanted {
        Some(path) => {
            std::fs::create_dir_all(path).map_err(|source| SimError::io("create", path, source))?;
            let path = std::path::absolute(path).map_err(|source| SimError::io("find", path, source))?;
            Ok((path, None))
        }
        None => {
            let made = tempfile::Builder::new().prefix("photomove-sim-").tempdir();
            let dir = made.map_err(|source| SimError::io("create a folder in", std::env::temp_dir(), source))?;
            Ok((dir.path().to_owned(), Some(dir)))
        }
    }
}

fn shared(kind: ServiceKind, seed: u64, options: &SimOptions) -> Shared {
    Shared::new(
        kind.name(),
        options.clock.clone().unwrap_or_default(),
        FaultPlan::new(options.seed, options.faults.clone()),
        Pace::new(options.latency, options.bandwidth_bytes_per_s),
        options.log_lines,
        seed,
    )
}

/// Reads files or encodes pictures, and so keeps off the threads that answer requests.
async fn library(spec: &ServiceSpec, fill: Option<&Fill>, seed: u64) -> Result<Library, SimError> {
    let made = match (&spec.dir, fill) {
        (Some(path), _) | (None, Some(Fill::Dir(path))) => {
            let path = path.clone();
            tokio::task::spawn_blocking(move || Library::from_dir(&path)).await
        }
        (None, Some(Fill::Synthetic { count, bytes })) => {
            let (count, bytes) = (*count, *bytes);
            tokio::task::spawn_blocking(move || Library::synthetic(count, bytes, seed)).await
        }
        (None, Some(Fill::Demo)) => tokio::task::spawn_blocking(move || demo::library(seed)).await,
        (None, Some(Fill::Library(library))) => return Ok(library.clone()),
        (None, None) => return Ok(Library::default()),
    };
    made.map_err(|error| SimError::Options(format!("making the library stopped: {error}")))?
}

/// Lines `NAME='value'` that a POSIX shell can source.
fn env_text(env: &BTreeMap<String, String>) -> String {
    env.iter()
        .map(|(name, value)| format!("{name}='{}'\n", value.replace('\'', r"'\''")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_with_quotes_survive_a_shell() {
        let env = BTreeMap::from([("A".to_owned(), "it's".to_owned()), ("B".to_owned(), "x y".to_owned())]);
        assert_eq!(env_text(&env), "A='it'\\''s'\nB='x y'\n");
    }

    #[tokio::test]
    async fn contradicting_options_are_refused() {
        let twice = vec![
            ServiceSpec::new(ServiceKind::Amazon),
            ServiceSpec::new(ServiceKind::Amazon),
        ];
        for (options, message) in [
            (SimOptions::default(), "at least one service"),
            (
                SimOptions {
                    services: twice,
                    ..SimOptions::default()
                },
                "named twice",
            ),
        ] {
            let error = start(options).await.unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
