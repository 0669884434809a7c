//! From nodes to assets and albums. Pure: no network, no clock.

mod place;
pub(crate) mod time;

use std::collections::BTreeMap;

use photomove_core::{
    Album, AlbumId, Asset, AssetId, Checksums, Fields, Locator, MediaKind, Metadata, Part, PartId, PartRole, Sourced,
};
use photomove_media::{FileKind, FileType, kind_of};
use serde_json::{Map, Value, json};

use crate::wire::{ContentProperties, Node};

/// Metadata that a listing can hold.
pub(crate) const FIELDS: Fields = Fields::TAKEN
    .union(Fields::DESCRIPTION)
    .union(Fields::KEYWORDS)
    .union(Fields::PLACE)
    .union(Fields::FAVOURITE)
    .union(Fields::HIDDEN);

/// Makes an asset of a node; `None` if it is no photo and no video.
///
/// A live photo is two nodes without a sure link between them, so it stays two assets.
pub fn asset(node: Node) -> Option<Asset> {
    let kind = kind(&node)?;
    let content = node.content.as_ref();
    let md5 = content.and_then(|content| Checksums::md5_from_hex(content.md5.as_deref()?));
    let part = Part {
        id: PartId::from(node.id.as_str()),
        role: PartRole::Primary,
        file_name: file_name(&node),
        media_type: content.and_then(|content| content.content_type.clone()),
        size_bytes: content.and_then(|content| content.size),
        checksums: Checksums {
            md5,
            ..Checksums::default()
        },
    };
    Some(Asset {
        id: AssetId::from(node.id.as_str()),
        kind,
        revision: revision(content),
        parts: vec![part],
        albums: None,
        locator: locator(&node),
        read_before: None,
        metadata: metadata(node),
    })
}

/// Makes an album of a node of kind `VISUAL_COLLECTION`.
pub fn album(node: Node) -> Album {
    Album {
        id: AlbumId::from(node.id),
        title: node.name.unwrap_or_default(),
        description: node.description.filter(|text| !text.is_empty()),
        // Album nodes do not tell it; only the listing of their children does.
        item_count: None,
        shared: node.is_shared.unwrap_or(false),
    }
}

/// Says whether a node is a photo or video, and which; `None` if it is anything else.
pub fn kind(node: &Node) -> Option<MediaKind> {
    if !node.is_file() {
        return None;
    }
    let media_type = node
        .content
        .as_ref()
        .and_then(|content| content.content_type.as_deref())
        .unwrap_or_default();
    // Uploads by odd programs have no type, or a general one.
    let by_name = || FileType::of_extension(extension(node)?).map(|file_type| file_type.kind);
    match kind_of(media_type) {
        FileKind::Other => by_name().and_then(media_kind),
        known => media_kind(known),
    }
}

fn media_kind(kind: FileKind) -> Option<MediaKind> {
    match kind {
        FileKind::Photo => Some(MediaKind::Photo),
        FileKind::Video => Some(MediaKind::Video),
        FileKind::Other => None,
    }
}

fn extension(node: &Node) -> Option<&str> {
    // Even of `.jpg`: better one odd photo too many than one left behind.
    let of_name = node.name.as_deref().and_then(|name| Some(name.rsplit_once('.')?.1));
    of_name.or_else(|| node.content.as_ref()?.extension.as_deref())
}

fn file_name(node: &Node) -> String {
    match node.name.as_deref() {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => match extension(node) {
            Some(extension) => format!("{}.{extension}", node.id),
            None => node.id.clone(),
        },
    }
}

/// Changes with the bytes and with nothing else; the node's own version also counts changes of metadata.
fn revision(content: Option<&ContentProperties>) -> String {
    let version = content
        .and_then(|content| content.version)
        .map(|version| version.to_string());
    let bytes = content.and_then(|content| {
        content
            .md5
            .clone()
            .or_else(|| content.size.map(|size| size.to_string()))
    });
    format!("{}:{}", version.unwrap_or_default(), bytes.unwrap_or_default())
}

/// What a later download needs beside the id.
fn locator(node: &Node) -> Locator {
    match &node.owner_id {
        Some(owner) => Locator(json!({ "owner": owner })),
        None => Locator(json!({})),
    }
}

/// Reads the owner back out of a locator.
pub(crate) fn owner(locator: &Locator) -> Option<&str> {
    locator.0.get("owner")?.as_str()
}

fn metadata(mut node: Node) -> Metadata {
    let taken = time::taken(&node);
    let place = node.content.as_ref().and_then(place::place);
    let description = node.description.take().filter(|text| !text.is_empty());
    let keywords = std::mem::take(&mut node.keywords);
    let field = taken.as_ref().map(|(_, field)| *field);
    let settings = std::mem::take(&mut node.settings);
    Metadata {
        taken: taken.map(|(taken, _)| taken),
        description: description.map(Sourced::provider),
        keywords: (!keywords.is_empty()).then(|| Sourced::provider(keywords)),
        place: place.map(Sourced::provider),
        favourite: settings.favorite.map(Sourced::provider),
        hidden: settings.hidden.map(Sourced::provider),
        extra: extra(node, field),
        ..Metadata::default()
    }
}

/// Keeps what has no place in the model, under the service's own names.
fn extra(node: Node, taken_from: Option<&str>) -> BTreeMap<String, Value> {
    let mut extra: BTreeMap<String, Value> = node.other.into_iter().collect();
    extra.extend([
        ("takenFrom".to_owned(), json!(taken_from)),
        ("createdDate".to_owned(), json!(node.created_date)),
        ("modifiedDate".to_owned(), json!(node.modified_date)),
        ("version".to_owned(), json!(node.version)),
        ("parents".to_owned(), json!(node.parents)),
        ("labels".to_owned(), json!(node.labels)),
        ("isShared".to_owned(), json!(node.is_shared)),
    ]);
    if let Some(content) = node.content {
        let mut kept = content.other;
        kept.extend([
            ("contentDate".to_owned(), json!(content.content_date)),
            ("extension".to_owned(), json!(content.extension)),
            ("version".to_owned(), json!(content.version)),
            ("image".to_owned(), Value::Object(content.image.0)),
            ("video".to_owned(), Value::Object(content.video.0)),
            ("address".to_owned(), Value::Object(content.address.0)),
        ]);
        extra.insert("contentProperties".to_owned(), Value::Object(kept));
    }
    extra.retain(|name, value| !is_link(name) && tidy(value));
    extra
}

/// Links work like keys and die soon: they are never kept.
fn is_link(name: &str) -> bool {
    matches!(name, "tempLink" | "lowResThumbnail")
}

/// Takes out links and what is empty; says whether anything is left.
fn tidy(value: &mut Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(list) => {
            for value in list.iter_mut() {
                // An empty element stays: its place in the list may mean something.
                let _ = tidy(value);
            }
            !list.is_empty()
        }
        Value::Object(map) => {
            let full: Map<String, Value> = std::mem::take(map);
            let kept = full.into_iter().filter(|(name, _)| !is_link(name));
            map.extend(kept.filter_map(|(name, mut value)| tidy(&mut value).then_some((name, value))));
            !map.is_empty()
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests;
