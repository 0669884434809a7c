//! `photomove apply`: does what `photomove plan --out` wrote down.

use std::path::PathBuf;

use clap::Args;
use photomove_core::Result;
use photomove_migrate::PlanFile;

use super::migrate::{self, EndingArgs, GoingArgs, How};
use crate::app::App;
use crate::endpoint;
use crate::exit::Exit;
use crate::limits::LimitArgs;
use crate::notify::Notifier;
use crate::room::RoomArgs;

/// Arguments of `photomove apply`.
#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// File that `photomove plan FROM TO --out FILE` wrote
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Only say what has changed since, and what would be moved
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    room: RoomArgs,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    ending: EndingArgs,
    #[command(flatten)]
    going: GoingArgs,
}

/// Lists the source again, names what is not as planned, and moves what is.
pub(crate) async fn run(app: &App, args: ApplyArgs) -> Result<Exit> {
    let notifier = args.going.notifier(app);
    let result = Box::pin(to_the_end(app, &args, &notifier)).await;
    migrate::notified(app, &notifier, result).await
}

async fn to_the_end(app: &App, args: &ApplyArgs, notifier: &Notifier) -> Result<(Exit, String)> {
    let plan = PlanFile::open(&args.file)?;
    let (from, to) = endpoint::parse_pair(&plan.header.from, &plan.header.to)
        .map_err(|error| error.context("plan", args.file.display()))?;
    let settings = app.settings(args.going.spool_max.as_deref())?;
    let how = How::default()
        .with_plan(&plan)
        .with_free_bytes(args.room.free_bytes(&to)?)
        .with_limits(args.limits.limits(app, &settings)?)
        .with_notifier(notifier)
        .with_ending(args.ending)
        .with_settings_restored(args.going.restore_settings);
    if args.dry_run {
        let exit = migrate::plan_only(app, &settings, &from, &to, &how, None).await?;
        return Ok((exit, "planned".to_owned()));
    }
    let how = how.with_patience(app, args.going.wait);
    migrate::moved(app, &settings, &from, &to, &how).await
}
