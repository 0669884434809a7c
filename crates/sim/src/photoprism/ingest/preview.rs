//! Previews: not of the picture, which is not decoded, but JPEGs all the same; and colours, computed from the hash.

use jiff::Timestamp;

use crate::blob::{Blob, Hashes};
use crate::photoprism::model::{File, FileId, PhotoId, Root, Stored, src};
use crate::photoprism::world::World;

const COLORS: [&str; 16] = [
    "black", "grey", "brown", "gold", "white", "purple", "blue", "cyan", "teal", "green", "lime", "yellow", "magenta",
    "orange", "red", "pink",
];

/// Side of a preview in pixels.
const SIDE_PX: u16 = 8;

/// How a picture looks, the same for the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look(u32);

/// The look of the picture with this SHA-1.
pub(crate) fn look(sha1: &str) -> Look {
    Look(crc32c::crc32c(sha1.as_bytes()))
}

impl Look {
    /// Number of the main colour.
    pub(crate) fn id(self) -> i64 {
        i64::from(self.0 % 16)
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        COLORS[(self.0 % 16) as usize]
    }

    /// Nine colours as digits.
    pub(crate) fn colors(self) -> String {
        self.digits(self.0)
    }

    /// Nine brightnesses as digits.
    pub(crate) fn luminance(self) -> String {
        self.digits(self.0.rotate_left(13) ^ 0x5a5a_a5a5)
    }

    /// A difference hash; never 0, which would be left out.
    pub(crate) fn diff(self) -> i64 {
        i64::from(self.0 % 1023) + 1
    }

    /// Saturation; never 0, which would be left out.
    pub(crate) fn chroma(self) -> i64 {
        i64::from(self.0 % 60) + 1
    }

    /// Writes it into the record of a preview.
    pub(crate) fn show(self, file: &mut File) {
        self.name().clone_into(&mut file.main_color);
        file.colors = self.colors();
        file.luminance = self.luminance();
        (file.diff, file.chroma) = (self.diff(), self.chroma());
    }

    fn digits(self, seed: u32) -> String {
        (0..9)
            .map(|at| char::from_digit((seed.rotate_right(at * 3)) & 0xf, 16).unwrap_or('0'))
            .collect::<String>()
            .to_uppercase()
    }
}

/// Makes the JPEG that stands for a file which nobody can see as it is, and makes it its photo's primary file.
pub(crate) fn add(world: &mut World, photo: PhotoId, of: FileId, now: Timestamp) {
    let Some(source) = world.files.get(&of) else { return };
    let path = format!("{}.jpg", source.name);
    let stored = make(&source.hash, now);
    let mut file = File::new(&path, &stored.sha1, stored.size(), now);
    file.root = Root::Sidecar;
    file.primary = true;
    "jpg".clone_into(&mut file.file_type);
    "image".clone_into(&mut file.media_type);
    "image/jpeg".clone_into(&mut file.mime);
    // Pictures are kept as they are stored, with their orientation; videos are turned.
    let turned = source.orientation >= 5 && source.media_type != "video";
    (file.width, file.height) = match turned {
        true => (source.height.max(1), source.width.max(1)),
        false => (source.width.max(1), source.height.max(1)),
    };
    file.portrait = file.height > file.width;
    file.orientation = if turned { source.orientation } else { 1 };
    src::META.clone_into(&mut file.orientation_src);
    file.aspect_ratio = (file.width as f64 / file.height as f64 * 100.0).round() / 100.0;
    let is_video = source.media_type == "video";
    if !is_video {
        file.software.clone_from(&source.software);
        file.color_profile.clone_from(&source.color_profile);
    }
    file.mod_time = now.as_second();
    file.created_in = 19_000_000;
    // The preview of an undated video counts as taken now.
    file.media_utc = if is_video && source.media_utc == 0 {
        now.as_millisecond()
    } else {
        source.media_utc
    };
    look(&source.hash).show(&mut file);
    let known = world
        .files_by_hash(&stored.sha1)
        .find(|known| known.name == path && known.root == Root::Sidecar);
    let known = known.map(|known| known.id);
    world.disk.put(Root::Sidecar, path, stored);
    match known {
        Some(known) => world.move_file(known, photo),
        None => {
            world.add_file(photo, file);
        }
    }
}

/// The preview of a file: one colour, and the hash of the file in a comment, so that previews differ.
pub(crate) fn make(sha1: &str, now: Timestamp) -> Stored {
    let mut jpeg = Vec::new();
    let shade = (look(sha1).0 & 0xff) as u8;
    let pixels = vec![shade; usize::from(SIDE_PX) * usize::from(SIDE_PX)];
    let encoder = jpeg_encoder::Encoder::new(&mut jpeg, 60);
    // Encoding into memory fails only for sizes that are none.
    let _ = encoder.encode(&pixels, SIDE_PX, SIDE_PX, jpeg_encoder::ColorType::Luma);
    let comment = sha1.as_bytes();
    let len = (comment.len() as u16 + 2).to_be_bytes();
    let mut bytes = jpeg[..2].to_vec();
    bytes.extend([0xff, 0xfe]);
    bytes.extend(len);
    bytes.extend(comment);
    bytes.extend(&jpeg[2..]);
    let sha1 = Hashes::of(&bytes).sha1_hex();
    Stored {
        blob: Blob::memory(bytes),
        sha1,
        modified: now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn previews_are_pictures_of_their_own() {
        let now = Timestamp::UNIX_EPOCH;
        let (one, two) = (make("aa", now), make("bb", now));
        assert_ne!(one.sha1, two.sha1);
        let bytes = one.blob.bytes().await.unwrap();
        assert_eq!(crate::facts::content_type("x", &bytes), "image/jpeg");
        assert_eq!(look("aa").colors().len(), 9);
        assert!(look("aa").diff() > 0 && look("aa").chroma() > 0);
    }
}
