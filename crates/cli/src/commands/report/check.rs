//! `photomove report --check`: is a manifest as it was written?

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use photomove_core::{Error, ErrorKind, Result};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{manifest, records};
use crate::app::App;
use crate::exit::Exit;
use crate::text;

/// Longest line of a manifest; longer ones are no line of it.
const LINE_MAX: u64 = 16 << 20;

/// Reads the file once and compares its hash and its counts with its last line.
pub(super) fn run(app: &App, path: &Path) -> Result<Exit> {
    let unreadable =
        |error: std::io::Error| Error::new(ErrorKind::Config, format!("cannot read {}", path.display())).source(error);
    let mut file = BufReader::new(File::open(path).map_err(unreadable)?);
    let verdict = read(&mut file).map_err(unreadable)?;
    let files = match verdict {
        Ok(files) => files,
        Err(Flaw::NoManifest) => {
            return Err(
                Error::new(ErrorKind::Config, format!("{} is no manifest", path.display()))
                    .hint("`photomove report --manifest FILE` writes one"),
            );
        }
        Err(Flaw::Newer(version)) => {
            return Err(Error::new(
                ErrorKind::Config,
                format!(
                    "the manifest {} has form {version}, which a newer photomove wrote",
                    path.display()
                ),
            )
            .hint("update photomove"));
        }
        Err(Flaw::Changed(what)) => {
            app.printer
                .object(&json!({ "type": "manifest_check", "file": path, "as_written": false, "what": what }));
            app.printer
                .text(&format!("{} is not as it was written: {what}", path.display()));
            return Ok(Exit::Differences);
        }
    };
    app.printer
        .object(&json!({ "type": "manifest_check", "file": path, "as_written": true, "files": files }));
    app.printer.text(&format!(
        "{} is as it was written: {}",
        path.display(),
        text::counted(files, "file")
    ));
    Ok(Exit::Done)
}

enum Flaw {
    NoManifest,
    Newer(u64),
    Changed(&'static str),
}

fn read(file: &mut impl BufRead) -> std::io::Result<Result<u64, Flaw>> {
    let (mut hash, mut items, mut first) = (Sha256::new(), 0, true);
    // The last line is the only one that is not part of the hash: each line is taken in once another one follows.
    let mut before: Vec<u8> = Vec::new();
    loop {
        let mut line = Vec::new();
        let length = std::io::Read::take(&mut *file, LINE_MAX).read_until(b'\n', &mut line)?;
        if length == 0 {
            break;
        }
        if first {
            let head = object(&line);
            match (&head["type"], head["version"].as_u64()) {
                (Value::String(kind), Some(version)) if kind == "manifest" => {
                    if version > u64::from(manifest::VERSION) {
                        return Ok(Err(Flaw::Newer(version)));
                    }
                }
                _ => return Ok(Err(Flaw::NoManifest)),
            }
            first = false;
        } else {
            hash.update(&before);
            items += u64::from(object(&before)["type"] == "item");
        }
        before = line;
    }
    if first {
        return Ok(Err(Flaw::NoManifest));
    }
    let end = object(&before);
    if end["type"] != "end" {
        return Ok(Err(Flaw::Changed("its last line is missing")));
    }
    if end["sha256"].as_str() != Some(&records::hex(&hash.finalize())) {
        return Ok(Err(Flaw::Changed("its SHA-256 is another one")));
    }
    if end["files"].as_u64() != Some(items) {
        return Ok(Err(Flaw::Changed("its count of files is another one")));
    }
    Ok(Ok(items))
}

fn object(line: &[u8]) -> Value {
    serde_json::from_slice(line).unwrap_or(Value::Null)
}
