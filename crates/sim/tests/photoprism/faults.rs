//! Faults as plans write them.

use std::time::Duration;

use photomove_sim::{Fault, FaultRule, parse_faults};
use reqwest::Method;
use serde_json::json;

use crate::support::{Stand, json_of};

#[tokio::test]
async fn a_status_has_the_servers_body_or_that_of_a_proxy() {
    let rules = parse_faults(
        r#"[{"operation": "config", "nth": 1, "fault": "status", "status": 500},
            {"operation": "config", "nth": 2, "fault": "status", "status": 502},
            {"operation": "config", "nth": 3, "fault": "status", "status": 500, "body_kind": "empty"}]"#,
    );
    let stand = Stand::with_faults(rules.unwrap()).await;
    assert_eq!(
        stand.get("/config").await,
        (500, json!({ "code": 500, "error": "Changes could not be saved" }))
    );
    let (status, page) = stand.get("/config").await;
    assert_eq!((status, page.as_str().unwrap().contains("nginx")), (502, true));
    assert_eq!(stand.get("/config").await, (500, json!("")));
}

#[tokio::test]
async fn sessions_end_and_servers_restart_in_the_middle() {
    let rules = vec![
        FaultRule::new("settings_get", Fault::Restart { lose_sessions: false }).nth(1),
        FaultRule::new("settings_get", Fault::Restart { lose_sessions: true }).nth(2),
    ];
    let stand = Stand::with_faults(rules).await;
    for _ in 0..10 {
        stand.login(json!({ "username": "admin", "password": "wrong" })).await;
    }
    assert_eq!(
        stand.login(json!({ "username": "admin", "password": "wrong" })).await.0,
        429
    );
    assert_eq!(stand.get("/settings").await.0, 200, "sessions survive");
    assert_eq!(
        stand.login(json!({ "username": "admin", "password": "wrong" })).await.0,
        401,
        "failures are forgotten"
    );
    assert_eq!(stand.get("/settings").await.0, 401);
    assert_eq!(stand.sim().counters().faults["restart"], 2);
}

#[tokio::test]
async fn pictures_appear_while_others_look() {
    let rule = FaultRule::new("config", Fault::Intruder { count: 2 }).nth(2);
    let stand = Stand::with_faults(vec![rule]).await;
    let mut counts = Vec::new();
    for _ in 0..3 {
        counts.push(stand.sim().photos().len());
        stand.get("/config").await;
    }
    counts.push(stand.sim().photos().len());
    assert_eq!(counts, [0, 0, 2, 2]);
}

#[tokio::test]
async fn a_slow_server_does_its_work_also_if_the_client_leaves() {
    let rules = parse_faults(r#"[{"operation": "settings_save", "fault": "late", "ms": 600000}]"#).unwrap();
    let stand = Stand::with_faults(rules).await;
    let slow = stand
        .request(Method::POST, "/settings")
        .json(&json!({ "stack": { "uuid": false } }));
    let waiting = tokio::spawn(slow.send());
    let done = async {
        while stand.sim().setting("stack", "uuid") {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), done)
        .await
        .expect("it is done before it is answered");
    assert!(!waiting.is_finished());
    waiting.abort();
    assert_eq!(json_of(stand.bare(Method::GET, "/api/v1/status")).await.0, 200);
}

#[tokio::test]
async fn uploads_are_picked_by_the_names_of_their_files() {
    let rules =
        parse_faults(r#"[{"operation": "upload", "name": "IMG_7", "fault": "status", "status": 413}]"#).unwrap();
    let stand = Stand::with_faults(rules).await;
    let mut statuses = Vec::new();
    for name in ["IMG_6.jpg", "IMG_7.jpg", "IMG_8.jpg"] {
        let part = reqwest::multipart::Part::bytes(vec![0xff; 20_000]).file_name(name);
        let form = reqwest::multipart::Form::new().part("files", part);
        let path = format!("/users/{}/upload/{name}", stand.sim().user_uid());
        statuses.push(json_of(stand.request(Method::POST, &path).multipart(form)).await.0);
    }
    assert_eq!(statuses, [200, 413, 200]);
}
