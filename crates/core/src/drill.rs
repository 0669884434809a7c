//! Planted defects and planned deaths, by which the tests prove that they would notice real ones.
//!
//! A [`Drill`] is handed to the engine, the journal and every provider. Without debug assertions it does nothing at all,
//! whatever it was told: no release build has a defect to switch on.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Error, ErrorKind, Result};

/// A planted defect; each breaks one rule that keeps photos safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mutant {
    /// Calls the destination before the intent is durable in the journal.
    ActBeforeIntent,
    /// Sends the creation of an album again after a lost reply, without looking whether it happened.
    BlindCreateRetry,
    /// Takes a download for whole when its length is right, whatever its hash is.
    LengthWithoutHash,
    /// Files two assets of the same bytes into the album of the first one only.
    ForgetSecondAlbum,
    /// Stores the place to go on listing from before the rows of the page.
    CursorBeforePage,
    /// Uses upload tokens after their day.
    StaleToken,
    /// Follows a redirect to any host with all credentials.
    CookiesFollowRedirect,
    /// Counts what arrived without proof as verified.
    UnverifiableAsVerified,
    /// Closes open intents on start without asking the destination what became of them.
    CloseIntentsUnsettled,
    /// Continues a resumable upload where the client stopped sending, without asking what the service has.
    TrustOwnOffset,
}

impl Mutant {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::ActBeforeIntent,
        Self::BlindCreateRetry,
        Self::LengthWithoutHash,
        Self::ForgetSecondAlbum,
        Self::CursorBeforePage,
        Self::StaleToken,
        Self::CookiesFollowRedirect,
        Self::UnverifiableAsVerified,
        Self::CloseIntentsUnsettled,
        Self::TrustOwnOffset,
    ];

    /// Returns its name, such as `act-before-intent`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ActBeforeIntent => "act-before-intent",
            Self::BlindCreateRetry => "blind-create-retry",
            Self::LengthWithoutHash => "length-without-hash",
            Self::ForgetSecondAlbum => "forget-second-album",
            Self::CursorBeforePage => "cursor-before-page",
            Self::StaleToken => "stale-token",
            Self::CookiesFollowRedirect => "cookies-follow-redirect",
            Self::UnverifiableAsVerified => "unverifiable-as-verified",
            Self::CloseIntentsUnsettled => "close-intents-unsettled",
            Self::TrustOwnOffset => "trust-own-offset",
        }
    }
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A moment between two steps of which the second must not depend on anything but the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Boundary {
    /// A transaction of the journal is about to become durable.
    BeforeCommit,
    /// It is durable, and nobody has learnt of it.
    AfterCommit,
    /// A request is about to leave.
    BeforeRequest,
    /// The head of its reply has come, and nobody has learnt of it.
    AfterRequest,
}

/// Which boundaries a planned death counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counted {
    Any,
    Commit,
    Request,
}

impl Counted {
    fn counts(self, boundary: Boundary) -> bool {
        match self {
            Self::Any => true,
            Self::Commit => matches!(boundary, Boundary::BeforeCommit | Boundary::AfterCommit),
            Self::Request => matches!(boundary, Boundary::BeforeRequest | Boundary::AfterRequest),
        }
    }
}

/// Planted defects and a planned death; clones share the count of boundaries. The default plans nothing.
#[derive(Clone, Default)]
pub struct Drill(Option<Arc<Plan>>);

struct Plan {
    mutants: Vec<Mutant>,
    death: Option<(Counted, u64)>,
    passed: AtomicU64,
    die: Box<dyn Fn() + Send + Sync>,
}

impl Drill {
    /// Plans nothing.
    pub fn none() -> Self {
        Self::default()
    }

    /// Plants one defect.
    pub fn mutant(mutant: Mutant) -> Self {
        Self::plan(vec![mutant], None, Box::new(|| {}))
    }

    /// Reads a plan: `mutant=NAME`, `kill=any:N`, `kill=commit:N` and `kill=request:N`, separated by commas; the N-th
    /// boundary of its sort, from 1, calls `die`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if it is no such plan.
    pub fn parse(text: &str, die: impl Fn() + Send + Sync + 'static) -> Result<Self> {
        let wrong = |word: &str| {
            Error::new(
                ErrorKind::Config,
                format!("drill: `{word}` is neither defect nor death"),
            )
        };
        let (mut mutants, mut death) = (Vec::new(), None);
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            match word.split_once('=') {
                Some(("mutant", name)) => {
                    let mutant = Mutant::ALL.into_iter().find(|mutant| mutant.name() == name);
                    mutants.push(mutant.ok_or_else(|| wrong(word))?);
                }
                Some(("kill", place)) => {
                    let (counted, n) = place.split_once(':').ok_or_else(|| wrong(word))?;
                    let counted = match counted {
                        "any" => Counted::Any,
                        "commit" => Counted::Commit,
                        "request" => Counted::Request,
                        _ => return Err(wrong(word)),
                    };
                    let n = u64::from_str(n).ok().filter(|n| *n > 0);
                    death = Some((counted, n.ok_or_else(|| wrong(word))?));
                }
                _ => return Err(wrong(word)),
            }
        }
        Ok(Self::plan(mutants, death, Box::new(die)))
    }

    fn plan(mutants: Vec<Mutant>, death: Option<(Counted, u64)>, die: Box<dyn Fn() + Send + Sync>) -> Self {
        Self(Some(Arc::new(Plan {
            mutants,
            death,
            passed: AtomicU64::new(0),
            die,
        })))
    }

    /// Says whether a defect is planted; never in a build without debug assertions.
    pub fn has(&self, mutant: Mutant) -> bool {
        cfg!(debug_assertions) && self.0.as_ref().is_some_and(|plan| plan.mutants.contains(&mutant))
    }

    /// Passes a boundary; the process may end here if that is planned.
    pub fn pass(&self, boundary: Boundary) {
        if !cfg!(debug_assertions) {
            return;
        }
        let Some(plan) = &self.0 else { return };
        let Some((counted, n)) = plan.death else { return };
        if counted.counts(boundary) && plan.passed.fetch_add(1, Ordering::SeqCst) + 1 == n {
            (plan.die)();
        }
    }
}

impl fmt::Debug for Drill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            None => f.write_str("Drill(none)"),
            Some(plan) => f
                .debug_struct("Drill")
                .field("mutants", &plan.mutants)
                .field("death", &plan.death)
                .finish_non_exhaustive(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for mutant in Mutant::ALL {
            let drill = Drill::parse(&format!("mutant={mutant}"), || {}).unwrap();
            assert!(drill.has(mutant));
            assert_eq!(Mutant::ALL.into_iter().filter(|other| drill.has(*other)).count(), 1);
        }
        assert!(!Drill::none().has(Mutant::StaleToken));
    }

    #[test]
    fn death_comes_at_its_boundary_and_only_there() {
        let deaths = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&deaths);
        let drill = Drill::parse("kill=commit:2, mutant=stale-token", move || {
            count.fetch_add(1, Ordering::SeqCst);
        })
        .unwrap();
        let copy = drill.clone();
        for (boundary, dead) in [
            (Boundary::BeforeRequest, 0),
            (Boundary::BeforeCommit, 0),
            (Boundary::AfterRequest, 0),
            (Boundary::AfterCommit, 1),
            (Boundary::BeforeCommit, 1),
        ] {
            copy.pass(boundary);
            assert_eq!(deaths.load(Ordering::SeqCst), dead);
        }
    }

    #[test]
    fn what_is_no_plan_is_refused() {
        for text in ["mutant=none", "kill=commit", "kill=commit:0", "kill=sleep:1", "panic"] {
            let error = Drill::parse(text, || {}).unwrap_err();
            assert!(error.to_string().contains(text), "{error}");
        }
    }
}
