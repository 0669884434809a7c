//! Filters by position: distances and boxes.

/// Kilometres of a degree of latitude.
const KM_PER_DEGREE: f64 = 111.195;

/// Distance that counts where none is given, and the largest one that does, in km.
const DIST_KM: (f64, f64) = (2.0, 5000.0);

/// A box of the globe, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Area {
    north: f64,
    east: f64,
    south: f64,
    west: f64,
}

impl Area {
    /// What is at most `dist_km` away in each direction; 0 is the server's default distance.
    pub(crate) fn around(lat: f64, lng: f64, dist_km: f64) -> Self {
        let dist_km = if dist_km <= 0.0 {
            DIST_KM.0
        } else {
            dist_km.min(DIST_KM.1)
        };
        let high = dist_km / KM_PER_DEGREE;
        // Meridians come together at the poles.
        let wide = high / lat.to_radians().cos().abs().max(0.01);
        Self {
            north: lat + high,
            east: lng + wide,
            south: lat - high,
            west: lng - wide,
        }
    }

    /// `N,E,S,W`; `None` for anything else, which filters nothing.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let numbers: Result<Vec<f64>, _> = text.split(',').map(|part| part.trim().parse()).collect();
        let [north, east, south, west] = numbers.ok()?.try_into().ok()?;
        Some(Self {
            north,
            east,
            south,
            west,
        })
    }

    pub(crate) fn contains(&self, lat: f64, lng: f64) -> bool {
        (self.south..=self.north).contains(&lat) && (self.west..=self.east).contains(&lng)
    }
}

/// `100-400` or a single value; `None` for anything else, which filters nothing.
pub(crate) fn range(text: &str) -> Option<(f64, f64)> {
    if let Ok(single) = text.parse() {
        return Some((single, single));
    }
    // The first character may be a sign.
    let at = text.char_indices().skip(1).find(|(_, symbol)| *symbol == '-')?.0;
    Some((text[..at].parse().ok()?, text[at + 1..].parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_hold_what_is_near() {
        let near = Area::around(43.467, 11.885, 1.0);
        assert!(near.contains(43.46744833333334, 11.885126666663888) && !near.contains(43.48, 11.885));
        let named = Area::parse("44,12,43,11").unwrap();
        assert!(named.contains(43.4, 11.8) && !named.contains(43.4, 12.1));
        assert_eq!(Area::parse("44,12,43"), None);
    }

    #[test]
    fn ranges_may_be_negative_or_single() {
        assert_eq!(range("0-100"), Some((0.0, 100.0)));
        assert_eq!(range("-20--5"), Some((-20.0, -5.0)));
        assert_eq!(range("200"), Some((200.0, 200.0)));
        assert_eq!(range("much"), None);
    }
}
