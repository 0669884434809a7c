//! Files from their parts.

/// A value of a tag.
pub(crate) enum Value {
    Text(&'static str),
    Bytes(Vec<u8>),
    Short(u16),
    Long(Vec<u32>),
    Ratio(Vec<(u32, u32)>),
    /// A directory that the tag points to.
    Directory(Vec<(u16, Value)>),
}

/// A TIFF block of one directory and those that it points to.
pub(crate) fn tiff(big_endian: bool, tags: Vec<(u16, Value)>) -> Vec<u8> {
    let order = Order(big_endian);
    let mut bytes = if big_endian {
        b"MM\0*".to_vec()
    } else {
        b"II*\0".to_vec()
    };
    bytes.extend(order.u32(8));
    directory(order, &mut bytes, tags);
    bytes
}

#[derive(Clone, Copy)]
struct Order(bool);

impl Order {
    fn u16(self, number: u16) -> [u8; 2] {
        if self.0 {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        }
    }

    fn u32(self, number: u32) -> [u8; 4] {
        if self.0 {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        }
    }
}

/// Writes a directory at the end, its values behind it.
fn directory(order: Order, bytes: &mut Vec<u8>, tags: Vec<(u16, Value)>) {
    let start = bytes.len();
    bytes.resize(start + 2 + 12 * tags.len() + 4, 0);
    bytes[start..start + 2].copy_from_slice(&order.u16(short(tags.len())));
    for (index, (tag, value)) in tags.into_iter().enumerate() {
        let at = start + 2 + 12 * index;
        let (kind, count, data) = match value {
            Value::Text(text) => (2, text.len() + 1, [text.as_bytes(), b"\0"].concat()),
            Value::Bytes(data) => (7, data.len(), data),
            Value::Short(number) => (3, 1, order.u16(number).to_vec()),
            Value::Long(numbers) => (4, numbers.len(), numbers.iter().flat_map(|n| order.u32(*n)).collect()),
            Value::Ratio(pairs) => {
                let data = pairs.iter().flat_map(|(a, b)| [order.u32(*a), order.u32(*b)].concat());
                (5, pairs.len(), data.collect())
            }
            Value::Directory(tags) => {
                let there = long(bytes.len());
                directory(order, bytes, tags);
                (4, 1, order.u32(there).to_vec())
            }
        };
        bytes[at..at + 2].copy_from_slice(&order.u16(tag));
        bytes[at + 2..at + 4].copy_from_slice(&order.u16(kind));
        bytes[at + 4..at + 8].copy_from_slice(&order.u32(long(count)));
        if data.len() <= 4 {
            bytes[at + 8..at + 8 + data.len()].copy_from_slice(&data);
        } else {
            let there = long(bytes.len());
            bytes[at + 8..at + 12].copy_from_slice(&order.u32(there));
            bytes.extend(data);
        }
    }
}

fn short(length: usize) -> u16 {
    u16::try_from(length).unwrap()
}

fn long(length: usize) -> u32 {
    u32::try_from(length).unwrap()
}

/// A JPEG of segments, with a frame of 40 by 30 pixels and no picture.
pub(crate) fn jpeg(segments: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8];
    let frame = (0xc0, vec![8, 0, 30, 0, 40, 1, 1, 0x11, 0]);
    for (kind, body) in segments.iter().chain([&frame]) {
        bytes.extend([0xff, *kind]);
        bytes.extend(short(body.len() + 2).to_be_bytes());
        bytes.extend_from_slice(body);
    }
    bytes.extend([0xff, 0xda, 0, 2, 0xff, 0xd9]);
    bytes
}

pub(crate) fn jpeg_with_exif(tags: Vec<(u16, Value)>) -> Vec<u8> {
    jpeg(&[(0xe1, [b"Exif\0\0".to_vec(), tiff(true, tags)].concat())])
}

pub(crate) fn jpeg_with_xmp(properties: &str) -> Vec<u8> {
    let packet = xmp(properties).into_bytes();
    jpeg(&[(0xe1, [b"http://ns.adobe.com/xap/1.0/\0".to_vec(), packet].concat())])
}

/// A packet with attributes of one description.
pub(crate) fn xmp(properties: &str) -> String {
    format!(
        r#"<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
        <rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
        xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:xmpNote="http://ns.adobe.com/xmp/note/"
        xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" {properties}/></rdf:RDF></x:xmpmeta>"#
    )
}

/// A box, or an atom.
pub(crate) fn atom(kind: &[u8; 4], body: impl AsRef<[u8]>) -> Vec<u8> {
    let mut bytes = long(8 + body.as_ref().len()).to_be_bytes().to_vec();
    bytes.extend_from_slice(kind);
    bytes.extend_from_slice(body.as_ref());
    bytes
}

pub(crate) fn ftyp(brand: &[u8; 4]) -> Vec<u8> {
    atom(b"ftyp", [brand.as_slice(), &[0; 4], brand].concat())
}

/// A PNG of chunks between its head and its end.
pub(crate) fn png(chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let head: (&[u8; 4], Vec<u8>) = (b"IHDR", [&[0, 0, 0, 40, 0, 0, 0, 30][..], &[8, 2, 0, 0, 0]].concat());
    let end: (&[u8; 4], Vec<u8>) = (b"IEND", Vec::new());
    for (kind, body) in [&head].into_iter().chain(chunks).chain([&end]) {
        bytes.extend(long(body.len()).to_be_bytes());
        bytes.extend_from_slice(*kind);
        bytes.extend_from_slice(body);
        bytes.extend([0; 4]);
    }
    bytes
}

/// A RIFF file of chunks.
pub(crate) fn riff(kind: &[u8; 4], chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let body = riff_chunks(chunks);
    let mut bytes = b"RIFF".to_vec();
    bytes.extend(long(body.len() + 4).to_le_bytes());
    bytes.extend_from_slice(kind);
    bytes.extend(body);
    bytes
}

pub(crate) fn riff_chunks(chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (kind, body) in chunks {
        bytes.extend_from_slice(*kind);
        bytes.extend(long(body.len()).to_le_bytes());
        bytes.extend_from_slice(body);
        bytes.resize(bytes.len() + body.len() % 2, 0);
    }
    bytes
}
