//! The provider against servers that answer what a stand-in never would: real HTTP, one server per test.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod account;
mod content;
mod hostile;
mod listing;
mod renewal;
mod set_cookie;
mod support;
