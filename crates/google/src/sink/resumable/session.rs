//! What is written down of an upload under way.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use photomove_core::{Checksums, Staged};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::client::LARGEST_GRANULARITY;
use crate::proof::Kind;

/// How long a session is taken up again. The service does not say how long one lives (*unknown*).
const LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// An upload under way, kept in [`Staged::token`] so that it outlives the process.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::sink) struct Session {
    /// Address of the session; as good as a key.
    pub(super) session: Url,
    /// Every piece but the last is a multiple of this, in bytes.
    pub(super) granularity: u64,
    /// Length of the file.
    pub(super) size_bytes: u64,
    /// When it began.
    pub(super) started: Timestamp,
    /// Whose it is.
    pub(super) owner: String,
    /// Hashes of the file as far as they are known; that of the whole, once its end was sent.
    pub(super) sums: Checksums,
}

impl Session {
    /// Reads what [`Session::staged`] wrote; `None` for an upload token, which is no session.
    pub(in crate::sink) fn from_staged(staged: &Staged) -> Option<Self> {
        let session: Self = serde_json::from_str(staged.token.expose_secret()).ok()?;
        (1..=LARGEST_GRANULARITY)
            .contains(&session.granularity)
            .then_some(session)
    }

    pub(super) fn staged(&self) -> Staged {
        Staged {
            // A struct of texts and numbers always becomes JSON; no text is no session.
            token: SecretString::from(serde_json::to_string(self).unwrap_or_default()),
            until: self.started.checked_add(LIFE).ok(),
            bound_to: None,
            visible: None,
        }
    }

    /// Says on which way its bytes go.
    pub(super) fn kind(&self) -> Kind {
        Kind::Resumable {
            granularity: self.granularity,
        }
    }

    /// Says whether nobody knows any more that the service remembers it. A clock that was set back makes none old.
    pub(super) fn is_old(&self, now: Timestamp) -> bool {
        Duration::try_from(now.duration_since(self.started)).is_ok_and(|age| age >= LIFE)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("size_bytes", &self.size_bytes)
            .field("started", &self.started)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::Upload;

    fn session() -> Session {
        Session {
            session: Url::parse("https://photoslibrary.googleapis.com/v1/uploads?upload_id=s3cret").unwrap(),
            granularity: 262_144,
            size_bytes: 12_000_000_000,
            started: "2026-11-21T20:00:00Z".parse().unwrap(),
            owner: "google:1@2".to_owned(),
            sums: Checksums::of(b"x"),
        }
    }

    #[test]
    fn a_session_survives_its_journal_and_an_upload_token_is_none() {
        let staged = session().staged();
        assert_eq!(Session::from_staged(&staged), Some(session()));
        assert!(!format!("{:?} {staged:?}", session()).contains("s3cret"));
        for granularity in [0, LARGEST_GRANULARITY + 1] {
            let odd = Session {
                granularity,
                ..session()
            };
            assert_eq!(Session::from_staged(&odd.staged()), None, "{granularity}");
        }
        let upload = Upload::new("CAIS6g".to_owned(), "a.jpg", &Checksums::of(b"x"));
        for token in [upload.to_secret(), "CAIS6g/+=".into()] {
            let staged = Staged {
                token,
                ..session().staged()
            };
            assert_eq!(Session::from_staged(&staged), None);
        }
    }

    #[test]
    fn a_session_is_old_after_a_day_also_by_a_clock_that_was_set_back() {
        let session = session();
        let hours = |hours: i64| session.started + jiff::SignedDuration::from_hours(hours);
        assert!(!session.is_old(hours(0)) && !session.is_old(hours(23)) && !session.is_old(hours(-48)));
        assert!(session.is_old(hours(24)));
    }
}
