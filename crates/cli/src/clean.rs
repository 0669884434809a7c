//! Text that can be pasted into a public bug report: without the home folder's name, e-mail addresses, names of accounts and
//! what looks like a key.
//!
//! Nothing of photomove writes a secret into an error or an event to begin with. This is the second fence, for the words of
//! the system and of libraries, and for what is private without being secret.

use std::path::Path;

use url::Url;

use crate::endpoint::Kind;

/// How the values begin that services give as keys: Amazon's tokens, Google's access and refresh tokens, client secrets,
/// signed identities, upload tokens.
const KEYS: [&str; 8] = ["Atza|", "Atzr|", "Atna|", "ya29.", "1//", "GOCSPX-", "eyJ", "CAIS"];
/// A word of so many letters without a break may be a key; ids that are worth seeing are shorter.
const KEY_CHARS: usize = 40;
/// What stands in place of a key.
const HIDDEN: &str = "[hidden]";
/// What stands in place of an e-mail address.
const E_MAIL: &str = "[e-mail]";

/// Cleans texts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cleaner {
    home: Option<String>,
}

impl Cleaner {
    /// Knows the home folder of this user.
    pub(crate) fn of_user() -> Self {
        Self {
            home: etcetera::home_dir()
                .ok()
                .map(|home| home.display().to_string())
                // The root folder as a home, as in a container, is part of every path.
                .filter(|home| home.trim_end_matches(['/', '\\']).len() > 1),
        }
    }

    /// Knows the given home folder.
    #[cfg(test)]
    pub(crate) fn with_home(home: &str) -> Self {
        Self {
            home: Some(home.to_owned()),
        }
    }

    /// Returns a path with `~` for the home folder.
    pub(crate) fn path(&self, path: &Path) -> String {
        self.text(&path.display().to_string())
    }

    /// Returns a text without what is private.
    pub(crate) fn text(&self, text: &str) -> String {
        let text = match &self.home {
            Some(home) => without_home(text, home),
            None => text.to_owned(),
        };
        let mut out = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let end = rest.find(is_break).unwrap_or(rest.len());
            out.push_str(&word(&rest[..end]));
            let after = rest[end..].find(|c| !is_break(c)).map_or(rest.len(), |at| end + at);
            out.push_str(&rest[end..after]);
            rest = &rest[after..];
        }
        out
    }
}

/// Shortens the name of an account: `anna` becomes `a…`.
pub(crate) fn account(name: &str) -> String {
    if name == crate::providers::DEFAULT_ACCOUNT {
        return name.to_owned();
    }
    name.chars().next().map(|first| format!("{first}…")).unwrap_or_default()
}

fn is_break(c: char) -> bool {
    c.is_whitespace() || "\"'`()<>,;".contains(c)
}

fn without_home(text: &str, home: &str) -> String {
    let mut pieces = text.split(home);
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        // `/home/anna` is no part of `/home/annabel`.
        let ends = piece
            .chars()
            .next()
            .is_none_or(|c| !c.is_alphanumeric() && !"-_.".contains(c));
        out.push_str(if ends { "~" } else { home });
        out.push_str(piece);
    }
    out
}

fn word(word: &str) -> String {
    // Letters of ASCII only are changed, so that places stay the same.
    let small = word.to_ascii_lowercase();
    if let Some(at) = small.find("https://").or_else(|| small.find("http://"))
        && let Ok(url) = Url::parse(&word[at..])
    {
        let shown = photomove_http::redact::url(&url);
        // What has nothing to hide stays as it was written.
        let address = if shown == url.as_str() { &word[at..] } else { &shown };
        return format!("{}{address}", plain_word(&word[..at]));
    }
    plain_word(word)
}

/// A word that is no address.
fn plain_word(word: &str) -> String {
    let word = without_keys(word);
    match word.find('@') {
        Some(at) => with_short_account(&word, at),
        None => word,
    }
}

/// Hides from where a key begins to the end of the word, and long runs of letters that are no words.
fn without_keys(word: &str) -> String {
    let is_inner = |at: usize| word[..at].chars().next_back().is_some_and(char::is_alphanumeric);
    let key = KEYS
        .iter()
        .filter_map(|key| word.find(key))
        .filter(|at| !is_inner(*at) && word.len() - at >= 12)
        .min();
    if let Some(at) = key {
        return format!("{}{HIDDEN}", &word[..at]);
    }
    let mut out = String::new();
    for run in word.split_inclusive(|c: char| !is_of_key(c)) {
        let body = run.trim_end_matches(|c: char| !is_of_key(c));
        // A hash of a file is no key.
        if body.len() >= KEY_CHARS && !body.chars().all(|c| c.is_ascii_hexdigit()) {
            out.push_str(HIDDEN);
            out.push_str(&run[body.len()..]);
        } else {
            out.push_str(run);
        }
    }
    out
}

fn is_of_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+_-|=".contains(c)
}

/// `amazon@anna` keeps its service and a letter, `anna@example.org` nothing.
fn with_short_account(word: &str, at: usize) -> String {
    let is_local = |c: char| c.is_ascii_alphanumeric() || "._%+-".contains(c);
    let start = word[..at]
        .char_indices()
        .rev()
        .take_while(|(_, c)| is_local(*c) || !c.is_ascii())
        .last()
        .map_or(at, |(index, _)| index);
    let name = &word[start..at];
    let after = &word[at + 1..];
    let length = after
        .find(|c: char| !(is_local(c) || c == '@' || !c.is_ascii()))
        .unwrap_or(after.len());
    let (domain, rest) = after.split_at(length);
    let head = &word[..start];
    // The file of a sign-in: `google@anna.json`, `google-client@anna.json`.
    let kind = name.split('-').next().unwrap_or_default();
    if Kind::of_word(kind).is_some() || name == "replaced-file" {
        let (stem, ending) = match domain.strip_suffix(".json") {
            Some(stem) => (stem, ".json"),
            None => (domain, ""),
        };
        let short = match Kind::of_word(stem) {
            Some(_) => stem.to_owned(),
            None => account(stem),
        };
        return format!("{head}{name}@{short}{ending}{rest}");
    }
    if name.is_empty() || !domain.trim_end_matches('.').contains('.') {
        return word.to_owned();
    }
    format!("{head}{E_MAIL}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_private_goes_and_what_helps_stays() {
        let cleaner = Cleaner::with_home("/home/anna");
        for (text, cleaned) in [
            ("cannot read /home/anna/c.txt: gone", "cannot read ~/c.txt: gone"),
            ("in /home/anna.", "in /home/anna."),
            ("/home/annabel/x and /home/anna", "/home/annabel/x and ~"),
            (
                "signed in as Anna.B+1@example.co.uk, fine",
                "signed in as [e-mail], fine",
            ),
            ("account=anna@example.org.", "account=[e-mail]"),
            (
                "run `photomove auth login amazon@anna`",
                "run `photomove auth login amazon@a…`",
            ),
            ("google@anna@example.org", "google@a…"),
            ("credentials/google@default.json", "credentials/google@default.json"),
            (
                "credentials/google-client@ben.json",
                "credentials/google-client@b….json",
            ),
            ("at https://me:pw@a.example/b?token=s3cret", "at https://a.example/b"),
            (
                "got ya29.a0AfB_byC1234567&next=https://a.example/b",
                "got [hidden]https://a.example/b",
            ),
            ("at HTTPS://a.example/b?token=s3cret", "at https://a.example/b"),
            ("token ya29.a0AfB_byC1234567", "token [hidden]"),
            ("at-main=Atza|IwEBIHush", "at-main=[hidden]"),
            ("key 0123456789abcdefGHIJKLMNOPQRSTUVWXYZ-_0123", "key [hidden]"),
            (
                "sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709",
                "sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709",
            ),
            ("a @ b, IMG_1@2x.jpg", "a @ b, [e-mail]"),
            ("nothing to hide: 4.1 kB (50 %)", "nothing to hide: 4.1 kB (50 %)"),
        ] {
            assert_eq!(cleaner.text(text), cleaned, "{text}");
        }
    }
}
