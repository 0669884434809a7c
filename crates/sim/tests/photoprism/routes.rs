//! Addresses: unknown ones, wrong methods, slashes, base paths.

use reqwest::Method;
use serde_json::json;

use crate::support::{Stand, header, json_of};

#[tokio::test]
async fn what_is_not_there_is_a_page_or_an_object() {
    let stand = Stand::start().await;
    let not_found = json!({ "error": "Not found" });
    for (method, path) in [
        (Method::GET, "/api/v1"),
        (Method::GET, "/api/v1/"),
        (Method::GET, "/api/v1/nope"),
        (Method::GET, "/api/v1//config"),
        (Method::GET, "/api/v1/Config"),
        (Method::PUT, "/api/v1/session"),
        (Method::PATCH, "/api/v1/settings"),
        (Method::OPTIONS, "/api/v1/config"),
        (Method::GET, "/nope"),
    ] {
        let request = || stand.bare(method.clone(), path);
        assert_eq!(
            json_of(request().header("Accept", "application/json")).await,
            (404, not_found.clone()),
            "{path}"
        );
        let page = request().header("Accept", "*/*").send().await.unwrap();
        assert_eq!(
            (page.status().as_u16(), header(&page, "content-type").as_deref()),
            (404, Some("text/html; charset=utf-8"))
        );
    }
    for path in ["/api/v1/status", "/api/v1/session", "/health"] {
        let head = stand.bare(Method::HEAD, path).send().await.unwrap();
        assert_eq!(head.status().as_u16(), 404, "{path}");
    }
    assert_eq!(stand.sims.unknown_requests().len(), 21);
}

#[tokio::test]
async fn a_slash_too_many_leads_to_the_right_address() {
    let stand = Stand::start().await;
    let get = stand.bare(Method::GET, "/api/v1/errors/?count=1").send().await.unwrap();
    assert_eq!(get.status().as_u16(), 301);
    assert_eq!(header(&get, "location").as_deref(), Some("/api/v1/errors?count=1"));
    let post = stand.bare(Method::POST, "/api/v1/settings/").send().await.unwrap();
    assert_eq!(
        (post.status().as_u16(), header(&post, "location").as_deref()),
        (307, Some("/api/v1/settings"))
    );
    assert!(stand.sims.unknown_requests().is_empty());
}

#[tokio::test]
async fn requests_through_a_content_network_are_turned_away() {
    let stand = Stand::start().await;
    let request = stand.request(Method::GET, "/session").header("Cdn-Host", "cdn.example");
    assert_eq!(request.send().await.unwrap().status().as_u16(), 404);
}

#[tokio::test]
async fn a_server_below_a_base_path_has_everything_there() {
    let stand = Stand::with(|switches| switches.base_path = "/my/photos/".into()).await;
    assert!(stand.sim().url().ends_with("/my/photos"));
    assert_eq!(json_of(stand.bare(Method::GET, "/health")).await, (200, json!("OK")));
    let body = stand.login_admin().await;
    let config = &body["config"];
    assert_eq!(
        (&config["baseUri"], &config["apiUri"]),
        (&json!("/my/photos"), &json!("/my/photos/api/v1"))
    );
    assert_eq!(config["siteUrl"], format!("{}/", stand.sim().url()));
    let moved = stand.bare(Method::GET, "/api/v1/config/").send().await.unwrap();
    assert_eq!(header(&moved, "location").as_deref(), Some("/my/photos/api/v1/config"));
    let root = stand.sim().url().trim_end_matches("/my/photos").to_owned();
    let outside = stand.http.get(format!("{root}/api/v1/status")).send().await.unwrap();
    assert_eq!(outside.status().as_u16(), 404);
    assert_eq!(stand.sim().counters().by_operation["session_create"], 1);
}

#[tokio::test]
async fn answers_have_the_headers_of_the_server() {
    let stand = Stand::start().await;
    let response = stand.request(Method::GET, "/session").send().await.unwrap();
    for (name, wanted) in [
        ("cache-control", "no-store"),
        ("content-security-policy", "frame-ancestors 'none';"),
        ("content-type", "application/json; charset=utf-8"),
        ("vary", "X-Auth-Token"),
        ("x-frame-options", "DENY"),
        ("x-robots-tag", "noindex, nofollow"),
    ] {
        assert_eq!(header(&response, name).as_deref(), Some(wanted), "{name}");
    }
}
