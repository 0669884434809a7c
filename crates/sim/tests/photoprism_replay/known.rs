//! Differences between the stand-in and the recordings that stay, each with its reason.

use super::replayer::Difference;

/// A reason, and where it makes differences: recording, beginning of the name of the exchange, and what the description of
/// the difference contains. Every place must still be needed.
pub(crate) struct Known {
    pub(crate) reason: &'static str,
    pub(crate) places: &'static [Place],
}

/// Recording, beginning of the exchange's name, part of the description.
pub(crate) type Place = (&'static str, &'static str, &'static str);

/// All of them; a test allows ten.
pub(crate) const KNOWN: &[Known] = &[
    Known {
        reason: "albums made within one second are sorted by their UIDs, which are random",
        places: &[("albums", "order-", "recorded")],
    },
    Known {
        reason: "pictures are not decoded, so colours are computed from the hash: a grey picture is not known to be grey",
        places: &[
            ("stack-unstack", "png-after", ".Chroma"),
            ("upload-png-named-jpg", "cure-after-", ".Chroma"),
            ("upload-same-basename", "t4-", ".Chroma"),
        ],
    },
    Known {
        reason: "pictures whose metadata the recorder wrote with a tool cannot be made again byte by byte",
        places: &[
            ("merge", "", ".InstanceID: not recorded"),
            ("late-merge", "r-file", ".InstanceID: not recorded"),
        ],
    },
    Known {
        reason: "notes of camera makers are not read: lens, serial number, owner and sensitivity stand there alone",
        places: &[
            ("upload-truncated-jpeg", "endless-photo", ".Lens."),
            ("upload-truncated-jpeg", "search-default", ".CameraSerial"),
            ("upload-metadata", "camera/Canon_PowerShot_S40.jpg", "Artist"),
            ("upload-metadata", "camera/Canon_PowerShot_S40.jpg", "Iso"),
            ("upload-metadata", "camera/Canon_PowerShot_S40.jpg", "Lens"),
            ("upload-metadata", "hard/endless_loop.jpg", "Lens"),
            ("upload-metadata", "hard/picasa.jpg", "Lens"),
            ("upload-metadata", "camera/canon-ixus.jpg", "Artist"),
            ("upload-metadata", "camera/canon-ixus.jpg", "Iso"),
        ],
    },
    Known {
        reason: "the size of an AVIF that counts for its quality is the one that Exif tells, here the true one",
        places: &[("upload-metadata", "formats/exif.avif", "Quality")],
    },
    Known {
        reason: "previews have the size of the picture here, and not that of the preview inside of a RAW file",
        places: &[
            ("upload-metadata", "formats/canon-r6.cr3", "Files.Width"),
            ("upload-metadata", "formats/canon-r6.cr3", "Files.Height"),
        ],
    },
    Known {
        reason: "the place of a photo is not estimated from others of its day",
        places: &[("upload-metadata", "hard/long_description.jpg", "PlaceSrc")],
    },
    Known {
        reason: "the server takes the angle of light of an editor for the height; the stand-in reads no such angle",
        places: &[("upload-metadata", "hard/mongolels.jpg", "Altitude")],
    },
    Known {
        reason: "a percent sign without two digits is read as itself in every address here, not only in paths",
        places: &[("errors", "bad-escape", "status")],
    },
];

/// Whether a place is that of a difference.
pub(crate) fn is_at(place: &Place, difference: &Difference) -> bool {
    place.0 == difference.recording && difference.exchange.starts_with(place.1) && difference.what.contains(place.2)
}

/// Fails with the differences that have no reason, and with the reasons that have no difference, of these recordings.
pub(crate) fn check(recordings: &[&str], differences: &[Difference]) {
    let places = || KNOWN.iter().flat_map(|known| known.places);
    let unknown: Vec<String> = differences
        .iter()
        .filter(|difference| !places().any(|place| is_at(place, difference)))
        .map(ToString::to_string)
        .collect();
    let unneeded: Vec<_> = places()
        .filter(|place| recordings.contains(&place.0))
        .filter(|place| !differences.iter().any(|difference| is_at(place, difference)))
        .collect();
    assert!(
        unknown.is_empty() && unneeded.is_empty(),
        "{} differences:\n{}\nnot needed any more: {unneeded:?}",
        unknown.len(),
        unknown.join("\n"),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bad_escape() -> Difference {
        Difference {
            recording: "errors".to_owned(),
            exchange: "bad-escape".to_owned(),
            what: "status: recorded 400, here 404".to_owned(),
        }
    }

    #[test]
    fn what_is_known_and_still_there_passes() {
        check(&["errors"], &[bad_escape()]);
    }

    #[test]
    #[should_panic(expected = "not needed any more: [(\"errors\", \"bad-escape\", \"status\")]")]
    fn a_reason_without_a_difference_fails() {
        check(&["errors"], &[]);
    }

    #[test]
    #[should_panic(expected = "1 differences")]
    fn a_difference_without_a_reason_fails() {
        let other = Difference {
            exchange: "other".to_owned(),
            ..bad_escape()
        };
        check(&["errors"], &[bad_escape(), other]);
    }

    #[test]
    fn places_are_of_recordings_that_are_looked_at() {
        let accounted = crate::accounted();
        for (recording, ..) in KNOWN.iter().flat_map(|known| known.places) {
            assert!(accounted.contains(recording), "{recording}");
        }
    }
}
