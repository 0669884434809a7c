//! Which recordings were made on one server, in which order, and in what state it was.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use photomove_sim::PhotoPrismSwitches;
use photomove_sim::photoprism::{Generation, PhotoPrismRole};

use super::library;
use super::recording::{Exchange, read};
use super::replayer::Replayer;

/// Recordings of one server, one after the other.
pub(crate) struct Chain {
    pub(crate) recordings: Vec<&'static str>,
    /// How the server was set up.
    pub(crate) switches: PhotoPrismSwitches,
    /// Whether pictures are needed beside those that the recordings upload.
    pub(crate) needs_samples: bool,
    /// What was there before the first request.
    pub(crate) prepare: fn(&mut Replayer, &Path),
    /// What was done to the server, and not over its API, before a request.
    pub(crate) before: fn(&mut Replayer, &Exchange),
    /// Requests that were made and not kept: before which exchange, method, path, body (see [`super::recipes::silent_body`]).
    pub(crate) silent: &'static [[&'static str; 4]],
    /// Requests that others were made beside; the recordings list exchanges in the order of their ends.
    pub(crate) overlaps: &'static [Overlap],
    /// From which exchange on another server was asked, and which.
    pub(crate) next_server: Option<(&'static str, Box<Chain>)>,
}

/// Requests that were under way while others were made.
#[derive(Debug)]
pub(crate) struct Overlap {
    /// Names of their exchanges; the first one that is listed is when they may end.
    pub(crate) names: &'static [&'static str],
    /// The exchange before which they begin.
    pub(crate) before: &'static str,
    /// What they are held in.
    pub(crate) held: Held,
    /// Pictures that they get through before they are held.
    pub(crate) passes: usize,
}

/// Kinds of runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    Imports,
    Uploads,
}

/// The recorded server: an own build of December 2024.
fn recorded_server() -> PhotoPrismSwitches {
    let mut switches = PhotoPrismSwitches::of(Generation::G1);
    switches.version = Some("development".to_owned());
    switches
}

impl Chain {
    /// A fresh server like the recorded one.
    pub(crate) fn of(recordings: &[&'static str]) -> Self {
        Self {
            recordings: recordings.to_vec(),
            switches: recorded_server(),
            needs_samples: false,
            prepare: |_, _| {},
            before: |_, _| {},
            silent: &[],
            overlaps: &[],
            next_server: None,
        }
    }
}

/// Recordings that were made on a fresh server each.
pub(crate) const FRESH: &[&str] = &[
    "sessions",
    "upload-single",
    "upload-live-photo",
    "upload-duplicate",
    "upload-duplicate-archived",
    "upload-same-basename",
    "upload-zero-byte",
    "upload-unsupported",
    "upload-truncated-jpeg",
    "app-password",
];

/// The chain of a name.
pub(crate) fn chain(name: &str) -> Chain {
    match name {
        "library" => Chain {
            prepare: library::prepare,
            before: |replayer, exchange| match exchange.name.as_str() {
                "dl-gone" => {
                    replayer.sim().lose_file("5842c73cfdc5f347551bb6016e00c71bb1393169");
                }
                "live-2" => library::add_second_stack(replayer),
                _ => {}
            },
            ..Chain::of(&[
                "photos-search",
                "downloads",
                "files-by-hash",
                "albums",
                "album-order",
                "album-links",
                "labels",
                "stack-unstack",
                "photos-flags",
            ])
        },
        "photos-get-update" => Chain {
            prepare: library::prepare_for_updates,
            needs_samples: true,
            ..Chain::of(&["photos-get-update"])
        },
        "odds" => Chain {
            prepare: library::prepare_odds,
            ..Chain::of(&["odds"])
        },
        "session-2fa" => Chain {
            prepare: |replayer, _| {
                let uid = replayer.sim().add_user("nora", "nora-test-pw", PhotoPrismRole::Admin);
                let password = replayer.sim().add_app_password_of(&uid, "cli", "*");
                replayer.bind("QxsW9Q-lpS9ua-HZdCP3-8jmy8A", &password);
            },
            ..Chain::of(&["session-2fa"])
        },
        "session-expiry" => {
            let mut chain = Chain::of(&["session-expiry"]);
            // The recorded server had an idle timeout of 4 s and did not keep to it.
            (chain.switches.session_max_age, chain.switches.session_timeout) =
                (Duration::from_secs(8), Duration::from_secs(8));
            chain
        }
        "session-restart" => Chain {
            before: |replayer, exchange| match exchange.name.as_str() {
                "dl-after-restart-unknown" => replayer.sim().restart(false),
                "change-password" => {
                    let other = replayer.sim().access_token();
                    replayer.bind("59b9290906e2261f698d02da77edf455b2c0c7f6fa424af3", &other);
                }
                _ => {}
            },
            ..Chain::of(&["session-restart"])
        },
        "public-mode" => {
            let mut chain = Chain::of(&["public-mode"]);
            chain.switches.public = true;
            chain
        }
        "readonly" => {
            let mut chain = Chain::of(&["readonly"]);
            chain.switches.read_only = true;
            (chain.prepare, chain.needs_samples) = (library::prepare_read_only, true);
            chain
        }
        "features-off" => Chain {
            prepare: library::prepare_features_off,
            ..Chain::of(&["features-off"])
        },
        "errors" => Chain {
            prepare: library::prepare_errors,
            ..Chain::of(&["errors"])
        },
        "limits" => {
            let mut chain = Chain::of(&["limits"]);
            chain.switches.originals_limit_mb = 1;
            chain.before = |replayer, exchange| match exchange.name.as_str() {
                "upload-8mp" => {
                    replayer.sim().restart(false);
                    let mut switches = replayer.sim().switches();
                    (switches.originals_limit_mb, switches.resolution_limit_mp) = (1000, 1);
                }
                // Of sixty calls with unknown tokens the recorder kept five.
                "unknown-token-1" => replayer.sim().switches().auth_burst = 3,
                _ => {}
            };
            chain
        }
        "upload-png-named-jpg" => Chain {
            next_server: Some(("cure-upload-wrong-name", Box::new(Chain::of(&[])))),
            ..Chain::of(&["upload-png-named-jpg"])
        },
        "upload-raw-jpeg" => {
            let mut next = Chain::of(&[]);
            next.switches.raw_converter = false;
            Chain {
                next_server: Some(("login-server-without-raw", Box::new(next))),
                ..Chain::of(&["upload-raw-jpeg"])
            }
        }
        "upload-sidecars" => {
            let mut next = Chain::of(&[]);
            next.switches.sidecar_yaml = false;
            Chain {
                next_server: Some(("login-sidecar-yaml-off", Box::new(next))),
                ..Chain::of(&["upload-sidecars"])
            }
        }
        "import-index" => Chain {
            needs_samples: true,
            silent: IMPORT_FOLDER,
            overlaps: &[
                Overlap {
                    names: &["import-long"],
                    before: "busy-import",
                    held: Held::Imports,
                    passes: 1,
                },
                Overlap {
                    names: &["process-12-cancelled"],
                    before: "cancel-during-process",
                    held: Held::Uploads,
                    passes: 1,
                },
            ],
            before: |replayer, exchange| {
                if exchange.name == "index-after-remove" {
                    replayer.sim().lose_file("57331b68a5a2aaac858da86d842bfbb302b7363c");
                }
            },
            ..Chain::of(&["import-index"])
        },
        "same-token-twice" => Chain {
            overlaps: &[
                Overlap {
                    names: &["process-1", "process-2"],
                    before: "process-1",
                    held: Held::Uploads,
                    passes: 0,
                },
                Overlap {
                    names: &["process-3"],
                    before: "upload-during-process",
                    held: Held::Uploads,
                    passes: 0,
                },
            ],
            ..Chain::of(&["same-token-twice"])
        },
        "merge" => Chain {
            silent: &[["album-add-dead-uid", "POST", "/api/v1/albums", r#"{"Title":"Dead"}"#]],
            ..Chain::of(&["merge"])
        },
        "config" => Chain {
            prepare: library::prepare_errors,
            ..Chain::of(&["config"])
        },
        "late-merge" => {
            let mut chain = Chain::of(&["late-merge"]);
            chain.switches.wakeup_interval = Duration::from_secs(60);
            chain
        }
        "webdav" => Chain {
            needs_samples: true,
            ..Chain::of(&["webdav"])
        },
        "client-credentials" => Chain {
            prepare: clients,
            silent: &[["free-photo", "DELETE", "/api/v1/photos/ptou0gduow5ufvmm/like", ""]],
            ..Chain::of(&["client-credentials"])
        },
        // Servers that were empty at the start.
        other => {
            let name = FRESH.iter().find(|name| **name == other);
            Chain::of(&[name.unwrap_or_else(|| panic!("there is no chain {other}"))])
        }
    }
}

/// Id and secret that an exchange shows in its Basic credentials.
fn credentials(folder: &Path, exchange: &str) -> (String, String) {
    let recording = read(folder, "client-credentials");
    let found = recording.exchanges.iter().find(|own| own.name == exchange);
    let headers = found
        .and_then(|own| own.request.as_ref())
        .map(|request| &request.headers);
    let basic = headers
        .and_then(|headers| headers["Authorization"].as_str()?.strip_prefix("Basic "))
        .unwrap_or_default();
    let decoded = String::from_utf8(STANDARD.decode(basic).unwrap_or_default()).unwrap_or_default();
    let (id, secret) = decoded.split_once(':').unwrap_or_default();
    (id.to_owned(), secret.to_owned())
}

/// The clients that were made on the command line: one for the admin, one for nobody, one with two tokens.
fn clients(replayer: &mut Replayer, folder: &Path) {
    for (exchange, name, scope, for_admin, tokens) in [
        ("token-basic", "bound", "*", true, 10),
        ("token-free", "free", "*", false, 10),
        ("limit-token-1", "limited", "photos albums files", true, 2),
    ] {
        let (recorded, here) = (
            credentials(folder, exchange),
            replayer.sim().add_client(name, scope, for_admin, tokens),
        );
        replayer.bind(&recorded.0, &here.0);
        replayer.bind(&recorded.1, &here.1);
    }
}

/// What was put into the folders by hand. Of the sixty files of the long import three show all that the recording does.
const IMPORT_FOLDER: &[[&str; 4]] = &[
    ["import-sub", "MKCOL", "/import/Trip", ""],
    ["import-sub", "MKCOL", "/import/Trip/2008", ""],
    [
        "import-sub",
        "PUT",
        "/import/Trip/2008/DSCN0010.jpg",
        "@gps/DSCN0010.jpg",
    ],
    [
        "import-sub",
        "PUT",
        "/import/Trip/2008/DSCN0012.jpg",
        "@gps/DSCN0012.jpg",
    ],
    [
        "import-sub",
        "PUT",
        "/import/Trip/2008/canon-ixus.jpg",
        "@camera/canon-ixus.jpg",
    ],
    [
        "import-all",
        "PUT",
        "/import/Kodak_CX7530.jpg",
        "@camera/Kodak_CX7530.jpg",
    ],
    ["index", "MKCOL", "/originals/Album%20One", ""],
    [
        "index",
        "PUT",
        "/originals/Album%20One/wood.jpg",
        "@nature/wood_anemones.jpg",
    ],
    [
        "index",
        "PUT",
        "/originals/Album%20One/plot.jpg",
        "@formats/density_plot.png",
    ],
    [
        "index",
        "PUT",
        "/originals/Album%20One/copy.jpg",
        "@camera/canon-ixus.jpg",
    ],
    ["busy-import", "MKCOL", "/import/many", ""],
    [
        "busy-import",
        "PUT",
        "/import/many/IMG_000.jpg",
        "@phone/jolla.jpg followed by m0",
    ],
    [
        "busy-import",
        "PUT",
        "/import/many/IMG_001.jpg",
        "@phone/jolla.jpg followed by m1",
    ],
    [
        "busy-import",
        "PUT",
        "/import/many/IMG_002.jpg",
        "@phone/jolla.jpg followed by m2",
    ],
];
