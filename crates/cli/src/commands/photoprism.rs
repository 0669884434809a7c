//! `photomove photoprism …`: a PhotoPrism server's own commands. Each is one thing that its client can do.

mod album;
mod albums;
mod download;
mod edit;
mod files;
mod follow;
mod labels;
mod library;
mod photos;
mod search;
mod server;
mod shown;
mod upload;
mod webdav;

use std::ffi::OsString;

use clap::{Args, Subcommand};
use photomove_core::{Error, ErrorKind, Result};
use photomove_photoprism::PhotoPrismClient;

use crate::app::App;
use crate::endpoint::{Endpoint, Kind};
use crate::exit::Exit;
use crate::providers::{Accounts, photoprism};
use crate::{again, commands};

/// PhotoPrism with its own commands.
#[derive(Debug, Args)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "\
A PHOTO is its id (`p…`), the SHA-1 of one of its files, or a file on this machine with the same bytes. An ALBUM is its id (`a…`); \
`albums` lists them. With several servers: `photomove photoprism@NAME search …` or `photomove photoprism:https://HOST search …`."
)]
pub(crate) struct PhotoPrismNoun {
    /// The endpoint as it was typed, if it was more than the provider's name.
    #[arg(long, hide = true)]
    endpoint: Option<String>,
    /// What to do there.
    #[command(subcommand)]
    verb: Verb,
}

impl PhotoPrismNoun {
    /// Returns the words that are no command of PhotoPrism.
    pub(crate) fn external(&self) -> Option<&[OsString]> {
        match &self.verb {
            Verb::External(words) => Some(words),
            _ => None,
        }
    }
}

/// What can be done there.
#[derive(Debug, Subcommand)]
enum Verb {
    /// Show whose account it is and what the library holds
    Usage,
    /// Look for photos
    Search(search::SearchArgs),
    /// Show all that the server knows of photos
    Show(photos::ShowArgs),
    /// Change what the server says about photos: title, caption, time, place, keywords
    Edit(edit::EditArgs),
    /// Make photos favourites
    Like(photos::PhotosArgs),
    /// Make photos favourites no longer
    Unlike(photos::PhotosArgs),
    /// Take photos out of review
    Approve(photos::PhotosArgs),
    /// Show photos to nobody else
    Private(photos::PrivateArgs),
    /// Move photos into the archive; they leave their albums for good
    Archive(photos::PhotosArgs),
    /// Take photos out of the archive
    Restore(photos::PhotosArgs),
    /// Delete photos with their files, archived or not; there is no way back
    Delete(photos::DeleteArgs),
    /// List labels
    Labels(labels::LabelsArgs),
    /// Give photos a label, take one away, and change labels themselves
    #[command(subcommand)]
    Label(labels::LabelVerb),
    /// Change which files make up a photo
    #[command(subcommand)]
    File(files::FileVerb),
    /// List albums
    Albums(albums::AlbumsArgs),
    /// Make, change, fill and share albums
    #[command(subcommand)]
    Album(album::AlbumVerb),
    /// Send files, and say which photos they became
    Upload(upload::UploadArgs),
    /// Fetch the original files of photos
    Download(download::DownloadArgs),
    /// Fetch a small picture of a file
    Thumbnail(download::ThumbnailArgs),
    /// Fetch photos or an album as a ZIP archive
    Zip(download::ZipArgs),
    /// Take in what lies in the server's import folder
    Import(library::ImportArgs),
    /// Look through the server's originals for new and changed files
    Index(library::IndexArgs),
    /// List folders of the server
    Folders(library::FoldersArgs),
    /// See and change the server's folders as they lie on its disk
    #[command(subcommand)]
    Webdav(webdav::DavVerb),
    /// Say what the server does, until Ctrl-C
    Watch,
    /// List people
    People(labels::PeopleArgs),
    /// Show version, features and state of the server
    Status,
    /// Show the server's settings, or change some
    Settings(server::SettingsArgs),
    /// Put back what migrations have changed in the server's settings
    RestoreSettings,
    /// Show what the server's log says of warnings and errors, such as why it did not take a file
    Log(server::LogArgs),
    /// Print the server's figures in the form of Prometheus
    Metrics,
    /// List the sign-ins of the account, app passwords among them
    Sessions,
    /// Make an app password, which needs no passcode and can be taken back alone, and print it
    AppPassword(server::AppPasswordArgs),
    /// TO of a migration; see `normalise`.
    #[command(external_subcommand)]
    External(Vec<OsString>),
}

/// What a command works with.
struct Prism<'a> {
    app: &'a App,
    client: PhotoPrismClient,
    sign_in: photoprism::PhotoPrismSignIn,
}

/// Does what is typed.
pub(crate) async fn run(app: &App, noun: PhotoPrismNoun) -> Result<Exit> {
    let typed = noun.endpoint.unwrap_or_else(|| Kind::PhotoPrism.word().to_owned());
    if matches!(noun.verb, Verb::Usage) {
        return commands::usage::run(app, &typed).await;
    }
    let endpoint = Endpoint::parse(&typed)?;
    let settings = app.settings(None)?;
    let accounts = Accounts::new(app, &settings);
    if matches!(noun.verb, Verb::RestoreSettings) {
        let restored = server::restore_settings(&accounts, &endpoint).await;
        return restored.map_err(|error| again::exact(app, &endpoint, error));
    }
    let done = async {
        let sign_in = photoprism::sign_in(&accounts, &endpoint).await?;
        let prism = Prism {
            app,
            client: photoprism::client(&accounts, &sign_in)?,
            sign_in,
        };
        Box::pin(dispatch(&prism, noun.verb)).await
    };
    done.await.map_err(|error| again::exact(app, &endpoint, error))
}

async fn dispatch(prism: &Prism<'_>, verb: Verb) -> Result<Exit> {
    match verb {
        Verb::Search(args) => search::run(prism, args).await,
        Verb::Show(args) => photos::show(prism, &args).await,
        Verb::Edit(args) => edit::run(prism, args).await,
        Verb::Like(args) => photos::like(prism, &args, true).await,
        Verb::Unlike(args) => photos::like(prism, &args, false).await,
        Verb::Approve(args) => photos::approve(prism, &args).await,
        Verb::Private(args) => photos::private(prism, &args).await,
        Verb::Archive(args) => photos::archive(prism, &args).await,
        Verb::Restore(args) => photos::restore(prism, &args).await,
        Verb::Delete(args) => photos::delete(prism, &args).await,
        Verb::Labels(args) => labels::list(prism, args).await,
        Verb::Label(verb) => labels::run(prism, verb).await,
        Verb::People(args) => labels::people(prism, args).await,
        Verb::File(verb) => files::run(prism, verb).await,
        Verb::Albums(args) => albums::run(prism, args).await,
        Verb::Album(verb) => album::run(prism, verb).await,
        Verb::Upload(args) => upload::run(prism, args).await,
        Verb::Download(args) => download::originals(prism, args).await,
        Verb::Thumbnail(args) => download::thumbnail(prism, args).await,
        Verb::Zip(args) => download::zip(prism, args).await,
        Verb::Import(args) => library::import(prism, args).await,
        Verb::Index(args) => library::index(prism, args).await,
        Verb::Folders(args) => library::folders(prism, args).await,
        Verb::Webdav(verb) => webdav::run(prism, verb).await,
        Verb::Watch => follow::watch(prism).await,
        Verb::Status => server::status(prism).await,
        Verb::Settings(args) => server::settings(prism, args).await,
        Verb::Log(args) => server::log(prism, args).await,
        Verb::Metrics => server::metrics(prism).await,
        Verb::AppPassword(args) => server::app_password(prism, args).await,
        Verb::Sessions => server::sessions(prism).await,
        // `run` and `normalise::parse` have seen to these.
        Verb::Usage | Verb::RestoreSettings | Verb::External(_) => {
            Err(Error::new(ErrorKind::Internal, "a short form was not spelled out"))
        }
    }
}
