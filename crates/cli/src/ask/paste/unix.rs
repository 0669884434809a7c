//! Keys of a terminal on Unix, from its bytes.
//!
//! Read by this module and not by the library that reads single keys: that one waits for an edge, and of a paste longer
//! than its buffer the rest would lie in the terminal until the next key is pressed.

use std::collections::VecDeque;
use std::io::{self, Write};

use rustix::io::{Errno, read};
use rustix::termios::{OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};

use super::{Key, MOST_BYTES};

/// Asks a terminal to mark pastes; terminals that cannot ignore it.
const MARK_PASTES: &str = "\x1b[?2004h";
const MARK_NO_PASTES: &str = "\x1b[?2004l";
const PASTE_BEGINS: &[u8] = b"\x1b[200~";
const PASTE_ENDS: &[u8] = b"\x1b[201~";
/// How long a read waits, in tenths of a second: what comes later does not belong to the same paste.
const WAIT: u8 = 1;

/// Reads keys of standard input, whose modes whoever asks has kept and puts back.
pub(super) struct Keys {
    decoder: Decoder,
}

impl Keys {
    pub(super) fn begin() -> io::Result<Self> {
        let stdin = io::stdin();
        let mut modes = tcgetattr(&stdin)?;
        modes.make_raw();
        // Returns with nothing after a while, so that nobody waits for ever for a thread that reads.
        modes.special_codes[SpecialCodeIndex::VMIN] = 0;
        modes.special_codes[SpecialCodeIndex::VTIME] = WAIT;
        // What was pasted before the question stays.
        tcsetattr(&stdin, OptionalActions::Now, &modes)?;
        say(MARK_PASTES);
        Ok(Self {
            decoder: Decoder::default(),
        })
    }

    /// The next key; `None` if none comes for a while.
    pub(super) fn next(&mut self) -> io::Result<Option<Key>> {
        if let Some(key) = self.decoder.keys.pop_front() {
            return Ok(Some(key));
        }
        let mut piece = [0; 4096];
        match read(io::stdin(), &mut piece) {
            Ok(0) => {
                // A terminal that has gone away returns nothing either, and at once.
                tcgetattr(io::stdin())?;
                self.decoder.pause();
            }
            Ok(count) => self.decoder.take(&piece[..count]),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(self.decoder.keys.pop_front())
    }
}

/// Undoes what [`Keys::begin`] did, but for the modes.
pub(super) fn end() {
    say(MARK_NO_PASTES);
}

fn say(words: &str) {
    let mut out = io::stderr();
    let _ = out.write_all(words.as_bytes()).and_then(|()| out.flush());
}

/// Makes keys of bytes.
#[derive(Default)]
struct Decoder {
    bytes: VecDeque<u8>,
    /// A paste that has begun.
    paste: Option<Vec<u8>>,
    keys: VecDeque<Key>,
}

impl Decoder {
    fn take(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
        while self.step() {}
    }

    /// Nothing comes for a while: what has begun is no key any more, but the key Escape, say.
    fn pause(&mut self) {
        if self.paste.is_none() {
            self.bytes.clear();
        }
    }

    /// Takes one key, or a part of a paste; says whether there was enough for it.
    fn step(&mut self) -> bool {
        let Some(&first) = self.bytes.front() else { return false };
        if let Some(paste) = &mut self.paste {
            paste.push(first);
            self.bytes.pop_front();
            if paste.ends_with(PASTE_ENDS) || paste.len() > MOST_BYTES + PASTE_ENDS.len() {
                let text = paste.strip_suffix(PASTE_ENDS).unwrap_or(paste);
                self.keys
                    .push_back(Key::Paste(String::from_utf8_lossy(text).into_owned()));
                self.paste = None;
            }
            return true;
        }
        match first {
            0x1b => return self.escape(),
            b'\r' | b'\n' => self.keys.push_back(Key::Enter),
            b'\t' => self.keys.push_back(Key::Char('\t')),
            0x03 => self.keys.push_back(Key::Cancel),
            0x04 => self.keys.push_back(Key::End),
            0x08 | 0x7f => self.keys.push_back(Key::Backspace),
            0x15 => self.keys.push_back(Key::Clear),
            0x00..0x20 => {}
            _ => return self.character(first),
        }
        self.bytes.pop_front();
        true
    }

    /// What begins with Escape: the beginning of a paste, or a key such as an arrow, which means nothing here.
    fn escape(&mut self) -> bool {
        let length = match self.bytes.get(1) {
            None => return false,
            Some(b'[') => match self.bytes.iter().skip(2).position(|byte| (0x40..=0x7e).contains(byte)) {
                None => return false,
                Some(last) => last + 3,
            },
            Some(b'O') if self.bytes.len() < 3 => return false,
            Some(b'O') => 3,
            Some(_) => 2,
        };
        let sequence: Vec<u8> = self.bytes.drain(..length).collect();
        if sequence == PASTE_BEGINS {
            self.paste = Some(Vec::new());
        }
        true
    }

    fn character(&mut self, first: u8) -> bool {
        let length = match first {
            0xc0..0xe0 => 2,
            0xe0..0xf0 => 3,
            0xf0..0xf8 => 4,
            _ => 1,
        };
        if self.bytes.len() < length {
            return false;
        }
        let bytes: Vec<u8> = self.bytes.drain(..length).collect();
        let text = String::from_utf8_lossy(&bytes);
        self.keys.extend(text.chars().map(Key::Char));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys of bytes that come one by one, and in one go.
    fn keys(bytes: &[u8]) -> Vec<Key> {
        let mut slow = Decoder::default();
        for byte in bytes {
            slow.take(&[*byte]);
        }
        let mut fast = Decoder::default();
        fast.take(bytes);
        assert_eq!(slow.keys, fast.keys);
        fast.keys.into()
    }

    #[test]
    fn keys_are_told_apart() {
        let expected = [
            Key::Char('a'),
            Key::Char('ä'),
            Key::Char('\t'),
            Key::Char('€'),
            Key::Enter,
            Key::Enter,
            Key::Backspace,
            Key::Clear,
            Key::End,
            Key::Cancel,
        ];
        assert_eq!(keys("aä\t€\r\n\u{7f}\u{15}\u{4}\u{3}".as_bytes()), expected);
    }

    #[test]
    fn a_marked_paste_comes_whole_with_whatever_is_in_it() {
        let pasted = format!("curl 'a' \\\r\n{}\u{3}\u{1b}[A", "x".repeat(10_000));
        let bytes = format!("\u{1b}[200~{pasted}\u{1b}[201~\r");
        assert_eq!(keys(bytes.as_bytes()), [Key::Paste(pasted), Key::Enter]);
    }

    #[test]
    fn a_paste_without_end_is_given_up() {
        let mut decoder = Decoder::default();
        decoder.take(PASTE_BEGINS);
        decoder.take(&vec![b'x'; MOST_BYTES + 10]);
        assert!(matches!(&decoder.keys[0], Key::Paste(text) if text.len() > MOST_BYTES));
    }

    #[test]
    fn other_keys_mean_nothing_and_hold_nothing_up() {
        assert_eq!(keys(b"\x1b[A\x1b[1;5C\x1bOP\x1bxb\x01"), [Key::Char('b')]);
        let mut decoder = Decoder::default();
        decoder.take(b"\x1b");
        decoder.pause();
        decoder.take(b"a");
        assert_eq!(decoder.keys, [Key::Char('a')]);
    }
}
