//! `photomove photoprism import`, `index` and `folders`: what lies on the server's disk.

use clap::Args;
use photomove_core::{Error, ErrorKind, Result};
use photomove_photoprism::client::{ImportRun, IndexRun};
use photomove_photoprism::search::FolderSearch;
use photomove_photoprism::wire::{Message, Root};
use serde_json::json;

use super::{Prism, follow, shown};
use crate::exit::Exit;
use crate::text;

/// Files of a folder that are listed at most.
const FILES: i32 = 100_000;

/// Arguments of `photomove photoprism import`.
#[derive(Debug, Args)]
#[command(after_help = "\
Takes as long as the server needs; Ctrl-C stops the server's run after its present file, as `--cancel` does, and a second \
Ctrl-C ends this command at once. If another import or index run is active, the server answers at once and does nothing; \
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
#[command(after_help = "\
Takes as long as the server needs; Ctrl-C stops the server's run after its present file, as `--cancel` does, and a second \
Ctrl-C ends this command at once.")]
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
    #[arg(value_name = "FOLDER", default_value = "", hide_default_value = true)]
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
    let work = prism.client.with_events(work, |event| follow::tell(prism, event));
    let ended = Box::pin(to_the_end(prism, "import", work, prism.client.cancel_import())).await?;
    if ended == Ended::Left {
        return Ok(Exit::Interrupted);
    }
    let after = prism.client.config().await?.count.files;
    told(prism, "import", began, after - before);
    if ended == Ended::Stopped {
        return Ok(Exit::Interrupted);
    }
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
    let work = prism.client.with_events(work, |event| follow::tell(prism, event));
    let ended = Box::pin(to_the_end(prism, "index", work, prism.client.cancel_index())).await?;
    if ended == Ended::Left {
        return Ok(Exit::Interrupted);
    }
    let after = prism.client.config().await?.count.files;
    told(prism, "index", began, after - before);
    Ok(match ended {
        Ended::Stopped => Exit::Interrupted,
        _ => Exit::Done,
    })
}

/// How a run of the server ended for this command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// By itself.
    Done,
    /// Because it was told to stop.
    Stopped,
    /// Not at all; nobody waits for it any more.
    Left,
}

/// Waits for a run of the server. The first Ctrl-C stops the run, which the end of this command would not; a second one
/// ends this command at once.
async fn to_the_end<T>(
    prism: &Prism<'_>,
    what: &str,
    work: impl Future<Output = Result<T>>,
    cancel: impl Future<Output = Result<Message>>,
) -> Result<Ended> {
    let (signals, printer) = (&prism.app.signals, &prism.app.printer);
    let by_hand = format!("stop it with `photomove photoprism {what} --cancel`");
    signals.answer();
    tokio::pin!(work);
    tokio::select! {
        done = &mut work => return done.map(|_| Ended::Done),
        () = signals.drain.cancelled() => {}
    }
    printer.talk(&format!(
        "stopping the server's {what} run: it ends after its present file; Ctrl-C again ends this command at once"
    ));
    let stopped = async {
        cancel
            .await
            .map_err(|error| error.hint_instead(format!("the server's run goes on; {by_hand}")))?;
        printer.talk(&format!("the server was told to stop its {what} run"));
        work.await.map(|_| Ended::Stopped)
    };
    tokio::select! {
        ended = stopped => ended,
        () = signals.abort.cancelled() => {
            printer.talk(&format!("not waited for: if the server's {what} run goes on, {by_hand}"));
            Ok(Ended::Left)
        }
    }
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
        return Err(Error::new(ErrorKind::NotFound, "the server has no such folder")
            .context("folder", text::clean(&args.folder))
            .hint("`photomove photoprism folders --recursive` lists all"));
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
