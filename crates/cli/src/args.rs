//! Arguments: what can be typed, and nothing that does not work.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

#[cfg(all(feature = "amazon", feature = "google"))]
use crate::commands::demo;
use crate::commands::{auth, migrate, plan, sim, status};

/// Moves a whole photo library from one service to another, and proves that it did.
///
/// `photomove FROM TO` is short for `photomove migrate FROM TO`. FROM and TO are a provider (`amazon`, `google`), or
/// one of several accounts of it (`amazon@anna`).
#[derive(Debug, Parser)]
#[command(
    name = "photomove",
    version,
    max_term_width = 100,
    override_usage = "photomove [OPTIONS] FROM TO\n       photomove [OPTIONS] <COMMAND>",
    after_help = "Try it without any account:\n  photomove demo\n\nMove everything from Amazon Photos to Google Photos:\n  photomove auth login amazon\n  photomove auth login google --client-secret client_secret.json\n  photomove amazon google",
    after_long_help = EXIT_CODES
)]
pub(crate) struct Cli {
    /// Options that every command takes.
    #[command(flatten)]
    pub(crate) global: Global,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Try it without any account:
  photomove demo

Move everything from Amazon Photos to Google Photos:
  photomove auth login amazon
  photomove auth login google --client-secret client_secret.json
  photomove amazon google

Settings: an option beats an environment variable (`PHOTOMOVE_…`), which beats the settings file, which beats the default.

Exit codes:
    0  done (unverifiable ones are counted in the last line)
    1  error
    2  wrong arguments or settings
    3  some items failed (they are listed)
    4  sign-in needed
    5  daily quota reached; the same command goes on tomorrow
    6  destination full
    7  verification found differences
   10  journal in use by another run
  130  interrupted; the same command goes on";

/// Options that every command takes.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Global {
    /// Print one JSON object per line on standard output
    #[arg(long, global = true, help_heading = "General options")]
    pub(crate) json: bool,
    /// Say more on standard error; repeat for details (-vv, -vvv)
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "General options")]
    pub(crate) verbose: u8,
    /// Answer questions with yes
    #[arg(short, long, global = true, help_heading = "General options")]
    pub(crate) yes: bool,
    /// Folder for the journal and the sign-ins [env: PHOTOMOVE_STATE_DIR]
    #[arg(long, global = true, value_name = "DIR", help_heading = "General options")]
    pub(crate) state_dir: Option<PathBuf>,
    /// Settings file [env: PHOTOMOVE_CONFIG]
    #[arg(long, global = true, value_name = "FILE", help_heading = "General options")]
    pub(crate) config: Option<PathBuf>,
    /// Also trust the certificates of this PEM file [env: PHOTOMOVE_CA_CERT]
    #[arg(long, global = true, value_name = "FILE", help_heading = "General options")]
    pub(crate) ca_cert: Option<PathBuf>,
    /// Print without colours [env: NO_COLOR]
    #[arg(long, global = true, help_heading = "General options")]
    pub(crate) no_color: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Move everything from one account to another; the same command again goes on where it stopped
    Migrate(migrate::MigrateArgs),
    /// Count what would be moved; nothing is written at the destination
    Plan(plan::PlanArgs),
    /// Show what has been moved so far
    Status(status::StatusArgs),
    /// Sign in, sign out, and show who is signed in
    Auth(auth::AuthArgs),
    #[cfg(all(feature = "amazon", feature = "google"))]
    /// Move a generated library between stand-ins of the services: no account, no network
    Demo(demo::DemoArgs),
    /// Start stand-ins of the services on this machine, for tests
    Sim(sim::SimArgs),
    /// Commands of Amazon Photos; `photomove amazon TO` moves from it
    #[cfg(feature = "amazon")]
    Amazon(Noun),
    /// Commands of Google Photos
    #[cfg(feature = "google")]
    Google(Noun),
    /// FROM TO without `migrate`; see `normalise`.
    #[command(external_subcommand)]
    External(Vec<OsString>),
}

/// A provider with its own commands.
#[cfg(any(feature = "amazon", feature = "google"))]
#[derive(Debug, Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Noun {
    /// The endpoint as it was typed, if it was more than the provider's name.
    #[arg(long, hide = true)]
    pub(crate) endpoint: Option<String>,
    /// What to do there.
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// A provider's own commands.
#[cfg(any(feature = "amazon", feature = "google"))]
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Show whose account it is and how much storage is used
    Usage,
    /// TO of a migration; see `normalise`.
    #[command(external_subcommand)]
    External(Vec<OsString>),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_top_level_option_is_global() {
        for arg in Cli::command().get_arguments().filter(|arg| !arg.is_positional()) {
            let id = arg.get_id().as_str();
            assert!(arg.is_global_set() || ["help", "version"].contains(&id), "{id}");
        }
    }

    #[test]
    #[cfg(all(feature = "amazon", feature = "google"))]
    fn help_fits_in_eighty_columns_of_meaning() {
        insta::assert_snapshot!("help", Cli::command().term_width(80).render_help());
    }
}
