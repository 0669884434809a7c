//! From arguments to exit code.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use photomove_core::drill::Drill;
use photomove_core::{Error, ErrorKind, Result, SharedClock, SharedRandom, SystemRandom};

use crate::args::{Cli, Command, Global};
use crate::ask::Person;
use crate::commands::{apply, auth, completions, doctor, man, migrate, plan, sim, status};
use crate::drill::Planted;
use crate::exit::Exit;
use crate::normalise::{self, Refusal};
use crate::print::Printer;
use crate::settings::{self, Environment, Settings};
use crate::signal::Signals;
use crate::{errors, log};

/// Threads that carry the requests.
const WORKERS_MAX: usize = 4;
/// Threads for what blocks: the journal's readers, files, a question to a person.
const BLOCKING_MAX: usize = 8;
/// How long a run may take to put its things away after the second Ctrl-C.
const ABORT_GRACE: Duration = Duration::from_secs(2);

/// What every command works with.
#[derive(Debug)]
pub(crate) struct App {
    /// Options that every command takes.
    pub(crate) global: Global,
    /// Environment variables.
    pub(crate) environment: Environment,
    /// Where words go.
    pub(crate) printer: Printer,
    /// Who can be asked.
    pub(crate) person: Person,
    /// Tells the time.
    pub(crate) clock: SharedClock,
    /// Gives random numbers.
    pub(crate) random: SharedRandom,
    /// Requests to stop.
    pub(crate) signals: Signals,
    /// Planted defects and deaths; none outside of tests.
    pub(crate) drill: Drill,
}

impl App {
    /// Puts options, environment and settings file together.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if they make no sense.
    pub(crate) fn settings(&self, spool_max: Option<&str>) -> Result<Settings> {
        settings::load(&self.global, &self.environment, spool_max)
    }
}

/// Runs the command line `args`, the program's name first, and returns how it ended.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let argv: Vec<OsString> = args.into_iter().collect();
    let cli = match normalise::parse(&argv) {
        Ok(cli) => cli,
        Err(refusal) => return refuse(&refusal, &argv).into(),
    };
    let environment = Environment::of_process();
    let no_color = cli.global.no_color || environment.get("NO_COLOR").is_some();
    if no_color {
        dialoguer::console::set_colors_enabled(false);
        dialoguer::console::set_colors_enabled_stderr(false);
    }
    let printer = Printer::of_process(cli.global.json);
    let rust_log = environment.get("RUST_LOG").and_then(|text| text.to_str());
    let file = match log_file(&cli.global, &environment, &argv, &printer) {
        Ok(file) => file,
        Err(error) => return tell(&error, &printer).into(),
    };
    log::start(
        cli.global.verbose,
        rust_log,
        &printer,
        printer.talks_to_terminal() && !no_color,
        file,
    );
    let result = start(cli, environment, printer.clone());
    let exit = result.unwrap_or_else(|error| tell(&error, &printer));
    tracing::debug!(target: log::SAID, "ended with exit code {}", exit.code());
    exit.into()
}

/// Opens the log file, if one was named.
fn log_file(
    global: &Global,
    environment: &Environment,
    argv: &[OsString],
    printer: &Printer,
) -> Result<Option<log::LogFile>> {
    let named = global.log_file.clone();
    let path = named.or_else(|| environment.path("PHOTOMOVE_LOG_FILE"));
    path.map(|path| log::LogFile::open(&path, argv, printer)).transpose()
}

fn start(cli: Cli, environment: Environment, printer: Printer) -> Result<Exit> {
    // Each thread costs memory of its own, in the allocator too, and the work is mostly waiting.
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores.clamp(2, WORKERS_MAX))
        .max_blocking_threads(BLOCKING_MAX)
        .enable_all()
        .build()
        .map_err(|error| Error::new(ErrorKind::Internal, format!("cannot start threads: {error}")))?;
    let result = runtime.block_on(execute(cli, environment, printer));
    // A question that nobody answers blocks its thread for ever: it must not hold the program.
    runtime.shutdown_timeout(Duration::from_millis(200));
    result
}

async fn execute(cli: Cli, environment: Environment, printer: Printer) -> Result<Exit> {
    // Before anything else: whatever happens later happens at a time of this clock.
    let planted = Planted::of(&environment, &printer)?;
    let drains = drains(&cli.command);
    let told = printer.clone();
    let signals = Signals::listen(drains, move |words| {
        if drains {
            told.talk(words);
        }
    });
    let app = App {
        person: Person::of_process(cli.global.yes, printer.clone()).with_program(environment.path("PHOTOMOVE_BROWSER")),
        global: cli.global,
        environment,
        printer,
        clock: planted.clock,
        random: SystemRandom::shared(),
        signals: signals.clone(),
        drill: planted.drill,
    };
    let ends_itself = drains || matches!(cli.command, Command::Sim(_));
    let stopped = async {
        if !ends_itself {
            signals.drain.cancelled().await;
        }
        if ends_itself || signals.are_answered() {
            signals.abort.cancelled().await;
            app.clock.sleep(ABORT_GRACE).await;
        }
    };
    tokio::select! {
        result = Box::pin(dispatch(&app, cli.command)) => result,
        () = stopped => Ok(Exit::Interrupted),
    }
}

/// Runs a command to its end.
///
/// # Errors
/// Whatever ended the command.
pub(crate) async fn dispatch(app: &App, command: Command) -> Result<Exit> {
    match command {
        Command::Migrate(args) => migrate::run(app, args).await,
        Command::Plan(args) => plan::run(app, args).await,
        Command::Apply(args) => apply::run(app, args).await,
        Command::Status(args) => status::run(app, args).await,
        Command::Report(args) => crate::commands::report::run(app, args).await,
        Command::Retry(args) => crate::commands::retry::run(app, args).await,
        Command::Verify(args) => Box::pin(crate::commands::verify::run(app, args)).await,
        Command::Auth(args) => auth::run(app, args).await,
        Command::Doctor(args) => Box::pin(doctor::run(app, &args)).await,
        Command::Completions(args) => Ok(completions::run(app, &args)),
        Command::Man(args) => man::run(app, &args),
        #[cfg(all(feature = "amazon", feature = "google"))]
        Command::Demo(args) => crate::commands::demo::run(app, args).await,
        Command::Sim(args) => sim::run(app, args).await,
        #[cfg(feature = "amazon")]
        Command::Amazon(noun) => provider(app, "amazon", noun).await,
        #[cfg(feature = "google")]
        Command::Google(noun) => provider(app, "google", noun).await,
        #[cfg(feature = "photoprism")]
        Command::PhotoPrism(noun) => Box::pin(crate::commands::photoprism::run(app, noun)).await,
        // Spelled out by `normalise::parse`, which refuses what it cannot.
        Command::External(_) => Err(Error::new(ErrorKind::Internal, "a short form was not spelled out")),
    }
}

/// Says whether a command finishes what is under way before it ends.
fn drains(command: &Command) -> bool {
    match command {
        Command::Migrate(_) => true,
        Command::Apply(_) | Command::Retry(_) | Command::Verify(_) => true,
        #[cfg(all(feature = "amazon", feature = "google"))]
        Command::Demo(_) => true,
        _ => false,
    }
}

#[cfg(any(feature = "amazon", feature = "google"))]
async fn provider(app: &App, kind: &str, noun: crate::args::Noun) -> Result<Exit> {
    use crate::args::Verb;
    let endpoint = noun.endpoint.unwrap_or_else(|| kind.to_owned());
    match noun.verb {
        Verb::Usage => crate::commands::usage::run(app, &endpoint).await,
        Verb::External(_) => Err(Error::new(ErrorKind::Internal, "a short form was not spelled out")),
    }
}

/// Prints why arguments cannot be used, or the help that was asked for.
fn refuse(refusal: &Refusal, argv: &[OsString]) -> Exit {
    match refusal {
        Refusal::Clap(error) => {
            // Help and version go to standard output, mistakes to standard error; a closed one is no matter.
            let _ = error.print();
            if error.use_stderr() { Exit::Usage } else { Exit::Done }
        }
        Refusal::Word(error) => tell(error, &Printer::of_process(argv.iter().any(|word| word == "--json"))),
    }
}

/// Prints an error and returns its exit code.
pub(crate) fn tell(error: &Error, printer: &Printer) -> Exit {
    printer.object(&errors::object(error));
    printer.talk_in_columns(&errors::render(error));
    Exit::of_error(error)
}
