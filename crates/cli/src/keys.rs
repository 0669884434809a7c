//! Single keys while a run is under way: `p` pauses, `r` goes on, `q` ends.
//!
//! Keys are read only while bars are shown, and by the rule of the bars: whoever asks a question takes them away first. The
//! terminal itself stays as it was, but for waiting for whole lines and showing what is typed, which would tear the bars:
//! Ctrl-C and Ctrl-Z work as ever, and lines end as they should. Where the program is not in the foreground the terminal is
//! not touched, and one that has gone away is let go.

#[cfg(unix)]
#[path = "keys/unix.rs"]
mod modes;
#[cfg(windows)]
#[path = "keys/windows.rs"]
mod modes;

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use photomove_migrate::StopToken;
use tokio::sync::oneshot;

use self::modes::{Modes, Place};
use crate::app::App;
use crate::print::Printer;
use crate::progress::Watcher;
use crate::signal::Signals;

/// How long a key is waited for before anything else is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// What is said once, when keys begin to work.
const HINT: &str = "keys: p pauses, r goes on, q ends the run once what is under way is finished";

/// What a key means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Pause,
    Resume,
    Quit,
}

impl Key {
    fn of(event: &Event) -> Option<Self> {
        let Event::Key(KeyEvent {
            code: KeyCode::Char(letter),
            modifiers,
            kind: KeyEventKind::Press,
            ..
        }) = event
        else {
            return None;
        };
        if !modifiers.difference(KeyModifiers::SHIFT).is_empty() {
            return None;
        }
        match letter.to_ascii_lowercase() {
            'p' => Some(Self::Pause),
            'r' => Some(Self::Resume),
            'q' => Some(Self::Quit),
            _ => None,
        }
    }
}

/// What keys act upon.
#[derive(Debug, Clone)]
struct Run {
    stop: StopToken,
    signals: Signals,
    watcher: Arc<Watcher>,
    printer: Printer,
}

impl Run {
    fn act(&self, key: Key) {
        match key {
            Key::Pause if !self.stop.is_paused() => {
                self.stop.pause();
                self.watcher.pause(true);
                self.printer
                    .talk_in_columns("paused: nothing new begins, what is under way goes on; r goes on, q ends it");
            }
            Key::Resume if self.stop.is_paused() => {
                self.stop.resume();
                self.watcher.pause(false);
                self.printer.talk("going on");
            }
            Key::Quit => {
                if let Some(words) = self.signals.quit() {
                    self.printer.talk(words);
                }
            }
            Key::Pause | Key::Resume => {}
        }
    }
}

/// The keyboard of a run, if a person sits at one.
#[derive(Debug)]
pub(crate) struct Keyboard {
    run: Option<Run>,
    modes: Arc<Modes>,
    hinted: AtomicBool,
}

impl Keyboard {
    /// Looks for a person: who types and who reads must be at a terminal, and no program reads along.
    pub(crate) fn new(app: &App, stop: StopToken, watcher: Arc<Watcher>) -> Self {
        let is_there = app.person.is_there()
            && app.printer.talks_to_terminal()
            && !app.printer.is_json()
            && std::io::stdin().is_terminal();
        let run = Run {
            stop,
            signals: app.signals.clone(),
            watcher,
            printer: app.printer.clone(),
        };
        let modes = Arc::new(Modes::default());
        if is_there {
            modes::give_back_when_suspended(Arc::clone(&modes));
        }
        Self {
            run: is_there.then_some(run),
            modes,
            hinted: AtomicBool::new(false),
        }
    }

    /// Reads keys until the returned guard ends. That there are keys is said once, where `hint` says that it fits.
    pub(crate) fn listen(&self, hint: bool) -> Listening {
        let over = Arc::new(AtomicBool::new(false));
        let Some(run) = self.run.clone() else {
            return Listening {
                over,
                ended: None,
                modes: Arc::clone(&self.modes),
            };
        };
        let hint = hint && !self.hinted.swap(true, Ordering::Relaxed);
        let (end, ended) = oneshot::channel();
        let (modes, is_over) = (Arc::clone(&self.modes), Arc::clone(&over));
        let thread = std::thread::Builder::new().name("keys".to_owned()).spawn(move || {
            read(&run, &modes, &is_over, hint);
            modes.leave();
            // Nobody waits if the run was dropped.
            let _ = end.send(());
        });
        if let Err(error) = &thread {
            tracing::debug!(%error, "keys are not read");
        }
        Listening {
            over,
            ended: thread.is_ok().then_some(ended),
            modes: Arc::clone(&self.modes),
        }
    }
}

/// Keys are read as long as this lives; the terminal is as it was once it is gone, whatever ends it.
#[derive(Debug)]
pub(crate) struct Listening {
    over: Arc<AtomicBool>,
    ended: Option<oneshot::Receiver<()>>,
    modes: Arc<Modes>,
}

impl Listening {
    /// Returns once nobody reads any more: whoever asks next gets all that is typed.
    pub(crate) async fn end(mut self) {
        self.over.store(true, Ordering::SeqCst);
        if let Some(ended) = self.ended.take() {
            // A reader that died reads no more either.
            let _ = ended.await;
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        self.modes.leave();
    }
}

/// Reads keys until the run is over or the terminal is gone.
fn read(run: &Run, modes: &Modes, over: &AtomicBool, mut hint: bool) {
    while !over.load(Ordering::SeqCst) {
        match modes.enter(over) {
            Place::Ours => {}
            Place::Background => {
                std::thread::sleep(LOOK);
                continue;
            }
            Place::Gone => return,
        }
        if std::mem::take(&mut hint) {
            run.printer.talk(HINT);
        }
        match Modes::await_input(LOOK) {
            Some(false) => continue,
            Some(true) => {}
            None => return,
        }
        // What has come need not be a whole key, and can be several: all are taken from the parser at once, for the terminal
        // does not tell of those again.
        loop {
            match event::poll(Duration::ZERO) {
                Ok(false) => break,
                Ok(true) => match event::read() {
                    Ok(event) => {
                        if let Some(key) = Key::of(&event).filter(|_| !over.load(Ordering::SeqCst)) {
                            run.act(key);
                        }
                    }
                    Err(_) => return,
                },
                Err(_) => return,
            }
            if Modes::await_input(Duration::ZERO).is_none() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use photomove_core::{ManualClock, SharedClock};

    use super::*;

    fn typed(letter: char, modifiers: KeyModifiers) -> Option<Key> {
        Key::of(&Event::Key(KeyEvent::new(KeyCode::Char(letter), modifiers)))
    }

    #[test]
    fn plain_letters_count_and_nothing_else() {
        let none = KeyModifiers::NONE;
        assert_eq!(typed('p', none), Some(Key::Pause));
        assert_eq!(typed('R', KeyModifiers::SHIFT), Some(Key::Resume));
        assert_eq!(typed('q', none), Some(Key::Quit));
        assert_eq!(typed('x', none), None);
        assert_eq!(typed('q', KeyModifiers::CONTROL), None);
        assert_eq!(typed('p', KeyModifiers::ALT), None);
        let up = KeyEvent::new_with_kind(KeyCode::Char('q'), none, KeyEventKind::Release);
        assert_eq!(Key::of(&Event::Key(up)), None);
        assert_eq!(Key::of(&Event::Key(KeyEvent::new(KeyCode::Esc, none))), None);
    }

    #[test]
    fn keys_pause_go_on_and_end_the_run_and_say_so_once() {
        let (printer, _, talk) = Printer::captured(false);
        let clock: SharedClock = Arc::new(ManualClock::new("2026-01-02T10:00:00Z".parse().unwrap()));
        let run = Run {
            stop: StopToken::new(),
            signals: Signals::default(),
            watcher: Watcher::new(printer.clone(), clock),
            printer,
        };
        for key in [Key::Resume, Key::Pause, Key::Pause] {
            run.act(key);
        }
        assert!(run.stop.is_paused());
        run.act(Key::Resume);
        assert!(!run.stop.is_paused() && !run.signals.drain.is_cancelled());
        for _ in 0..2 {
            run.act(Key::Quit);
        }
        assert!(run.signals.drain.is_cancelled() && !run.signals.abort.is_cancelled());
        insta::assert_snapshot!(talk.text(), @r"
        paused: nothing new begins, what is under way goes on; r goes on, q ends it
        going on
        stopping: what is under way is finished first; Ctrl-C again stops at once
        ");
    }
}
