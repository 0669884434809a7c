//! `ENDPOINT = KIND[@ACCOUNT][:TARGET]`: what FROM and TO may be.

mod address;

use std::fmt;

use photomove_core::{Error, ErrorKind, Result};
use url::Url;

use crate::text;

pub(crate) use self::address::{server, shown};

/// A provider that this program knows by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// Amazon Photos.
    Amazon,
    /// Google Photos.
    Google,
    /// A PhotoPrism server of one's own.
    PhotoPrism,
}

/// Words that the grammar reserves for providers that this version does not have.
const RESERVED: [&str; 2] = ["folder", "takeout"];

impl Kind {
    /// All kinds.
    pub(crate) const ALL: [Self; 3] = [Self::Amazon, Self::Google, Self::PhotoPrism];

    /// Returns the word that people type.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Amazon => "amazon",
            Self::Google => "google",
            Self::PhotoPrism => "photoprism",
        }
    }

    /// Returns the name that people know.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Amazon => "Amazon Photos",
            Self::Google => "Google Photos",
            Self::PhotoPrism => "PhotoPrism",
        }
    }

    /// Returns the option by which people say how much is free there, where the service does not.
    pub(crate) fn free_option(self) -> Option<&'static str> {
        match self {
            Self::Amazon | Self::PhotoPrism => None,
            Self::Google => Some("--google-free"),
        }
    }

    /// Says whether this version can read from it.
    pub(crate) fn is_source(self) -> bool {
        matches!(self, Self::Amazon | Self::PhotoPrism)
    }

    /// Says whether this version can write to it.
    pub(crate) fn is_target(self) -> bool {
        matches!(self, Self::Google | Self::PhotoPrism)
    }

    /// Says whether there is one service of it for everybody; else each account has a server of its own.
    pub(crate) fn has_one_service(self) -> bool {
        self != Self::PhotoPrism
    }

    /// Returns the kind of a word.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// One side of a migration, or the account of a provider's own command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// Which provider.
    pub(crate) kind: Kind,
    /// Which of its accounts; `None` = the only one.
    pub(crate) account: Option<String>,
    /// Address of the server, where each account may have one of its own; `None` = that of the sign-in.
    pub(crate) server: Option<Url>,
}

impl Endpoint {
    /// The only account of a provider.
    pub(crate) fn of(kind: Kind) -> Self {
        Self {
            kind,
            account: None,
            server: None,
        }
    }

    /// One of several accounts of a provider.
    pub(crate) fn named(kind: Kind, account: impl Into<String>) -> Self {
        Self {
            account: Some(account.into()),
            ..Self::of(kind)
        }
    }

    /// The same one, as another account.
    pub(crate) fn with_account(&self, account: Option<String>) -> Self {
        Self {
            account,
            ..self.clone()
        }
    }

    /// Reads an endpoint.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] with a hint if it names no provider of this version, or holds what it must not.
    pub(crate) fn parse(word: &str) -> Result<Self> {
        let (kind, account, target) = split(word);
        let kind = Kind::of_word(kind).ok_or_else(|| unknown(word, &[]))?;
        let server = match target {
            Some(target) if kind.has_one_service() => return Err(refused_target(kind, target)),
            Some(target) => Some(server(target)?),
            None => None,
        };
        if account == Some("") {
            return Err(
                Error::new(ErrorKind::Config, format!("no account after `@` in `{word}`")).hint(format!(
                    "write `{}@NAME`, or `{}` alone",
                    kind.word(),
                    kind.word()
                )),
            );
        }
        Ok(Self {
            kind,
            account: account.map(str::to_owned),
            server,
        })
    }

    /// Says whether a word has the form of an endpoint, even of a provider that this version lacks.
    pub(crate) fn is_shaped(word: &str) -> bool {
        let kind = split(word).0;
        Kind::of_word(kind).is_some() || RESERVED.contains(&kind) || is_folder(word)
    }

    /// Returns the kind that a word begins with, whatever follows.
    pub(crate) fn kind_of(word: &str) -> Option<Kind> {
        Kind::of_word(split(word).0)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.word())?;
        if let Some(account) = &self.account {
            write!(f, "@{account}")?;
        }
        match &self.server {
            Some(server) => write!(f, ":{}", shown(server)),
            None => Ok(()),
        }
    }
}

/// Reads FROM and TO.
///
/// # Errors
/// [`ErrorKind::Config`] if one of them is not an endpoint, both are the same, or the direction is not possible.
pub(crate) fn parse_pair(from: &str, to: &str) -> Result<(Endpoint, Endpoint)> {
    let (from, to) = (Endpoint::parse(from)?, Endpoint::parse(to)?);
    if from == to {
        return Err(same_account(&from, &to));
    }
    if !from.kind.is_source() {
        return Err(one_way(from.kind, "read from"));
    }
    if !to.kind.is_target() {
        return Err(one_way(to.kind, "written to"));
    }
    Ok((from, to))
}

fn one_way(kind: Kind, what: &str) -> Error {
    Error::new(
        ErrorKind::Config,
        format!("{} cannot be {what} by this version", kind.label()),
    )
    .hint(directions())
}

fn directions() -> String {
    let of = |is: fn(Kind) -> bool| {
        quoted(
            &Kind::ALL
                .into_iter()
                .filter(|kind| is(*kind))
                .map(Kind::word)
                .collect::<Vec<_>>(),
        )
    };
    format!(
        "this version moves from {} to {}",
        of(Kind::is_source),
        of(Kind::is_target)
    )
}

/// The refusal of a migration from an account to itself.
fn same_account(from: &Endpoint, to: &Endpoint) -> Error {
    Error::new(
        ErrorKind::Config,
        format!("FROM and TO are the same account: `{from}` and `{to}`"),
    )
    .hint("name two accounts, such as `photomove amazon google`")
}

/// The refusal of a word that is no endpoint; `verbs` are the other words that were possible there.
pub(crate) fn unknown(word: &str, verbs: &[&str]) -> Error {
    let kind = split(word).0;
    if is_folder(word) || RESERVED.contains(&kind) {
        let what = if is_folder(word) {
            "folders are"
        } else {
            "this provider is"
        };
        return Error::new(
            ErrorKind::Config,
            format!("{what} not among the providers of this version: `{word}`"),
        )
        .hint(format!("known providers: {}", known_words()));
    }
    let candidates = verbs.iter().copied().chain(Kind::ALL.map(Kind::word));
    let near = text::similar(kind, candidates);
    let hint = if near.is_empty() {
        let commands = match verbs {
            [] => String::new(),
            verbs => format!("; known commands here: {}", quoted(verbs)),
        };
        format!("known providers: {}{commands}", known_words())
    } else {
        format!(
            "did you mean {}?",
            near.iter()
                .map(|word| format!("`{word}`"))
                .collect::<Vec<_>>()
                .join(" or ")
        )
    };
    let what = if verbs.is_empty() {
        "provider"
    } else {
        "command or provider"
    };
    Error::new(ErrorKind::Config, format!("unknown {what} `{kind}`")).hint(hint)
}

/// KIND ends at the first `@` or `:`, ACCOUNT at the first `:`.
fn split(word: &str) -> (&str, Option<&str>, Option<&str>) {
    let (head, target) = match word.split_once(':') {
        Some((head, target)) => (head, Some(target)),
        None => (word, None),
    };
    match head.split_once('@') {
        Some((kind, account)) => (kind, Some(account), target),
        None => (head, None, target),
    }
}

fn is_folder(word: &str) -> bool {
    ["./", "../", "/", "~", ".\\", "..\\"]
        .iter()
        .any(|start| word.starts_with(start))
        || word == "."
        || word == ".."
}

fn refused_target(kind: Kind, target: &str) -> Error {
    let has_user = Url::parse(target).is_ok_and(|url| !url.username().is_empty() || url.password().is_some());
    if has_user {
        // The target itself is left out: it holds what must not be shown.
        return Error::new(
            ErrorKind::Config,
            "an endpoint's address must not hold a user name or password",
        )
        .hint(format!("sign in with `photomove auth login {}` instead", kind.word()));
    }
    Error::new(
        ErrorKind::Config,
        format!("`{}` takes no target in this version: `{target}`", kind.word()),
    )
    .hint(format!("write `{0}` or `{0}@ACCOUNT`", kind.word()))
}

fn known_words() -> String {
    quoted(&Kind::ALL.map(Kind::word))
}

fn quoted(words: &[&str]) -> String {
    words
        .iter()
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_ends_at_the_first_at_or_colon() {
        assert_eq!(split("amazon"), ("amazon", None, None));
        assert_eq!(split("google@alice:picker"), ("google", Some("alice"), Some("picker")));
        assert_eq!(
            split("photoprism:https://u@h:8443/base"),
            ("photoprism", None, Some("https://u@h:8443/base"))
        );
        assert_eq!(split("photoprism@home"), ("photoprism", Some("home"), None));
        assert_eq!(split("google@a@b"), ("google", Some("a@b"), None));
    }

    #[test]
    fn accounts_may_be_addresses() -> Result<()> {
        let endpoint = Endpoint::parse("google@anna@example.org")?;
        assert_eq!(endpoint.account.as_deref(), Some("anna@example.org"));
        assert_eq!(endpoint.to_string(), "google@anna@example.org");
        Ok(())
    }

    #[test]
    fn shapes_cover_reserved_providers_and_folders() {
        for word in [
            "amazon",
            "google@a:b",
            "photoprism:https://h",
            "folder:./x",
            "takeout:./t-*.zip",
            "./x",
            "../x",
            "/x",
            "~/x",
        ] {
            assert!(Endpoint::is_shaped(word), "{word}");
        }
        for word in ["usage", "amazn", "x/y", "", "demo"] {
            assert!(!Endpoint::is_shaped(word), "{word}");
        }
    }

    fn refusal(word: &str) -> String {
        let error = Endpoint::parse(word).unwrap_err();
        format!("{error} | {}", error.hint_text().unwrap_or("-"))
    }

    #[test]
    fn refusals_say_what_and_what_next() {
        insta::assert_snapshot!(
            [
                "amazn", "xyzzy", "photoprism:nowhere", "photoprism:https://me:hush@h/", "./out", "takeout:./t.zip",
                "google:picker", "google@", "google:https://me:pw@h/",
            ].map(refusal).join("\n"),
            @r"
        unknown provider `amazn` | did you mean `amazon`?
        unknown provider `xyzzy` | known providers: `amazon`, `google`, `photoprism`
        the address of the server must begin with `https://` | write it as the browser shows it, such as `https://photos.example` or `https://photos.example:8443/base`
        an endpoint's address must not hold a user name or password | sign in with `photomove auth login photoprism` instead
        folders are not among the providers of this version: `./out` | known providers: `amazon`, `google`, `photoprism`
        this provider is not among the providers of this version: `takeout:./t.zip` | known providers: `amazon`, `google`, `photoprism`
        `google` takes no target in this version: `picker` | write `google` or `google@ACCOUNT`
        no account after `@` in `google@` | write `google@NAME`, or `google` alone
        an endpoint's address must not hold a user name or password | sign in with `photomove auth login google` instead
        "
        );
    }

    #[test]
    fn a_server_may_be_named_by_its_address() -> Result<()> {
        for (word, account, shown) in [
            ("photoprism", None, "photoprism"),
            ("photoprism@home", Some("home"), "photoprism@home"),
            (
                "photoprism:https://h:8443/base/",
                None,
                "photoprism:https://h:8443/base",
            ),
            ("photoprism@a:https://h", Some("a"), "photoprism@a:https://h"),
        ] {
            let endpoint = Endpoint::parse(word)?;
            assert_eq!(
                (endpoint.account.as_deref(), endpoint.to_string().as_str()),
                (account, shown)
            );
        }
        assert!(parse_pair("photoprism:https://h", "photoprism:https://h/").is_err());
        assert!(parse_pair("photoprism@a", "photoprism@b").is_ok());
        Ok(())
    }

    #[test]
    fn an_account_is_not_moved_to_itself() {
        let error = parse_pair("google@a", "google@a").unwrap_err();
        assert_eq!(
            error.to_string(),
            "FROM and TO are the same account: `google@a` and `google@a`"
        );
        assert!(parse_pair("amazon@a", "google@a").is_ok());
    }

    #[test]
    fn impossible_directions_are_refused_before_anybody_signs_in() {
        let error = |from, to| parse_pair(from, to).unwrap_err().to_string();
        assert_eq!(
            error("google", "amazon"),
            "Google Photos cannot be read from by this version"
        );
        assert_eq!(
            error("amazon@a", "amazon@b"),
            "Amazon Photos cannot be written to by this version"
        );
    }
}
