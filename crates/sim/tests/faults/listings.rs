//! Listings that misbehave.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Stage, amazon, google, only};

/// One page: ids, and the token of the next one.
type Page = (Vec<String>, Option<String>);

async fn amazon_page(stage: &Stage, token: Option<&str>) -> Page {
    let mut query = "/drive/v1/nodes?filters=kind:FILE&limit=2&resourceVersion=V2&asset=ALL&tempLink=true".to_owned();
    if let Some(token) = token {
        query += &format!("&startToken={token}");
    }
    let page: Value = stage.get("metadata", &query).await.json().await.unwrap();
    page_of(&page, "data", "nextToken")
}

async fn google_page(stage: &Stage, token: Option<&str>) -> Page {
    let mut query = "/v1/mediaItems?pageSize=2".to_owned();
    if let Some(token) = token {
        query += &format!("&pageToken={token}");
    }
    let page: Value = stage.get("library", &query).await.json().await.unwrap();
    page_of(&page, "mediaItems", "nextPageToken")
}

async fn google_search(stage: &Stage, token: Option<&str>) -> Page {
    let body = json!({ "pageSize": 2, "pageToken": token.unwrap_or_default() });
    let page: Value = stage
        .request(Method::POST, "library", "/v1/mediaItems:search")
        .json(&body)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    page_of(&page, "mediaItems", "nextPageToken")
}

fn page_of(page: &Value, items: &str, next: &str) -> Page {
    let ids = page[items]
        .as_array()
        .into_iter()
        .flatten()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect();
    (ids, page[next].as_str().map(str::to_owned))
}

/// All pages, at most `most`.
async fn walk<'a, F>(stage: &'a Stage, page: impl Fn(&'a Stage, Option<String>) -> F, most: usize) -> Vec<Page>
where
    F: Future<Output = Page>,
{
    let mut pages: Vec<Page> = Vec::new();
    while pages.len() < most {
        let token = pages.last().and_then(|(_, next)| next.clone());
        if !pages.is_empty() && token.is_none() {
            break;
        }
        pages.push(page(stage, token).await);
    }
    pages
}

#[derive(Debug, Clone, Copy)]
enum Which {
    Amazon,
    Google,
    Search,
}

impl Which {
    async fn stage(self, rules: &str) -> Stage {
        let operation = match self {
            Self::Search => "search",
            _ => "list",
        };
        let rules = rules.replace("LIST", operation);
        match self {
            Self::Amazon => amazon(5, &rules).await,
            _ => google(5, &rules).await,
        }
    }

    async fn pages(self, stage: &Stage, most: usize) -> Vec<Page> {
        match self {
            Self::Amazon => {
                walk(
                    stage,
                    |stage, token| async move { amazon_page(stage, token.as_deref()).await },
                    most,
                )
                .await
            }
            Self::Google => {
                walk(
                    stage,
                    |stage, token| async move { google_page(stage, token.as_deref()).await },
                    most,
                )
                .await
            }
            Self::Search => {
                walk(
                    stage,
                    |stage, token| async move { google_search(stage, token.as_deref()).await },
                    most,
                )
                .await
            }
        }
    }
}

fn sizes(pages: &[Page]) -> Vec<usize> {
    pages.iter().map(|(ids, _)| ids.len()).collect()
}

#[rstest]
#[tokio::test]
async fn a_page_is_repeated_and_nothing_is_lost(
    #[values(Which::Amazon, Which::Google, Which::Search)] which: Which,
    #[values(1, 2, 3)] nth: usize,
) {
    let stage = which
        .stage(&format!(
            r#"[{{"operation":"LIST","nth":{nth},"fault":"repeat_page"}}]"#
        ))
        .await;
    let pages = which.pages(&stage, 20).await;
    assert_eq!(pages.len(), 4);
    assert_eq!(pages[nth - 1].0, pages[nth].0);
    let mut tokens: Vec<_> = pages.iter().filter_map(|(_, next)| next.clone()).collect();
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), 3, "every token is another one");
    assert_eq!(stage.faults(), only("repeat_page", 1));
}

#[rstest]
#[tokio::test]
async fn an_empty_page_leads_to_what_it_left_out(#[values(Which::Amazon, Which::Google, Which::Search)] which: Which) {
    let stage = which
        .stage(r#"[{"operation":"LIST","nth":2,"fault":"empty_page"}]"#)
        .await;
    let pages = which.pages(&stage, 20).await;
    assert_eq!(sizes(&pages), [2, 0, 2, 1]);
    assert_eq!(stage.faults(), only("empty_page", 1));
}

#[rstest]
#[tokio::test]
async fn a_token_repeats_as_long_as_the_plan_says(#[values(Which::Amazon, Which::Google, Which::Search)] which: Which) {
    let stage = which.stage(r#"[{"operation":"LIST","fault":"repeat_token"}]"#).await;
    let pages = which.pages(&stage, 6).await;
    assert_eq!(sizes(&pages), [2; 6]);
    assert_eq!(pages[1], pages[5]);
    // The first page has no token to repeat.
    assert_eq!(stage.faults(), only("repeat_token", 5));
}

#[rstest]
#[case("same", 1, false)]
#[case("new", 1, true)]
#[case("none", 0, false)]
#[tokio::test]
async fn a_listing_never_ends(
    #[values(Which::Amazon, Which::Google, Which::Search)] which: Which,
    #[case] items: &str,
    #[case] size: usize,
    #[case] fresh: bool,
) {
    let stage = which
        .stage(&format!(
            r#"[{{"operation":"LIST","fault":"endless_listing","items":"{items}"}}]"#
        ))
        .await;
    let pages = which.pages(&stage, 12).await;
    assert_eq!(sizes(&pages[..3]), [2, 2, 1]);
    assert_eq!(sizes(&pages[3..]), [size; 9]);
    assert!(pages[11].1.is_some());
    assert_eq!(pages[3].0 != pages[4].0, fresh);
    let mut tokens: Vec<_> = pages.iter().map(|(_, next)| next.clone()).collect();
    tokens.dedup();
    assert_eq!(tokens.len(), 12, "every token is another one");
}

#[tokio::test]
async fn a_token_expires_as_each_service_says_it() {
    let rule = r#"[{"operation":"LIST","fault":"token_expired"}]"#;
    let stage = Which::Amazon.stage(rule).await;
    let (_, next) = amazon_page(&stage, None).await;
    let path = format!(
        "/drive/v1/nodes?filters=kind:FILE&limit=2&resourceVersion=V2&startToken={}",
        next.unwrap()
    );
    let response = stage.get("metadata", &path).await;
    assert_eq!(response.status(), 400);
    assert_eq!(
        response.json::<Value>().await.unwrap()["message"],
        "Next token is expired"
    );
    assert_eq!(stage.faults(), only("token_expired", 1));

    let stage = Which::Google.stage(rule).await;
    let (_, next) = google_page(&stage, None).await;
    let response = stage
        .get(
            "library",
            &format!("/v1/mediaItems?pageSize=2&pageToken={}", next.unwrap()),
        )
        .await;
    assert_eq!(response.status(), 400);
    assert_eq!(
        response.json::<Value>().await.unwrap()["error"]["status"],
        "INVALID_ARGUMENT"
    );
}

#[tokio::test]
async fn pages_by_offset_repeat_and_never_end_too() {
    let stage = amazon(
        6,
        r#"[{"operation":"list","nth":2,"fault":"repeat_page"},{"operation":"list","nth":4,"fault":"endless_listing"}]"#,
    )
    .await;
    let page = async |offset: u64| -> Value {
        let path = format!("/drive/v1/nodes?filters=kind:FILE&limit=2&offset={offset}&resourceVersion=V2");
        stage.get("metadata", &path).await.json().await.unwrap()
    };
    let (first, repeated, second) = (page(0).await, page(2).await, page(2).await);
    assert_eq!(first["data"], repeated["data"]);
    assert_ne!(first["data"], second["data"]);
    assert_eq!(page(4).await["count"], 1_000_000_000_u64);
}
