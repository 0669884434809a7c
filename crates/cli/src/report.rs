//! Plans and results in words: tables for people, the last line, the exit code.

mod later;
mod plan;
mod summary;

use comfy_table::{CellAlignment, Table, presets};
use photomove_migrate::{AccountName, Loss};

use crate::text;

pub(crate) use plan::{plan_text, question};
pub(crate) use summary::{Oddities, accounting_table, exit_of, exit_of_stop, last_line, outcome_line, summary_text};

/// Returns what an account holds by category.
#[cfg(any(feature = "amazon", feature = "google", feature = "photoprism"))]
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

/// Returns what cannot be kept, one line each.
pub(crate) fn loss_lines(losses: &[Loss]) -> Vec<String> {
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
        Some(label) => format!("{} ({})", service(name), text::printable(label)),
        None => service(name),
    }
}

/// `Amazon Photos`.
pub(crate) fn service(name: &AccountName) -> String {
    crate::endpoint::Kind::of_word(&name.kind).map_or_else(|| name.kind.clone(), |kind| kind.label().to_owned())
}

/// Makes a table without lines: words in the first column, numbers in the others.
pub(crate) fn new_table<const N: usize>(header: [&str; N]) -> Table {
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
