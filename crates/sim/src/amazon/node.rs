//! Nodes as JSON.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::blob::{Hashes, hex};
use crate::seeded::mix;

use super::switches::AmazonSwitches;
use super::world::{FileFacts, Kind, Node, World};

/// `YYYY-MM-DDTHH:MM:SS.mmmZ`.
pub(super) fn date_text(ms: i64) -> String {
    let at = Timestamp::from_millisecond(ms).unwrap_or_default();
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// What a request wants to see of its nodes.
#[derive(Debug, Clone, Default)]
pub(super) struct View {
    /// `asset=ALL`.
    pub(super) assets: bool,
    /// Makes the `tempLink` of a file, if asked for.
    pub(super) temp_links: bool,
}

/// One node as every route shows it.
pub(super) fn render(
    world: &World,
    node: &Node,
    switches: &AmazonSwitches,
    view: &View,
    temp_link: Option<String>,
) -> Value {
    let mut out = common(world, node);
    match node.kind {
        Kind::Folder => {}
        Kind::Album => {
            out.insert("collectionProperties".to_owned(), collection(world, node));
        }
        Kind::File => file(world, node, switches, view, &mut out),
    }
    if let Some(link) = temp_link {
        out.insert("tempLink".to_owned(), json!(link));
    }
    if let Some(description) = &node.description {
        out.insert("description".to_owned(), json!(description));
    }
    if let Some(quirk) = node.quirk {
        quirk.apply(&mut out);
    }
    Value::Object(out)
}

fn common(world: &World, node: &Node) -> Map<String, Value> {
    let parent = node.parent.map(|parent| world.node(parent).id.as_str());
    let parents: Vec<_> = parent.into_iter().collect();
    let mut parent_map = Map::new();
    if !parents.is_empty() {
        parent_map.insert("FOLDER".to_owned(), json!(parents));
    }
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| drop(out.insert(name.to_owned(), value));
    put("id", json!(node.id));
    put("kind", json!(node.kind.name()));
    if let Some(name) = &node.name {
        put("name", json!(name));
    }
    put("ownerId", json!(world.owner));
    put("createdBy", json!("AmazonPhotosWeb"));
    put("status", json!(if node.trashed { "TRASH" } else { "AVAILABLE" }));
    put("version", json!(if node.kind == Kind::File { 4 } else { 1 }));
    put("createdDate", json!(date_text(node.created_ms)));
    put("modifiedDate", json!(date_text(node.modified_ms)));
    put("parents", json!(parents));
    put("parentMap", Value::Object(parent_map));
    put("isRoot", json!(node.kind == Kind::Folder && node.parent.is_none()));
    for flag in ["isShared", "restricted", "protectedFolder"] {
        put(flag, json!(false));
    }
    for list in [
        "labels",
        "keywords",
        "transforms",
        "subKinds",
        "accessRuleIds",
        "childAssetTypeInfo",
        "groupPermissions",
        "xAccntParents",
    ] {
        put(list, json!([]));
    }
    put("xAccntParentMap", json!({}));
    put("eTagResponse", json!(tag(node)));
    out
}

/// An opaque tag that changes with the node.
fn tag(node: &Node) -> String {
    let of_id = node.id.bytes().fold(0, |hash, byte| mix(hash ^ u64::from(byte)));
    hex(&mix(of_id ^ node.modified_ms as u64).to_be_bytes()).to_uppercase()
}

fn collection(world: &World, album: &Node) -> Value {
    let cover = |index: &u32| json!({ "id": world.node(*index).id, "isDefault": true, "ownerId": world.owner });
    let covers: Vec<_> = album.members.first().map(cover).into_iter().collect();
    json!({ "covers": covers, "query": { "excludedIds": [], "include": [] } })
}

fn file(world: &World, node: &Node, switches: &AmazonSwitches, view: &View, out: &mut Map<String, Value>) {
    let Some(file) = &node.file else { return };
    if switches.albums_in_parent_map && !node.albums.is_empty() {
        let albums: Vec<_> = node.albums.iter().map(|album| world.node(*album).id.as_str()).collect();
        out["parentMap"]["VISUAL_COLLECTION"] = json!(albums);
    }
    out.insert(
        "settings".to_owned(),
        json!({ "favorite": node.favorite, "hidden": node.hidden }),
    );
    if view.assets {
        out.insert("assets".to_owned(), json!([]));
    }
    out.insert("contentProperties".to_owned(), content(node, file, switches));
}

fn content(node: &Node, file: &FileFacts, switches: &AmazonSwitches) -> Value {
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| drop(out.insert(name.to_owned(), value));
    put("size", json!(file.blob.len()));
    put("version", json!(1));
    put("contentType", json!(file.content_type));
    if !node.extension().is_empty() {
        put("extension", json!(node.extension()));
    }
    put("contentDate", json!(date_text(file.content_ms)));
    if let Some(hashes) = file.blob.known_hashes().filter(|_| switches.node_md5) {
        put("md5", json!(hashes.md5_hex()));
        put(
            "contentSignatures",
            json!([{ "contentSignatureType": "MD5", "contentSignature": visual_digest(hashes) }]),
        );
    }
    if node.is_type("image/") {
        put("image", Value::Object(image(file, switches)));
    }
    if node.is_type("video/") {
        put("video", Value::Object(video(file)));
    }
    if let Some((latitude, longitude)) = file.facts.gps {
        put("address", json!({ "latitude": latitude, "longitude": longitude }));
    }
    Value::Object(out)
}

/// The service's digest of what is seen, not of the bytes: some other 16 bytes.
fn visual_digest(hashes: Hashes) -> String {
    hex(&hashes.md5.map(|byte| byte.rotate_left(3) ^ 0x5a))
}

fn image(file: &FileFacts, switches: &AmazonSwitches) -> Map<String, Value> {
    let facts = &file.facts;
    let mut out: Map<_, _> = facts
        .exif
        .iter()
        .map(|(name, text)| {
            (
                (*name).to_owned(),
                json!(if switches.raw_exif { &text.raw } else { &text.shown }),
            )
        })
        .collect();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            out.insert(name.to_owned(), value);
        }
    };
    put("width", facts.width_px.map(Value::from));
    put("height", facts.height_px.map(Value::from));
    put("make", facts.make.clone().map(Value::from));
    put("model", facts.model.clone().map(Value::from));
    put(
        "location",
        facts
            .gps
            .map(|(lat, lon)| json!(format!("{lat}{}{lon}", switches.location_separator))),
    );
    out
}

fn video(file: &FileFacts) -> Map<String, Value> {
    let facts = &file.facts;
    let mut out = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            out.insert(name.to_owned(), value);
        }
    };
    put("width", facts.width_px.map(Value::from));
    put("height", facts.height_px.map(Value::from));
    put("duration", facts.duration_s.map(Value::from));
    put("make", facts.make.clone().map(Value::from));
    put("model", facts.model.clone().map(Value::from));
    put(
        "creationDate",
        facts
            .taken
            .as_ref()
            .map(|taken| json!(taken.local.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string())),
    );
    out
}
