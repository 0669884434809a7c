//! Where Firefox keeps its profiles, and what `profiles.ini` says about them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::database::FILE;
use super::small_text;

/// A profile that has a database of cookies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Profile {
    /// As Firefox shows it, such as `default-release`.
    pub(super) name: String,
    pub(super) folder: PathBuf,
}

impl Profile {
    /// Whether a person means it: by its name or by that of its folder.
    pub(super) fn is_called(&self, wanted: &str) -> bool {
        self.name == wanted || self.folder.file_name().is_some_and(|name| name == wanted)
    }
}

/// What decides where programs keep their things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum System {
    Linux,
    MacOs,
    Windows,
}

impl System {
    pub(super) const CURRENT: Self = if cfg!(windows) {
        Self::Windows
    } else if cfg!(target_os = "macos") {
        Self::MacOs
    } else {
        Self::Linux
    };
}

/// The folders that may hold a `profiles.ini`, the usual one first.
pub(super) fn folders(system: System, home: &Path, variable: &dyn Fn(&str) -> Option<PathBuf>) -> Vec<PathBuf> {
    match system {
        System::Linux => {
            let config = variable("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config"));
            vec![
                home.join(".mozilla/firefox"),
                // New profiles since 2026.
                config.join("mozilla/firefox"),
                home.join("snap/firefox/common/.mozilla/firefox"),
                home.join(".var/app/org.mozilla.firefox/.mozilla/firefox"),
                home.join(".var/app/org.mozilla.firefox/config/mozilla/firefox"),
            ]
        }
        System::MacOs => vec![home.join("Library/Application Support/Firefox")],
        System::Windows => {
            let roaming = variable("APPDATA").unwrap_or_else(|| home.join("AppData").join("Roaming"));
            let local = variable("LOCALAPPDATA").unwrap_or_else(|| home.join("AppData").join("Local"));
            let store = ["Packages", "Mozilla.Firefox_n80bbvh6b1yt2", "LocalCache", "Roaming"];
            let store = store.iter().fold(local, |path, part| path.join(part));
            [roaming, store].map(|base| base.join("Mozilla").join("Firefox")).into()
        }
    }
}

/// The profiles of a folder that have cookies, the one that Firefox starts with first.
pub(super) fn of_folder(folder: &Path) -> Vec<Profile> {
    let Some(text) = small_text(&folder.join("profiles.ini")) else {
        return Vec::new();
    };
    let mut profiles = named(&text, folder);
    profiles.retain(|profile| profile.folder.join(FILE).is_file());
    profiles
}

/// Reads `profiles.ini`.
fn named(text: &str, folder: &Path) -> Vec<Profile> {
    let sections = sections(text);
    // Each installation has a profile of its own that it starts with.
    let installs = sections.iter().filter(|(name, _)| name.starts_with("Install"));
    let first: Vec<&str> = installs
        .filter_map(|(_, values)| values.get("Default").copied())
        .collect();
    let profiles = sections.iter().filter(|(name, _)| name.starts_with("Profile"));
    let mut found: Vec<(bool, Profile)> = profiles
        .filter_map(|(_, values)| {
            let path = *values.get("Path")?;
            let place = match values.get("IsRelative") {
                Some(&"0") => PathBuf::from(path),
                _ => path.split('/').fold(folder.to_owned(), |place, part| place.join(part)),
            };
            let profile = Profile {
                name: values.get("Name").copied().unwrap_or(path).to_owned(),
                folder: place,
            };
            Some((first.contains(&path), profile))
        })
        .collect();
    // Stable: others stay in the file's order.
    found.sort_by_key(|(starts, _)| !starts);
    found.into_iter().map(|(_, profile)| profile).collect()
}

/// Headings in brackets, and the values below each.
fn sections(text: &str) -> Vec<(&str, BTreeMap<&str, &str>)> {
    let mut sections: Vec<(&str, BTreeMap<&str, &str>)> = Vec::new();
    for line in text.trim_start_matches('\u{feff}').lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            sections.push((name, BTreeMap::new()));
        } else if let (Some((_, values)), Some((name, value))) = (sections.last_mut(), line.split_once('=')) {
            values.insert(name.trim(), value.trim());
        }
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_has_its_places() {
        let nothing = |_: &str| None;
        let texts = |system, home: &str, variable: &dyn Fn(&str) -> Option<PathBuf>| -> Vec<String> {
            let folders = folders(system, Path::new(home), variable);
            folders
                .iter()
                .map(|folder| folder.display().to_string().replace('\\', "/"))
                .collect()
        };
        assert_eq!(
            texts(System::Linux, "/home/anna", &nothing),
            [
                "/home/anna/.mozilla/firefox",
                "/home/anna/.config/mozilla/firefox",
                "/home/anna/snap/firefox/common/.mozilla/firefox",
                "/home/anna/.var/app/org.mozilla.firefox/.mozilla/firefox",
                "/home/anna/.var/app/org.mozilla.firefox/config/mozilla/firefox",
            ]
        );
        let config = |name: &str| (name == "XDG_CONFIG_HOME").then(|| PathBuf::from("/cfg"));
        assert!(texts(System::Linux, "/home/anna", &config).contains(&"/cfg/mozilla/firefox".to_owned()));
        assert_eq!(
            texts(System::MacOs, "/Users/anna", &nothing),
            ["/Users/anna/Library/Application Support/Firefox"]
        );
        let windows = |name: &str| match name {
            "APPDATA" => Some(PathBuf::from("C:/Users/anna/AppData/Roaming")),
            _ => None,
        };
        assert_eq!(
            texts(System::Windows, "C:/Users/anna", &windows),
            [
                "C:/Users/anna/AppData/Roaming/Mozilla/Firefox",
                "C:/Users/anna/AppData/Local/Packages/Mozilla.Firefox_n80bbvh6b1yt2/LocalCache/Roaming/Mozilla/Firefox",
            ]
        );
    }

    #[test]
    fn the_profile_that_firefox_starts_with_comes_first() {
        let text = "\u{feff}[Profile1]\r\nName=default\r\nIsRelative=1\r\nPath=Profiles/x.default\r\nDefault=1\r\n\r\n\
            [Profile0]\r\nName=default-release\r\nIsRelative=1\r\nPath=Profiles/y.default-release\r\n\r\n\
            [Profile2]\r\nName=Anna = Ben\r\nIsRelative=0\r\nPath=/elsewhere/z\r\n\r\n\
            [General]\r\nStartWithLastProfile=1\r\n\r\n[Install4F96D1932A9F858E]\r\nDefault=Profiles/y.default-release\r\n";
        let found = named(text, Path::new("root"));
        let names: Vec<&str> = found.iter().map(|profile| profile.name.as_str()).collect();
        assert_eq!(names, ["default-release", "default", "Anna = Ben"]);
        assert_eq!(
            found[0].folder,
            Path::new("root").join("Profiles").join("y.default-release")
        );
        assert_eq!(found[2].folder, Path::new("/elsewhere/z"));
        assert!(named("", Path::new("root")).is_empty());
    }
}
