//! `photomove photoprism webdav …`: the server's folders as they lie on its disk.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use photomove_core::{Error, ErrorKind, Result};
use photomove_photoprism::client::{DavRoot, DavWrite, WebDav};
use serde_json::json;

use super::Prism;
use super::download::saved;
use super::upload::local::{LocalFile, unreadable};
use crate::exit::Exit;
use crate::text;

/// What can be done with the server's folders.
#[derive(Debug, Subcommand)]
pub(crate) enum DavVerb {
    /// List a folder
    List(ListArgs),
    /// Send a file as it is, to a place of one's own choice; it is seen after `index` or `import`
    Send(SendArgs),
    /// Fetch a file as it is
    Fetch(FetchArgs),
    /// Make a folder and those around it
    Mkdir(OnePath),
    /// Move a file or folder; photos that are indexed already have to be indexed anew
    Move(TwoPaths),
    /// Copy a file or folder
    Copy(TwoPaths),
    /// Delete a file, or a folder with all that is in it, for good
    Delete(OnePath),
}

/// Which folders.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct RootArgs {
    /// The import folder instead of the originals
    #[arg(long)]
    import: bool,
}

impl RootArgs {
    fn of(self, prism: &Prism<'_>) -> WebDav {
        prism.client.webdav(match self.import {
            true => DavRoot::Import,
            false => DavRoot::Originals,
        })
    }
}

/// Arguments of `photomove photoprism webdav list`.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Folder; the outermost one if not given
    #[arg(value_name = "FOLDER", default_value = "")]
    folder: String,
    #[command(flatten)]
    root: RootArgs,
}

/// Arguments of `photomove photoprism webdav send`.
#[derive(Debug, Args)]
pub(crate) struct SendArgs {
    /// File of this machine
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Path on the server, such as `2019/07/harbour.jpg`
    #[arg(value_name = "PATH")]
    to: String,
    /// Mark the photo as a favourite when it is indexed for the first time
    #[arg(long)]
    favorite: bool,
    /// Write over a file that is there already
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    root: RootArgs,
}

/// Arguments of `photomove photoprism webdav fetch`.
#[derive(Debug, Args)]
pub(crate) struct FetchArgs {
    /// Path on the server
    #[arg(value_name = "PATH")]
    path: String,
    /// File to write; it must not exist
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    #[command(flatten)]
    root: RootArgs,
}

/// A path on the server.
#[derive(Debug, Args)]
pub(crate) struct OnePath {
    /// Path on the server
    #[arg(value_name = "PATH")]
    path: String,
    #[command(flatten)]
    root: RootArgs,
}

/// Two paths on the server.
#[derive(Debug, Args)]
pub(crate) struct TwoPaths {
    /// Path on the server
    #[arg(value_name = "PATH")]
    from: String,
    /// Where to
    #[arg(value_name = "TO")]
    to: String,
    /// Write over what is there already
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    root: RootArgs,
}

/// Does what is typed.
pub(super) async fn run(prism: &Prism<'_>, verb: DavVerb) -> Result<Exit> {
    let printer = &prism.app.printer;
    match verb {
        DavVerb::List(args) => list(prism, &args).await?,
        DavVerb::Send(args) => send(prism, &args).await?,
        DavVerb::Fetch(args) => {
            let dav = args.root.of(prism);
            let facts = found(&dav, &args.path).await?;
            let bytes = dav.read(&args.path, 0).await?;
            let (_, path) = saved::save_stream(bytes, facts, &args.to, None).await?;
            super::download::written(prism, &path);
        }
        DavVerb::Mkdir(args) => {
            args.root.of(prism).make_folders(&args.path).await?;
            printer.text(&format!("there is a folder now: {}", text::clean(&args.path)));
        }
        DavVerb::Move(args) => {
            args.root.of(prism).rename(&args.from, &args.to, args.overwrite).await?;
            printer.text(&format!("moved to {}", text::clean(&args.to)));
        }
        DavVerb::Copy(args) => {
            args.root.of(prism).copy(&args.from, &args.to, args.overwrite).await?;
            printer.text(&format!("copied to {}", text::clean(&args.to)));
        }
        DavVerb::Delete(args) => {
            prism
                .agreed(&format!(
                    "delete `{}` on the server, with all that is in it",
                    text::clean(&args.path)
                ))
                .await?;
            match args.root.of(prism).delete(&args.path).await? {
                true => printer.text(&format!("deleted: {}", text::clean(&args.path))),
                false => return Err(no_file(&args.path)),
            }
        }
    }
    Ok(Exit::Done)
}

async fn list(prism: &Prism<'_>, args: &ListArgs) -> Result<()> {
    let entries = args.root.of(prism).list(&args.folder).await?;
    for entry in &entries {
        prism.app.printer.object(&json!({
            "type": "webdav_entry", "path": entry.path, "is_folder": entry.is_folder, "size_bytes": entry.size_bytes,
            "modified": entry.modified,
        }));
        let facts = match entry.is_folder {
            true => "/".to_owned(),
            false => entry
                .size_bytes
                .map(|size| format!(" · {}", text::bytes(size)))
                .unwrap_or_default(),
        };
        prism.app.printer.text(&format!("{}{facts}", text::clean(&entry.path)));
    }
    prism.app.printer.talk(&text::counted(entries.len() as u64, "name"));
    Ok(())
}

async fn send(prism: &Prism<'_>, args: &SendArgs) -> Result<()> {
    let file = LocalFile::open(&args.file).await?;
    let facts = std::fs::metadata(&args.file).map_err(|error| unreadable(&args.file, &error))?;
    // The server takes it for the date of a photo that says none itself.
    let modified = facts.modified().ok().and_then(|at| Timestamp::try_from(at).ok());
    let how = DavWrite::default()
        .with_modified(modified)
        .with_favorite(args.favorite)
        .with_overwrite(args.overwrite);
    args.root.of(prism).write(&args.to, &file, how).await?;
    let next = match args.root.import {
        true => "photoprism import",
        false => "photoprism index",
    };
    let printer = &prism.app.printer;
    printer.object(&json!({ "type": "webdav_sent", "path": args.to, "sha1": file.sha1() }));
    printer.text(&format!(
        "sent to {}; `{}` takes it into the library",
        text::clean(&args.to),
        crate::again::command(prism.app, next)
    ));
    Ok(())
}

/// The length of a file that is there.
async fn found(dav: &WebDav, path: &str) -> Result<Option<u64>> {
    match dav.stat(path).await? {
        Some(entry) if !entry.is_folder => Ok(entry.size_bytes),
        _ => Err(no_file(path)),
    }
}

fn no_file(path: &str) -> Error {
    Error::new(ErrorKind::NotFound, "the server has no such file")
        .context("path", text::clean(path))
        .hint("`photomove photoprism webdav list` lists folders and files")
}
