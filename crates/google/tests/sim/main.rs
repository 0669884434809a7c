//! The client and the sink against the stand-in of Google Photos.
#![expect(clippy::unwrap_used, reason = "tests and their helpers stop at the first surprise")]

mod client;
mod conformance;
mod import;
mod large;
mod limits;
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
