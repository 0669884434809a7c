use jiff::civil::date;
use photomove_core::Sourced;
use rstest::rstest;

use super::*;
use crate::wire::{Details, Label, PhotoLabel};

fn provider<T>(value: T) -> Option<Sourced<T>> {
    Some(Sourced::provider(value))
}

/// A photo as it is right after an upload.
fn fresh() -> Photo {
    Photo {
        id: 17,
        uid: "psrcszk4v9n2t6x1".into(),
        taken_src: Source::Meta,
        taken_at: "2019-07-21T16:42:07Z".parse().ok(),
        taken_at_local: "2019-07-21T18:42:07Z".parse().ok(),
        time_zone: "Europe/Berlin".into(),
        year: 2019,
        month: 7,
        day: 21,
        title: "Harbour / 2019".into(),
        details: Some(Details {
            photo_id: 17,
            keywords: "blue, harbour".into(),
            artist: "Nora".into(),
            artist_src: Source::Meta,
            ..Details::default()
        }),
        quality: 3,
        ..Photo::default()
    }
}

fn with_time(value: CaptureTime) -> Metadata {
    Metadata {
        taken: provider(value),
        ..Metadata::default()
    }
}

fn change(patch: &Metadata, photo: &Photo) -> Option<PhotoProperties> {
    Wishes::of(patch).change(photo)
}

fn local(hour: i8, minute: i8, second: i8) -> DateTime {
    date(2019, 7, 21).at(hour, minute, second, 0)
}

#[test]
fn nothing_is_sent_where_nothing_differs() {
    let patch = Metadata {
        favourite: provider(false),
        title: provider(String::new()),
        keywords: provider(vec!["Harbour".to_owned(), "blue".to_owned()]),
        ..with_time(CaptureTime::local(local(18, 42, 7), Precision::Second))
    };
    assert_eq!(change(&patch, &fresh()), None);
    assert_eq!(
        Wishes::of(&patch).granted(&fresh()),
        Fields::TAKEN.union(Fields::KEYWORDS)
    );
}

#[test]
fn what_differs_is_sent_with_its_source() {
    let patch = Metadata {
        title: provider("Dusk".to_owned()),
        description: provider("Seen from the ferry".to_owned()),
        favourite: provider(true),
        private: provider(true),
        place: provider(Place {
            latitude: 54.3,
            longitude: 10.1,
            altitude_m: Some(4.4),
            name: None,
        }),
        ..Metadata::default()
    };
    let change = change(&patch, &fresh()).unwrap();
    let sent = serde_json::to_value(&change).unwrap();
    for (name, value) in [
        ("Title", "Dusk".into()),
        ("TitleSrc", "manual".into()),
        ("Caption", serde_json::json!("Seen from the ferry")),
        ("Description", "Seen from the ferry".into()),
        ("CaptionSrc", "manual".into()),
        ("PlaceSrc", "manual".into()),
        ("Altitude", 4.into()),
        ("Favorite", true.into()),
        ("Private", true.into()),
    ] {
        assert_eq!(sent[name], value, "{name}");
    }
    assert_eq!(sent.get("TakenAt"), None);
    assert_eq!(sent.get("Details"), None);
}

#[test]
fn keywords_are_added_to_those_that_are_there_and_other_details_stay() {
    let patch = Metadata {
        keywords: provider(vec![
            "Sea".to_owned(),
            "Los Angeles".to_owned(),
            "2019".to_owned(),
            "x".to_owned(),
        ]),
        ..Metadata::default()
    };
    let details = change(&patch, &fresh()).unwrap().details.unwrap();
    assert_eq!(
        (details.photo_id, details.keywords.as_str()),
        (17, "blue, harbour, sea")
    );
    assert_eq!(
        (details.keywords_src, details.artist.as_str()),
        (Source::Manual, "Nora")
    );
    let wishes = Wishes::of(&patch);
    assert_eq!(wishes.labels(&fresh()), ["Los Angeles", "2019", "x"]);
    let mut done = fresh();
    done.details.as_mut().unwrap().keywords = "blue, harbour, sea".into();
    assert!(
        !wishes.granted(&done).contains(Fields::KEYWORDS),
        "the phrases are missing"
    );
    let label = |name: &str| PhotoLabel {
        label: Some(Label {
            name: name.into(),
            ..Label::default()
        }),
        ..PhotoLabel::default()
    };
    done.labels = ["Los Angeles", "2019", "X"].map(label).to_vec();
    assert!(wishes.granted(&done).contains(Fields::KEYWORDS));
    assert!(wishes.labels(&done).is_empty());
}

#[rstest]
#[case("sea", true)]
#[case("küste-nord", true)]
#[case("写", true)]
#[case("los angeles", false)]
#[case("a_b", false)]
#[case("2019", false)]
#[case("x", false)]
#[case("-sea", false)]
fn words_are_told_from_phrases(#[case] word: &str, #[case] is: bool) {
    assert_eq!(is_word(word), is);
}

#[test]
fn a_wall_clock_is_set_with_its_zone_or_with_the_photos() {
    let mut patch = with_time(CaptureTime::local(local(9, 15, 0), Precision::Second));
    let sent = change(&patch, &fresh()).unwrap();
    assert_eq!(sent.time_zone.as_deref(), Some("Europe/Berlin"));
    assert_eq!(sent.taken_at_local.unwrap().to_string(), "2019-07-21T09:15:00Z");
    assert_eq!(
        (sent.taken_src, sent.year, sent.day),
        (Some(Source::Manual), Some(2019), Some(21))
    );
    patch.taken.as_mut().unwrap().value.offset_s = Some(-7 * 3600);
    assert_eq!(change(&patch, &fresh()).unwrap().time_zone.as_deref(), Some("UTC-7"));
    patch.taken.as_mut().unwrap().value.offset_s = Some(19_800);
    assert_eq!(
        change(&patch, &fresh()).unwrap().time_zone.as_deref(),
        Some("Asia/Kolkata"),
        "an offset of half an hour has no name of its own"
    );
}

#[test]
fn the_sources_own_name_of_a_zone_is_kept() {
    let taken = CaptureTime {
        offset_s: Some(7200),
        ..CaptureTime::local(local(18, 42, 7), Precision::Second)
    };
    let mut patch = with_time(taken);
    patch.extra.insert("TimeZone".into(), "Europe/Rome".into());
    // The wall clock is right already, the zone is another one with the same offset.
    let sent = change(&patch, &fresh()).unwrap();
    assert_eq!(sent.time_zone.as_deref(), Some("Europe/Rome"));
    assert_eq!(sent.taken_at_local.unwrap().to_string(), "2019-07-21T18:42:07Z");
    let mut done = fresh();
    done.time_zone = "Europe/Rome".into();
    assert_eq!(change(&patch, &done), None);
    // A name that does not fit the offset says nothing.
    patch.extra.insert("TimeZone".into(), "Asia/Tokyo".into());
    assert_eq!(change(&patch, &fresh()), None);
}

#[rstest]
#[case("2019-07-21T16:42:07Z", "Europe/Berlin", true)]
#[case("2019-07-21T16:42:07.5Z", "Europe/Berlin", true)]
#[case("2019-07-21T15:42:07Z", "Europe/Berlin", false)]
#[case("2019-07-21T15:42:07Z", "", true)]
#[case("2019-07-21T15:41:07Z", "", false)]
#[case("2019-07-23T16:42:07Z", "", false)]
fn an_instant_is_compared_as_far_as_the_zone_is_known(#[case] instant: &str, #[case] zone: &str, #[case] same: bool) {
    let mut photo = fresh();
    photo.time_zone = zone.into();
    let patch = with_time(CaptureTime::instant(instant.parse().unwrap(), Precision::Second));
    assert_eq!(change(&patch, &photo).is_none(), same);
}

#[test]
fn a_photo_without_a_date_gets_one() {
    let mut photo = fresh();
    (photo.taken_src, photo.time_zone) = (Source::Auto, "UTC".into());
    let instant = "2019-07-21T16:42:07Z".parse().unwrap();
    let sent = change(&with_time(CaptureTime::instant(instant, Precision::Second)), &photo).unwrap();
    assert_eq!((sent.taken_at, sent.time_zone.as_deref()), (Some(instant), Some("UTC")));
    // A date that came out of the file the server would have found itself.
    let mut patch = with_time(CaptureTime::instant(instant, Precision::Second));
    patch.taken.as_mut().unwrap().origin = Origin::Embedded;
    assert!(change(&patch, &photo).is_some());
    assert!(change(&patch, &fresh()).is_none());
}

#[test]
fn vague_dates_stay_vague() {
    let patch = with_time(CaptureTime::local(date(1987, 5, 1).at(0, 0, 0, 0), Precision::Month));
    let sent = change(&patch, &fresh()).unwrap();
    assert_eq!((sent.year, sent.month, sent.day), (Some(1987), Some(5), Some(-1)));
    let mut done = fresh();
    (done.year, done.month, done.day) = (1987, 5, -1);
    assert!(Wishes::of(&patch).granted(&done).contains(Fields::TAKEN));
}

#[test]
fn a_title_that_had_to_be_cut_is_not_kept() {
    let patch = Metadata {
        title: provider("x".repeat(250)),
        ..Metadata::default()
    };
    let sent = change(&patch, &fresh()).unwrap().title.unwrap();
    assert_eq!(sent.len(), 200);
    let mut done = fresh();
    (done.title, done.title_src) = (sent, Source::Manual);
    assert!(!Wishes::of(&patch).granted(&done).contains(Fields::TITLE));
}
