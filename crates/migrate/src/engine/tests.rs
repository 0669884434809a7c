//! Tests of the engine against the provider in memory.

mod adversary;
mod continued;
mod faults;
mod harness;
mod killer;
mod kills;
mod limits;
mod moves;
mod mutants;
mod odd;
mod older;
mod prove;
mod rare;
mod recovery;
mod sessions;
mod spooling;
mod streams;
