//! Every fault of a plan over real TCP.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod answers;
mod connections;
mod listings;
mod plans;
mod support;
mod uploads;
