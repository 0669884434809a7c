use jiff::Timestamp;
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};
use rstest::rstest;

use super::*;
use crate::{ByteLimits, BytesBody, HashKinds, ItemKey, MemoryProvider, PartRole, Sourced, StagedBundle};

struct NoLog;

#[async_trait]
impl StageLog for NoLog {
    async fn opened(&self, _handle: &Staged) -> Result<()> {
        Ok(())
    }

    async fn stored(&self, _bytes: u64) {}
}

fn part(file_name: &str, media_type: Option<&str>) -> NewPart {
    NewPart {
        key: ItemKey::from_u128(1),
        bundle: ItemKey::from_u128(2),
        role: PartRole::Primary,
        file_name: file_name.into(),
        media_type: media_type.map(Into::into),
        metadata: Metadata::default(),
        siblings: crate::Siblings::default(),
    }
}

fn described(text: &str) -> Metadata {
    Metadata {
        description: Some(Sourced::provider(text.into())),
        ..Metadata::default()
    }
}

fn small() -> Arc<MemoryProvider> {
    Arc::new(MemoryProvider::new("anna").with_sink_caps(|caps| {
        caps.limits = ByteLimits {
            photo: Some(10),
            video: Some(20),
        };
        caps.texts = TextLimits {
            description_chars: Some(5),
            file_name_chars: Some(8),
        };
        caps.albums = Some(AlbumCaps::new(4, 2));
    }))
}

async fn stage(sink: &LimitedSink, part: &NewPart, bytes: usize) -> Result<Staged> {
    sink.stage(part, &BytesBody::new(vec![7; bytes]), None, &NoLog).await
}

#[rstest]
#[case(Some("image/jpeg"), 10, None)]
#[case(Some("image/jpeg"), 11, Some(Rejection::TooLarge))]
#[case(Some("VIDEO/mp4"), 20, None)]
#[case(Some("video/mp4"), 21, Some(Rejection::TooLarge))]
#[case(Some("application/octet-stream"), 20, None)]
#[case(None, 20, None)]
#[case(None, 21, Some(Rejection::TooLarge))]
#[case(Some("image/jpeg"), 0, Some(Rejection::Empty))]
#[tokio::test]
async fn bytes_are_limited_by_type(
    #[case] media_type: Option<&str>,
    #[case] bytes: usize,
    #[case] expected: Option<Rejection>,
) {
    let inner = small();
    let sink = LimitedSink::new(Arc::clone(&inner) as Arc<dyn PhotoSink>);
    let outcome = stage(&sink, &part("a.bin", media_type), bytes).await;
    let refused = outcome.err().map(|error| error.kind().clone());
    assert_eq!(refused, expected.map(ErrorKind::Rejected));
    // The sink inside would refuse as well; what is refused must not reach it.
    assert_eq!(inner.calls_of(Operation::Stage), u64::from(expected.is_none()));
}

#[tokio::test]
async fn refusal_says_what_and_the_limit() {
    let sink = LimitedSink::new(small());
    let error = stage(&sink, &part("a.jpg", Some("image/jpeg")), 11).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "memory: could not upload: the file has 11 bytes, it takes 10 (file a.jpg)"
    );
}

#[tokio::test]
async fn missing_hash_is_refused_before_the_first_byte() {
    let inner = MemoryProvider::new("anna").with_sink_caps(|caps| caps.needs_before_stage = HashKinds::SHA256);
    let sink = LimitedSink::new(Arc::new(inner));
    let error = stage(&sink, &part("a.jpg", None), 5).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("SHA-256"), "{error}");
}

#[tokio::test]
async fn batches_are_limited() {
    let inner = small();
    let sink = LimitedSink::new(Arc::clone(&inner) as Arc<dyn PhotoSink>);
    let staged = stage(&sink, &part("a.jpg", None), 5).await.unwrap();
    let bundle = StagedBundle {
        key: ItemKey::from_u128(2),
        parts: vec![(ItemKey::from_u128(1), staged)],
        file_name: "a.jpg".into(),
        metadata: Metadata::default(),
    };
    let error = sink.commit(&vec![bundle; 51], None).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Rejected(Rejection::Invalid));
    assert_eq!(error.message(), "51 items in one request, it takes 50");
    let error = sink.add_to_album(&"x".into(), &vec!["y".into(); 3]).await.unwrap_err();
    assert_eq!(error.message(), "3 members in one request, it takes 2");
    assert_eq!(
        inner.calls_of(Operation::Commit) + inner.calls_of(Operation::AddToAlbum),
        0
    );
}

#[tokio::test]
async fn texts_are_cut_on_the_way_in() -> Result<()> {
    let inner = small();
    let sink = LimitedSink::new(Arc::clone(&inner) as Arc<dyn PhotoSink>);
    let long = NewPart {
        metadata: described("žlutý kůň"),
        ..part("dovolená.jpg", None)
    };
    let staged = stage(&sink, &long, 5).await?;
    let bundle = StagedBundle {
        key: long.bundle,
        parts: vec![(long.key, staged)],
        file_name: long.file_name.clone(),
        metadata: long.metadata.clone(),
    };
    for answer in sink.commit(&[bundle], None).await? {
        answer?;
    }
    let item = inner.items().remove(0);
    assert_eq!(item.file_name, "dovo.jpg");
    assert_eq!(item.metadata, described("žlutý"));
    sink.describe(&DestId::new(item.id.as_str()), &described("příliš"))
        .await?;
    assert_eq!(inner.items()[0].metadata, described("příli"));
    Ok(())
}

#[tokio::test]
async fn lost_album_is_looked_for_under_the_title_that_was_sent() -> Result<()> {
    let inner = small();
    let sink = LimitedSink::new(Arc::clone(&inner) as Arc<dyn PhotoSink>);
    let album = NewAlbum {
        title: "Ostseeküste".into(),
        description: None,
    };
    let id = sink.create_album(&album).await?;
    assert_eq!(inner.albums()[0].title, "Osts");
    let intent = Intent::CreateAlbum {
        album,
        since: Timestamp::UNIX_EPOCH,
        known: Vec::new(),
    };
    let settled = sink.settle(&intent).await?;
    assert!(
        matches!(&settled, Settled::AlbumHappened(found) if *found == id),
        "{settled:?}"
    );
    Ok(())
}

#[tokio::test]
async fn albums_need_a_sink_that_has_them() {
    let inner = MemoryProvider::new("anna").with_sink_caps(|caps| caps.albums = None);
    let sink = LimitedSink::new(Arc::new(inner));
    let album = NewAlbum {
        title: "a".into(),
        description: None,
    };
    let error = sink.create_album(&album).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Unsupported);
}

#[test]
fn wrapper_stays_a_sink_and_keeps_the_source() {
    let both = Arc::new(LimitedSink::new(Arc::new(MemoryProvider::new("anna"))));
    assert!(Arc::clone(&both).as_source().is_some());
    let sink = both.as_sink().expect("a sink");
    // Taking the sink of the sink does not lose the limits.
    assert!(format!("{sink:?}").starts_with("LimitedSink"));
    let only = Arc::new(LimitedSink::new(Arc::new(MemoryProvider::new("anna").without_source())));
    assert!(only.as_source().is_none());
}

#[rstest]
#[case("short.jpg", 9, "short.jpg")]
#[case("too-long.jpg", 8, "too-.jpg")]
#[case("žluťoučký.jpeg", 7, "žl.jpeg")]
#[case("no extension at all", 5, "no ex")]
#[case("Mr. Smith and his dog", 6, "Mr. Sm")]
#[case("a.jpg", 4, "a.jp")]
#[case(".hidden-file", 4, ".hid")]
#[case("archive.tar.gz", 10, "archive.gz")]
#[case("name.averyveryverylongext", 8, "name.ave")]
fn file_names_keep_their_extension(#[case] name: &str, #[case] max: u32, #[case] expected: &str) {
    assert_eq!(cut_file_name(name, max), expected);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cut_text_is_the_longest_prefix_that_fits(text in any::<String>(), max in 0u32..40) {
        let cut = cut_chars(&text, max);
        prop_assert!(text.starts_with(&*cut));
        prop_assert_eq!(cut.chars().count(), text.chars().count().min(max as usize));
        prop_assert_eq!(matches!(cut, Cow::Borrowed(_)), cut == text);
    }

    #[test]
    fn cut_file_name_fits_and_keeps_its_extension(stem in "\\PC{1,30}", extension in "[a-z0-9]{1,10}", max in 0u32..40) {
        let name = format!("{stem}.{extension}");
        let cut = cut_file_name(&name, max);
        prop_assert_eq!(cut.chars().count(), name.chars().count().min(max as usize));
        let has_room = max as usize > extension.len() + 1;
        let end = format!(".{}", extension);
        prop_assert!(!has_room || cut.ends_with(&end));
        prop_assert_eq!(matches!(cut, Cow::Borrowed(_)), cut == name);
    }
}
