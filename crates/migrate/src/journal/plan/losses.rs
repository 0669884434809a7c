//! What of a library cannot be kept, counted over its rows.

use photomove_core::{Fields, Result, SinkCaps};
use rusqlite::Connection;

use super::super::jobs::Job;
use super::super::rows::{number, one};
use super::super::unsigned;
use crate::Loss;

/// Says what cannot be kept: fields that the sink does not know, and texts that are too long for it.
pub(crate) fn losses(c: &Connection, job: Job, caps: &SinkCaps) -> Result<Vec<Loss>> {
    let kept = caps.on_create.union(caps.on_update);
    let mut losses = Vec::new();
    let lost: Vec<_> = all_fields().minus(kept).each().collect();
    let counts = with_fields(c, job.id, &lost)?;
    for ((field, name), count) in lost.into_iter().zip(counts) {
        let in_file = caps.reads_from_file.contains(field);
        let why = match in_file {
            true => "the destination reads it from the file, which is sent unchanged",
            false => "the destination has no place for it",
        };
        if count > 0 {
            losses.push(Loss {
                in_file,
                what: name.into(),
                why: why.into(),
                count: Some(count),
            });
        }
    }
    let mut push = |what: &str, why: &str, count: u64| {
        if count > 0 {
            losses.push(Loss {
                in_file: false,
                what: what.into(),
                why: why.into(),
                count: Some(count),
            });
        }
    };
    if let Some(max) = caps
        .texts
        .description_chars
        .filter(|_| kept.contains(Fields::DESCRIPTION))
    {
        let n = number(
            c,
            "SELECT count(*) FROM asset WHERE job=?1 AND length(metadata->>'$.description.value')>?2",
            (job.id, max),
        )?;
        push(
            "end of a description",
            &format!("the destination takes {max} characters"),
            unsigned(n),
        );
    }
    if let Some(max) = caps.texts.file_name_chars {
        let n = number(
            c,
            "SELECT count(*) FROM part p JOIN asset a ON a.id=p.asset WHERE a.job=?1 AND length(p.name)>?2",
            (job.id, max),
        )?;
        push(
            "end of a file name",
            &format!("the destination takes {max} characters"),
            unsigned(n),
        );
    }
    let albums = unsigned(number(
        c,
        "SELECT count(*) FROM album WHERE job=?1 AND slice=0",
        [job.id],
    )?);
    match &caps.albums {
        None => push("album", "the destination has no albums", albums),
        Some(album_caps) => {
            let max = album_caps.title_chars;
            let n = number(
                c,
                "SELECT count(*) FROM album WHERE job=?1 AND length(title)>?2",
                (job.id, max),
            )?;
            push(
                "end of an album title",
                &format!("the destination takes {max} characters"),
                unsigned(n),
            );
        }
    }
    Ok(losses)
}

fn all_fields() -> Fields {
    [
        Fields::TAKEN,
        Fields::TITLE,
        Fields::DESCRIPTION,
        Fields::KEYWORDS,
        Fields::PLACE,
        Fields::FAVOURITE,
        Fields::RATING,
        Fields::HIDDEN,
        Fields::ARCHIVED,
        Fields::PRIVATE,
        Fields::PEOPLE,
    ]
    .into_iter()
    .fold(Fields::NONE, Fields::union)
}

/// Counts, for each field, the assets where it holds something worth carrying, as `Metadata::fields` sees it. In one
/// pass: each text is parsed once for all fields.
fn with_fields(c: &Connection, job: i64, fields: &[(Fields, &str)]) -> Result<Vec<u64>> {
    if fields.is_empty() {
        return Ok(Vec::new());
    }
    let columns: Vec<_> = fields
        .iter()
        .map(|(field, _)| {
            let (path, test) = worth(*field);
            format!("count(*) FILTER(WHERE metadata->>'$.{path}' {test})")
        })
        .collect();
    let sql = format!("SELECT {} FROM asset WHERE job=?1", columns.join(","));
    let counts = one(c, &sql, [job], |row| {
        (0..fields.len())
            .map(|column| row.get(column).map(unsigned))
            .collect::<rusqlite::Result<Vec<_>>>()
    })?;
    Ok(counts.unwrap_or_default())
}

/// Where a field lies in the JSON, and when it is worth carrying.
fn worth(field: Fields) -> (&'static str, &'static str) {
    match field {
        Fields::TAKEN => ("taken", "IS NOT NULL"),
        Fields::TITLE => ("title.value", "<>''"),
        Fields::DESCRIPTION => ("description.value", "<>''"),
        Fields::KEYWORDS => ("keywords.value[0]", "IS NOT NULL"),
        Fields::PLACE => ("place", "IS NOT NULL"),
        Fields::FAVOURITE => ("favourite.value", "=1"),
        Fields::RATING => ("rating.value", ">0"),
        Fields::HIDDEN => ("hidden.value", "=1"),
        Fields::ARCHIVED => ("archived.value", "=1"),
        Fields::PRIVATE => ("private.value", "=1"),
        _ => ("people.value[0]", "IS NOT NULL"),
    }
}
