//! Types by first bytes, on real files of many cameras, with ExifTool as the oracle.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use photomove_media::{FileType, SNIFF_BYTES, sniff};

use crate::{TestResult, samples};

#[test]
fn real_files_have_the_types_that_exiftool_names() -> TestResult {
    let Some(samples) = samples()? else {
        return Ok(());
    };
    let mut wrong = Vec::new();
    for (name, expected) in &samples.oracle {
        let wanted = expected["MIMEType"].as_str().ok_or("no MIMEType")?;
        let seen = sniff(&first_bytes(&samples.folder.join(name))?);
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
    Ok(())
}

fn first_bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(SNIFF_BYTES as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}
