//! `photomove sim`: stand-ins of the services on this machine.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use photomove_core::{Error, ErrorKind, Result};
use photomove_sim::library::DEFAULT_SYNTHETIC_BYTES;
use photomove_sim::{Fill, ServiceKind, ServiceSpec, SimError, SimOptions, SyntheticVideos};

use crate::app::App;
use crate::exit::Exit;
use crate::text;

/// How long requests that are under way may take at the end.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(3);
const HELP: &str = "`photomove sim --help` shows how each option is written";

/// Arguments of `photomove sim`.
#[derive(Debug, Args)]
#[command(
    after_help = "Each service prints one JSON object; they run until Ctrl-C. With the lines of `--env-file` in the \
                  environment, `photomove amazon google` reaches the stand-ins:\n  photomove sim amazon google --library photos --env-file env\n  set -a; . ./env; set +a\n  photomove amazon google"
)]
pub(crate) struct SimArgs {
    /// Services to start: `amazon`, `google`, `photoprism`; `SERVICE=DIR` fills that one with the files of a folder
    ///
    /// Of PhotoPrism several servers may be started: `photoprism photoprism=DIR`. The user is `admin`, the password
    /// `photomove-test`. It is simpler than the real one: it sees no labels and faces in pictures, makes no real previews of
    /// raw files and videos, knows places from a small table, has no LDAP, OpenID, services and sync, its visitors only sign
    /// in, and its texts are in English and German.
    #[arg(required = true, value_name = "SERVICE[=DIR]")]
    services: Vec<String>,
    /// Fill the first service with the files of a folder; sub-folders become albums
    #[arg(long, value_name = "DIR", conflicts_with = "synthetic")]
    library: Option<PathBuf>,
    /// Fill the first service with N computed JPEGs of BYTES bytes each
    #[arg(long, value_name = "N[:BYTES]")]
    synthetic: Option<String>,
    /// Add N computed videos of BYTES bytes each to the first service, such as `1:12GB`; may be given more than once
    #[arg(long, value_name = "N:BYTES")]
    synthetic_videos: Vec<String>,
    /// Seed of ids, computed files and faults: same seed, same run
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Wait this many milliseconds before each answer
    #[arg(long, value_name = "MS", default_value_t = 0)]
    latency: u64,
    /// Bytes per second through each service, such as `500kB`
    #[arg(long, value_name = "BYTES")]
    bandwidth: Option<String>,
    /// Fault plan: a JSON file with a list of rules
    ///
    /// A rule names an `operation` as the counters do (or `*`), which of its requests (`nth`, `every` or `probability`, `name` for
    /// part of a file name, `times` for so many at most) and the `fault`:
    /// `[{"operation": "download", "every": 50, "fault": "truncate"}, {"operation": "*", "probability": 0.01, "fault": "status",
    /// "status": 503, "retry_after": 2}]`.
    ///
    /// Faults: status, status_after, reset_before, reset_after, stall, late, drip, truncate, short, overlong, flip_bit,
    /// swap_body, html_200, duplicate_reply, garbage_reply, expire_session, revoke_refresh, restart, intruder, cut_upload,
    /// wrong_hash_accepted, malformed_json, json_bom, encoded, wrong_content_type, deep_json, repeat_token, repeat_page,
    /// empty_page, token_expired, endless_listing, redirect, content_disposition, huge_header. The control route `faults` replaces the plan while the
    /// stand-ins run; the route `counters` tells which faults happened.
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// Change one behaviour, such as `google.upload_granularity=1048576`; a wrong name lists all; may be given more than once
    #[arg(long, value_name = "SERVICE.NAME=VALUE")]
    switch: Vec<String>,
    /// Hash uploaded files and throw them away
    #[arg(long)]
    discard: bool,
    /// Refuse what the real service refuses: other file types, truncated files
    #[arg(long)]
    strict_media: bool,
    /// First of the consecutive ports to use; any free ports if not given
    #[arg(long, value_name = "N")]
    port_base: Option<u16>,
    /// Folder for the credential files of the stand-ins; a temporary one if not given
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Open the control routes: library, counters, requests, uploads, clock, faults, sessions
    #[arg(long)]
    control: bool,
    /// Write the environment variables that lead photomove to the stand-ins
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
}

/// Starts the stand-ins and waits for the end.
pub(crate) async fn run(app: &App, args: SimArgs) -> Result<Exit> {
    let sims = photomove_sim::start(options(args)?).await.map_err(sim_error)?;
    for line in sims.lines() {
        app.printer.line(&line.to_string());
    }
    app.signals.drain.cancelled().await;
    // A client that never ends its request must not keep the program.
    tokio::select! {
        () = sims.shutdown() => {}
        () = app.signals.abort.cancelled() => {}
        () = app.clock.sleep(SHUTDOWN_GRACE) => {}
    }
    Ok(Exit::Done)
}

fn options(args: SimArgs) -> Result<SimOptions> {
    let mut options = SimOptions {
        services: args.services.iter().map(|word| service(word)).collect::<Result<_>>()?,
        seed: args.seed,
        latency: Duration::from_millis(args.latency),
        discard: args.discard,
        strict_media: args.strict_media,
        port_base: args.port_base,
        state_dir: args.state,
        control: args.control,
        env_file: args.env_file,
        ..SimOptions::default()
    };
    options.fill = match (args.library, args.synthetic) {
        (Some(dir), _) => Some(Fill::Dir(dir)),
        (None, Some(text)) => Some(synthetic(&text)?),
        (None, None) => None,
    };
    options.videos = args
        .synthetic_videos
        .iter()
        .map(|text| videos(text))
        .collect::<Result<_>>()?;
    for text in &args.switch {
        options.set_switch(text).map_err(sim_error)?;
    }
    if let Some(text) = args.bandwidth {
        let bytes = text::parse_bytes(&text).filter(|bytes| *bytes > 0);
        options.bandwidth_bytes_per_s =
            Some(bytes.ok_or_else(|| wrong("--bandwidth", &text, "a size such as `500kB`"))?);
    }
    if let Some(path) = args.faults {
        let json = std::fs::read_to_string(&path).map_err(|error| {
            Error::new(
                ErrorKind::Config,
                format!("cannot read fault plan {}: {error}", path.display()),
            )
        })?;
        options.faults = photomove_sim::parse_faults(&json).map_err(|error| sim_error(error.into()))?;
    }
    Ok(options)
}

fn service(word: &str) -> Result<ServiceSpec> {
    let (name, dir) = match word.split_once('=') {
        Some((name, dir)) => (name, Some(PathBuf::from(dir))),
        None => (word, None),
    };
    let kind = match name {
        "amazon" => ServiceKind::Amazon,
        "google" => ServiceKind::Google,
        "photoprism" => ServiceKind::PhotoPrism,
        _ => {
            return Err(Error::new(ErrorKind::Config, format!("no stand-in of `{name}`"))
                .hint("known: `amazon`, `google`, `photoprism`"));
        }
    };
    let mut spec = ServiceSpec::new(kind);
    spec.dir = dir;
    Ok(spec)
}

fn synthetic(text: &str) -> Result<Fill> {
    let (count, bytes) = match text.split_once(':') {
        Some((count, bytes)) => (count, text::parse_bytes(bytes)),
        None => (text, Some(DEFAULT_SYNTHETIC_BYTES)),
    };
    match (count.parse(), bytes) {
        (Ok(count), Some(bytes)) => Ok(Fill::Synthetic { count, bytes }),
        _ => Err(wrong("--synthetic", text, "N or N:BYTES, such as `1000:256kB`")),
    }
}

fn videos(text: &str) -> Result<SyntheticVideos> {
    let parsed = text
        .split_once(':')
        .and_then(|(count, bytes)| Some((count.parse().ok()?, text::parse_bytes(bytes)?)));
    match parsed {
        Some((count, bytes)) => Ok(SyntheticVideos { count, bytes }),
        None => Err(wrong("--synthetic-videos", text, "N:BYTES, such as `1:12GB`")),
    }
}

fn wrong(option: &str, value: &str, wanted: &str) -> Error {
    Error::new(ErrorKind::Config, format!("`{option}` is not {wanted}: `{value}`")).hint(HELP)
}

/// Turns what a stand-in says into our error.
pub(crate) fn sim_error(error: SimError) -> Error {
    let kind = match &error {
        SimError::Faults(_) | SimError::Options(_) => ErrorKind::Config,
        _ => ErrorKind::Internal,
    };
    let mut out = Error::new(kind, error.to_string());
    if matches!(error, SimError::Faults(_) | SimError::Options(_)) {
        out = out.hint(HELP);
    }
    match std::error::Error::source(&error) {
        Some(cause) => out.context("because", cause.to_string()),
        None => out,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Words {
        #[command(flatten)]
        args: SimArgs,
    }

    fn options_of(line: &str) -> Result<SimOptions> {
        let words = std::iter::once("sim").chain(line.split_whitespace());
        options(Words::try_parse_from(words).unwrap().args)
    }

    #[test]
    fn every_option_reaches_the_stand_ins() {
        let options = options_of(
            "amazon=photos google --synthetic 10:8kB --seed 7 --latency 5 --bandwidth 1MB --discard --strict-media \
             --port-base 9000 --state s --control --env-file e --synthetic-videos 1:3GB --synthetic-videos 2:5MB \
             --switch google.keep_partial_granule=true --switch amazon.session_requests=9",
        )
        .unwrap();
        assert_eq!(options.services[0].dir, Some("photos".into()));
        assert_eq!(options.services[1].kind, ServiceKind::Google);
        assert!(matches!(options.fill, Some(Fill::Synthetic { count: 10, bytes: 8000 })));
        assert_eq!((options.seed, options.latency), (7, Duration::from_millis(5)));
        assert_eq!(options.bandwidth_bytes_per_s, Some(1_000_000));
        assert!(options.discard && options.strict_media && options.control);
        assert_eq!(options.port_base, Some(9000));
        let videos = |count, bytes| SyntheticVideos { count, bytes };
        assert_eq!(options.videos, [videos(1, 3_000_000_000), videos(2, 5_000_000)]);
        assert!(options.google.keep_partial_granule);
        assert_eq!(options.amazon.session_requests, Some(9));
        assert_eq!(
            (options.state_dir, options.env_file),
            (Some("s".into()), Some("e".into()))
        );
    }

    #[test]
    fn the_help_names_every_fault() {
        let help = <Words as clap::CommandFactory>::command()
            .render_long_help()
            .to_string();
        for kind in photomove_sim::faults::fault_kinds() {
            assert!(help.contains(kind), "{kind} in {help}");
        }
    }

    #[test]
    fn wrong_words_are_named() {
        for (line, message) in [
            ("dropbox", "no stand-in of `dropbox`"),
            ("amazon --synthetic many", "`--synthetic` is not N or N:BYTES"),
            ("amazon --synthetic-videos 3GB", "`--synthetic-videos` is not N:BYTES"),
            (
                "amazon --switch amazon.stict=true",
                "no switch `stict` of amazon, known: ",
            ),
            ("amazon --bandwidth 0", "`--bandwidth` is not a size"),
            (
                "amazon --faults does/not/exist",
                "cannot read fault plan does/not/exist",
            ),
        ] {
            let error = options_of(line).unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}");
        }
    }
}
