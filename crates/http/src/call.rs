//! One request, as a provider describes it.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use photomove_core::{Body, Error, ErrorKind, Operation, Result};
use serde::Serialize;
use url::Url;
use url::form_urlencoded;

use crate::body::Payload;
use crate::reply::Context;
use crate::{Credentials, Http, Reply, exchange, redact};

/// One request. Credentials are applied per hop and only to origins that may see them; redirects are followed by hand.
#[must_use = "a call does nothing until it is sent"]
pub struct Call<'a> {
    pub(crate) http: &'a Http,
    pub(crate) operation: Operation,
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) payload: Payload<'a>,
    pub(crate) credentials: Option<&'a dyn Credentials>,
    pub(crate) bucket: Option<&'static str>,
    pub(crate) repeatable: bool,
    pub(crate) follow: bool,
    pub(crate) follow_anywhere: bool,
    pub(crate) html_is_error: bool,
    pub(crate) once: bool,
    pub(crate) timeout: Option<Duration>,
    pub(crate) idle_timeout: Option<Duration>,
    /// The first thing that went wrong while describing; told when sending.
    wrong: Option<Error>,
}

impl<'a> Call<'a> {
    pub(crate) fn new(http: &'a Http, operation: Operation, method: Method, url: Url) -> Self {
        // POST and PATCH may act twice; all other methods are idempotent by RFC 9110.
        let repeatable = method != Method::POST && method != Method::PATCH;
        Self {
            http,
            operation,
            method,
            url,
            headers: HeaderMap::new(),
            payload: Payload::None,
            credentials: None,
            bucket: None,
            repeatable,
            follow: true,
            follow_anywhere: true,
            html_is_error: false,
            once: false,
            timeout: None,
            idle_timeout: None,
            wrong: None,
        }
    }

    /// Appends pairs to the address's query.
    pub fn query<T: Serialize + ?Sized>(mut self, pairs: &T) -> Self {
        let client = self.http.inner().transport.client(&self.url);
        match client.get(self.url.clone()).query(pairs).build() {
            Ok(request) => self.url = request.url().clone(),
            Err(error) => self.blame("query cannot be written", error.without_url()),
        }
        self
    }

    /// Sets a header.
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        match (name.try_into(), value.try_into()) {
            (Ok(name), Ok(mut value)) => {
                value.set_sensitive(redact::is_secret_header(&name));
                self.headers.insert(name, value);
            }
            // The value may be a secret, so that it is not named.
            (Ok(name), Err(_)) => {
                self.blame("value of a header holds what headers cannot hold", WrongHeader(name));
            }
            (Err(_), _) => {
                self.wrong
                    .get_or_insert_with(|| Error::new(ErrorKind::Internal, "not the name of a header"));
            }
        }
        self
    }

    /// Sends JSON.
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(text) => {
                self.payload = Payload::Bytes(text.into());
                self.default_type("application/json");
            }
            Err(error) => self.blame("request cannot be written as JSON", error),
        }
        self
    }

    /// Sends a form.
    pub fn form(mut self, pairs: &[(&str, &str)]) -> Self {
        let text = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        self.payload = Payload::Bytes(text.into());
        self.default_type("application/x-www-form-urlencoded");
        self
    }

    /// Sends bytes that are in memory.
    pub fn bytes(mut self, bytes: impl Into<Bytes>) -> Self {
        self.payload = Payload::Bytes(bytes.into());
        self
    }

    /// Sends a body as a stream with its length told first; it is opened anew for each attempt.
    pub fn body(self, body: &'a dyn Body) -> Self {
        self.body_from(body, 0)
    }

    /// Sends the rest of a body from `offset` on.
    pub fn body_from(mut self, body: &'a dyn Body, offset: u64) -> Self {
        self.payload = Payload::Stream { body, offset };
        self
    }

    /// Signs the request, wherever its origin may see credentials.
    pub fn credentials(mut self, credentials: &'a dyn Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Lets the call wait for its turn in a bucket of the client.
    pub fn bucket(mut self, name: &'static str) -> Self {
        self.bucket = Some(name);
        self
    }

    /// Says whether doing it twice is as good as once; by default true for all methods but POST and PATCH.
    ///
    /// A call that is not repeatable is sent again only when it surely had no effect.
    pub fn repeatable(mut self, repeatable: bool) -> Self {
        self.repeatable = repeatable;
        self
    }

    /// Takes a redirect for an error, which `classify` reads.
    pub fn no_redirects(mut self) -> Self {
        self.follow = false;
        self
    }

    /// With `false`, takes a redirect to an origin that may not see credentials for an error, which `classify` reads.
    /// By default such redirects are followed, without credentials.
    pub fn redirects_to_any_origin(mut self, allowed: bool) -> Self {
        self.follow_anywhere = allowed;
        self
    }

    /// Takes a web page for an error, which `classify` reads, even if its status means success.
    pub fn html_is_error(mut self) -> Self {
        self.html_is_error = true;
        self
    }

    /// Sends the request a single time: it is neither tried again nor is the sign-in renewed for it. For callers that
    /// must find out something first; see [`crate::Attempts`].
    pub fn once(mut self) -> Self {
        self.once = true;
        self
    }

    /// Limits the time of each attempt, from connecting to the last byte of the reply. Without it only silence ends one.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets how long the connection may say nothing, instead of the client's own limit: for answers that come when the
    /// work is done.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = Some(timeout);
        self
    }

    /// Sends the request, again where that is allowed and useful, and returns the reply if it is a success (2xx).
    ///
    /// # Errors
    /// What `classify` makes of any other reply; [`ErrorKind::Network`] and [`ErrorKind::Timeout`] if there was none;
    /// [`ErrorKind::Quota`] if the day's requests are used up, before anything is sent.
    pub async fn send(mut self) -> Result<Reply> {
        let context = self.context();
        if let Some(wrong) = self.wrong.take() {
            return Err(context.complete(wrong));
        }
        if !matches!(self.url.scheme(), "http" | "https") {
            let error = Error::new(ErrorKind::Config, "address must begin with `https://`")
                .context("address", redact::url(&self.url));
            return Err(context.complete(error));
        }
        // The state machine is large, and callers hold several calls in one future.
        Box::pin(exchange::run(self)).await
    }

    /// Returns how long the connection may say nothing.
    pub(crate) fn idle(&self) -> Duration {
        self.idle_timeout.unwrap_or(self.http.inner().idle_timeout)
    }

    pub(crate) fn context(&self) -> Context {
        Context {
            provider: self.http.inner().provider,
            operation: self.operation,
            repeatable: self.repeatable,
        }
    }

    fn default_type(&mut self, media_type: &'static str) {
        self.headers
            .entry(CONTENT_TYPE)
            .or_insert(HeaderValue::from_static(media_type));
    }

    fn blame(&mut self, message: &str, cause: impl std::error::Error + Send + Sync + 'static) {
        self.wrong
            .get_or_insert_with(|| Error::new(ErrorKind::Internal, message).source(cause));
    }
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("operation", &self.operation)
            .field("method", &self.method)
            .field("url", &redact::url(&self.url))
            .field("headers", &redact::headers(&self.headers))
            .field("payload", &self.payload)
            .field("bucket", &self.bucket)
            .field("repeatable", &self.repeatable)
            .finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct WrongHeader(HeaderName);

impl fmt::Display for WrongHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "header `{}`", self.0)
    }
}

impl std::error::Error for WrongHeader {}
