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
    let items = |n| text::counted(n, "item");
    let albums = |n| text::counted(n, "album");
    for (kind, count, words) in [
        (
            DriftKind::Changed,
            drift.changed,
            format!("{} with other bytes, left where they are", items(drift.changed)),
        ),
        (
            DriftKind::Gone,
            drift.gone,
            format!("{} not listed any more", items(drift.gone)),
        ),
        (
            DriftKind::New,
            drift.new,
            format!("{} new, left where they are", items(drift.new)),
        ),
        (
            DriftKind::AlbumRenamed,
            drift.albums_renamed,
            format!(
                "{} renamed, created with the planned title",
                albums(drift.albums_renamed)
            ),
        ),
        (
            DriftKind::AlbumGone,
            drift.albums_gone,
            format!("{} not listed any more", albums(drift.albums_gone)),
        ),
        (
            DriftKind::AlbumNew,
            drift.albums_new,
            format!("{} new, not created", albums(drift.albums_new)),
        ),
        (
            DriftKind::AlbumGrown,
            drift.albums_grown,
            format!("{} grown, filled as planned", albums(drift.albums_grown)),
        ),
        (
            DriftKind::AlbumShrunk,
            drift.albums_shrunk,
            format!("{} with fewer items", albums(drift.albums_shrunk)),
        ),
    ] {
        if count > 0 {
            section.line(format!("{words}{}", named(drift, kind, count)));
        }
    }
    Some(section)
}

/// Says it in one line; `None` if there is nothing to say.
pub(crate) fn drift_line(drift: &Drift) -> Option<String> {
    let words = [
        (drift.changed, "item", "changed"),
        (drift.gone, "item", "gone"),
        (drift.new, "item", "new"),
        (drift.albums_renamed, "album", "renamed"),
        (drift.albums_gone, "album", "gone"),
        (drift.albums_new, "album", "new"),
        (drift.albums_grown, "album", "grown"),
        (drift.albums_shrunk, "album", "with fewer items"),
    ];
    let told: Vec<_> = words
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, what, how)| format!("{} {how}", text::counted(count, what)))
        .collect();
    (!told.is_empty()).then(|| {
        format!(
            "not as planned: {} (of {} in the plan)",
            told.join(", "),
            text::counted(drift.planned, "item")
        )
    })
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
