//! The client against small servers on this very machine, in virtual time.

#![expect(
    clippy::unwrap_used,
    reason = "clippy lets functions marked as tests unwrap, not those that help them"
)]

mod bodies;
mod clocks;
mod hostile;
mod hyper;
mod messages;
mod pacing;
mod quota;
mod redirects;
mod retries;
mod server;
mod shown;
mod signing;
mod stopping;
