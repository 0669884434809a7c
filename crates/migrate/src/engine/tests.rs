//! Tests of the engine against the provider in memory.

mod adversary;
mod again;
mod budget;
mod continued;
mod faults;
mod filters;
mod harness;
mod killer;
mod kills;
mod later;
mod limits;
mod moves;
mod mutants;
mod odd;
mod older;
mod plan_files;
mod plans;
mod prove;
mod rare;
mod rechecks;
mod recovery;
mod reports;
mod runs;
mod sessions;
mod spooling;
mod streams;
