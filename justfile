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

# All crates for Windows, from Linux or macOS; says what to install where it is missing
check-windows:
    bash .ci/windows

# Bans, licences and sources of all dependencies; installs cargo-deny where it is missing
deny:
    bash .ci/deny

# Archives of all crates, each built from its archive
package:
    cargo package --workspace --allow-dirty

# A whole migration between stand-ins
demo:
    cargo run --release -- demo

# Every figure of docs/reliability.md at full size: hours, and the table in target/prove/figures.md
prove:
    rm -f target/prove/figures.jsonl
    PHOTOMOVE_PROVE=full cargo test --profile prove --test trust -- --nocapture --skip memory:: --skip speed::
    PHOTOMOVE_PROVE=full cargo test --profile prove -p photomove-migrate --lib -- --nocapture prove::
    just bench-memory
    cat target/prove/figures.md

# The most memory that the release build takes, over 20,000 pictures of 1 MiB and 200,000 items of 2 KiB
bench-memory:
    PHOTOMOVE_PROVE=full cargo test --release --test trust -- --nocapture --test-threads 1 memory::

# Items per second into PhotoPrism and out of it, and requests per item: the table in docs/performance.md; takes some minutes
bench-photoprism:
    PHOTOMOVE_PROVE=full cargo test --release --test trust -- --nocapture --test-threads 1 speed::
