//! What the filters of a job mean, and what they left out.

use photomove_core::Filters;
use serde::Serialize;

/// Several albums of the same title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Namesakes {
    /// The title.
    pub title: String,
    /// How many albums have it.
    pub albums: u64,
}

/// Which part of the library a job is about, and what was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Filtered {
    /// What is meant.
    pub filters: Filters,
    /// Assets that the source listed and that are not meant. What it left out itself, and what comes after the limit, is
    /// not counted.
    pub left_out: u64,
    /// Those of them of which the source tells no date, though only assets of some time are meant.
    pub without_date: u64,
    /// Whether the listing ended at the limit, before the end of the library.
    pub stopped_at_limit: bool,
    /// Titles that are meant and that several albums have; all of them are taken.
    pub namesakes: Vec<Namesakes>,
}
