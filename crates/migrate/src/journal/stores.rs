//! What providers keep in the journal: requests of the day, and facts about accounts.

use async_trait::async_trait;
use photomove_core::{FactStore, QuotaStore, Result};
use rusqlite::OptionalExtension;

use super::{Journal, millis, signed, sql_error, unsigned};

#[async_trait]
impl QuotaStore for Journal {
    async fn add(&self, account: &str, resource: &str, day: &str, count: u64) -> Result<u64> {
        let (account, resource, day) = (account.to_owned(), resource.to_owned(), day.to_owned());
        self.write(move |connection| {
            connection
                .prepare_cached(
                    "INSERT INTO ledger(account,resource,day,used) VALUES(?1,?2,?3,?4)
                     ON CONFLICT DO UPDATE SET used=used+excluded.used RETURNING used",
                )
                .and_then(|mut statement| {
                    statement.query_row((account, resource, day, signed(count)), |row| row.get(0))
                })
                .map(unsigned)
                .map_err(sql_error)
        })
        .await
    }

    async fn used(&self, account: &str, resource: &str, day: &str) -> Result<u64> {
        let (account, resource, day) = (account.to_owned(), resource.to_owned(), day.to_owned());
        self.read(move |connection| {
            connection
                .query_row(
                    "SELECT used FROM ledger WHERE account=?1 AND resource=?2 AND day=?3",
                    (account, resource, day),
                    |row| row.get(0),
                )
                .optional()
                .map(|used: Option<i64>| used.map_or(0, unsigned))
                .map_err(sql_error)
        })
        .await
    }
}

#[async_trait]
impl FactStore for Journal {
    async fn get(&self, account: &str, fact: &str) -> Result<Option<String>> {
        let (account, fact) = (account.to_owned(), fact.to_owned());
        self.read(move |connection| {
            connection
                .query_row(
                    "SELECT value FROM account_fact WHERE account=?1 AND fact=?2",
                    (account, fact),
                    |row| row.get(0),
                )
                .optional()
                .map_err(sql_error)
        })
        .await
    }

    async fn put(&self, account: &str, fact: &str, value: &str) -> Result<()> {
        let (account, fact, value) = (account.to_owned(), fact.to_owned(), value.to_owned());
        let now = millis(self.now());
        self.write(move |connection| {
            connection
                .execute(
                    "INSERT INTO account_fact(account,fact,value,at) VALUES(?1,?2,?3,?4)
                     ON CONFLICT DO UPDATE SET value=excluded.value, at=excluded.at",
                    (account, fact, value, now),
                )
                .map(|_| ())
                .map_err(sql_error)
        })
        .await
    }
}
