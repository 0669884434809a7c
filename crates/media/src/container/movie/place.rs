//! Places as videos have them.

use crate::draft::Position;

/// Reads ISO 6709: `+48.8584+002.2945+035.000/`. Degrees may have minutes and seconds behind them, which the number of
/// digits tells.
pub(super) fn iso_6709(text: &str) -> Option<Position> {
    let mut numbers = Numbers(text.trim());
    let (latitude, digits) = numbers.next()?;
    let latitude = degrees(latitude, digits.checked_sub(2)?)?;
    let (longitude, digits) = numbers.next()?;
    let longitude = degrees(longitude, digits.checked_sub(3)?)?;
    Some(Position {
        latitude,
        longitude,
        altitude_m: numbers.next().map(|(metres, _)| metres),
    })
}

struct Numbers<'t>(&'t str);

impl Numbers<'_> {
    /// Returns a number with its sign, and how many digits it has before the point.
    fn next(&mut self) -> Option<(f64, usize)> {
        let unsigned = self.0.strip_prefix(['+', '-'])?;
        let end = unsigned
            .find(|c: char| !(c.is_ascii_digit() || c == '.'))
            .unwrap_or(unsigned.len());
        let number: f64 = self.0[..=end].parse().ok()?;
        let digits = unsigned[..end].split('.').next().map_or(0, str::len);
        self.0 = &unsigned[end..];
        Some((number, digits))
    }
}

/// `more` digits before the point belong to minutes and seconds.
fn degrees(number: f64, more: usize) -> Option<f64> {
    let size = number.abs();
    let size = match more {
        0 => size,
        2 => (size / 100.0).trunc() + size % 100.0 / 60.0,
        4 => (size / 10_000.0).trunc() + (size / 100.0).trunc() % 100.0 / 60.0 + size % 100.0 / 3600.0,
        _ => return None,
    };
    Some(size.copysign(number))
}

/// Reads the 3GPP box `loci` from behind its version: language, name, role, longitude, latitude, altitude.
pub(super) fn loci(bytes: &[u8]) -> Option<Position> {
    let name = bytes.get(2..)?;
    let after_name = match name {
        [0xfe, 0xff, ..] | [0xff, 0xfe, ..] => {
            let (pairs, _) = name.as_chunks::<2>();
            2 * (pairs.iter().position(|pair| pair == &[0, 0])? + 1)
        }
        _ => name.iter().position(|byte| *byte == 0)? + 1,
    };
    let numbers = name.get(after_name + 1..)?;
    let fixed = |at: usize| Some(f64::from(i32::from_be_bytes(*numbers.get(at..)?.first_chunk()?)) / 65_536.0);
    Some(Position {
        longitude: fixed(0)?,
        latitude: fixed(4)?,
        altitude_m: fixed(8),
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("+48.8584+002.2945+035.000/", 48.8584, 2.2945, Some(35.0))]
    #[case("-27.2939-112.6932/", -27.2939, -112.6932, None)]
    #[case("+4851.504+00217.67/", 48.8584, 2.294_5, None)]
    #[case("+485130.24-0021740.2-5.5/", 48.8584, -2.294_5, Some(-5.5))]
    #[case("+00+000/", 0.0, 0.0, None)]
    #[case("+48.8584+002.2945+035.000CRSWGS_84/", 48.8584, 2.2945, Some(35.0))]
    fn places_have_signs(#[case] text: &str, #[case] north: f64, #[case] east: f64, #[case] up: Option<f64>) {
        let place = iso_6709(text).unwrap();
        assert!((place.latitude - north).abs() < 1e-6, "{place:?}");
        assert!((place.longitude - east).abs() < 1e-4, "{place:?}");
        assert_eq!(place.altitude_m, up);
    }

    #[rstest]
    #[case("")]
    #[case("48.8584+002.2945/")]
    #[case("+1+2/")]
    #[case("+48.8.8+002.2945/")]
    #[case("+48")]
    #[case("+é8+002/")]
    fn broken_places_are_none(#[case] text: &str) {
        assert_eq!(iso_6709(text), None);
    }

    #[test]
    fn loci_has_longitude_first() {
        let mut bytes = b"\x15\xc7Paris\0\0".to_vec();
        for degrees in [2.5_f64, -48.25, 35.0] {
            #[expect(clippy::cast_possible_truncation, reason = "exact")]
            bytes.extend(((degrees * 65_536.0) as i32).to_be_bytes());
        }
        let place = loci(&bytes).unwrap();
        assert_eq!(
            (place.latitude, place.longitude, place.altitude_m),
            (-48.25, 2.5, Some(35.0))
        );
        assert_eq!(loci(&bytes[..12]), None);
    }
}
