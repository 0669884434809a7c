//! Answers that mean harm: too deep, too long, too large, with names that lead elsewhere.

use axum::response::Response;
use photomove_core::{Error, ErrorKind, PhotoProvider};
use rstest::rstest;
use serde_json::json;

use crate::support::{Server, first_page, node, page, reply, root};

const JSON: (&str, &str) = ("content-type", "application/json");
const DEPTH: usize = 1_000_000;

fn nested(open: &str, close: &str) -> String {
    open.repeat(DEPTH) + &close.repeat(DEPTH)
}

/// Lists from a server that answers everything but the root so.
async fn listed(answer: impl Fn() -> Response + Clone + Send + Sync + 'static) -> Error {
    let server = Server::start(move |seen| if seen.asks_for_root() { root("A0OWN") } else { answer() }).await;
    let amazon = server.provider();
    amazon.connect().await.unwrap();
    first_page(&amazon).await.unwrap_err()
}

#[rstest]
#[case::arrays("[".repeat(DEPTH))]
#[case::closed_arrays(nested("[", "]"))]
#[case::objects(nested("{\"a\":", "}"))]
#[case::unknown_field(format!("{{\"count\": 1, \"hologram\": {}, \"data\": []}}", nested("[", "]")))]
#[case::field_of_a_node(format!("{{\"count\": 1, \"data\": [{{\"id\": \"a\", \"settings\": {}}}]}}", nested("[", "]")))]
#[tokio::test]
async fn json_a_million_deep_is_a_plain_error(#[case] body: String) {
    let error = listed(move || reply(200, &[JSON], body.clone())).await;
    assert_eq!(*error.kind(), ErrorKind::Protocol, "{error:?}");
    assert!(error.to_string().len() < 400, "{error}");
}

#[tokio::test]
async fn a_refusal_a_million_deep_is_still_a_refusal() {
    let error = listed(|| reply(403, &[JSON], nested("[", "]"))).await;
    assert!(matches!(error.kind(), ErrorKind::Rejected(_)), "{error:?}");
    let error = listed(|| reply(400, &[JSON], nested("{\"message\":", "}"))).await;
    assert_eq!(*error.kind(), ErrorKind::Protocol, "{error:?}");
}

#[rstest]
#[case::announced(false)]
#[case::chunked(true)]
#[tokio::test]
async fn a_listing_of_absurd_length_is_not_read(#[case] chunked: bool) {
    let error = listed(move || {
        let body = format!(
            "{{\"count\": 1, \"data\": [], \"filler\": \"{}\"}}",
            "x".repeat(9 * 1024 * 1024)
        );
        if chunked {
            let chunks = futures_util::stream::iter([Ok::<_, std::io::Error>(body)]);
            reply(200, &[JSON], axum::body::Body::from_stream(chunks))
        } else {
            reply(200, &[JSON], body)
        }
    })
    .await;
    assert_eq!(*error.kind(), ErrorKind::Protocol, "{error:?}");
    assert!(error.to_string().contains("longer than"), "{error}");
}

#[tokio::test]
async fn a_header_of_ten_mebibytes_ends_the_call() {
    let error = listed(|| reply(200, &[JSON, ("x-filler", &"x".repeat(10 * 1024 * 1024))], "{}")).await;
    assert_eq!(*error.kind(), ErrorKind::Protocol, "{error:?}");
    assert!(error.to_string().len() < 400, "{error}");
}

#[rstest]
#[case("../../etc/passwd.jpg")]
#[case("/etc/passwd.jpg")]
#[case("C:\\Windows\\x.jpg")]
#[case("a\0b.jpg")]
#[case("CON.jpg")]
#[case("..jpg")]
#[case("\u{202e}gpj.exe.jpg")]
#[tokio::test]
async fn names_that_lead_elsewhere_are_data_and_nothing_else(#[case] name: &'static str) {
    let server = Server::start(move |seen| {
        if seen.asks_for_root() {
            return root("A0OWN");
        }
        if seen.path.starts_with("/downloads/") {
            let headers = [(
                "content-disposition",
                "attachment; filename=\"../../x\"; filename*=UTF-8''%2Fetc%2Fx",
            )];
            return reply(200, &headers, "bytes");
        }
        let mut odd = node(1, "A0OWN");
        odd["name"] = name.into();
        page(1, vec![odd], None)
    })
    .await;
    let amazon = server.provider();
    let assets = first_page(&amazon).await.unwrap();
    assert_eq!(assets[0].parts[0].file_name, name);
    let media = crate::support::open(&amazon, assets[0].parts[0].id.as_str(), 0)
        .await
        .unwrap();
    assert_eq!(crate::support::read(media).await.unwrap(), b"bytes");
}

#[tokio::test]
async fn ids_that_lead_elsewhere_stay_one_segment_of_the_path() {
    let server = Server::start(|seen| {
        if seen.asks_for_root() {
            root("A0OWN")
        } else {
            reply(200, &[], "bytes")
        }
    })
    .await;
    let amazon = server.provider();
    for id in ["../../ap/signin", "a/b", "a?b=c", "a#b", "a\\b"] {
        let _ = crate::support::open(&amazon, id, 0).await;
    }
    for seen in server.seen().iter().filter(|seen| !seen.asks_for_root()) {
        assert!(seen.path.starts_with("/downloads/v2/download/signed/"), "{}", seen.path);
        assert!(seen.query.keys().all(|name| name == "ownerId"), "{:?}", seen.query);
    }
}

#[tokio::test]
async fn metadata_is_never_redirected() {
    let foreign = Server::start(|_| root("A0OWN")).await;
    let elsewhere = foreign.base.to_string();
    let server = Server::start(move |_| reply(302, &[("location", &elsewhere)], json!({}).to_string())).await;
    let error = server.provider().connect().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Protocol, "{error:?}");
    assert!(foreign.seen().is_empty());
}
