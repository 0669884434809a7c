//! Arguments: what can be typed, and nothing that does not work.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

#[cfg(all(feature = "amazon", feature = "google"))]
use crate::commands::demo;
use crate::commands::{apply, auth, completions, doctor, man, migrate, plan, report, retry, sim, status, verify};
use crate::exit::Exit;

/// Moves a whole photo library from one service to another, and proves that it did.
///
/// `photomove FROM TO` is short for `photomove migrate FROM TO`. FROM and TO are a provider (`amazon`, `google`,
/// `photoprism`), one of several accounts of it (`amazon@anna`), or a server (`photoprism:https://photos.example`).
#[derive(Debug, Parser)]
#[command(
    name = "photomove",
    version,
    max_term_width = 100,
    override_usage = USAGE,
    after_help = EXAMPLES,
    after_long_help = ending()
)]
pub(crate) struct Cli {
    /// Options that every command takes.
    #[command(flatten)]
    pub(crate) global: Global,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What is typed.
pub(crate) const USAGE: &str = "photomove [OPTIONS] FROM TO\n       photomove [OPTIONS] <COMMAND>";

const EXAMPLES: &str = "\
Try it without any account:
  photomove demo

Move everything from Amazon Photos to Google Photos:
  photomove auth login amazon
  photomove auth setup google
  photomove amazon google";

/// What stands below the long help.
fn ending() -> String {
    let codes: Vec<String> = Exit::ALL
        .iter()
        .map(|exit| format!("  {:>3}  {}", exit.code(), exit.meaning()))
        .collect();
    format!(
        "{EXAMPLES}\n\n\
         Settings: an option beats an environment variable (`PHOTOMOVE_…`), which beats the settings file, which beats the \
         default.\n\n\
         When something is wrong: `photomove doctor` looks for it, and `--log-file FILE` writes down what happened.\n\n\
         Exit codes:\n{}",
        codes.join("\n")
    )
}

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
    /// Write everything that may help to find a fault to this file, without secrets [env: PHOTOMOVE_LOG_FILE]
    #[arg(long, global = true, value_name = "FILE", help_heading = "General options")]
    pub(crate) log_file: Option<PathBuf>,
    /// All that was typed behind the program's name.
    #[arg(skip)]
    pub(crate) words: Vec<OsString>,
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
    /// Do what a plan file says, and name what has changed since
    Apply(apply::ApplyArgs),
    /// Show what has been moved so far
    Status(status::StatusArgs),
    /// Say what became of every file, and what to do about those that are not proven; write lists that prove the rest
    Report(report::ReportArgs),
    /// Try again what failed, and nothing else
    Retry(retry::RetryArgs),
    /// Look again at what the destination holds; nothing is written there, and the source is not needed
    Verify(verify::VerifyArgs),
    /// Sign in, sign out, and show who is signed in
    Auth(auth::AuthArgs),
    /// Look for what is wrong: settings, sign-ins, journal, network; the result is fit for a bug report
    Doctor(doctor::DoctorArgs),
    #[cfg(all(feature = "amazon", feature = "google"))]
    /// Move a generated library between stand-ins of the services: no account, no network
    Demo(demo::DemoArgs),
    /// Start stand-ins of the services on this machine, for tests
    Sim(sim::SimArgs),
    /// Print what makes a shell complete commands and options
    Completions(completions::CompletionsArgs),
    /// Write the manual pages
    #[command(hide = true)]
    Man(man::ManArgs),
    /// Commands of Amazon Photos; `photomove amazon TO` moves from it
    #[cfg(feature = "amazon")]
    Amazon(Noun),
    /// Commands of Google Photos
    #[cfg(feature = "google")]
    Google(Noun),
    /// Commands of a PhotoPrism server: look for photos, albums and labels, change them, upload and download
    #[cfg(feature = "photoprism")]
    #[command(name = "photoprism")]
    PhotoPrism(crate::commands::photoprism::PhotoPrismNoun),
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
    #[cfg(all(feature = "amazon", feature = "google", feature = "photoprism"))]
    fn help_fits_in_eighty_columns_of_meaning() {
        insta::assert_snapshot!("help", Cli::command().term_width(80).render_help());
    }
}
