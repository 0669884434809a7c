//! Large files, and files whose hash is known only at their end: uploads that continue where they broke off.
//!
//! All goes in one request, or in two where the hash comes last, for requests are what a day has least of. Only after a
//! failure the service is asked what it has, and only its answer says where to continue.

mod session;
mod take_up;

use bytes::Bytes;
use jiff::Timestamp;
use photomove_core::drill::Mutant;
use photomove_core::{
    AuthProblem, Body, BytesBody, Checksums, Error, ErrorKind, NewPart, Operation, Rejection, Result, StageLog, Staged,
};
use photomove_http::Attempts;

use super::piece::{Piece, Rest, read_tail};
use super::{GooglePhotos, TOKEN_LIFE, media_type};
use crate::client::{Finish, LibraryClient, Progress, http_status};
use crate::convert::Upload;
use crate::proof::Pending;

pub(super) use session::Session;
use take_up::TakenUp;

/// Times a file is begun anew in one call because the service lost or refused what it had.
const MOST_RESTARTS: u32 = 2;
/// Refusals in a row, without a byte more, that a question to the service may solve.
const MOST_REFUSALS: u32 = 3;

/// One file on its way.
pub(super) struct Uploading<'a> {
    google: &'a GooglePhotos,
    part: &'a NewPart,
    body: &'a dyn Body,
    log: &'a dyn StageLog,
}

/// How the try with one session ended.
enum End {
    /// The file is there.
    Token(String),
    /// The service has nothing of it any more; why, if it said so.
    Lost(Option<Error>),
}

/// What a session needs besides its journalled half.
struct Run<'a> {
    session: Session,
    /// What the service has.
    received: u64,
    /// The most that it ever said it had: only what goes beyond is progress.
    best: u64,
    /// The end of a file whose hash comes last, and where it begins.
    tail: Option<(u64, Bytes)>,
    sums: Option<Checksums>,
    pending: Option<Pending>,
    attempts: Attempts<'a>,
    refusals: u32,
    /// The last of them.
    refusal: Option<Error>,
    /// When the last byte was handed over: no token is older.
    since: Option<Timestamp>,
}

impl Run<'_> {
    /// Says whether the sign-in was refused since the last progress.
    fn was_signed_out(&self) -> bool {
        let refusal = self.refusal.as_ref();
        refusal.is_some_and(|error| matches!(error.kind(), ErrorKind::Auth(_)))
    }
}

/// One request that failed.
struct Failed {
    error: Error,
    /// Bytes that were handed over.
    sent: u64,
    /// It was not the service but the body.
    by_body: bool,
}

impl From<Error> for Failed {
    /// A failure before anything was sent that is not the service's.
    fn from(error: Error) -> Self {
        Self {
            error,
            sent: 0,
            by_body: true,
        }
    }
}

impl<'a> Uploading<'a> {
    pub(super) fn new(google: &'a GooglePhotos, part: &'a NewPart, body: &'a dyn Body, log: &'a dyn StageLog) -> Self {
        Self {
            google,
            part,
            body,
            log,
        }
    }

    fn client(&self) -> &'a LibraryClient {
        &self.google.client
    }

    /// Sends the file, continuing an upload of an earlier run if it can be.
    pub(super) async fn run(&self, resume: Option<Session>) -> Result<Staged> {
        let mut next = match resume {
            Some(session) => match self.take_up(session).await? {
                TakenUp::Done(staged) => return Ok(staged),
                TakenUp::At(session, received) => Some((session, received)),
                TakenUp::No => None,
            },
            None => None,
        };
        let mut restarts = 0;
        loop {
            let (session, received) = match next.take() {
                Some(known) => known,
                None => (self.start().await?, 0),
            };
            let mut run = self.begin(session, received);
            let why = match self.finish(&mut run).await? {
                End::Token(token) => match self.staged(token, run).await? {
                    Some(staged) => return Ok(staged),
                    None => None,
                },
                End::Lost(why) => why,
            };
            restarts += 1;
            if restarts > MOST_RESTARTS {
                return Err(why.unwrap_or_else(forgotten).exhausted());
            }
            tracing::info!(
                provider = "google",
                "an upload is begun anew: the service has nothing of it that is of use"
            );
        }
    }

    fn begin(&self, session: Session, received: u64) -> Run<'a> {
        let mut attempts = self.client().http().attempts(Operation::Stage);
        attempts.begin();
        Run {
            session,
            received,
            best: received,
            tail: None,
            sums: None,
            pending: None,
            attempts,
            refusals: 0,
            refusal: None,
            since: None,
        }
    }

    async fn start(&self) -> Result<Session> {
        let size = self.body.size_bytes();
        let media_type = media_type(self.part, self.body).await?;
        let now = self.google.now();
        let started = self
            .client()
            .upload_start(Operation::Stage, size, media_type.as_deref())
            .await?;
        let session = Session {
            session: started.url,
            granularity: started.granularity,
            size_bytes: size,
            started: now,
            owner: self.google.proof.account(),
            sums: *self.body.checksums(),
        };
        // Durable before the first byte leaves, or a kill would waste all of them.
        self.log.opened(&session.staged()).await?;
        Ok(session)
    }

    /// Sends until the file is there.
    async fn finish(&self, run: &mut Run<'a>) -> Result<End> {
        loop {
            let (progress, from) = (self.send(run).await, run.received);
            let failed = match progress {
                Ok(Progress::Active(received)) if received > from && received <= run.session.size_bytes => {
                    self.advance(run, received).await;
                    continue;
                }
                Ok(Progress::Active(_)) => Failed {
                    error: odd("google photos took the upload and has no more of it than before"),
                    sent: 0,
                    by_body: false,
                },
                Ok(Progress::Final(Some(token))) => return Ok(End::Token(token)),
                Ok(Progress::Final(None) | Progress::Gone) => return Ok(End::Lost(run.refusal.take())),
                Err(failed) => failed,
            };
            if let Some(lost) = self.after_failure(run, failed).await? {
                return Ok(End::Lost(Some(lost)));
            }
            if let Some(end) = self.ask(run).await? {
                return Ok(end);
            }
        }
    }

    async fn advance(&self, run: &mut Run<'a>, received: u64) {
        run.received = received;
        if received <= run.best {
            // It had so much before, and lost it: who counts that as progress never ends.
            return;
        }
        run.best = received;
        run.attempts.progressed();
        run.refusals = 0;
        run.refusal = None;
        self.log.stored(received).await;
    }

    /// Waits if the failure may pass, returns it if the upload is lost by it, else gives it back as final.
    async fn after_failure(&self, run: &mut Run<'a>, failed: Failed) -> Result<Option<Error>> {
        let Failed { error, sent, by_body } = failed;
        if self.client().http().env().drill.has(Mutant::TrustOwnOffset) {
            run.attempts.again(error).await?;
            run.received += sent;
            return Ok(None);
        }
        if by_body && *error.kind() == ErrorKind::Corrupt && !error.is_exhausted() {
            self.client().upload_cancel(&run.session.session).await;
            return match run.received {
                // It was read from its beginning, and would be no better for being sent again.
                0 => Err(error),
                // The file does not go on from what the service has of it.
                _ => Ok(Some(error)),
            };
        }
        if by_body || error.is_transient() && *error.kind() != ErrorKind::Corrupt {
            run.attempts.again(error).await?;
            return Ok(None);
        }
        match error.kind() {
            // The hash did not agree: what the service has is of no use.
            ErrorKind::Corrupt => Ok(Some(error)),
            // The question brings a new sign-in; one that is refused as well is of no use.
            ErrorKind::Auth(AuthProblem::Expired) if run.was_signed_out() => Err(error.exhausted()),
            ErrorKind::Auth(AuthProblem::Expired) => self.count_refusal(run, error.exhausted()),
            // An end without bytes, because all are there: documented, but seen to be refused.
            ErrorKind::Rejected(Rejection::Empty) if run.received == run.session.size_bytes => Ok(Some(error)),
            // An offset or a length that the service does not like, or an answer that is none: it knows more.
            ErrorKind::Protocol => self.count_refusal(run, error),
            ErrorKind::Rejected(_) if http_status(&error) == Some(400) => {
                let counted = self.count_refusal(run, error);
                self.cancel_if_refused(run, counted).await
            }
            ErrorKind::Rejected(_) => self.cancel_if_refused(run, Err(error)).await,
            // Nothing is wrong with what was sent so far: the session stays for later.
            _ => Err(error),
        }
    }

    fn count_refusal(&self, run: &mut Run<'a>, error: Error) -> Result<Option<Error>> {
        run.refusals += 1;
        if run.refusals > MOST_REFUSALS {
            return Err(error);
        }
        run.refusal = Some(error);
        Ok(None)
    }

    async fn cancel_if_refused(&self, run: &Run<'a>, refused: Result<Option<Error>>) -> Result<Option<Error>> {
        if refused.is_err() {
            self.client().upload_cancel(&run.session.session).await;
        }
        refused
    }

    /// Asks the service what it has, and continues there.
    async fn ask(&self, run: &mut Run<'a>) -> Result<Option<End>> {
        if self.client().http().env().drill.has(Mutant::TrustOwnOffset) {
            return Ok(None);
        }
        let received = match self.client().upload_query(&run.session.session).await {
            Ok(Progress::Active(received)) if received <= run.session.size_bytes => received,
            Ok(Progress::Active(_)) => {
                self.client().upload_cancel(&run.session.session).await;
                let more = odd("google photos has more of the upload than was ever sent");
                return Ok(Some(End::Lost(Some(more))));
            }
            Ok(Progress::Final(Some(token))) => return Ok(Some(End::Token(token))),
            Ok(Progress::Final(None) | Progress::Gone) => return Ok(Some(End::Lost(run.refusal.take()))),
            // What is no session any more. After a refusal that refusal stands, else it is begun anew.
            Err(error) if matches!(error.kind(), ErrorKind::Rejected(_)) => match run.refusal.take() {
                Some(refusal) => return Err(refusal),
                None => return Ok(Some(End::Lost(Some(error)))),
            },
            Err(error) => return Err(error),
        };
        if received > run.received {
            self.advance(run, received).await;
        }
        // Less than before is what it says, too; it does not count as progress.
        run.received = received;
        Ok(None)
    }

    /// Sends one request.
    async fn send(&self, run: &mut Run<'a>) -> Result<Progress, Failed> {
        if self.body.checksums().sha1.is_some() {
            let sums = *self.body.checksums();
            return self.send_whole(run, sums).await;
        }
        self.send_streamed(run).await
    }

    /// Sends all that is missing of a file whose hash is known, and the hash.
    async fn send_whole(&self, run: &mut Run<'a>, sums: Checksums) -> Result<Progress, Failed> {
        let finish = self.prove(run, sums).await?;
        let piece = self.piece(self.body.size_bytes());
        run.since = Some(self.google.now());
        let sent = self.send_piece(run, &piece, Some(finish)).await;
        run.since = piece.ended().or(run.since);
        sent
    }

    fn piece(&self, end: u64) -> Piece<'a> {
        Piece::new(self.body, end, &self.client().http().env().clock)
    }

    async fn send_piece(&self, run: &Run<'a>, piece: &Piece<'_>, finish: Option<Finish>) -> Result<Progress, Failed> {
        let sending = self
            .client()
            .upload_send(Operation::Stage, &run.session.session, piece, run.received, finish);
        sending.await.map_err(|error| Failed {
            sent: piece.sent(),
            by_body: piece.has_failed(),
            error,
        })
    }

    /// Sends what can be sent before the hash is known, then the hash with the rest.
    async fn send_streamed(&self, run: &mut Run<'a>) -> Result<Progress, Failed> {
        let (size, granularity) = (run.session.size_bytes, run.session.granularity);
        let left = size - run.received;
        // At least a byte stays, for the service takes no end without one as readily.
        let aligned = left.saturating_sub(1) / granularity * granularity;
        let tail = match run.tail.take() {
            Some((start, tail)) if start <= run.received => (start, tail),
            _ if aligned > 0 => {
                (run.sums, run.pending) = (None, None);
                let end = run.received + aligned;
                let piece = self.piece(end);
                let progress = self.send_piece(run, &piece, None).await?;
                run.tail = piece.take_tail().map(|tail| (end, tail));
                return Ok(progress);
            }
            _ => {
                (run.sums, run.pending) = (None, None);
                (run.received, read_tail(self.body, run.received).await?)
            }
        };
        let (start, bytes) = tail;
        run.tail = Some((start, bytes.clone()));
        let sums = self.seal(run).await?;
        let finish = self.prove(run, sums).await?;
        // Not longer than the tail, which is in memory.
        let skip = usize::try_from(run.received - start)
            .unwrap_or(usize::MAX)
            .min(bytes.len());
        run.since = Some(self.google.now());
        let rest = Rest {
            bytes: BytesBody::with_checksums(bytes.slice(skip..), sums),
            start: run.received,
        };
        let sending = self.client().upload_send(
            Operation::Stage,
            &run.session.session,
            &rest,
            run.received,
            Some(finish),
        );
        sending.await.map_err(|error| Failed {
            error,
            sent: rest.bytes.size_bytes(),
            by_body: false,
        })
    }

    /// Learns the hash of the file that was streamed, and writes it down before the end is sent: should the reply get
    /// lost with this process, the next one knows which bytes are at the service.
    async fn seal(&self, run: &mut Run<'a>) -> Result<Checksums> {
        if let Some(sums) = run.sums {
            return Ok(sums);
        }
        let sums = match self.body.seal().await {
            Ok(sums) => sums,
            Err(error) => {
                if *error.kind() == ErrorKind::Corrupt {
                    self.client().upload_cancel(&run.session.session).await;
                    return Err(error.exhausted());
                }
                return Err(error);
            }
        };
        run.session.sums = sums;
        self.log.opened(&run.session.staged()).await?;
        run.sums = Some(sums);
        Ok(sums)
    }

    async fn prove(&self, run: &mut Run<'a>, sums: Checksums) -> Result<Finish> {
        if run.pending.is_none() {
            let (proof, now) = (&self.google.proof, self.google.now());
            run.pending = Some(proof.before(run.session.kind(), self.client(), &sums, now).await?);
        }
        run.sums = Some(sums);
        Ok(Finish {
            sha1: sums.sha1.filter(|_| self.google.hash_header),
        })
    }

    /// Makes the outcome of a token; `None` if it is too old, or nobody can say which bytes it is for.
    async fn staged(&self, token: String, run: Run<'a>) -> Result<Option<Staged>> {
        let now = self.google.now();
        let (Some(sums), Some(pending)) = (run.sums, run.pending) else {
            // It was not this process that sent the end, if anybody did.
            return match self.take_over(run.session, token, now).await? {
                TakenUp::Done(staged) => Ok(Some(staged)),
                TakenUp::At(..) | TakenUp::No => Ok(None),
            };
        };
        if self.body.checksums().sha1.is_some() {
            // A hash that was known may have been a promise only. Nobody has the token yet.
            self.body.seal().await?;
        }
        self.google.proof.after(self.client(), pending, now).await?;
        self.log.stored(run.session.size_bytes).await;
        // A machine that slept, or a reply that had to be asked for, made it no younger.
        let staged = self.complete(token, &sums, run.since.unwrap_or(now));
        Ok(Some(staged).filter(|staged| staged.until.is_none_or(|until| now < until)))
    }

    fn complete(&self, token: String, sums: &Checksums, since: Timestamp) -> Staged {
        Staged {
            token: Upload::new(token, &self.part.file_name, sums).to_secret(),
            until: since.checked_add(TOKEN_LIFE).ok(),
            bound_to: None,
            visible: None,
        }
    }
}

fn odd(message: &str) -> Error {
    Error::new(ErrorKind::Protocol, message)
        .provider(crate::KIND)
        .operation(Operation::Stage)
}

fn forgotten() -> Error {
    Error::new(
        ErrorKind::Unavailable { retry_after: None },
        "google photos forgets the upload each time it is begun",
    )
    .provider(crate::KIND)
    .operation(Operation::Stage)
}
