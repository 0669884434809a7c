//! Plans and results in words: tables for people, the last line, the exit code.

use comfy_table::{CellAlignment, Table, presets};
use photomove_migrate::{AccountName, Accounting, Count, Loss, Plan, StopReason, Summary};

use crate::exit::Exit;
use crate::text;

/// Returns the plan. What never moves, whatever the library holds, is listed only if `in_full`, else counted.
pub(crate) fn plan_text(plan: &Plan, in_full: bool) -> String {
    let mut lines = vec![
        format!("{} → {}", account(&plan.source), account(&plan.target)),
        String::new(),
    ];
    let mut table = new_table(["", "files", "bytes"]);
    let mut row = |what: &str, count: Count| {
        table.add_row([what.to_owned(), text::count(count.count), text::bytes(count.bytes)]);
    };
    row("found", plan.parts);
    row("to send", plan.to_send);
    for (what, count) in [
        ("copies of those", plan.duplicates),
        ("already there", plan.already_there),
    ] {
        if count.count > 0 {
            row(what, count);
        }
    }
    lines.push(table.trim_fmt());
    lines.push(String::new());
    for refused in &plan.refused {
        let files = text::counted(refused.parts.count, "file");
        lines.push(format!(
            "not sent: {files} ({}): {}",
            text::bytes(refused.parts.bytes),
            refused.reason.message
        ));
    }
    lines.push(format!(
        "albums: {} with {}",
        text::count(plan.albums),
        text::counted(plan.memberships, "place")
    ));
    if plan.unknown_sizes > 0 {
        lines.push(format!("size unknown: {}", text::counted(plan.unknown_sizes, "file")));
    }
    if plan.unreadable > 0 {
        lines.push(format!(
            "not readable in the listing: {}",
            text::counted(plan.unreadable, "item")
        ));
    }
    if plan.unlisted_members > 0 {
        lines.push(format!(
            "places in albums of items that are not listed: {}",
            text::count(plan.unlisted_members)
        ));
    }
    let (counted, general): (Vec<Loss>, Vec<Loss>) = plan.losses.iter().cloned().partition(|loss| loss.count.is_some());
    lines.extend(loss_lines(&counted));
    if in_full {
        lines.extend(loss_lines(&general));
    } else if !general.is_empty() {
        let kinds = if general.len() == 1 {
            "kind of thing"
        } else {
            "kinds of things"
        };
        lines.push(format!(
            "not moved at all: {} {kinds}; `photomove plan` lists them",
            general.len()
        ));
    }
    lines.extend(estimate_line(plan));
    lines.join("\n")
}

fn estimate_line(plan: &Plan) -> Option<String> {
    let estimate = &plan.estimate;
    if estimate.requests == 0 {
        return None;
    }
    let mut line = format!(
        "requests to {}: about {}",
        service(&plan.target),
        text::count(estimate.requests)
    );
    if let Some(per_day) = estimate.per_day {
        line.push_str(&format!(" of {} a day", text::count(per_day.into())));
    }
    if let Some(days) = estimate.days.filter(|days| *days > 1) {
        line.push_str(&format!(", so {} days", text::count(days)));
    }
    Some(line)
}

/// Returns the final accounting, without the last line.
pub(crate) fn summary_text(summary: &Summary) -> String {
    let mut lines = vec![accounting_table(&summary.accounting), String::new()];
    let albums = &summary.albums;
    if albums.found > 0 {
        let mut line = format!(
            "albums: {} of {} at {}, {} filed",
            text::count(albums.open),
            text::count(albums.found),
            service(&summary.target),
            text::counted(albums.filed, "place")
        );
        // After the end of a job, a place that waits is that of a file that did not arrive.
        let waiting = if summary.stopped.is_none() {
            "without its file"
        } else {
            "to do"
        };
        for (count, word) in [
            (albums.unfiled, "not filed"),
            (albums.waiting, waiting),
            (albums.failed, "not created"),
        ] {
            if count > 0 {
                line.push_str(&format!(", {} {word}", text::count(count)));
            }
        }
        lines.push(line);
    }
    if summary.unreadable > 0 {
        lines.push(format!(
            "not readable in the listing: {}",
            text::counted(summary.unreadable, "item")
        ));
    }
    if summary.unlisted > 0 {
        lines.push(format!(
            "not listed: {} counts {} more than it lists, also when asked again",
            service(&summary.source),
            text::counted(summary.unlisted, "item")
        ));
    }
    if summary.differences > 0 {
        lines.push(format!(
            "lost or changed at {}: {}",
            service(&summary.target),
            text::counted(summary.differences, "file")
        ));
    }
    if summary.accounting.unverifiable.count > 0 {
        lines.push(format!(
            "unverifiable: {} took them, but gave no proof that it holds the same bytes",
            service(&summary.target)
        ));
    }
    lines.extend(loss_lines(&summary.losses));
    lines.join("\n")
}

/// Returns the outcomes that occur and their sum.
pub(crate) fn accounting_table(accounting: &Accounting) -> String {
    let mut table = new_table(["outcome", "files", "bytes"]);
    for (what, count) in [
        ("verified", accounting.verified),
        ("unverifiable", accounting.unverifiable),
        ("already there", accounting.already_there),
        ("skipped", accounting.skipped),
        ("failed", accounting.failed),
        ("not finished", accounting.waiting),
        ("found", accounting.found),
    ] {
        // The first and the last row are always there: what was hoped for and what it is measured by.
        if count.count > 0 || ["verified", "found"].contains(&what) {
            table.add_row([what.to_owned(), text::count(count.count), text::bytes(count.bytes)]);
        }
    }
    table.trim_fmt()
}

/// Returns what an account holds by category.
#[cfg(any(feature = "amazon", feature = "google"))]
pub(crate) fn held_table(held: &[crate::providers::Held]) -> String {
    let mut table = new_table(["category", "files", "bytes"]);
    for row in held {
        let or_unknown = |value: Option<u64>, words: fn(u64) -> String| value.map_or_else(|| "?".to_owned(), words);
        table.add_row([
            row.category.clone(),
            or_unknown(row.files, text::count),
            or_unknown(row.bytes, text::bytes),
        ]);
    }
    table.trim_fmt()
}

/// Returns the last line: `55 of 55 verified · 0 failed`, or that there was nothing to do.
pub(crate) fn last_line(summary: &Summary) -> String {
    let accounting = &summary.accounting;
    if summary.nothing_to_do && summary.stopped.is_none() {
        let there = accounting.verified.count + accounting.unverifiable.count + accounting.already_there.count;
        let mut line = format!(
            "nothing to do: {} of {} are already at {}",
            text::count(there),
            text::count(accounting.found.count),
            service(&summary.target)
        );
        push_counts(
            &mut line,
            &[(accounting.skipped, "skipped"), (accounting.failed, "failed")],
        );
        return line;
    }
    outcome_line(accounting)
}

/// Returns the outcomes in one line; `failed` is always among them.
pub(crate) fn outcome_line(accounting: &Accounting) -> String {
    let mut line = format!(
        "{} of {} verified",
        text::count(accounting.verified.count),
        text::count(accounting.found.count)
    );
    push_counts(
        &mut line,
        &[
            (accounting.unverifiable, "unverifiable"),
            (accounting.already_there, "already there"),
            (accounting.skipped, "skipped"),
            (accounting.waiting, "not finished"),
        ],
    );
    line.push_str(&format!(" · {} failed", text::count(accounting.failed.count)));
    line
}

fn push_counts(line: &mut String, counts: &[(Count, &str)]) {
    for (count, word) in counts {
        if count.count > 0 {
            line.push_str(&format!(" · {} {word}", text::count(count.count)));
        }
    }
}

/// Returns how a run ended, for the shell.
pub(crate) fn exit_of(summary: &Summary) -> Exit {
    let accounting = &summary.accounting;
    let some_failed =
        accounting.failed.count > 0 || summary.unreadable > 0 || summary.unlisted > 0 || summary.albums.failed > 0;
    let several = [
        summary.stopped.as_ref().map(exit_of_stop),
        // Outcomes that do not add up mean that something was lost on the way: never a success.
        (!accounting.adds_up()).then_some(Exit::Error),
        (summary.differences > 0).then_some(Exit::Differences),
        some_failed.then_some(Exit::ItemsFailed),
    ];
    Exit::worst(several.into_iter().flatten())
}

fn exit_of_stop(stop: &StopReason) -> Exit {
    match stop {
        StopReason::Interrupted => Exit::Interrupted,
        StopReason::SignInNeeded(_) => Exit::SignIn,
        StopReason::Quota { .. } => Exit::Quota,
        StopReason::DestinationFull(_) => Exit::Full,
        StopReason::Failed(error) => Exit::of_error(error),
        // A reason that is not known here yet.
        _ => Exit::Error,
    }
}

/// Returns what cannot be kept, one line each.
fn loss_lines(losses: &[Loss]) -> Vec<String> {
    let count = |loss: &Loss| {
        loss.count
            .map(|count| format!(" ({})", text::count(count)))
            .unwrap_or_default()
    };
    let (in_file, lost): (Vec<&Loss>, Vec<&Loss>) = losses
        .iter()
        .filter(|loss| loss.count != Some(0))
        .partition(|loss| loss.in_file);
    let mut lines = Vec::new();
    if !in_file.is_empty() {
        let what: Vec<_> = in_file
            .iter()
            .map(|loss| format!("{}{}", loss.what, count(loss)))
            .collect();
        lines.push(format!("kept as far as the file holds it: {}", what.join(", ")));
    }
    lines.extend(
        lost.iter()
            .map(|loss| format!("not kept: {}{}: {}", loss.what, count(loss), loss.why)),
    );
    lines
}

/// `Amazon Photos (anna@example.org)`.
pub(crate) fn account(name: &AccountName) -> String {
    match &name.label {
        Some(label) => format!("{} ({label})", service(name)),
        None => service(name),
    }
}

/// `Amazon Photos`.
fn service(name: &AccountName) -> String {
    crate::endpoint::Kind::of_word(&name.kind).map_or_else(|| name.kind.clone(), |kind| kind.label().to_owned())
}

fn new_table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header);
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((if index == 0 { 0 } else { 2 }, 0));
        if index > 0 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(count: u64, bytes: u64) -> Count {
        Count { count, bytes }
    }

    fn accounting(verified: u64, unverifiable: u64, failed: u64) -> Accounting {
        Accounting {
            found: count(
                verified + unverifiable + failed,
                1000 * (verified + unverifiable + failed),
            ),
            verified: count(verified, 1000 * verified),
            unverifiable: count(unverifiable, 1000 * unverifiable),
            failed: count(failed, 1000 * failed),
            ..Accounting::default()
        }
    }

    #[test]
    fn the_last_line_counts_what_has_no_proof() {
        assert_eq!(outcome_line(&accounting(55, 0, 0)), "55 of 55 verified · 0 failed");
        assert_eq!(
            outcome_line(&accounting(0, 55, 0)),
            "0 of 55 verified · 55 unverifiable · 0 failed"
        );
        assert_eq!(
            outcome_line(&accounting(1200, 0, 1)),
            "1,200 of 1,201 verified · 1 failed"
        );
    }

    #[test]
    fn the_table_lists_what_occurs() {
        insta::assert_snapshot!(accounting_table(&accounting(1203, 0, 2)), @r"
        outcome   files   bytes
        verified  1,203  1.2 MB
        failed        2  2.0 kB
        found     1,205  1.2 MB
        ");
    }
}
