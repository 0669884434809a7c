//! Folders of originals and of the import folder, and the months of the library.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::access::{Action, Resource};
use super::super::mint::session_id;
use super::super::model::Root;
use super::super::reply::{Answer, Reply};
use super::super::request::Call;
use super::super::time::{month_name, utc, write};
use super::super::wire;
use super::super::world::World;
use super::quality::APPROVED;
use super::search::with_tokens;

/// `GET /folders/originals/*path`.
pub(super) fn originals(world: &mut World, call: &Call) -> Answer {
    list(world, call, Root::Originals)
}

/// `GET /folders/import/*path`.
pub(super) fn import(world: &mut World, call: &Call) -> Answer {
    list(world, call, Root::Import)
}

fn list(world: &mut World, call: &Call, root: Root) -> Answer {
    let grant = world.authorize(call, Resource::Files, &[Action::Search, Action::View])?;
    let query = &call.query;
    let recursive = query.boolean("recursive")? == Some(true);
    let with_files = query.boolean("files")? == Some(true);
    let uncached = query.boolean("uncached")? == Some(true);
    let (count, (_, offset)) = (query.int("count")?.unwrap_or(0), query.offset()?);
    let path = call.param("path").trim_matches('/');
    let mut body = json!({ "root": root.as_str() });
    if recursive {
        body["recursive"] = true.into();
    }
    if !uncached {
        body["cached"] = true.into();
    }
    if !world.disk.is_folder(root, path) {
        // The error is told by nothing but this.
        body["folders"] = Value::Null;
        return Ok(Reply::ok(&body));
    }
    let below = world.disk.folders_below(root, path);
    let direct = |folder: &&str| recursive || !folder[path.len()..].trim_start_matches('/').contains('/');
    let folders: Vec<Value> = below
        .filter(direct)
        .map(|folder| self::folder(world, root, folder))
        .collect();
    let mut files = Vec::new();
    if with_files && count > 0 && root == Root::Originals {
        let inside = |name: &str| match name.rsplit_once('/') {
            Some((folder, _)) => {
                folder == path || (recursive && (path.is_empty() || folder.starts_with(&format!("{path}/"))))
            }
            None => path.is_empty(),
        };
        let own = world
            .files
            .values()
            .filter(|file| file.root == root && inside(&file.name) && !file.missing);
        let count = usize::try_from(count).unwrap_or_default();
        let page = own.skip(offset).take(count);
        files = page
            .map(|file| wire::file(file, world.photos.get(&file.photo_id)))
            .collect();
    }
    let (folder_count, file_count) = (folders.len(), files.len());
    body["folders"] = folders.into();
    // Without rows the member is there only when whole trees are asked for.
    if with_files && (file_count > 0 || recursive) {
        body["files"] = files.into();
    }
    let reply = Reply::ok(&body)
        .counted(folder_count + file_count, count, offset as i64)
        .header("x-folders", folder_count.to_string())
        .header("x-files", file_count.to_string());
    Ok(with_tokens(reply, &grant))
}

fn folder(world: &World, root: Root, path: &str) -> Value {
    let newest = world.disk.files_below(root, path).map(|(_, file)| file.modified).max();
    let modified = newest.unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let number = |text: &str, digits: usize| (text.len() == digits).then(|| text.parse::<i64>().ok()).flatten();
    let parts: Vec<&str> = path.split('/').collect();
    let (year, month) = match parts[..] {
        [year] => (number(year, 4), None),
        [year, month, ..] => (
            number(year, 4),
            number(month, 2).filter(|month| (1..=12).contains(month)),
        ),
        [] => (None, None),
    };
    let title = match (year, month) {
        (Some(year), Some(month)) => format!("{} {year}", month_name(month)),
        _ => parts.last().copied().unwrap_or_default().to_owned(),
    };
    // Folders without a month of their own have that of their last change.
    let at = utc(modified).date();
    json!({
        "Path": path,
        "Root": root.as_str(),
        "UID": format!("d{}", &session_id(&format!("{}:{path}", root.as_str()))[..15]),
        "Type": "",
        "Title": title,
        "Category": "",
        "Order": "name",
        "Country": "zz",
        "Year": year.unwrap_or_else(|| at.year().into()),
        "Month": month.unwrap_or_else(|| at.month().into()),
        "Day": i64::from(month.is_some()),
        "Favorite": false,
        "Private": false,
        "Ignore": false,
        "Watch": false,
        "FileCount": 0,
        "ModifiedAt": write(modified),
    })
}

/// `GET /moments/time`: months with photos that everybody may see, the newest first.
pub(super) fn moments(world: &mut World, call: &Call) -> Answer {
    world.authorize(call, Resource::Photos, &[Action::Search])?;
    world.authorize(call, Resource::Calendar, &[Action::Search])?;
    let mut months: BTreeMap<(i64, i64), u64> = BTreeMap::new();
    for photo in world.photos.values() {
        let shown = photo.deleted_at.is_none() && !photo.private && photo.quality >= APPROVED;
        if shown && photo.year > 0 && photo.month > 0 {
            *months.entry((photo.year, photo.month)).or_default() += 1;
        }
    }
    let lines: Vec<Value> = months
        .into_iter()
        .rev()
        .map(|((year, month), count)| {
            json!({ "Label": "", "Year": year, "Month": month, "State": "", "Country": "", "PhotoCount": count })
        })
        .collect();
    Ok(Reply::ok(&lines))
}
