//! XMP packets: inside a file, or beside it as a side-car.

use crate::draft::{Draft, Giver, MotionHint, Position};
use crate::window::FETCH_MAX;
use crate::{DateField, MediaFacts, MotionMark, Orientation, PlaceField, WarningKind, dates, text};

mod motion;
mod tree;

use tree::{Element, Space};

/// Reads the facts of a side-car such as `IMG_1.jpg.xmp`, to be laid over those of its file with
/// [`MediaFacts::overlaid_by`]. Bytes beyond 4 MiB are not looked at.
pub fn read_sidecar(bytes: &[u8]) -> MediaFacts {
    let mut draft = Draft::default();
    read(&bytes[..bytes.len().min(FETCH_MAX)], &mut draft);
    let mut facts = draft.into_facts(None);
    facts.size_bytes = bytes.len() as u64;
    facts.bytes_read = bytes.len().min(FETCH_MAX) as u64;
    facts
}

/// Reads a packet into the draft. What stands before a mistake in it counts.
pub(crate) fn read(packet: &[u8], draft: &mut Draft) {
    let Some(text) = decoded(packet) else { return };
    let (root, sound) = tree::parse(&text);
    if !sound {
        draft.warn(WarningKind::Damaged, "XMP packet that is broken");
    }
    let packet = Packet {
        descriptions: root.all(Space::Rdf, "Description"),
    };
    packet.offer(draft);
}

/// Packets are UTF-8, rarely UTF-16; padding at the end is none of the text.
fn decoded(packet: &[u8]) -> Option<String> {
    let wide = matches!(
        packet,
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, b'<', ..] | [b'<', 0, ..]
    );
    if wide {
        return utf_16(packet);
    }
    let bytes = packet.strip_prefix(b"\xef\xbb\xbf").unwrap_or(packet);
    let end = bytes.iter().rposition(|byte| *byte == b'>')? + 1;
    Some(String::from_utf8_lossy(&bytes[..end]).into_owned())
}

fn utf_16(packet: &[u8]) -> Option<String> {
    let little = matches!(packet, [0xff, 0xfe, ..] | [b'<', 0, ..]);
    let (pairs, _) = packet.as_chunks::<2>();
    let units = pairs.iter().map(|pair| {
        if little {
            u16::from_le_bytes(*pair)
        } else {
            u16::from_be_bytes(*pair)
        }
    });
    let text: String = char::decode_utf16(units)
        .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    Some(text.trim_start_matches('\u{feff}').to_owned())
}

/// The properties of a packet, whether they are written as attributes or as elements.
struct Packet<'t> {
    descriptions: Vec<&'t Element>,
}

impl<'t> Packet<'t> {
    fn element(&self, space: Space, name: &str) -> Option<&'t Element> {
        self.descriptions.iter().find_map(|d| d.child(space, name))
    }

    /// A simple value, or the first of several.
    fn text(&self, space: Space, name: &str) -> Option<String> {
        let attribute = self.descriptions.iter().find_map(|d| d.attribute(space, name));
        let text = match attribute {
            Some(text) => text.to_owned(),
            None => self.element(space, name)?.best_text(),
        };
        text::worth_keeping(text)
    }

    fn texts(&self, space: Space, name: &str) -> Vec<String> {
        match self.element(space, name) {
            Some(element) => element.texts(),
            None => self.text(space, name).into_iter().collect(),
        }
    }

    fn stamp(&self, space: Space, name: &str) -> Option<dates::Stamp> {
        dates::parse(&self.text(space, name)?)
    }

    fn number(&self, space: Space, name: &str) -> Option<f64> {
        let text = self.text(space, name)?;
        let number = match text.split_once('/') {
            Some((above, below)) => above.trim().parse::<f64>().ok()? / below.trim().parse::<f64>().ok()?,
            None => text.trim().parse().ok()?,
        };
        number.is_finite().then_some(number)
    }

    fn offer(&self, draft: &mut Draft) {
        self.offer_texts(draft);
        self.offer_camera(draft);
        let original_fraction = self.text(Space::Exif, "SubSecTimeOriginal");
        let original = self.stamp(Space::Exif, "DateTimeOriginal").map(|stamp| {
            let offset = self.text(Space::ExifEx, "OffsetTimeOriginal");
            stamp
                .with_fraction(original_fraction.as_deref())
                .with_offset(offset.and_then(|offset| dates::offset(&offset)))
        });
        draft.wall(DateField::XmpOriginal, original);
        draft.wall(DateField::XmpDateCreated, self.stamp(Space::Photoshop, "DateCreated"));
        draft.wall(DateField::XmpDigitized, self.stamp(Space::Exif, "DateTimeDigitized"));
        draft.wall(DateField::XmpCreated, self.stamp(Space::Xmp, "CreateDate"));
        self.offer_place(draft);
        let rating = self
            .number(Space::Xmp, "Rating")
            .filter(|stars| (-1.0..=5.0).contains(stars));
        #[expect(clippy::cast_possible_truncation, reason = "between -1 and 5")]
        draft.rating(Giver::Xmp, rating.map(|stars| stars as i8));
        let favourite = self.text(Space::Fstop, "favorite");
        draft.favourite(
            Giver::Xmp,
            favourite.map(|flag| flag.trim() == "1" || flag.trim().eq_ignore_ascii_case("true")),
        );
        if let Some(hint) = motion::hint(self) {
            draft.motion_hint.get_or_insert(hint);
        }
        if let Some(id) = self.text(Space::XmpNote, "HasExtendedXMP") {
            draft.extended_xmp = Some(id);
        }
    }

    fn offer_texts(&self, draft: &mut Draft) {
        draft.title(Giver::Xmp, self.text(Space::Dc, "title"));
        draft.description(Giver::Xmp, self.text(Space::Dc, "description"));
        draft.keywords(Giver::Xmp, self.keywords());
        let mut people = self.texts(Space::IptcExt, "PersonInImage");
        people.extend(self.faces());
        draft.people(Giver::Xmp, people);
        draft.original_name(Giver::Xmp, self.text(Space::XmpMm, "PreservedFileName"));
    }

    /// Flat keywords, or, where a program writes hierarchies alone, their last words.
    fn keywords(&self) -> Vec<String> {
        let flat = self.texts(Space::Dc, "subject");
        if !flat.is_empty() {
            return flat;
        }
        let lists = [
            (Space::Lightroom, "hierarchicalSubject"),
            (Space::DigiKam, "TagsList"),
            (Space::MicrosoftPhoto, "LastKeywordXMP"),
        ];
        lists
            .iter()
            .map(|(space, name)| self.texts(*space, name))
            .find(|words| !words.is_empty())
            .unwrap_or_default()
            .iter()
            .filter_map(|path| path.rsplit(['|', '/']).next().map(str::to_owned))
            .collect()
    }

    /// Names of the faces that are marked in the picture.
    fn faces(&self) -> Vec<String> {
        let Some(regions) = self.element(Space::Regions, "Regions") else {
            return Vec::new();
        };
        let mut names = Vec::new();
        regions.visit(&mut |element| {
            let of = |name: &str| element.property(Space::Regions, name);
            if let Some(name) = of("Name")
                && of("Type").is_none_or(|kind| kind.eq_ignore_ascii_case("Face"))
            {
                names.push(name);
            }
        });
        names
    }

    fn offer_camera(&self, draft: &mut Draft) {
        let trimmed = |text: Option<String>| text.map(|text| text.trim().to_owned());
        // A camera writes EXIF; XMP repeats it, and stands in where EXIF was lost.
        draft.make(Giver::ContainerText, trimmed(self.text(Space::Tiff, "Make")));
        draft.model(Giver::ContainerText, trimmed(self.text(Space::Tiff, "Model")));
        let lens = self
            .text(Space::ExifEx, "LensModel")
            .or_else(|| self.text(Space::Aux, "LensModel"))
            .or_else(|| self.text(Space::Aux, "Lens"));
        draft.lens(Giver::ContainerText, trimmed(lens));
        let orientation = self.text(Space::Tiff, "Orientation");
        let orientation = orientation.and_then(|number| Orientation::from_exif(number.trim().parse().ok()?));
        draft.orientation(Giver::ContainerText, orientation);
        draft.f_number(Giver::ContainerText, self.number(Space::Exif, "FNumber"));
        draft.time_s(Giver::ContainerText, self.number(Space::Exif, "ExposureTime"));
        draft.focal_length_mm(Giver::ContainerText, self.number(Space::Exif, "FocalLength"));
        let iso = self.texts(Space::Exif, "ISOSpeedRatings").into_iter().next();
        draft.iso(
            Giver::ContainerText,
            iso.and_then(|iso| iso.trim().parse().ok()).filter(|iso| *iso > 0),
        );
    }

    fn offer_place(&self, draft: &mut Draft) {
        if let Some(stamp) = self.stamp(Space::Exif, "GPSTimeStamp") {
            let offset = stamp.offset.unwrap_or(jiff::tz::Offset::UTC);
            let exact = stamp.precision >= crate::Precision::Minute;
            draft.at(DateField::Gps, offset.to_timestamp(stamp.local).ok().filter(|_| exact));
        }
        let coordinate = |name| coordinate(&self.text(Space::Exif, name)?);
        let (Some(latitude), Some(longitude)) = (coordinate("GPSLatitude"), coordinate("GPSLongitude")) else {
            return;
        };
        let below = self
            .text(Space::Exif, "GPSAltitudeRef")
            .is_some_and(|side| side.trim() == "1");
        let altitude = self.number(Space::Exif, "GPSAltitude");
        let position = Position {
            latitude,
            longitude,
            altitude_m: altitude.map(|metres| if below { -metres } else { metres }),
        };
        // What the camera's own directory says is more exact.
        draft.place(Giver::ContainerText, PlaceField::Xmp, position);
    }
}

/// Reads `52,27.5814N`, `52,27,34.9N` or plain degrees.
fn coordinate(text: &str) -> Option<f64> {
    let text = text.trim();
    let (digits, sign) = match text.chars().next_back()?.to_ascii_uppercase() {
        'N' | 'E' => (&text[..text.len() - 1], 1.0),
        'S' | 'W' => (&text[..text.len() - 1], -1.0),
        _ => (text, 1.0),
    };
    let mut degrees = 0.0;
    for (part, unit) in digits.split(',').zip([1.0, 60.0, 3600.0]) {
        degrees += part.trim().parse::<f64>().ok()? / unit;
    }
    degrees.is_finite().then_some(sign * degrees)
}

#[cfg(test)]
mod tests;
