//! What came and what went: the request log and the counters of one service.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::faults::FaultTally;
use crate::origin::UNKNOWN;

/// Lines that a log keeps if nothing else is said: a long bench must not fill the memory.
pub const DEFAULT_LOG_LINES: usize = 50_000;
/// Lines about unknown routes that are kept in any case.
const UNKNOWN_LINES: usize = 1000;

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
    /// HTTP status of the answer; 0 if there was none.
    pub status: u16,
    /// Names of the cookies and of the credential headers and parameters that came, in order of their names.
    pub credentials: Vec<String>,
    /// Name of the fault that befell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// The last requests that a service got, oldest first.
#[derive(Debug)]
pub struct RequestLog {
    keep: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    lines: VecDeque<RequestLine>,
    dropped: u64,
    unknown: Vec<RequestLine>,
}

impl Default for RequestLog {
    fn default() -> Self {
        Self::keeping(DEFAULT_LOG_LINES)
    }
}

impl RequestLog {
    /// Keeps the last `lines` requests.
    pub fn keeping(lines: usize) -> Self {
        Self {
            keep: lines,
            kept: Mutex::default(),
        }
    }

    /// Adds one line.
    pub fn push(&self, line: RequestLine) {
        let mut kept = self.lock();
        if line.operation == UNKNOWN && kept.unknown.len() < UNKNOWN_LINES {
            kept.unknown.push(line.clone());
        }
        kept.lines.push_back(line);
        if kept.lines.len() > self.keep {
            kept.lines.pop_front();
            kept.dropped += 1;
        }
    }

    /// All lines kept, oldest first.
    pub fn lines(&self) -> Vec<RequestLine> {
        self.lock().lines.iter().cloned().collect()
    }

    /// The first requests to routes that the stand-in does not know, at most 1000, kept whatever else came.
    pub fn unknown(&self) -> Vec<RequestLine> {
        self.lock().unknown.clone()
    }

    /// How many lines were dropped because newer ones came.
    pub fn dropped(&self) -> u64 {
        self.lock().dropped
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Numbers over all requests of a service; see [`Counts`].
#[derive(Debug, Default)]
pub struct Counters {
    by_operation: Mutex<BTreeMap<String, u64>>,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    unknown: AtomicU64,
    faults: Arc<FaultTally>,
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
    /// Faults that really happened, by their names.
    pub faults: BTreeMap<String, u64>,
}

impl Counters {
    /// Counts from 0, except for the faults, which the tally of a fault plan counts.
    pub fn with_faults(faults: Arc<FaultTally>) -> Self {
        Self {
            faults,
            ..Self::default()
        }
    }

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
            faults: self.faults.counts(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(operation: &str, path: &str) -> RequestLine {
        RequestLine {
            at_ms: 0,
            origin: "metadata".to_owned(),
            method: "GET".to_owned(),
            path: path.to_owned(),
            operation: operation.to_owned(),
            status: 200,
            credentials: Vec::new(),
            fault: None,
        }
    }

    #[test]
    fn the_log_drops_the_oldest_lines_but_no_unknown_route() {
        let log = RequestLog::keeping(3);
        log.push(line(UNKNOWN, "/lost"));
        for number in 0..400_000 {
            log.push(line("list", &number.to_string()));
        }
        let paths: Vec<_> = log.lines().into_iter().map(|line| line.path).collect();
        assert_eq!(paths, ["399997", "399998", "399999"]);
        assert_eq!((log.dropped(), log.unknown().len()), (399_998, 1));
    }
}
