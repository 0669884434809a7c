//! The client and the sink against the stand-in of Google Photos.

mod client;
mod conformance;
mod login;
mod recordings;
mod renewal;
mod support;
mod transfer;
mod verification;
