//! Ctrl-C while the server imports or indexes: the run there is stopped, not only the command here.

use std::process::{Child, Output, Stdio};
use std::time::Duration;

use photomove_sim::{ServiceKind, parse_faults};
use rustix::process::{Pid, Signal, kill_process};

use super::{options, picture, prism, spec};
use crate::support::{Stage, count};

const FILES: usize = 12;

/// A server that takes its time for each file, with files in a folder of it.
async fn slow(each: Duration, import: bool, faults: &str) -> Stage {
    let mut options = options(vec![spec(ServiceKind::PhotoPrism)]);
    options.faults = parse_faults(faults).expect("plan");
    options.photoprism.import_takes = each;
    let stage = Stage::with(options).await;
    for number in 0..FILES {
        let name = format!("{number}.jpg");
        std::fs::write(stage.path(&name), picture(&name)).expect("written");
        let mut words = vec!["photoprism", "webdav", "send", &name, &name];
        words.extend(import.then_some("--import"));
        stage.photomove(&words).await.expect_code(0);
    }
    stage
}

fn start(stage: &Stage, what: &str) -> Child {
    let mut command = stage.program(&["photoprism", what]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the program starts")
}

fn interrupt(child: &Child) {
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a process id")).expect("not zero");
    kill_process(pid, Signal::INT).expect("the process is there");
}

/// Waits for something; only a program that hangs lets it fail.
async fn until(happened: impl Fn() -> bool) {
    let came = async {
        while !happened() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(120), came)
        .await
        .expect("it happens");
}

async fn ended(child: Child) -> (Output, String) {
    let wait = tokio::task::spawn_blocking(move || child.wait_with_output());
    let output = wait.await.expect("the waiting thread ends").expect("the child ends");
    let text = format!(
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    (output, text)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_ctrl_c_stops_the_servers_run() {
    for (what, import) in [("import", true), ("index", false)] {
        let stage = slow(Duration::from_millis(300), import, "[]").await;
        let child = start(&stage, what);
        until(|| !prism(&stage).photos().is_empty()).await;
        interrupt(&child);
        let (output, text) = ended(child).await;
        assert_eq!(output.status.code(), Some(130), "{text}");
        assert!(
            text.contains(&format!("the server was told to stop its {what} run")),
            "{text}"
        );
        assert_eq!(count(&prism(&stage).counters(), &format!("{what}_cancel")), 1, "{text}");
        assert!(prism(&stage).photos().len() < FILES, "it was to stop before the end");
        prism(&stage).switches().import_takes = Duration::ZERO;
        stage.photomove(&["photoprism", what]).await.expect_code(0);
        assert_eq!(prism(&stage).photos().len(), FILES);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_ctrl_c_ends_the_command_at_once_and_says_what_goes_on() {
    // All is done there, but the answer does not come.
    let late = r#"[{"operation": "import", "nth": 1, "fault": "late", "ms": 600000}]"#;
    let stage = slow(Duration::ZERO, true, late).await;
    let child = start(&stage, "import");
    until(|| prism(&stage).photos().len() == FILES).await;
    interrupt(&child);
    until(|| count(&prism(&stage).counters(), "import_cancel") == 1).await;
    interrupt(&child);
    let (output, text) = ended(child).await;
    assert_eq!(output.status.code(), Some(130), "{text}");
    assert!(text.contains("photomove photoprism import --cancel"), "{text}");
}
