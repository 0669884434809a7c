//! Options that say how much room there is where the service does not.

use clap::Args;
use photomove_core::{Error, ErrorKind, Result};

use crate::endpoint::{Endpoint, Kind};
use crate::text;

/// Options that say so.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct RoomArgs {
    /// How much storage is free at Google, which does not tell programs: `15GB`; the plan compares
    #[arg(long, value_name = "SIZE")]
    google_free: Option<String>,
}

impl RoomArgs {
    /// Returns the free bytes at a destination, if they were said.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if that is no size, or said of another provider.
    pub(crate) fn free_bytes(&self, to: &Endpoint) -> Result<Option<u64>> {
        let Some(words) = &self.google_free else {
            return Ok(None);
        };
        if to.kind != Kind::Google {
            return Err(
                Error::new(ErrorKind::Config, format!("`--google-free` means nothing for `{to}`")).hint("leave it out"),
            );
        }
        let bytes = text::parse_bytes(words).ok_or_else(|| {
            Error::new(ErrorKind::Config, format!("`--google-free {words}` is no size"))
                .hint("use a number with a unit: `15GB`, `1.5 TB`; https://one.google.com/storage shows it")
        })?;
        Ok(Some(bytes))
    }
}
