//! Reports and proofs of whole jobs: what people read, what programs read, what other tools check.

use std::process::Command;

use photomove_sim::{Library, LibraryAlbum, LibraryItem};
use serde_json::Value;

use super::*;

/// Names that try to be something else; with a body each.
const NAMES: [&str; 6] = [
    "<script>alert(1)</script>.jpg",
    "=HYPERLINK(1).jpg",
    "back\\slash.jpg",
    "turn\u{202e}gpj.jpg",
    "-rf.jpg",
    "line\nbreak.jpg",
];

fn jpeg(seed: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    jpeg_encoder::Encoder::new(&mut bytes, 70)
        .encode(&[seed; 24 * 16 * 3], 24, 16, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    bytes
}

/// Pictures with such names, a copy, and a file that is no picture, which Google's stand-in refuses.
fn library() -> Library {
    let mut items: Vec<_> = NAMES
        .iter()
        .zip(1..)
        .map(|(name, seed)| LibraryItem::from_bytes(*name, jpeg(seed * 30)))
        .collect();
    items[0].albums = vec![0];
    items[1].albums = vec![0];
    items.push(LibraryItem::from_bytes("copy.jpg", jpeg(30)));
    items.push(LibraryItem::from_bytes(
        "refused.jpg",
        "this is no picture".as_bytes().to_vec(),
    ));
    let albums = vec![LibraryAlbum {
        title: "<b>Album & more</b>".to_owned(),
    }];
    Library { items, albums }
}

/// A home in which that library was moved.
async fn moved() -> (Home, Sims) {
    let sims = sims(|options| {
        options.fill = Some(Fill::Library(library()));
        options.strict_media = true;
    })
    .await;
    let home = Home::new().with_sims(&sims);
    let ran = home.run(&["amazon", "google", "--yes"]).await;
    assert_eq!(ran.exit, Exit::ItemsFailed, "{}", ran.talk);
    (home, sims)
}

fn path(home: &Home, name: &str) -> String {
    home.folder.path().join(name).display().to_string()
}

fn read(home: &Home, name: &str) -> String {
    std::fs::read_to_string(home.folder.path().join(name)).unwrap()
}

fn objects(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn a_job_is_reported_in_every_form() {
    let (home, sims) = moved().await;
    // The services are not needed any more.
    sims.shutdown().await;

    let ran = home.run(&["report"]).await;
    assert_eq!(ran.exit, Exit::Done, "{}", ran.talk);
    for words in [
        "7 of 8 files are at Google Photos; 1 failed",
        "failed: refused because of its type, 1 file (18 B)",
        "do: open it: it may be damaged",
        "refused.jpg (18 B): google: ",
        "albums: 1 of 1 at Google Photos, 2 of 2 places filed",
        "kept as far as the file holds it: capture date (8)",
        "never moved between these two: ",
    ] {
        assert!(ran.data.contains(words), "{words}:\n{}", ran.data);
    }

    let page_file = path(&home, "out.html");
    let ran = home.run(&["report", "1", "--out", &page_file]).await;
    assert_eq!((ran.exit, ran.data.as_str()), (Exit::Done, ""), "{}", ran.talk);
    let page = read(&home, "out.html");
    for words in [
        "7 of 8 files are at Google Photos; 1 failed.",
        "refused.jpg",
        "&#60;b&#62;Album &#38; more",
        "<svg",
    ] {
        assert!(page.contains(words), "{words}:\n{page}");
    }
    for never in [
        "<script",
        "<b>Album",
        "\u{202e}",
        "http-equiv=\"refresh",
        "src=\"http",
        "href=",
    ] {
        assert!(!page.contains(never), "{never}");
    }
    assert!(
        !page.contains(&home.folder.path().display().to_string()),
        "no path of the machine"
    );
    assert!(page.trim_end().ends_with("</html>"));
    // Of the seven files that arrived six items were made; those that came while another one was looked at have no picture.
    #[cfg(feature = "thumbnails")]
    assert!((1..=6).contains(&page.matches("src=\"data:image/jpeg;base64,").count()));

    let ran = home.run(&["report", "--format", "csv"]).await;
    let mut table = csv::Reader::from_reader(ran.data.as_bytes());
    let names: Vec<String> = table.records().map(|row| row.unwrap()[3].to_owned()).collect();
    assert_eq!(names.len(), 8, "{}", ran.data);
    assert!(names.contains(&"line\nbreak.jpg".to_owned()) && names.contains(&"'-rf.jpg".to_owned()));
    assert!(
        ran.data
            .starts_with("job,asset,albums,name,kind,role,size_bytes,md5,sha1,taken,outcome,")
    );
    assert!(ran.data.contains(",'=HYPERLINK(1).jpg,"), "{}", ran.data);
    assert!(ran.data.contains(",rejected_media_type,"), "{}", ran.data);

    let ran = home.run(&["--json", "report"]).await;
    let objects = objects(&ran.data);
    assert_eq!(objects[0]["summary"]["accounting"]["found"]["count"], 8);
    let of = |kind: &str| objects.iter().filter(|object| object["type"] == kind).count();
    assert_eq!((of("day"), of("album"), of("item")), (1, 1, 8));
    assert!(of("loss") > 0);
    let refused = objects.iter().find(|object| object["name"] == "refused.jpg").unwrap();
    assert_eq!(
        (&refused["outcome"], &refused["reason"]["kind"]),
        (&"failed".into(), &"rejected_media_type".into())
    );
    let documented = include_str!("../json.md");
    for object in &objects {
        let name = object["type"].as_str().unwrap();
        assert!(documented.contains(&format!("\n| `{name}` | `report` |")), "{name}");
    }
}

#[tokio::test]
async fn a_manifest_tells_when_it_was_changed() {
    let (home, sims) = moved().await;
    sims.shutdown().await;
    let file = path(&home, "manifest.jsonl");
    let ran = home.run(&["report", "--manifest", &file]).await;
    assert_eq!((ran.exit, ran.data.as_str()), (Exit::Done, ""));
    assert!(ran.talk.ends_with("manifest.jsonl (8 files)\n"), "{}", ran.talk);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let text = read(&home, "manifest.jsonl");
    let lines = objects(&text);
    assert_eq!((&lines[0]["type"], lines.len()), (&"manifest".into(), 10));
    assert_eq!(lines[9]["outcomes"]["failed"]["count"], 1);
    let first = lines.iter().find(|line| line["name"] == NAMES[0]).unwrap();
    assert_eq!(first["albums"][0], "<b>Album & more</b>");
    assert!(first["destination"].is_string() && first["sha1"].is_string(), "{first}");

    let check = |text: String| {
        let home = &home;
        let file = home.file("checked.jsonl", &text);
        async move { home.run(&["report", "--check", &file]).await }
    };
    let whole = check(text.clone()).await;
    assert_eq!(whole.exit, Exit::Done, "{}", whole.talk);
    assert!(
        whole.data.ends_with("is as it was written: 8 files\n"),
        "{}",
        whole.data
    );
    let cut: String = text.lines().take(9).map(|line| format!("{line}\n")).collect();
    for (changed, what) in [
        (text.replace("-rf.jpg", "-ff.jpg"), "its SHA-256 is another one"),
        (cut, "its last line is missing"),
    ] {
        let ran = check(changed).await;
        assert_eq!(ran.exit, Exit::Differences, "{what}");
        assert!(ran.data.contains(what), "{}", ran.data);
    }
    let other = check("{\"type\":\"plan\"}\n".to_owned()).await;
    assert_eq!(other.exit, Exit::Usage);
    assert!(other.talk.contains("is no manifest"), "{}", other.talk);
}

/// A downloaded copy, as the lists name its files: each has the bytes of the picture with that hash.
fn download(home: &Home, list: &str) -> usize {
    let by_hash: std::collections::HashMap<String, Vec<u8>> = (1..=6)
        .map(|seed| jpeg(seed * 30))
        .map(|bytes| (photomove_core::Checksums::of(&bytes).sha1_hex().unwrap(), bytes))
        .collect();
    let lines: Vec<&str> = list.lines().collect();
    for line in &lines {
        let (line, escaped) = line.strip_prefix('\\').map_or((*line, false), |rest| (rest, true));
        let (hash, name) = line.split_once("  ").unwrap();
        let name = if escaped {
            name.replace("\\\\", "\\").replace("\\n", "\n")
        } else {
            name.to_owned()
        };
        std::fs::write(home.folder.path().join("copy").join(name), &by_hash[hash]).unwrap();
    }
    lines.len()
}

#[tokio::test]
async fn other_tools_check_a_downloaded_copy() {
    let (home, sims) = moved().await;
    sims.shutdown().await;
    let folder = home.folder.path().join("copy");
    std::fs::create_dir(&folder).unwrap();
    let (sha1, md5) = (path(&home, "photos.sha1"), path(&home, "photos.md5"));
    let ran = home.run(&["report", "--sha1", &sha1, "--md5", &md5]).await;
    assert_eq!((ran.exit, ran.data.as_str()), (Exit::Done, ""));
    for words in [
        "sha1sum -c: ",
        "md5sum -c: ",
        "not in it: 1 file, not at the destination",
        "not in it: 1 file, the same bytes as another one of the list",
    ] {
        assert!(ran.talk.contains(words), "{words}:\n{}", ran.talk);
    }
    let list = read(&home, "photos.sha1");
    assert!(list.contains("  =HYPERLINK(1).jpg\n"), "{list}");
    assert!(list.contains("  line\\nbreak.jpg\n"), "{list}");
    if cfg!(not(unix)) {
        eprintln!("skipped: this system has other rules for file names, and no sha1sum");
        return;
    }
    assert_eq!(download(&home, &list), 6);
    for (tool, list) in [("sha1sum", &sha1), ("md5sum", &md5)] {
        let check = || Command::new(tool).arg("-c").arg(list).current_dir(&folder).output();
        let Ok(good) = check() else {
            eprintln!("skipped: there is no {tool} on this system");
            continue;
        };
        assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stderr));
        assert_eq!(String::from_utf8_lossy(&good.stdout).matches(": OK").count(), 6);
        let damaged = folder.join("-rf.jpg");
        let before = std::fs::read(&damaged).unwrap();
        std::fs::write(&damaged, "damaged").unwrap();
        assert!(!check().unwrap().status.success());
        std::fs::write(&damaged, before).unwrap();
    }
}

#[tokio::test]
async fn jobs_that_are_not_there_are_said() {
    let home = Home::new();
    let ran = home.run(&["report"]).await;
    assert_eq!(ran.exit, Exit::Usage);
    assert!(ran.talk.contains("nothing has been moved yet"), "{}", ran.talk);
    let (home, sims) = moved().await;
    sims.shutdown().await;
    let ran = home.run(&["report", "7"]).await;
    assert_eq!(ran.exit, Exit::Usage);
    assert!(
        ran.talk.contains("there is no job 7") && ran.talk.contains("known: 1"),
        "{}",
        ran.talk
    );
    let ran = home.run(&["report", "--out", "x.pdf"]).await;
    assert_eq!(ran.exit, Exit::Usage);
    assert!(ran.talk.contains("`.html`"), "{}", ran.talk);
    // A folder cannot be replaced by a report.
    let folder = home.folder.path().display().to_string();
    let ran = home.run(&["report", "--format", "text", "--out", &folder]).await;
    assert_eq!(ran.exit, Exit::Usage);
}

#[tokio::test]
async fn nobody_keeps_pictures_who_does_not_want_them() {
    let sims = sims(|_| {}).await;
    let home = Home::new().with_sims(&sims);
    let ran = home.run(&["amazon", "google", "--yes", "--no-contact-sheet"]).await;
    assert_eq!(ran.exit, Exit::Done, "{}", ran.talk);
    assert!(!home.folder.path().join("state/contact").exists());
    let ran = home.run(&["report", "--format", "html"]).await;
    assert!(!ran.data.contains("data:image"), "{}", ran.data);
    assert!(
        ran.data.contains("every one is proven to have the same bytes"),
        "{}",
        ran.data
    );
    sims.shutdown().await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_device_is_written_to_and_not_replaced() {
    let (home, sims) = moved().await;
    sims.shutdown().await;
    let ran = home.run(&["report", "--format", "csv", "--out", "/dev/null"]).await;
    assert_eq!(ran.exit, Exit::Done, "{}", ran.talk);
    use std::os::unix::fs::FileTypeExt;
    assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());
}

#[tokio::test]
async fn a_run_under_way_is_reported_as_it_stands() {
    let sims = sims(|options| {
        options.amazon.renewal = photomove_sim::amazon::Renewal::Refuses;
        let plan = r#"[{"operation": "download", "nth": 3, "fault": "expire_session"}]"#;
        options.faults = photomove_sim::parse_faults(plan).unwrap();
    })
    .await;
    let home = Home::new().with_sims(&sims);
    let signals = Signals::default();
    let (run, heard) = home.start_with(&["amazon", "google", "--yes", "--wait"], signals.clone());
    let look = async {
        while !heard.text().contains("paused: ") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let ran = home.run(&["report"]).await;
        let page = home.run(&["report", "--format", "html"]).await;
        signals.drain.cancel();
        (ran, page)
    };
    let (_, (ran, page)) = tokio::join!(Box::pin(run), Box::pin(look));
    assert_eq!(ran.exit, Exit::Done, "{}", ran.talk);
    assert!(ran.data.contains("Not finished: so far "), "{}", ran.data);
    assert!(
        ran.data.contains("not finished: its turn is still to come"),
        "{}",
        ran.data
    );
    assert!(page.data.contains("class=\"verdict open\""), "{}", page.data);
    sims.shutdown().await;
}

#[tokio::test]
async fn an_empty_library_has_its_own_words() {
    let sims = sims(|options| options.fill = None).await;
    let home = Home::new().with_sims(&sims);
    home.run(&["amazon", "google", "--yes"]).await;
    let ran = home.run(&["report"]).await;
    assert_eq!(ran.exit, Exit::Done, "{}", ran.talk);
    assert!(ran.data.contains("Nothing has been found to move yet"), "{}", ran.data);
    for form in ["html", "csv", "json"] {
        let ran = home.run(&["report", "--format", form]).await;
        assert_eq!(ran.exit, Exit::Done, "{form}: {}", ran.talk);
    }
    sims.shutdown().await;
}
