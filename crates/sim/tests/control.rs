//! The contract of the stand-ins for people and scripts: lines, environment file, control routes.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

use std::sync::Once;

use photomove_sim::{Fault, FaultRule, Fill, ServiceKind, ServiceSpec, SimOptions, Sims, start};
use serde_json::{Value, json};

#[expect(
    clippy::disallowed_methods,
    reason = "the stand-ins are tested without photomove's own client"
)]
fn client() -> reqwest::Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| rustls::crypto::ring::default_provider().install_default().unwrap());
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap()
}

fn amazon(count: u64) -> SimOptions {
    SimOptions {
        services: vec![ServiceSpec::new(ServiceKind::Amazon)],
        fill: Some(Fill::Synthetic { count, bytes: 1000 }),
        control: true,
        ..SimOptions::default()
    }
}

struct Control {
    http: reqwest::Client,
    base: String,
}

impl Control {
    fn of(sims: &Sims) -> Self {
        Self {
            http: client(),
            base: sims.env()["PHOTOMOVE_SIM_AMAZON_CONTROL"].clone(),
        }
    }

    async fn text(&self, path: &str) -> String {
        self.http
            .get(format!("{}/{path}", self.base))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    }

    async fn lines(&self, path: &str) -> Vec<Value> {
        self.text(path)
            .await
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    async fn post(&self, path: &str, body: &str) -> (u16, Value) {
        let answer = self
            .http
            .post(format!("{}/{path}", self.base))
            .body(body.to_owned())
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }
}

/// One request of the signed-in person to the metadata host.
async fn usage(sims: &Sims) -> u16 {
    let amazon = sims.amazon().unwrap();
    let cookies: Vec<_> = amazon
        .cookies()
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let url = format!("{}/drive/v1/account/usage?secret=query", amazon.origins()["metadata"]);
    let answer = client()
        .get(url)
        .header("cookie", cookies.join("; "))
        .send()
        .await
        .unwrap();
    let status = answer.status().as_u16();
    // To the end, so that the body is counted and carried too.
    answer.bytes().await.unwrap();
    status
}

#[tokio::test]
async fn library_and_albums_come_one_object_per_line() {
    let sims = start(amazon(40)).await.unwrap();
    let control = Control::of(&sims);
    let items = control.lines("library").await;
    assert_eq!(items.len(), 40);
    let mut keys: Vec<_> = items[0].as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(
        keys,
        [
            "albums",
            "description",
            "favorite",
            "id",
            "md5",
            "name",
            "sha1",
            "size",
            "state",
            "taken"
        ]
    );
    assert_eq!(
        (items[0]["size"].as_u64(), items[0]["sha1"].as_str().unwrap().len()),
        (Some(1000), 40)
    );
    let albums = control.lines("albums").await;
    let members: u64 = albums.iter().map(|album| album["count"].as_u64().unwrap()).sum();
    let listed: usize = items.iter().map(|item| item["albums"].as_array().unwrap().len()).sum();
    assert_eq!(members as usize, listed);
    sims.shutdown().await;
}

#[tokio::test]
async fn counters_and_requests_tell_names_but_no_values() {
    let sims = start(amazon(1)).await.unwrap();
    let control = Control::of(&sims);
    usage(&sims).await;
    let counters: Value = serde_json::from_str(&control.text("counters").await).unwrap();
    assert_eq!(
        (
            counters["requests"].as_u64(),
            counters["by_operation"]["usage"].as_u64()
        ),
        (Some(1), Some(1))
    );
    assert!(counters["bytes_out"].as_u64().unwrap() > 100);
    let text = control.text("requests").await;
    let line: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (line["origin"].as_str(), line["path"].as_str()),
        (Some("metadata"), Some("/drive/v1/account/usage"))
    );
    assert_eq!(
        line["credentials"],
        json!(["at-main", "sess-at-main", "session-id", "ubid-main", "x-main"])
    );
    for (_, value) in sims.amazon().unwrap().cookies() {
        assert!(!text.contains(&value));
    }
    assert!(!text.contains("secret"));
}

#[tokio::test]
async fn the_clock_moves_by_what_is_asked() {
    let sims = start(amazon(1)).await.unwrap();
    let control = Control::of(&sims);
    let before = sims.amazon().unwrap().shared().clock.now();
    let (status, body) = control.post("clock", r#"{"advance_s": 86400}"#).await;
    assert_eq!((status, body["advanced_s"].as_u64()), (200, Some(86_400)));
    let moved = sims.amazon().unwrap().shared().clock.now().duration_since(before);
    assert!(moved.as_secs() >= 86_400);
    let seen: Value = serde_json::from_str(&control.text("clock").await).unwrap();
    let now = sims.amazon().unwrap().shared().clock.now();
    let ago_ms = now.as_millisecond() - seen["now_ms"].as_i64().unwrap();
    assert!((0..60_000).contains(&ago_ms), "{seen}");
    let (status, body) = control.post("clock", r#"{"advance_s": -90000}"#).await;
    assert_eq!((status, body["advanced_s"].as_i64()), (200, Some(-3600)));
    assert!(sims.amazon().unwrap().shared().clock.now() < before);
    assert_eq!(control.post("clock", r#"{"back": 1}"#).await.0, 400);
}

#[tokio::test]
async fn a_fault_plan_is_replaced_while_running_and_bad_ones_are_refused() {
    let sims = start(amazon(1)).await.unwrap();
    let control = Control::of(&sims);
    let plan = r#"[{"operation": "usage", "nth": 2, "fault": "status", "status": 503}]"#;
    assert_eq!(control.post("faults", plan).await, (200, json!({ "rules": 1 })));
    assert_eq!(
        [usage(&sims).await, usage(&sims).await, usage(&sims).await],
        [200, 503, 200]
    );
    for (bad, reason) in [
        (
            r#"[{"operation": "usage", "fault": "explode"}]"#,
            "unknown fault `explode`",
        ),
        (
            r#"[{"operation": "usege", "fault": "flip_bit"}]"#,
            "unknown operation `usege`",
        ),
    ] {
        let (status, body) = control.post("faults", bad).await;
        assert_eq!(status, 400);
        assert!(body["message"].as_str().unwrap().contains(reason), "{body}");
    }
}

#[tokio::test]
async fn a_session_ends_on_command() {
    let sims = start(amazon(1)).await.unwrap();
    assert_eq!(usage(&sims).await, 200);
    let (status, _) = Control::of(&sims).post("session", r#"{"expire": true}"#).await;
    assert_eq!((status, usage(&sims).await), (200, 401));
}

#[tokio::test]
async fn the_environment_file_is_complete_private_and_names_existing_files() {
    let dir = tempfile::tempdir().unwrap();
    let env_file = dir.path().join("sim.env");
    let options = SimOptions {
        env_file: Some(env_file.clone()),
        state_dir: Some(dir.path().join("state")),
        ..amazon(1)
    };
    let sims = start(options).await.unwrap();
    let text = std::fs::read_to_string(&env_file).unwrap();
    let names: Vec<_> = text.lines().map(|line| line.split_once("='").unwrap().0).collect();
    assert_eq!(
        names,
        [
            "PHOTOMOVE_AMAZON_CONTENT_URL",
            "PHOTOMOVE_AMAZON_COOKIES",
            "PHOTOMOVE_AMAZON_DOWNLOAD_URL",
            "PHOTOMOVE_AMAZON_METADATA_URL",
            "PHOTOMOVE_AMAZON_THUMBNAIL_URL",
            "PHOTOMOVE_SIM_AMAZON_CONTROL",
            "PHOTOMOVE_SIM_AMAZON_ENDPOINT",
        ]
    );
    assert!(std::path::Path::new(&sims.env()["PHOTOMOVE_AMAZON_COOKIES"]).is_file());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(
            std::fs::metadata(&env_file).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}

#[tokio::test]
async fn lines_name_every_service_with_its_origins() {
    let mut options = amazon(1);
    options.services.push(ServiceSpec::new(ServiceKind::Google));
    let sims = start(options).await.unwrap();
    let lines = sims.lines();
    assert_eq!(
        lines
            .iter()
            .map(|line| line["service"].as_str().unwrap())
            .collect::<Vec<_>>(),
        ["amazon", "google"]
    );
    let origins: Vec<_> = lines[0]["origins"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(origins, ["content", "download", "metadata", "storage", "thumbnail"]);
    assert!(lines[1]["control"].as_str().unwrap().starts_with("http://127.0.0.1:"));
    assert_eq!(sims.env()["PHOTOMOVE_SIM_GOOGLE_ENDPOINT"], "google");
}

#[tokio::test]
async fn temporary_credentials_go_with_the_stand_ins_and_nothing_listens_afterwards() {
    let sims = start(amazon(1)).await.unwrap();
    let cookies = sims.env()["PHOTOMOVE_AMAZON_COOKIES"].clone();
    let metadata = sims.env()["PHOTOMOVE_AMAZON_METADATA_URL"].clone();
    let http = client();
    // Leaves an idle connection behind, which must not be answered either.
    http.get(&metadata).send().await.unwrap().bytes().await.unwrap();
    sims.shutdown().await;
    assert!(!std::path::Path::new(&cookies).exists());
    assert!(http.get(metadata).send().await.unwrap_err().is_connect());
}

#[tokio::test]
async fn ports_are_consecutive_from_the_base_and_a_taken_one_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = start(SimOptions {
        port_base: Some(port),
        ..amazon(1)
    })
    .await
    .unwrap_err()
    .to_string();
    assert!(
        error.contains(&port.to_string()) && error.contains("--port-base"),
        "{error}"
    );
    let error = start(SimOptions {
        port_base: Some(65_534),
        ..amazon(1)
    })
    .await
    .unwrap_err()
    .to_string();
    assert!(error.contains("port"), "{error}");
}

#[tokio::test]
async fn a_fault_plan_for_an_operation_of_no_service_stops_the_start() {
    let rule = FaultRule::new("batch_create_typo", Fault::FlipBit);
    let error = start(SimOptions {
        faults: vec![rule],
        ..amazon(1)
    })
    .await
    .unwrap_err()
    .to_string();
    assert!(error.contains("unknown operation `batch_create_typo`"), "{error}");
}

#[tokio::test]
async fn latency_and_bandwidth_slow_the_answers() {
    let slow = SimOptions {
        latency: std::time::Duration::from_millis(30),
        bandwidth_bytes_per_s: Some(10_000),
        ..amazon(1)
    };
    let sims = start(slow).await.unwrap();
    let began = std::time::Instant::now();
    usage(&sims).await;
    // About 370 bytes at 10,000 bytes/s and the latency.
    assert!(began.elapsed().as_millis() >= 60, "{:?}", began.elapsed());
}

/// What a person does on another device is seen by the next listing, and by what the control routes tell.
#[tokio::test]
async fn the_library_can_change_while_the_service_runs() {
    let sims = start(amazon(30)).await.unwrap();
    let control = Control::of(&sims);
    let command = json!({
        "add": 2, "bytes": 1000, "into": "Summer",
        "join": [{ "album": "Summer", "names": ["SYN_0000001.jpg"] }],
        "rename": [{ "from": "Synthetic 01", "to": "Winter" }],
        "remove": ["SYN_0000002.jpg"],
    });
    let (status, answer) = control.post("library", &command.to_string()).await;
    assert_eq!(
        (status, &answer["added"]),
        (200, &json!(["NEW_01_00000.jpg", "NEW_01_00001.jpg"]))
    );
    let library = control.lines("library").await;
    assert_eq!(library.len(), 32);
    let of = |name: &str| library.iter().find(|line| line["name"] == name).unwrap();
    assert!(
        of("SYN_0000001.jpg")["albums"]
            .as_array()
            .unwrap()
            .contains(&json!("Summer"))
    );
    assert_eq!(of("SYN_0000002.jpg")["state"], "trashed");
    assert_eq!(of("NEW_01_00001.jpg")["albums"], json!(["Summer"]));
    let albums = control.lines("albums").await;
    let titles: Vec<_> = albums.iter().map(|album| album["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["Winter", "Summer"]);
    for (wrong, word) in [
        (json!({ "remove": ["nobody.jpg"] }), "nobody.jpg"),
        (json!({ "add": 1, "bytes": 3 }), "bytes"),
        (json!({ "burn": true }), "burn"),
    ] {
        let (status, answer) = control.post("library", &wrong.to_string()).await;
        assert_eq!(status, 400, "{wrong}");
        assert!(answer["message"].as_str().unwrap().contains(word), "{answer}");
    }
    assert_eq!(control.lines("library").await.len(), 32);
}
