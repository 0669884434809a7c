//! What all listeners of the stand-in look into.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::HeaderMap;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::origin::Shared;
use crate::seeded::{Seeded, mix};

use super::listing::Results;
use super::reply;
use super::session::{Sessions, Verdict};
use super::switches::{AmazonSwitches, SessionLoss};
use super::world::{NodeIndex, World};

/// Base URLs of the listeners.
#[derive(Debug, Clone)]
pub(super) struct Urls {
    pub(super) metadata: String,
    pub(super) content: String,
    pub(super) download: String,
    pub(super) thumbnail: String,
    pub(super) storage: String,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) shared: Arc<Shared>,
    pub(super) switches: AmazonSwitches,
    pub(super) world: World,
    pub(super) sessions: Sessions,
    pub(super) urls: Urls,
    pub(super) results: Results,
    logrefs: AtomicU64,
}

impl State {
    pub(super) fn new(shared: Arc<Shared>, switches: AmazonSwitches, world: World, urls: Urls) -> Self {
        let sessions = Sessions::new(
            shared.seed,
            switches.marketplace,
            switches.content_region,
            switches.strict,
        );
        Self {
            shared,
            switches,
            world,
            sessions,
            urls,
            results: Results::default(),
            logrefs: AtomicU64::new(0),
        }
    }

    pub(super) fn now_ms(&self) -> i64 {
        self.shared.clock.now().as_millisecond()
    }

    /// A reference for an error body, another one each time.
    pub(super) fn logref(&self) -> String {
        let number = self.logrefs.fetch_add(1, Ordering::Relaxed);
        Seeded::new(self.shared.seed ^ mix(number), "logref").uuid()
    }

    /// The gate of the metadata host.
    ///
    /// The `Err` is the finished refusal.
    pub(super) fn admit(&self, headers: &HeaderMap) -> Result<(), Box<Response>> {
        let refusal = match self.sessions.judge(headers, true) {
            Verdict::Welcome => return Ok(()),
            Verdict::NoAuth => reply::no_auth(),
            Verdict::Stale => match self.switches.session_loss {
                SessionLoss::MetadataMessage => reply::no_auth(),
                SessionLoss::BadAuthentication => reply::bad_authentication(),
                SessionLoss::SignInRedirect => reply::redirect(302, &self.sign_in_url()),
                SessionLoss::SignInHtml => reply::sign_in_page(),
            },
        };
        Err(Box::new(refusal))
    }

    /// Where pages send people whose session is over.
    pub(super) fn sign_in_url(&self) -> String {
        format!("{}/ap/signin?openid.return_to=%2Fphotos%2Fall", self.urls.metadata)
    }

    /// A link to the bytes of a node, worth something to whoever holds it.
    pub(super) fn link_token(&self, node: NodeIndex) -> String {
        let issued = self.now_ms().unsigned_abs();
        let mut bytes = Vec::with_capacity(36);
        bytes.extend(issued.to_be_bytes());
        bytes.extend(node.to_be_bytes());
        for part in 0..3 {
            bytes.extend(self.seal(issued, node, part).to_be_bytes());
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The node of a link and when the link was made, in milliseconds since 1970.
    pub(super) fn open_link(&self, token: &str) -> Option<(NodeIndex, i64)> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (issued, rest) = bytes.split_first_chunk()?;
        let (node, seal) = rest.split_first_chunk()?;
        let (issued, node) = (u64::from_be_bytes(*issued), NodeIndex::from_be_bytes(*node));
        let expected: Vec<u8> = (0..3)
            .flat_map(|part| self.seal(issued, node, part).to_be_bytes())
            .collect();
        let known = (node as usize) < self.world.nodes.len() && seal == expected;
        known.then_some((node, i64::try_from(issued).ok()?))
    }

    fn seal(&self, issued: u64, node: NodeIndex, part: u64) -> u64 {
        mix(mix(self.shared.seed ^ part) ^ mix(issued) ^ u64::from(node))
    }
}
