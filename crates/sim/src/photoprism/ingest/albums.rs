//! Albums as ingest needs them: found or made by title, filled, and one for each folder of originals.

use jiff::Timestamp;

use crate::photoprism::library::patterns::like;
use crate::photoprism::library::slug::{album_slug, album_title, slug};
use crate::photoprism::mint::is_uid;
use crate::photoprism::model::{Album, Entry};
use crate::photoprism::time::month_name;
use crate::photoprism::world::World;

use super::index::Context;

/// The album that a word of an upload means: a UID is taken as it is, a title is looked up as `POST /albums` does and made
/// if it is missing. One that is deleted stays deleted.
pub(crate) fn resolve(world: &mut World, context: Context<'_>, word: &str) -> String {
    if is_uid(word, 'a') {
        return word.to_owned();
    }
    let title = album_title(word);
    let own_slug = slug(&title);
    let found = world.albums.values().find(|album| {
        album.kind == "album"
            && album.created_by == context.user_uid
            && (album.slug == own_slug || like(&title, &album.title))
    });
    match found {
        Some(album) => album.uid.clone(),
        None => make(world, context, &title),
    }
}

/// A new album of the run's user, whatever others there are.
pub(crate) fn make(world: &mut World, context: Context<'_>, title: &str) -> String {
    let mut album = Album::new(title, album_slug(title, ""), context.now);
    context.user_uid.clone_into(&mut album.created_by);
    let id = world.add_album(album);
    world.albums.get(&id).map(|album| album.uid.clone()).unwrap_or_default()
}

/// Puts a photo into an album; what was hidden there is shown again.
pub(crate) fn add(world: &mut World, now: Timestamp, album_uid: &str, photo_uid: &str) {
    if let Some(entry) = world.entries.get_mut(album_uid, photo_uid) {
        entry.hidden = false;
        entry.updated_at = now;
        return;
    }
    world.entries.put(Entry {
        photo_uid: photo_uid.to_owned(),
        album_uid: album_uid.to_owned(),
        hidden: false,
        missing: false,
        created_at: now,
        updated_at: now,
    });
}

/// Makes the album of the folder in which a path lies, if it is not there.
pub(crate) fn note_folder(world: &mut World, context: Context<'_>, path: &str) {
    let Some((folder, _)) = path.rsplit_once('/') else {
        return;
    };
    let known = world.ingest.folder_albums.contains(folder);
    if known {
        return;
    }
    world.ingest.folder_albums.insert(folder.to_owned());
    if world
        .albums
        .values()
        .any(|album| album.kind == "folder" && album.path == folder)
    {
        return;
    }
    let mut album = Album::new(folder_title(folder), slug(&folder.replace('/', "-")), context.now);
    "folder".clone_into(&mut album.kind);
    "added".clone_into(&mut album.order);
    folder.clone_into(&mut album.path);
    let quoted = if folder.contains(' ') {
        format!("\"{folder}\"")
    } else {
        folder.to_owned()
    };
    album.filter = format!("path:{quoted} public:true");
    if let Some((year, month)) = year_and_month(folder) {
        (album.year, album.month, album.day) = (year, month, 1);
    }
    world.add_album(album);
}

fn year_and_month(folder: &str) -> Option<(i64, i64)> {
    let (year, month) = folder.split_once('/')?;
    let digits = |text: &str, len| text.len() == len && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(year, 4) && digits(month, 2)).then_some(())?;
    let month: i64 = month.parse().ok()?;
    (1..=12).contains(&month).then_some((year.parse().ok()?, month))
}

/// `October 2008` of `2008/10`, else the last folder's name.
fn folder_title(folder: &str) -> String {
    match year_and_month(folder) {
        Some((year, month)) => format!("{} {year}", month_name(month)),
        None => folder.rsplit('/').next().unwrap_or(folder).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_months_are_titled_by_them() {
        assert_eq!(folder_title("2008/10"), "October 2008");
        assert_eq!(folder_title("2008/13"), "13");
        assert_eq!(folder_title("Trips/Album One"), "Album One");
    }
}
