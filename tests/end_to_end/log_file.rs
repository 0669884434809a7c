//! `--log-file`: everything that helps to find a fault, and nothing that lets anybody in.

use std::path::Path;

use photomove_sim::{SimOptions, parse_faults};

use crate::support::{Stage, synthetic};

/// A migration in which requests fail and are sent again, cookies and tokens are renewed, and an upload is refused.
async fn stage() -> Stage {
    let faults = parse_faults(
        r#"[{"operation": "list", "nth": 1, "fault": "status", "status": 503},
            {"operation": "upload", "nth": 2, "fault": "status", "status": 503},
            {"operation": "download", "nth": 3, "fault": "truncate"}]"#,
    );
    Stage::with(SimOptions {
        fill: Some(synthetic(12)),
        faults: faults.expect("plan"),
        ..Stage::options()
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_migration_leaves_its_requests_and_no_secret_in_the_log() {
    let stage = stage().await;
    let log = stage.path("photomove.log");
    let shown = log.display().to_string();
    let secrets = secrets_of(&stage);
    let args = [
        "--log-file",
        &shown,
        "amazon",
        "google",
        "--yes",
        "--notify-command",
        "true hush-command",
    ];
    stage.photomove(&args).await.expect_code(0);
    stage
        .photomove(&["--log-file", &shown, "auth", "status"])
        .await
        .expect_code(0);
    let text = std::fs::read_to_string(&log).expect("log");

    // What is there: two runs, each with its head and its end, and a line for each request.
    let heads: Vec<&str> = text.lines().filter(|line| line.starts_with("# photomove ")).collect();
    assert_eq!(heads.len(), 2, "{text}");
    assert!(
        heads[0].contains("time zone") && heads[0].contains("amazon google --yes"),
        "{}",
        heads[0]
    );
    assert!(text.contains("ended with exit code 0"), "{text}");
    let requests: Vec<&str> = text.lines().filter(|line| line.contains(": request ")).collect();
    let asked = stage.google_counts().requests + stage.amazon_requests().len() as u64;
    // Tokens are fetched by a library of its own, which keeps its requests to itself.
    assert!(requests.len() as u64 + 10 >= asked, "{} of {asked}", requests.len());
    for facts in [
        "provider=",
        "method=",
        "url=\"http://127.0.0.1",
        "status=200",
        "ms=",
        "retry=0",
        "retry=1",
        "status=503",
    ] {
        assert!(requests.iter().any(|line| line.contains(facts)), "{facts}\n{text}");
    }
    assert!(
        requests
            .iter()
            .any(|line| line.contains("query=\"") && line.contains("limit")),
        "{text}"
    );

    // What is not: values of cookies, tokens and keys, who it is, values of queries, upload tokens, the command's words.
    for secret in &secrets {
        assert!(!text.contains(secret.as_str()), "a secret is in the log");
    }
    for word in owners(&stage.state_dir().join("journal.db")) {
        assert!(!text.contains(&word), "{word} is in the log");
    }
    for word in [
        "@gmail",
        "@example",
        "Bearer",
        "Atza|",
        "ya29.",
        "GOCSPX-",
        "CAIS",
        "hush-command",
    ] {
        assert!(!text.contains(word), "{word} is in the log");
    }
    for line in &requests {
        let url = line
            .split("url=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .expect("an address");
        assert!(!url.contains(['?', '#', '@']), "{line}");
        let key = url.split('/').skip(3).find(|segment| segment.len() >= 32);
        assert!(key.is_none(), "{line}");
    }
    assert_private(&log);
}

/// Whoever names a place that cannot be written learns it before anything happens; a disk that fills up stops nothing.
#[tokio::test(flavor = "multi_thread")]
#[cfg(target_os = "linux")]
async fn a_log_that_cannot_be_written_stops_no_run() {
    let stage = Stage::new(synthetic(2)).await;
    let missing = stage.path("no/such/folder.log").display().to_string();
    let run = stage
        .photomove(&["--log-file", &missing, "amazon", "google", "--yes"])
        .await
        .expect_code(2);
    assert!(
        run.stderr.contains("cannot write the log file") && run.stderr.contains("hint: "),
        "{}",
        run.stderr
    );
    assert_eq!(stage.google_items().await.len(), 0);
    let run = stage
        .photomove(&["--log-file", "/dev/full", "amazon", "google", "--yes"])
        .await
        .expect_code(0);
    assert_eq!(
        run.stderr
            .matches("the log file /dev/full cannot be written any more")
            .count(),
        1,
        "{}",
        run.stderr
    );
    assert_eq!(stage.google_items().await.len(), 2);
}

/// Owners and their names, as the journal keeps them.
fn owners(journal: &Path) -> Vec<String> {
    let connection = rusqlite::Connection::open(journal).expect("journal");
    let mut statement = connection
        .prepare("SELECT owner, CASE WHEN label LIKE '%@%' THEN label ELSE owner END FROM account")
        .expect("query");
    let rows = statement
        .query_map([], |row| Ok([row.get::<_, String>(0)?, row.get(1)?]))
        .expect("rows");
    let words: Vec<String> = rows
        .flat_map(|row| row.expect("row"))
        .filter(|word| word.len() >= 6)
        .collect();
    assert!(words.len() >= 3, "owners to look for: {words:?}");
    words
}

/// Values of the cookies and tokens that the stand-ins wrote, at the beginning.
fn secrets_of(stage: &Stage) -> Vec<String> {
    let env = stage.sims.env();
    let read = |name: &str| std::fs::read_to_string(&env[name]).expect("file");
    let mut values: Vec<String> = read("PHOTOMOVE_AMAZON_COOKIES")
        .lines()
        .filter_map(|line| line.split('\t').nth(6).map(str::to_owned))
        .collect();
    for name in ["PHOTOMOVE_GOOGLE_TOKEN", "PHOTOMOVE_GOOGLE_CLIENT_SECRET"] {
        let text = read(name);
        let after = |key: &str| {
            Some(
                text.split(&format!("\"{key}\": \""))
                    .nth(1)?
                    .split('"')
                    .next()?
                    .to_owned(),
            )
        };
        let keys = [
            "access_token",
            "refresh_token",
            "id_token",
            "client_secret",
            "sub",
            "email",
            "client_id",
        ];
        values.extend(keys.iter().filter_map(|key| after(key)));
    }
    values.retain(|value| value.len() >= 8);
    assert!(values.len() >= 9, "cookies and tokens to look for");
    values
}

#[cfg(unix)]
fn assert_private(file: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(file).expect("metadata").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[cfg(not(unix))]
fn assert_private(_file: &Path) {
    // Elsewhere the folder's access list protects the file; there is no mode to look at.
}
