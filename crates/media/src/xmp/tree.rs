//! The elements of a packet, with the namespaces that matter resolved.

use quick_xml::NsReader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{NamespaceResolver, QName, ResolveResult};

/// Deeper elements are left out; no property that is read lies deeper.
const DEPTH_MAX: usize = 32;
/// Most elements and attributes: enough for the histories that editors keep.
const NODES_MAX: usize = 50_000;

/// A namespace that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    Rdf,
    Dc,
    Xmp,
    XmpMm,
    XmpNote,
    Exif,
    ExifEx,
    Aux,
    Tiff,
    Photoshop,
    Lightroom,
    DigiKam,
    MicrosoftPhoto,
    IptcExt,
    Regions,
    Camera,
    Container,
    Item,
    Fstop,
    Xml,
    Other,
}

const SPACES: &[(&str, &str, Space)] = &[
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#", Space::Rdf),
    ("dc", "http://purl.org/dc/elements/1.1/", Space::Dc),
    ("xmp", "http://ns.adobe.com/xap/1.0/", Space::Xmp),
    ("xmpMM", "http://ns.adobe.com/xap/1.0/mm/", Space::XmpMm),
    ("xmpNote", "http://ns.adobe.com/xmp/note/", Space::XmpNote),
    ("exif", "http://ns.adobe.com/exif/1.0/", Space::Exif),
    ("exifEX", "http://cipa.jp/exif/1.0/", Space::ExifEx),
    ("aux", "http://ns.adobe.com/exif/1.0/aux/", Space::Aux),
    ("tiff", "http://ns.adobe.com/tiff/1.0/", Space::Tiff),
    ("photoshop", "http://ns.adobe.com/photoshop/1.0/", Space::Photoshop),
    ("lr", "http://ns.adobe.com/lightroom/1.0/", Space::Lightroom),
    ("digiKam", "http://www.digikam.org/ns/1.0/", Space::DigiKam),
    (
        "MicrosoftPhoto",
        "http://ns.microsoft.com/photo/1.0/",
        Space::MicrosoftPhoto,
    ),
    (
        "Iptc4xmpExt",
        "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
        Space::IptcExt,
    ),
    (
        "mwg-rs",
        "http://www.metadataworkinggroup.com/schemas/regions/",
        Space::Regions,
    ),
    ("GCamera", "http://ns.google.com/photos/1.0/camera/", Space::Camera),
    (
        "Container",
        "http://ns.google.com/photos/1.0/container/",
        Space::Container,
    ),
    ("Item", "http://ns.google.com/photos/1.0/container/item/", Space::Item),
    ("fstop", "http://www.fstopapp.com/xmp/", Space::Fstop),
    ("xml", "http://www.w3.org/XML/1998/namespace", Space::Xml),
];

impl Space {
    /// Some writers forget the slash at the end, or to declare the prefix at all.
    fn of(resolved: &ResolveResult<'_>) -> Self {
        let known = match resolved {
            ResolveResult::Bound(namespace) => {
                let uri = namespace.0.trim_end_matches('/');
                SPACES.iter().find(|(_, known, _)| known.trim_end_matches('/') == uri)
            }
            ResolveResult::Unknown(prefix) => SPACES.iter().find(|(known, ..)| known == prefix),
            ResolveResult::Unbound => None,
        };
        known.map_or(Self::Other, |(_, _, space)| *space)
    }
}

/// An element with what is in it.
#[derive(Debug)]
pub(super) struct Element {
    space: Space,
    name: String,
    attributes: Vec<(Space, String, String)>,
    text: String,
    children: Vec<Element>,
}

impl Element {
    fn root() -> Self {
        Self {
            space: Space::Other,
            name: String::new(),
            attributes: Vec::new(),
            text: String::new(),
            children: Vec::new(),
        }
    }

    fn is(&self, space: Space, name: &str) -> bool {
        self.space == space && self.name == name
    }

    pub(super) fn child(&self, space: Space, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.is(space, name))
    }

    pub(super) fn attribute(&self, space: Space, name: &str) -> Option<&str> {
        let attribute = self.attributes.iter().find(|(s, n, _)| *s == space && n == name);
        attribute.map(|(_, _, value)| value.as_str())
    }

    /// An attribute, or the text of a child.
    pub(super) fn property(&self, space: Space, name: &str) -> Option<String> {
        self.attribute(space, name)
            .map(str::to_owned)
            .or_else(|| Some(self.child(space, name)?.best_text()))
    }

    /// Looks at this element and all below it.
    pub(super) fn visit<'t>(&'t self, look: &mut impl FnMut(&'t Self)) {
        look(self);
        for child in &self.children {
            child.visit(look);
        }
    }

    /// The outermost elements of a name.
    pub(super) fn all(&self, space: Space, name: &str) -> Vec<&Self> {
        let mut found = Vec::new();
        self.gather(space, name, &mut found);
        found
    }

    fn gather<'t>(&'t self, space: Space, name: &str, found: &mut Vec<&'t Self>) {
        if self.is(space, name) {
            found.push(self);
            return;
        }
        for child in &self.children {
            child.gather(space, name, found);
        }
    }

    /// The items of a bag, a sequence or a choice of languages.
    fn items(&self) -> impl Iterator<Item = &Self> {
        let list = self
            .children
            .iter()
            .find(|child| child.space == Space::Rdf && matches!(child.name.as_str(), "Bag" | "Seq" | "Alt"));
        list.into_iter()
            .flat_map(|list| &list.children)
            .filter(|item| item.is(Space::Rdf, "li"))
    }

    /// The text of the default language, of the first item, or of the element itself.
    pub(super) fn best_text(&self) -> String {
        let default = |item: &&Self| item.attribute(Space::Xml, "lang") == Some("x-default");
        let item = self.items().find(default).or_else(|| self.items().next());
        item.unwrap_or(self).own_text()
    }

    /// The texts of all items, or of the element itself.
    pub(super) fn texts(&self) -> Vec<String> {
        let items: Vec<String> = self.items().map(Self::own_text).collect();
        if items.is_empty() && !self.text.trim().is_empty() {
            vec![self.own_text()]
        } else {
            items
        }
    }

    /// Blanks around an element's children are none of its text.
    fn own_text(&self) -> String {
        if self.children.is_empty() {
            self.text.clone()
        } else {
            self.text.trim().to_owned()
        }
    }
}

/// Reads a packet as far as it is sound; says whether all of it was.
pub(super) fn parse(text: &str) -> (Element, bool) {
    let mut reader = NsReader::from_str(text);
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_dangling_amp = true;
    let mut open = Open {
        stack: vec![Element::root()],
        below: 0,
        nodes: 0,
    };
    let sound = loop {
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(_) => break false,
        };
        match event {
            Event::Start(start) => open.start(&start, reader.resolver(), false),
            Event::Empty(start) => open.start(&start, reader.resolver(), true),
            Event::End(_) => open.end(),
            Event::Text(text) => open.text(&text.xml10_content()),
            Event::CData(text) => open.text(&text.xml10_content()),
            Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                Ok(Some(letter)) => open.text(letter.encode_utf8(&mut [0; 4])),
                _ => open.text(quick_xml::escape::resolve_predefined_entity(&reference).unwrap_or_default()),
            },
            Event::Eof => break open.stack.len() == 1 && open.below == 0,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
        if open.nodes > NODES_MAX {
            break false;
        }
    };
    (open.close(), sound)
}

struct Open {
    stack: Vec<Element>,
    /// How many elements are open below the deepest that is kept.
    below: usize,
    nodes: usize,
}

impl Open {
    fn start(&mut self, start: &BytesStart<'_>, resolver: &NamespaceResolver, empty: bool) {
        self.nodes += 1;
        if self.stack.len() > DEPTH_MAX {
            self.below += usize::from(!empty);
            return;
        }
        let (space, name) = resolved(resolver, start.name(), true);
        let mut element = Element {
            space,
            name,
            ..Element::root()
        };
        for attribute in start.attributes().with_checks(false).flatten() {
            self.nodes += 1;
            let (space, name) = resolved(resolver, attribute.key, false);
            if space == Space::Other || self.nodes > NODES_MAX {
                continue;
            }
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .unwrap_or_else(|_| attribute.value.clone());
            element.attributes.push((space, name, value.into_owned()));
        }
        self.stack.push(element);
        if empty {
            self.end();
        }
    }

    fn end(&mut self) {
        if self.below > 0 {
            self.below -= 1;
            return;
        }
        // The root stays, whatever ends.
        if self.stack.len() > 1
            && let Some(element) = self.stack.pop()
            && let Some(parent) = self.stack.last_mut()
        {
            parent.children.push(element);
        }
    }

    fn text(&mut self, text: &str) {
        if self.below == 0
            && let Some(element) = self.stack.last_mut()
        {
            element.text.push_str(text);
        }
    }

    fn close(mut self) -> Element {
        self.below = 0;
        while self.stack.len() > 1 {
            self.end();
        }
        self.stack.pop().unwrap_or_else(Element::root)
    }
}

fn resolved(resolver: &NamespaceResolver, name: QName<'_>, is_element: bool) -> (Space, String) {
    let (namespace, local) = if is_element {
        resolver.resolve_element(name)
    } else {
        resolver.resolve_attribute(name)
    };
    (Space::of(&namespace), local.as_ref().to_owned())
}
