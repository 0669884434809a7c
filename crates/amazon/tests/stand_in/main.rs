//! The provider against the stand-in of its service: real HTTP, several origins, no account.

mod conformance;
mod endpoints;
mod errors;
mod listing;
mod originals;
mod support;
