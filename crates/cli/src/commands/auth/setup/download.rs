//! The downloaded file: found in the Downloads folder, or named by a person in any of the ways that terminals have.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use url::Url;

use crate::settings::Environment;

/// What the console calls the files, apart from the client's id in between.
const START: &str = "client_secret";
const END: &str = ".json";

/// Returns the newest file that the console may have given, and when it was written, if there is one.
pub(super) fn newest(folders: &[PathBuf]) -> Option<(PathBuf, SystemTime)> {
    let files = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok());
    files
        .flatten()
        .filter_map(Result::ok)
        .filter(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.starts_with(START) && name.ends_with(END)
        })
        .filter_map(|entry| {
            let facts = entry.metadata().ok().filter(std::fs::Metadata::is_file)?;
            Some((entry.path(), facts.modified().ok()?))
        })
        .max_by_key(|(_, written)| *written)
}

/// Returns where browsers put what they download.
pub(super) fn folders(environment: &Environment, home: Option<&Path>) -> Vec<PathBuf> {
    let Some(home) = home else { return Vec::new() };
    let mut folders = vec![home.join("Downloads")];
    // On Linux the folder has a name in the person's language.
    let config = environment
        .path("XDG_CONFIG_HOME")
        .unwrap_or_else(|| home.join(".config"));
    if let Ok(text) = std::fs::read_to_string(config.join("user-dirs.dirs")) {
        folders.extend(text.lines().find_map(|line| {
            let value = line.trim().strip_prefix("XDG_DOWNLOAD_DIR=")?.trim_matches('"');
            Some(match value.strip_prefix("$HOME/") {
                Some(rest) => home.join(rest),
                None => PathBuf::from(value),
            })
        }));
    }
    folders.dedup();
    folders
}

/// Reads a path as it was typed, pasted or dropped onto the terminal: with `~`, quotes, backslashes or as an address.
pub(super) fn typed_path(text: &str, home: Option<&Path>) -> PathBuf {
    let text = text.trim();
    if text.starts_with("file://")
        && let Some(path) = Url::parse(text).ok().and_then(|url| url.to_file_path().ok())
    {
        return path;
    }
    let quoted = |sign: char| text.len() > 1 && text.starts_with(sign) && text.ends_with(sign);
    let plain = if quoted('\'') {
        // A quote in a quoted name is written `'\''`.
        text[1..text.len() - 1].replace(r"'\''", "'")
    } else if quoted('"') {
        text[1..text.len() - 1].to_owned()
    } else if cfg!(windows) {
        // There a backslash parts folders.
        text.to_owned()
    } else {
        unescaped(text)
    };
    match (plain.strip_prefix('~'), home) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with(['/', '\\']) => {
            home.join(rest.trim_start_matches(['/', '\\']))
        }
        _ => PathBuf::from(plain),
    }
}

/// `My\ File.json` as terminals write a name that is dropped onto them.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn a_path_is_read_in_every_form_that_terminals_give() {
        let home = Path::new("/home/anna");
        for (text, path) in [
            ("/tmp/a.json", "/tmp/a.json"),
            ("  /tmp/a.json  ", "/tmp/a.json"),
            ("'/tmp/My File.json'", "/tmp/My File.json"),
            (r"'/tmp/it'\''s.json'", "/tmp/it's.json"),
            ("\"/tmp/My File.json\"", "/tmp/My File.json"),
            (r"/tmp/My\ File\ \(1\).json", "/tmp/My File (1).json"),
            ("~/Downloads/a.json", "/home/anna/Downloads/a.json"),
            ("file:///tmp/My%20File.json", "/tmp/My File.json"),
            ("~other/a.json", "~other/a.json"),
            ("a.json", "a.json"),
        ] {
            assert_eq!(typed_path(text, Some(home)), Path::new(path), "{text}");
        }
    }

    #[test]
    fn the_newest_of_the_consoles_files_is_found() {
        let home = tempfile::tempdir().unwrap();
        let downloads = home.path().join("Geladenes");
        std::fs::create_dir_all(&downloads).unwrap();
        std::fs::create_dir_all(home.path().join(".config")).unwrap();
        std::fs::write(
            home.path().join(".config/user-dirs.dirs"),
            "# made by a tool\nXDG_DOWNLOAD_DIR=\"$HOME/Geladenes\"\n",
        )
        .unwrap();
        let environment = Environment::of([]);
        let folders = folders(&environment, Some(home.path()));
        assert_eq!(newest(&folders), None);
        let write = |name: &str, day: u64| {
            let file = std::fs::File::create(downloads.join(name)).unwrap();
            let at = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(86_400 * day);
            file.set_modified(at).unwrap();
        };
        write("client_secret_1.apps.googleusercontent.com.json", 10);
        write("client_secret_2.apps.googleusercontent.com (1).json", 20);
        write("client_secret.txt", 30);
        write("holiday.json", 30);
        let (path, _) = newest(&folders).unwrap();
        assert!(
            path.ends_with("client_secret_2.apps.googleusercontent.com (1).json"),
            "{path:?}"
        );
    }
}
