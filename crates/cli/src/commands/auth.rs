//! `photomove auth`: signing in and out, and who is signed in.

mod login;
mod logout;
#[cfg(feature = "google")]
mod setup;
mod status;

pub(crate) use self::login::sign_in_now;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use photomove_core::Result;

use crate::app::App;
use crate::exit::Exit;

/// Arguments of `photomove auth`.
#[derive(Debug, Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct AuthArgs {
    /// What to do.
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    #[cfg(feature = "google")]
    /// Make what a sign-in needs, step by step: `photomove auth setup google`
    Setup(setup::SetupArgs),
    /// Sign in, and keep the sign-in in the state folder
    Login(Box<LoginArgs>),
    /// Show who is signed in, what for and how long, and whether the services still accept it
    Status,
    /// Forget a sign-in, and take it back at the service where that is possible
    Logout(LogoutArgs),
}

/// Arguments of `photomove auth login`.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Amazon Photos: without options, the steps are told and the request that you copied in the browser is taken, unseen. It, \
a `--cookies` file and standard input may be: a request (\"Copy as cURL\" or \"Copy as PowerShell\"), a `cookies.txt`, \
JSON of a browser add-on, or the text of a `Cookie:` header. Firefox can be read without copying: `--from-browser firefox`.

Google Photos: needs an OAuth client of your own; `photomove auth setup google` shows step by step how to make one. It is \
copied into the state folder, so later runs and sign-ins do not need its file.

PhotoPrism: needs the address of your server and the name and password of an administrator, an app password, or an OAuth client \
that acts for one. An app password is the best choice for long runs of an account with a second factor: no passcode is asked for.")]
pub(crate) struct LoginArgs {
    /// Provider, or one of several accounts of it: `amazon`, `google@anna`, `photoprism`, `photoprism:https://photos.example`
    #[arg(value_name = "ENDPOINT")]
    endpoint: String,
    /// Cookies from a file, `-` for standard input: a copied request, a `cookies.txt`, JSON, or a `Cookie:` header
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["from_env", "from_browser"],
        help_heading = "Amazon Photos"
    )]
    cookies: Option<PathBuf>,
    /// Cookies from the variables of the Python client: `session_id`, `ubid_main`, `at_main` and the like
    #[arg(long, help_heading = "Amazon Photos")]
    from_env: bool,
    /// Cookies from the browser's own store: `firefox`
    #[arg(long, value_name = "BROWSER", conflicts_with = "from_env", value_parser = login::browser, help_heading = "Amazon Photos")]
    from_browser: Option<String>,
    /// Which profile of the browser: its name, `NAME:CONTAINER`, or its folder
    #[arg(long, value_name = "NAME", requires = "from_browser", help_heading = "Amazon Photos")]
    browser_profile: Option<String>,
    /// Shop of the account, such as `amazon.de`, if the cookies' names do not tell
    #[arg(long, value_name = "SHOP", help_heading = "Amazon Photos")]
    marketplace: Option<String>,
    /// OAuth client, as downloaded from the Google Cloud console
    #[arg(long, value_name = "FILE", help_heading = "Google Photos")]
    client_secret: Option<PathBuf>,
    /// Sign-in of another program instead of a browser: google-auth (`authorized_user`), rclone (`rclone.conf`), yup-oauth2
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "no_browser",
        help_heading = "Google Photos"
    )]
    token: Option<PathBuf>,
    /// Let another account take the place of the earlier one without a question
    #[arg(long)]
    replace: bool,
    /// Do not open a browser: open the address on any machine and paste where it leads
    #[arg(long, help_heading = "Google Photos")]
    no_browser: bool,
    #[cfg_attr(feature = "photoprism", command(flatten))]
    #[cfg_attr(not(feature = "photoprism"), arg(skip))]
    photoprism: PhotoPrismLoginArgs,
}

/// How to sign in to a PhotoPrism server.
#[derive(Debug, Default, Args)]
pub(crate) struct PhotoPrismLoginArgs {
    /// Address of the server, as the browser shows it; asked for if not given
    #[arg(long, value_name = "URL", help_heading = "PhotoPrism")]
    url: Option<String>,
    /// Name of the user; asked for if not given
    #[arg(long, value_name = "NAME", conflicts_with_all = ["app_password", "client_id"], help_heading = "PhotoPrism")]
    user: Option<String>,
    /// Sign in by an app password instead of name and password: "Settings", "Account", "Apps and Devices"
    #[arg(long, conflicts_with = "client_id", help_heading = "PhotoPrism")]
    app_password: bool,
    /// Sign in by an OAuth client that acts for a user, made by `photoprism clients add USER`
    #[arg(long, value_name = "ID", help_heading = "PhotoPrism")]
    client_id: Option<String>,
    /// Sign in to a server that asks nobody for a password
    #[arg(long, conflicts_with_all = ["user", "app_password", "client_id"], help_heading = "PhotoPrism")]
    public: bool,
    /// Send the password by plain `http://` to another machine; for servers in a network that you trust
    #[arg(long, help_heading = "PhotoPrism")]
    plain_http: bool,
    /// Password, app password or client secret from a file, `-` for standard input; a passcode may be on its second line
    #[arg(long, value_name = "FILE", help_heading = "PhotoPrism")]
    secret_file: Option<PathBuf>,
}

/// Arguments of `photomove auth logout`.
#[derive(Debug, Args)]
pub(crate) struct LogoutArgs {
    /// Provider, or one of several accounts of it
    #[arg(value_name = "ENDPOINT")]
    endpoint: String,
    /// Forget it here only; do not ask the service to take it back
    #[arg(long)]
    local: bool,
}

/// Runs the sub-command.
pub(crate) async fn run(app: &App, args: AuthArgs) -> Result<Exit> {
    match args.action {
        Action::Login(args) => login::run(app, *args).await,
        #[cfg(feature = "google")]
        Action::Setup(args) => Box::pin(setup::run(app, args)).await,
        Action::Status => status::run(app).await,
        Action::Logout(args) => logout::run(app, &args).await,
    }
}
