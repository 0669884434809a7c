//! Which files a request is about, as fault plans ask.

use axum::http::Uri;
use axum::http::request::Parts;
use serde_json::Value;

use super::create::token_key;
use super::proto::Query;
use super::service::Google;
use super::upload::header;

const ITEM: &str = "/v1/mediaItems/";

impl Google {
    /// Names of the files of an upload, an item or a batch.
    pub(super) fn names_of(&self, parts: &Parts, json: &[u8]) -> Vec<String> {
        if let Some(name) = header(&parts.headers, "x-goog-upload-file-name") {
            return vec![name.to_owned()];
        }
        let query = Query::parse(parts.uri.query().unwrap_or_default());
        if let Some(session) = query
            .get("upload_id")
            .and_then(|id| self.sessions.find(id, self.now(), self.switches().upload_session_life))
        {
            return session.announced.file_name.iter().cloned().collect();
        }
        if let Some(id) = item_id(&parts.uri) {
            let world = self.world();
            return world
                .items
                .iter()
                .filter(|item| item.id == id)
                .map(|item| item.name.clone())
                .collect();
        }
        self.names_of_batch(json)
    }

    /// Names in a batch, and those that its tokens were given when they were uploaded.
    fn names_of_batch(&self, json: &[u8]) -> Vec<String> {
        let batch: Value = serde_json::from_slice(json).unwrap_or_default();
        let world = self.world();
        let elements = batch["newMediaItems"].as_array().into_iter().flatten();
        elements
            .flat_map(|element| {
                let item = &element["simpleMediaItem"];
                let uploaded = item["uploadToken"]
                    .as_str()
                    .and_then(|token| world.uploads.get(&token_key(token))?.file_name.clone());
                item["fileName"].as_str().map(str::to_owned).into_iter().chain(uploaded)
            })
            .collect()
    }

    /// The address of the next item that the app created.
    pub(super) fn other_item_of(&self, uri: &Uri) -> Option<Uri> {
        let id = item_id(uri)?;
        let world = self.world();
        let app = world.app();
        let own: Vec<_> = world
            .items
            .iter()
            .filter(|item| item.creator == app && !item.trashed)
            .collect();
        let at = own.iter().position(|item| item.id == id)?;
        let other = own[(at + 1) % own.len()];
        let changed = uri.path_and_query()?.as_str().replacen(id, &other.id, 1);
        (other.id != id).then(|| changed.parse().ok()).flatten()
    }
}

/// The id in the path of a single item.
fn item_id(uri: &Uri) -> Option<&str> {
    uri.path()
        .strip_prefix(ITEM)
        .filter(|id| !id.is_empty() && !id.contains('/'))
}
