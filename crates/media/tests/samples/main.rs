//! Facts from real files of many cameras, with ExifTool as the oracle. Without the samples these tests say so and pass,
//! unless `PHOTOMOVE_REQUIRE` names `samples`.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

mod broken;
mod facts;
mod oracle;
mod types;

type TestResult = Result<(), Box<dyn std::error::Error>>;

/// The samples and what ExifTool reads from each.
struct Samples {
    folder: PathBuf,
    oracle: BTreeMap<String, serde_json::Value>,
}

/// Returns the samples; without them the test skips aloud, or fails where samples are required.
fn samples() -> Result<Option<Samples>, Box<dyn std::error::Error>> {
    let folder = std::env::var_os("PHOTOMOVE_SAMPLES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/photos"),
        PathBuf::from,
    );
    if !folder.is_dir() {
        let required = std::env::var("PHOTOMOVE_REQUIRE").unwrap_or_default();
        assert!(
            !required.split(',').any(|what| what.trim() == "samples"),
            "samples are required, but {} is missing",
            folder.display()
        );
        skip_aloud(&format!("no samples at {}", folder.display()));
        return Ok(None);
    }
    let file = folder.join("../expected-metadata.json");
    let rows: Vec<serde_json::Value> = serde_json::from_reader(File::open(file)?)?;
    let mut oracle = BTreeMap::new();
    for row in rows {
        let name = row["SourceFile"].as_str().ok_or("no SourceFile")?.to_owned();
        oracle.insert(name, row);
    }
    assert!(oracle.len() >= 55, "only {} samples", oracle.len());
    Ok(Some(Samples { folder, oracle }))
}

/// Writes past the test harness, which would keep the words of a passing test to itself.
fn skip_aloud(why: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}
