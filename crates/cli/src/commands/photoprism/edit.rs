//! `photomove photoprism edit`: what the server says about photos. Everything is set by hand, so that an index run keeps it.

use clap::Args;
use jiff::civil::DateTime;
use photomove_core::{Error, ErrorKind, Result};
use photomove_photoprism::wire::{LocalTime, Photo, PhotoProperties};
use serde_json::{Map, Value};

use super::{Prism, shown};
use crate::exit::Exit;

/// Arguments of `photomove photoprism edit`.
#[derive(Debug, Args)]
#[command(after_help = "\
What is not named stays as it is. The server changes some of what it is sent: keywords become single words in lower case, an \
empty title becomes one of its own making. What it stored is shown at the end.

Any other field goes by its name in the server's interface, with a value in JSON: `--field Scan=true --field Type='\"live\"'`.")]
pub(crate) struct EditArgs {
    /// Photos: ids, SHA-1 hashes of their files, or files on this machine
    #[arg(value_name = "PHOTO", required = true)]
    photos: Vec<String>,
    /// Title
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Caption, under the photo
    #[arg(long, value_name = "TEXT")]
    caption: Option<String>,
    /// When it was taken, by the clock on the wall: `2019-07-21T18:42:07`
    #[arg(long, value_name = "TIME")]
    taken: Option<DateTime>,
    /// Zone of that clock: `Europe/Berlin`, `UTC`; the photo's own if not given
    #[arg(long, value_name = "ZONE", requires = "taken")]
    zone: Option<String>,
    /// Place in degrees: `54.3213,10.1349`; `none` takes it away
    #[arg(long, value_name = "LAT,LNG", value_parser = position)]
    position: Option<Position>,
    /// Metres above the sea
    #[arg(long, value_name = "METRES", allow_negative_numbers = true)]
    altitude: Option<i32>,
    /// Keywords, with commas between them
    #[arg(long, value_name = "WORDS")]
    keywords: Option<String>,
    /// What the photo is about
    #[arg(long, value_name = "TEXT")]
    subject: Option<String>,
    /// Who took it
    #[arg(long, value_name = "TEXT")]
    artist: Option<String>,
    /// Whose the rights are
    #[arg(long, value_name = "TEXT")]
    copyright: Option<String>,
    /// What may be done with it
    #[arg(long, value_name = "TEXT")]
    license: Option<String>,
    /// Notes
    #[arg(long, value_name = "TEXT")]
    notes: Option<String>,
    /// Another field by its own name, with a value in JSON, or a text as it is; may be given more than once
    #[arg(long, value_name = "NAME=JSON", value_parser = field)]
    field: Vec<(String, Value)>,
}

/// Where a photo was taken.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Position {
    Nowhere,
    At(f64, f64),
}

fn position(text: &str) -> std::result::Result<Position, String> {
    if text == "none" {
        return Ok(Position::Nowhere);
    }
    let parsed = text
        .split_once(',')
        .and_then(|(lat, lng)| Some((lat.trim().parse::<f64>().ok()?, lng.trim().parse::<f64>().ok()?)));
    match parsed {
        // The server checks nothing here.
        Some((lat, lng)) if lat.abs() <= 90.0 && lng.abs() <= 180.0 => Ok(Position::At(lat, lng)),
        Some(_) => Err("latitudes end at 90 degrees, longitudes at 180".to_owned()),
        None => Err("two numbers with a comma between them, such as `54.3213,10.1349`, or `none`".to_owned()),
    }
}

/// A name and a value. A word is a text without quotes too: shells take quotes away.
pub(super) fn field(text: &str) -> std::result::Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("a name and a value: `NAME=JSON`")?;
    let value = match serde_json::from_str(value) {
        Ok(value) => value,
        Err(error) if value.starts_with(['{', '[', '"']) => return Err(format!("the value is no JSON: {error}")),
        Err(_) => Value::String(value.to_owned()),
    };
    Ok((name.to_owned(), value))
}

impl EditArgs {
    fn changes_details(&self) -> bool {
        let all = [
            &self.keywords,
            &self.subject,
            &self.artist,
            &self.copyright,
            &self.license,
            &self.notes,
        ];
        all.into_iter().any(Option::is_some)
    }

    /// The change for one photo: details are always sent whole, so that the present ones are needed.
    fn change(&self, photo: &Photo) -> Result<PhotoProperties> {
        let mut change = PhotoProperties::default();
        if let Some(title) = &self.title {
            change = change.with_title(title);
        }
        if let Some(caption) = &self.caption {
            change = change.with_caption(caption);
        }
        if let Some(taken) = self.taken {
            let own = Some(&photo.time_zone).filter(|zone| !zone.is_empty());
            let zone = self.zone.as_ref().or(own).map_or("UTC", String::as_str);
            change = self.timed(change, taken, zone)?;
        }
        match self.position {
            Some(Position::At(lat, lng)) => change = change.with_position(lat, lng, self.altitude),
            Some(Position::Nowhere) => change = change.without_position(),
            None => change.altitude = self.altitude,
        }
        if self.changes_details() {
            let present = photo.details.clone().unwrap_or_default();
            let mut details = present.change();
            details.photo_id = photo.id;
            if let Some(words) = &self.keywords {
                details = details.with_keywords(words);
            }
            if let Some(words) = &self.subject {
                details = details.with_subject(words);
            }
            if let Some(words) = &self.artist {
                details = details.with_artist(words);
            }
            if let Some(words) = &self.copyright {
                details = details.with_copyright(words);
            }
            if let Some(words) = &self.license {
                details = details.with_license(words);
            }
            if let Some(words) = &self.notes {
                details = details.with_notes(words);
            }
            change = change.with_details(details);
        }
        change.other = self.field.iter().cloned().collect::<Map<_, _>>();
        Ok(change)
    }

    fn timed(&self, change: PhotoProperties, taken: DateTime, zone: &str) -> Result<PhotoProperties> {
        let unknown = |error: jiff::Error| {
            Error::new(ErrorKind::Config, format!("`{zone}` is no time zone: {error}"))
                .hint("write it as `Europe/Berlin`, capital letters included; the server would take it for UTC")
        };
        if zone.eq_ignore_ascii_case("utc") {
            let at = taken.to_zoned(jiff::tz::TimeZone::UTC).map_err(unknown)?.timestamp();
            return Ok(change.with_time_utc(at));
        }
        // Names that the photo has already, such as `UTC+2`, are not looked up.
        if self.zone.is_some() {
            let known = jiff::tz::TimeZone::get(zone).map_err(unknown)?;
            if known.iana_name() != Some(zone) {
                return Err(Error::new(
                    ErrorKind::Config,
                    format!("`{zone}` is not spelled as the server needs it"),
                )
                .hint(format!("write `{}`", known.iana_name().unwrap_or("UTC"))));
            }
        }
        Ok(change.with_local_time(LocalTime::new(taken), zone))
    }
}

/// Changes photos and shows what the server stored.
pub(super) async fn run(prism: &Prism<'_>, args: EditArgs) -> Result<Exit> {
    for typed in &args.photos {
        let photo = prism.photo(typed).await?;
        let change = args.change(&photo)?;
        if change == PhotoProperties::default() {
            return Err(Error::new(ErrorKind::Config, "nothing is to be changed").hint(
                "name what: `--title`, `--caption`, `--taken` and so on; see `photomove photoprism edit --help`",
            ));
        }
        let stored = prism.client.update_photo(&photo.uid, &change).await?;
        shown::photo(&prism.app.printer, &stored);
    }
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_and_fields_are_read() {
        assert_eq!(position("54.3213, 10.1349"), Ok(Position::At(54.3213, 10.1349)));
        assert_eq!(position("-33.9,18.4"), Ok(Position::At(-33.9, 18.4)));
        assert_eq!(position("none"), Ok(Position::Nowhere));
        for wrong in ["54", "91,0", "0,181", "a,b", ""] {
            assert!(position(wrong).is_err(), "{wrong}");
        }
        assert_eq!(field("Scan=true"), Ok(("Scan".to_owned(), Value::Bool(true))));
        assert_eq!(
            field("Lang=de"),
            Ok(("Lang".to_owned(), Value::String("de".to_owned())))
        );
        assert!(field("Scan").is_err() && field("Scan={yes").is_err());
    }

    fn args(taken: &str, zone: Option<&str>) -> EditArgs {
        EditArgs {
            photos: Vec::new(),
            title: None,
            caption: None,
            taken: Some(taken.parse().unwrap()),
            zone: zone.map(str::to_owned),
            position: None,
            altitude: None,
            keywords: None,
            subject: None,
            artist: None,
            copyright: None,
            license: None,
            notes: None,
            field: Vec::new(),
        }
    }

    #[test]
    fn a_zone_that_the_server_would_take_for_utc_is_refused() {
        let photo = Photo::default();
        assert!(
            args("2019-07-21T18:42:07", Some("europe/berlin"))
                .change(&photo)
                .is_err()
        );
        assert!(
            args("2019-07-21T18:42:07", Some("Mars/Olympus"))
                .change(&photo)
                .is_err()
        );
        let change = args("2019-07-21T18:42:07", Some("Europe/Berlin"))
            .change(&photo)
            .unwrap();
        assert_eq!(
            (change.time_zone.as_deref(), change.year),
            (Some("Europe/Berlin"), Some(2019))
        );
    }

    #[test]
    fn details_that_are_not_named_are_kept() {
        let mut photo = Photo {
            id: 7,
            ..Photo::default()
        };
        photo.details = Some(photomove_photoprism::wire::Details {
            artist: "Nora".to_owned(),
            ..Default::default()
        });
        let mut args = args("2019-07-21T18:42:07", None);
        args.notes = Some("of the attic".to_owned());
        let details = args.change(&photo).unwrap().details.unwrap();
        assert_eq!(
            (details.photo_id, details.artist.as_str(), details.notes.as_str()),
            (7, "Nora", "of the attic")
        );
    }
}
