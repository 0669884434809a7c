//! Sessions that die, are renewed, change hands; cookies that answers set.

use photomove_sim::amazon::{LossScope, Renewal, SessionLoss, SetCookies};
use photomove_sim::{AmazonSwitches, Person, SessionCommand};
use reqwest::StatusCode;
use rstest::rstest;
use serde_json::Value;

use crate::support::{Stage, synthetic, with};

const USAGE: &str = "/drive/v1/account/usage";

fn renewable(renewal: Renewal) -> AmazonSwitches {
    AmazonSwitches {
        renewal,
        renewable_cookies: true,
        ..AmazonSwitches::default()
    }
}

fn cookie(stage: &Stage, name: &str) -> String {
    let cookies = stage.amazon().cookies();
    cookies.into_iter().find(|(own, _)| own == name).unwrap().1
}

async fn renew(stage: &Stage, cookies: &str, source_token: &str) -> (u16, Value) {
    let form = [
        ("app_name", "Amazon Drive"),
        ("requested_token_type", "auth_cookies"),
        ("domain", ".amazon.com"),
        ("source_token_type", "refresh_token"),
        ("source_token", source_token),
    ];
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let answer = stage
        .http
        .post(stage.url("metadata", "/ap/exchangetoken/refresh"))
        .header("cookie", cookies)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn usage(stage: &Stage, cookies: &str) -> u16 {
    let request = stage.http.get(stage.url("metadata", USAGE)).header("cookie", cookies);
    request.send().await.unwrap().status().as_u16()
}

fn command(command: &str) -> SessionCommand {
    serde_json::from_str(command).unwrap()
}

#[rstest]
#[case::keeps_the_session_id(Renewal::Works, &["at-main", "x-main", "sess-at-main", "sst-main"])]
#[case::rotates_it(Renewal::RotatesSessionId, &["session-id", "at-main", "x-main", "sess-at-main", "sst-main"])]
#[tokio::test]
async fn cookies_of_a_dead_session_are_renewed_and_the_old_ones_stay_dead(
    #[case] renewal: Renewal,
    #[case] names: &[&str],
) {
    let stage = with(synthetic(1), renewable(renewal)).await;
    let old = stage.cookie_header();
    stage.amazon().expire();
    assert_eq!(usage(&stage, &old).await, 401);
    let (status, body) = renew(&stage, &old, &cookie(&stage, "sess-at-main")).await;
    assert_eq!(status, 200);
    let cookies = body["response"]["tokens"]["cookies"].as_array().unwrap();
    let given: Vec<_> = cookies.iter().map(|cookie| cookie["Name"].as_str().unwrap()).collect();
    assert_eq!(given, names);
    for given in cookies {
        assert_eq!(given["Value"], cookie(&stage, given["Name"].as_str().unwrap()));
    }
    assert_eq!(usage(&stage, &stage.cookie_header()).await, 200);
    assert_eq!(usage(&stage, &old).await, 401);
    let counts = stage.amazon().shared().counters.counts();
    assert_eq!((counts.by_operation["renewal"], counts.unknown), (1, 0));
}

#[tokio::test]
async fn renewal_needs_both_cookies_and_the_right_token() {
    let stage = with(synthetic(1), renewable(Renewal::Works)).await;
    let (all, token) = (stage.cookie_header(), cookie(&stage, "sess-at-main"));
    let without_sst: Vec<_> = all.split("; ").filter(|pair| !pair.starts_with("sst-")).collect();
    assert_eq!(renew(&stage, &without_sst.join("; "), &token).await.0, 400);
    assert_eq!(renew(&stage, &all, "something").await.0, 401);
    stage
        .amazon()
        .change_sessions(&command(r#"{"renewable": false}"#))
        .unwrap();
    assert_eq!(renew(&stage, &all, &token).await.0, 401);
    assert_eq!(usage(&stage, &all).await, 200, "a refusal ends nothing");
}

#[rstest]
#[case(Renewal::Absent, 404)]
#[case(Renewal::Refuses, 401)]
#[tokio::test]
async fn the_route_may_be_absent_or_refuse_everybody(#[case] renewal: Renewal, #[case] status: u16) {
    let stage = with(synthetic(1), renewable(renewal)).await;
    let token = cookie(&stage, "sess-at-main");
    assert_eq!(renew(&stage, &stage.cookie_header(), &token).await.0, status);
}

#[tokio::test]
async fn the_cookie_file_has_what_renewal_needs_only_if_asked_for() {
    let of = async |switches| {
        let stage = with(synthetic(1), switches).await;
        std::fs::read_to_string(stage.amazon().cookie_file()).unwrap()
    };
    assert!(of(renewable(Renewal::Works)).await.contains("\tsst-main\t"));
    assert!(!of(AmazonSwitches::default()).await.contains("\tsst-main\t"));
}

#[rstest]
#[case(LossScope::Everywhere, 4, 401, 401)]
#[case(LossScope::MetadataOnly, 2, 401, 200)]
#[case(LossScope::ContentOnly, 2, 200, 401)]
#[tokio::test]
async fn a_session_ends_after_so_many_requests_where_the_switch_says(
    #[case] loss_scope: LossScope,
    #[case] requests: u64,
    #[case] metadata: u16,
    #[case] content: u16,
) {
    let switches = AmazonSwitches {
        loss_scope,
        ..AmazonSwitches::default()
    };
    let stage = with(synthetic(1), switches).await;
    let id = stage.first_file().await["id"].as_str().unwrap().to_owned();
    let end = SessionCommand {
        expire_after_requests: Some(requests),
        ..SessionCommand::default()
    };
    stage.amazon().change_sessions(&end).unwrap();
    let path = format!("/cdproxy/nodes/{id}/content");
    for _ in 0..2 {
        assert_eq!(stage.get("metadata", USAGE).await.status(), 200);
        let _ = stage.get("content", &path).await;
    }
    assert_eq!(stage.get("metadata", USAGE).await.status(), metadata);
    assert_eq!(stage.get("content", &path).await.status(), content);
}

#[tokio::test]
async fn a_session_ends_when_its_time_is_over() {
    let switches = AmazonSwitches {
        session_life: Some(std::time::Duration::from_secs(3600)),
        ..AmazonSwitches::default()
    };
    let stage = with(synthetic(1), switches).await;
    stage.advance(3599).await;
    assert_eq!(stage.get("metadata", USAGE).await.status(), 200);
    stage.advance(1).await;
    assert_eq!(stage.get("metadata", USAGE).await.status(), 401);
    stage.amazon().sign_in_again().unwrap();
    assert_eq!(stage.get("metadata", USAGE).await.status(), 200);
}

#[rstest]
#[case(SessionLoss::SignInRedirect, StatusCode::FOUND, "")]
#[case(SessionLoss::SignInHtml, StatusCode::OK, "<form name=\"signIn\"")]
#[tokio::test]
async fn bytes_may_turn_into_the_sign_in_page(
    #[case] content_session_loss: SessionLoss,
    #[case] status: StatusCode,
    #[case] text: &str,
) {
    let switches = AmazonSwitches {
        content_session_loss,
        ..AmazonSwitches::default()
    };
    let stage = with(synthetic(1), switches).await;
    let id = stage.first_file().await["id"].as_str().unwrap().to_owned();
    stage.amazon().expire();
    let answer = stage.get("content", &format!("/cdproxy/nodes/{id}/content")).await;
    assert_eq!(answer.status(), status);
    assert!(answer.text().await.unwrap().contains(text));
}

#[tokio::test]
async fn the_same_cookies_may_belong_to_somebody_else_from_one_request_to_the_next() {
    let stage = with(synthetic(5), AmazonSwitches::default()).await;
    let mine = stage.first_file().await;
    let id = mine["id"].as_str().unwrap();
    assert_eq!(mine["ownerId"], stage.amazon().owner_id());
    let redirect = format!("/drive/v1/nodes/{id}/contentRedirection");
    let link = stage.get("metadata", &redirect).await.headers()["location"].clone();
    stage
        .amazon()
        .change_sessions(&command(r#"{"switch_account": "other"}"#))
        .unwrap();
    let theirs = stage.nodes("filters=kind:FILE").await;
    assert_eq!(theirs["count"], 3);
    assert_eq!(theirs["data"][0]["ownerId"], stage.amazon().other_owner_id());
    assert_ne!(stage.amazon().owner_id(), stage.amazon().other_owner_id());
    assert_eq!(stage.json(&format!("/drive/v1/nodes/{id}")).await.0, 404);
    assert_eq!(stage.signed(link.to_str().unwrap()).send().await.unwrap().status(), 404);
    // What a test checks against stays the library that was there first.
    let service = stage.sims.service(photomove_sim::ServiceKind::Amazon).unwrap();
    assert_eq!(service.library_lines().await.len(), 5);
    stage
        .amazon()
        .change_sessions(&command(r#"{"switch_account": "same"}"#))
        .unwrap();
    assert_eq!(stage.first_file().await["ownerId"], stage.amazon().owner_id());
}

#[tokio::test]
async fn another_persons_cookies_are_issued_to_a_file() {
    let stage = with(synthetic(1), AmazonSwitches::default()).await;
    let old = stage.cookie_header();
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().join("others.txt");
    let issue = |issue, to: Option<&std::path::Path>| SessionCommand {
        issue: Some(issue),
        to: to.map(Into::into),
        ..SessionCommand::default()
    };
    let done = stage
        .amazon()
        .change_sessions(&issue(Person::Other, Some(&to)))
        .unwrap();
    assert_eq!(done["file"], to.to_str().unwrap());
    assert!(
        std::fs::read_to_string(&to)
            .unwrap()
            .contains(&cookie(&stage, "at-main"))
    );
    assert_eq!(stage.first_file().await["ownerId"], stage.amazon().other_owner_id());
    assert_eq!(usage(&stage, &old).await, 401);
    let done = stage.amazon().change_sessions(&issue(Person::Same, None)).unwrap();
    assert_eq!(done["file"], stage.amazon().cookie_file().to_str().unwrap());
    assert_eq!(stage.first_file().await["ownerId"], stage.amazon().owner_id());
}

#[tokio::test]
async fn ordinary_answers_may_set_a_new_access_cookie_and_the_old_one_dies_with_its_first_use() {
    let switches = AmazonSwitches {
        set_cookies: SetCookies::RotateAccess,
        ..AmazonSwitches::default()
    };
    let stage = with(synthetic(1), switches).await;
    let old = stage.cookie_header();
    let ask = |cookies: String| {
        stage
            .http
            .get(stage.url("metadata", USAGE))
            .header("cookie", cookies)
            .send()
    };
    let mut set = None;
    for _ in 0..10 {
        set = ask(old.clone()).await.unwrap().headers().get("set-cookie").cloned();
    }
    let set = set.expect("the tenth answer sets one");
    let set = set.to_str().unwrap();
    assert!(
        set.starts_with("at-main=Atza|") && set.contains("Domain=.amazon.com"),
        "{set}"
    );
    assert_eq!(ask(old.clone()).await.unwrap().status(), 200, "not used yet");
    assert_eq!(ask(stage.cookie_header()).await.unwrap().status(), 200);
    assert_eq!(ask(old).await.unwrap().status(), 401);
}

#[tokio::test]
async fn ordinary_answers_may_set_a_cookie_of_no_importance() {
    let switches = AmazonSwitches {
        set_cookies: SetCookies::SessionToken,
        ..AmazonSwitches::default()
    };
    let stage = with(synthetic(1), switches).await;
    let answer = stage.get("metadata", USAGE).await;
    assert!(
        answer.headers()["set-cookie"]
            .to_str()
            .unwrap()
            .starts_with("session-token=")
    );
}
