//! Stand-ins in this process, the built program in another one.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use photomove_sim::{Counts, Fill, Library, RequestLine, ServiceKind, ServiceSpec, SimOptions, Sims};
use serde_json::Value;
use tempfile::TempDir;

/// What a run of the program left.
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
        assert_eq!(
            self.code,
            Some(code),
            "stdout:\n{}\nstderr:\n{}",
            self.stdout,
            self.stderr
        );
        self
    }
}

/// Running stand-ins and a state folder for the program.
pub struct Stage {
    pub sims: Sims,
    folder: TempDir,
    env: BTreeMap<String, String>,
}

impl Stage {
    /// Starts Amazon's and Google's stand-ins; `fill` is what Amazon holds.
    pub async fn new(fill: Fill) -> Self {
        Self::with(SimOptions {
            fill: Some(fill),
            ..Self::options()
        })
        .await
    }

    /// Amazon first, Google second, nothing in either.
    pub fn options() -> SimOptions {
        let mut options = SimOptions {
            services: vec![
                ServiceSpec::new(ServiceKind::Amazon),
                ServiceSpec::new(ServiceKind::Google),
            ],
            ..SimOptions::default()
        };
        // Waiting half a minute for a minute's quota would be a sleep in real time; its tests move a clock instead.
        options.google.writes_per_minute = None;
        options
    }

    pub async fn with(options: SimOptions) -> Self {
        let sims = photomove_sim::start(options).await.expect("stand-ins start");
        let folder = tempfile::tempdir().expect("temporary folder");
        let mut env = sims.env().clone();
        let state = folder.path().join("state").display().to_string();
        env.insert("PHOTOMOVE_STATE_DIR".to_owned(), state);
        Self { sims, folder, env }
    }

    /// Where the program keeps its journal and sign-ins.
    pub fn state_dir(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// A file or folder beside the state folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Sets or replaces one environment variable of later runs.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.env.insert(name.to_owned(), value.into());
    }

    /// Takes a variable away from later runs.
    pub fn unset(&mut self, name: &str) {
        self.env.remove(name);
    }

    /// Runs the program and waits for its end.
    pub async fn photomove(&self, args: &[&str]) -> Output {
        let program = Path::new(env!("CARGO_BIN_EXE_photomove")).to_owned();
        self.run(program, args).await
    }

    /// Runs an example of this package.
    pub async fn example(&self, name: &str, args: &[&str]) -> Output {
        let folder = Path::new(env!("CARGO_BIN_EXE_photomove"))
            .parent()
            .expect("target folder");
        let program = folder
            .join("examples")
            .join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        self.run(program, args).await
    }

    /// Starts the program and returns while it runs; its output goes nowhere.
    pub fn spawn(&self, args: &[&str]) -> Child {
        let mut command = self.command(Path::new(env!("CARGO_BIN_EXE_photomove")), args);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("the program starts")
    }

    /// The program, to be started in ways of a test's own.
    #[cfg_attr(not(unix), allow(dead_code, reason = "the tests of signals are Unix's"))]
    pub fn program(&self, args: &[&str]) -> Command {
        self.command(Path::new(env!("CARGO_BIN_EXE_photomove")), args)
    }

    /// Waits until Google's stand-in holds so many items; only a run that hangs lets it fail.
    #[cfg_attr(not(unix), allow(dead_code, reason = "the tests of signals are Unix's"))]
    pub async fn until_google_holds(&self, items: usize) {
        let arrived = async {
            while self.google_items().await.len() < items {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(120), arrived)
            .await
            .expect("items arrive");
    }

    /// Waits until Google's stand-in was asked for an operation.
    pub async fn until_google_got(&self, operation: &str) {
        let got = async {
            while count(&self.google_counts(), operation) == 0 {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(120), got)
            .await
            .expect("the request comes");
    }

    /// Moves the clock of Google's stand-in.
    pub fn advance_google(&self, by: std::time::Duration) {
        self.service(ServiceKind::Google).shared().clock.advance(by);
    }

    /// Runs a command that prints an address to open, opens it as a browser would, and hands the address it leads to
    /// over on the standard input as well, for commands that ask for it there.
    pub async fn photomove_in_browser(&self, args: &[&str]) -> Output {
        let mut command = self.command(Path::new(env!("CARGO_BIN_EXE_photomove")), args);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        tokio::task::spawn_blocking(move || {
            let mut child = command.spawn().expect("the program starts");
            let mut lines = BufReader::new(child.stderr.take().expect("piped"));
            let mut stderr = String::new();
            let address = loop {
                let start = stderr.len();
                if lines.read_line(&mut stderr).expect("readable") == 0 {
                    panic!("no address to open was printed:\n{stderr}");
                }
                if let Some(at) = stderr[start..].find("http://") {
                    break stderr[start + at..]
                        .split_whitespace()
                        .next()
                        .expect("address")
                        .to_owned();
                }
            };
            let landed = follow_redirect(&address);
            // Whoever listens on the loopback address answers; whoever reads the terminal gets the line below.
            let _ = visit(&landed);
            let _ = writeln!(child.stdin.take().expect("piped"), "{landed}");
            lines.read_to_string(&mut stderr).expect("readable");
            let output = child.wait_with_output().expect("ends");
            Output {
                code: output.status.code(),
                stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
                stderr,
            }
        })
        .await
        .expect("the waiting thread ends")
    }

    async fn run(&self, program: PathBuf, args: &[&str]) -> Output {
        let mut command = self.command(&program, args);
        let output = tokio::task::spawn_blocking(move || command.output())
            .await
            .expect("the waiting thread ends")
            .expect("the program starts");
        Output {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The program with the environment of this stage and nothing of photomove's from outside.
    fn command(&self, program: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PHOTOMOVE_") {
                command.env_remove(name);
            }
        }
        command
            .args(args)
            .env("NO_COLOR", "1")
            .envs(&self.env)
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    /// What Google's stand-in holds, one object per item.
    pub async fn google_items(&self) -> Vec<Value> {
        self.service(ServiceKind::Google).library_lines().await
    }

    /// What Amazon's stand-in holds, one object per item.
    pub async fn amazon_items(&self) -> Vec<Value> {
        self.service(ServiceKind::Amazon).library_lines().await
    }

    /// Google's albums, one object each.
    pub fn google_albums(&self) -> Vec<Value> {
        self.service(ServiceKind::Google).album_lines()
    }

    /// What Google's stand-in was asked so far.
    pub fn google_counts(&self) -> Counts {
        self.service(ServiceKind::Google).shared().counters.counts()
    }

    /// What Amazon's stand-in was asked so far.
    pub fn amazon_counts(&self) -> Counts {
        self.service(ServiceKind::Amazon).shared().counters.counts()
    }

    /// The requests that Amazon's stand-in got.
    pub fn amazon_requests(&self) -> Vec<RequestLine> {
        self.service(ServiceKind::Amazon).shared().log.lines()
    }

    /// The requests that Google's stand-in got.
    pub fn google_requests(&self) -> Vec<RequestLine> {
        self.service(ServiceKind::Google).shared().log.lines()
    }

    fn service(&self, kind: ServiceKind) -> &dyn photomove_sim::Service {
        self.sims.service(kind).expect("both services were started").as_ref()
    }

    /// Fails if a client asked for a route that the service does not have.
    #[track_caller]
    pub fn assert_no_unknown_requests(&self) {
        assert_eq!(self.sims.unknown_requests(), [], "a client asked for an unknown route");
    }
}

/// Opens an address without following where it leads.
pub fn visit(address: &str) -> std::io::Result<String> {
    let rest = address.strip_prefix("http://").expect("stand-ins speak plain HTTP");
    let (host, path) = rest.split_once('/').expect("a path");
    let mut stream = TcpStream::connect(host)?;
    write!(
        stream,
        "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply)?;
    Ok(reply)
}

/// Opens an address and returns the one it redirects to.
pub fn follow_redirect(address: &str) -> String {
    let reply = visit(address).expect("the consent page answers");
    let header = reply
        .lines()
        .find(|line| line.to_ascii_lowercase().starts_with("location:"));
    header.unwrap_or_else(|| panic!("no redirect: {reply}"))[9..]
        .trim()
        .to_owned()
}

/// How often an operation was asked for.
pub fn count(counts: &Counts, operation: &str) -> u64 {
    counts.by_operation.get(operation).copied().unwrap_or(0)
}

/// A small library of computed pictures.
pub fn synthetic(count: u64) -> Fill {
    Fill::Synthetic { count, bytes: 20_000 }
}

/// The same as a value, for tests that compare with it.
pub fn synthetic_library(count: u64) -> Library {
    Library::synthetic(count, 20_000, 1).expect("computed library")
}

/// The folder of real sample photos, or `None` after saying so; missing samples fail where they are required.
pub fn samples() -> Option<PathBuf> {
    let folder = std::env::var_os("PHOTOMOVE_SAMPLES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples/photos"),
        PathBuf::from,
    );
    if folder.is_dir() {
        return Some(folder);
    }
    skip_aloud("samples", &folder);
    None
}

/// Says on the real stderr, which the test harness cannot catch, that a test did not run.
pub fn skip_aloud(what: &str, folder: &Path) {
    let required = std::env::var("PHOTOMOVE_REQUIRE").unwrap_or_default();
    assert!(
        !required.split(',').any(|word| word.trim() == what),
        "PHOTOMOVE_REQUIRE asks for {what}, but {} is missing",
        folder.display()
    );
    let _ = writeln!(std::io::stderr(), "skipped: no {what} at {}", folder.display());
}
