//! The texts of a photo beside title and caption.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Source;
use super::time::or_unset;

/// Keywords, notes, subject, artist, copyright and licence of a photo.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Details {
    /// Number of the photo.
    #[serde(rename = "PhotoID")]
    pub photo_id: u64,
    /// Single words in lower case, sorted, joined by `, `.
    pub keywords: String,
    /// Where the keywords come from.
    pub keywords_src: Source,
    /// Notes.
    pub notes: String,
    /// Where the notes come from.
    pub notes_src: Source,
    /// Subject.
    pub subject: String,
    /// Where the subject comes from.
    pub subject_src: Source,
    /// Artist.
    pub artist: String,
    /// Where the artist comes from.
    pub artist_src: Source,
    /// Copyright.
    pub copyright: String,
    /// Where the copyright comes from.
    pub copyright_src: Source,
    /// Licence.
    pub license: String,
    /// Where the licence comes from.
    pub license_src: Source,
    /// Program that wrote the file.
    pub software: String,
    /// Where the program's name comes from.
    pub software_src: Source,
    /// When the record was made.
    #[serde(deserialize_with = "or_unset")]
    pub created_at: Option<Timestamp>,
    /// When the record changed.
    #[serde(deserialize_with = "or_unset")]
    pub updated_at: Option<Timestamp>,
    /// What else came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Details to be set by a change of a photo.
///
/// **All of them are replaced**: what stays empty here is emptied there, its source included. Begin with
/// [`Details::change`] to keep what is there. With a wrong `photo_id` the server ignores all of it without a word.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DetailsChange {
    /// Number of the photo, [`super::Photo::id`].
    #[serde(rename = "PhotoID")]
    pub photo_id: u64,
    /// Keywords; the server makes single words of phrases, and drops numbers and single letters.
    pub keywords: String,
    /// Where the keywords come from.
    pub keywords_src: Source,
    /// Notes.
    pub notes: String,
    /// Where the notes come from.
    pub notes_src: Source,
    /// Subject.
    pub subject: String,
    /// Where the subject comes from.
    pub subject_src: Source,
    /// Artist.
    pub artist: String,
    /// Where the artist comes from.
    pub artist_src: Source,
    /// Copyright.
    pub copyright: String,
    /// Where the copyright comes from.
    pub copyright_src: Source,
    /// Licence.
    pub license: String,
    /// Where the licence comes from.
    pub license_src: Source,
    /// Program that wrote the file.
    pub software: String,
    /// Where the program's name comes from.
    pub software_src: Source,
}

impl DetailsChange {
    /// Empties all details of the photo of this number.
    pub fn new(photo_id: u64) -> Self {
        Self {
            photo_id,
            ..Self::default()
        }
    }

    /// Sets the keywords, by hand.
    #[must_use]
    pub fn with_keywords(mut self, keywords: impl Into<String>) -> Self {
        (self.keywords, self.keywords_src) = (keywords.into(), Source::Manual);
        self
    }

    /// Sets the notes, by hand.
    #[must_use]
    pub fn with_notes(mut self, notes: impl Into<String>) -> Self {
        (self.notes, self.notes_src) = (notes.into(), Source::Manual);
        self
    }

    /// Sets the subject, by hand.
    #[must_use]
    pub fn with_subject(mut self, subject: impl Into<String>) -> Self {
        (self.subject, self.subject_src) = (subject.into(), Source::Manual);
        self
    }

    /// Sets the artist, by hand.
    #[must_use]
    pub fn with_artist(mut self, artist: impl Into<String>) -> Self {
        (self.artist, self.artist_src) = (artist.into(), Source::Manual);
        self
    }

    /// Sets the copyright, by hand.
    #[must_use]
    pub fn with_copyright(mut self, copyright: impl Into<String>) -> Self {
        (self.copyright, self.copyright_src) = (copyright.into(), Source::Manual);
        self
    }

    /// Sets the licence, by hand.
    #[must_use]
    pub fn with_license(mut self, license: impl Into<String>) -> Self {
        (self.license, self.license_src) = (license.into(), Source::Manual);
        self
    }
}

impl Details {
    /// Begins a change that keeps everything as it is.
    pub fn change(&self) -> DetailsChange {
        DetailsChange {
            photo_id: self.photo_id,
            keywords: self.keywords.clone(),
            keywords_src: self.keywords_src.clone(),
            notes: self.notes.clone(),
            notes_src: self.notes_src.clone(),
            subject: self.subject.clone(),
            subject_src: self.subject_src.clone(),
            artist: self.artist.clone(),
            artist_src: self.artist_src.clone(),
            copyright: self.copyright.clone(),
            copyright_src: self.copyright_src.clone(),
            license: self.license.clone(),
            license_src: self.license_src.clone(),
            software: self.software.clone(),
            software_src: self.software_src.clone(),
        }
    }
}
