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
mod recipes;
mod recording;
mod replayer;
mod scenarios;
mod totp;

use rstest::rstest;

use known::KNOWN;
use recording::{Exchange, folder, read, samples};
use replayer::{Difference, Replayer};
use scenarios::{Chain, chain};

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

#[rstest]
#[case("library")]
#[case("photos-get-update")]
#[case("odds")]
#[case("sessions")]
#[case("upload-single")]
#[case("upload-png-named-jpg")]
#[case("upload-live-photo")]
#[case("upload-raw-jpeg")]
#[case("upload-duplicate")]
#[case("upload-duplicate-archived")]
#[case("upload-same-basename")]
#[case("upload-zero-byte")]
#[case("upload-unsupported")]
#[case("upload-truncated-jpeg")]
#[case("upload-sidecars")]
#[case("app-password")]
#[case("session-2fa")]
#[case("import-index")]
#[case("client-credentials")]
#[case("webdav")]
#[case("session-expiry")]
#[case("public-mode")]
#[case("readonly")]
#[case("session-restart")]
#[case("features-off")]
#[case("config")]
#[case("errors")]
#[case("merge")]
#[case("limits")]
#[case("late-merge")]
#[tokio::test]
async fn answers_are_those_recorded(#[case] name: &str) {
    let Some(differences) = replay(&chain(name)).await else {
        return;
    };
    let unknown: Vec<String> = differences
        .iter()
        .filter(|difference| !KNOWN.iter().any(|known| known.explains(difference)))
        .map(ToString::to_string)
        .collect();
    assert!(
        unknown.is_empty(),
        "{} differences:\n{}",
        unknown.len(),
        unknown.join("\n")
    );
}

#[test]
fn the_list_of_known_differences_is_short_and_gives_reasons() {
    assert!(KNOWN.len() <= 10, "{} known differences", KNOWN.len());
    assert!(KNOWN.iter().all(|known| known.reason.len() > 20));
}
