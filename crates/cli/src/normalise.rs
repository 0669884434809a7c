//! Short forms: `photomove FROM TO`, `photomove amazon@work usage`.
//!
//! The arguments are parsed; what clap hands back as "external" is rewritten by one rule and parsed again:
//!
//! 1. at the top, an endpoint whose next non-option word is a verb of its kind → `KIND --endpoint WORD`;
//! 2. any other endpoint, at the top or inside a provider's noun → `migrate` is inserted at position 1;
//! 3. an unknown argument → 2 is tried, else the first error is shown.
//!
//! A word that is neither a command nor an endpoint is refused with suggestions from both lists.

use std::ffi::{OsStr, OsString};

use clap::error::ErrorKind as ClapKind;
use clap::{CommandFactory, Parser};
use photomove_core::Error;

#[cfg(any(feature = "amazon", feature = "google"))]
use crate::args::Verb;
use crate::args::{Cli, Command};
use crate::endpoint::{self, Endpoint, Kind};

/// Why arguments cannot be used.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// What clap says; also help and version, which are no errors.
    Clap(Box<clap::Error>),
    /// A word that nothing knows.
    Word(Error),
}

impl From<clap::Error> for Refusal {
    fn from(error: clap::Error) -> Self {
        Self::Clap(Box::new(error))
    }
}

/// Parses the arguments, the program's name first, after spelling out short forms.
pub(crate) fn parse(argv: &[OsString]) -> Result<Cli, Refusal> {
    let spelled_out = normalise(argv)?;
    let mut cli = Cli::try_parse_from(&spelled_out)?;
    cli.global.words = argv.iter().skip(1).cloned().collect();
    match external(&cli.command) {
        // One pass spells everything out; what is left over has no meaning.
        Some((_, words)) => Err(unknown_word(None, &words[0])),
        None => Ok(cli),
    }
}

/// Spells short forms out.
fn normalise(argv: &[OsString]) -> Result<Vec<OsString>, Refusal> {
    let cli = match Cli::try_parse_from(argv) {
        Ok(cli) => cli,
        Err(error) if error.kind() == ClapKind::UnknownArgument => {
            let longer = with_migrate(argv);
            return match Cli::try_parse_from(&longer) {
                Ok(_) => Ok(longer),
                Err(_) => Err(error.into()),
            };
        }
        Err(error) => return Err(error.into()),
    };
    let Some((noun, words)) = external(&cli.command) else {
        return Ok(argv.to_vec());
    };
    let first = words[0].to_string_lossy();
    if !Endpoint::is_shaped(&first) {
        return Err(unknown_word(noun, &words[0]));
    }
    if noun.is_none()
        && let Some(kind) = Endpoint::kind_of(&first)
        && next_word(&words[1..]).is_some_and(|word| verbs(kind).iter().any(|verb| OsStr::new(verb) == word))
    {
        return Ok(with_noun(argv, words.len(), kind));
    }
    Ok(with_migrate(argv))
}

/// Returns the words that no command knows, at least one, and the noun that they follow.
fn external(command: &Command) -> Option<(Option<Kind>, &[OsString])> {
    match command {
        Command::External(words) => Some((None, words)),
        #[cfg(feature = "amazon")]
        Command::Amazon(noun) => external_verb(&noun.verb).map(|words| (Some(Kind::Amazon), words)),
        #[cfg(feature = "google")]
        Command::Google(noun) => external_verb(&noun.verb).map(|words| (Some(Kind::Google), words)),
        #[cfg(feature = "photoprism")]
        Command::PhotoPrism(noun) => noun.external().map(|words| (Some(Kind::PhotoPrism), words)),
        _ => None,
    }
}

#[cfg(any(feature = "amazon", feature = "google"))]
fn external_verb(verb: &Verb) -> Option<&[OsString]> {
    match verb {
        Verb::External(words) => Some(words),
        Verb::Usage => None,
    }
}

fn next_word(words: &[OsString]) -> Option<&OsStr> {
    words
        .iter()
        .map(OsString::as_os_str)
        .find(|word| !word.as_encoded_bytes().starts_with(b"-"))
}

/// Rule 2.
fn with_migrate(argv: &[OsString]) -> Vec<OsString> {
    let mut longer = argv.to_vec();
    longer.insert(1.min(longer.len()), "migrate".into());
    longer
}

/// Rule 1: the last `count` arguments begin with the endpoint.
fn with_noun(argv: &[OsString], count: usize, kind: Kind) -> Vec<OsString> {
    let at = argv.len() - count;
    let mut longer = argv[..at].to_vec();
    longer.extend([OsString::from(kind.word()), "--endpoint".into()]);
    longer.extend_from_slice(&argv[at..]);
    longer
}

fn unknown_word(noun: Option<Kind>, word: &OsStr) -> Refusal {
    let commands = match noun {
        Some(kind) => verbs(kind),
        None => sub_commands(&Cli::command()),
    };
    let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
    Refusal::Word(endpoint::unknown(&word.to_string_lossy(), &commands))
}

/// Returns a kind's own commands.
fn verbs(kind: Kind) -> Vec<String> {
    Cli::command()
        .find_subcommand(kind.word())
        .map(sub_commands)
        .unwrap_or_default()
}

fn sub_commands(command: &clap::Command) -> Vec<String> {
    let visible = command
        .get_subcommands()
        .filter(|sub| !sub.is_hide_set() && sub.get_name() != "help");
    // Providers are suggested from their own list.
    visible
        .map(|sub| sub.get_name().to_owned())
        .filter(|name| Kind::of_word(name).is_none())
        .collect()
}

#[cfg(test)]
#[cfg(all(feature = "amazon", feature = "google", feature = "photoprism"))]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        std::iter::once("photomove")
            .chain(line.split_whitespace())
            .map(OsString::from)
            .collect()
    }

    fn spelled(line: &str) -> String {
        let argv = normalise(&words(line)).unwrap_or_else(|refusal| panic!("{line}: {refusal:?}"));
        argv[1..]
            .iter()
            .map(|word| word.to_string_lossy())
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn the_examples_of_the_design_are_spelled_out() {
        for (typed, meant) in [
            ("amazon google", "migrate amazon google"),
            ("amazon usage", "amazon usage"),
            ("amazon --json google", "migrate amazon --json google"),
            ("--dry-run amazon google", "migrate --dry-run amazon google"),
            ("--config amazon amazon google", "migrate --config amazon amazon google"),
            ("amazon@work usage", "amazon --endpoint amazon@work usage"),
            (
                "google@alice:picker photoprism:https://h:8443/base",
                "migrate google@alice:picker photoprism:https://h:8443/base",
            ),
            ("folder:usage google", "migrate folder:usage google"),
        ] {
            assert_eq!(spelled(typed), meant, "{typed}");
        }
    }

    #[test]
    fn options_may_stand_anywhere() {
        for (typed, meant) in [
            ("--json amazon google", "migrate --json amazon google"),
            ("amazon google --yes", "migrate amazon google --yes"),
            ("amazon --dry-run google", "migrate amazon --dry-run google"),
            ("-vv amazon@anna google", "migrate -vv amazon@anna google"),
            ("--json amazon@work usage", "--json amazon --endpoint amazon@work usage"),
            ("amazon@work --json usage", "amazon --endpoint amazon@work --json usage"),
            ("migrate amazon google", "migrate amazon google"),
            ("./photos google", "migrate ./photos google"),
        ] {
            assert_eq!(spelled(typed), meant, "{typed}");
        }
    }

    #[test]
    fn what_is_spelled_out_parses() {
        let cli = parse(&words("--json amazon@anna google --yes")).unwrap();
        assert!(cli.global.json && cli.global.yes);
        assert!(matches!(&cli.command, Command::Migrate(args) if args.from == "amazon@anna" && args.to == "google"));
        let cli = parse(&words("amazon@work usage --json")).unwrap();
        assert!(cli.global.json);
        assert!(matches!(&cli.command, Command::Amazon(noun) if noun.endpoint.as_deref() == Some("amazon@work")));
    }

    #[test]
    fn no_verb_is_also_a_kind() {
        for kind in Kind::ALL {
            let verbs = verbs(kind);
            assert!(!verbs.is_empty());
            for verb in verbs {
                assert!(!Endpoint::is_shaped(&verb), "{verb}");
            }
        }
        for command in sub_commands(&Cli::command()) {
            assert!(!Endpoint::is_shaped(&command), "{command}");
        }
    }

    fn refusal(line: &str) -> String {
        match parse(&words(line)) {
            Err(Refusal::Word(error)) => format!("{line} -> {error} | {}", error.hint_text().unwrap_or("-")),
            Err(Refusal::Clap(error)) => format!(
                "{line} -> clap: {}",
                error.to_string().lines().next().unwrap_or_default()
            ),
            Ok(cli) => panic!("{line}: {cli:?}"),
        }
    }

    #[test]
    fn misspelled_flags_and_commands_are_answered_with_the_right_ones() {
        for (typed, meant) in [
            ("amazon google --dryrun", "'--dry-run'"),
            ("amazon google --json --yess", "'--yes'"),
            ("migrate amazon google --spoolmax 1GB", "'--spool-max'"),
            ("amazon google --logfile x", "'--log-file'"),
            ("auth lgoin amazon", "'login'"),
            ("doctor --ofline", "'--offline'"),
            ("completions bsh", "'bash'"),
        ] {
            match parse(&words(typed)) {
                Err(Refusal::Clap(error)) => {
                    let text = error.to_string();
                    assert!(text.contains(meant) && text.contains("tip: "), "{typed}: {text}");
                }
                other => panic!("{typed}: {other:?}"),
            }
        }
        for (typed, meant) in [
            ("doctr", "`doctor`"),
            ("complitions", "`completions`"),
            ("gogle", "`google`"),
        ] {
            assert!(
                refusal(typed).contains(&format!("did you mean {meant}?")),
                "{}",
                refusal(typed)
            );
        }
    }

    #[test]
    fn bad_words_get_suggestions_from_both_lists() {
        let lines = [
            "amazon usgae",
            "amazon gogle",
            "amazn google",
            "stauts",
            "xyzzy",
            "amazon xyzzy",
            "amazon",
            "google",
            "--bogus amazon google",
            "amazon google extra",
            "amazon google --bogus",
        ];
        insta::assert_snapshot!(lines.map(refusal).join("\n"), @r"
        amazon usgae -> unknown command or provider `usgae` | did you mean `usage`?
        amazon gogle -> unknown command or provider `gogle` | did you mean `google`?
        amazn google -> unknown command or provider `amazn` | did you mean `amazon`?
        stauts -> unknown command or provider `stauts` | did you mean `status`?
        xyzzy -> unknown command or provider `xyzzy` | known providers: `amazon`, `google`, `photoprism`; known commands here: `migrate`, `plan`, `apply`, `status`, `report`, `retry`, `verify`, `auth`, `doctor`, `demo`, `sim`, `completions`
        amazon xyzzy -> unknown command or provider `xyzzy` | known providers: `amazon`, `google`, `photoprism`; known commands here: `usage`
        amazon -> clap: Commands of Amazon Photos; `photomove amazon TO` moves from it
        google -> clap: Commands of Google Photos
        --bogus amazon google -> clap: error: unexpected argument '--bogus' found
        amazon google extra -> clap: error: unexpected argument 'extra' found
        amazon google --bogus -> clap: error: unexpected argument '--bogus' found
        ");
    }
}
