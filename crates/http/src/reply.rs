//! What a service answers.

use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use http::{Method, StatusCode};
use jiff::Timestamp;
use photomove_core::{AuthProblem, ByteStream, Error, ErrorKind, Happened, Operation, Rejection, Result};
use serde::de::DeserializeOwned;
use url::Url;

use crate::pace::Lane;
use crate::{Bandwidth, Origin, fault, redact};

/// Longest JSON reply that is read.
const JSON_BYTES: usize = 32 * 1024 * 1024;
/// Longest text that is read before the call counts as done.
const EAGER_TEXT_BYTES: usize = 1024 * 1024;
/// A reply of this length is read before the call counts as done, whatever it holds.
const SHORT_BYTES: u64 = 64 * 1024;
/// What of an error reply is kept.
const ERROR_BYTES: usize = 64 * 1024;

/// A reply that is not a success, as a provider's `classify` sees it.
#[derive(Debug)]
pub struct ErrorReply<'r> {
    /// Status; below 300 only for [`crate::Call::html_is_error`].
    pub status: StatusCode,
    /// Headers.
    pub headers: &'r HeaderMap,
    /// Beginning of the body, at most 64 KiB; what is not UTF-8 is replaced.
    pub body: &'r str,
    /// Who answered.
    pub origin: &'r Origin,
    /// What was being done.
    pub operation: Operation,
    /// How long the service asks to wait.
    pub retry_after: Option<Duration>,
    /// Where a redirect that was not followed points to, else the last address if redirects were followed.
    pub redirected_to: Option<&'r Url>,
    /// When the reply came.
    pub now: Timestamp,
}

/// Reads an error by its status alone: what a provider says about statuses it has nothing particular to say of.
pub fn classify_status(reply: &ErrorReply<'_>) -> Error {
    let retry_after = reply.retry_after;
    let (kind, message) = match reply.status.as_u16() {
        401 => (ErrorKind::Auth(AuthProblem::Expired), "the sign-in is not accepted"),
        403 => (
            ErrorKind::Auth(AuthProblem::MissingScope),
            "the service does not allow this",
        ),
        404 | 410 => (ErrorKind::NotFound, "it does not exist"),
        408 => (ErrorKind::Timeout, "the service waited too long for the request"),
        409 => (ErrorKind::Conflict { existing: None }, "it exists already"),
        413 => (
            ErrorKind::Rejected(Rejection::TooLarge),
            "it is too large for the service",
        ),
        415 => (
            ErrorKind::Rejected(Rejection::MediaType),
            "the service does not take this type",
        ),
        429 => (ErrorKind::RateLimited { retry_after }, "the service asks to go slower"),
        500 | 502..=504 => (
            ErrorKind::Unavailable { retry_after },
            "the service is not well at present",
        ),
        _ => (ErrorKind::Protocol, "the service gave an answer that is not known"),
    };
    Error::new(kind, message)
}

/// What an error needs to know of the call that it belongs to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context {
    pub(crate) provider: &'static str,
    pub(crate) operation: Operation,
    pub(crate) repeatable: bool,
}

impl Context {
    /// Completes an error of this call; what it says already about its effect stays.
    pub(crate) fn complete(self, error: Error) -> Error {
        let happened = error.has_happened();
        error
            .provider(self.provider)
            .operation(self.operation)
            .happened(happened, self.repeatable)
    }

    /// Completes an error that came after the service had received the call.
    pub(crate) fn complete_after_sending(self, error: Error) -> Error {
        let error = match error.has_happened() {
            Happened::No => error.happened(Happened::Unknown, self.repeatable),
            Happened::Yes | Happened::Unknown => error,
        };
        self.complete(error)
    }
}

/// A reply whose body is still to be read.
pub struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    origin: Origin,
    context: Context,
    bodiless: bool,
    body: ByteStream,
}

impl Reply {
    /// Takes over a response; its body is watched for silence and for ending early, and holds the lane.
    pub(crate) fn new(
        response: reqwest::Response,
        method: &Method,
        context: Context,
        (idle, bandwidth): (Duration, Bandwidth),
        lane: Option<Lane>,
    ) -> Self {
        let origin = Origin::of(response.url());
        let status = response.status();
        let headers = response.headers().clone();
        let bodiless = *method == Method::HEAD || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        let incoming = Incoming {
            // A decoded body has another length; reqwest then takes the header out.
            expected: length(&headers).filter(|_| !bodiless),
            received: 0,
            body: response.bytes_stream().boxed(),
            origin: origin.clone(),
            context,
            idle,
            bandwidth,
            _lane: lane,
        };
        let body = stream::unfold(Some(incoming), |incoming| async move {
            let mut incoming = incoming?;
            match incoming.next().await? {
                Ok(chunk) => Some((Ok(chunk), Some(incoming))),
                Err(error) => Some((Err(error), None)),
            }
        });
        Self {
            status,
            headers,
            origin,
            context,
            bodiless,
            body: body.boxed(),
        }
    }

    /// Reads short replies and texts at once, so that one that breaks off is an error of the call and sent again like
    /// any other, and so that its lane is free even if nobody ever reads it.
    pub(crate) async fn read_ahead(&mut self) -> Result<()> {
        let short = self.bodiless || self.content_length().is_some_and(|length| length <= SHORT_BYTES);
        let limit = match self.content_type().map(essence) {
            Some(kind) if kind == "application/json" || kind.ends_with("+json") => JSON_BYTES,
            Some(kind) if kind.starts_with("text/") => EAGER_TEXT_BYTES,
            _ if short => EAGER_TEXT_BYTES,
            _ => return Ok(()),
        };
        let mut ahead = Vec::new();
        let mut size = 0;
        while size <= limit {
            match self.body.next().await {
                Some(chunk) => {
                    let chunk = chunk?;
                    size += chunk.len();
                    ahead.push(Ok(chunk));
                }
                None => {
                    self.body = stream::iter(ahead).boxed();
                    return Ok(());
                }
            }
        }
        let rest = std::mem::replace(&mut self.body, stream::empty().boxed());
        self.body = stream::iter(ahead).chain(rest).boxed();
        Ok(())
    }

    /// Reads the beginning of an error reply; one that breaks off is still worth reading.
    pub(crate) async fn error_text(&mut self) -> String {
        let mut text = BytesMut::new();
        while text.len() < ERROR_BYTES
            && let Some(Ok(chunk)) = self.body.next().await
        {
            let room = ERROR_BYTES - text.len();
            text.extend_from_slice(&chunk[..chunk.len().min(room)]);
        }
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Returns the status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Returns who answered in the end.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Returns the length of the body, where the service says it.
    pub fn content_length(&self) -> Option<u64> {
        length(&self.headers)
    }

    /// Returns the media type as the service says it, with parameters.
    pub fn content_type(&self) -> Option<&str> {
        self.headers.get(CONTENT_TYPE)?.to_str().ok()
    }

    /// Says whether the body claims to be a web page.
    pub fn is_html(&self) -> bool {
        self.content_type()
            .map(essence)
            .is_some_and(|kind| matches!(kind.as_str(), "text/html" | "application/xhtml+xml"))
    }

    /// Reads the body as JSON, at most 32 MiB; a byte order mark is tolerated.
    ///
    /// # Errors
    /// [`ErrorKind::Protocol`] if it is something else; [`ErrorKind::Network`] if it breaks off.
    pub async fn json<T: DeserializeOwned>(self) -> Result<T> {
        self.json_within(JSON_BYTES).await
    }

    /// Reads the body as JSON of at most `limit` bytes, for replies whose usual size is known: what is built from JSON
    /// may take ten times its length in memory.
    ///
    /// # Errors
    /// As [`Reply::json`].
    pub async fn json_within<T: DeserializeOwned>(self, limit: usize) -> Result<T> {
        let (context, origin, html) = (self.context, self.origin.clone(), self.is_html());
        let bytes = self.bytes(limit.min(JSON_BYTES)).await?;
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        serde_json::from_slice(text).map_err(|error| {
            let page = html || text.trim_ascii_start().starts_with(b"<");
            let told = if page {
                Error::new(
                    ErrorKind::Protocol,
                    format!("{origin} sent a web page where JSON belongs"),
                )
            } else {
                // serde_json quotes what it read, which may be anything, even a token; for the same reason the error
                // itself is not kept.
                let what = redact::without_quoted(&error.to_string());
                Error::new(
                    ErrorKind::Protocol,
                    format!("reply of {origin} has another form than is known: {what}"),
                )
            };
            context.complete_after_sending(told)
        })
    }

    /// Reads the body as text of at most `limit` bytes; what is not UTF-8 is replaced.
    ///
    /// # Errors
    /// [`ErrorKind::Protocol`] if it is longer; [`ErrorKind::Network`] if it breaks off.
    pub async fn text(self, limit: usize) -> Result<String> {
        let bytes = self.bytes(limit).await?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Reads the body of at most `limit` bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Protocol`] if it is longer; [`ErrorKind::Network`] if it breaks off.
    pub async fn bytes(mut self, limit: usize) -> Result<Bytes> {
        let too_long = || {
            let error = Error::new(
                ErrorKind::Protocol,
                format!("reply of {} is longer than {limit} bytes", self.origin),
            );
            self.context.complete_after_sending(error)
        };
        if self.content_length().is_some_and(|length| length > limit as u64) {
            return Err(too_long());
        }
        let mut whole = BytesMut::new();
        while let Some(chunk) = self.body.next().await {
            let chunk = chunk?;
            if whole.len() + chunk.len() > limit {
                return Err(too_long());
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.freeze())
    }

    /// Returns the body as it arrives. One that ends before its announced length ends with an error.
    pub fn stream(self) -> ByteStream {
        self.body
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.status)
            .field("origin", &self.origin.to_string())
            .field("headers", &redact::headers(&self.headers))
            .finish_non_exhaustive()
    }
}

struct Incoming {
    body: stream::BoxStream<'static, reqwest::Result<Bytes>>,
    expected: Option<u64>,
    received: u64,
    origin: Origin,
    context: Context,
    idle: Duration,
    bandwidth: Bandwidth,
    _lane: Option<Lane>,
}

impl Incoming {
    async fn next(&mut self) -> Option<Result<Bytes>> {
        let next = tokio::time::timeout(self.idle, self.body.next()).await;
        let error = match next {
            Ok(Some(Ok(chunk))) => {
                self.received += chunk.len() as u64;
                // The peer waits meanwhile, for nobody reads on.
                self.bandwidth.take(chunk.len()).await;
                return Some(Ok(chunk));
            }
            Ok(None) => match self.expected {
                Some(expected) if self.received != expected => self.cut_short(),
                _ => return None,
            },
            Ok(Some(Err(error))) => {
                let told = fault::while_reading(error, &self.origin);
                match self.expected {
                    Some(expected) => told.context("received", format!("{} of {expected} bytes", self.received)),
                    None => told,
                }
            }
            Err(_) => fault::silent(&self.origin, self.idle),
        };
        Some(Err(self.context.complete_after_sending(error)))
    }

    fn cut_short(&self) -> Error {
        Error::new(
            ErrorKind::Network,
            format!("the connection to {} broke off", self.origin),
        )
        .context(
            "received",
            format!("{} of {} bytes", self.received, self.expected.unwrap_or_default()),
        )
    }
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

fn essence(content_type: &str) -> String {
    content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}
