//! One file per command: its arguments and what it does.

pub(crate) mod apply;
pub(crate) mod auth;
pub(crate) mod completions;
#[cfg(all(feature = "amazon", feature = "google"))]
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod man;
pub(crate) mod migrate;
#[cfg(feature = "photoprism")]
pub(crate) mod photoprism;
pub(crate) mod plan;
pub(crate) mod report;
pub(crate) mod retry;
pub(crate) mod sim;
pub(crate) mod status;
#[cfg(any(feature = "amazon", feature = "google", feature = "photoprism"))]
pub(crate) mod usage;
pub(crate) mod verify;
