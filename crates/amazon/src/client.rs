//! The service's endpoints, one function each.

mod download;
mod query;

use std::fmt;
use std::time::Duration;

use photomove_core::{Operation, Result};
use photomove_http::{Bucket, Call, Http, HttpEnv, Method, RetryPolicy};
use serde_json::Value;
use url::Url;

pub use download::{Download, Route};
pub(crate) use query::WINDOW;
pub use query::{CLAUSES_MAX, Filter, NodeQuery, SearchQuery, Sort, Start};

use crate::KIND;
use crate::auth::{Cookies, Marketplace, Session, SessionCredentials};
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

/// Asks Amazon Photos in its own words; knows nothing of assets and sources.
///
/// Every answer is read tolerantly (see [`crate::wire`]), every failure is told apart by the kind of its error.
pub struct AmazonClient {
    metadata: Http,
    content: Http,
    credentials: SessionCredentials,
    hosts: Hosts,
    marketplace: Marketplace,
}

impl AmazonClient {
    /// Prepares a client; nothing is sent.
    ///
    /// # Errors
    /// [`photomove_core::ErrorKind::Auth`] naming a missing cookie; [`photomove_core::ErrorKind::Config`] if the
    /// marketplace is not known or a setting is out of range.
    pub fn new(config: &AmazonConfig, cookies: &Cookies, env: &HttpEnv) -> Result<Self> {
        config.check()?;
        let session = Session::try_new(cookies, config.marketplace)?;
        let hosts = Hosts::new(session.marketplace(), &config.endpoints)?;
        let http = |attempts| {
            Http::builder(KIND, env)
                .user_agent(USER_AGENT)
                .credential_origins(hosts.credential_rules())
                .classify(classify)
                .retry(RetryPolicy {
                    attempts,
                    min_delay: Duration::from_secs(1),
                    max_delay: Duration::from_secs(60),
                    budget: Duration::from_secs(600),
                })
                .bucket(
                    METADATA,
                    Bucket {
                        per_second: Some(f64::from(config.requests_per_second)),
                        per_minute: None,
                        in_flight: 2,
                        rate_limited_backoff: RATE_LIMITED_BACKOFF,
                    },
                )
                .bucket(
                    CONTENT,
                    Bucket {
                        per_second: None,
                        per_minute: None,
                        in_flight: config.downloads,
                        rate_limited_backoff: RATE_LIMITED_BACKOFF,
                    },
                )
                .build()
        };
        Ok(Self {
            metadata: http(6)?,
            // A download has other routes to go, so no route is tried for long.
            content: http(3)?,
            credentials: SessionCredentials::try_new(&session)?,
            marketplace: session.marketplace(),
            hosts,
        })
    }

    /// Returns the shop that the session belongs to.
    pub fn marketplace(&self) -> Marketplace {
        self.marketplace
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
        let query = NodeQuery::new(Filter::new().clause("isRoot:true")).for_operation(Operation::Connect);
        let page = self.nodes(&query).await?;
        // The filter is matched loosely, so the root is looked for.
        let mut nodes: Vec<Node> = page
            .nodes
            .into_iter()
            .flatten()
            .filter(|node| node.owner_id.is_some())
            .collect();
        let root = nodes.iter().position(|node| node.is_root == Some(true));
        match (root, nodes.len()) {
            (Some(index), _) => Ok(nodes.swap_remove(index)),
            (None, 1) => Ok(nodes.swap_remove(0)),
            _ => Err(protocol("no root folder with an owner").operation(Operation::Connect)),
        }
    }

    /// Reads how much the account holds.
    ///
    /// # Errors
    /// When the service refuses or cannot be asked.
    pub async fn usage(&self) -> Result<Usage> {
        let url = self.drive(&["account", "usage"]);
        Usage::from_value(self.json(self.get(Operation::Connect, url).query(BASE)).await?)
    }

    /// Reads a key for the header `x-amz-access-token`, which the web page's uploads carry.
    ///
    /// # Errors
    /// When the service refuses or cannot be asked.
    pub async fn auth_token(&self) -> Result<AuthToken> {
        let url = join(&self.hosts.metadata, &["photos", "auth", "token"]);
        let now = self.metadata.env().clock.now().as_millisecond();
        AuthToken::from_value(
            self.json(self.get(Operation::RenewSignIn, url).query(&[("_", now)]))
                .await?,
        )
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
        let value = self
            .json(self.get(operation, self.drive(&["nodes", id])).query(&query))
            .await?;
        single_node(value, id).map_err(|error| error.operation(operation))
    }

    /// Searches the index of photos and videos; hidden ones are probably not in it.
    ///
    /// # Errors
    /// [`photomove_core::ErrorKind::Protocol`] if the filter is not understood; else when the service refuses or cannot
    /// be asked.
    pub async fn search(&self, query: &SearchQuery) -> Result<NodePage> {
        let call = self
            .get(Operation::ListAssets, self.drive(&["search"]))
            .query(BASE)
            .query(&query.pairs());
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
        let mut value: Value = self.json(self.get(Operation::ListAssets, url).query(&query)).await?;
        Ok(Aggregation::list(
            value.get_mut("aggregations").map(Value::take).unwrap_or_default(),
        ))
    }

    async fn list(&self, url: Url, query: &NodeQuery) -> Result<NodePage> {
        let pairs = query.pairs()?;
        self.page(
            self.get(query.operation(), url).query(BASE).query(&pairs),
            query.operation(),
        )
        .await
    }

    async fn page(&self, call: Call<'_>, operation: Operation) -> Result<NodePage> {
        NodePage::from_value(self.json(call).await?).map_err(|error| error.operation(operation))
    }

    /// Begins a request to the metadata host, which never redirects but to pages for people.
    fn get(&self, operation: Operation, url: Url) -> Call<'_> {
        self.metadata
            .call(operation, Method::GET, url)
            .header("accept", ACCEPT_JSON)
            .credentials(&self.credentials)
            .bucket(METADATA)
            .no_redirects()
            .html_is_error()
    }

    async fn json(&self, call: Call<'_>) -> Result<Value> {
        call.send().await?.json().await
    }

    fn drive(&self, path: &[&str]) -> Url {
        join(&join(&self.hosts.metadata, &["drive", "v1"]), path)
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
