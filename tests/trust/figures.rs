//! Sizes, seeds and figures: what a scenario runs at, how it is replayed, and what it showed.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use photomove::core::{Clock, SystemClock};
use serde_json::{Value, json};

/// Set to `full` for the sizes of docs/reliability.md.
const PROVE: &str = "PHOTOMOVE_PROVE";
/// Replaces the seed of every scenario.
const SEED: &str = "PHOTOMOVE_SEED";

/// Says whether this is a run at full size.
pub fn full() -> bool {
    std::env::var(PROVE).is_ok_and(|value| value == "full")
}

/// Picks the size of a scenario.
pub fn size<T>(ci: T, at_full: T) -> T {
    if full() { at_full } else { ci }
}

/// A scenario under way. If it fails, it says how to replay it.
#[derive(Debug)]
pub struct Scenario {
    test: &'static str,
    /// Decides everything random in the scenario.
    pub seed: u64,
}

impl Scenario {
    /// Begins the scenario of a test, named as the test harness names it. The seed is the one of `PHOTOMOVE_SEED`, else
    /// `seed`.
    pub fn begin(test: &'static str, seed: u64) -> Self {
        let seed = match std::env::var(SEED) {
            Ok(text) => text.trim().parse().expect("PHOTOMOVE_SEED is a number"),
            Err(_) => seed,
        };
        Self { test, seed }
    }

    /// Prints a figure and, at full size, keeps it for the table of docs/reliability.md.
    pub fn figure(&self, name: &str, value: impl Into<Value>, note: &str) {
        let value = value.into();
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let comment = if note.is_empty() {
            String::new()
        } else {
            format!(" ({note})")
        };
        say(&format!("figure: {name}: {shown}{comment}"));
        let line = json!({
            "figure": name, "value": value, "note": note, "scenario": self.test, "seed": self.seed,
            "size": size("ci", "full"),
        });
        if full() {
            keep(&line).expect("the figure is kept");
        }
    }

    fn replay(&self) -> String {
        // The same build as this one: memory is measured with the plain release build.
        let profile = match (cfg!(debug_assertions), full()) {
            (true, false) => "",
            (true, true) => "--profile prove ",
            (false, _) => "--release ",
        };
        let prove = size("", "PHOTOMOVE_PROVE=full ");
        format!(
            "{prove}{SEED}={} cargo test {profile}--test trust {} -- --exact --nocapture",
            self.seed, self.test
        )
    }
}

impl Drop for Scenario {
    fn drop(&mut self) {
        if std::thread::panicking() {
            say(&format!("replay: {}", self.replay()));
        }
    }
}

/// Writes to the real stderr: the harness shows what it catches only of tests that fail.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Where figures are kept: `prove` in the target folder.
fn figures_dir() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_photomove"));
    let target = program
        .ancestors()
        .nth(2)
        .expect("the program lies in the target folder");
    target.join("prove")
}

/// Adds a figure to `figures.jsonl` and writes the table of all anew.
fn keep(line: &Value) -> std::io::Result<()> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = figures_dir();
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("figures.jsonl");
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&path)?;
    file.write_all(format!("{line}\n").as_bytes())?;
    std::fs::write(folder.join("figures.md"), table(&std::fs::read_to_string(&path)?))
}

/// The table for docs/reliability.md; of a figure that was taken several times, the last one.
fn table(lines: &str) -> String {
    let mut figures: Vec<(String, String)> = Vec::new();
    for line in lines
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
    {
        let text = |name: &str| {
            line[name]
                .as_str()
                .map_or_else(|| line[name].to_string(), str::to_owned)
        };
        let note = text("note");
        let row = format!("| {} | {} | {note} |\n", text("figure"), text("value"));
        figures.retain(|(name, _)| *name != text("figure"));
        figures.push((text("figure"), row));
    }
    figures.sort();
    let rows: String = figures.into_iter().map(|(_, row)| row).collect();
    format!("{}\n\n| figure | value | note |\n|---|---|---|\n{rows}", machine())
}

/// Machine and date in a line.
fn machine() -> String {
    let read = |path: &str, key: &str| -> Option<String> {
        let text = std::fs::read_to_string(path).ok()?;
        let line = text.lines().find(|line| line.starts_with(key))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let processor = read("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let memory = read("/proc/meminfo", "MemTotal").map_or_else(String::new, |memory| format!(", {memory} of memory"));
    let date = SystemClock.now().strftime("%Y-%m-%d").to_string();
    format!(
        "{} ({}), {cores} cores{memory}, {date}",
        processor,
        std::env::consts::OS
    )
}

/// Numbers that look random and are the same for the same seed.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// SplitMix64: small, and good enough to choose moments.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `from` up to, not including, `to`.
    pub fn within(&mut self, from: u64, to: u64) -> u64 {
        from + self.next() % (to - from)
    }
}
