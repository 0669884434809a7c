//! The backup form of a photo.

use crate::photoprism::model::Photo;
use crate::photoprism::switches::Generation;
use crate::photoprism::time::{whole_seconds, write};
use crate::photoprism::wire::{caption_keys, number};

/// What is not empty, line by line.
pub(crate) fn backup(photo: &Photo, generation: Generation) -> String {
    let [caption, caption_src] = caption_keys(generation);
    let mut out = Lines::default();
    out.line("", "TakenAt", &write(photo.taken_at));
    out.line("", "TakenAtLocal", &photo.taken_at_local.to_string());
    out.line("", "TakenSrc", &photo.taken_src);
    out.line("", "UID", &photo.uid);
    out.line("", "Type", &photo.kind);
    out.line("", "TypeSrc", &photo.type_src);
    out.line("", "Title", &photo.title);
    out.line("", "TitleSrc", &photo.title_src);
    out.line("", caption, &photo.caption);
    out.line("", caption_src, &photo.caption_src);
    out.line("", "OriginalName", &photo.original_name);
    out.flag("Favorite", photo.favorite);
    out.flag("Private", photo.private);
    out.flag("Scan", photo.scan);
    out.flag("Panorama", photo.panorama);
    out.line("", "TimeZone", &photo.time_zone);
    out.float("Lat", photo.lat);
    out.float("Lng", photo.lng);
    out.int("Altitude", photo.altitude);
    out.line("", "PlaceSrc", &photo.place_src);
    out.int("Year", photo.year);
    out.int("Month", photo.month);
    out.int("Day", photo.day);
    out.int("ISO", photo.iso);
    out.line("", "Exposure", &photo.exposure);
    out.float("FNumber", photo.f_number);
    out.int("FocalLength", photo.focal_length);
    out.int("Quality", photo.quality);
    let details = &photo.details;
    let texts = [
        ("Keywords", &details.keywords),
        ("KeywordsSrc", &details.keywords_src),
        ("Notes", &details.notes),
        ("NotesSrc", &details.notes_src),
        ("Subject", &details.subject),
        ("SubjectSrc", &details.subject_src),
        ("Artist", &details.artist),
        ("ArtistSrc", &details.artist_src),
        ("Copyright", &details.copyright),
        ("CopyrightSrc", &details.copyright_src),
        ("License", &details.license),
        ("LicenseSrc", &details.license_src),
    ];
    if texts.iter().any(|(_, text)| !text.is_empty()) {
        out.0.push_str("Details:\n");
        for (key, text) in texts {
            out.line("  ", key, text);
        }
    }
    out.line("", "CreatedBy", &photo.created_by);
    out.line("", "CreatedAt", &write(whole_seconds(photo.created_at)));
    out.line("", "UpdatedAt", &write(whole_seconds(photo.updated_at)));
    if let Some(edited) = photo.edited_at {
        out.line("", "EditedAt", &write(edited));
    }
    if let Some(deleted) = photo.deleted_at {
        out.line("", "DeletedAt", &write(deleted));
    }
    out.0
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    fn line(&mut self, indent: &str, key: &str, value: &str) {
        if !value.is_empty() {
            self.0.push_str(&format!("{indent}{key}: {}\n", scalar(value)));
        }
    }

    fn flag(&mut self, key: &str, value: bool) {
        if value {
            self.0.push_str(&format!("{key}: true\n"));
        }
    }

    fn int(&mut self, key: &str, value: i64) {
        if value != 0 {
            self.0.push_str(&format!("{key}: {value}\n"));
        }
    }

    fn float(&mut self, key: &str, value: f64) {
        if value != 0.0 {
            self.0.push_str(&format!("{key}: {}\n", number(value)));
        }
    }
}

/// A text as it may stand behind a key: quoted as JSON where it would mean something else.
fn scalar(text: &str) -> String {
    let odd = |c: char| {
        matches!(
            c,
            '#' | '\n' | '"' | '\'' | '{' | '}' | '[' | ']' | '&' | '*' | '!' | '|' | '>' | '%' | '@' | '`'
        )
    };
    let quoted = text.starts_with(['-', '?', ' '])
        || text.ends_with(' ')
        || text.contains(": ")
        || text.ends_with(':')
        || text.chars().any(odd)
        || matches!(text, "true" | "false" | "null" | "yes" | "no" | "~");
    match quoted {
        true => serde_json::Value::from(text).to_string(),
        false => text.to_owned(),
    }
}
