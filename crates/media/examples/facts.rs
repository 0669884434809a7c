//! Prints what files say about themselves, one line of JSON for each.
//!
//! ```text
//! cargo run -p photomove-media --example facts -- FILE...
//! ```
#![expect(clippy::print_stdout, reason = "what it is for")]

use std::error::Error;
use std::fs::File;

use photomove_media::{MediaFacts, ReadOptions, Seekable, read_facts};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    for path in std::env::args().skip(1) {
        let mut file = Seekable::try_new(File::open(&path)?)?;
        let facts = read_facts(&mut file, &ReadOptions::default())?;
        println!("{}", line(&path, &facts));
    }
    Ok(())
}

fn line(path: &str, facts: &MediaFacts) -> Value {
    let taken = facts.taken.map(|taken| {
        json!({
            "local": taken.local.map(|local| local.to_string()),
            "offset_s": taken.offset.map(|offset| offset.seconds()),
            "instant": taken.instant.map(|instant| instant.to_string()),
            "field": format!("{:?}", taken.field),
            "confidence": format!("{:?}", taken.confidence),
        })
    });
    json!({
        "file": path,
        "type": facts.file_type.map(|file_type| file_type.media_type),
        "taken": taken,
        "place": facts.place.map(|place| json!([place.latitude, place.longitude, place.altitude_m])),
        "size_px": facts.size_px.map(|size| [size.width_px, size.height_px]),
        "orientation": facts.orientation.map(|orientation| orientation.exif()),
        "duration_s": facts.duration.map(|duration| duration.as_secs_f64()),
        "make": facts.camera.make,
        "model": facts.camera.model,
        "lens": facts.camera.lens,
        "iso": facts.exposure.iso,
        "f_number": facts.exposure.f_number,
        "exposure_s": facts.exposure.time_s,
        "focal_length_mm": facts.exposure.focal_length_mm,
        "title": facts.title,
        "description": facts.description,
        "keywords": facts.keywords,
        "people": facts.people,
        "rating": facts.rating,
        "content_id": facts.content_id,
        "motion": facts.motion.map(|motion| format!("{motion:?}")),
        "warnings": facts.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "bytes_read": facts.bytes_read,
    })
}
