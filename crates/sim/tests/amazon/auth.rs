//! The gate: which requests are welcome, and how the others are refused.

use photomove_sim::AmazonSwitches;
use photomove_sim::amazon::{Marketplace, Region, SessionLoss};
use rstest::rstest;

use crate::support::{synthetic, with};

const USAGE: &str = "/drive/v1/account/usage";

#[tokio::test]
async fn the_cookies_of_the_session_open_every_host() {
    let stage = with(synthetic(1), AmazonSwitches::default()).await;
    let id = stage.first_file().await["id"].as_str().unwrap().to_owned();
    for (origin, path) in [
        ("metadata", USAGE.to_owned()),
        ("content", format!("/cdproxy/nodes/{id}/content")),
        ("download", format!("/v2/download/signed/{id}")),
        ("thumbnail", format!("/v1/thumbnail/{id}?viewBox=64")),
    ] {
        assert_eq!(stage.get(origin, &path).await.status(), 200, "{origin}");
    }
    assert!(stage.sims.unknown_requests().is_empty());
}

#[rstest]
#[case("session-id=1; at_main=2; ubid_main=3")]
#[case("session-id=1; at-acbde=2; ubid-acbde=3")]
#[case("at-main=2; ubid-main=3")]
#[case("")]
#[tokio::test]
async fn missing_and_misspelt_cookies_get_the_recorded_bodies(#[case] cookies: &str) {
    let stage = with(synthetic(1), AmazonSwitches::default()).await;
    let ask = |origin, path| stage.http.get(stage.url(origin, path)).header("cookie", cookies).send();
    let metadata = ask("metadata", USAGE).await.unwrap();
    assert_eq!(metadata.status(), 401);
    assert_eq!(
        metadata.text().await.unwrap(),
        r#"{"Message":"No Auth Method Provided"}"#
    );

    let content = ask("content", "/cdproxy/nodes/x/content").await.unwrap();
    assert_eq!(content.status(), 401);
    let body: serde_json::Value = content.json().await.unwrap();
    assert_eq!(
        (body["message"].as_str(), body["code"].as_str()),
        (Some("No Auth Method Provided"), Some(""))
    );
    assert_eq!(body["logref"].as_str().unwrap().len(), 36);
}

#[tokio::test]
async fn cookies_of_another_region_are_unknown_to_the_content_host_only() {
    let switches = AmazonSwitches {
        marketplace: Marketplace::GERMANY,
        content_region: Region::NorthAmerica,
        ..AmazonSwitches::default()
    };
    let stage = with(synthetic(1), switches).await;
    assert!(stage.cookie_header().contains("at-acbde="));
    let id = stage.first_file().await["id"].as_str().unwrap().to_owned();
    assert_eq!(
        stage
            .get("content", &format!("/cdproxy/nodes/{id}/content"))
            .await
            .status(),
        401
    );
    assert_eq!(
        stage
            .get("download", &format!("/v2/download/signed/{id}"))
            .await
            .status(),
        200
    );
}

#[rstest]
#[case(SessionLoss::MetadataMessage, 401, "No Auth Method Provided")]
#[case(SessionLoss::BadAuthentication, 401, "BadAuthenticationData")]
#[case(SessionLoss::SignInHtml, 200, "<form name=\"signIn\"")]
#[tokio::test]
async fn an_expired_session_shows_the_chosen_symptom(
    #[case] loss: SessionLoss,
    #[case] status: u16,
    #[case] text: &str,
) {
    let stage = with(
        synthetic(1),
        AmazonSwitches {
            session_loss: loss,
            ..AmazonSwitches::default()
        },
    )
    .await;
    stage.amazon().expire();
    let answer = stage.get("metadata", USAGE).await;
    assert_eq!(answer.status(), status);
    assert!(answer.text().await.unwrap().contains(text));
    let content = stage.get("content", "/cdproxy/nodes/x/content").await;
    assert_eq!(content.status(), 401, "content hosts do not tell stale from missing");
}

#[tokio::test]
async fn an_expired_session_can_end_on_the_sign_in_page() {
    let stage = with(
        synthetic(1),
        AmazonSwitches {
            session_loss: SessionLoss::SignInRedirect,
            ..AmazonSwitches::default()
        },
    )
    .await;
    stage.amazon().expire();
    let answer = stage.get("metadata", USAGE).await;
    assert_eq!(answer.status(), 302);
    let page = stage
        .http
        .get(answer.headers()["location"].to_str().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(page.status(), 200);
    assert!(
        page.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
}

#[tokio::test]
async fn signing_in_again_gives_other_cookies_to_the_same_account() {
    let stage = with(synthetic(1), AmazonSwitches::default()).await;
    let (old, owner) = (stage.cookie_header(), stage.first_file().await["ownerId"].clone());
    stage.amazon().expire();
    stage.amazon().sign_in_again().unwrap();
    assert_eq!(stage.first_file().await["ownerId"], owner);
    let refused = stage
        .http
        .get(stage.url("metadata", USAGE))
        .header("cookie", old)
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 401);
    let file = std::fs::read_to_string(stage.amazon().cookie_file()).unwrap();
    assert!(file.contains(&stage.session_id()));
}

#[tokio::test]
async fn strict_mode_wants_the_session_header_and_the_resource_version() {
    let strict = with(
        synthetic(1),
        AmazonSwitches {
            strict: true,
            ..AmazonSwitches::default()
        },
    )
    .await;
    let lenient = with(synthetic(1), AmazonSwitches::default()).await;
    for (stage, header, version) in [(&strict, 401, 404), (&lenient, 200, 200)] {
        let url = stage.url("metadata", "/drive/v1/nodes?filters=isRoot:true&resourceVersion=V2");
        let answer = stage
            .http
            .get(&url)
            .header("cookie", stage.cookie_header())
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), header);
        assert_eq!(stage.json("/drive/v1/nodes?filters=isRoot:true").await.0, version);
        assert_eq!(
            stage
                .get("metadata", "/drive/v1/nodes?filters=isRoot:true&resourceVersion=V2")
                .await
                .status(),
            200
        );
    }
}

#[tokio::test]
async fn a_token_of_the_token_helper_opens_the_content_host_for_an_hour() {
    let stage = with(synthetic(1), AmazonSwitches::default()).await;
    let id = stage.first_file().await["id"].as_str().unwrap().to_owned();
    let (_, token) = stage.json("/photos/auth/token?_=1").await;
    assert_eq!(token["duration"], "3600");
    let text = token["access_token"].as_str().unwrap().to_owned();
    assert!(text.starts_with("Atza|"));
    let ask = || {
        let url = stage.url("content", &format!("/cdproxy/nodes/{id}/content"));
        stage.http.get(url).header("x-amz-access-token", &text).send()
    };
    assert_eq!(ask().await.unwrap().status(), 200);
    stage.advance(3600).await;
    assert_eq!(ask().await.unwrap().status(), 401);
    stage.amazon().expire();
    assert_eq!(stage.get("metadata", "/photos/auth/token").await.status(), 302);
}

#[tokio::test]
async fn unknown_routes_are_404_and_counted_and_so_are_routes_that_only_look_real() {
    let stage = with(synthetic(1), AmazonSwitches::default()).await;
    for path in [
        "/drive/v1/nothing",
        "/photos/all",
        "/drive/v2/memories",
        "/drive/v1/trash",
    ] {
        let (status, body) = stage.json(path).await;
        assert_eq!(status, 404, "{path}");
        assert!(body["message"].as_str().unwrap().contains("unknown route"));
    }
    for path in ["/drive/v1/upload/init", "/drive/v1/cluster/merge", "/drive/v1/nodes"] {
        let answer = stage
            .http
            .post(stage.url("metadata", path))
            .body("{}")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 404, "{path}");
    }
    assert_eq!(stage.sims.unknown_requests().len(), 7);
    let counts = stage.amazon().shared().counters.counts();
    assert_eq!((counts.unknown, counts.by_operation["unknown"]), (7, 7));
}

#[cfg(unix)]
#[tokio::test]
async fn the_cookie_file_is_private_and_has_the_form_of_browsers() {
    use std::os::unix::fs::PermissionsExt;
    let stage = with(synthetic(1), AmazonSwitches::default()).await;
    let path = stage.amazon().cookie_file();
    assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.starts_with("# Netscape HTTP Cookie File\n"));
    let names: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with(".amazon.com\tTRUE\t/\t"))
        .collect();
    let names: Vec<_> = names.iter().map(|line| line.split('\t').nth(5).unwrap()).collect();
    assert_eq!(names, ["session-id", "ubid-main", "at-main", "x-main", "sess-at-main"]);
}
