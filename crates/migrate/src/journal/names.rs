//! Names that differ, however many there are: for lists that name each file once.

use photomove_core::Result;
use rusqlite::Connection;

use super::rows::{exec, number};
use super::sql_error;

/// Gives each file a name of its own: the first one of a name keeps it, later ones get `(1)`, `(2)` before their ending,
/// as archives of downloads do.
///
/// The names lie in a file of SQLite's that has no name itself and goes with this, not in memory. All names are told
/// first, then taken: no file loses its own name to a number.
#[derive(Debug)]
pub struct DistinctNames {
    connection: Connection,
}

impl DistinctNames {
    /// Begins without any name. Blocks shortly, as all of this does.
    ///
    /// # Errors
    /// When there is no room for temporary files.
    pub fn try_new() -> Result<Self> {
        // An empty path is a private file that is deleted when it is closed.
        let connection = Connection::open("").map_err(sql_error)?;
        connection
            .execute_batch(
                "PRAGMA cache_size=-2048; PRAGMA synchronous=OFF; PRAGMA journal_mode=OFF;
                 CREATE TABLE name(name TEXT PRIMARY KEY, taken INTEGER NOT NULL, last INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
                 BEGIN;",
            )
            .map_err(sql_error)?;
        Ok(Self { connection })
    }

    /// Tells a name that will be taken.
    ///
    /// # Errors
    /// When there is no room for temporary files.
    pub fn tell(&self, name: &str) -> Result<()> {
        exec(
            &self.connection,
            "INSERT OR IGNORE INTO name(name,taken) VALUES(?1,0)",
            [name],
        )?;
        Ok(())
    }

    /// Takes a name: itself for the first one, else one that nobody has.
    ///
    /// # Errors
    /// When there is no room for temporary files.
    pub fn take(&self, name: &str) -> Result<String> {
        self.tell(name)?;
        let first = exec(
            &self.connection,
            "UPDATE name SET taken=1 WHERE name=?1 AND taken=0",
            [name],
        )?;
        if first > 0 {
            return Ok(name.to_owned());
        }
        loop {
            let last = number(
                &self.connection,
                "UPDATE name SET last=last+1 WHERE name=?1 RETURNING last",
                [name],
            )?;
            let candidate = numbered(name, last);
            let new = exec(
                &self.connection,
                "INSERT OR IGNORE INTO name(name,taken) VALUES(?1,1)",
                [&candidate],
            )?;
            if new > 0 {
                return Ok(candidate);
            }
        }
    }
}

/// `IMG_1(2).jpg`.
fn numbered(name: &str, number: i64) -> String {
    match name.rfind('.').filter(|dot| *dot > 0) {
        Some(dot) => format!("{}({number}){}", &name[..dot], &name[dot..]),
        None => format!("{name}({number})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_numbered_and_nobody_loses_their_own() {
        let names = DistinctNames::try_new().unwrap();
        let wanted = ["a.jpg", "a.jpg", "a(1).jpg", "a.jpg", ".hidden", ".hidden", "b", "b"];
        for name in wanted {
            names.tell(name).unwrap();
        }
        let taken: Vec<_> = wanted.iter().map(|name| names.take(name).unwrap()).collect();
        assert_eq!(
            taken,
            [
                "a.jpg",
                "a(2).jpg",
                "a(1).jpg",
                "a(3).jpg",
                ".hidden",
                ".hidden(1)",
                "b",
                "b(1)"
            ]
        );
    }
}
