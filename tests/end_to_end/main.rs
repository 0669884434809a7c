//! The program as a person runs it, against the stand-ins over real TCP.

mod accounting;
mod credentials;
mod demo;
mod examples;
mod messages;
mod readme;
mod recordings;
mod requests;
mod samples;
mod support;
