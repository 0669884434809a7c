//! The examples do what they say.

use photomove_sim::{Fill, Library, LibraryAlbum, SimOptions};

use crate::support::{Stage, synthetic, synthetic_library};

#[tokio::test(flavor = "multi_thread")]
async fn list_amazon_lists_the_library() {
    let mut library = synthetic_library(3);
    library.albums = vec![LibraryAlbum { title: "Lisbon".into() }];
    library.items[0].albums = vec![0];
    library.items[2].albums = vec![0];
    let stage = Stage::with(SimOptions { fill: Some(Fill::Library(Library { ..library })), ..Stage::options() }).await;

    let run = stage.example("list_amazon", &[]).await.expect_code(0);

    insta::assert_snapshot!(run.stdout, @r"");
    stage.assert_no_unknown_requests();
}

#[tokio::test(flavor = "multi_thread")]
async fn upload_google_uploads_one_file() {
    let stage = Stage::new(synthetic(1)).await;
    std::fs::write(stage.path("picture.jpg"), "bytes of a picture").expect("written");

    let run = stage.example("upload_google", &["picture.jpg", "Lisbon 2023"]).await.expect_code(0);

    insta::assert_snapshot!(run.stdout, @r"");
    let items = stage.google_items().await;
    assert_eq!(items.len(), 1);
    assert_eq!(items[0]["albums"], serde_json::json!(["Lisbon 2023"]));
    stage.assert_no_unknown_requests();
}

#[tokio::test(flavor = "multi_thread")]
async fn migrate_memory_moves_everything_once() {
    let stage = Stage::new(synthetic(1)).await;
    let run = stage.example("migrate_memory", &[]).await.expect_code(0);
    insta::assert_snapshot!(run.stdout, @r"");
}

#[tokio::test(flavor = "multi_thread")]
async fn own_provider_is_read_by_the_engine() {
    let stage = Stage::new(synthetic(1)).await;
    let run = stage.example("own_provider", &[]).await.expect_code(0);
    insta::assert_snapshot!(run.stdout, @r"");
}
