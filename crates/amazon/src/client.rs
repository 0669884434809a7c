//! The service's endpoints, one function each.

mod download;
mod exchange;
mod live;
mod query;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use photomove_core::{AuthProblem, ErrorKind, Operation, Result};
use photomove_http::{Bucket, Call, Http, HttpBuilder, HttpEnv, Method, Origin, RetryPolicy};
use serde_json::Value;
use url::Url;

pub use download::{Download, Route};
pub(crate) use live::{LiveSession, wrong_account};
pub(crate) use query::WINDOW;
pub use query::{CLAUSES_MAX, Filter, NodeQuery, SearchQuery, Sort, Start};

use exchange::Exchange;
use live::ContentCredentials;

use crate::KIND;
use crate::auth::{CookieKeeper, Cookies, KeepNothing, Marketplace, Session};
use crate::classify::classify;
use crate::config::{AmazonConfig, Hosts};
use crate::wire::{Aggregation, AuthToken, Node, NodePage, Usage, protocol, single_node};

/// The service wants a browser of a desktop computer; the program's own name is added so that it is no disguise.
const USER_AGENT: &str = concat!(
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 photomove/",
    env!("CARGO_PKG_VERSION")
);
const ACCEPT_JSON: &str = "application/json, text/javascript, */*; q=0.01";
const METADATA: &str = "metadata";
const CONTENT: &str = "content";
/// After "too many requests" the service stays unwilling for this long at least (*observed*).
const RATE_LIMITED_BACKOFF: Duration = Duration::from_secs(15);
/// Longest answer that is read: 40 KiB for each of 200 nodes, where real ones have 2 to 4. In memory it takes up to ten
/// times as much.
const JSON_BYTES: usize = 8 * 1024 * 1024;

/// Asks Amazon Photos in its own words; knows nothing of assets and sources.
///
/// Every answer is read tolerantly (see [`crate::wire`]), every failure is told apart by the kind of its error.
pub struct AmazonClient {
    metadata: Http,
    content: Http,
    session: Arc<LiveSession>,
    content_session: ContentCredentials,
    hosts: Hosts,
    marketplace: Marketplace,
}

impl AmazonClient {
    /// Prepares a client with the cookies that `keeper` has, else with `cookies`; nothing is sent. Renewed cookies are
    /// handed to `keeper`.
    ///
    /// # Errors
    /// As [`AmazonClient::new`], and when the keeper cannot be read.
    pub async fn open(
        config: &AmazonConfig,
        cookies: &Cookies,
        keeper: Arc<dyn CookieKeeper>,
        env: &HttpEnv,
    ) -> Result<Self> {
        let kept = keeper.load().await?;
        Self::keeping(config, kept.as_ref().unwrap_or(cookies), keeper, env)
    }

    /// Prepares a client; nothing is sent. Renewed cookies end with it.
    ///
    /// # Errors
    /// [`photomove_core::ErrorKind::Auth`] naming a missing cookie; [`photomove_core::ErrorKind::Config`] if the
    /// marketplace is not known or a setting is out of range.
    pub fn new(config: &AmazonConfig, cookies: &Cookies, env: &HttpEnv) -> Result<Self> {
        Self::keeping(config, cookies, Arc::new(KeepNothing), env)
    }

    fn keeping(config: &AmazonConfig, cookies: &Cookies, keeper: Arc<dyn CookieKeeper>, env: &HttpEnv) -> Result<Self> {
        config.check()?;
        let session = Session::try_new(cookies, config.marketplace)?;
        let marketplace = session.marketplace();
        let hosts = Hosts::new(marketplace, &config.endpoints)?;
        let builder = || builder(config, &hosts, env);
        let retry = |attempts| RetryPolicy {
            attempts,
            min_delay: Duration::from_secs(1),
            max_delay: Duration::from_secs(60),
            budget: Duration::from_secs(600),
        };
        let exchange = Exchange::new(config, &hosts, env);
        let own = [&hosts.metadata, &hosts.download, &hosts.thumbnail].map(Origin::of);
        let session = LiveSession::new(cookies, session, own.into(), exchange, keeper, Arc::clone(&env.clock))?;
        let session = Arc::new(session);
        Ok(Self {
            metadata: builder().retry(retry(6)).build()?,
            // A download has other routes to go, so no route is tried for long.
            content: builder().retry(retry(3)).build()?,
            content_session: ContentCredentials(Arc::clone(&session)),
            session,
            marketplace,
            hosts,
        })
    }

    /// Returns the shop that the session belongs to.
    pub fn marketplace(&self) -> Marketplace {
        self.marketplace
    }

    pub(crate) fn session(&self) -> &LiveSession {
        &self.session
    }

    pub(crate) fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    /// Reads the root folder, which also tells the account's owner; the cheapest check of a session.
    ///
    /// # Errors
    /// [`photomove_core::ErrorKind::Auth`] if the session does not do; [`photomove_core::ErrorKind::Protocol`] if the
    /// answer holds no root with an owner.
    pub async fn root(&self) -> Result<Node> {
        self.root_for(Operation::Connect).await
    }

    async fn root_for(&self, operation: Operation) -> Result<Node> {
        let query = NodeQuery::new(Filter::root()).for_operation(operation);
        let root = root_of(self.nodes(&query).await?).map_err(|error| error.operation(operation))?;
        self.session.know_owner(root.owner_id.as_deref().unwrap_or_default());
        self.session.note_alive();
        Ok(root)
    }

    /// Returns the account's owner as the first answer told, asking if there was none yet.
    ///
    /// # Errors
    /// As [`AmazonClient::root`].
    pub(crate) async fn owner(&self) -> Result<String> {
        match self.session.known_owner() {
            Some(owner) => Ok(owner),
            None => Ok(self.root().await?.owner_id.unwrap_or_default()),
        }
    }

    /// Asks whether the cookies still open the account that they opened at first: a browser's session can be switched
    /// to another one, and then all that looks missing may be there.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] with [`AuthProblem::WrongAccount`] if they do not; else as [`AmazonClient::root`].
    pub(crate) async fn confirm_owner(&self, operation: Operation) -> Result<()> {
        let first = self.session.known_owner();
        let now = self.root_for(operation).await?.owner_id;
        if first.is_some() && first != now {
            return Err(wrong_account(operation));
        }
        Ok(())
    }

    /// Reads how much the account holds.
    ///
    /// # Errors
    /// When the service refuses or cannot be asked.
    pub async fn usage(&self) -> Result<Usage> {
        let url = self.drive(&["account", "usage"]);
        let call = || self.get(Operation::Connect, url.clone()).query(BASE);
        Usage::from_value(self.json(call).await?)
    }

    /// Reads a key for the header `x-amz-access-token`, which the web page's uploads carry.
    ///
    /// # Errors
    /// When the service refuses or cannot be asked.
    pub async fn auth_token(&self) -> Result<AuthToken> {
        let url = join(&self.hosts.metadata, &["photos", "auth", "token"]);
        let now = self.metadata.env().clock.now().as_millisecond();
        let call = || self.get(Operation::RenewSignIn, url.clone()).query(&[("_", now)]);
        AuthToken::from_value(self.json(call).await?)
    }

    /// Lists nodes of all kinds: the whole tree, hidden ones and documents too.
    ///
    /// # Errors
    /// When the service refuses or cannot be asked; [`photomove_core::ErrorKind::Config`] if the filter has too many
    /// clauses.
    pub async fn nodes(&self, query: &NodeQuery) -> Result<NodePage> {
        self.list(self.drive(&["nodes"]), query).await
    }

    /// Lists the children of a folder or the members of an album.
    ///
    /// # Errors
    /// [`photomove_core::ErrorKind::NotFound`] if there is no such node; else as [`AmazonClient::nodes`].
    pub async fn children(&self, id: &str, query: &NodeQuery) -> Result<NodePage> {
        self.list(self.drive(&["nodes", id, "children"]), query).await
    }

    /// Lists the albums.
    ///
    /// # Errors
    /// As [`AmazonClient::nodes`].
    pub async fn albums(&self, start: Start) -> Result<NodePage> {
        self.nodes(
            &NodeQuery::new(Filter::albums())
                .for_operation(Operation::ListAlbums)
                .starting(start),
        )
        .await
    }

    /// Reads one node.
    ///
    /// # Errors
    /// [`photomove_core::ErrorKind::NotFound`] if there is no such node.
    pub async fn node(&self, id: &str) -> Result<Node> {
        self.one(Operation::Refresh, id, "false").await
    }

    /// Reads one node with the address of its content.
    ///
    /// # Errors
    /// As [`AmazonClient::node`].
    pub async fn node_with_link(&self, id: &str) -> Result<Node> {
        self.one(Operation::Open, id, "true").await
    }

    async fn one(&self, operation: Operation, id: &str, temp_link: &str) -> Result<Node> {
        let query = [
            ("asset", "ALL"),
            ("tempLink", temp_link),
            ("resourceVersion", "V2"),
            ("ContentType", "JSON"),
        ];
        let url = self.drive(&["nodes", id]);
        let value = self.json(|| self.get(operation, url.clone()).query(&query)).await?;
        single_node(value, id).map_err(|error| error.operation(operation))
    }

    /// Searches the index of photos and videos; hidden ones are probably not in it.
    ///
    /// # Errors
    /// [`photomove_core::ErrorKind::Protocol`] if the filter is not understood; else when the service refuses or cannot
    /// be asked.
    pub async fn search(&self, query: &SearchQuery) -> Result<NodePage> {
        let (url, pairs) = (self.drive(&["search"]), query.pairs());
        let call = || {
            let call = self.get(Operation::ListAssets, url.clone());
            call.query(BASE).query(&pairs)
        };
        self.page(call, Operation::ListAssets).await
    }

    /// Counts photos and videos by one category: `time`, `type`, `people`, `things`, `location`, `favorite` and others.
    ///
    /// # Errors
    /// When the service refuses or cannot be asked.
    pub async fn aggregation(&self, category: &str) -> Result<Vec<Aggregation>> {
        let query = [
            ("aggregationContext", "all"),
            ("category", category),
            ("resourceVersion", "V2"),
            ("ContentType", "JSON"),
        ];
        let url = self.drive(&["search", "aggregation"]);
        let call = || self.get(Operation::ListAssets, url.clone()).query(&query);
        let mut value = self.json(call).await?;
        Ok(Aggregation::list(
            value.get_mut("aggregations").map(Value::take).unwrap_or_default(),
        ))
    }

    async fn list(&self, url: Url, query: &NodeQuery) -> Result<NodePage> {
        let (pairs, operation) = (query.pairs()?, query.operation());
        let call = || self.get(operation, url.clone()).query(BASE).query(&pairs);
        self.page(call, operation).await
    }

    async fn page<'s>(&'s self, call: impl Fn() -> Call<'s>, operation: Operation) -> Result<NodePage> {
        NodePage::from_value(self.json(call).await?).map_err(|error| error.operation(operation))
    }

    /// Begins a request to the metadata host, which never redirects but to pages for people.
    fn get(&self, operation: Operation, url: Url) -> Call<'_> {
        self.metadata
            .call(operation, Method::GET, url)
            .header("accept", ACCEPT_JSON)
            .credentials(&*self.session)
            .bucket(METADATA)
            .no_redirects()
            .html_is_error()
    }

    /// Sends a request and reads its answer. A session that has run out is renewed on the way, see [`Http`]; one that the
    /// service does not find any more is renewed here, for that refusal may also mean cookies of the wrong shop.
    async fn json<'s>(&'s self, call: impl Fn() -> Call<'s>) -> Result<Value> {
        let generation = self.session.generation();
        match self.answer(call()).await {
            Err(error) if *error.kind() == ErrorKind::Auth(AuthProblem::Missing) => {
                if self.session.replace(generation).await? {
                    self.answer(call()).await
                } else {
                    Err(error)
                }
            }
            answered => answered,
        }
    }

    async fn answer(&self, call: Call<'_>) -> Result<Value> {
        let reply = call.send().await?;
        self.session.note_answer();
        self.session.take(reply.origin(), reply.headers()).await;
        reply.json_within(JSON_BYTES).await
    }

    fn drive(&self, path: &[&str]) -> Url {
        join(&join(&self.hosts.metadata, &["drive", "v1"]), path)
    }
}

fn builder(config: &AmazonConfig, hosts: &Hosts, env: &HttpEnv) -> HttpBuilder {
    let bucket = |per_second, in_flight| Bucket {
        per_second,
        per_minute: None,
        in_flight,
        rate_limited_backoff: RATE_LIMITED_BACKOFF,
    };
    Http::builder(KIND, env)
        .user_agent(USER_AGENT)
        .credential_origins(hosts.credential_rules())
        .classify(classify)
        .bucket(METADATA, bucket(Some(f64::from(config.requests_per_second)), 2))
        .bucket(CONTENT, bucket(None, config.downloads))
}

/// Looks for the root in an answer, for the filter is matched loosely.
fn root_of(page: NodePage) -> Result<Node> {
    let mut nodes: Vec<Node> = page
        .nodes
        .into_iter()
        .flatten()
        .filter(|node| node.owner_id.as_ref().is_some_and(|owner| !owner.is_empty()))
        .collect();
    let root = nodes.iter().position(|node| node.is_root == Some(true));
    match (root, nodes.len()) {
        (Some(index), _) => Ok(nodes.swap_remove(index)),
        (None, 1) => Ok(nodes.swap_remove(0)),
        _ => Err(protocol("no root folder with an owner")),
    }
}

/// What every request for nodes says; without `resourceVersion=V2` the service speaks of an older world in which most
/// nodes do not exist.
const BASE: &[(&str, &str)] = &[
    ("asset", "ALL"),
    ("tempLink", "false"),
    ("resourceVersion", "V2"),
    ("ContentType", "JSON"),
];

/// Appends path segments, each encoded as one.
fn join(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        // Base addresses are checked to be of the web, so there always is a path.
        path.pop_if_empty().extend(segments);
    }
    url
}

impl fmt::Debug for AmazonClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AmazonClient")
            .field("marketplace", &self.marketplace)
            .field("hosts", &self.hosts)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_one_path_segment_whatever_they_hold() {
        let base: Url = "http://127.0.0.1:1/prefix/".parse().unwrap();
        assert_eq!(
            join(&base, &["nodes", "-a/../b?c"]).as_str(),
            "http://127.0.0.1:1/prefix/nodes/-a%2F..%2Fb%3Fc"
        );
    }

    #[test]
    fn a_client_shows_no_cookie() {
        let cookies = Cookies::parse("session-id=133-hush; ubid-acbde=hush; at-acbde=hush").unwrap();
        let client = AmazonClient::new(&AmazonConfig::default(), &cookies, &HttpEnv::system()).unwrap();
        let text = format!("{client:?}");
        assert!(text.contains("amazon.de") && !text.contains("hush"), "{text}");
    }
}
