//! Ctrl-C and the system's request to end: the first one drains, a second Ctrl-C aborts.
//!
//! A terminal that goes away (SIGHUP) ends no migration: nobody asked for it, and hours of work may be under way. On
//! Windows a closed console cannot be outlived, as the system ends the program after a few seconds: there it drains.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_util::sync::CancellationToken;

/// What the person or the system has asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Signals {
    /// Cancelled by the first request: take up nothing new and finish what is under way.
    pub(crate) drain: CancellationToken,
    /// Cancelled by the second Ctrl-C: leave at once.
    pub(crate) abort: CancellationToken,
    answered: Arc<AtomicBool>,
}

/// What arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Request {
    /// A person pressed Ctrl-C.
    Interrupt,
    /// A person pressed `q`, or the system wants the program to end (SIGTERM; on Windows closing the console, logging off, shutting down).
    Terminate,
}

impl Signals {
    /// Starts to listen; lasts as long as the runtime. `say` tells the person what happens now. With
    /// `outlives_terminal` the program goes on when its terminal goes away.
    pub(crate) fn listen(outlives_terminal: bool, say: impl Fn(&str) + Send + 'static) -> Self {
        let signals = Self::default();
        let heard = signals.clone();
        tokio::spawn(async move {
            let mut stream = match Requests::open(outlives_terminal) {
                Ok(stream) => stream,
                Err(error) => {
                    tracing::warn!("cannot listen for Ctrl-C: {error}");
                    return;
                }
            };
            loop {
                if let Some(words) = heard.take(stream.next().await) {
                    say(words);
                }
            }
        });
        signals
    }

    /// Tells that the command itself answers the first request from now on, as one that has to stop something elsewhere.
    pub(crate) fn answer(&self) {
        self.answered.store(true, Ordering::SeqCst);
    }

    /// Says whether the command itself answers the first request.
    pub(crate) fn are_answered(&self) -> bool {
        self.answered.load(Ordering::SeqCst)
    }

    /// Drains, as the first Ctrl-C does, and returns what to say about it; a second time does no more.
    pub(crate) fn quit(&self) -> Option<&'static str> {
        self.take(Request::Terminate)
    }

    /// Acts on a request and returns what to say about it.
    fn take(&self, request: Request) -> Option<&'static str> {
        if !self.drain.is_cancelled() {
            self.drain.cancel();
            return Some("stopping: what is under way is finished first; Ctrl-C again stops at once");
        }
        // A supervisor may repeat its SIGTERM; only a person's second Ctrl-C means "at once".
        if request == Request::Interrupt && !self.abort.is_cancelled() {
            self.abort.cancel();
            return Some("stopped; the same command goes on from here");
        }
        None
    }
}

#[cfg(unix)]
struct Requests {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    /// Heard so that it does not end the program; nothing follows from it.
    _hangup: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Requests {
    fn open(outlives_terminal: bool) -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            _hangup: outlives_terminal.then(|| signal(SignalKind::hangup())).transpose()?,
        })
    }

    async fn next(&mut self) -> Request {
        tokio::select! {
            _ = self.interrupt.recv() => Request::Interrupt,
            _ = self.terminate.recv() => Request::Terminate,
        }
    }
}

#[cfg(windows)]
struct Requests {
    interrupt: tokio::signal::windows::CtrlC,
    stop: tokio::signal::windows::CtrlBreak,
    close: tokio::signal::windows::CtrlClose,
    logoff: tokio::signal::windows::CtrlLogoff,
    shutdown: tokio::signal::windows::CtrlShutdown,
}

#[cfg(windows)]
impl Requests {
    fn open(_outlives_terminal: bool) -> std::io::Result<Self> {
        use tokio::signal::windows;
        Ok(Self {
            interrupt: windows::ctrl_c()?,
            stop: windows::ctrl_break()?,
            close: windows::ctrl_close()?,
            logoff: windows::ctrl_logoff()?,
            shutdown: windows::ctrl_shutdown()?,
        })
    }

    async fn next(&mut self) -> Request {
        tokio::select! {
            _ = self.interrupt.recv() => Request::Interrupt,
            _ = self.stop.recv() => Request::Terminate,
            _ = self.close.recv() => Request::Terminate,
            _ = self.logoff.recv() => Request::Terminate,
            _ = self.shutdown.recv() => Request::Terminate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_request_drains_and_a_second_ctrl_c_aborts() {
        let signals = Signals::default();
        assert!(signals.take(Request::Interrupt).is_some());
        assert!(signals.drain.is_cancelled() && !signals.abort.is_cancelled());
        assert!(signals.take(Request::Interrupt).is_some());
        assert!(signals.abort.is_cancelled());
        assert_eq!(signals.take(Request::Interrupt), None);
    }

    #[test]
    fn a_repeated_request_of_the_system_keeps_draining() {
        let signals = Signals::default();
        assert!(signals.take(Request::Terminate).is_some());
        assert_eq!(signals.take(Request::Terminate), None);
        assert!(!signals.abort.is_cancelled());
        assert!(signals.take(Request::Interrupt).is_some());
        assert!(signals.abort.is_cancelled());
    }
}
