//! Lists the albums of a PhotoPrism server with the provider crate alone, or saves the originals of one of them, each
//! verified by its SHA-1.
//!
//! ```sh
//! PHOTOPRISM_APP_PASSWORD=… cargo run --example photoprism_albums -- https://photos.example.org
//! PHOTOPRISM_APP_PASSWORD=… cargo run --example photoprism_albums -- https://photos.example.org "Lisbon 2023" folder
//! ```
//!
//! App passwords are made on the server under Settings, Account, Apps and Devices; this one needs the scope `photos albums
//! files sessions`.

#![expect(clippy::print_stdout, reason = "an example prints what it found")]

use std::path::Path;

use futures_util::TryStreamExt;
use photomove::core::{Digester, Error, ErrorKind, HashKinds, Result};
use photomove::http::HttpEnv;
use photomove::photoprism::client::DownloadName;
use photomove::photoprism::search::{AlbumSearch, PhotoSearch};
use photomove::photoprism::wire::{Album, File};
use photomove::photoprism::{PhotoPrismAuth, PhotoPrismClient, PhotoPrismConfig, SignIn};
use tokio::io::AsyncWriteExt;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (url, save) = match arguments.as_slice() {
        [url] => (url, None),
        [url, album, folder] => (url, Some((album, Path::new(folder)))),
        _ => return Err(wrong("usage: photoprism_albums URL [ALBUM FOLDER]".into())),
    };
    let config = PhotoPrismConfig::new(url.parse().map_err(|error| wrong(format!("not an address: {error}")))?);
    let password = std::env::var("PHOTOPRISM_APP_PASSWORD")
        .map_err(|_| wrong("set PHOTOPRISM_APP_PASSWORD to an app password of the server".into()))?;
    let sign_in = SignIn::AppPassword {
        password: password.into(),
    };
    let client = PhotoPrismClient::new(&config, &HttpEnv::system(), PhotoPrismAuth::new(sign_in))?;

    let mut albums = client.all_albums(AlbumSearch::of_people());
    while let Some(album) = albums.try_next().await? {
        match save {
            None => println!("{}: {} photos", album.title, album.photo_count.unwrap_or_default()),
            Some((title, folder)) if album.title == *title => save_album(&client, &album, folder).await?,
            Some(_) => {}
        }
    }
    Ok(())
}

/// Saves all original files of an album's photos: of a live photo both, of a stack all.
async fn save_album(client: &PhotoPrismClient, album: &Album, folder: &Path) -> Result<()> {
    tokio::fs::create_dir_all(folder).await.map_err(not_written)?;
    // Rows tell one file each; the photo tells all of its files.
    let mut rows = client.all_photos(PhotoSearch::of_album(&album.uid).primary(true), 100);
    while let Some(row) = rows.try_next().await? {
        let photo = client.photo(&row.uid).await?;
        for file in photo.originals() {
            save_file(client, file, folder).await?;
        }
    }
    Ok(())
}

async fn save_file(client: &PhotoPrismClient, file: &File, folder: &Path) -> Result<()> {
    let name = file.base_name();
    let path = folder.join(name);
    let mut bytes = client.download(&file.hash, &DownloadName::File).await?.stream();
    let mut saved = tokio::fs::File::create_new(&path).await.map_err(not_written)?;
    let mut digester = Digester::new(HashKinds::SHA1);
    while let Some(chunk) = bytes.try_next().await? {
        digester.update(&chunk);
        saved.write_all(&chunk).await.map_err(not_written)?;
    }
    saved.sync_all().await.map_err(not_written)?;
    let right = digester.finish().sha1_hex().as_deref() == Some(file.hash.as_str());
    match right {
        true => println!("saved {name}: {} bytes, SHA-1 as on the server", file.size),
        false => {
            return Err(Error::new(
                ErrorKind::Protocol,
                format!("{name} arrived with other bytes"),
            ));
        }
    }
    Ok(())
}

fn not_written(error: std::io::Error) -> Error {
    wrong(format!("cannot write into the folder: {error}"))
}

fn wrong(message: String) -> Error {
    Error::new(ErrorKind::Config, message)
}
