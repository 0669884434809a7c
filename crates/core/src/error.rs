//! One error type: what happened to which operation of which provider, and what to do next.
//!
//! Providers decide the kind; the policy follows from the kind in one place, [`Error::disposition`].

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use crate::DestId;

mod samples;

/// Result with photomove's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What is wrong with a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthProblem {
    /// It has run out; a renewal may help.
    Expired,
    /// It was taken back; only a new sign-in helps.
    Revoked,
    /// It does not cover what was asked.
    MissingScope,
    /// It belongs to another region of the service.
    WrongRegion,
    /// It belongs to another person than last time.
    WrongAccount,
    /// The service wants proof that a person is there.
    Challenge,
    /// There is none, or it is not of the form the service knows.
    Missing,
}

/// What a service counts and limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// Requests in a day.
    RequestsPerDay,
    /// Storage of the account.
    Storage,
    /// What the person allowed one run to use.
    Run,
}

/// Why an item is refused for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// Larger than the destination takes.
    TooLarge,
    /// Of a type that the destination does not take.
    MediaType,
    /// Against a rule of the destination.
    Policy,
    /// Broken bytes.
    Damaged,
    /// No bytes at all.
    Empty,
    /// Any other reason the destination gives.
    Invalid,
}

/// What kind of failure this is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Settings or input are wrong.
    Config,
    /// The provider cannot do this.
    Unsupported,
    /// The sign-in does not do.
    Auth(AuthProblem),
    /// A budget is used up.
    Quota {
        /// Which.
        resource: Resource,
        /// When it is full again.
        resets_at: Option<Timestamp>,
    },
    /// Too fast; slower would do.
    RateLimited {
        /// How long the service asks to wait.
        retry_after: Option<Duration>,
    },
    /// The service is not well at present.
    Unavailable {
        /// How long the service asks to wait.
        retry_after: Option<Duration>,
    },
    /// The connection failed.
    Network,
    /// No answer in time.
    Timeout,
    /// The thing asked for does not exist.
    NotFound,
    /// The item is refused for good.
    Rejected(Rejection),
    /// One element of a batch spoils it all, and the service does not say which.
    BadBatch,
    /// It exists already.
    Conflict {
        /// What exists.
        existing: Option<DestId>,
    },
    /// Bytes that arrived are not those that were promised.
    Corrupt,
    /// The service answered what it never answers: it may have changed.
    Protocol,
    /// Stopped by request.
    Cancelled,
    /// Another run holds what this one needs.
    InUse,
    /// A defect of photomove or of the machine it runs on (disk, permissions).
    Internal,
}

/// What was being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Checking the account.
    Connect,
    /// Signing in.
    SignIn,
    /// Renewing a sign-in.
    RenewSignIn,
    /// Taking a sign-in back.
    SignOut,
    /// Listing assets.
    ListAssets,
    /// Listing albums.
    ListAlbums,
    /// Listing an album's members.
    ListMembers,
    /// Reading an asset's facts again.
    Refresh,
    /// Downloading.
    Open,
    /// Looking for an item at the destination.
    Find,
    /// Uploading.
    Stage,
    /// Creating items.
    Commit,
    /// Finding out what became of a call.
    Settle,
    /// Creating an album.
    CreateAlbum,
    /// Adding to an album.
    AddToAlbum,
    /// Setting metadata.
    Describe,
    /// Verifying.
    Verify,
    /// Downloading from the destination.
    ReadBack,
    /// Preparing the destination.
    Prepare,
    /// Putting the destination's settings back.
    Restore,
    /// Reading or writing the journal.
    Journal,
    /// Keeping bytes on disk on their way.
    Spool,
    /// Reading settings or credentials.
    Settings,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connect",
            Self::SignIn => "sign in",
            Self::RenewSignIn => "renew the sign-in",
            Self::SignOut => "take the sign-in back",
            Self::ListAssets => "list photos",
            Self::ListAlbums => "list albums",
            Self::ListMembers => "list an album's photos",
            Self::Refresh => "read a photo's facts",
            Self::Open => "download",
            Self::Find => "look for an item",
            Self::Stage => "upload",
            Self::Commit => "create items",
            Self::Settle => "find out what became of a request",
            Self::CreateAlbum => "create an album",
            Self::AddToAlbum => "add to an album",
            Self::Describe => "set metadata",
            Self::Verify => "verify",
            Self::ReadBack => "read back",
            Self::Prepare => "prepare the destination",
            Self::Restore => "restore settings",
            Self::Journal => "use the journal",
            Self::Spool => "keep bytes on disk",
            Self::Settings => "read settings",
        })
    }
}

/// Whether a failed call took effect at the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Happened {
    /// Surely not.
    #[default]
    No,
    /// Surely.
    Yes,
    /// Nobody can tell yet.
    Unknown,
}

/// What to do about an error; derived from its kind in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disposition {
    /// Try the same again.
    Retry {
        /// Not before this long.
        after: Option<Duration>,
    },
    /// Renew the sign-in and try once more.
    RefreshAndRetry,
    /// Give this item up; the run goes on.
    FailItem,
    /// The item is there already.
    AlreadyDone(DestId),
    /// Send the batch in halves.
    SplitBatch,
    /// Wait until then, or until a person says so.
    WaitUntil(Option<Timestamp>),
    /// Only a person can help.
    AskPerson,
    /// Stop the run.
    StopRun,
    /// Find out what became of the call before anything else.
    Settle,
}

/// A failure with all that helps to understand and mend it.
///
/// `Display` is one line without secrets or query strings; [`Error::hint_text`] says what to do next.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    operation: Option<Operation>,
    provider: Option<&'static str>,
    hint: Option<String>,
    context: Vec<(&'static str, String)>,
    exhausted: bool,
    repeatable: bool,
    happened: Happened,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// Makes an error; the message is lower case, one line, without a final period and without secrets.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            operation: None,
            provider: None,
            hint: None,
            context: Vec::new(),
            exhausted: false,
            repeatable: true,
            happened: Happened::No,
            source: None,
        }))
    }

    /// Says what was being done; the innermost saying stays.
    #[must_use]
    pub fn operation(mut self, operation: Operation) -> Self {
        self.0.operation.get_or_insert(operation);
        self
    }

    /// Says at which provider; the innermost saying stays.
    #[must_use]
    pub fn provider(mut self, provider: &'static str) -> Self {
        self.0.provider.get_or_insert(provider);
        self
    }

    /// Says what to do next; the innermost hint stays.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        if self.0.hint.is_none() {
            self.0.hint = Some(hint.into());
        }
        self
    }

    /// Says what to do next in the words of whoever knows more than the innermost saying.
    #[must_use]
    pub fn hint_instead(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds a detail: a name and an unsecret value.
    #[must_use]
    pub fn context(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.0.context.push((name, value.to_string()));
        self
    }

    /// Keeps the error that caused this one.
    #[must_use]
    pub fn source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Marks that the allowed retries are spent.
    #[must_use]
    pub fn exhausted(mut self) -> Self {
        self.0.exhausted = true;
        self
    }

    /// Says whether the failed call took effect, and whether sending it again could do harm.
    #[must_use]
    pub fn happened(mut self, happened: Happened, repeatable: bool) -> Self {
        self.0.happened = happened;
        self.0.repeatable = repeatable;
        self
    }

    /// Returns the kind.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// Returns the message alone.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns what was being done.
    pub fn operation_name(&self) -> Option<Operation> {
        self.0.operation
    }

    /// Returns at which provider.
    pub fn provider_name(&self) -> Option<&'static str> {
        self.0.provider
    }

    /// Returns what to do next.
    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// Returns the details.
    pub fn details(&self) -> &[(&'static str, String)] {
        &self.0.context
    }

    /// Says whether the allowed retries are spent.
    pub fn is_exhausted(&self) -> bool {
        self.0.exhausted
    }

    /// Says whether the failed call took effect.
    pub fn has_happened(&self) -> Happened {
        self.0.happened
    }

    /// Says whether the same could work later without anybody doing anything.
    pub fn is_transient(&self) -> bool {
        matches!(
            self.0.kind,
            ErrorKind::RateLimited { .. }
                | ErrorKind::Unavailable { .. }
                | ErrorKind::Network
                | ErrorKind::Timeout
                | ErrorKind::Corrupt
        )
    }

    /// Returns what to do about it. The only place where policy is made.
    pub fn disposition(&self) -> Disposition {
        if self.0.happened == Happened::Unknown && !self.0.repeatable {
            return Disposition::Settle;
        }
        match &self.0.kind {
            ErrorKind::RateLimited { retry_after } | ErrorKind::Unavailable { retry_after } if !self.0.exhausted => {
                Disposition::Retry { after: *retry_after }
            }
            ErrorKind::Network | ErrorKind::Timeout | ErrorKind::Corrupt if !self.0.exhausted => {
                Disposition::Retry { after: None }
            }
            ErrorKind::RateLimited { .. }
            | ErrorKind::Unavailable { .. }
            | ErrorKind::Network
            | ErrorKind::Timeout
            | ErrorKind::Corrupt
            | ErrorKind::NotFound
            | ErrorKind::Rejected(_)
            | ErrorKind::Protocol
            | ErrorKind::Unsupported => Disposition::FailItem,
            ErrorKind::BadBatch => Disposition::SplitBatch,
            ErrorKind::Conflict { existing: Some(id) } => Disposition::AlreadyDone(id.clone()),
            ErrorKind::Conflict { existing: None } => Disposition::FailItem,
            ErrorKind::Auth(AuthProblem::Expired) if !self.0.exhausted => Disposition::RefreshAndRetry,
            ErrorKind::Auth(_) => Disposition::AskPerson,
            ErrorKind::Quota {
                resource: Resource::RequestsPerDay,
                resets_at,
            } => Disposition::WaitUntil(*resets_at),
            ErrorKind::Quota {
                resource: Resource::Storage | Resource::Run,
                ..
            }
            | ErrorKind::Config
            | ErrorKind::Cancelled
            | ErrorKind::InUse
            | ErrorKind::Internal => Disposition::StopRun,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(provider) = self.0.provider {
            write!(f, "{provider}: ")?;
        }
        if let Some(operation) = self.0.operation {
            write!(f, "could not {operation}: ")?;
        }
        f.write_str(&self.0.message)?;
        let mut separator = " (";
        for (name, value) in &self.0.context {
            write!(f, "{separator}{name} {value}")?;
            separator = ", ";
        }
        if separator == ", " {
            f.write_str(")")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Error");
        out.field("kind", &self.0.kind).field("display", &self.to_string());
        if let Some(hint) = &self.0.hint {
            out.field("hint", hint);
        }
        if self.0.happened != Happened::No {
            out.field("happened", &self.0.happened);
        }
        if let Some(source) = &self.0.source {
            out.field("source", source);
        }
        out.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_outcome_is_settled_never_retried() {
        let lost = Error::new(ErrorKind::Network, "connection lost");
        assert_eq!(lost.disposition(), Disposition::Retry { after: None });
        let lost = lost.happened(Happened::Unknown, false);
        assert_eq!(lost.disposition(), Disposition::Settle);
    }

    #[test]
    fn spent_retries_fail_the_item() {
        let error = Error::new(ErrorKind::Timeout, "no answer in 30 s").exhausted();
        assert_eq!(error.disposition(), Disposition::FailItem);
    }

    #[test]
    fn display_is_one_line_with_place_and_details() {
        let error = Error::new(ErrorKind::NotFound, "album does not exist")
            .provider("google")
            .operation(Operation::AddToAlbum)
            .context("album", "ALB_1")
            .context("status", 404)
            .hint("list the albums");
        assert_eq!(
            error.to_string(),
            "google: could not add to an album: album does not exist (album ALB_1, status 404)"
        );
        assert_eq!(error.hint_text(), Some("list the albums"));
    }
}
