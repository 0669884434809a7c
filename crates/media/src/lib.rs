//! Facts about photo and video files from their bytes and names. No network, no file system.
//!
//! [`read_facts`] reads what a file says about itself: when and where it was taken, its size, its camera, its words. It
//! asks for the few bytes that this takes, from anything that is [`ReadAt`]; [`read_facts_of_prefix`] does with what is at
//! hand. [`read_sidecar`] reads the XMP file beside it.
//!
//! ```
//! use photomove_media::{FileKind, FileType, sniff};
//!
//! let photo = sniff(b"\xff\xd8\xff\xe1 and so on").expect("a JPEG begins like this");
//! assert_eq!((photo.media_type, photo.extension), ("image/jpeg", "jpg"));
//! assert_eq!(FileType::of_name("holiday.MOV").map(|t| t.kind), Some(FileKind::Video));
//! ```

mod container;
mod dates;
mod draft;
mod exif;
mod facts;
mod file_type;
mod iptc;
mod motion;
mod name;
mod read;
mod read_at;
mod sniff;
mod text;
#[cfg(feature = "thumbnails")]
mod thumbnail;
mod tiff;
mod window;
mod xmp;

pub use facts::{
    ByteRange, Camera, Confidence, DateField, Exposure, MediaFacts, MotionMark, MotionPhoto, OffsetFrom, Orientation,
    PixelSize, Place, PlaceField, Precision, Taken, WARNINGS_MAX, Warning, WarningKind,
};
pub use file_type::{FileKind, FileType, extension_of_media_type, kind_of, media_type_of_extension};
pub use name::{LONGEST_NAME_BYTES, safe_file_name, split_extension, with_extension_of};
pub use read::{ReadOptions, read_facts, read_facts_of_prefix};
pub use read_at::{Prefix, ReadAt, Seekable};
pub use sniff::{SNIFF_BYTES, sniff, sniff_named};
#[cfg(feature = "thumbnails")]
pub use thumbnail::{ThumbnailNeeds, thumbnail, thumbnail_needs};
pub use xmp::read_sidecar;
