//! Methods of the Google client by their names in the table.

use std::sync::Arc;

use async_trait::async_trait;
use photomove::google::wire::{NewMediaItem, SearchRequest};
use photomove::google::{GoogleAuth, GoogleConfig, LibraryClient};
use photomove::http::{Credentials, HeaderMap, Origin};
use photomove_core::{BytesBody, CredentialKey, CredentialStore, MemoryCredentialStore, Result};
use serde_json::{Value, json};

use super::lab;
use super::recording::{Recording, Reply, split};
use super::replay::{Replay, Request};

/// Calls one method against the recorded reply and writes down what it read.
pub async fn call(recording: &Recording, method: &str, reply: &Reply) -> (Vec<Request>, Result<Value>) {
    let replay = Replay::start(reply.clone()).await;
    let outcome = Box::pin(call_at(recording, method, &replay.url)).await;
    (replay.requests(), outcome)
}

async fn call_at(recording: &Recording, method: &str, url: &str) -> Result<Value> {
    let client = client(url)?;
    let items = || [NewMediaItem::new("token", Some("a.jpg"), None)];
    match method {
        "LibraryClient::upload_raw" => Ok(json!(
            client.upload_raw(&BytesBody::new("bytes"), Some("image/jpeg")).await?
        )),
        "LibraryClient::batch_create" => Ok(json!(client.batch_create(&items(), None, None).await?)),
        "LibraryClient::media_item" => Ok(json!(client.media_item("id").await?)),
        "LibraryClient::batch_get" => Ok(json!(client.batch_get(&["id"]).await?)),
        "LibraryClient::list" => Ok(json!(client.list(100, None).await?)),
        "LibraryClient::search" => Ok(json!(client.search(&SearchRequest::default()).await?)),
        "LibraryClient::album_create" => Ok(json!(client.album_create("title").await?)),
        "LibraryClient::album" => Ok(json!(client.album("id").await?)),
        "LibraryClient::albums_list" => {
            let token = recording.request_target().and_then(|target| {
                let (_, query) = split(&target);
                query
                    .into_iter()
                    .find(|(name, _)| name == "pageToken")
                    .map(|(_, token)| token)
            });
            Ok(json!(client.albums_list(50, token.as_deref()).await?))
        }
        "LibraryClient::album_add" => Ok(json!(client.album_add("album", &["item"]).await?)),
        "GoogleAuth::renew" => renew(url).await,
        other => panic!("docs/recordings.md names an unknown method `{other}`"),
    }
}

fn client(url: &str) -> Result<LibraryClient> {
    let config = GoogleConfig::default()
        .with_library_url(url.parse().expect("address"))
        .with_userinfo_url(format!("{url}/v1/userinfo").parse().expect("address"));
    LibraryClient::new(&config, &lab::env(), Arc::new(Fresh))
}

/// Renews a kept sign-in at the recorded token endpoint.
async fn renew(url: &str) -> Result<Value> {
    let (store, key) = (
        Arc::new(MemoryCredentialStore::default()),
        CredentialKey::new("google", "default"),
    );
    let kept = json!({
        "version": 1, "client_id": "7-a.apps.googleusercontent.com", "client_secret": "secret",
        "token_uri": format!("{url}/token"), "access_token": "old", "refresh_token": "1//old",
    });
    store.save(&key, &kept.to_string().into()).await?;
    let auth = GoogleAuth::new(&lab::env(), store, key, None)?;
    Ok(json!({"renewed": auth.renew().await?}))
}

/// A sign-in that can always be renewed, so that what is refused is refused with a fresh one.
#[derive(Debug)]
struct Fresh;

#[async_trait]
impl Credentials for Fresh {
    async fn apply(&self, _origin: &Origin, headers: &mut HeaderMap) -> Result<()> {
        headers.insert(
            photomove::http::header::AUTHORIZATION,
            "Bearer token".parse().expect("header"),
        );
        Ok(())
    }

    async fn renew(&self) -> Result<bool> {
        Ok(true)
    }

    fn accept(&self, _origin: &Origin, _headers: &HeaderMap) {}
}
