//! Photos, files and albums as lines for people and objects for programs.

use photomove_photoprism::wire::{Album, File, Photo, PhotoRow, Root};
use serde::Serialize;
use serde_json::{Value, json};

use crate::print::Printer;
use crate::text;

/// A row of a search.
pub(super) fn row(printer: &Printer, row: &PhotoRow) {
    printer.object(&object("photo_row", "row", row));
    let taken = row
        .taken_at_local
        .as_ref()
        .map(|at| at.datetime().strftime("%F %H:%M").to_string());
    let flags = flags(row.favorite, row.private, row.deleted_at.is_some(), row.quality);
    let files = match row.all_files().len() {
        0 | 1 => String::new(),
        files => format!(" · {files} files"),
    };
    printer.text(&format!(
        "{}  {:16}  {:8}  {}{files}{flags}",
        text::clean(&row.uid),
        taken.unwrap_or_default(),
        text::clean(row.kind.as_str()),
        named(&row.title, &row.file_name),
    ));
}

/// A whole photo.
pub(super) fn photo(printer: &Printer, photo: &Photo) {
    printer.object(&object("photo", "photo", photo));
    if printer.is_json() {
        return;
    }
    let flags = flags(photo.favorite, photo.private, photo.deleted_at.is_some(), photo.quality);
    printer.text(&format!(
        "{}  {}{flags}",
        text::clean(&photo.uid),
        named(&photo.title, &photo.name)
    ));
    let mut lines: Vec<(&str, String)> = Vec::new();
    let mut add = |what, words: &str| {
        if !words.is_empty() {
            lines.push((what, text::clean(words)));
        }
    };
    add("type", photo.kind.as_str());
    if let Some(at) = &photo.taken_at_local {
        let zone = if photo.time_zone.is_empty() {
            "zone not known"
        } else {
            &photo.time_zone
        };
        add("taken", &format!("{} ({zone})", at.datetime().strftime("%F %T")));
    }
    add("caption", photo.caption_text());
    if let Some((lat, lng)) = photo.position() {
        add("position", &format!("{lat}, {lng}"));
    }
    if let Some(place) = photo.place.as_ref().filter(|place| place.id != "zz") {
        add("place", &place.label);
    }
    for (what, thing) in [
        ("camera", photo.camera.as_ref().map(|camera| (camera.id, &camera.name))),
        ("lens", photo.lens.as_ref().map(|lens| (lens.id, &lens.name))),
    ] {
        if let Some((_, name)) = thing.filter(|(id, _)| *id > 1) {
            add(what, name);
        }
    }
    if let Some(details) = &photo.details {
        for (what, words) in [
            ("keywords", &details.keywords),
            ("subject", &details.subject),
            ("artist", &details.artist),
            ("copyright", &details.copyright),
            ("licence", &details.license),
            ("notes", &details.notes),
        ] {
            add(what, words);
        }
    }
    let labels = photo.labels.iter().filter(|label| label.uncertainty < 100);
    let labels: Vec<String> = labels
        .filter_map(|label| Some(format!("{} ({})", label.label.as_ref()?.name, label.label_id)))
        .collect();
    add("labels", &labels.join(", "));
    for album in photo.albums.iter().flatten() {
        add("album", &format!("{} · {}", album.uid, album.title));
    }
    for file in photo.files.iter().flatten() {
        add("file", &file_words(file));
    }
    for (what, words) in lines {
        printer.text(&format!("  {what:9} {words}"));
    }
}

/// A file: its id, what it is, how large, its hash.
pub(super) fn file_words(file: &File) -> String {
    let mut words = format!("{} · {} · {}", file.uid, file.name, text::bytes(file.size));
    words.push_str(&format!(" · sha1 {}", file.hash));
    for (said, word) in [
        (file.primary, "shown as the photo"),
        (file.root != Root::Originals, "made by the server"),
        (file.sidecar, "companion"),
        (file.missing, "missing on the server's disk"),
    ] {
        if said {
            words.push_str(&format!(" · {word}"));
        }
    }
    if !file.error.is_empty() {
        words.push_str(&format!(" · {}", file.error));
    }
    words
}

/// A row of albums.
pub(super) fn album(printer: &Printer, album: &Album) {
    printer.object(&object("album", "album", album));
    let photos = album
        .photo_count
        .map(|count| format!(" · {}", text::counted(count, "photo")));
    let flags = flags(album.favorite, album.private, album.deleted_at.is_some(), 0);
    printer.text(&format!(
        "{}  {:6}  {}{}{flags}",
        text::clean(&album.uid),
        text::clean(album.kind.as_str()),
        text::clean(&album.title),
        photos.unwrap_or_default(),
    ));
}

fn named(title: &str, name: &str) -> String {
    let name = text::clean(name.rsplit('/').next().unwrap_or_default());
    match title.is_empty() {
        true => name,
        false => format!("{} · {name}", text::clean(title)),
    }
}

fn flags(favorite: bool, private: bool, archived: bool, quality: i32) -> String {
    let all = [
        (favorite, "favourite"),
        (private, "private"),
        (archived, "archived"),
        (quality < 0, "hidden"),
    ];
    let words = all
        .into_iter()
        .filter(|(said, _)| *said)
        .map(|(_, word)| format!(" · {word}"));
    words.collect()
}

/// An object of this `type` that holds something under a name of its own.
pub(super) fn object(kind: &str, name: &str, thing: &impl Serialize) -> Value {
    let thing = serde_json::to_value(thing).unwrap_or_default();
    let mut object = json!({ "type": kind });
    object[name] = thing;
    object
}
