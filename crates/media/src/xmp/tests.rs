use rstest::rstest;

use super::*;
use crate::{Confidence, OffsetFrom, Precision};

const HEAD: &str = r#"<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
 xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/" xmlns:fstop="http://www.fstopapp.com/xmp/"
 xmlns:Camera="http://ns.google.com/photos/1.0/camera/" xmlns:Container="http://ns.google.com/photos/1.0/container/"
 xmlns:Item="http://ns.google.com/photos/1.0/container/item/">"#;
const FOOT: &str = "</rdf:RDF></x:xmpmeta><?xpacket end=\"w\"?>";

fn facts(body: &str) -> MediaFacts {
    read_sidecar(format!("{HEAD}{body}{FOOT}").as_bytes())
}

#[rstest]
#[case(r#"<rdf:Description xmp:Rating="4" photoshop:DateCreated="2019-07-04T05:06:07.5+02:00" fstop:favorite="1"
    exif:GPSLatitude="52,27.5814N" exif:GPSLongitude="13,20,30.6W" exif:GPSAltitude="355/10" exif:GPSAltitudeRef="1"/>"#)]
#[case(
    r"<rdf:Description><xmp:Rating>4</xmp:Rating>
    <photoshop:DateCreated>2019-07-04T05:06:07.5+02:00</photoshop:DateCreated><fstop:favorite>1</fstop:favorite>
    <exif:GPSLatitude>52,27.5814N</exif:GPSLatitude><exif:GPSLongitude>13,20,30.6W</exif:GPSLongitude>
    <exif:GPSAltitude>355/10</exif:GPSAltitude><exif:GPSAltitudeRef>1</exif:GPSAltitudeRef></rdf:Description>"
)]
fn attributes_and_elements_say_the_same(#[case] body: &str) {
    let facts = facts(body);
    assert_eq!((facts.rating, facts.favourite), (Some(4), Some(true)));
    let taken = facts.taken.unwrap();
    assert_eq!(taken.instant.unwrap().to_string(), "2019-07-04T03:06:07.5Z");
    assert_eq!(
        (taken.precision, taken.offset_from),
        (Precision::Subsecond, Some(OffsetFrom::Field))
    );
    let place = facts.place.unwrap();
    assert!((place.latitude - 52.459_69).abs() < 1e-9, "{place:?}");
    assert!((place.longitude + 13.341_833_333).abs() < 1e-8, "{place:?}");
    assert_eq!(place.altitude_m, Some(-35.5));
    assert!(facts.warnings.is_empty(), "{:?}", facts.warnings);
}

#[rstest]
#[case("Bag")]
#[case("Seq")]
fn keywords_are_a_list(#[case] list: &str) {
    let facts = facts(&format!(
        "<rdf:Description><dc:subject><rdf:{list}><rdf:li>Grüße &amp; K&#252;sse</rdf:li><rdf:li> boat </rdf:li>\
         <rdf:li>boat</rdf:li></rdf:{list}></dc:subject></rdf:Description>"
    ));
    assert_eq!(facts.keywords, ["Grüße & Küsse", "boat"]);
}

#[test]
fn hierarchies_stand_in_with_their_last_word() {
    let words =
        "<lr:hierarchicalSubject><rdf:Bag><rdf:li>Places|Italy|Rome</rdf:li></rdf:Bag></lr:hierarchicalSubject>";
    assert_eq!(
        facts(&format!("<rdf:Description>{words}</rdf:Description>")).keywords,
        ["Rome"]
    );
    let both = format!(
        "<rdf:Description>{words}<dc:subject><rdf:Bag><rdf:li>a</rdf:li></rdf:Bag></dc:subject></rdf:Description>"
    );
    assert_eq!(facts(&both).keywords, ["a"]);
}

#[test]
fn the_default_language_is_taken() {
    let facts = facts(
        r#"<rdf:Description><dc:title><rdf:Alt><rdf:li xml:lang="de">Haus</rdf:li>
        <rdf:li xml:lang="x-default">House</rdf:li></rdf:Alt></dc:title>
        <dc:description><rdf:Alt><rdf:li xml:lang="de">Ein <![CDATA[<Haus>]]></rdf:li></rdf:Alt></dc:description>
        </rdf:Description>"#,
    );
    assert_eq!(facts.title.as_deref(), Some("House"));
    assert_eq!(facts.description.as_deref(), Some("Ein <Haus>"));
}

#[test]
fn faces_are_people_and_pets_are_not() {
    let facts = facts(
        r#"<rdf:Description><mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:RegionList><rdf:Bag>
        <rdf:li><rdf:Description mwg-rs:Name="Ann" mwg-rs:Type="Face"/></rdf:li>
        <rdf:li rdf:parseType="Resource"><mwg-rs:Name>Ben</mwg-rs:Name><mwg-rs:Type>Face</mwg-rs:Type></rdf:li>
        <rdf:li><rdf:Description mwg-rs:Name="Rex" mwg-rs:Type="Pet"/></rdf:li>
        </rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions></rdf:Description>"#,
    );
    assert_eq!(facts.people, ["Ann", "Ben"]);
}

#[test]
fn a_list_of_parts_says_where_the_video_is() {
    let mut draft = Draft::default();
    let body = r#"<rdf:Description Camera:MotionPhoto="1" Camera:MotionPhotoPresentationTimestampUs="-1"><Container:Directory>
        <rdf:Seq><rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="Primary" Item:Length="0" Item:Padding="8"/></rdf:li>
        <rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="MotionPhoto" Item:Length="1000"/></rdf:li>
        <rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="GainMap" Item:Length="50" Item:Padding="2"/></rdf:li>
        </rdf:Seq></Container:Directory></rdf:Description>"#;
    read(format!("{HEAD}{body}{FOOT}").as_bytes(), &mut draft);
    let hint = draft.motion_hint.unwrap();
    assert_eq!((hint.from_end, hint.length), (Some(1052), Some(1000)));
    assert_eq!((hint.marked_by, hint.still_at_us), (MotionMark::MotionPhoto, Some(-1)));
}

#[test]
fn a_broken_packet_gives_what_stands_before_the_mistake() {
    let whole = format!(
        "{HEAD}<rdf:Description><xmp:Rating>4</xmp:Rating><dc:title><rdf:Alt><rdf:li>House</rdf:li></rdf:Alt></dc:title></rdf:Description>{FOOT}"
    );
    let cut = read_sidecar(&whole.as_bytes()[..whole.find("<dc:title>").unwrap() + 4]);
    assert_eq!((cut.rating, cut.title), (Some(4), None));
    assert_eq!(cut.warnings.len(), 1);
    for end in 0..whole.len() {
        read_sidecar(&whole.as_bytes()[..end]);
    }
}

#[test]
fn prefixes_may_be_undeclared_and_namespaces_without_their_slash() {
    let facts = read_sidecar(
        br#"<rdf:RDF><rdf:Description xmlns:p="http://ns.adobe.com/xap/1.0" p:Rating="3" dc:title="House"/></rdf:RDF>"#,
    );
    assert_eq!((facts.rating, facts.title.as_deref()), (Some(3), Some("House")));
}

#[test]
fn packets_of_two_bytes_per_letter_are_read() {
    let text = format!("\u{feff}{HEAD}<rdf:Description xmp:Rating='2'/>{FOOT}");
    for little in [true, false] {
        let bytes: Vec<u8> = text
            .encode_utf16()
            .flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() })
            .collect();
        assert_eq!(read_sidecar(&bytes).rating, Some(2));
    }
}

#[test]
fn what_nests_without_end_ends() {
    let deep = format!("{HEAD}{}", "<rdf:Description>".repeat(100_000));
    assert_eq!(read_sidecar(deep.as_bytes()).rating, None);
    let wide = format!("{HEAD}<rdf:Description {}/>{FOOT}", "dc:title='a' ".repeat(100_000));
    assert!(!read_sidecar(wide.as_bytes()).warnings.is_empty());
}

#[test]
fn a_sidecar_counts_more_than_its_file() {
    let file =
        facts("<rdf:Description xmp:Rating='2' dc:title='Old' photoshop:DateCreated='2019-07-04T05:06:07.5+02:00'/>");
    let same = facts("<rdf:Description dc:title='New' photoshop:DateCreated='2019-07-04T05:06:07'/>");
    let both = file.clone().overlaid_by(same);
    assert_eq!((both.rating, both.title.as_deref()), (Some(2), Some("New")));
    assert_eq!(
        both.taken, file.taken,
        "the side-car's time says no more than the file's"
    );
    let other = facts("<rdf:Description photoshop:DateCreated='2018-07-04T05:06:07'/>");
    let both = file.overlaid_by(other.clone());
    assert_eq!(both.taken, other.taken);
    assert_eq!(both.taken.unwrap().confidence, Confidence::Usual);
    assert_eq!(both.dates.len(), 2);
}
