//! The manifest: what was moved, with the ids and hashes of both sides, sealed with its own hash.

use std::path::Path;

use photomove_core::Result;
use photomove_migrate::{Accounting, ItemRecord};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::out::Out;
use super::{Subject, json as json_form, records};
use crate::text;

/// Form of the manifest; counted up when a field loses its meaning.
pub(super) const VERSION: u32 = 1;

/// A manifest on its way, with the hash of all that was written.
struct Sealed {
    out: Out,
    hash: Sha256,
}

impl Sealed {
    fn line(&mut self, object: &Value) -> Result<()> {
        let line = format!("{object}\n");
        self.hash.update(line.as_bytes());
        self.out.put(line.as_bytes())
    }
}

/// Writes all files of the job.
pub(super) async fn write(subject: &Subject<'_>, path: &Path) -> Result<()> {
    let status = &subject.overview.status;
    let mut sealed = Sealed {
        out: Out::open(subject.app, Some(path))?,
        hash: Sha256::new(),
    };
    sealed.line(&json!({
        "type": "manifest",
        "version": VERSION,
        "photomove": env!("CARGO_PKG_VERSION"),
        "job": status.id,
        "source": status.source,
        "target": status.target,
        "written_at": subject.app.clock.now(),
    }))?;
    let mut counts = Counts::default();
    subject
        .items(|item| {
            counts.add(item);
            sealed.line(&object(item))
        })
        .await?;
    let Sealed { mut out, hash } = sealed;
    let end = json!({ "type": "end", "files": counts.files, "outcomes": counts.outcomes(), "sha256": records::hex(&hash.finalize()) });
    out.line(&end.to_string())?;
    if let Some(path) = out.finish()? {
        subject.app.printer.talk(&format!(
            "manifest: {} ({})",
            path.display(),
            text::counted(counts.files, "file")
        ));
    }
    Ok(())
}

/// What was written: the journal may go on meanwhile.
#[derive(Default)]
struct Counts {
    files: u64,
    sums: Accounting,
}

impl Counts {
    fn add(&mut self, item: &ItemRecord) {
        use photomove_migrate::Outcome;
        self.files += 1;
        let sums = &mut self.sums;
        let place = match item.outcome {
            Some(Outcome::Verified) => &mut sums.verified,
            Some(Outcome::Unverifiable) => &mut sums.unverifiable,
            Some(Outcome::AlreadyThere) => &mut sums.already_there,
            Some(Outcome::Skipped) => &mut sums.skipped,
            Some(Outcome::Failed) => &mut sums.failed,
            None => &mut sums.waiting,
        };
        place.count += 1;
        place.bytes += item.size_bytes.unwrap_or(0);
    }

    fn outcomes(&self) -> Value {
        let sums = &self.sums;
        json!({
            "verified": sums.verified, "unverifiable": sums.unverifiable, "already_there": sums.already_there,
            "skipped": sums.skipped, "failed": sums.failed, "waiting": sums.waiting,
        })
    }
}

fn object(item: &ItemRecord) -> Value {
    let sums = &item.checksums;
    let albums: Vec<&str> = item
        .albums
        .iter()
        .filter(|album| album.filed)
        .map(|album| album.title.as_str())
        .collect();
    json!({
        "type": "item",
        "asset": item.asset,
        "destination": item.destination.as_ref().map(|id| id.as_str()),
        "name": item.name,
        "role": records::role(item.role),
        "size_bytes": item.size_bytes,
        "md5": sums.md5_hex(),
        "sha1": sums.sha1_hex(),
        "sha256": sums.sha256.map(|hash| records::hex(&hash)),
        "outcome": records::outcome(item.outcome),
        "evidence": json_form::evidence(item),
        "albums": albums,
    })
}
