//! The report as one page for a browser: everything is inside it, nothing is fetched and no script runs.
//!
//! The page is written piece by piece, each piece a template of its own, so that a large job needs no more memory than a
//! small one.

mod charts;
mod views;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use photomove_core::{Error, ErrorKind, ItemKey, Result};
use photomove_migrate::{ItemRecord, JobOverview};

use super::out::Out;
use super::{Subject, records};
use crate::{contact, remedy, text};

use self::views::{AlbumRow, Albums, Foot, Group, GroupEnd, Head, Losses, NotVerified, Picture, PicturesEnd, Row};

/// Files that the page names; the table has all of them.
const FILES_TOLD: u64 = 2_000;
/// Albums that the page names.
const ALBUMS_TOLD: u64 = 500;
/// Largest small picture that is put into the page.
const PICTURE_BYTES: u64 = 64 * 1024;

/// Writes the page.
pub(super) async fn write(subject: &Subject<'_>, out: &mut Out) -> Result<()> {
    let written_at = records::local(subject.app.clock.now());
    put(out, &Head::of(&subject.overview, &written_at))?;
    pictures(subject, out).await?;
    not_verified(subject, out).await?;
    if let Some(losses) = Losses::of(&subject.overview.losses) {
        put(out, &losses)?;
    }
    albums(subject, out).await?;
    put(out, &Foot::of(&subject.overview, &written_at))
}

fn put(out: &mut Out, piece: &impl Template) -> Result<()> {
    Template::write_into(piece, out).map_err(|error| {
        Error::new(ErrorKind::Config, "the page cannot be written")
            .source(error)
            .hint("name another file, or make room")
    })
}

/// The contact sheet: those of the kept small pictures whose files arrived, by the time they were taken.
async fn pictures(subject: &Subject<'_>, out: &mut Out) -> Result<()> {
    let job = subject.overview.status.id;
    let kept = contact::pictures(&subject.settings.state_dir, job);
    let keys: HashSet<ItemKey> = kept.iter().map(|(key, _)| *key).collect();
    let mut files: HashMap<ItemKey, _> = kept.into_iter().collect();
    let mut items = subject.journal.items_of(job, keys).await?;
    items.retain(|item| records::arrived(item.outcome));
    items.sort_by_cached_key(|item| (item.taken.as_ref().map(records::taken), item.id));
    let mut count = 0;
    for item in &items {
        let Some(data) = item
            .key
            .and_then(|key| files.remove(&key))
            .and_then(|path| picture(&path))
        else {
            continue;
        };
        put(out, &Picture::of(item, &data, count == 0))?;
        count += 1;
    }
    put(out, &PicturesEnd { count })
}

/// The picture as text; `None` if it cannot be read or is none.
fn picture(path: &Path) -> Option<String> {
    let size = std::fs::metadata(path).ok()?.len();
    let bytes = (size <= PICTURE_BYTES).then(|| std::fs::read(path).ok())??;
    bytes.starts_with(&[0xff, 0xd8]).then(|| STANDARD.encode(bytes))
}

async fn not_verified(subject: &Subject<'_>, out: &mut Out) -> Result<()> {
    let reasons = subject.journal.reasons(subject.overview.status.id).await?;
    let all: u64 = reasons.iter().map(|reason| reason.files.count).sum();
    put(
        out,
        &NotVerified {
            files: text::counted(all, "file"),
            is_empty: all == 0,
            is_cut: all > FILES_TOLD,
            named: text::count(FILES_TOLD),
            job: subject.overview.status.id.0,
        },
    )?;
    let mut left = FILES_TOLD;
    for reason in &reasons {
        put(
            out,
            &Group {
                class: records::outcome(reason.outcome),
                outcome: records::outcome_words(reason.outcome),
                words: remedy::words(&reason.kind),
                files: text::counted(reason.files.count, "file"),
                bytes: text::bytes(reason.files.bytes),
                remedy: views::code(remedy::remedy(&reason.kind)),
                named: left.min(reason.files.count),
            },
        )?;
        let told = subject
            .items_with(reason, left, |item| put(out, &Row::of(item)))
            .await?;
        left -= told;
        put(
            out,
            &GroupEnd {
                named: told,
                more: reason.files.count.saturating_sub(told),
                more_words: text::counted(reason.files.count.saturating_sub(told), "more file"),
            },
        )?;
    }
    Ok(())
}

async fn albums(subject: &Subject<'_>, out: &mut Out) -> Result<()> {
    let sums = &subject.overview.albums;
    if sums.found == 0 {
        return Ok(());
    }
    put(out, &Albums::of(sums, &subject.overview.status))?;
    let told = subject
        .albums(ALBUMS_TOLD, |album| put(out, &AlbumRow::of(album)))
        .await?;
    let all = sums.found.max(told);
    put(
        out,
        &views::AlbumsEnd {
            more: all - told,
            more_words: text::counted(all - told, "more album"),
        },
    )
}

/// How the whole looks in one word: the class of the verdict.
fn tone(overview: &JobOverview) -> &'static str {
    let sums = &overview.status.accounting;
    if sums.failed.count > 0 || overview.differences > 0 {
        "bad"
    } else if sums.waiting.count > 0 || sums.found.count == 0 {
        "open"
    } else if sums.unverifiable.count + sums.skipped.count + overview.unreadable + overview.unlisted > 0 {
        "fair"
    } else {
        "good"
    }
}

/// The name of a file as a page can show it.
fn name(item: &ItemRecord) -> String {
    text::printable(&item.name).into_owned()
}
