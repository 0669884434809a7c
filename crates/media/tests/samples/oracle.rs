//! Every fact against ExifTool's reading. The differences are in `docs/reference/media-differences.md`, no more and no
//! fewer.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use photomove_media::{MediaFacts, Precision, ReadOptions, Seekable, Taken, read_facts};
use serde_json::Value;

use crate::{TestResult, samples};

const DOCUMENT: &str = "../../docs/reference/media-differences.md";
const DIFFERENCES_MAX: usize = 10;

/// File, field, what ExifTool says, what we say.
type Row = (String, String, String, String);

#[test]
fn facts_are_those_of_exiftool_but_for_the_differences_that_are_explained() -> TestResult {
    let Some(samples) = samples()? else {
        return Ok(());
    };
    let mut differences = BTreeSet::new();
    let mut more = BTreeSet::new();
    for (name, expected) in &samples.oracle {
        let file = File::open(samples.folder.join(name))?;
        let facts = read_facts(&mut Seekable::try_new(file)?, &ReadOptions::default())?;
        let mut compare = Compare {
            name,
            expected,
            differences: &mut differences,
            more: &mut more,
        };
        compare.all(&facts);
    }
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join(DOCUMENT);
    let text = std::fs::read_to_string(document)?;
    let sections: Vec<&str> = text.split("\n## ").collect();
    let rows_of = |title: &str| {
        let section = sections.iter().find(|section| section.starts_with(title));
        section.map(|section| rows(section)).unwrap_or_default()
    };
    let explained = rows_of("Differences");
    assert_eq!(shown(&differences), shown(&explained), "left: found, right: explained");
    assert!(explained.len() <= DIFFERENCES_MAX, "{} differences", explained.len());
    for (name, field, ..) in &explained {
        assert!(
            !matches!(field.as_str(), "place" | "capture time"),
            "{name} differs in {field}"
        );
    }
    assert_eq!(shown(&more), shown(&rows_of("More")), "left: found, right: explained");
    Ok(())
}

fn shown(rows: &BTreeSet<Row>) -> String {
    let lines: Vec<String> = rows
        .iter()
        .map(|(name, field, theirs, ours)| format!("| {name} | {field} | {theirs} | {ours} |"))
        .collect();
    lines.join("\n")
}

/// The rows of the first table of a section, without its head and without the reasons, of which none may be missing.
fn rows(section: &str) -> BTreeSet<Row> {
    let lines = section.lines().filter(|line| line.starts_with('|')).skip(2);
    lines
        .map(|line| {
            let cells: Vec<String> = line
                .trim_matches('|')
                .split('|')
                .map(|cell| cell.trim().to_owned())
                .collect();
            let Ok([name, field, theirs, ours, why]) = <[String; 5]>::try_from(cells) else {
                panic!("not five cells: {line}");
            };
            assert!(why.len() > 20, "{name} is not explained");
            (name, field, theirs, ours)
        })
        .collect()
}

struct Compare<'t> {
    name: &'t str,
    expected: &'t Value,
    differences: &'t mut BTreeSet<Row>,
    more: &'t mut BTreeSet<Row>,
}

impl Compare<'_> {
    fn all(&mut self, facts: &MediaFacts) {
        self.same(
            "type",
            self.text("MIMEType"),
            facts.file_type.map(|t| t.media_type.to_owned()),
        );
        self.capture_time(facts.taken.as_ref());
        self.place(facts);
        let size = (self.text("ImageWidth"), self.text("ImageHeight"));
        let size = size.0.zip(size.1).map(|(width, height)| format!("{width} x {height}"));
        let ours = facts
            .size_px
            .map(|size| format!("{} x {}", size.width_px, size.height_px));
        self.same("size", size, ours);
        let orientation = facts.orientation.map(|o| o.exif().to_string());
        self.same("orientation", self.text("Orientation"), orientation);
        self.same("make", self.text("Make"), facts.camera.make.clone());
        self.same("model", self.text("Model"), facts.camera.model.clone());
        self.same("title", self.text("Title"), facts.title.clone());
        let description = self.text("Description").or_else(|| self.text("ImageDescription"));
        self.same("description", description, facts.description.clone());
        let keywords = match &self.expected["Subject"] {
            Value::Array(words) => Some(words.iter().filter_map(plain).collect::<Vec<_>>().join(", ")),
            other => plain(other),
        };
        let ours = (!facts.keywords.is_empty()).then(|| facts.keywords.join(", "));
        self.same("keywords", keywords, ours);
        let seconds = facts
            .duration
            .map(|duration| format!("{:.3} s", duration.as_secs_f64()));
        self.same("duration", self.duration(), seconds);
        self.measured(facts);
    }

    /// What ExifTool measures must be the same; what only we find is none of its columns' business.
    fn measured(&mut self, facts: &MediaFacts) {
        let exposure = &facts.exposure;
        for (field, column, ours) in [
            ("ISO", "ISO", exposure.iso.map(f64::from)),
            ("f-number", "FNumber", exposure.f_number),
            ("exposure time", "ExposureTime", exposure.time_s),
            ("focal length", "FocalLength", exposure.focal_length_mm),
            ("rating", "Rating", facts.rating.map(f64::from)),
        ] {
            if let Some(theirs) = self.expected[column].as_f64()
                && ours.is_none_or(|ours| (ours - theirs).abs() > 1e-6 * theirs.abs())
            {
                self.differ(field, Some(theirs.to_string()), ours.map(|ours| ours.to_string()));
            }
        }
        if let Some(lens) = self.text("LensModel") {
            self.same("lens", Some(lens), facts.camera.lens.clone());
        }
    }

    fn text(&self, column: &str) -> Option<String> {
        plain(&self.expected[column])
    }

    fn same(&mut self, field: &str, theirs: Option<String>, ours: Option<String>) {
        if theirs != ours {
            self.differ(field, theirs, ours);
        }
    }

    fn differ(&mut self, field: &str, theirs: Option<String>, ours: Option<String>) {
        let row = self.row(field, theirs, ours);
        self.differences.insert(row);
    }

    fn row(&self, field: &str, theirs: Option<String>, ours: Option<String>) -> Row {
        let cell = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
        (self.name.to_owned(), field.to_owned(), cell(theirs), cell(ours))
    }

    fn duration(&self) -> Option<String> {
        let seconds = match &self.expected["Duration"] {
            Value::String(clock) => clock
                .split(':')
                .try_fold(0.0, |sum, part| Some(sum * 60.0 + part.parse::<f64>().ok()?))?,
            other => other.as_f64()?,
        };
        Some(format!("{seconds:.3} s"))
    }

    fn place(&mut self, facts: &MediaFacts) {
        let number = |column: &str| self.expected[column].as_f64();
        let theirs = number("GPSLatitude").zip(number("GPSLongitude"));
        let ours = facts.place.map(|place| (place.latitude, place.longitude));
        let close = |one: f64, other: f64, by: f64| (one - other).abs() <= by;
        let same = match (theirs, ours) {
            (Some(theirs), Some(ours)) => close(theirs.0, ours.0, 1e-5) && close(theirs.1, ours.1, 1e-5),
            (None, None) => true,
            _ => false,
        };
        let altitude = (number("GPSAltitude"), facts.place.and_then(|place| place.altitude_m));
        let same = same
            && match altitude {
                (Some(theirs), Some(ours)) => close(theirs, ours, 0.01),
                (None, None) => true,
                _ => false,
            };
        if !same {
            self.differ(
                "place",
                theirs.map(|place| format!("{place:?} {:?}", altitude.0)),
                ours.map(|place| format!("{place:?} {:?}", altitude.1)),
            );
        }
    }

    /// ExifTool's `DateTimeOriginal`, for videos `CreationDate`, else `CreateDate`: the same second, fraction and offset.
    /// What its columns do not hold must be among what we find more.
    fn capture_time(&mut self, taken: Option<&Taken>) {
        let date = |column: &str| self.text(column).filter(|text| !text.starts_with("0000"));
        let is_video = self
            .text("MIMEType")
            .is_some_and(|media_type| media_type.starts_with("video/"));
        let creation = date("CreationDate").filter(|_| is_video);
        let original = date("DateTimeOriginal");
        let has_original = original.is_some();
        let Some(mut theirs) = creation.or(original).or_else(|| date("CreateDate")) else {
            if let Some(taken) = taken {
                let row = self.row("capture time", None, Some(ours_shown(taken)));
                self.more.insert(row);
            }
            return;
        };
        if has_original && !is_video {
            if let Some(fraction) = self.text("SubSecTimeOriginal")
                && !theirs.contains('.')
            {
                theirs = format!("{theirs}.{fraction}");
            }
            theirs += &self.text("OffsetTimeOriginal").unwrap_or_default();
        }
        if is_video && theirs.len() == 19 {
            // The header of a film has UTC.
            theirs.push('Z');
        }
        let Some(taken) = taken else {
            self.differ("capture time", Some(theirs), None);
            return;
        };
        let (wall, fraction, zone) = parts(&theirs);
        let local = taken.local.map(|local| local.strftime("%Y:%m:%d %H:%M:%S").to_string());
        let instant = taken
            .instant
            .map(|instant| instant.strftime("%Y:%m:%d %H:%M:%S").to_string());
        let utc = zone == "Z";
        let same_second = if utc {
            instant.as_deref() == Some(wall)
        } else {
            local.as_deref() == Some(wall)
        };
        let nanoseconds = taken.local.map_or(0, |local| local.subsec_nanosecond());
        let padded: String = fraction.chars().chain("000000000".chars()).take(9).collect();
        let same_fraction = fraction.is_empty() || padded.parse() == Ok(nanoseconds);
        let offset = taken.offset.map(|offset| offset_shown(offset.seconds()));
        let same_offset = utc || zone.is_empty() || offset.as_deref() == Some(zone);
        if !(same_second && same_fraction && same_offset) {
            self.differ("capture time", Some(theirs.clone()), Some(ours_shown(taken)));
        } else if zone.is_empty() && offset.is_some() {
            let row = self.row("offset", None, offset.clone());
            self.more.insert(row);
        }
    }
}

fn ours_shown(taken: &Taken) -> String {
    let when = match (taken.local, taken.instant) {
        (Some(local), _) => local.to_string(),
        (None, instant) => instant.map(|instant| instant.to_string()).unwrap_or_default(),
    };
    let offset = taken
        .offset
        .map(|offset| offset_shown(offset.seconds()))
        .unwrap_or_default();
    let rough = if taken.precision < Precision::Second {
        " (rough)"
    } else {
        ""
    };
    format!("{when}{offset}{rough} from {:?}", taken.field)
}

fn offset_shown(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// Splits `2022:01:10 15:15:44.31-04:00`.
fn parts(text: &str) -> (&str, &str, &str) {
    let (wall, rest) = text.split_at(19);
    let zone = rest.find(['+', '-', 'Z']).unwrap_or(rest.len());
    (wall, rest[..zone].trim_start_matches('.'), &rest[zone..])
}

/// A value as text; blanks alone are none, and blanks at the end are what fields are filled with.
fn plain(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.trim_end().to_owned(),
        other => other.to_string(),
    };
    (!text.trim().is_empty()).then_some(text)
}
