//! The bytes of one request of an upload in several: what may come, what is kept, what the end gives.

use std::sync::Arc;

use axum::body::Body;
use axum::http::HeaderMap;
use bytes::BytesMut;
use futures_util::StreamExt;

use crate::google::receive::Incoming;
use crate::google::service::Google;
use crate::google::sessions::{Session, State, Turn};
use crate::google::switches::{GoogleSwitches, ResumableHash, TokenDeath};
use crate::google::upload::{Received, WRONG_HASH, hash_agrees, header, token_for};

use super::{Refusal, SIGNED_OUT};

/// What a request with bytes, or with the end, says of itself.
#[derive(Debug)]
pub(super) struct Chunk {
    upload: bool,
    finalize: bool,
    offset: Option<u64>,
    /// `Content-Length`; `None` for a body in HTTP chunks.
    length: Option<u64>,
    hash: Option<String>,
    granularity: u64,
}

impl Chunk {
    pub(super) fn of(
        headers: &HeaderMap,
        upload: bool,
        finalize: bool,
        switches: &GoogleSwitches,
    ) -> Result<Self, Refusal> {
        let number = |name| header(headers, name).map(str::parse::<u64>).transpose();
        let offset =
            number("x-goog-upload-offset").map_err(|_| Refusal::new(400, 3, "Invalid header: X-Goog-Upload-Offset"))?;
        if upload && offset.is_none() {
            return Err(Refusal::new(400, 3, "Missing header: X-Goog-Upload-Offset"));
        }
        let chunked = headers.contains_key("transfer-encoding");
        Ok(Self {
            upload,
            finalize,
            offset,
            length: number("content-length").ok().flatten().or((!chunked).then_some(0)),
            hash: header(headers, "x-goog-hash").map(str::to_owned),
            granularity: switches.upload_granularity.max(1),
        })
    }

    /// Refuses what can be refused before a byte is read.
    fn check(&self, session: &Session) -> Result<(), Refusal> {
        let (held, size) = (session.received(), session.announced.size);
        match session.state() {
            State::Open => {}
            State::Final(_) | State::Refused => {
                return Err(Refusal::of(session, 400, 3, "Upload has already been finalized."));
            }
            State::Cancelled => return Err(Refusal::of(session, 410, 9, "Upload has been cancelled.")),
            State::Forgotten => return Err(Refusal::unknown_session()),
        }
        if let Some(offset) = self.offset.filter(|offset| *offset != held) {
            let message = format!("Upload offset {offset} is not the number of bytes received, which is {held}.");
            return Err(Refusal::of(session, 409, 10, message));
        }
        let Some(length) = self.length else { return Ok(()) };
        if length > 0 && !self.upload {
            return Err(Refusal::of(
                session,
                400,
                3,
                "Finalize without upload must have no body.",
            ));
        }
        if !self.finalize && !length.is_multiple_of(self.granularity) {
            return Err(self.misaligned(session));
        }
        let end = held.saturating_add(length);
        if end > size || (self.finalize && end != size) {
            return Err(wrong_size(session, end));
        }
        Ok(())
    }

    fn misaligned(&self, session: &Session) -> Refusal {
        let message = format!("Chunk size must be a multiple of {} bytes.", self.granularity);
        Refusal::of(session, 400, 3, message)
    }
}

fn wrong_size(session: &Session, size: u64) -> Refusal {
    let message = format!(
        "Upload of {} bytes was announced, and {size} bytes came.",
        session.announced.size
    );
    Refusal::of(session, 400, 3, message)
}

/// Takes in a chunk; gives the upload token if it was the last.
pub(super) async fn receive(
    google: Arc<Google>,
    session: Arc<Session>,
    turn: Turn,
    chunk: Chunk,
    body: Body,
    switches: GoogleSwitches,
) -> Result<Option<String>, Refusal> {
    let mut bytes = Arc::clone(&session.bytes).lock_owned().await;
    if let Err(refusal) = chunk.check(&session) {
        drain_counted(&session, body).await;
        return Err(refusal);
    }
    let Some(mut incoming) = bytes.take() else {
        return Err(Refusal::unknown_session());
    };
    let mut intake = Intake {
        google: &google,
        session: &session,
        keep_all: switches.keep_partial_granule,
        granularity: chunk.granularity,
        token_death: switches.token_death,
        rest: BytesMut::new(),
    };
    let end = intake.take(&mut incoming, turn, body).await;
    if let Err(refusal) = intake.settle(&mut incoming, end, &chunk).await {
        if session.state() == State::Open {
            *bytes = Some(incoming);
        }
        return Err(refusal);
    }
    if !chunk.finalize {
        *bytes = Some(incoming);
        return Ok(None);
    }
    finish(&google, &session, incoming, &chunk, &switches).await.map(Some)
}

/// How the body of a request ended.
#[derive(Debug)]
enum End {
    Complete,
    /// The connection broke.
    Broken,
    /// A later request came.
    Overtaken,
    /// The access token died.
    SignedOut,
    TooLarge,
    TooMuch,
    Disk(std::io::Error),
}

/// The way of one request's bytes into the session.
struct Intake<'a> {
    google: &'a Google,
    session: &'a Session,
    keep_all: bool,
    granularity: u64,
    token_death: TokenDeath,
    /// Bytes behind the last whole granule, which are kept only if the request ends well.
    rest: BytesMut,
}

impl Intake<'_> {
    async fn take(&mut self, incoming: &mut Incoming, mut turn: Turn, body: Body) -> End {
        let mut pieces = body.into_data_stream();
        loop {
            let piece = tokio::select! {
                biased;
                () = turn.over() => return End::Overtaken,
                piece = pieces.next() => piece,
            };
            let piece = match piece {
                None => return End::Complete,
                Some(Err(_)) => return End::Broken,
                Some(Ok(piece)) => piece,
            };
            self.session.count(piece.len() as u64);
            if incoming.size() + (self.rest.len() + piece.len()) as u64 > self.session.announced.size {
                drain_pieces(self.session, pieces).await;
                return End::TooMuch;
            }
            self.rest.extend_from_slice(&piece);
            if let Err(error) = self.put_whole_granules(incoming).await {
                drain_pieces(self.session, pieces).await;
                return End::Disk(error);
            }
            if self.too_large(incoming) {
                drain_pieces(self.session, pieces).await;
                return End::TooLarge;
            }
            if self.google.tokens_die(piece.len() as u64) && self.token_death == TokenDeath::InRequest {
                drain_pieces(self.session, pieces).await;
                return End::SignedOut;
            }
        }
    }

    /// Whether the announced size is too much for what the bytes turn out to be.
    fn too_large(&self, incoming: &Incoming) -> bool {
        let announced = &self.session.announced;
        incoming.size() > 0 && announced.size > incoming.limit(announced.limits)
    }

    async fn put_whole_granules(&mut self, incoming: &mut Incoming) -> std::io::Result<()> {
        let (held, have) = (incoming.size(), incoming.size() + self.rest.len() as u64);
        let keep = if self.keep_all {
            have
        } else {
            have - have % self.granularity
        };
        self.put(incoming, keep.saturating_sub(held)).await
    }

    async fn put(&mut self, incoming: &mut Incoming, count: u64) -> std::io::Result<()> {
        if count == 0 {
            return Ok(());
        }
        let whole = self
            .rest
            .split_to(usize::try_from(count).unwrap_or(usize::MAX).min(self.rest.len()));
        let limits = self.session.announced.limits;
        self.google.receiver.feed(incoming, &whole, limits).await?;
        self.session.holds(incoming.size());
        Ok(())
    }

    /// Keeps the rest of a request that ended well, and says what became of one that did not.
    async fn settle(&mut self, incoming: &mut Incoming, end: End, chunk: &Chunk) -> Result<(), Refusal> {
        let session = self.session;
        match end {
            End::Complete => {}
            End::Broken => return Err(Refusal::of(session, 400, 3, "The request body did not arrive.")),
            End::Overtaken => {
                return Err(Refusal::of(
                    session,
                    409,
                    10,
                    "A later request took the place of this one.",
                ));
            }
            End::SignedOut => return Err(Refusal::new(401, 16, SIGNED_OUT)),
            End::TooMuch => {
                let came = incoming.size().saturating_add(self.rest.len() as u64);
                return Err(wrong_size(session, came.max(session.announced.size + 1)));
            }
            End::TooLarge => return Err(self.refused_for_size()),
            End::Disk(error) => return Err(self.lost(&error)),
        }
        let have = incoming.size() + self.rest.len() as u64;
        if chunk.finalize && have != session.announced.size {
            return Err(wrong_size(session, have));
        }
        // Without a `Content-Length` the length of a chunk is known only now.
        let sent = have - chunk.offset.unwrap_or(have);
        if !chunk.finalize && !sent.is_multiple_of(self.granularity) {
            return Err(chunk.misaligned(session));
        }
        let rest = self.rest.len() as u64;
        if let Err(error) = self.put(incoming, rest).await {
            return Err(self.lost(&error));
        }
        match self.too_large(incoming) {
            true => Err(self.refused_for_size()),
            false => Ok(()),
        }
    }

    fn refused_for_size(&self) -> Refusal {
        self.session.end(State::Refused);
        Refusal::of(self.session, 413, 3, "too large")
    }

    /// The bytes so far are of no use after the disk refused some.
    fn lost(&self, error: &std::io::Error) -> Refusal {
        tracing::warn!(%error, "an upload could not be put away");
        self.session.end(State::Forgotten);
        Refusal::new(500, 13, "Internal error encountered.")
    }
}

/// Makes the upload final: hash, then token.
async fn finish(
    google: &Google,
    session: &Session,
    incoming: Incoming,
    chunk: &Chunk,
    switches: &GoogleSwitches,
) -> Result<String, Refusal> {
    let announced = &session.announced;
    let stored = google
        .receiver
        .finish(incoming, announced.limits)
        .await
        .map_err(|error| {
            tracing::warn!(%error, "an upload could not be ended");
            session.end(State::Forgotten);
            Refusal::new(500, 13, "Internal error encountered.")
        })?;
    let hash = chunk.hash.as_deref().or(announced.hash.as_deref());
    let agrees = switches.resumable_hash == ResumableHash::Ignored || hash_agrees(hash, &stored.hashes);
    if !agrees && !google.shared.faults.wrong_hash_accepted("upload_chunk") {
        session.end(State::Refused);
        return Err(Refusal::of(session, 400, 3, WRONG_HASH));
    }
    let received = Received {
        account: announced.account,
        stored,
        file_name: announced.file_name.clone(),
        declared_type: announced.content_type.clone(),
    };
    let token = token_for(google, received);
    session.end(State::Final(token.clone()));
    Ok(token)
}

async fn drain_counted(session: &Session, body: Body) {
    drain_pieces(session, body.into_data_stream()).await;
}

/// Reads on to the end: a client in the middle of sending would see a reset instead of the answer.
async fn drain_pieces(session: &Session, mut pieces: axum::body::BodyDataStream) {
    while let Some(Ok(piece)) = pieces.next().await {
        session.count(piece.len() as u64);
    }
}
