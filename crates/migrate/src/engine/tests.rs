//! Tests of the engine against the provider in memory.
