//! `photomove photoprism upload`: files sent one photo at a time, and what became of each.

pub(super) mod local;

use std::path::{Path, PathBuf};

use clap::Args;
use photomove_core::{Body, Result};
use photomove_photoprism::client::{Arrival, UploadFile};
use serde_json::json;

use self::local::LocalFile;
use super::Prism;
use crate::exit::Exit;
use crate::text;

/// Arguments of `photomove photoprism upload`.
#[derive(Debug, Args)]
#[command(after_help = "\
Files in one folder with the same name but for the ending are one photo: a picture with its raw file, its short video and its \
companions (`.xmp`, `.yml`, `.json`). Others are never put together. A file that the server has already is not sent; one whose \
ending does not fit its content is sent under the right one.

The server answers yes to files that it does not take, so that each is looked for afterwards by its SHA-1. Exit code 3 means that \
one is not there.")]
pub(crate) struct UploadArgs {
    /// Files of this machine
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Id of an album that the photos are put into (`a…`); may be given more than once
    #[arg(long, value_name = "ALBUM")]
    album: Vec<String>,
}

/// How many of each outcome.
#[derive(Debug, Default)]
struct Sums {
    sent: u64,
    already_there: u64,
    failed: u64,
}

/// Sends the files and says what became of each.
pub(super) async fn run(prism: &Prism<'_>, args: UploadArgs) -> Result<Exit> {
    // An album that does not exist would swallow the photos without a word.
    for album in &args.album {
        prism.client.album(album).await.map_err(super::album::no_album)?;
    }
    // Before the first is sent, not after an hour.
    for file in &args.files {
        local::check(file)?;
    }
    let mut sums = Sums::default();
    for bundle in bundles(&args.files) {
        send(prism, &bundle, &args.album, &mut sums).await?;
    }
    let printer = &prism.app.printer;
    let exit = if sums.failed > 0 { Exit::ItemsFailed } else { Exit::Done };
    printer.object(&json!({
        "type": "photoprism_uploads", "sent": sums.sent, "already_there": sums.already_there, "failed": sums.failed,
        "exit_code": exit.code(),
    }));
    printer.text(&format!(
        "sent {} · already there {} · failed {}",
        text::count(sums.sent),
        text::count(sums.already_there),
        text::count(sums.failed)
    ));
    if sums.failed > 0 {
        printer.talk(
            "the server does not take files that it does not know, that are damaged or too large; `photomove photoprism log` \
             may say which it was. Sending them again as they are only leaves copies there",
        );
    }
    Ok(exit)
}

/// Files that are one photo, in the order in which they were named.
fn bundles(files: &[PathBuf]) -> Vec<Vec<PathBuf>> {
    let mut bundles: Vec<(PathBuf, Vec<PathBuf>)> = Vec::new();
    for file in files {
        let stem = file.with_extension("");
        match bundles.iter_mut().find(|(known, _)| *known == stem) {
            Some((_, bundle)) if !bundle.contains(file) => bundle.push(file.clone()),
            Some(_) => {}
            None => bundles.push((stem, vec![file.clone()])),
        }
    }
    bundles.into_iter().map(|(_, bundle)| bundle).collect()
}

async fn send(prism: &Prism<'_>, bundle: &[PathBuf], albums: &[String], sums: &mut Sums) -> Result<()> {
    let mut files = Vec::with_capacity(bundle.len());
    for path in bundle {
        files.push((path, LocalFile::open(path).await?));
    }
    let mut known = Vec::with_capacity(files.len());
    for (_, file) in &files {
        known.push(prism.client.arrival(&file.sha1()).await?);
    }
    // What stacks has to come together; only if all of it is there, nothing is sent.
    if known.iter().all(|arrival| *arrival != Arrival::Unknown) {
        for ((path, file), arrival) in files.iter().zip(&known) {
            put_into(prism, arrival, albums).await?;
            tell(prism, path, file, arrival, true, sums);
        }
        return Ok(());
    }
    let sent: Vec<UploadFile<'_>> = files
        .iter()
        .map(|(_, file)| UploadFile::new(&file.name, file as &dyn Body))
        .collect();
    let arrived = prism.client.upload(&sent, albums).await?;
    for ((path, file), uploaded) in files.iter().zip(&arrived) {
        tell(prism, path, file, &uploaded.arrival, false, sums);
    }
    Ok(())
}

async fn put_into(prism: &Prism<'_>, arrival: &Arrival, albums: &[String]) -> Result<()> {
    if let Some(photo) = arrival.photo() {
        for album in albums {
            prism.client.add_to_album(album, [&photo.uid]).await?;
        }
    }
    Ok(())
}

fn tell(prism: &Prism<'_>, path: &Path, file: &LocalFile, arrival: &Arrival, before: bool, sums: &mut Sums) {
    let (outcome, words) = match (arrival, before) {
        (Arrival::Visible(_), false) => ("sent", "sent"),
        (Arrival::Visible(_), true) => ("already_there", "already there"),
        (Arrival::Archived(_), true) => ("already_there", "already there, in the archive"),
        (Arrival::Archived(_), false) => ("already_there", "taken for a photo in the archive"),
        (Arrival::Hidden(_), _) => ("failed", "there, but hidden: the server can make no picture of it"),
        (Arrival::Unsettled, _) => (
            "failed",
            "not settled: the server is still putting photos together; look again later",
        ),
        _ => ("failed", "not taken"),
    };
    match outcome {
        "sent" => sums.sent += 1,
        "already_there" => sums.already_there += 1,
        _ => sums.failed += 1,
    }
    let uid = arrival.photo().map(|photo| photo.uid.as_str());
    prism.app.printer.object(&json!({
        "type": "photoprism_upload", "file": path.display().to_string(), "sent_as": file.name, "sha1": file.sha1(),
        "outcome": outcome, "photo": uid, "says": words,
    }));
    let renamed = path.file_name().is_none_or(|name| name != file.name.as_str());
    let renamed = if renamed {
        format!(", as {}", text::clean(&file.name))
    } else {
        String::new()
    };
    prism.app.printer.text(&format!(
        "{}: {words}{renamed}{}",
        text::clean(&path.display().to_string()),
        uid.map(|uid| format!(" · {}", text::clean(uid))).unwrap_or_default()
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_one_name_in_one_folder_are_one_photo() {
        let files = [
            "a/IMG_1.heic",
            "b/IMG_1.heic",
            "a/IMG_1.mov",
            "a/IMG_2.jpg",
            "a/IMG_1.heic",
        ]
        .map(PathBuf::from);
        let bundles = bundles(&files);
        let names: Vec<Vec<String>> = bundles
            .iter()
            .map(|bundle| {
                bundle
                    .iter()
                    .map(|path| path.display().to_string().replace('\\', "/"))
                    .collect()
            })
            .collect();
        assert_eq!(
            names,
            [
                vec!["a/IMG_1.heic", "a/IMG_1.mov"],
                vec!["b/IMG_1.heic"],
                vec!["a/IMG_2.jpg"]
            ]
        );
    }
}
