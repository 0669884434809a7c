//! The walk with a person at a terminal.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use photomove_core::{CredentialKey, CredentialStore, Error, ErrorKind, Result};
use photomove_google::ClientSecret;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::download::{folders, newest, typed_path};
use super::steps::{self, Step};
use super::{check, keep};
use crate::again;
use crate::endpoint::Kind;
use crate::errors;
use crate::providers::google::{client_key, client_text, console};
use crate::providers::{self, Accounts};
use crate::text;

/// A file that is younger was downloaded now.
const A_MOMENT: Duration = Duration::from_secs(60);

/// What a person wants after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Next,
    Back,
    OpenAgain,
    File,
    Leave,
    Unclear,
}

impl Wish {
    fn of(line: &str) -> Self {
        match line.trim().to_lowercase().as_str() {
            "" | "n" | "next" => Self::Next,
            "b" | "back" => Self::Back,
            "o" | "open" => Self::OpenAgain,
            "f" | "file" => Self::File,
            "q" | "quit" => Self::Leave,
            _ => Self::Unclear,
        }
    }
}

/// Walks from where the person is to a client that is checked and kept.
///
/// # Errors
/// [`ErrorKind::Cancelled`] if they leave; the place is kept.
pub(crate) async fn walk(accounts: &Accounts<'_>, name: &str, no_browser: bool) -> Result<()> {
    let steps = steps::all(&console(&accounts.settings.google));
    let walk = Walk {
        accounts,
        name,
        no_browser,
        steps,
    };
    let Some(mut at) = walk.start().await? else {
        return Ok(());
    };
    loop {
        while at < walk.steps.len() {
            at = walk.step(at).await?;
            walk.remember(at).await?;
        }
        if walk.file().await? {
            break;
        }
        at = walk.steps.len() - 1;
    }
    accounts.store.remove(&walk.place()).await?;
    Ok(())
}

struct Walk<'a> {
    accounts: &'a Accounts<'a>,
    name: &'a str,
    no_browser: bool,
    steps: Vec<Step>,
}

impl Walk<'_> {
    /// Asks where the person is; `None` if there is nothing left to do.
    async fn start(&self) -> Result<Option<usize>> {
        let person = &self.accounts.app.person;
        if let Some(project) = self.kept_project().await? {
            let choices = [
                "use it",
                "take the file of another one",
                "make another one, from the first step",
            ];
            let question = format!("An OAuth client of the Google project {project} is kept already. Choose");
            return Ok(match person.choose(&question, &choices.map(str::to_owned)).await? {
                Some(1) => Some(self.steps.len()),
                Some(2) => Some(0),
                _ => None,
            });
        }
        let mut choices: Vec<String> = self
            .steps
            .iter()
            .enumerate()
            .map(|(at, step)| format!("{}. {}", at + 1, step.title))
            .collect();
        choices.push(format!("{}. give photomove the downloaded file", choices.len() + 1));
        let place = self.remembered().await?.min(self.steps.len());
        self.say(
            "Google lets no program into a photo library that is not registered. So you make\n\
             a project and a client of your own: free, once, about ten minutes.\n",
        );
        let question = match place {
            0 => "Where shall we begin? If you are new here, with the first step",
            _ => "Where are you? Last time you got to the marked step",
        };
        let chosen = person.choose_from(question, &choices, place).await?;
        Ok(Some(chosen.unwrap_or(place)))
    }

    /// Shows a step and returns the one that comes next.
    async fn step(&self, at: usize) -> Result<usize> {
        let step = &self.steps[at];
        let person = &self.accounts.app.person;
        self.say(&format!("\n{}", step.whole(at + 1, self.steps.len())));
        if !self.no_browser && person.opens(&step.address) {
            self.say("The page should open in your browser.\n");
        }
        loop {
            let line = person.line("Enter: done · o: open the page · b: back · f: I have the file · q: leave >");
            match Wish::of(&line.await?) {
                Wish::Next => return Ok(at + 1),
                Wish::Back => return Ok(at.saturating_sub(1)),
                Wish::File => return Ok(self.steps.len()),
                Wish::Leave => return Err(self.left(at).await?),
                Wish::OpenAgain if person.opens(&step.address) => {}
                Wish::OpenAgain => self.say(&format!("no browser can be opened here: {}", step.address)),
                Wish::Unclear => self.say("press Enter when the step is done, or one of the letters"),
            }
        }
    }

    /// Takes the file; `false` if the person wants to go back.
    async fn file(&self) -> Result<bool> {
        let app = self.accounts.app;
        let home = app.environment.path("HOME").or_else(|| etcetera::home_dir().ok());
        self.say("\nLast step: the downloaded file\n");
        let mut refused: Option<PathBuf> = None;
        loop {
            let found = newest(&folders(&app.environment, home.as_deref()));
            if let Some((path, written)) = found.filter(|(path, _)| Some(path) != refused.as_ref()) {
                refused = Some(path.clone());
                // Not in the question: the console's names are longer than a line, and a question is drawn over when answered.
                self.say(&format!("Found {} ({})", path.display(), age(written)));
                if app.person.confirm("Take it?").await? && self.takes(path).await? {
                    return Ok(true);
                }
            }
            self.say("Type the path of the file, or drag the file into this window.");
            let line = app
                .person
                .line("Enter: look in the Downloads folder again · b: back · q: leave >")
                .await?;
            match line.as_str() {
                "" => refused = None,
                "b" => return Ok(false),
                "q" => return Err(self.left(self.steps.len()).await?),
                line => {
                    if self.takes(typed_path(line, home.as_deref())).await? {
                        return Ok(true);
                    }
                }
            }
        }
    }

    /// Checks and keeps a file; says what is wrong with it.
    async fn takes(&self, path: PathBuf) -> Result<bool> {
        let taken = async {
            let (client, text) = client_text(&path)?;
            check(self.accounts, &client).await?;
            keep(self.accounts, self.name, &client, &text).await
        };
        match taken.await {
            Ok(()) => {
                let path = path.display();
                self.say(&format!("photomove has its own copy now; you can delete {path}\n"));
                Ok(true)
            }
            Err(error) if *error.kind() == ErrorKind::Config => {
                let error = errors::render(&error);
                self.accounts.app.printer.talk_in_columns(&format!("\n{error}"));
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    fn say(&self, words: &str) {
        self.accounts.app.printer.talk(words);
    }

    async fn kept_project(&self) -> Result<Option<String>> {
        let text = self.accounts.store.load(&client_key(self.name)).await?;
        let client = text.and_then(|text| ClientSecret::parse(text.expose_secret()).ok());
        Ok(client.map(|client| client.project().to_owned()))
    }

    fn place(&self) -> CredentialKey {
        CredentialKey::new("google-setup", self.name)
    }

    async fn remember(&self, at: usize) -> Result<()> {
        let text = json!({ "done": at }).to_string();
        self.accounts.store.save(&self.place(), &text.into()).await
    }

    async fn remembered(&self) -> Result<usize> {
        let text = self.accounts.store.load(&self.place()).await?;
        let value: Value = text
            .and_then(|text| serde_json::from_str(text.expose_secret()).ok())
            .unwrap_or_default();
        let done = value.get("done").and_then(Value::as_u64).unwrap_or(0);
        Ok(usize::try_from(done).unwrap_or(0))
    }

    async fn left(&self, at: usize) -> Result<Error> {
        self.remember(at).await?;
        let typed = providers::typed(Kind::Google, self.name);
        let command = again::command(self.accounts.app, &format!("auth setup {typed}"));
        Ok(Error::new(ErrorKind::Cancelled, "left before the end").hint(format!("go on from here with `{command}`")))
    }
}

/// `2 min old`, by the machine's own clock, as the file's time is.
#[expect(
    clippy::disallowed_methods,
    reason = "files are dated by the machine's clock, not by the run's"
)]
fn age(written: SystemTime) -> String {
    match SystemTime::now().duration_since(written) {
        Ok(age) if age >= A_MOMENT => format!("{} old", text::duration(age)),
        _ => "written just now".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_or_its_word_is_a_wish() {
        for (line, wish) in [
            ("", Wish::Next),
            (" B ", Wish::Back),
            ("open", Wish::OpenAgain),
            ("f", Wish::File),
            ("q", Wish::Leave),
            ("what?", Wish::Unclear),
        ] {
            assert_eq!(Wish::of(line), wish, "{line}");
        }
    }
}
