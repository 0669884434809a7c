//! What came and what went: the request log and the counters of one service.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

/// Lines that the log keeps; the oldest are dropped first so that a long bench cannot fill the memory.
const KEPT_LINES: usize = 500_000;

/// One request as the log remembers it. Never holds a value of a credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestLine {
    /// Arrival by the service's clock, milliseconds since 1970.
    pub at_ms: i64,
    /// Listener, such as `metadata` or `library`.
    pub origin: String,
    /// HTTP method.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// What the stand-in calls the request, such as `list`; `unknown` for an unknown route.
    pub operation: String,
    /// HTTP status of the answer.
    pub status: u16,
    /// Names of the cookies and of the credential headers and parameters that came, in order of their names.
    pub credentials: Vec<String>,
}

/// The requests that a service got, oldest first.
#[derive(Debug, Default)]
pub struct RequestLog(Mutex<VecDeque<RequestLine>>);

impl RequestLog {
    /// Adds one line.
    pub fn push(&self, line: RequestLine) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT_LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    /// All lines kept, oldest first; at most the last 500,000.
    pub fn lines(&self) -> Vec<RequestLine> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .cloned()
            .collect()
    }
}

/// Numbers over all requests of a service; see [`Counts`].
#[derive(Debug, Default)]
pub struct Counters {
    by_operation: Mutex<BTreeMap<String, u64>>,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    unknown: AtomicU64,
}

/// The counters at one moment, in the shape of the control route `counters`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All requests, unknown routes included.
    pub requests: u64,
    /// Requests per operation.
    pub by_operation: BTreeMap<String, u64>,
    /// Bytes of request bodies received.
    pub bytes_in: u64,
    /// Bytes of response bodies sent.
    pub bytes_out: u64,
    /// Requests to routes that the stand-in does not know; a test should find 0.
    pub unknown: u64,
}

impl Counters {
    /// Counts one request.
    pub fn request(&self, operation: &str, unknown: bool) {
        let mut operations = self.by_operation.lock().unwrap_or_else(PoisonError::into_inner);
        *operations.entry(operation.to_owned()).or_default() += 1;
        if unknown {
            self.unknown.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts bytes of a request body.
    pub fn received(&self, bytes: u64) {
        self.bytes_in.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts bytes of a response body.
    pub fn sent(&self, bytes: u64) {
        self.bytes_out.fetch_add(bytes, Ordering::Relaxed);
    }

    /// All numbers at this moment.
    pub fn counts(&self) -> Counts {
        let by_operation = self.by_operation.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Counts {
            requests: by_operation.values().sum(),
            by_operation,
            bytes_in: self.bytes_in.load(Ordering::Relaxed),
            bytes_out: self.bytes_out.load(Ordering::Relaxed),
            unknown: self.unknown.load(Ordering::Relaxed),
        }
    }
}
