//! Fault plans: which requests fail, and how. The same plan with the same seed fails the same requests.
//!
//! A plan is a JSON list of rules:
//!
//! ```
//! let rules = photomove_sim::parse_faults(r#"[
//!   {"operation": "download", "nth": 2, "fault": "truncate"},
//!   {"operation": "upload", "name": "IMG_7", "times": 1, "fault": "reset_after"},
//!   {"operation": "*", "probability": 0.01, "fault": "status", "status": 503, "retry_after": 2}
//! ]"#)?;
//! assert_eq!(rules.len(), 3);
//! # Ok::<(), photomove_sim::faults::FaultError>(())
//! ```
#![doc = include_str!("faults/plan.md")]

use axum::http::HeaderValue;
use serde::{Deserialize, Serialize};

mod plan;
mod rule;
mod words;

pub use plan::{FaultDecided, FaultPlan, FaultTally};
pub use rule::{FaultError, FaultRule, When, check_operations, fault_kinds, parse_faults};
pub(crate) use words::http_date;
pub use words::{BodyKind, EndlessItems, FaultBody, RetryAfter};

/// What happens to a request that a rule picks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fault {
    /// The request is not acted on; it is answered with this status.
    Status {
        /// HTTP status code, 200 to 599.
        status: u16,
        /// `Retry-After`; no header if `None`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<RetryAfter>,
        /// Body; the service's usual error body for the status if `None`.
        #[serde(flatten, deserialize_with = "words::body")]
        body: Option<FaultBody>,
    },
    /// The service acts, and answers with this status all the same.
    StatusAfter {
        /// HTTP status code, 200 to 599.
        status: u16,
        /// `Retry-After`; no header if `None`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<RetryAfter>,
        /// Body; the service's usual error body for the status if `None`.
        #[serde(flatten, deserialize_with = "words::body")]
        body: Option<FaultBody>,
    },
    /// The connection is reset before anything is read of the body or acted on.
    ResetBefore,
    /// The service acts, and the connection is reset instead of an answer.
    ResetAfter {
        /// Bytes of the answer's body that are sent before; nothing at all is sent if `None`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<u64>,
    },
    /// Nothing more is sent for a while, then the connection is closed.
    Stall {
        /// Milliseconds, see [`SimClock::pause`](crate::SimClock::pause).
        #[serde(default = "words::stall_ms")]
        ms: u64,
        /// Bytes of the answer's body that are sent before; not even headers are sent if `None`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<u64>,
        /// Whether the service acts although it does not answer; with `at` it does in any case.
        #[serde(default)]
        acted: bool,
    },
    /// The service acts, and the answer comes late.
    Late {
        /// Milliseconds, see [`SimClock::pause`](crate::SimClock::pause).
        ms: u64,
    },
    /// The answer's body comes in small pieces with pauses between them.
    Drip {
        /// Milliseconds between two pieces, see [`SimClock::pause`](crate::SimClock::pause).
        ms: u64,
        /// Bytes of a piece.
        #[serde(default = "words::drip_bytes")]
        bytes: u64,
    },
    /// The answer's body ends early although `Content-Length` promises more, and the connection closes.
    Truncate {
        /// Bytes that are sent, counted from the end if negative; half of the body if `None`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<i64>,
    },
    /// The answer's body ends early, and `Content-Length` agrees with it.
    Short {
        /// Bytes that are sent, counted from the end if negative; half of the body if `None`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<i64>,
    },
    /// The answer's body has more bytes than it should, and `Content-Length` agrees with it.
    Overlong {
        /// How many more.
        #[serde(default = "words::overlong_by")]
        by: u64,
    },
    /// One bit of the answer's body is wrong; length and headers are right.
    FlipBit,
    /// The answer is the one for another item of the same kind.
    SwapBody,
    /// The request is not acted on; it is answered with 200 and the page that asks people to sign in.
    #[serde(rename = "html_200")]
    Html200 {
        /// The page, if it is to be another one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
    },
    /// The answer is sent a second time right behind itself.
    DuplicateReply,
    /// Bytes that are no HTTP follow right behind the answer.
    GarbageReply,
    /// The sessions end just before the request is looked at.
    ExpireSession,
    /// The sessions end and refresh tokens stop working just before the request is looked at.
    RevokeRefresh,
    /// PhotoPrism only: the server restarts just before the request is looked at, so that it knows no download token until
    /// its session is used again.
    Restart {
        /// Whether it forgets the sessions, too.
        #[serde(default)]
        lose_sessions: bool,
    },
    /// Somebody else uploads pictures just before the request is looked at.
    Intruder {
        /// How many.
        #[serde(default = "words::intruders")]
        count: u64,
    },
    /// Google only: an upload whose `X-Goog-Hash` is wrong is accepted.
    WrongHashAccepted,
    /// Google only: the connection breaks after so many bytes of the upload's body; what arrived counts.
    CutUpload {
        /// Bytes of the request's body that arrive.
        after_bytes: u64,
    },
    /// The second half of the answer's JSON is missing; `Content-Length` agrees with it.
    MalformedJson,
    /// A byte-order mark stands before the answer's JSON.
    JsonBom,
    /// The answer has a `Content-Encoding` that nobody asked for.
    Encoded {
        /// `gzip` is really compressed; of every other word only the header is true to it.
        #[serde(default = "words::gzip")]
        encoding: String,
    },
    /// The answer's `Content-Type` is wrong.
    WrongContentType {
        /// What it says.
        #[serde(default = "words::html_type")]
        content_type: String,
    },
    /// The answer has a member that is nested this deep; the rest of it is right.
    DeepJson {
        /// Arrays in arrays.
        #[serde(default = "words::depth")]
        depth: u64,
    },
    /// The token for the next page is the one that the request came with. Does nothing to a first page.
    RepeatToken,
    /// The page comes once more, as the next one and under a token of its own.
    RepeatPage,
    /// The page has no elements, and yet a token that leads to them.
    EmptyPage,
    /// The request's page token is answered as expired. Does nothing to a first page.
    TokenExpired,
    /// There is always a further page.
    EndlessListing {
        /// What stands on the pages behind the last one.
        #[serde(default)]
        items: EndlessItems,
    },
    /// The request is not acted on; it is answered with a redirect.
    Redirect {
        /// `Location`; the request's own address, thus a loop, if `None`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
        /// HTTP status code, 300 to 399.
        #[serde(default = "words::found")]
        status: u16,
    },
    /// The answer has another `Content-Disposition`.
    ContentDisposition {
        /// What it says; there is none if `None`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<String>,
    },
    /// The answer has a header of this size.
    HugeHeader {
        /// Bytes of its value.
        #[serde(default = "words::header_bytes")]
        bytes: u64,
    },
}

/// Operations whose answers are pages.
const LISTINGS: [&str; 4] = ["list", "children", "search", "album_list"];
/// Operations about one item, of which there may be another one.
const SINGLE_ITEMS: [&str; 3] = ["get", "download", "thumbnail"];
/// Operations that go with a file name, beside all uploads.
const NAMED: [&str; 6] = ["get", "redirect", "download", "thumbnail", "batch_create", "patch_item"];

/// Whether the answers of an operation are pages.
pub(crate) fn is_listing(operation: &str) -> bool {
    LISTINGS.contains(&operation)
}

impl Fault {
    /// A `status` without anything else.
    pub fn status(status: u16) -> Self {
        Self::Status {
            status,
            retry_after: None,
            body: None,
        }
    }

    /// Its name in fault plans, counters and the request log.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::StatusAfter { .. } => "status_after",
            Self::ResetBefore => "reset_before",
            Self::ResetAfter { .. } => "reset_after",
            Self::Stall { .. } => "stall",
            Self::Late { .. } => "late",
            Self::Drip { .. } => "drip",
            Self::Truncate { .. } => "truncate",
            Self::Short { .. } => "short",
            Self::Overlong { .. } => "overlong",
            Self::FlipBit => "flip_bit",
            Self::SwapBody => "swap_body",
            Self::Html200 { .. } => "html_200",
            Self::DuplicateReply => "duplicate_reply",
            Self::GarbageReply => "garbage_reply",
            Self::ExpireSession => "expire_session",
            Self::RevokeRefresh => "revoke_refresh",
            Self::Restart { .. } => "restart",
            Self::Intruder { .. } => "intruder",
            Self::WrongHashAccepted => "wrong_hash_accepted",
            Self::CutUpload { .. } => "cut_upload",
            Self::MalformedJson => "malformed_json",
            Self::JsonBom => "json_bom",
            Self::Encoded { .. } => "encoded",
            Self::WrongContentType { .. } => "wrong_content_type",
            Self::DeepJson { .. } => "deep_json",
            Self::RepeatToken => "repeat_token",
            Self::RepeatPage => "repeat_page",
            Self::EmptyPage => "empty_page",
            Self::TokenExpired => "token_expired",
            Self::EndlessListing { .. } => "endless_listing",
            Self::Redirect { .. } => "redirect",
            Self::ContentDisposition { .. } => "content_disposition",
            Self::HugeHeader { .. } => "huge_header",
        }
    }

    /// Whether it can happen to requests of this operation; says to which it can if not.
    fn suits(&self, operation: &str) -> Result<(), &'static str> {
        let (fits, wanted) = match self {
            Self::RepeatToken
            | Self::RepeatPage
            | Self::EmptyPage
            | Self::TokenExpired
            | Self::EndlessListing { .. } => (is_listing(operation), "listings: list, children, search, album_list"),
            Self::SwapBody => (
                SINGLE_ITEMS.contains(&operation),
                "single items: get, download, thumbnail",
            ),
            Self::WrongHashAccepted | Self::CutUpload { .. } => (operation.starts_with("upload"), "uploads"),
            _ => (true, ""),
        };
        if fits { Ok(()) } else { Err(wanted) }
    }

    /// Refuses values that make no sense.
    fn check(&self) -> Result<(), String> {
        let header = |field: &str, value: &str| match HeaderValue::from_str(value) {
            Ok(_) => Ok(()),
            Err(_) => Err(format!("`{field}` cannot stand in a header: {value:?}")),
        };
        match self {
            Self::Status {
                status, retry_after, ..
            }
            | Self::StatusAfter {
                status, retry_after, ..
            } => {
                if !(200..=599).contains(status) {
                    return Err(format!("the fault `{}` needs a `status` from 200 to 599", self.kind()));
                }
                match retry_after {
                    Some(RetryAfter::Text(text)) => header("retry_after", text),
                    _ => Ok(()),
                }
            }
            Self::Redirect { status, .. } if !(300..=399).contains(status) => {
                Err("the fault `redirect` has a `status` from 300 to 399".to_owned())
            }
            Self::Redirect { to: Some(to), .. } => header("to", to),
            Self::ContentDisposition { value: Some(value) } => header("value", value),
            Self::Encoded { encoding } => header("encoding", encoding),
            Self::WrongContentType { content_type } => header("content_type", content_type),
            Self::Drip { bytes: 0, .. } => Err("the `bytes` of `drip` count from 1".to_owned()),
            Self::Intruder { count: 0 } => Err("the `count` of `intruder` counts from 1".to_owned()),
            Self::Overlong { by: 0 } => Err("the `by` of `overlong` counts from 1".to_owned()),
            _ => Ok(()),
        }
    }
}
