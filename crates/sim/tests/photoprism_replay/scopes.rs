//! `scopes.json`: which status each call gives to an app password of each scope.

use serde_json::{Map, Value, json};

use super::known;
use super::recording::{folder, read_rows};
use super::replayer::{Difference, Replayer};
use super::scenarios::Chain;

/// Photo and album that are not there; what is there would be changed by the calls.
const NO_PHOTO: &str = "ptou000000000000";
const NO_ALBUM: &str = "atou000000000000";

/// Path and body of a call as the table names it.
fn request_of(call: &str, user: &str) -> (String, Option<Value>) {
    let path = call.split(' ').nth(1).unwrap_or_default();
    let searched = ["/photos", "/albums", "/labels", "/subjects", "/faces", "/errors"].contains(&path);
    let body = match path {
        "/albums" => json!({ "Title": "Scopes" }),
        "/batch/photos/delete" | "/batch/photos/archive" | "/batch/photos/private" | "/zip" => {
            json!({ "photos": [NO_PHOTO] })
        }
        "/batch/albums/delete" => json!({ "albums": [NO_ALBUM] }),
        "/photos/:photo/label" => json!({ "Name": "Scopes", "Priority": 10 }),
        _ => json!({}),
    };
    let path = path
        .replace(":photo", NO_PHOTO)
        .replace(":hash", &"0".repeat(40))
        .replace(":uid", user);
    let path = match (call.starts_with("GET") && searched, path.starts_with("/originals")) {
        (true, _) => format!("/api/v1{path}?count=1"),
        (false, true) => path,
        (false, false) => format!("/api/v1{path}"),
    };
    let has_body = call.starts_with("POST") || call.starts_with("PUT");
    (path, has_body.then_some(body))
}

#[tokio::test]
async fn scopes_allow_what_they_allowed() {
    let Some(folder) = folder() else { return };
    let recording = read_rows(&folder, "scopes");
    let rows = recording["rows"].as_object().expect("one row for each scope");
    let replayer = Replayer::start(&Chain::of(&[]), None, None).await;
    let user = replayer.sim().user_uid();
    let mut differences = Vec::new();
    let mut calls = 0;
    for (scope, row) in rows {
        let password = replayer.sim().add_app_password("scopes", scope);
        for (call, recorded) in row.as_object().expect("one status for each call") {
            let (path, body) = request_of(call, &user);
            let method = call.split(' ').next().unwrap_or_default();
            let headers = Map::from_iter([("X-Auth-Token".to_owned(), Value::from(password.as_str()))]);
            let (status, _) = replayer.call(method, &path, &headers, body).await;
            calls += 1;
            if recorded.as_u64() != Some(status.into()) {
                differences.push(Difference {
                    recording: "scopes".to_owned(),
                    exchange: call.clone(),
                    what: format!("scope {scope}: recorded {recorded}, here {status}"),
                });
            }
        }
    }
    assert_eq!((rows.len(), calls), (18, 18 * 30));
    known::check(&["scopes"], &differences);
}
