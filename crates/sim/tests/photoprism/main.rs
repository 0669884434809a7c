//! The PhotoPrism stand-in over real HTTP: each rule of the protocol as a client meets it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops where an expectation does not hold"
)]

mod dav;
mod faults;
mod ingest;
mod oauth;
mod options;
mod routes;
mod server;
mod sign_in;
mod socket;
mod support;
