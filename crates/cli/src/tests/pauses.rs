//! Sign-ins that end half-way and days that are used up: the run waits, says what for, and goes on by itself.

use photomove_sim::amazon::{Renewal, SetCookies};
use photomove_sim::control::{Person as Who, SessionCommand};
use photomove_sim::parse_faults;

use super::*;

/// Long enough for any machine; only a run that hangs meets it.
const PATIENCE: Duration = Duration::from_secs(120);

/// Stand-ins whose Amazon session ends at its third original, and cannot be renewed without the person.
async fn dying() -> Sims {
    sims(|options| {
        options.amazon.renewal = Renewal::Refuses;
        options.faults = parse_faults(r#"[{"operation": "download", "nth": 3, "fault": "expire_session"}]"#).unwrap();
    })
    .await
}

/// Waits until a command has said something, so often.
async fn until_said(heard: &Captured, words: &str, times: usize) {
    let said = async {
        while heard.text().matches(words).count() < times {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    if tokio::time::timeout(PATIENCE, said).await.is_err() {
        panic!("`{words}` was not said {times} times:\n{}", heard.text());
    }
}

/// A new sign-in at Amazon's stand-in, in a file of its own.
fn new_cookies(home: &Home, sims: &Sims, who: Who, name: &str) -> String {
    let file = home.folder.path().join(name);
    let command = SessionCommand {
        issue: Some(who),
        to: Some(file.clone()),
        ..SessionCommand::default()
    };
    sims.amazon().unwrap().change_sessions(&command).unwrap();
    file.display().to_string()
}

fn bodies(sims: &Sims) -> u64 {
    let counts = sims.google().unwrap().counters();
    counts.by_operation.get("upload").copied().unwrap_or(0)
}

/// All five files arrived, none of them twice; the canary of the day is an upload too.
async fn assert_arrived(sims: &Sims) {
    assert_eq!(
        sims.service(ServiceKind::Google).unwrap().library_lines().await.len(),
        5
    );
    assert_eq!(bodies(sims), 6);
}

#[tokio::test]
async fn a_run_goes_on_after_a_new_sign_in_in_another_terminal() {
    let sims = dying().await;
    let home = Home::new().with_sims(&sims);
    let first = home.value("PHOTOMOVE_AMAZON_COOKIES");
    let home = home.without("PHOTOMOVE_AMAZON_COOKIES");
    let login = |file: String| async {
        let file = file;
        // It may be another person's.
        let ran = home
            .run(&["auth", "login", "amazon@anna", "--replace", "--cookies", &file])
            .await;
        assert_eq!(ran.exit, Exit::Done, "{}", ran.talk);
    };
    login(first).await;
    let (run, heard) = home.start(&["amazon@anna", "google", "--yes", "--wait"]);
    let person = async {
        until_said(&heard, "paused:", 1).await;
        let status = home.run(&["status"]).await;
        assert!(status.data.contains("waiting for a new sign-in"), "{}", status.data);
        let second = home.run(&["amazon@anna", "google", "--yes"]).await;
        assert_eq!(second.exit.code(), 4, "{}", second.talk);
        login(new_cookies(&home, &sims, Who::Other, "ben.txt")).await;
        until_said(&heard, "paused: refused, nothing touched", 1).await;
        let second = home.run(&["amazon@anna", "google", "--yes"]).await;
        assert_eq!(
            second.exit.code(),
            10,
            "another account is another job: {}",
            second.talk
        );
        login(new_cookies(&home, &sims, Who::Same, "anna.txt")).await;
    };
    let (ran, ()) = tokio::join!(run, person);
    assert_eq!(ran.exit, Exit::Done, "{}{}", ran.data, ran.talk);
    assert_arrived(&sims).await;
    insta::assert_snapshot!(home.seen(&ran));
    sims.shutdown().await;
}

#[tokio::test]
async fn a_cookie_file_of_the_settings_may_change_or_be_replaced() {
    for by_login in [false, true] {
        let sims = dying().await;
        let home = Home::new().with_sims(&sims);
        let (run, heard) = home.start(&["--json", "amazon", "google", "--yes", "--wait"]);
        let person = async {
            until_said(&heard, "paused:", 1).await;
            if by_login {
                let file = new_cookies(&home, &sims, Who::Same, "new.txt");
                let ran = home.run(&["auth", "login", "amazon", "--cookies", &file]).await;
                assert!(ran.talk.contains("until that file changes"), "{}", ran.talk);
            } else {
                sims.amazon().unwrap().sign_in_again().unwrap();
            }
        };
        let (ran, ()) = tokio::join!(run, person);
        assert_eq!(ran.exit, Exit::Done, "{}{}", ran.data, ran.talk);
        let typed = |name: &str| ran.data.matches(&format!("\"type\":\"{name}\"")).count();
        assert_eq!((typed("paused"), typed("resumed")), (1, 1), "{}", ran.data);
        assert_arrived(&sims).await;
        // The next run finds the sign-in that works, not the one of a file that was replaced.
        let again = home.run(&["amazon", "google", "--yes"]).await;
        assert_eq!(again.exit, Exit::Done, "{}", again.talk);
        sims.shutdown().await;
    }
}

#[tokio::test]
async fn where_nobody_waits_the_exact_command_is_told_and_works() {
    let sims = dying().await;
    let home = Home::new().with_sims(&sims);
    let stopped = home.run(&["amazon", "google", "--yes"]).await;
    assert_eq!(stopped.exit.code(), 4);
    let status = home.run(&["status"]).await;
    assert!(status.data.contains("waiting for a new sign-in"), "{}", status.data);
    // Expired before the start.
    let refused = home.run(&["amazon", "google", "--yes"]).await;
    assert_eq!(refused.exit.code(), 4);
    insta::assert_snapshot!(format!("{}\n----\n{}", home.seen(&stopped), home.seen(&refused)));
    let file = new_cookies(&home, &sims, Who::Same, "new.txt");
    let login = home.run(&["auth", "login", "amazon", "--cookies", &file]).await;
    assert_eq!(login.exit, Exit::Done, "{}", login.talk);
    let ran = home.run(&["amazon", "google", "--yes"]).await;
    assert_eq!(ran.exit, Exit::Done, "{}{}", ran.data, ran.talk);
    assert_arrived(&sims).await;
    sims.shutdown().await;
}

#[tokio::test]
async fn a_run_waits_for_somebody_to_sign_in_at_all() {
    let sims = sims(|_| {}).await;
    let home = Home::new().with_sims(&sims);
    let first = home.value("PHOTOMOVE_AMAZON_COOKIES");
    let home = home.without("PHOTOMOVE_AMAZON_COOKIES");
    let (run, heard) = home.start(&["amazon", "google", "--yes", "--wait"]);
    let person = async {
        until_said(&heard, "paused: amazon: nobody is signed in", 1).await;
        let ran = home.run(&["auth", "login", "amazon", "--cookies", &first]).await;
        assert_eq!(ran.exit, Exit::Done, "{}", ran.talk);
    };
    let (ran, ()) = tokio::join!(run, person);
    assert_eq!(ran.exit, Exit::Done, "{}{}", ran.data, ran.talk);
    assert_arrived(&sims).await;
    sims.shutdown().await;
}

#[tokio::test]
async fn a_google_sign_in_that_was_taken_back_can_be_renewed_meanwhile() {
    let sims = sims(|options| {
        options.google.consent = ConsentMode::Grant;
        options.faults = parse_faults(r#"[{"operation": "upload", "nth": 3, "fault": "revoke_refresh"}]"#).unwrap();
    })
    .await;
    let home = Home::new().with_sims(&sims).without("PHOTOMOVE_GOOGLE_TOKEN");
    let first = sign_in(&home, &["auth", "login", "google"]).await;
    assert_eq!(first.exit, Exit::Done, "{}", first.talk);
    let (run, heard) = home.start(&["amazon", "google", "--yes", "--wait"]);
    let person = async {
        until_said(&heard, "paused: google:", 1).await;
        let again = sign_in(&home, &["auth", "login", "google"]).await;
        assert_eq!(again.exit, Exit::Done, "{}", again.talk);
    };
    let (ran, ()) = tokio::join!(run, person);
    assert_eq!(ran.exit, Exit::Done, "{}{}", ran.data, ran.talk);
    assert_eq!(
        sims.service(ServiceKind::Google).unwrap().library_lines().await.len(),
        5
    );
    sims.shutdown().await;
}

// The clock asks with a thread of its own, which is not to wait for the stand-ins on this one.
#[tokio::test(flavor = "multi_thread")]
#[cfg(debug_assertions)]
async fn a_used_up_day_is_waited_for_if_asked_to() {
    let sims = sims(|options| options.control = true).await;
    let mut home = Home::new()
        .with_sims(&sims)
        .with("PHOTOMOVE_GOOGLE_REQUESTS_PER_DAY", 8);
    let control = home.value("PHOTOMOVE_SIM_GOOGLE_CONTROL");
    home.clock = crate::service_clock::ServiceClock::follow(&format!("{control}/clock")).unwrap();
    let stopped = home.run(&["amazon", "google", "--yes"]).await;
    assert_eq!(stopped.exit.code(), 5, "{}{}", stopped.data, stopped.talk);
    // How much a day of so few requests brings depends on which answer comes first; what is said does not.
    let said = without_times(&home.seen(&stopped));
    let said: Vec<&str> = said
        .lines()
        .filter(|line| ["hint:", "next:", "exit"].iter().any(|word| line.starts_with(word)))
        .collect();
    insta::assert_snapshot!(said.join("\n"), @r"
    next: run `photomove --state-dir [home]/state --config [home]/config.toml amazon google --yes` again after [time]: it goes on from here
    hint: a new day begins on [time]; with `--wait` a run waits for it
    exit 5
    ");
    let status = home.run(&["status"]).await;
    assert!(status.data.contains("waiting until"), "{}", status.data);
    let (run, heard) = home.start(&["amazon", "google", "--yes", "--wait"]);
    let days = async {
        for day in 1.. {
            until_said(&heard, "the day's 8 requests are used up", day).await;
            sims.google().unwrap().clock().advance(Duration::from_secs(25 * 3600));
        }
    };
    let ran = tokio::select! {
        ran = run => ran,
        () = days => panic!("days do not end"),
    };
    assert_eq!(ran.exit, Exit::Done, "{}{}", ran.data, ran.talk);
    let (paused, resumed) = (
        ran.talk.matches("paused:").count(),
        ran.talk.matches("going on").count(),
    );
    assert!(paused > 0 && paused == resumed, "{}", ran.talk);
    assert_eq!(
        sims.service(ServiceKind::Google).unwrap().library_lines().await.len(),
        5
    );
    sims.shutdown().await;
}

/// Without the times of the day, which are this machine's.
fn without_times(text: &str) -> String {
    let mut out = Vec::new();
    for line in text.lines() {
        let mut line = line.to_owned();
        for (before, after) in [("begins on ", ";"), ("` again after ", ": it")] {
            if let Some((head, rest)) = line.clone().split_once(before)
                && let Some((_, tail)) = rest.split_once(after)
            {
                line = format!("{head}{before}[time]{after}{tail}");
            }
        }
        out.push(line);
    }
    out.join("\n")
}

/// What a run of one command uses is gone for all others: `usage` and `auth status` count too.
#[tokio::test]
async fn requests_of_other_commands_count_among_those_of_the_day() {
    let sims = sims(|_| {}).await;
    let home = Home::new().with_sims(&sims);
    assert_eq!(home.run(&["amazon", "google", "--yes"]).await.exit, Exit::Done);
    let google = sims.google().unwrap();
    let used = || -> u64 {
        let journal = rusqlite::Connection::open(home.folder.path().join("state/journal.db")).unwrap();
        journal
            .query_row("SELECT sum(used) FROM ledger", [], |row| row.get::<_, i64>(0))
            .unwrap()
            .unsigned_abs()
    };
    let before = used();
    assert_eq!(before, u64::from(google.requests_today()));
    for words in [&["google", "usage"][..], &["auth", "status"]] {
        home.run(words).await;
    }
    let after = used();
    assert_eq!(after, u64::from(google.requests_today()));
    assert_eq!(after, before + 2);
    sims.shutdown().await;
}

#[tokio::test]
async fn limits_of_a_run_end_it_with_words_of_their_own() {
    let sims = sims(|_| {}).await;
    let home = Home::new().with_sims(&sims);
    let mut seen = Vec::new();
    for words in [
        &["amazon", "google", "--yes", "--max-transfer", "1B"][..],
        &["amazon", "google", "--yes", "--max-duration", "1ms"],
    ] {
        let ran = home.run(words).await;
        assert_eq!(ran.exit.code(), 5, "{}{}", ran.data, ran.talk);
        seen.push(home.seen(&ran));
    }
    insta::assert_snapshot!(seen.join("\n----\n"));
    let ran = home
        .run(&["--json", "amazon", "google", "--yes", "--max-transfer", "1B"])
        .await;
    let stopped = ran.data.lines().rfind(|line| line.contains("\"summary\"")).unwrap();
    assert!(
        stopped.contains(r#""stopped":{"limit":"transfer","reason":"limit"}"#)
            || stopped.contains(r#""stopped":{"reason":"limit","limit":"transfer"}"#),
        "{stopped}"
    );
    let ran = home
        .run(&["amazon", "google", "--yes", "--max-bandwidth", "100MB/s"])
        .await;
    assert_eq!(ran.exit, Exit::Done, "{}{}", ran.data, ran.talk);
    assert_eq!(
        sims.service(ServiceKind::Google).unwrap().library_lines().await.len(),
        5
    );
    sims.shutdown().await;
}

#[tokio::test]
async fn a_pause_ends_with_ctrl_c() {
    let sims = dying().await;
    let home = Home::new().with_sims(&sims);
    let signals = Signals::default();
    let (run, heard) = home.start_with(&["amazon", "google", "--yes", "--wait"], signals.clone());
    let person = async {
        until_said(&heard, "paused:", 1).await;
        signals.drain.cancel();
    };
    let (ran, ()) = tokio::join!(run, person);
    assert_eq!(ran.exit, Exit::Interrupted, "{}{}", ran.data, ran.talk);
    assert!(
        ran.data
            .contains(" amazon google --yes --wait` again: it goes on from here"),
        "{}",
        ran.data
    );
    sims.shutdown().await;
}

#[tokio::test]
#[cfg(unix)]
async fn who_is_to_be_notified_hears_of_pauses_and_ends() {
    let sims = dying().await;
    let home = Home::new().with_sims(&sims);
    let file = home.file("told.txt", "");
    let line = format!("echo \"$PHOTOMOVE_EVENT $PHOTOMOVE_EXIT_CODE $PHOTOMOVE_MESSAGE\" >> {file}");
    let words = ["amazon", "google", "--yes", "--notify-command", &line];
    assert_eq!(home.run(&words).await.exit.code(), 4);
    let waiting = [&words[..], &["--wait"]].concat();
    let (run, heard) = home.start(&waiting);
    let person = async {
        until_said(&heard, "paused:", 1).await;
        sims.amazon().unwrap().sign_in_again().unwrap();
    };
    let (ran, ()) = tokio::join!(run, person);
    assert_eq!(ran.exit, Exit::Done, "{}{}", ran.data, ran.talk);
    let told = std::fs::read_to_string(&file).unwrap();
    let events: Vec<&str> = told.lines().filter_map(|line| line.split(" amazon: ").next()).collect();
    assert_eq!(
        events,
        ["stopped 4", "paused ", "finished 0 5 of 5 verified · 0 failed"],
        "{told}"
    );
    sims.shutdown().await;
}

#[tokio::test]
async fn renewed_cookies_are_kept_and_the_file_of_the_person_stays_as_it_is() {
    let sims = sims(|options| {
        options.amazon.renewal = Renewal::Works;
        options.amazon.renewable_cookies = true;
        options.faults = parse_faults(r#"[{"operation": "download", "nth": 3, "fault": "expire_session"}]"#).unwrap();
    })
    .await;
    let home = Home::new().with_sims(&sims);
    let file = home.value("PHOTOMOVE_AMAZON_COOKIES");
    let before = std::fs::read(&file).unwrap();
    let ran = home.run(&["amazon", "google", "--yes"]).await;
    assert_eq!(ran.exit, Exit::Done, "{}{}", ran.data, ran.talk);
    assert_arrived(&sims).await;
    // The cookies of the file are dead; those that replaced them are found beside it, for these and no others.
    assert_eq!(std::fs::read(&file).unwrap(), before);
    let usage = home.run(&["amazon", "usage"]).await;
    assert_eq!(usage.exit, Exit::Done, "{}", usage.talk);
    std::fs::write(&file, "session-id=1; ubid-main=2; at-main=3").unwrap();
    assert_eq!(home.run(&["amazon", "usage"]).await.exit.code(), 4);
    sims.shutdown().await;
}

/// Each answer sets a cookie, which is kept: that alone must not make a refused run try again and again.
#[tokio::test]
async fn cookies_of_answers_are_no_new_sign_in() {
    let sims = sims(|options| {
        options.amazon.renewal = Renewal::Refuses;
        options.amazon.set_cookies = SetCookies::SessionToken;
        options.faults = parse_faults(r#"[{"operation": "download", "nth": 3, "fault": "expire_session"}]"#).unwrap();
    })
    .await;
    let home = Home::new().with_sims(&sims);
    let first = home.value("PHOTOMOVE_AMAZON_COOKIES");
    let home = home.without("PHOTOMOVE_AMAZON_COOKIES");
    let login = |file: String| async {
        let file = file;
        // One of the cookies that answers set; what was never held is not taken.
        let cookies = std::fs::read_to_string(&file).unwrap() + ".amazon.com\tTRUE\t/\tTRUE\t0\tsession-token\tfirst\n";
        std::fs::write(&file, cookies).unwrap();
        // It may be another person's.
        let ran = home
            .run(&["auth", "login", "amazon@anna", "--replace", "--cookies", &file])
            .await;
        assert_eq!(ran.exit, Exit::Done, "{}", ran.talk);
    };
    login(first).await;
    let (run, heard) = home.start(&["amazon@anna", "google", "--yes", "--wait"]);
    let person = async {
        until_said(&heard, "paused:", 1).await;
        login(new_cookies(&home, &sims, Who::Other, "ben.txt")).await;
        until_said(&heard, "paused: refused, nothing touched", 1).await;
        login(new_cookies(&home, &sims, Who::Same, "anna.txt")).await;
    };
    let (ran, ()) = tokio::join!(run, person);
    assert_eq!(ran.exit, Exit::Done, "{}{}", ran.data, ran.talk);
    assert_arrived(&sims).await;
    sims.shutdown().await;
}

/// After a check that the service wants, say: the cookies are those of before.
#[tokio::test]
async fn the_same_sign_in_given_again_is_tried() {
    let sims = dying().await;
    let home = Home::new().with_sims(&sims);
    let file = home.value("PHOTOMOVE_AMAZON_COOKIES");
    let (run, heard) = home.start(&["amazon", "google", "--yes", "--wait"]);
    let person = async {
        until_said(&heard, "paused:", 1).await;
        let cookies = std::fs::read(&file).unwrap();
        std::fs::write(&file, cookies).unwrap();
        until_said(&heard, "a new sign-in: going on", 1).await;
        until_said(&heard, "paused:", 2).await;
        sims.amazon().unwrap().sign_in_again().unwrap();
    };
    let (ran, ()) = tokio::join!(run, person);
    assert_eq!(ran.exit, Exit::Done, "{}{}", ran.data, ran.talk);
    sims.shutdown().await;
}
