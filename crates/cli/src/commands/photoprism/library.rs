//! `photomove photoprism import`, `index` and `folders`: what lies on the server's disk.

use clap::Args;
use photomove_core::{Error, ErrorKind, Result};
use photomove_photoprism::client::{ImportRun, IndexRun};
use photomove_photoprism::search::FolderSearch;
use photomove_photoprism::wire::Root;
use serde_json::json;

use super::{Prism, follow, shown};
use crate::exit::Exit;
use crate::text;

/// Files of a folder that are listed at most.
const FILES: i32 = 100_000;

/// Arguments of `photomove photoprism import`.
#[derive(Debug, Args)]
#[command(after_help = "\
Takes as long as the server needs; Ctrl-C ends this command, `--cancel` the server's run. If another import or index run is active, the server answers at once and does nothing; \
`photomove photoprism log` has the reasons of files that it did not take.")]
pub(crate) struct ImportArgs {
    /// Folder below the server's import folder; all of it if not given
    #[arg(value_name = "FOLDER", conflicts_with = "cancel")]
    folder: Option<String>,
    /// Take the files out of the import folder instead of copying them
    #[arg(long, conflicts_with = "cancel")]
    r#move: bool,
    /// Id of an album that the photos are put into (`a…`); may be given more than once
    #[arg(long, value_name = "ALBUM", conflicts_with = "cancel")]
    album: Vec<String>,
    /// Stop the run that is under way, after its present file
    #[arg(long)]
    cancel: bool,
}

/// Arguments of `photomove photoprism index`.
#[derive(Debug, Args)]
pub(crate) struct IndexArgs {
    /// Folder below the server's originals
    #[arg(value_name = "FOLDER", default_value = "/", conflicts_with = "cancel")]
    folder: String,
    /// Read files again that have not changed
    #[arg(long, conflicts_with = "cancel")]
    rescan: bool,
    /// Remove previews and companions that belong to nothing any more
    #[arg(long, conflicts_with = "cancel")]
    cleanup: bool,
    /// Stop the run that is under way, after its present file
    #[arg(long)]
    cancel: bool,
}

/// Arguments of `photomove photoprism folders`.
#[derive(Debug, Args)]
pub(crate) struct FoldersArgs {
    /// Folder to look into; the outermost one if not given
    #[arg(value_name = "FOLDER", default_value = "")]
    folder: String,
    /// Look into the import folder instead of the originals
    #[arg(long, conflicts_with = "files")]
    import: bool,
    /// List files too
    #[arg(long)]
    files: bool,
    /// Also what is in folders within it
    #[arg(long)]
    recursive: bool,
}

/// Imports, and says what the server says.
pub(super) async fn import(prism: &Prism<'_>, args: ImportArgs) -> Result<Exit> {
    if args.cancel {
        prism.client.cancel_import().await?;
        prism
            .app
            .printer
            .text("the server was told to stop its import run, if there is one");
        return Ok(Exit::Done);
    }
    // A title would be looked up loosely, and an id that does not exist would swallow the photos.
    for album in &args.album {
        prism.client.album(album).await.map_err(super::album::no_album)?;
    }
    let before = prism.client.config().await?.count.files;
    let run = ImportRun {
        path: args.folder.unwrap_or_default(),
        move_files: args.r#move,
        albums: args.album,
    };
    let began = prism.app.clock.now();
    let work = prism.client.import(&run);
    prism
        .client
        .with_events(work, |event| follow::tell(prism, event))
        .await?;
    let after = prism.client.config().await?.count.files;
    told(prism, "import", began, after - before);
    if after == before {
        prism.app.printer.note(
            "no file has come; either there was nothing new, or the folder does not exist, or another run is active",
        );
    }
    Ok(Exit::Done)
}

/// Indexes, and says what the server says.
pub(super) async fn index(prism: &Prism<'_>, args: IndexArgs) -> Result<Exit> {
    if args.cancel {
        prism.client.cancel_index().await?;
        prism
            .app
            .printer
            .text("the server was told to stop its index run, if there is one");
        return Ok(Exit::Done);
    }
    let before = prism.client.config().await?.count.files;
    let run = IndexRun {
        path: args.folder,
        rescan: args.rescan,
        cleanup: args.cleanup,
    };
    let began = prism.app.clock.now();
    let work = prism.client.index(&run);
    prism
        .client
        .with_events(work, |event| follow::tell(prism, event))
        .await?;
    let after = prism.client.config().await?.count.files;
    told(prism, "index", began, after - before);
    Ok(Exit::Done)
}

fn told(prism: &Prism<'_>, what: &str, began: jiff::Timestamp, more: i64) {
    let took = prism
        .app
        .clock
        .now()
        .duration_since(began)
        .max(jiff::SignedDuration::ZERO)
        .unsigned_abs();
    prism.app.printer.object(&json!({
        "type": "photoprism_run", "what": what, "seconds": took.as_secs_f64(), "files_more": more,
    }));
    prism.app.printer.text(&format!(
        "{what}: done in {} · {}",
        text::duration(took),
        match more {
            0 => "as many files as before".to_owned(),
            1.. => format!("{} more than before", text::counted(more.unsigned_abs(), "file")),
            _ => format!("{} fewer than before", text::counted(more.unsigned_abs(), "file")),
        }
    ));
}

/// Lists folders.
pub(super) async fn folders(prism: &Prism<'_>, args: FoldersArgs) -> Result<Exit> {
    let root = if args.import { Root::Import } else { Root::Originals };
    // The server remembers answers for a while; somebody who asks wants to know how it is now.
    let mut search = FolderSearch::new().recursive(args.recursive).uncached(true);
    if args.files {
        search = search.files(true).count(FILES);
    }
    let found = prism.client.folders(&root, &args.folder, &search).await?;
    let printer = &prism.app.printer;
    let Some(folders) = found.folders else {
        return Err(Error::new(ErrorKind::NotFound, "the server has no such folder").context("folder", &args.folder));
    };
    for folder in &folders {
        printer.object(&shown::object("folder", "folder", folder));
        printer.text(&format!("{}/", text::clean(&folder.path)));
    }
    for file in &found.files {
        printer.object(&shown::object("file", "file", file));
        printer.text(&text::clean(&shown::file_words(file)));
    }
    printer.talk(&text::counted(folders.len() as u64, "folder"));
    Ok(Exit::Done)
}
