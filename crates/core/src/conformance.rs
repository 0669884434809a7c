//! What every provider is expected to do, as checks that any provider can run.
//!
//! A provider's tests implement [`SourceFixture`](source::SourceFixture) or [`SinkFixture`](sink::SinkFixture) over a
//! stand-in of its service and call [`source::all`] or [`sink::all`]. Checks that do not apply, for example those about
//! albums at a sink without albums, say so in the [`Report`]; nothing is left out in silence.
//!
//! ```
//! use std::sync::Arc;
//! use async_trait::async_trait;
//! use photomove_core::conformance::source::{self, KnownAlbum, KnownFile, SourceFixture};
//! use photomove_core::{AssetId, Locator, MemoryAlbum, MemoryItem, MemoryProvider, PhotoSource, Result};
//!
//! struct TwoPictures;
//!
//! #[async_trait]
//! impl SourceFixture for TwoPictures {
//!     async fn source(&self) -> Result<Arc<dyn PhotoSource>> {
//!         let library = MemoryProvider::new("anna").with_page_items(1);
//!         library.insert(MemoryItem::new("1", "sea.jpg", "waves"));
//!         library.insert(MemoryItem::new("2", "hill.jpg", "grass"));
//!         library.add_album(MemoryAlbum::new("a", "Summer", ["2".into()]));
//!         Ok(Arc::new(library))
//!     }
//!
//!     fn files(&self) -> Vec<KnownFile> {
//!         vec![KnownFile::new("sea.jpg", "waves"), KnownFile::new("hill.jpg", "grass")]
//!     }
//!
//!     fn albums(&self) -> Vec<KnownAlbum> {
//!         vec![KnownAlbum::new("Summer", ["hill.jpg"])]
//!     }
//!
//!     fn unknown(&self) -> (AssetId, Locator) {
//!         ("no such picture".into(), Locator(serde_json::json!({ "item": "no such picture" })))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::result::Result<(), photomove_core::conformance::Failure> {
//! let report = source::all(&TwoPictures).await?;
//! println!("{report}");
//! # Ok(())
//! # }
//! ```

use std::fmt;

use futures_util::TryStreamExt;

use crate::{Error, Media, PhotoProvider};

pub mod sink;
pub mod source;

/// What came of a check that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The provider does what it should.
    Passed,
    /// The check is about something that this provider does not claim to do.
    DoesNotApply(&'static str),
}

/// Why a check failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Name of the check, where a whole suite ran.
    pub check: Option<&'static str>,
    /// What was expected and what was seen instead.
    pub message: String,
}

impl Failure {
    /// Makes a failure of a check that was called by itself.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            check: None,
            message: message.into(),
        }
    }

    fn of(mut self, check: &'static str) -> Self {
        self.check.get_or_insert(check);
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.check {
            Some(check) => write!(f, "check `{check}` failed: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Failure {}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(format!("a call failed that should not: {error}"))
    }
}

/// Result of one check.
pub type Checked = Result<Outcome, Failure>;

/// Which checks ran, in order; made by a suite of which none failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Name and outcome of each check.
    pub checks: Vec<(&'static str, Outcome)>,
}

impl Report {
    /// Counts the checks that passed.
    pub fn passed(&self) -> usize {
        self.checks
            .iter()
            .filter(|(_, outcome)| *outcome == Outcome::Passed)
            .count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} checks passed", self.passed(), self.checks.len())?;
        for (name, outcome) in &self.checks {
            if let Outcome::DoesNotApply(why) = outcome {
                write!(f, "\n  `{name}` does not apply: {why}")?;
            }
        }
        Ok(())
    }
}

/// Fails the check unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err($crate::conformance::Failure::new(format!($($message)+)));
        }
    };
}
use ensure;

/// Runs checks in order and stops at the first that fails.
macro_rules! run {
    ($fixture:expr; $($path:ident)::+ { $($check:ident),+ $(,)? } $($rest:tt)*) => {{
        let mut report = $crate::conformance::Report::default();
        $crate::conformance::run!(@ report $fixture; $($path)::+ { $($check),+ } $($rest)*);
        report
    }};
    (@ $report:ident $fixture:expr; $path:ident { $($check:ident),+ $(,)? } $($rest:tt)*) => {
        $(
            let name = stringify!($check);
            // Boxed, so that the suite's future stays small.
            let outcome = Box::pin($path::$check($fixture)).await.map_err(|failure| failure.of(name))?;
            $report.checks.push((name, outcome));
        )+
        $crate::conformance::run!(@ $report $fixture; $($rest)*);
    };
    (@ $report:ident $fixture:expr;) => {};
}
use run;

/// Reads a stream to its end.
async fn drain(media: Media) -> Result<Vec<u8>, Failure> {
    let chunks: Vec<_> = media.stream.try_collect().await?;
    Ok(chunks.concat())
}

/// Says whether account and description of the provider are what the engine relies on.
async fn check_identity(provider: &dyn PhotoProvider) -> Checked {
    let kind = provider.info().kind;
    let is_word = |kind: &str| {
        kind.bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    ensure!(
        !kind.is_empty() && is_word(kind),
        "the kind `{kind}` is not a word in lower case"
    );
    let first = provider.connect().await?;
    ensure!(
        !first.owner.as_str().is_empty(),
        "the account has no owner, so keys would not be unique"
    );
    let second = provider.connect().await?;
    ensure!(
        first.owner == second.owner,
        "two calls of `connect` name different owners"
    );
    Ok(Outcome::Passed)
}

/// Says whether any of the secrets shows in the text.
fn check_secrets(text: &str, secrets: &[String]) -> Checked {
    // The secret itself must not show in the message either.
    let shown = secrets.iter().position(|secret| text.contains(secret.as_str()));
    if let Some(number) = shown {
        return Err(Failure::new(format!("secret number {number} shows in the Debug text")));
    }
    Ok(Outcome::Passed)
}

#[cfg(test)]
mod tests;
