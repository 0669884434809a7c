//! Facts about photo and video files from their bytes and names. No network, no file system.
//!
//! ```
//! use photomove_media::{FileKind, FileType, sniff};
//!
//! let photo = sniff(b"\xff\xd8\xff\xe1 and so on").expect("a JPEG begins like this");
//! assert_eq!((photo.media_type, photo.extension), ("image/jpeg", "jpg"));
//! assert_eq!(FileType::of_name("holiday.MOV").map(|t| t.kind), Some(FileKind::Video));
//! ```

mod file_type;
mod name;
mod sniff;
#[cfg(feature = "thumbnails")]
mod thumbnail;
mod tiff;

pub use file_type::{FileKind, FileType, extension_of_media_type, kind_of, media_type_of_extension};
pub use name::{LONGEST_NAME_BYTES, safe_file_name, split_extension, with_extension_of};
pub use sniff::{SNIFF_BYTES, sniff, sniff_named};
#[cfg(feature = "thumbnails")]
pub use thumbnail::{ThumbnailNeeds, thumbnail, thumbnail_needs};
