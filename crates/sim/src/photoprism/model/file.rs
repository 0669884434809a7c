//! Files of photos, as the index knows them; their bytes are in [`Disk`](super::Disk).

use jiff::Timestamp;

use super::{PhotoId, Root};

/// Numeric id of a file, from 1.
pub(crate) type FileId = u64;

/// A file in the index. What is zero, empty or false is left out of its JSON.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) id: FileId,
    pub(crate) uid: String,
    pub(crate) photo_id: PhotoId,
    pub(crate) photo_uid: String,
    /// Path relative to its root, with `/`.
    pub(crate) name: String,
    pub(crate) root: Root,
    /// SHA-1, 40 lower-case hexadecimal digits.
    pub(crate) hash: String,
    pub(crate) size: u64,
    pub(crate) primary: bool,
    pub(crate) original_name: String,
    pub(crate) codec: String,
    pub(crate) file_type: String,
    pub(crate) media_type: String,
    pub(crate) mime: String,
    pub(crate) sidecar: bool,
    /// Not on the disk any more.
    pub(crate) missing: bool,
    pub(crate) portrait: bool,
    pub(crate) video: bool,
    pub(crate) hdr: bool,
    pub(crate) watermark: bool,
    pub(crate) instance_id: String,
    pub(crate) duration_ns: i64,
    pub(crate) fps: f64,
    pub(crate) frames: i64,
    pub(crate) width: i64,
    pub(crate) height: i64,
    pub(crate) orientation: i64,
    pub(crate) orientation_src: String,
    pub(crate) projection: String,
    pub(crate) aspect_ratio: f64,
    pub(crate) color_profile: String,
    pub(crate) main_color: String,
    pub(crate) colors: String,
    pub(crate) luminance: String,
    /// −1 where it is no preview picture.
    pub(crate) diff: i64,
    /// −1 where it is no preview picture.
    pub(crate) chroma: i64,
    pub(crate) software: String,
    /// What was wrong with it; such files are hidden in normal searches.
    pub(crate) error: String,
    /// Unix seconds.
    pub(crate) mod_time: i64,
    /// Milliseconds since 1970.
    pub(crate) media_utc: i64,
    pub(crate) created_at: Timestamp,
    pub(crate) created_in: i64,
    pub(crate) updated_at: Timestamp,
    pub(crate) updated_in: i64,
    pub(crate) deleted_at: Option<Timestamp>,
    pub(crate) markers: Vec<Marker>,
    /// Whether it has a `MediaID` and a `TimeIndex`, without which searches never show it. Seen without: files of photos that
    /// have no primary file, files that joined a photo by its document id or by time and place, most side-cars.
    pub(crate) in_media_index: bool,
}

impl File {
    /// A file of originals that nothing is known of. [`World::add_file`](super::super::world::World::add_file) gives ids
    /// and the photo.
    pub(crate) fn new(name: impl Into<String>, hash: impl Into<String>, size: u64, now: Timestamp) -> Self {
        let empty = String::new;
        Self {
            id: 0,
            uid: empty(),
            photo_id: 0,
            photo_uid: empty(),
            name: name.into(),
            root: Root::Originals,
            hash: hash.into(),
            size,
            primary: false,
            original_name: empty(),
            codec: empty(),
            file_type: empty(),
            media_type: empty(),
            mime: empty(),
            sidecar: false,
            missing: false,
            portrait: false,
            video: false,
            hdr: false,
            watermark: false,
            instance_id: empty(),
            duration_ns: 0,
            fps: 0.0,
            frames: 0,
            width: 0,
            height: 0,
            orientation: 0,
            orientation_src: empty(),
            projection: empty(),
            aspect_ratio: 0.0,
            color_profile: empty(),
            main_color: empty(),
            colors: empty(),
            luminance: empty(),
            diff: 0,
            chroma: 0,
            software: empty(),
            error: empty(),
            mod_time: 0,
            media_utc: 0,
            created_at: now,
            created_in: 0,
            updated_at: now,
            updated_in: 0,
            deleted_at: None,
            markers: Vec::new(),
            in_media_index: true,
        }
    }

    /// Its base name with the extension.
    pub(crate) fn base_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }
}

/// A region with a face.
#[derive(Debug, Clone)]
pub(crate) struct Marker {
    pub(crate) uid: String,
    pub(crate) src: String,
    pub(crate) name: String,
    pub(crate) review: bool,
    pub(crate) invalid: bool,
    pub(crate) face_id: String,
    pub(crate) subj_uid: String,
    pub(crate) subj_src: String,
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) w: f64,
    pub(crate) h: f64,
    pub(crate) size: i64,
    pub(crate) score: i64,
    pub(crate) thumb: String,
    pub(crate) created_at: Timestamp,
}
