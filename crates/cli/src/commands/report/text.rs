//! The report for people, in a terminal.

use photomove_core::Result;
use photomove_migrate::{ItemRecord, JobOverview, Loss};

use super::out::Out;
use super::{Subject, records};
use crate::again;
use crate::{filters, remedy, report, text};

/// Files that are named.
const FILES_TOLD: u64 = 20;
/// Albums that are named because something is amiss with them.
const ALBUMS_TOLD: u64 = 20;
/// Days that are named.
const DAYS_TOLD: usize = 31;

/// Writes it.
pub(super) async fn write(subject: &Subject<'_>, out: &mut Out) -> Result<()> {
    let overview = &subject.overview;
    out.line(&head(overview))?;
    out.line(&format!("\n{}\n", records::verdict(overview)))?;
    out.line(&report::accounting_table(&overview.status.accounting))?;
    out.line("")?;
    for line in oddities(overview) {
        out.line(&line)?;
    }
    losses(overview, out)?;
    albums(subject, out).await?;
    days(overview, out)?;
    unproven(subject, out).await?;
    let command = again::command(
        subject.app,
        &format!("report {} --out report.html", overview.status.id.0),
    );
    out.line(&format!("\nas a page with pictures: `{command}`"))
}

fn head(overview: &JobOverview) -> String {
    let status = &overview.status;
    let mut lines = format!(
        "job {}: {} → {}: {}\nbegun {}",
        status.id.0,
        report::account(&status.source),
        report::account(&status.target),
        records::state_words(status),
        records::local(status.created_at)
    );
    if let Some(at) = overview.last_evidence {
        lines.push_str(&format!(", last file looked at {}", records::local(at)));
    }
    if let Some(words) = filters::words(&status.filters) {
        lines.push_str(&format!("\nonly: {words}"));
    }
    lines
}

/// What the sums do not show.
pub(super) fn oddities(overview: &JobOverview) -> Vec<String> {
    report::Oddities {
        source: &overview.status.source,
        target: &overview.status.target,
        unreadable: overview.unreadable,
        unlisted: overview.unlisted,
        differences: overview.differences,
    }
    .lines()
}

/// What was lost of this library; what never moves, whatever it holds, is only counted.
fn losses(overview: &JobOverview, out: &mut Out) -> Result<()> {
    let (counted, never): (Vec<Loss>, Vec<Loss>) =
        overview.losses.iter().cloned().partition(|loss| loss.count.is_some());
    for line in report::loss_lines(&counted) {
        out.line(&line)?;
    }
    match never.len() {
        0 => Ok(()),
        kinds => out.line(&format!(
            "never moved between these two: {} of things; the page and the JSON form list them",
            text::counted(kinds as u64, "kind")
        )),
    }
}

async fn albums(subject: &Subject<'_>, out: &mut Out) -> Result<()> {
    let sums = &subject.overview.albums;
    if sums.found == 0 {
        return Ok(());
    }
    let target = report::service(&subject.overview.status.target);
    out.line(&format!(
        "albums: {} of {} at {target}, {} of {} filed",
        text::count(sums.open),
        text::count(sums.found),
        text::count(sums.filed),
        text::counted(sums.filed + sums.unfiled + sums.waiting, "place")
    ))?;
    if sums.failed + sums.unfiled == 0 {
        return Ok(());
    }
    let mut told = 0;
    subject
        .albums(u64::MAX, |album| {
            let amiss = album.error.is_some() || album.unfiled > 0;
            told += u64::from(amiss);
            if !amiss || told > ALBUMS_TOLD {
                return Ok(());
            }
            let title = text::printable(&album.title);
            match &album.error {
                Some(why) => out.line(&format!("  not created: {title}: {}", text::printable(why))),
                None => out.line(&format!(
                    "  not whole: {title}: {} of {} filed",
                    text::count(album.filed),
                    text::counted(album.places, "place")
                )),
            }
        })
        .await?;
    more(out, told.saturating_sub(ALBUMS_TOLD), "album")
}

fn days(overview: &JobOverview, out: &mut Out) -> Result<()> {
    if overview.days.is_empty() {
        return Ok(());
    }
    let first = overview.days.len().saturating_sub(DAYS_TOLD);
    let mut table = report::new_table(["day", "files", "bytes"]);
    for day in &overview.days[first..] {
        table.add_row([
            day.day.strftime("%a %-d %b %Y").to_string(),
            text::count(day.arrived.count),
            text::bytes(day.arrived.bytes),
        ]);
    }
    out.line(&format!("\n{}", table.trim_fmt()))?;
    if first > 0 {
        out.line(&format!("and {} before", text::counted(first as u64, "day")))?;
    }
    Ok(())
}

async fn unproven(subject: &Subject<'_>, out: &mut Out) -> Result<()> {
    let reasons = subject.journal.reasons(subject.overview.status.id).await?;
    let all: u64 = reasons.iter().map(|reason| reason.files.count).sum();
    if all == 0 {
        return Ok(());
    }
    out.line(&format!("\nnot verified: {}", text::counted(all, "file")))?;
    let mut left = FILES_TOLD;
    for reason in &reasons {
        out.line(&format!(
            "\n{}: {}, {} ({})",
            records::outcome_words(reason.outcome),
            remedy::words(&reason.kind),
            text::counted(reason.files.count, "file"),
            text::bytes(reason.files.bytes)
        ))?;
        out.line(&format!("  do: {}", remedy::remedy(&reason.kind)))?;
        let told = subject
            .items_with(reason, left, |item| out.line(&file_line(item)))
            .await?;
        left -= told;
        more(out, reason.files.count.saturating_sub(told), "file")?;
    }
    if all > FILES_TOLD {
        let command = again::command(
            subject.app,
            &format!("report {} --out report.csv", subject.overview.status.id.0),
        );
        out.line(&format!("\nall of them, one row each: `{command}`"))?;
    }
    Ok(())
}

fn more(out: &mut Out, count: u64, word: &str) -> Result<()> {
    match count {
        0 => Ok(()),
        1 => out.line(&format!("  and 1 more {word}")),
        count => out.line(&format!("  and {} more {word}s", text::count(count))),
    }
}

/// `  IMG_1.jpg (2 MB): why`.
fn file_line(item: &ItemRecord) -> String {
    let size = item
        .size_bytes
        .map(|bytes| format!(" ({})", text::bytes(bytes)))
        .unwrap_or_default();
    let why = item.reason.as_ref().map_or("", |reason| reason.message.as_str());
    format!("  {}{size}: {}", text::printable(&item.name), text::printable(why))
}
