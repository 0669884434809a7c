use rstest::rstest;

use super::*;

fn shown(stamp: Option<Stamp>) -> Option<String> {
    let stamp = stamp?;
    let offset = stamp.offset.map(|offset| offset.to_string()).unwrap_or_default();
    Some(format!("{} {offset} {:?}", stamp.local, stamp.precision))
}

#[rstest]
#[case("2008:05:30 15:56:01", "2008-05-30T15:56:01  Second")]
#[case("2008:05:30 15:56:01\0\0", "2008-05-30T15:56:01  Second")]
#[case("2008-05-30T15:56:01.123+02:00", "2008-05-30T15:56:01.123 +02 Subsecond")]
#[case("2008-05-30T15:56:01-03:30", "2008-05-30T15:56:01 -03:30 Second")]
#[case("2008-05-30T15:56:01+05:45", "2008-05-30T15:56:01 +05:45 Second")]
#[case("2008/05/30 15:56:01Z", "2008-05-30T15:56:01 +00 Second")]
#[case("2024-02-02T08:09:57+0800", "2024-02-02T08:09:57 +08 Second")]
#[case("2013-09-24T15:13+02:00", "2013-09-24T15:13:00 +02 Minute")]
#[case("2013-09-24T15:13-04:00", "2013-09-24T15:13:00 -04 Minute")]
#[case("2008:05:30 15.56.01", "2008-05-30T15:56:01  Second")]
#[case("2008:05:30 15:56:60", "2008-05-30T15:56:59  Second")]
#[case("2008:05:30 25:56:01", "2008-05-30T00:00:00  Day")]
#[case("2003-08-31", "2003-08-31T00:00:00  Day")]
#[case("2003-08", "2003-08-01T00:00:00  Month")]
#[case("2003:08:00 00:00:00", "2003-08-01T00:00:00  Month")]
#[case("2003", "2003-01-01T00:00:00  Year")]
#[case("1912:04:15 02:20:00", "1912-04-15T02:20:00  Second")]
#[case("2008-05-30T15:56:01.5", "2008-05-30T15:56:01.5  Subsecond")]
#[case("2008-05-30T15:56:01.1234567891234", "2008-05-30T15:56:01.123456789  Subsecond")]
fn dates_are_read_as_they_are_written(#[case] text: &str, #[case] wanted: &str) {
    assert_eq!(shown(parse(text)).as_deref(), Some(wanted));
}

#[rstest]
#[case("0000:00:00 00:00:00")]
#[case("    :  :     :  :  ")]
#[case("-")]
#[case("")]
#[case("\0\0\0\0")]
#[case("2008:13:30 15:56:01")]
#[case("2007:02:30 15:56:01")]
#[case("171546:01:01 00:00:00")]
#[case("Tuesday")]
#[case("20080530")]
fn no_date_is_none(#[case] text: &str) {
    assert_eq!(parse(text), None);
}

#[rstest]
#[case("+02:00", Some(7200))]
#[case("-0330", Some(-12600))]
#[case("+05:45", Some(20700))]
#[case("+2", Some(7200))]
#[case("Z", Some(0))]
#[case("+14:00", Some(50400))]
#[case("+15:00", None)]
#[case("-12:30", None)]
#[case("", None)]
#[case("   ", None)]
#[case("02:00", None)]
#[case("+02:75", None)]
#[case("+02:00x", None)]
fn offsets_are_read(#[case] text: &str, #[case] seconds: Option<i32>) {
    assert_eq!(offset(text).map(Offset::seconds), seconds);
}

#[rstest]
#[case("7", Some(700_000_000))]
#[case("70", Some(700_000_000))]
#[case("007", Some(7_000_000))]
#[case("023460", Some(23_460_000))]
#[case("1234567899", Some(123_456_789))]
#[case("00 ", Some(0))]
#[case("", None)]
#[case("1.5", None)]
fn fractions_are_digits_after_the_point(#[case] digits: &str, #[case] nanoseconds: Option<i32>) {
    assert_eq!(fraction(digits), nanoseconds);
}

#[rstest]
#[case("20080808", Some("080808+0200"), "2008-08-08T08:08:08 +02 Second")]
#[case("20080808", Some("080808+0000"), "2008-08-08T08:08:08  Second")]
#[case("20080808", Some("080808"), "2008-08-08T08:08:08  Second")]
#[case("2008:08:08", Some("08:08:08-04:00"), "2008-08-08T08:08:08 -04 Second")]
#[case("20080808", Some("nonsense"), "2008-08-08T00:00:00  Day")]
#[case("20080000", None, "2008-01-01T00:00:00  Year")]
fn iptc_has_its_own_way(#[case] day: &str, #[case] time: Option<&str>, #[case] wanted: &str) {
    assert_eq!(shown(parse_iptc(day, time)).as_deref(), Some(wanted));
}

#[rstest]
#[case("IMG_20190704_050607.jpg", Some("2019-07-04T05:06:07  Second"))]
#[case("VID_20190704_050607(1).mp4", Some("2019-07-04T05:06:07  Second"))]
#[case("PXL_20190704_050607123.MP.jpg", Some("2019-07-04T05:06:07 +00 Second"))]
#[case("2019-07-04 05.06.07.jpg", Some("2019-07-04T05:06:07  Second"))]
#[case("Screenshot_2019-07-04-05-06-07.png", Some("2019-07-04T05:06:07  Second"))]
#[case("Screen Shot 2019-07-04 at 05.06.07.png", Some("2019-07-04T05:06:07  Second"))]
#[case("signal-2019-07-04-050607.jpg", Some("2019-07-04T05:06:07  Second"))]
#[case("IMG-20190704-WA0001.jpg", Some("2019-07-04T00:00:00  Day"))]
#[case("20190704.jpg", Some("2019-07-04T00:00:00  Day"))]
#[case("写真20190704_050607.jpg", Some("2019-07-04T05:06:07  Second"))]
#[case("IMG_0001.JPG", None)]
#[case("DSC09999.JPG", None)]
#[case("20191304.jpg", None)]
#[case("1234567890123.jpg", None)]
#[case("", None)]
fn names_have_dates(#[case] name: &str, #[case] wanted: Option<&str>) {
    assert_eq!(shown(parse_name(name)).as_deref(), wanted);
}

#[test]
fn mail_and_avi_have_theirs() {
    assert_eq!(
        shown(parse_rfc_1123("Tue, 13 Feb 2007 06:34:38 +0100")).as_deref(),
        Some("2007-02-13T06:34:38 +01 Second")
    );
    assert_eq!(
        shown(parse_c_time("Mon Jan 02 15:04:05 2006\n\0")).as_deref(),
        Some("2006-01-02T15:04:05  Second")
    );
    assert_eq!(parse_c_time("Mon Foo 02 15:04:05 2006"), None);
}
