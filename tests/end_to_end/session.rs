//! The first migration from beginning to end as a person types it, and its transcript in `docs/`.

mod screen;
mod transcript;

use std::path::PathBuf;

use jiff::Timestamp;
use photomove_sim::amazon::{AmazonSwitches, Renewal};
use photomove_sim::google::ConsentMode;
use photomove_sim::{Fill, ServiceKind, SimClock, SimOptions, parse_faults};
use serde_json::json;

use self::screen::Screen;
use self::transcript::Transcript;
use crate::support::{Stage, follow_redirect, visit};

/// Ten o'clock in the morning of the person's place.
const BEGIN: &str = "2026-05-11T14:00:10Z";
const ZONE: &str = "America/New_York";
/// Google's day has changed in the night.
const NEXT_MORNING: &str = "2026-05-12T12:00:10Z";
/// Google's real day has 10,000; the demo's library is small.
const REQUESTS_PER_DAY: u32 = 150;
/// Download at which Amazon's session ends.
const LAST_DOWNLOAD: u32 = 60;
const PAUSED: &str = "Ctrl-C ends it here; the same command goes on later";

struct Session {
    stage: Stage,
    clock: SimClock,
}

impl Session {
    async fn new() -> Self {
        let clock = SimClock::real();
        let mut options = SimOptions {
            fill: Some(Fill::Demo),
            strict_media: true,
            control: true,
            clock: Some(clock.clone()),
            amazon: AmazonSwitches {
                renewal: Renewal::Refuses,
                ..AmazonSwitches::default()
            },
            ..Stage::options()
        };
        options.google.consent = ConsentMode::Grant;
        options.google.requests_per_day = Some(REQUESTS_PER_DAY);
        let mut stage = Stage::with(options).await;
        let at = |name: &str| stage.path(name).display().to_string();
        let places = [
            ("HOME", at("home")),
            ("XDG_CONFIG_HOME", at("home/.config")),
            ("XDG_STATE_HOME", at("home/.local/state")),
        ];
        for (name, value) in places {
            stage.set(name, value);
        }
        stage.set("TZ", ZONE);
        // Pages open in the test's browser, which is the test.
        stage.set("PHOTOMOVE_BROWSER", "true");
        stage.set("PHOTOMOVE_GOOGLE_REQUESTS_PER_DAY", REQUESTS_PER_DAY.to_string());
        stage.set("PHOTOMOVE_GOOGLE_WRITES_PER_MINUTE", "1000000000");
        let control = stage.sims.env()["PHOTOMOVE_SIM_GOOGLE_CONTROL"].clone();
        stage.set("PHOTOMOVE_CLOCK_URL", format!("{control}/clock"));
        for name in [
            "PHOTOMOVE_STATE_DIR",
            "PHOTOMOVE_AMAZON_COOKIES",
            "PHOTOMOVE_GOOGLE_TOKEN",
            "PHOTOMOVE_GOOGLE_CLIENT_SECRET",
        ] {
            stage.unset(name);
        }
        let session = Self { stage, clock };
        std::fs::create_dir_all(session.downloads()).expect("folder");
        session.it_is(BEGIN);
        session
    }

    fn home(&self) -> PathBuf {
        self.stage.path("home")
    }

    fn downloads(&self) -> PathBuf {
        self.home().join("Downloads")
    }

    /// Moves the clock of both services and of the program.
    fn it_is(&self, time: &str) {
        let time: Timestamp = time.parse().expect("a time");
        self.clock.shift(time.duration_since(self.clock.now()));
    }

    /// What the console would have let the person download.
    fn download_client_file(&self) {
        let google = self.stage.sims.google().expect("started");
        let (client, token) = google.write_credentials(&self.stage.path(".")).expect("written");
        std::fs::remove_file(token).expect("not for the person");
        std::fs::rename(
            client,
            self.downloads()
                .join("client_secret_412345678901-iq7nkggjfrzy6q6ut8nod7w5sgt5msd9.apps.googleusercontent.com.json"),
        )
        .expect("moved");
    }

    /// A request that the person has copied from their browser.
    fn copied(&self) -> String {
        let cookies = self.stage.sims.amazon().expect("started").cookies();
        let cookies: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!(
            "curl 'https://www.amazon.com/drive/v1/account/usage' \\\r  -H 'accept: */*' \\\r  -b '{}'",
            cookies.join("; ")
        )
    }

    /// What goes wrong at Amazon's from now on.
    fn faults(&self, rules: serde_json::Value) {
        let service = self.stage.sims.service(ServiceKind::Amazon).expect("started");
        let rules = parse_faults(&rules.to_string()).expect("a plan");
        service.shared().faults.replace(rules);
    }

    fn type_(&self, words: &str) -> Screen {
        Screen::start(&self.stage, &words.split(' ').collect::<Vec<_>>())
    }

    /// A command that asks nothing.
    async fn says(&self, words: &str, code: i32) -> String {
        self.type_(words).ended(code).await
    }

    async fn sets_up(&self) -> String {
        let screen = self.type_("auth setup google");
        screen.answer("Where shall we begin?", "\r").await;
        for step in 1..=6 {
            screen.until_shown(&format!("Step {step} of 6")).await;
            if step == 6 {
                self.download_client_file();
            }
            screen.answer_line("q: leave >", "").await;
        }
        screen.answer("Take it?", "y").await;
        screen.answer("Sign in now?", "n").await;
        screen.ended(0).await
    }

    async fn signs_in_to_amazon(&self) -> String {
        let screen = self.type_("auth login amazon");
        screen.answer("paste here:", &self.copied()).await;
        screen.answer("received", "\r").await;
        screen.answer("Is that yours?", "y").await;
        screen.ended(0).await
    }

    async fn signs_in_to_google(&self) -> String {
        let screen = self.type_("auth login google");
        screen.until_shown("then paste the address").await;
        let text = screen.text();
        let address = text
            .split_whitespace()
            .find(|word| word.contains("/o/oauth2/"))
            .expect("an address");
        let landed = follow_redirect(address);
        // The browser, which may wait for its page while the person answers.
        std::thread::spawn(move || visit(&landed));
        screen.answer("I do not know", "\r").await;
        screen.ended(0).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_migration_goes_as_its_transcript_says() {
    let session = Session::new().await;
    let mut transcript = Transcript::new(&session.home());
    transcript.chapter("1 A client at Google", transcript::SETUP);
    transcript.command("auth setup google", &session.sets_up().await, 0);

    transcript.chapter("2 Signing in to Amazon", transcript::AMAZON);
    session.it_is("2026-05-11T14:10:10Z");
    transcript.command("auth login amazon", &session.signs_in_to_amazon().await, 0);

    transcript.chapter("3 Signing in to Google", transcript::GOOGLE);
    session.it_is("2026-05-11T14:12:10Z");
    transcript.command("auth login google", &session.signs_in_to_google().await, 0);

    transcript.chapter("4 The plan", transcript::PLAN);
    session.it_is("2026-05-11T14:15:10Z");
    transcript.command("plan amazon google", &session.says("plan amazon google", 0).await, 0);

    transcript.chapter("5 The first day", transcript::FIRST_DAY);
    session.it_is("2026-05-11T14:20:10Z");
    session.faults(json!([{ "operation": "download", "nth": LAST_DOWNLOAD, "fault": "expire_session" }]));
    let screen = session.type_("amazon google");
    screen.answer("[Y/n]", "y").await;
    screen.until_shown(PAUSED).await;
    let amazon = session.stage.sims.amazon().expect("started");
    amazon.sign_in_again().expect("a new session");
    let beside = session.signs_in_to_amazon().await;
    let said = screen.ended(5).await;
    let (before, after) = said.split_once(PAUSED).expect("it paused");
    transcript.begins("amazon google", &format!("{before}{PAUSED}"));
    transcript.words(transcript::SECOND_TERMINAL);
    transcript.command("auth login amazon", &beside, 0);
    transcript.words(transcript::FIRST_TERMINAL);
    transcript.goes_on(after, 5);

    transcript.chapter("6 The second day", transcript::SECOND_DAY);
    session.it_is(NEXT_MORNING);
    let screen = session.type_("amazon google");
    screen.answer("[Y/n]", "y").await;
    transcript.command("amazon google", &screen.ended(3).await, 3);

    transcript.chapter("7 What became of every file", transcript::REPORT);
    session.it_is("2026-05-12T12:05:10Z");
    transcript.command("report", &session.says("report", 0).await, 0);

    transcript.chapter("8 Once more what failed", transcript::RETRY);
    session.it_is("2026-05-12T12:10:10Z");
    transcript.command("retry", &session.says("retry", 3).await, 3);

    transcript.chapter("9 Asking the destination", transcript::VERIFY);
    session.it_is("2026-05-12T12:15:10Z");
    transcript.command("verify", &session.says("verify", 0).await, 0);

    session.stage.assert_no_unknown_requests();
    transcript.compare();
}
