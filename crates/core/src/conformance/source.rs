//! Checks of sources.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use crate::{AlbumId, Asset, AssetId, Cursor, Filters, Locator, Page, PhotoSource, Result, SourceCaps};

use super::{Checked, Failure, Outcome, Report, check_identity, check_secrets, ensure, run};

mod bytes_checks;
mod filters;
mod listing;

pub use bytes_checks::{open_gives_the_promised_bytes, open_goes_on_in_the_middle};
pub use filters::{filtered_listings_lose_nothing, listing_of_albums_holds_their_members};
pub use listing::{
    albums_hold_what_they_should, listing_holds_every_file_once, listing_resumes_from_every_page,
    listing_resumes_without_fast_tokens, listing_stays_within_capabilities, members_in_listing_are_those_of_albums,
    refresh_gives_the_same_asset, refresh_of_unknown_asset_is_none,
};

/// Longest listing that a check follows, so that one that never ends fails.
const MOST_PAGES: usize = 10_000;

/// A file that the library of a fixture holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownFile {
    /// File name, unique in the fixture.
    pub file_name: String,
    /// Bytes.
    pub bytes: Bytes,
}

impl KnownFile {
    /// Names a file and its bytes.
    pub fn new(file_name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self {
            file_name: file_name.into(),
            bytes: bytes.into(),
        }
    }
}

/// An album that the library of a fixture holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownAlbum {
    /// Title, unique in the fixture.
    pub title: String,
    /// File names of the primary parts of its members, in any order.
    pub file_names: Vec<String>,
}

impl KnownAlbum {
    /// Names an album and the files in it.
    pub fn new<N: Into<String>>(title: impl Into<String>, file_names: impl IntoIterator<Item = N>) -> Self {
        Self {
            title: title.into(),
            file_names: file_names.into_iter().map(Into::into).collect(),
        }
    }
}

/// How the checks get at a source with a library that they know.
///
/// The library should span several pages, and its larger files should have some kilobytes.
#[async_trait]
pub trait SourceFixture: Send + Sync {
    /// Makes a source over the same library each time, signed in.
    ///
    /// # Errors
    /// When the fixture is broken.
    async fn source(&self) -> Result<Arc<dyn PhotoSource>>;
    /// Returns every file of the library, those of assets with several parts included.
    fn files(&self) -> Vec<KnownFile>;
    /// Returns every album of the library; none if the service has no albums.
    fn albums(&self) -> Vec<KnownAlbum>;
    /// Names an asset that does not exist, in the form that the source gives its ids and locators.
    fn unknown(&self) -> (AssetId, Locator);
    /// Returns texts that must never show, such as the tokens that the source is signed in with.
    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Runs all checks of sources.
///
/// # Errors
/// The first check that failed.
pub async fn all(fixture: &dyn SourceFixture) -> Result<Report, Failure> {
    Ok(run!(fixture;
        own {
            capabilities_are_consistent,
            account_has_an_owner,
            debug_shows_no_secret,
        }
        listing {
            listing_holds_every_file_once,
            listing_stays_within_capabilities,
            listing_resumes_from_every_page,
            listing_resumes_without_fast_tokens,
            albums_hold_what_they_should,
            members_in_listing_are_those_of_albums,
            refresh_gives_the_same_asset,
            refresh_of_unknown_asset_is_none,
        }
        filters {
            filtered_listings_lose_nothing,
            listing_of_albums_holds_their_members,
        }
        bytes_checks {
            open_gives_the_promised_bytes,
            open_goes_on_in_the_middle,
        }
    ))
}

/// What the source says it can do is there and makes sense.
///
/// # Errors
/// When the check fails.
pub async fn capabilities_are_consistent(fixture: &dyn SourceFixture) -> Checked {
    let source = fixture.source().await?;
    let all = source.capabilities();
    let caps = caps_of(&*source)?;
    ensure!(caps.open_concurrency > 0, "it bears no `open` at all");
    let as_source = Arc::clone(&source).as_source().is_some();
    let as_sink = Arc::clone(&source).as_sink().is_some();
    ensure!(
        as_source,
        "it has the capabilities of a source, but `as_source` is none"
    );
    ensure!(
        as_sink == all.sink.is_some(),
        "`as_sink` and the capabilities do not agree whether it is a sink"
    );
    Ok(Outcome::Passed)
}

/// The account has an owner, the same each time.
///
/// # Errors
/// When the check fails.
pub async fn account_has_an_owner(fixture: &dyn SourceFixture) -> Checked {
    check_identity(&*fixture.source().await?).await
}

/// The `Debug` text of the source holds none of the fixture's secrets.
///
/// # Errors
/// When the check fails.
pub async fn debug_shows_no_secret(fixture: &dyn SourceFixture) -> Checked {
    let source = fixture.source().await?;
    source.connect().await?;
    check_secrets(&format!("{source:?} {source:#?}"), &fixture.secrets())
}

/// The checks of this file, as the suite names them.
mod own {
    pub(super) use super::{account_has_an_owner, capabilities_are_consistent, debug_shows_no_secret};
}

fn caps_of(source: &dyn PhotoSource) -> Result<SourceCaps, Failure> {
    source
        .capabilities()
        .source
        .ok_or_else(|| Failure::new("it is a source without the capabilities of one"))
}

/// A cursor as the journal gives it back.
fn journalled(cursor: &Cursor) -> Result<Cursor, Failure> {
    let broken = |error| Failure::new(format!("the cursor does not survive being written down: {error}"));
    serde_json::to_string(cursor)
        .and_then(|text| serde_json::from_str(&text))
        .map_err(broken)
}

/// Lists all assets from a place on; returns them with the places between pages.
async fn list(source: &dyn PhotoSource, start: Cursor) -> Result<(Vec<Asset>, Vec<Cursor>), Failure> {
    let mut assets = Vec::new();
    let mut places = vec![start];
    while let Some(place) = places.last() {
        ensure!(
            places.len() <= MOST_PAGES,
            "the listing has no end within {MOST_PAGES} pages"
        );
        let page = source.assets(place).await?;
        let next = page.next.clone();
        assets.extend(items(page)?);
        match next {
            Some(next) => places.push(next),
            None => break,
        }
    }
    Ok((assets, places))
}

/// Lists all assets.
async fn list_all(source: &dyn PhotoSource) -> Result<Vec<Asset>, Failure> {
    let start = source.start(&Filters::default()).await?;
    Ok(list(source, start).await?.0)
}

/// Takes the items of a page, none of which may be broken in a fixture.
fn items<T>(page: Page<T>) -> Result<Vec<T>, Failure> {
    page.items.into_iter().map(|item| item.map_err(Failure::from)).collect()
}

/// Lists all albums as id and title.
async fn list_albums(source: &dyn PhotoSource) -> Result<Vec<(AlbumId, String)>, Failure> {
    let mut albums = Vec::new();
    let mut place = None;
    for _ in 0..MOST_PAGES {
        let page = source.albums(place.as_ref()).await?;
        let next = page.next.clone();
        albums.extend(items(page)?.into_iter().map(|album| (album.id, album.title)));
        if next.is_none() {
            return Ok(albums);
        }
        place = next;
    }
    Err(Failure::new(format!(
        "the list of albums has no end within {MOST_PAGES} pages"
    )))
}

/// Lists the members of an album.
async fn list_members(source: &dyn PhotoSource, album: &AlbumId) -> Result<HashSet<AssetId>, Failure> {
    let mut members = HashSet::new();
    let mut place = None;
    for _ in 0..MOST_PAGES {
        let page = source.members(album, place.as_ref()).await?;
        let next = page.next.clone();
        for member in items(page)? {
            let id = member.asset;
            ensure!(members.insert(id.clone()), "album {album} lists the member {id} twice");
        }
        if next.is_none() {
            return Ok(members);
        }
        place = next;
    }
    Err(Failure::new(format!(
        "album {album} has no end within {MOST_PAGES} pages"
    )))
}
