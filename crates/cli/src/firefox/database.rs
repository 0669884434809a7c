//! The database of a profile's cookies: copied, for Firefox holds it while it runs, and read from the copy.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use photomove_core::{Error, Result};
use rusqlite::{Connection, OpenFlags};
use serde::Deserialize;
use url::form_urlencoded;

use super::{small_text, wrong};

/// Name of the database in a profile.
pub(super) const FILE: &str = "cookies.sqlite";
/// What was not yet written into the database itself; on a running Firefox that is where the newest cookies are.
const PENDING: &str = "cookies.sqlite-wal";
/// The private folder of a copy, below the state folder.
const FOLDER: &str = "browser-copy";
/// Longer than a copy is used.
const IN_USE: Duration = Duration::from_secs(600);
/// How often a database that changes meanwhile is copied again.
const COPIES: u32 = 5;

/// Name, value and host of a cookie.
pub(super) type Row = (String, String, String);

/// The cookies of a profile, or of one of its containers. No `Debug`: the values let somebody in.
#[cfg_attr(test, derive(Debug))]
pub(super) struct Jar {
    /// `None` = outside of all containers.
    pub(super) container: Option<String>,
    pub(super) cookies: Vec<Row>,
}

/// A copy for the owner's eyes only; gone when it is dropped.
#[derive(Debug)]
pub(super) struct Copy {
    folder: PathBuf,
}

impl Copy {
    /// Copies the database of a profile. Its index of what is pending is left behind: it may be of another moment, and
    /// is made anew.
    pub(super) fn of(profile: &Path, state_dir: &Path) -> Result<Self> {
        let copy = Self {
            folder: state_dir.join(FOLDER),
        };
        copy.prepare()
            .map_err(|error| failed(&copy.folder, "write a copy of the cookies into", &error))?;
        for _ in 0..COPIES {
            let before = moment(profile);
            copy.fill(profile)
                .map_err(|error| failed(profile, "copy the cookies of", &error))?;
            if moment(profile) == before {
                return Ok(copy);
            }
        }
        Err(
            wrong(format!("the cookies of {} change all the time", profile.display()))
                .hint("close Firefox, or wait until it is quiet, and try again"),
        )
    }

    fn prepare(&self) -> io::Result<()> {
        self.remove()?;
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        // On Windows the user's own folders admit nobody else.
        builder.create(&self.folder)
    }

    fn fill(&self, profile: &Path) -> io::Result<()> {
        std::fs::copy(profile.join(FILE), self.folder.join(FILE))?;
        match std::fs::copy(profile.join(PENDING), self.folder.join(PENDING)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                match std::fs::remove_file(self.folder.join(PENDING)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                    _ => Ok(()),
                }
            }
            copied => copied.map(drop),
        }
    }

    fn remove(&self) -> io::Result<()> {
        match std::fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        if let Err(error) = self.remove() {
            tracing::warn!(
                "a copy of the browser's cookies is left in {}: {error}",
                self.folder.display()
            );
        }
    }
}

/// Removes the copy of a run that died: cookies of all sites are in it. One that is young may be in use.
#[expect(
    clippy::disallowed_methods,
    reason = "files are dated by the machine's clock, not by the run's"
)]
pub(crate) fn remove_left_copy(state_dir: &Path) {
    remove_copy_of(state_dir, SystemTime::now().checked_sub(IN_USE));
}

fn remove_copy_of(state_dir: &Path, before: Option<SystemTime>) {
    let folder = state_dir.join(FOLDER);
    let Ok(written) = std::fs::symlink_metadata(&folder).and_then(|facts| facts.modified()) else {
        return;
    };
    if before.is_some_and(|before| written < before) {
        tracing::debug!("a copy of the browser's cookies was left by a run that died");
        // Does what there is to do, and says so if it cannot.
        drop(Copy { folder });
    }
}

/// Tells whether a database was written meanwhile.
fn moment(profile: &Path) -> [Option<(u64, Option<SystemTime>)>; 2] {
    [FILE, PENDING].map(|name| {
        let facts = std::fs::metadata(profile.join(name)).ok()?;
        Some((facts.len(), facts.modified().ok()))
    })
}

fn failed(path: &Path, doing: &str, error: &io::Error) -> Error {
    wrong(format!("cannot {doing} {}: {error}", path.display()))
        .hint("check that it belongs to you; else paste a request")
}

/// Reads the cookies of Amazon's shops, those outside of containers first.
pub(super) fn of_copy(copy: &Copy, profile: &Path) -> Result<Vec<Jar>> {
    let unreadable = |error: rusqlite::Error| {
        wrong(format!(
            "the cookies of {} cannot be read as those of Firefox",
            profile.display()
        ))
        .hint("try again, with Firefox closed; else leave `--from-browser` out and paste a request")
        .source(error)
    };
    let rows = rows(&copy.folder.join(FILE)).map_err(unreadable)?;
    let names = container_names(profile);
    let mut jars: BTreeMap<u64, Vec<Row>> = BTreeMap::new();
    for (attributes, row) in rows {
        if let Some(container) = container_of(&attributes) {
            jars.entry(container).or_default().push(row);
        }
    }
    let jars = jars.into_iter().map(|(number, cookies)| Jar {
        container: (number != 0).then(|| names.get(&number).cloned().unwrap_or_else(|| number.to_string())),
        cookies,
    });
    Ok(jars.collect())
}

fn rows(path: &Path) -> rusqlite::Result<Vec<(String, Row)>> {
    let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    // Of one name and host that of the shortest path counts: it is sent everywhere.
    let mut query = database.prepare(
        "SELECT originAttributes, name, value, host FROM moz_cookies WHERE host LIKE '%amazon.%' ORDER BY length(path), id",
    )?;
    let found = query.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?, row.get(3)?))))?;
    found.collect()
}

/// The number of the container that a cookie is in, 0 for none; `None` if it is sent within a page of another site only.
fn container_of(attributes: &str) -> Option<u64> {
    let mut container = 0;
    for (name, value) in form_urlencoded::parse(attributes.trim_start_matches('^').as_bytes()) {
        match name.as_ref() {
            "userContextId" => container = value.parse().ok()?,
            "partitionKey" | "privateBrowsingId" => return None,
            _ => {}
        }
    }
    Some(container)
}

#[derive(Deserialize)]
struct Containers {
    identities: Vec<Identity>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    user_context_id: u64,
    name: Option<String>,
    #[serde(alias = "l10nID")]
    l10n_id: Option<String>,
}

/// What people call their containers; those that nobody renamed go by an id such as `user-context-work`.
fn container_names(profile: &Path) -> BTreeMap<u64, String> {
    let text = small_text(&profile.join("containers.json")).unwrap_or_default();
    let Ok(containers) = serde_json::from_str::<Containers>(&text) else {
        return BTreeMap::new();
    };
    let known = |id: &str| {
        let word = id.to_ascii_lowercase();
        ["Personal", "Work", "Banking", "Shopping"]
            .into_iter()
            .find(|name| word.contains(&name.to_ascii_lowercase()))
    };
    let named = containers.identities.into_iter().filter_map(|identity| {
        let name = identity.name.filter(|name| !name.is_empty());
        let name = name.or_else(|| identity.l10n_id.as_deref().and_then(known).map(str::to_owned))?;
        Some((identity.user_context_id, name))
    });
    named.collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The table as Firefox makes it, as far as it matters, filled with (attributes, name, value, host).
    pub(crate) fn fill(database: &Connection, rows: &[(&str, &str, &str, &str)]) {
        database
            .execute_batch(
                "CREATE TABLE moz_cookies (id INTEGER PRIMARY KEY, originAttributes TEXT NOT NULL DEFAULT '', name TEXT, \
                 value TEXT, host TEXT, path TEXT, expiry INTEGER, lastAccessed INTEGER, creationTime INTEGER, \
                 isSecure INTEGER, isHttpOnly INTEGER, inBrowserElement INTEGER DEFAULT 0, sameSite INTEGER DEFAULT 0, \
                 schemeMap INTEGER DEFAULT 0, isPartitionedAttributeSet INTEGER DEFAULT 0, \
                 CONSTRAINT moz_uniqueid UNIQUE (name, host, path, originAttributes))",
            )
            .unwrap();
        add(database, rows);
    }

    fn add(database: &Connection, rows: &[(&str, &str, &str, &str)]) {
        for (attributes, name, value, host) in rows {
            database
                .execute(
                    "INSERT INTO moz_cookies (originAttributes, name, value, host, path) VALUES (?1, ?2, ?3, ?4, '/')",
                    [attributes, name, value, host],
                )
                .unwrap();
        }
    }

    fn read(profile: &Path, state: &Path) -> Result<Vec<Jar>> {
        let copy = Copy::of(profile, state)?;
        of_copy(&copy, profile)
    }

    #[test]
    fn what_a_running_firefox_has_not_yet_put_into_its_database_is_read_too() {
        let (profile, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = profile.path().join(FILE);
        let firefox = Connection::open(&path).unwrap();
        firefox
            .execute_batch("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;")
            .unwrap();
        fill(&firefox, &[("", "session-id", "old", ".amazon.de")]);
        firefox.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        // As Firefox does: nobody else may open its database while it runs.
        firefox.execute_batch("PRAGMA locking_mode=EXCLUSIVE").unwrap();
        firefox.execute("UPDATE moz_cookies SET value = 'new'", []).unwrap();
        add(
            &firefox,
            &[
                ("", "at-acbde", "Atza|x", ".amazon.de"),
                ("", "sid", "y", ".example.org"),
            ],
        );
        let before = std::fs::read(&path).unwrap();
        assert!(std::fs::metadata(profile.path().join(PENDING)).unwrap().len() > 0);

        let jars = read(profile.path(), state.path()).unwrap();

        let row = |name: &str, value: &str| (name.to_owned(), value.to_owned(), ".amazon.de".to_owned());
        assert_eq!(jars.len(), 1);
        assert_eq!(jars[0].container, None);
        assert_eq!(jars[0].cookies, [row("session-id", "new"), row("at-acbde", "Atza|x")]);
        assert_eq!(
            std::fs::read(&path).unwrap(),
            before,
            "the browser's own file was touched"
        );
        assert_eq!(std::fs::read_dir(state.path()).unwrap().count(), 0);
    }

    #[test]
    #[cfg(unix)]
    fn the_copy_is_private_and_one_of_a_run_that_died_is_removed() {
        use std::os::unix::fs::PermissionsExt;

        let (profile, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fill(&Connection::open(profile.path().join(FILE)).unwrap(), &[]);
        let left = state.path().join(FOLDER);
        std::fs::create_dir(&left).unwrap();
        std::fs::write(left.join(PENDING), "of another profile").unwrap();
        let copy = Copy::of(profile.path(), state.path()).unwrap();
        let mode = std::fs::metadata(&left).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        assert!(!left.join(PENDING).exists());
        assert!(of_copy(&copy, profile.path()).unwrap().is_empty());
    }

    #[test]
    fn a_copy_that_was_left_behind_goes_and_one_in_use_stays() {
        let (profile, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fill(&Connection::open(profile.path().join(FILE)).unwrap(), &[]);
        let copy = Copy::of(profile.path(), state.path()).unwrap();
        let left = copy.folder.clone();
        std::mem::forget(copy);
        remove_left_copy(state.path());
        assert!(left.join(FILE).exists(), "it may be in use");
        let written = std::fs::metadata(&left).unwrap().modified().unwrap();
        remove_copy_of(state.path(), written.checked_add(Duration::from_secs(1)));
        assert!(!left.exists());
        remove_left_copy(state.path());
    }

    #[test]
    fn what_is_no_database_of_cookies_is_told() {
        let (profile, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(profile.path().join(FILE), "HUSH, no database").unwrap();
        let error = read(profile.path(), state.path()).unwrap_err();
        assert!(
            error.to_string().contains("cannot be read as those of Firefox"),
            "{error}"
        );
        assert!(!format!("{error:?}").contains("HUSH"));
        let database = Connection::open(profile.path().join("other.sqlite")).unwrap();
        database.execute_batch("CREATE TABLE moz_places (id)").unwrap();
        drop(database);
        std::fs::rename(profile.path().join("other.sqlite"), profile.path().join(FILE)).unwrap();
        assert!(read(profile.path(), state.path()).is_err());
    }

    #[test]
    fn attributes_tell_the_container() {
        assert_eq!(container_of(""), Some(0));
        assert_eq!(container_of("^userContextId=3"), Some(3));
        assert_eq!(container_of("^firstPartyDomain=amazon.de&userContextId=4"), Some(4));
        assert_eq!(container_of("^partitionKey=%28https%2Camazon.de%29"), None);
        assert_eq!(container_of("^userContextId=3&partitionKey=x"), None);
    }

    #[test]
    fn containers_go_by_their_names() {
        let profile = tempfile::tempdir().unwrap();
        std::fs::write(
            profile.path().join("containers.json"),
            r#"{"identities": [{"userContextId": 1, "l10nId": "user-context-personal"},
                {"userContextId": 2, "l10nID": "userContextWork.label"}, {"userContextId": 9, "name": "Ben"},
                {"userContextId": 5, "name": ""}]}"#,
        )
        .unwrap();
        let names: Vec<_> = container_names(profile.path()).into_iter().collect();
        let expected = [(1, "Personal"), (2, "Work"), (9, "Ben")].map(|(number, name)| (number, name.to_owned()));
        assert_eq!(names, expected);
        assert!(container_names(Path::new("nowhere")).is_empty());
    }
}
