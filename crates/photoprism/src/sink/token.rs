//! What is kept of a staged file: under which token and name it waits, and what it is known by.

use photomove_core::{Checksums, Staged};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// A staged file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ticket {
    /// Token of its bundle at the server.
    #[serde(rename = "t")]
    pub(super) token: String,
    /// Name that it was sent under.
    #[serde(rename = "n")]
    pub(super) name: String,
    /// SHA-1 in hex.
    #[serde(rename = "h")]
    pub(super) sha1: String,
    #[serde(rename = "s")]
    pub(super) size_bytes: u64,
}

impl Ticket {
    /// Reads it back; `None` if it is none of ours.
    pub(super) fn of(staged: &Staged) -> Option<Self> {
        let ticket: Self = serde_json::from_str(staged.token.expose_secret()).ok()?;
        Checksums::sha1_from_hex(&ticket.sha1)?;
        Some(ticket)
    }

    pub(super) fn to_secret(&self) -> SecretString {
        serde_json::to_string(self).unwrap_or_default().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn staged(text: &str) -> Staged {
        Staged {
            token: text.to_owned().into(),
            until: None,
            bound_to: None,
            visible: None,
        }
    }

    #[test]
    fn tickets_survive_being_written_down() {
        let ticket = Ticket {
            token: "photomove-1".into(),
            name: "Größe \"1\".jpg".into(),
            sha1: "82c61c54275982e72e1cfb13e4e3bba3e26b3da0".into(),
            size_bytes: 7,
        };
        let written = ticket.to_secret();
        assert_eq!(Ticket::of(&staged(written.expose_secret())), Some(ticket));
        for strange in ["", "nobody-ever-gave-this", r#"{"t":"a","n":"b","h":"c","s":1}"#] {
            assert_eq!(Ticket::of(&staged(strange)), None, "{strange}");
        }
    }
}
