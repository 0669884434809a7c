//! What the program leaves behind: outputs, files, and who may read them.

use std::path::Path;

use crate::ground::{Ground, below};

use super::{Findings, Rule};

/// Names by which files of the journal begin; they hold upload tokens and are for their owner's eyes only.
const JOB_FILES: &str = "journal.db";

/// What every secret of the stand-ins begins with: access and refresh token, client secret, cookie of Amazon, upload token,
/// address of an upload in several requests.
const MARKS: [&str; 6] = ["ya29.a0", "1//0g", "GOCSPX-", "Atza|", "CAISiQM", "AENB"];

/// Values of all cookies, tokens, passwords and secrets that are on the disk now.
fn secrets(ground: &Ground) -> Vec<String> {
    let env = ground.sims.env();
    // Of services that were not started there is nothing to leak.
    let read = |name: &str| {
        let path = env.get(name);
        path.and_then(|path| std::fs::read_to_string(path).ok())
            .unwrap_or_default()
    };
    let json = |name: &str| serde_json::from_str::<serde_json::Value>(&read(name)).unwrap_or_default();
    let (token, client) = (json("PHOTOMOVE_GOOGLE_TOKEN"), json("PHOTOMOVE_GOOGLE_CLIENT_SECRET"));
    let cookies = read("PHOTOMOVE_AMAZON_COOKIES");
    let cookies = cookies
        .lines()
        .filter_map(|line| line.split('\t').nth(6).map(str::to_owned));
    let tokens =
        ["access_token", "refresh_token", "id_token"].map(|name| token[name].as_str().unwrap_or("").to_owned());
    let client = client["installed"]["client_secret"].as_str().unwrap_or("").to_owned();
    let servers = env.keys().filter(|name| name.ends_with("PHOTOPRISM_SIGN_IN"));
    let servers = servers.flat_map(|name| {
        let kept = json(name);
        [&kept["sign_in"]["password"], &kept["session"]["token"]].map(|value| value.as_str().unwrap_or("").to_owned())
    });
    let values = cookies.chain(tokens).chain([client]).chain(servers);
    values.filter(|value| value.len() >= 8).collect()
}

/// Says which secret a text holds: only how it begins, so that a failing test prints none.
fn holds_secret(bytes: &[u8], secrets: &[String]) -> Option<String> {
    let words = secrets.iter().map(String::as_str).chain(MARKS);
    let found = words.into_iter().find(|word| contains(bytes, word.as_bytes()));
    found.map(|word| format!("{}…", word.chars().take(7).collect::<String>()))
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    // The first byte is looked for first: windows over megabytes are slow in a debug build.
    let Some((first, rest)) = word.split_first() else {
        return false;
    };
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| byte == first) {
        let after = from + at + 1;
        if bytes[after..].starts_with(rest) {
            return true;
        }
        from = after;
    }
    false
}

/// Checks outputs, the state folder, and everything around it.
pub(super) fn check(ground: &Ground, findings: &mut Findings) {
    let secrets = secrets(ground);
    for path in below(&ground.outputs()).iter().filter(|path| path.is_file()) {
        if let Some(secret) = holds_secret(&std::fs::read(path).unwrap_or_default(), &secrets) {
            findings.add(Rule::Secret, format!("a run printed {secret}: {}", name(path)));
        }
    }
    let outside = ground.outside();
    for path in outside.difference(ground.found()) {
        findings.add(Rule::Stray, format!("{} was written", path.display()));
    }
    let kept = ground.state_dir().join("credentials");
    for path in ground.state_files().iter().filter(|path| path.is_file()) {
        let is_journal = name(path).starts_with(JOB_FILES);
        if is_journal || path.starts_with(&kept) {
            check_private(path, findings);
            continue;
        }
        // Photos on their way are no texts, and large.
        if path.parent().is_some_and(|folder| folder.ends_with("spool")) {
            continue;
        }
        if let Some(secret) = holds_secret(&std::fs::read(path).unwrap_or_default(), &secrets) {
            findings.add(Rule::Secret, format!("{} holds {secret}", path.display()));
        }
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(unix)]
fn check_private(path: &Path, findings: &mut Findings) {
    use std::os::unix::fs::PermissionsExt;
    // Files of a program that runs may go while they are looked at.
    let Ok(metadata) = std::fs::metadata(path) else { return };
    let mode = metadata.permissions().mode() & 0o777;
    findings.check(Rule::Secret, mode & 0o077 == 0, || {
        format!("{} can be read by others: {mode:o}", path.display())
    });
}

#[cfg(not(unix))]
fn check_private(_path: &Path, _findings: &mut Findings) {
    // Elsewhere the folder's access list protects the file; there is no mode to look at.
}

/// The checker would notice: each kind of trace, planted by hand.
#[tokio::test]
async fn planted_traces_are_found() {
    let ground = Ground::start(crate::ground::options()).await;
    let found = |ground: &Ground| {
        let mut findings = Findings::default();
        check(ground, &mut findings);
        findings.to_string()
    };
    assert_eq!(found(&ground), "");
    let own = secrets(&ground);
    assert!(own.len() >= 6, "cookies, tokens and a client secret to look for");
    for secret in own.iter().map(String::as_str).chain(["Bearer ya29.a0else"]) {
        std::fs::write(ground.aside("0.err"), format!("hint: {secret}\n")).expect("written");
        assert!(found(&ground).contains("Secret: a run printed"), "not found");
    }
    std::fs::remove_file(ground.aside("0.err")).expect("removed");
    let state = ground.state_dir();
    std::fs::create_dir_all(&state).expect("folder");
    std::fs::write(state.join("notes.txt"), &own[0]).expect("written");
    assert!(found(&ground).contains("notes.txt holds"), "not found");
    std::fs::remove_file(state.join("notes.txt")).expect("removed");
    let home = state.with_file_name("home");
    std::fs::write(home.join("stray"), "x").expect("written");
    assert!(found(&ground).contains("Stray"), "not found");
}
