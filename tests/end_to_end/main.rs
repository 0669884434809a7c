//! The program as a person runs it, against the stand-ins over real TCP.
#![expect(clippy::expect_used, reason = "an expectation that fails is a test that fails")]

mod accounting;
mod credentials;
mod demo;
#[cfg(debug_assertions)]
mod drills;
mod examples;
mod exits;
mod messages;
mod readme;
mod recordings;
mod requests;
mod samples;
#[cfg(unix)]
mod signals;
mod support;
