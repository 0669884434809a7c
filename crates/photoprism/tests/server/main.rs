//! Signing in, the server itself, WebDAV and messages, against the stand-in.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod ends;
mod events;
mod scopes;
mod server;
mod sign_in;
mod support;
mod webdav;
