//! Everything that photoprysm offers works here too: a test for each row of `photoprysm.md`.
//!
//! Each test looks twice: at what our types say, and at what the stand-in says to a request that knows none of our types.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a failure is the end of the test"
)]

mod albums;
mod beyond;
mod core;
mod fields;
mod files;
mod photos;
mod properties;
mod recorded;
mod support;

use std::collections::BTreeSet;

/// Makes a test for each row, and the list of the rows that have one.
macro_rules! rows {
    ($($name:ident: $row:literal => $test:expr;)+) => {
        pub const ROWS: &[&str] = &[$($row),+];

        $(#[tokio::test]
        async fn $name() {
            let bench = crate::support::Bench::start().await;
            let test = $test;
            test(&bench).await;
        })+
    };
}
pub(crate) use rows;

#[test]
fn every_row_of_the_table_has_a_test_and_every_test_a_row() {
    let table = include_str!("../../photoprysm.md");
    let mut rows = BTreeSet::new();
    for line in table.lines().filter_map(|line| line.strip_prefix("| `")) {
        let name = line.split('`').next().unwrap();
        assert!(rows.insert(name), "`{name}` stands in the table twice");
    }
    let lists = [core::ROWS, albums::ROWS, photos::ROWS, fields::ROWS, properties::ROWS];
    let mut tested = BTreeSet::new();
    for row in lists.into_iter().flatten() {
        assert!(tested.insert(*row), "`{row}` has two tests");
    }
    let without: Vec<_> = rows.difference(&tested).collect();
    assert!(without.is_empty(), "rows without a test: {without:?}");
    let unknown: Vec<_> = tested.difference(&rows).collect();
    assert!(unknown.is_empty(), "tests of rows that the table lacks: {unknown:?}");
    // 7.1 has 20 rows with its fields, 7.2 has 19 and 21 fields, 7.3 has 21 and 88 fields.
    assert_eq!(rows.len(), 20 + 19 + 21 + 21 + 88);
}
