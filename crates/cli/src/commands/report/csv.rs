//! The report as a table: one row per file.

use photomove_core::{Error, ErrorKind, Result};
use photomove_migrate::ItemRecord;

use super::out::Out;
use super::{Subject, records};
use crate::remedy;

/// Names of the columns; `json.md` says what is in them.
pub(super) const COLUMNS: [&str; 18] = [
    "job",
    "asset",
    "albums",
    "name",
    "kind",
    "role",
    "size_bytes",
    "md5",
    "sha1",
    "taken",
    "outcome",
    "reason_kind",
    "reason",
    "remedy",
    "destination",
    "evidence",
    "evidence_detail",
    "attempts",
];

/// Between the titles of albums.
const BETWEEN: &str = " | ";

/// Writes all files of the job.
pub(super) async fn write(subject: &Subject<'_>, out: &mut Out) -> Result<()> {
    let mut table = ::csv::Writer::from_writer(out);
    table.write_record(COLUMNS).map_err(unwritten)?;
    subject
        .items(|item| table.write_record(row(item)).map_err(unwritten))
        .await?;
    table.flush().map_err(|error| unwritten(error.into()))
}

fn row(item: &ItemRecord) -> [String; COLUMNS.len()] {
    let titles: Vec<&str> = item.albums.iter().map(|album| album.title.as_str()).collect();
    let (kind, reason, what_to_do) = match &item.reason {
        Some(reason) => (
            reason.kind.as_str(),
            reason.message.as_str(),
            remedy::remedy(&reason.kind),
        ),
        None => ("", "", ""),
    };
    let evidence = item.evidence.as_ref();
    [
        item.job.0.to_string(),
        defused(&item.asset),
        defused(&titles.join(BETWEEN)),
        defused(&item.name),
        records::kind(item.kind).to_owned(),
        records::role(item.role).to_owned(),
        item.size_bytes.map(|size| size.to_string()).unwrap_or_default(),
        item.checksums.md5_hex().unwrap_or_default(),
        item.checksums.sha1_hex().unwrap_or_default(),
        item.taken.as_ref().map(records::taken).unwrap_or_default(),
        records::outcome(item.outcome).to_owned(),
        kind.to_owned(),
        defused(reason),
        what_to_do.to_owned(),
        defused(item.destination.as_ref().map_or("", |id| id.as_str())),
        evidence.map(|found| found.level.clone()).unwrap_or_default(),
        defused(evidence.and_then(|found| found.detail.as_deref()).unwrap_or_default()),
        item.attempts.to_string(),
    ]
}

/// A text that a spreadsheet shows and does not calculate: what would be a formula begins with an apostrophe.
fn defused(text: &str) -> String {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

fn unwritten(error: ::csv::Error) -> Error {
    Error::new(ErrorKind::Config, "the table cannot be written")
        .source(error)
        .hint("name another file, or make room")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_defused_and_other_texts_stay() {
        for dangerous in ["=1+1", "+1", "-2", "@SUM(A1)", "\tx", "\rx"] {
            assert_eq!(defused(dangerous), format!("'{dangerous}"));
        }
        for plain in ["IMG-1.jpg", "a=b", "", " =1", "京都.jpg"] {
            assert_eq!(defused(plain), plain);
        }
    }

    #[test]
    fn every_column_is_documented() {
        let documented = include_str!("../../json.md");
        for column in COLUMNS {
            assert!(documented.contains(&format!("`{column}`")), "{column}");
        }
    }
}
