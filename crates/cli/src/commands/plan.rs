//! `photomove plan`: counts what would be moved.

use std::path::PathBuf;

use clap::Args;
use photomove_core::Result;

use super::migrate::{self, How};
use crate::app::App;
use crate::endpoint;
use crate::exit::Exit;
use crate::filters::FilterArgs;
use crate::room::RoomArgs;

/// Arguments of `photomove plan`.
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// Where from, such as `amazon`
    #[arg(value_name = "FROM")]
    from: String,
    /// Where to, such as `google`
    #[arg(value_name = "TO")]
    to: String,
    #[command(flatten)]
    filters: FilterArgs,
    #[command(flatten)]
    room: RoomArgs,
    /// Write the plan to a file too; `photomove apply FILE` does exactly that
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Lists the source and prints the plan.
pub(crate) async fn run(app: &App, args: PlanArgs) -> Result<Exit> {
    let (from, to) = endpoint::parse_pair(&args.from, &args.to)?;
    let filters = args.filters.filters()?;
    let settings = app.settings(None)?;
    let how = How::of(&filters).with_free_bytes(args.room.free_bytes(&to)?);
    migrate::plan_only(app, &settings, &from, &to, &how, args.out.as_deref()).await
}
