//! What the engine tells while it works.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Is told what happens, in order, from the engine's own tasks; must return quickly.
pub trait Observer: fmt::Debug + Send + Sync {
    /// Takes one event.
    fn event(&self, event: &Event);
}

/// An observer that looks away.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoObserver;

impl Observer for NoObserver {
    fn event(&self, _event: &Event) {}
}

/// Part of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Stage {
    /// Checking both accounts.
    Connect,
    /// Finding out what became of calls of an earlier run.
    Settle,
    /// Listing the source.
    Discover,
    /// Working out what is to be done.
    Plan,
    /// Receiving, hashing and sending; items are created and verified meanwhile.
    Transfer,
    /// Adding up.
    Report,
    /// Looking again at what the destination holds.
    Verify,
}

/// Why nothing seems to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WaitReason {
    /// A failed item or call is tried again later.
    Backoff,
    /// The destination shows items only after a while.
    Visibility,
    /// Requests that are under way are finished, no new ones are begun.
    Draining,
    /// A limit is reached: nothing more is sent, and what was sent becomes items.
    Closing,
    /// A person lets the run pause: what is under way goes on, nothing else is begun.
    Paused,
    /// The service takes no more requests for a while.
    RateLimited,
}

/// What became of a part; each part ends in exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Arrived, and the service proves it.
    Verified,
    /// Arrived, but the service gives no proof.
    Unverifiable,
    /// The destination had it before.
    AlreadyThere,
    /// Left out on purpose.
    Skipped,
    /// Did not arrive.
    Failed,
}

/// Why something was skipped or failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// Short name for programs, such as `corrupt` or `rejected_media_type`.
    pub kind: String,
    /// One line for people.
    pub message: String,
}

impl Reason {
    /// All kinds that a journal of this version can hold or a report can give.
    pub const KINDS: &'static [&'static str] = &[
        "bad_batch",
        "cancelled",
        "config",
        "conflict",
        "corrupt",
        "destination_full",
        "differs",
        "drift",
        "empty",
        "gone",
        "hidden_there",
        "in_use",
        "internal",
        "left_out",
        "lost_reply",
        "missing",
        "network",
        "no_proof",
        "no_source_hash",
        "not_found",
        "protocol",
        "quota",
        "rate_limited",
        "rejected_damaged",
        "rejected_invalid",
        "rejected_media_type",
        "rejected_policy",
        "rejected_too_large",
        "session_over",
        "sign_in",
        "timeout",
        "unavailable",
        "unknown_outcome",
        "unsupported",
        "waiting",
        "wrong_account",
    ];

    /// Says why a part was left out, from the words in the journal.
    pub(crate) fn of_skipped(message: String) -> Self {
        if message.starts_with("drift: ") {
            return Self {
                kind: "drift".into(),
                message,
            };
        }
        if message.starts_with("plan: ") {
            return Self {
                kind: "left_out".into(),
                message,
            };
        }
        Self {
            kind: "gone".into(),
            message,
        }
    }
}

/// Counters of a job, over all its runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Progress {
    /// Whether the listing of the source is complete.
    pub listed: bool,
    /// Parts found.
    pub found: u64,
    /// Their bytes, as far as known.
    pub found_bytes: u64,
    /// Bytes received in this run.
    pub received_bytes: u64,
    /// Files sent in this run.
    pub uploaded: u64,
    /// Bytes of the files sent in this run.
    pub uploaded_bytes: u64,
    /// Items created in this run.
    pub created: u64,
    /// Parts in their final outcome.
    pub done: u64,
    /// Bytes of the parts in their final outcome.
    pub done_bytes: u64,
    /// Parts verified.
    pub verified: u64,
    /// Parts that arrived without proof.
    pub unverifiable: u64,
    /// Parts that the destination had before.
    pub already_there: u64,
    /// Parts left out.
    pub skipped: u64,
    /// Parts that failed.
    pub failed: u64,
    /// Albums created in this run.
    pub albums: u64,
    /// Whole items and calls tried again in this run.
    pub retries: u64,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// A stage began.
    Stage {
        /// Which.
        stage: Stage,
    },
    /// The counters changed.
    Progress(Progress),
    /// Nothing can be done for a while.
    Waiting {
        /// Why.
        reason: WaitReason,
        /// Until when, if known.
        until: Option<Timestamp>,
    },
    /// A file reached its outcome: told once for each file, in the run in which it reached it.
    Item {
        /// Name as the source said it.
        name: String,
        /// Id of the asset at the source.
        asset: String,
        /// What became of it.
        outcome: Outcome,
        /// Why, unless it arrived.
        reason: Option<Reason>,
    },
    /// A file or a call is tried again.
    Retry {
        /// File name or what was being done.
        what: String,
        /// Why.
        reason: Reason,
        /// Not before.
        at: Option<Timestamp>,
    },
    /// An album was created or given up.
    Album {
        /// Title.
        title: String,
        /// Why it could not be created.
        reason: Option<Reason>,
    },
    /// Something cannot be kept, such as the end of a title that is too long.
    Loss {
        /// What, in words for people.
        what: String,
    },
    /// A page of the listing had an item that cannot be read.
    Unreadable {
        /// Why.
        reason: Reason,
    },
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// Every `kind: "…"` and every name that an error kind is given, read from the sources: whoever adds one is told to add
    /// it to the list, and with it a remedy.
    #[test]
    fn all_kinds_of_reasons_are_listed() {
        let mut written = BTreeSet::new();
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut written);
        let listed: BTreeSet<String> = Reason::KINDS.iter().map(|kind| (*kind).to_owned()).collect();
        assert!(
            written.contains("rejected_media_type") && written.contains("gone"),
            "{written:?}"
        );
        assert_eq!(written, listed);
    }

    fn collect(folder: &Path, written: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let is_test = path.file_stem().is_some_and(|name| name == "tests");
            if path.is_dir() && !is_test {
                collect(&path, written);
            } else if path.extension().is_some_and(|ending| ending == "rs") && !is_test {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap_or_default();
                written.extend(quoted(code, "kind: \""));
                if let Some(names) = code.split("fn kind_name(").nth(1) {
                    written.extend(quoted(names, "=> \""));
                }
            }
        }
    }

    fn quoted(code: &str, before: &str) -> Vec<String> {
        code.split(before)
            .skip(1)
            .filter_map(|rest| rest.split_once('"'))
            .map(|(word, _)| word.to_owned())
            .collect()
    }
}
