//! Exit codes: the only place that decides them.

use std::process::ExitCode;

use photomove_core::{Error, ErrorKind, Resource};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Exit {
    /// Everything asked for is done.
    Done,
    /// Something failed.
    Error,
    /// Arguments or settings are wrong.
    Usage,
    /// Some items failed; they are listed.
    ItemsFailed,
    /// A sign-in is needed.
    SignIn,
    /// A daily quota, or a limit of the person's own, is reached; the same command goes on later.
    Quota,
    /// The destination is full.
    Full,
    /// Verification found differences.
    Differences,
    /// Another run holds the journal or the destination.
    InUse,
    /// Interrupted; the same command goes on.
    Interrupted,
}

impl Exit {
    /// All of them, in the order of their codes.
    pub(crate) const ALL: [Self; 10] = [
        Self::Done,
        Self::Error,
        Self::Usage,
        Self::ItemsFailed,
        Self::SignIn,
        Self::Quota,
        Self::Full,
        Self::Differences,
        Self::InUse,
        Self::Interrupted,
    ];

    /// Returns the number that the shell sees.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Error => 1,
            Self::Usage => 2,
            Self::ItemsFailed => 3,
            Self::SignIn => 4,
            Self::Quota => 5,
            Self::Full => 6,
            Self::Differences => 7,
            Self::InUse => 10,
            Self::Interrupted => 130,
        }
    }

    /// Returns what it means, in a few words.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done (unverifiable ones are counted in the last line)",
            Self::Error => "error",
            Self::Usage => "wrong arguments or settings",
            Self::ItemsFailed => "some items failed (they are listed)",
            Self::SignIn => "sign-in needed",
            Self::Quota => "daily quota or a limit of your own reached; the same command goes on later",
            Self::Full => "destination full",
            Self::Differences => "verification found differences",
            Self::InUse => "journal in use by another run",
            Self::Interrupted => "interrupted; the same command goes on",
        }
    }

    /// Picks the one to report where several apply: 130, 4, 6, 5, 7, 3; an end of the whole command before its end of
    /// parts.
    pub(crate) fn worst(several: impl IntoIterator<Item = Self>) -> Self {
        several.into_iter().max_by_key(|exit| exit.rank()).unwrap_or(Self::Done)
    }

    fn rank(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::ItemsFailed => 1,
            Self::Differences => 2,
            Self::Quota => 3,
            Self::Full => 4,
            Self::SignIn => 5,
            Self::Error => 6,
            Self::Usage => 7,
            Self::InUse => 8,
            Self::Interrupted => 9,
        }
    }

    /// Returns the code of an error that ended the command.
    pub(crate) fn of_error(error: &Error) -> Self {
        match error.kind() {
            ErrorKind::Config => Self::Usage,
            ErrorKind::Auth(_) => Self::SignIn,
            ErrorKind::Quota {
                resource: Resource::RequestsPerDay | Resource::Run,
                ..
            } => Self::Quota,
            ErrorKind::Quota {
                resource: Resource::Storage,
                ..
            } => Self::Full,
            ErrorKind::InUse => Self::InUse,
            ErrorKind::Cancelled => Self::Interrupted,
            _ => Self::Error,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use photomove_core::AuthProblem;

    use super::*;

    #[test]
    fn codes_are_those_of_the_table() {
        assert_eq!(Exit::ALL.map(Exit::code), [0, 1, 2, 3, 4, 5, 6, 7, 10, 130]);
    }

    #[test]
    fn where_several_apply_the_order_is_130_4_6_5_7_3() {
        let mut left = vec![
            Exit::ItemsFailed,
            Exit::Differences,
            Exit::Quota,
            Exit::Full,
            Exit::SignIn,
            Exit::Interrupted,
            Exit::Done,
        ];
        let mut seen = Vec::new();
        while !left.is_empty() {
            let worst = Exit::worst(left.iter().copied());
            left.retain(|exit| *exit != worst);
            seen.push(worst.code());
        }
        assert_eq!(seen, [130, 4, 6, 5, 7, 3, 0]);
        assert_eq!(Exit::worst([]), Exit::Done);
    }

    #[test]
    fn an_error_has_the_code_of_its_kind() {
        let code = |kind| Exit::of_error(&Error::new(kind, "x")).code();
        assert_eq!(code(ErrorKind::Config), 2);
        assert_eq!(code(ErrorKind::Auth(AuthProblem::Expired)), 4);
        assert_eq!(
            code(ErrorKind::Quota {
                resource: Resource::RequestsPerDay,
                resets_at: None
            }),
            5
        );
        assert_eq!(
            code(ErrorKind::Quota {
                resource: Resource::Storage,
                resets_at: None
            }),
            6
        );
        assert_eq!(code(ErrorKind::InUse), 10);
        assert_eq!(code(ErrorKind::Cancelled), 130);
        assert_eq!(code(ErrorKind::Network), 1);
    }
}
