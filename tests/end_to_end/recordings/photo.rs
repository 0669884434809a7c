//! JPEGs with the EXIF values that recorded photos had.

use photomove_sim::Library;

/// A value of an IFD.
enum Exif {
    Text(&'static str),
    Short(u16),
    Rational(u32, u32),
}

use Exif::{Rational, Short, Text};

/// A photo with what a camera and an editor write: the keys of the recorded Amazon node.
pub async fn full() -> Vec<u8> {
    let image = [
        (0x010f, Text("Examplo")),
        (0x0110, Text("Examplo Phone 12")),
        (0x0112, Short(1)),
        (0x0128, Short(2)),
        (0x0131, Text("an editor")),
        (0x0132, Text("2021:05:04 10:20:30")),
    ];
    let camera = [
        (0x829a, Rational(1, 250)),
        (0x8822, Short(2)),
        (0x8827, Short(100)),
        (0x9003, Text("2021:05:03 18:19:20")),
        (0x9004, Text("2021:05:03 18:19:20")),
        (0x9202, Rational(3, 1)),
        (0x9207, Short(3)),
        (0x9209, Short(16)),
        (0x920a, Rational(6, 1)),
        (0x9290, Text("12")),
        (0x9291, Text("12")),
        (0x9292, Text("12")),
        (0xa001, Short(1)),
        (0xa402, Short(0)),
        (0xa403, Short(1)),
        (0xa40a, Short(0)),
    ];
    with_exif(&image, &camera).await
}

/// A photo that says maker, model, focal length, aperture and sensitivity, and no exposure time. Equal numbers give
/// equal bytes.
pub async fn plain(number: u16) -> Vec<u8> {
    let image = [(0x010f, Text("Examplo")), (0x0110, Text("Examplo Phone 12"))];
    let camera = [
        (0x8827, Short(100 + number)),
        (0x9003, Text("2021:05:03 18:19:20")),
        (0x9202, Rational(3, 1)),
        (0x920a, Rational(43, 8)),
    ];
    with_exif(&image, &camera).await
}

async fn with_exif(image: &[(u16, Exif)], camera: &[(u16, Exif)]) -> Vec<u8> {
    let header = b"II\x2a\x00\x08\x00\x00\x00";
    let camera_at = header.len() + ifd(image, 0, Some(0)).len();
    let pointer = u32::try_from(camera_at).expect("a small file");
    let (image, camera) = (ifd(image, header.len(), Some(pointer)), ifd(camera, camera_at, None));
    let segment = [b"Exif\0\0", &header[..], &image, &camera].concat();
    let length = u16::try_from(segment.len() + 2).expect("a short segment");
    let blob = &Library::synthetic(1, 2000, 7).expect("a picture").items[0].blob;
    let mut jpeg = blob.bytes().await.expect("bytes").to_vec();
    let app1 = [&[0xff, 0xe1], &length.to_be_bytes()[..], &segment].concat();
    jpeg.splice(2..2, app1);
    jpeg
}

/// An IFD that lies `at` bytes after the beginning of the TIFF header, perhaps with a pointer to the camera's IFD; values
/// that do not fit into it follow behind.
fn ifd(entries: &[(u16, Exif)], at: usize, pointer: Option<u32>) -> Vec<u8> {
    let count = entries.len() + usize::from(pointer.is_some());
    let mut values_at = at + 2 + 12 * count + 4;
    let mut table = u16::try_from(count).expect("few entries").to_le_bytes().to_vec();
    let mut values = Vec::new();
    for (tag, value) in entries {
        let (kind, count, mut bytes) = match value {
            Text(text) => (2_u16, text.len() + 1, [text.as_bytes(), &[0]].concat()),
            Short(number) => (3, 1, number.to_le_bytes().to_vec()),
            Rational(above, below) => (5, 1, [above.to_le_bytes(), below.to_le_bytes()].concat()),
        };
        table.extend(tag.to_le_bytes());
        table.extend(kind.to_le_bytes());
        table.extend(u32::try_from(count).expect("short").to_le_bytes());
        if bytes.len() <= 4 {
            bytes.resize(4, 0);
            table.extend(bytes);
        } else {
            table.extend(u32::try_from(values_at).expect("a small file").to_le_bytes());
            values_at += bytes.len();
            values.extend(bytes);
        }
    }
    if let Some(pointer) = pointer {
        table.extend(0x8769_u16.to_le_bytes());
        table.extend(4_u16.to_le_bytes());
        table.extend(1_u32.to_le_bytes());
        table.extend(pointer.to_le_bytes());
    }
    table.extend([0; 4]);
    table.extend(values);
    table
}
