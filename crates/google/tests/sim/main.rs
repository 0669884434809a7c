//! The client and the sink against the stand-in of Google Photos.
#![expect(clippy::unwrap_used, reason = "tests and their helpers stop at the first surprise")]

mod client;
mod conformance;
mod large;
mod login;
mod oddities;
mod recordings;
mod recovery;
mod renewal;
mod resumable;
mod sessions;
mod support;
mod transfer;
mod verification;
