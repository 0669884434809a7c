//! Uploads in several requests, between their start and their end.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::receive::{Incoming, Limits};
use super::world::AccountIndex;

/// Sessions that are remembered, ended ones included; the oldest are forgotten first.
const KEPT: usize = 10_000;

/// Sessions that may be open at once, since each holds up to a mebibyte of its body; the oldest are given up first.
const KEPT_OPEN: usize = 256;

/// What the client said when it began.
#[derive(Debug)]
pub(super) struct Announced {
    pub(super) account: AccountIndex,
    pub(super) size: u64,
    pub(super) content_type: Option<String>,
    pub(super) file_name: Option<String>,
    /// `X-Goog-Hash` as it came.
    pub(super) hash: Option<String>,
    pub(super) limits: Limits,
    pub(super) at: Timestamp,
}

/// Where a session stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    Open,
    /// Complete, with its upload token.
    Final(String),
    /// Complete and then refused: a wrong hash, a wrong kind of file for its size.
    Refused,
    Cancelled,
    /// Given up by the service.
    Forgotten,
}

impl State {
    fn name(&self) -> &'static str {
        match self {
            Self::Open => "active",
            Self::Final(_) => "final",
            Self::Refused => "refused",
            Self::Cancelled => "cancelled",
            Self::Forgotten => "expired",
        }
    }
}

/// Numbers of one session as tests ask for them.
#[derive(Debug)]
struct Facts {
    state: State,
    received: u64,
    bytes_in: u64,
    requests: u64,
}

/// One upload in several requests.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) announced: Announced,
    /// The bytes so far; `None` after the end. Whoever receives holds the lock.
    pub(super) bytes: Arc<tokio::sync::Mutex<Option<Incoming>>>,
    /// Number of the latest request; an older one that still receives makes way for it.
    latest: watch::Sender<u64>,
    facts: Mutex<Facts>,
}

impl Session {
    fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a request came, and tells one that still receives to stop.
    pub(super) fn enter(&self) -> Turn {
        self.facts().requests += 1;
        let mut mine = 0;
        self.latest.send_modify(|latest| {
            *latest += 1;
            mine = *latest;
        });
        Turn {
            mine,
            latest: self.latest.subscribe(),
        }
    }

    pub(super) fn state(&self) -> State {
        self.facts().state.clone()
    }

    /// Ends the session; one that has ended already stays as it is.
    pub(super) fn end(&self, state: State) {
        let mut facts = self.facts();
        if facts.state == State::Open {
            facts.state = state;
        }
    }

    pub(super) fn received(&self) -> u64 {
        self.facts().received
    }

    /// Notes how many bytes are held.
    pub(super) fn holds(&self, bytes: u64) {
        self.facts().received = bytes;
    }

    /// Counts bytes that came, kept or not.
    pub(super) fn count(&self, bytes: u64) {
        self.facts().bytes_in += bytes;
    }

    fn forget(&self) {
        self.end(State::Forgotten);
        if let Ok(mut bytes) = self.bytes.try_lock() {
            *bytes = None;
        }
    }

    fn line(&self) -> Value {
        let facts = self.facts();
        json!({
            "id": self.id,
            "size": self.announced.size,
            "received": facts.received,
            "bytes_in": facts.bytes_in,
            "requests": facts.requests,
            "state": facts.state.name(),
        })
    }
}

/// The place of one request in the order of a session's requests.
#[derive(Debug)]
pub(super) struct Turn {
    mine: u64,
    latest: watch::Receiver<u64>,
}

impl Turn {
    /// Ends when a later request has come.
    pub(super) async fn over(&mut self) {
        let mine = self.mine;
        if self.latest.wait_for(|latest| *latest > mine).await.is_err() {
            // The session is gone with all its requests, of which this is one: cannot be.
            std::future::pending::<()>().await;
        }
    }
}

/// All sessions of the stand-in.
#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    by_id: HashMap<String, Arc<Session>>,
    /// Oldest first.
    order: VecDeque<Arc<Session>>,
    /// Those that were open when last looked at, oldest first.
    open: VecDeque<Arc<Session>>,
}

impl Sessions {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a session under a new id.
    pub(super) fn open(&self, id: String, announced: Announced) {
        let session = Arc::new(Session {
            id: id.clone(),
            announced,
            bytes: Arc::new(tokio::sync::Mutex::new(Some(Incoming::default()))),
            latest: watch::Sender::new(0),
            facts: Mutex::new(Facts {
                state: State::Open,
                received: 0,
                bytes_in: 0,
                // The start.
                requests: 1,
            }),
        });
        let inner = &mut *self.inner();
        inner.by_id.insert(id, Arc::clone(&session));
        inner.order.push_back(Arc::clone(&session));
        inner.open.push_back(session);
        if inner.open.len() > KEPT_OPEN {
            inner.open.retain(|session| session.state() == State::Open);
        }
        if inner.open.len() > KEPT_OPEN
            && let Some(oldest) = inner.open.pop_front()
        {
            oldest.forget();
        }
        if inner.order.len() > KEPT
            && let Some(oldest) = inner.order.pop_front()
        {
            inner.by_id.remove(&oldest.id);
        }
    }

    /// The session of this id; `None` for one that nobody began, or that is too old.
    pub(super) fn find(&self, id: &str, now: Timestamp, life: jiff::SignedDuration) -> Option<Arc<Session>> {
        let session = Arc::clone(self.inner().by_id.get(id)?);
        if now.duration_since(session.announced.at) >= life {
            session.forget();
            return None;
        }
        (session.state() != State::Forgotten).then_some(session)
    }

    /// One object per session: `id, size, received, bytes_in, requests, state`; oldest first.
    pub(super) fn lines(&self) -> Vec<Value> {
        self.inner().order.iter().map(|session| session.line()).collect()
    }
}
