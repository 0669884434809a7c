//! Options of every command that moves files: how it waits, whom it tells, how much lies on disk meanwhile.

use clap::Args;

use crate::app::App;
use crate::notify::Notifier;

/// How a run goes on.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct GoingArgs {
    /// Most bytes kept on disk on their way, such as `5GiB`; 10 GiB if nothing is said [env: PHOTOMOVE_SPOOL_MAX]
    #[arg(long, value_name = "SIZE")]
    pub(crate) spool_max: Option<String>,
    /// Wait for a new sign-in and for the next day's quota, also where nobody is at a terminal, then go on
    #[arg(long)]
    pub(crate) wait: bool,
    /// Put back at the end what the run changes in the destination's settings, without a question; the plan says what that is
    #[arg(long)]
    pub(crate) restore_settings: bool,
    /// Run a shell command on every pause and at the end; it finds `PHOTOMOVE_EVENT` (`paused`, `finished`, `stopped`,
    /// `failed`), `PHOTOMOVE_MESSAGE` and, at the end, `PHOTOMOVE_EXIT_CODE` in its environment
    #[arg(long, value_name = "CMD")]
    notify_command: Option<String>,
}

impl GoingArgs {
    /// Tells whoever wants to be told.
    pub(crate) fn notifier(&self, app: &App) -> Notifier {
        Notifier::new(self.notify_command.clone(), app.printer.clone(), app.signals.clone())
    }
}
