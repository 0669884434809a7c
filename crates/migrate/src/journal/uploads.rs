//! Uploads on their way from `wanted` to `staged`.

use jiff::Timestamp;
use photomove_core::{AssetId, Checksums, ItemKey, Locator, Metadata, PartId, PartRole, Result, Siblings, Staged};
use rusqlite::Connection;

use super::intents;
use super::rows::{checksums, number, one, rows};
use super::{from_json, instant, millis, signed, unsigned};

/// Most duplicates whose metadata are looked at to fill gaps.
const DUPLICATES_READ: u32 = 8;

/// What is needed to receive and send one upload.
#[derive(Debug, Clone)]
pub(crate) struct UploadRow {
    pub id: i64,
    pub key: ItemKey,
    pub bundle: Option<i64>,
    pub spool: Option<String>,
    /// Length and hashes of what was received and lies in the spool.
    pub received: Option<(u64, Checksums)>,
    pub attempts: u32,
    /// Whether what an earlier run sent went straight from the source into the upload that `resume` names.
    pub streamed: bool,
    pub resume: Option<Staged>,
    pub role: PartRole,
    pub name: String,
    pub media_type: Option<String>,
    pub metadata: Metadata,
    pub siblings: Siblings,
    pub origin: OriginRow,
}

/// The listed part whose bytes are read.
#[derive(Debug, Clone)]
pub(crate) struct OriginRow {
    pub part_row: i64,
    pub asset_row: i64,
    pub asset: AssetId,
    pub part: PartId,
    pub locator: Locator,
    pub revision: String,
    pub size_bytes: Option<u64>,
    pub promised: Checksums,
}

/// How rows are taken.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Order {
    /// By album and place, so that groups fill one after the other.
    ByGroup,
    /// As listed, after this row.
    BySequence { after: i64 },
}

/// An upload that can be received or sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ready {
    pub id: i64,
    /// How often its token died before it was used.
    pub expired: u32,
    /// Its length, as far as the source tells.
    pub bytes: u64,
}

fn ready_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Ready> {
    Ok(Ready {
        id: row.get(0)?,
        expired: row.get(1)?,
        bytes: row.get::<_, Option<i64>>(2)?.map_or(0, unsigned),
    })
}

/// Returns uploads that can be received or sent now; with `only` those that this run takes up again.
pub(crate) fn ready(
    c: &Connection,
    (job, only): (i64, Option<i64>),
    now: Timestamp,
    order: Order,
    limit: u32,
) -> Result<Vec<Ready>> {
    let now = millis(now);
    if let Order::BySequence { after } = order {
        // By row id, so that a page costs what it holds and not a sort of all that is left.
        return rows(
            c,
            "SELECT id,expired,(SELECT max(size) FROM part WHERE upload=upload.id) FROM upload NOT INDEXED WHERE job=?1 AND id>?3 AND state IN('wanted','spooled') AND (next_try IS NULL OR next_try<=?2)
             AND (?5 IS NULL OR again IS ?5) ORDER BY id LIMIT ?4",
            (job, now, after, limit, only),
            ready_row,
        );
    }
    let of = |state: &str| {
        rows(
            c,
            "SELECT id,expired,(SELECT max(size) FROM part WHERE upload=upload.id) FROM upload WHERE job=?1 AND state=?2 AND (next_try IS NULL OR next_try<=?3)
             AND (?5 IS NULL OR again IS ?5) ORDER BY first_album, place, id LIMIT ?4",
            (job, state, now, limit, only),
            ready_row,
        )
    };
    // What lies in the spool goes first: it holds room that others need.
    let mut found = of("spooled")?;
    found.extend(of("wanted")?);
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(found)
}

/// Returns how many uploads wait to be sent and how many are staged; each counted up to `max` only, for it is asked often.
pub(crate) fn waiting(c: &Connection, job: i64, max: u64) -> Result<(u64, u64)> {
    let count = |states: &str| {
        number(
            c,
            &format!("SELECT count(*) FROM (SELECT 1 FROM upload WHERE job=?1 AND state IN({states}) LIMIT ?2)"),
            (job, signed(max)),
        )
        .map(unsigned)
    };
    Ok((count("'wanted','spooled'")?, count("'staged'")?))
}

/// Returns when the next upload that pauses can go on.
pub(crate) fn next_due(c: &Connection, (job, only): (i64, Option<i64>), now: Timestamp) -> Result<Option<Timestamp>> {
    let due = one(
        c,
        "SELECT min(next_try) FROM upload WHERE job=?1 AND state IN('wanted','spooled','staged','committed') AND next_try>?2
           AND (?3 IS NULL OR again IS ?3 OR state IN('staged','committed'))",
        (job, millis(now), only),
        |row| row.get::<_, Option<i64>>(0),
    )?
    .flatten()
    .map(instant);
    Ok(due)
}

/// Returns when the next one can go on that is sent already and waits to be made into an item.
pub(crate) fn next_staged(c: &Connection, job: i64, now: Timestamp) -> Result<Option<Timestamp>> {
    let due = one(
        c,
        "SELECT min(next_try) FROM upload WHERE job=?1 AND state='staged' AND next_try>?2",
        (job, millis(now)),
        |row| row.get::<_, Option<i64>>(0),
    )?;
    Ok(due.flatten().map(instant))
}

/// Reads an upload with the part to read it from: another one of its duplicates at each attempt.
pub(crate) fn load(c: &Connection, id: i64) -> Result<Option<UploadRow>> {
    let row = one(
        c,
        "SELECT key,bundle,spool,size,md5,sha1,sha256,attempts,token,token_until,token_session,dest_id,job,state,
           EXISTS(SELECT 1 FROM hash_state WHERE upload=upload.id)
         FROM upload WHERE id=?1 AND state IN('wanted','spooled')",
        [id],
        |row| {
            let key: [u8; 16] = row.get(0)?;
            let spool: Option<String> = row.get(2)?;
            let spooled = row.get::<_, String>(13)? == "spooled";
            let size: Option<i64> = row.get(3)?;
            let sums = checksums(row, 4)?;
            Ok((
                ItemKey::from_u128(u128::from_be_bytes(key)),
                row.get::<_, Option<i64>>(1)?,
                spool,
                size.filter(|_| spooled).map(|size| (unsigned(size), sums)),
                row.get::<_, u32>(7)?,
                intents::staged(row, 8)?,
                (row.get::<_, i64>(12)?, row.get::<_, bool>(14)?),
            ))
        },
    )?;
    let Some((key, bundle, spool, received, attempts, resume, (job, streamed))) = row else {
        return Ok(None);
    };
    let parts = number(
        c,
        "SELECT count(*) FROM part p JOIN asset a ON a.id=p.asset WHERE p.upload=?1 AND a.job=?2",
        (id, job),
    )?;
    let Some(origin) = origin(c, id, job, i64::from(attempts) % parts.max(1))? else {
        return Ok(None);
    };
    let Some((name, media_type, role)) = face(c, id)? else {
        return Ok(None);
    };
    Ok(Some(UploadRow {
        id,
        key,
        bundle,
        spool,
        received,
        attempts,
        streamed,
        resume,
        role,
        name,
        media_type,
        metadata: metadata(c, id)?,
        siblings: match bundle {
            Some(asset) => siblings(c, asset, id)?,
            None => Siblings::default(),
        },
        origin,
    }))
}

/// Returns the files of a bundle by name, in the order in which the source listed them, and which of them an upload is.
fn siblings(c: &Connection, asset: i64, upload: i64) -> Result<Siblings> {
    let parts = rows(
        c,
        "SELECT name, upload FROM part WHERE asset=?1 AND skipped IS NULL ORDER BY id",
        [asset],
        |row| Ok((row.get::<_, String>(0)?, row.get::<_, Option<i64>>(1)?)),
    )?;
    // One that only shares its bytes with a file of that asset stands first, as if alone.
    let place = parts.iter().position(|(_, of)| *of == Some(upload)).unwrap_or(0);
    Ok(Siblings {
        names: parts.into_iter().map(|(name, _)| name).collect(),
        place,
    })
}

fn origin(c: &Connection, upload: i64, job: i64, nth: i64) -> Result<Option<OriginRow>> {
    let row = one(
        c,
        "SELECT p.id,a.id,a.source_id,p.source_id,a.locator,a.revision,p.size,p.md5,p.sha1,p.sha256
         FROM part p JOIN asset a ON a.id=p.asset WHERE p.upload=?1 AND a.job=?2 ORDER BY p.id LIMIT 1 OFFSET ?3",
        (upload, job, nth),
        |row| {
            Ok((
                (row.get::<_, i64>(0)?, row.get::<_, i64>(1)?),
                (row.get::<_, String>(2)?, row.get::<_, String>(3)?),
                (row.get::<_, String>(4)?, row.get::<_, String>(5)?),
                (row.get::<_, Option<i64>>(6)?, checksums(row, 7)?),
            ))
        },
    )?;
    let Some(((part_row, asset_row), (asset, part), (locator, revision), (size, promised))) = row else {
        return Ok(None);
    };
    Ok(Some(OriginRow {
        part_row,
        asset_row,
        asset: asset.into(),
        part: part.into(),
        locator: from_json(&locator)?,
        revision,
        size_bytes: size.map(unsigned),
        promised,
    }))
}

/// Returns name, media type and role of an upload: those of its first part.
pub(crate) fn face(c: &Connection, upload: i64) -> Result<Option<(String, Option<String>, PartRole)>> {
    let row = one(
        c,
        "SELECT name,media_type,role FROM part WHERE upload=?1 ORDER BY id LIMIT 1",
        [upload],
        |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?)),
    )?;
    let Some((name, media_type, role)) = row else {
        return Ok(None);
    };
    Ok(Some((name, media_type, from_json(&format!("\"{role}\""))?)))
}

/// Returns the metadata of an upload: those of its first part's asset, gaps filled from its duplicates.
pub(crate) fn metadata(c: &Connection, upload: i64) -> Result<Metadata> {
    let texts = rows(
        c,
        "SELECT a.metadata FROM part p JOIN asset a ON a.id=p.asset WHERE p.upload=?1 ORDER BY p.id LIMIT ?2",
        (upload, DUPLICATES_READ),
        |row| row.get::<_, String>(0),
    )?;
    let mut all = texts.iter();
    let mut metadata: Metadata = match all.next() {
        Some(first) => from_json(first)?,
        None => Metadata::default(),
    };
    for text in all {
        let other: Metadata = from_json(text)?;
        metadata.taken = metadata.taken.or(other.taken);
        metadata.title = metadata.title.or(other.title);
        metadata.description = metadata.description.or(other.description);
        metadata.keywords = metadata.keywords.or(other.keywords);
        metadata.place = metadata.place.or(other.place);
        metadata.favourite = metadata.favourite.filter(|flag| flag.value).or(other.favourite);
        metadata.rating = metadata.rating.or(other.rating);
        metadata.people = metadata.people.or(other.people);
    }
    Ok(metadata)
}
