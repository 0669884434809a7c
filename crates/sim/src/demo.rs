//! The demo's library: pictures and short videos made here, with dates, places and cameras, albums that overlap,
//! duplicates, names in several scripts, and one item that Google Photos refuses.

use jiff::ToSpan;
use jiff::civil::{DateTime, date};

use crate::error::SimError;
use crate::library::{Library, LibraryAlbum, LibraryItem};
use crate::seeded::Seeded;

mod exif_block;
pub(crate) mod movie;
mod picture;

/// Photos with a body of their own.
const PHOTOS: usize = 190;
/// Short videos.
const VIDEOS: usize = 10;
/// Exact copies of photos under another name.
const DUPLICATES: usize = 6;
/// The one item whose bytes are no picture although its name says so.
const REFUSED_NAME: &str = "IMG_0666 (unvollständig).jpg";

const ALBUMS: [&str; 8] = [
    "Lisbon 2023",
    "Sommer an der Müritz",
    "Зимние каникулы",
    "京都の秋",
    "عيد الأضحى",
    "Family 👨‍👩‍👧 & friends",
    "Best of",
    "Prints to order",
];

/// A trip: where it went, how often pictures were taken there, under which names.
struct Trip {
    album: usize,
    from: DateTime,
    offset_s: i32,
    latitude: f64,
    longitude: f64,
    camera: Camera,
    names: &'static [&'static str],
}

/// Maker, model and lens of a camera that never existed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Camera {
    pub(crate) make: &'static str,
    pub(crate) model: &'static str,
    pub(crate) focal_length_mm: u32,
    pub(crate) has_gps: bool,
}

const PHONE: Camera = Camera {
    make: "Examplo",
    model: "Examplo Phone 12",
    focal_length_mm: 6,
    has_gps: true,
};
const COMPACT: Camera = Camera {
    make: "Lumera",
    model: "Lumera C40",
    focal_length_mm: 18,
    has_gps: false,
};
const REFLEX: Camera = Camera {
    make: "Nordlicht",
    model: "Nordlicht D7",
    focal_length_mm: 50,
    has_gps: false,
};
const TABLET: Camera = Camera {
    make: "Examplo",
    model: "Examplo Pad",
    focal_length_mm: 4,
    has_gps: true,
};

/// Makes the demo's library: 207 items in 8 albums; equal seeds give equal bytes.
///
/// # Errors
/// [`SimError::Generate`] if an encoder refuses, which is a defect.
pub fn library(seed: u64) -> Result<Library, SimError> {
    let mut seeded = Seeded::new(seed, "demo library");
    let trips = trips();
    let mut items = Vec::with_capacity(PHOTOS + VIDEOS + DUPLICATES + 1);
    for index in 0..PHOTOS {
        items.push(photo(index, &trips[index % trips.len()], &mut seeded)?);
    }
    for index in 0..VIDEOS {
        items.push(video(index, &trips[index % trips.len()], &mut seeded)?);
    }
    add_duplicates(&mut items);
    items.push(refused());
    let albums = ALBUMS
        .iter()
        .map(|title| LibraryAlbum {
            title: (*title).to_owned(),
        })
        .collect();
    Ok(Library { items, albums })
}

fn trips() -> [Trip; 6] {
    let trip = |album, from: DateTime, offset_h: i32, (latitude, longitude), camera, names| Trip {
        album,
        from,
        offset_s: offset_h * 3600,
        latitude,
        longitude,
        camera,
        names,
    };
    [
        trip(
            0,
            date(2023, 5, 12).at(9, 5, 0, 0),
            1,
            (38.7139, -9.1394),
            PHONE,
            &["Alfama – manhã", "Elétrico 28", "Pastéis de nata"],
        ),
        trip(
            1,
            date(2021, 7, 30).at(14, 20, 0, 0),
            2,
            (53.4169, 12.6903),
            COMPACT,
            &["Müritz bei Röbel", "Größer als gedacht", "Abendstimmung ☀️"],
        ),
        trip(
            2,
            date(2019, 1, 3).at(11, 0, 0, 0),
            3,
            (55.7520, 37.6175),
            REFLEX,
            &["Каток на площади", "Снегопад", "Ёлка дома"],
        ),
        trip(
            3,
            date(2024, 11, 16).at(7, 45, 0, 0),
            9,
            (35.0116, 135.7681),
            PHONE,
            &["紅葉と寺", "朝の鴨川", "猫カフェ🐈"],
        ),
        trip(
            4,
            date(2022, 7, 9).at(16, 10, 0, 0),
            3,
            (24.7136, 46.6753),
            TABLET,
            &["صورة عائلية", "سوق المدينة", "غروب"],
        ),
        trip(
            5,
            date(2015, 12, 24).at(18, 30, 0, 0),
            1,
            (48.2082, 16.3738),
            REFLEX,
            &["Anna's birthday 🎂", "Noël à la maison", "Grandpa; the hat = his"],
        ),
    ]
}

fn photo(index: usize, trip: &Trip, seeded: &mut Seeded) -> Result<LibraryItem, SimError> {
    let (taken, place) = when_and_where(index, trip, seeded);
    let exif = exif_block::encode(&exif_block::Shot {
        camera: trip.camera,
        taken,
        offset_s: trip.offset_s,
        sub_second: seeded.below(100),
        place,
        orientation: if seeded.below(5) == 0 { 6 } else { 1 },
        exposure: 60 + seeded.below(900) as u32,
        iso: 100 << seeded.below(5),
    })?;
    let bytes = picture::jpeg(seeded, Some(&exif))?;
    Ok(filed(
        LibraryItem::from_bytes(name(index, trip, "jpg"), bytes),
        index,
        trip,
    ))
}

fn video(index: usize, trip: &Trip, seeded: &mut Seeded) -> Result<LibraryItem, SimError> {
    let (taken, _) = when_and_where(index * 7, trip, seeded);
    let bytes = movie::mp4(seeded, taken, trip.offset_s)?;
    Ok(filed(
        LibraryItem::from_bytes(name(index + 400, trip, "mp4"), bytes),
        index,
        trip,
    ))
}

/// Half a day between pictures, a walk of some hundred metres, and a place only where the camera knows it.
fn when_and_where(index: usize, trip: &Trip, seeded: &mut Seeded) -> (DateTime, Option<(f64, f64)>) {
    let minutes = (index as i64 / 6) * 700 + seeded.below(240) as i64;
    let taken = trip
        .from
        .saturating_add(minutes.minutes().seconds(seeded.below(60) as i64));
    let step = |seeded: &mut Seeded| (seeded.fraction() - 0.5) / 100.0;
    let place = (trip.latitude + step(seeded), trip.longitude + step(seeded));
    (taken, trip.camera.has_gps.then_some(place))
}

/// Of each trip every fourth name is one that a person gave, the others are a camera's.
fn name(index: usize, trip: &Trip, extension: &str) -> String {
    let turn = index / 6;
    match turn % 4 {
        0 => format!("{} {}.{extension}", trip.names[turn / 4 % trip.names.len()], index + 1),
        1 => format!("DSC{index:05}.{}", extension.to_uppercase()),
        _ => format!("IMG_{:04}.{extension}", 1200 + index),
    }
}

fn filed(mut item: LibraryItem, index: usize, trip: &Trip) -> LibraryItem {
    item.favorite = index % 9 == 4;
    item.description = (index % 7 == 2).then(|| format!("{} – picture {}", ALBUMS[trip.album], index + 1));
    // Some pictures are in no album, many in one, the starred and every eleventh in several.
    if index % 10 != 9 {
        item.albums.push(trip.album);
    }
    if item.favorite {
        item.albums.push(6);
    }
    if index % 11 == 3 {
        item.albums.push(7);
    }
    item
}

/// The same bytes again, under another name and in other albums, as phones and messengers leave them.
fn add_duplicates(items: &mut Vec<LibraryItem>) {
    for copy in 0..DUPLICATES {
        let original = &items[copy * 31 + 5];
        let mut duplicate = original.clone();
        duplicate.name = format!("Copy of {}", original.name);
        duplicate.favorite = false;
        duplicate.description = None;
        duplicate.albums = vec![[7, 0, 3][copy % 3]];
        items.push(duplicate);
    }
}

/// What a broken memory card leaves behind: the name of a photo over bytes that are none.
fn refused() -> LibraryItem {
    let page = "This was a photo once, before the memory card broke.\n".repeat(40);
    let mut item = LibraryItem::from_bytes(REFUSED_NAME, page);
    item.albums = vec![1];
    item
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[tokio::test]
    async fn the_demo_library_has_what_it_promises() {
        let library = library(1).unwrap();
        assert_eq!(library.items.len(), 207);
        assert_eq!(library.albums.len(), 8);
        let mut bodies = HashSet::new();
        for item in &library.items {
            bodies.insert(item.blob.hashes().await.unwrap().sha1);
        }
        assert_eq!(bodies.len(), 201, "six exact duplicates");
        let names: HashSet<_> = library.items.iter().map(|item| &item.name).collect();
        assert_eq!(names.len(), 207, "no two items have the same name");
        for script in ["ã", "ü", "ё", "葉", "猫", "ص", "🎂"] {
            let used = |name: &&String| name.to_lowercase().contains(script);
            assert!(names.iter().copied().any(|name| used(&name)), "no name with {script}");
        }
        let dated = library.items.iter().filter(|item| item.facts.taken.is_some()).count();
        assert_eq!(dated, 206);
        assert!(library.items.iter().filter(|item| item.facts.gps.is_some()).count() > 60);
        let cameras: HashSet<_> = library
            .items
            .iter()
            .filter_map(|item| item.facts.model.as_ref())
            .collect();
        assert_eq!(cameras.len(), 4);
        let videos = library
            .items
            .iter()
            .filter(|item| item.content_type == "video/mp4")
            .count();
        assert_eq!(videos, 10);
        assert!(library.items.iter().filter(|item| item.favorite).count() > 15);
        assert!(library.items.iter().filter(|item| item.albums.len() > 1).count() > 20);
        for index in 0..8 {
            assert!(
                library.items.iter().any(|item| item.albums.contains(&index)),
                "album {index} is empty"
            );
        }
    }

    #[tokio::test]
    async fn exactly_one_item_is_no_picture() {
        let library = library(1).unwrap();
        let mut bad = Vec::new();
        for item in &library.items {
            let head = item.blob.head(12).await.unwrap();
            if !head.starts_with(b"\xff\xd8\xff") && &head[4..8] != b"ftyp" {
                bad.push(item.name.as_str());
            }
        }
        assert_eq!(bad, [REFUSED_NAME]);
    }

    #[tokio::test]
    async fn equal_seeds_give_equal_bytes() {
        let (first, again, other) = (library(5).unwrap(), library(5).unwrap(), library(6).unwrap());
        for index in [0, 77, 195] {
            let bytes = first.items[index].blob.bytes().await.unwrap();
            assert_eq!(bytes, again.items[index].blob.bytes().await.unwrap());
            assert_ne!(bytes, other.items[index].blob.bytes().await.unwrap());
        }
    }

    #[test]
    fn what_was_written_is_read_back() {
        let library = library(1).unwrap();
        let item = &library.items[0];
        let taken = item.facts.taken.as_ref().unwrap();
        assert_eq!(taken.local.date(), date(2023, 5, 12));
        assert_eq!(taken.offset_s, Some(3600));
        let (latitude, longitude) = item.facts.gps.unwrap();
        assert!((latitude - 38.7139).abs() < 0.01 && (longitude + 9.1394).abs() < 0.01);
        assert_eq!(item.facts.make.as_deref(), Some("Examplo"));
        assert_eq!((item.facts.width_px, item.facts.height_px), (Some(160), Some(120)));
        let video = library
            .items
            .iter()
            .find(|item| item.content_type == "video/mp4")
            .unwrap();
        assert_eq!((video.facts.width_px, video.facts.duration_s), (Some(96), Some(1.0)));
        assert_eq!(video.facts.taken.as_ref().unwrap().local.date(), date(2023, 5, 12));
    }
}
