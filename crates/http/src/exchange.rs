//! The way of one call: attempts, and the hops of each attempt.

use std::time::Duration;

use http::header::{CONTENT_LENGTH, HeaderMap, HeaderValue, SET_COOKIE};
use http::{Method, StatusCode};
use photomove_core::drill::{Boundary, Mutant};
use photomove_core::{Disposition, Error, ErrorKind, Happened, Result};
use url::Url;

use crate::body::{OwnFailure, Payload, Whole};
use crate::call::Call;
use crate::idle::Activity;
use crate::pace::Lane;
use crate::redirect::{self, Trail};
use crate::reply::ErrorReply;
use crate::trace::Asked;
use crate::{Attempts, Origin, Reply, fault, redact, retry_after};

/// Renewals by other calls that a call may profit from before it asks for one of its own.
const SHARED_RENEWALS: u32 = 3;

/// Sends a call until it succeeds, or trying on is not allowed or not useful.
pub(crate) async fn run(call: Call<'_>) -> Result<Reply> {
    let inner = call.http.inner();
    let mut attempts = Attempts::new(call.http, call.operation);
    let mut signing = Signing::default();
    loop {
        let seen = inner.renewals.last();
        let error = match attempt(&call, &mut attempts).await {
            Ok(reply) => return Ok(reply),
            Err(error) => call.context().complete(error),
        };
        let pause = pause_bucket(&call, &error)?;
        if call.once {
            return Err(error);
        }
        match error.disposition() {
            Disposition::Retry { after } => attempts.again_after(error, pause.or(after)).await?,
            Disposition::RefreshAndRetry => match signing.renew(&call, seen, error).await {
                Ok(()) => {}
                // The service that renews is unwell for a moment: the next refusal leads there once more.
                Err(error) if matches!(error.disposition(), Disposition::Retry { .. }) => attempts.again(error).await?,
                Err(error) => return Err(error),
            },
            _ if *error.kind() == ErrorKind::Cancelled => return Err(attempts.cut_short(error)),
            _ => return Err(error),
        }
    }
}

/// Lets the whole bucket pause after "too many requests" and returns how long.
fn pause_bucket(call: &Call<'_>, error: &Error) -> Result<Option<Duration>> {
    match (call.bucket, error.kind(), error.disposition()) {
        (Some(bucket), ErrorKind::RateLimited { .. }, Disposition::Retry { after }) => {
            let inner = call.http.inner();
            inner.learn_from(bucket, error)?;
            Ok(Some(inner.pacer(bucket)?.rate_limited(after)))
        }
        _ => Ok(None),
    }
}

/// What a call has done about its sign-in.
#[derive(Default)]
struct Signing {
    own: bool,
    shared: u32,
}

impl Signing {
    /// Brings a new sign-in, or gives the refusal back as final.
    async fn renew(&mut self, call: &Call<'_>, seen: u64, refusal: Error) -> Result<()> {
        let Some(credentials) = call.credentials else {
            return Err(refusal.exhausted());
        };
        if self.own || self.shared >= SHARED_RENEWALS {
            return Err(refusal.exhausted());
        }
        let renewal = call.http.inner().renewals.renew(credentials, seen).await;
        // The call itself was refused: what became of the renewal's own request says nothing about it.
        let renewal = renewal.map_err(|error| {
            let error = error.happened(Happened::No, call.repeatable);
            error.provider(call.http.inner().provider)
        })?;
        if renewal.own {
            self.own = true;
        } else {
            self.shared += 1;
        }
        if renewal.renewed {
            Ok(())
        } else {
            Err(refusal.exhausted())
        }
    }
}

/// One hop of an attempt.
struct Hop<'a> {
    method: Method,
    url: Url,
    headers: HeaderMap,
    payload: Payload<'a>,
}

async fn attempt(call: &Call<'_>, attempts: &mut Attempts<'_>) -> Result<Reply> {
    let mut trail = Trail::default();
    let mut redirected = false;
    // A POST that was answered by "look there" has been acted upon, whatever comes of looking.
    let mut acted = false;
    let mut hop = Hop {
        method: call.method.clone(),
        url: call.url.clone(),
        headers: call.headers.clone(),
        payload: call.payload.clone(),
    };
    loop {
        let next = pass(call, &mut hop, &mut trail, redirected, attempts).await;
        match next {
            Ok(Passed::Done(reply)) => return Ok(reply),
            Ok(Passed::Redirected { became_get }) => {
                redirected = true;
                acted |= became_get;
            }
            Err(error) if acted && error.has_happened() == Happened::No => {
                return Err(error.happened(Happened::Unknown, call.repeatable));
            }
            Err(error) => return Err(error),
        }
    }
}

enum Passed {
    Done(Reply),
    Redirected { became_get: bool },
}

async fn pass<'a>(
    call: &Call<'a>,
    hop: &mut Hop<'a>,
    trail: &mut Trail,
    redirected: bool,
    attempts: &mut Attempts<'_>,
) -> Result<Passed> {
    let inner = call.http.inner();
    let origin = Origin::of(&hop.url);
    // Whoever holds a pre-signed address is let in by it, and one that brings a second form of authentication is refused.
    let planted = inner.env.drill.has(Mutant::CookiesFollowRedirect);
    let trusted = planted || (call.http.may_see_credentials(&origin) && !redirect::is_presigned(&hop.url));
    let headers = sign(call, hop, &origin, trusted, redirected).await?;
    let lane = match call.bucket {
        Some(bucket) => Some(inner.pacer(bucket)?.pass(&inner.env).await?),
        None => None,
    };
    for quota in &inner.quotas {
        quota.count(&origin, call.operation, inner.env.clock.now()).await?;
    }
    attempts.begin();
    let number = lane.as_ref().map(Lane::number);
    let retry = attempts.retries();
    let passed = exchange(call, hop, trail, redirected, (headers, trusted), retry, lane).await;
    if let Some((bucket, number)) = call.bucket.zip(number) {
        match &passed {
            Ok(_) => inner.pacer(bucket)?.went_well(),
            Err(error) if is_too_much(error) => inner.pacer(bucket)?.had_trouble(number),
            Err(_) => {}
        }
    }
    passed
}

/// Says whether the service could not cope: fewer requests at once may do it good.
fn is_too_much(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::RateLimited { .. } | ErrorKind::Unavailable { .. } | ErrorKind::Timeout
    )
}

/// Sends the request of one hop and reads the answer.
async fn exchange<'a>(
    call: &Call<'a>,
    hop: &mut Hop<'a>,
    trail: &mut Trail,
    redirected: bool,
    (headers, trusted): (HeaderMap, bool),
    retry: u32,
    lane: Option<Lane>,
) -> Result<Passed> {
    let inner = call.http.inner();
    let origin = Origin::of(&hop.url);
    let response = send(call, hop, headers, &origin, retry).await?;
    let status = response.status();
    if let (true, Some(credentials)) = (trusted, call.credentials) {
        credentials.accept(&origin, response.headers());
    }
    if status != StatusCode::TOO_MANY_REQUESTS
        && let Some(bucket) = call.bucket
    {
        inner.pacer(bucket)?.answered();
    }
    let target = redirect::target(status, response.headers(), &hop.url);
    let target = match target {
        Some(target) if may_follow(call, &target) => {
            return follow(call, hop, trail, &response, target);
        }
        not_followed => not_followed,
    };
    let told = target.or_else(|| redirected.then(|| hop.url.clone()));
    finish(call, hop, response, told.as_ref(), lane).await.map(Passed::Done)
}

/// Returns the headers of a hop, with secrets only where they may be seen.
async fn sign(call: &Call<'_>, hop: &Hop<'_>, origin: &Origin, trusted: bool, redirected: bool) -> Result<HeaderMap> {
    let mut headers = hop.headers.clone();
    if trusted {
        if let Some(credentials) = call.credentials {
            // Signing may ask another host for a new token; whatever became of that, this request never left.
            let applied = credentials.apply(origin, &mut headers).await;
            applied.map_err(|error| error.happened(Happened::No, call.repeatable))?;
        }
        for (name, value) in &mut headers {
            if redact::is_secret_header(name) {
                value.set_sensitive(true);
            }
        }
        return Ok(headers);
    }
    let secrets: Vec<_> = headers
        .keys()
        .filter(|name| redact::is_secret_header(name))
        .cloned()
        .collect();
    let signed = call.credentials.is_some() || !secrets.is_empty();
    let named = call.http.inner().origins.iter().any(|rule| rule.names(origin));
    if signed && named && !origin.is_private() {
        return Err(Error::new(
            ErrorKind::Config,
            format!("credentials are not sent to {origin}, where anybody on the way could read them"),
        )
        .hint("use `https://`; plain `http://` is for this very machine only"));
    }
    if !redirected && let Some(name) = secrets.first() {
        return Err(Error::new(
            ErrorKind::Internal,
            format!("header `{name}` may not be sent to {origin}"),
        ));
    }
    for name in secrets {
        headers.remove(name);
    }
    Ok(headers)
}

fn may_follow(call: &Call<'_>, target: &Url) -> bool {
    call.follow
        && (call.follow_anywhere
            || call.http.env().drill.has(Mutant::CookiesFollowRedirect)
            || Origin::of(target) == Origin::of(&call.url)
            || call.http.may_see_credentials(&Origin::of(target)))
}

/// Turns the hop into the next one.
fn follow(
    call: &Call<'_>,
    hop: &mut Hop<'_>,
    trail: &mut Trail,
    response: &reqwest::Response,
    target: Url,
) -> Result<Passed> {
    let status = response.status();
    let became_get = redirect::becomes_get(status, &hop.method);
    let method = if became_get { Method::GET } else { hop.method.clone() };
    let sets_cookie = response.headers().contains_key(SET_COOKIE);
    trail.step((&hop.method, &hop.url), (&method, &target), sets_cookie)?;
    let origin = Origin::of(&target);
    let sends_body = !became_get && hop.payload.size_bytes().is_some();
    let foreign = origin != Origin::of(&hop.url) && !call.http.may_see_credentials(&origin);
    if sends_body && foreign && call.credentials.is_some() {
        return Err(Error::new(
            ErrorKind::Protocol,
            format!("redirected to send the body to {origin}, which may not see what is private"),
        ));
    }
    tracing::debug!(
        provider = call.http.inner().provider,
        status = status.as_u16(),
        from = redact::url(&hop.url),
        to = redact::url(&target),
        "redirected"
    );
    if became_get {
        redirect::drop_body_headers(&mut hop.headers);
        hop.payload = Payload::None;
    }
    hop.method = method;
    hop.url = target;
    Ok(Passed::Redirected { became_get })
}

/// Sends one request and waits for the head of its reply.
async fn send(
    call: &Call<'_>,
    hop: &Hop<'_>,
    mut headers: HeaderMap,
    origin: &Origin,
    retry: u32,
) -> Result<reqwest::Response> {
    let inner = call.http.inner();
    let activity = Activity::new();
    let failure = OwnFailure::default();
    let whole = Whole::default();
    let body = hop
        .payload
        .open(&activity, &failure, &whole, &inner.env.bandwidth)
        .await?;
    let needs_length = matches!(hop.method, Method::POST | Method::PUT | Method::PATCH);
    if let Some(size) = hop.payload.size_bytes().or(needs_length.then_some(0)) {
        // Streams have no length of their own, and some services refuse chunked bodies.
        headers.insert(CONTENT_LENGTH, HeaderValue::from(size));
    }
    let client = inner.transport.client(&hop.url);
    let mut request = client.request(hop.method.clone(), hop.url.clone()).headers(headers);
    if let Some(timeout) = call.timeout {
        request = request.timeout(timeout);
    }
    if let Some(body) = body {
        request = request.body(body);
    }
    let began = tokio::time::Instant::now();
    inner.env.drill.pass(Boundary::BeforeRequest);
    let sent = tokio::select! {
        sent = request.send() => sent.map_err(|error| fault::while_sending(error, origin)),
        () = activity.silent_for(call.idle()) => Err(fault::silent(origin, call.idle())),
    };
    let asked = Asked {
        provider: inner.provider,
        method: &hop.method,
        url: &hop.url,
        took: began.elapsed(),
        retry,
    };
    asked.log(sent.as_ref().map(|response| (response.status(), response.headers())));
    if sent.is_ok() {
        inner.env.drill.pass(Boundary::AfterRequest);
    }
    // The peer cannot have acted upon a body that we ourselves cut short.
    let response = sent.map_err(|error| failure.take().unwrap_or(error))?;
    if response.status().is_success() && !whole.is_sent() {
        // Taken for the answer, it would vouch for bytes that nobody has seen; it may belong to an earlier request.
        return Err(Error::new(
            ErrorKind::Network,
            format!("{origin} answered before it had the whole body"),
        )
        .happened(Happened::Unknown, true));
    }
    Ok(response)
}

/// Makes a reply of a response, or an error.
async fn finish(
    call: &Call<'_>,
    hop: &Hop<'_>,
    response: reqwest::Response,
    redirected_to: Option<&Url>,
    lane: Option<Lane>,
) -> Result<Reply> {
    let inner = call.http.inner();
    let context = call.context();
    let pace = (call.idle(), inner.env.bandwidth.clone());
    let mut reply = Reply::new(response, &hop.method, context, pace, lane);
    let status = reply.status();
    if status.is_success() && !(call.html_is_error && reply.is_html()) {
        reply.read_ahead().await?;
        return Ok(reply);
    }
    let body = reply.error_text().await;
    let now = inner.env.clock.now();
    let error = (inner.classify)(&ErrorReply {
        status,
        headers: reply.headers(),
        body: &body,
        origin: reply.origin(),
        operation: call.operation,
        retry_after: retry_after(reply.headers(), now),
        redirected_to,
        now,
    });
    let error = if error.details().iter().any(|(name, _)| *name == "status") {
        error
    } else {
        error.context("status", status.as_u16())
    };
    // A provider that knows better has said so.
    if error.has_happened() != Happened::No {
        return Err(error);
    }
    // 4xx means refused; 408, 5xx, "see the result there" and a success that is none may come after the service has
    // acted.
    let refused = (status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT)
        || (status.is_redirection() && status != StatusCode::SEE_OTHER);
    let happened = if refused { Happened::No } else { Happened::Unknown };
    Err(error.happened(happened, call.repeatable))
}
