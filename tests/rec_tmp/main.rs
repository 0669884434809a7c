//! Temporary.
mod recordings;
mod support {
    use std::path::Path;
    pub fn skip_aloud(what: &str, folder: &Path) {
        panic!("no {what} at {}", folder.display());
    }
}
