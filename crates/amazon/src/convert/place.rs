//! Where a picture was taken.

use photomove_core::Place;

use crate::wire::{ContentProperties, Properties};

/// Takes the point that the service has looked up, else the one that the file itself gave.
pub(super) fn place(content: &ContentProperties) -> Option<Place> {
    let address = &content.address;
    let looked_up = address
        .decimal("latitude")
        .zip(address.decimal("longitude"))
        .filter(|point| on_earth(*point));
    let own = || {
        [&content.image, &content.video]
            .into_iter()
            .find_map(|properties| point(properties.text("location")?))
    };
    let (latitude, longitude) = looked_up.or_else(own)?;
    Some(Place {
        latitude,
        longitude,
        altitude_m: None,
        name: name(address),
    })
}

fn on_earth((latitude, longitude): (f64, f64)) -> bool {
    (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude)
}

/// Reads two signed decimals with a comma or spaces between; nobody has seen the real spelling.
fn point(text: &str) -> Option<(f64, f64)> {
    let mut numbers = text
        .split([',', ' '])
        .filter(|part| !part.is_empty())
        .map(|part| part.parse::<f64>().ok());
    let point = (numbers.next()??, numbers.next()??);
    (numbers.next().is_none() && on_earth(point)).then_some(point)
}

/// A name from the smallest to the largest, such as `Vancouver, BC, Canada`.
fn name(address: &Properties) -> Option<String> {
    let parts: Vec<&str> = ["landmark", "district", "city", "state", "country"]
        .iter()
        .filter_map(|name| address.text(name))
        .filter(|text| !text.is_empty())
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("49.2827,-123.1207", Some((49.2827, -123.1207)))]
    #[case("49.2827, -123.1207", Some((49.2827, -123.1207)))]
    #[case("-33.5 +151.25", Some((-33.5, 151.25)))]
    #[case("91,0", None)]
    #[case("1,2,3", None)]
    #[case("+49.2827-123.1207/", None)]
    #[case("NaN,1", None)]
    #[case("", None)]
    fn two_decimals_make_a_point(#[case] text: &str, #[case] expected: Option<(f64, f64)>) {
        assert_eq!(point(text), expected);
    }
}
