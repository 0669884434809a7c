//! Real files: which of them the strict stand-in would refuse.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::support::{Stand, batch};

/// The folder of samples; says so on stderr where it is missing, and fails where it is required.
fn samples() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/photos");
    let dir = std::env::var_os("PHOTOMOVE_SAMPLES").map_or(beside, PathBuf::from);
    if dir.is_dir() {
        return Some(dir);
    }
    let required = std::env::var("PHOTOMOVE_REQUIRE").unwrap_or_default();
    assert!(
        !required.split(',').any(|what| what.trim() == "samples"),
        "samples are required and missing: {}",
        dir.display()
    );
    #[expect(
        clippy::explicit_write,
        reason = "the test harness would swallow what `eprintln!` writes"
    )]
    writeln!(std::io::stderr(), "skipped: no sample photos at {}", dir.display()).unwrap();
    None
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path))
        } else {
            found.push(path)
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn strict_media_refuses_the_two_samples_that_are_cut() {
    let Some(dir) = samples() else { return };
    let stand = Stand::with(|switches| switches.strict_media = true).await;
    let mut refused = Vec::new();
    for files in files(&dir).chunks(50) {
        let mut uploaded = Vec::new();
        for file in files {
            let token = stand.upload(std::fs::read(file).unwrap()).await;
            uploaded.push((token, file.file_name().unwrap().to_str().unwrap().to_owned()));
        }
        let named: Vec<(&str, &str)> = uploaded
            .iter()
            .map(|(token, name)| (token.as_str(), name.as_str()))
            .collect();
        let (status, reply) = stand.create(batch(&named)).await;
        assert_eq!(status, 200, "{reply}");
        for ((_, name), result) in uploaded.iter().zip(reply["newMediaItemResults"].as_array().unwrap()) {
            if let Some(code) = result["status"]["code"].as_i64() {
                refused.push(format!("{name}: {code}"));
            }
        }
    }
    // The raw file ends where its pixels would begin, and the synthetic motion photo has metadata but no picture.
    assert_eq!(refused, ["canon-r6.cr3: 3", "motion_photo_pixel_synth.jpg: 3"]);
}
