//! Request bodies that can be sent again.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use photomove_core::{Body, ByteStream, BytesBody, Error, ErrorKind, Result};

use crate::Bandwidth;
use crate::idle::Activity;

/// Above this many bytes a body in memory is sent in pieces, so that a slow line is not taken for a silent one.
const ONE_PIECE_BYTES: usize = 64 * 1024;

/// What a call sends.
#[derive(Clone, Default)]
pub(crate) enum Payload<'a> {
    #[default]
    None,
    Bytes(Bytes),
    Stream {
        body: &'a dyn Body,
        offset: u64,
    },
}

/// An error of our own side that cut a body short; reqwest only knows that it broke off.
#[derive(Clone, Default)]
pub(crate) struct OwnFailure(Arc<Mutex<Option<Error>>>);

impl OwnFailure {
    fn set(&self, error: Error) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    pub(crate) fn take(&self) -> Option<Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Whether the last byte of a body was handed over.
#[derive(Clone, Default)]
pub(crate) struct Whole(Arc<AtomicU64>);

impl Whole {
    /// Says so also of bodies that are handed over in one piece, and of none.
    pub(crate) fn is_sent(&self) -> bool {
        self.0.load(Ordering::Acquire) == 0
    }

    fn left(&self, bytes: u64) {
        self.0.store(bytes, Ordering::Release);
    }
}

impl Payload<'_> {
    /// Returns the length of the body, `None` if there is none.
    pub(crate) fn size_bytes(&self) -> Option<u64> {
        match self {
            Self::None => None,
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::Stream { body, offset } => Some(body.size_bytes().saturating_sub(*offset)),
        }
    }

    /// Opens the body anew.
    pub(crate) async fn open(
        &self,
        activity: &Activity,
        failure: &OwnFailure,
        whole: &Whole,
        bandwidth: &Bandwidth,
    ) -> Result<Option<reqwest::Body>> {
        let stream = match self {
            Self::None => return Ok(None),
            Self::Bytes(bytes) if bytes.len() <= ONE_PIECE_BYTES => {
                return Ok(Some(bytes.clone().into()));
            }
            Self::Bytes(bytes) => BytesBody::chunks(bytes.clone()),
            Self::Stream { body, offset } => body.stream(*offset).await?,
        };
        whole.left(self.size_bytes().unwrap_or_default());
        let watched = Watched {
            stream,
            left: self.size_bytes().unwrap_or_default(),
            activity: activity.clone(),
            failure: failure.clone(),
            whole: whole.clone(),
            bandwidth: bandwidth.clone(),
            rest: Bytes::new(),
        };
        let chunks = stream::unfold(Some(watched), |watched| async move {
            let mut watched = watched?;
            match watched.next().await? {
                Ok(chunk) => Some((Ok(chunk), Some(watched))),
                Err(error) => {
                    // The peer sees a body that broke off, which it cannot take for a whole one.
                    let told = io::Error::other(error.to_string());
                    watched.failure.set(error);
                    Some((Err(told), None))
                }
            }
        });
        Ok(Some(reqwest::Body::wrap_stream(chunks)))
    }
}

struct Watched {
    stream: ByteStream,
    left: u64,
    activity: Activity,
    failure: OwnFailure,
    whole: Whole,
    bandwidth: Bandwidth,
    /// What of a chunk is still to be handed over where pieces are smaller.
    rest: Bytes,
}

impl Watched {
    async fn next(&mut self) -> Option<Result<Bytes>> {
        let chunk = match self.piece().await {
            Some(chunk) => chunk,
            None => return (self.left > 0).then(|| Err(changed("shorter", self.left))),
        };
        Some(chunk.and_then(|chunk| {
            self.activity.touch();
            let size = chunk.len() as u64;
            self.left = self
                .left
                .checked_sub(size)
                .ok_or_else(|| changed("longer", size - self.left))?;
            self.whole.left(self.left);
            Ok(chunk)
        }))
    }

    /// Returns the next bytes once they may move.
    async fn piece(&mut self) -> Option<Result<Bytes>> {
        let Some(piece_bytes) = self.bandwidth.piece_bytes() else {
            return self.stream.next().await;
        };
        while self.rest.is_empty() {
            match self.stream.next().await? {
                Ok(chunk) => self.rest = chunk,
                Err(error) => return Some(Err(error)),
            }
        }
        let piece = self.rest.split_to(self.rest.len().min(piece_bytes));
        self.bandwidth.take(piece.len()).await;
        Some(Ok(piece))
    }
}

fn changed(how: &str, bytes: u64) -> Error {
    Error::new(
        ErrorKind::Corrupt,
        format!("the bytes to send are {how} than was said, by {bytes} or more"),
    )
}

impl fmt::Debug for Payload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.size_bytes() {
            None => f.write_str("None"),
            Some(bytes) => write!(f, "{bytes} bytes"),
        }
    }
}
