//! The server itself: health, configuration, settings, log, figures.

use photomove_core::{ErrorKind, Operation, Result};
use photomove_http::Method;
use serde_json::Value;

use super::PhotoPrismClient;
use crate::auth::join;
use crate::wire::{Message, ServerConfig, ServerLogEntry, ServerStatus, Settings};

/// Longest list of figures that is read.
const METRICS_BYTES: usize = 1024 * 1024;

impl PhotoPrismClient {
    /// Asks whether the server is there; needs no sign-in.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if there is no PhotoPrism at the address.
    pub async fn status(&self) -> Result<ServerStatus> {
        let url = self.api(&["status"]);
        self.unsigned(url).await?.json().await
    }

    /// Asks whether the server runs, outside the interface; needs no sign-in. Releases without it are not unwell.
    ///
    /// # Errors
    /// When it does not answer with a success.
    pub async fn health(&self) -> Result<()> {
        let url = join(self.site(), &["health"]);
        self.unsigned(url).await.map(drop)
    }

    /// Reads what the server is and can, as the sign-in sees it. Open to every scope.
    ///
    /// A sign-in that is over is no error here: the answer then has mode
    /// [`ConfigMode::Public`](crate::wire::ConfigMode::Public).
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn config(&self) -> Result<ServerConfig> {
        let config: ServerConfig = self
            .json(self.call(Operation::Connect, Method::GET, &["config"]))
            .await?;
        self.note_config(&config);
        Ok(config)
    }

    /// Reads what the server tells everybody, without signing in.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn public_config(&self) -> Result<ServerConfig> {
        let url = self.api(&["config"]);
        self.unsigned(url).await?.json().await
    }

    /// Reads the settings.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] if the scope lacks `settings`.
    pub async fn settings(&self) -> Result<Settings> {
        self.json(self.call(Operation::Prepare, Method::GET, &["settings"]))
            .await
    }

    /// Changes settings: what `change` does not name stays. Returns all of them as they are now.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] if the scope lacks `settings`, the account is no administrator's, or settings are locked.
    pub async fn change_settings(&self, change: &Settings) -> Result<Settings> {
        let call = self.call(Operation::Prepare, Method::POST, &["settings"]);
        // Twice is as good as once.
        self.json(call.repeatable(true).json(change)).await
    }

    /// Reads the options that the server was started with; for administrators.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] for all others.
    pub async fn config_options(&self) -> Result<Value> {
        self.json(self.call(Operation::Connect, Method::GET, &["config", "options"]))
            .await
    }

    /// Reads the log of warnings and errors, the newest first; `query` is looked for in the texts, empty for all.
    ///
    /// Uploads that came to nothing are explained here, though not all of them.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] if the scope lacks `logs`.
    pub async fn log(&self, count: u32, offset: u32, query: &str) -> Result<Vec<ServerLogEntry>> {
        let (count, offset) = (count.to_string(), offset.to_string());
        let call = self.call(Operation::Verify, Method::GET, &["errors"]);
        let pairs = [("count", count.as_str()), ("offset", offset.as_str()), ("q", query)];
        self.json(call.query(&pairs)).await
    }

    /// Empties the log.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] if the sign-in may not, and in public mode.
    pub async fn clear_log(&self) -> Result<Message> {
        self.json(self.call(Operation::Prepare, Method::DELETE, &["errors"]))
            .await
    }

    /// Reads the server's figures as Prometheus text.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] if the scope lacks `metrics`.
    pub async fn metrics(&self) -> Result<String> {
        let call = self.call(Operation::Connect, Method::GET, &["metrics"]);
        self.send(call.header("accept", "text/plain"))
            .await?
            .text(METRICS_BYTES)
            .await
    }

    async fn unsigned(&self, url: url::Url) -> Result<photomove_http::Reply> {
        self.0
            .http
            .call(Operation::Connect, Method::GET, url)
            .bucket(super::READS)
            .header("accept", "application/json")
            .redirects_to_any_origin(false)
            .html_is_error()
            .send()
            .await
            .map_err(|error| match error.kind() {
                ErrorKind::Auth(_) => {
                    error.hint_instead("a proxy in front of the server may want a sign-in of its own")
                }
                _ => error,
            })
    }
}
