//! What becomes of a library while its service runs: as if the person had used another device.

use serde::Deserialize;

/// What a person does with the library. Everything asked for is done, in the order of the fields; if a name is not known,
/// nothing is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LibraryCommand {
    /// Amazon, PhotoPrism: uploads this many computed pictures, `NEW_…jpg`, at the service's present time.
    pub add: u64,
    /// Bytes of each of them; [`crate::library::DEFAULT_SYNTHETIC_BYTES`] if not given.
    pub bytes: Option<u64>,
    /// Title of an album that they enter; one is made if there is none of that title.
    pub into: Option<String>,
    /// Amazon: puts items that exist into albums; one is made if there is none of that title.
    pub join: Vec<Membership>,
    /// Amazon: takes items out of albums.
    pub leave: Vec<Membership>,
    /// Amazon: gives albums another title.
    pub rename: Vec<Renamed>,
    /// Throws the items of these names into the trash, out of all their albums.
    pub remove: Vec<String>,
}

/// Items of an album.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Membership {
    /// Title of the album.
    pub album: String,
    /// Names of the items.
    pub names: Vec<String>,
}

/// Another title of an album.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renamed {
    /// The title so far.
    pub from: String,
    /// The new one.
    pub to: String,
}
