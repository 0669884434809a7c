//! Pages of the source's listing: rows and cursor in one transaction.

use photomove_core::{Asset, BundleKind, Checksums, Cursor, Filters, ItemKey, Member, Owner, Part, PartId, Result};
use rusqlite::Connection;

use super::jobs::{self, Job};
use super::planned::{self, Fate, Verdict};
use super::rows::{exec, number, one, rows};
use super::{albums, filings, filtered, merge, millis, signed, to_json, unsigned};
use crate::{Count, Reason};

/// What turns a listed part into a row: who the source is, and what the destination refuses unseen.
#[derive(Debug, Clone)]
pub(crate) struct Intake {
    pub job: Job,
    pub kind: &'static str,
    pub owner: Owner,
    pub bundle: BundleKind,
    pub photo_max_bytes: Option<u64>,
    pub video_max_bytes: Option<u64>,
    /// Whether listed assets name their albums, or in a filtered listing at least those that are meant.
    pub albums_in_listing: bool,
    pub filters: Filters,
    /// Whether only what a plan file says is moved.
    pub by_plan: bool,
    /// Whether that plan is of all assets that fit, not of the first so many.
    pub plan_of_all: bool,
    /// A planted defect: duplicates are filed into the album of the first one only.
    pub forget_second_album: bool,
}

/// A page of assets as it is stored.
#[derive(Debug)]
pub(crate) struct AssetPage {
    pub assets: Vec<Asset>,
    pub unreadable: u64,
    pub next: Option<Cursor>,
}

/// What a page of assets brought.
#[derive(Debug, Clone, Default)]
pub(crate) struct News {
    /// Assets that this pass had not listed before.
    pub assets: u64,
    /// Assets that a filter left out.
    pub left_out: u64,
    /// Parts that no pass had listed before.
    pub parts: Count,
    /// Rows of the parts that were planned; some have their outcome already.
    pub planned: Vec<i64>,
}

/// Stores a page of assets and where the listing goes on.
pub(crate) fn store_assets(c: &Connection, intake: &Intake, page: &AssetPage) -> Result<News> {
    let job = intake.job.id;
    let (mut unlisted, mut news) = (0, News::default());
    let mut gate = filtered::Gate::open(c, intake)?;
    for asset in &page.assets {
        if gate.is_full() {
            break;
        }
        if !gate.lets_in(asset)? {
            continue;
        }
        let verdict = match intake.by_plan {
            true => planned::judge(c, job, asset)?,
            false => Verdict::Free,
        };
        if let Verdict::LeftOut { first } = verdict {
            news.assets += u64::from(first);
            for album in asset.albums.iter().flatten() {
                planned::place(c, job, album.as_str(), asset.id.as_str(), intake.plan_of_all)?;
            }
            continue;
        }
        let planned = news.planned.len();
        let row = store_asset(c, intake, asset, &verdict, &mut news)?;
        let mut refile = news.planned.len() > planned;
        if intake.albums_in_listing {
            for album in asset.albums.iter().flatten() {
                if intake.by_plan && !planned::place(c, job, album.as_str(), asset.id.as_str(), intake.plan_of_all)? {
                    continue;
                }
                match store_member(c, intake.job, album.as_str(), row, None)? {
                    Place::New => refile = true,
                    Place::Known => {}
                    // A filtered job has no albums but those that are meant.
                    Place::NoAlbum => unlisted += i64::from(intake.filters.is_empty()),
                }
            }
        } else if !intake.filters.albums.is_empty() {
            for (album, position) in filtered::places(c, job, asset.id.as_str())? {
                if intake.by_plan && !planned::place(c, job, &album, asset.id.as_str(), intake.plan_of_all)? {
                    continue;
                }
                refile |= store_member(c, intake.job, &album, row, position)? == Place::New;
            }
        }
        // Of what the journal knows already every place is filed; a second listing of it must cost little.
        if refile {
            filings::file_asset(c, row, intake.forget_second_album)?;
        }
    }
    jobs::count_oddities(c, job, signed(page.unreadable), unlisted)?;
    let next = page.next.as_ref().filter(|_| !gate.is_full());
    news.left_out = gate.close()?;
    jobs::put_cursor(c, job, "assets", next)?;
    Ok(news)
}

fn store_asset(c: &Connection, intake: &Intake, asset: &Asset, verdict: &Verdict, news: &mut News) -> Result<i64> {
    let job = intake.job.id;
    let known = one(
        c,
        "SELECT pass,revision FROM asset WHERE job=?1 AND source_id=?2",
        (job, asset.id.as_str()),
        |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)),
    )?;
    let kind = to_json(&asset.kind)?;
    let id = number(
        c,
        "INSERT INTO asset(job,source_id,revision,kind,metadata,locator,read_before,pass,since) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?8)
         ON CONFLICT DO UPDATE SET revision=excluded.revision, kind=excluded.kind, metadata=excluded.metadata,
           locator=excluded.locator, read_before=excluded.read_before, pass=excluded.pass RETURNING id",
        (
            job,
            asset.id.as_str(),
            &asset.revision,
            kind.trim_matches('"'),
            to_json(&asset.metadata)?,
            to_json(&asset.locator)?,
            asset.read_before.map(millis),
            intake.job.pass,
        ),
    )?;
    news.assets += u64::from(known.as_ref().is_none_or(|(pass, _)| *pass < intake.job.pass));
    let changed = known.is_some_and(|(_, revision)| revision != asset.revision);
    for part in &asset.parts {
        match planned::fate(c, intake, verdict, asset, id, part)? {
            Fate::Taken => store_part(c, intake, asset, id, part, changed, news)?,
            Fate::LeftOut(why) => planned::leave_out(c, intake.job.pass, id, part, &why, news)?,
            Fate::Kept => {}
        }
    }
    Ok(id)
}

/// Stores a part and plans its upload, unless both are known.
fn store_part(
    c: &Connection,
    intake: &Intake,
    asset: &Asset,
    row: i64,
    part: &Part,
    changed: bool,
    news: &mut News,
) -> Result<()> {
    let role = to_json(&part.role)?;
    let role = role.trim_matches('"');
    let known = one(
        c,
        "SELECT id,size,md5,sha1,sha256,upload FROM part WHERE asset=?1 AND source_id=?2 AND role=?3",
        (row, part.id.as_str(), role),
        |row| {
            let promised = (row.get::<_, Option<i64>>(1)?, super::rows::checksums(row, 2)?);
            Ok((row.get::<_, i64>(0)?, promised, row.get::<_, Option<i64>>(5)?))
        },
    )?;
    let promised = (part.size_bytes.map(signed), part.checksums);
    // One that was left out because it was gone is there again.
    if let Some((id, before, Some(_))) = &known
        && !changed
        && *before == promised
    {
        // A listing may rename a file; its bytes are the same.
        exec(
            c,
            "UPDATE part SET name=?2, media_type=?3 WHERE id=?1 AND (name<>?2 OR media_type IS NOT ?3)",
            (id, &part.file_name, &part.media_type),
        )?;
        return Ok(());
    }
    if known.is_none() {
        news.parts.add(Count {
            count: 1,
            bytes: part.size_bytes.unwrap_or(0),
        });
    }
    let id = number(
        c,
        "INSERT INTO part(asset,source_id,role,name,media_type,size,md5,sha1,sha256,since) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)
         ON CONFLICT DO UPDATE SET name=excluded.name, media_type=excluded.media_type, size=excluded.size, md5=excluded.md5,
           sha1=excluded.sha1, sha256=excluded.sha256, upload=NULL, skipped=NULL, since=excluded.since RETURNING id",
        (
            row,
            part.id.as_str(),
            role,
            &part.file_name,
            &part.media_type,
            promised.0,
            &part.checksums.md5,
            &part.checksums.sha1,
            &part.checksums.sha256,
            intake.job.pass,
        ),
    )?;
    let upload = plan_part(c, intake, asset, row, part)?;
    exec(c, "UPDATE part SET upload=?2 WHERE id=?1", (id, upload))?;
    news.planned.push(id);
    if let Some((_, _, Some(before))) = known
        && before != upload
    {
        drop_unused(c, before)?;
    }
    Ok(())
}

/// An upload that no part wants any more and that was never begun is no work.
fn drop_unused(c: &Connection, upload: i64) -> Result<()> {
    let used = number(
        c,
        "SELECT EXISTS(SELECT 1 FROM part WHERE upload=?1) OR EXISTS(SELECT 1 FROM intent_item WHERE upload=?1)
           OR EXISTS(SELECT 1 FROM upload WHERE id=?1 AND state NOT IN('wanted','failed'))",
        [upload],
    )?;
    if used == 0 {
        exec(c, "DELETE FROM filing WHERE upload=?1", [upload])?;
        exec(c, "DELETE FROM upload WHERE id=?1", [upload])?;
        return Ok(());
    }
    // Those who still share its bytes need not be in the albums of the one that left.
    filings::forget_unwanted(c, upload)?;
    // Begun, but not an item yet: what nobody wants any more is not created.
    exec(
        c,
        "UPDATE upload SET state='failed', error_kind='superseded', error='the source has a newer version', token=NULL
         WHERE id=?1 AND state IN('wanted','spooled','staged') AND NOT EXISTS(SELECT 1 FROM part WHERE upload=?1)",
        [upload],
    )?;
    Ok(())
}

fn plan_part(c: &Connection, intake: &Intake, asset: &Asset, row: i64, part: &Part) -> Result<i64> {
    let key = ItemKey::derive(intake.kind, &intake.owner, &asset.id, &part.id);
    if let Some(reason) = refusal(intake, asset, part) {
        return insert_upload(c, intake, row, key, part, Some(&reason));
    }
    if let Some(size) = part.size_bytes
        && let Some(twin) = merge::twin(c, intake.job.target, size, &part.checksums, 0)?
    {
        merge::adopt(c, twin, intake.job.id)?;
        return Ok(twin);
    }
    insert_upload(c, intake, row, key, part, None)
}

pub(super) fn refusal(intake: &Intake, asset: &Asset, part: &Part) -> Option<Reason> {
    let size = part.size_bytes?;
    if size == 0 {
        return Some(Reason {
            kind: "empty".into(),
            message: "the file is empty (0 bytes)".into(),
        });
    }
    let is_video = match &part.media_type {
        Some(kind) => kind.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("video/")),
        None => asset.kind == photomove_core::MediaKind::Video,
    };
    let limit = if is_video {
        intake.video_max_bytes
    } else {
        intake.photo_max_bytes
    }?;
    (size > limit).then(|| Reason {
        kind: "rejected_too_large".into(),
        message: format!("the file has {size} bytes, the destination takes {limit}"),
    })
}

fn insert_upload(
    c: &Connection,
    intake: &Intake,
    row: i64,
    key: ItemKey,
    part: &Part,
    refused: Option<&Reason>,
) -> Result<i64> {
    let bundle = matches!(intake.bundle, BundleKind::PartsStack).then_some(row);
    // A promised SHA-1 waits in the part until the bytes have proven it: `upload_content` is about bytes.
    let Checksums { md5, .. } = part.checksums;
    number(
        c,
        "INSERT INTO upload(id,target,job,bundle,key,size,md5,state,error_kind,error)
         VALUES(1+max((SELECT coalesce(max(id),0) FROM upload),(SELECT id FROM last_upload)),?1,?2,?3,?4,?5,?6,?7,?8,?9) RETURNING id",
        (
            intake.job.target,
            intake.job.id,
            bundle,
            key.as_u128().to_be_bytes(),
            part.size_bytes.map(signed),
            md5,
            if refused.is_some() { "failed" } else { "wanted" },
            refused.map(|reason| &reason.kind),
            refused.map(|reason| &reason.message),
        ),
    )
}

/// The key of a stack of parts: that of its asset alone.
pub(crate) fn bundle_key(intake: &Intake, asset: &str) -> ItemKey {
    ItemKey::derive(intake.kind, &intake.owner, &asset.into(), &PartId::new(""))
}

/// What became of a membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    New,
    Known,
    NoAlbum,
}

/// Stores a membership unless the asset is in the album or one of its slices; either way this pass has seen it.
fn store_member(c: &Connection, job: Job, album: &str, asset: i64, position: Option<u64>) -> Result<Place> {
    let Some(album_row) = one(
        c,
        "SELECT id FROM album WHERE job=?1 AND source_id=?2 ORDER BY slice LIMIT 1",
        (job.id, album),
        |row| row.get::<_, i64>(0),
    )?
    else {
        return Ok(Place::NoAlbum);
    };
    let known = exec(
        c,
        "UPDATE member SET pass=?4 WHERE asset=?1 AND album IN(SELECT id FROM album WHERE job=?2 AND source_id=?3)",
        (asset, job.id, album, job.pass),
    )?;
    if known > 0 {
        return Ok(Place::Known);
    }
    exec(
        c,
        "INSERT INTO member(album,asset,position,since,pass) VALUES(?1,?2,?3,?4,?4)",
        (album_row, asset, position.map(signed), job.pass),
    )?;
    Ok(Place::New)
}

/// An album whose members are to be listed.
#[derive(Debug, Clone)]
pub(crate) struct AlbumToList {
    pub id: i64,
    pub source_id: String,
}

/// Stores a page of albums and where that listing goes on.
pub(crate) fn store_albums(
    c: &Connection,
    job: i64,
    albums: &[photomove_core::Album],
    unreadable: u64,
    next: Option<&Cursor>,
) -> Result<()> {
    let by_plan = planned::is_read(c, job)?;
    for album in albums {
        let title = match by_plan {
            true => planned::title(c, job, album)?,
            false => Some(album.title.clone()),
        };
        let Some(title) = title else {
            continue;
        };
        let row = number(
            c,
            "INSERT INTO album(job,source_id,slice,title,description,state,source_title,since,pass)
             SELECT ?1,?2,0,?3,?4,'wanted',?5,pass,pass FROM job WHERE id=?1
             ON CONFLICT DO UPDATE SET title=CASE WHEN state='wanted' THEN excluded.title ELSE title END,
               source_title=excluded.source_title, pass=excluded.pass RETURNING id",
            (job, album.id.as_str(), title, &album.description, &album.title),
        )?;
        if albums::adopt_sibling(c, row)? {
            albums::adopt_slices(c, row)?;
        }
    }
    jobs::count_oddities(c, job, signed(unreadable), 0)?;
    jobs::put_cursor(c, job, "albums", next)
}

/// Returns the next albums whose members are not listed in this pass.
pub(crate) fn albums_to_list(c: &Connection, job: i64, limit: u32) -> Result<Vec<AlbumToList>> {
    rows(
        c,
        "SELECT id,source_id FROM album WHERE job=?1 AND slice=0 AND listed=0 ORDER BY id LIMIT ?2",
        (job, limit),
        |row| {
            Ok(AlbumToList {
                id: row.get(0)?,
                source_id: row.get(1)?,
            })
        },
    )
}

/// Name of the cursor of an album's members.
pub(crate) fn members_stream(album: i64) -> String {
    format!("members/{album}")
}

/// Stores a page of an album's members and where that listing goes on.
pub(crate) fn store_members(
    c: &Connection,
    intake: &Intake,
    album: &AlbumToList,
    members: &[Member],
    unreadable: u64,
    next: Option<&Cursor>,
) -> Result<()> {
    let job = intake.job.id;
    let mut unlisted = 0;
    let (chosen, listed) = match intake.filters.albums.is_empty() {
        true => (&[][..], members),
        // Which assets are listed at all follows from them.
        false => (members, &[][..]),
    };
    filtered::choose(c, album, chosen)?;
    for member in listed {
        if intake.by_plan && !planned::place(c, job, &album.source_id, member.asset.as_str(), intake.plan_of_all)? {
            continue;
        }
        let asset = one(
            c,
            "SELECT id FROM asset WHERE job=?1 AND source_id=?2",
            (job, member.asset.as_str()),
            |row| row.get::<_, i64>(0),
        )?;
        let Some(asset) = asset else {
            // What a filter left out is not missed.
            unlisted += i64::from(intake.filters.is_empty());
            continue;
        };
        if store_member(c, intake.job, &album.source_id, asset, member.position)? == Place::New {
            filings::file_asset(c, asset, intake.forget_second_album)?;
        }
    }
    // Whether a member that cannot be read would have fitted, nobody can say; in an album that is meant it does.
    let counts = intake.filters.is_empty() || !intake.filters.albums.is_empty();
    let unreadable = if counts { unreadable } else { 0 };
    jobs::count_oddities(c, job, signed(unreadable), unlisted)?;
    match next {
        Some(next) => jobs::put_cursor(c, job, &members_stream(album.id), Some(next)),
        None => album_listed(c, job, album.id),
    }
}

/// Notes that an album's members are all known in this pass.
pub(crate) fn album_listed(c: &Connection, job: i64, album: i64) -> Result<()> {
    exec(c, "UPDATE album SET listed=1 WHERE id=?1", [album])?;
    exec(
        c,
        "DELETE FROM cursor WHERE job=?1 AND stream=?2",
        (job, members_stream(album)),
    )?;
    Ok(())
}

/// Returns how many assets this pass has listed so far, with those that a plan leaves out.
pub(crate) fn listed(c: &Connection, job: Job) -> Result<u64> {
    number(
        c,
        "SELECT count(*) FROM asset WHERE job=?1 AND pass=?2",
        (job.id, job.pass),
    )
    .map(unsigned)
    .and_then(|listed| Ok(listed + planned::left_out(c, job.id)?))
}
