//! What a person allows one run: bytes a second, bytes in all, and time.

use std::time::Duration;

use clap::Args;
use jiff::{SignedDuration, SpanRelativeTo, Timestamp};
use photomove_core::{Error, ErrorKind, Result};
use photomove_http::Bandwidth;
use photomove_migrate::RunLimit;

use crate::app::App;
use crate::settings::Settings;
use crate::text;

/// Heading of these options in the help.
const HEADING: &str = "Limits of this run (it goes on with the same command)";

/// Options that limit a run.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct LimitArgs {
    /// Use no more than so much of the line, for uploads and downloads together: `10MB/s`, `20Mbit/s`, `off` [env:
    /// PHOTOMOVE_MAX_BANDWIDTH]
    #[arg(long, value_name = "RATE", help_heading = HEADING)]
    max_bandwidth: Option<String>,
    /// Begin no further file once so much was sent, such as `50GB`
    #[arg(long, value_name = "SIZE", help_heading = HEADING)]
    max_transfer: Option<String>,
    /// Begin nothing more after so long, such as `8h` or `90m`, and end
    #[arg(long, value_name = "TIME", help_heading = HEADING)]
    max_duration: Option<String>,
}

/// The limits of a run.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Limits {
    /// `None` = as fast as it goes.
    pub(crate) bytes_per_second: Option<u64>,
    /// `None` = all there is.
    pub(crate) transfer_bytes: Option<u64>,
    /// `None` = as long as it takes.
    pub(crate) duration: Option<Duration>,
    /// When that is over; counted from when the command was given.
    pub(crate) stop_at: Option<Timestamp>,
}

impl LimitArgs {
    /// Reads them; what is not said here may be said by the settings.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if one of them is not what it should be.
    pub(crate) fn limits(&self, app: &App, settings: &Settings) -> Result<Limits> {
        let bytes_per_second = match &self.max_bandwidth {
            Some(text) => rate("--max-bandwidth", text)?,
            None => settings.max_bytes_per_second,
        };
        let transfer = |text: &String| {
            let bytes = text::parse_bytes(text).filter(|bytes| *bytes > 0);
            bytes.ok_or_else(|| {
                wrong(format!("`--max-transfer` is not a size: `{text}`"))
                    .hint("write a number and a unit, such as `50GB` or `500MB`")
            })
        };
        let duration = self.max_duration.as_deref().map(time).transpose()?;
        let end = |duration| app.clock.now().saturating_add(duration).unwrap_or(Timestamp::MAX);
        Ok(Limits {
            bytes_per_second,
            transfer_bytes: self.max_transfer.as_ref().map(transfer).transpose()?,
            duration,
            stop_at: duration.map(end),
        })
    }
}

impl Limits {
    /// Makes the limit that all connections share.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if it is too low to be of use.
    pub(crate) fn bandwidth(&self, app: &App) -> Result<Bandwidth> {
        match self.bytes_per_second {
            Some(rate) => Bandwidth::of(rate, &app.clock),
            None => Ok(Bandwidth::unlimited()),
        }
    }

    /// Says that a limit is reached.
    pub(crate) fn words(&self, limit: RunLimit, sent_bytes: u64) -> String {
        match limit {
            RunLimit::Transfer => format!(
                "{} were sent, and `--max-transfer` allows {}",
                text::bytes(sent_bytes),
                text::bytes(self.transfer_bytes.unwrap_or(sent_bytes))
            ),
            RunLimit::Time => match self.duration {
                Some(duration) => {
                    let time = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
                    format!("the time of `--max-duration` is over: {time:#}")
                }
                None => "the time of `--max-duration` is over".to_owned(),
            },
            _ => "a limit of this run is reached".to_owned(),
        }
    }
}

/// Reads `10MB/s`, `20Mbit/s`, `1.5 MiB/s`, `off`; `None` = no limit. `name` is what it is called where it was said.
///
/// # Errors
/// [`ErrorKind::Config`] if it is none of these, or less than 1 kB/s.
pub(crate) fn rate(name: &str, text: &str) -> Result<Option<u64>> {
    if text.trim().eq_ignore_ascii_case("off") {
        return Ok(None);
    }
    let Some(rate) = bytes_per_second(text) else {
        return Err(wrong(format!("`{name}` is not a rate: `{text}`"))
            .hint("write a number and a unit, such as `10MB/s` or `20Mbit/s`, or `off`"));
    };
    if rate < 1000 {
        return Err(
            wrong(format!("`{name}` is too slow for anything to arrive: `{text}`")).hint("allow 1 kB/s or more")
        );
    }
    Ok(Some(rate))
}

fn bytes_per_second(text: &str) -> Option<u64> {
    let lower = text.trim().to_ascii_lowercase();
    if let Some(bits) = ["bit/s", "bits/s", "bps"]
        .iter()
        .find_map(|unit| lower.strip_suffix(unit))
    {
        // `20 M` is read like `20 MB`.
        let scaled = match bits.trim_end() {
            plain if plain.ends_with(|last: char| last.is_ascii_digit()) => plain.to_owned(),
            unit => format!("{unit}b"),
        };
        return text::parse_bytes(&scaled).map(|bits| bits / 8);
    }
    // Without a unit nobody knows whether bits or bytes are meant.
    let bytes = lower.strip_suffix("/s").unwrap_or(&lower).trim_end();
    text::parse_bytes(bytes).filter(|_| bytes.ends_with('b'))
}

/// Reads `8h`, `90m`, `1h30m`, `2 days`.
fn time(text: &str) -> Result<Duration> {
    let wrong = || {
        wrong(format!("`--max-duration` is not a time: `{text}`"))
            .hint("write a number and a unit, such as `8h`, `90m` or `1h30m`")
    };
    let span: jiff::Span = text.trim().parse().map_err(|_| wrong())?;
    let signed = span
        .to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|_| wrong())?;
    let duration = Duration::try_from(signed).map_err(|_| wrong())?;
    if duration.is_zero() { Err(wrong()) } else { Ok(duration) }
}

fn wrong(message: String) -> Error {
    Error::new(ErrorKind::Config, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_in_bytes_and_in_bits() {
        for (text, bytes) in [
            ("10MB/s", 10_000_000),
            ("10 mb/s", 10_000_000),
            ("1.5MiB/s", 1_572_864),
            ("500kB", 500_000),
            ("20Mbit/s", 2_500_000),
            ("20 Mbit/s", 2_500_000),
            ("100Mbps", 12_500_000),
            ("1Gbit/s", 125_000_000),
            ("80000bit/s", 10_000),
        ] {
            assert_eq!(rate("--max-bandwidth", text).unwrap(), Some(bytes), "{text}");
        }
    }

    #[test]
    fn off_is_no_limit() {
        assert_eq!(rate("--max-bandwidth", " OFF ").unwrap(), None);
    }

    #[test]
    fn times_are_read() {
        for (text, seconds) in [
            ("8h", 8 * 3600),
            ("90m", 90 * 60),
            ("1h30m", 90 * 60),
            ("1h 30m", 90 * 60),
            ("2 days", 48 * 3600),
            ("2d", 48 * 3600),
            ("45s", 45),
        ] {
            assert_eq!(time(text).unwrap(), Duration::from_secs(seconds), "{text}");
        }
    }

    #[test]
    fn mistakes_are_named_with_what_to_write() {
        let mut said = Vec::new();
        for text in ["fast", "10", "10MB/h", "-1MB/s", "10 bit/s", ""] {
            said.push(rate("--max-bandwidth", text).unwrap_err());
        }
        for text in ["8", "h", "-8h", "0s", "1 month", ""] {
            said.push(time(text).unwrap_err());
        }
        let lines: Vec<_> = said
            .iter()
            .map(|error| format!("{error} | {}", error.hint_text().unwrap_or("-")))
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        `--max-bandwidth` is not a rate: `fast` | write a number and a unit, such as `10MB/s` or `20Mbit/s`, or `off`
        `--max-bandwidth` is not a rate: `10` | write a number and a unit, such as `10MB/s` or `20Mbit/s`, or `off`
        `--max-bandwidth` is not a rate: `10MB/h` | write a number and a unit, such as `10MB/s` or `20Mbit/s`, or `off`
        `--max-bandwidth` is not a rate: `-1MB/s` | write a number and a unit, such as `10MB/s` or `20Mbit/s`, or `off`
        `--max-bandwidth` is too slow for anything to arrive: `10 bit/s` | allow 1 kB/s or more
        `--max-bandwidth` is not a rate: `` | write a number and a unit, such as `10MB/s` or `20Mbit/s`, or `off`
        `--max-duration` is not a time: `8` | write a number and a unit, such as `8h`, `90m` or `1h30m`
        `--max-duration` is not a time: `h` | write a number and a unit, such as `8h`, `90m` or `1h30m`
        `--max-duration` is not a time: `-8h` | write a number and a unit, such as `8h`, `90m` or `1h30m`
        `--max-duration` is not a time: `0s` | write a number and a unit, such as `8h`, `90m` or `1h30m`
        `--max-duration` is not a time: `1 month` | write a number and a unit, such as `8h`, `90m` or `1h30m`
        `--max-duration` is not a time: `` | write a number and a unit, such as `8h`, `90m` or `1h30m`
        ");
    }

    #[test]
    fn what_ended_the_run_is_said_by_the_name_of_its_option() {
        let limits = Limits {
            transfer_bytes: Some(50_000_000_000),
            duration: Some(Duration::from_secs(8 * 3600)),
            ..Limits::default()
        };
        insta::assert_snapshot!(
            format!("{}\n{}", limits.words(RunLimit::Transfer, 50_123_000_000), limits.words(RunLimit::Time, 0)),
            @r"
        50.1 GB were sent, and `--max-transfer` allows 50.0 GB
        the time of `--max-duration` is over: 8h
        "
        );
    }
}
