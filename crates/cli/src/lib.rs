//! Command line of photomove: arguments, settings, commands, printing, exit codes.
//!
//! [`run`] is the whole program; the binary of the package `photomove` calls it. With the features `amazon` and
//! `google` the providers of those names can be reached; the rest works without them.
#![doc = include_str!("json.md")]
#![cfg_attr(
    not(all(feature = "amazon", feature = "google")),
    allow(
        dead_code,
        unused_imports,
        unreachable_code,
        unused_variables,
        reason = "what a missing provider would use"
    )
)]

mod again;
mod app;
mod args;
mod ask;
mod commands;
mod drill;
mod endpoint;
mod errors;
mod exit;
mod log;
mod normalise;
mod notify;
mod print;
mod progress;
mod providers;
mod report;
#[cfg(debug_assertions)]
mod service_clock;
mod settings;
mod signal;
mod terminal;
#[cfg(test)]
mod tests;
mod text;

pub use app::run;
