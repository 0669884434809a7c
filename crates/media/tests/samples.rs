//! Types by first bytes, on real files of many cameras, with ExifTool as the oracle.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use photomove_media::{FileType, SNIFF_BYTES, sniff};

type TestResult = Result<(), Box<dyn std::error::Error>>;

#[test]
fn real_files_have_the_types_that_exiftool_names() -> TestResult {
    let Some(photos) = samples() else {
        return Ok(());
    };
    let oracle = photos
        .parent()
        .ok_or("the folder of samples has no parent")?
        .join("expected-metadata.json");
    let oracle: Vec<serde_json::Value> = serde_json::from_reader(File::open(oracle)?)?;
    let mut wrong = Vec::new();
    for expected in &oracle {
        let name = expected["SourceFile"].as_str().ok_or("no SourceFile")?;
        let wanted = expected["MIMEType"].as_str().ok_or("no MIMEType")?;
        let seen = sniff(&first_bytes(&photos.join(name))?);
        if seen.map(|seen| seen.media_type) != Some(wanted) {
            wrong.push(format!("{name}: {seen:?}, not {wanted}"));
        }
        // These samples are all named rightly.
        if seen != FileType::of_name(name) {
            wrong.push(format!(
                "{name}: named as {:?}, seen as {seen:?}",
                FileType::of_name(name)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(oracle.len() >= 55, "only {} samples", oracle.len());
    Ok(())
}

fn first_bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(SNIFF_BYTES as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Returns the folder of samples; without it the test skips aloud, or fails where samples are required.
fn samples() -> Option<PathBuf> {
    let folder = std::env::var_os("PHOTOMOVE_SAMPLES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/photos"),
        PathBuf::from,
    );
    if folder.is_dir() {
        return Some(folder);
    }
    let required = std::env::var("PHOTOMOVE_REQUIRE").unwrap_or_default();
    assert!(
        !required.split(',').any(|what| what.trim() == "samples"),
        "samples are required, but {} is missing",
        folder.display()
    );
    skip_aloud(&format!("no samples at {}", folder.display()));
    None
}

/// Writes past the test harness, which would keep the words of a passing test to itself.
fn skip_aloud(why: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}
