//! How long it takes: requests of the day, bytes a second.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use photomove_migrate::{Estimate, Plan};

use super::Section;
use crate::report::service;
use crate::text;

/// 10 Mbit/s in bytes, an upload speed that people know.
const USUAL: u64 = 10_000_000 / 8;

pub(super) fn time(plan: &Plan) -> Section {
    let mut section = Section::new("how long");
    let estimate = &plan.estimate;
    if estimate.requests == 0 {
        return section;
    }
    section.line(requests(plan));
    if let Some(days) = days(estimate) {
        section.line(days);
    }
    section.line(bytes(plan));
    section
}

/// How many requests, and of how many.
fn requests(plan: &Plan) -> String {
    let estimate = &plan.estimate;
    let of = &estimate.of;
    let parts: Vec<_> = [
        (of.files, "for files"),
        (of.items, "to make items"),
        (of.albums, "for albums"),
        (of.memberships, "for further albums"),
        (of.daily, "to begin each day"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| format!("{} {what}", text::count(count)))
    .collect();
    format!(
        "about {} to {}: {}",
        text::counted(estimate.requests, "request"),
        service(&plan.target),
        parts.join(", ")
    )
}

/// How many days these take.
fn days(estimate: &Estimate) -> Option<String> {
    let per_day = u64::from(estimate.per_day?);
    let mut line = format!("{} a day are allowed", text::count(per_day));
    if estimate.used_today > 0 {
        line.push_str(&format!(
            ", {} are left today",
            text::count(per_day.saturating_sub(estimate.used_today))
        ));
    }
    match (estimate.days, estimate.last_day) {
        (Some(1), _) if estimate.used_today < per_day => line.push_str(": enough today"),
        (Some(days), Some(last)) => line.push_str(&format!(
            ": {}, so not done before {}",
            text::counted(days, "day"),
            local(last)
        )),
        _ => line.push_str(": too few to ever be done"),
    }
    Some(line)
}

fn bytes(plan: &Plan) -> String {
    let estimate = &plan.estimate;
    let bytes = plan.to_send.bytes;
    let Some(speed) = estimate.bytes_per_second else {
        let usual = took(bytes / USUAL);
        return format!("speed: not measured yet; at 10 Mbit/s the bytes alone take {usual}");
    };
    let alone = took(bytes / speed.max(1));
    let done = match estimate.done_at {
        Some(at) => format!("; done about {}", local(at)),
        None => String::new(),
    };
    format!(
        "speed: {}/s in earlier runs, so the bytes alone take {alone}{done}",
        text::bytes(speed)
    )
}

fn took(seconds: u64) -> String {
    match seconds {
        0 => "less than a second".to_owned(),
        seconds => text::duration(Duration::from_secs(seconds)),
    }
}

pub(super) fn local(at: Timestamp) -> String {
    let words = at
        .to_zoned(TimeZone::system())
        .strftime("%a %-d %b %Y, %H:%M")
        .to_string();
    // A date stays on its line.
    words.replace(' ', "\u{a0}")
}
