//! The library as a source.

use std::collections::BTreeMap;

use photomove_core::{Asset, Filters, PartRole, PhotoSource};
use photomove_sim::Library;

use crate::support::{Bench, commit, item, pictures, put, stack, unstacked};

async fn list(source: &dyn PhotoSource, filters: &Filters) -> Vec<Asset> {
    let mut at = source.start(filters).await.unwrap();
    let mut assets = Vec::new();
    loop {
        let page = source.assets(&at).await.unwrap();
        assets.extend(page.items.into_iter().map(Result::unwrap));
        match page.next {
            Some(next) => at = next,
            None => return assets,
        }
    }
}

#[tokio::test]
async fn archived_private_and_reviewed_photos_are_listed_once_each() {
    let bench = Bench::start().await;
    let (sink, provider) = (bench.sink(), bench.provider());
    let pictures = pictures(20).await;
    let mut hashes = Vec::new();
    for (number, bytes) in (1..).zip(&pictures) {
        let one = item(number, &format!("{number}.jpg"), bytes.clone());
        put(&*sink, &one).await;
        hashes.push(one.sha1);
    }
    let uid = |place: usize| bench.photo(&hashes[place]).uid;
    provider.client().archive_photos([uid(0), uid(7)]).await.unwrap();
    provider.client().set_private(&uid(3), true).await.unwrap();
    assert!(bench.sim().add_person(&hashes[5], "Nora"));
    let assets = list(&*bench.source(), &Filters::default()).await;
    let by_hash: BTreeMap<String, &Asset> = assets
        .iter()
        .map(|asset| (asset.parts[0].checksums.sha1_hex().unwrap(), asset))
        .collect();
    assert_eq!((assets.len(), by_hash.len()), (20, 20));
    let flags = |place: usize| {
        let metadata = &by_hash[&hashes[place]].metadata;
        (
            metadata.archived.is_some(),
            metadata.private.is_some(),
            metadata.people.is_some(),
        )
    };
    assert_eq!(flags(0), (true, false, false));
    assert_eq!(flags(3), (false, true, false));
    assert_eq!(flags(5), (false, false, true));
}

#[tokio::test]
async fn a_stack_is_one_asset_with_all_its_files() {
    let bench = Bench::start().await;
    let sink = bench.sink();
    let pictures = pictures(2).await;
    let files = stack(
        1,
        &[
            ("IMG_1.jpg", pictures[0].clone()),
            ("IMG_1 copy.jpg", pictures[1].clone()),
            ("IMG_1.xmp", "<x:xmpmeta xmlns:x='adobe:ns:meta/'></x:xmpmeta>".into()),
        ],
    );
    commit(&*sink, &files).await.unwrap();
    let assets = list(&*bench.source(), &Filters::default()).await;
    assert_eq!(assets.len(), 1);
    let mut roles: Vec<_> = assets[0].parts.iter().map(|part| part.role).collect();
    roles.sort_by_key(|role| format!("{role:?}"));
    assert_eq!(roles, [PartRole::Edited, PartRole::Primary, PartRole::Sidecar]);
    let mut listed: Vec<_> = assets[0]
        .parts
        .iter()
        .filter_map(|part| part.checksums.sha1_hex())
        .collect();
    let mut sent: Vec<_> = files.iter().map(|file| file.sha1.clone()).collect();
    listed.sort();
    sent.sort();
    assert_eq!(listed, sent);
}

#[tokio::test]
async fn photos_that_come_and_go_while_pages_are_read_hide_no_other() {
    let library = Library::synthetic(30, 4096, 3).unwrap();
    let bench = Bench::filled(Some(library), Vec::new(), unstacked).await;
    let (source, provider, sink) = (bench.source(), bench.provider(), bench.sink());
    let all: Vec<String> = bench.sim().photos().into_iter().map(|photo| photo.uid).collect();
    let mut seen = std::collections::BTreeSet::new();
    let mut at = source.start(&Filters::default()).await.unwrap();
    let new = pictures(8).await;
    let mut gone = Vec::new();
    for round in 0.. {
        let page = source.assets(&at).await.unwrap();
        let ids: Vec<String> = page
            .items
            .into_iter()
            .map(|asset| asset.unwrap().id.to_string())
            .collect();
        if let Some(first) = ids.first().filter(|_| round < 3) {
            // Some that were read are deleted, so that all others move up; and new ones come.
            gone.extend(ids.iter().take(3).cloned());
            provider.client().delete_photos(&gone[gone.len() - 3..]).await.unwrap();
            put(
                &*sink,
                &item(round + 1, &format!("new {first}.jpg"), new[round as usize].clone()),
            )
            .await;
        }
        seen.extend(ids);
        match page.next {
            Some(next) => at = next,
            None => break,
        }
    }
    let lost: Vec<_> = all.iter().filter(|id| !seen.contains(*id)).collect();
    assert!(lost.is_empty(), "{lost:?}");
}

/// More are put away at once than a page holds, the one among them by which the place is remembered.
#[tokio::test]
async fn a_whole_shelf_put_away_at_once_hides_no_other_photo() {
    let library = Library::synthetic(60, 4096, 3).unwrap();
    let bench = Bench::filled(Some(library), Vec::new(), unstacked).await;
    let (source, provider) = (bench.source(), bench.provider());
    let all: Vec<String> = bench.sim().photos().into_iter().map(|photo| photo.uid).collect();
    let mut seen: Vec<String> = Vec::new();
    let mut at = source.start(&Filters::default()).await.unwrap();
    for round in 0.. {
        let page = source.assets(&at).await.unwrap();
        seen.extend(page.items.into_iter().map(|asset| asset.unwrap().id.to_string()));
        if round == 4 {
            // All that were read, but two.
            provider.client().delete_photos(&seen[2..]).await.unwrap();
        }
        match page.next {
            Some(next) => at = next,
            None => break,
        }
    }
    let lost: Vec<_> = all.iter().filter(|id| !seen.contains(*id)).collect();
    assert!(lost.is_empty(), "{lost:?}");
}

#[tokio::test]
async fn members_come_in_the_order_that_the_album_shows_them_in() {
    let library = Library::synthetic(30, 4096, 3).unwrap();
    let bench = Bench::filled(Some(library), Vec::new(), unstacked).await;
    let (source, provider) = (bench.source(), bench.provider());
    let page = source.albums(None).await.unwrap();
    let album = page
        .items
        .into_iter()
        .map(Result::unwrap)
        .find(|album| album.item_count > Some(3))
        .unwrap();
    let positions = async || {
        let (mut at, mut found) = (None, Vec::new());
        loop {
            let page = source.members(&album.id, at.as_ref()).await.unwrap();
            found.extend(page.items.into_iter().map(|member| member.unwrap().asset.to_string()));
            match page.next {
                Some(next) => at = Some(next),
                None => return found,
            }
        }
    };
    let order = |order: &str| photomove_photoprism::wire::AlbumProperties {
        order: Some(order.to_owned()),
        ..Default::default()
    };
    provider
        .client()
        .update_album(album.id.as_str(), &order("oldest"))
        .await
        .unwrap();
    let oldest = positions().await;
    provider
        .client()
        .update_album(album.id.as_str(), &order("newest"))
        .await
        .unwrap();
    let mut newest = positions().await;
    assert_ne!(oldest, newest);
    newest.reverse();
    assert_eq!(oldest.len(), newest.len());
    // An order that the search does not know does no harm.
    provider
        .client()
        .update_album(album.id.as_str(), &order("favorites"))
        .await
        .unwrap();
    assert_eq!(positions().await.len(), oldest.len());
}
