//! Questions: asked on a terminal only. Where nobody is there, `--yes` answers, or the command says what is missing.

use std::io::{self, IsTerminal};

use async_trait::async_trait;
use dialoguer::console::Term;
use photomove_core::{Answer, AuthProblem, Error, ErrorKind, Interaction, Prompt, Result};
use secrecy::SecretString;
use url::Url;

use crate::print::Printer;

/// The person in front of the terminal, if there is one.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    there: bool,
    yes: bool,
    browser: bool,
    printer: Printer,
}

impl Person {
    /// Looks for a person: both what they type and what they read must be a terminal.
    pub(crate) fn of_process(yes: bool, printer: Printer) -> Self {
        let there = io::stdin().is_terminal() && io::stderr().is_terminal();
        Self {
            there,
            yes,
            browser: true,
            printer,
        }
    }

    /// Nobody is there.
    #[cfg(test)]
    pub(crate) fn nobody(yes: bool, printer: Printer) -> Self {
        Self {
            there: false,
            yes,
            browser: true,
            printer,
        }
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
        let question = question.to_owned();
        let _kept = Kept::now();
        // Not within the bars' lock: whatever is to be said meanwhile would wait for the answer.
        blocking(move || {
            dialoguer::Confirm::new()
                .with_prompt(question)
                .default(true)
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
        if !self.there {
            return Ok(None);
        }
        let (question, choices) = (question.to_owned(), choices.to_vec());
        let _kept = Kept::now();
        let chosen = blocking(move || {
            dialoguer::Select::new()
                .with_prompt(question)
                .items(&choices)
                .default(0)
                .interact_on_opt(&Term::stderr())
        })
        .await?;
        chosen.map(Some).ok_or_else(cancelled)
    }

    /// Asks for a hidden text of one line, however long.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`] on Ctrl-C.
    pub(crate) async fn secret(&self, prompt: &str) -> Result<SecretString> {
        let prompt = format!("{prompt}: ");
        let _kept = Kept::now();
        // Raw mode inside, so the 1,024 or 4,096 characters that a terminal's own line editing takes do not cut it.
        blocking(move || rpassword::prompt_password(prompt).map_err(dialoguer::Error::IO))
            .await
            .map(SecretString::from)
    }

    fn open(&self, url: &Url) -> bool {
        self.browser && self.there && open::that_detached(url.as_str()).is_ok()
    }
}

#[async_trait]
impl Interaction for Person {
    async fn ask(&self, prompt: Prompt) -> Result<Answer> {
        match prompt {
            Prompt::OpenUrl { url, why, .. } => {
                let opened = self.open(&url);
                let what = if opened {
                    "a browser should open with this address"
                } else {
                    "open this address in a browser"
                };
                self.printer.talk(&format!("{why}: {what}\n\n  {url}\n"));
                if self.browser {
                    return Ok(Answer::Done);
                }
                self.printer.talk(
                    "the browser may run on any machine; it will end at a page that cannot be shown:\n\
                     paste the address of that page here, then press Enter",
                );
                pasted().await
            }
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

/// A line of standard input; `Done` if there is none, for then the browser's own visit is all there is to wait for.
///
/// Read as a plain line, not hidden: a hidden read would leave the terminal without echo if the browser is faster.
async fn pasted() -> Result<Answer> {
    blocking(|| {
        let mut line = String::new();
        io::stdin().read_line(&mut line).map_err(dialoguer::Error::IO)?;
        Ok(line)
    })
    .await
    .map(|line| match line.trim() {
        "" => Answer::Done,
        text => Answer::Text(text.into()),
    })
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
