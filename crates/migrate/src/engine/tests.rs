//! Tests of the engine against the provider in memory.

mod adversary;
mod faults;
mod harness;
mod killer;
mod kills;
mod limits;
mod moves;
mod odd;
