//! Intents: what must not happen twice is written down before it is done.

use jiff::Timestamp;
use photomove_core::{Result, SessionId, Staged};
use rusqlite::Connection;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::rows::{exec, number, one, rows};
use super::{JobId, Journal, OpenIntent, from_json, instant, millis, to_json};

/// Kind of an intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IntentKind {
    Stage,
    Commit,
    CreateAlbum,
    AddToAlbum,
}

impl IntentKind {
    fn name(self) -> &'static str {
        match self {
            Self::Stage => "stage",
            Self::Commit => "commit",
            Self::CreateAlbum => "create_album",
            Self::AddToAlbum => "add_to_album",
        }
    }

    fn from_name(name: &str) -> Self {
        match name {
            "stage" => Self::Stage,
            "commit" => Self::Commit,
            "create_album" => Self::CreateAlbum,
            _ => Self::AddToAlbum,
        }
    }
}

/// What an intent holds beyond its items.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Detail {
    /// The destination's id of the album at that time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dest_album: Option<String>,
    /// Title that is being created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Description that is being created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Items that exist already are created again, only to put them into a further album.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub refile: bool,
}

/// An open intent as it was written down.
#[derive(Debug, Clone)]
pub(crate) struct IntentRow {
    pub id: i64,
    pub kind: IntentKind,
    pub album: Option<i64>,
    pub detail: Detail,
    pub opened_at: Timestamp,
    /// Uploads in order, with the token that was used.
    pub items: Vec<(i64, Option<String>)>,
}

impl IntentRow {
    /// A commit that stands nowhere yet.
    pub(crate) fn unwritten(detail: Detail) -> Self {
        Self {
            id: 0,
            kind: IntentKind::Commit,
            album: None,
            detail,
            opened_at: Timestamp::UNIX_EPOCH,
            items: Vec::new(),
        }
    }
}

/// Closes all open intents of a target without a question: a planted defect.
pub(crate) fn close_all(c: &Connection, target: i64, now: Timestamp) -> Result<()> {
    exec(
        c,
        "UPDATE intent SET closed_at=?2, outcome='unsettled' WHERE closed_at IS NULL AND job IN(SELECT id FROM job WHERE target=?1)",
        (target, millis(now)),
    )?;
    Ok(())
}

/// Writes an intent down; its items in order.
pub(crate) fn open(
    c: &Connection,
    job: i64,
    kind: IntentKind,
    album: Option<i64>,
    detail: &Detail,
    items: &[(i64, Option<String>)],
    now: Timestamp,
) -> Result<i64> {
    let intent = number(
        c,
        "INSERT INTO intent(job,kind,album,detail,opened_at) VALUES(?1,?2,?3,?4,?5) RETURNING id",
        (job, kind.name(), album, to_json(detail)?, millis(now)),
    )?;
    for (position, (upload, token)) in (0_i64..).zip(items) {
        exec(
            c,
            "INSERT INTO intent_item(intent,position,upload,token) VALUES(?1,?2,?3,?4)",
            (intent, position, upload, token),
        )?;
    }
    Ok(intent)
}

/// Closes an intent; its tokens are no longer needed and go.
pub(crate) fn close(c: &Connection, intent: i64, outcome: &str, now: Timestamp) -> Result<()> {
    exec(
        c,
        "UPDATE intent SET closed_at=?2, outcome=?3 WHERE id=?1 AND closed_at IS NULL",
        (intent, millis(now), outcome),
    )?;
    exec(c, "UPDATE intent_item SET token=NULL WHERE intent=?1", [intent])?;
    Ok(())
}

/// Takes an item whose reply came out of an intent that stays open for others.
pub(crate) fn drop_item(c: &Connection, intent: i64, upload: i64) -> Result<()> {
    exec(
        c,
        "DELETE FROM intent_item WHERE intent=?1 AND upload=?2",
        (intent, upload),
    )?;
    Ok(())
}

/// Returns the oldest open intent of a target, of whatever job.
pub(crate) fn oldest(c: &Connection, target: i64) -> Result<Option<IntentRow>> {
    let id = one(
        c,
        "SELECT i.id FROM intent i INDEXED BY intent_open CROSS JOIN job j ON j.id=i.job WHERE i.closed_at IS NULL AND j.target=?1
         ORDER BY i.id LIMIT 1",
        [target],
        |row| row.get::<_, i64>(0),
    )?;
    match id {
        Some(id) => load(c, id).map(Some),
        None => Ok(None),
    }
}

/// Reads an intent.
pub(crate) fn load(c: &Connection, id: i64) -> Result<IntentRow> {
    let row = one(
        c,
        "SELECT kind,album,detail,opened_at FROM intent WHERE id=?1",
        [id],
        |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, Option<i64>>(1)?,
                row.get::<_, String>(2)?,
                row.get::<_, i64>(3)?,
            ))
        },
    )?;
    let (kind, album, detail, opened_at) = row.ok_or_else(|| super::sql_error(rusqlite::Error::QueryReturnedNoRows))?;
    let items = rows(
        c,
        "SELECT upload,token FROM intent_item WHERE intent=?1 AND upload IS NOT NULL ORDER BY position",
        [id],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(IntentRow {
        id,
        kind: IntentKind::from_name(&kind),
        album,
        detail: from_json(&detail)?,
        opened_at: instant(opened_at),
        items,
    })
}

/// Reads the staged handle of an upload from `token, token_until, token_session, dest_id`.
pub(super) fn staged(row: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<Option<Staged>> {
    let Some(token) = row.get::<_, Option<String>>(first)? else {
        return Ok(None);
    };
    Ok(Some(Staged {
        token: SecretString::from(token),
        until: row.get::<_, Option<i64>>(first + 1)?.map(instant),
        bound_to: row.get::<_, Option<String>>(first + 2)?.map(SessionId::from),
        visible: row.get::<_, Option<String>>(first + 3)?.map(Into::into),
    }))
}

impl Journal {
    /// Lists the calls of a job whose outcome is not known yet, oldest first, at most 1,000.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn open_intents(&self, job: JobId) -> Result<Vec<OpenIntent>> {
        self.read(move |c| {
            rows(
                c,
                "SELECT id,kind,opened_at FROM intent WHERE job=?1 AND closed_at IS NULL ORDER BY id LIMIT 1000",
                [job.0],
                |row| {
                    Ok(OpenIntent {
                        id: row.get(0)?,
                        kind: row.get(1)?,
                        opened_at: instant(row.get(2)?),
                    })
                },
            )
        })
        .await
    }
}
