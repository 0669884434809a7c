//! Sign-ins that end by themselves before the work is done, and those that do not see what earlier runs did.
//!
//! A project that is in testing gives sign-ins of seven days, and a large library takes longer. Who learns that on day seven
//! has lost an evening, so it is said before anything begins.

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use photomove_core::{Error, ErrorKind, Result};
use photomove_migrate::Plan;

use super::Course;
use crate::endpoint::Endpoint;
use crate::providers::Ending;

/// Whether a run may begin that outlasts a sign-in.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct EndingArgs {
    /// Begin although the sign-in ends before the work does: the run stops then and goes on after a new sign-in
    #[arg(long)]
    pub(crate) accept_7_days: bool,
}

/// What to do about a sign-in that ends too early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// Say so.
    Tell,
    /// Refuse to begin.
    Refuse,
}

impl Course<'_> {
    /// Compares the ends of both sign-ins with the end of the work, as far as either is known.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if a sign-in surely ends first, unless it is only to be told.
    pub(in super::super) async fn check_endings(&self, plan: &Plan, strictness: Strictness) -> Result<()> {
        let Some(done_at) = plan.estimate.done_at.max(plan.estimate.last_day) else {
            return Ok(());
        };
        for endpoint in [&self.from.endpoint, &self.to.endpoint] {
            let ending = self.pause.accounts().ending(endpoint).await?;
            let Some(ending) = ending.filter(|ending| ending.at < done_at) else {
                continue;
            };
            let words = words(endpoint, &ending, done_at);
            if ending.certain && strictness == Strictness::Refuse {
                return Err(Error::new(ErrorKind::Config, words).hint(format!(
                    "{}. Or begin with `--accept-7-days`: the run stops when the sign-in ends, and goes on after a new one",
                    ending.way_out
                )));
            }
            let app = self.pause.app();
            app.printer.note(&format!("{words}\n  {}", ending.way_out));
            app.printer.talk("");
        }
        Ok(())
    }

    /// Says where a sign-in does not see what earlier runs did.
    ///
    /// # Errors
    /// When sign-ins or journal cannot be read.
    pub(in super::super) async fn tell_changes(&self) -> Result<()> {
        for endpoint in [&self.from.endpoint, &self.to.endpoint] {
            if let Some(words) = self.pause.accounts().remark(endpoint, &self.journal).await? {
                self.pause.app().printer.note(&words);
                self.pause.app().printer.talk("");
            }
        }
        Ok(())
    }

    /// Notes what later runs are to be compared with.
    pub(super) async fn note_use(&self) -> Result<()> {
        for endpoint in [&self.from.endpoint, &self.to.endpoint] {
            self.pause.accounts().note_use(endpoint, &self.journal).await?;
        }
        Ok(())
    }
}

fn words(endpoint: &Endpoint, ending: &Ending, done_at: Timestamp) -> String {
    let day = |at: Timestamp| {
        at.to_zoned(TimeZone::system())
            .strftime("%a %d %b at %H:%M")
            .to_string()
    };
    let ends = if ending.certain { "ends" } else { "may end" };
    format!(
        "the sign-in at {} {ends} on {}, and this takes until {}: {}",
        endpoint.kind.label(),
        day(ending.at),
        day(done_at),
        ending.why
    )
}
