//! What can go wrong while a stand-in is started.

use std::io;
use std::path::PathBuf;

use crate::faults::FaultError;

/// Why a stand-in could not be started or filled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimError {
    /// A port could not be opened on 127.0.0.1.
    #[error("port {port} of 127.0.0.1 cannot be opened for {origin}; choose another `--port-base`")]
    Bind {
        /// The listener that wanted it.
        origin: String,
        /// The port, 0 for "any".
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// A file or folder could not be read or written.
    #[error("cannot {what} {}", path.display())]
    Io {
        /// `read`, `write`, `create`.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A fault plan does not make sense.
    #[error(transparent)]
    Faults(#[from] FaultError),
    /// Options that do not go together.
    #[error("{0}")]
    Options(String),
    /// A generated picture or video could not be made; a defect of this crate.
    #[error("cannot generate {what}: {message}")]
    Generate {
        /// The item.
        what: String,
        /// What the encoder said.
        message: String,
    },
}

impl SimError {
    /// Wraps an input or output error with what was being done to which path.
    pub fn io(what: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Io {
            what,
            path: path.into(),
            source,
        }
    }
}
