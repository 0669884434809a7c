//! Uploads of an earlier run: where they are continued, and when not.

use jiff::Timestamp;
use photomove_core::drill::Mutant;
use photomove_core::{Agreement, ErrorKind, Result, Staged};

use super::super::piece::read_tail;
use super::{Session, Uploading};
use crate::client::{Progress, http_status};
use crate::day;

/// What became of an upload of an earlier run.
pub(super) enum TakenUp {
    /// It is complete.
    Done(Staged),
    /// It continues.
    At(Session, u64),
    /// It is of no use.
    No,
}

impl Uploading<'_> {
    /// Looks whether an upload of an earlier run can be continued.
    pub(super) async fn take_up(&self, session: Session) -> Result<TakenUp> {
        let now = self.google.now();
        let is_ours = session.owner == self.google.proof.account() && self.client().is_session(&session.session);
        if !is_ours || session.is_old(now) {
            return Ok(TakenUp::No);
        }
        let is_other_file = session.size_bytes != self.body.size_bytes()
            // What was sent before its hash was known is compared with nothing on a day without proof.
            || (session.sums.sha1.is_none() && self.body.checksums().sha1.is_some())
            || matches!(session.sums.agrees(self.body.checksums()), Agreement::Different(_));
        if is_other_file {
            self.client().upload_cancel(&session.session).await;
            return Ok(TakenUp::No);
        }
        if self.client().http().env().drill.has(Mutant::TrustOwnOffset) {
            return Ok(TakenUp::At(session, 0));
        }
        let progress = match self.client().upload_query(&session.session).await {
            Ok(progress) => progress,
            // Whoever it belongs to by now, it is not this sign-in.
            Err(error) if http_status(&error) == Some(403) && *error.kind() == ErrorKind::Config => Progress::Gone,
            // A question cannot be wrong but by what it asks for: this is no session any more.
            Err(error) if matches!(error.kind(), ErrorKind::Rejected(_)) => Progress::Gone,
            Err(error) => return Err(error),
        };
        match progress {
            Progress::Active(received) if received <= session.size_bytes => {
                self.log.opened(&session.staged()).await?;
                self.log.stored(received).await;
                Ok(TakenUp::At(session, received))
            }
            Progress::Active(_) => {
                self.client().upload_cancel(&session.session).await;
                Ok(TakenUp::No)
            }
            Progress::Final(Some(token)) => self.take_over(session, token, now).await,
            Progress::Final(None) | Progress::Gone => Ok(TakenUp::No),
        }
    }

    /// Takes over an upload that an earlier process completed without living to see it.
    pub(super) async fn take_over(&self, session: Session, token: String, now: Timestamp) -> Result<TakenUp> {
        let sealed = match read_tail(self.body, self.body.size_bytes()).await {
            Ok(_) => self.body.seal().await,
            Err(error) => Err(error),
        };
        let sums = match sealed {
            Ok(sums) => sums,
            // Nobody can say what was sent.
            Err(error) if *error.kind() == ErrorKind::Corrupt => return Ok(TakenUp::No),
            Err(error) => return Err(error),
        };
        // Only the hash that was sent says which bytes the service has.
        if session.sums.sha1.is_none() || session.sums.sha1 != sums.sha1 {
            return Ok(TakenUp::No);
        }
        // Nobody knows when its day began.
        let staged = self.complete(token, &sums, session.started);
        if staged.until.is_some_and(|until| until <= now) {
            return Ok(TakenUp::No);
        }
        let proof = &self.google.proof;
        let pending = proof.before(session.kind(), self.client(), &sums, now).await?;
        // Nor on which day the hash was compared, or whether one was sent at all.
        let pending = pending.of_earlier_process(&day::date(session.started));
        proof.after(self.client(), pending, now).await?;
        self.log.stored(session.size_bytes).await;
        Ok(TakenUp::Done(staged))
    }
}
