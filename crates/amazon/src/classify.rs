//! From a reply that is no success to the kind of error. The only place that knows the service's error bodies.

use photomove_core::{AuthProblem, DestId, Error, ErrorKind, Rejection, Resource};
use photomove_http::{ErrorReply, StatusCode};
use serde_json::Value;
use url::Url;

const TOKEN_EXPIRED: &str = "the page token has expired";
const WINDOW: &str = "the listing goes no further than 9,999 nodes by offset";
const RECEIVED: &str = "received";
const WEB_PAGE: &str = "a web page";
const WRONG_REGION: &str = "the content host does not know these cookies";

/// Says whether the error means that a page token is too old.
pub(crate) fn is_token_expired(error: &Error) -> bool {
    error.message() == TOKEN_EXPIRED
}

/// Says whether a content host refused the cookies as a whole; whether its region or the cookies are wrong shows only
/// when the metadata host is asked.
pub(crate) fn is_content_refusal(error: &Error) -> bool {
    *error.kind() == ErrorKind::Auth(AuthProblem::WrongRegion)
}

/// Says whether a web page came with a success status: the session is over, or one file is odd; which of both shows only
/// when the metadata host is asked.
pub(crate) fn is_web_page(error: &Error) -> bool {
    error
        .details()
        .iter()
        .any(|detail| detail.0 == RECEIVED && detail.1 == WEB_PAGE)
}

/// The parts of an error body, whichever of its shapes it has.
#[derive(Debug, Default)]
struct Body {
    message: String,
    code: String,
    nodes: Vec<String>,
    /// Number under which the service knows the failure.
    reference: Option<String>,
    /// `{"Message"}` is the front end's, `{"logref", …}` the content proxy's.
    has_logref: bool,
    is_html: bool,
}

impl Body {
    fn read(text: &str) -> Self {
        let text = text.trim_start_matches('\u{feff}').trim();
        if let Ok(Value::Object(map)) = serde_json::from_str(text) {
            let find = |names: &[&str]| {
                let found = names.iter().find_map(|name| map.get(*name)?.as_str());
                found.unwrap_or_default().to_owned()
            };
            let texts = |value: Option<&Value>| match value {
                Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
                Some(Value::String(one)) => vec![one.clone()],
                _ => Vec::new(),
            };
            let mut nodes = texts(map.get("info").and_then(|info| info.get("nodeId")));
            nodes.extend(texts(
                map.get("errorDetails")
                    .and_then(|details| details.get("conflictNodeIds")),
            ));
            return Self {
                message: find(&["message", "Message"]),
                code: find(&["code", "errorCode"]),
                nodes,
                reference: Some(find(&["logref", "requestId"])).filter(|reference| !reference.is_empty()),
                has_logref: map.contains_key("logref"),
                is_html: false,
            };
        }
        if text.contains("UnknownOperationException") {
            return Self {
                code: "UnknownOperationException".to_owned(),
                ..Self::default()
            };
        }
        // Storage services answer in XML, which is no web page.
        let element = |name: &str| Some(text.split_once(&format!("<{name}>"))?.1.split_once("</")?.0.to_owned());
        if text.starts_with("<?xml") || text.starts_with("<Error>") {
            let (message, code) = (
                element("Message").unwrap_or_default(),
                element("Code").unwrap_or_default(),
            );
            return Self {
                message,
                code,
                ..Self::default()
            };
        }
        Self {
            is_html: text.starts_with('<'),
            ..Self::default()
        }
    }

    /// The service's own words, cut to a line that is fit for a message.
    fn words(&self) -> String {
        let words = if self.message.is_empty() {
            &self.code
        } else {
            &self.message
        };
        words
            .chars()
            .map(|letter| if letter.is_control() { ' ' } else { letter })
            .take(160)
            .collect()
    }

    fn mentions(&self, text: &str) -> bool {
        self.message.contains(text) || self.code.contains(text)
    }
}

/// Decides the kind of error of a reply.
pub fn classify(reply: &ErrorReply<'_>) -> Error {
    let body = Body::read(reply.body);
    let error = match reply.status.as_u16() {
        // A web page where an answer for programs or a picture belongs.
        200..=299 => unexpected_page(reply.body),
        300..=399 => redirect(reply.redirected_to),
        _ if body.is_html => html(reply.body, reply.status, reply),
        400 => bad_request(&body),
        401 => unauthorised(&body, reply),
        403 => forbidden(&body),
        404 => not_found(&body),
        408 => Error::new(ErrorKind::Timeout, "the service gave up waiting"),
        409 => conflict(&body),
        412 => said(
            ErrorKind::Conflict { existing: None },
            "it was changed meanwhile",
            &body,
        ),
        413 => Error::new(
            ErrorKind::Rejected(Rejection::TooLarge),
            "the file is larger than the service takes",
        ),
        416 => Error::new(
            ErrorKind::Rejected(Rejection::Invalid),
            "the file ends before the asked-for byte",
        ),
        429 => said(
            ErrorKind::RateLimited {
                retry_after: reply.retry_after,
            },
            "the service asks to go slower",
            &body,
        ),
        500..=599 => unavailable(&body, reply),
        _ => said(ErrorKind::Protocol, "an unexpected answer", &body),
    };
    let error = match body.reference.filter(|text| text.len() <= 64 && text.is_ascii()) {
        Some(reference) => error.context("reference", reference),
        None => error,
    };
    error.provider(crate::KIND)
}

fn said(kind: ErrorKind, message: &str, body: &Body) -> Error {
    match body.words().as_str() {
        "" => Error::new(kind, message),
        words => Error::new(kind, format!("{message}: {words}")),
    }
}

fn bad_request(body: &Body) -> Error {
    // RCL#289 and DRV: tokens die after about ten minutes.
    if body.mentions("Next token is expired") {
        Error::new(ErrorKind::Protocol, TOKEN_EXPIRED)
    } else if body.mentions("cannot be greater than 9999") {
        Error::new(ErrorKind::Protocol, WINDOW)
    } else if body.mentions("Improper child kind") || body.mentions("Cannot complete upload") {
        // Fresh uploads are taken for photos only once the service has looked into them.
        said(
            ErrorKind::Unavailable { retry_after: None },
            "the service is not ready for this item",
            body,
        )
    } else if body.mentions("Invalid filter") || body.mentions("Invalid Kind") {
        said(
            ErrorKind::Protocol,
            "the service does not understand the question",
            body,
        )
        .hint("the service may have changed; look for a newer version of photomove")
    } else {
        said(ErrorKind::Protocol, "the service refused the request", body)
    }
}

fn unauthorised(body: &Body, reply: &ErrorReply<'_>) -> Error {
    let nothing = body.mentions("No Auth Method Provided");
    if nothing && body.has_logref {
        return Error::new(ErrorKind::Auth(AuthProblem::WrongRegion), WRONG_REGION)
            .context("host", &reply.origin.host)
            .hint("the account may belong to another region: set `marketplace`, or `endpoints.content` of the right region");
    }
    if nothing {
        return Error::new(
            ErrorKind::Auth(AuthProblem::Missing),
            "the service found no sign-in among the cookies",
        )
        .context("host", &reply.origin.host)
        .hint(
            "give the cookies `session-id`, `ubid-…` and `at-…` of the same shop, spelt with hyphens as in the browser",
        );
    }
    expired()
}

/// The session has run out. Cookie lifetimes differ, so any request of a long job may meet this.
fn expired() -> Error {
    Error::new(ErrorKind::Auth(AuthProblem::Expired), "the session has expired")
        .provider(crate::KIND)
        .hint("sign in to Amazon Photos in a browser again and give the new cookies with `photomove auth login amazon`")
}

fn forbidden(body: &Body) -> Error {
    if body.mentions("InsufficientStorage") || body.mentions("NoActiveSubscriptionFound") {
        let full = ErrorKind::Quota {
            resource: Resource::Storage,
            resets_at: None,
        };
        return said(full, "the account's storage is full", body).hint("free space or extend the plan, then run again");
    }
    if body.mentions("Not Registered") {
        // DTP and SYN: the application or account is not registered for the service, not a bad file.
        return said(
            ErrorKind::Auth(AuthProblem::MissingScope),
            "the account is not registered for Amazon Photos",
            body,
        )
        .hint("open Amazon Photos once in a browser with this account, then give new cookies");
    }
    said(
        ErrorKind::Rejected(Rejection::Policy),
        "the service does not allow it",
        body,
    )
}

fn not_found(body: &Body) -> Error {
    if body.mentions("UnknownOperationException") {
        return Error::new(ErrorKind::NotFound, "the service does not know this route");
    }
    said(ErrorKind::NotFound, "the service does not know it", body)
}

fn conflict(body: &Body) -> Error {
    let existing = body.nodes.first().cloned();
    // Same bytes: the item is there. Same name: other bytes are there, which is no success.
    let same_bytes = body.mentions("MD5_DUPLICATE") || body.mentions("DuplicatesConflictError");
    if same_bytes {
        let existing = existing.map(DestId::from);
        return Error::new(ErrorKind::Conflict { existing }, "the same bytes are there already");
    }
    let error = if body.mentions("NAME_ALREADY_EXISTS") {
        Error::new(
            ErrorKind::Conflict { existing: None },
            "another file of this name is there",
        )
    } else {
        said(ErrorKind::Conflict { existing: None }, "it exists already", body)
    };
    match existing {
        Some(node) => error.context("node", node),
        None => error,
    }
}

fn unavailable(body: &Body, reply: &ErrorReply<'_>) -> Error {
    said(
        ErrorKind::Unavailable {
            retry_after: reply.retry_after,
        },
        "the service is not well",
        body,
    )
}

/// A page for people where an answer for programs was expected.
fn html(text: &str, status: StatusCode, reply: &ErrorReply<'_>) -> Error {
    match page(text) {
        Some(error) => error,
        None if status.is_server_error() => Error::new(
            ErrorKind::Unavailable {
                retry_after: reply.retry_after,
            },
            "the service is not well, and sent a web page",
        ),
        None if status == StatusCode::UNAUTHORIZED => expired(),
        None if status == StatusCode::NOT_FOUND => {
            Error::new(ErrorKind::NotFound, "the service does not know it, and sent a web page")
        }
        None if status == StatusCode::TOO_MANY_REQUESTS => Error::new(
            ErrorKind::RateLimited {
                retry_after: reply.retry_after,
            },
            "the service asks to go slower",
        ),
        None if status == StatusCode::FORBIDDEN => challenge(),
        None => Error::new(ErrorKind::Protocol, "the service sent a web page instead of an answer"),
    }
}

/// Tells the two web pages that stand in the way of programs from others.
fn page(text: &str) -> Option<Error> {
    let lower = text.to_ascii_lowercase();
    let has = |marks: &[&str]| marks.iter().any(|mark| lower.contains(mark));
    if has(&[
        "captcha",
        "robot check",
        "automated access",
        "api-services-support@amazon",
        "not a robot",
    ]) {
        return Some(challenge());
    }
    // Links to the sign-in page stand on every page of the shop; only its form says that one is signed out.
    has(&["ap_email", "ap_password", "name=\"signin\""]).then(expired)
}

fn challenge() -> Error {
    Error::new(ErrorKind::Auth(AuthProblem::Challenge), "the service takes this program for a robot and asks for a person")
        .provider(crate::KIND)
        .hint("open Amazon Photos in a browser on this network and pass the check, then try again; a data centre's address is often refused")
}

/// The error for a web page that came with a success status: sign-in, robot check, or something unknown.
fn unexpected_page(text: &str) -> Error {
    // A signed-out session ends in such a page, whatever its words in the shop's language.
    page(text).unwrap_or_else(expired).context(RECEIVED, WEB_PAGE)
}

fn redirect(to: Option<&Url>) -> Error {
    let path = to.map(Url::path).unwrap_or_default().to_ascii_lowercase();
    if path.contains("/ap/signin") {
        expired()
    } else if path.contains("captcha") || path.contains("/ap/cvf") {
        challenge()
    } else {
        Error::new(ErrorKind::Protocol, "the service redirected where it never does")
            .context("to", to.map(photomove_http::redact::url).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
