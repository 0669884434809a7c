//! What faults make of an answer: its body, its headers, its pace.

use axum::body::{Body, HttpBody};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use std::io::Write;
use std::time::Duration;

use crate::clock::SimClock;

use super::wire::{Ending, Follower, Wire};

/// An answer, and whether the fault could be done to it.
pub(super) type Done = (Response, bool);

/// Writes `Content-Length` where the length is known: streams hide it from the server.
pub(super) fn with_length(mut response: Response) -> Response {
    let bodyless = matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let exact = HttpBody::size_hint(response.body()).exact();
    if let Some(length) = exact.filter(|_| !bodyless) {
        response
            .headers_mut()
            .entry(header::CONTENT_LENGTH)
            .or_insert(HeaderValue::from(length));
    }
    response
}

/// The length of the body, with `Content-Length` saying so.
///
/// A body whose length nobody knows is read to its end first: without a promised length a short one would be no lie.
async fn measured(response: Response) -> (Response, u64) {
    let promised = response
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    match promised {
        Some(promised) => (response, promised),
        None => {
            let (parts, whole) = collected(response).await;
            let length = whole.len() as u64;
            (rebuilt(parts, whole), length)
        }
    }
}

async fn collected(response: Response) -> (axum::http::response::Parts, Bytes) {
    let (parts, body) = response.into_parts();
    // Bodies of a stand-in fail only when a file of the library is gone; the client then gets what there is.
    let whole = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    (parts, whole)
}

fn rebuilt(mut parts: axum::http::response::Parts, body: Bytes) -> Response {
    parts
        .headers
        .insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    Response::from_parts(parts, Body::from(body))
}

/// Where to cut: `at` bytes, from the end if negative, the half if not said; always at least one byte short.
fn cut_at(length: u64, at: Option<i64>) -> u64 {
    let keep = match at {
        None => length / 2,
        Some(at) if at < 0 => length.saturating_sub(at.unsigned_abs()),
        Some(at) => at.unsigned_abs(),
    };
    keep.min(length.saturating_sub(1))
}

/// The first `keep` bytes of a body.
fn first(body: Body, keep: u64) -> impl Stream<Item = Result<Bytes, axum::Error>> + Send + 'static {
    body.into_data_stream().scan(keep, |left, piece| {
        let next = (*left > 0).then(|| {
            piece.map(|piece| {
                let piece = piece.slice(..piece.len().min(usize::try_from(*left).unwrap_or(usize::MAX)));
                *left -= piece.len() as u64;
                piece
            })
        });
        std::future::ready(next)
    })
}

/// Sends the first bytes only, while `Content-Length` still promises the whole; then `pause`, then the end.
pub(super) async fn cut_off(
    response: Response,
    at: Option<i64>,
    wire: Wire,
    ending: Ending,
    pause: impl Future<Output = ()> + Send + 'static,
) -> Done {
    let (response, promised) = measured(response).await;
    if promised == 0 {
        return (response, false);
    }
    let keep = cut_at(promised, at);
    let end = stream::once(async move {
        pause.await;
        // The server sends what it holds; then the connection ends below it, and this is never answered.
        wire.end_when_sent(ending);
        std::future::pending().await
    });
    let response = response.map(|body| Body::from_stream(first(body, keep).chain(end)));
    (response, true)
}

/// Sends the first bytes only, and says so.
pub(super) async fn shortened(response: Response, at: Option<i64>) -> Done {
    let (mut response, promised) = measured(response).await;
    if promised == 0 {
        return (response, false);
    }
    let keep = cut_at(promised, at);
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, HeaderValue::from(keep));
    (response.map(|body| Body::from_stream(first(body, keep))), true)
}

/// Adds bytes, and says so.
pub(super) async fn lengthened(response: Response, by: u64) -> Done {
    let (mut response, promised) = measured(response).await;
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, HeaderValue::from(promised.saturating_add(by)));
    let response = response.map(|body| {
        let more = filler(by).map(Ok);
        Body::from_stream(body.into_data_stream().chain(more))
    });
    (response, true)
}

/// `bytes` bytes in pieces.
fn filler(bytes: u64) -> impl Stream<Item = Bytes> + Send + 'static {
    stream::unfold(bytes, |left| async move {
        let piece = usize::try_from(left).unwrap_or(usize::MAX).min(64 * 1024);
        (piece > 0).then(|| (Bytes::from(vec![b'x'; piece]), left - piece as u64))
    })
}

/// Turns one bit over.
pub(super) fn flipped(response: Response, seed: u64) -> Done {
    if HttpBody::size_hint(response.body()).exact() == Some(0) {
        return (response, false);
    }
    let response = response.map(|body| {
        let mut done = false;
        let stream = body.into_data_stream().map_ok(move |piece| {
            if done || piece.is_empty() {
                return piece;
            }
            done = true;
            let mut wrong = piece.to_vec();
            // The last byte of the first piece: past the headers by which a type is recognised.
            if let Some(byte) = wrong.last_mut() {
                *byte ^= 1 << (seed % 8);
            }
            Bytes::from(wrong)
        });
        Body::from_stream(stream)
    });
    (response, true)
}

/// Sends small pieces with pauses between them.
pub(super) fn dripped(response: Response, piece_bytes: u64, pause: Duration, clock: SimClock) -> Done {
    let piece_bytes = usize::try_from(piece_bytes).unwrap_or(usize::MAX).max(1);
    let response = response.map(|body| {
        let small = body.into_data_stream().map(move |piece| {
            let pieces = piece.map_or_else(|error| vec![Err(error)], |piece| chopped(&piece, piece_bytes));
            stream::iter(pieces)
        });
        let slow = small.flatten().then(move |piece| {
            let clock = clock.clone();
            async move {
                clock.pause(pause).await;
                piece
            }
        });
        Body::from_stream(slow)
    });
    (response, true)
}

fn chopped(piece: &Bytes, piece_bytes: usize) -> Vec<Result<Bytes, axum::Error>> {
    (0..piece.len())
        .step_by(piece_bytes)
        .map(|start| Ok(piece.slice(start..piece.len().min(start.saturating_add(piece_bytes)))))
        .collect()
}

/// Sends something right behind the answer.
pub(super) async fn followed(response: Response, wire: &Wire, with: Follower, no_body: bool) -> Done {
    let (response, promised) = measured(response).await;
    wire.follow(if no_body { 0 } else { promised }, with);
    (response, true)
}

/// Changes the whole body; `None` from `change` leaves it as it is.
pub(super) async fn rewritten(response: Response, change: impl FnOnce(&[u8]) -> Option<Bytes>) -> Done {
    let (parts, whole) = collected(response).await;
    match change(&whole) {
        Some(changed) => (rebuilt(parts, changed), true),
        None => (rebuilt(parts, whole), false),
    }
}

/// The first half.
pub(super) fn half(whole: &[u8]) -> Option<Bytes> {
    (whole.len() > 1).then(|| Bytes::copy_from_slice(&whole[..whole.len() / 2]))
}

/// The same behind a byte-order mark.
pub(super) fn marked(whole: &[u8]) -> Option<Bytes> {
    (!whole.is_empty()).then(|| [b"\xef\xbb\xbf", whole].concat().into())
}

/// A JSON object with one more member, which is nested `depth` deep.
pub(super) fn deep(whole: &[u8], depth: u64) -> Option<Bytes> {
    let depth = usize::try_from(depth).ok()?;
    let open = whole.iter().position(|byte| !byte.is_ascii_whitespace())?;
    if whole[open] != b'{' {
        return None;
    }
    let rest = &whole[open + 1..];
    let alone = rest.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'}');
    let mut out = BytesMut::with_capacity(whole.len() + 2 * depth + 16);
    out.extend_from_slice(b"{\"deep\":");
    out.resize(out.len() + depth, b'[');
    out.resize(out.len() + depth, b']');
    out.extend_from_slice(if alone { b"" } else { b"," });
    out.extend_from_slice(rest);
    Some(out.freeze())
}

/// `Content-Encoding: encoding`, true for `gzip` only.
pub(super) async fn encoded(response: Response, encoding: &str) -> Done {
    let (mut response, done) = rewritten(response, |whole| {
        if whole.is_empty() {
            return None;
        }
        if encoding != "gzip" {
            return Some(Bytes::copy_from_slice(whole));
        }
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(whole).ok()?;
        encoder.finish().ok().map(Bytes::from)
    })
    .await;
    if done {
        set_header(&mut response, header::CONTENT_ENCODING, encoding);
    }
    (response, done)
}

/// Sets a header to a value that the fault plan has checked.
pub(super) fn set_header(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// Adds a header with a value of `bytes` bytes.
pub(super) fn with_huge_header(mut response: Response, bytes: u64) -> Done {
    let value = vec![b'h'; usize::try_from(bytes).unwrap_or(usize::MAX)];
    match HeaderValue::from_maybe_shared(Bytes::from(value)) {
        Ok(value) => {
            response
                .headers_mut()
                .insert(HeaderName::from_static("x-planned"), value);
            (response, true)
        }
        Err(_) => (response, false),
    }
}
