//! The `photomove` program; all of it lives in the crate `photomove-cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    photomove_cli::run(std::env::args_os())
}
