//! The plan in words: what moves, what does not, what is lost on the way, how long it takes.

mod drift;
mod time;

use photomove_core::MediaKind;
use photomove_migrate::{Count, Example, Loss, Plan, RoomToldBy};

use super::later::{About, later_lines};
use super::{account, new_table, service};
use crate::{filters, text};

pub(crate) use drift::drift_line;
pub(super) use drift::drift_section;

/// Examples of albums in a line.
const ALBUMS: usize = 3;

/// Words under a heading.
pub(super) struct Section {
    title: &'static str,
    lines: Vec<String>,
}

impl Section {
    pub(super) fn new(title: &'static str) -> Self {
        Self {
            title,
            lines: Vec::new(),
        }
    }

    pub(super) fn line(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    fn some(&mut self, count: u64, line: impl FnOnce(u64) -> String) {
        if count > 0 {
            self.line(line(count));
        }
    }

    fn text(&self, width: usize) -> String {
        let lines: Vec<_> = self.lines.iter().map(|line| text::wrapped(line, 2, width)).collect();
        format!("{}\n{}", self.title, lines.join("\n"))
    }
}

/// Returns the plan, in lines of at most `width` columns. What never moves, whatever the library holds, is listed only
/// if `in_full`, else counted.
pub(crate) fn plan_text(plan: &Plan, in_full: bool, width: usize) -> String {
    let mut head = format!("{} → {}", account(&plan.source), account(&plan.target));
    for line in plan.filtered.iter().flat_map(filters::plan_lines) {
        head.push_str(&format!("\n{}", text::wrapped(&line, 0, width)));
    }
    if plan.assets == 0 && plan.drift.is_none() {
        return format!("{head}\n\n{}", nothing(plan));
    }
    let mut blocks = vec![head, table(plan)];
    if plan.nothing_to_do {
        blocks.push("nothing to do: all that can be moved is there".to_owned());
    }
    blocks.extend(drift_section(plan.drift.as_ref()).map(|section| section.text(width)));
    let sections = [
        since_last(plan),
        not_moved(plan, in_full),
        lost(plan, in_full),
        changed(plan),
        albums(plan),
        settings(plan),
        there(plan),
        room(plan),
        time::time(plan),
    ];
    let told = sections.iter().filter(|section| !section.lines.is_empty());
    blocks.extend(told.map(|section| section.text(width)));
    blocks.join("\n\n")
}

/// What is new and what is gone since the pass before.
fn since_last(plan: &Plan) -> Section {
    let mut section = Section::new("since the last pass");
    let about = About {
        source: &plan.source,
        target: &plan.target,
        filtered: plan.filtered.is_some(),
    };
    for line in plan.later.iter().flat_map(|later| later_lines(later, about)) {
        section.line(line);
    }
    section
}

/// The question after a plan.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Question {
    /// What is to be known before it is answered.
    pub(crate) before: Vec<String>,
    /// Itself.
    pub(crate) words: String,
    /// What Enter alone answers.
    pub(crate) default: bool,
}

/// Returns the question after the plan: what it is about, and what it means.
pub(crate) fn question(plan: &Plan) -> Question {
    let target = service(&plan.target);
    // In a later pass only those of it; what an earlier run left open is among them all.
    let new = plan.later.map_or(0, |later| later.new_places);
    let places = if new > 0 { new } else { plan.memberships };
    let words = match plan.to_send.count {
        0 => format!("put {} into albums at {target}?", text::counted(places, "place")),
        _ => format!("move {} to {target}?", files(plan.to_send)),
    };
    let mut before: Vec<String> = plan.lasting.iter().cloned().collect();
    let short = plan.storage.is_short();
    if short {
        before.push(format!("this does not fit: the run will end once {target} is full"));
    }
    Question {
        before,
        words,
        default: !short,
    }
}

/// What is said of a library without photos.
fn nothing(plan: &Plan) -> String {
    let source = service(&plan.source);
    if plan.filtered.is_some() {
        return format!("nothing to move: {source} has nothing that fits");
    }
    if plan.unreadable > 0 {
        let items = text::counted(plan.unreadable, "item");
        return format!("nothing to move: none of the {items} that {source} lists can be read");
    }
    format!("nothing to move: {source} holds no photos or videos")
}

fn table(plan: &Plan) -> String {
    let mut table = new_table(["", "items", "files", "bytes"]);
    let mut row = |what: &str, items: u64, parts: Count| {
        table.add_row([
            what.to_owned(),
            text::count(items),
            text::count(parts.count),
            text::bytes(parts.bytes),
        ]);
    };
    for (kind, what) in [
        (MediaKind::Photo, "photos"),
        (MediaKind::Video, "videos"),
        (MediaKind::LivePhoto, "live photos"),
    ] {
        for found in plan.kinds.iter().filter(|found| found.kind == kind) {
            row(what, found.assets, found.parts);
        }
    }
    if plan.kinds.len() != 1 {
        row("found", plan.assets, plan.parts);
    }
    table.add_row([""; 4]);
    let mut row = |what: &str, parts: Count| {
        table.add_row([
            what.to_owned(),
            String::new(),
            text::count(parts.count),
            text::bytes(parts.bytes),
        ]);
    };
    row("to send", plan.to_send);
    let mut refused = Count::default();
    for files in &plan.refused {
        refused.count += files.parts.count;
        refused.bytes += files.parts.bytes;
    }
    for (what, count) in [
        ("copies of those", plan.duplicates),
        ("already there", plan.already_there),
        ("not sent", refused),
    ] {
        if count.count > 0 {
            row(what, count);
        }
    }
    table.trim_fmt()
}

fn not_moved(plan: &Plan, in_full: bool) -> Section {
    let mut section = Section::new("not moved");
    for refused in &plan.refused {
        let why = match refused.reason.kind.as_str() {
            "rejected_too_large" => format!("larger than {} takes", service(&plan.target)),
            "empty" => "empty, without a single byte".to_owned(),
            _ => refused.reason.message.clone(),
        };
        section.line(format!(
            "{}: {why}{}",
            files(refused.parts),
            examples(&refused.examples)
        ));
    }
    for doubtful in &plan.doubtful {
        section.line(format!(
            "perhaps {} of the type {}, which {} does not promise to take: they are sent, and it decides{}",
            files(doubtful.parts),
            doubtful.media_type,
            service(&plan.target),
            examples(&doubtful.examples)
        ));
    }
    section.some(plan.unreadable, |n| {
        format!("{} that could not be read in the listing", text::counted(n, "item"))
    });
    let (_, general) = losses(plan);
    if in_full {
        for loss in general {
            section.line(format!("{}: {}", loss.what, loss.why));
        }
    } else if !general.is_empty() {
        let kinds = if general.len() == 1 {
            "kind of thing that never moves"
        } else {
            "kinds of things that never move"
        };
        section.line(format!("{} {kinds}; `photomove plan` lists them", general.len()));
    }
    section
}

/// What is lost of what moves.
fn lost(plan: &Plan, in_full: bool) -> Section {
    let mut section = Section::new("lost on the way");
    let (counted, _) = losses(plan);
    let (in_file, lost): (Vec<&Loss>, Vec<&Loss>) = counted.into_iter().partition(|loss| loss.in_file);
    for loss in lost {
        section.line(format!("{}: {}", counted_loss(loss), loss.why));
    }
    section.some(plan.unlisted_members, |n| {
        format!("{} in albums, of items that are not listed", text::counted(n, "place"))
    });
    if !in_file.is_empty() {
        let what: Vec<_> = in_file.into_iter().map(counted_loss).collect();
        section.line(format!("only what the file itself holds is kept: {}", what.join(", ")));
    }
    if in_full || plan.undated == plan.assets {
        section.some(plan.undated, |n| {
            format!(
                "{} without a date at {}: if the file holds none either, the day of the upload is shown",
                text::counted(n, "item"),
                service(&plan.source)
            )
        });
    } else {
        section.some(plan.undated, |n| {
            format!(
                "{} without a date at {}",
                text::counted(n, "item"),
                service(&plan.source)
            )
        });
    }
    section
}

/// What arrives in another form.
fn changed(plan: &Plan) -> Section {
    let mut section = Section::new("changed on the way");
    let live = plan.kinds.iter().filter(|kind| kind.kind == MediaKind::LivePhoto);
    let live: u64 = live.map(|kind| kind.split).sum();
    let others: u64 = plan.kinds.iter().map(|kind| kind.split).sum::<u64>() - live;
    section.some(live, |n| {
        let becomes = if n == 1 { "becomes" } else { "become" };
        format!(
            "{} {becomes} two items each: a picture and a clip",
            text::counted(n, "live photo")
        )
    });
    section.some(others, |n| {
        format!(
            "{} of several files: each file becomes an item",
            text::counted(n, "item")
        )
    });
    section.some(plan.duplicates.count, |n| {
        format!(
            "{} with the same bytes as another one: one item, in all their albums",
            text::counted(n, "file")
        )
    });
    section
}

/// What the run changes beside the library.
fn settings(plan: &Plan) -> Section {
    let mut section = Section::new("settings there");
    plan.changes.iter().for_each(|changes| section.line(changes));
    section
}

fn albums(plan: &Plan) -> Section {
    let mut section = Section::new("albums");
    let albums = &plan.album_plan;
    if plan.albums == 0 {
        return section;
    }
    let mut parts = Vec::new();
    if albums.to_create > 0 {
        parts.push(format!("{} to create", text::count(albums.to_create)));
    }
    if albums.made > 0 {
        parts.push(format!("{} made earlier", text::count(albums.made)));
    }
    parts.push(text::counted(plan.memberships, "place"));
    section.line(parts.join(", "));
    for album in albums.split_examples.iter().take(ALBUMS) {
        section.line(format!(
            "“{}” has {}: too many for one album, so it becomes {}",
            text::clean(&album.title),
            text::counted(album.places, "place"),
            text::counted(album.into, "album")
        ));
    }
    let told = u64::try_from(albums.split_examples.len().min(ALBUMS)).unwrap_or(0);
    section.some(albums.split.saturating_sub(told), |n| {
        format!("{} more that become several", text::counted(n, "album"))
    });
    section
}

/// What is there already, as far as anybody can tell.
fn there(plan: &Plan) -> Section {
    let mut section = Section::new("there already");
    let target = service(&plan.target);
    if plan.to_send.count == 0 {
        return section;
    }
    if plan.sent_earlier.count > 0 {
        section.line(format!("sent by photomove earlier: {}", files(plan.sent_earlier)));
    } else if plan.unseen.is_some() {
        section.line(format!("photomove has sent nothing to {target} before"));
    }
    if let Some(why) = &plan.unseen {
        section.line(format!("{target} cannot be asked what else it holds: {why}"));
    }
    section
}

fn room(plan: &Plan) -> Section {
    let mut section = Section::new("room");
    let storage = &plan.storage;
    if storage.needed_bytes == 0 {
        return section;
    }
    let needs = format!("needs {}", text::bytes(storage.needed_bytes));
    let more = match plan.unknown_sizes {
        0 => String::new(),
        n => format!(" and {} of unknown size", text::counted(n, "file")),
    };
    let Some(free) = storage.free_bytes else {
        let option = crate::endpoint::Kind::of_word(&plan.target.kind).and_then(crate::endpoint::Kind::free_option);
        let compare = option.map_or_else(String::new, |option| format!("; `{option} 15GB` compares"));
        section.line(format!(
            "{needs}{more}; {} does not tell how much is free{compare}",
            service(&plan.target)
        ));
        return section;
    };
    let by = match storage.told_by {
        Some(RoomToldBy::Person) => " as you say",
        _ => "",
    };
    let verdict = match storage.files_that_fit {
        Some(0) => "not even the first file fits".to_owned(),
        Some(fit) => format!("does not fit: full after {}", text::counted(fit, "file")),
        None => "fits".to_owned(),
    };
    section.line(format!("{needs}{more}, {} free{by}: {verdict}", text::bytes(free)));
    section
}

/// Counted losses, and those that are of no number.
fn losses(plan: &Plan) -> (Vec<&Loss>, Vec<&Loss>) {
    plan.losses
        .iter()
        .filter(|loss| loss.count != Some(0))
        .partition(|loss| loss.count.is_some())
}

fn counted_loss(loss: &Loss) -> String {
    match loss.count {
        Some(count) => format!("{} ({})", loss.what, text::count(count)),
        None => loss.what.clone(),
    }
}

fn files(count: Count) -> String {
    format!("{} ({})", text::counted(count.count, "file"), text::bytes(count.bytes))
}

/// ` (film.mov 21.0 GB, scan.tif 250.3 MB)`.
fn examples(examples: &[Example]) -> String {
    if examples.is_empty() {
        return String::new();
    }
    let names: Vec<_> = examples
        .iter()
        .map(|example| {
            let name = text::clean(&example.name);
            match example.size_bytes {
                Some(size) if size > 0 => format!("{name} {}", text::bytes(size)),
                _ => name,
            }
        })
        .collect();
    format!(", such as {}", names.join(", "))
}

#[cfg(test)]
mod tests;
