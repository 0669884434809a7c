//! Listings: complete, resumable, and true about albums.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::{Asset, AssetId, Cursor, Filters, PartRole, PhotoSource};

use super::{
    Checked, Failure, Outcome, SourceFixture, caps_of, ensure, journalled, list, list_albums, list_all, list_members,
};

/// Listing page after page gives every file once, and every asset begins with its primary part.
///
/// # Errors
/// When the check fails.
pub async fn listing_holds_every_file_once(fixture: &dyn SourceFixture) -> Checked {
    let source = fixture.source().await?;
    let assets = list_all(&*source).await?;
    let mut ids = HashSet::new();
    let mut names = Vec::new();
    for asset in &assets {
        let id = &asset.id;
        ensure!(ids.insert(id), "asset {id} is listed twice");
        let first = asset.parts.first();
        ensure!(
            first.is_some_and(|part| part.role == PartRole::Primary),
            "asset {id} does not begin with its primary part"
        );
        let parts: HashSet<_> = asset.parts.iter().map(|part| &part.id).collect();
        ensure!(
            parts.len() == asset.parts.len(),
            "asset {id} has two parts of the same id"
        );
        names.extend(asset.parts.iter().map(|part| part.file_name.clone()));
    }
    let mut expected: Vec<String> = fixture.files().into_iter().map(|file| file.file_name).collect();
    names.sort_unstable();
    expected.sort_unstable();
    ensure!(
        names == expected,
        "the listing holds the files {names:?}, the library {expected:?}"
    );
    Ok(Outcome::Passed)
}

/// Listed hashes and metadata are among those that the capabilities name.
///
/// # Errors
/// When the check fails.
pub async fn listing_stays_within_capabilities(fixture: &dyn SourceFixture) -> Checked {
    let source = fixture.source().await?;
    let caps = caps_of(&*source)?;
    for asset in list_all(&*source).await? {
        let (id, fields) = (&asset.id, asset.metadata.fields());
        ensure!(
            caps.fields.contains(fields),
            "asset {id} has {fields:?}, the capabilities name {:?}",
            caps.fields
        );
        for part in &asset.parts {
            let kinds = part.checksums.kinds();
            ensure!(
                caps.hashes.contains(kinds),
                "asset {id} promises {kinds}, the capabilities name {}",
                caps.hashes
            );
        }
    }
    Ok(Outcome::Passed)
}

/// A listing that goes on from any of its places loses nothing.
///
/// # Errors
/// When the check fails.
pub async fn listing_resumes_from_every_page(fixture: &dyn SourceFixture) -> Checked {
    resumes(fixture, |cursor| cursor).await
}

/// A listing that goes on from any of its places loses nothing, even if the server's short-lived token is lost and the
/// program was started anew.
///
/// # Errors
/// When the check fails.
pub async fn listing_resumes_without_fast_tokens(fixture: &dyn SourceFixture) -> Checked {
    resumes(fixture, |cursor| Cursor {
        fast: None,
        fast_until: None,
        ..cursor
    })
    .await
}

async fn resumes(fixture: &dyn SourceFixture, change: impl Fn(Cursor) -> Cursor + Send) -> Checked {
    let source = fixture.source().await?;
    let start = source.start(&Filters::default()).await?;
    let (all, places) = list(&*source, start).await?;
    let all: HashSet<AssetId> = all.into_iter().map(|asset| asset.id).collect();
    let mut seen = HashSet::new();
    for (number, place) in places.iter().enumerate() {
        // Another process goes on: nothing but the cursor is known to it.
        let source = fixture.source().await?;
        let (rest, _) = list(&*source, change(journalled(place)?)).await?;
        let reached: HashSet<AssetId> = rest
            .into_iter()
            .map(|asset| asset.id)
            .chain(seen.iter().cloned())
            .collect();
        let lost: Vec<_> = all.difference(&reached).collect();
        ensure!(lost.is_empty(), "going on from page {number} loses {lost:?}");
        let page = source.assets(place).await?;
        seen.extend(page.items.into_iter().flatten().map(|asset: Asset| asset.id));
    }
    Ok(Outcome::Passed)
}

/// Albums have the titles and members that they should, and every member is a listed asset.
///
/// # Errors
/// When the check fails.
pub async fn albums_hold_what_they_should(fixture: &dyn SourceFixture) -> Checked {
    let source = fixture.source().await?;
    let names = primary_names(&list_all(&*source).await?);
    let mut found: HashMap<String, BTreeSet<String>> = HashMap::new();
    for (album, title) in list_albums(&*source).await? {
        let mut held = BTreeSet::new();
        for member in list_members(&*source, &album).await? {
            let name = names.get(&member);
            held.insert(name.cloned().ok_or_else(|| {
                Failure::new(format!(
                    "member {member} of album `{title}` is not in the listing of assets"
                ))
            })?);
        }
        ensure!(
            found.insert(title.clone(), held).is_none(),
            "album `{title}` is listed twice"
        );
    }
    let known = fixture.albums();
    for album in &known {
        let expected: BTreeSet<String> = album.file_names.iter().cloned().collect();
        let title = &album.title;
        match found.get(title) {
            None => return Err(Failure::new(format!("album `{title}` is not listed"))),
            Some(held) => ensure!(
                *held == expected,
                "album `{title}` holds {held:?}, it should hold {expected:?}"
            ),
        }
    }
    ensure!(
        found.len() == known.len(),
        "{} albums are listed, the library has {}",
        found.len(),
        known.len()
    );
    if known.is_empty() {
        return Ok(Outcome::DoesNotApply("the fixture has no albums"));
    }
    Ok(Outcome::Passed)
}

/// Where the listing of assets names their albums, it names those that list them as members.
///
/// # Errors
/// When the check fails.
pub async fn members_in_listing_are_those_of_albums(fixture: &dyn SourceFixture) -> Checked {
    let source = fixture.source().await?;
    if !caps_of(&*source)?.members_in_listing {
        let named = list_all(&*source)
            .await?
            .into_iter()
            .find(|asset| asset.albums.is_some());
        ensure!(
            named.is_none(),
            "assets name their albums, but the capabilities say that they do not"
        );
        return Ok(Outcome::DoesNotApply("the listing does not name albums"));
    }
    let mut pairs = HashSet::new();
    for (album, _) in list_albums(&*source).await? {
        pairs.extend(
            list_members(&*source, &album)
                .await?
                .into_iter()
                .map(|asset| (asset, album.clone())),
        );
    }
    let mut named = HashSet::new();
    for asset in list_all(&*source).await? {
        let id = asset.id;
        let albums = asset
            .albums
            .ok_or_else(|| Failure::new(format!("asset {id} does not name its albums")))?;
        named.extend(albums.into_iter().map(|album| (id.clone(), album)));
    }
    let difference: Vec<_> = pairs.symmetric_difference(&named).collect();
    ensure!(
        difference.is_empty(),
        "assets and albums do not agree about {difference:?}"
    );
    Ok(Outcome::Passed)
}

/// Reading a listed asset again gives the same asset and revision.
///
/// # Errors
/// When the check fails.
pub async fn refresh_gives_the_same_asset(fixture: &dyn SourceFixture) -> Checked {
    let source = fixture.source().await?;
    for asset in list_all(&*source).await? {
        let id = &asset.id;
        let again = source.refresh(id, &asset.locator).await?;
        let again = again.ok_or_else(|| Failure::new(format!("asset {id} is listed but `refresh` says it is gone")))?;
        ensure!(again.id == *id, "`refresh` of {id} gives {}", again.id);
        ensure!(
            again.revision == asset.revision,
            "`refresh` of {id} gives another revision without any change"
        );
        ensure!(
            again.parts == asset.parts,
            "`refresh` of {id} gives other parts without any change"
        );
    }
    Ok(Outcome::Passed)
}

/// Reading an asset that does not exist gives `None`, not an error.
///
/// # Errors
/// When the check fails.
pub async fn refresh_of_unknown_asset_is_none(fixture: &dyn SourceFixture) -> Checked {
    let source: std::sync::Arc<dyn PhotoSource> = fixture.source().await?;
    let (id, locator) = fixture.unknown();
    match source.refresh(&id, &locator).await {
        Ok(None) => Ok(Outcome::Passed),
        Ok(Some(_)) => Err(Failure::new(format!("`refresh` finds {id}, which should not exist"))),
        Err(error) => Err(Failure::new(format!(
            "`refresh` of what does not exist is an error: {error}"
        ))),
    }
}

fn primary_names(assets: &[Asset]) -> HashMap<AssetId, String> {
    let name = |asset: &Asset| Some((asset.id.clone(), asset.parts.first()?.file_name.clone()));
    assets.iter().filter_map(name).collect()
}
