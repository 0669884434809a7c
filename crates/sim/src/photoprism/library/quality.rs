//! How good the server thinks a photo is: what it leaves out of the default view.

use crate::photoprism::model::{Photo, src};

/// What a photo needs to be out of review.
pub(crate) const APPROVED: i64 = 3;

/// Keywords of pictures that are no photographs.
const NON_PHOTOGRAPHIC: &[&str] = &["screenshot", "screenshots", "info"];

/// The score of a photo that has a preview: 0 to 7.
pub(crate) fn score(photo: &Photo) -> i64 {
    let sure = |source: &str| src::priority(source) > src::priority(src::ESTIMATE);
    let year = photo.taken_at.to_zoned(jiff::tz::TimeZone::UTC).year();
    let sharp = match year {
        ..2008 => true,
        2008..2012 => photo.resolution >= 1,
        _ => photo.resolution >= 2,
    };
    let mut keywords = photo.details.keywords.split(", ");
    let photographic =
        !matches!(photo.kind.as_str(), "vector" | "animated") && !keywords.any(|word| NON_PHOTOGRAPHIC.contains(&word));
    // A cell says more than coordinates: without it the place is not known.
    let placed = photo.cell_id != "zz" && sure(&photo.place_src);
    let points = [sure(&photo.taken_src), placed, sharp, photographic];
    let score = points.into_iter().filter(|point| *point).count() as i64 + if photo.favorite { 3 } else { 0 };
    match photo.kind != "image" || photo.edited_at.is_some() {
        true => score.max(APPROVED),
        false => score,
    }
}

/// Sets the score anew; photos without a preview stay hidden.
pub(crate) fn refresh(photo: &mut Photo) {
    if photo.quality >= 0 {
        photo.quality = score(photo);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn photo(taken: &str, taken_src: &str) -> Photo {
        let mut photo = Photo::new(taken.parse().unwrap());
        photo.taken_src = taken_src.to_owned();
        photo
    }

    #[test]
    fn scores_are_those_recorded() {
        // `canon-ixus.jpg` of 2001, a favourite.
        let mut ixus = photo("2001-06-09T15:17:32Z", "meta");
        ixus.favorite = true;
        assert_eq!(score(&ixus), 6);
        // `DSCN0010.jpg` of 2008 with 0 megapixels and coordinates in no known cell.
        let mut nikon = photo("2008-10-22T14:28:39Z", "meta");
        (nikon.lat, nikon.place_src) = (43.4, "meta".to_owned());
        assert_eq!(score(&nikon), 2);
        // Undated.
        assert_eq!(score(&photo("2026-11-21T02:54:15Z", "")), 1);
        // Any edit lifts it out of review.
        nikon.edited_at = Some(nikon.taken_at);
        assert_eq!(score(&nikon), 3);
    }
}
