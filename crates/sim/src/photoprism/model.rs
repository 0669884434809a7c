//! What the server holds, as state: no JSON, no HTTP. How entities are written is in [`super::wire`].
//!
//! Fields have the names of the reference's section 3 in Rust spelling and hold what the server would keep; what is
//! computed when it is written (`TimeIndex`, `MediaID`, counts) is no field.

mod album;
mod disk;
mod file;
mod label;
mod person;
mod photo;

pub(crate) use album::{Album, AlbumId, Entries, Entry, Link};
pub(crate) use disk::{Disk, Root, Stored};
pub(crate) use file::{File, FileId, Marker};
pub(crate) use label::{Camera, Cell, Label, LabelId, Lens, Place, Subject};
pub(crate) use person::{ApiClient, LogLine, Passcode, Provider, Role, Session, User};
pub(crate) use photo::{Details, Photo, PhotoId, PhotoLabel, src};
