//! Facts from files that are made here, one oddity each: the sentinels and traps that real files only have by chance.

#![expect(clippy::unwrap_used, reason = "files made for a test")]

mod build;
mod films;
mod matroska;
mod motion;
mod pictures;
mod raws;
mod times;

use photomove_media::{MediaFacts, ReadOptions, WarningKind, read_facts_of_prefix};

/// Facts of a whole file.
fn facts(bytes: &[u8]) -> MediaFacts {
    read_facts_of_prefix(bytes, bytes.len() as u64, &ReadOptions::default())
}

/// Facts of a whole file whose name is known.
fn named(bytes: &[u8], name: &str) -> MediaFacts {
    read_facts_of_prefix(bytes, bytes.len() as u64, &ReadOptions::default().with_name(name))
}

fn instant(facts: &MediaFacts) -> Option<String> {
    Some(facts.taken?.instant?.to_string())
}

fn local(facts: &MediaFacts) -> Option<String> {
    Some(facts.taken?.local?.to_string())
}

fn warned(facts: &MediaFacts, kind: WarningKind) -> bool {
    facts.warnings.iter().any(|warning| warning.kind == kind)
}
