//! How a run ended: the accounting, the last line, the exit code.

use photomove_migrate::{AccountName, Accounting, Count, StopReason, Summary};

use super::later::{About, later_lines};
use super::plan::drift_line;
use super::{loss_lines, new_table, service};
use crate::exit::Exit;
use crate::text;

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
    lines.extend(
        Oddities {
            source: &summary.source,
            target: &summary.target,
            unreadable: summary.unreadable,
            unlisted: summary.unlisted,
            differences: summary.differences,
        }
        .lines(),
    );
    if summary.accounting.unverifiable.count > 0 {
        lines.push(format!(
            "unverifiable: {} took them, but gave no proof that it holds the same bytes",
            service(&summary.target)
        ));
    }
    if !summary.settings_left.is_empty() {
        let names: Vec<_> = summary
            .settings_left
            .iter()
            .map(|change| change.setting.as_str())
            .collect();
        lines.push(format!(
            "changed in the settings of {} and left so: {}",
            service(&summary.target),
            names.join(", ")
        ));
    }
    lines.extend(summary.drift.as_ref().and_then(drift_line));
    if let Some(later) = &summary.later {
        lines.extend(later_lines(
            later,
            About {
                source: &summary.source,
                target: &summary.target,
                filtered: summary.is_filtered,
            },
        ));
    }
    lines.extend(loss_lines(&summary.losses));
    lines.join("\n")
}

/// What the sums of a job do not show.
pub(crate) struct Oddities<'a> {
    /// Where from.
    pub(crate) source: &'a AccountName,
    /// Where to.
    pub(crate) target: &'a AccountName,
    /// Listed items that could not be read.
    pub(crate) unreadable: u64,
    /// Items that are counted at the source but not listed.
    pub(crate) unlisted: u64,
    /// Files that the destination lost or holds with other bytes.
    pub(crate) differences: u64,
}

impl Oddities<'_> {
    /// Returns a line for each that occurs.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.unreadable > 0 {
            let items = text::counted(self.unreadable, "item");
            lines.push(format!("not readable in the listing: {items}"));
        }
        if self.unlisted > 0 {
            lines.push(format!(
                "not listed: {} counts {} more than it lists, also when asked again",
                service(self.source),
                text::counted(self.unlisted, "item")
            ));
        }
        if self.differences > 0 {
            lines.push(format!(
                "lost or changed at {}: {}",
                service(self.target),
                text::counted(self.differences, "file")
            ));
        }
        lines
    }
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

/// Returns the last line: `55 of 55 verified · 0 failed`, or that there was nothing to do.
pub(crate) fn last_line(summary: &Summary) -> String {
    let accounting = &summary.accounting;
    if summary.nothing_to_do && summary.stopped.is_none() {
        if accounting.found.count == 0 && summary.unreadable == 0 {
            let source = service(&summary.source);
            return match &summary.drift {
                Some(_) => format!("nothing to do: {source} holds nothing of the plan any more"),
                None if summary.is_filtered => format!("nothing to do: {source} has nothing that fits"),
                None => format!("nothing to do: {source} holds no photos or videos"),
            };
        }
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

pub(crate) fn exit_of_stop(stop: &StopReason) -> Exit {
    match stop {
        StopReason::Interrupted => Exit::Interrupted,
        StopReason::SignInNeeded(_) => Exit::SignIn,
        StopReason::Quota { .. } | StopReason::Limit(_) => Exit::Quota,
        StopReason::DestinationFull(_) => Exit::Full,
        StopReason::Failed(error) => Exit::of_error(error),
        // A reason that is not known here yet.
        _ => Exit::Error,
    }
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
