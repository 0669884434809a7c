use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::TryStreamExt;
use jiff::Timestamp;

use super::*;
use crate::{
    AuthProblem, Body, BundleKind, BytesBody, Checksums, Committed, Cursor, DestAlbumId, DestId, Disposition, Filters,
    Happened, Intent, ItemKey, ManualClock, MediaKind, Metadata, NewAlbum, NewPart, PartRole, Rejection, SettingChange,
    Settled, Sourced, StageKind, StageLog, Staged, StagedBundle, Wanted,
};

type TestResult = Result<()>;

/// Remembers the handle, and can refuse to write it down.
#[derive(Default)]
struct Log(Mutex<Option<Staged>>);

#[async_trait]
impl StageLog for Log {
    async fn opened(&self, handle: &Staged) -> Result<()> {
        *self.0.lock().unwrap() = Some(handle.clone());
        Ok(())
    }

    async fn stored(&self, _bytes: u64) {}
}

fn new_part(number: u128, role: PartRole, file_name: &str) -> NewPart {
    NewPart {
        key: ItemKey::from_u128(number),
        bundle: ItemKey::from_u128(1000 + number),
        role,
        file_name: file_name.into(),
        media_type: None,
        metadata: Metadata::default(),
        siblings: crate::Siblings::default(),
    }
}

async fn stage(sink: &MemoryProvider, number: u128, bytes: &'static str) -> Result<Staged> {
    let part = new_part(number, PartRole::Primary, &format!("{number}.jpg"));
    sink.stage(&part, &BytesBody::new(bytes), None, &Log::default()).await
}

fn bundle(number: u128, staged: Staged) -> StagedBundle {
    StagedBundle {
        key: ItemKey::from_u128(1000 + number),
        parts: vec![(ItemKey::from_u128(number), staged)],
        file_name: format!("{number}.jpg"),
        metadata: Metadata::default(),
    }
}

async fn commit_one(sink: &MemoryProvider, bundle: StagedBundle, album: Option<&DestAlbumId>) -> Result<Committed> {
    sink.commit(&[bundle], album).await?.remove(0)
}

fn lost() -> Error {
    Error::new(ErrorKind::Network, "connection lost").happened(Happened::Unknown, false)
}

fn id_of(committed: &Committed) -> DestId {
    committed.parts[0].1.clone().expect("memory names its items at once")
}

fn manual() -> (ManualClock, SharedClock) {
    let clock = ManualClock::new(Timestamp::UNIX_EPOCH);
    (clock.clone(), Arc::new(clock))
}

#[tokio::test]
async fn staged_bytes_expire_on_the_clock() -> TestResult {
    let (clock, shared) = manual();
    let sink = MemoryProvider::demanding("anna").with_clock(shared);
    let staged = stage(&sink, 1, "bytes").await?;
    assert_eq!(staged.until.map(|until| until.as_second()), Some(24 * 3600));
    clock.advance(Duration::from_secs(24 * 3600 - 1));
    commit_one(&sink, bundle(1, staged.clone()), None).await?;
    clock.advance(Duration::from_secs(1));
    let error = commit_one(&sink, bundle(1, staged), None).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NotFound);
    Ok(())
}

#[tokio::test]
async fn one_bad_token_spoils_a_demanding_batch_and_nothing_is_done() -> TestResult {
    let sink = MemoryProvider::demanding("anna").with_token_reuse(false);
    let used = stage(&sink, 1, "first").await?;
    commit_one(&sink, bundle(1, used.clone()), None).await?;
    let good = stage(&sink, 2, "second").await?;
    let error = sink
        .commit(&[bundle(1, used), bundle(2, good)], None)
        .await
        .unwrap_err();
    assert_eq!(error.disposition(), Disposition::SplitBatch);
    assert_eq!(sink.items().len(), 1);
    Ok(())
}

#[tokio::test]
async fn equal_bytes_give_the_same_item_unless_switched_off() -> TestResult {
    for (dedup, items) in [(true, 1), (false, 2)] {
        let sink = MemoryProvider::new("anna").with_dedup(dedup);
        let first = commit_one(&sink, bundle(1, stage(&sink, 1, "same").await?), None).await?;
        let second = commit_one(&sink, bundle(2, stage(&sink, 2, "same").await?), None).await?;
        assert_eq!((id_of(&first) == id_of(&second), second.already_there), (dedup, dedup));
        assert_eq!(sink.items().len(), items);
    }
    Ok(())
}

#[tokio::test]
async fn lost_reply_of_a_commit_leaves_the_items() -> TestResult {
    let sink = MemoryProvider::new("anna");
    let staged = stage(&sink, 1, "bytes").await?;
    sink.fail_next(Operation::Commit, FailWhen::Before, lost);
    sink.fail_next(Operation::Commit, FailWhen::AfterActing, lost);
    let batch = [bundle(1, staged)];
    let error = sink.commit(&batch, None).await.unwrap_err();
    assert_eq!((error.disposition(), sink.items().len()), (Disposition::Settle, 0));
    sink.commit(&batch, None).await.unwrap_err();
    assert_eq!(sink.items().len(), 1);
    assert!(sink.commit(&batch, None).await?[0].is_ok());
    assert_eq!((sink.items().len(), sink.calls_of(Operation::Commit)), (1, 3));
    Ok(())
}

#[tokio::test]
async fn nth_call_fails_and_no_other() {
    let source = MemoryProvider::new("anna");
    source.fail_nth(Operation::Connect, 2, FailWhen::Before, || {
        Error::new(ErrorKind::Auth(AuthProblem::Expired), "signed out")
    });
    let mut outcomes = Vec::new();
    for _ in 0..3 {
        outcomes.push(source.connect().await.is_ok());
    }
    assert_eq!(outcomes, [true, false, true]);
    assert_eq!(source.calls(), [(Operation::Connect, 3)]);
}

#[tokio::test]
async fn without_dedup_a_lost_commit_is_looked_up() -> TestResult {
    let sink = MemoryProvider::new("anna").with_dedup(false);
    let album = sink
        .create_album(&NewAlbum {
            title: "a".into(),
            description: None,
        })
        .await?;
    let batch = vec![bundle(1, stage(&sink, 1, "bytes").await?)];
    let intent = |album: Option<&DestAlbumId>| Intent::Commit {
        bundles: batch.clone(),
        album: album.cloned(),
    };
    assert!(matches!(sink.settle(&intent(None)).await?, Settled::DidNot));
    let committed = commit_one(&sink, batch[0].clone(), None).await?;
    let expected = vec![(ItemKey::from_u128(1), id_of(&committed))];
    let settled = sink.settle(&intent(None)).await?;
    assert!(
        matches!(&settled, Settled::Happened(items) if *items == expected),
        "{settled:?}"
    );
    // The item is there, but not in the album: that commit did not happen.
    assert!(matches!(sink.settle(&intent(Some(&album))).await?, Settled::DidNot));
    Ok(())
}

#[tokio::test]
async fn lost_stage_that_is_final_is_found_and_can_be_committed() -> TestResult {
    let sink = MemoryProvider::new("anna").with_sink_caps(|caps| caps.stage = StageKind::VisibleAtOnce);
    sink.fail_next(Operation::Stage, FailWhen::AfterActing, lost);
    stage(&sink, 1, "bytes").await.unwrap_err();
    let key = ItemKey::from_u128(1);
    let wanted = Wanted {
        key,
        checksums: Checksums::of(b"bytes"),
        file_name: "1.jpg".into(),
    };
    let settled = sink
        .settle(&Intent::Stage {
            part: key,
            wanted,
            staged: None,
        })
        .await?;
    let Settled::Happened(items) = settled else {
        panic!("{settled:?}")
    };
    let visible = Some(items[0].1.clone());
    let token = secrecy::SecretString::from("unknown".to_owned());
    let staged = Staged {
        token,
        until: None,
        bound_to: None,
        visible,
    };
    let committed = commit_one(&sink, bundle(1, staged), None).await?;
    assert_eq!(id_of(&committed), items[0].1);
    assert_eq!(sink.items().len(), 1);
    let error = stage(&sink, 2, "bytes").await.unwrap_err();
    assert_eq!(error.disposition(), Disposition::AlreadyDone(items[0].1.clone()));
    Ok(())
}

#[tokio::test]
async fn of_several_unknown_albums_only_an_empty_one_is_the_lost_one() -> TestResult {
    let sink = MemoryProvider::new("anna");
    sink.insert(MemoryItem::new("x", "x.jpg", "x"));
    let ids = |albums: &[&str]| albums.iter().map(|id| DestAlbumId::from(*id)).collect::<Vec<_>>();
    let settle = async |known: &[&str]| {
        let album = NewAlbum {
            title: "Summer".into(),
            description: None,
        };
        sink.settle(&Intent::CreateAlbum {
            album,
            since: Timestamp::UNIX_EPOCH,
            known: ids(known),
        })
        .await
    };
    assert!(matches!(settle(&[]).await?, Settled::DidNot));
    sink.add_album(MemoryAlbum::new("a", "Summer", ["x".into()]));
    assert!(matches!(settle(&[]).await?, Settled::AlbumHappened(id) if id.as_str() == "a"));
    assert!(matches!(settle(&["a"]).await?, Settled::DidNot));
    sink.add_album(MemoryAlbum::new("b", "Summer", []));
    assert!(matches!(settle(&[]).await?, Settled::AlbumHappened(id) if id.as_str() == "b"));
    sink.add_album(MemoryAlbum::new("c", "Summer", []));
    assert!(matches!(settle(&[]).await?, Settled::Unknown));
    assert!(matches!(settle(&["a", "b"]).await?, Settled::AlbumHappened(id) if id.as_str() == "c"));
    Ok(())
}

#[tokio::test]
async fn foreign_items_enter_albums_only_on_commit() -> TestResult {
    let sink = MemoryProvider::demanding("anna");
    sink.insert(MemoryItem {
        foreign: true,
        ..MemoryItem::new("theirs", "theirs.jpg", "same bytes")
    });
    sink.insert(MemoryItem::new("ours", "ours.jpg", "other bytes"));
    let album = sink
        .create_album(&NewAlbum {
            title: "Summer".into(),
            description: None,
        })
        .await?;
    let error = sink
        .add_to_album(&album, &["ours".into(), "theirs".into()])
        .await
        .unwrap_err();
    assert_eq!(error.disposition(), Disposition::SplitBatch);
    assert!(sink.albums()[0].members.is_empty(), "all or nothing");
    let error = sink.add_to_album(&album, &["theirs".into()]).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Rejected(Rejection::Policy));
    let committed = commit_one(&sink, bundle(1, stage(&sink, 1, "same bytes").await?), Some(&album)).await?;
    assert_eq!(
        (id_of(&committed).as_str(), committed.app_owned),
        ("theirs", Some(false))
    );
    assert!(committed.already_there && committed.in_album);
    assert_eq!(sink.albums()[0].members, ["theirs".into()]);
    Ok(())
}

#[tokio::test]
async fn kind_albums_take_the_members_that_they_can() -> TestResult {
    let sink = MemoryProvider::new("anna");
    sink.insert(MemoryItem::new("x", "x.jpg", "x"));
    sink.add_album(MemoryAlbum::new("a", "Summer", []));
    let answers = sink.add_to_album(&"a".into(), &["gone".into(), "x".into()]).await?;
    assert_eq!(
        answers.iter().map(|answer| answer.is_ok()).collect::<Vec<_>>(),
        [false, true]
    );
    assert_eq!(sink.albums()[0].members, ["x".into()]);
    Ok(())
}

#[tokio::test]
async fn full_album_refuses_more() -> TestResult {
    let sink = MemoryProvider::new("anna").with_sink_caps(|caps| {
        if let Some(albums) = &mut caps.albums {
            albums.max_items = Some(1);
        }
    });
    sink.insert(MemoryItem::new("x", "x.jpg", "x"));
    sink.insert(MemoryItem::new("y", "y.jpg", "y"));
    sink.add_album(MemoryAlbum::new("a", "Summer", ["x".into()]));
    assert!(
        sink.add_to_album(&"a".into(), &["x".into()]).await.is_ok(),
        "a member again is not one more"
    );
    let error = sink.add_to_album(&"a".into(), &["y".into()]).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Rejected(Rejection::Policy));
    Ok(())
}

#[tokio::test]
async fn full_storage_stops_the_run_and_nothing_is_done() -> TestResult {
    let sink = MemoryProvider::new("anna").with_capacity(10);
    let batch = [
        bundle(1, stage(&sink, 1, "123456").await?),
        bundle(2, stage(&sink, 2, "abcdef").await?),
    ];
    let error = sink.commit(&batch, None).await.unwrap_err();
    assert_eq!((error.disposition(), sink.items().len()), (Disposition::StopRun, 0));
    let account = sink.connect().await?;
    assert_eq!((account.used, account.limit), (Some(0), Some(10)));
    Ok(())
}

#[tokio::test]
async fn upload_that_broke_off_goes_on_where_it_was() -> TestResult {
    /// Gives 4 bytes and breaks, unless it is to go on from there.
    #[derive(Debug)]
    struct Breaking(BytesBody);
    #[async_trait]
    impl Body for Breaking {
        fn size_bytes(&self) -> u64 {
            self.0.size_bytes()
        }
        fn checksums(&self) -> &Checksums {
            self.0.checksums()
        }
        async fn stream(&self, offset: u64) -> Result<crate::ByteStream> {
            use futures_util::StreamExt;
            if offset == 4 {
                return self.0.stream(4).await;
            }
            let start = Bytes::from_static(b"0123");
            Ok(futures_util::stream::iter([Ok(start), Err(Error::new(ErrorKind::Internal, "disk gone"))]).boxed())
        }
        async fn seal(&self) -> Result<Checksums> {
            self.0.seal().await
        }
    }
    let sink = MemoryProvider::new("anna").with_sink_caps(|caps| caps.resumable = true);
    let (part, body) = (
        new_part(1, PartRole::Primary, "1.jpg"),
        Breaking(BytesBody::new("0123456789")),
    );
    let log = Log::default();
    sink.stage(&part, &body, None, &log).await.unwrap_err();
    let handle = log.0.lock().unwrap().clone().expect("the handle was told first");
    let early = commit_one(&sink, bundle(1, handle.clone()), None).await;
    assert!(early.is_err(), "half a file is not committed");
    let staged = sink.stage(&part, &body, Some(&handle), &log).await?;
    commit_one(&sink, bundle(1, staged), None).await?;
    assert_eq!(sink.items()[0].bytes, "0123456789");
    Ok(())
}

#[tokio::test]
async fn upload_that_is_whole_is_not_sent_again_and_one_that_is_not_sealed_is_cancelled() -> TestResult {
    #[derive(Debug)]
    struct Unsealed(BytesBody);
    #[async_trait]
    impl Body for Unsealed {
        fn size_bytes(&self) -> u64 {
            self.0.size_bytes()
        }
        fn checksums(&self) -> &Checksums {
            self.0.checksums()
        }
        async fn stream(&self, offset: u64) -> Result<crate::ByteStream> {
            self.0.stream(offset).await
        }
        async fn seal(&self) -> Result<Checksums> {
            Err(Error::new(ErrorKind::Corrupt, "not as promised"))
        }
    }
    let sink = MemoryProvider::new("anna").with_sink_caps(|caps| caps.resumable = true);
    let (part, body, log) = (
        new_part(1, PartRole::Primary, "1.jpg"),
        BytesBody::new("0123456789"),
        Log::default(),
    );
    sink.break_next_stage(7);
    sink.stage(&part, &body, None, &log).await.unwrap_err();
    assert_eq!(sink.taken_bytes(), 7);
    sink.fail_next(Operation::Stage, FailWhen::AfterActing, lost);
    let handle = log.0.lock().unwrap().clone().expect("the handle was told first");
    sink.stage(&part, &body, Some(&handle), &log).await.unwrap_err();
    let staged = sink.stage(&part, &body, Some(&handle), &log).await?;
    assert_eq!(sink.taken_bytes(), 10, "nothing is sent twice");
    commit_one(&sink, bundle(1, staged), None).await?;
    let other = new_part(2, PartRole::Primary, "2.jpg");
    let error = sink.stage(&other, &Unsealed(body), None, &log).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Corrupt);
    let handle = log.0.lock().unwrap().clone().expect("the handle was told first");
    assert!(commit_one(&sink, bundle(2, handle), None).await.is_err());
    Ok(())
}

#[tokio::test]
async fn bytes_that_do_not_match_their_hash_are_refused() {
    let sink = MemoryProvider::new("anna");
    let body = BytesBody::with_checksums(Bytes::from_static(b"damaged"), Checksums::of(b"correct"));
    let part = new_part(1, PartRole::Primary, "1.jpg");
    let error = sink.stage(&part, &body, None, &Log::default()).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Corrupt);
}

#[tokio::test]
async fn parts_stack_or_become_items_of_their_own() -> TestResult {
    for (kind, items) in [(BundleKind::PartsStack, 1), (BundleKind::OneItemPerPart, 2)] {
        let sink = MemoryProvider::new("anna").with_sink_caps(|caps| caps.bundle = kind);
        let clip = new_part(2, PartRole::Motion, "1.mov");
        let clip = sink
            .stage(&clip, &BytesBody::new("clip"), None, &Log::default())
            .await?;
        let mut bundle = bundle(1, stage(&sink, 1, "still").await?);
        bundle.parts.push((ItemKey::from_u128(2), clip));
        let committed = commit_one(&sink, bundle, None).await?;
        assert_eq!(committed.parts.len(), 2);
        assert_eq!(sink.items().len(), items);
        let expected = if items == 1 {
            MediaKind::LivePhoto
        } else {
            MediaKind::Photo
        };
        assert_eq!(sink.items()[0].kind, expected);
        let claims = committed
            .parts
            .iter()
            .zip(["still", "clip"])
            .map(|((_, id), bytes)| crate::Claim {
                id: id.clone().expect("memory names its items at once"),
                size_bytes: bytes.len() as u64,
                checksums: Checksums::of(bytes.as_bytes()),
            });
        for answer in sink.verify(&claims.collect::<Vec<_>>()).await? {
            assert_eq!(answer?, crate::Evidence::Hash(HashKinds::MD5.union(HashKinds::SHA1)));
        }
    }
    Ok(())
}

#[tokio::test]
async fn bin_is_found_but_not_listed_and_not_known_again() -> TestResult {
    let sink = MemoryProvider::new("anna");
    sink.insert(MemoryItem::new("old", "old.jpg", "bytes"));
    assert!(sink.trash(&"old".into()));
    let wanted = Wanted {
        key: ItemKey::from_u128(1),
        checksums: Checksums::of(b"bytes"),
        file_name: "x".into(),
    };
    let wanted = [wanted];
    let in_bin = crate::Lookup::Found {
        id: "old".into(),
        trashed: true,
    };
    assert_eq!(sink.find(&wanted).await?, [in_bin]);
    let committed = commit_one(&sink, bundle(1, stage(&sink, 1, "bytes").await?), None).await?;
    assert!(!committed.already_there);
    let found = crate::Lookup::Found {
        id: id_of(&committed),
        trashed: false,
    };
    assert_eq!(sink.find(&wanted).await?, [found]);
    Ok(())
}

#[tokio::test]
async fn removal_while_listing_loses_no_other_item() -> TestResult {
    let source = MemoryProvider::new("anna").with_page_items(2);
    for id in ["1", "2", "3", "4"] {
        source.insert(MemoryItem::new(id, format!("{id}.jpg"), id.to_owned()));
    }
    let first = source.assets(&source.start(&Filters::default()).await?).await?;
    assert!(source.remove(&"1".into()));
    let next = first.next.expect("there are more");
    let ids: Vec<_> = source
        .assets(&next)
        .await?
        .items
        .into_iter()
        .flatten()
        .map(|asset| asset.id)
        .collect();
    assert_eq!(ids, ["3".into(), "4".into()]);
    Ok(())
}

#[tokio::test]
async fn stale_fast_token_gives_way_to_the_durable_place() -> TestResult {
    let (clock, shared) = manual();
    let source = MemoryProvider::new("anna").with_clock(shared).with_page_items(1);
    source.insert(MemoryItem::new("1", "1.jpg", "1"));
    source.insert(MemoryItem::new("2", "2.jpg", "2"));
    let start = source.start(&Filters::default()).await?;
    let place = source.assets(&start).await?.next.expect("there are more");
    assert_eq!(place.resume, serde_json::json!({ "offset": 1 }));
    clock.advance(Duration::from_secs(3600));
    let stale = Cursor {
        fast: Some("a token of somebody else".into()),
        ..place
    };
    assert_eq!(source.assets(&stale).await?.items.len(), 1);
    let nonsense = Cursor {
        resume: serde_json::json!("page 7"),
        fast: None,
        fast_until: None,
    };
    assert_eq!(*source.assets(&nonsense).await.unwrap_err().kind(), ErrorKind::Config);
    Ok(())
}

#[tokio::test]
async fn damage_lasts_as_often_as_it_was_set() -> TestResult {
    let source = MemoryProvider::new("anna");
    source.insert(MemoryItem::new("1", "1.jpg", "0123456789"));
    assert!(source.damage(&"1".into(), Damage::EndsAfter(4), 1));
    let page = source.assets(&source.start(&Filters::default()).await?).await?;
    let asset = page.items.into_iter().next().expect("one item")?;
    let mut read = Vec::new();
    for _ in 0..2 {
        let media = source.open(&asset.parts[0].id, &asset.locator, 2).await?;
        assert_eq!((media.starts_at, media.size_bytes), (2, Some(10)));
        let chunks: Vec<Bytes> = media.stream.try_collect().await?;
        read.push(String::from_utf8(chunks.concat()).expect("digits"));
    }
    assert_eq!(read, ["23", "23456789"]);
    Ok(())
}

#[tokio::test]
async fn new_bytes_make_a_new_revision() -> TestResult {
    let source = MemoryProvider::new("anna");
    source.insert(MemoryItem::new("1", "1.jpg", "old"));
    let old = source
        .refresh(&"1".into(), &crate::Locator::default())
        .await?
        .expect("it is there");
    source.insert(MemoryItem::new("1", "1.jpg", "new"));
    let new = source
        .refresh(&"1".into(), &crate::Locator::default())
        .await?
        .expect("it is there");
    assert_ne!(old.revision, new.revision);
    assert!(source.remove(&"1".into()));
    assert_eq!(source.refresh(&"1".into(), &crate::Locator::default()).await?, None);
    Ok(())
}

#[tokio::test]
async fn calls_that_run_at_once_are_counted() -> TestResult {
    let sink = MemoryProvider::new("anna");
    let staged = futures_util::future::join_all((0..3).map(|n| stage(&sink, n, "bytes"))).await;
    assert!(staged.iter().all(Result::is_ok));
    assert_eq!((sink.peak_stages(), sink.peak_writes()), (3, 0));
    stage(&sink, 4, "more").await?;
    assert_eq!(sink.peak_stages(), 3);
    Ok(())
}

#[tokio::test]
async fn description_above_the_limit_fails_only_its_bundle() -> TestResult {
    let sink = MemoryProvider::demanding("anna");
    let mut long = bundle(1, stage(&sink, 1, "first").await?);
    long.metadata.description = Some(Sourced::provider("x".repeat(1001)));
    let answers = sink
        .commit(&[long, bundle(2, stage(&sink, 2, "second").await?)], None)
        .await?;
    assert_eq!(
        answers.iter().map(|answer| answer.is_ok()).collect::<Vec<_>>(),
        [false, true]
    );
    Ok(())
}

#[tokio::test]
async fn settings_are_changed_for_the_run_and_put_back() -> TestResult {
    let (setting, before, after) = ("stacking".to_owned(), "on".to_owned(), "off".to_owned());
    let sink = MemoryProvider::new("anna").with_setting(SettingChange { setting, before, after });
    let changes = sink.prepare().await?;
    assert_eq!(sink.setting("stacking").as_deref(), Some("off"));
    assert!(sink.prepare().await?.is_empty(), "there is nothing left to change");
    sink.restore(&changes).await?;
    assert_eq!(sink.setting("stacking").as_deref(), Some("on"));
    Ok(())
}
