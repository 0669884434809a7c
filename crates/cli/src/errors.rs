//! How errors look: one line that says what and where, its causes, the place in a file, and a hint on its own line.

use std::error::Error as StdError;
use std::fmt;

use dialoguer::console::style;
use miette::{Diagnostic, LabeledSpan, ReportHandler, SourceCode};
use photomove_core::Error;
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::settings::FileMistake;
use crate::text::{printable, printable_lines};

pub(crate) use self::hints::next_step;

mod hints;

/// An error as people see it.
#[derive(Debug)]
pub(crate) struct Shown<'e> {
    error: &'e Error,
    mistake: Option<&'e FileMistake>,
}

impl<'e> Shown<'e> {
    /// Prepares an error for people.
    pub(crate) fn new(error: &'e Error) -> Self {
        let mistake = StdError::source(error).and_then(|source| source.downcast_ref::<FileMistake>());
        Self { error, mistake }
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl StdError for Shown<'_> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        // The place in a file is shown as a picture, not as a cause.
        self.error.source().filter(|_| self.mistake.is_none())
    }
}

impl Diagnostic for Shown<'_> {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(next_step(self.error)))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.mistake.map(|mistake| &mistake.text as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.mistake?.span.clone();
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(None, span))))
    }
}

/// Renders in the form of the style guide: `error:`, `because:`, the line of the file, `hint:`.
pub(crate) struct Handler;

impl ReportHandler for Handler {
    fn debug(&self, diagnostic: &dyn Diagnostic, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names of files and a service's own words may hold what would steer the terminal.
        let what = printable_lines(&diagnostic.to_string());
        writeln!(f, "{} {what}", style("error:").for_stderr().red().bold())?;
        if let Some(cause) = root_cause(diagnostic) {
            writeln!(f, "  because: {}", printable_lines(&cause))?;
        }
        frame(diagnostic, f)?;
        if let Some(hint) = diagnostic.help() {
            let hint = printable_lines(&hint.to_string());
            writeln!(f, "{} {hint}", style("hint:").for_stderr().cyan().bold())?;
        }
        Ok(())
    }
}

/// The innermost cause, unless the message says it already. Those between are the words of libraries about themselves.
fn root_cause(diagnostic: &dyn Diagnostic) -> Option<String> {
    let mut cause = diagnostic.source()?;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let text = one_line(&cause.to_string());
    let words = text.split(" (os error").next().unwrap_or_default().to_lowercase();
    (!diagnostic.to_string().to_lowercase().contains(&words)).then_some(text)
}

/// The line of the file with the mistake underlined.
fn frame(diagnostic: &dyn Diagnostic, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (Some(source), Some(label)) = (
        diagnostic.source_code(),
        diagnostic.labels().and_then(|mut labels| labels.next()),
    ) else {
        return Ok(());
    };
    // From the start of the file to the line after the mistake.
    let Ok(contents) = source.read_span(&(0, label.offset() + label.len()).into(), 0, 1) else {
        return Ok(());
    };
    let text = String::from_utf8_lossy(contents.data());
    let Some((above, from)) = text.split_at_checked(label.offset()) else {
        return Ok(());
    };
    let start = above.rfind('\n').map_or(0, |end| end + 1);
    let line = printable(text[start..].lines().next().unwrap_or_default());
    let before = above[start..].chars().count();
    let width = from.chars().take(label.len()).take_while(|c| *c != '\n').count().max(1);
    let number = (above.matches('\n').count() + 1).to_string();
    writeln!(f, "  {number} | {line}")?;
    writeln!(
        f,
        "  {:1$} | {2:3$}{4}",
        "",
        number.len(),
        "",
        before,
        style("^".repeat(width)).for_stderr().red()
    )
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Renders an error for standard error, with its line breaks.
pub(crate) fn render(error: &Error) -> String {
    struct Rendered<'e>(Shown<'e>);
    impl fmt::Display for Rendered<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            Handler.debug(&self.0, f)
        }
    }
    Rendered(Shown::new(error)).to_string()
}

/// Renders an error as the object of `--json`.
pub(crate) fn object(error: &Error) -> Value {
    let details: serde_json::Map<String, Value> = error
        .details()
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str())))
        .collect();
    json!({
        "type": "error",
        "message": error.message(),
        "provider": error.provider_name(),
        "operation": error.operation_name().map(|operation| operation.to_string()),
        "details": details,
        "hint": next_step(error),
        "exit_code": Exit::of_error(error).code(),
    })
}

#[cfg(test)]
mod tests {
    use photomove_core::{ErrorKind, Operation};

    use super::*;

    #[derive(Debug)]
    struct Because(&'static str, Option<Box<Because>>);

    impl fmt::Display for Because {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl StdError for Because {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            self.1.as_deref().map(|cause| cause as _)
        }
    }

    #[test]
    fn an_error_has_its_innermost_cause_and_a_hint() {
        let cause = Because(
            "error sending request",
            Some(Box::new(Because("connection\nrefused", None))),
        );
        let error = Error::new(ErrorKind::Network, "nothing answers")
            .provider("google")
            .operation(Operation::Connect)
            .context("address", "http://127.0.0.1:1")
            .hint("check that the service runs")
            .source(cause);
        insta::assert_snapshot!(render(&error), @r"
        error: google: could not connect: nothing answers (address http://127.0.0.1:1)
          because: connection refused
        hint: check that the service runs
        ");
    }

    #[test]
    fn what_would_steer_the_terminal_is_shown_as_a_mark() {
        let error = Error::new(ErrorKind::Config, "cannot read a\u{1b}]0;b\u{7}.json\nsecond line")
            .hint("not \u{202e}gpj.exe")
            .source(Because("\u{9b}2J", None));
        assert_eq!(
            render(&error),
            "error: cannot read a\u{fffd}]0;b\u{fffd}.json\nsecond line\n  because: \u{fffd}2J\nhint: not \u{fffd}gpj.exe\n"
        );
    }

    #[test]
    fn a_cause_that_the_message_tells_is_not_repeated() {
        let cause = Because(
            "wrapped",
            Some(Box::new(Because("Connection refused (os error 111)", None))),
        );
        let error = Error::new(ErrorKind::Network, "nothing answers at x (connection refused)").source(cause);
        assert!(
            render(&error).starts_with("error: nothing answers at x (connection refused)\nhint: "),
            "{}",
            render(&error)
        );
    }

    #[test]
    fn a_mistake_in_a_file_is_underlined() {
        let text = "a = 1\nbad = true\n";
        let mistake = FileMistake {
            path: "config.toml".to_owned(),
            text: text.to_owned(),
            span: 6..9,
        };
        let error = Error::new(ErrorKind::Config, "settings file config.toml: unknown field `bad`").source(mistake);
        insta::assert_snapshot!(render(&error), @r"
        error: settings file config.toml: unknown field `bad`
          2 | bad = true
            | ^^^
        hint: check the options and the settings: `photomove doctor` shows what is in force
        ");
    }

    #[test]
    fn json_has_the_same_facts() {
        let error = Error::new(ErrorKind::NotFound, "gone")
            .context("status", 404)
            .hint("look again");
        insta::assert_snapshot!(object(&error), @r#"{"details":{"status":"404"},"exit_code":1,"hint":"look again","message":"gone","operation":null,"provider":null,"type":"error"}"#);
    }
}
