//! Rows of a search as JSON.

use serde_json::{Map, Value, json};

use crate::photoprism::model::{File, Photo};
use crate::photoprism::switches::Generation;
use crate::photoprism::time::{write, zero};
use crate::photoprism::wire::{Sparse, caption_keys, number};
use crate::photoprism::world::World;

use super::order::Row;

/// A row without the others of its photo: `Files` is null.
pub(crate) fn row(world: &World, row: Row<'_>, generation: Generation) -> Value {
    write_row(world, row, row.photo.id.to_string(), Value::Null, generation)
}

/// Consecutive rows of one photo as one row; the first file gives the row's own fields.
pub(crate) fn merged(world: &World, rows: &[Row<'_>], generation: Generation) -> Option<Value> {
    let first = *rows.first()?;
    let files: Vec<Value> = rows.iter().map(|row| file(row.photo, row.file)).collect();
    let id = format!("{}-{}", first.photo.id, first.file.id);
    let mut value = write_row(world, first, id, Value::Array(files), generation);
    value["Merged"] = (rows.len() > 1).into();
    Some(value)
}

fn write_row(world: &World, row: Row<'_>, id: String, files: Value, generation: Generation) -> Value {
    let Row { photo, file } = row;
    let camera = world.cameras.iter().find(|camera| camera.id == photo.camera_id);
    let lens = world.lenses.iter().find(|lens| lens.id == photo.lens_id);
    let place = world.places.get(&photo.place_id).or_else(|| world.places.get("zz"));
    let camera_text =
        |part: fn(&crate::photoprism::model::Camera) -> &String| camera.map_or("", |own| part(own).as_str());
    let lens_text = |part: fn(&crate::photoprism::model::Lens) -> &String| lens.map_or("", |own| part(own).as_str());
    let place_text = |part: fn(&crate::photoprism::model::Place) -> &String| place.map_or("", |own| part(own).as_str());
    let mut value = json!({
        "ID": id,
        "UID": photo.uid,
        "Type": photo.kind,
        // The server never fills this in rows.
        "TypeSrc": "",
        "TakenAt": write(photo.taken_at),
        "TakenAtLocal": photo.taken_at_local.to_string(),
        "TakenSrc": photo.taken_src,
        "TimeZone": photo.time_zone,
        "Path": photo.path,
        "Name": photo.name,
        "OriginalName": photo.original_name,
        "Title": photo.title,
        "Year": photo.year,
        "Month": photo.month,
        "Day": photo.day,
        "Country": photo.country,
        "Stack": photo.stack,
        "Favorite": photo.favorite,
        "Private": photo.private,
        "Iso": photo.iso,
        "FocalLength": photo.focal_length,
        "FNumber": number(photo.f_number),
        "Exposure": photo.exposure,
        "Quality": photo.quality,
        "Resolution": photo.resolution,
        "Color": photo.color,
        "Scan": photo.scan,
        "Panorama": photo.panorama,
    });
    let more = json!({
        "CameraID": photo.camera_id,
        "LensID": photo.lens_id,
        "Lat": number(photo.lat),
        "Lng": number(photo.lng),
        "CellID": photo.cell_id,
        "PlaceID": photo.place_id,
        "PlaceSrc": photo.place_src,
        "PlaceLabel": place_text(|place| &place.label),
        "PlaceCity": place_text(|place| &place.city),
        "PlaceState": place_text(|place| &place.state),
        "PlaceCountry": place_text(|place| &place.country),
        "InstanceID": file.instance_id,
        "FileUID": file.uid,
        "FileRoot": file.root.as_str(),
        "FileName": file.name,
        "Hash": file.hash,
        "Width": file.width,
        "Height": file.height,
        "Portrait": file.portrait,
        "Merged": false,
        "CreatedAt": write(photo.created_at),
        "UpdatedAt": write(photo.updated_at),
        "EditedAt": write(photo.edited_at.unwrap_or_else(zero)),
        "CheckedAt": write(photo.checked_at.unwrap_or_else(zero)),
        "Files": files,
    });
    value[caption_keys(generation)[0]] = photo.caption.clone().into();
    if let Some(at) = photo.deleted_at {
        value["DeletedAt"] = write(at).into();
    }
    let mut extra = Sparse(Map::new());
    extra.text("DocumentID", &photo.document_id);
    extra.text("CameraSrc", &photo.camera_src);
    extra.text("CameraSerial", &photo.camera_serial);
    extra.text("CameraMake", camera_text(|camera| &camera.make));
    extra.text("CameraModel", camera_text(|camera| &camera.model));
    extra.text("CameraType", camera_text(|camera| &camera.kind));
    extra.text("LensMake", lens_text(|lens| &lens.make));
    extra.text("LensModel", lens_text(|lens| &lens.model));
    extra.int("Faces", photo.faces);
    extra.int("Altitude", photo.altitude);
    extra.int("CellAccuracy", photo.cell_accuracy);
    if let (Some(value), Value::Object(mut more)) = (value.as_object_mut(), more) {
        value.append(&mut more);
        value.append(&mut extra.0);
    }
    value
}

/// A file inside a merged row: less than what `GET /files/:hash` tells, and with the photo's name and times.
fn file(photo: &Photo, file: &File) -> Value {
    let mut out = Sparse(Map::new());
    out.put("UID", file.uid.as_str().into());
    out.put("PhotoUID", photo.uid.as_str().into());
    out.put("Name", file.name.as_str().into());
    out.put("Root", file.root.as_str().into());
    out.put("Hash", file.hash.as_str().into());
    out.put("Size", file.size.into());
    out.put("Primary", file.primary.into());
    out.text("OriginalName", &photo.original_name);
    out.text("InstanceID", &file.instance_id);
    out.text("Codec", &file.codec);
    out.text("FileType", &file.file_type);
    out.text("MediaType", &file.media_type);
    out.text("Mime", &file.mime);
    out.flag("Portrait", file.portrait);
    out.flag("Video", file.video);
    out.int("Duration", file.duration_ns);
    out.float("FPS", file.fps);
    out.int("Frames", file.frames);
    out.int("Width", file.width);
    out.int("Height", file.height);
    out.int("Orientation", file.orientation);
    out.text("Projection", &file.projection);
    out.float("AspectRatio", file.aspect_ratio);
    out.text("Colors", &file.colors);
    out.text("Luminance", &file.luminance);
    out.int("Diff", file.diff);
    out.int("Chroma", file.chroma);
    out.put("CreatedAt", write(photo.created_at).into());
    out.put("UpdatedAt", write(photo.updated_at).into());
    out.put("Markers", json!([]));
    Value::Object(out.0)
}
