//! Filtered listings: whatever a source leaves out itself, it leaves out nothing that is meant.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{AlbumId, Asset, AssetId, Filters, Fit, MediaFilter, PhotoSource};

use super::{
    Checked, Failure, Outcome, SourceFixture, caps_of, ensure, journalled, list, list_albums, list_all, list_members,
};

/// A filtered listing, filtered once more, is the whole listing filtered; going on from each of its pages too.
///
/// # Errors
/// When the check fails.
pub async fn filtered_listings_lose_nothing(fixture: &dyn SourceFixture) -> Checked {
    let source = fixture.source().await?;
    let all = list_all(&*source).await?;
    for filters in examples(&all) {
        let fitting = |assets: &[Asset]| -> BTreeSet<AssetId> {
            let fit = assets.iter().filter(|asset| filters.matches(asset) == Fit::Yes);
            fit.map(|asset| asset.id.clone()).collect()
        };
        let wanted = fitting(&all);
        let (listed, places) = list(&*source, source.start(&filters).await?).await?;
        same(&filters, &fitting(&listed), &wanted)?;
        // Another process goes on from the second page, without the short-lived token.
        if let Some(place) = places.get(1) {
            let mut reached = fitting(&listed_on(&*source, &places[0]).await?);
            let mut place = journalled(place)?;
            (place.fast, place.fast_until) = (None, None);
            let source = fixture.source().await?;
            reached.extend(fitting(&list(&*source, place).await?.0));
            same(&filters, &reached, &wanted)?;
        }
    }
    Ok(Outcome::Passed)
}

/// Where a source lists the members of albums only, these are all of them, each with an album that was asked for.
///
/// # Errors
/// When the check fails.
pub async fn listing_of_albums_holds_their_members(fixture: &dyn SourceFixture) -> Checked {
    let source = fixture.source().await?;
    if !caps_of(&*source)?.filters.albums {
        return Ok(Outcome::DoesNotApply(
            "the source lists all assets, whatever album is meant",
        ));
    }
    let mut members: BTreeMap<AlbumId, BTreeSet<AssetId>> = BTreeMap::new();
    for (album, _) in list_albums(&*source).await? {
        let held = list_members(&*source, &album).await?;
        members.insert(album, held.into_iter().collect());
    }
    let ids: Vec<&AlbumId> = members.keys().collect();
    if ids.is_empty() {
        return Ok(Outcome::DoesNotApply("the fixture has no albums"));
    }
    let pairs = ids.iter().map(|id| vec![*id]).chain([ids.clone()]);
    for meant in pairs {
        let filters = Filters::default().with_album_ids(meant.iter().map(|id| (*id).clone()));
        let (listed, _) = list(&*source, source.start(&filters).await?).await?;
        let mut found: BTreeMap<AlbumId, BTreeSet<AssetId>> = BTreeMap::new();
        for asset in listed {
            let albums = asset.albums.unwrap_or_default();
            ensure!(
                albums.iter().any(|album| meant.contains(&album)),
                "asset {} is listed for {meant:?}, but names the albums {albums:?}",
                asset.id
            );
            for album in albums.into_iter().filter(|album| meant.contains(&album)) {
                found.entry(album).or_default().insert(asset.id.clone());
            }
        }
        for album in meant {
            let found = found.remove(album).unwrap_or_default();
            ensure!(
                found == members[album],
                "album {album} has the members {:?}, its listing gives {found:?}",
                members[album]
            );
        }
    }
    Ok(Outcome::Passed)
}

/// Filters of each kind, and two together, with the middle of the library's dates as their bound.
fn examples(all: &[Asset]) -> Vec<Filters> {
    let mut dates: Vec<Timestamp> = all
        .iter()
        .filter_map(|asset| {
            let taken = asset.metadata.taken.as_ref()?.value;
            let local = || taken.local?.to_zoned(jiff::tz::TimeZone::UTC).ok();
            taken.as_instant().or_else(|| Some(local()?.timestamp()))
        })
        .collect();
    dates.sort_unstable();
    let middle = dates.get(dates.len() / 2).copied().unwrap_or(Timestamp::UNIX_EPOCH);
    let none = Filters::default;
    vec![
        none().with_kind(MediaFilter::Photo),
        none().with_kind(MediaFilter::Video),
        none().with_favourite(),
        none().with_since(middle),
        none().with_until(middle),
        none().with_since(middle).with_kind(MediaFilter::Photo).with_favourite(),
    ]
}

/// Lists one page.
async fn listed_on(source: &dyn PhotoSource, place: &crate::Cursor) -> Result<Vec<Asset>, Failure> {
    super::items(source.assets(place).await?)
}

fn same(filters: &Filters, got: &BTreeSet<AssetId>, wanted: &BTreeSet<AssetId>) -> Result<(), Failure> {
    let lost: Vec<_> = wanted.difference(got).collect();
    ensure!(lost.is_empty(), "listing with {filters:?} loses {lost:?}");
    let strange: Vec<_> = got.difference(wanted).collect();
    ensure!(
        strange.is_empty(),
        "listing with {filters:?} gives {strange:?}, which the whole listing does not hold"
    );
    Ok(())
}
