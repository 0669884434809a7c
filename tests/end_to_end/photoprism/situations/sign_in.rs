//! Sign-ins that stop working, or seem to, while photos are moved.

use super::{assert_all_there, into, prism, run};
use crate::support::Stage;

/// Signs in by a session that is open, with the password that would open another one.
fn with_session(stage: &mut Stage, base: &str) {
    let file = stage.path("sign-in.json");
    let document = serde_json::json!({
        "url": format!("{}{base}", prism(stage).url()),
        "sign_in": { "kind": "user", "name": "admin", "password": prism(stage).password() },
        "session": { "token": prism(stage).access_token(), "until": null },
    });
    std::fs::write(&file, document.to_string()).expect("written");
    stage.set("PHOTOMOVE_PHOTOPRISM_SIGN_IN", file.display().to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passcode_that_is_wanted_in_mid_run_pauses_it_and_the_same_command_goes_on() {
    let plan = r#"[{"operation": "upload", "nth": 3, "fault": "expire_session"}]"#;
    let mut stage = into(plan, |switches| switches.passcode = true).await;
    with_session(&mut stage, "/");
    let stopped = run(&stage, "amazon", "photoprism").await.expect_code(4);
    let text = stopped.text();
    assert!(text.contains("wants a passcode") && text.contains("hint: "), "{text}");
    assert!(!text.contains(prism(&stage).password()), "{text}");
    // As the hint says; the passcode stands below the password here, and is asked for in a terminal.
    stage.unset("PHOTOMOVE_PHOTOPRISM_SIGN_IN");
    let (url, passcode) = (prism(&stage).url().to_owned(), prism(&stage).passcode().expect("one"));
    let secret = format!("{}\n{passcode}\n", prism(&stage).password());
    std::fs::write(stage.path("secret"), secret).expect("written");
    let words = [
        "auth",
        "login",
        "photoprism",
        "--url",
        &url,
        "--user",
        "admin",
        "--secret-file",
        "secret",
    ];
    stage.photomove(&words).await.expect_code(0);
    let run = run(&stage, "amazon", "photoprism").await.expect_code(0);
    assert_all_there(&stage, &run);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_was_written_by_hand_needs_no_last_slash() {
    let mut stage = into("[]", |switches| switches.base_path = "prism/photos".to_owned()).await;
    with_session(&mut stage, "");
    let to = format!("photoprism:{}/", prism(&stage).url());
    let moved = run(&stage, "amazon", &to).await.expect_code(0);
    assert_all_there(&stage, &moved);
    let status = stage.photomove(&["status"]).await.expect_code(0);
    let server = prism(&stage).url().trim_start_matches("http://");
    assert!(
        status.text().contains(&format!("admin at {server}")),
        "two servers on one host look different: {}",
        status.text()
    );
}

/// Too many bad tokens from this address, which are not ours: the server refuses good ones too for a while, and nobody may
/// sign in.
#[cfg(debug_assertions)]
#[tokio::test(flavor = "multi_thread")]
async fn good_tokens_that_are_refused_for_a_while_are_waited_for_and_kept() {
    use std::time::Duration;

    use photomove_sim::{ServiceKind, SessionCommand, SimClock, SimOptions};

    use super::super::{filled, options, pictures, spec};
    use super::NAMES;
    use crate::support::count;

    let folder = tempfile::tempdir().expect("folder");
    pictures(folder.path(), &NAMES);
    let clock = SimClock::real();
    let services = vec![
        filled(ServiceKind::Amazon, folder.path()),
        spec(ServiceKind::PhotoPrism),
    ];
    let mut stage = Stage::with(SimOptions {
        clock: Some(clock.clone()),
        control: true,
        latency: Duration::from_millis(30),
        ..options(services)
    })
    .await;
    let control = stage.sims.env()["PHOTOMOVE_SIM_AMAZON_CONTROL"].clone();
    stage.set("PHOTOMOVE_CLOCK_URL", format!("{control}/clock"));
    with_session(&mut stage, "/");
    let asked = |operation: &str| count(&prism(&stage).counters(), operation);
    let mut program = stage.program(&["amazon", "photoprism", "--yes"]);
    let running = program
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let running = running.spawn().expect("the program starts");
    let ended = tokio::task::spawn_blocking(move || running.wait_with_output());
    let until = async |operation: &str| {
        let patience = Duration::from_secs(120);
        let came = async {
            while asked(operation) == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(patience, came).await.expect("it comes");
    };
    until("upload").await;
    let locked = SessionCommand {
        exhaust_tokens: true,
        ..SessionCommand::default()
    };
    prism(&stage).change_sessions(&locked).expect("locked");
    until("session_create").await;
    // The program waits a minute; whether it has begun to is nothing that can be seen.
    while !ended.is_finished() {
        clock.advance(Duration::from_secs(61));
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    let output = ended.await.expect("waited for").expect("ends");
    let text = format!(
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(output.status.code(), Some(0), "{text}");
    let output = crate::support::Output {
        code: output.status.code(),
        stdout: text,
        stderr: String::new(),
    };
    assert_all_there(&stage, &output);
    assert_eq!(asked("session_create"), 1, "the session that was good is kept");
    assert_eq!(asked("upload_process"), 6, "what waited under it is not sent again");
}
