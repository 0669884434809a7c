//! What makes the program one to trust with an only copy: the real binary and the real engine against stand-ins that fail
//! in every way that is known, at a size that a build server bears, or at full size with `just prove`.
#![expect(clippy::expect_used, reason = "an expectation that fails is a test that fails")]

mod checker;
mod clocks;
mod faults;
mod figures;
mod ground;
mod kills;
mod later;
mod memory;
mod mutants;
mod prism;
mod quota;
mod rig;
mod speed;
mod standing;
mod video;
