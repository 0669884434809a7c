//! Keys of a console of Windows. It marks no pastes: they come as keys.

use std::io;
use std::time::Duration;

use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::terminal;

use super::Key;

/// What comes later does not belong to the same paste.
const WAIT: Duration = Duration::from_millis(100);

/// Reads keys of the console.
pub(super) struct Keys(());

impl Keys {
    pub(super) fn begin() -> io::Result<Self> {
        terminal::enable_raw_mode()?;
        Ok(Self(()))
    }

    /// The next key; `None` if none comes for a while.
    pub(super) fn next(&mut self) -> io::Result<Option<Key>> {
        while event::poll(WAIT)? {
            if let Event::Key(pressed) = event::read()?
                && let Some(key) = key(pressed)
            {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }
}

/// Undoes what [`Keys::begin`] did.
pub(super) fn end() {
    // A console that has gone away needs nothing.
    let _ = terminal::disable_raw_mode();
}

fn key(pressed: KeyEvent) -> Option<Key> {
    // Keys that are let go are told, too.
    if pressed.kind == KeyEventKind::Release {
        return None;
    }
    // With Alt it is a character on some keyboards.
    let control = pressed.modifiers.contains(KeyModifiers::CONTROL) && !pressed.modifiers.contains(KeyModifiers::ALT);
    match pressed.code {
        KeyCode::Char('c') if control => Some(Key::Cancel),
        KeyCode::Char('d' | 'z') if control => Some(Key::End),
        KeyCode::Char('u') if control => Some(Key::Clear),
        KeyCode::Char('h') if control => Some(Key::Backspace),
        KeyCode::Char('j' | 'm') if control => Some(Key::Enter),
        KeyCode::Char(_) if control => None,
        KeyCode::Char(c) => Some(Key::Char(c)),
        KeyCode::Tab => Some(Key::Char('\t')),
        KeyCode::Backspace => Some(Key::Backspace),
        KeyCode::Enter => Some(Key::Enter),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_apart() {
        let of = |code, modifiers| key(KeyEvent::new(code, modifiers));
        assert_eq!(of(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Key::Cancel));
        assert_eq!(of(KeyCode::Char('c'), KeyModifiers::NONE), Some(Key::Char('c')));
        let both = KeyModifiers::CONTROL | KeyModifiers::ALT;
        assert_eq!(of(KeyCode::Char('@'), both), Some(Key::Char('@')));
        assert_eq!(of(KeyCode::Left, KeyModifiers::NONE), None);
    }
}
