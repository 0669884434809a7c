//! Uploads one file to Google Photos with the provider crate alone, into an album of its own, and verifies that it arrived.
//!
//! ```sh
//! PHOTOMOVE_GOOGLE_TOKEN=token.json cargo run --example upload_google -- picture.jpg "Lisbon 2023"
//! ```
//!
//! `photomove auth login google` makes the token file. `PHOTOMOVE_GOOGLE_CLIENT_SECRET` names the file of the OAuth client,
//! which renews the token; `PHOTOMOVE_GOOGLE_LIBRARY_URL` points the example at a stand-in.

#![expect(clippy::print_stdout, reason = "an example prints what it found")]

use std::sync::Arc;

use photomove::core::{BytesBody, CredentialKey, CredentialStore, Error, ErrorKind, MemoryCredentialStore, Result};
use photomove::google::wire::NewMediaItem;
use photomove::google::{ClientSecret, GoogleAuth, GoogleConfig, LibraryClient};
use photomove::http::HttpEnv;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(album)) = (arguments.next(), arguments.next()) else {
        return Err(wrong("usage: upload_google FILE ALBUM".into()));
    };
    let body = BytesBody::new(std::fs::read(&path).map_err(|error| wrong(format!("cannot read {path}: {error}")))?);

    let env = HttpEnv::system();
    let client = LibraryClient::new(&config()?, &env, Arc::new(sign_in(&env).await?))?;

    let album = client.album_create(&album).await?;
    println!("album: {}", album.title);
    // Nothing is visible until the item is made of the uploaded bytes.
    let token = client.upload_raw(&body, None).await?;
    let name = std::path::Path::new(&path).file_name().and_then(|name| name.to_str());
    let item = NewMediaItem::new(token, name, Some("uploaded by an example"));
    let reply = client.batch_create(&[item], Some(&album.id), None).await?;
    for result in reply.new_media_item_results {
        let Some(item) = result.media_item else {
            return Err(wrong(format!("refused: {}", result.status.message)));
        };
        let item = client.media_item(&item.id).await?;
        let text = |text: Option<String>| text.unwrap_or_default();
        println!(
            "item: {} ({}), {}",
            text(item.filename),
            text(item.mime_type),
            text(item.description)
        );
    }
    Ok(())
}

fn config() -> Result<GoogleConfig> {
    let mut config = GoogleConfig::default();
    if let Ok(url) = std::env::var("PHOTOMOVE_GOOGLE_LIBRARY_URL") {
        config = config.with_library_url(url.parse().map_err(|error| wrong(format!("not an address: {error}")))?);
    }
    Ok(config)
}

/// A real program keeps the renewed token too; this one forgets it.
async fn sign_in(env: &HttpEnv) -> Result<GoogleAuth> {
    let store = MemoryCredentialStore::default();
    let key = CredentialKey::new("google", "default");
    store.save(&key, &read("PHOTOMOVE_GOOGLE_TOKEN")?.into()).await?;
    let secret = ClientSecret::parse(&read("PHOTOMOVE_GOOGLE_CLIENT_SECRET")?)?;
    GoogleAuth::new(env, Arc::new(store), key, Some(secret))
}

fn read(variable: &str) -> Result<String> {
    let path = std::env::var(variable).map_err(|_| wrong(format!("set `{variable}`")))?;
    std::fs::read_to_string(&path).map_err(|error| wrong(format!("cannot read {path}: {error}")))
}

fn wrong(message: String) -> Error {
    Error::new(ErrorKind::Config, message)
}
