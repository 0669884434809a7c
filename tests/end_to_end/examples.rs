//! The examples do what they say.

use photomove_sim::{Fill, LibraryAlbum, ServiceKind, ServiceSpec, SimOptions};

use crate::support::{Stage, synthetic, synthetic_library};

#[tokio::test(flavor = "multi_thread")]
async fn list_amazon_lists_the_library() {
    let mut library = synthetic_library(3);
    library.albums = vec![LibraryAlbum { title: "Lisbon".into() }];
    for (item, albums) in library.items.iter_mut().zip([vec![0], vec![], vec![0]]) {
        item.albums = albums;
    }
    let stage = Stage::with(SimOptions {
        fill: Some(Fill::Library(library)),
        ..Stage::options()
    })
    .await;

    let run = stage.example("list_amazon", &[]).await.expect_code(0);

    insta::assert_snapshot!(run.stdout, @r"
    shop: amazon.com
    doc: 0 files, 0 bytes
    other: 0 files, 0 bytes
    photo: 3 files, 60000 bytes
    video: 0 files, 0 bytes
    album Lisbon: 2 items
    1 SYN_0000000.jpg
    2 SYN_0000001.jpg
    3 SYN_0000002.jpg
    ");
    stage.assert_no_unknown_requests();
}

#[tokio::test(flavor = "multi_thread")]
async fn photoprism_albums_lists_albums_and_saves_one() {
    let mut library = synthetic_library(3);
    library.albums = vec![
        LibraryAlbum { title: "Lisbon".into() },
        LibraryAlbum { title: "Rome".into() },
    ];
    for (item, albums) in library.items.iter_mut().zip([vec![0], vec![1], vec![0]]) {
        item.albums = albums;
    }
    let mut stage = Stage::with(SimOptions {
        services: vec![ServiceSpec::new(ServiceKind::PhotoPrism)],
        fill: Some(Fill::Library(library)),
        ..Stage::options()
    })
    .await;
    let sim = stage.sims.photoprism().expect("a server was started");
    let (url, password) = (
        sim.url().to_owned(),
        sim.add_app_password("example", "photos albums files sessions"),
    );
    stage.set("PHOTOPRISM_APP_PASSWORD", password);

    let run = stage.example("photoprism_albums", &[&url]).await.expect_code(0);
    insta::assert_snapshot!(run.stdout, @r"
    Lisbon: 2 photos
    Rome: 1 photos
    ");

    let run = stage
        .example("photoprism_albums", &[&url, "Lisbon", "saved"])
        .await
        .expect_code(0);
    assert_eq!(run.stdout.lines().count(), 2, "{}", run.stdout);
    let saved = std::fs::read_dir(stage.path("saved")).expect("a folder");
    for file in saved {
        let bytes = std::fs::read(file.expect("entry").path()).expect("readable");
        let sha1 = photomove_core::Checksums::of(&bytes).sha1_hex().expect("taken");
        let held = stage.sims.photoprism().expect("started").photos();
        let of = held
            .iter()
            .find(|photo| photo.files.iter().any(|file| file.sha1 == sha1));
        assert_eq!(of.expect("the server's bytes").albums, ["Lisbon"]);
    }
    stage.assert_no_unknown_requests();
}

#[tokio::test(flavor = "multi_thread")]
async fn upload_google_uploads_one_file() {
    let stage = Stage::new(synthetic(1)).await;
    std::fs::write(stage.path("picture.jpg"), "bytes of a picture").expect("written");

    let run = stage
        .example("upload_google", &["picture.jpg", "Lisbon 2023"])
        .await
        .expect_code(0);

    insta::assert_snapshot!(run.stdout, @r"
    album: Lisbon 2023
    item: picture.jpg (application/octet-stream), uploaded by an example
    ");
    let items = stage.google_items().await;
    assert_eq!(items.len(), 1);
    assert_eq!(items[0]["albums"], serde_json::json!(["Lisbon 2023"]));
    stage.assert_no_unknown_requests();
}

#[tokio::test(flavor = "multi_thread")]
async fn migrate_memory_moves_everything_once() {
    let stage = Stage::new(synthetic(1)).await;
    let run = stage.example("migrate_memory", &[]).await.expect_code(0);
    insta::assert_snapshot!(run.stdout, @r"
    plan: 6 files, 54 bytes, 2 albums
    verified 6 of 6, sent 5
    again: nothing to do is true
    album Favourites: 2 items
    album Lisbon 2023: 2 items
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn own_provider_is_read_by_the_engine() {
    let stage = Stage::new(synthetic(1)).await;
    let run = stage.example("own_provider", &[]).await.expect_code(0);
    insta::assert_snapshot!(run.stdout, @r"
    found 3, verified 3, failed 0
    slide-000.jpg (the new car)
    slide-001.jpg (at the lake)
    album Slides 1971: 2 items
    ");
}
