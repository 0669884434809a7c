//! Filling a fresh server with a [`Library`]: as if the admin had uploaded every file, without the uploads.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::error::SimError;
use crate::facts::metadata::{Clock, Found, Metadata};
use crate::library::{Library, LibraryItem};
use crate::photoprism::library::quality;
use crate::photoprism::model::{Stored, src};
use crate::photoprism::service::PhotoPrism;

use super::albums;
use super::groups::group;
use super::import::{Waiting, import_group};
use super::index::Context;
use super::kinds::{kind_of, stem};
use super::probe::Probe;

/// Puts a library's items and albums into the server, as the first user's. What is no media file is noted in the log and
/// left out, as an upload would leave it; files of one album and one base name are stacked, equal bytes are one file.
///
/// # Errors
/// [`SimError::Io`] if a file of the library cannot be read.
pub(crate) async fn fill(server: &PhotoPrism, library: Library) -> Result<(), SimError> {
    let (now, switches) = (server.now(), server.switches());
    let user = server
        .world()
        .users
        .first()
        .map(|user| user.uid.clone())
        .unwrap_or_default();
    let context = Context {
        now,
        switches: &switches,
        user_uid: &user,
        action: "import",
        step: "import",
    };
    let Library { items, albums: titles } = library;
    let album_uids: Vec<String> = {
        let mut world = server.world();
        titles
            .iter()
            .map(|album| albums::make(&mut world, context, &album.title))
            .collect()
    };
    for members in bundles(&items, context.documents()) {
        let mut waiting = Vec::new();
        for at in &members {
            let item = &items[*at];
            let probe = read(item, now)
                .await
                .map_err(|source| SimError::io("read", &item.name, source))?;
            waiting.push(Waiting {
                name: item.name.clone(),
                probe,
            });
        }
        let mut world = server.world();
        let Some(first) = members.first().map(|at| &items[*at]) else {
            continue;
        };
        if kind_of(&first.name, context.documents()).is_none() {
            world.log(now, "warning", format!("import: {} is no media file", first.name));
            continue;
        }
        let uids: Vec<String> = first
            .albums
            .iter()
            .filter_map(|album| album_uids.get(*album))
            .cloned()
            .collect();
        import_group(&mut world, context, &waiting, &uids);
        let favorite = members.iter().any(|at| items[*at].favorite);
        let description = members.iter().find_map(|at| items[*at].description.clone());
        let photo = world
            .file_by_hash(&waiting[0].probe.stored.sha1)
            .map(|file| file.photo_uid.clone());
        if let Some(photo) = photo.and_then(|uid| world.photo_mut(&uid)) {
            photo.favorite |= favorite;
            if let Some(description) = description {
                photo.caption = description;
                src::MANUAL.clone_into(&mut photo.caption_src);
            }
            quality::refresh(photo);
        }
    }
    Ok(())
}

/// Indices of items that are one picture, the main one first; in the order of the library.
fn bundles(items: &[LibraryItem], documents: bool) -> Vec<Vec<usize>> {
    let mut buckets: Vec<Vec<usize>> = Vec::new();
    let mut known: HashMap<(&[usize], &str), usize> = HashMap::new();
    for (at, item) in items.iter().enumerate() {
        let bucket = *known.entry((&item.albums, stem(&item.name))).or_insert_with(|| {
            buckets.push(Vec::new());
            buckets.len() - 1
        });
        buckets[bucket].push(at);
    }
    buckets
        .into_iter()
        .flat_map(|bucket| split(items, bucket, documents))
        .collect()
}

fn split(items: &[LibraryItem], bucket: Vec<usize>, documents: bool) -> Vec<Vec<usize>> {
    if bucket.len() == 1 {
        return vec![bucket];
    }
    let mut left = bucket;
    let mut bundles = Vec::new();
    // Two items of the very same name cannot lie in one folder: they are pictures of their own.
    while !left.is_empty() {
        let mut round: Vec<usize> = Vec::new();
        let mut later = Vec::new();
        for at in left {
            match round.iter().any(|other| items[*other].name == items[at].name) {
                true => later.push(at),
                false => round.push(at),
            }
        }
        let of = |name: &str| round.iter().copied().find(|at| items[*at].name == name);
        let groups = group(round.iter().map(|at| items[*at].name.as_str()), documents);
        let grouped: Vec<Vec<usize>> = groups
            .iter()
            .map(|group| {
                std::iter::once(&group.main)
                    .chain(&group.others)
                    .filter_map(|name| of(name))
                    .collect()
            })
            .collect();
        let alone = round
            .iter()
            .filter(|at| !grouped.iter().any(|group| group.contains(at)))
            .map(|at| vec![*at]);
        bundles.extend(alone);
        bundles.extend(grouped);
        left = later;
    }
    bundles
}

/// Reads an item; of computed ones the facts are known, and only their hash is taken.
async fn read(item: &LibraryItem, now: Timestamp) -> std::io::Result<Probe> {
    let hashes = item.blob.hashes().await?;
    let stored = Stored {
        blob: item.blob.clone(),
        sha1: hashes.sha1_hex(),
        modified: now,
    };
    if !item.blob.is_computed() {
        return Probe::read(&item.name, stored).await;
    }
    let facts = &item.facts;
    let taken = facts.taken.as_ref().map(|taken| Found {
        wall: taken.local,
        clock: match taken.offset_s {
            Some(0) => Clock::Utc,
            Some(seconds) => Clock::Offset(seconds),
            None => Clock::Local,
        },
    });
    let is_video = item.content_type.starts_with("video/");
    Ok(Probe {
        crc: crc32c::crc32c(&hashes.sha1),
        content_type: if is_video { "video/mp4" } else { "image/jpeg" },
        whole: true,
        metadata: Metadata {
            taken,
            gps: facts.gps,
            make: facts.make.clone().unwrap_or_default(),
            model: facts.model.clone().unwrap_or_default(),
            width_px: facts.width_px.unwrap_or(0),
            height_px: facts.height_px.unwrap_or(0),
            duration_ns: facts.duration_s.map_or(0, |seconds| (seconds * 1e9) as u64),
            codec: if is_video { "avc1" } else { "jpeg" }.to_owned(),
            ..Metadata::default()
        },
        text: Vec::new(),
        stored,
    })
}
