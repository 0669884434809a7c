//! `photomove man`: the manual pages, for whoever packages photomove.

use std::path::PathBuf;

use clap::{Args, CommandFactory};
use photomove_core::{Error, ErrorKind, Operation, Result};

use crate::app::App;
use crate::args::Cli;
use crate::exit::Exit;
use crate::pages::{self, Page};

/// Arguments of `photomove man`.
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// Folder for one page of each command; without it the first page is printed
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Writes the pages.
pub(crate) fn run(app: &App, args: &ManArgs) -> Result<Exit> {
    let pages = pages::manual(Cli::command());
    let Some(folder) = &args.out else {
        app.printer.line(&String::from_utf8_lossy(&pages[0].text));
        return Ok(Exit::Done);
    };
    let failed = |path: &std::path::Path, error: std::io::Error| {
        Error::new(ErrorKind::Config, format!("cannot write {}: {error}", path.display()))
            .operation(Operation::Settings)
            .hint("name a folder that you can write to: `photomove man --out DIR`")
    };
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    for Page { name, text } in &pages {
        let path = folder.join(format!("{name}.1"));
        std::fs::write(&path, text).map_err(|error| failed(&path, error))?;
    }
    app.printer
        .talk(&format!("{} pages in {}", pages.len(), folder.display()));
    Ok(Exit::Done)
}
