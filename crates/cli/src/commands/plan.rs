//! `photomove plan`: counts what would be moved.

use clap::Args;
use photomove_core::Result;

use super::migrate::{self, How};
use crate::app::App;
use crate::endpoint;
use crate::exit::Exit;

/// Arguments of `photomove plan`.
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// Where from, such as `amazon`
    #[arg(value_name = "FROM")]
    from: String,
    /// Where to, such as `google`
    #[arg(value_name = "TO")]
    to: String,
}

/// Lists the source and prints the plan.
pub(crate) async fn run(app: &App, args: PlanArgs) -> Result<Exit> {
    let (from, to) = endpoint::parse_pair(&args.from, &args.to)?;
    let settings = app.settings(None)?;
    migrate::plan_only(app, &settings, &from, &to, &How::default()).await
}
