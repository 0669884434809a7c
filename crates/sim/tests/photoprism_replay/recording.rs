//! The recorded exchanges with a real server.

use std::io::Write;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

/// One file of exchanges.
#[derive(Debug, Deserialize)]
pub(crate) struct Recording {
    pub(crate) exchanges: Vec<Exchange>,
}

/// A request and what was answered.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Exchange {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) note: Option<String>,
    /// Missing where the entry sums up several requests.
    pub(crate) request: Option<Request>,
    pub(crate) response: Value,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) headers: Map<String, Value>,
    #[serde(default)]
    pub(crate) body: Option<Value>,
    #[serde(default)]
    pub(crate) multipart: Option<Vec<Part>>,
}

/// One part of an upload.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Part {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) filename: Option<String>,
    #[serde(default)]
    pub(crate) content_type: Option<String>,
    /// Path of a sample, or a recipe.
    #[serde(default)]
    pub(crate) file: Option<String>,
    #[serde(default)]
    pub(crate) sha1: Option<String>,
}

impl Exchange {
    pub(crate) fn status(&self) -> u16 {
        self.response["status"].as_u64().map_or(0, |status| status as u16)
    }

    /// A header of the answer, the first value if there are several.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let headers = self.response["headers"].as_object()?;
        let (_, value) = headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        value.as_str().or_else(|| value[0].as_str())
    }

    /// The server's clock when it answered.
    pub(crate) fn answered_at(&self) -> Option<Timestamp> {
        jiff::fmt::rfc2822::parse(self.header("date")?)
            .ok()
            .map(|zoned| zoned.timestamp())
    }
}

/// The folder of recordings, which is part of the client's crate; `None`, said aloud, where only a package is there.
pub(crate) fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../photoprism/tests/recordings");
    present("recordings", folder)
}

/// The folder of sample pictures that the recorded uploads sent.
pub(crate) fn samples() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/photos");
    present(
        "samples",
        std::env::var_os("PHOTOMOVE_SAMPLES").map_or(beside, PathBuf::from),
    )
}

fn present(what: &str, folder: PathBuf) -> Option<PathBuf> {
    if folder.is_dir() {
        return Some(folder);
    }
    let required = std::env::var("PHOTOMOVE_REQUIRE").unwrap_or_default();
    assert!(
        !required.split(',').any(|name| name.trim() == what),
        "{what} are required and missing: {}",
        folder.display()
    );
    // Past the test harness, which swallows what a passing test prints.
    let _ = writeln!(std::io::stderr(), "skipped: no {what} at {}", folder.display());
    None
}

/// A file that is no list of exchanges.
pub(crate) fn read_rows(folder: &Path, scenario: &str) -> Value {
    let path = folder.join(format!("{scenario}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The exchanges of a scenario.
pub(crate) fn read(folder: &Path, scenario: &str) -> Recording {
    serde_json::from_value(read_rows(folder, scenario)).unwrap_or_else(|error| panic!("{scenario}: {error}"))
}
