//! Files by WebDAV.

use bytes::Bytes;
use futures_util::TryStreamExt;
use photomove_core::{AuthProblem, Body, BytesBody, ErrorKind};
use photomove_photoprism::client::{Arrival, DavRoot, DavWrite, ImportRun, IndexRun, WebDav};
use rstest::rstest;

use crate::support::{Bench, picture};

async fn read(dav: &WebDav, path: &str, offset: u64) -> Vec<u8> {
    let chunks: Vec<Bytes> = dav.read(path, offset).await.unwrap().try_collect().await.unwrap();
    chunks.concat()
}

fn sha1(body: &BytesBody) -> String {
    body.checksums().sha1_hex().unwrap()
}

#[rstest]
#[case("")]
#[case("prism")]
#[tokio::test]
async fn a_file_is_written_found_read_moved_and_deleted(#[case] base_path: &str) {
    let bench = Bench::with(|switches| base_path.clone_into(&mut switches.base_path)).await;
    let dav = bench.client(bench.user()).webdav(DavRoot::Originals);
    dav.check().await.unwrap();
    let body = BytesBody::new(picture(1).await);
    let path = "Reise 2008/Été 50%.jpg";
    let modified = "2008-10-22T14:28:39Z".parse().unwrap();
    dav.write(path, &body, DavWrite::default().with_modified(Some(modified)))
        .await
        .unwrap();
    let entry = dav.stat(path).await.unwrap().unwrap();
    assert_eq!((entry.path.as_str(), entry.is_folder), (path, false));
    assert_eq!(
        (entry.size_bytes, entry.modified),
        (Some(body.size_bytes()), Some(modified))
    );
    let names = |entries: Vec<photomove_photoprism::client::DavEntry>| -> Vec<String> {
        entries.into_iter().map(|entry| entry.path).collect()
    };
    assert_eq!(names(dav.list("").await.unwrap()), ["Reise 2008"]);
    // Nothing half-sent is left.
    assert_eq!(names(dav.list("Reise 2008").await.unwrap()), [path]);
    let whole = read(&dav, path, 0).await;
    assert_eq!(whole.len() as u64, body.size_bytes());
    assert_eq!(read(&dav, path, 100).await, whole[100..]);
    dav.copy(path, "copy.jpg", false).await.unwrap();
    dav.rename(path, "moved.jpg", false).await.unwrap();
    assert!(dav.stat(path).await.unwrap().is_none());
    let error = dav.rename("moved.jpg", "copy.jpg", false).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Conflict { existing: None }, "{error:?}");
    dav.rename("moved.jpg", "copy.jpg", true).await.unwrap();
    let error = dav.rename("moved.jpg", "x.jpg", false).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NotFound, "{error:?}");
    assert!(dav.delete("copy.jpg").await.unwrap() && !dav.delete("copy.jpg").await.unwrap());
}

#[tokio::test]
async fn a_file_is_never_replaced_unless_that_is_wanted() {
    let bench = Bench::start().await;
    let dav = bench.client(bench.user()).webdav(DavRoot::Originals);
    let (first, second) = (BytesBody::new("first"), BytesBody::new("second"));
    dav.write("a/b.jpg", &first, DavWrite::default()).await.unwrap();
    let error = dav.write("a/b.jpg", &second, DavWrite::default()).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Conflict { existing: None }, "{error:?}");
    assert_eq!(read(&dav, "a/b.jpg", 0).await, b"first");
    dav.write("a/b.jpg", &second, DavWrite::default().with_overwrite(true))
        .await
        .unwrap();
    assert_eq!(read(&dav, "a/b.jpg", 0).await, b"second");
}

#[tokio::test]
async fn originals_are_indexed_with_their_folders_and_favourites() {
    let bench = Bench::start().await;
    let client = bench.client(bench.user());
    let dav = client.webdav(DavRoot::Originals);
    let (plain, favourite) = (BytesBody::new(picture(1).await), BytesBody::new(picture(2).await));
    dav.write("2008/trip/a.jpg", &plain, DavWrite::default()).await.unwrap();
    dav.write("2008/trip/b.jpg", &favourite, DavWrite::default().with_favorite(true))
        .await
        .unwrap();
    assert_eq!(client.arrival(&sha1(&plain)).await.unwrap(), Arrival::Unknown);
    client.index(&IndexRun::default()).await.unwrap();
    let photo = client.photo_by_hash(&sha1(&plain)).await.unwrap().unwrap();
    assert_eq!(
        (photo.path.as_str(), photo.name.as_str(), photo.favorite),
        ("2008/trip", "a", false)
    );
    assert!(client.photo_by_hash(&sha1(&favourite)).await.unwrap().unwrap().favorite);
}

#[tokio::test]
async fn what_waits_for_import_is_imported() {
    let bench = Bench::start().await;
    let client = bench.client(bench.user());
    let body = BytesBody::new(picture(1).await);
    let dav = client.webdav(DavRoot::Import);
    dav.write("a.jpg", &body, DavWrite::default()).await.unwrap();
    let run = ImportRun {
        move_files: true,
        ..ImportRun::default()
    };
    client.import(&run).await.unwrap();
    assert!(client.arrival(&sha1(&body)).await.unwrap().photo().is_some());
    assert!(dav.list("").await.unwrap().is_empty());
}

#[tokio::test]
async fn where_it_is_off_or_not_covered_that_is_told() {
    let bench = Bench::with(|switches| switches.webdav = false).await;
    let dav = bench.client(bench.user()).webdav(DavRoot::Originals);
    let error = dav.check().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Unsupported, "{error:?}");
    let bench = Bench::start().await;
    let dav = bench.client(bench.app_password("photos")).webdav(DavRoot::Originals);
    let error = dav.check().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Auth(_)), "{error:?}");
    let bench = Bench::with(|switches| switches.read_only = true).await;
    let dav = bench.client(bench.user()).webdav(DavRoot::Originals);
    let error = dav.make_folders("a").await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Auth(AuthProblem::MissingScope), "{error:?}");
}
