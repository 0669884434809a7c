//! The samples through all three routes, and what PhotoPrism makes of each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use photomove::core::Checksums;
use photomove_sim::Library;
use serde_json::Value;

use super::journey::{Journey, Route};
use crate::figures::{Scenario, say};

/// What becomes of a sample on its way into PhotoPrism.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Verified.
    Arrives,
    /// Failed, for a reason of this kind.
    Refused(&'static str),
}

use Fate::{Arrives, Refused};

/// What a real server did with each sample; `upload-metadata.json` of the recordings says which it did not index.
const FATES: [(&str, Fate); 55] = [
    ("camera/Canon_40D.jpg", Arrives),
    ("camera/Canon_PowerShot_S40.jpg", Arrives),
    ("camera/Kodak_CX7530.jpg", Arrives),
    ("camera/Konica_Minolta_DiMAGE_Z3.jpg", Arrives),
    ("camera/Nikon_D70.jpg", Arrives),
    ("camera/Pentax_K10D.jpg", Arrives),
    ("camera/canon-ixus.jpg", Arrives),
    ("camera/kodak-dc210.jpg", Arrives),
    ("camera/sony-d700.jpg", Arrives),
    ("formats/8bit-sRGB.avif", Arrives),
    ("formats/BSG1.tiff", Arrives),
    ("formats/canon-r6.cr3", Arrives),
    ("formats/denali.webp", Arrives),
    ("formats/density_plot.png", Arrives),
    ("formats/exif.avif", Arrives),
    ("formats/exif.png", Refused("rejected_damaged")),
    ("formats/motion_photo_pixel_synth.jpg", Refused("rejected_damaged")),
    ("formats/samsung-one-ui-6.heic", Arrives),
    ("formats/tif.tif", Arrives),
    ("gps/DSCN0010.jpg", Arrives),
    ("gps/DSCN0012.jpg", Arrives),
    ("gps/DSCN0021.jpg", Arrives),
    ("gps/DSCN0025.jpg", Arrives),
    ("gps/DSCN0027.jpg", Arrives),
    ("gps/thompson-springs.jpg", Arrives),
    ("hard/67-0_length_string.jpg", Arrives),
    ("hard/date-priority-test.jpg", Arrives),
    ("hard/datetimeoriginal-gps.jpg", Arrives),
    ("hard/empty_gps.jpg", Arrives),
    ("hard/endless_loop.jpg", Arrives),
    ("hard/gps-datetime.jpg", Arrives),
    ("hard/image01088.jpg", Arrives),
    ("hard/long_description.jpg", Arrives),
    ("hard/mongolels.jpg", Arrives),
    ("hard/no_exif.jpg", Arrives),
    ("hard/picasa.jpg", Arrives),
    ("hard/portrait_6.jpg", Arrives),
    ("hard/time-created.jpg", Arrives),
    ("nature/cyclamen_persicum.jpg", Arrives),
    ("nature/el_torcal_rocks.jpg", Arrives),
    ("nature/notocactus_minimus.jpg", Arrives),
    ("nature/orychophragmus_violaceus.jpg", Arrives),
    ("nature/polemonium_reptans.jpg", Arrives),
    ("nature/prairie_falcon.jpg", Arrives),
    ("nature/silver_fir.jpg", Arrives),
    ("nature/tanners_ridge.jpg", Arrives),
    ("nature/wood_anemones.jpg", Arrives),
    ("phone/IMG_2682.heic", Arrives),
    ("phone/IMG_5195.HEIC", Arrives),
    ("phone/iphone_hdr_YES.jpg", Arrives),
    ("phone/jolla.jpg", Arrives),
    ("video/3gp_640x360.3gp", Arrives),
    ("video/meta.mov", Arrives),
    ("video/meta.mp4", Arrives),
    ("video/mkv_640x360.mkv", Arrives),
];

/// The folder of real sample photos, or `None` after saying so; missing samples fail where they are required.
fn samples() -> Option<PathBuf> {
    let folder = std::env::var_os("PHOTOMOVE_SAMPLES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples/photos"),
        PathBuf::from,
    );
    if folder.is_dir() {
        return Some(folder);
    }
    let required = std::env::var("PHOTOMOVE_REQUIRE").unwrap_or_default();
    assert!(
        !required.split(',').any(|word| word.trim() == "samples"),
        "PHOTOMOVE_REQUIRE asks for samples, but {} is missing",
        folder.display()
    );
    say(&format!("skipped: no samples at {}", folder.display()));
    None
}

/// SHA-1 and kind of reason of those that PhotoPrism refuses.
fn refused(folder: &Path) -> BTreeMap<String, &'static str> {
    let mut refused = BTreeMap::new();
    for (file, fate) in FATES {
        let bytes = std::fs::read(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        if let Refused(kind) = fate {
            refused.insert(Checksums::of(&bytes).sha1_hex().expect("taken"), kind);
        }
    }
    refused
}

async fn travel(route: Route, test: &'static str) {
    let Some(folder) = samples() else { return };
    let scenario = Scenario::begin(test, 57);
    let library = Library::from_dir(&folder).expect("samples");
    assert_eq!(
        library.items.len(),
        FATES.len(),
        "a sample is not in the table of what becomes of it"
    );
    let refused = refused(&folder);
    let journey = Journey::start(route, library, scenario.seed).await;
    let (count, none) = (journey.source.len(), BTreeMap::new());
    // What a server has refused does not lie there to be moved on.
    let expected = if route == Route::In {
        FATES.len()
    } else {
        FATES.len() - refused.len()
    };
    assert_eq!(count, expected);
    let refused = if route == Route::In { &refused } else { &none };
    journey.prove(refused).await;
    scenario.figure(
        &format!("samples, {}", route.name()),
        (count - refused.len()) as u64,
        &format!("{} refused with their reasons; 0 lost, 0 doubled", refused.len()),
    );
}

#[test]
fn the_table_says_what_the_real_server_did() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/photoprism/tests/recordings/upload-metadata.json");
    let text = std::fs::read_to_string(path).expect("the recording");
    let recorded: Value = serde_json::from_str(&text).expect("JSON");
    let recorded: BTreeMap<&str, bool> = recorded["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| (row["file"].as_str().expect("a name"), !row["server"].is_null()))
        .collect();
    let table: BTreeMap<&str, bool> = FATES.iter().map(|(file, fate)| (*file, *fate == Arrives)).collect();
    assert_eq!(table, recorded);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn into_photoprism_all_arrive_but_those_that_it_refuses() {
    let test = "prism::samples::into_photoprism_all_arrive_but_those_that_it_refuses";
    travel(Route::In, test).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn out_of_photoprism_all_arrive() {
    travel(Route::Out, "prism::samples::out_of_photoprism_all_arrive").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_server_to_server_all_arrive() {
    travel(Route::Across, "prism::samples::from_server_to_server_all_arrive").await;
}
