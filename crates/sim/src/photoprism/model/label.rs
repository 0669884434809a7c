//! Labels, people, cameras, lenses and places.

use jiff::Timestamp;

/// Numeric id of a label, from 1.
pub(crate) type LabelId = u64;

/// A word that photos can be given.
#[derive(Debug, Clone)]
pub(crate) struct Label {
    pub(crate) id: LabelId,
    pub(crate) uid: String,
    pub(crate) slug: String,
    pub(crate) custom_slug: String,
    pub(crate) name: String,
    pub(crate) priority: i64,
    pub(crate) favorite: bool,
    pub(crate) description: String,
    pub(crate) notes: String,
    pub(crate) thumb: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) deleted_at: Option<Timestamp>,
}

/// A person.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) uid: String,
    pub(crate) marker_uid: String,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) alias: String,
    pub(crate) about: String,
    pub(crate) bio: String,
    pub(crate) notes: String,
    pub(crate) favorite: bool,
    pub(crate) hidden: bool,
    pub(crate) private: bool,
    pub(crate) excluded: bool,
    pub(crate) thumb: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) deleted_at: Option<Timestamp>,
}

/// A camera; id 1 is the unknown one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Camera {
    pub(crate) id: u64,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) make: String,
    pub(crate) model: String,
    /// `phone`, `body`, `compact`…; empty if unknown.
    pub(crate) kind: String,
}

/// A lens; id 1 is the unknown one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lens {
    pub(crate) id: u64,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) make: String,
    pub(crate) model: String,
}

/// A place with its name; `zz` is the unknown one.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) district: String,
    pub(crate) city: String,
    pub(crate) state: String,
    pub(crate) country: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// A cell of the globe and the place it belongs to; `zz` is the unknown one.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) street: String,
    pub(crate) postcode: String,
    pub(crate) place_id: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}
