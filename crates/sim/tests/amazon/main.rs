//! Behaviour of the stand-in of Amazon Photos over real TCP, one test for each.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod auth;
mod bytes;
mod listing;
mod samples;
mod search;
mod session;
mod shapes;
mod support;
mod videos;
