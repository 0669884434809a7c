//! Nodes of odd shapes, as long-lived accounts have them: a client must not stumble over one node of a page.

use serde_json::{Map, Value, json};

use crate::error::SimError;
use crate::library::{Library, LibraryItem};
use crate::seeded::Seeded;

use super::filter::Field;
use super::world::{Node, NodeIndex, file_node};

/// Number of the first odd upload, far from those of the library.
const FIRST_INDEX: i64 = 1_000_000;
/// Bytes of each odd picture.
const ODD_BYTES: u64 = 2048;

/// What is odd about the JSON of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quirk {
    NoMd5,
    NoContentProperties,
    NullLists,
    MissingLists,
    UnknownFields,
    UnknownKind,
    NoSettings,
    NumbersAsText,
    DateBefore1970,
    DateWithoutMilliseconds,
}

impl Quirk {
    const ALL: [Self; 10] = [
        Self::NoMd5,
        Self::NoContentProperties,
        Self::NullLists,
        Self::MissingLists,
        Self::UnknownFields,
        Self::UnknownKind,
        Self::NoSettings,
        Self::NumbersAsText,
        Self::DateBefore1970,
        Self::DateWithoutMilliseconds,
    ];

    /// Whether a node lacks a field: what it does not show cannot be found by it either.
    pub(super) fn hides(self, field: Field) -> bool {
        match self {
            Self::NoContentProperties => matches!(
                field,
                Field::Size | Field::ContentType | Field::Md5 | Field::Extension | Field::ContentDate
            ),
            Self::NoMd5 => field == Field::Md5,
            Self::NoSettings => matches!(field, Field::Hidden | Field::Favorite),
            _ => false,
        }
    }

    /// Bends the JSON of a node.
    pub(super) fn apply(self, node: &mut Map<String, Value>) {
        const LISTS: [&str; 5] = ["labels", "keywords", "transforms", "subKinds", "xAccntParents"];
        match self {
            Self::NoMd5 => {
                content(node).remove("md5");
            }
            Self::NoContentProperties => {
                node.remove("contentProperties");
            }
            Self::NullLists => LISTS
                .iter()
                .for_each(|name| drop(node.insert((*name).to_owned(), Value::Null))),
            Self::MissingLists => LISTS.iter().for_each(|name| drop(node.remove(*name))),
            Self::UnknownFields => {
                node.insert("hologram".to_owned(), json!({ "depth": [1, null, { "unit": "m" }] }));
                content(node).insert("quantum".to_owned(), json!(true));
            }
            Self::UnknownKind => {
                node.insert("kind".to_owned(), json!("HOLOGRAM"));
            }
            Self::NoSettings => {
                node.remove("settings");
            }
            Self::NumbersAsText => {
                let size = content(node).get("size").map(ToString::to_string);
                content(node).insert("size".to_owned(), json!(size));
                node.insert("version".to_owned(), json!("4"));
            }
            Self::DateBefore1970 => {
                content(node).insert("contentDate".to_owned(), json!("1912-06-23T09:00:00.000Z"));
            }
            Self::DateWithoutMilliseconds => {
                node.insert("createdDate".to_owned(), json!("2016-02-29T23:59:59Z"));
            }
        }
    }
}

fn content(node: &mut Map<String, Value>) -> &mut Map<String, Value> {
    let content = node.entry("contentProperties").or_insert_with(|| json!({}));
    if !content.is_object() {
        *content = json!({});
    }
    match content {
        Value::Object(map) => map,
        // Made an object just above.
        _ => unreachable!("contentProperties is an object"),
    }
}

/// One node for each quirk, one for each hard name, one hidden and one trashed.
pub(super) fn nodes(ids: &mut Seeded, parent: NodeIndex) -> Result<Vec<Node>, SimError> {
    let quirks = Quirk::ALL.map(|quirk| (format!("odd {quirk:?}.jpg"), Some(quirk)));
    let names = hard_names().into_iter().map(|name| (name, None));
    let wanted: Vec<_> = quirks.into_iter().chain(names).collect();
    let bodies = Library::synthetic(wanted.len() as u64, ODD_BYTES, 0x0dd)?;
    let nodes = (FIRST_INDEX..)
        .zip(wanted)
        .zip(bodies.items)
        .map(|((index, (name, quirk)), body)| {
            let item = LibraryItem {
                name: name.clone(),
                albums: Vec::new(),
                ..body
            };
            let mut node = file_node(ids.id(22), item, index, parent, &[]);
            node.quirk = quirk;
            node.hidden = name == "hidden.jpg";
            node.trashed = name == "trashed.jpg";
            if name == "id with a dash.jpg" {
                node.id.replace_range(..1, "-");
            }
            node
        });
    Ok(nodes.collect())
}

fn hard_names() -> Vec<String> {
    let plain = [
        "slash/inside.jpg",
        "back\\slash.jpg",
        "semi;colon = equals.jpg",
        "double \"quotes\" and 'single'.jpg",
        "emoji 🏖️👩‍👩‍👧.jpg",
        "nfc \u{e9}t\u{e9}.jpg",
        "nfd e\u{301}te\u{301}.jpg",
        "no extension",
        ".hidden by a dot",
        "CON.jpg",
        "trailing dot.",
        "id with a dash.jpg",
        "hidden.jpg",
        "trashed.jpg",
    ];
    let long = format!("{}.jpg", "ü".repeat(125) + "x");
    plain.into_iter().map(str::to_owned).chain([long]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_long_name_has_255_bytes_and_one_id_begins_with_a_dash() {
        let nodes = nodes(&mut Seeded::new(1, "odd"), 0).unwrap();
        assert!(
            nodes
                .iter()
                .any(|node| node.name.as_ref().is_some_and(|name| name.len() == 255))
        );
        assert!(nodes.iter().any(|node| node.id.starts_with('-') && node.id.len() == 22));
        assert_eq!(nodes.len(), 25);
    }
}
