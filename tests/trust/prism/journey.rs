//! A library on its way by the built program, with a PhotoPrism server at one end or at both.

use std::collections::{BTreeMap, BTreeSet};

use photomove_sim::{Counts, Fill, Library, PhotoPrismSim, ServiceKind, ServiceSpec, SimOptions};
use serde_json::Value;

use super::shelves::{self, Shelf};
use crate::checker::{self, Books, Findings, Rule};
use crate::ground::{Ground, count, options};

/// From where to where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// `amazon photoprism:URL`
    In,
    /// `photoprism:URL google`
    Out,
    /// `photoprism@a photoprism@b`
    Across,
}

impl Route {
    fn services(self) -> [ServiceKind; 2] {
        match self {
            Self::In => [ServiceKind::Amazon, ServiceKind::PhotoPrism],
            Self::Out => [ServiceKind::PhotoPrism, ServiceKind::Google],
            Self::Across => [ServiceKind::PhotoPrism, ServiceKind::PhotoPrism],
        }
    }

    /// As a figure names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::In => "amazon → photoprism",
            Self::Out => "photoprism → google",
            Self::Across => "photoprism@a → photoprism@b",
        }
    }

    /// Requests that change something at the target.
    fn writes(self) -> &'static [&'static str] {
        match self {
            Self::Out => &["upload", "batch_create", "album_create", "album_add"],
            Self::In | Self::Across => &[
                "upload",
                "upload_process",
                "photo_update",
                "album_create",
                "album_update",
                "album_add",
                "batch_archive",
                "batch_private",
                "settings_save",
            ],
        }
    }
}

/// A source that is full, a target that is empty, and the program between them.
pub struct Journey {
    pub ground: Ground,
    pub route: Route,
    /// What the source shows before the first run.
    pub source: Shelf,
    endpoints: [String; 2],
    /// When the stand-ins were started.
    began: String,
    /// Lies where the program never looks but when it is told to.
    aside: tempfile::TempDir,
}

impl Journey {
    /// Starts both sides; signed in everywhere.
    pub async fn start(route: Route, library: Library, seed: u64) -> Self {
        let given = shelves::of_library(&library).await;
        let options = options();
        let began = options.clock.as_ref().expect("one clock for all").now().to_string();
        let ground = Ground::start(SimOptions {
            services: route.services().map(ServiceSpec::new).to_vec(),
            fill: Some(Fill::Library(library)),
            seed,
            ..options
        })
        .await;
        ground.share_clock();
        ground.hurry();
        let endpoint = |number: usize| ground.sims.photoprisms()[number].endpoint();
        let endpoints = match route {
            Route::In => ["amazon".to_owned(), endpoint(0)],
            Route::Out => [endpoint(0), "google".to_owned()],
            Route::Across => ["photoprism@a".to_owned(), "photoprism@b".to_owned()],
        };
        let aside = tempfile::tempdir().expect("temporary folder");
        let source = match route {
            Route::In => given,
            Route::Out | Route::Across => shelves::of_prism(&ground.sims.photoprisms()[0]).await,
        };
        let journey = Self {
            ground,
            route,
            source,
            endpoints,
            began,
            aside,
        };
        if route == Route::Across {
            journey.sign_in().await;
        }
        journey
    }

    async fn sign_in(&self) {
        let file = self.aside.path().join("password");
        for (name, sim) in self.endpoints.iter().zip(self.ground.sims.photoprisms()) {
            std::fs::write(&file, sim.password()).expect("written");
            let file = file.display().to_string();
            let words = [
                "auth",
                "login",
                name,
                "--url",
                sim.url(),
                "--user",
                sim.user(),
                "--secret-file",
                &file,
            ];
            self.ground.run(&words).await.expect_code(0);
        }
    }

    /// What to type to move everything.
    pub fn words(&self) -> [&str; 3] {
        [&self.endpoints[0], &self.endpoints[1], "--yes"]
    }

    /// The server that is written to, unless it is Google's.
    pub fn server(&self) -> Option<&PhotoPrismSim> {
        (self.route != Route::Out).then(|| self.ground.sims.photoprisms().last().expect("started"))
    }

    /// Numbers over all requests that the target got.
    pub fn target_counts(&self) -> Counts {
        match self.server() {
            Some(sim) => sim.counters(),
            None => self.ground.google_counts(),
        }
    }

    /// Numbers over all requests that the source got.
    pub fn source_counts(&self) -> Counts {
        match self.route {
            Route::In => self.ground.amazon_counts(),
            Route::Out | Route::Across => self.ground.sims.photoprisms()[0].counters(),
        }
    }

    /// Requests that both sides got.
    pub fn requests(&self) -> u64 {
        self.target_counts().requests + self.source_counts().requests
    }

    /// How often the target was asked to change something, by what it was.
    pub fn writes(&self) -> Vec<u64> {
        let counts = self.target_counts();
        self.route.writes().iter().map(|name| count(&counts, name)).collect()
    }

    /// The lines that a command prints with `--json`.
    pub async fn lines(&self, words: &[&str]) -> Vec<Value> {
        let said = self.ground.run(&[words, &["--json"]].concat()).await.expect_code(0);
        let lines = said.stdout.lines();
        lines
            .map(|line| serde_json::from_str(line).expect("an object a line"))
            .collect()
    }

    /// Plans, moves and moves again: outcomes are those of the plan but for what the target refuses, by SHA-1 with the kind of
    /// the reason; everything else is proven, and the second run has nothing to do.
    pub async fn prove(&self, refused: &BTreeMap<String, &str>) {
        let [from, to, yes] = self.words();
        let planned = self.lines(&["plan", from, to]).await;
        let plan = &planned.iter().find(|line| line["type"] == "plan").expect("a plan")["plan"];
        let count = self.source.len() as u64;
        let number = |value: &Value| value.as_u64().unwrap_or_else(|| panic!("not a number: {value}"));
        assert_eq!(number(&plan["parts"]["count"]), count, "{plan}");
        assert_eq!(number(&plan["to_send"]["count"]), count, "{plan}");
        assert_eq!(number(&plan["memberships"]), self.places(), "{plan}");
        assert_eq!(number(&plan["albums"]), self.source_albums().len() as u64, "{plan}");

        let code = if refused.is_empty() { 0 } else { 3 };
        let first = self.ground.run(&[from, to, yes]).await.expect_code(code);
        let arrived = count - refused.len() as u64;
        let said = format!("{} of {} verified", thousands(arrived), thousands(count));
        assert!(first.text().contains(&said), "{}", first.text());

        let mut told = BTreeMap::new();
        for item in self
            .lines(&["report"])
            .await
            .iter()
            .filter(|line| line["type"] == "item")
        {
            let kind = item["reason"]["kind"].as_str().unwrap_or_default().to_owned();
            let is_reasoned = item["reason"]["message"]
                .as_str()
                .is_some_and(|message| !message.is_empty());
            let outcome = item["outcome"].as_str().unwrap_or_default().to_owned();
            assert!(outcome == "verified" || is_reasoned, "{item}");
            let sha1 = item["sha1"].as_str().unwrap_or_default().to_owned();
            assert!(told.insert(sha1, (outcome, kind)).is_none(), "told twice: {item}");
        }
        let expected: BTreeMap<String, (String, String)> = self
            .source
            .keys()
            .map(|sha1| {
                let outcome = match refused.get(sha1) {
                    Some(kind) => ("failed".to_owned(), (*kind).to_owned()),
                    None => ("verified".to_owned(), String::new()),
                };
                (sha1.clone(), outcome)
            })
            .collect();
        assert_eq!(told, expected);
        let refused_ones = refused.keys().cloned().collect();
        self.check(&refused_ones).await;

        let before = self.writes();
        let again = self.ground.run(&[from, to, yes]).await.expect_code(code);
        assert!(again.text().contains("nothing to do"), "{}", again.text());
        assert_eq!(self.writes(), before, "a second run changes nothing");
        self.check(&refused_ones).await;
    }

    /// What the target shows.
    pub async fn target(&self) -> Shelf {
        match self.server() {
            Some(sim) => shelves::of_prism(sim).await,
            None => shelves::of_google(self.ground.sims.google().expect("started")).await,
        }
    }

    /// Titles of the albums that the target shows.
    fn albums(&self) -> Vec<String> {
        let lines = match self.server() {
            Some(sim) => sim.service().album_lines(),
            None => self.ground.google().album_lines(),
        };
        sorted(&lines)
    }

    /// Places that pictures have in albums of the source; files that are one photo there have one together.
    fn places(&self) -> u64 {
        let places: usize = match self.route {
            Route::In => self.source.values().map(|held| held.albums.len()).sum(),
            Route::Out | Route::Across => {
                let photos = self.ground.sims.photoprisms()[0].photos();
                photos.iter().map(|photo| photo.albums.len()).sum()
            }
        };
        places as u64
    }

    /// Titles of the source's albums.
    fn source_albums(&self) -> Vec<String> {
        let lines = match self.route {
            Route::In => self.ground.amazon().album_lines(),
            Route::Out | Route::Across => self.ground.sims.photoprisms()[0].service().album_lines(),
        };
        sorted(&lines)
    }

    /// Checks a finished job: all but what the target refused is there, once, byte by byte, in its albums; journal, status and
    /// traces are as they should be.
    pub async fn check(&self, refused: &BTreeSet<String>) {
        let mut findings = checker::aftermath(&self.ground).await;
        let target = self.target().await;
        let mut wanted = self.source.clone();
        wanted.retain(|sha1, _| !refused.contains(sha1));
        shelves::compare(&wanted, &target, &mut findings).await;
        let (made, had) = (self.albums(), self.source_albums());
        findings.check(Rule::Albums, made == had, || {
            format!("albums are {made:?}, not {had:?}")
        });
        if let Some(sim) = self.server() {
            // The server moves a file before it judges it: of what it refuses, one copy lies on its disk, and none more for a
            // second try; of what was sent twice there is none.
            let on_disk = sim.originals();
            let copies = on_disk.iter().filter(|path| !path.ends_with(".yml")).count();
            let allowed = wanted.len() + refused.len();
            findings.check(Rule::Doubled, copies == allowed, || {
                format!("{copies} files lie on the server's disk, not {allowed}")
            });
        }
        if self.route == Route::Across {
            let [from, to] = self.ground.sims.photoprisms() else {
                panic!("two servers")
            };
            let (was, is) = (shelves::words_of(from, &self.began), shelves::words_of(to, &self.began));
            for (sha1, words) in was {
                findings.check(Rule::Outcome, is.get(&sha1) == Some(&words), || {
                    format!("{sha1}: {:?}, not {words:?}", is.get(&sha1))
                });
            }
        }
        match Books::read(&self.ground.journal()) {
            Ok(books) => {
                let told: BTreeSet<String> = books.arrived();
                let there: BTreeSet<String> = target.keys().cloned().collect();
                findings.check(Rule::Outcome, told == there, || {
                    format!(
                        "the journal calls {} contents arrived, the target has {}",
                        told.len(),
                        there.len()
                    )
                });
            }
            Err(error) => findings.add(Rule::Journal, error.to_string()),
        }
        findings.assert_none();
    }

    /// Checks what holds at any moment, also right after a kill: a sound journal, and nothing doubled.
    pub async fn check_now(&self) {
        let mut findings = Findings::default();
        if self.ground.journal().exists() {
            match Books::read(&self.ground.journal()) {
                Ok(books) => books.check_sound(&mut findings),
                Err(error) => findings.add(Rule::Journal, error.to_string()),
            }
        }
        for (sha1, held) in self.target().await {
            findings.check(
                Rule::Doubled,
                held.times == 1 && self.source.contains_key(&sha1),
                || format!("{sha1} {} times", held.times),
            );
        }
        let (made, had) = (self.albums(), self.source_albums());
        let often = |titles: &[String], title: &String| titles.iter().filter(|own| *own == title).count();
        for title in made.iter().filter(|title| had.contains(title)) {
            findings.check(Rule::Doubled, often(&made, title) <= often(&had, title), || {
                format!("the target has albums {made:?}")
            });
        }
        findings.assert_none();
    }
}

/// A number as the program writes it.
fn thousands(number: u64) -> String {
    match number {
        0..1_000 => number.to_string(),
        _ => format!("{},{:03}", number / 1_000, number % 1_000),
    }
}

fn sorted(albums: &[Value]) -> Vec<String> {
    let titles = albums
        .iter()
        .map(|album| album["title"].as_str().unwrap_or_default().to_owned());
    let mut titles: Vec<String> = titles.collect();
    titles.sort();
    titles
}
