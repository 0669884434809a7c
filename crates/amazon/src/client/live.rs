//! The session as a run uses it: renewed where its cookies allow that, once for all calls that were refused.

mod answers;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use photomove_core::{AuthProblem, Error, ErrorKind, Operation, Result, SharedClock};
use photomove_http::{Credentials, HeaderMap, Origin};

use super::exchange::{Exchange, may_pass, was_answered};
use crate::auth::{CookieKeeper, Cookies, Marketplace, Session, SessionCredentials, fingerprint};

/// Requests that were on their way when an answer changed the cookies have come back by then.
const LATELY: SignedDuration = SignedDuration::from_mins(2);

/// The cookies in use, and what becomes of them.
pub(crate) struct LiveSession {
    marketplace: Marketplace,
    /// Origins beside those of the shop's domain whose cookies are taken: the configured ones, as a stand-in's.
    origins: Vec<Origin>,
    exchange: Exchange,
    keeper: Arc<dyn CookieKeeper>,
    clock: SharedClock,
    state: Mutex<State>,
    renewing: tokio::sync::Mutex<Attempts>,
    /// Held while cookies are written, so that what is written last is the newest.
    saving: tokio::sync::Mutex<()>,
}

struct State {
    cookies: Cookies,
    session: Session,
    credentials: SessionCredentials,
    /// Counts changes that a refused request may profit from: renewals, and session cookies that answers set.
    generation: u64,
    /// When an answer changed session cookies last.
    changed: Option<Timestamp>,
    /// Whose account it is, as the first answer said; a run never goes on with another one's.
    owner: Option<String>,
    /// Whether an ordinary answer came since cookies were last asked for.
    worked: bool,
    /// Generation whose cookies a content host accepted last.
    content_worked: Option<u64>,
    /// Why no renewal helps any more.
    over: Option<AuthProblem>,
    /// When cookies of answers were last written down.
    saved: Option<Timestamp>,
}

/// What renewals have come to; held by whoever renews.
#[derive(Default)]
struct Attempts {
    /// Whether new cookies were asked for at all.
    asked: bool,
    /// New cookies of which nobody could say yet whose account they open.
    pending: Option<Cookies>,
    /// Fingerprint of kept cookies that the service refuses like the present ones.
    refused: Option<String>,
    /// Generation that a content host refuses although it lives, and for which new cookies were asked for already.
    vain_at_content: Option<u64>,
}

/// What became of new cookies.
enum Checked {
    Ours,
    Refused,
    AnotherAccount,
}

impl LiveSession {
    pub(super) fn new(
        cookies: &Cookies,
        session: Session,
        origins: Vec<Origin>,
        exchange: Exchange,
        keeper: Arc<dyn CookieKeeper>,
        clock: SharedClock,
    ) -> Result<Self> {
        let state = State {
            cookies: cookies.clone(),
            credentials: SessionCredentials::try_new(&session)?,
            generation: 0,
            changed: None,
            owner: None,
            worked: false,
            content_worked: None,
            over: None,
            saved: None,
            session,
        };
        Ok(Self {
            marketplace: state.session.marketplace(),
            origins,
            exchange,
            keeper,
            clock,
            state: Mutex::new(state),
            renewing: tokio::sync::Mutex::default(),
            saving: tokio::sync::Mutex::default(),
        })
    }

    /// Returns the number of the cookies in use, to be asked before a request is sent.
    pub(crate) fn generation(&self) -> u64 {
        self.state().generation
    }

    /// Notes whose account answered, unless that is known, and returns whose it was at first.
    pub(super) fn know_owner(&self, owner: &str) -> String {
        self.state().owner.get_or_insert_with(|| owner.to_owned()).clone()
    }

    pub(super) fn known_owner(&self) -> Option<String> {
        self.state().owner.clone()
    }

    /// Notes that the service answered a request as it should. An answer that was on its way during a renewal counts for the
    /// new cookies too, which allows one more renewal at the most.
    pub(super) fn note_answer(&self) {
        self.state().worked = true;
    }

    /// Notes that the session was just seen to be alive.
    pub(super) fn note_alive(&self) {
        self.state().over = None;
    }

    pub(super) fn note_content(&self, generation: u64) {
        let mut state = self.state();
        state.content_worked = state.content_worked.max(Some(generation));
    }

    /// Says whether a content host has taken the present cookies before: then its region is the right one.
    pub(crate) fn content_knew(&self, generation: u64) -> bool {
        self.state().content_worked == Some(generation)
    }

    /// Says whether a content host has taken any cookies of this session.
    pub(crate) fn content_ever_worked(&self) -> bool {
        self.state().content_worked.is_some()
    }

    /// Brings other cookies than those of generation `refused`; `false` = only the person can.
    ///
    /// In turn: what another call, another run or the person has brought meanwhile, then the service's own renewal. It is
    /// asked for once, and again only after an ordinary answer has come. Whatever it says, the account itself is asked
    /// before the session is called dead, and new cookies are used only if they open the same account.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] with [`AuthProblem::WrongAccount`]; or when nobody can be asked.
    pub(crate) async fn replace(&self, refused: u64) -> Result<bool> {
        let mut attempts = self.renewing.lock().await;
        if self.generation() != refused {
            return Ok(true);
        }
        self.replace_alone(&mut attempts).await
    }

    /// The same for cookies that live, but that a content host no longer takes; `false` also if they were tried to be
    /// replaced for that before.
    pub(crate) async fn replace_for_content(&self, refused: u64) -> Result<bool> {
        let mut attempts = self.renewing.lock().await;
        if self.generation() != refused {
            return Ok(true);
        }
        if attempts.vain_at_content.replace(refused) == Some(refused) {
            return Ok(false);
        }
        self.replace_alone(&mut attempts).await?;
        Ok(self.generation() != refused)
    }

    async fn replace_alone(&self, attempts: &mut Attempts) -> Result<bool> {
        if self.take_kept(attempts).await? {
            return Ok(true);
        }
        match self.state().over {
            Some(AuthProblem::WrongAccount) => return Err(wrong_account(Operation::RenewSignIn)),
            Some(_) => return Ok(false),
            None => {}
        }
        if attempts.pending.is_some() {
            return self.settle(attempts).await;
        }
        if self.changed_lately() && self.is_alive(false).await? {
            return Ok(true);
        }
        let (session, credentials, worked) = {
            let state = self.state();
            (state.session.clone(), state.credentials.clone(), state.worked)
        };
        let Some(key) = session.renewal_key() else {
            return Ok(false);
        };
        if attempts.asked && !worked {
            return self.is_alive(true).await;
        }
        attempts.asked = true;
        self.state().worked = false;
        let fresh = match self.exchange.renew(&session, key, &credentials).await {
            Ok(fresh) => fresh,
            Err(error) if was_answered(&error) => {
                tracing::info!(%error, "the cookies were not renewed");
                return self.is_alive(!may_pass(&error)).await;
            }
            Err(error) => {
                attempts.asked = false;
                return Err(error);
            }
        };
        let held = self.state().cookies.clone();
        match held.renewed(self.marketplace.domain(), &fresh) {
            Ok(renewed) => attempts.pending = Some(renewed),
            Err(error) => {
                tracing::info!(%error, "the cookies were not renewed");
                return self.is_alive(true).await;
            }
        }
        self.settle(attempts).await
    }

    /// Says whether a refusal may belong to a request that left before an answer changed the cookies.
    fn changed_lately(&self) -> bool {
        let (now, changed) = (self.clock.now(), self.state().changed);
        changed.is_some_and(|changed| now.duration_since(changed).abs() <= LATELY)
    }

    /// Finds out whose the pending cookies are, and takes them if they are ours.
    async fn settle(&self, attempts: &mut Attempts) -> Result<bool> {
        let Some(pending) = attempts.pending.clone() else {
            return Ok(false);
        };
        // Where nobody can be asked, they stay pending: the service may have taken the old ones back already.
        let checked = self.check(&pending).await?;
        attempts.pending = None;
        match checked {
            Checked::Ours => {
                tracing::info!(provider = crate::KIND, "the cookies were renewed");
                self.save().await;
                Ok(true)
            }
            Checked::Refused => self.is_alive(true).await,
            Checked::AnotherAccount => {
                self.state().over = Some(AuthProblem::WrongAccount);
                Err(wrong_account(Operation::RenewSignIn))
            }
        }
    }

    /// Takes what is kept, if that is something else than what is in use.
    async fn take_kept(&self, attempts: &mut Attempts) -> Result<bool> {
        let kept = match self.keeper.load().await {
            Ok(Some(kept)) => kept,
            Ok(None) => return Ok(false),
            Err(error) => {
                tracing::warn!("kept cookies cannot be read: {error}");
                return Ok(false);
            }
        };
        let mark = fingerprint(&kept);
        if mark == fingerprint(&self.state().cookies) || attempts.refused.as_ref() == Some(&mark) {
            return Ok(false);
        }
        match self.check(&kept).await {
            Ok(Checked::Ours) => {
                attempts.pending = None;
                attempts.asked = false;
                tracing::info!(provider = crate::KIND, "goes on with other cookies that are kept now");
                Ok(true)
            }
            Ok(Checked::AnotherAccount) => Err(wrong_account(Operation::RenewSignIn)),
            Ok(Checked::Refused) => {
                attempts.refused = Some(mark);
                Ok(false)
            }
            // Cookies of another shop, or not all of them: as good as none.
            Err(error) if matches!(error.kind(), ErrorKind::Config | ErrorKind::Auth(AuthProblem::Missing)) => {
                tracing::warn!("kept cookies cannot be used: {error}");
                attempts.refused = Some(mark);
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Asks whose account other cookies open, and uses them from now on if it is the same one.
    async fn check(&self, candidate: &Cookies) -> Result<Checked> {
        let session = Session::try_new(candidate, Some(self.marketplace))?;
        let credentials = SessionCredentials::try_new(&session)?;
        match self.exchange.owner(&credentials).await {
            Ok(owner) if owner == self.know_owner(&owner) => {
                let mut state = self.state();
                (state.cookies, state.session, state.credentials) = (candidate.clone(), session, credentials);
                state.generation += 1;
                state.worked = false;
                state.over = None;
                Ok(Checked::Ours)
            }
            Ok(_) => Ok(Checked::AnotherAccount),
            Err(error) if is_dead(&error) => Ok(Checked::Refused),
            Err(error) => Err(error),
        }
    }

    /// Asks the account itself whether the present cookies still open it. With `for_good`, a refusal ends the session.
    async fn is_alive(&self, for_good: bool) -> Result<bool> {
        let credentials = self.state().credentials.clone();
        match self.exchange.owner(&credentials).await {
            Ok(owner) if owner == self.know_owner(&owner) => Ok(true),
            Ok(_) => {
                self.state().over = Some(AuthProblem::WrongAccount);
                Err(wrong_account(Operation::RenewSignIn))
            }
            Err(error) if is_dead(&error) => {
                if for_good {
                    self.state().over = Some(AuthProblem::Expired);
                }
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    async fn save(&self) {
        let _saving = self.saving.lock().await;
        let cookies = self.state().cookies.clone();
        if let Err(error) = self.keeper.save(&cookies).await {
            // The run has what it needs; the next one may have to ask the person.
            tracing::warn!("renewed cookies could not be kept for the next run: {error}");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says whether the service refused the cookies, and not the network or the program.
fn is_dead(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Auth(AuthProblem::Expired | AuthProblem::Missing | AuthProblem::Revoked)
    )
}

/// The cookies open another account than at first; nothing of that one may be mixed in.
pub(crate) fn wrong_account(operation: Operation) -> Error {
    Error::new(
        ErrorKind::Auth(AuthProblem::WrongAccount),
        "the cookies belong to another account now than at the beginning",
    )
    .provider(crate::KIND)
    .operation(operation)
    .hint("sign in to the first account in a browser and give its cookies with `photomove auth login amazon`")
}

#[async_trait]
impl Credentials for LiveSession {
    async fn apply(&self, _origin: &Origin, headers: &mut HeaderMap) -> Result<()> {
        self.state().credentials.set(headers);
        Ok(())
    }

    async fn renew(&self) -> Result<bool> {
        let refused = self.generation();
        self.replace(refused).await
    }

    fn accept(&self, _origin: &Origin, _headers: &HeaderMap) {
        // Here every answer passes, refusals too; see `answers`.
    }
}

impl fmt::Debug for LiveSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveSession")
            .field("marketplace", &self.marketplace)
            .finish_non_exhaustive()
    }
}

/// The session for hosts whose refusals prove nothing: a content host refuses cookies of another region, and answers
/// with a web page for one odd file. Whether to renew shows when the metadata host is asked.
#[derive(Debug)]
pub(super) struct ContentCredentials(pub(super) Arc<LiveSession>);

#[async_trait]
impl Credentials for ContentCredentials {
    async fn apply(&self, origin: &Origin, headers: &mut HeaderMap) -> Result<()> {
        self.0.apply(origin, headers).await
    }

    async fn renew(&self) -> Result<bool> {
        Ok(false)
    }

    fn accept(&self, _origin: &Origin, _headers: &HeaderMap) {}
}
