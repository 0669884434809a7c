//! XMP: packets inside of pictures, and files beside them. Read with roxmltree.

use jiff::civil::DateTime;
use roxmltree::{Document, Node};

use super::blocks::find;
use super::exif_block::offset_s;
use super::{Clock, Found, Metadata, set};

const DC: &str = "http://purl.org/dc/elements/1.1/";
const EXIF: &str = "http://ns.adobe.com/exif/1.0/";
const FSTOP: &str = "http://www.fstopapp.com/xmp/";
const MM: &str = "http://ns.adobe.com/xap/1.0/mm/";
const PDF: &str = "http://ns.adobe.com/pdf/1.3/";
const PHOTOSHOP: &str = "http://ns.adobe.com/photoshop/1.0/";
const GPANO: &str = "http://ns.google.com/photos/1.0/panorama/";
const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const TIFF: &str = "http://ns.adobe.com/tiff/1.0/";
const XMP: &str = "http://ns.adobe.com/xap/1.0/";

/// Dates of a packet.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct XmpDates {
    pub(super) pdf_created: Option<Found>,
    pub(super) original: Option<Found>,
    pub(super) created: Option<Found>,
    pub(super) modified: Option<Found>,
    /// UTC.
    pub(super) gps: Option<Found>,
}

impl XmpDates {
    pub(super) fn fill(&mut self, other: Self) {
        self.pdf_created = self.pdf_created.or(other.pdf_created);
        self.original = self.original.or(other.original);
        self.created = self.created.or(other.created);
        self.modified = self.modified.or(other.modified);
        self.gps = self.gps.or(other.gps);
    }
}

/// What one XMP text tells.
#[derive(Debug, Default)]
pub(crate) struct Xmp {
    pub(super) dates: XmpDates,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) artist: String,
    pub(crate) copyright: String,
    /// Members of `dc:subject`, whichever list they stand in.
    pub(crate) subjects: Vec<String>,
    /// Members of `dc:subject` that stand in an `rdf:Seq`: a side-car's keywords are read from there only.
    pub(crate) sequence: Vec<String>,
    /// `photoshop:DateCreated` written as an element: the only date that is read from a side-car.
    pub(crate) created_element: Option<Found>,
    /// `fstop:favorite="1"`.
    pub(crate) favorite: bool,
    software: String,
    make: String,
    model: String,
    lens: String,
    projection: String,
    document_id: Option<String>,
    instance_id: Option<String>,
}

/// The packets in a file's bytes.
pub(super) fn packets(bytes: &[u8]) -> Vec<String> {
    let mut packets = Vec::new();
    let mut from = 0;
    while let Some(start) = find(bytes.get(from..).unwrap_or_default(), b"<x:xmpmeta")
        .or_else(|| find(bytes.get(from..).unwrap_or_default(), b"<x:xapmeta"))
    {
        let rest = &bytes[from + start..];
        let Some(end) = find(rest, b"</x:x").and_then(|end| Some(end + find(&rest[end..], b">")? + 1)) else {
            break;
        };
        packets.push(String::from_utf8_lossy(&rest[..end]).into_owned());
        from += start + end;
    }
    packets
}

impl Xmp {
    /// Reads a text; what is no XML tells nothing.
    pub(crate) fn read(text: &str) -> Self {
        let text = text.trim_start_matches('\u{feff}').trim();
        match Document::parse(text) {
            Ok(document) => Self::of(&document),
            Err(_) => Self::default(),
        }
    }

    fn of(document: &Document<'_>) -> Self {
        let mut xmp = Self::default();
        for node in document
            .descendants()
            .filter(|node| node.has_tag_name((RDF, "Description")))
        {
            // Descriptions within others tell of other documents.
            if node
                .ancestors()
                .skip(1)
                .any(|above| above.has_tag_name((RDF, "Description")))
            {
                continue;
            }
            for attribute in node.attributes() {
                xmp.simple(
                    attribute.namespace().unwrap_or_default(),
                    attribute.name(),
                    attribute.value(),
                );
            }
            for child in node.children().filter(Node::is_element) {
                xmp.element(child);
            }
        }
        xmp
    }

    fn element(&mut self, node: Node<'_, '_>) {
        let namespace = node.tag_name().namespace().unwrap_or_default();
        let name = node.tag_name().name();
        let items: Vec<String> = node
            .descendants()
            .filter(|node| node.has_tag_name((RDF, "li")))
            .filter_map(|item| item.text())
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
            .collect();
        if (namespace, name) == (DC, "subject") {
            if node.children().any(|list| list.has_tag_name((RDF, "Seq"))) {
                self.sequence.extend(items.iter().cloned());
            }
            self.subjects.extend(items);
            return;
        }
        if (namespace, name) == (PHOTOSHOP, "DateCreated") {
            self.created_element = node.text().and_then(date);
        }
        let resource = node.attribute((RDF, "resource"));
        let text = items
            .first()
            .map(String::as_str)
            .or(resource)
            .or(node.text())
            .unwrap_or_default();
        self.simple(namespace, name, text);
    }

    fn simple(&mut self, namespace: &str, name: &str, text: &str) {
        let fill = |target: &mut Option<Found>| *target = target.or_else(|| date(text));
        match (namespace, name) {
            (DC, "title") => set(&mut self.title, text),
            (DC, "description") => set(&mut self.description, text),
            (DC, "creator") => set(&mut self.artist, text),
            (DC, "rights") => set(&mut self.copyright, text),
            (TIFF, "Make") => set(&mut self.make, text),
            (TIFF, "Model") => set(&mut self.model, text),
            ("http://ns.adobe.com/exif/1.0/aux/", "Lens") => set(&mut self.lens, text),
            (GPANO, "ProjectionType") => set(&mut self.projection, text),
            (XMP, "CreatorTool") => set(&mut self.software, text),
            (XMP, "CreateDate") => fill(&mut self.dates.created),
            (XMP, "ModifyDate") => fill(&mut self.dates.modified),
            (EXIF, "DateTimeOriginal") => fill(&mut self.dates.original),
            (EXIF, "GPSTimeStamp") => fill(&mut self.dates.gps),
            (PDF, "CreationDate") => fill(&mut self.dates.pdf_created),
            (MM, "DocumentID") => self.document_id = Some(text.trim().to_owned()),
            (MM, "InstanceID") => self.instance_id = Some(text.trim().to_owned()),
            (FSTOP, "favorite") => self.favorite |= text.trim() == "1",
            _ => {}
        }
    }

    /// Whether it names itself.
    pub(super) fn has_instance(&self) -> bool {
        self.instance_id.is_some()
    }

    /// Fills what the file did not tell otherwise. Where no packet names itself its document stands for it; seen.
    pub(super) fn fill(self, found: &mut Metadata, has_instance: bool) {
        set(&mut found.title, &self.title);
        set(&mut found.description, &self.description);
        set(&mut found.artist, &self.artist);
        set(&mut found.copyright, &self.copyright);
        set(&mut found.software, &self.software);
        set(&mut found.make, &self.make);
        set(&mut found.model, &self.model);
        set(&mut found.lens_model, &self.lens);
        set(&mut found.projection, &self.projection);
        if found.subject.is_empty() {
            found.subject = self.subjects.join(", ");
        }
        for subject in self.subjects {
            if !found.keywords.contains(&subject) {
                found.keywords.push(subject);
            }
        }
        let document = self.document_id.filter(|id| !id.starts_with("xmp.did:"));
        let document = document.as_deref().and_then(uuid);
        let instance = match &self.instance_id {
            Some(id) => uuid(id),
            None => document.clone().filter(|_| !has_instance),
        };
        set(&mut found.document_id, &document.unwrap_or_default());
        set(&mut found.instance_id, &instance.unwrap_or_default());
    }
}

/// The UUID at the end of an id such as `adobe:docid:photoshop:89f4614a-…`; only the spelling with hyphens counts.
fn uuid(text: &str) -> Option<String> {
    let id = text.rsplit(':').next()?.to_lowercase();
    let hyphens = [8, 13, 18, 23];
    let fits = id.len() == 36
        && id.bytes().enumerate().all(|(at, byte)| {
            if hyphens.contains(&at) {
                byte == b'-'
            } else {
                byte.is_ascii_hexdigit()
            }
        });
    fits.then_some(id)
}

/// `2008-12-14T23:50:20+09:00`, with or without seconds, parts of a second and offset.
fn date(text: &str) -> Option<Found> {
    let text = text.trim();
    let (day, time) = text.split_once(['T', ' '])?;
    let day = day.replacen(':', "-", 2);
    let at = time.find(['+', '-', 'Z']).unwrap_or(time.len());
    let (time, offset) = time.split_at(at);
    let time = time.split_once('.').map_or(time, |(time, _)| time);
    let wall: DateTime = format!("{day}T{time}").parse().ok()?;
    let clock = offset_s(offset).map_or(Clock::Local, Clock::Offset);
    Some(Found { wall, clock })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDECAR: &str = r#"<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
        <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
          xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:fstop="http://www.fstopapp.com/xmp/" fstop:favorite="1"
          xmp:CreateDate="2013-09-23T10:09:46+02:00">
        <dc:title><rdf:Alt><rdf:li xml:lang="x-default">A title</rdf:li></rdf:Alt></dc:title>
        <dc:subject><rdf:Seq><rdf:li>boat</rdf:li><rdf:li>ferry</rdf:li></rdf:Seq></dc:subject>
        <photoshop:DateCreated>2011-10-02T16:15:00</photoshop:DateCreated>
        </rdf:Description></rdf:RDF></x:xmpmeta>"#;

    #[test]
    fn texts_lists_and_dates_are_read() {
        let xmp = Xmp::read(SIDECAR);
        assert_eq!((xmp.title.as_str(), xmp.favorite), ("A title", true));
        assert_eq!(xmp.sequence, ["boat", "ferry"]);
        assert_eq!(xmp.created_element.unwrap().wall.to_string(), "2011-10-02T16:15:00");
        assert_eq!(xmp.dates.created.unwrap().clock, Clock::Offset(7200));
        assert_eq!(packets(format!("junk{SIDECAR}more").as_bytes()).len(), 1);
        assert!(Xmp::read("<broken").title.is_empty());
    }

    #[test]
    fn only_spelled_out_uuids_are_ids() {
        let id = "89f4614a-6f48-11da-a310-ec7afe8ec318";
        assert_eq!(uuid(&format!("adobe:docid:photoshop:{id}")).as_deref(), Some(id));
        assert_eq!(uuid("uuid:345E7BBC487211DFACBFA8F3B3C9B964"), None);
    }
}
