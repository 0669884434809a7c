//! `photomove photoprism file …`: which files make up a photo.

use clap::{Args, Subcommand};
use photomove_core::Result;

use super::{Prism, shown};
use crate::exit::Exit;

/// What can be done to a file of a photo.
#[derive(Debug, Subcommand)]
pub(crate) enum FileVerb {
    /// Show the photo by this file
    Primary(OneFile),
    /// Make a photo of its own of this file; the server renames it
    Unstack(OneFile),
    /// Turn the picture: the orientation, 1 to 8, is written into the file, whose bytes change
    Turn(TurnArgs),
    /// Delete this file at the server for good; not the one that the photo is shown by
    Delete(OneFile),
}

/// A file of a photo.
#[derive(Debug, Args)]
pub(crate) struct OneFile {
    /// Photo: id, SHA-1 of one of its files, or a file on this machine
    #[arg(value_name = "PHOTO")]
    photo: String,
    /// Id of the file (`f…`); `photomove photoprism show PHOTO` lists them
    #[arg(value_name = "FILE")]
    file: String,
}

/// Arguments of `photomove photoprism file turn`.
#[derive(Debug, Args)]
pub(crate) struct TurnArgs {
    #[command(flatten)]
    file: OneFile,
    /// Orientation as Exif counts it
    #[arg(value_name = "N", value_parser = clap::value_parser!(u8).range(1..=8))]
    orientation: u8,
}

/// Does it and shows the photo as it is then.
pub(super) async fn run(prism: &Prism<'_>, verb: FileVerb) -> Result<Exit> {
    let client = &prism.client;
    let photo = match &verb {
        FileVerb::Primary(one) => {
            client
                .set_primary_file(&prism.uid(&one.photo).await?, &one.file)
                .await?
        }
        FileVerb::Unstack(one) => client.unstack_file(&prism.uid(&one.photo).await?, &one.file).await?,
        FileVerb::Turn(args) => {
            let uid = prism.uid(&args.file.photo).await?;
            client.set_orientation(&uid, &args.file.file, args.orientation).await?
        }
        FileVerb::Delete(one) => {
            let uid = prism.uid(&one.photo).await?;
            prism
                .agreed(&format!("delete file `{}` of the photo for good", one.file))
                .await?;
            client.delete_file(&uid, &one.file).await?
        }
    };
    shown::photo(&prism.app.printer, &photo);
    Ok(Exit::Done)
}
