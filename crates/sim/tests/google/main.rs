//! The Google stand-in over real HTTP: each rule of the protocol as a client meets it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops where an expectation does not hold"
)]

mod albums;
mod create;
mod limits;
mod read;
mod resumable;
mod samples;
mod session;
mod sign_in;
mod support;
mod upload;
