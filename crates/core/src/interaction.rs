//! What a provider needs from a person. Given to constructors, not to calls.

use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;
use url::Url;

use crate::Result;

/// Asks a person.
#[async_trait]
pub trait Interaction: fmt::Debug + Send + Sync {
    /// Asks and waits for the answer.
    ///
    /// # Errors
    /// When the person cannot be reached although there is one, such as a broken terminal.
    async fn ask(&self, prompt: Prompt) -> Result<Answer>;
}

/// A question to a person.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Prompt {
    /// Open this address in a browser.
    OpenUrl {
        /// Address to open.
        url: Url,
        /// Why, in words for the person.
        why: String,
        /// When it stops making sense.
        until: Option<Timestamp>,
    },
    /// Give new credentials.
    NewCredentials {
        /// Why, in words for the person.
        why: String,
    },
    /// Say yes or no.
    Confirm {
        /// What would be done.
        what: String,
    },
}

/// What the person said.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Answer {
    /// Yes, or done.
    Done,
    /// This text, which may be a secret.
    Text(SecretString),
    /// No.
    Refused,
    /// Nobody can be asked.
    NobodyThere,
}

/// An interaction without a person.
#[derive(Debug, Clone, Copy, Default)]
pub struct NobodyThere;

#[async_trait]
impl Interaction for NobodyThere {
    async fn ask(&self, _prompt: Prompt) -> Result<Answer> {
        Ok(Answer::NobodyThere)
    }
}
