use rstest::rstest;
use serde_json::json;

use super::*;
use crate::{Precision, Sourced};

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn taken(value: CaptureTime, origin: Origin) -> Metadata {
    Metadata {
        taken: Some(Sourced { value, origin }),
        ..Metadata::default()
    }
}

/// Taken when the wall's clock showed that.
fn on_the_wall(text: &str) -> Metadata {
    taken(
        CaptureTime::local(text.parse().unwrap(), Precision::Second),
        Origin::Provider,
    )
}

fn at(text: &str) -> Metadata {
    taken(CaptureTime::instant(instant(text), Precision::Second), Origin::Provider)
}

fn year_2023() -> Filters {
    Filters::default()
        .with_since(instant("2023-01-01T00:00:00Z"))
        .with_until(instant("2024-01-01T00:00:00Z"))
}

#[test]
fn the_empty_filter_is_an_empty_object_and_lets_everything_pass() {
    let filters = Filters::default();
    assert_eq!(serde_json::to_string(&filters).unwrap(), "{}");
    assert_eq!(serde_json::from_str::<Filters>("{}").unwrap(), filters);
    assert!(filters.is_empty());
    for kind in [MediaKind::Photo, MediaKind::Video, MediaKind::LivePhoto] {
        assert_eq!(filters.matches_facts(kind, &Metadata::default()), Fit::Yes);
    }
}

#[test]
fn a_filter_is_written_down_with_nothing_but_what_is_set() {
    let filters = year_2023()
        .with_zone("Europe/Berlin")
        .with_kind(MediaFilter::Video)
        .with_favourite()
        .with_album("Summer")
        .with_limit(10)
        .with_album_ids(["a-1".into()]);
    let text = serde_json::to_value(&filters).unwrap();
    let wanted = json!({
        "since": "2023-01-01T00:00:00Z",
        "until": "2024-01-01T00:00:00Z",
        "zone": "Europe/Berlin",
        "kind": "video",
        "favourite": true,
        "albums": ["Summer"],
        "limit": 10,
    });
    assert_eq!(text, wanted);
    let back: Filters = serde_json::from_value(text).unwrap();
    assert_eq!(back.with_album_ids(["a-1".into()]), filters);
    assert!(serde_json::from_value::<Filters>(json!({ "colour": "red" })).is_err());
}

#[rstest]
#[case(Filters::default().with_since(Timestamp::UNIX_EPOCH))]
#[case(Filters::default().with_until(Timestamp::UNIX_EPOCH))]
#[case(Filters::default().with_kind(MediaFilter::Photo))]
#[case(Filters::default().with_favourite())]
#[case(Filters::default().with_album("x"))]
#[case(Filters::default().with_limit(0))]
fn anything_that_is_set_is_not_empty(#[case] filters: Filters) {
    assert!(!filters.is_empty());
    assert_ne!(serde_json::to_string(&filters).unwrap(), "{}");
}

#[test]
fn titles_are_named_whatever_their_case_and_their_order() {
    let filters = Filters::default()
        .with_album("Winter")
        .with_album("Österreich ")
        .with_album("winter");
    assert_eq!(filters.albums, ["Winter", "Österreich "]);
    assert!(filters.names(" öSTERREICH"));
    assert!(!filters.names("Wint"));
    let other_way = Filters::default().with_album("Österreich ").with_album("Winter");
    assert_eq!(filters, other_way);
}

#[rstest]
#[case(MediaFilter::Photo, [true, false, true])]
#[case(MediaFilter::Video, [false, true, false])]
fn a_live_photo_is_a_photo(#[case] wanted: MediaFilter, #[case] fits: [bool; 3]) {
    let filters = Filters::default().with_kind(wanted);
    for (kind, fits) in [MediaKind::Photo, MediaKind::Video, MediaKind::LivePhoto]
        .into_iter()
        .zip(fits)
    {
        let wanted = if fits { Fit::Yes } else { Fit::No };
        assert_eq!(filters.matches_facts(kind, &Metadata::default()), wanted, "{kind:?}");
    }
}

#[test]
fn what_is_not_known_to_be_a_favourite_is_none() {
    let filters = Filters::default().with_favourite();
    for (favourite, wanted) in [(None, Fit::No), (Some(false), Fit::No), (Some(true), Fit::Yes)] {
        let metadata = Metadata {
            favourite: favourite.map(Sourced::provider),
            ..Metadata::default()
        };
        assert_eq!(filters.matches_facts(MediaKind::Photo, &metadata), wanted);
    }
}

#[rstest]
#[case(at("2023-01-01T00:00:00Z"), Fit::Yes)]
#[case(at("2022-12-31T23:59:59Z"), Fit::No)]
#[case(at("2023-12-31T23:59:59Z"), Fit::Yes)]
#[case(at("2024-01-01T00:00:00Z"), Fit::No)]
#[case(on_the_wall("2023-01-01T00:00:00"), Fit::Yes)]
#[case(on_the_wall("2022-12-31T23:59:59"), Fit::No)]
#[case(on_the_wall("2024-01-01T00:00:00"), Fit::No)]
#[case(Metadata::default(), Fit::NoDate)]
#[case(
    taken(CaptureTime::instant(Timestamp::UNIX_EPOCH, Precision::Second), Origin::Inferred),
    Fit::NoDate
)]
fn the_first_instant_is_in_and_the_last_is_not(#[case] metadata: Metadata, #[case] wanted: Fit) {
    assert_eq!(year_2023().matches_facts(MediaKind::Photo, &metadata), wanted);
}

#[test]
fn what_has_no_date_is_out_for_its_kind_first() {
    let filters = year_2023().with_kind(MediaFilter::Video);
    assert_eq!(filters.matches_facts(MediaKind::Photo, &Metadata::default()), Fit::No);
    assert_eq!(
        filters.matches_facts(MediaKind::Video, &Metadata::default()),
        Fit::NoDate
    );
}

#[rstest]
#[case("America/Los_Angeles", "2023-01-01T08:00:00Z")]
#[case("-08:00", "2023-01-01T08:00:00Z")]
#[case("Pacific/Auckland", "2022-12-31T11:00:00Z")]
#[case("nowhere at all", "2023-01-01T00:00:00Z")]
fn the_clock_on_the_wall_is_one_of_the_persons_zone(#[case] zone: &str, #[case] since: &str) {
    let filters = Filters::default().with_since(instant(since)).with_zone(zone);
    let fit = |text| filters.matches_facts(MediaKind::Photo, &on_the_wall(text));
    assert_eq!(fit("2023-01-01T00:00:00"), Fit::Yes);
    assert_eq!(fit("2022-12-31T23:59:59"), Fit::No);
}

#[test]
fn a_known_offset_counts_more_than_the_persons_zone() {
    let filters = year_2023().with_zone("Pacific/Auckland");
    let tokyo = CaptureTime {
        offset_s: Some(9 * 3600),
        ..CaptureTime::local("2023-01-01T08:59:59".parse().unwrap(), Precision::Second)
    };
    let metadata = taken(tokyo, Origin::Embedded);
    assert_eq!(filters.matches_facts(MediaKind::Photo, &metadata), Fit::No);
}
