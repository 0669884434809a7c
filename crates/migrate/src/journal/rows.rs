//! Short forms for statements, with the journal's errors.

use photomove_core::{Checksums, Result};
use rusqlite::{Connection, OptionalExtension, Params, Row};

use super::sql_error;

/// Runs a statement and returns how many rows it changed.
pub(super) fn exec(connection: &Connection, sql: &str, params: impl Params) -> Result<usize> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute(params))
        .map_err(sql_error)
}

/// Returns the first row, if there is one.
pub(super) fn one<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.query_row(params, read).optional())
        .map_err(sql_error)
}

/// Returns a number; no row and NULL are 0.
pub(super) fn number(connection: &Connection, sql: &str, params: impl Params) -> Result<i64> {
    Ok(one(connection, sql, params, |row| row.get::<_, Option<i64>>(0))?
        .flatten()
        .unwrap_or(0))
}

/// Returns all rows; the statement limits how many.
pub(super) fn rows<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.query_map(params, read)?.collect())
        .map_err(sql_error)
}

/// Reads rows one by one, however many there are.
pub(super) fn each(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
) -> Result<()> {
    let go = || {
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        while let Some(row) = rows.next()? {
            read(row)?;
        }
        Ok(())
    };
    go().map_err(sql_error)
}

/// Reads `md5, sha1, sha256` from three columns that follow each other.
pub(super) fn checksums(row: &Row<'_>, first: usize) -> rusqlite::Result<Checksums> {
    Ok(Checksums {
        md5: row.get(first)?,
        sha1: row.get(first + 1)?,
        sha256: row.get(first + 2)?,
    })
}
