//! The report as one object per line.

use photomove_core::Result;
use photomove_migrate::ItemRecord;
use serde_json::{Value, json};

use super::out::Out;
use super::{Subject, records};
use crate::remedy;

/// Writes the sums, the days, what was lost, the albums and all files.
pub(super) async fn write(subject: &Subject<'_>, out: &mut Out) -> Result<()> {
    let overview = &subject.overview;
    let status = &overview.status;
    let kinds: Vec<Value> = overview
        .kinds
        .iter()
        .map(|sum| json!({ "kind": records::kind(sum.kind), "accounting": sum.accounting }))
        .collect();
    out.line(
        &json!({ "type": "summary", "summary": {
            "job": status.id, "source": status.source, "target": status.target, "filters": status.filters, "state": status.state,
            "created_at": status.created_at, "pass": status.pass, "last_evidence": overview.last_evidence,
            "accounting": status.accounting, "kinds": kinds, "albums": overview.albums,
            "differences": overview.differences, "unreadable": overview.unreadable, "unlisted": overview.unlisted,
        }})
        .to_string(),
    )?;
    for day in &overview.days {
        out.line(&json!({ "type": "day", "day": day.day, "arrived": day.arrived }).to_string())?;
    }
    for loss in &overview.losses {
        out.line(
            &json!({ "type": "loss", "what": loss.what, "why": loss.why, "in_file": loss.in_file, "count": loss.count })
                .to_string(),
        )?;
    }
    subject
        .albums(u64::MAX, |album| {
            out.line(
                &json!({
                    "type": "album", "title": album.title, "open": album.open,
                    "reason": album.error.as_ref().map(|why| json!({ "kind": "album", "message": why })),
                    "places": album.places, "filed": album.filed, "unfiled": album.unfiled,
                })
                .to_string(),
            )
        })
        .await?;
    subject.items(|item| out.line(&object(item).to_string())).await
}

fn object(item: &ItemRecord) -> Value {
    let sums = &item.checksums;
    let albums: Vec<Value> = item
        .albums
        .iter()
        .map(|album| json!({ "title": album.title, "filed": album.filed }))
        .collect();
    json!({
        "type": "item",
        "job": item.job,
        "asset": item.asset,
        "name": item.name,
        "kind": records::kind(item.kind),
        "role": records::role(item.role),
        "size_bytes": item.size_bytes,
        "md5": sums.md5_hex(),
        "sha1": sums.sha1_hex(),
        "sha256": sums.sha256.map(|hash| records::hex(&hash)),
        "taken": item.taken.as_ref().map(records::taken),
        "albums": albums,
        "outcome": records::outcome(item.outcome),
        "reason": item.reason,
        "remedy": item.reason.as_ref().map(|reason| remedy::remedy(&reason.kind)),
        "destination": item.destination.as_ref().map(|id| id.as_str()),
        "evidence": evidence(item),
        "attempts": item.attempts,
        "copy": item.is_copy,
    })
}

/// What was found out at the destination, or null.
pub(super) fn evidence(item: &ItemRecord) -> Value {
    match &item.evidence {
        Some(found) => {
            json!({ "level": found.level, "result": found.result, "detail": found.detail, "at": found.at })
        }
        None => Value::Null,
    }
}
