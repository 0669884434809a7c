//! Raw files in TIFF's clothes, told by the tags of their first directory.

/// Who wrote a TIFF, and for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Plain,
    Dng,
    Nikon,
    Sony,
    Pentax,
    Samsung,
    Olympus,
}

const MAKE: u16 = 0x010f;
const SUB_IFDS: u16 = 0x014a;
const PHOTOMETRIC: u16 = 0x0106;
const DNG_VERSION: u16 = 0xc612;
const DNG_PRIVATE_DATA: u16 = 0xc634;
const ENTRY_BYTES: usize = 12;
/// No camera writes more; a broken count must not lead us on.
const MOST_ENTRIES: usize = 512;

/// Reads the first directory as far as the bytes go; what is not there counts as plain.
pub(crate) fn dialect(bytes: &[u8]) -> Dialect {
    read(bytes).unwrap_or(Dialect::Plain)
}

fn read(bytes: &[u8]) -> Option<Dialect> {
    let file = Reader {
        bytes,
        little: bytes.starts_with(b"II"),
    };
    let directory = file.u32(4)?;
    let count = usize::from(file.u16(directory)?).min(MOST_ENTRIES);
    let mut found = Found::default();
    for number in 0..count {
        let at = directory.checked_add(2 + number * ENTRY_BYTES)?;
        // The directory may go on past what we have; what was found so far still counts.
        let Some(tag) = file.u16(at) else { break };
        match tag {
            DNG_VERSION => return Some(Dialect::Dng),
            SUB_IFDS => found.sub_images = true,
            DNG_PRIVATE_DATA => found.private = true,
            PHOTOMETRIC => found.sensor = matches!(file.u16(at + 8), Some(32803)),
            MAKE => found.make = file.text(at).unwrap_or_default(),
            _ => {}
        }
    }
    Some(found.dialect())
}

#[derive(Default)]
struct Found<'b> {
    make: &'b [u8],
    sub_images: bool,
    private: bool,
    sensor: bool,
}

impl Found<'_> {
    /// A picture that was developed and saved as TIFF keeps its camera's make, but has no sensor data beside it.
    fn dialect(&self) -> Dialect {
        if !(self.sub_images || self.private || self.sensor) {
            return Dialect::Plain;
        }
        match self.make {
            make if make.starts_with(b"NIKON") => Dialect::Nikon,
            make if make.starts_with(b"SONY") => Dialect::Sony,
            make if make.starts_with(b"PENTAX") || make.starts_with(b"RICOH") => Dialect::Pentax,
            make if make.starts_with(b"SAMSUNG") => Dialect::Samsung,
            make if make.starts_with(b"OLYMPUS") => Dialect::Olympus,
            _ => Dialect::Plain,
        }
    }
}

struct Reader<'b> {
    bytes: &'b [u8],
    little: bool,
}

impl<'b> Reader<'b> {
    fn u16(&self, at: usize) -> Option<u16> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.little {
            u16::from_le_bytes(bytes)
        } else {
            u16::from_be_bytes(bytes)
        })
    }

    fn u32(&self, at: usize) -> Option<usize> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        let number = if self.little {
            u32::from_le_bytes(bytes)
        } else {
            u32::from_be_bytes(bytes)
        };
        usize::try_from(number).ok()
    }

    /// Returns the text of an entry, which stands elsewhere unless it has four bytes or fewer.
    fn text(&self, entry: usize) -> Option<&'b [u8]> {
        let length = self.u32(entry + 4)?;
        let at = if length <= 4 { entry + 8 } else { self.u32(entry + 8)? };
        self.bytes.get(at..at.checked_add(length)?)
    }
}
