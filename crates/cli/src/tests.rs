//! Whole commands inside this process, against stand-ins on this machine: what people see, and the exit code.
#![cfg(all(feature = "amazon", feature = "google", feature = "photoprism"))]

mod afterwards;
mod doctor;
mod google;
mod outcomes;
mod pauses;
mod photoprism;
mod photoprism_operations;
mod plans;
mod reference;
mod report;
mod sign_in;

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use photomove_core::drill::Drill;
use photomove_core::{ManualClock, SharedClock, SystemClock, SystemRandom};
use photomove_sim::google::ConsentMode;
use photomove_sim::{Fill, ServiceKind, ServiceSpec, SimOptions, Sims};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::app::{self, App};
use crate::ask::Person;
use crate::errors;
use crate::exit::Exit;
use crate::normalise::{self, Refusal};
use crate::print::{Captured, Printer};
use crate::settings::Environment;
use crate::signal::Signals;

/// A home of its own: state folder, empty settings file, environment.
struct Home {
    folder: tempfile::TempDir,
    env: Vec<(String, String)>,
    clock: SharedClock,
    /// What the person at the terminal answers; `None` = nobody is there.
    answers: Option<Vec<String>>,
}

/// What a command left behind.
struct Ran {
    exit: Exit,
    data: String,
    talk: String,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config.toml");
        std::fs::write(&config, "").unwrap();
        let env = vec![
            ("PHOTOMOVE_CONFIG".to_owned(), config.display().to_string()),
            (
                "PHOTOMOVE_STATE_DIR".to_owned(),
                folder.path().join("state").display().to_string(),
            ),
        ];
        Self {
            folder,
            env,
            clock: SystemClock::shared(),
            answers: None,
        }
    }

    /// Somebody is at the terminal who answers this, in every command anew.
    fn answering(mut self, answers: &[&str]) -> Self {
        self.answers = Some(answers.iter().map(|answer| (*answer).to_owned()).collect());
        self
    }

    /// Sleeping takes no time; for commands that retry.
    fn impatient(mut self) -> Self {
        self.clock = Arc::new(ManualClock::new(self.clock.now()));
        self
    }

    fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.env.push((name.to_owned(), value.to_string()));
        self
    }

    fn with_sims(mut self, sims: &Sims) -> Self {
        self.env.extend(sims.env().clone());
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.env.retain(|(known, _)| known != name);
        self
    }

    fn value(&self, name: &str) -> String {
        self.env
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.clone())
            .unwrap()
    }

    fn file(&self, name: &str, content: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    async fn run(&self, words: &[&str]) -> Ran {
        self.start(words).0.await
    }

    /// Returns the running command and what it says meanwhile.
    fn start(&self, words: &[&str]) -> (impl Future<Output = Ran>, Captured) {
        self.start_with(words, Signals::default())
    }

    /// Does that and takes signals.
    fn start_with(&self, words: &[&str], signals: Signals) -> (impl Future<Output = Ran>, Captured) {
        let json = words.contains(&"--json");
        let (printer, data, talk) = Printer::captured(json);
        let argv: Vec<OsString> = std::iter::once(&"photomove").chain(words).map(OsString::from).collect();
        let environment = Environment::of(self.env.clone());
        let clock = Arc::clone(&self.clock);
        let answers = self.answers.clone();
        let heard = talk.clone();
        let run = async move {
            let exit = match normalise::parse(&argv) {
                Ok(cli) => {
                    let yes = cli.global.yes;
                    let app = App {
                        person: match answers {
                            Some(answers) => Person::scripted(yes, printer.clone(), answers),
                            None => Person::nobody(yes, printer.clone()),
                        },
                        global: cli.global,
                        environment,
                        printer: printer.clone(),
                        clock,
                        random: SystemRandom::shared(),
                        signals,
                        drill: Drill::none(),
                    };
                    let result = Box::pin(app::dispatch(&app, cli.command)).await;
                    result.unwrap_or_else(|error| app::tell(&error, &printer))
                }
                Err(Refusal::Word(error)) => {
                    printer.talk(&errors::render(&error));
                    Exit::of_error(&error)
                }
                Err(Refusal::Clap(error)) => panic!("{error}"),
            };
            Ran {
                exit,
                data: data.text(),
                talk: talk.text(),
            }
        };
        (run, heard)
    }

    /// What people see, with this machine's paths and ports taken out.
    fn seen(&self, ran: &Ran) -> String {
        let folder = self.folder.path().display().to_string();
        let mut text = format!("{}{}exit {}", ran.data, ran.talk, ran.exit.code());
        for (name, value) in &self.env {
            // Files of the stand-ins lie in a folder of their own.
            if Path::new(value).is_absolute() && !value.starts_with(&folder) {
                text = text.replace(value, &format!("[{name}]"));
            }
        }
        text = text.replace(&folder, "[home]").replace('\\', "/");
        hide_moments(&hide_ports(&text))
    }
}

fn hide_ports(text: &str) -> String {
    let mut pieces = text.split("127.0.0.1:");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        out.push_str("127.0.0.1:[port]");
        out.push_str(piece.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    out
}

/// `Sat 28 Nov at 18:33` is another moment in every run.
fn hide_moments(text: &str) -> String {
    let is_day =
        |day: &[u8]| day.is_ascii() && day.len() == 10 && day[3] == b' ' && day[4].is_ascii_digit() && day[6] == b' ';
    let is_hour = |hour: &[u8]| hour.len() == 5 && hour[0].is_ascii_digit() && hour[2] == b':';
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(" at ") {
        let (before, after) = (&rest[..at], &rest[at + 4..]);
        let day = before
            .as_bytes()
            .get(before.len().saturating_sub(10)..)
            .unwrap_or_default();
        let hour = after.as_bytes().get(..5).unwrap_or_default();
        if is_day(day) && is_hour(hour) {
            out.push_str(&before[..before.len() - 10]);
            out.push_str("[moment]");
            rest = &after[5..];
        } else {
            out.push_str(&rest[..at + 4]);
            rest = after;
        }
    }
    out + rest
}

async fn sims(change: impl FnOnce(&mut SimOptions)) -> Sims {
    let mut options = SimOptions {
        services: vec![
            ServiceSpec::new(ServiceKind::Amazon),
            ServiceSpec::new(ServiceKind::Google),
        ],
        fill: Some(Fill::Synthetic { count: 5, bytes: 8192 }),
        ..SimOptions::default()
    };
    change(&mut options);
    photomove_sim::start(options).await.unwrap()
}

/// Does what a browser does with an address: asks, and follows one redirect.
async fn browse(address: &str) -> String {
    let mut address: url::Url = address.parse().unwrap();
    for _ in 0..2 {
        let host = (address.host_str().unwrap().to_owned(), address.port().unwrap());
        let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
        let target = &address[url::Position::BeforePath..url::Position::AfterQuery];
        let request = format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).await.unwrap();
        let reply = String::from_utf8_lossy(&reply).into_owned();
        let location = reply.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("location").then(|| value.trim().to_owned())
        });
        match location {
            Some(location) => address = location.parse().unwrap(),
            None => return reply,
        }
    }
    String::new()
}

/// Runs a sign-in whose address the "person" opens.
async fn sign_in(home: &Home, words: &[&str]) -> Ran {
    let (run, heard) = home.start(words);
    let person = async {
        loop {
            let said = heard.text();
            if let Some(address) = said.lines().map(str::trim).find(|line| line.starts_with("http://")) {
                browse(address).await;
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let run = Box::pin(run);
    match futures_select(run, person).await {
        (Some(ran), _) => ran,
        (None, run) => run.await,
    }
}

/// The command's end if it comes before the person has done their part, else the command to be waited for.
async fn futures_select<R: Future<Output = Ran> + Unpin>(
    mut run: R,
    person: impl Future<Output = ()>,
) -> (Option<Ran>, R) {
    let ended = tokio::select! {
        ran = &mut run => Some(ran),
        () = person => None,
    };
    (ended, run)
}

#[tokio::test]
async fn unknown_words_and_equal_sides_are_refused() {
    let home = Home::new();
    let mut seen = String::new();
    for words in [
        ["amazon", "gogle"],
        ["amazn", "google"],
        ["google", "google"],
        ["amazon", "./out"],
        ["google", "amazon"],
    ] {
        let ran = home.run(&words).await;
        seen.push_str(&format!("$ photomove {}\n{}\n\n", words.join(" "), home.seen(&ran)));
    }
    insta::assert_snapshot!(seen);
}

#[tokio::test]
async fn who_is_not_signed_in_is_told_the_command() {
    let home = Home::new();
    let mut seen = String::new();
    for words in [
        &["amazon", "google"][..],
        &["google", "usage"],
        &["amazon@anna", "usage"],
        &["auth", "status"],
        &["status"],
    ] {
        let ran = home.run(words).await;
        seen.push_str(&format!("$ photomove {}\n{}\n\n", words.join(" "), home.seen(&ran)));
    }
    insta::assert_snapshot!(seen);
}

#[tokio::test]
async fn malformed_cookies_are_refused_without_their_values() {
    let home = Home::new();
    let broken = home.file(
        "cookies.txt",
        "# Netscape HTTP Cookie File\n.amazon.com\tTRUE\t/\tTRUE\t0\tsession-id hush\n",
    );
    let few = home.file("few.txt", "session-id=hush; ubid-acbde=hush");
    let page = home.file("page.txt", "<html>hush</html>");
    let mut seen = String::new();
    for file in [&broken, &few, &page] {
        let ran = home.run(&["auth", "login", "amazon", "--cookies", file]).await;
        seen.push_str(&format!("{}\n\n", home.seen(&ran)));
    }
    assert!(!seen.contains("hush"), "{seen}");
    insta::assert_snapshot!(seen);
    // The system's words differ from system to system.
    let ran = home
        .run(&["auth", "login", "amazon", "--cookies", "does/not/exist.txt"])
        .await;
    assert_eq!(ran.exit, Exit::Usage);
    assert!(
        ran.talk
            .starts_with("error: amazon: cannot read cookie file does/not/exist.txt: "),
        "{}",
        ran.talk
    );
}

#[tokio::test]
async fn unknown_marketplaces_are_refused() {
    let home = Home::new();
    let cookies = home.file("cookies.txt", "session-id=1; ubid-main=2; at-main=3");
    let strange = home.file("strange.txt", "session-id=1; ubid-acbxx=2; at-acbxx=3");
    let asked = home
        .run(&[
            "auth",
            "login",
            "amazon",
            "--cookies",
            &cookies,
            "--marketplace",
            "amazon.xx",
        ])
        .await;
    let told = home.run(&["auth", "login", "amazon", "--cookies", &strange]).await;
    insta::assert_snapshot!(format!("{}\n\n{}", home.seen(&asked), home.seen(&told)));
}

#[tokio::test]
async fn nothing_listening_is_said_with_the_address() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let home = Home::new()
        .impatient()
        .with("PHOTOMOVE_AMAZON_METADATA_URL", format!("http://127.0.0.1:{port}"));
    let cookies = home.file("cookies.txt", "session-id=1; ubid-main=2; at-main=3");
    let home = home.with("PHOTOMOVE_AMAZON_COOKIES", cookies);
    let ran = home.run(&["amazon", "usage"]).await;
    insta::assert_snapshot!(home.seen(&ran));
}

#[tokio::test]
async fn wrong_client_secret_files_are_told_apart() {
    let home = Home::new();
    let mut seen = String::new();
    for (name, content) in [
        ("account.json", r#"{"type": "service_account", "private_key": "hush"}"#),
        ("token.json", r#"{"access_token": "hush", "refresh_token": "hush"}"#),
        ("page.html", "<html>hush</html>"),
        (
            "half.json",
            r#"{"installed": {"client_id": "7-a.apps.googleusercontent.com"}}"#,
        ),
    ] {
        let file = home.file(name, content);
        let ran = home.run(&["auth", "login", "google", "--client-secret", &file]).await;
        seen.push_str(&format!("{}\n\n", home.seen(&ran)));
    }
    let ran = home.run(&["auth", "login", "google"]).await;
    seen.push_str(&home.seen(&ran));
    assert!(!seen.contains("hush"), "{seen}");
    insta::assert_snapshot!(seen);
}

#[tokio::test]
async fn refused_consent_ends_the_sign_in() {
    let sims = sims(|options| options.google.consent = ConsentMode::Deny).await;
    let home = Home::new().with_sims(&sims).without("PHOTOMOVE_GOOGLE_TOKEN");
    let mut ran = sign_in(&home, &["auth", "login", "google"]).await;
    ran.talk = ran
        .talk
        .lines()
        .filter(|line| !line.trim().starts_with("http://"))
        .collect::<Vec<_>>()
        .join("\n")
        + "\n";
    insta::assert_snapshot!(home.seen(&ran));
    assert!(
        !home
            .folder
            .path()
            .join("state/credentials/google@default.json")
            .exists()
    );
    sims.shutdown().await;
}

#[tokio::test]
async fn a_sign_in_is_kept_used_and_taken_back() {
    let sims = sims(|options| options.google.consent = ConsentMode::Grant).await;
    let home = Home::new().with_sims(&sims);
    let (cookies, client) = (
        home.value("PHOTOMOVE_AMAZON_COOKIES"),
        home.value("PHOTOMOVE_GOOGLE_CLIENT_SECRET"),
    );
    let home = [
        "PHOTOMOVE_AMAZON_COOKIES",
        "PHOTOMOVE_GOOGLE_TOKEN",
        "PHOTOMOVE_GOOGLE_CLIENT_SECRET",
    ]
    .into_iter()
    .fold(home, Home::without);
    let amazon = home.run(&["auth", "login", "amazon", "--cookies", &cookies]).await;
    assert_eq!(amazon.exit, Exit::Done, "{}", amazon.talk);
    let google = sign_in(&home, &["auth", "login", "google", "--client-secret", &client]).await;
    assert_eq!(google.exit, Exit::Done, "{}", google.talk);
    let status = home.run(&["auth", "status"]).await;
    let usage = home.run(&["amazon", "usage"]).await;
    // The client was kept: signing in again needs no file.
    let again = sign_in(&home, &["auth", "login", "google"]).await;
    assert_eq!(again.exit, Exit::Done, "{}", again.talk);
    let moved = home.run(&["amazon", "google", "--yes"]).await;
    let out = home.run(&["auth", "logout", "google"]).await;
    let gone = home.run(&["auth", "logout", "google"]).await;
    let refused = home.run(&["amazon", "google"]).await;
    let seen = [amazon, google, status, usage, moved, out, gone, refused].map(|mut ran| {
        ran.talk = ran
            .talk
            .lines()
            .filter(|line| !line.trim().starts_with("http://"))
            .map(|line| format!("{line}\n"))
            .collect();
        home.seen(&ran)
    });
    insta::assert_snapshot!(seen.join("\n----\n"));
    sims.shutdown().await;
}

#[tokio::test]
async fn several_accounts_need_a_name_where_nobody_can_be_asked() {
    let sims = sims(|_| {}).await;
    let home = Home::new().with_sims(&sims);
    let cookies = home.value("PHOTOMOVE_AMAZON_COOKIES");
    let home = home.without("PHOTOMOVE_AMAZON_COOKIES");
    for endpoint in ["amazon@anna", "amazon@ben"] {
        let ran = home.run(&["auth", "login", endpoint, "--cookies", &cookies]).await;
        assert_eq!(ran.exit, Exit::Done, "{}", ran.talk);
    }
    let ran = home.run(&["amazon", "google", "--yes"]).await;
    insta::assert_snapshot!(home.seen(&ran), @r"
    error: Amazon Photos has several accounts: `amazon@anna`, `amazon@ben`
    hint: name one of them instead of `amazon`
    exit 2
    ");
    assert_eq!(home.run(&["amazon@ben", "usage"]).await.exit, Exit::Done);
    sims.shutdown().await;
}

#[tokio::test]
async fn a_run_without_a_terminal_needs_a_yes_and_a_second_one_has_nothing_to_do() {
    let sims = sims(|_| {}).await;
    let home = Home::new().with_sims(&sims);
    let asked = home.run(&["amazon", "google"]).await;
    assert_eq!(asked.exit.code(), 2);
    insta::assert_snapshot!("asked", home.seen(&asked));
    let planned = home.run(&["plan", "amazon", "google"]).await;
    insta::assert_snapshot!("planned", home.seen(&planned));
    let uploads = || sims.service(ServiceKind::Google).unwrap().library_lines();
    assert!(uploads().await.is_empty());
    let first = home.run(&["amazon", "google", "--yes"]).await;
    assert_eq!(
        first.data.lines().last(),
        Some("5 of 5 verified · 0 failed"),
        "{}{}",
        first.data,
        first.talk
    );
    assert_eq!(uploads().await.len(), 5);
    let second = home.run(&["amazon", "google", "--yes"]).await;
    let today = home.clock.now().to_zoned(jiff::tz::TimeZone::system());
    let today = today.strftime("%-d %b %Y").to_string();
    insta::assert_snapshot!("second", home.seen(&second).replace(&today, "[today]"));
    sims.shutdown().await;
}

#[tokio::test]
async fn every_object_has_a_type_that_is_documented() {
    let sims = sims(|_| {}).await;
    let home = Home::new().with_sims(&sims);
    let mut types = std::collections::BTreeSet::new();
    for words in [
        &["--json", "amazon", "google", "--yes"][..],
        &["--json", "plan", "amazon", "google"],
        &["--json", "status", "--failures"],
        &["--json", "status", "--watch"],
        &["--json", "retry"],
        &["--json", "verify"],
        &["--json", "auth", "status"],
        &["--json", "amazon", "usage"],
        &["--json", "amazon", "./out"],
    ] {
        let ran = home.run(words).await;
        for line in ran.data.lines() {
            let object: serde_json::Value = serde_json::from_str(line).unwrap();
            types.insert(object["type"].as_str().unwrap_or_else(|| panic!("{line}")).to_owned());
        }
    }
    let documented = include_str!("json.md");
    for name in &types {
        assert!(documented.contains(&format!("\n| `{name}` |")), "{name}");
    }
    for name in [
        "plan",
        "stage",
        "progress",
        "item",
        "summary",
        "job",
        "sign_in",
        "usage",
        "retryable",
        "recheck",
    ] {
        assert!(types.contains(name), "{name} did not occur: {types:?}");
    }
    sims.shutdown().await;
}

#[tokio::test]
async fn the_demo_ends_well_although_one_file_is_refused() {
    let home = Home::new();
    let folder = home.folder.path().join("demo");
    let ran = home.run(&["demo", &folder.display().to_string()]).await;
    assert_eq!(ran.exit, Exit::Done, "{}{}", ran.data, ran.talk);
    let took = ran
        .data
        .split_once("took ")
        .and_then(|(_, rest)| rest.split_once(')'))
        .unwrap()
        .0
        .to_owned();
    insta::assert_snapshot!(home.seen(&ran).replace(&format!("took {took}"), "took [time]"));
    let failures = Home::new();
    let state = folder.join("state").display().to_string();
    let listed = failures.run(&["--state-dir", &state, "status", "--failures"]).await;
    assert!(listed.data.contains("failed: IMG_0666"), "{}", listed.data);
}
