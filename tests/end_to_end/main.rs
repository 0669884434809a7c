//! The program as a person runs it, against the stand-ins over real TCP.
#![expect(clippy::expect_used, reason = "an expectation that fails is a test that fails")]

mod accounting;
mod browser;
mod credentials;
mod demo;
#[cfg(debug_assertions)]
mod drills;
mod examples;
mod exits;
mod filters;
#[cfg(target_os = "linux")]
mod keys;
mod log_file;
mod messages;
mod photoprism;
mod proxies;
mod readme;
mod recordings;
mod requests;
mod samples;
// Needs a terminal of Linux and the clock that debug builds share with the stand-ins; what it writes is the same elsewhere.
#[cfg(all(target_os = "linux", debug_assertions))]
mod session;
#[cfg(target_os = "linux")]
mod sign_in;
#[cfg(unix)]
mod signals;
mod support;
#[cfg(target_os = "linux")]
mod terminal;
