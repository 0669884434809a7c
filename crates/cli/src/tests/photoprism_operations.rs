//! Which command does what of PhotoPrism's client: the table of `docs/reference/photoprism.md`, held against the client's code.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::CommandFactory;

use super::reference;
use crate::args::Cli;

/// Where an operation is to be had.
enum Had {
    /// By this command, below `photomove`.
    By(&'static str),
    /// In the library only, and why.
    Library(&'static str),
}

use Had::{By, Library};

const PAGES: &str = "a page; the command lists all of them, one after the other";
const MACHINE: &str = "what programs build on; there is nothing in it for a person";

const OPERATIONS: &[(&str, Had)] = &[
    ("PhotoPrismClient::new", By("auth login")),
    ("PhotoPrismClient::site", Library(MACHINE)),
    ("PhotoPrismClient::env", Library(MACHINE)),
    // Sign-ins.
    (
        "PhotoPrismClient::session_ref",
        Library("names the session that staged uploads belong to; a person has no use for it"),
    ),
    ("PhotoPrismClient::read_session", By("photoprism status")),
    ("PhotoPrismClient::account", By("auth status")),
    ("PhotoPrismClient::user_uid", By("photoprism sessions")),
    ("PhotoPrismClient::log_out", By("auth logout")),
    ("PhotoPrismClient::delete_session", By("auth logout")),
    ("PhotoPrismClient::revoke", By("auth logout")),
    ("PhotoPrismClient::create_app_password", By("photoprism app-password")),
    ("PhotoPrismClient::user_sessions", By("photoprism sessions")),
    // The server.
    ("PhotoPrismClient::status", By("photoprism status")),
    (
        "PhotoPrismClient::health",
        Library("`photoprism status` says the same and more; this is for programs that watch servers"),
    ),
    ("PhotoPrismClient::config", By("photoprism usage")),
    ("PhotoPrismClient::public_config", By("auth login")),
    ("PhotoPrismClient::settings", By("photoprism settings")),
    ("PhotoPrismClient::change_settings", By("photoprism settings")),
    (
        "PhotoPrismClient::config_options",
        Library("how the server was started, its secrets included; the server's own `photoprism show config` tells it"),
    ),
    ("PhotoPrismClient::log", By("photoprism log")),
    ("PhotoPrismClient::clear_log", By("photoprism log")),
    ("PhotoPrismClient::metrics", By("photoprism metrics")),
    ("PhotoPrismClient::events", By("photoprism watch")),
    ("PhotoPrismClient::with_events", By("photoprism import")),
    ("Events::next", By("photoprism watch")),
    ("Events::close", Library("the command ends with Ctrl-C")),
    // Photos.
    ("PhotoPrismClient::photos", Library(PAGES)),
    ("PhotoPrismClient::all_photos", By("photoprism search")),
    ("PhotoPrismClient::photo", By("photoprism show")),
    ("PhotoPrismClient::photo_by_hash", By("photoprism show")),
    ("PhotoPrismClient::photo_by_content", By("photoprism show")),
    ("PhotoPrismClient::photo_yaml", By("photoprism show")),
    ("PhotoPrismClient::file", By("photoprism show")),
    ("PhotoPrismClient::arrival", By("photoprism upload")),
    ("PhotoPrismClient::update_photo", By("photoprism edit")),
    ("PhotoPrismClient::set_private", By("photoprism private")),
    (
        "PhotoPrismClient::toggle_private",
        Library("turns each photo the other way round; `photoprism private` sets what is asked for"),
    ),
    ("PhotoPrismClient::like_photo", By("photoprism like")),
    ("PhotoPrismClient::unlike_photo", By("photoprism unlike")),
    (
        "PhotoPrismClient::approve_photo",
        Library("`photoprism approve` takes the call for several"),
    ),
    ("PhotoPrismClient::approve_photos", By("photoprism approve")),
    ("PhotoPrismClient::archive_photos", By("photoprism archive")),
    ("PhotoPrismClient::restore_photos", By("photoprism restore")),
    ("PhotoPrismClient::delete_photos", By("photoprism delete")),
    ("PhotoPrismClient::empty_archive", By("photoprism delete")),
    (
        "PhotoPrismClient::archive_and_delete_photos",
        Library("`photoprism delete` deletes what is not archived too"),
    ),
    (
        "PhotoPrismClient::edit_photos",
        Library("only servers from late 2025 on have it; `photoprism edit` works with all"),
    ),
    ("PhotoPrismClient::set_primary_file", By("photoprism file primary")),
    ("PhotoPrismClient::unstack_file", By("photoprism file unstack")),
    ("PhotoPrismClient::set_orientation", By("photoprism file turn")),
    ("PhotoPrismClient::delete_file", By("photoprism file delete")),
    // Albums.
    ("PhotoPrismClient::albums", Library(PAGES)),
    ("PhotoPrismClient::all_albums", By("photoprism albums")),
    (
        "PhotoPrismClient::albums_titled",
        Library("`photoprism albums TEXT` shows whose titles hold the text"),
    ),
    ("PhotoPrismClient::album", By("photoprism album show")),
    (
        "PhotoPrismClient::find_album",
        Library("as `album`, without an error where there is none"),
    ),
    (
        "PhotoPrismClient::create_album",
        Library(
            "gives another album back where titles are alike; `photoprism album create` makes a new one in any case",
        ),
    ),
    ("PhotoPrismClient::create_distinct_album", By("photoprism album create")),
    ("PhotoPrismClient::update_album", By("photoprism album edit")),
    ("PhotoPrismClient::delete_album", By("photoprism album delete")),
    ("PhotoPrismClient::delete_albums", By("photoprism album delete")),
    ("PhotoPrismClient::like_album", By("photoprism album like")),
    ("PhotoPrismClient::unlike_album", By("photoprism album unlike")),
    ("PhotoPrismClient::clone_albums", By("photoprism album fill")),
    ("PhotoPrismClient::add_to_album", By("photoprism album add")),
    (
        "PhotoPrismClient::add_selection",
        Library("adds what labels, people and places hold; `photoprism search` finds the photos for `album add`"),
    ),
    ("PhotoPrismClient::remove_from_album", By("photoprism album remove")),
    ("PhotoPrismClient::album_photos", By("photoprism download")),
    ("PhotoPrismClient::links", By("photoprism album links")),
    ("PhotoPrismClient::create_link", By("photoprism album link")),
    ("PhotoPrismClient::update_link", By("photoprism album link")),
    ("PhotoPrismClient::delete_link", By("photoprism album unlink")),
    // Labels, people, places.
    ("PhotoPrismClient::labels", Library(PAGES)),
    ("PhotoPrismClient::all_labels", By("photoprism labels")),
    ("PhotoPrismClient::add_label", By("photoprism label add")),
    (
        "PhotoPrismClient::change_label",
        Library("how sure the server is of a label, which only its own recognition says"),
    ),
    ("PhotoPrismClient::remove_label", By("photoprism label remove")),
    ("PhotoPrismClient::update_label", By("photoprism label edit")),
    ("PhotoPrismClient::like_label", By("photoprism label like")),
    ("PhotoPrismClient::unlike_label", By("photoprism label unlike")),
    ("PhotoPrismClient::delete_labels", By("photoprism label delete")),
    ("PhotoPrismClient::subjects", Library(PAGES)),
    ("PhotoPrismClient::all_subjects", By("photoprism people")),
    ("PhotoPrismClient::subject", By("photoprism people")),
    ("PhotoPrismClient::update_subject", By("photoprism people")),
    ("PhotoPrismClient::like_subject", By("photoprism people")),
    ("PhotoPrismClient::unlike_subject", By("photoprism people")),
    (
        "PhotoPrismClient::faces",
        Library("numbers of the recognition of faces, without a picture of them"),
    ),
    (
        "PhotoPrismClient::face",
        Library("numbers of the recognition of faces, without a picture of them"),
    ),
    (
        "PhotoPrismClient::months",
        Library("`photoprism albums --type month` lists the same with titles"),
    ),
    (
        "PhotoPrismClient::geo",
        Library("points for a map, which no terminal shows; `photoprism search 'near:PHOTO'` finds what is close"),
    ),
    // Files and folders.
    ("PhotoPrismClient::upload", By("photoprism upload")),
    ("PhotoPrismClient::upload_token", Library(MACHINE)),
    (
        "PhotoPrismClient::stage_files",
        Library("half an upload: nothing is seen before it is processed, and the rest is never cleared away"),
    ),
    (
        "PhotoPrismClient::process_upload",
        Library("the other half; `photoprism upload` does both and looks what became of it"),
    ),
    ("PhotoPrismClient::download", By("photoprism download")),
    (
        "PhotoPrismClient::download_from",
        Library("for programs that go on with what was cut"),
    ),
    (
        "PhotoPrismClient::download_photo",
        Library("the file that is shown, which may be a preview; `photoprism download` fetches the originals"),
    ),
    ("PhotoPrismClient::download_album", By("photoprism zip")),
    ("PhotoPrismClient::create_zip", By("photoprism zip")),
    ("PhotoPrismClient::download_zip", By("photoprism zip")),
    ("PhotoPrismClient::thumbnail", By("photoprism thumbnail")),
    (
        "PhotoPrismClient::crop",
        Library("a part of a picture, for programs that show faces"),
    ),
    (
        "PhotoPrismClient::video",
        Library("a video for the browser; `photoprism download` fetches the original"),
    ),
    (
        "PhotoPrismClient::album_cover",
        Library("a small picture for programs that show albums"),
    ),
    (
        "PhotoPrismClient::label_cover",
        Library("a small picture for programs that show labels"),
    ),
    (
        "PhotoPrismClient::folder_cover",
        Library("a small picture for programs that show folders"),
    ),
    ("PhotoPrismClient::import", By("photoprism import")),
    ("PhotoPrismClient::cancel_import", By("photoprism import")),
    ("PhotoPrismClient::index", By("photoprism index")),
    ("PhotoPrismClient::cancel_index", By("photoprism index")),
    ("PhotoPrismClient::folders", By("photoprism folders")),
    ("PhotoPrismClient::webdav", By("photoprism webdav list")),
    (
        "WebDav::check",
        Library("`photoprism webdav list` fails with the same words"),
    ),
    ("WebDav::list", By("photoprism webdav list")),
    ("WebDav::stat", By("photoprism webdav fetch")),
    ("WebDav::make_folders", By("photoprism webdav mkdir")),
    ("WebDav::write", By("photoprism webdav send")),
    ("WebDav::read", By("photoprism webdav fetch")),
    ("WebDav::rename", By("photoprism webdav move")),
    ("WebDav::copy", By("photoprism webdav copy")),
    ("WebDav::delete", By("photoprism webdav delete")),
];

#[test]
fn every_operation_of_the_client_has_a_command_or_a_reason() {
    let mut found = BTreeSet::new();
    let client = Path::new(env!("CARGO_MANIFEST_DIR")).join("../photoprism/src");
    collect(&client.join("client.rs"), &mut found);
    for path in below(&client.join("client")) {
        collect(&path, &mut found);
    }
    assert!(found.contains("PhotoPrismClient::photo"), "{found:?}");
    let listed: BTreeSet<String> = OPERATIONS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(listed.len(), OPERATIONS.len(), "each once");
    let missing: Vec<_> = found.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&found).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "not listed: {missing:?}; gone: {gone:?}"
    );
}

#[test]
fn the_named_commands_exist() {
    let mut root = Cli::command();
    root.build();
    for (name, had) in OPERATIONS {
        let By(words) = had else { continue };
        let mut at = &root;
        for word in words.split(' ') {
            at = at
                .find_subcommand(word)
                .unwrap_or_else(|| panic!("{name}: there is no `photomove {words}`"));
        }
    }
}

#[test]
fn reference_photoprism() {
    let rows: Vec<String> = OPERATIONS
        .iter()
        .map(|(name, had)| match had {
            By(words) => format!("| `{name}` | `photomove {words}` |"),
            Library(why) => format!("| `{name}` | – {why} |"),
        })
        .collect();
    reference::check(
        "photoprism.md",
        &format!(
            "# PhotoPrism: operations and commands\n\nEverything that the client in `photomove-photoprism` can do, and the command \
             that does it. A line with a dash is for programs only, and says why. `photomove help photoprism` has the commands \
             with their options, [the guide](../guides/photoprism.md) the way to a migration.\n\n| operation | command |\n|---|---|\n{}",
            rows.join("\n")
        ),
    );
}

/// Adds the public functions of the types that talk to a server.
fn collect(path: &Path, found: &mut BTreeSet<String>) {
    let text = std::fs::read_to_string(path).unwrap();
    let mut owner = None;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("impl ") {
            let name = rest.trim_end_matches(" {");
            owner = ["PhotoPrismClient", "WebDav", "Events"]
                .into_iter()
                .find(|known| *known == name);
        } else if line == "}" {
            owner = None;
        } else if let Some(owner) = owner
            && let Some(rest) = line
                .strip_prefix("    pub fn ")
                .or_else(|| line.strip_prefix("    pub async fn "))
        {
            let end = rest
                .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                .unwrap_or(rest.len());
            found.insert(format!("{owner}::{}", &rest[..end]));
        }
    }
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            paths.extend(below(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            paths.push(path);
        }
    }
    paths
}
