//! Time zones by position: a small table of rectangles in place of the shapes that the real server has.
//!
//! Where no rectangle fits, the zone is that of the longitude (`Etc/GMT-2`), as the real server has it at sea.

use jiff::tz::TimeZone;

/// West, south, east, north in degrees, and the zone. The first that fits counts.
const ZONES: &[(f64, f64, f64, f64, &str)] = &[
    (-9.6, 36.9, -6.2, 42.2, "Europe/Lisbon"),
    (-9.4, 36.0, 3.4, 43.8, "Europe/Madrid"),
    (-10.7, 51.4, -5.4, 55.4, "Europe/Dublin"),
    (-8.2, 49.9, 1.8, 60.9, "Europe/London"),
    (5.9, 45.8, 10.5, 47.6, "Europe/Zurich"),
    (-5.0, 42.3, 6.0, 51.1, "Europe/Paris"),
    (3.3, 50.7, 7.1, 53.6, "Europe/Amsterdam"),
    (6.6, 36.6, 18.6, 47.1, "Europe/Rome"),
    (9.5, 46.4, 17.2, 49.0, "Europe/Vienna"),
    (5.8, 47.2, 15.0, 55.1, "Europe/Berlin"),
    (8.0, 54.5, 12.7, 57.8, "Europe/Copenhagen"),
    (14.1, 49.0, 24.2, 54.9, "Europe/Warsaw"),
    (4.5, 57.9, 12.0, 71.2, "Europe/Oslo"),
    (11.0, 55.3, 24.2, 69.1, "Europe/Stockholm"),
    (20.5, 59.7, 31.6, 70.1, "Europe/Helsinki"),
    (19.3, 34.8, 29.7, 41.8, "Europe/Athens"),
    (33.9, -4.7, 41.9, 5.5, "Africa/Nairobi"),
    (16.4, -34.9, 32.9, -22.1, "Africa/Johannesburg"),
    (24.7, 22.0, 36.9, 31.7, "Africa/Cairo"),
    (68.1, 6.7, 88.0, 35.5, "Asia/Kolkata"),
    (129.4, 31.0, 145.9, 45.6, "Asia/Tokyo"),
    (125.9, 33.1, 129.6, 38.6, "Asia/Seoul"),
    (113.8, 22.1, 114.5, 22.56, "Asia/Hong_Kong"),
    (73.5, 18.1, 134.8, 53.6, "Asia/Shanghai"),
    (103.6, 1.2, 104.1, 1.5, "Asia/Singapore"),
    (140.9, -39.2, 150.1, -33.9, "Australia/Melbourne"),
    (140.9, -37.6, 153.7, -28.1, "Australia/Sydney"),
    (166.4, -47.3, 178.6, -34.4, "Pacific/Auckland"),
    (-160.3, 18.9, -154.8, 22.3, "Pacific/Honolulu"),
    (-168.2, 54.5, -130.0, 71.4, "America/Anchorage"),
    (-114.9, 31.3, -109.0, 37.0, "America/Phoenix"),
    (-124.8, 32.5, -114.0, 49.0, "America/Los_Angeles"),
    (-114.0, 31.3, -102.0, 49.0, "America/Denver"),
    (-102.0, 25.8, -86.9, 49.4, "America/Chicago"),
    (-86.9, 24.4, -66.9, 47.5, "America/New_York"),
    (-74.0, -34.0, -34.8, 5.3, "America/Sao_Paulo"),
];

/// Name of the zone at a position.
pub(crate) fn zone_at(latitude: f64, longitude: f64) -> String {
    let inside = |(west, south, east, north, _): &&(f64, f64, f64, f64, &str)| {
        (*west..*east).contains(&longitude) && (*south..*north).contains(&latitude)
    };
    if let Some((.., zone)) = ZONES.iter().find(inside) {
        return (*zone).to_owned();
    }
    match (longitude / 15.0).round() as i32 {
        0 => "Etc/GMT".to_owned(),
        // The sign in these names is the other way round.
        hours => format!("Etc/GMT{:+}", -hours),
    }
}

/// The name that stands for an offset of Exif or XMP: `UTC+2`, `UTC-5:30`.
pub(crate) fn offset_zone(seconds: i32) -> String {
    let (hours, minutes) = (seconds.abs() / 3600, seconds.abs() % 3600 / 60);
    let sign = if seconds < 0 { '-' } else { '+' };
    match (hours, minutes) {
        (0, 0) => "UTC".to_owned(),
        (hours, 0) => format!("UTC{sign}{hours}"),
        (hours, minutes) => format!("UTC{sign}{hours}:{minutes:02}"),
    }
}

/// The rules of a zone; UTC for names that are no zones.
pub(crate) fn rules(name: &str) -> TimeZone {
    super::super::time::zone(name).unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recorded_places_have_their_recorded_zones() {
        for (latitude, longitude, zone) in [
            (-0.3713, 36.0564, "Africa/Nairobi"),
            (43.4674, 11.8851, "Europe/Rome"),
            (54.3213, 10.1349, "Europe/Berlin"),
            (51.025, 7.5919, "Europe/Berlin"),
            (37.3865, -122.0764, "America/Los_Angeles"),
            (39.115, -108.4, "America/Denver"),
            (41.2203, -96.0716, "America/Chicago"),
            (39.0513, -94.2887, "America/Chicago"),
            (40.4469, -3.7247, "Europe/Madrid"),
            (43.2901, 84.2271, "Asia/Shanghai"),
            (27.1281, 100.2508, "Asia/Shanghai"),
            (0.0, -30.0, "Etc/GMT+2"),
        ] {
            assert_eq!(zone_at(latitude, longitude), zone);
        }
        assert_eq!(offset_zone(-14_400), "UTC-4");
        assert_eq!(offset_zone(19_800), "UTC+5:30");
    }

    #[test]
    fn every_zone_of_the_table_exists() {
        for (.., name) in ZONES {
            assert!(super::super::super::time::zone(name).is_some(), "{name}");
        }
    }
}
