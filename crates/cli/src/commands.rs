//! One file per command: its arguments and what it does.

pub(crate) mod auth;
#[cfg(all(feature = "amazon", feature = "google"))]
pub(crate) mod demo;
pub(crate) mod migrate;
pub(crate) mod plan;
pub(crate) mod sim;
pub(crate) mod status;
#[cfg(any(feature = "amazon", feature = "google"))]
pub(crate) mod usage;
