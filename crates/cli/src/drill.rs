//! What a test may plant into a debug build from outside: the clock of a stand-in, defects, and a death.
//!
//! Release builds know neither of the two variables; they say so, so that nobody takes a run for a drill.

use photomove_core::drill::Drill;
use photomove_core::{Result, SharedClock, SystemClock};

use crate::print::Printer;
use crate::settings::Environment;

/// Address of a stand-in's control route `clock`.
const CLOCK: &str = "PHOTOMOVE_CLOCK_URL";
/// A plan for [`Drill::parse`].
const DRILL: &str = "PHOTOMOVE_DRILL";

/// Time and planned misfortune of this process.
#[derive(Debug)]
pub(crate) struct Planted {
    /// Tells the time.
    pub(crate) clock: SharedClock,
    /// Planted defects and deaths.
    pub(crate) drill: Drill,
}

impl Planted {
    /// Reads both variables.
    ///
    /// # Errors
    /// [`photomove_core::ErrorKind::Config`] if one is set and cannot be used.
    #[cfg(debug_assertions)]
    pub(crate) fn of(environment: &Environment, _printer: &Printer) -> Result<Self> {
        let clock = match environment.text(CLOCK)? {
            Some(address) => crate::service_clock::ServiceClock::follow(&address)?,
            None => SystemClock::shared(),
        };
        let drill = match environment.text(DRILL)? {
            Some(plan) => Drill::parse(&plan, die)?,
            None => Drill::none(),
        };
        Ok(Self { clock, drill })
    }

    /// Reads nothing.
    ///
    /// # Errors
    /// None; the debug build's reading has some.
    #[cfg(not(debug_assertions))]
    pub(crate) fn of(environment: &Environment, printer: &Printer) -> Result<Self> {
        for name in [CLOCK, DRILL] {
            if environment.get(name).is_some() {
                printer.talk(&format!(
                    "note: `{name}` is not used by this build; only debug builds know it"
                ));
            }
        }
        Ok(Self {
            clock: SystemClock::shared(),
            drill: Drill::none(),
        })
    }
}

/// Ends the process as a power cut would: nothing is written, closed or told any more.
#[cfg(all(debug_assertions, unix))]
fn die() {
    use rustix::process::{Signal, getpid, kill_process};
    let _ = kill_process(getpid(), Signal::KILL);
    // The signal may need a moment to arrive, in which nothing else may happen here.
    loop {
        std::thread::park();
    }
}

/// Ends the process as a power cut would: nothing is written, closed or told any more.
#[cfg(all(debug_assertions, not(unix)))]
fn die() {
    std::process::abort()
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use photomove_core::ErrorKind;
    use photomove_core::drill::Mutant;

    use super::*;

    #[test]
    fn a_planted_defect_comes_from_the_environment() {
        let (printer, _, _) = Printer::captured(false);
        let of = |plan: &str| {
            let environment = Environment::of([(DRILL.to_owned(), plan.to_owned())]);
            Planted::of(&environment, &printer)
        };
        assert!(of("mutant=stale-token").unwrap().drill.has(Mutant::StaleToken));
        assert_eq!(of("mutant=none").unwrap_err().kind(), &ErrorKind::Config);
    }
}
