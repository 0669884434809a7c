//! What the templates of the page are given. Everything here is text: templates escape it, except where a field says that
//! it is markup.

use askama::Template;
use photomove_migrate::{AlbumRecord, AlbumSummary, Count, ItemRecord, JobOverview, JobStatus, Loss};

use super::super::text::oddities;
use super::charts::{self, Measure};
use super::{name, records, tone};
use crate::{filters, report, text};

/// Days that are named in the table.
const DAYS_TOLD: usize = 400;

/// Up to the contact sheet.
#[derive(Template)]
#[template(path = "report/head.html")]
pub(super) struct Head<'a> {
    source: String,
    target: String,
    source_label: &'a str,
    target_label: &'a str,
    job: i64,
    only: Option<String>,
    state: String,
    begun: String,
    last: Option<String>,
    written_at: &'a str,
    tone: &'static str,
    verdict: String,
    notes: Vec<String>,
    outcomes: Vec<OutcomeRow>,
    found: String,
    found_bytes: String,
    flow: Option<Chart>,
    files_by_day: Option<Chart>,
    bytes_by_day: Option<Chart>,
    step: &'static str,
    days: Vec<DayRow>,
    days_before: usize,
}

/// A chart for a wide page and one for a phone. Markup.
pub(super) struct Chart {
    wide: String,
    narrow: String,
    label: String,
}

/// A row of the accounting.
pub(super) struct OutcomeRow {
    class: &'static str,
    words: &'static str,
    count: String,
    bytes: String,
    percent: String,
    meaning: &'static str,
}

/// A day.
pub(super) struct DayRow {
    day: String,
    files: String,
    bytes: String,
}

impl<'a> Head<'a> {
    pub(super) fn of(overview: &'a JobOverview, written_at: &'a str) -> Self {
        let status = &overview.status;
        let sums = &status.accounting;
        let first = overview.days.len().saturating_sub(DAYS_TOLD);
        let days = overview.days[first..].iter().map(|day| DayRow {
            day: day.day.strftime("%a %-d %b %Y").to_string(),
            files: text::count(day.arrived.count),
            bytes: text::bytes(day.arrived.bytes),
        });
        Self {
            source: report::service(&status.source),
            target: report::service(&status.target),
            source_label: status.source.label.as_deref().unwrap_or_default(),
            target_label: status.target.label.as_deref().unwrap_or_default(),
            job: status.id.0,
            only: filters::words(&status.filters),
            state: records::state_words(status),
            begun: records::local(status.created_at),
            last: overview.last_evidence.map(records::local),
            written_at,
            tone: tone(overview),
            verdict: records::verdict(overview),
            notes: oddities(overview),
            outcomes: outcomes(overview),
            found: text::count(sums.found.count),
            found_bytes: text::bytes(sums.found.bytes),
            flow: flow(overview),
            files_by_day: by_day(overview, Measure::Files),
            bytes_by_day: by_day(overview, Measure::Bytes),
            step: charts::step(&overview.days),
            days: days.collect(),
            days_before: first,
        }
    }
}

fn flow(overview: &JobOverview) -> Option<Chart> {
    Some(Chart {
        wide: charts::flow(&overview.kinds, 880.0)?,
        narrow: charts::flow(&overview.kinds, 340.0)?,
        label: "Where the files of each kind ended; the table below has the numbers".to_owned(),
    })
}

fn by_day(overview: &JobOverview, measure: Measure) -> Option<Chart> {
    Some(Chart {
        wide: charts::by_day(&overview.days, measure, 880.0)?,
        narrow: charts::by_day(&overview.days, measure, 340.0)?,
        label: format!("{} by {}", measure.words(), charts::step(&overview.days)),
    })
}

fn outcomes(overview: &JobOverview) -> Vec<OutcomeRow> {
    let sums = &overview.status.accounting;
    let all = sums.found.count.max(1);
    let rows: [(&str, &str, Count, &str); 6] = [
        (
            "verified",
            "verified",
            sums.verified,
            "arrived, and a hash proves that the bytes are those of the source",
        ),
        (
            "unverifiable",
            "unverifiable",
            sums.unverifiable,
            "arrived, but one side gives nothing to prove it by",
        ),
        (
            "already_there",
            "already there",
            sums.already_there,
            "the destination had the same bytes before",
        ),
        (
            "skipped",
            "skipped",
            sums.skipped,
            "left out, because the source does not have it any more",
        ),
        ("failed", "failed", sums.failed, "did not arrive"),
        ("waiting", "not finished", sums.waiting, "its turn is still to come"),
    ];
    rows.into_iter()
        .filter(|(class, _, count, _)| count.count > 0 || *class == "verified")
        .map(|(class, words, count, meaning)| OutcomeRow {
            class,
            words,
            count: text::count(count.count),
            bytes: text::bytes(count.bytes),
            percent: percent(count.count, all),
            meaning,
        })
        .collect()
}

/// `99.9 %`: never rounded to all or nothing.
fn percent(part: u64, all: u64) -> String {
    let rounded = (u128::from(part) * 2000 / u128::from(all.max(1))).div_ceil(2);
    match (part, rounded) {
        (0, _) => "0 %".to_owned(),
        (_, 0) => "< 0.1 %".to_owned(),
        _ if part == all => "100 %".to_owned(),
        (_, 1000) => "> 99.9 %".to_owned(),
        _ => format!("{}.{} %", rounded / 10, rounded % 10),
    }
}

/// One picture of the contact sheet; the first one begins the sheet.
#[derive(Template)]
#[template(path = "report/picture.html")]
pub(super) struct Picture<'a> {
    is_first: bool,
    data: &'a str,
    name: String,
    taken: String,
}

impl<'a> Picture<'a> {
    pub(super) fn of(item: &ItemRecord, data: &'a str, is_first: bool) -> Self {
        let taken = item.taken.as_ref().map(records::taken).unwrap_or_default();
        Self {
            is_first,
            data,
            name: name(item),
            // The day is enough below a picture.
            taken: taken.get(..10).unwrap_or(&taken).to_owned(),
        }
    }
}

/// The end of the contact sheet, or nothing where there is none.
#[derive(Template)]
#[template(path = "report/pictures_end.html")]
pub(super) struct PicturesEnd {
    pub(super) count: u64,
}

/// The beginning of what is not verified.
#[derive(Template)]
#[template(path = "report/not_verified.html")]
pub(super) struct NotVerified {
    pub(super) files: String,
    pub(super) is_empty: bool,
    pub(super) is_cut: bool,
    pub(super) named: String,
    pub(super) job: i64,
}

/// The beginning of the files of one reason.
#[derive(Template)]
#[template(path = "report/group.html")]
pub(super) struct Group {
    pub(super) class: &'static str,
    pub(super) outcome: &'static str,
    pub(super) words: &'static str,
    pub(super) files: String,
    pub(super) bytes: String,
    /// Markup.
    pub(super) remedy: String,
    pub(super) named: u64,
}

/// A file of it.
#[derive(Template)]
#[template(path = "report/row.html")]
pub(super) struct Row {
    name: String,
    albums: Vec<String>,
    size: String,
    reason: String,
}

impl Row {
    pub(super) fn of(item: &ItemRecord) -> Self {
        let titles = item.albums.iter();
        let reason = item.reason.as_ref().map_or("", |reason| reason.message.as_str());
        Self {
            name: name(item),
            albums: titles.map(|album| text::printable(&album.title).into_owned()).collect(),
            size: item.size_bytes.map_or_else(|| "?".to_owned(), text::bytes),
            reason: text::printable(reason).into_owned(),
        }
    }
}

/// The end of the files of one reason.
#[derive(Template)]
#[template(path = "report/group_end.html")]
pub(super) struct GroupEnd {
    pub(super) named: u64,
    pub(super) more: u64,
    pub(super) more_words: String,
}

/// What could not be kept.
#[derive(Template)]
#[template(path = "report/losses.html")]
pub(super) struct Losses<'a> {
    counted: Vec<LossRow<'a>>,
    in_file: Vec<LossRow<'a>>,
    never: Vec<&'a Loss>,
}

/// Something that could not be kept, and how often.
pub(super) struct LossRow<'a> {
    loss: &'a Loss,
    count: String,
}

impl<'a> Losses<'a> {
    /// Returns `None` if nothing was lost.
    pub(super) fn of(losses: &'a [Loss]) -> Option<Self> {
        let (mut counted, mut in_file, mut never) = (Vec::new(), Vec::new(), Vec::new());
        for loss in losses {
            match (loss.count, loss.in_file) {
                (Some(0), _) => {}
                (Some(count), is_in_file) => {
                    let row = LossRow {
                        loss,
                        count: text::count(count),
                    };
                    if is_in_file {
                        in_file.push(row);
                    } else {
                        counted.push(row);
                    }
                }
                (None, _) => never.push(loss),
            }
        }
        let is_empty = counted.is_empty() && in_file.is_empty() && never.is_empty();
        (!is_empty).then_some(Self {
            counted,
            in_file,
            never,
        })
    }
}

/// The beginning of the albums.
#[derive(Template)]
#[template(path = "report/albums.html")]
pub(super) struct Albums {
    open: String,
    found: String,
    filed: String,
    places: String,
    target: String,
}

impl Albums {
    pub(super) fn of(sums: &AlbumSummary, status: &JobStatus) -> Self {
        Self {
            open: text::count(sums.open),
            found: text::counted(sums.found, "album"),
            filed: text::count(sums.filed),
            places: text::counted(sums.filed + sums.unfiled + sums.waiting, "place"),
            target: report::service(&status.target),
        }
    }
}

/// An album.
#[derive(Template)]
#[template(path = "report/album_row.html")]
pub(super) struct AlbumRow {
    title: String,
    places: String,
    filed: String,
    note: String,
    is_amiss: bool,
}

impl AlbumRow {
    pub(super) fn of(album: &AlbumRecord) -> Self {
        let note = match &album.error {
            Some(why) => format!("not created: {}", text::printable(why)),
            None if album.unfiled > 0 => format!("{} could not be filed", text::counted(album.unfiled, "place")),
            None if !album.open => "not created yet".to_owned(),
            None if album.filed < album.places => {
                format!("{} without its file", text::count(album.places - album.filed))
            }
            None => String::new(),
        };
        Self {
            title: text::printable(&album.title).into_owned(),
            places: text::count(album.places),
            filed: text::count(album.filed),
            is_amiss: album.error.is_some() || album.unfiled > 0,
            note,
        }
    }
}

/// The end of the albums.
#[derive(Template)]
#[template(path = "report/albums_end.html")]
pub(super) struct AlbumsEnd {
    pub(super) more: u64,
    pub(super) more_words: String,
}

/// The end of the page.
#[derive(Template)]
#[template(path = "report/foot.html")]
pub(super) struct Foot<'a> {
    job: i64,
    version: &'static str,
    written_at: &'a str,
}

impl<'a> Foot<'a> {
    pub(super) fn of(overview: &JobOverview, written_at: &'a str) -> Self {
        Self {
            job: overview.status.id.0,
            version: env!("CARGO_PKG_VERSION"),
            written_at,
        }
    }
}

/// Turns `` `code` `` of a text of ours into markup; everything else is escaped.
pub(super) fn code(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 32);
    for (index, piece) in text.split('`').enumerate() {
        let escaped = piece.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        match index % 2 {
            0 => out.push_str(&escaped),
            _ => out.push_str(&format!("<code>{escaped}</code>")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percents_are_never_rounded_to_all_or_nothing() {
        assert_eq!(percent(0, 60_000), "0 %");
        assert_eq!(percent(1, 60_000), "< 0.1 %");
        assert_eq!(percent(59_999, 60_000), "> 99.9 %");
        assert_eq!(
            (percent(206, 207).as_str(), percent(1, 207).as_str()),
            ("99.5 %", "0.5 %")
        );
        assert_eq!(percent(60_000, 60_000), "100 %");
        assert_eq!(percent(1, 8), "12.5 %");
    }

    #[test]
    fn code_is_marked_and_everything_is_escaped() {
        assert_eq!(code("run `a <b>` & c"), "run <code>a &lt;b&gt;</code> &amp; c");
    }
}
