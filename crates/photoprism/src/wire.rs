//! What goes over the wire, in the server's own words.
//!
//! What we use is typed; all else is kept as it came in `other`, so that nothing of a newer server is lost. A `null` where
//! a value belongs counts as the value's default, for the server sends both.

mod album;
mod change;
mod config;
mod details;
mod error;
mod event;
mod file;
mod folder;
mod label;
mod link;
mod people;
mod photo;
mod row;
mod selection;
mod session;
mod settings;
mod text;
mod time;
mod words;

pub use album::{Album, AlbumChange, AlbumEntry, AlbumProperties};
pub use change::PhotoProperties;
pub use config::{ClientCounts, ConfigMode, Disabled, Generation, ServerConfig, ServerVersion};
pub use details::{Details, DetailsChange};
pub use error::{ErrorBody, Message};
pub(crate) use error::{PASSCODE_REQUIRED, PASSCODE_WRONG};
pub use event::{Event, EventLevel, WorkEvent};
pub use file::{File, Marker};
pub use folder::{Folder, FolderList, GeoFeature, GeoPhoto, GeoPoint, GeoResult, Moment};
pub use label::{Label, LabelProperties, NewLabel};
pub use link::{ShareLink, ShareLinkProperties};
pub use people::{Face, Subject, SubjectProperties};
pub use photo::{Camera, Cell, Lens, Photo, PhotoLabel, Place, UNSTACKED};
pub use row::PhotoRow;
pub(crate) use selection::texts;
pub use selection::{BatchAction, BatchEdited, BatchValue, Selection, ZipMade};
pub use session::{AppPassword, Session, SessionEnded, SessionEntry, User, UserDetails};
pub use settings::{
    DownloadSettings, Features, ImportSettings, IndexSettings, ServerLogEntry, ServerStatus, Settings, StackSettings,
    UiSettings,
};
pub(crate) use text::text_enum;
pub use time::LocalTime;
pub use words::{AlbumType, CameraType, Color, MediaType, Root, Source};

use serde::{Deserialize, Deserializer};

/// Reads a value, `null` as its default; for `#[serde(default, deserialize_with = "nullable")]`.
pub(crate) fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}
