//! Questions: asked on a terminal only. Where nobody is there, `--yes` answers, or the command says what is missing.

mod paste;
mod typed;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use async_trait::async_trait;
use dialoguer::console::Term;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use photomove_core::{Answer, AuthProblem, Error, ErrorKind, Interaction, Prompt, Result};
use secrecy::SecretString;
use url::Url;

use crate::print::Printer;
use crate::text;

pub(crate) use self::paste::IsWhole;

/// Columns that ` [y/N]` and the answer need behind a question.
const ANSWER_COLUMNS: usize = 12;

/// The person in front of the terminal, if there is one.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    there: bool,
    yes: bool,
    browser: bool,
    /// What opens pages instead of the system's browser.
    program: Option<PathBuf>,
    printer: Printer,
    /// What a person of a test answers, one after the other.
    #[cfg(test)]
    script: Option<Script>,
}

#[cfg(test)]
type Script = std::sync::Arc<std::sync::Mutex<std::collections::VecDeque<String>>>;

impl Person {
    /// Looks for a person: both what they type and what they read must be a terminal.
    pub(crate) fn of_process(yes: bool, printer: Printer) -> Self {
        let there = io::stdin().is_terminal() && io::stderr().is_terminal();
        Self {
            there,
            yes,
            browser: true,
            program: None,
            printer,
            #[cfg(test)]
            script: None,
        }
    }

    /// Nobody is there.
    #[cfg(test)]
    pub(crate) fn nobody(yes: bool, printer: Printer) -> Self {
        Self {
            there: false,
            yes,
            browser: true,
            program: None,
            printer,
            #[cfg(test)]
            script: None,
        }
    }

    /// Somebody is there who answers this: `yes` and `no` to a question, a number where there is a choice, and texts.
    #[cfg(test)]
    pub(crate) fn scripted(yes: bool, printer: Printer, answers: Vec<String>) -> Self {
        Self {
            there: true,
            script: Some(Script::new(std::sync::Mutex::new(answers.into()))),
            ..Self::nobody(yes, printer)
        }
    }

    /// The next answer of a test's person to a question, which is written down.
    #[cfg(test)]
    fn scripted_answer(&self, question: &str) -> Option<String> {
        let script = self.script.as_ref()?;
        let answer = script.lock().unwrap().pop_front();
        let answer = answer.unwrap_or_else(|| panic!("no answer was left for: {question}"));
        self.printer.talk(&format!("? {question}"));
        Some(answer)
    }

    /// Opens pages with this program, if there is one, instead of the system's browser.
    pub(crate) fn with_program(mut self, program: Option<PathBuf>) -> Self {
        self.program = program;
        self
    }

    /// Prints addresses instead of opening a browser.
    pub(crate) fn without_browser(mut self) -> Self {
        self.browser = false;
        self
    }

    /// Says whether somebody can be asked.
    pub(crate) fn is_there(&self) -> bool {
        self.there
    }

    /// Asks for a yes.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if nobody is there and there was no `--yes`; [`ErrorKind::Cancelled`] on Ctrl-C.
    pub(crate) async fn confirm(&self, question: &str) -> Result<bool> {
        self.confirm_or(question, true).await
    }

    /// Refuses to begin with what a question will end where nobody can answer it; `what` is that in a few words.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if nobody is there and there was no `--yes`.
    pub(crate) fn must_answer(&self, what: &str) -> Result<()> {
        if self.yes || self.there {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Config,
            format!("{what} needs a yes, and nobody is at a terminal to give it"),
        )
        .hint("repeat the command with `--yes`; `photomove plan FROM TO` tells beforehand what would be done"))
    }

    /// Asks for a yes; Enter alone is what `default` says.
    ///
    /// # Errors
    /// As [`Person::confirm`].
    pub(crate) async fn confirm_or(&self, question: &str, default: bool) -> Result<bool> {
        if self.yes {
            return Ok(true);
        }
        if !self.there {
            return Err(Error::new(
                ErrorKind::Config,
                format!("a question needs an answer and nobody can be asked: {question}"),
            )
            .hint("repeat the command with `--yes`"));
        }
        #[cfg(test)]
        if let Some(answer) = self.scripted_answer(question) {
            return Ok(answer == "yes");
        }
        // A question that the terminal breaks is torn within words, and drawn again below itself once it is answered.
        let lines = text::wrapped(question, 0, text::columns().saturating_sub(ANSWER_COLUMNS));
        let question = match lines.rsplit_once('\n') {
            Some((before, last)) => {
                self.printer.talk(before);
                last.to_owned()
            }
            None => lines,
        };
        let _kept = Kept::now();
        // Not within the bars' lock: whatever is to be said meanwhile would wait for the answer.
        blocking(move || {
            dialoguer::Confirm::new()
                .with_prompt(question)
                .default(default)
                .interact_on_opt(&Term::stderr())
        })
        .await
        .map(|answer| answer.unwrap_or(false))
    }

    /// Lets choose one of several; `None` if nobody is there. `--yes` chooses nothing: it is no answer to "which".
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`] on Ctrl-C and Escape.
    pub(crate) async fn choose(&self, question: &str, choices: &[String]) -> Result<Option<usize>> {
        self.choose_from(question, choices, 0).await
    }

    /// Lets choose one of several, the one at `first` unless another one is picked; `None` if nobody is there.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`] on Ctrl-C and Escape.
    pub(crate) async fn choose_from(&self, question: &str, choices: &[String], first: usize) -> Result<Option<usize>> {
        if !self.there {
            return Ok(None);
        }
        #[cfg(test)]
        if let Some(answer) = self.scripted_answer(&format!("{question} {}", choices.join(" | "))) {
            return Ok(Some(answer.parse().unwrap()));
        }
        let (question, choices) = (question.to_owned(), choices.to_vec());
        let _kept = Kept::now();
        let chosen = blocking(move || {
            dialoguer::Select::new()
                .with_prompt(question)
                .items(&choices)
                .default(first)
                .interact_on_opt(&Term::stderr())
        })
        .await?;
        chosen.map(Some).ok_or_else(cancelled)
    }

    /// Asks for a line that is shown while it is typed; empty if it is Enter alone.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`] at the end of all input.
    pub(crate) async fn line(&self, prompt: &str) -> Result<String> {
        #[cfg(test)]
        if let Some(answer) = self.scripted_answer(prompt) {
            return Ok(answer);
        }
        // Behind the bars' back: none are drawn while somebody is asked.
        let mut out = io::stderr();
        let _ = write!(out, "{prompt} ").and_then(|()| out.flush());
        typed::line().await?.ok_or_else(cancelled)
    }

    /// Opens a page in a browser, and says whether that was possible.
    pub(crate) fn opens(&self, address: &str) -> bool {
        if !self.browser {
            return false;
        }
        if let Some(program) = &self.program {
            let mut command = Command::new(program);
            command
                .arg(address)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            return command.spawn().is_ok();
        }
        #[cfg(test)]
        if self.script.is_some() {
            return true;
        }
        self.there && open::that_detached(address).is_ok()
    }

    /// Asks for a hidden text of one line, however long.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`] on Ctrl-C.
    pub(crate) async fn secret(&self, prompt: &str) -> Result<SecretString> {
        #[cfg(test)]
        if let Some(answer) = self.scripted_answer(prompt) {
            return Ok(answer.into());
        }
        let prompt = format!("{prompt}: ");
        let _kept = Kept::now();
        // Raw mode inside, so the 1,024 or 4,096 characters that a terminal's own line editing takes do not cut it.
        blocking(move || rpassword::prompt_password(prompt).map_err(dialoguer::Error::IO))
            .await
            .map(SecretString::from)
    }

    /// Takes a text that is pasted, on one line or several, without showing it. `is_whole` says whether what came so far
    /// can be all; an empty line ends it in any case.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`] on Ctrl-C.
    pub(crate) async fn paste(&self, prompt: &str, is_whole: IsWhole) -> Result<SecretString> {
        #[cfg(test)]
        if let Some(answer) = self.scripted_answer(prompt) {
            return Ok(answer.into());
        }
        let _kept = Kept::now();
        let unreadable = |error| Error::new(ErrorKind::Internal, "the terminal cannot be read").source(error);
        let mut hidden = paste::Hidden::begin().map_err(unreadable)?;
        let read = hidden.reader(prompt, is_whole);
        blocking(move || read().map_err(dialoguer::Error::IO))
            .await
            .map(SecretString::from)
    }

    /// Shows an address to be opened, and returns what was typed meanwhile.
    async fn open_page(&self, url: &Url, why: &str, until: Option<Timestamp>) -> Result<Answer> {
        let opened = self.opens(url.as_str());
        let what = if opened {
            "a browser should open with this address"
        } else {
            "open this address in a browser"
        };
        self.printer.talk(&format!("{why}: {what}\n\n  {url}\n"));
        if let Some(until) = until.filter(|_| self.there) {
            let until = until.to_zoned(TimeZone::system()).strftime("%H:%M");
            self.printer
                .talk(&format!("waiting for the browser's answer until {until}"));
        }
        // A wait that cannot be given up would take away the answer to a later question.
        let beside = self.there && typed::CAN_BE_GIVEN_UP;
        if self.browser && !beside {
            return Ok(Answer::Done);
        }
        self.printer.talk(if self.browser {
            "if the browser runs on another machine, it ends at a page that cannot be shown:\n\
             then paste the address of that page here and press Enter"
        } else {
            "the browser may run on any machine; it will end at a page that cannot be shown:\n\
             paste the address of that page here, then press Enter"
        });
        self.pasted().await
    }

    /// A line that holds an answer; `Done` if there is none, for then the browser's own visit is all there is to wait for.
    ///
    /// Read as a plain line, not hidden: a hidden read would leave the terminal without echo if the browser is faster.
    async fn pasted(&self) -> Result<Answer> {
        #[cfg(test)]
        if self.script.is_some() {
            return Ok(Answer::Done);
        }
        loop {
            let Some(line) = typed::line().await? else {
                return Ok(Answer::Done);
            };
            let holds_answer = ["code=", "error="].iter().any(|part| line.contains(part));
            if line.is_empty() && !self.there {
                return Ok(Answer::Done);
            }
            if holds_answer || !self.there {
                return Ok(Answer::Text(line.into()));
            }
            if !line.is_empty() {
                self.printer.talk(
                    "that is not the address which Google's page leads to: it begins with `http://127.0.0.1` and holds `code=`;\n\
                     still waiting",
                );
            }
        }
    }
}

#[async_trait]
impl Interaction for Person {
    async fn ask(&self, prompt: Prompt) -> Result<Answer> {
        match prompt {
            Prompt::OpenUrl { url, why, until, .. } => self.open_page(&url, &why, until).await,
            Prompt::NewCredentials { why } if self.there => self.secret(&why).await.map(Answer::Text),
            Prompt::Confirm { what } if self.there || self.yes => Ok(if self.confirm(&what).await? {
                Answer::Done
            } else {
                Answer::Refused
            }),
            _ => Ok(Answer::NobodyThere),
        }
    }
}

/// The terminal as it was before a question. Put back also where nobody waits for the answer any more: the thread that
/// asks cannot be ended, and the person's shell would find a terminal without echo.
struct Kept {
    #[cfg(unix)]
    modes: Option<rustix::termios::Termios>,
}

impl Kept {
    fn now() -> Self {
        Self {
            #[cfg(unix)]
            modes: rustix::termios::tcgetattr(io::stdin()).ok(),
        }
    }
}

/// On Windows questions change nothing but the cursor.
impl Drop for Kept {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(modes) = &self.modes {
            // A terminal that has gone away needs nothing.
            let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Now, modes);
        }
        let _ = Term::stderr().show_cursor();
    }
}

async fn blocking<T: Send + 'static>(ask: impl FnOnce() -> dialoguer::Result<T> + Send + 'static) -> Result<T> {
    let answer = tokio::task::spawn_blocking(ask).await;
    match answer {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(dialoguer::Error::IO(error))) if error.kind() == io::ErrorKind::Interrupted => Err(cancelled()),
        Ok(Err(dialoguer::Error::IO(error))) if error.kind() == io::ErrorKind::InvalidData => Err(Error::new(
            ErrorKind::Config,
            format!("what was typed cannot be taken: {error}"),
        )
        .hint("copy it again, and paste it alone")),
        Ok(Err(error)) => Err(Error::new(ErrorKind::Internal, "the terminal cannot be read").source(error)),
        Err(error) => Err(Error::new(ErrorKind::Internal, "the question was dropped").source(error)),
    }
}

fn cancelled() -> Error {
    Error::new(ErrorKind::Cancelled, "no answer was given")
}

/// The error of a provider that nobody is signed in to.
pub(crate) fn not_signed_in(provider: &'static str, endpoint: &str, how: &str) -> Error {
    Error::new(ErrorKind::Auth(AuthProblem::Missing), "nobody is signed in")
        .provider(provider)
        .hint(format!("run `photomove auth login {endpoint}{how}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn where_nobody_is_there_yes_answers() {
        let (printer, _, _) = Printer::captured(false);
        assert!(Person::nobody(true, printer.clone()).confirm("move it?").await.unwrap());
        let error = Person::nobody(false, printer.clone())
            .confirm("move it?")
            .await
            .unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Config);
        assert_eq!(error.hint_text(), Some("repeat the command with `--yes`"));
        assert_eq!(
            Person::nobody(true, printer)
                .choose("which?", &["a".to_owned()])
                .await
                .unwrap(),
            None
        );
    }

    #[tokio::test]
    async fn an_address_is_printed_where_no_browser_can_be_opened() {
        let (printer, _, talk) = Printer::captured(false);
        let prompt = Prompt::OpenUrl {
            url: "https://accounts.example/auth?state=x".parse().unwrap(),
            why: "to sign in".to_owned(),
            until: None,
        };
        let answer = Person::nobody(false, printer).ask(prompt).await.unwrap();
        assert!(matches!(answer, Answer::Done));
        insta::assert_snapshot!(talk.text(), @r"
        to sign in: open this address in a browser

          https://accounts.example/auth?state=x
        ");
    }
}
