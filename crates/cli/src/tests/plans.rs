//! Plans: what is said, what is written down, what is done of it later, and that none of it writes at a service.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use photomove_sim::{Library, RequestLine};

use super::*;

/// What a plan may ask of Google.
const READS: [&str; 3] = ["album_list", "userinfo", "token"];

fn requests(sims: &Sims, service: ServiceKind) -> Vec<RequestLine> {
    sims.service(service).unwrap().shared().log.lines()
}

#[track_caller]
fn assert_nothing_written(sims: &Sims) {
    let lines = requests(sims, ServiceKind::Google);
    assert!(!lines.is_empty(), "it was not even asked who is signed in");
    for line in lines {
        assert!(READS.contains(&&*line.operation), "{line:?}");
    }
}

#[tokio::test]
async fn neither_a_plan_nor_a_dry_run_writes_and_no_canary_is_sent() {
    let sims = sims(|_| {}).await;
    let home = Home::new().with_sims(&sims);
    let file = home.folder.path().join("plan.json").display().to_string();
    for words in [
        &["plan", "amazon", "google"][..],
        &["amazon", "google", "--dry-run"],
        &["plan", "amazon", "google", "--out", &file],
        &["apply", &file, "--dry-run"],
    ] {
        let ran = home.run(words).await;
        assert_eq!(ran.exit, Exit::Done, "{words:?}: {}{}", ran.data, ran.talk);
        assert_nothing_written(&sims);
    }
    let library = sims.service(ServiceKind::Google).unwrap().library_lines().await;
    assert!(library.is_empty());
    sims.shutdown().await;
}

#[tokio::test]
async fn a_run_that_nobody_can_answer_ends_before_the_listing() {
    let sims = sims(|_| {}).await;
    let home = Home::new().with_sims(&sims);
    let ran = home.run(&["amazon", "google"]).await;
    insta::assert_snapshot!(home.seen(&ran), @r"
    error: moving photos needs a yes, and nobody is at a terminal to give it
    hint: repeat the command with `--yes`; `photomove plan FROM TO` tells beforehand what would be done
    exit 2
    ");
    assert!(requests(&sims, ServiceKind::Amazon).is_empty());
    sims.shutdown().await;
}

#[tokio::test]
async fn an_empty_library_is_done_at_once() {
    let sims = sims(|options| options.fill = None).await;
    let home = Home::new().with_sims(&sims);
    let planned = home.run(&["plan", "amazon", "google"]).await;
    let moved = home.run(&["amazon", "google", "--yes"]).await;
    assert_eq!((planned.exit, moved.exit), (Exit::Done, Exit::Done));
    insta::assert_snapshot!(planned.data, @r"
    Amazon Photos (amazon.com) → Google Photos (owner@gmail.example)

    nothing to move: Amazon Photos holds no photos or videos
    ");
    insta::assert_snapshot!(moved.data.lines().last().unwrap(), @"nothing to do: Amazon Photos holds no photos or videos");
    sims.shutdown().await;
}

#[tokio::test]
async fn free_room_is_compared_where_it_is_said() {
    let sims = sims(|_| {}).await;
    let home = Home::new().with_sims(&sims);
    let room = |ran: &Ran| {
        let text = ran.data.split_once("room\n").map_or("", |(_, rest)| rest);
        text.lines().next().unwrap_or_default().trim().to_owned()
    };
    let plenty = home.run(&["plan", "amazon", "google", "--google-free", "15GB"]).await;
    insta::assert_snapshot!(room(&plenty), @"needs 41.0 kB, 15.0 GB free as you say: fits");
    let short = home.run(&["plan", "amazon", "google", "--google-free", "20kB"]).await;
    insta::assert_snapshot!(room(&short), @"needs 41.0 kB, 20.0 kB free as you say: does not fit: full after 2 files");
    let wrong = home.run(&["plan", "amazon", "google", "--google-free", "much"]).await;
    insta::assert_snapshot!(home.seen(&wrong), @r"
    error: `--google-free much` is no size
    hint: use a number with a unit: `15GB`, `1.5 TB`; https://one.google.com/storage shows it
    exit 2
    ");
    sims.shutdown().await;
}

#[tokio::test]
async fn refused_and_split_are_told_with_examples() {
    let mut library = Library::synthetic(3, 8192, 1).unwrap();
    library.items[1].blob = photomove_sim::Blob::memory(Vec::<u8>::new());
    let sims = sims(|options| options.fill = Some(Fill::Library(library))).await;
    let home = Home::new().with_sims(&sims);
    let ran = home.run(&["plan", "amazon", "google"]).await;
    let block = ran
        .data
        .split("\n\n")
        .find(|block| block.starts_with("not moved"))
        .unwrap();
    insta::assert_snapshot!(block.lines().nth(1).unwrap().trim(), @"1 file (0 B): empty, without a single byte, such as SYN_0000001.jpg");
    sims.shutdown().await;
}

/// Amazon's stand-in over a folder, at ports that stay the same when it is started again.
struct Folder {
    dir: PathBuf,
    base: u16,
    sims: Sims,
}

impl Folder {
    fn options(dir: &Path, base: u16) -> SimOptions {
        SimOptions {
            services: vec![ServiceSpec::new(ServiceKind::Amazon)],
            fill: Some(Fill::Dir(dir.to_path_buf())),
            port_base: Some(base),
            ..SimOptions::default()
        }
    }

    async fn start(dir: PathBuf) -> Self {
        for _ in 0..50 {
            let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let base = free.local_addr().unwrap().port();
            drop(free);
            // Its neighbours may be taken.
            if let Ok(sims) = photomove_sim::start(Self::options(&dir, base)).await {
                return Self { dir, base, sims };
            }
        }
        panic!("no ports in a row are free");
    }

    /// The same service with what lies in the folder now.
    async fn again(self) -> Self {
        let Self { dir, base, sims } = self;
        sims.shutdown().await;
        let sims = photomove_sim::start(Self::options(&dir, base)).await.unwrap();
        Self { dir, base, sims }
    }

    fn put(&self, name: &str, seed: u64) {
        put(&self.dir, name, seed);
    }
}

fn put(dir: &Path, name: &str, seed: u64) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    // A picture's beginning is enough: the stand-in takes any file.
    let bytes: Vec<u8> = [0xff, 0xd8, 0xff, 0xe0]
        .into_iter()
        .chain(seed.to_le_bytes().repeat(100))
        .collect();
    fs::write(path, bytes).unwrap();
}

async fn google() -> Sims {
    let mut options = SimOptions {
        services: vec![ServiceSpec::new(ServiceKind::Google)],
        ..SimOptions::default()
    };
    options.google.writes_per_minute = None;
    photomove_sim::start(options).await.unwrap()
}

#[tokio::test]
async fn apply_names_what_has_changed_and_moves_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    for (seed, name) in (1..).zip(["a.jpg", "b.jpg", "c.jpg", "d.jpg", "z.jpg", "Summer/s.jpg"]) {
        put(dir.path(), name, seed);
    }
    let (amazon, google) = (Folder::start(dir.path().to_path_buf()).await, google().await);
    let home = Home::new().with_sims(&amazon.sims).with_sims(&google);
    let file = home.folder.path().join("plan.json").display().to_string();
    let planned = home.run(&["plan", "amazon", "google", "--out", &file]).await;
    assert_eq!(planned.exit, Exit::Done, "{}", planned.talk);
    let end = planned.data.split_once("written: ").unwrap().1;
    let end = end
        .replace(&home.folder.path().display().to_string(), "[home]")
        .replace('\\', "/");
    insta::assert_snapshot!(end, @r"
    [home]/plan.json with 6 items
    next: `photomove --state-dir [home]/state --config [home]/config.toml apply [home]/plan.json` does exactly this
    ");

    // One has other bytes, one is gone, the album has another title.
    amazon.put("b.jpg", 99);
    fs::remove_file(dir.path().join("z.jpg")).unwrap();
    fs::rename(dir.path().join("Summer"), dir.path().join("Summer 2023")).unwrap();
    let amazon = amazon.again().await;
    let home = home.with_sims(&amazon.sims);
    let applied = home.run(&["apply", &file, "--yes"]).await;
    assert_eq!(applied.exit, Exit::Done, "{}{}", applied.data, applied.talk);
    let drift = applied
        .talk
        .split("\n\n")
        .find(|block| block.contains("since the plan"))
        .unwrap();
    insta::assert_snapshot!(drift, @r"
    changed since the plan was made
      1 item with other bytes, left where they are: b.jpg
      1 item not listed any more: z.jpg
      1 album renamed, created with the planned title: “Summer”, now “Summer 2023”
    ");
    let told: Vec<_> = applied
        .data
        .lines()
        .filter(|line| line.contains("as planned") || line.contains("drift"))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    not as planned: 1 item with other bytes, 1 item not listed any more, 1 album renamed (of 6 items in the plan)
    skipped: b.jpg (804 B): drift: it has changed since the plan was made
    ");
    insta::assert_snapshot!(applied.data.lines().last().unwrap(), @"4 of 5 verified · 1 skipped · 0 failed");
    let held = google.service(ServiceKind::Google).unwrap();
    let names: BTreeMap<_, _> = held
        .library_lines()
        .await
        .iter()
        .map(|item| (item["name"].as_str().unwrap().to_owned(), item["albums"].to_string()))
        .collect();
    insta::assert_snapshot!(format!("{names:?}"), @r#"{"a.jpg": "[]", "c.jpg": "[]", "d.jpg": "[]", "s.jpg": "[\"Summer\"]"}"#);

    let again = home.run(&["apply", &file, "--yes"]).await;
    insta::assert_snapshot!(again.data.lines().last().unwrap(), @"nothing to do: 4 of 5 are already at Google Photos · 1 skipped");
    assert_eq!(held.library_lines().await.len(), 4);
    amazon.sims.shutdown().await;
    google.shutdown().await;
}

#[tokio::test]
async fn plan_files_that_were_altered_or_are_of_others_are_refused() {
    let sims = sims(|_| {}).await;
    let home = Home::new().with_sims(&sims);
    let file = home.folder.path().join("plan.json").display().to_string();
    home.run(&["plan", "amazon", "google", "--out", &file]).await;
    let whole = fs::read_to_string(&file).unwrap();
    let mut seen = String::new();
    for (what, text) in [
        (
            "altered",
            whole.replacen("\"outcome\":\"planned\"", "\"outcome\":\"refused\"", 1),
        ),
        ("cut", whole[..whole.len() - 20].to_owned()),
        ("newer", whole.replacen("\"version\":1", "\"version\":7", 1)),
        ("something else", "{}\n".to_owned()),
    ] {
        fs::write(&file, text).unwrap();
        let ran = home.run(&["apply", &file, "--yes"]).await;
        assert_eq!(ran.exit, Exit::Usage);
        seen.push_str(&format!("{what}\n{}\n\n", home.seen(&ran)));
    }
    fs::write(&file, whole).unwrap();
    // Another pair of accounts: stand-ins with another seed.
    let others = super::sims(|options| options.seed = 2).await;
    let home = home.with_sims(&others);
    let ran = home.run(&["apply", &file, "--yes"]).await;
    assert_eq!(ran.exit, Exit::Usage);
    seen.push_str(&format!("another account\n{}", home.seen(&ran)));
    insta::assert_snapshot!("plan_files_refused", seen);
    assert!(
        others
            .service(ServiceKind::Google)
            .unwrap()
            .library_lines()
            .await
            .is_empty()
    );
    sims.shutdown().await;
    others.shutdown().await;
}
