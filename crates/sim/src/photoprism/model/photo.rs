//! Photos.

use jiff::Timestamp;

use super::super::time::WallTime;
use super::{FileId, LabelId};

/// Numeric id of a photo, from 1.
pub(crate) type PhotoId = u64;

/// Words for the source of a value, and how strong each is when the indexer wants to change it.
pub(crate) mod src {
    pub(crate) const AUTO: &str = "";
    pub(crate) const DEFAULT: &str = "default";
    pub(crate) const ESTIMATE: &str = "estimate";
    pub(crate) const NAME: &str = "name";
    pub(crate) const YAML: &str = "yaml";
    pub(crate) const LOCATION: &str = "location";
    pub(crate) const IMAGE: &str = "image";
    pub(crate) const TITLE: &str = "title";
    pub(crate) const SUBJECT: &str = "subject";
    pub(crate) const KEYWORD: &str = "keyword";
    pub(crate) const META: &str = "meta";
    pub(crate) const XMP: &str = "xmp";
    pub(crate) const MANUAL: &str = "manual";
    pub(crate) const ADMIN: &str = "admin";

    /// A value may be overwritten by one of equal or higher priority. Unknown words are the weakest.
    pub(crate) fn priority(source: &str) -> u8 {
        match source {
            AUTO | DEFAULT => 1,
            ESTIMATE => 2,
            NAME => 4,
            YAML | "oidc" | "ldap" | LOCATION | "marker" | IMAGE => 8,
            TITLE | SUBJECT | KEYWORD | META => 16,
            XMP => 32,
            MANUAL => 64,
            ADMIN => 128,
            _ => 0,
        }
    }
}

/// A photo with its files, labels and details.
#[derive(Debug, Clone)]
pub(crate) struct Photo {
    pub(crate) id: PhotoId,
    pub(crate) uid: String,
    /// XMP or Exif unique id; empty if none.
    pub(crate) document_id: String,
    pub(crate) taken_at: Timestamp,
    pub(crate) taken_at_local: WallTime,
    pub(crate) taken_src: String,
    /// `image`, `raw`, `live`, `video`, `animated`, `vector`.
    pub(crate) kind: String,
    pub(crate) type_src: String,
    pub(crate) title: String,
    pub(crate) title_src: String,
    /// `Description` in generation 1.
    pub(crate) caption: String,
    pub(crate) caption_src: String,
    /// Folder of the main file relative to originals, without slashes at its ends.
    pub(crate) path: String,
    /// Base name of the main file without its extension.
    pub(crate) name: String,
    pub(crate) original_name: String,
    pub(crate) stack: i64,
    pub(crate) favorite: bool,
    pub(crate) private: bool,
    pub(crate) scan: bool,
    pub(crate) panorama: bool,
    pub(crate) time_zone: String,
    pub(crate) place_id: String,
    pub(crate) place_src: String,
    pub(crate) cell_id: String,
    pub(crate) cell_accuracy: i64,
    pub(crate) altitude: i64,
    pub(crate) lat: f64,
    pub(crate) lng: f64,
    pub(crate) country: String,
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
    pub(crate) iso: i64,
    pub(crate) exposure: String,
    pub(crate) f_number: f64,
    pub(crate) focal_length: i64,
    /// −1 is hidden.
    pub(crate) quality: i64,
    pub(crate) faces: i64,
    /// Megapixels, rounded.
    pub(crate) resolution: i64,
    pub(crate) duration_ns: i64,
    pub(crate) color: i64,
    pub(crate) camera_id: u64,
    pub(crate) camera_serial: String,
    pub(crate) camera_src: String,
    pub(crate) lens_id: u64,
    pub(crate) details: Details,
    pub(crate) labels: Vec<PhotoLabel>,
    /// Its files in order of their creation. [`World`](super::super::world::World) keeps this in step; files that are
    /// deleted or moved away are not in it.
    pub(crate) files: Vec<FileId>,
    /// UID of the user who uploaded it; empty if none.
    pub(crate) created_by: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) edited_at: Option<Timestamp>,
    pub(crate) checked_at: Option<Timestamp>,
    /// Set for archived photos and for ghosts of merges.
    pub(crate) deleted_at: Option<Timestamp>,
    pub(crate) estimated_at: Option<Timestamp>,
}

impl Photo {
    /// An undated, unplaced image without files. [`World::add_photo`](super::super::world::World::add_photo) gives the ids.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            id: 0,
            uid: String::new(),
            document_id: String::new(),
            taken_at: now,
            taken_at_local: WallTime::utc(now),
            taken_src: String::new(),
            kind: "image".to_owned(),
            type_src: String::new(),
            title: String::new(),
            title_src: String::new(),
            caption: String::new(),
            caption_src: String::new(),
            path: String::new(),
            name: String::new(),
            original_name: String::new(),
            stack: 0,
            favorite: false,
            private: false,
            scan: false,
            panorama: false,
            time_zone: String::new(),
            place_id: "zz".to_owned(),
            place_src: String::new(),
            cell_id: "zz".to_owned(),
            cell_accuracy: 0,
            altitude: 0,
            lat: 0.0,
            lng: 0.0,
            country: "zz".to_owned(),
            year: -1,
            month: -1,
            day: -1,
            iso: 0,
            exposure: String::new(),
            f_number: 0.0,
            focal_length: 0,
            quality: -1,
            faces: 0,
            resolution: 0,
            duration_ns: 0,
            color: -1,
            camera_id: 1,
            camera_serial: String::new(),
            camera_src: String::new(),
            lens_id: 1,
            details: Details::new(now),
            labels: Vec::new(),
            files: Vec::new(),
            created_by: String::new(),
            created_at: now,
            updated_at: now,
            edited_at: None,
            checked_at: None,
            deleted_at: None,
            estimated_at: None,
        }
    }

    /// Archived, or the ghost of a merge.
    pub(crate) fn is_archived(&self) -> bool {
        self.deleted_at.is_some()
    }
}

/// The longer texts of a photo.
#[derive(Debug, Clone)]
pub(crate) struct Details {
    pub(crate) keywords: String,
    pub(crate) keywords_src: String,
    pub(crate) notes: String,
    pub(crate) notes_src: String,
    pub(crate) subject: String,
    pub(crate) subject_src: String,
    pub(crate) artist: String,
    pub(crate) artist_src: String,
    pub(crate) copyright: String,
    pub(crate) copyright_src: String,
    pub(crate) license: String,
    pub(crate) license_src: String,
    pub(crate) software: String,
    pub(crate) software_src: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl Details {
    /// Nothing but empty texts.
    pub(crate) fn new(now: Timestamp) -> Self {
        let empty = String::new;
        Self {
            keywords: empty(),
            keywords_src: empty(),
            notes: empty(),
            notes_src: empty(),
            subject: empty(),
            subject_src: empty(),
            artist: empty(),
            artist_src: empty(),
            copyright: empty(),
            copyright_src: empty(),
            license: empty(),
            license_src: empty(),
            software: empty(),
            software_src: empty(),
            created_at: now,
            updated_at: now,
        }
    }

    /// All texts by the names that the protocol has for them.
    pub(crate) fn texts_mut(&mut self) -> [(&'static str, &mut String); 14] {
        [
            ("Keywords", &mut self.keywords),
            ("KeywordsSrc", &mut self.keywords_src),
            ("Notes", &mut self.notes),
            ("NotesSrc", &mut self.notes_src),
            ("Subject", &mut self.subject),
            ("SubjectSrc", &mut self.subject_src),
            ("Artist", &mut self.artist),
            ("ArtistSrc", &mut self.artist_src),
            ("Copyright", &mut self.copyright),
            ("CopyrightSrc", &mut self.copyright_src),
            ("License", &mut self.license),
            ("LicenseSrc", &mut self.license_src),
            ("Software", &mut self.software),
            ("SoftwareSrc", &mut self.software_src),
        ]
    }
}

/// A label on a photo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PhotoLabel {
    pub(crate) label_id: LabelId,
    pub(crate) src: String,
    /// 0 to 100; 100 hides it.
    pub(crate) uncertainty: i64,
}
