//! Amazon Photos client and photomove source.
#![doc = include_str!("docs.md")]

pub mod auth;
mod classify;
mod client;
mod config;
pub mod convert;
mod source;
pub mod wire;

pub use auth::{CookieKeeper, Cookies, KeepNothing, KeptCookies, Marketplace, Region};
pub use classify::classify;
pub use client::{AmazonClient, CLAUSES_MAX, Download, Filter, NodeQuery, Route, SearchQuery, Sort, Start};
pub use config::{AmazonConfig, Endpoints, PAGE_SIZE_MAX};
pub use source::AmazonPhotos;

/// Name of this provider in errors, settings and end points.
pub const KIND: &str = "amazon";
