//! Google Photos client and photomove sink.
#![doc = include_str!("docs.md")]

pub mod auth;
mod classify;
mod client;
mod config;
pub mod console;
mod convert;
mod day;
mod learnt;
mod proof;
mod sink;
pub mod wire;

pub use auth::{ClientSecret, GoogleAuth, Identity, Login, SignedIn, TokenFile, sign_out};
pub use classify::classify;
pub use client::LibraryClient;
pub use config::GoogleConfig;
pub use sink::GooglePhotos;

/// Name of this provider in errors, settings and end points.
pub const KIND: &str = "google";
