//! What becomes of files that are sent.

use bytes::Bytes;
use photomove_core::{
    AuthProblem, Claim, ErrorKind, Evidence, HashKinds, Intent, Lookup, OutOfSight, PhotoSink, Rejection, Settled,
    Wanted,
};
use photomove_sim::{FaultRule, Generation, Library, PhotoPrismSwitches};
use rstest::rstest;

use crate::support::{Bench, Item, bundle, commit, item, pictures, put, stack, stage, unstacked};

fn wanted(one: &Item) -> Wanted {
    Wanted {
        key: one.part.key,
        checksums: *photomove_core::Body::checksums(&one.body),
        file_name: one.part.file_name.clone(),
    }
}

fn claim(one: &Item) -> Claim {
    Claim {
        id: one.sha1.as_str().into(),
        size_bytes: photomove_core::Body::size_bytes(&one.body),
        checksums: *photomove_core::Body::checksums(&one.body),
    }
}

async fn look(sink: &dyn PhotoSink, one: &Item) -> Lookup {
    sink.find(&[wanted(one)]).await.unwrap().remove(0)
}

async fn proof(sink: &dyn PhotoSink, one: &Item) -> Evidence {
    sink.verify(&[claim(one)]).await.unwrap().remove(0).unwrap()
}

/// The smallest PNG: one pixel.
pub fn png(number: u8) -> Bytes {
    let mut bytes = vec![0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a];
    let mut chunk = |kind: &[u8; 4], data: &[u8]| {
        bytes.extend((data.len() as u32).to_be_bytes());
        let start = bytes.len();
        bytes.extend(kind);
        bytes.extend(data);
        let mut crc = 0xffff_ffff_u32;
        for byte in &bytes[start..] {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                crc = if crc & 1 == 1 {
                    (crc >> 1) ^ 0xedb8_8320
                } else {
                    crc >> 1
                };
            }
        }
        bytes.extend((!crc).to_be_bytes());
    };
    chunk(b"IHDR", &[0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]);
    chunk(b"tEXt", &[b'n', 0, number]);
    chunk(b"IDAT", &[0x78, 0x9c, 0x63, 0x60, 0x00, 0x00, 0x00, 0x02, 0x00, 0x01]);
    chunk(b"IEND", &[]);
    bytes.into()
}

#[tokio::test]
async fn unrelated_files_of_one_name_stay_two_photos() {
    let bench = Bench::start().await;
    let sink = bench.sink();
    sink.connect().await.unwrap();
    let pictures = pictures(2).await;
    let one = item(1, "IMG_0001.JPG", pictures[0].clone());
    let other = item(2, "IMG_0001.JPG", pictures[1].clone());
    // Staged side by side, as the engine does it.
    let batch = [
        bundle(&*sink, std::slice::from_ref(&one)).await,
        bundle(&*sink, std::slice::from_ref(&other)).await,
    ];
    for result in sink.commit(&batch, None).await.unwrap() {
        assert!(result.unwrap().refused.is_empty());
    }
    assert_ne!(bench.photo(&one.sha1).uid, bench.photo(&other.sha1).uid);
    for file in [&one, &other] {
        assert_eq!(proof(&*sink, file).await, Evidence::Hash(HashKinds::SHA1));
        assert!(matches!(look(&*sink, file).await, Lookup::Found { trashed: false, .. }));
    }
}

#[tokio::test]
async fn files_of_one_photo_become_one_whatever_they_are_called() {
    let bench = Bench::start().await;
    let sink = bench.sink();
    sink.connect().await.unwrap();
    let pictures = pictures(2).await;
    let files = stack(
        1,
        &[
            ("IMG_1.JPG", pictures[0].clone()),
            ("IMG_1 (edited).jpg", pictures[1].clone()),
            (
                "other.xmp",
                Bytes::from_static(b"<x:xmpmeta xmlns:x='adobe:ns:meta/'></x:xmpmeta>"),
            ),
        ],
    );
    let done = commit(&*sink, &files).await.unwrap();
    assert!(
        done.refused.is_empty(),
        "{:?} {:#?}",
        done.refused,
        bench.sim().photos()
    );
    let photo = bench.photo(&files[0].sha1);
    for file in &files {
        assert_eq!(bench.photo(&file.sha1).uid, photo.uid);
        assert_eq!(proof(&*sink, file).await, Evidence::Hash(HashKinds::SHA1));
    }
}

#[tokio::test]
async fn a_png_named_jpg_is_sent_as_what_it_is() {
    let bench = Bench::start().await;
    let sink = bench.sink();
    sink.connect().await.unwrap();
    let one = item(1, "holiday.jpg", png(1));
    put(&*sink, &one).await;
    let photo = bench.photo(&one.sha1);
    assert!(photo.quality >= 0, "{photo:?}");
    assert!(
        photo
            .files
            .iter()
            .any(|file| file.name.ends_with(".png") && file.primary),
        "{photo:?}"
    );
}

#[tokio::test]
async fn what_is_refused_is_said_once_and_the_rest_of_the_photo_stays() {
    let bench = Bench::start().await;
    let sink = bench.sink();
    sink.connect().await.unwrap();
    let pictures = pictures(1).await;
    // Garbage that calls itself a picture.
    let broken = item(1, "broken.jpg", Bytes::from_static(b"\xff\xd8\xff\xe0 this is none"));
    let error = commit(&*sink, std::slice::from_ref(&broken)).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Rejected(Rejection::Damaged), "{error:?}");
    let files = stack(
        2,
        &[
            ("a.jpg", pictures[0].clone()),
            ("a.mp4", Bytes::from_static(b"\0\0\0\x18ftypmp42 no video at all")),
        ],
    );
    let done = commit(&*sink, &files).await;
    if let Ok(done) = done {
        let refused: Vec<_> = done.refused.iter().map(|(key, _)| *key).collect();
        assert!(refused.is_empty() || refused == [files[1].part.key], "{refused:?}");
        assert_eq!(done.parts[0].1.as_ref().unwrap().as_str(), files[0].sha1);
    }
    assert_eq!(proof(&*sink, &files[0]).await, Evidence::Hash(HashKinds::SHA1));
}

#[rstest]
#[case("notes.zip", Rejection::MediaType)]
#[case("none", Rejection::MediaType)]
#[case("record.yml", Rejection::Policy)]
#[tokio::test]
async fn what_the_server_never_takes_is_not_sent(#[case] name: &str, #[case] why: Rejection) {
    let bench = Bench::start().await;
    let sink = bench.sink();
    let error = stage(&*sink, &item(1, name, "UID: psrcszk4v9n2t6x1"))
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Rejected(why));
    assert_eq!(bench.count("upload"), 0);
}

#[tokio::test]
async fn archived_and_hidden_copies_are_found_before_anything_is_sent() {
    let bench = Bench::with(|switches| {
        unstacked(switches);
        switches.preview_fails_named = "poison".into();
    })
    .await;
    let provider = bench.provider();
    let sink = bench.sink();
    let pictures = pictures(3).await;
    let archived = item(1, "a.jpg", pictures[0].clone());
    put(&*sink, &archived).await;
    provider
        .client()
        .archive_photos([&bench.photo(&archived.sha1).uid])
        .await
        .unwrap();
    assert_eq!(
        look(&*sink, &archived).await,
        Lookup::OutOfSight {
            id: archived.sha1.as_str().into(),
            how: OutOfSight::Archived
        }
    );
    // What its owner put away is still there.
    assert_eq!(proof(&*sink, &archived).await, Evidence::Hash(HashKinds::SHA1));
    let lost = item(2, "b.jpg", pictures[1].clone());
    put(&*sink, &lost).await;
    assert!(bench.sim().lose_file(&lost.sha1));
    assert!(matches!(
        look(&*sink, &item(9, "c.jpg", pictures[2].clone())).await,
        Lookup::Absent
    ));
}

#[tokio::test]
async fn what_was_staged_under_another_session_is_asked_for_again() {
    let bench = Bench::start().await;
    let sink = bench.sink();
    sink.connect().await.unwrap();
    let one = item(1, "a.jpg", pictures(1).await[0].clone());
    let waiting = bundle(&*sink, std::slice::from_ref(&one)).await;
    let before = sink.capabilities().sink.unwrap().session;
    assert_eq!(waiting.parts[0].1.bound_to, before);
    bench.sim().expire_sessions();
    let error = sink.commit(&[waiting], None).await.unwrap().remove(0).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NotFound, "{error:?}");
    assert_ne!(sink.capabilities().sink.unwrap().session, before);
    // Sent once more, it arrives.
    put(&*sink, &one).await;
    assert_eq!(proof(&*sink, &one).await, Evidence::Hash(HashKinds::SHA1));
}

/// The sign-in ends between staging and processing: the client signs in anew by itself and asks again, under a session
/// for which nothing waits; the server says that all is well.
#[tokio::test]
async fn a_session_that_ends_at_processing_is_noticed_for_every_file() {
    let rule = serde_json::json!({"operation": "upload_process", "nth": 2, "fault": "status", "status": 401});
    let bench = Bench::filled(None, vec![serde_json::from_value(rule).unwrap()], unstacked).await;
    let sink = bench.sink();
    sink.connect().await.unwrap();
    let pictures = pictures(2).await;
    let files = stack(1, &[("a.jpg", pictures[0].clone()), ("b.jpg", pictures[1].clone())]);
    // One of them is there already, which says nothing of the other one.
    put(&*sink, &item(7, "a.jpg", pictures[0].clone())).await;
    let waiting = bundle(&*sink, &files).await;
    let error = sink.commit(&[waiting], None).await.unwrap().remove(0).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NotFound, "it was never refused: {error:?}");
    assert!(matches!(look(&*sink, &files[1]).await, Lookup::Absent));
    let done = commit(&*sink, &files).await.unwrap();
    assert!(done.refused.is_empty(), "{:?}", done.refused);
}

#[tokio::test]
async fn a_preview_of_the_servers_making_is_no_proof() {
    let video = Library::synthetic_videos(1, 65_536, 1).unwrap().items[0]
        .blob
        .bytes()
        .await
        .unwrap();
    let bench = Bench::start().await;
    let sink = bench.sink();
    sink.connect().await.unwrap();
    let film = item(1, "film.mp4", video);
    put(&*sink, &film).await;
    let photo = bench.photo(&film.sha1);
    let made = photo.files.iter().find(|file| file.root == "sidecar").unwrap();
    let preview = bench.sim().body(&made.sha1).unwrap().bytes().await.unwrap();
    let same = item(2, "film.jpg", preview);
    assert_eq!(same.sha1, made.sha1);
    // Asked for alone and in company.
    assert!(matches!(look(&*sink, &same).await, Lookup::CannotTell));
    assert!(matches!(proof(&*sink, &same).await, Evidence::Differs { .. }));
    let both = sink.verify(&[claim(&film), claim(&same)]).await.unwrap();
    assert_eq!(*both[0].as_ref().unwrap(), Evidence::Hash(HashKinds::SHA1));
    assert!(matches!(both[1].as_ref().unwrap(), Evidence::Differs { .. }));
    // Once it is there as a picture of its own, it counts, although the server names the preview first.
    put(&*sink, &same).await;
    assert_eq!(proof(&*sink, &same).await, Evidence::Hash(HashKinds::SHA1));
    assert!(matches!(
        look(&*sink, &same).await,
        Lookup::Found { trashed: false, .. }
    ));
}

#[tokio::test]
async fn a_lost_reply_of_processing_is_settled_by_looking() {
    for acted in [true, false] {
        let fault = if acted { "reset_after" } else { "reset_before" };
        let rule: FaultRule =
            serde_json::from_value(serde_json::json!({"operation": "upload_process", "nth": 1, "fault": fault}))
                .unwrap();
        let bench = Bench::filled(None, vec![rule], unstacked).await;
        let sink = bench.sink();
        sink.connect().await.unwrap();
        let one = item(1, "a.jpg", pictures(1).await[0].clone());
        let waiting = bundle(&*sink, std::slice::from_ref(&one)).await;
        let result = sink
            .commit(std::slice::from_ref(&waiting), None)
            .await
            .unwrap()
            .remove(0);
        let error = result.unwrap_err();
        assert_eq!(error.has_happened(), photomove_core::Happened::Unknown, "{error:?}");
        let question = Intent::Commit {
            bundles: vec![waiting.clone()],
            album: None,
        };
        match sink.settle(&question).await.unwrap() {
            Settled::Happened(items) => {
                assert!(acted);
                assert_eq!(items[0].1.as_str(), one.sha1);
            }
            Settled::RepeatIsHarmless => {
                assert!(!acted);
                sink.commit(&[waiting], None).await.unwrap().remove(0).unwrap();
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(proof(&*sink, &one).await, Evidence::Hash(HashKinds::SHA1));
        assert_eq!(bench.sim().photos().len(), 1);
    }
}

#[tokio::test]
async fn a_full_disk_is_no_fault_of_the_file() {
    for generation in [Generation::G1, Generation::G3] {
        let bench = Bench::with(|switches| {
            *switches = PhotoPrismSwitches::of(generation);
            unstacked(switches);
        })
        .await;
        let sink = bench.sink();
        bench.sim().switches().disk_full = true;
        let error = stage(&*sink, &item(1, "a.jpg", pictures(1).await[0].clone()))
            .await
            .unwrap_err();
        let stops = matches!(error.kind(), ErrorKind::Unavailable { .. } | ErrorKind::Quota { .. });
        assert!(stops, "{error:?}");
        assert!(error.hint_text().is_some());
    }
}

#[tokio::test]
async fn what_is_too_large_is_refused_for_good() {
    let bench = Bench::with(|switches| switches.upload_limit_mb = Some(1)).await;
    let sink = bench.sink();
    let mut large = pictures(1).await[0].to_vec();
    large.resize(2 << 20, 0);
    let error = stage(&*sink, &item(1, "a.jpg", large)).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Rejected(Rejection::TooLarge), "{error:?}");
}

#[tokio::test]
async fn bytes_are_read_back_after_a_restart_of_the_server() {
    let bench = Bench::start().await;
    let sink = bench.sink();
    let one = item(1, "a.jpg", pictures(1).await[0].clone());
    let id = put(&*sink, &one).await;
    bench.sim().restart(false);
    let media = sink.read_back(&id, &"0".into()).await.unwrap();
    let chunks: Vec<Bytes> = futures_util::TryStreamExt::try_collect(media.stream).await.unwrap();
    assert_eq!(chunks.concat(), pictures(1).await[0]);
}

#[tokio::test]
async fn a_sign_in_that_is_taken_back_stops_everything() {
    let bench = Bench::start().await;
    let provider = bench.provider_with(bench.app_password("*"));
    let sink = photomove_core::PhotoProvider::as_sink(provider).unwrap();
    sink.connect().await.unwrap();
    let password = bench.app_password("nothing");
    let other = photomove_core::PhotoProvider::as_sink(bench.provider_with(password)).unwrap();
    let error = other.connect().await.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Auth(AuthProblem::MissingScope)),
        "{error:?}"
    );
}
