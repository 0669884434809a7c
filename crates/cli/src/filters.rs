//! Options that mean a part of the library: how they are typed, and how they are said.

mod dates;

use std::ffi::OsStr;

use clap::{Args, ValueEnum};
use jiff::tz::TimeZone;
use photomove_core::{Error, ErrorKind, Filters, MediaFilter, Result};
use photomove_migrate::Filtered;

use crate::again::quoted;
use crate::text;

/// Heading of these options in the help.
const HEADING: &str = "What to move (everything, if nothing is said)";

/// Options that mean a part of the library.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct FilterArgs {
    /// Only the first N that fit the other options, such as 10 for a trial
    #[arg(long, value_name = "N", value_parser = some, help_heading = HEADING)]
    limit: Option<u64>,
    /// Only what is in the album of this title; can be given several times
    #[arg(long = "album", value_name = "TITLE", help_heading = HEADING)]
    albums: Vec<String>,
    /// Only what was taken then or later: `2023`, `2023-07`, `2023-07-14` by this machine's time zone, or a time with its
    /// offset such as `2023-07-14T18:00:00+02:00`
    #[arg(long, value_name = "WHEN", help_heading = HEADING)]
    since: Option<String>,
    /// Only what was taken then or earlier: `--until 2023-07` is to the end of July
    #[arg(long, value_name = "WHEN", help_heading = HEADING)]
    until: Option<String>,
    /// Only photos (live photos too), or only videos
    #[arg(long = "type", value_name = "TYPE", help_heading = HEADING)]
    kind: Option<Kind>,
    /// Only favourites
    #[arg(long, visible_alias = "favourite", help_heading = HEADING)]
    favorite: bool,
}

/// What can be moved alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Photos.
    Photo,
    /// Videos.
    Video,
}

impl FilterArgs {
    /// Reads them; dates are those of the machine's time zone.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if a date is none, a title is empty, or the end comes before the beginning.
    pub(crate) fn filters(&self) -> Result<Filters> {
        self.filters_in(&TimeZone::system())
    }

    fn filters_in(&self, zone: &TimeZone) -> Result<Filters> {
        let mut filters = Filters::default();
        let span = |option: &'static str, text: &Option<String>| {
            text.as_deref().map(|text| dates::span(option, text, zone)).transpose()
        };
        let (since, until) = (span("--since", &self.since)?, span("--until", &self.until)?);
        if let Some((from, _)) = since {
            filters = filters.with_since(from);
        }
        if let Some((_, to)) = until {
            filters = filters.with_until(to);
        }
        if let (Some((from, _)), Some((_, to))) = (since, until)
            && from >= to
        {
            return Err(Error::new(
                ErrorKind::Config,
                format!(
                    "`--since {}` comes after `--until {}`",
                    self.since.as_deref().unwrap_or_default(),
                    self.until.as_deref().unwrap_or_default()
                ),
            )
            .hint("nothing can be taken then; both ends are included, so `--since 2023 --until 2023` is that year"));
        }
        if let Some(zone) = [filters.since, filters.until]
            .into_iter()
            .flatten()
            .next()
            .and_then(|at| dates::name(zone, at))
        {
            filters = filters.with_zone(zone);
        }
        for title in &self.albums {
            if title.trim().is_empty() {
                return Err(
                    Error::new(ErrorKind::Config, "`--album` needs a title, not an empty text")
                        .hint("for example: `--album \"Summer 2023\"`"),
                );
            }
            filters = filters.with_album(title);
        }
        if let Some(kind) = self.kind {
            filters = filters.with_kind(match kind {
                Kind::Photo => MediaFilter::Photo,
                Kind::Video => MediaFilter::Video,
            });
        }
        if self.favorite {
            filters = filters.with_favourite();
        }
        if let Some(limit) = self.limit {
            filters = filters.with_limit(limit);
        }
        Ok(filters)
    }
}

/// Says in one line what is meant; `None` = everything.
pub(crate) fn words(filters: &Filters) -> Option<String> {
    if filters.is_empty() {
        return None;
    }
    let mut words = Vec::new();
    words.extend(filters.kind.map(|kind| match kind {
        MediaFilter::Photo => "photos".to_owned(),
        MediaFilter::Video => "videos".to_owned(),
    }));
    if filters.favourite {
        words.push("favourites".to_owned());
    }
    words.extend(dates::words(filters));
    if !filters.albums.is_empty() {
        let titles: Vec<String> = filters
            .albums
            .iter()
            .map(|title| format!("`{}`", text_of(title)))
            .collect();
        let album = if titles.len() == 1 { "album" } else { "albums" };
        words.push(format!("in {album} {}", titles.join(" or ")));
    }
    words.extend(filters.limit.map(|limit| match limit {
        1 => "the first one".to_owned(),
        limit => format!("the first {}", text::count(limit)),
    }));
    Some(words.join(", "))
}

/// Returns the options that mean the same, each with a space before it, as a shell takes them.
pub(crate) fn options(filters: &Filters) -> String {
    let mut words = Vec::new();
    words.extend(filters.limit.map(|limit| format!("--limit {limit}")));
    for title in &filters.albums {
        words.push(format!("--album {}", quoted(OsStr::new(title))));
    }
    words.extend(
        filters
            .since
            .map(|since| format!("--since {}", dates::since_word(filters, since))),
    );
    words.extend(
        filters
            .until
            .map(|until| format!("--until {}", dates::until_word(filters, until))),
    );
    words.extend(filters.kind.map(|kind| match kind {
        MediaFilter::Photo => "--type photo".to_owned(),
        MediaFilter::Video => "--type video".to_owned(),
    }));
    if filters.favourite {
        words.push("--favorite".to_owned());
    }
    words.iter().map(|word| format!(" {word}")).collect()
}

/// Says what was meant, what was left out of it, and why: a line each.
pub(crate) fn plan_lines(filtered: &Filtered) -> Vec<String> {
    let mut lines: Vec<String> = words(&filtered.filters)
        .map(|words| format!("only: {words}"))
        .into_iter()
        .collect();
    for namesakes in &filtered.namesakes {
        lines.push(format!(
            "{} are called `{}`: all of them are meant",
            text::counted(namesakes.albums, "album"),
            text_of(&namesakes.title)
        ));
    }
    if filtered.left_out > 0 {
        let mut line = format!("looked at and left out: {}", text::counted(filtered.left_out, "item"));
        if filtered.without_date > 0 {
            line.push_str(&format!(
                ", of which {} because the source tells no date",
                text::count(filtered.without_date)
            ));
        }
        lines.push(line);
    }
    if filtered.stopped_at_limit {
        lines.push("the rest of the library was not looked at".to_owned());
    }
    lines
}

/// Reads a number of items.
fn some(text: &str) -> std::result::Result<u64, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| "it must be a number from 1 on, such as 10".to_owned())
}

/// A title on one line, whatever is in it.
fn text_of(title: &str) -> String {
    title
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        filters: FilterArgs,
    }

    fn read(line: &[&str]) -> Result<Filters> {
        let words = std::iter::once("x").chain(line.iter().copied());
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        Line::try_parse_from(words).unwrap().filters.filters_in(&zone)
    }

    /// The filter as the journal keeps it, and as it is said.
    fn told(line: &[&str]) -> String {
        match read(line) {
            Ok(filters) => format!(
                "{}\n{}",
                serde_json::to_string(&filters).unwrap(),
                words(&filters).unwrap_or_default()
            ),
            Err(error) => format!("{}\n{}", error.message(), error.hint_text().unwrap_or_default()),
        }
    }

    #[test]
    fn nothing_said_is_everything() {
        let filters = read(&[]).unwrap();
        assert!(filters.is_empty());
        assert_eq!(serde_json::to_string(&filters).unwrap(), "{}");
        assert_eq!(words(&filters), None);
    }

    #[test]
    fn a_year_a_month_and_a_day_are_whole() {
        insta::assert_snapshot!(told(&["--since", "2023", "--until", "2023"]), @r#"
        {"since":"2022-12-31T23:00:00Z","until":"2023-12-31T23:00:00Z","zone":"Europe/Berlin"}
        taken from 2023-01-01 to 2023-12-31
        "#);
        insta::assert_snapshot!(told(&["--until", "2023-07"]), @r#"
        {"until":"2023-07-31T22:00:00Z","zone":"Europe/Berlin"}
        taken until 2023-07-31
        "#);
        insta::assert_snapshot!(told(&["--since", "2023-07-14", "--until", "2023-07-14"]), @r#"
        {"since":"2023-07-13T22:00:00Z","until":"2023-07-14T22:00:00Z","zone":"Europe/Berlin"}
        taken on 2023-07-14
        "#);
    }

    #[test]
    fn a_time_with_its_offset_is_exact_and_included() {
        insta::assert_snapshot!(told(&["--since", "2023-07-14T18:00:00+02:00", "--until", "2023-07-14T16:00:00.5Z"]), @r#"
        {"since":"2023-07-14T16:00:00Z","until":"2023-07-14T16:00:00.500000001Z","zone":"Europe/Berlin"}
        taken from 2023-07-14 18:00:00 to 2023-07-14 18:00:00
        "#);
    }

    #[test]
    fn everything_at_once_is_said_in_one_line() {
        insta::assert_snapshot!(told(&[
            "--limit", "1000", "--album", "Summer", "--album", "A\u{7}", "--album", "summer", "--since", "2023-07", "--type", "video", "--favourite",
        ]), @r#"
        {"since":"2023-06-30T22:00:00Z","zone":"Europe/Berlin","kind":"video","favourite":true,"albums":["A\u0007","Summer"],"limit":1000}
        videos, favourites, taken since 2023-07-01, in albums `A�` or `Summer`, the first 1,000
        "#);
    }

    #[test]
    fn wrong_input_is_told_with_an_example() {
        insta::assert_snapshot!(told(&["--since", "last summer"]), @r"
        `--since last summer` is no date
        use a year, a month, a day, or a time with its offset: `2023`, `2023-07`, `2023-07-14`, `2023-07-14T18:00:00+02:00`
        ");
        insta::assert_snapshot!(told(&["--until", "2023-02-30"]), @r"
        `--until 2023-02-30` is no date: there is no such day
        use a year, a month, a day, or a time with its offset: `2023`, `2023-07`, `2023-07-14`, `2023-07-14T18:00:00+02:00`
        ");
        insta::assert_snapshot!(told(&["--until", "2023-13"]), @r"
        `--until 2023-13` is no date: there is no such month
        use a year, a month, a day, or a time with its offset: `2023`, `2023-07`, `2023-07-14`, `2023-07-14T18:00:00+02:00`
        ");
        insta::assert_snapshot!(told(&["--since", "2023-07-14T18:00:00"]), @r"
        `--since 2023-07-14T18:00:00` has no offset
        add `Z` for UTC or the offset: `2023-07-14T18:00:00+02:00`; a day alone is one of this machine's time zone: `2023-07-14`
        ");
        insta::assert_snapshot!(told(&["--since", "2024", "--until", "2023"]), @r"
        `--since 2024` comes after `--until 2023`
        nothing can be taken then; both ends are included, so `--since 2023 --until 2023` is that year
        ");
        insta::assert_snapshot!(told(&["--album", " "]), @r#"
        `--album` needs a title, not an empty text
        for example: `--album "Summer 2023"`
        "#);
    }

    #[test]
    fn options_mean_what_was_typed() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        for line in [
            &[][..],
            &[
                "--limit",
                "10",
                "--album",
                "Summer at the sea",
                "--type",
                "photo",
                "--favorite",
            ],
            &["--since", "2023", "--until", "2023-07"],
            &[
                "--since",
                "2023-07-14T18:00:00+02:00",
                "--until",
                "2023-07-14T18:00:00+02:00",
            ],
            &["--until", "2023-07-14T18:00:00.25Z"],
        ] {
            let filters = read(line).unwrap();
            let options = options(&filters);
            let words = shell(&options);
            let again = Line::try_parse_from(std::iter::once("x".to_owned()).chain(words)).unwrap();
            assert_eq!(again.filters.filters_in(&zone).unwrap(), filters, "{options}");
        }
        let summer = read(&["--since", "2023-07", "--album", "At the sea"]).unwrap();
        assert_eq!(options(&summer), " --album 'At the sea' --since 2023-07-01");
    }

    /// Takes words apart that are quoted with apostrophes at most.
    fn shell(line: &str) -> Vec<String> {
        let mut words = Vec::new();
        for (number, piece) in line.split('\'').enumerate() {
            match number % 2 {
                0 => words.extend(piece.split_whitespace().map(str::to_owned)),
                _ => words.push(piece.to_owned()),
            }
        }
        words
    }

    #[test]
    fn a_limit_of_none_and_an_unknown_type_are_refused() {
        for line in [
            ["--limit", "0"],
            ["--limit", "-3"],
            ["--limit", "ten"],
            ["--type", "document"],
        ] {
            assert!(
                Line::try_parse_from(std::iter::once("x").chain(line)).is_err(),
                "{line:?}"
            );
        }
    }

    #[test]
    fn a_day_begins_when_it_begins_there() {
        // Midnight of that day does not exist there: clocks went from 0 to 1 o'clock.
        let zone = TimeZone::get("America/Havana").unwrap();
        let args = FilterArgs {
            since: Some("2023-03-12".to_owned()),
            ..FilterArgs::default()
        };
        let filters = args.filters_in(&zone).unwrap();
        assert_eq!(filters.since.unwrap().to_string(), "2023-03-12T05:00:00Z");
    }
}
