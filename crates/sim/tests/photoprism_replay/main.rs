//! The stand-in of PhotoPrism against what a real server answered: the recorded requests are sent to it, and status, keys,
//! types and nulls of its answers must be the recorded ones, looked at from both sides.
//!
//! Ids, tokens and hashes of generated previews are bound as they appear; the clock is set to the recorded time before each
//! request. The recordings lie in the client's crate and the sample pictures beside the repository; where they are missing
//! the tests say so and pass, unless `PHOTOMOVE_REQUIRE` names `recordings` or `samples`.
#![expect(clippy::expect_used, reason = "a test stops where an expectation does not hold")]

mod bind;
mod compare;
mod known;
mod library;
mod metadata;
mod recipes;
mod recording;
mod replayer;
mod scenarios;
mod scopes;
mod totp;
mod websocket;

use known::KNOWN;
use recording::{Exchange, folder, read, samples};
use replayer::{Difference, Replayer};
use scenarios::{Chain, chain};

/// One test for each chain, and the list of them.
macro_rules! chains {
    ($($test:ident = $name:literal),* $(,)?) => {
        const CHAINS: &[&str] = &[$($name),*];
        $(
            #[tokio::test]
            async fn $test() {
                answers_are_those_recorded($name).await;
            }
        )*
    };
}

chains! {
    library = "library",
    photos_get_update = "photos-get-update",
    odds = "odds",
    sessions = "sessions",
    upload_single = "upload-single",
    upload_png_named_jpg = "upload-png-named-jpg",
    upload_live_photo = "upload-live-photo",
    upload_raw_jpeg = "upload-raw-jpeg",
    upload_duplicate = "upload-duplicate",
    upload_duplicate_archived = "upload-duplicate-archived",
    upload_same_basename = "upload-same-basename",
    upload_zero_byte = "upload-zero-byte",
    upload_unsupported = "upload-unsupported",
    upload_truncated_jpeg = "upload-truncated-jpeg",
    upload_sidecars = "upload-sidecars",
    app_password = "app-password",
    session_two_factors = "session-2fa",
    import_index = "import-index",
    client_credentials = "client-credentials",
    webdav = "webdav",
    session_expiry = "session-expiry",
    public_mode = "public-mode",
    readonly = "readonly",
    session_restart = "session-restart",
    features_off = "features-off",
    config = "config",
    errors = "errors",
    merge = "merge",
    limits = "limits",
    late_merge = "late-merge",
    same_token_twice = "same-token-twice",
}

/// Sends the exchanges of a chain of recordings to one stand-in.
async fn replay(chain: &Chain) -> Option<Vec<Difference>> {
    let folder = folder()?;
    let recordings: Vec<_> = chain
        .recordings
        .iter()
        .map(|name| (*name, read(&folder, name)))
        .collect();
    let uploads = recordings
        .iter()
        .flat_map(|(_, recording)| &recording.exchanges)
        .any(|exchange| {
            let parts = exchange
                .request
                .iter()
                .filter_map(|request| request.multipart.as_ref())
                .flatten();
            parts
                .filter_map(|part| part.file.as_ref())
                .any(|file| recipes::needs_samples(file))
        });
    let samples = match uploads || chain.needs_samples {
        true => Some(samples()?),
        false => None,
    };
    let began = recordings[0].1.exchanges.iter().find_map(Exchange::answered_at);
    let mut replayer = Replayer::start(chain, began, samples.clone()).await;
    (chain.prepare)(&mut replayer, &folder);
    let mut differences = Vec::new();
    for (name, recording) in &recordings {
        for exchange in &recording.exchanges {
            if let Some((_, next)) = chain.next_server.as_ref().filter(|(first, _)| exchange.name == *first) {
                differences.append(&mut replayer.differences);
                replayer = Replayer::start(next, exchange.answered_at(), samples.clone()).await;
            }
            (chain.before)(&mut replayer, exchange);
            for [_, method, path, body] in chain.silent.iter().filter(|own| own[0] == exchange.name) {
                replayer.silently(method, path, body).await;
            }
            for overlap in chain.overlaps.iter().filter(|own| own.before == exchange.name) {
                let own = recording.exchanges.iter();
                let own: Vec<_> = own.filter(|own| overlap.names.contains(&own.name.as_str())).collect();
                replayer.begin(name, overlap, &own).await;
            }
            replayer.exchange(name, exchange).await;
            if exchange
                .note
                .as_deref()
                .unwrap_or_default()
                .contains("restarted after this exchange")
            {
                replayer.sim().restart(false);
            }
        }
    }
    differences.append(&mut replayer.differences);
    Some(differences)
}

async fn answers_are_those_recorded(name: &str) {
    let chain = chain(name);
    let Some(differences) = replay(&chain).await else {
        return;
    };
    known::check(&chain.recordings, &differences);
}

/// Files that are no lists of exchanges, each with the module or the reason that accounts for it.
const OTHERS: &[(&str, &str)] = &[
    ("scopes", "scopes.rs"),
    ("upload-metadata", "metadata.rs"),
    ("websocket", "websocket.rs"),
    (
        "performance",
        "nothing to replay: times of a real server, of which the stand-in has none",
    ),
];

/// Names of all recordings that some test looks at, sorted.
pub(crate) fn accounted() -> Vec<&'static str> {
    let replayed = CHAINS.iter().flat_map(|name| chain(name).recordings);
    let mut names: Vec<&str> = OTHERS.iter().map(|(name, _)| *name).chain(replayed).collect();
    names.sort_unstable();
    names
}

#[test]
fn every_recording_is_replayed() {
    let Some(folder) = folder() else { return };
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .expect("the folder is there")
        .flatten()
        .filter_map(|file| Some(file.file_name().to_str()?.strip_suffix(".json")?.to_owned()))
        .collect();
    files.sort();
    assert_eq!(files, accounted());
}

#[test]
fn the_list_of_known_differences_is_short_and_gives_reasons() {
    assert!(KNOWN.len() <= 10, "{} known differences", KNOWN.len());
    assert!(
        KNOWN
            .iter()
            .all(|known| known.reason.len() > 20 && !known.places.is_empty())
    );
}
