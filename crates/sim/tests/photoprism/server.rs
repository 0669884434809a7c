//! Config, settings, status, log, metrics.

use reqwest::Method;
use serde_json::{Value, json};

use photomove_sim::Generation;

use crate::support::{Stand, header, json_of};

#[tokio::test]
async fn status_and_health_need_nobody() {
    let stand = Stand::start().await;
    assert_eq!(
        json_of(stand.bare(Method::GET, "/api/v1/status")).await,
        (200, json!({ "status": "operational" }))
    );
    let health = stand.bare(Method::GET, "/health").send().await.unwrap();
    assert_eq!(
        header(&health, "content-type").as_deref(),
        Some("text/plain; charset=utf-8")
    );
    assert_eq!(health.text().await.unwrap(), "OK");
}

#[tokio::test]
async fn the_public_config_has_the_same_members_and_tells_nothing() {
    let stand = Stand::start().await;
    let (_, own) = stand.get("/config").await;
    let (_, public) = json_of(stand.bare(Method::GET, "/api/v1/config")).await;
    let (_, stale) = json_of(stand.bare(Method::GET, "/api/v1/config").bearer_auth("0".repeat(48))).await;
    assert_eq!(public, stale, "an unknown token does not fail");
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&own), keys(&public));
    assert_eq!(keys(&own["count"]), keys(&public["count"]));
    assert_eq!(
        (&public["mode"], &public["public"], &public["downloadToken"]),
        (&json!("public"), &json!(false), &json!("public"))
    );
    assert_eq!(
        (&own["mode"], &public["years"], &public["acl"]["photos"]),
        (&json!("user"), &Value::Null, &Value::Null)
    );
    assert_eq!(own["acl"]["photos"]["update"], true);
}

#[tokio::test]
async fn the_config_has_every_member_of_the_recorded_one() {
    let recorded = include_str!("config_keys.txt");
    let stand = Stand::start().await;
    let (_, config) = stand.get("/config").await;
    let missing: Vec<&str> = recorded.lines().filter(|path| config.pointer(path).is_none()).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn the_version_tells_the_generation() {
    for (generation, digits) in [
        (Generation::G1, "240915"),
        (Generation::G2, "250707"),
        (Generation::G3, "26"),
    ] {
        let stand = Stand::with(|switches| switches.generation = generation).await;
        let (_, config) = stand.get("/config").await;
        assert!(config["version"].as_str().unwrap().starts_with(digits));
    }
    let own_build = Stand::with(|switches| switches.version = Some("development".into())).await;
    assert_eq!(own_build.get("/config").await.1["version"], "development");
}

#[tokio::test]
async fn settings_are_merged_and_speak_the_servers_language() {
    let stand = Stand::start().await;
    let (_, before) = stand.get("/settings").await;
    assert_eq!(before["features"].as_object().unwrap().len(), 27);
    assert_eq!(before["stack"], json!({ "uuid": true, "meta": true, "name": false }));
    let (status, after) = stand
        .post("/settings", json!({ "stack": { "uuid": false, "meta": false } }))
        .await;
    assert_eq!(
        (status, &after["stack"]),
        (200, &json!({ "uuid": false, "meta": false, "name": false }))
    );
    assert_eq!(after["features"], before["features"]);
    assert!(!stand.sim().setting("stack", "meta"));

    let bad = stand.request(Method::POST, "/settings").body("\"x\"");
    assert_eq!(
        json_of(bad).await,
        (400, json!({ "code": 400, "error": "Unable to do that" }))
    );
    stand.post("/settings", json!({ "ui": { "language": "de" } })).await;
    let refused = json_of(stand.bare(Method::GET, "/api/v1/settings")).await;
    assert_eq!(refused, (401, json!({ "code": 401, "error": "Bitte melde dich an" })));
    assert_eq!(
        stand.login(json!({ "username": "x", "password": "y" })).await.1,
        json!({ "error": "Ungültige Zugangsdaten" })
    );
}

#[tokio::test]
async fn the_log_is_read_newest_first_and_emptied() {
    let stand = Stand::start().await;
    for message in [
        "import: a.jpg is broken",
        "index: b.jpg is broken",
        "import: c.jpg is broken",
    ] {
        stand.sim().log_warning(message);
    }
    let messages = |value: &Value| -> Vec<String> {
        let lines = value.as_array().unwrap().iter();
        lines
            .map(|line| line["Message"].as_str().unwrap().chars().take(8).collect())
            .collect()
    };
    let (_, all) = stand.get("/errors?count=50").await;
    assert_eq!(messages(&all), ["import: ", "index: b", "import: "]);
    assert_eq!(
        (&all[0]["ID"], &all[0]["Level"], &all[0]["Time"]),
        (&json!(3), &json!("warning"), &json!("2026-11-21T02:32:00Z"))
    );
    assert_eq!(stand.get("/errors?count=1&offset=1&q=import").await.1[0]["ID"], 1);
    let (status, body) = json_of(stand.request(Method::DELETE, "/errors")).await;
    assert_eq!((status, &body["message"]), (200, &json!("Permanently deleted")));
    assert_eq!(stand.get("/errors?count=5").await.1, json!([]));
}

#[tokio::test]
async fn metrics_count_as_the_config_does() {
    let stand = Stand::start().await;
    let (status, text) = stand.get("/metrics").await;
    let text = text.as_str().unwrap();
    assert_eq!(status, 200);
    for line in [
        "photoprism_statistics_media_count{stat=\"all\"} 0",
        "photoprism_build_info{edition=\"ce\"",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

#[tokio::test]
async fn start_options_are_for_admins() {
    let stand = Stand::with(|switches| switches.read_only = true).await;
    let (status, options) = stand.get("/config/options").await;
    assert_eq!(
        (status, &options["ReadOnly"], &options["OriginalsLimit"]),
        (200, &json!(true), &json!(1000))
    );
    assert_eq!(stand.get("/config").await.1["readonly"], true);
    assert_eq!(json_of(stand.bare(Method::GET, "/api/v1/config/options")).await.0, 401);
}
