//! Whole libraries into PhotoPrism, out of it, and from one server to another: every byte, every album, and what the server
//! itself refuses.

mod situations;
#[cfg(unix)]
mod stopping;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use photomove_sim::{PhotoPrismSim, ServiceKind, ServiceSpec, SimOptions};

use crate::support::{Stage, samples};

/// What a real server refuses of the samples: pictures without pixels that anything could show. From `upload-metadata.json` of
/// the recordings.
const REFUSED: [&str; 2] = ["exif.png", "motion_photo_pixel_synth.jpg"];

/// Stand-ins in this order; what they hold says each itself.
fn options(services: Vec<ServiceSpec>) -> SimOptions {
    SimOptions {
        services,
        fill: None,
        ..Stage::options()
    }
}

fn spec(kind: ServiceKind) -> ServiceSpec {
    ServiceSpec::new(kind)
}

fn filled(kind: ServiceKind, folder: &Path) -> ServiceSpec {
    let mut spec = spec(kind);
    spec.dir = Some(folder.to_owned());
    spec
}

fn prism(stage: &Stage) -> &PhotoPrismSim {
    stage.sims.photoprism().expect("a server was started")
}

/// SHA-1 of each file under a folder, with its name and the albums (sub-folders) that it lies in.
fn files(folder: &Path) -> BTreeMap<String, (String, BTreeSet<String>)> {
    let mut found: BTreeMap<String, (String, BTreeSet<String>)> = BTreeMap::new();
    for album in std::fs::read_dir(folder).expect("folder") {
        let album = album.expect("entry");
        let title = album.file_name().into_string().expect("plain name");
        for file in std::fs::read_dir(album.path()).expect("album folder") {
            let file = file.expect("entry");
            let bytes = std::fs::read(file.path()).expect("readable");
            let sha1 = photomove_core::Checksums::of(&bytes).sha1_hex().expect("taken");
            let name = file.file_name().into_string().expect("plain name");
            found
                .entry(sha1)
                .or_insert_with(|| (name, BTreeSet::new()))
                .1
                .insert(title.clone());
        }
    }
    found
}

/// SHA-1 of each original that the server shows, with the titles of its photo's albums.
fn held(sim: &PhotoPrismSim) -> BTreeMap<String, BTreeSet<String>> {
    let mut held: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for photo in sim
        .photos()
        .into_iter()
        .filter(|photo| photo.quality >= 0 && !photo.archived)
    {
        for file in photo
            .files
            .iter()
            .filter(|file| file.root == "/" && file.media_type != "sidecar")
        {
            held.entry(file.sha1.clone())
                .or_default()
                .extend(photo.albums.iter().cloned());
        }
    }
    held
}

fn changes(sim: &PhotoPrismSim) -> Vec<u64> {
    let counts = sim.counters();
    let of = |name: &str| counts.by_operation.get(name).copied().unwrap_or(0);
    [
        "upload",
        "upload_process",
        "photo_update",
        "album_create",
        "album_add",
        "batch_archive",
    ]
    .map(of)
    .to_vec()
}

/// Pictures of one dot in folders that are albums, each with a remark of its own.
fn pictures(folder: &Path, names: &[&str]) {
    for name in names {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, picture(name)).expect("written");
    }
}

fn picture(remark: &str) -> Vec<u8> {
    let mut jpeg = b"\xff\xd8\xff\xe0\x00\x10JFIF\0\x01\x01\x01\x00\x48\x00\x48\x00\x00\xff\xfe".to_vec();
    let length = u16::try_from(remark.len() + 2).expect("a short remark");
    jpeg.extend(length.to_be_bytes());
    jpeg.extend(remark.bytes());
    jpeg.extend(b"\xff\xdb\x00\x43\x00");
    jpeg.extend([0xff; 64]);
    jpeg.extend(b"\xff\xc2\x00\x0b\x08\x00\x01\x00\x01\x01\x01\x11\x00\xff\xc4\x00\x14\x10\x01");
    jpeg.extend([0; 16]);
    jpeg.extend(b"\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x10\xff\xd9");
    jpeg
}

#[tokio::test(flavor = "multi_thread")]
async fn all_samples_arrive_but_those_that_photoprism_refuses() {
    let Some(folder) = samples() else { return };
    let all = files(&folder);
    assert_eq!(all.len(), 55);
    let stage = Stage::with(options(vec![
        filled(ServiceKind::Amazon, &folder),
        spec(ServiceKind::PhotoPrism),
    ]))
    .await;

    let first = stage.photomove(&["amazon", "photoprism", "--yes"]).await.expect_code(3);
    assert!(
        first.text().contains("53 of 55 verified · 2 failed"),
        "{}",
        first.text()
    );
    assert!(
        first
            .text()
            .contains("changed in the settings of PhotoPrism and left so: stack.uuid, stack.meta"),
        "{}",
        first.text()
    );
    let wanted = all.iter().filter(|(_, (name, _))| !REFUSED.contains(&name.as_str()));
    let wanted: BTreeMap<String, BTreeSet<String>> = wanted
        .map(|(sha1, (_, albums))| (sha1.clone(), albums.clone()))
        .collect();
    assert_eq!(held(prism(&stage)), wanted);
    let report = stage.photomove(&["report", "--json"]).await;
    let failed: Vec<serde_json::Value> = report
        .stdout
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|item| item["type"] == "item" && item["outcome"] == "failed")
        .collect();
    let names: BTreeSet<String> = failed.iter().map(|item| text(&item["name"])).collect();
    assert_eq!(names, REFUSED.map(str::to_owned).into_iter().collect());
    for item in &failed {
        let (kind, message) = (text(&item["reason"]["kind"]), text(&item["reason"]["message"]));
        // Whether the log has a line for it depends on which of the two was refused first.
        assert!(
            kind == "rejected_damaged" && message.contains("photoprism did not import the file"),
            "{item}"
        );
    }
    stage.assert_no_unknown_requests();

    let before = changes(prism(&stage));
    let second = stage.photomove(&["amazon", "photoprism", "--yes"]).await.expect_code(3);
    assert!(
        second
            .text()
            .contains("nothing to do: 53 of 55 are already at PhotoPrism"),
        "{}",
        second.text()
    );
    assert_eq!(changes(prism(&stage)), before);
    assert!(!prism(&stage).setting("stack", "meta"), "nobody allowed to put it back");
    stage
        .photomove(&["photoprism", "restore-settings", "--yes"])
        .await
        .expect_code(0);
    assert!(prism(&stage).setting("stack", "meta") && prism(&stage).setting("stack", "uuid"));
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_photoprism_holds_arrives_at_google() {
    let Some(folder) = samples() else { return };
    let stage = Stage::with(options(vec![
        filled(ServiceKind::PhotoPrism, &folder),
        spec(ServiceKind::Google),
    ]))
    .await;
    let wanted = held(prism(&stage));
    assert!(wanted.len() >= 53, "{}", wanted.len());

    let first = stage.photomove(&["photoprism", "google", "--yes"]).await.expect_code(0);
    let count = wanted.len();
    assert!(
        first.text().contains(&format!("{count} of {count} verified")),
        "{}",
        first.text()
    );
    let arrived: BTreeMap<String, BTreeSet<String>> = stage
        .google_items()
        .await
        .iter()
        .map(|item| {
            let albums = item["albums"].as_array().expect("albums").iter().map(text).collect();
            (text(&item["sha1"]), albums)
        })
        .collect();
    assert_eq!(arrived, wanted);
    assert_eq!(changes(prism(&stage)), vec![0; 6], "nothing is changed at the source");
    let second = stage.photomove(&["photoprism", "google", "--yes"]).await.expect_code(0);
    assert!(second.text().contains("nothing to do"), "{}", second.text());
    stage.assert_no_unknown_requests();
}

/// Signs in to both servers, as `photoprism@a` and `photoprism@b`.
async fn sign_in_to_both(stage: &Stage) {
    std::fs::write(stage.path("secret"), "photomove-test\n").expect("written");
    for (name, sim) in ["photoprism@a", "photoprism@b"]
        .into_iter()
        .zip(stage.sims.photoprisms())
    {
        let words = [
            "auth",
            "login",
            name,
            "--url",
            sim.url(),
            "--user",
            "admin",
            "--secret-file",
            "secret",
        ];
        stage.photomove(&words).await.expect_code(0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_server_moves_to_another_with_all_that_people_wrote() {
    let stage = Stage::with(options(vec![
        spec(ServiceKind::PhotoPrism),
        spec(ServiceKind::PhotoPrism),
    ]))
    .await;
    let [from, to] = stage.sims.photoprisms() else {
        panic!("two servers")
    };
    sign_in_to_both(&stage).await;
    let folder = stage.path("pictures");
    pictures(
        &folder,
        &["trip/sea.jpg", "trip/town.jpg", "home/cat.jpg", "home/old.jpg"],
    );
    let run = async |words: &[&str]| stage.photomove(words).await.expect_code(0).stdout;
    for name in ["trip/sea.jpg", "trip/town.jpg", "home/cat.jpg", "home/old.jpg"] {
        let path = folder.join(name).display().to_string();
        run(&["photoprism@a", "upload", &path]).await;
    }
    let path = |name: &str| folder.join(name).display().to_string();
    let (sea, cat, old) = (path("trip/sea.jpg"), path("home/cat.jpg"), path("home/old.jpg"));
    run(&[
        "photoprism@a",
        "edit",
        &sea,
        "--title",
        "Harbour",
        "--caption",
        "From the ferry",
        "--keywords",
        "ferry, sea",
    ])
    .await;
    run(&[
        "photoprism@a",
        "edit",
        &sea,
        "--taken",
        "2019-07-21T18:42:07",
        "--zone",
        "Europe/Berlin",
        "--position",
        "54.3,10.1",
    ])
    .await;
    run(&["photoprism@a", "like", &sea]).await;
    run(&["photoprism@a", "private", &cat]).await;
    let made = run(&["photoprism@a", "album", "create", "Kiel 100%", "--json"]).await;
    let made: serde_json::Value = serde_json::from_str(made.lines().next().expect("an album")).expect("JSON");
    let album = text(&made["album"]["UID"]);
    run(&["photoprism@a", "album", "add", &album, &sea, &path("trip/town.jpg")]).await;
    run(&["photoprism@a", "archive", &old, "--yes"]).await;

    let first = stage
        .photomove(&["photoprism@a", "photoprism@b", "--yes"])
        .await
        .expect_code(0);
    assert!(first.text().contains("4 of 4 verified"), "{}", first.text());
    let known = |sim: &PhotoPrismSim| -> BTreeMap<String, _> {
        let photos = sim.photos().into_iter().filter(|photo| !photo.files.is_empty());
        let described = photos.map(|photo| {
            let sha1 = photo
                .files
                .iter()
                .find(|file| file.root == "/")
                .map(|file| file.sha1.clone());
            let flags = (photo.favorite, photo.private, photo.archived);
            (sha1.expect("an original"), (flags, photo.albums))
        });
        described.collect()
    };
    assert_eq!(known(to), known(from));
    let harbour = |sim: &PhotoPrismSim| {
        sim.photos()
            .into_iter()
            .find(|photo| photo.title == "Harbour")
            .expect("moved")
    };
    let (was, is) = (harbour(from), harbour(to));
    assert_eq!((is.caption, is.position), (was.caption, was.position));
    // The others have no date but that of their upload.
    assert_eq!((is.taken_at_local, is.taken_at), (was.taken_at_local, was.taken_at));
    assert_eq!(is.time_zone, "Europe/Berlin");
    // The server may add words that it finds in the picture.
    assert!(
        is.keywords.contains("ferry") && is.keywords.contains("sea"),
        "{}",
        is.keywords
    );
    assert_eq!(to.albums().iter().filter(|album| album.kind == "album").count(), 1);
    let before = changes(to);
    let second = stage
        .photomove(&["photoprism@a", "photoprism@b", "--yes"])
        .await
        .expect_code(0);
    assert!(second.text().contains("nothing to do"), "{}", second.text());
    assert_eq!(changes(to), before);
    stage.assert_no_unknown_requests();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_photo_stays_one_and_namesakes_stay_two() {
    let folder = tempfile::tempdir().expect("folder");
    // The same name in two folders: another program would send them together, and they would become one.
    pictures(folder.path(), &["2019/IMG_0001.jpg", "2020/IMG_0001.jpg"]);
    let stage = Stage::with(options(vec![
        filled(ServiceKind::Amazon, folder.path()),
        spec(ServiceKind::PhotoPrism),
    ]))
    .await;
    stage.photomove(&["amazon", "photoprism", "--yes"]).await.expect_code(0);
    let photos = prism(&stage).photos();
    assert_eq!(photos.len(), 2, "{photos:?}");
    assert!(
        photos
            .iter()
            .all(|photo| photo.files.iter().filter(|file| file.root == "/").count() == 1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_album_that_was_deleted_does_not_come_back_with_its_old_pictures() {
    let folder = tempfile::tempdir().expect("folder");
    pictures(folder.path(), &["Trip/new.jpg"]);
    let stage = Stage::with(options(vec![
        filled(ServiceKind::Amazon, folder.path()),
        spec(ServiceKind::PhotoPrism),
    ]))
    .await;
    std::fs::write(stage.path("old.jpg"), picture("old")).expect("written");
    let run = async |words: &[&str]| stage.photomove(words).await.expect_code(0).stdout;
    let made = run(&["photoprism", "album", "create", "Trip", "--json"]).await;
    let made: serde_json::Value = serde_json::from_str(made.lines().next().expect("an album")).expect("JSON");
    let album = text(&made["album"]["UID"]);
    run(&["photoprism", "upload", "old.jpg", "--album", &album]).await;
    run(&["photoprism", "album", "delete", &album, "--yes"]).await;

    run(&["amazon", "photoprism", "--yes"]).await;
    let albums: Vec<_> = prism(&stage)
        .albums()
        .into_iter()
        .filter(|one| one.kind == "album" && !one.deleted)
        .collect();
    assert_eq!(albums.len(), 1, "{albums:?}");
    assert_eq!((albums[0].title.as_str(), albums[0].photos.len()), ("Trip", 1));
    assert_ne!(albums[0].uid, album);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_png_named_jpg_is_shown_and_not_poisoned() {
    let Some(folder) = samples() else { return };
    let png = find(&folder, |name| name.ends_with(".png") && name != "exif.png").expect("a PNG among the samples");
    let library = tempfile::tempdir().expect("folder");
    std::fs::create_dir(library.path().join("odd")).expect("made");
    std::fs::copy(png, library.path().join("odd/picture.jpg")).expect("copied");
    let stage = Stage::with(options(vec![
        filled(ServiceKind::Amazon, library.path()),
        spec(ServiceKind::PhotoPrism),
    ]))
    .await;
    let run = stage.photomove(&["amazon", "photoprism", "--yes"]).await.expect_code(0);
    assert!(run.text().contains("1 of 1 verified"), "{}", run.text());
    let photos = prism(&stage).photos();
    assert!(
        photos[0].quality >= 0 && photos[0].files.iter().any(|file| file.name.ends_with(".png")),
        "{photos:?}"
    );
}

fn find(folder: &Path, fits: impl Fn(&str) -> bool + Copy) -> Option<std::path::PathBuf> {
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .ok()?
        .map(|entry| entry.expect("entry").path())
        .collect();
    entries.sort();
    entries.into_iter().find_map(|path| match path.is_dir() {
        true => find(&path, fits),
        false => path
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(fits)
            .then_some(path),
    })
}
