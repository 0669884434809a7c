//! Sign-ins of Firefox: its profiles, their containers, and the cookies of Amazon in each.
//!
//! Only Firefox can be asked: the others encrypt their cookies with a key that is theirs alone.

mod database;
mod profiles;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use etcetera::home_dir;
use photomove_amazon::{Cookies, Marketplace};
use photomove_core::{AuthProblem, Error, ErrorKind, Operation, Result};

pub(crate) use self::database::remove_left_copy;
use self::database::{Copy, of_copy};
use self::profiles::{Profile, System};
use crate::endpoint::Kind;
use crate::settings::Environment;

/// A profile, or a container of one, that is signed in to a shop.
#[derive(Debug, Clone)]
pub(crate) struct BrowserSignIn {
    /// What a person types to name it: `default-release`, `default-release:Work` for a container.
    pub(crate) name: String,
    /// Whether it lies in the profile itself and not in one of its containers.
    pub(crate) outside_containers: bool,
    /// What it opens.
    pub(crate) shop: Marketplace,
    /// Its cookies, those of other shops too.
    pub(crate) cookies: Cookies,
}

/// Where to look, and what for.
#[derive(Debug)]
pub(crate) struct Search<'a> {
    /// Private folder in which databases are copied.
    pub(crate) state_dir: &'a Path,
    /// Environment variables of the process.
    pub(crate) environment: &'a Environment,
    /// The only profile to look into: its name, its folder's name, or a path; with `:CONTAINER` behind it.
    pub(crate) wanted: Option<&'a str>,
}

impl Search<'_> {
    /// Finds all sign-ins at Amazon, in the order of the profiles; at least one.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if there is no such profile or its database cannot be read; [`ErrorKind::Auth`] if none is
    /// signed in.
    pub(crate) fn sign_ins(&self) -> Result<Vec<BrowserSignIn>> {
        let profiles = self.profiles()?;
        let mut found = Vec::new();
        for profile in &profiles {
            let copy = Copy::of(&profile.folder, self.state_dir)?;
            let jars = of_copy(&copy, &profile.folder)?;
            for jar in jars {
                let name = match &jar.container {
                    None => profile.name.clone(),
                    Some(container) => format!("{}:{container}", profile.name),
                };
                if self
                    .wanted_container()
                    .is_some_and(|wanted| jar.container.as_deref() != Some(wanted))
                {
                    continue;
                }
                let cookies = Cookies::from_browser(jar.cookies)?;
                found.extend(cookies.shops().into_iter().map(|shop| BrowserSignIn {
                    name: name.clone(),
                    outside_containers: jar.container.is_none(),
                    shop,
                    cookies: cookies.clone(),
                }));
            }
        }
        if found.is_empty() {
            return Err(nobody_there(&profiles));
        }
        Ok(found)
    }

    /// The profiles that have cookies, or the one that is wanted.
    fn profiles(&self) -> Result<Vec<Profile>> {
        let folders = self.folders();
        let all: Vec<Profile> = folders.iter().flat_map(|folder| profiles::of_folder(folder)).collect();
        let Some(wanted) = self.wanted_profile() else {
            if all.is_empty() {
                return Err(none_found(&folders));
            }
            return Ok(all);
        };
        let path = Path::new(wanted);
        if path.join(database::FILE).is_file() {
            return Ok(vec![Profile {
                name: wanted.to_owned(),
                folder: path.to_owned(),
            }]);
        }
        let chosen = all.iter().filter(|profile| profile.is_called(wanted)).cloned();
        let chosen: Vec<Profile> = chosen.collect();
        match chosen.len() {
            0 if all.is_empty() => Err(none_found(&folders)),
            0 => Err(
                wrong(format!("Firefox has no profile `{}`", wanted.escape_debug())).hint(format!(
                    "its profiles: {}; the folder of one will do too",
                    quoted(all.iter().map(|profile| profile.name.as_str()))
                )),
            ),
            _ => Ok(chosen),
        }
    }

    /// Paths may hold a colon on Windows, as in `C:\…`.
    fn wanted_parts(&self) -> Option<(&str, Option<&str>)> {
        let wanted = self.wanted?;
        Some(match wanted.rsplit_once(':') {
            Some((profile, container)) if !profile.is_empty() && !container.contains(['/', '\\']) => {
                (profile, Some(container))
            }
            _ => (wanted, None),
        })
    }

    fn wanted_profile(&self) -> Option<&str> {
        self.wanted_parts().map(|(profile, _)| profile)
    }

    fn wanted_container(&self) -> Option<&str> {
        self.wanted_parts().and_then(|(_, container)| container)
    }

    fn folders(&self) -> Vec<PathBuf> {
        let variable = |name: &str| self.environment.get(name).map(PathBuf::from);
        let home = variable("HOME").filter(|_| cfg!(unix)).or_else(|| home_dir().ok());
        profiles::folders(System::CURRENT, &home.unwrap_or_default(), &variable)
    }
}

/// The text of one of Firefox's small files; `None` if it cannot be read, or is far larger than any.
fn small_text(path: &Path) -> Option<String> {
    const MOST_BYTES: u64 = 4 << 20;
    let mut text = String::new();
    let read = File::open(path).ok()?.take(MOST_BYTES + 1).read_to_string(&mut text);
    (read.ok()? as u64 <= MOST_BYTES).then_some(text)
}

fn quoted<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn none_found(folders: &[PathBuf]) -> Error {
    let looked: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
    wrong("no profile of Firefox found").hint(format!(
        "it was looked for in {}; name its folder with `--browser-profile FOLDER` (`about:profiles` in Firefox tells it), or \
         leave `--from-browser` out and paste a request",
        looked.join(", ")
    ))
}

fn nobody_there(profiles: &[Profile]) -> Error {
    let names = quoted(profiles.iter().map(|profile| profile.name.as_str()));
    let what = if profiles.len() == 1 { "profile" } else { "profiles" };
    Error::new(
        ErrorKind::Auth(AuthProblem::Missing),
        format!("nobody is signed in to Amazon in Firefox ({what} {names})"),
    )
    .provider(Kind::Amazon.word())
    .operation(Operation::SignIn)
    .hint(
        "open Amazon Photos in Firefox and sign in there, tick \"Keep me signed in\", wait half a minute until Firefox has \
         written it down, and try again",
    )
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, message)
        .provider(Kind::Amazon.word())
        .operation(Operation::SignIn)
}

/// Variables that make a folder the home in which Firefox is looked for.
#[cfg(test)]
pub(crate) fn fake_home(home: &Path) -> [(String, String); 3] {
    ["HOME", "APPDATA", "LOCALAPPDATA"].map(|name| (name.to_owned(), home.display().to_string()))
}

/// Makes a profile with cookies (attributes, name, value, host) in such a home, and returns its folder.
#[cfg(test)]
pub(crate) fn fake_profile(home: &Path, name: &str, rows: &[(&str, &str, &str, &str)]) -> PathBuf {
    let variable = |_: &str| Some(home.to_owned());
    let root = profiles::folders(System::CURRENT, home, &variable).remove(0);
    let folder = root.join("Profiles").join(format!("a1b2.{name}"));
    std::fs::create_dir_all(&folder).unwrap();
    let mut ini = std::fs::read_to_string(root.join("profiles.ini")).unwrap_or_default();
    let number = ini.matches("[Profile").count();
    ini.push_str(&format!(
        "[Profile{number}]\nName={name}\nIsRelative=1\nPath=Profiles/a1b2.{name}\n\n"
    ));
    std::fs::write(root.join("profiles.ini"), ini).unwrap();
    let database = rusqlite::Connection::open(folder.join(database::FILE)).unwrap();
    database::tests::fill(&database, rows);
    folder
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A home with Firefox in it, as on this system.
    struct Home(tempfile::TempDir);

    impl Home {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn profile(&self, name: &str, rows: &[(&str, &str, &str, &str)]) -> PathBuf {
            fake_profile(self.0.path(), name, rows)
        }

        fn found(&self, wanted: Option<&str>) -> Result<Vec<BrowserSignIn>> {
            let state_dir = self.0.path().join("state");
            let found = Search {
                state_dir: &state_dir,
                environment: &Environment::of(fake_home(self.0.path())),
                wanted,
            }
            .sign_ins();
            let left = std::fs::read_dir(&state_dir).map_or(0, Iterator::count);
            assert_eq!(left, 0, "a copy of the cookies was left behind");
            found
        }
    }

    const DE: [(&str, &str, &str, &str); 3] = [
        ("", "session-id", "133-1", ".amazon.de"),
        ("", "ubid-acbde", "133-2", ".amazon.de"),
        ("", "at-acbde", "Atza|x", ".amazon.de"),
    ];

    fn names(found: &[BrowserSignIn]) -> Vec<(&str, &str)> {
        found
            .iter()
            .map(|found| (found.name.as_str(), found.shop.domain()))
            .collect()
    }

    #[test]
    fn of_several_profiles_those_that_are_signed_in_are_found() {
        let home = Home::new();
        home.profile("default", &[("", "session-id", "1", ".amazon.de")]);
        home.profile("default-release", &DE);
        let found = home.found(None).unwrap();
        assert_eq!(names(&found), [("default-release", "amazon.de")]);
        assert!(found[0].outside_containers);
        assert_eq!(names(&home.found(Some("default-release")).unwrap()).len(), 1);
        assert_eq!(names(&home.found(Some("a1b2.default-release")).unwrap()).len(), 1);
        let error = home.found(Some("default")).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Auth(AuthProblem::Missing));
        let error = home.found(Some("anna")).unwrap_err();
        assert!(error.to_string().contains("Firefox has no profile `anna`"), "{error}");
        assert!(error.hint_text().unwrap().contains("`default`, `default-release`"));
    }

    #[test]
    fn containers_are_told_apart_and_a_folder_can_be_named() {
        let home = Home::new();
        let work = DE.map(|(_, name, value, host)| ("^userContextId=7", name, value, host));
        let partitioned = (
            "^partitionKey=%28https%2Camazon.de%29",
            "at-acbde",
            "other",
            ".amazon.de",
        );
        let folder = home.profile("default", &[&DE[..], &work, &[partitioned]].concat());
        std::fs::write(
            folder.join("containers.json"),
            r#"{"version": 4, "identities": [{"userContextId": 7, "public": true, "name": "Work"}]}"#,
        )
        .unwrap();
        let found = home.found(None).unwrap();
        assert_eq!(names(&found), [("default", "amazon.de"), ("default:Work", "amazon.de")]);
        assert_eq!(
            names(&home.found(Some("default:Work")).unwrap()),
            [("default:Work", "amazon.de")]
        );
        let path = folder.display().to_string();
        assert_eq!(home.found(Some(&path)).unwrap().len(), 2);
    }

    #[test]
    fn where_there_is_no_firefox_the_places_are_named() {
        let error = Home::new().found(None).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("no profile of Firefox found"), "{error}");
        assert!(error.hint_text().unwrap().contains("refox"));
    }
}
