//! Import and index runs of the server.

use std::time::Duration;

use photomove_core::{Error, ErrorKind, Operation, Result};
use photomove_http::Method;
use serde::Serialize;

use super::PhotoPrismClient;
use crate::wire::Message;

/// A run over a large library takes hours; the server goes on without its client.
const RUN_TIMEOUT: Duration = Duration::from_secs(12 * 60 * 60);

/// What an import run takes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ImportRun {
    /// Folder below the server's import folder; empty for all of it.
    pub path: String,
    /// Whether imported files, duplicates and empty folders are deleted there. Without it, doing it again imports nothing
    /// new but reads everything again.
    #[serde(rename = "move")]
    pub move_files: bool,
    /// Albums by id or title; see [`PhotoPrismClient::process_upload`] about titles.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub albums: Vec<String>,
}

/// What an index run looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IndexRun {
    /// Folder below the originals; `/` for all of them. One that does not exist is told in the server's log only.
    pub path: String,
    /// Whether files that did not change are read again.
    pub rescan: bool,
    /// Whether thumbnails and companions that belong to nothing are deleted; for administrators.
    pub cleanup: bool,
}

impl Default for IndexRun {
    fn default() -> Self {
        Self {
            path: "/".to_owned(),
            rescan: false,
            cleanup: false,
        }
    }
}

impl PhotoPrismClient {
    /// Imports files that lie in the server's import folder; returns when all is done.
    ///
    /// The server says "completed" also when it did nothing: because another run is active, or the folder is empty or does
    /// not exist. Only the events tell, see [`crate::client`].
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] if imports are switched off, the server is read-only, or the client acts for no user.
    pub async fn import(&self, run: &ImportRun) -> Result<Message> {
        // Without the slash the server redirects.
        let call = self.long_call(Operation::Commit, Method::POST, &["import", ""]);
        self.json(call.timeout(RUN_TIMEOUT).json(run)).await
    }

    /// Stops an import run after its present file; uploads that are processed go on. The run still says "completed".
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn cancel_import(&self) -> Result<Message> {
        self.delete(Operation::Commit, &["import"]).await
    }

    /// Looks through the originals; returns when all is done.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] if another run is active; [`ErrorKind::Auth`] if it is not allowed.
    pub async fn index(&self, run: &IndexRun) -> Result<Message> {
        let call = self.long_call(Operation::Commit, Method::POST, &["index"]);
        self.json(call.timeout(RUN_TIMEOUT).json(run)).await.map_err(busy)
    }

    /// Stops an index run after its present file.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn cancel_index(&self) -> Result<Message> {
        self.delete(Operation::Commit, &["index"]).await
    }
}

/// The server calls it a fault of its own when it is busy, and says so in its own language.
fn busy(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Unavailable { .. } => error.hint_instead(
            "another import or index run is probably active: wait for it, or stop it with `photomove photoprism index \
             --cancel` or `photomove photoprism import --cancel`",
        ),
        _ => error,
    }
}
