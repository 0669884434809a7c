//! `photomove photoprism download`, `thumbnail` and `zip`: bytes of the server, written to this machine.

pub(super) mod saved;

use std::path::PathBuf;

use clap::Args;
use futures_util::TryStreamExt;
use photomove_core::{Error, ErrorKind, Result};
use photomove_photoprism::client::{DownloadName, ThumbSize};
use photomove_photoprism::wire::{Photo, Selection};
use serde_json::json;

use self::saved::Saved;
use super::Prism;
use crate::exit::Exit;
use crate::text;

/// Arguments of `photomove photoprism download`.
#[derive(Debug, Args)]
#[command(after_help = "\
Every file that people put there is fetched as it is, raw files and short videos included, and compared with its SHA-1; previews \
that the server made are not. A file that is here already with the same bytes is left alone, one with other bytes is never \
written over.")]
pub(crate) struct DownloadArgs {
    /// Photos: ids, SHA-1 hashes of their files, or files on this machine
    #[arg(value_name = "PHOTO", required_unless_present = "album")]
    photos: Vec<String>,
    /// All photos of this album (`a…`)
    #[arg(long, value_name = "ALBUM", conflicts_with = "photos")]
    album: Option<String>,
    /// Folder for the files
    #[arg(long, value_name = "DIR", default_value = ".")]
    to: PathBuf,
    /// How files are called: `file` as on the server, `original` as they were uploaded, `share` by time and title
    #[arg(long, value_name = "NAME", default_value = "file", value_parser = name)]
    name: DownloadName,
}

fn name(word: &str) -> std::result::Result<DownloadName, String> {
    match DownloadName::from(word) {
        DownloadName::Other(_) => Err("known names: file, original, share".to_owned()),
        name => Ok(name),
    }
}

/// Arguments of `photomove photoprism thumbnail`.
#[derive(Debug, Args)]
pub(crate) struct ThumbnailArgs {
    /// Photo: id, SHA-1 of one of its files, or a file on this machine
    #[arg(value_name = "PHOTO")]
    photo: String,
    /// `fit_720` to `fit_7680`, `tile_50` to `tile_1080`, `left_224`, `right_224`, `colors`
    #[arg(long, value_name = "SIZE", default_value = "fit_1920", value_parser = size)]
    size: ThumbSize,
    /// File to write; it must not exist
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

fn size(word: &str) -> std::result::Result<ThumbSize, String> {
    match ThumbSize::from(word) {
        ThumbSize::Other(_) => Err(format!(
            "known sizes: {}",
            ThumbSize::ALL
                .iter()
                .map(ThumbSize::as_str)
                .collect::<Vec<_>>()
                .join(", ")
        )),
        size => Ok(size),
    }
}

/// Arguments of `photomove photoprism zip`.
#[derive(Debug, Args)]
#[command(
    after_help = "What the archive holds, the server's settings say (`download.originals`, `download.mediaRaw`, \
                        `download.mediaSidecar`). `download` fetches all originals and checks each."
)]
pub(crate) struct ZipArgs {
    /// Photos: ids, SHA-1 hashes of their files, or files on this machine
    #[arg(value_name = "PHOTO", required_unless_present = "album")]
    photos: Vec<String>,
    /// All photos of this album (`a…`), at most 10,000 files
    #[arg(long, value_name = "ALBUM", conflicts_with = "photos")]
    album: Option<String>,
    /// File to write; it must not exist
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

/// How many of each outcome.
#[derive(Debug, Default)]
struct Sums {
    fetched: u64,
    already_here: u64,
    failed: u64,
}

/// Fetches the originals of photos.
pub(super) async fn originals(prism: &Prism<'_>, args: DownloadArgs) -> Result<Exit> {
    std::fs::create_dir_all(&args.to).map_err(|error| saved::unwritable(&args.to, &error))?;
    let mut sums = Sums::default();
    for typed in &args.photos {
        let photo = prism.photo(typed).await?;
        fetch_all(prism, &photo, &args, &mut sums).await?;
    }
    if let Some(album) = &args.album {
        prism.client.album(album).await.map_err(super::album::no_album)?;
        let mut members = prism.client.album_photos(album);
        while let Some(row) = members.try_next().await? {
            let photo = prism.client.photo(&row.uid).await?;
            fetch_all(prism, &photo, &args, &mut sums).await?;
        }
    }
    let exit = if sums.failed > 0 { Exit::ItemsFailed } else { Exit::Done };
    let printer = &prism.app.printer;
    printer.object(&json!({
        "type": "photoprism_downloads", "fetched": sums.fetched, "already_here": sums.already_here, "failed": sums.failed,
        "exit_code": exit.code(),
    }));
    printer.text(&format!(
        "fetched {} · already here {} · failed {}",
        text::count(sums.fetched),
        text::count(sums.already_here),
        text::count(sums.failed)
    ));
    Ok(exit)
}

async fn fetch_all(prism: &Prism<'_>, photo: &Photo, args: &DownloadArgs, sums: &mut Sums) -> Result<()> {
    for file in photo.files.iter().flatten().filter(|file| file.is_original()) {
        let fetched = async {
            let download = prism.client.download(&file.hash, &args.name).await?;
            let name = download.file_name().unwrap_or_else(|| file.base_name().to_owned());
            saved::save(
                download,
                &args.to.join(photomove_media::safe_file_name(&name)),
                Some(&file.hash),
            )
            .await
        };
        let (outcome, words) = match fetched.await {
            Ok((Saved::Written, path)) => {
                sums.fetched += 1;
                ("fetched", text::clean(&path.display().to_string()))
            }
            Ok((Saved::AlreadyHere, path)) => {
                sums.already_here += 1;
                (
                    "already_here",
                    format!("{}: already here", text::clean(&path.display().to_string())),
                )
            }
            // The others may be had all the same.
            Err(error) if is_of_the_file(&error) => {
                sums.failed += 1;
                ("failed", format!("{}: {error}", text::clean(&file.name)))
            }
            Err(error) => return Err(error),
        };
        prism.app.printer.object(&json!({
            "type": "photoprism_download", "photo": photo.uid, "file": file.uid, "sha1": file.hash, "outcome": outcome,
            "says": words,
        }));
        prism.app.printer.text(&words);
    }
    Ok(())
}

fn is_of_the_file(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::Corrupt | ErrorKind::Conflict { .. } | ErrorKind::Rejected(_)
    )
}

/// Fetches a small picture.
pub(super) async fn thumbnail(prism: &Prism<'_>, args: ThumbnailArgs) -> Result<Exit> {
    let photo = prism.photo(&args.photo).await?;
    let file = photo.primary_file().ok_or_else(|| {
        Error::new(
            ErrorKind::NotFound,
            "the photo is hidden: the server could make no picture of it",
        )
    })?;
    let download = prism.client.thumbnail(&file.hash, &args.size).await?;
    let (_, path) = saved::save(download, &args.to, None).await?;
    written(prism, &path);
    Ok(Exit::Done)
}

/// Fetches an archive.
pub(super) async fn zip(prism: &Prism<'_>, args: ZipArgs) -> Result<Exit> {
    let download = match &args.album {
        Some(album) => prism
            .client
            .download_album(album)
            .await
            .map_err(super::album::no_album)?,
        None => {
            let selection = Selection::photos(prism.uids(&args.photos).await?);
            let made = prism.client.create_zip(&selection).await?;
            // It is gone from the server a moment later, so that it is fetched at once and never twice.
            prism.client.download_zip(&made.filename).await?
        }
    };
    let (_, path) = saved::save(download, &args.to, None).await?;
    written(prism, &path);
    Ok(Exit::Done)
}

/// Says what was written.
pub(super) fn written(prism: &Prism<'_>, path: &std::path::Path) {
    let size = std::fs::metadata(path).map_or(0, |facts| facts.len());
    let shown = path.display().to_string();
    prism
        .app
        .printer
        .object(&json!({ "type": "photoprism_file", "file": shown, "size_bytes": size }));
    prism
        .app
        .printer
        .text(&format!("written: {} ({})", text::clean(&shown), text::bytes(size)));
}
