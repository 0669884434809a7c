use jiff::Timestamp;
use photomove_core::{MediaKind, PartRole, Precision};
use proptest::prelude::*;
use rstest::rstest;
use serde_json::json;

use super::*;
use crate::wire::{Label, Marker, PhotoLabel, Root};

const HASHES: [&str; 4] = [
    "82c61c54275982e72e1cfb13e4e3bba3e26b3da0",
    "f29bc91bbdab169fc0c0a326965953d11c7dff83",
    "0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33",
    "62cdb7020ff920e5aa642c3d4066950dd1f01f4d",
];

fn file(number: usize, kind: MediaType, name: &str) -> File {
    File {
        uid: format!("f{number:015}"),
        hash: HASHES[number].into(),
        media_type: kind,
        name: format!("2019/07/{name}"),
        original_name: format!("Holiday/{name}"),
        size: 10 + number as u64,
        root: Root::Originals,
        ..File::default()
    }
}

fn photo(kind: MediaType, files: Vec<File>) -> Photo {
    Photo {
        uid: "psrcszk4v9n2t6x1".into(),
        kind,
        files: Some(files),
        ..Photo::default()
    }
}

fn roles(photo: &Photo) -> Vec<(String, PartRole)> {
    let asset = asset(photo).unwrap();
    asset
        .parts
        .into_iter()
        .map(|part| (part.file_name, part.role))
        .collect()
}

#[test]
fn a_picture_is_one_part_with_its_hash_and_name() {
    let one = photo(MediaType::Image, vec![file(0, MediaType::Image, "a.jpg")]);
    let asset = asset(&one).unwrap();
    assert_eq!((asset.kind, asset.parts.len()), (MediaKind::Photo, 1));
    let part = &asset.parts[0];
    assert_eq!((part.file_name.as_str(), part.size_bytes), ("a.jpg", Some(10)));
    assert_eq!(part.checksums.sha1_hex().as_deref(), Some(HASHES[0]));
    assert_eq!(hash_of(&asset.locator, &part.id), Some(HASHES[0]));
}

#[test]
fn stacks_keep_all_files_with_their_roles_in_one_order() {
    let generated = File {
        root: Root::Sidecar,
        primary: true,
        ..file(3, MediaType::Image, "a.dng.jpg")
    };
    let files = || {
        vec![
            file(0, MediaType::Raw, "a.dng"),
            file(1, MediaType::Image, "a.jpg"),
            File {
                sidecar: true,
                ..file(2, MediaType::Sidecar, "a.xmp")
            },
            generated.clone(),
        ]
    };
    let expected = [
        ("a.jpg".to_owned(), PartRole::Primary),
        ("a.dng".to_owned(), PartRole::Raw),
        ("a.xmp".to_owned(), PartRole::Sidecar),
    ];
    assert_eq!(roles(&photo(MediaType::Raw, files())), expected);
    let mut turned = files();
    turned.reverse();
    let (one, other) = (photo(MediaType::Raw, files()), photo(MediaType::Raw, turned));
    assert_eq!(asset(&one), asset(&other));
}

#[rstest]
#[case(MediaType::Live, &[(MediaType::Image, "a.heic"), (MediaType::Video, "a.mov")], MediaKind::LivePhoto, PartRole::Motion)]
#[case(MediaType::Video, &[(MediaType::Video, "a.mp4"), (MediaType::Image, "a.jpg")], MediaKind::Video, PartRole::Edited)]
#[case(MediaType::Raw, &[(MediaType::Raw, "a.dng"), (MediaType::Sidecar, "a.xmp")], MediaKind::Photo, PartRole::Sidecar)]
#[case(MediaType::Image, &[(MediaType::Image, "a.jpg"), (MediaType::Image, "b.png")], MediaKind::Photo, PartRole::Edited)]
fn the_first_part_is_what_the_photo_is(
    #[case] kind: MediaType,
    #[case] files: &[(MediaType, &str)],
    #[case] is: MediaKind,
    #[case] second: PartRole,
) {
    let files = files
        .iter()
        .enumerate()
        .map(|(n, (kind, name))| file(n, kind.clone(), name));
    let photo = photo(kind, files.collect());
    let asset = asset(&photo).unwrap();
    assert_eq!(
        (asset.kind, asset.parts[0].role, asset.parts[1].role),
        (is, PartRole::Primary, second)
    );
}

#[test]
fn a_short_clip_alone_is_a_video_whatever_the_server_calls_it() {
    let clip = photo(MediaType::Live, vec![file(0, MediaType::Live, "a.mov")]);
    assert_eq!(asset(&clip).unwrap().kind, MediaKind::Video);
}

#[test]
fn what_a_merge_left_behind_is_no_asset() {
    assert_eq!(asset(&photo(MediaType::Image, Vec::new())), None);
    let lone = File {
        sidecar: true,
        ..file(0, MediaType::Sidecar, "a.xmp")
    };
    assert_eq!(asset(&photo(MediaType::Image, vec![lone])), None);
}

#[test]
fn a_file_that_vanished_from_the_disk_is_listed_all_the_same() {
    let gone = File {
        missing: true,
        ..file(0, MediaType::Image, "a.jpg")
    };
    assert_eq!(roles(&photo(MediaType::Image, vec![gone])).len(), 1);
}

#[test]
fn the_revision_changes_with_the_bytes_only() {
    let mut one = photo(MediaType::Image, vec![file(0, MediaType::Image, "a.jpg")]);
    let before = asset(&one).unwrap().revision;
    one.title = "new".into();
    one.files.as_mut().unwrap()[0].name = "2020/01/b.jpg".into();
    assert_eq!(asset(&one).unwrap().revision, before);
    one.files.as_mut().unwrap()[0].hash = HASHES[1].into();
    assert_ne!(asset(&one).unwrap().revision, before);
}

fn timed(taken_at: &str, local: &str, zone: &str, source: Source) -> Photo {
    Photo {
        taken_at: taken_at.parse::<Timestamp>().ok(),
        taken_at_local: local.parse().ok(),
        time_zone: zone.into(),
        taken_src: source,
        year: 2019,
        month: 7,
        day: 21,
        ..Photo::default()
    }
}

#[rstest]
#[case("Europe/Berlin", Some(7200))]
#[case("UTC+2", Some(7200))]
#[case("europe/berlin", None)]
#[case("Mars/Olympus", None)]
#[case("Local", None)]
#[case("", None)]
fn the_offset_is_known_with_a_zone_that_the_server_knows(#[case] zone: &str, #[case] offset_s: Option<i32>) {
    let photo = timed("2019-07-21T16:42:07Z", "2019-07-21T18:42:07Z", zone, Source::Meta);
    let time = taken(&photo).unwrap().value;
    assert_eq!(time.offset_s, offset_s);
    assert_eq!(time.instant.is_some(), offset_s.is_some());
    assert_eq!(time.local.unwrap().to_string(), "2019-07-21T18:42:07");
}

#[test]
fn times_that_nobody_gave_are_none() {
    let time = |source| taken(&timed("2019-07-21T16:42:07Z", "2019-07-21T16:42:07Z", "UTC", source));
    assert_eq!(time(Source::Auto), None, "that of the upload");
    assert_eq!(time(Source::Manual).unwrap().value.precision, Precision::Second);
    assert_eq!(time(Source::Estimate).unwrap().value.precision, Precision::Day);
    assert_eq!(time(Source::Estimate).unwrap().origin, Origin::Inferred);
    let mut vague = timed("2019-07-21T16:42:07Z", "2019-07-21T16:42:07Z", "UTC", Source::Manual);
    vague.day = -1;
    assert_eq!(taken(&vague).unwrap().value.precision, Precision::Month);
    vague.month = -1;
    assert_eq!(taken(&vague).unwrap().value.precision, Precision::Year);
    vague.year = -1;
    assert_eq!(taken(&vague), None);
}

#[test]
fn only_what_people_said_is_metadata() {
    let mut one = photo(MediaType::Image, vec![file(0, MediaType::Image, "a.jpg")]);
    one.title = "Unknown / 2008".into();
    one.details = Some(crate::wire::Details {
        keywords: "blue, img".into(),
        ..Default::default()
    });
    assert!(asset(&one).unwrap().metadata.fields().is_empty());
    one.title_src = Source::Manual;
    one.details.as_mut().unwrap().keywords_src = Source::Meta;
    one.description = Some("dusk".into());
    let label = |name: &str, source, uncertainty| PhotoLabel {
        label_src: source,
        uncertainty,
        label: Some(Label {
            name: name.into(),
            ..Label::default()
        }),
        ..PhotoLabel::default()
    };
    one.labels = vec![
        label("Summer Trip", Source::Manual, 0),
        label("Cat", Source::Image, 20),
        label("Dog", Source::Manual, 100),
    ];
    (one.lat, one.lng, one.altitude) = (54.3, 10.1, 4.0);
    one.place_src = Source::Meta;
    (one.favorite, one.private) = (true, true);
    one.deleted_at = Some(Timestamp::UNIX_EPOCH);
    let marker = |name: &str, invalid| Marker {
        name: name.into(),
        invalid,
        ..Marker::default()
    };
    one.files.as_mut().unwrap()[0].markers = vec![marker("Nora", false), marker("Jo", true), marker("Nora", false)];
    let metadata = asset(&one).unwrap().metadata;
    assert_eq!(metadata.fields(), FIELDS.minus(Fields::TAKEN));
    assert_eq!(metadata.keywords.unwrap().value, ["blue", "img", "Summer Trip"]);
    assert_eq!(metadata.people.unwrap().value, ["Nora"]);
    assert_eq!(metadata.place.unwrap().value.altitude_m, Some(4.0));
}

#[test]
fn positions_that_are_guessed_or_impossible_are_left_out() {
    let mut one = photo(MediaType::Image, vec![file(0, MediaType::Image, "a.jpg")]);
    (one.lat, one.lng) = (123.4, 10.0);
    assert_eq!(place(&one), None);
    (one.lat, one.place_src) = (12.0, Source::Estimate);
    assert_eq!(place(&one), None);
}

#[test]
fn a_photo_of_the_recordings_becomes_an_asset() {
    let text = json!({
        "ID": 1, "UID": "psrcszk4v9n2t6x1", "Type": "image", "TakenAt": "2010-04-13T07:37:22Z",
        "TakenAtLocal": "2010-04-13T09:37:22+02:00", "TakenSrc": "meta", "TimeZone": "UTC+2", "Year": 2010, "Month": 4,
        "Day": 13, "Title": "x", "Files": [{"UID": "f1", "PhotoUID": "psrcszk4v9n2t6x1", "Name": "2010/04/a.jpg", "Root": "/",
        "Hash": HASHES[0], "Size": 3, "Primary": true, "MediaType": "image", "Mime": "image/jpeg", "Markers": []}]
    });
    let photo: Photo = serde_json::from_value(text).unwrap();
    let asset = asset(&photo).unwrap();
    assert_eq!(asset.metadata.taken.unwrap().value.offset_s, Some(7200));
    assert_eq!(
        asset.parts[0].file_name, "a.jpg",
        "without a name before import that on the disk is taken"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_photo_breaks_the_conversion(
        names in proptest::collection::vec("[ -~]{0,12}", 0..4),
        kinds in proptest::collection::vec(0_usize..9, 4),
        flags in proptest::collection::vec(any::<bool>(), 4),
        (year, month, day) in (-2_i32..3000, -2_i32..14, -2_i32..40),
        zone in "[ -~]{0,10}",
    ) {
        let all = MediaType::ALL;
        let files = names.iter().enumerate().map(|(n, name)| File {
            original_name: name.clone(),
            primary: flags[n],
            sidecar: !flags[n] && kinds[n] == 0,
            ..file(n, all[kinds[n] % all.len()].clone(), name)
        });
        let mut one = photo(all[kinds[0] % all.len()].clone(), files.collect());
        (one.year, one.month, one.day, one.time_zone) = (year, month, day, zone);
        if let Some(asset) = asset(&one) {
            prop_assert_eq!(asset.parts[0].role, PartRole::Primary);
            prop_assert!(asset.parts[1..].iter().all(|part| part.role != PartRole::Primary));
            prop_assert!(asset.parts.iter().all(|part| !part.file_name.contains('/')));
            for part in &asset.parts {
                prop_assert!(hash_of(&asset.locator, &part.id).is_some());
            }
        }
    }
}
