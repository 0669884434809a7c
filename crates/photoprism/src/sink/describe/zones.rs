//! Names of time zones. The server checks none and takes those that it does not know for UTC (reference 2.2.2), so that it
//! is only ever sent names that it is known to know.

use jiff::civil::DateTime;
use jiff::tz::Offset;
use photomove_core::Metadata;

use crate::convert::{TIME_ZONE, zone};

/// Zones for offsets that are no whole hours, which have no names of their own; the first that has the offset at the time
/// is taken.
const ODD: &[&str] = &[
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Kabul",
    "Asia/Tehran",
    "Asia/Yangon",
    "Australia/Darwin",
    "Australia/Adelaide",
    "Australia/Eucla",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Pacific/Marquesas",
    "Pacific/Chatham",
    "America/Caracas",
    "Asia/Pyongyang",
];

/// The name that the source itself has for the zone, if it is one that the server knows.
pub(super) fn named(patch: &Metadata) -> Option<&str> {
    let name = patch.extra.get(TIME_ZONE)?.as_str()?;
    zone(name).map(|_| name)
}

/// Says whether clocks of a zone were that far from UTC at a time.
fn has_offset(name: &str, local: DateTime, offset: Offset) -> bool {
    let at = offset.to_timestamp(local);
    zone(name).is_some_and(|zone| at.is_ok_and(|at| zone.to_offset(at) == offset))
}

/// The name under which a time is to be kept: that of the source, that which the photo has by its position, one of the
/// offset alone; always with the offset that is known. Empty, which says that it is not known, where there is none.
pub(super) fn name<'n>(local: DateTime, offset_s: Option<i32>, named: Option<&'n str>, present: &'n str) -> String {
    let Some(offset) = offset_s.and_then(|seconds| Offset::from_seconds(seconds).ok()) else {
        return present.to_owned();
    };
    let known = named.into_iter().chain([present]);
    if let Some(name) = known.into_iter().find(|name| has_offset(name, local, offset)) {
        return name.to_owned();
    }
    match (offset.seconds() / 3600, offset.seconds() % 3600) {
        (0, 0) => "UTC".to_owned(),
        (hours @ -12..=12, 0) => format!("UTC{hours:+}"),
        // The sign in these names is the other way round.
        (hours @ 13..=14, 0) => format!("Etc/GMT{:+}", -hours),
        _ => {
            let odd = ODD.iter().find(|name| has_offset(name, local, offset));
            odd.copied().unwrap_or_default().to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use rstest::rstest;

    use super::*;

    #[rstest]
    // The source's own name, as long as it is right.
    #[case(Some(7200), Some("Europe/Berlin"), "", "Europe/Berlin")]
    #[case(Some(7200), Some("Europe/Berlin"), "Europe/Rome", "Europe/Berlin")]
    #[case(Some(3600), Some("Europe/Berlin"), "Europe/Rome", "UTC+1")]
    // That of the photo.
    #[case(Some(7200), None, "Europe/Rome", "Europe/Rome")]
    #[case(None, Some("Europe/Berlin"), "Europe/Rome", "Europe/Rome")]
    #[case(None, None, "", "")]
    // Names of offsets.
    #[case(Some(7200), None, "UTC", "UTC+2")]
    #[case(Some(7200), None, "europe/berlin", "UTC+2")]
    #[case(Some(-7 * 3600), None, "", "UTC-7")]
    #[case(Some(0), None, "", "UTC")]
    #[case(Some(13 * 3600), None, "", "Etc/GMT-13")]
    #[case(Some(19_800), None, "Europe/Rome", "Asia/Kolkata")]
    #[case(Some(-9_000), None, "", "America/St_Johns")]
    #[case(Some(45_900), None, "", "Pacific/Chatham")]
    // None has it.
    #[case(Some(1234), None, "Europe/Rome", "")]
    fn a_zone_is_named_as_the_server_knows_it(
        #[case] offset_s: Option<i32>,
        #[case] named: Option<&str>,
        #[case] present: &str,
        #[case] expected: &str,
    ) {
        let local = date(2019, 7, 21).at(18, 42, 7, 0);
        assert_eq!(name(local, offset_s, named, present), expected);
    }

    #[test]
    fn every_zone_of_the_table_exists() {
        for name in ODD {
            assert!(zone(name).is_some(), "{name}");
        }
    }

    #[test]
    fn names_that_the_server_takes_for_utc_are_not_passed_on() {
        let with = |name: &str| Metadata {
            extra: [(TIME_ZONE.to_owned(), name.into())].into(),
            ..Metadata::default()
        };
        assert_eq!(named(&with("Europe/Berlin")), Some("Europe/Berlin"));
        for name in ["europe/berlin", "Mars/Olympus", "Local", ""] {
            assert_eq!(named(&with(name)), None, "{name}");
        }
        assert_eq!(named(&Metadata::default()), None);
    }
}
