//! Says whether photos are safe: from the journal and from what the stand-ins hold, without the engine's own sums.
//!
//! | rule | what it asks |
//! |---|---|
//! | lost | each photo of the source is at the target, or its outcome says why not |
//! | doubled | the target has each content once, each album once, and nothing that the source has not |
//! | bytes | what the journal calls arrived is there with the same size and hash |
//! | albums | the members of each album are those of the source |
//! | outcome | one outcome each, no intent open, the sums of `photomove status` are right |
//! | journal | the file opens, is sound, and only its owner can read it |
//! | secret | no cookie, token or client secret in an output or a file that is not meant for it |
//! | stray | nothing is written outside the state folder |
//! | route | no request that the service does not have, and no credential at a host that is not to see it |

mod books;
mod shelves;
mod traces;

use std::fmt;

use photomove_sim::{ServiceKind, Sims};

use crate::ground::Ground;

pub use books::Books;

/// What was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    Lost,
    Doubled,
    Bytes,
    Albums,
    Outcome,
    Journal,
    Secret,
    Stray,
    Route,
}

/// Everything that is not as it should be.
#[derive(Debug, Default)]
pub struct Findings(Vec<(Rule, String)>);

impl Findings {
    pub fn add(&mut self, rule: Rule, what: impl Into<String>) {
        self.0.push((rule, what.into()));
    }

    /// Adds unless `holds`.
    pub fn check(&mut self, rule: Rule, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.add(rule, what());
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Fails with all findings if there is one.
    #[track_caller]
    pub fn assert_none(&self) {
        assert!(self.is_empty(), "the checker found:\n{self}");
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (rule, what) in self.0.iter().take(20) {
            writeln!(f, "  {rule:?}: {what}")?;
        }
        match self.0.len().checked_sub(20).filter(|more| *more > 0) {
            Some(more) => writeln!(f, "  and {more} more"),
            None => Ok(()),
        }
    }
}

/// Checks all rules after a run of the real program that finished its job.
pub async fn finished(ground: &Ground) -> Findings {
    let mut findings = finished_in(&ground.sims, &ground.journal()).await;
    status(ground, &mut findings).await;
    traces::check(ground, &mut findings);
    findings
}

/// Checks what the program itself says and leaves behind, whatever it moved from and to; not what lies at the target.
pub async fn aftermath(ground: &Ground) -> Findings {
    let mut findings = Findings::default();
    match Books::read(&ground.journal()) {
        Ok(books) => books.check_finished(&mut findings),
        Err(error) => findings.add(Rule::Journal, error.to_string()),
    }
    status(ground, &mut findings).await;
    traces::check(ground, &mut findings);
    for line in ground.sims.unknown_requests() {
        findings.add(Rule::Route, format!("{} {}", line.method, line.path));
    }
    findings
}

/// Checks what journal and stand-ins say after a job was finished, whoever ran it.
pub async fn finished_in(sims: &Sims, journal: &std::path::Path) -> Findings {
    let mut findings = Findings::default();
    match Books::read(journal) {
        Ok(books) => {
            books.check_finished(&mut findings);
            shelves::check(sims, &books, &mut findings).await;
        }
        Err(error) => findings.add(Rule::Journal, error.to_string()),
    }
    routes(sims, &mut findings);
    findings
}

/// Checks what must hold at any moment, also after a kill: nothing doubled, the journal sound.
pub async fn at_any_moment(ground: &Ground) -> Findings {
    let mut findings = Findings::default();
    if ground.journal().exists() {
        match Books::read(&ground.journal()) {
            Ok(books) => books.check_sound(&mut findings),
            Err(error) => findings.add(Rule::Journal, error.to_string()),
        }
    }
    shelves::check_doubled(&ground.sims, &mut findings).await;
    routes(&ground.sims, &mut findings);
    findings
}

fn routes(sims: &Sims, findings: &mut Findings) {
    for line in sims.unknown_requests() {
        findings.add(Rule::Route, format!("{} {}", line.method, line.path));
    }
    // Hosts of each service that may see its credentials.
    let trusted = [
        (SOURCE, &["metadata", "content", "download", "thumbnail"][..]),
        (TARGET, &["library", "userinfo", "oauth2"][..]),
    ];
    for (kind, hosts) in trusted {
        let lines = sims.service(kind).expect("started").shared().log.lines();
        for line in lines.iter().filter(|line| !hosts.contains(&line.origin.as_str())) {
            findings.check(Rule::Route, line.credentials.is_empty(), || {
                format!("{} got {}", line.origin, line.credentials.join(", "))
            });
        }
    }
}

/// `photomove status` works and says the same as the checker's own count.
async fn status(ground: &Ground, findings: &mut Findings) {
    let output = ground.run(&["status", "--json"]).await;
    if output.code != Some(0) {
        findings.add(Rule::Journal, format!("`photomove status` failed: {}", output.text()));
        return;
    }
    let lines = output
        .stdout
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let jobs: Vec<_> = lines.filter(|line| line["type"] == "job").collect();
    let Ok(books) = Books::read(&ground.journal()) else {
        return;
    };
    let told = |name: &str| -> u64 {
        let counts = jobs
            .iter()
            .filter_map(|job| job["job"]["accounting"][name]["count"].as_u64());
        counts.sum()
    };
    for (name, counted) in books.sums() {
        findings.check(Rule::Outcome, told(name) == counted, || {
            format!(
                "`photomove status` says {} {name}, the journal has {counted}",
                told(name)
            )
        });
    }
    findings.check(Rule::Outcome, told("waiting") == 0, || {
        "`photomove status` says that some wait".to_owned()
    });
}

/// Kinds of the two sides.
pub const SOURCE: ServiceKind = ServiceKind::Amazon;
pub const TARGET: ServiceKind = ServiceKind::Google;
