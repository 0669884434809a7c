//! Sessions that tests end and begin through the control routes.

use photomove_sim::{Service, ServiceKind, SessionCommand, SimOptions};
use reqwest::Method;
use serde_json::Value;

use super::support::{Stand, jpeg};

fn change(stand: &Stand, command: &str) -> Value {
    let service: &dyn Service = &**stand.sims.service(ServiceKind::Google).unwrap();
    let command: SessionCommand = serde_json::from_str(command).unwrap();
    service.change_sessions(&command).unwrap()
}

#[tokio::test]
async fn another_account_is_issued_to_a_file_and_signs_in_at_the_consent_screen() {
    let stand = Stand::start().await;
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().join("token.json");
    let command = serde_json::json!({ "issue": "other", "to": to, "switch_account": "other" });
    let done = change(&stand, &command.to_string());
    assert_eq!(done["file"], to.to_str().unwrap());
    let token: Value = serde_json::from_str(&std::fs::read_to_string(&to).unwrap()).unwrap();
    assert_eq!(token["account"]["email"], "other@gmail.example");
    assert_eq!(
        stand.google().switches().consent_account.as_deref(),
        Some("other@gmail.example")
    );
    let own = stand.sims.env()["PHOTOMOVE_GOOGLE_TOKEN"].clone();
    let done = change(&stand, r#"{"revoke_refresh": true, "issue": "same"}"#);
    assert_eq!(done["file"], own.as_str());
    let token: Value = serde_json::from_str(&std::fs::read_to_string(own).unwrap()).unwrap();
    assert_eq!(token["account"]["email"], "owner@gmail.example");
    let albums = |token: &str| {
        let url = format!("{}/v1/albums", stand.google().library_url());
        stand.http.get(url).bearer_auth(token).send()
    };
    assert_eq!(
        albums(token["access_token"].as_str().unwrap()).await.unwrap().status(),
        200
    );
    assert_eq!(albums(&stand.token).await.unwrap().status(), 401, "revoked before");
}

#[tokio::test]
async fn tokens_die_after_so_many_bytes_of_uploads_on_command() {
    let stand = Stand::start().await;
    change(&stand, r#"{"expire_after_bytes": 5000}"#);
    for (number, status) in [(0, 200), (1, 200), (2, 401)] {
        // 4096 bytes each.
        let answer = stand.upload_request(jpeg(number).await).send().await.unwrap();
        assert_eq!(answer.status(), status, "upload {number}");
    }
}

#[tokio::test]
async fn the_control_route_lists_uploads_in_several_requests() {
    let options = SimOptions {
        control: true,
        ..SimOptions::default()
    };
    let stand = Stand::with_options(options).await;
    let start = stand
        .request(Method::POST, "/v1/uploads")
        .header("x-goog-upload-command", "start")
        .header("x-goog-upload-protocol", "resumable")
        .header("x-goog-upload-raw-size", "70000")
        .header("content-length", "0");
    assert_eq!(start.send().await.unwrap().status(), 200);
    let url = format!("{}/uploads", stand.sims.env()["PHOTOMOVE_SIM_GOOGLE_CONTROL"]);
    let text = stand.http.get(url).send().await.unwrap().text().await.unwrap();
    let line: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (line["size"].as_u64(), line["received"].as_u64()),
        (Some(70_000), Some(0))
    );
    assert_eq!(
        (line["state"].as_str(), line["requests"].as_u64()),
        (Some("active"), Some(1))
    );
}
