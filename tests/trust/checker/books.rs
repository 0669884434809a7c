//! The journal as anybody can read it: plain SQL over the file, none of the engine's code.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rusqlite::{Connection, OpenFlags, Row};

use super::{Findings, Rule};

/// A part of an asset and what became of it.
#[derive(Debug, Clone)]
pub struct Part {
    /// Id of the asset at the source.
    pub asset: String,
    pub name: String,
    /// Why it was left out.
    pub skipped: Option<String>,
    pub upload: Option<i64>,
}

/// One content on its way.
#[derive(Debug, Clone)]
pub struct Upload {
    pub id: i64,
    pub state: String,
    pub sha1: Option<String>,
    pub token: Option<String>,
    /// Milliseconds since 1970.
    pub token_until: Option<i64>,
    pub dest: Option<String>,
    pub error: Option<String>,
}

impl Upload {
    /// Whether the journal says that it is at the target.
    pub fn arrived(&self) -> bool {
        matches!(self.state.as_str(), "verified" | "unverifiable" | "already_there")
    }
}

/// An item's place in an album.
#[derive(Debug, Clone)]
pub struct Filing {
    pub title: String,
    pub upload: i64,
    pub state: String,
    pub reason: Option<String>,
}

/// An act that was written down before it was done.
#[derive(Debug, Clone)]
pub struct Intent {
    pub id: i64,
    pub kind: String,
    pub open: bool,
    pub uploads: Vec<i64>,
}

/// Everything of the journal that matters here.
#[derive(Debug, Default)]
pub struct Books {
    pub jobs: Vec<String>,
    pub assets: Vec<String>,
    pub parts: Vec<Part>,
    pub uploads: BTreeMap<i64, Upload>,
    pub filings: Vec<Filing>,
    pub intents: Vec<Intent>,
    /// What SQLite itself finds wrong.
    pub unsound: Vec<String>,
}

impl Books {
    /// Reads the file without changing it.
    pub fn read(path: &Path) -> rusqlite::Result<Self> {
        let c = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        c.busy_timeout(std::time::Duration::from_secs(10))?;
        let tables: i64 = c.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if tables == 0 {
            // Killed before the first transaction.
            return Ok(Self::default());
        }
        // One snapshot of all tables, also beside a program that writes.
        c.execute_batch("BEGIN")?;
        let mut unsound = all(&c, "PRAGMA integrity_check", |row| row.get::<_, String>(0))?;
        unsound.retain(|line| line != "ok");
        unsound.extend(all(&c, "PRAGMA foreign_key_check", |row| {
            Ok(format!("a row of `{}` refers to nothing", row.get::<_, String>(0)?))
        })?);
        let mut intents = all(
            &c,
            "SELECT id, kind, closed_at IS NULL FROM intent ORDER BY id",
            |row| {
                Ok(Intent {
                    id: row.get(0)?,
                    kind: row.get(1)?,
                    open: row.get(2)?,
                    uploads: Vec::new(),
                })
            },
        )?;
        let items = all(
            &c,
            "SELECT intent, upload FROM intent_item WHERE upload IS NOT NULL",
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
        )?;
        for intent in &mut intents {
            let own = items.iter().filter(|(id, _)| *id == intent.id);
            intent.uploads = own.map(|(_, upload)| *upload).collect();
        }
        Ok(Self {
            jobs: all(&c, "SELECT state FROM job", |row| row.get(0))?,
            assets: all(&c, "SELECT source_id FROM asset", |row| row.get(0))?,
            parts: all(
                &c,
                "SELECT a.source_id, p.name, p.skipped, p.upload FROM part p JOIN asset a ON a.id=p.asset",
                part,
            )?,
            uploads: all(
                &c,
                "SELECT id, state, lower(hex(sha1)), token, token_until, dest_id, error FROM upload",
                upload,
            )?
            .into_iter()
            .map(|upload| (upload.id, upload))
            .collect(),
            filings: all(
                &c,
                "SELECT b.title, f.upload, f.state, f.reason FROM filing f JOIN album b ON b.id=f.album",
                filing,
            )?,
            intents,
            unsound,
        })
    }

    /// Uploads whose bytes were on their way, or may have been.
    pub fn in_flight(&self) -> u64 {
        self.intents
            .iter()
            .filter(|intent| intent.open && intent.kind == "stage")
            .count() as u64
    }

    pub fn open_intents(&self) -> usize {
        self.intents.iter().filter(|intent| intent.open).count()
    }

    /// Whether a run would find something to do.
    pub fn has_open_work(&self) -> bool {
        let upload_waits = |upload: &Upload| !upload.arrived() && upload.state != "failed";
        self.jobs.is_empty()
            || self.jobs.iter().any(|state| state != "finished")
            || self.uploads.values().any(upload_waits)
    }

    /// How many parts ended in what, under the names of `photomove status`.
    pub fn sums(&self) -> BTreeMap<&'static str, u64> {
        let names = [
            "found",
            "verified",
            "unverifiable",
            "already_there",
            "skipped",
            "failed",
        ];
        let mut sums: BTreeMap<&'static str, u64> = names.into_iter().map(|name| (name, 0)).collect();
        for part in &self.parts {
            let state = part
                .upload
                .and_then(|id| self.uploads.get(&id))
                .map(|upload| upload.state.as_str());
            let ended = if part.skipped.is_some() { Some("skipped") } else { state };
            for name in [Some("found"), ended].into_iter().flatten() {
                if let Some(sum) = sums.get_mut(name) {
                    *sum += 1;
                }
            }
        }
        sums
    }

    /// Checks what a journal must say after a run that finished its job.
    pub fn check_finished(&self, findings: &mut Findings) {
        self.check_sound(findings);
        for state in &self.jobs {
            findings.check(Rule::Outcome, state == "finished", || format!("a job is {state}"));
        }
        for intent in self.intents.iter().filter(|intent| intent.open) {
            findings.add(Rule::Outcome, format!("intent {} ({}) is open", intent.id, intent.kind));
        }
        for part in &self.parts {
            if let Some(wrong) = self.outcome_fault(part) {
                findings.add(Rule::Outcome, format!("{}: {wrong}", part.name));
            }
        }
        for filing in &self.filings {
            let settled = match filing.state.as_str() {
                "filed" => true,
                "unfiled" => filing.reason.as_ref().is_some_and(|reason| !reason.is_empty()),
                // Whoever did not arrive cannot be in an album.
                _ => self.uploads.get(&filing.upload).is_some_and(|upload| !upload.arrived()),
            };
            findings.check(Rule::Outcome, settled, || {
                format!("a place in `{}` is {} at the end", filing.title, filing.state)
            });
        }
    }

    /// Checks what SQLite says about the file.
    pub fn check_sound(&self, findings: &mut Findings) {
        for line in &self.unsound {
            findings.add(Rule::Journal, line);
        }
    }

    /// Says what is wrong with the outcome of a part.
    fn outcome_fault(&self, part: &Part) -> Option<String> {
        match (&part.skipped, part.upload) {
            (Some(reason), None) if !reason.is_empty() => None,
            (Some(_), None) => Some("skipped without a reason".to_owned()),
            (None, Some(id)) => {
                let Some(upload) = self.uploads.get(&id) else {
                    return Some("its upload is not there".to_owned());
                };
                let unsaid = upload.error.as_ref().is_none_or(String::is_empty);
                match upload.state.as_str() {
                    "failed" if unsaid => Some("failed without a reason".to_owned()),
                    "failed" => None,
                    _ if upload.arrived() => None,
                    other => Some(format!("is {other} at the end")),
                }
            }
            _ => Some("has no outcome, or two".to_owned()),
        }
    }

    /// Why uploads are not where they should be, each reason once.
    pub fn complaints(&self) -> Vec<String> {
        let reasons: BTreeSet<_> = self
            .uploads
            .values()
            .filter_map(|upload| upload.error.clone())
            .collect();
        reasons.into_iter().collect()
    }

    /// Contents that arrived, by SHA-1.
    pub fn arrived(&self) -> BTreeSet<String> {
        let arrived = self.uploads.values().filter(|upload| upload.arrived());
        arrived.filter_map(|upload| upload.sha1.clone()).collect()
    }
}

fn part(row: &Row<'_>) -> rusqlite::Result<Part> {
    Ok(Part {
        asset: row.get(0)?,
        name: row.get(1)?,
        skipped: row.get(2)?,
        upload: row.get(3)?,
    })
}

fn upload(row: &Row<'_>) -> rusqlite::Result<Upload> {
    Ok(Upload {
        id: row.get(0)?,
        state: row.get(1)?,
        sha1: row.get::<_, Option<String>>(2)?.filter(|sha1| !sha1.is_empty()),
        token: row.get(3)?,
        token_until: row.get(4)?,
        dest: row.get(5)?,
        error: row.get(6)?,
    })
}

fn filing(row: &Row<'_>) -> rusqlite::Result<Filing> {
    Ok(Filing {
        title: row.get(0)?,
        upload: row.get(1)?,
        state: row.get(2)?,
        reason: row.get(3)?,
    })
}

fn all<T>(c: &Connection, sql: &str, read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>) -> rusqlite::Result<Vec<T>> {
    c.prepare(sql)?.query_map([], read)?.collect()
}
