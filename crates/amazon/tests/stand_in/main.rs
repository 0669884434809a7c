//! The provider against the stand-in of its service: real HTTP, several origins, no account.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conformance;
mod endpoints;
mod errors;
mod filters;
mod listing;
mod originals;
mod renewal;
mod support;
