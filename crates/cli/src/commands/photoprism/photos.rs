//! Commands that do one thing to photos: show, like, approve, hide, archive, restore, delete.

use std::path::Path;

use clap::Args;
use photomove_core::{Error, ErrorKind, Result};
use photomove_photoprism::wire::Photo;
use serde_json::json;

use super::{Prism, shown};
use crate::exit::Exit;
use crate::text;

/// Photos that a server is asked about at once; it advises no more than 999.
const BATCH: usize = 500;

/// Photos that something is done to.
#[derive(Debug, Args)]
pub(crate) struct PhotosArgs {
    /// Photos: ids, SHA-1 hashes of their files, or files on this machine
    #[arg(value_name = "PHOTO", required = true)]
    pub(super) photos: Vec<String>,
}

/// Arguments of `photomove photoprism show`.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    photos: PhotosArgs,
    /// Print the form in which the server backs photos up
    #[arg(long)]
    yaml: bool,
}

/// Arguments of `photomove photoprism private`.
#[derive(Debug, Args)]
pub(crate) struct PrivateArgs {
    #[command(flatten)]
    photos: PhotosArgs,
    /// Show them to others again
    #[arg(long)]
    off: bool,
}

/// Arguments of `photomove photoprism delete`.
#[derive(Debug, Args)]
pub(crate) struct DeleteArgs {
    /// Photos: ids, SHA-1 hashes of their files, or files on this machine
    #[arg(value_name = "PHOTO", required_unless_present = "all_archived")]
    photos: Vec<String>,
    /// Everything in the archive
    #[arg(long, conflicts_with = "photos")]
    all_archived: bool,
}

impl Prism<'_> {
    /// Returns the id of the photo that a person means.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if the server has no such file; [`ErrorKind::Config`] if the file cannot be read.
    pub(super) async fn uid(&self, typed: &str) -> Result<String> {
        let is_hash = typed.len() == 40 && typed.chars().all(|c| c.is_ascii_hexdigit());
        let path = Path::new(typed);
        let hash = match is_hash {
            // Capital letters mean nothing to the server.
            true => typed.to_ascii_lowercase(),
            false if path.is_file() => sha1_of(path).await?,
            false if is_id(typed) => return Ok(typed.to_owned()),
            false => return Err(no_photo(typed)),
        };
        match self.client.file(&hash).await? {
            Some(file) => Ok(file.photo_uid),
            None => Err(
                Error::new(ErrorKind::NotFound, "the server has no file with these bytes")
                    .context("photo", typed)
                    .context("sha1", hash),
            ),
        }
    }

    /// Returns the whole photo that a person means.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if the server has none.
    pub(super) async fn photo(&self, typed: &str) -> Result<Photo> {
        let uid = self.uid(typed).await?;
        self.client.photo(&uid).await.map_err(told_of(typed))
    }

    /// Returns the ids of the photos that a person means. The server says nothing of those among several that it does not
    /// have, so that each is looked for first.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if the server does not have one of them.
    pub(super) async fn uids(&self, typed: &[String]) -> Result<Vec<String>> {
        let mut uids = Vec::with_capacity(typed.len());
        for one in typed {
            uids.push(match is_id(one) {
                true => self.photo(one).await?.uid,
                false => self.uid(one).await?,
            });
        }
        Ok(uids)
    }

    /// Prints what was done to how many photos.
    pub(super) fn done(&self, what: &str, count: usize) {
        self.app
            .printer
            .object(&json!({ "type": "photoprism_done", "what": what, "count": count }));
        self.app
            .printer
            .text(&format!("{what}: {}", text::counted(count as u64, "photo")));
    }
}

/// Whether a word looks like an id of a photo.
fn is_id(typed: &str) -> bool {
    typed.len() == 16 && typed.starts_with('p') && typed.chars().all(|c| c.is_ascii_alphanumeric())
}

fn no_photo(typed: &str) -> Error {
    let (said, hint) = match is_id(typed) {
        true => (
            "the server has no such photo",
            "`photomove photoprism search` lists photos with their ids",
        ),
        false => (
            "this is no id of a photo, no SHA-1 and no file on this machine",
            "`photomove photoprism search` lists photos with their ids, such as `psrcszk4v9n2t6x1`",
        ),
    };
    Error::new(ErrorKind::NotFound, said)
        .context("photo", text::clean(typed))
        .hint(hint)
}

/// Says of an error that the photo is not there, if that is what it says.
pub(super) fn told_of(typed: &str) -> impl Fn(Error) -> Error {
    move |error| match error.kind() {
        ErrorKind::NotFound => no_photo(typed),
        _ => error,
    }
}

/// The SHA-1 of a file on this machine.
///
/// # Errors
/// [`ErrorKind::Config`] if it cannot be read.
pub(super) async fn sha1_of(path: &Path) -> Result<String> {
    use tokio::io::AsyncReadExt;
    let unreadable = |error| Error::new(ErrorKind::Config, format!("cannot read {}: {error}", path.display()));
    let mut file = tokio::fs::File::open(path).await.map_err(unreadable)?;
    let mut digester = photomove_core::Digester::new(photomove_core::HashKinds::SHA1);
    let mut block = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut block).await.map_err(unreadable)?;
        if read == 0 {
            break;
        }
        digester.update(&block[..read]);
    }
    let hash = digester.finish().sha1.unwrap_or_default();
    Ok(hash.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Shows photos whole.
pub(super) async fn show(prism: &Prism<'_>, args: &ShowArgs) -> Result<Exit> {
    for typed in &args.photos.photos {
        if args.yaml {
            let uid = prism.uid(typed).await?;
            let yaml = prism.client.photo_yaml(&uid).await?.ok_or_else(|| no_photo(typed))?;
            prism
                .app
                .printer
                .object(&json!({ "type": "photo_yaml", "photo": uid, "yaml": yaml }));
            prism.app.printer.text(&text::printable_lines(yaml.trim_end()));
            continue;
        }
        shown::photo(&prism.app.printer, &prism.photo(typed).await?);
    }
    Ok(Exit::Done)
}

/// Marks photos as favourites, or takes that away.
pub(super) async fn like(prism: &Prism<'_>, args: &PhotosArgs, favorite: bool) -> Result<Exit> {
    for typed in &args.photos {
        let uid = prism.uid(typed).await?;
        match favorite {
            true => prism.client.like_photo(&uid).await,
            false => prism.client.unlike_photo(&uid).await,
        }
        .map_err(told_of(typed))?;
    }
    prism.done(
        if favorite {
            "favourites"
        } else {
            "no favourites any more"
        },
        args.photos.len(),
    );
    Ok(Exit::Done)
}

/// Takes photos out of review.
pub(super) async fn approve(prism: &Prism<'_>, args: &PhotosArgs) -> Result<Exit> {
    let uids = prism.uids(&args.photos).await?;
    for batch in uids.chunks(BATCH) {
        prism.client.approve_photos(batch).await?;
    }
    prism.done("approved", uids.len());
    Ok(Exit::Done)
}

/// Hides photos from others, or shows them again. The server's own call for several would turn each the other way round.
pub(super) async fn private(prism: &Prism<'_>, args: &PrivateArgs) -> Result<Exit> {
    for typed in &args.photos.photos {
        let uid = prism.uid(typed).await?;
        let set = prism.client.set_private(&uid, !args.off).await;
        set.map_err(told_of(typed))?;
    }
    prism.done(
        if args.off { "private no longer" } else { "private" },
        args.photos.photos.len(),
    );
    Ok(Exit::Done)
}

/// Archives photos.
pub(super) async fn archive(prism: &Prism<'_>, args: &PhotosArgs) -> Result<Exit> {
    let uids = prism.uids(&args.photos).await?;
    let what = format!(
        "archive {}; they leave their albums, and do not come back into them when they are restored",
        text::counted(uids.len() as u64, "photo")
    );
    prism.agreed(&what).await?;
    for batch in uids.chunks(BATCH) {
        prism.client.archive_photos(batch).await?;
    }
    prism.done("archived", uids.len());
    Ok(Exit::Done)
}

/// Takes photos out of the archive.
pub(super) async fn restore(prism: &Prism<'_>, args: &PhotosArgs) -> Result<Exit> {
    let uids = prism.uids(&args.photos).await?;
    for batch in uids.chunks(BATCH) {
        prism.client.restore_photos(batch).await?;
    }
    prism.done("restored", uids.len());
    Ok(Exit::Done)
}

/// Deletes photos for good.
pub(super) async fn delete(prism: &Prism<'_>, args: &DeleteArgs) -> Result<Exit> {
    if args.all_archived {
        prism
            .agreed("delete everything in the archive, with all files, for good")
            .await?;
        prism.client.empty_archive().await?;
        prism
            .app
            .printer
            .object(&json!({ "type": "photoprism_done", "what": "deleted", "count": null }));
        prism.app.printer.text("deleted: everything that was archived");
        return Ok(Exit::Done);
    }
    let uids = prism.uids(&args.photos).await?;
    let what = format!(
        "delete {} with all files, for good",
        text::counted(uids.len() as u64, "photo")
    );
    prism.agreed(&what).await?;
    for batch in uids.chunks(BATCH) {
        prism.client.delete_photos(batch).await?;
    }
    prism.done("deleted", uids.len());
    Ok(Exit::Done)
}

impl Prism<'_> {
    /// Asks before something that cannot be taken back.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`] if the answer is no; [`ErrorKind::Config`] if nobody is there and there was no `--yes`.
    pub(super) async fn agreed(&self, what: &str) -> Result<()> {
        match self.app.person.confirm_or(&format!("{what}?"), false).await? {
            true => Ok(()),
            false => {
                let error = Error::new(ErrorKind::Cancelled, "nothing was changed");
                Err(error.hint("only `y` is a yes; `--yes` answers beforehand"))
            }
        }
    }
}
