//! The lists of a HEIF file: which items there are, what belongs to what, and where the bytes are.

/// More items than the tiles of the largest pictures.
const ITEMS_MAX: usize = 20_000;
const EXTENTS_MAX: usize = 256;

/// Numbers from a list, as long as there are some.
pub(super) struct Bytes<'b>(&'b [u8]);

impl<'b> Bytes<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self(bytes)
    }

    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self, length: usize) -> Option<u64> {
        if length > 8 {
            return None;
        }
        let bytes = self.take(length)?;
        Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(*self.take(2)?.first_chunk()?))
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(*self.take(4)?.first_chunk()?))
    }

    /// Numbers of items have two bytes in older versions of a list and four in newer ones.
    fn id(&mut self, wide: bool) -> Option<u32> {
        if wide { self.u32() } else { self.u16().map(u32::from) }
    }

    fn text(&mut self) -> &'b [u8] {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap_or(self.0.len());
        let text = &self.0[..end];
        self.0 = self.0.get(end + 1..).unwrap_or_default();
        text
    }
}

struct Item {
    id: u32,
    kind: [u8; 4],
    is_xmp: bool,
}

/// Where an item's bytes are.
pub(super) struct Place {
    id: u32,
    /// 0: offsets count from the file's beginning; 1: from that of the box `idat`; 2: from another item's.
    pub(super) method: u8,
    base: u64,
    extents: Vec<(u64, u64)>,
}

impl Place {
    pub(super) fn ranges(&self, from: u64) -> Vec<(u64, u64)> {
        let start = |offset: u64| from.saturating_add(self.base).saturating_add(offset);
        self.extents
            .iter()
            .map(|(offset, length)| (start(*offset), *length))
            .collect()
    }
}

/// What a file's lists say, as far as they are sound.
pub(super) struct Items {
    pub(super) primary: u32,
    items: Vec<Item>,
    /// Items that describe the main picture.
    describing: Vec<u32>,
    places: Vec<Place>,
}

impl Items {
    pub(super) fn read(pitm: Option<&[u8]>, iinf: Option<&[u8]>, iref: Option<&[u8]>, iloc: Option<&[u8]>) -> Self {
        let primary = pitm.and_then(primary).unwrap_or(0);
        let mut found = Self {
            primary,
            items: Vec::new(),
            describing: Vec::new(),
            places: Vec::new(),
        };
        // What was read before a list breaks off still counts.
        iinf.and_then(|bytes| found.read_infos(bytes));
        iref.and_then(|bytes| found.read_references(bytes));
        iloc.and_then(|bytes| found.read_places(bytes));
        found
    }

    pub(super) fn exif(&self) -> Option<&Place> {
        self.best(|item| &item.kind == b"Exif")
    }

    pub(super) fn xmp(&self) -> Option<&Place> {
        self.best(|item| item.is_xmp)
    }

    /// The item that describes the main picture, or the first of its kind: some writers tie it to tiles.
    fn best(&self, wanted: impl Fn(&Item) -> bool) -> Option<&Place> {
        let mut all = self.items.iter().filter(|item| wanted(item));
        let tied = all.clone().find(|item| self.describing.contains(&item.id));
        let item = tied.or_else(|| all.next())?;
        self.places.iter().find(|place| place.id == item.id)
    }

    fn read_infos(&mut self, bytes: &[u8]) -> Option<()> {
        let mut list = Bytes::new(bytes);
        let version = list.u8()?;
        list.take(3)?;
        let _count = list.id(version > 0)?;
        while let Some(size) = list.u32() {
            let mut entry = Bytes::new(list.take((size as usize).checked_sub(4)?)?);
            if entry.take(4)? != b"infe" {
                continue;
            }
            let version = entry.u8()?;
            entry.take(3)?;
            // Older versions have no kinds of items.
            if version < 2 || self.items.len() >= ITEMS_MAX {
                continue;
            }
            let id = entry.id(version > 2)?;
            entry.u16()?;
            let kind = *entry.take(4)?.first_chunk()?;
            let _name = entry.text();
            let is_xmp = &kind == b"mime" && entry.text().eq_ignore_ascii_case(b"application/rdf+xml");
            self.items.push(Item { id, kind, is_xmp });
        }
        Some(())
    }

    fn read_references(&mut self, bytes: &[u8]) -> Option<()> {
        let mut list = Bytes::new(bytes);
        let wide = list.u8()? > 0;
        list.take(3)?;
        while let Some(size) = list.u32() {
            let mut entry = Bytes::new(list.take((size as usize).checked_sub(4)?)?);
            if entry.take(4)? != b"cdsc" {
                continue;
            }
            let from = entry.id(wide)?;
            for _ in 0..entry.u16()? {
                if entry.id(wide)? == self.primary && self.describing.len() < ITEMS_MAX {
                    self.describing.push(from);
                }
            }
        }
        Some(())
    }

    fn read_places(&mut self, bytes: &[u8]) -> Option<()> {
        let mut list = Bytes::new(bytes);
        let version = list.u8()?;
        list.take(3)?;
        let sizes = [list.u8()?, list.u8()?];
        let [offset_bytes, length_bytes, base_bytes, index_bytes] =
            [sizes[0] >> 4, sizes[0] & 15, sizes[1] >> 4, sizes[1] & 15].map(usize::from);
        let has_method = version == 1 || version == 2;
        let count = list.id(version >= 2)?;
        for _ in 0..count {
            let id = list.id(version >= 2)?;
            let method = if has_method { list.u16()? & 15 } else { 0 };
            list.u16()?;
            let base = list.number(base_bytes)?;
            let mut extents = Vec::new();
            for _ in 0..list.u16()? {
                if has_method {
                    list.number(index_bytes)?;
                }
                let extent = (list.number(offset_bytes)?, list.number(length_bytes)?);
                if extents.len() < EXTENTS_MAX {
                    extents.push(extent);
                }
                if offset_bytes + length_bytes == 0 {
                    break;
                }
            }
            // The tiles of a picture are many; their places are not wanted.
            if self
                .items
                .iter()
                .any(|item| item.id == id && (item.is_xmp || &item.kind == b"Exif"))
            {
                let method = u8::try_from(method).ok()?;
                self.places.push(Place {
                    id,
                    method,
                    base,
                    extents,
                });
            }
        }
        Some(())
    }
}

fn primary(bytes: &[u8]) -> Option<u32> {
    let mut list = Bytes::new(bytes);
    let version = list.u8()?;
    list.take(3)?;
    list.id(version > 0)
}

/// Returns the numbers of an item's properties, which count from one.
pub(super) fn properties_of(wanted: u32, bytes: &[u8]) -> Vec<usize> {
    read_properties(wanted, bytes).unwrap_or_default()
}

fn read_properties(wanted: u32, bytes: &[u8]) -> Option<Vec<usize>> {
    let mut list = Bytes::new(bytes);
    let version = list.u8()?;
    let wide = list.take(3)?.last()? & 1 != 0;
    for _ in 0..list.u32()? {
        let id = list.id(version > 0)?;
        let count = list.u8()?;
        let mut indexes = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            indexes.push(if wide {
                usize::from(list.u16()? & 0x7fff)
            } else {
                usize::from(list.u8()? & 0x7f)
            });
        }
        if id == wanted {
            return Some(indexes);
        }
    }
    None
}
