//! The account as a source of photos.

mod originals;
mod position;
mod tour;
mod walk;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use photomove_core::{
    Account, Album, AlbumId, Asset, AssetId, Capabilities, Cursor, Error, ErrorKind, Fidelity, FilterCaps, Filters,
    Gap, HashKinds, Locator, Media, Member, Operation, Owner, Page, PartId, PhotoProvider, PhotoSink, PhotoSource,
    ProviderInfo, ReadOrder, Rejection, Result, Scope, SharedClock, SourceCaps,
};
use photomove_http::HttpEnv;

use crate::KIND;
use crate::auth::{CookieKeeper, Cookies};
use crate::client::{AmazonClient, Filter};
use crate::config::AmazonConfig;
use crate::convert;
use crate::wire::Node;

use originals::Routes;
use position::Position;
use tour::Tour;
use walk::Walk;

/// How far the machine's clock may be behind that of the service.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(24 * 60 * 60);

/// What the service does not give, in words for people.
const LOSES: &[Gap] = &[
    Gap {
        what: "people",
        why: "names belong to groups of faces that only Amazon Photos knows",
    },
    Gap {
        what: "recognised things and places",
        why: "they are found by search only, not in the listing",
    },
    Gap {
        what: "live photos as one item",
        why: "picture and clip are two files without a link between them",
    },
    Gap {
        what: "order and covers of albums",
        why: "the listing of an album has no order of its own",
    },
    Gap {
        what: "items of other people in shared albums",
        why: "they belong to another account",
    },
    Gap {
        what: "documents and other files",
        why: "only photos and videos are moved",
    },
    Gap {
        what: "the bin",
        why: "what was thrown away is not moved",
    },
];

/// An Amazon Photos account.
pub struct AmazonPhotos {
    client: AmazonClient,
    info: ProviderInfo,
    clock: SharedClock,
    page_size: u16,
    downloads: u16,
    routes: Routes,
}

impl AmazonPhotos {
    /// Prepares the provider; nothing is sent before [`PhotoProvider::connect`]. Cookies that are renewed on the way end
    /// with the run.
    ///
    /// # Errors
    /// As [`AmazonClient::new`].
    pub fn new(config: &AmazonConfig, cookies: &Cookies, env: &HttpEnv) -> Result<Arc<Self>> {
        Self::of(AmazonClient::new(config, cookies, env)?, config, env)
    }

    /// Prepares the provider with the cookies that `keeper` has, else with `cookies`; nothing is sent before
    /// [`PhotoProvider::connect`]. Cookies that are renewed on the way are handed to `keeper`.
    ///
    /// # Errors
    /// As [`AmazonClient::new`], and when the keeper cannot be read.
    pub async fn open(
        config: &AmazonConfig,
        cookies: &Cookies,
        keeper: Arc<dyn CookieKeeper>,
        env: &HttpEnv,
    ) -> Result<Arc<Self>> {
        let client = AmazonClient::open(config, cookies, keeper, env).await?;
        Self::of(client, config, env)
    }

    fn of(client: AmazonClient, config: &AmazonConfig, env: &HttpEnv) -> Result<Arc<Self>> {
        let info = ProviderInfo {
            kind: KIND,
            label: "Amazon Photos".to_owned(),
            origins: client.hosts().origins(),
        };
        Ok(Arc::new(Self {
            client,
            info,
            clock: env.clock.clone(),
            page_size: config.page_size,
            downloads: config.downloads,
            routes: Routes::default(),
        }))
    }

    /// Returns the client, for what is no business of a source.
    pub fn client(&self) -> &AmazonClient {
        &self.client
    }

    fn walk<'w>(&'w self, filter: Filter, parent: Option<&'w str>, operation: Operation) -> Walk<'w> {
        Walk {
            client: &self.client,
            filter,
            parent,
            operation,
            limit: self.page_size,
        }
    }

    /// The listing ends at what was uploaded by now. A clock that is behind must not hide photos, so a day is added:
    /// what comes in the meantime stands at the end, and being listed does it no harm.
    fn beginning(&self) -> Cursor {
        let now = self.clock.now();
        Position::new(now.saturating_add(CLOCK_TOLERANCE).unwrap_or(now)).cursor(None)
    }
}

impl fmt::Debug for AmazonPhotos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AmazonPhotos")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl PhotoProvider for AmazonPhotos {
    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn capabilities(&self) -> Capabilities {
        let source = SourceCaps {
            scope: Scope::WholeLibrary,
            fidelity: Fidelity::Original,
            hashes: HashKinds::MD5,
            fields: convert::FIELDS,
            ranged: true,
            order: ReadOrder::Any,
            members_in_listing: false,
            open_concurrency: self.downloads,
            filters: FilterCaps::NONE.with_albums().with_kind().with_favourite(),
            loses: LOSES,
        };
        Capabilities::new(Some(source), None)
    }

    async fn connect(&self) -> Result<Account> {
        let root = self.client.root().await.map_err(first_answer)?;
        let owner = root.owner_id.unwrap_or_default();
        Ok(Account {
            owner: Owner::from(owner),
            label: Some(self.client.marketplace().domain().to_owned()),
            used: None,
            limit: None,
            expires: None,
        })
    }

    fn as_source(self: Arc<Self>) -> Option<Arc<dyn PhotoSource>> {
        Some(self)
    }

    fn as_sink(self: Arc<Self>) -> Option<Arc<dyn PhotoSink>> {
        None
    }
}

/// A refusal of the very first request says nothing about the cookies.
fn first_answer(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Unavailable { .. } => error.hint(
            "the service may refuse this network: data centres and some VPNs are turned away; try from a home connection, \
             or later",
        ),
        _ => error,
    }
}

#[async_trait]
impl PhotoSource for AmazonPhotos {
    async fn start(&self, filters: &Filters) -> Result<Cursor> {
        let tour = Tour::plan(&self.client, filters).await?;
        Ok(tour.cursor(self.beginning()))
    }

    async fn assets(&self, at: &Cursor) -> Result<Page<Asset>> {
        let (tour, at) = Tour::read(at)?;
        let owner = match tour.album() {
            Some(_) => Some(self.client.owner().await?),
            None => None,
        };
        let walk = self.walk(tour.filter(), tour.album(), Operation::ListAssets);
        let page = walk
            .page(&at, self.clock.now(), |node, position| {
                if position::created(&node).is_some_and(|created| created > position.until) {
                    return None;
                }
                match &owner {
                    Some(owner) => own(node, owner)?.map(convert::asset).transpose(),
                    None => convert::asset(node).map(Ok),
                }
            })
            .await;
        let page = match page {
            // An album that was deleted since it was listed has no members.
            Err(error) if *error.kind() == ErrorKind::NotFound && tour.album().is_some() => {
                self.client.confirm_owner(Operation::ListAssets).await?;
                Page {
                    items: Vec::new(),
                    next: None,
                    total_hint: None,
                }
            }
            page => page?,
        };
        Ok(tour.lead_on(page, self.beginning()))
    }

    async fn albums(&self, at: Option<&Cursor>) -> Result<Page<Album>> {
        let walk = self.walk(Filter::albums(), None, Operation::ListAlbums);
        let beginning = self.beginning();
        walk.page(at.unwrap_or(&beginning), self.clock.now(), |node, _| {
            Some(Ok(convert::album(node)))
        })
        .await
    }

    async fn members(&self, album: &AlbumId, at: Option<&Cursor>) -> Result<Page<Member>> {
        let owner = self.client.owner().await?;
        let walk = self.walk(Filter::files(), Some(album.as_str()), Operation::ListMembers);
        let beginning = self.beginning();
        walk.page(at.unwrap_or(&beginning), self.clock.now(), |node, _| {
            member(node, &owner)
        })
        .await
    }

    async fn refresh(&self, asset: &AssetId, _locator: &Locator) -> Result<Option<Asset>> {
        match self.client.node(asset.as_str()).await {
            // What sits in the bin is gone for a migration.
            Ok(node) if node.status.as_deref().is_none_or(|status| status == "AVAILABLE") => Ok(convert::asset(node)),
            Ok(_) => Ok(None),
            Err(error) if *error.kind() == ErrorKind::NotFound => {
                // To another account everything of this one is gone.
                self.client.confirm_owner(Operation::Refresh).await?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    async fn open(&self, part: &PartId, locator: &Locator, offset: u64) -> Result<Media> {
        let owner = convert::owner(locator);
        let download = self.routes.open(&self.client, part.as_str(), owner, offset).await?;
        Ok(Media {
            starts_at: download.starts_at,
            size_bytes: download.size_bytes,
            stream: download.stream,
        })
    }
}

/// Makes a member of a child of an album; what is no photo or video is none.
fn member(node: Node, owner: &str) -> Option<Result<Member>> {
    // The order of children is that of their upload, not the album's own.
    own(node, owner).map(|own| {
        own.map(|node| Member {
            asset: AssetId::from(node.id),
            position: None,
        })
    })
}

/// Lets a child of an album pass that is a photo or video, and refuses one of another account.
fn own(node: Node, owner: &str) -> Option<Result<Node>> {
    convert::kind(&node)?;
    if node.owner_id.as_deref().is_none_or(|of| of == owner) {
        return Some(Ok(node));
    }
    Some(Err(Error::new(
        ErrorKind::Rejected(Rejection::Policy),
        "a member of the shared album belongs to another account",
    )
    .provider(KIND)
    .operation(Operation::ListMembers)
    .context("node", node.id)
    .hint("its owner can move it, or add it to their own library first")))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn member_of(node: Value) -> Option<Result<Member>> {
        member(Node::from_value(node).unwrap(), "A0OWN")
    }

    #[test]
    fn members_of_other_people_are_reported_not_moved() {
        let node = |owner: &str| json!({"id": "a", "kind": "FILE", "name": "a.jpg", "ownerId": owner});
        assert_eq!(member_of(node("A0OWN")).unwrap().unwrap().asset, AssetId::from("a"));
        let error = member_of(node("A0OTHER")).unwrap().unwrap_err();
        assert!(error.to_string().contains("belongs to another account"), "{error}");
        assert!(!error.to_string().contains("A0OTHER"), "{error}");
        assert!(member_of(json!({"id": "a", "kind": "FILE", "name": "a.pdf"})).is_none());
        assert!(member_of(json!({"id": "a", "kind": "FOLDER", "name": "a.jpg"})).is_none());
    }
}
