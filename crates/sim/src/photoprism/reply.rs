//! Answers and refusals. A handler gives `Result<Reply, Refusal>`, so that `?` ends it; the text of a refusal is put into
//! the server's language only when it is sent.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde::Serialize;
use serde_json::{Value, json};

use super::words::Message;

pub(crate) const JSON: &str = "application/json; charset=utf-8";
pub(crate) const TEXT: &str = "text/plain; charset=utf-8";
pub(crate) const HTML: &str = "text/html; charset=utf-8";
pub(crate) const SVG: &str = "image/svg+xml";

/// What every handler gives.
pub(crate) type Answer = Result<Reply, Refusal>;

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply(Box<Response>);

impl Reply {
    /// A body of text with its type.
    pub(crate) fn text(status: u16, content_type: &'static str, text: impl Into<String>) -> Self {
        Self::stream(status, content_type, Body::from(text.into()))
    }

    /// Bytes of whatever type, streamed.
    pub(crate) fn stream(status: u16, content_type: &'static str, body: Body) -> Self {
        Self::empty(status).with_body(body).header("content-type", content_type)
    }

    /// No body and no content type.
    pub(crate) fn empty(status: u16) -> Self {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self(Box::new(response))
    }

    /// JSON on one line.
    pub(crate) fn json(status: u16, body: &impl Serialize) -> Self {
        Self::text(status, JSON, serde_json::to_string(body).unwrap_or_default())
    }

    /// 200 and JSON on one line: what most calls answer.
    pub(crate) fn ok(body: &impl Serialize) -> Self {
        Self::json(200, body)
    }

    /// 200 and JSON indented by four blanks, as `GET /photos/:uid` answers.
    pub(crate) fn indented(body: &impl Serialize) -> Self {
        let mut text = Vec::new();
        let format = serde_json::ser::PrettyFormatter::with_indent(b"    ");
        let mut writer = serde_json::Serializer::with_formatter(&mut text, format);
        // Writing to memory fails only for maps whose keys are no strings, and there are none.
        let _ = body.serialize(&mut writer);
        Self::text(200, JSON, String::from_utf8_lossy(&text).into_owned())
    }

    /// `{"code":200,"message":"…"}`; take the text from [`World::say`](super::world::World::say) or [`super::words`].
    pub(crate) fn message(text: impl AsRef<str>) -> Self {
        Self::ok(&json!({ "code": 200, "message": text.as_ref() }))
    }

    /// A response that was made elsewhere, such as the upgrade to a websocket.
    pub(crate) fn raw(response: Response) -> Self {
        Self(Box::new(response))
    }

    /// Sets a header; values that cannot stand in one are left out.
    #[must_use]
    pub(crate) fn header(mut self, name: &'static str, value: impl AsRef<str>) -> Self {
        if let Ok(value) = HeaderValue::from_str(value.as_ref()) {
            self.0.headers_mut().insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// The headers of a search: `X-Count`, `X-Limit`, `X-Offset`.
    #[must_use]
    pub(crate) fn counted(self, count: usize, limit: i64, offset: i64) -> Self {
        self.header("x-count", count.to_string())
            .header("x-limit", limit.to_string())
            .header("x-offset", offset.to_string())
    }

    fn with_body(mut self, body: Body) -> Self {
        *self.0.body_mut() = body;
        self
    }

    pub(crate) fn into_response(self) -> Response {
        *self.0
    }
}

/// Why a call was refused.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    status: u16,
    shape: Shape,
}

#[derive(Debug, Clone, PartialEq)]
enum Shape {
    /// `{"code":404,"error":"Album not found"}`.
    Coded(Message),
    /// The same, labelled as plain text: what a body or a query that cannot be decoded is answered with.
    Undecodable,
    /// `{"error":"Invalid credentials"}`, translated.
    Bare(Message),
    /// `{"error":"Unknown filter: bogus"}`, never translated.
    BareText(String),
    /// A JSON body with a message that is translated.
    Login {
        error: &'static str,
        code: u16,
        message: Option<Message>,
    },
    /// An SVG image.
    Svg(&'static str),
    /// Whatever JSON.
    Json(Value),
    /// Nothing at all: a panic of the server, a zip that is not there.
    Nothing,
}

impl Refusal {
    /// `{"code":STATUS,"error":"…"}`: the usual form.
    pub(crate) fn new(status: u16, message: Message) -> Self {
        Self {
            status,
            shape: Shape::Coded(message),
        }
    }

    /// 400 "Unable to do that" for a body or a query that cannot be decoded, labelled `text/plain`.
    pub(crate) fn undecodable() -> Self {
        Self {
            status: 400,
            shape: Shape::Undecodable,
        }
    }

    /// 400 "Unable to do that" for anything else.
    pub(crate) fn bad_request() -> Self {
        Self::new(400, Message::BadRequest)
    }

    /// 401 "Please log in to your account".
    pub(crate) fn unauthorized() -> Self {
        Self::new(401, Message::Unauthorized)
    }

    /// 403 "Permission denied".
    pub(crate) fn forbidden() -> Self {
        Self::new(403, Message::Forbidden)
    }

    /// 403 "Feature disabled".
    pub(crate) fn feature_disabled() -> Self {
        Self::new(403, Message::FeatureDisabled)
    }

    /// 404 "Entity not found".
    pub(crate) fn not_found() -> Self {
        Self::new(404, Message::EntityNotFound)
    }

    /// 404 "Album not found".
    pub(crate) fn album_not_found() -> Self {
        Self::new(404, Message::AlbumNotFound)
    }

    /// `{"error":"…"}` with a translated text.
    pub(crate) fn bare(status: u16, message: Message) -> Self {
        Self {
            status,
            shape: Shape::Bare(message),
        }
    }

    /// `{"error":"…"}` with this very text.
    pub(crate) fn bare_text(status: u16, text: impl Into<String>) -> Self {
        Self {
            status,
            shape: Shape::BareText(text.into()),
        }
    }

    /// `{"error":"…","code":…,"message":"…"}` of sign-in calls; `code` is the caller's, not always the status.
    pub(crate) fn sign_in(status: u16, error: &'static str, code: u16, message: Option<Message>) -> Self {
        Self {
            status,
            shape: Shape::Login { error, code, message },
        }
    }

    /// An SVG image with this status, as token-guarded binary calls answer.
    pub(crate) fn svg(status: u16, image: &'static str) -> Self {
        Self {
            status,
            shape: Shape::Svg(image),
        }
    }

    /// Any other JSON.
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self {
            status,
            shape: Shape::Json(body),
        }
    }

    /// An empty body: 500 is a panic of the server.
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            shape: Shape::Nothing,
        }
    }

    /// The answer that is sent.
    pub(crate) fn into_reply(self, language: &str) -> Reply {
        let status = self.status;
        let coded = |message: Message| json!({ "code": status, "error": message.text(language) });
        match self.shape {
            Shape::Coded(message) => Reply::json(status, &coded(message)),
            Shape::Undecodable => Reply::text(status, TEXT, coded(Message::BadRequest).to_string()),
            Shape::Bare(message) => Reply::json(status, &json!({ "error": message.text(language) })),
            Shape::BareText(text) => Reply::json(status, &json!({ "error": text })),
            Shape::Login { error, code, message } => {
                let mut body = json!({ "code": code, "error": error });
                if let Some(message) = message {
                    body["message"] = message.text(language).into();
                }
                Reply::json(status, &body)
            }
            Shape::Svg(image) => Reply::text(status, SVG, image),
            Shape::Json(body) => Reply::json(status, &body),
            Shape::Nothing => Reply::empty(status),
        }
    }
}

/// Pictures that stand where there is no thumbnail.
pub(crate) mod icon {
    /// A broken picture: unknown token, file gone.
    pub(crate) const BROKEN: &str = "\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"24\" height=\"24\" viewBox=\"0 0 24 24\"><path d=\"M3 3h18v18H3zm3 12 4-4 4 4 4-4\" fill=\"none\" stroke=\"#27282A\"/></svg>";
    /// A photo that is not there.
    pub(crate) const PHOTO: &str = "\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"24\" height=\"24\" viewBox=\"0 0 24 24\"><path d=\"M5 5h14v14H5z\" fill=\"none\" stroke=\"#27282A\"/></svg>";
    /// A file that is not there.
    pub(crate) const FILE: &str = "\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"24\" height=\"24\" viewBox=\"0 0 24 24\"><path d=\"M6 2h8l4 4v16H6z\" fill=\"none\" stroke=\"#27282A\"/></svg>";
    /// An album or label without a cover.
    pub(crate) const ALBUM: &str = "\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"24\" height=\"24\" viewBox=\"0 0 24 24\"><path d=\"M4 6h16v12H4z\" fill=\"none\" stroke=\"#27282A\"/></svg>";
}

#[cfg(test)]
mod tests {
    use axum::http::header::CONTENT_TYPE;

    use super::*;

    async fn sent(refusal: Refusal, language: &str) -> (u16, Option<String>, String) {
        let response = refusal.into_reply(language).into_response();
        let kind = response
            .headers()
            .get(CONTENT_TYPE)
            .map(|value| value.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, kind, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn refusals_have_the_three_shapes_of_the_server() {
        let coded = sent(Refusal::album_not_found(), "de").await;
        assert_eq!(coded.2, r#"{"code":404,"error":"Album nicht gefunden"}"#);
        let plain = sent(Refusal::undecodable(), "en").await;
        assert_eq!((plain.0, plain.1.as_deref()), (400, Some(TEXT)));
        assert_eq!(plain.2, r#"{"code":400,"error":"Unable to do that"}"#);
        let bare = sent(Refusal::bare(401, Message::InvalidCredentials), "de").await;
        assert_eq!(bare.2, r#"{"error":"Ungültige Zugangsdaten"}"#);
        let nothing = sent(Refusal::empty(500), "en").await;
        assert_eq!(nothing, (500, None, String::new()));
    }
}
