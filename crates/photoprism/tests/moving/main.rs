//! The library as source and sink, against the stand-in.
#![expect(clippy::unwrap_used, reason = "tests and their helpers stop at the first surprise")]

mod albums;
mod conformance;
mod describing;
mod listing;
mod refusals;
mod support;
mod uploads;
