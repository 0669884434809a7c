//! What to do about a file that is not proven to be at the destination: the one place that says it.

/// Kind of reason, a few words for it, and what to do.
const REMEDIES: [(&str, &str, &str); 36] = [
    (
        "bad_batch",
        "refused with the others of its batch",
        "run `photomove retry`",
    ),
    (
        "cancelled",
        "stopped in the middle",
        "run the same command again: it goes on from here",
    ),
    (
        "config",
        "a setting was in the way",
        "put the setting right that the message names, then run `photomove retry`",
    ),
    (
        "conflict",
        "another item is in its place",
        "look at the destination whether it is the same picture; if it is not, upload this one by hand",
    ),
    (
        "corrupt",
        "arrived damaged from the source",
        "run `photomove retry` another day; if it stays so, download the file from the source and look whether it opens",
    ),
    (
        "destination_full",
        "no room at the destination",
        "make room at the destination, then run `photomove retry`",
    ),
    (
        "differs",
        "the destination holds other bytes",
        "keep the original at the source; delete the item at the destination, then run `photomove retry`",
    ),
    (
        "drift",
        "not as the plan says",
        "make a new plan with `photomove plan FROM TO --out FILE` and apply that one",
    ),
    (
        "empty",
        "the file is empty",
        "nothing can be moved: the source has no bytes of it; look whether another copy exists",
    ),
    (
        "gone",
        "gone at the source",
        "nothing to do if it was deleted on purpose; else restore it at the source and run the same command again",
    ),
    (
        "hidden_there",
        "hidden at the destination",
        "delete the hidden item there for good, then run `photomove retry --retry-refused`",
    ),
    (
        "in_use",
        "in use by something else",
        "end the other run, then run the same command again",
    ),
    (
        "internal",
        "a defect of photomove",
        "run `photomove retry`; if it stays so, please report it with the message",
    ),
    (
        "left_out",
        "left out by the plan",
        "make a new plan with `photomove plan FROM TO --out FILE` if it is to be moved now",
    ),
    (
        "lost_reply",
        "the reply got lost",
        "run the same command again: it finds out what became of it",
    ),
    (
        "missing",
        "missing at the destination",
        "look into the bin at the destination; if it is not there, run `photomove retry`, which sends it again",
    ),
    (
        "network",
        "the network failed",
        "run `photomove retry` once the network is back",
    ),
    (
        "no_proof",
        "arrived, the destination gives no proof",
        "nothing is known to be wrong; to be sure, download it from the destination and check it with the list that `photomove report --sha1 FILE` writes",
    ),
    (
        "no_source_hash",
        "arrived, the source gave no checksum",
        "nothing is known to be wrong; to be sure, compare it with the original by eye, or download both and compare their hashes",
    ),
    (
        "not_found",
        "not found",
        "look for it at the source; if it is there, run `photomove retry`",
    ),
    (
        "protocol",
        "an answer that could not be understood",
        "run `photomove retry` another day, or update photomove: the service may have changed",
    ),
    (
        "quota",
        "the day's requests were used up",
        "run the same command again tomorrow",
    ),
    (
        "rate_limited",
        "the service asked to slow down",
        "run `photomove retry` in an hour",
    ),
    (
        "rejected_damaged",
        "refused as damaged",
        "open the original at the source; if it opens, save it anew as JPEG or MP4 and upload that by hand",
    ),
    (
        "rejected_invalid",
        "refused by the destination",
        "the message says why; shorten the name or the description at the source if it is one of them, then run `photomove retry --retry-refused`",
    ),
    (
        "rejected_media_type",
        "refused because of its type",
        "open it: it may be damaged; if it shows, save it as JPEG or MP4 and upload that by hand, and keep the original elsewhere",
    ),
    (
        "rejected_policy",
        "refused by the destination's rules",
        "keep the original elsewhere; the message says which rule it is",
    ),
    (
        "rejected_too_large",
        "too large",
        "make it smaller, or cut the video in parts, and upload that by hand; where the message names `--spool-max`, allow more and run with `--retry-refused`",
    ),
    (
        "session_over",
        "the session ended on the way",
        "run the same command again: what was sent under the old session is sent again",
    ),
    (
        "sign_in",
        "a sign-in was needed",
        "sign in again, then run `photomove retry`",
    ),
    (
        "timeout",
        "it took too long",
        "run `photomove retry`, at a time with less on the line",
    ),
    (
        "unavailable",
        "the service was not available",
        "run `photomove retry` in an hour",
    ),
    (
        "unknown_outcome",
        "nobody knows whether it arrived",
        "look for it at the destination; only if it is not there, upload it by hand: photomove does not send it a second time",
    ),
    (
        "unsupported",
        "the destination cannot do that",
        "upload it by hand, or keep it elsewhere",
    ),
    (
        "waiting",
        "its turn is still to come",
        "run the same command again: it goes on where it stopped",
    ),
    (
        "wrong_account",
        "another account was signed in",
        "sign in to the account that the migration was begun with, then run `photomove retry`",
    ),
];

/// A few words for a kind of reason.
pub(crate) fn words(kind: &str) -> &'static str {
    find(kind).map_or("another reason", |(_, words, _)| words)
}

/// What to do about a kind of reason.
pub(crate) fn remedy(kind: &str) -> &'static str {
    find(kind).map_or(
        "read the message; `photomove retry` tries it again",
        |(_, _, remedy)| remedy,
    )
}

fn find(kind: &str) -> Option<&'static (&'static str, &'static str, &'static str)> {
    REMEDIES.iter().find(|(known, _, _)| *known == kind)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use photomove_migrate::Reason;

    use super::*;

    #[test]
    fn every_kind_of_reason_has_a_remedy_and_no_other() {
        let known: BTreeSet<&str> = REMEDIES.iter().map(|(kind, _, _)| *kind).collect();
        let listed: BTreeSet<&str> = Reason::KINDS.iter().copied().collect();
        assert_eq!(known, listed);
        assert_eq!(known.len(), REMEDIES.len(), "each once");
    }

    #[test]
    fn remedies_are_one_sentence_without_a_period() {
        for (kind, words, remedy) in REMEDIES {
            for text in [words, remedy] {
                assert!(
                    !text.is_empty() && !text.ends_with('.') && !text.contains('\n'),
                    "{kind}: {text}"
                );
            }
            assert_eq!(remedy.matches('`').count() % 2, 0, "{kind}");
        }
    }

    #[test]
    fn a_kind_of_a_later_version_has_words_too() {
        assert_eq!(words("new"), "another reason");
        assert!(remedy("new").contains("retry"));
    }
}
