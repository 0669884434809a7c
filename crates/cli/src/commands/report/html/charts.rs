//! Charts as inline SVG. The colours of their texts and lines are those of the page: its style sets them, for light and dark.

use charts_rs::{BarChart, Color, SankeyChart, SankeyLink, SankeyNode, Series};
use jiff::ToSpan;
use jiff::civil::Date;
use photomove_core::MediaKind;
use photomove_migrate::{Accounting, Count, DaySum, KindAccounting};

use crate::text;

/// Most bars of a chart; days beyond that are put together.
const BARS_MAX: i64 = 60;
/// Below this width a chart is for a phone.
const NARROW: f32 = 500.0;
/// A flow is at least this part of all, so that one file among many thousands can be seen.
const THINNEST: f64 = 0.006;

/// What the bars count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    Files,
    Bytes,
}

impl Measure {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Files => "Files",
            Self::Bytes => "Bytes",
        }
    }
}

type CountOf = fn(&Accounting) -> Count;

/// Words and number of each outcome. The style of the page finds nodes and flows by these words and gives each its colour.
const OUTCOMES: [(&str, CountOf); 6] = [
    ("verified", |sums| sums.verified),
    ("unverifiable", |sums| sums.unverifiable),
    ("already there", |sums| sums.already_there),
    ("skipped", |sums| sums.skipped),
    ("failed", |sums| sums.failed),
    ("not finished", |sums| sums.waiting),
];

/// Draws how the files of each kind flow to their outcomes; `None` if there are none.
pub(super) fn flow(kinds: &[KindAccounting], width: f32) -> Option<String> {
    let all: u64 = kinds.iter().map(|kind| kind.accounting.found.count).sum();
    if all == 0 {
        return None;
    }
    let thinnest = all as f64 * THINNEST;
    let mut nodes: Vec<SankeyNode> = kinds.iter().map(|sum| kind_label(sum).as_str().into()).collect();
    let mut links = Vec::new();
    let mut ends = 0_u16;
    for (words, count) in OUTCOMES {
        let total: u64 = kinds.iter().map(|sum| count(&sum.accounting).count).sum();
        if total == 0 {
            continue;
        }
        ends += 1;
        let label = format!("{words} {}", text::count(total));
        nodes.push(label.as_str().into());
        for sum in kinds {
            let files = count(&sum.accounting).count;
            if files > 0 {
                links.push(SankeyLink {
                    source: kind_label(sum),
                    target: label.clone(),
                    value: (files as f64).max(thinnest) as f32,
                });
            }
        }
    }
    let rows = f32::from(ends.max(u16::try_from(kinds.len()).unwrap_or(ends)));
    let mut chart = SankeyChart::new(nodes, links);
    chart.width = width;
    chart.height = 100.0 + 40.0 * rows;
    // A thin flow at the edge has a label that is higher than itself.
    chart.margin = charts_rs::Box {
        top: 10.0,
        bottom: 12.0,
        ..Default::default()
    };
    chart.background_color = Color::transparent();
    chart.node_gap = 24.0;
    chart.node_width = 12.0;
    chart.link_opacity = 0.35;
    chart.series.label.font.size = if width < NARROW { 12.0 } else { 14.0 };
    chart.svg().ok()
}

fn kind_label(sum: &KindAccounting) -> String {
    let words = match sum.kind {
        MediaKind::Photo => "photos",
        MediaKind::Video => "videos",
        MediaKind::LivePhoto => "live photos",
    };
    format!("{words} {}", text::count(sum.accounting.found.count))
}

/// What a bar stands for: `day`, `week` or `4 weeks`.
pub(super) fn step(days: &[DaySum]) -> &'static str {
    match days_per_bar(days) {
        1 => "day",
        7 => "week",
        _ => "4 weeks",
    }
}

fn days_per_bar(days: &[DaySum]) -> i64 {
    let span = match (days.first(), days.last()) {
        (Some(first), Some(last)) => days_between(first.day, last.day) + 1,
        _ => 0,
    };
    match span {
        0..=BARS_MAX => 1,
        _ if span <= 7 * BARS_MAX => 7,
        _ => 28,
    }
}

fn days_between(from: Date, to: Date) -> i64 {
    from.until(to).map_or(0, |span| i64::from(span.get_days()))
}

/// Draws what arrived day by day, days without anything included; `None` if that was one day or none.
pub(super) fn by_day(days: &[DaySum], measure: Measure, width: f32) -> Option<String> {
    let first = days.first()?.day;
    if days.len() < 2 {
        return None;
    }
    let per_bar = days_per_bar(days);
    let (mut labels, mut values) = (Vec::new(), Vec::<f64>::new());
    for day in days {
        let bar = usize::try_from(days_between(first, day.day) / per_bar).ok()?;
        while values.len() <= bar {
            let offset = i64::try_from(values.len()).ok()? * per_bar;
            let at = first.checked_add(offset.days()).ok()?;
            labels.push(at.strftime("%-d %b").to_string());
            values.push(0.0);
        }
        values[bar] += match measure {
            Measure::Files => day.arrived.count as f64,
            Measure::Bytes => day.arrived.bytes as f64,
        };
    }
    let (unit, factor) = match measure {
        Measure::Files => ("", 1.0),
        Measure::Bytes => unit(values.iter().copied().fold(0.0, f64::max)),
    };
    let values: Vec<f32> = values.into_iter().map(|value| (value / factor) as f32).collect();
    let mut chart = BarChart::new(vec![Series::new(measure.words().to_owned(), values)], labels);
    // Gaps between bars have a width of their own: for a phone they are drawn twice as large, and shown at half the size.
    let (scale, height) = if width < NARROW { (2.0, 170.0) } else { (1.0, 220.0) };
    chart.width = scale * width;
    chart.height = scale * height;
    // The label of the highest line is half above it, and that of the last bar may be wider than the bar.
    chart.margin = charts_rs::Box {
        top: scale * 10.0,
        left: scale * 4.0,
        right: scale * 14.0,
        ..Default::default()
    };
    chart.background_color = Color::transparent();
    chart.legend.show = Some(false);
    chart.radius = Some(2.0);
    let size = scale * if width < NARROW { 11.0 } else { 12.0 };
    chart.x_axis.font.size = size;
    chart.x_axis.height *= scale;
    if let Some(axis) = chart.y_axis_configs.first_mut() {
        axis.split_number = 4;
        axis.font.size = size;
        axis.formatter = Some(match unit {
            "" => "{t}".to_owned(),
            unit => format!("{{c}} {unit}"),
        });
    }
    chart.svg().ok()
}

/// The decimal unit in which the largest bar is a number of moderate size.
fn unit(largest: f64) -> (&'static str, f64) {
    [("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)]
        .into_iter()
        .find(|(_, factor)| largest >= *factor)
        .unwrap_or(("B", 1.0))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn day(day: Date, files: u64) -> DaySum {
        DaySum {
            day,
            arrived: Count {
                count: files,
                bytes: files * 3_000_000,
            },
        }
    }

    #[test]
    fn one_file_among_many_is_drawn() {
        let count = |count| Count { count, bytes: 0 };
        let kind = KindAccounting {
            kind: MediaKind::Photo,
            accounting: Accounting {
                found: count(60_000),
                verified: count(59_999),
                failed: count(1),
                ..Accounting::default()
            },
        };
        let svg = flow(&[kind], 880.0).unwrap();
        assert!(svg.contains("verified 59,999") && svg.contains("failed 1"), "{svg}");
        assert!(flow(&[], 880.0).is_none());
    }

    #[test]
    fn every_outcome_has_its_colour() {
        let style = include_str!("../../../../templates/report/style.css");
        for (words, _) in OUTCOMES {
            assert!(style.contains(&format!("[data-target^=\"{words}\"]")), "{words}");
            assert!(style.contains(&format!("[data-name^=\"{words}\"]")), "{words}");
        }
    }

    #[test]
    fn many_days_share_bars_and_one_day_has_no_chart() {
        let days: Vec<_> = [date(2026, 1, 1), date(2026, 1, 3), date(2026, 12, 31)]
            .map(|at| day(at, 10))
            .to_vec();
        assert_eq!((step(&days[..2]), step(&days)), ("day", "week"));
        let svg = by_day(&days[..2], Measure::Files, 880.0).unwrap();
        assert!(
            svg.contains("1 Jan") && svg.contains("2 Jan"),
            "the empty day is there: {svg}"
        );
        assert!(by_day(&days, Measure::Bytes, 340.0).unwrap().contains("MB"));
        assert!(by_day(&days[..1], Measure::Files, 880.0).is_none());
    }
}
