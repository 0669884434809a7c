//! Places in a listing, as the journal keeps them.

use photomove_core::{Cursor, Error, ErrorKind, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::KIND;
use crate::search::PhotoSearch;
use crate::wire::PhotoRow;

/// Which photos are gone through. No search finds all of them (reference 2.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Pass {
    /// Those that are shown, private ones and those in review among them.
    #[default]
    Shown,
    Archived,
    /// Those without a usable preview.
    Hidden,
}

impl Pass {
    pub(super) const ALL: [Self; 3] = [Self::Shown, Self::Archived, Self::Hidden];

    pub(super) fn of(self, search: PhotoSearch) -> PhotoSearch {
        match self {
            // One row a photo. A photo without a primary file is in no result anyway.
            Self::Shown => search.primary(true),
            Self::Archived => search.primary(true).archived(true),
            Self::Hidden => search.hidden(true),
        }
    }

    /// Says whether a row belongs to this pass and to no other: the first search finds hidden ones too.
    pub(super) fn takes(self, row: &PhotoRow) -> bool {
        match self {
            Self::Hidden => row.quality < 0 && row.deleted_at.is_none(),
            Self::Shown | Self::Archived => row.quality >= 0,
        }
    }
}

/// How far one search is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// Rows that lie before.
    pub(super) offset: u64,
    /// Photo of the last row that was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last: Option<String>,
    /// Its number in the database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) number: Option<u64>,
    /// Whether the highest numbers come first.
    #[serde(default)]
    pub(super) newest_first: bool,
    /// How often it went back.
    #[serde(default)]
    pub(super) rewinds: u32,
    /// How often it went back for this page.
    #[serde(default)]
    pub(super) steps: u32,
}

impl Place {
    pub(super) fn at(offset: u64) -> Self {
        Self {
            offset,
            ..Self::default()
        }
    }

    pub(super) fn read(at: Option<&Cursor>) -> Result<Self> {
        at.map_or_else(|| Ok(Self::default()), read)
    }

    pub(super) fn cursor(&self) -> Cursor {
        cursor(self)
    }
}

/// What a listing goes through: the whole library, or albums one after the other; each in several passes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tour {
    pub(super) passes: Vec<Pass>,
    pub(super) pass: Pass,
    #[serde(default)]
    pub(super) place: Place,
    /// Albums whose members are listed; none = the whole library.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    albums: Vec<String>,
    /// Which of them is being listed.
    #[serde(default)]
    at: usize,
    #[serde(default)]
    pub(super) favourite: bool,
    /// Order of an album's members.
    #[serde(default)]
    pub(super) order: String,
    /// Members that were listed.
    #[serde(default)]
    pub(super) listed: u64,
}

impl Tour {
    pub(super) fn new(albums: Vec<String>, favourite: bool) -> Self {
        Self {
            passes: Pass::ALL.to_vec(),
            pass: Pass::Shown,
            place: Place {
                newest_first: true,
                ..Place::default()
            },
            albums,
            at: 0,
            favourite,
            order: String::new(),
            listed: 0,
        }
    }

    pub(super) fn read(at: &Cursor) -> Result<Self> {
        read(at)
    }

    pub(super) fn cursor(&self) -> Cursor {
        cursor(self)
    }

    pub(super) fn album(&self) -> Option<&str> {
        self.albums.get(self.at).map(String::as_str)
    }

    /// Goes on with the next pass, then with the next album; `None` = that was all.
    pub(super) fn next_pass(mut self) -> Option<Self> {
        self.place = Place {
            newest_first: self.place.newest_first,
            ..Place::default()
        };
        let now = self.passes.iter().position(|pass| *pass == self.pass)?;
        if let Some(next) = self.passes.get(now + 1) {
            self.pass = *next;
            return Some(self);
        }
        self.at += 1;
        self.pass = *self.passes.first()?;
        (self.at < self.albums.len()).then_some(self)
    }
}

fn cursor(place: &impl Serialize) -> Cursor {
    Cursor {
        resume: serde_json::to_value(place).unwrap_or_default(),
        fast: None,
        fast_until: None,
    }
}

fn read<T: DeserializeOwned>(cursor: &Cursor) -> Result<T> {
    serde_json::from_value(cursor.resume.clone()).map_err(|error| {
        Error::new(ErrorKind::Internal, "position in the listing cannot be read")
            .provider(KIND)
            .source(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tour_goes_through_all_passes_of_all_albums_and_survives_being_written_down() {
        let mut tour = Tour::new(vec!["a1".into(), "a2".into()], true);
        let mut seen = Vec::new();
        loop {
            seen.push((tour.album().unwrap().to_owned(), tour.pass));
            tour.place.offset = 7;
            let written = tour.cursor();
            assert_eq!(Tour::read(&written).unwrap(), tour);
            match tour.next_pass() {
                Some(next) => tour = next,
                None => break,
            }
            assert_eq!((tour.place.offset, tour.place.newest_first), (0, true));
        }
        let expected: Vec<_> = ["a1", "a2"]
            .into_iter()
            .flat_map(|album| Pass::ALL.map(|pass| (album.to_owned(), pass)))
            .collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn each_photo_belongs_to_one_pass() {
        let row = |quality| PhotoRow {
            quality,
            ..PhotoRow::default()
        };
        assert!(Pass::Shown.takes(&row(0)) && !Pass::Hidden.takes(&row(0)));
        assert!(!Pass::Shown.takes(&row(-1)) && Pass::Hidden.takes(&row(-1)));
    }

    #[test]
    fn a_place_of_something_else_is_refused() {
        let strange = Cursor {
            resume: serde_json::json!("x"),
            fast: None,
            fast_until: None,
        };
        assert_eq!(*Tour::read(&strange).unwrap_err().kind(), ErrorKind::Internal);
    }
}
