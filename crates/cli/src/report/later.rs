//! What a later pass over the source found to be different, in words.

use jiff::tz::TimeZone;
use photomove_migrate::{AccountName, Count, Later};

use super::service;
use crate::text;

/// What the words are about: both sides, and whether only a part of the library is meant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About<'a> {
    pub(crate) source: &'a AccountName,
    pub(crate) target: &'a AccountName,
    pub(crate) filtered: bool,
}

/// Returns what is new, changed and gone, a line each.
pub(crate) fn later_lines(later: &Later, about: About<'_>) -> Vec<String> {
    lines_in(later, about, &TimeZone::system())
}

fn lines_in(later: &Later, about: About<'_>, zone: &TimeZone) -> Vec<String> {
    let (source, target) = (service(about.source), service(about.target));
    let since = match later.since {
        Some(at) => format!("since {}", at.to_zoned(zone.clone()).strftime("%-d %b %Y")),
        None => "since the last pass".to_owned(),
    };
    let mut new = Vec::new();
    if later.new.count > 0 {
        new.push(files(later.new));
    }
    if later.new_albums > 0 {
        new.push(text::counted(later.new_albums, "album"));
    }
    if later.new_places > 0 {
        let places = text::counted(later.new_places, "place");
        new.push(format!("{places} in albums for files from before"));
    }
    if new.is_empty() {
        new.push("nothing".to_owned());
    }
    let mut lines = vec![format!("new {since}: {}", new.join(", "))];
    let (they_stay, it_stays) = (format!("they stay at {target}"), format!("it stays at {target}"));
    let stay = |count: u64| if count == 1 { &it_stays } else { &they_stay };
    if later.changed.count > 0 {
        lines.push(format!(
            "changed {since}: {}; {} moved as new, the earlier versions stay at {target}",
            files(later.changed),
            if later.changed.count == 1 { "it is" } else { "they are" }
        ));
    }
    let gone = match about.filtered {
        true => "no longer among what is meant".to_owned(),
        false => format!("no longer at {source}"),
    };
    if later.gone.count > 0 {
        lines.push(format!("{gone}: {}; {}", files(later.gone), stay(later.gone.count)));
    }
    if later.gone_albums > 0 {
        let albums = text::counted(later.gone_albums, "album");
        lines.push(format!("{gone}: {albums}; {}", stay(later.gone_albums)));
    }
    if later.gone_places > 0 {
        lines.push(format!(
            "no longer in an album at {source}: {}; {}",
            text::counted(later.gone_places, "place"),
            stay(later.gone_places)
        ));
    }
    if later.renamed_albums > 0 {
        let keep = if later.renamed_albums == 1 {
            "it keeps its"
        } else {
            "they keep their"
        };
        lines.push(format!(
            "renamed at {source}: {}; {keep} title at {target}",
            text::counted(later.renamed_albums, "album")
        ));
    }
    lines
}

fn files(count: Count) -> String {
    format!("{} ({})", text::counted(count.count, "file"), text::bytes(count.bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(kind: &str) -> AccountName {
        AccountName {
            kind: kind.into(),
            label: None,
        }
    }

    fn told(later: &Later, filtered: bool) -> String {
        let (source, target) = (name("amazon"), name("google"));
        let about = About {
            source: &source,
            target: &target,
            filtered,
        };
        lines_in(later, about, &TimeZone::UTC).join("\n")
    }

    #[test]
    fn what_is_new_is_said_with_the_day_of_the_pass_before() {
        let count = |count, bytes| Count { count, bytes };
        let mut week = Later::default();
        assert_eq!(told(&week, false), "new since the last pass: nothing");
        week.since = "2026-11-14T09:00:00Z".parse().ok();
        week.new = count(100, 300_000);
        week.new_places = 50;
        week.gone = count(12, 36_000);
        insta::assert_snapshot!(told(&week, false), @r"
        new since 14 Nov 2026: 100 files (300.0 kB), 50 places in albums for files from before
        no longer at Amazon Photos: 12 files (36.0 kB); they stay at Google Photos
        ");
        week.new = Count::default();
        week.new_places = 0;
        week.changed = count(1, 4_000);
        week.gone = count(1, 3_000);
        week.gone_albums = 2;
        week.gone_places = 3;
        week.renamed_albums = 1;
        insta::assert_snapshot!(told(&week, true), @r"
        new since 14 Nov 2026: nothing
        changed since 14 Nov 2026: 1 file (4.0 kB); it is moved as new, the earlier versions stay at Google Photos
        no longer among what is meant: 1 file (3.0 kB); it stays at Google Photos
        no longer among what is meant: 2 albums; they stay at Google Photos
        no longer in an album at Amazon Photos: 3 places; they stay at Google Photos
        renamed at Amazon Photos: 1 album; it keeps its title at Google Photos
        ");
    }
}
