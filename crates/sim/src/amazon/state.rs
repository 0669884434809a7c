//! What all listeners of the stand-in look into.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use axum::http::HeaderMap;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::control::Person;
use crate::error::SimError;
use crate::origin::Shared;
use crate::seeded::{Seeded, mix};

use super::listing::Remembered;
use super::reply;
use super::session::{Host, Sessions, Verdict};
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
    /// What each of the two people has; replaced as a whole, so that a request sees one state from its start to its end.
    worlds: [RwLock<Arc<World>>; 2],
    /// Ids of the two people; they never change.
    owners: [String; 2],
    pub(super) sessions: Sessions,
    pub(super) urls: Urls,
    /// Nodes of listings, in order.
    pub(super) results: Remembered<Vec<NodeIndex>>,
    /// Aggregations of searches.
    pub(super) summaries: Remembered<Value>,
    logrefs: AtomicU64,
}

impl State {
    /// `worlds` are those of the person whose library it is, and of somebody else.
    pub(super) fn new(shared: Arc<Shared>, switches: AmazonSwitches, worlds: [World; 2], urls: Urls) -> Self {
        let sessions = Sessions::new(shared.seed, &switches, &shared.clock);
        Self {
            shared,
            switches,
            owners: worlds.each_ref().map(|world| world.owner.clone()),
            worlds: worlds.map(|world| RwLock::new(Arc::new(world))),
            sessions,
            urls,
            results: Remembered::default(),
            summaries: Remembered::default(),
            logrefs: AtomicU64::new(0),
        }
    }

    /// What the person of the present session has. Take it once per request: the next request may see another.
    pub(super) fn world(&self) -> Arc<World> {
        self.world_of(self.sessions.person())
    }

    /// What a person has.
    pub(super) fn world_of(&self, person: Person) -> Arc<World> {
        let world = self.worlds[person as usize].read();
        Arc::clone(&world.unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn owner_of(&self, person: Person) -> &str {
        &self.owners[person as usize]
    }

    /// Gives a person another library; one change at a time, or the later one would undo the earlier one.
    pub(super) fn change_world<T>(
        &self,
        person: Person,
        change: impl FnOnce(&World) -> Result<(World, T), SimError>,
    ) -> Result<T, SimError> {
        let mut world = self.worlds[person as usize]
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let (changed, result) = change(&world)?;
        *world = Arc::new(changed);
        Ok(result)
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
        let verdict = self.sessions.judge(headers, true, Host::Metadata, &self.shared.clock);
        let refusal = match verdict {
            Verdict::Welcome => return Ok(()),
            Verdict::NoAuth => reply::no_auth(),
            Verdict::Stale => self.session_lost(self.switches.session_loss, reply::no_auth),
        };
        Err(Box::new(refusal))
    }

    /// What a session's end looks like; `plain` is the host's usual refusal.
    pub(super) fn session_lost(&self, loss: SessionLoss, plain: impl FnOnce() -> Response) -> Response {
        match loss {
            SessionLoss::MetadataMessage => plain(),
            SessionLoss::BadAuthentication => reply::bad_authentication(),
            SessionLoss::SignInRedirect => reply::redirect(302, &self.sign_in_url()),
            SessionLoss::SignInHtml => reply::sign_in_page(),
        }
    }

    /// Where pages send people whose session is over.
    pub(super) fn sign_in_url(&self) -> String {
        format!("{}/ap/signin?openid.return_to=%2Fphotos%2Fall", self.urls.metadata)
    }

    /// A link to the bytes of a node, worth something to whoever holds it.
    pub(super) fn link_token(&self, world: &World, node: NodeIndex) -> String {
        let issued = self.now_ms().unsigned_abs();
        let mut bytes = Vec::with_capacity(36);
        bytes.extend(issued.to_be_bytes());
        bytes.extend(node.to_be_bytes());
        bytes.extend(self.seal(world, issued, node));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What a link stands for.
    pub(super) fn open_link(&self, token: &str) -> Option<Link> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (issued, rest) = bytes.split_first_chunk()?;
        let (node, seal) = rest.split_first_chunk()?;
        let (issued, node) = (u64::from_be_bytes(*issued), NodeIndex::from_be_bytes(*node));
        let world = [Person::Same, Person::Other]
            .map(|person| self.world_of(person))
            .into_iter()
            .find(|world| seal == self.seal(world, issued, node))?;
        let known = (node as usize) < world.nodes.len();
        let issued_ms = i64::try_from(issued).ok()?;
        known.then_some(Link { world, node, issued_ms })
    }

    /// What nobody else can put behind the number of a node.
    fn seal(&self, world: &World, issued: u64, node: NodeIndex) -> Vec<u8> {
        let owner = world.owner.bytes().fold(0, |hash, byte| mix(hash ^ u64::from(byte)));
        let part = |part: u64| mix(mix(self.shared.seed ^ part) ^ mix(issued) ^ owner ^ u64::from(node));
        (0..3).flat_map(|number| part(number).to_be_bytes()).collect()
    }
}

/// The node of a link and when the link was made, in milliseconds since 1970.
pub(super) struct Link {
    pub(super) world: Arc<World>,
    pub(super) node: NodeIndex,
    pub(super) issued_ms: i64,
}
