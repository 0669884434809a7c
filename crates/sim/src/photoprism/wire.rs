//! Entities as JSON, exactly as the server writes them: what is left out when empty, where `null` stands and where a zero
//! time. `Caption` is called `Description` in generation 1.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::model::{
    Album, Camera, Cell, Details, Entry, File, Label, Lens, Link, Marker, Photo, PhotoLabel, Place, Subject,
};
use super::switches::Generation;
use super::time;
use super::world::World;

/// A time, or the zero time.
pub(crate) fn time_or_zero(time: Option<Timestamp>) -> Value {
    time::write(time.unwrap_or_else(time::zero)).into()
}

/// A time, or `null`.
pub(crate) fn time_or_null(time: Option<Timestamp>) -> Value {
    time.map_or(Value::Null, |time| time::write(time).into())
}

/// A number without a fraction where it has none, as the server's encoder writes it.
pub(crate) fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 {
        // Exact: there is no fraction and it is far from the end of the integers.
        json!(value as i64)
    } else {
        json!(value)
    }
}

/// Name of the caption in a photo: its key and that of its source.
pub(crate) fn caption_keys(generation: Generation) -> [&'static str; 2] {
    match generation {
        Generation::G1 => ["Description", "DescriptionSrc"],
        _ => ["Caption", "CaptionSrc"],
    }
}

/// A photo with its files, albums and labels, as `GET /photos/:uid` and `PUT` show it.
pub(crate) fn photo(world: &World, photo: &Photo, generation: Generation) -> Value {
    let mut out = bare_photo(world, photo, generation);
    out["Files"] = files(world, photo);
    let mut albums: Vec<&Album> = world
        .entries
        .albums_of(&photo.uid)
        .filter(|uid| world.entries.get(uid, &photo.uid).is_some_and(|entry| !entry.hidden))
        .filter_map(|uid| world.album(uid))
        .filter(|album| album.deleted_at.is_none())
        .collect();
    albums.sort_by(|a, b| (&a.title, a.id).cmp(&(&b.title, b.id)));
    out["Albums"] = albums.into_iter().map(album).collect();
    out
}

/// The files of a photo by name, last first.
pub(crate) fn files(world: &World, photo: &Photo) -> Value {
    let mut files: Vec<&File> = world.files_of(photo).collect();
    files.sort_by(|a, b| b.name.cmp(&a.name));
    files.into_iter().map(|own| file(own, Some(photo))).collect()
}

/// The same with `Files` and `Albums` null, as likes show it.
pub(crate) fn bare_photo(world: &World, photo: &Photo, generation: Generation) -> Value {
    let [caption, caption_src] = caption_keys(generation);
    let mut out = json!({
        "ID": photo.id,
        "TakenAt": time::write(photo.taken_at),
        "TakenAtLocal": photo.taken_at_local.to_string(),
        "TakenSrc": photo.taken_src,
        "UID": photo.uid,
        "Type": photo.kind,
        "TypeSrc": photo.type_src,
        "Title": photo.title,
        "TitleSrc": photo.title_src,
        caption: photo.caption,
        caption_src: photo.caption_src,
        "Path": photo.path,
        "Name": photo.name,
        "OriginalName": photo.original_name,
        "Stack": photo.stack,
        "Favorite": photo.favorite,
        "Private": photo.private,
    });
    let rest = json!({
        "Scan": photo.scan,
        "Panorama": photo.panorama,
        "TimeZone": photo.time_zone,
        "PlaceID": photo.place_id,
        "PlaceSrc": photo.place_src,
        "CellID": photo.cell_id,
        "CellAccuracy": photo.cell_accuracy,
        "Altitude": photo.altitude,
        "Lat": number(photo.lat),
        "Lng": number(photo.lng),
        "Country": photo.country,
        "Year": photo.year,
        "Month": photo.month,
        "Day": photo.day,
        "Iso": photo.iso,
        "Exposure": photo.exposure,
        "FNumber": number(photo.f_number),
        "FocalLength": photo.focal_length,
        "Quality": photo.quality,
        "Resolution": photo.resolution,
        "Color": photo.color,
    });
    let end = json!({
        "CameraID": photo.camera_id,
        "CameraSerial": photo.camera_serial,
        "CameraSrc": photo.camera_src,
        "LensID": photo.lens_id,
        "Details": details(photo.id, &photo.details),
        "Camera": world.cameras.iter().find(|own| own.id == photo.camera_id).map(camera),
        "Lens": world.lenses.iter().find(|own| own.id == photo.lens_id).map(lens),
        "Cell": world.cells.get(&photo.cell_id).map(|own| cell(world, own)),
        "Place": world.places.get(&photo.place_id).map(|own| place(world, own)),
        "Albums": null,
        "Files": null,
        "Labels": labels(world, photo),
        "CreatedAt": time::write(photo.created_at),
        "UpdatedAt": time::write(photo.updated_at),
        "EditedAt": time_or_null(photo.edited_at),
        "CheckedAt": time_or_null(photo.checked_at),
        "DeletedAt": time_or_null(photo.deleted_at),
    });
    let mut extra = Sparse(Map::new());
    extra.text("DocumentID", &photo.document_id);
    extra.int("Faces", photo.faces);
    extra.int("Duration", photo.duration_ns);
    extra.text("CreatedBy", &photo.created_by);
    if let Some(time) = photo.estimated_at {
        extra.put("EstimatedAt", time::write(time).into());
    }
    if generation >= Generation::G3 {
        extra.put("IndexedAt", time_or_null(Some(photo.updated_at)));
    }
    if let Some(out) = out.as_object_mut() {
        out.append(&mut extra.0);
        for part in [rest, end] {
            out.extend(part.as_object().cloned().unwrap_or_default());
        }
    }
    out
}

/// The labels of a photo, the surest first, of equally sure ones the newest.
pub(crate) fn labels(world: &World, photo: &Photo) -> Value {
    let mut labels: Vec<&PhotoLabel> = photo.labels.iter().collect();
    labels.sort_by_key(|own| (own.uncertainty, std::cmp::Reverse(own.label_id)));
    let line = |own: &PhotoLabel| {
        json!({
            "PhotoID": photo.id, "LabelID": own.label_id, "LabelSrc": own.src, "Uncertainty": own.uncertainty,
            "Photo": null, "Label": world.labels.get(&own.label_id).map(|found| label(world, found)),
        })
    };
    labels.into_iter().map(line).collect()
}

fn details(photo: u64, details: &Details) -> Value {
    json!({
        "PhotoID": photo,
        "Keywords": details.keywords,
        "KeywordsSrc": details.keywords_src,
        "Notes": details.notes,
        "NotesSrc": details.notes_src,
        "Subject": details.subject,
        "SubjectSrc": details.subject_src,
        "Artist": details.artist,
        "ArtistSrc": details.artist_src,
        "Copyright": details.copyright,
        "CopyrightSrc": details.copyright_src,
        "License": details.license,
        "LicenseSrc": details.license_src,
        "Software": details.software,
        "SoftwareSrc": details.software_src,
        "CreatedAt": time::write(details.created_at),
        "UpdatedAt": time::write(details.updated_at),
    })
}

/// Members that are left out when they are empty, zero or false.
pub(crate) struct Sparse(pub(crate) Map<String, Value>);

impl Sparse {
    pub(crate) fn put(&mut self, key: &str, value: Value) {
        self.0.insert(key.to_owned(), value);
    }

    pub(crate) fn text(&mut self, key: &str, value: &str) {
        if !value.is_empty() {
            self.put(key, value.into());
        }
    }

    pub(crate) fn int(&mut self, key: &str, value: i64) {
        if value != 0 {
            self.put(key, value.into());
        }
    }

    pub(crate) fn float(&mut self, key: &str, value: f64) {
        if value != 0.0 {
            self.put(key, number(value));
        }
    }

    pub(crate) fn flag(&mut self, key: &str, value: bool) {
        if value {
            self.put(key, true.into());
        }
    }
}

/// `9999999996-0-f…`: how files are ordered among all; `None` for files that searches never show.
pub(crate) fn media_id(file: &File) -> Option<String> {
    if !file.in_media_index || file.deleted_at.is_some() {
        return None;
    }
    let rank = if file.sidecar { 2 } else { u8::from(!file.primary) };
    Some(format!("{}-{rank}-{}", 10_000_000_000 - file.photo_id, file.uid))
}

/// A file. Its photo gives the local time in `TimeIndex`; without it the time of the file itself counts.
pub(crate) fn file(file: &File, photo: Option<&Photo>) -> Value {
    let mut out = Sparse(Map::new());
    out.put("UID", file.uid.as_str().into());
    out.put("PhotoUID", file.photo_uid.as_str().into());
    out.put("Name", file.name.as_str().into());
    out.put("Root", file.root.as_str().into());
    out.put("Hash", file.hash.as_str().into());
    out.put("Size", file.size.into());
    out.put("Primary", file.primary.into());
    if let Some(media_id) = media_id(file) {
        let at = photo.map_or_else(
            || time::utc(Timestamp::from_millisecond(file.media_utc).unwrap_or_default()),
            |photo| photo.taken_at_local.at,
        );
        let digits = [
            (i64::from(at.year()), 10_000_000_000),
            (i64::from(at.month()), 100_000_000),
            (i64::from(at.day()), 1_000_000),
            (i64::from(at.hour()), 10_000),
            (i64::from(at.minute()), 100),
            (i64::from(at.second()), 1),
        ];
        let number: i64 = digits.iter().map(|(part, weight)| part * weight).sum();
        out.put(
            "TimeIndex",
            format!("{}-{media_id}", 100_000_000_000_000 - number).into(),
        );
        out.put("MediaID", media_id.into());
    }
    out.int("MediaUTC", file.media_utc);
    out.text("InstanceID", &file.instance_id);
    out.text("OriginalName", &file.original_name);
    out.text("Codec", &file.codec);
    out.text("FileType", &file.file_type);
    out.text("MediaType", &file.media_type);
    out.text("Mime", &file.mime);
    out.flag("Sidecar", file.sidecar);
    out.flag("Missing", file.missing);
    out.flag("Portrait", file.portrait);
    out.flag("Video", file.video);
    out.int("Duration", file.duration_ns);
    out.float("FPS", file.fps);
    out.int("Frames", file.frames);
    out.int("Width", file.width);
    out.int("Height", file.height);
    out.int("Orientation", file.orientation);
    out.text("OrientationSrc", &file.orientation_src);
    out.text("Projection", &file.projection);
    out.float("AspectRatio", file.aspect_ratio);
    out.flag("HDR", file.hdr);
    out.flag("Watermark", file.watermark);
    out.text("ColorProfile", &file.color_profile);
    out.text("MainColor", &file.main_color);
    out.text("Colors", &file.colors);
    out.text("Luminance", &file.luminance);
    out.int("Diff", file.diff);
    out.int("Chroma", file.chroma);
    out.text("Software", &file.software);
    out.text("Error", &file.error);
    out.int("ModTime", file.mod_time);
    out.put("CreatedAt", time::write(file.created_at).into());
    out.int("CreatedIn", file.created_in);
    out.put("UpdatedAt", time::write(file.updated_at).into());
    out.int("UpdatedIn", file.updated_in);
    if let Some(time) = file.deleted_at {
        out.put("DeletedAt", time::write(time).into());
    }
    out.put("Markers", file.markers.iter().map(|own| marker(file, own)).collect());
    Value::Object(out.0)
}

fn marker(file: &File, marker: &Marker) -> Value {
    let mut out = Sparse(Map::new());
    out.put("UID", marker.uid.as_str().into());
    out.put("FileUID", file.uid.as_str().into());
    out.put("Type", "face".into());
    out.put("Src", marker.src.as_str().into());
    out.put("Name", marker.name.as_str().into());
    out.put("Review", marker.review.into());
    out.put("Invalid", marker.invalid.into());
    out.put("FaceID", marker.face_id.as_str().into());
    out.put("SubjUID", marker.subj_uid.as_str().into());
    out.put("SubjSrc", marker.subj_src.as_str().into());
    out.put("X", number(marker.x));
    out.put("Y", number(marker.y));
    out.float("W", marker.w);
    out.float("H", marker.h);
    out.int("Size", marker.size);
    out.int("Score", marker.score);
    out.put("Thumb", marker.thumb.as_str().into());
    out.put("CreatedAt", time::write(marker.created_at).into());
    Value::Object(out.0)
}

/// An album; search rows differ, see [`album_row`].
pub(crate) fn album(album: &Album) -> Value {
    let mut out = Sparse(Map::new());
    out.put("ID", album.id.into());
    album_members(&mut out, album);
    out.text("ParentUID", &album.parent_uid);
    out.text("Path", &album.path);
    out.text("ThumbSrc", &album.thumb_src);
    out.text("CreatedBy", &album.created_by);
    out.put("DeletedAt", time_or_null(album.deleted_at));
    Value::Object(out.0)
}

/// An album as a search shows it, with the number of photos and links.
pub(crate) fn album_row(album: &Album, photos: usize, links: usize) -> Value {
    let mut out = Sparse(Map::new());
    album_members(&mut out, album);
    out.put("ParentUID", album.parent_uid.as_str().into());
    out.put("Path", album.path.as_str().into());
    out.put("PhotoCount", photos.into());
    out.put("LinkCount", links.into());
    out.put("DeletedAt", time_or_zero(album.deleted_at));
    Value::Object(out.0)
}

fn album_members(out: &mut Sparse, album: &Album) {
    for (key, value) in [
        ("UID", &album.uid),
        ("Slug", &album.slug),
        ("Type", &album.kind),
        ("Title", &album.title),
        ("Location", &album.location),
        ("Category", &album.category),
        ("Caption", &album.caption),
        ("Description", &album.description),
        ("Notes", &album.notes),
        ("Filter", &album.filter),
        ("Order", &album.order),
        ("Template", &album.template),
        ("State", &album.state),
        ("Country", &album.country),
        ("Thumb", &album.thumb),
    ] {
        out.put(key, value.as_str().into());
    }
    out.put("Year", album.year.into());
    out.put("Month", album.month.into());
    out.put("Day", album.day.into());
    out.put("Favorite", album.favorite.into());
    out.put("Private", album.private.into());
    out.put("CreatedAt", time::write(album.created_at).into());
    out.put("UpdatedAt", time::write(album.updated_at).into());
}

/// A photo in an album.
pub(crate) fn entry(entry: &Entry) -> Value {
    json!({
        "PhotoUID": entry.photo_uid, "AlbumUID": entry.album_uid, "Order": 0, "Hidden": entry.hidden,
        "Missing": entry.missing, "CreatedAt": time::write(entry.created_at), "UpdatedAt": time::write(entry.updated_at),
        "Photo": null, "Album": null,
    })
}

/// A share link.
pub(crate) fn link(link: &Link) -> Value {
    json!({
        "UID": link.uid, "ShareUID": link.share_uid, "Slug": link.slug, "Token": link.token, "Expires": link.expires,
        "Views": link.views, "MaxViews": link.max_views, "VerifyPassword": !link.password.is_empty(),
        "CreatedBy": link.created_by, "CreatedAt": time::write(link.created_at), "ModifiedAt": time::write(link.modified_at),
    })
}

/// Visible photos with a label.
pub(crate) fn label_count(world: &World, label: &Label) -> usize {
    let has = |photo: &&Photo| {
        photo.deleted_at.is_none()
            && photo
                .labels
                .iter()
                .any(|own| own.label_id == label.id && own.uncertainty < 100)
    };
    world.photos.values().filter(has).count()
}

/// A label; search rows have `DeletedAt` as a zero time besides.
pub(crate) fn label(world: &World, label: &Label) -> Value {
    json!({
        "ID": label.id, "UID": label.uid, "Slug": label.slug, "CustomSlug": label.custom_slug, "Name": label.name,
        "Priority": label.priority, "Favorite": label.favorite, "Description": label.description, "Notes": label.notes,
        "PhotoCount": label_count(world, label), "Thumb": label.thumb,
        "CreatedAt": time::write(label.created_at), "UpdatedAt": time::write(label.updated_at),
    })
}

/// A person with the numbers of files and photos.
pub(crate) fn subject(subject: &Subject, files: usize, photos: usize) -> Value {
    json!({
        "UID": subject.uid, "MarkerUID": subject.marker_uid, "Type": "person", "Slug": subject.slug, "Name": subject.name,
        "Alias": subject.alias, "Favorite": subject.favorite, "Hidden": subject.hidden, "Private": subject.private,
        "Excluded": subject.excluded, "FileCount": files, "PhotoCount": photos, "Thumb": subject.thumb,
    })
}

/// A camera; the kind is left out if it is unknown.
pub(crate) fn camera(camera: &Camera) -> Value {
    let mut out = json!({
        "ID": camera.id, "Slug": camera.slug, "Name": camera.name, "Make": camera.make, "Model": camera.model,
    });
    if !camera.kind.is_empty() {
        out["Type"] = camera.kind.as_str().into();
    }
    out
}

/// A lens.
pub(crate) fn lens(lens: &Lens) -> Value {
    json!({
        "ID": lens.id, "Slug": lens.slug, "Name": lens.name, "Make": lens.make, "Model": lens.model, "Type": "",
    })
}

/// A cell of the globe with its place.
pub(crate) fn cell(world: &World, cell: &Cell) -> Value {
    json!({
        "ID": cell.id, "Name": cell.name, "Street": cell.street, "Postcode": cell.postcode, "Category": "",
        "Place": world.places.get(&cell.place_id).map(|own| place(world, own)),
        "CreatedAt": time::write(cell.created_at), "UpdatedAt": time::write(cell.updated_at),
    })
}

/// A place; how many photos are there is not counted.
pub(crate) fn place(world: &World, place: &Place) -> Value {
    // Counting for each of thousands of photos would be quadratic, and nobody reads it; the unknown place has them all.
    let photos = if place.id == "zz" { world.photos.len() } else { 1 };
    json!({
        "PlaceID": place.id, "Label": place.label, "District": place.district, "City": place.city, "State": place.state,
        "Country": place.country, "Keywords": "", "Favorite": false, "PhotoCount": photos,
        "CreatedAt": time::write(place.created_at), "UpdatedAt": time::write(place.updated_at),
    })
}

#[cfg(test)]
mod tests;
