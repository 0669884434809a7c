//! Side-cars.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/media/tests/replay/targets.rs"]
#[allow(dead_code, reason = "each program has one target of them")]
mod targets;

fuzz_target!(|bytes: &[u8]| targets::sidecar(bytes));
