//! The state folder: room, sign-ins and who can read them, the journal, locks.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use photomove_core::read_secret;
use photomove_migrate::{JobState, JobStatus, Journal, LockKind, Locks, MigrateOptions, disk_room};
use secrecy::ExposeSecret;
use serde::de::IgnoredAny;

use super::failed;
use super::findings::{Area, Findings};
use crate::app::App;
use crate::endpoint::Kind;
use crate::settings::Settings;
use crate::text;

/// Less free room than this is worth a note: a video or two.
const LITTLE_ROOM: u64 = 2_000_000_000;

pub(super) fn folder(found: &mut Findings, app: &App, settings: &Settings) {
    let folder = &settings.state_dir;
    let shown = found.path(&std::path::absolute(folder).unwrap_or_else(|_| folder.clone()));
    let facts = match fs::metadata(folder) {
        Ok(facts) => facts,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return found.ok(
                Area::State,
                &format!("{shown} does not exist yet; the first run makes it"),
            );
        }
        Err(error) => {
            let remedy = "check its permissions, or name another folder with `--state-dir`";
            return found.bad(Area::State, &format!("{shown} cannot be looked at: {error}"), remedy);
        }
    };
    if !facts.is_dir() {
        let remedy = "name a folder with `--state-dir`";
        return found.bad(Area::State, &format!("{shown} is no folder"), remedy);
    }
    match probe(folder, app) {
        Ok(()) => found.ok(Area::State, &format!("{shown} can be written")),
        Err(error) => found.bad(
            Area::State,
            &format!("{shown} cannot be written: {error}"),
            "check its permissions and the room on the disk, or name another folder with `--state-dir`",
        ),
    }
    match disk_room(folder) {
        Some((free, _)) if free < LITTLE_ROOM => found.note(
            Area::State,
            &format!("only {} are free on its disk", text::bytes(free)),
            Some("make room: files lie there on their way, and the journal grows by about 2 kB a photo"),
        ),
        Some((free, all)) => found.ok(
            Area::State,
            &format!("{} of {} are free on its disk", text::bytes(free), text::bytes(all)),
        ),
        None => found.note(Area::State, "the disk does not say how much room it has", None),
    }
}

/// Makes a file and removes it.
fn probe(folder: &Path, app: &App) -> std::io::Result<()> {
    let name = format!(".doctor-{}-{}", std::process::id(), app.clock.now().as_microsecond());
    let path = folder.join(name);
    fs::OpenOptions::new().write(true).create_new(true).open(&path)?;
    fs::remove_file(&path)
}

pub(super) async fn sign_ins(found: &mut Findings, app: &App, settings: &Settings) {
    let now = app.clock.now();
    let kept = match kept_files(&settings.credentials()) {
        Ok(kept) => kept,
        Err(error) => {
            let shown = found.path(&settings.credentials());
            let remedy = "check the permissions of that folder";
            found.bad(Area::SignIns, &format!("{shown} cannot be listed: {error}"), remedy);
            Vec::new()
        }
    };
    for path in &kept {
        file(found, path, "kept sign-in", Worth::Account, now);
    }
    let named = [
        (
            &settings.amazon.cookies,
            "cookies named by the settings",
            Worth::Account,
        ),
        (&settings.google.token, "token named by the settings", Worth::Account),
        (
            &settings.google.client_secret,
            "OAuth client named by the settings",
            Worth::Client,
        ),
        (
            &settings.photoprism.sign_in,
            "PhotoPrism sign-in named by the settings",
            Worth::Account,
        ),
    ];
    for (path, what, worth) in named {
        if let Some(path) = path {
            file(found, path, what, worth, now);
        }
    }
    for kind in Kind::ALL {
        let is_kept = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(&format!("{}@", kind.word()))
        };
        if crate::providers::files::named(settings, kind).is_none() && !kept.iter().any(is_kept) {
            found.note(
                Area::SignIns,
                &format!("nobody is signed in to {}", kind.label()),
                Some(&format!("run `photomove auth login {}`", kind.word())),
            );
        }
    }
    found.ok(
        Area::SignIns,
        "whether the services still accept them was not asked: `photomove auth status` does",
    );
}

/// Files of the folder in order; a folder that does not exist has none.
fn kept_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    match fs::read_dir(folder) {
        Ok(entries) => {
            for entry in entries {
                let path = entry?.path();
                if path.extension().is_some_and(|ending| ending == "json") {
                    paths.push(path);
                }
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    paths.sort();
    Ok(paths)
}

/// What can be done with a file by whoever reads it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Worth {
    /// Everything: it opens an account.
    Account,
    /// Little: the client of a program on a desk is no secret by the rules of OAuth, but it is nobody else's business.
    Client,
}

/// One file with a secret in it: is it there, how old is it, who can read it. Never a word of its content.
fn file(found: &mut Findings, path: &Path, what: &str, worth: Worth, now: Timestamp) {
    let shown = found.path(path);
    let text = match read_secret(path) {
        Ok(text) => text,
        Err(error) => {
            let remedy = "check the path and its permissions, or sign in again";
            return found.bad(
                Area::SignIns,
                &format!("{what}: {shown} cannot be read: {error}"),
                remedy,
            );
        }
    };
    let is_json = path.extension().is_some_and(|ending| ending == "json");
    if is_json && serde_json::from_str::<IgnoredAny>(text.expose_secret()).is_err() {
        let remedy = "it was cut or changed by hand: sign in again, or download it again";
        return found.bad(Area::SignIns, &format!("{what}: {shown} is no JSON"), remedy);
    }
    let facts = fs::metadata(path).ok();
    let age = facts
        .as_ref()
        .and_then(|facts| Timestamp::try_from(facts.modified().ok()?).ok())
        .map(|at| now.duration_since(at))
        // A clock that was put back makes it come from the future.
        .and_then(|age| Duration::try_from(age).ok())
        .map_or_else(
            || "of unknown age".to_owned(),
            |age| format!("written {} ago", text::duration(age)),
        );
    match facts.as_ref().and_then(mode) {
        Some(mode) if mode & 0o077 != 0 => {
            let open =
                format!("{what}: {shown} can be read or changed by other users of this machine (mode {mode:03o})");
            match worth {
                Worth::Account => {
                    let place = found.path(path.parent().unwrap_or(path));
                    let remedy = format!("run `chmod -R go= {place}`, and sign in again if others may have read it");
                    found.bad(Area::SignIns, &open, &remedy);
                }
                Worth::Client => found.note(Area::SignIns, &open, Some(&format!("run `chmod 600 {shown}`"))),
            }
        }
        Some(mode) => found.ok(Area::SignIns, &format!("{what}: {shown} · mode {mode:03o} · {age}")),
        None => found.ok(Area::SignIns, &format!("{what}: {shown} · {age}")),
    }
}

#[cfg(unix)]
fn mode(facts: &fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    Some(facts.permissions().mode() & 0o777)
}

/// On Windows a profile's access lists admit its user alone, and there is no mode to look at.
#[cfg(not(unix))]
fn mode(_: &fs::Metadata) -> Option<u32> {
    None
}

pub(super) async fn journal(found: &mut Findings, app: &App, settings: &Settings) {
    let path = settings.journal();
    let shown = found.path(&path);
    let journal = match Journal::open_read_only(&path, app.clock.clone()) {
        Ok(Some(journal)) => journal,
        Ok(None) => return found.ok(Area::Journal, "there is none yet: nothing was moved"),
        Err(error) => return failed(found, Area::Journal, &error),
    };
    let size = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        fs::metadata(name).map_or(0, |facts| facts.len())
    };
    let what = format!(
        "{shown} · {} and {} of log",
        text::bytes(size("")),
        text::bytes(size("-wal"))
    );
    match journal.damage().await {
        Ok(None) => found.ok(Area::Journal, &format!("{what} · every page is sound")),
        Ok(Some(damage)) => {
            let remedy = "start the next run with `--new-journal`: the damaged file is kept beside it";
            return found.bad(Area::Journal, &format!("{shown} is damaged: {damage}"), remedy);
        }
        Err(error) => return failed(found, Area::Journal, &error),
    }
    let jobs = match journal.jobs().await {
        Ok(jobs) => jobs,
        Err(error) => return failed(found, Area::Journal, &error),
    };
    for job in &jobs {
        let what = job_words(job);
        match journal.check(job.id).await {
            Ok(broken) if broken.is_empty() => found.ok(Area::Journal, &format!("{what} · it adds up")),
            Ok(broken) => {
                for one in broken {
                    let remedy = "this is a defect of photomove; keep the journal and report it";
                    found.bad(Area::Journal, &format!("{what}: {one}"), remedy);
                }
            }
            Err(error) => failed(found, Area::Journal, &error),
        }
    }
    set_aside(found, &settings.state_dir);
}

/// No label: it holds an address of e-mail.
fn job_words(job: &JobStatus) -> String {
    let state = match job.state {
        JobState::Listing => "the listing is not finished",
        JobState::Running => "not finished",
        JobState::Waiting => "waiting",
        JobState::Finished => "finished",
    };
    format!(
        "job {}: {} → {}, {state} · {}",
        job.id.0,
        job.source.kind,
        job.target.kind,
        text::counted(job.accounting.found.count, "file")
    )
}

/// Journals that were put aside take room, and tell that something happened.
fn set_aside(found: &mut Findings, folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let is_broken =
        |name: &str| name.starts_with("journal.db.broken-") && !name.ends_with("-wal") && !name.ends_with("-shm");
    let count = entries
        .filter_map(|entry| Some(is_broken(&entry.ok()?.file_name().to_string_lossy())))
        .filter(|broken| *broken)
        .count() as u64;
    if count > 0 {
        found.note(
            Area::Journal,
            &format!("{} was put aside as damaged earlier", text::counted(count, "journal")),
            Some("keep it for a report, or delete it"),
        );
    }
}

pub(super) fn locks(found: &mut Findings, settings: &Settings) {
    let folder = MigrateOptions::new(&settings.state_dir).lock_dir;
    match Locks::held_in(&folder) {
        Ok(held) if held.is_empty() => found.ok(Area::State, "no run is under way"),
        Ok(held) => {
            for lock in held {
                let what = match lock.kind {
                    LockKind::Job => "a migration",
                    LockKind::Target => "a destination account",
                };
                let place = if lock.is_here { "" } else { " on another machine" };
                let since = lock.since.to_zoned(TimeZone::system()).strftime("%F %H:%M").to_string();
                found.note(
                    Area::State,
                    &format!("{what} is held by process {}{place} since {since}", lock.pid),
                    Some("a second run has to wait until it has ended; `photomove status` shows how far it is"),
                );
            }
        }
        Err(error) => found.bad(
            Area::State,
            &format!("the locks cannot be looked at: {error}"),
            "check the permissions of the state folder",
        ),
    }
}
