//! A trial with a part of the library, and then the whole of it.

use std::collections::{BTreeMap, BTreeSet};

use photomove_sim::{Fill, LibraryAlbum, SimOptions};
use serde_json::Value;

use crate::support::{Output, Stage, count, synthetic, synthetic_library};

/// The last object of a type that a command printed.
fn object(output: &Output, of: &str) -> Value {
    let mut objects = output
        .stdout
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let found = objects.rfind(|object| object["type"] == of);
    found.unwrap_or_else(|| panic!("no {of} in {}", output.stdout))
}

fn counts(output: &Output) -> BTreeMap<String, u64> {
    let sums = object(output, "summary")["summary"]["accounting"].clone();
    let sums = sums.as_object().expect("accounting").iter();
    sums.map(|(name, sum)| (name.clone(), sum["count"].as_u64().expect("count")))
        .collect()
}

/// Hash and album titles of each item.
fn shelves(items: &[Value]) -> BTreeMap<String, BTreeSet<String>> {
    let titles = |item: &Value| {
        let titles = item["albums"].as_array().expect("albums").iter();
        titles.map(|title| title.as_str().expect("title").to_owned()).collect()
    };
    let sha1 = |item: &Value| item["sha1"].as_str().expect("sha1").to_owned();
    items.iter().map(|item| (sha1(item), titles(item))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_and_then_the_whole_library_add_up() {
    let stage = Stage::new(synthetic(60)).await;

    let trial = ["amazon", "google", "--limit", "10", "--yes", "--json"];
    let tried = stage.photomove(&trial).await.expect_code(0);
    let sums = counts(&tried);
    assert_eq!((sums["found"], sums["verified"]), (10, 10));
    assert_eq!(stage.google_items().await.len(), 10);
    let lists = count(&stage.amazon_counts(), "list");

    // The same trial again is the same job, and moves nothing more.
    let again = counts(&stage.photomove(&trial).await.expect_code(0));
    assert_eq!(again, sums);
    assert_eq!(stage.google_items().await.len(), 10);
    assert!(lists <= 12, "{lists} pages for a trial of ten");

    let all = stage
        .photomove(&["amazon", "google", "--yes", "--json"])
        .await
        .expect_code(0);
    let sums = counts(&all);
    assert_eq!((sums["found"], sums["already_there"], sums["verified"]), (60, 10, 50));
    let (source, arrived) = (stage.amazon_items().await, stage.google_items().await);
    assert_eq!(arrived.len(), 60, "nothing is doubled");
    assert_eq!(
        shelves(&arrived),
        shelves(&source),
        "each is in its albums, those of the trial too"
    );
    // One asks whether the service checks hashes.
    assert_eq!(count(&stage.google_counts(), "upload"), 61);
    let titles: Vec<_> = stage
        .google_albums()
        .iter()
        .map(|album| album["title"].to_string())
        .collect();
    assert_eq!(titles.iter().collect::<BTreeSet<_>>().len(), titles.len(), "{titles:?}");

    let status = stage.photomove(&["status"]).await.expect_code(0);
    assert!(status.stdout.contains("only: the first 10"), "{}", status.stdout);
    stage.assert_no_unknown_requests();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_album_trial_in_a_large_library_asks_for_few_pages() {
    let mut library = synthetic_library(2_000);
    library.albums = ["Lisbon", "Grandma", "Attic"]
        .map(|title| LibraryAlbum { title: title.into() })
        .into();
    for (index, item) in library.items.iter_mut().enumerate() {
        item.albums = if index % 3 == 0 { vec![0] } else { vec![1, 2] };
    }
    let stage = Stage::with(SimOptions {
        fill: Some(Fill::Library(library)),
        ..Stage::options()
    })
    .await;

    let trial = [
        "amazon", "google", "--album", "lisbon", "--limit", "10", "--yes", "--json",
    ];
    let tried = stage.photomove(&trial).await.expect_code(0);

    let requests = stage.amazon_counts();
    let listing: u64 = ["list", "children"]
        .iter()
        .map(|operation| count(&requests, operation))
        .sum();
    assert!(listing <= 5, "{requests:?}");
    assert_eq!(counts(&tried)["verified"], 10);
    let albums = stage.google_albums();
    let told: Vec<_> = albums
        .iter()
        .map(|album| (album["title"].as_str(), album["count"].as_u64()))
        .collect();
    assert_eq!(told, [(Some("Lisbon"), Some(10))]);
    let filtered = &object(&tried, "plan")["plan"]["filtered"];
    assert_eq!(
        filtered["filters"],
        serde_json::json!({ "albums": ["lisbon"], "limit": 10 })
    );
    assert_eq!(filtered["stopped_at_limit"], true);
    stage.assert_no_unknown_requests();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nothing_fits_and_what_no_album_is_called_have_their_words() {
    let stage = Stage::new(synthetic(30)).await;

    let none = stage
        .photomove(&["amazon", "google", "--since", "2050", "--yes"])
        .await
        .expect_code(0);
    assert!(none.text().contains("only: taken since 2050-01-01"), "{}", none.text());
    assert!(none.text().contains("nothing that fits"), "{}", none.text());

    let typo = stage
        .photomove(&["plan", "amazon", "google", "--album", "Syntetic 01"])
        .await
        .expect_code(2);
    assert!(
        typo.stderr.contains("no album is called `Syntetic 01`"),
        "{}",
        typo.stderr
    );
    assert!(typo.stderr.contains("did you mean `Synthetic 01`?"), "{}", typo.stderr);

    let date = stage
        .photomove(&["plan", "amazon", "google", "--since", "yesterday"])
        .await
        .expect_code(2);
    assert!(
        date.stderr.contains("`--since yesterday` is no date"),
        "{}",
        date.stderr
    );
    assert_eq!(count(&stage.google_counts(), "upload"), 0);
}
