//! What leaves the stand-in: success bodies in proto3 JSON, and each family of error in the shape that was captured.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, SERVER, VARY, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use super::switches::ErrorStyle;

/// A reply ready to be sent.
pub(super) type Reply = Response<Body>;

const HELP: &str = "type.googleapis.com/google.rpc.Help";
const ERROR_INFO: &str = "type.googleapis.com/google.rpc.ErrorInfo";

/// An error of the Library API before it is written down.
#[derive(Clone, Debug)]
pub(super) struct ApiError {
    pub(super) status: u16,
    pub(super) message: String,
    /// The word in `errors[].reason`, where old style replies have that list.
    reason: Option<&'static str>,
    details: Vec<Value>,
}

impl ApiError {
    pub(super) fn new(status: u16, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            reason: None,
            details: Vec::new(),
        }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, message)
    }

    pub(super) fn unauthenticated() -> Self {
        Self::new(
            401,
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid \
             authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
        )
    }

    /// A token that works, with too few scopes for `method` (the name of the rpc).
    pub(super) fn missing_scope(method: &str) -> Self {
        let mut error = Self::new(403, "Request had insufficient authentication scopes.");
        error.details.push(json!({
            "@type": ERROR_INFO, "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "domain": "googleapis.com",
            "metadata": {
                "service": "photoslibrary.googleapis.com",
                "method": format!("google.photos.library.v1.PhotosLibrary.{method}"),
            },
        }));
        error
    }

    pub(super) fn api_not_enabled(project: &str) -> Self {
        let url = format!(
            "https://console.developers.google.com/apis/api/photoslibrary.googleapis.com/overview?project={project}"
        );
        let mut error = Self::new(
            403,
            format!(
                "Photos Library API has not been used in project {project} before or it is disabled. Enable it by visiting {url} \
                 then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry."
            ),
        );
        error.details.push(json!({
            "@type": HELP, "links": [{"description": "Google developers console API activation", "url": url}],
        }));
        error
    }

    /// A quota of the service that is used up.
    pub(super) fn quota(message: String, metadata: Option<Value>) -> Self {
        let mut error = Self::new(429, message);
        error.reason = Some("rateLimitExceeded");
        if let Some(metadata) = metadata {
            error.details.push(json!({
                "@type": ERROR_INFO, "reason": "RATE_LIMIT_EXCEEDED", "domain": "googleapis.com", "metadata": metadata,
            }));
            error.details.push(json!({
                "@type": HELP,
                "links": [{
                    "description": "Request a higher quota limit.",
                    "url": "https://cloud.google.com/docs/quota#requesting_higher_quota",
                }],
            }));
        }
        error
    }

    /// The wrapped error object of every method but `uploads`.
    pub(super) fn into_reply(self, style: ErrorStyle, retry_after_s: Option<u32>) -> Reply {
        let errors = self.reason.filter(|_| style != ErrorStyle::Bare).map(|reason| {
            vec![ErrorEntry {
                message: self.message.clone(),
                domain: "global",
                reason,
            }]
        });
        let details = (style == ErrorStyle::Full && !self.details.is_empty()).then_some(self.details);
        let body = ErrorBody {
            error: ErrorObject {
                code: self.status,
                message: self.message,
                errors,
                status: status_name(self.status),
                details,
            },
        };
        let mut reply = json_reply(self.status, &body, true);
        if self.status == 401 {
            // Captured in 2021 (library-401-headers).
            let challenge =
                HeaderValue::from_static("Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\"");
            reply.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = retry_after_s.filter(|_| self.status == 429) {
            reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        reply
    }
}

#[derive(Serialize)]
struct ErrorBody {
    error: ErrorObject,
}

#[derive(Serialize)]
struct ErrorObject {
    code: u16,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Vec<ErrorEntry>>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Vec<Value>>,
}

#[derive(Serialize)]
struct ErrorEntry {
    message: String,
    domain: &'static str,
    reason: &'static str,
}

pub(super) fn status_name(status: u16) -> &'static str {
    match status {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ABORTED",
        429 => "RESOURCE_EXHAUSTED",
        501 => "UNIMPLEMENTED",
        503 => "UNAVAILABLE",
        _ => "INTERNAL",
    }
}

/// A reply of the Library API with its usual headers; `pretty` is the service's default.
pub(super) fn json_reply(status: u16, body: &impl Serialize, pretty: bool) -> Reply {
    let text = if pretty {
        serde_json::to_string_pretty(body)
    } else {
        serde_json::to_string(body)
    };
    let mut text = text.unwrap_or_else(|_| "{}".into());
    text.push('\n');
    let mut reply = plain(status, "application/json; charset=UTF-8", text);
    let headers = reply.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("X-Origin, Referer"));
    headers.insert(SERVER, HeaderValue::from_static("ESF"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private"));
    front_end_headers(&mut reply);
    reply
}

/// The bare status object of the upload server: JSON, and yet labelled `text/html`.
pub(super) fn upload_error(status: u16, code: u8, message: &str, upload_id: &str) -> Reply {
    #[derive(Serialize)]
    struct Bare<'a> {
        code: u8,
        message: &'a str,
    }
    // The server writes apostrophes escaped (uploads-400-upload-quota).
    let text = serde_json::to_string_pretty(&Bare { code, message })
        .unwrap_or_default()
        .replace('\'', "\\u0027");
    let mut reply = plain(status, "text/html; charset=UTF-8", text);
    uploader_headers(&mut reply, upload_id);
    reply
}

/// An upload token on its own, as the body of a successful upload.
pub(super) fn upload_token(token: String, upload_id: &str) -> Reply {
    let mut reply = plain(200, "text/plain", token);
    uploader_headers(&mut reply, upload_id);
    reply
}

/// An upload refused for its size, with no body.
pub(super) fn too_large(upload_id: &str) -> Reply {
    let mut reply = plain(413, "text/html; charset=UTF-8", String::new());
    uploader_headers(&mut reply, upload_id);
    reply
}

fn uploader_headers(reply: &mut Reply, upload_id: &str) {
    let headers = reply.headers_mut();
    headers.insert(SERVER, HeaderValue::from_static("UploadServer"));
    if let Ok(id) = HeaderValue::from_str(upload_id) {
        headers.insert("x-guploader-uploadid", id);
    }
}

/// A reply of the token endpoint, with the headers of the captures.
pub(super) fn oauth_reply(status: u16, body: &impl Serialize) -> Reply {
    let text = serde_json::to_string_pretty(body).unwrap_or_default();
    let mut reply = plain(status, "application/json; charset=utf-8", text);
    let headers = reply.headers_mut();
    headers.insert("pragma", HeaderValue::from_static("no-cache"));
    headers.insert("expires", HeaderValue::from_static("Mon, 01 Jan 1990 00:00:00 GMT"));
    headers.insert(
        VARY,
        HeaderValue::from_static("X-Origin,Referer,Origin,Accept-Encoding"),
    );
    headers.insert(SERVER, HeaderValue::from_static("scaffolding on HTTPServer2"));
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static("no-cache, no-store, max-age=0, must-revalidate"),
    );
    front_end_headers(&mut reply);
    reply
}

/// An OAuth-shaped error, which is not the one of the Library API.
pub(super) fn oauth_error(status: u16, error: &str, description: &str) -> Reply {
    #[derive(Serialize)]
    struct OAuthError<'a> {
        error: &'a str,
        #[serde(skip_serializing_if = "str::is_empty")]
        error_description: &'a str,
    }
    oauth_reply(
        status,
        &OAuthError {
            error,
            error_description: description,
        },
    )
}

/// What the front end says about a path that no service owns.
pub(super) fn html(status: u16, title: &str, text: &str) -> Reply {
    let body = format!(
        "<!DOCTYPE html>\n<html lang=en>\n<meta charset=utf-8>\n<link rel=icon href=\"data:,\">\n<title>{title}</title>\n<p><b>{status}.</b> {}\n</html>\n",
        escape(text)
    );
    plain(status, "text/html; charset=UTF-8", body)
}

/// Text that is safe inside HTML text and attributes.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// A redirect of the browser.
pub(super) fn redirect(location: &str) -> Reply {
    let mut reply = plain(302, "text/html; charset=UTF-8", String::new());
    match HeaderValue::from_str(location) {
        Ok(value) => {
            reply.headers_mut().insert("location", value);
            reply
        }
        Err(_) => html(400, "Error 400", "the redirect address cannot stand in a header"),
    }
}

fn front_end_headers(reply: &mut Reply) {
    let headers = reply.headers_mut();
    headers.insert("x-xss-protection", HeaderValue::from_static("0"));
    headers.insert("x-frame-options", HeaderValue::from_static("SAMEORIGIN"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
}

/// A body of text with its type.
pub(super) fn plain(status: u16, content_type: &'static str, text: String) -> Reply {
    let mut reply = Response::new(Body::from(text));
    *reply.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    reply
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}
