//! Where the source is not as it was planned.

use photomove_migrate::{Drift, DriftExample, DriftKind};

use super::Section;
use crate::text;

/// Examples of each kind that are named.
const NAMED: usize = 3;

/// Says it in a block; `None` if no plan is kept to.
pub(in crate::report) fn drift_section(drift: Option<&Drift>) -> Option<Section> {
    let drift = drift?;
    if drift.is_none() {
        let mut section = Section::new("since the plan was made");
        section.line("nothing has changed");
        return Some(section);
    }
    let mut section = Section::new("changed since the plan was made");
    for (kind, count) in drift.counts().into_iter().filter(|(_, count)| *count > 0) {
        let (what, how, then) = words(kind);
        section.line(format!(
            "{} {how}{then}{}",
            text::counted(count, what),
            named(drift, kind, count)
        ));
    }
    Some(section)
}

/// Says it in one line; `None` if there is nothing to say.
pub(crate) fn drift_line(drift: &Drift) -> Option<String> {
    if drift.is_none() {
        return None;
    }
    let changes = drift.counts().into_iter().filter(|(_, count)| *count > 0);
    let told: Vec<_> = changes
        .map(|(kind, count)| {
            let (what, how, _) = words(kind);
            format!("{} {how}", text::counted(count, what))
        })
        .collect();
    Some(format!(
        "not as planned: {} (of {} in the plan)",
        told.join(", "),
        text::counted(drift.planned, "item")
    ))
}

/// What changed, how, and what is done about it.
fn words(kind: DriftKind) -> (&'static str, &'static str, &'static str) {
    match kind {
        DriftKind::Changed => ("item", "with other bytes", ", left where they are"),
        DriftKind::Gone => ("item", "not listed any more", ""),
        DriftKind::New => ("item", "new", ", left where they are"),
        DriftKind::AlbumRenamed => ("album", "renamed", ", created with the planned title"),
        DriftKind::AlbumGone => ("album", "not listed any more", ""),
        DriftKind::AlbumNew => ("album", "new", ", not created"),
        DriftKind::AlbumGrown => ("album", "grown", ", filled as planned"),
        DriftKind::AlbumShrunk => ("album", "with fewer items", ""),
    }
}

/// `: a.jpg, b.jpg and 3 more`.
fn named(drift: &Drift, kind: DriftKind, count: u64) -> String {
    let of_kind = drift.examples.iter().filter(|example| example.kind == kind);
    let names: Vec<_> = of_kind.take(NAMED).map(name).collect();
    if names.is_empty() {
        return String::new();
    }
    let more = count.saturating_sub(u64::try_from(names.len()).unwrap_or(0));
    let more = match more {
        0 => String::new(),
        n => format!(" and {} more", text::count(n)),
    };
    format!(": {}{more}", names.join(", "))
}

fn name(example: &DriftExample) -> String {
    let name = text::clean(&example.name);
    match (&example.now, example.places, example.kind) {
        (Some(now), ..) => format!("“{name}”, now “{}”", text::clean(now)),
        (_, Some(places), _) => format!("“{name}” by {}", text::counted(places, "item")),
        (_, _, DriftKind::AlbumGone | DriftKind::AlbumNew) => format!("“{name}”"),
        _ => name,
    }
}
