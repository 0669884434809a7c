//! Requests are the scarce good at Google: what a migration may cost, counted by the stand-in.

use photomove_sim::{Fill, Library, LibraryAlbum, SimOptions};

use crate::support::{Stage, count, synthetic_library};

/// Items in three albums that overlap, in the order of their creation, and some items in none.
fn overlapping() -> Library {
    let mut library = synthetic_library(230);
    library.albums = ["Lisbon", "Best of 2023", "Grandma"]
        .map(|title| LibraryAlbum { title: title.into() })
        .into();
    for (index, item) in library.items.iter_mut().enumerate() {
        let albums = [(0, 0..130), (1, 60..190), (2, 100..140)];
        item.albums = albums
            .into_iter()
            .filter(|(_, range)| range.contains(&index))
            .map(|(album, _)| album)
            .collect();
    }
    library
}

/// `N + Σ⌈group/50⌉ + A + Σ⌈further memberships/50⌉ + 5`, items grouped by their first album.
fn bound(library: &Library) -> u64 {
    let batches = |items: usize| items.div_ceil(50) as u64;
    let albums = library.albums.len();
    let in_group = |album| {
        library
            .items
            .iter()
            .filter(|item| item.albums.first().copied() == album)
            .count()
    };
    let further = |album| {
        library
            .items
            .iter()
            .filter(|item| item.albums.iter().skip(1).any(|a| *a == album))
            .count()
    };
    let groups: u64 = (0..albums)
        .map(Some)
        .chain([None])
        .map(|album| batches(in_group(album)))
        .sum();
    let furthers: u64 = (0..albums).map(|album| batches(further(album))).sum();
    library.items.len() as u64 + groups + albums as u64 + furthers + 5
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_to_the_library_host_stay_within_the_budget() {
    let library = overlapping();
    let allowed = bound(&library);
    let stage = Stage::with(SimOptions {
        fill: Some(Fill::Library(library.clone())),
        ..Stage::options()
    })
    .await;

    stage.photomove(&["amazon", "google", "--yes"]).await.expect_code(0);

    let lines = stage.google_requests();
    let spent = lines.iter().filter(|line| line.origin == "library").count() as u64;
    assert!(
        spent <= allowed,
        "{spent} requests, {allowed} allowed: {:?}",
        stage.google_counts()
    );
    let counts = stage.google_counts();
    assert_eq!(count(&counts, "album_create"), 3);
    // One upload each, and the one of the day that asks whether the service checks hashes.
    assert_eq!(count(&counts, "upload"), library.items.len() as u64 + 1);
    let mut albums: Vec<(String, u64)> = stage
        .google_albums()
        .iter()
        .map(|album| {
            (
                album["title"].as_str().expect("title").into(),
                album["count"].as_u64().expect("count"),
            )
        })
        .collect();
    albums.sort();
    assert_eq!(
        albums,
        [
            ("Best of 2023".into(), 130),
            ("Grandma".into(), 40),
            ("Lisbon".into(), 130)
        ]
    );
    stage.assert_no_unknown_requests();
}
