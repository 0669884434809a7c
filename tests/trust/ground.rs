//! Stand-ins in this process, the built program in others, and everything that those leave behind.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::figures::size;
use photomove_sim::{Counts, RequestLine, Service, ServiceKind, ServiceSpec, SimClock, SimOptions, Sims};

/// A run that takes longer than this hangs.
fn hangs() -> Duration {
    size(Duration::from_secs(300), Duration::from_secs(4 * 3600))
}

/// In hurry, the clock of the stand-ins is moved by this much …
const HURRY_BY: Duration = Duration::from_millis(500);
/// … this often.
const HURRY_EVERY: Duration = Duration::from_millis(10);
/// Looks at a running program this often.
const LOOK: Duration = Duration::from_millis(2);

/// What a run left.
#[derive(Debug)]
pub struct Output {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    /// Both streams, for searching.
    pub fn text(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }

    /// Fails with everything the program said unless it ended with this code.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        let Self { stdout, stderr, .. } = &self;
        assert_eq!(self.code, Some(code), "stdout:\n{stdout}\nstderr:\n{stderr}");
        self
    }
}

/// Stand-ins, and a home for the program that is its whole world.
pub struct Ground {
    pub sims: Sims,
    /// The clock of all stand-ins.
    pub clock: SimClock,
    folder: tempfile::TempDir,
    env: Mutex<BTreeMap<String, String>>,
    runs: AtomicU64,
    hurry: Mutex<Option<tokio::task::JoinHandle<()>>>,
    /// What lay in the home before the program ran.
    found: BTreeSet<PathBuf>,
}

/// Amazon first, Google second, nothing in either, one clock for both.
pub fn options() -> SimOptions {
    let mut options = SimOptions {
        services: vec![
            ServiceSpec::new(ServiceKind::Amazon),
            ServiceSpec::new(ServiceKind::Google),
        ],
        control: true,
        clock: Some(SimClock::real()),
        ..SimOptions::default()
    };
    // Half a minute's wait for a minute's quota would be a sleep in real time.
    options.google.writes_per_minute = None;
    options.google.requests_per_day = None;
    options
}

impl Ground {
    /// Starts stand-ins; `options` come from [`options`].
    pub async fn start(options: SimOptions) -> Self {
        let clock = options.clock.clone().expect("one clock for all");
        let sims = photomove_sim::start(options).await.expect("stand-ins start");
        let folder = tempfile::tempdir().expect("temporary folder");
        for name in ["home", "tmp", "work", "out"] {
            std::fs::create_dir(folder.path().join(name)).expect("folder");
        }
        let mut env = sims.env().clone();
        for limit in ["WRITES_PER_MINUTE", "REQUESTS_PER_DAY"] {
            env.insert(format!("PHOTOMOVE_GOOGLE_{limit}"), "1000000000".to_owned());
        }
        let mut ground = Self {
            sims,
            clock,
            folder,
            env: Mutex::new(env),
            runs: AtomicU64::new(0),
            hurry: Mutex::default(),
            found: BTreeSet::new(),
        };
        ground.found = ground.outside();
        ground
    }

    pub fn state_dir(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    pub fn journal(&self) -> PathBuf {
        self.state_dir().join("journal.db")
    }

    /// The folder with what the program printed, one file per run and stream.
    pub fn outputs(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    /// A place for files of the test itself, which the program does not know.
    pub fn aside(&self, name: &str) -> PathBuf {
        self.folder.path().join("out").join(name)
    }

    /// Sets or replaces an environment variable of later runs.
    pub fn set(&self, name: &str, value: impl Into<String>) {
        self.env
            .lock()
            .expect("unpoisoned")
            .insert(name.to_owned(), value.into());
    }

    /// Takes a variable away from later runs.
    pub fn unset(&self, name: &str) {
        self.env.lock().expect("unpoisoned").remove(name);
    }

    /// Lets later runs take their time from the stand-ins' clock.
    pub fn share_clock(&self) {
        // All have the same clock, so that any will do.
        let mut env = self.sims.env().iter();
        let (_, control) = env
            .find(|(name, _)| name.ends_with("_CONTROL"))
            .expect("control routes are open");
        self.set("PHOTOMOVE_CLOCK_URL", format!("{control}/clock"));
    }

    /// Lets the stand-ins' time pass fifty times as fast, so that nobody waits for pauses in real time.
    pub fn hurry(&self) {
        let clock = self.clock.clone();
        let task = tokio::spawn(async move {
            loop {
                tokio::time::sleep(HURRY_EVERY).await;
                clock.advance(HURRY_BY);
            }
        });
        if let Some(before) = self.hurry.lock().expect("unpoisoned").replace(task) {
            before.abort();
        }
    }

    /// Everything in the program's home, temporary and working folder.
    pub fn outside(&self) -> BTreeSet<PathBuf> {
        let mut found = BTreeSet::new();
        for name in ["home", "tmp", "work"] {
            found.extend(below(&self.folder.path().join(name)));
        }
        found
    }

    /// What was in [`Ground::outside`] before the first run.
    pub fn found(&self) -> &BTreeSet<PathBuf> {
        &self.found
    }

    /// All files of the state folder.
    pub fn state_files(&self) -> BTreeSet<PathBuf> {
        below(&self.state_dir())
    }

    /// Runs the program to its end.
    pub async fn run(&self, args: &[&str]) -> Output {
        self.spawn(args).ended().await
    }

    /// Moves everything.
    pub async fn migrate(&self) -> Output {
        self.run(&["amazon", "google", "--yes"]).await
    }

    /// Starts the program.
    pub fn spawn(&self, args: &[&str]) -> Run {
        self.spawn_as(Command::new(env!("CARGO_BIN_EXE_photomove")), args)
    }

    /// Starts the program by another command, which must end in its arguments.
    pub fn spawn_as(&self, mut command: Command, args: &[&str]) -> Run {
        let number = self.runs.fetch_add(1, Ordering::SeqCst);
        let (stdout, stderr) = (
            self.aside(&format!("{number}.out")),
            self.aside(&format!("{number}.err")),
        );
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("PHOTOMOVE_") || text.starts_with("XDG_") || text == "RUST_LOG" {
                command.env_remove(&name);
            }
        }
        let at = |name: &str| self.folder.path().join(name);
        let child = command
            .args(args)
            .env("HOME", at("home"))
            .env("USERPROFILE", at("home"))
            .env("APPDATA", at("home"))
            .env("LOCALAPPDATA", at("home"))
            .env("TMPDIR", at("tmp"))
            .env("TEMP", at("tmp"))
            .env("TMP", at("tmp"))
            .env("PHOTOMOVE_STATE_DIR", self.state_dir())
            .env("NO_COLOR", "1")
            .envs(&*self.env.lock().expect("unpoisoned"))
            .current_dir(at("work"))
            .stdin(Stdio::null())
            .stdout(File::create(&stdout).expect("file for stdout"))
            .stderr(File::create(&stderr).expect("file for stderr"))
            .spawn()
            .expect("the program starts");
        Run { child, stdout, stderr }
    }

    /// Replaces the fault plan of Google's stand-in by rules in JSON.
    pub fn google_faults(&self, rules: &serde_json::Value) {
        let rules = photomove_sim::parse_faults(&rules.to_string()).expect("a plan");
        self.google().shared().faults.replace(rules);
    }

    pub fn amazon(&self) -> &dyn Service {
        self.sims.service(ServiceKind::Amazon).expect("started").as_ref()
    }

    pub fn google(&self) -> &dyn Service {
        self.sims.service(ServiceKind::Google).expect("started").as_ref()
    }

    pub fn google_counts(&self) -> Counts {
        self.google().shared().counters.counts()
    }

    pub fn amazon_counts(&self) -> Counts {
        self.amazon().shared().counters.counts()
    }

    pub fn google_requests(&self) -> Vec<RequestLine> {
        self.google().shared().log.lines()
    }

    /// Requests that both stand-ins have got.
    pub fn requests(&self) -> u64 {
        self.google_counts().requests + self.amazon_counts().requests
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        if let Some(task) = self.hurry.get_mut().ok().and_then(Option::take) {
            task.abort();
        }
    }
}

/// How often an operation was asked for.
pub fn count(counts: &Counts, operation: &str) -> u64 {
    counts.by_operation.get(operation).copied().unwrap_or(0)
}

/// Files and folders below a folder; none if it is not there.
pub fn below(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let Ok(entries) = std::fs::read_dir(folder) else {
        return found;
    };
    for entry in entries {
        // Files of a program that runs may go while they are listed.
        let Ok(entry) = entry else { continue };
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(below(&entry.path()));
        }
        found.insert(entry.path());
    }
    found
}

/// A run of the program that is under way. Dropped, it is killed.
pub struct Run {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Run {
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Says whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("the child can be asked").is_some()
    }

    /// Waits until `condition` holds; `false` if the program ends before.
    pub async fn until(&mut self, mut condition: impl FnMut() -> bool) -> bool {
        let began = tokio::time::Instant::now();
        loop {
            if self.has_ended() {
                return false;
            }
            if condition() {
                return true;
            }
            assert!(began.elapsed() < hangs(), "the program hangs: {:?}", self.said());
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Ends it as a power cut would (SIGKILL where there are signals).
    pub fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("reaped");
    }

    /// Waits for its end.
    pub async fn ended(mut self) -> Output {
        self.until(|| false).await;
        let status = self.child.wait().expect("reaped");
        self.output(status)
    }

    /// What it has printed so far.
    pub fn said(&self) -> (String, String) {
        let read = |path| String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned();
        (read(&self.stdout), read(&self.stderr))
    }

    fn output(&self, status: ExitStatus) -> Output {
        let (stdout, stderr) = self.said();
        Output {
            code: status.code(),
            stdout,
            stderr,
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
