# `just` lists the recipes; each is a plain command that works without just.

default:
    @just --list

# All tests: no account, no network
test:
    cargo test --workspace

# What the build server runs: tests, format, lints, documentation, packaging
ci:
    bash .ci/run

# Format all code
fmt:
    cargo fmt --all

# Lints, without warnings
lint:
    cargo clippy --workspace --all-targets --all-features -- -D warnings

# Documentation of all crates
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# Each provider feature builds alone
features:
    bash .ci/features

# Bans, licences and sources of all dependencies; installs cargo-deny where it is missing
deny:
    bash .ci/deny

# Archives of all crates, each built from its archive
package:
    cargo package --workspace --allow-dirty

# A whole migration between stand-ins
demo:
    cargo run --release -- demo
