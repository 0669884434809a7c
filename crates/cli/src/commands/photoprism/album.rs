//! `photomove photoprism album …`: albums made, changed, filled, emptied and shared.

use clap::{Args, Subcommand};
use jiff::Timestamp;
use photomove_core::{Error, ErrorKind, Result};
use photomove_photoprism::wire::{Album, AlbumProperties, ShareLink, ShareLinkProperties};
use serde_json::{Value, json};

use super::photos::PhotosArgs;
use super::{Prism, shown};
use crate::exit::Exit;
use crate::text;

/// Photos that are put into an album at once; the server advises no more than 999.
const BATCH: usize = 500;

/// What can be done with albums.
#[derive(Debug, Subcommand)]
pub(crate) enum AlbumVerb {
    /// Show an album
    Show(OneAlbum),
    /// Make a new album, even if another one has that title
    Create(CreateArgs),
    /// Change title, description and the like
    Edit(EditArgs),
    /// Delete albums; their photos stay
    Delete(SeveralAlbums),
    /// Make an album a favourite
    Like(OneAlbum),
    /// Make an album a favourite no longer
    Unlike(OneAlbum),
    /// Put photos into an album
    Add(MembersArgs),
    /// Take photos out of an album; they stay in the library
    Remove(MembersArgs),
    /// Put the photos of other albums into an album
    Fill(FillArgs),
    /// List the links by which others see an album
    Links(OneAlbum),
    /// Make a link by which others see an album, or change one
    Link(LinkArgs),
    /// Take a link back
    Unlink(UnlinkArgs),
}

/// An album.
#[derive(Debug, Args)]
pub(crate) struct OneAlbum {
    /// Id of the album (`a…`)
    #[arg(value_name = "ALBUM")]
    album: String,
}

/// Some albums.
#[derive(Debug, Args)]
pub(crate) struct SeveralAlbums {
    /// Ids of the albums (`a…`)
    #[arg(value_name = "ALBUM", required = true)]
    albums: Vec<String>,
}

/// Arguments of `photomove photoprism album create`.
#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// Its title
    #[arg(value_name = "TITLE")]
    title: String,
    #[command(flatten)]
    properties: PropertiesArgs,
}

/// Arguments of `photomove photoprism album edit`.
#[derive(Debug, Args)]
pub(crate) struct EditArgs {
    #[command(flatten)]
    album: OneAlbum,
    /// Another title
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    #[command(flatten)]
    properties: PropertiesArgs,
}

/// What an album has beside its title.
#[derive(Debug, Args)]
pub(crate) struct PropertiesArgs {
    /// What it is about
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Caption
    #[arg(long, value_name = "TEXT")]
    caption: Option<String>,
    /// Category
    #[arg(long, value_name = "TEXT")]
    category: Option<String>,
    /// Place
    #[arg(long, value_name = "TEXT")]
    location: Option<String>,
    /// Notes
    #[arg(long, value_name = "TEXT")]
    notes: Option<String>,
    /// How its photos are shown: `oldest`, `newest`, `name`, …
    #[arg(long, value_name = "ORDER")]
    order: Option<String>,
    /// Whether it is a favourite
    #[arg(long, value_name = "YES")]
    favorite: Option<bool>,
    /// Whether others do not see it
    #[arg(long, value_name = "YES")]
    private: Option<bool>,
    /// Another field by its own name, with a value in JSON, or a text as it is; may be given more than once
    #[arg(long, value_name = "NAME=JSON", value_parser = super::edit::field)]
    field: Vec<(String, Value)>,
}

impl PropertiesArgs {
    fn change(self, title: Option<String>) -> AlbumProperties {
        AlbumProperties {
            title,
            description: self.description,
            caption: self.caption,
            category: self.category,
            location: self.location,
            notes: self.notes,
            order: self.order,
            favorite: self.favorite,
            private: self.private,
            other: self.field.into_iter().collect(),
            ..AlbumProperties::default()
        }
    }
}

/// Arguments of `album add` and `album remove`.
#[derive(Debug, Args)]
pub(crate) struct MembersArgs {
    #[command(flatten)]
    album: OneAlbum,
    #[command(flatten)]
    photos: PhotosArgs,
}

/// Arguments of `photomove photoprism album fill`.
#[derive(Debug, Args)]
pub(crate) struct FillArgs {
    #[command(flatten)]
    album: OneAlbum,
    /// Ids of the albums whose photos are put into it
    #[arg(value_name = "FROM", required = true)]
    from: Vec<String>,
}

/// Arguments of `photomove photoprism album link`.
#[derive(Debug, Args)]
pub(crate) struct LinkArgs {
    #[command(flatten)]
    album: OneAlbum,
    /// Id of the link to change (`s…`), with all of what it shall have; a new one if not given
    #[arg(long, value_name = "LINK")]
    change: Option<String>,
    /// Days until it ends; never if not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    days: Option<u32>,
    /// How often it may be opened; any number of times if not given
    #[arg(long, value_name = "N")]
    views: Option<u64>,
    /// Last part of its address
    #[arg(long, value_name = "TEXT")]
    slug: Option<String>,
    /// Ask for a password that visitors have to give
    #[arg(long)]
    password: bool,
}

/// Arguments of `photomove photoprism album unlink`.
#[derive(Debug, Args)]
pub(crate) struct UnlinkArgs {
    #[command(flatten)]
    album: OneAlbum,
    /// Id of the link (`s…`)
    #[arg(value_name = "LINK")]
    link: String,
}

/// Does it and shows the album as it is then.
pub(super) async fn run(prism: &Prism<'_>, verb: AlbumVerb) -> Result<Exit> {
    let (client, printer) = (&prism.client, &prism.app.printer);
    match verb {
        AlbumVerb::Show(one) => show(prism, &one.album).await?,
        AlbumVerb::Create(args) => {
            let change = args.properties.change(Some(args.title));
            let album = client.create_distinct_album(&unique(prism), &change).await?;
            shown::album(printer, &album);
        }
        AlbumVerb::Edit(args) => {
            let change = args.properties.change(args.title);
            if change == AlbumProperties::default() {
                return Err(Error::new(ErrorKind::Config, "nothing is to be changed")
                    .hint("name what: `--title`, `--description` and so on"));
            }
            let album = client
                .update_album(&args.album.album, &change)
                .await
                .map_err(no_album)?;
            shown::album(printer, &album);
        }
        AlbumVerb::Delete(several) => delete(prism, &several.albums).await?,
        AlbumVerb::Like(one) => {
            client.like_album(&one.album).await.map_err(no_album)?;
            show(prism, &one.album).await?;
        }
        AlbumVerb::Unlike(one) => {
            client.unlike_album(&one.album).await.map_err(no_album)?;
            show(prism, &one.album).await?;
        }
        AlbumVerb::Add(args) => members(prism, &args, true).await?,
        AlbumVerb::Remove(args) => members(prism, &args, false).await?,
        AlbumVerb::Fill(args) => {
            let change = client
                .clone_albums(&args.album.album, &args.from)
                .await
                .map_err(no_album)?;
            changed(prism, &change.album, "put into it", change.added.len());
        }
        AlbumVerb::Links(one) => {
            for link in client.links(&one.album).await.map_err(no_album)? {
                tell_link(prism, &link);
            }
        }
        AlbumVerb::Link(args) => link(prism, args).await?,
        AlbumVerb::Unlink(args) => {
            client.delete_link(&args.album.album, &args.link).await?;
            printer.text(&format!("link taken back: {}", text::clean(&args.link)));
        }
    }
    Ok(Exit::Done)
}

/// A title that no album has, and that stays as it is: the server takes a title like another one's for the same album.
fn unique(prism: &Prism<'_>) -> String {
    let now = prism.app.clock.now().as_nanosecond();
    format!("photomove {now:x} {:x}", prism.app.random.next_u64())
}

async fn show(prism: &Prism<'_>, album: &str) -> Result<()> {
    let album = prism.client.album(album).await.map_err(no_album)?;
    shown::album(&prism.app.printer, &album);
    for (what, words) in [
        ("description", &album.description),
        ("caption", &album.caption),
        ("category", &album.category),
        ("location", &album.location),
        ("notes", &album.notes),
        ("order", &album.order),
        ("filter", &album.filter),
    ] {
        if !words.is_empty() {
            prism.app.printer.text(&format!("  {what:12} {}", text::clean(words)));
        }
    }
    Ok(())
}

async fn delete(prism: &Prism<'_>, albums: &[String]) -> Result<()> {
    let what = format!(
        "delete {}; the photos stay",
        text::counted(albums.len() as u64, "album")
    );
    prism.agreed(&what).await?;
    match albums {
        [one] => {
            prism.client.delete_album(one).await.map_err(no_album)?;
        }
        several => {
            prism.client.delete_albums(several).await.map_err(no_album)?;
        }
    }
    let printer = &prism.app.printer;
    printer.object(&json!({ "type": "photoprism_done", "what": "albums deleted", "count": albums.len() }));
    printer.text(&format!("deleted: {}", text::counted(albums.len() as u64, "album")));
    Ok(())
}

async fn members(prism: &Prism<'_>, args: &MembersArgs, add: bool) -> Result<()> {
    let album = &args.album.album;
    // The server says yes to photos that it does not have when they are taken out, and to albums' ids.
    let uids = prism.uids(&args.photos.photos).await?;
    let mut changed_photos = 0;
    let mut last = Album::default();
    for batch in uids.chunks(BATCH) {
        let change = match add {
            true => prism.client.add_to_album(album, batch).await,
            false => prism.client.remove_from_album(album, batch).await,
        };
        let change = change.map_err(no_album)?;
        if add && let Some(missing) = batch.iter().find(|uid| !change.photos.contains(uid)) {
            return Err(Error::new(
                ErrorKind::NotFound,
                "the server has no such photo; the others are in the album",
            )
            .context("photo", missing));
        }
        changed_photos += change.added.len() + change.removed.len();
        last = change.album;
    }
    changed(
        prism,
        &last,
        if add { "put into it" } else { "taken out" },
        changed_photos,
    );
    Ok(())
}

fn changed(prism: &Prism<'_>, album: &Album, what: &str, photos: usize) {
    shown::album(&prism.app.printer, album);
    prism
        .app
        .printer
        .text(&format!("  {what}: {}", text::counted(photos as u64, "photo")));
}

async fn link(prism: &Prism<'_>, args: LinkArgs) -> Result<()> {
    let password = match args.password {
        true if prism.app.person.is_there() => Some(prism.app.person.secret("Password of the link").await?),
        true => {
            return Err(
                Error::new(ErrorKind::Config, "nobody can be asked for the link's password")
                    .hint("run the command on a terminal, or leave `--password` out"),
            );
        }
        false => None,
    };
    let properties = ShareLinkProperties {
        expires: args.days.map_or(0, |days| i64::from(days) * 24 * 60 * 60),
        max_views: args.views.unwrap_or(0),
        slug: args.slug,
        password,
        token: None,
    };
    let album = &args.album.album;
    let made = match &args.change {
        Some(link) => prism.client.update_link(album, link, &properties).await?,
        None => prism.client.create_link(album, &properties).await.map_err(no_album)?,
    };
    tell_link(prism, &made);
    Ok(())
}

fn tell_link(prism: &Prism<'_>, link: &ShareLink) {
    let address = prism.client.site().join(&link.path()).map(|url| url.to_string());
    let ends = (link.expires > 0).then(|| {
        let lasts = jiff::SignedDuration::from_secs(link.expires);
        link.modified_at.and_then(|at: Timestamp| at.checked_add(lasts).ok())
    });
    let ends = ends.flatten();
    let printer = &prism.app.printer;
    printer.object(&json!({
        "type": "album_link", "id": link.uid, "address": address.as_ref().ok(), "ends": ends, "views": link.views,
        "max_views": link.max_views, "password": link.verify_password,
    }));
    let mut words = format!(
        "{}  {}",
        text::clean(&link.uid),
        text::clean(address.as_deref().unwrap_or_default())
    );
    if let Some(ends) = ends {
        words.push_str(&format!(" · until {}", ends.strftime("%F %H:%M UTC")));
    }
    words.push_str(&format!(" · opened {} times", text::count(link.views)));
    if link.max_views > 0 {
        words.push_str(&format!(" of {}", text::count(link.max_views)));
    }
    if link.verify_password {
        words.push_str(" · with a password");
    }
    printer.text(&words);
}

pub(super) fn no_album(error: Error) -> Error {
    match error.kind() {
        ErrorKind::NotFound => error.hint_instead("`photomove photoprism albums` lists albums with their ids"),
        _ => error,
    }
}
