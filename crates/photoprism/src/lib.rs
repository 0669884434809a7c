//! PhotoPrism client, photomove source and sink.
#![doc = include_str!("docs.md")]

pub mod auth;
mod classify;
pub mod client;
mod config;
mod convert;
#[doc = include_str!("../photoprysm.md")]
pub mod photoprysm {}
mod provider;
pub mod search;
mod sink;
mod source;
pub mod wire;

pub use auth::{KeptSignIn, PhotoPrismAuth, SignIn, SignedIn, sign_in, sign_out};
pub use classify::classify;
pub use client::PhotoPrismClient;
pub use config::{PROCESSES, PhotoPrismConfig};
pub use convert::{album, asset};
pub use provider::PhotoPrism;
pub use sink::PhotoPrismSink;

/// Name of this provider in errors, settings and end points.
pub const KIND: &str = "photoprism";
