//! Command line of photomove: arguments, settings, commands, printing, exit codes.
//!
//! [`run`] is the whole program; the binary of the package `photomove` calls it. With the features `amazon`, `google` and
//! `photoprism` the providers of those names can be reached; the rest works without them.
#![doc = include_str!("json.md")]
#![cfg_attr(
    not(all(feature = "amazon", feature = "google", feature = "photoprism")),
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
mod clean;
mod commands;
mod contact;
mod drill;
mod endpoint;
mod errors;
mod exit;
mod filters;
#[cfg(feature = "amazon")]
mod firefox;
mod jobs;
mod keys;
mod limits;
mod log;
mod normalise;
mod notify;
mod pages;
mod print;
mod progress;
mod providers;
mod remedy;
mod report;
mod room;
#[cfg(debug_assertions)]
mod service_clock;
mod settings;
mod signal;
mod standing;
mod terminal;
#[cfg(test)]
mod tests;
mod text;

pub use app::run;
