//! Replays the seeds of the fuzz targets, and whatever they ever found: `tests/seeds/TARGET/NAME`.

#![expect(clippy::expect_used, reason = "a finding is a panic")]

use std::fs;
use std::path::Path;

mod targets;

type Target = fn(&[u8]);

#[test]
fn seeds_and_findings_of_the_fuzz_targets_are_borne() -> std::io::Result<()> {
    let all: [(&str, Target); 5] = [
        ("facts", targets::facts),
        ("prefix", targets::prefix),
        ("sidecar", targets::sidecar),
        ("exif", targets::exif),
        ("boxes", targets::boxes),
    ];
    for (name, target) in all {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/seeds").join(name);
        let mut count = 0;
        for entry in fs::read_dir(folder)? {
            target(&fs::read(entry?.path())?);
            count += 1;
        }
        assert!(count > 0, "no seeds for {name}");
    }
    Ok(())
}
