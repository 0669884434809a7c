//! What lies at a service, by the bytes that it stores: read back and hashed here, whatever the service says of them.

use std::collections::{BTreeMap, BTreeSet};

use photomove::core::Checksums;
use photomove_sim::{Blob, GoogleSim, Library, PhotoPrismSim};

use crate::checker::{Findings, Rule};

/// One content.
#[derive(Debug, Clone)]
pub struct Held {
    blob: Blob,
    /// How often it lies there.
    pub times: u64,
    /// Titles of its albums.
    pub albums: BTreeSet<String>,
    /// Whether it is starred; `None` where the service has no stars.
    pub favorite: Option<bool>,
}

/// Contents by the SHA-1 of their bytes.
pub type Shelf = BTreeMap<String, Held>;

async fn put(shelf: &mut Shelf, blob: Blob, albums: impl IntoIterator<Item = String>, favorite: Option<bool>) {
    let bytes = blob.bytes().await.expect("what a stand-in stores can be read");
    let sha1 = Checksums::of(&bytes).sha1_hex().expect("taken");
    let held = shelf.entry(sha1).or_insert_with(|| Held {
        blob,
        times: 0,
        albums: BTreeSet::new(),
        favorite,
    });
    held.times += 1;
    held.albums.extend(albums);
}

/// What a library to be put into a stand-in holds. The same bytes twice are one content.
pub async fn of_library(library: &Library) -> Shelf {
    let mut shelf = Shelf::new();
    for item in &library.items {
        let titles = library.titles_of(item).map(str::to_owned);
        put(&mut shelf, item.blob.clone(), titles, Some(item.favorite)).await;
    }
    for held in shelf.values_mut() {
        held.times = 1;
    }
    shelf
}

/// What Google's stand-in holds.
pub async fn of_google(sim: &GoogleSim) -> Shelf {
    let mut shelf = Shelf::new();
    for item in sim.library() {
        let blob = sim.body(&item.id).expect("an item has a body");
        put(&mut shelf, blob, item.albums, None).await;
    }
    shelf
}

/// The originals that a server shows. What it hides for its quality, or holds in its archive, is not shown.
pub async fn of_prism(sim: &PhotoPrismSim) -> Shelf {
    let mut shelf = Shelf::new();
    for photo in sim.photos() {
        if photo.quality < 0 || photo.archived {
            continue;
        }
        let originals = photo
            .files
            .iter()
            .filter(|file| file.root == "/" && file.media_type != "sidecar");
        for file in originals {
            let blob = sim.body(&file.sha1).expect("the file of a photo lies on the disk");
            put(&mut shelf, blob, photo.albums.clone(), Some(photo.favorite)).await;
        }
    }
    shelf
}

/// What people and cameras said of a photo.
#[derive(Debug, Clone, PartialEq)]
pub struct Words {
    title: String,
    caption: String,
    /// `None` if nobody knows: the server then takes the moment of the upload.
    taken: Option<String>,
    position: (f64, f64),
    /// Favourite, private, archived.
    flags: [bool; 3],
}

/// What a server that was started then says of the photo of each original.
pub fn words_of(sim: &PhotoPrismSim, began: &str) -> BTreeMap<String, Words> {
    let photos = sim.photos();
    let told = photos.iter().flat_map(|photo| {
        let words = Words {
            title: photo.title.clone(),
            caption: photo.caption.clone(),
            taken: Some(photo.taken_at_local.clone()).filter(|taken| taken.as_str() < began),
            position: photo.position,
            flags: [photo.favorite, photo.private, photo.archived],
        };
        let originals = photo
            .files
            .iter()
            .filter(|file| file.root == "/" && file.media_type != "sidecar");
        originals.map(move |file| (file.sha1.clone(), words.clone()))
    });
    told.collect()
}

/// Everything wanted is there once, byte by byte, in its albums, and nothing else is.
pub async fn compare(wanted: &Shelf, got: &Shelf, findings: &mut Findings) {
    for (sha1, own) in wanted {
        let Some(there) = got.get(sha1) else {
            findings.add(Rule::Lost, format!("{sha1} of {:?}", own.albums));
            continue;
        };
        findings.check(Rule::Doubled, there.times == 1, || {
            format!("{sha1} {} times", there.times)
        });
        let read = async |held: &Held| held.blob.bytes().await.expect("readable");
        findings.check(Rule::Bytes, read(own).await == read(there).await, || sha1.clone());
        findings.check(Rule::Albums, own.albums == there.albums, || {
            format!("{sha1} is in {:?}, not in {:?}", there.albums, own.albums)
        });
        let starred = own.favorite.zip(there.favorite);
        findings.check(Rule::Outcome, starred.is_none_or(|(was, is)| was == is), || {
            format!("{sha1}: starred or not: {starred:?}")
        });
    }
    for sha1 in got.keys().filter(|sha1| !wanted.contains_key(*sha1)) {
        findings.add(Rule::Doubled, format!("{sha1}, which the source has not"));
    }
}

/// The comparison would notice: each kind of fault, planted by hand.
#[tokio::test]
async fn planted_faults_are_found() {
    type Harm<'a> = &'a dyn Fn(&mut Shelf);
    let library = Library::synthetic(20, super::BYTES, 1).expect("computed library");
    let wanted = of_library(&library).await;
    let found = async |harm: &dyn Fn(&mut Shelf)| {
        let mut got = wanted.clone();
        harm(&mut got);
        let mut findings = Findings::default();
        compare(&wanted, &got, &mut findings).await;
        findings.to_string()
    };
    assert_eq!(found(&|_| {}).await, "");
    let (first, other) = {
        let mut names = wanted.keys().cloned();
        (names.next().expect("an item"), names.next().expect("another one"))
    };
    let held = |shelf: &mut Shelf, change: &dyn Fn(&mut Held)| change(shelf.get_mut(&first).expect("there"));
    let strange = wanted[&other].clone();
    let plants: [(&str, Harm<'_>); 6] = [
        ("Lost", &|got| {
            got.remove(&first);
        }),
        ("Doubled", &|got| held(got, &|held| held.times = 2)),
        ("Doubled", &|got| {
            got.insert("unknown".to_owned(), strange.clone());
        }),
        ("Bytes", &|got| held(got, &|held| held.blob = strange.blob.clone())),
        ("Albums", &|got| {
            held(got, &|held| {
                held.albums.insert("Other".to_owned());
            });
        }),
        ("Outcome", &|got| {
            held(got, &|held| held.favorite = held.favorite.map(|is| !is));
        }),
    ];
    for (rule, harm) in plants {
        let said = found(harm).await;
        assert!(said.contains(rule), "{rule} was not found: {said}");
    }
}
