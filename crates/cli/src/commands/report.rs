//! `photomove report`: what became of every file, for people and for programs; lists that prove it. Works while a run is
//! under way.

mod check;
mod csv;
mod html;
mod json;
mod manifest;
mod out;
mod records;
mod sums;
mod text;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use photomove_core::{Error, ErrorKind, Result};
use photomove_migrate::{JobOverview, Journal};

use crate::app::App;
use crate::exit::Exit;
use crate::jobs;
use crate::settings::Settings;

use self::out::Out;

/// Arguments of `photomove report`.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Number of the job; the one that ran last if not given
    #[arg(value_name = "JOB")]
    job: Option<i64>,
    /// Form of the report; told by the ending of `--out` if not given, else text
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Write the report to this file; `-` is standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write what was moved, with ids and hashes of both sides, one JSON object per line; the last line has the SHA-256 of
    /// all lines before it
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Write a list that `sha1sum -c` checks in a folder with a downloaded copy
    #[arg(long, value_name = "FILE")]
    sha1: Option<PathBuf>,
    /// Write a list that `md5sum -c` checks in a folder with a downloaded copy
    #[arg(long, value_name = "FILE")]
    md5: Option<PathBuf>,
    /// Say whether a manifest is as it was written; needs no journal
    #[arg(long, value_name = "FILE", conflicts_with_all = ["job", "format", "out", "manifest", "sha1", "md5"])]
    check: Option<PathBuf>,
}

/// Form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people, in a terminal
    Text,
    /// A table with a row for each file
    Csv,
    /// One object per line
    Json,
    /// One page with everything in it, for a browser
    Html,
}

/// What every form of the report is made of.
struct Subject<'a> {
    app: &'a App,
    settings: &'a Settings,
    journal: &'a Journal,
    overview: JobOverview,
}

/// Writes a report, or the lists that were asked for.
pub(crate) async fn run(app: &App, args: ReportArgs) -> Result<Exit> {
    if let Some(path) = &args.check {
        return check::run(app, path);
    }
    let format = format(&args, app.printer.is_json())?;
    let settings = app.settings(None)?;
    let Some(journal) = Journal::open_up_to_date(&settings.journal(), app.clock.clone())? else {
        return Err(jobs::missing(app, args.job, &[]));
    };
    let job = jobs::pick_job(app, &journal, args.job).await?.id;
    let overview = journal.overview(job).await?;
    let subject = Subject {
        app,
        settings: &settings,
        journal: &journal,
        overview: overview.ok_or_else(|| jobs::missing(app, Some(job.0), &[]))?,
    };
    let lists = [&args.manifest, &args.sha1, &args.md5];
    let wants_report = args.out.is_some() || args.format.is_some() || lists.iter().all(|list| list.is_none());
    if wants_report {
        write(&subject, format, args.out.as_deref()).await?;
    }
    if let Some(path) = &args.manifest {
        manifest::write(&subject, path).await?;
    }
    for (path, hash) in [(&args.sha1, sums::Hash::Sha1), (&args.md5, sums::Hash::Md5)] {
        if let Some(path) = path {
            sums::write(&subject, path, hash).await?;
        }
    }
    Ok(Exit::Done)
}

async fn write(subject: &Subject<'_>, format: Format, path: Option<&Path>) -> Result<()> {
    let mut out = Out::open(subject.app, path)?;
    match format {
        Format::Text => text::write(subject, &mut out).await?,
        Format::Csv => csv::write(subject, &mut out).await?,
        Format::Json => json::write(subject, &mut out).await?,
        Format::Html => Box::pin(html::write(subject, &mut out)).await?,
    }
    if let Some(path) = out.finish()? {
        subject.app.printer.talk(&format!("report: {}", path.display()));
    }
    Ok(())
}

/// The form that was asked for, by name or by the ending of the file.
fn format(args: &ReportArgs, json: bool) -> Result<Format> {
    if let Some(format) = args.format {
        return Ok(format);
    }
    let Some(path) = args.out.as_deref().filter(|path| *path != Path::new("-")) else {
        return Ok(if json { Format::Json } else { Format::Text });
    };
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    match ending.as_deref() {
        Some("txt" | "text" | "log") => Ok(Format::Text),
        Some("csv") => Ok(Format::Csv),
        Some("json" | "jsonl" | "ndjson") => Ok(Format::Json),
        Some("html" | "htm") => Ok(Format::Html),
        _ => Err(Error::new(
            ErrorKind::Config,
            format!("the ending of {} names no form of a report", path.display()),
        )
        .hint("let it end in `.txt`, `.csv`, `.json` or `.html`, or say `--format`")),
    }
}
