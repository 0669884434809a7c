//! Differences between the stand-in and the recordings that stay, each with its reason.

use super::replayer::Difference;

/// A difference that is known.
pub(crate) struct Known {
    pub(crate) recording: &'static str,
    /// Beginning of the names of the exchanges.
    pub(crate) exchange: &'static str,
    /// What the description of the difference contains.
    pub(crate) what: &'static str,
    pub(crate) reason: &'static str,
}

/// All of them; a test allows ten.
pub(crate) const KNOWN: &[Known] = &[
    Known {
        recording: "albums",
        exchange: "order-",
        what: "recorded",
        reason: "albums made within one second are sorted by their UIDs, which are random",
    },
    Known {
        recording: "*",
        exchange: "",
        what: ".Chroma",
        reason: "pictures are not decoded, so colours are computed from the hash: a grey picture is not known to be grey",
    },
    Known {
        recording: "*",
        exchange: "",
        what: ".InstanceID: not recorded",
        reason: "pictures whose metadata the recorder wrote with a tool cannot be made again byte by byte",
    },
    Known {
        recording: "upload-truncated-jpeg",
        exchange: "endless-photo",
        what: ".Lens.",
        reason: "the lens of this picture stands in notes of the camera's maker, which the stand-in does not read",
    },
    Known {
        recording: "upload-truncated-jpeg",
        exchange: "search-default",
        what: ".CameraSerial",
        reason: "the serial number stands in notes of the camera's maker, which the stand-in does not read",
    },
    Known {
        recording: "upload-sidecars",
        exchange: "yml-sidecar-off",
        what: "not recorded",
        reason: "this upload went to a server with side-cars switched off, which indexes a companion only once",
    },
    Known {
        recording: "import-index",
        exchange: "",
        what: "",
        reason: "files were put into the folders by hand, and a run of a minute was interrupted: neither is in the recording",
    },
    Known {
        recording: "errors",
        exchange: "bad-escape",
        what: "status",
        reason: "a percent sign without two digits is read as itself in every address here, not only in paths",
    },
];

impl Known {
    /// Whether this is the reason of a difference.
    pub(crate) fn explains(&self, difference: &Difference) -> bool {
        (self.recording == "*" || self.recording == difference.recording)
            && difference.exchange.starts_with(self.exchange)
            && difference.what.contains(self.what)
    }
}
