use std::time::Duration;

use photomove_core::Operation;
use photomove_http::{HeaderMap, Origin};
use rstest::rstest;

use super::*;

fn classified(status: u16, body: &str, location: Option<&str>) -> Error {
    let origin = Origin::of(&"https://www.amazon.de/".parse().unwrap());
    let redirected_to: Option<Url> = location.map(|text| text.parse().unwrap());
    classify(&ErrorReply {
        status: StatusCode::from_u16(status).unwrap(),
        headers: &HeaderMap::new(),
        body,
        origin: &origin,
        operation: Operation::ListAssets,
        retry_after: Some(Duration::from_secs(7)),
        redirected_to: redirected_to.as_ref(),
        now: jiff::Timestamp::UNIX_EPOCH,
    })
}

const RETRY: Option<Duration> = Some(Duration::from_secs(7));
const CONTENT_401: &str =
    r#"{"logref":"f824a950-b6a9-bf0c-5eca-cbe6b657c50b","message":"No Auth Method Provided","code":""}"#;
const SIGN_IN: &str = "<!doctype html><html><form action=\"/ap/signin\"><input id=\"ap_email\"></form></html>";
const ROBOT: &str =
    "<html><title>Robot Check</title>To discuss automated access to Amazon data please contact us</html>";

#[rstest]
#[case::names(
    401,
    r#"{"Message":"No Auth Method Provided"}"#,
    ErrorKind::Auth(AuthProblem::Missing)
)]
#[case::region(401, CONTENT_401, ErrorKind::Auth(AuthProblem::WrongRegion))]
#[case::stale(401, r#"{"message":"BadAuthenticationData"}"#, ErrorKind::Auth(AuthProblem::Expired))]
#[case::other_401(401, "", ErrorKind::Auth(AuthProblem::Expired))]
#[case::html_401(401, "<html>hello</html>", ErrorKind::Auth(AuthProblem::Expired))]
#[case::not_registered(403, r#"{"message":"Not Registered"}"#, ErrorKind::Auth(AuthProblem::MissingScope))]
#[case::permissions(
    403,
    r#"{"message":"Insufficient permissions to node"}"#,
    ErrorKind::Rejected(Rejection::Policy)
)]
#[case::full(403, r#"{"errorCode":"InsufficientStorage"}"#, ErrorKind::Quota { resource: Resource::Storage, resets_at: None })]
#[case::no_plan(403, r#"{"errorCode":"NoActiveSubscriptionFound"}"#, ErrorKind::Quota { resource: Resource::Storage, resets_at: None })]
#[case::forbidden(403, r#"{"errorCode":"ForbiddenAccess"}"#, ErrorKind::Rejected(Rejection::Policy))]
#[case::storage(
    403,
    "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>",
    ErrorKind::Rejected(Rejection::Policy)
)]
#[case::robot_403(403, "<html>nothing known</html>", ErrorKind::Auth(AuthProblem::Challenge))]
#[case::robot(503, ROBOT, ErrorKind::Auth(AuthProblem::Challenge))]
#[case::html_503(503, "<html>busy</html>", ErrorKind::Unavailable { retry_after: RETRY })]
#[case::sign_in_page(404, SIGN_IN, ErrorKind::Auth(AuthProblem::Expired))]
#[case::filter(400, r#"{"message":"Invalid filter: kind:(FOLDER)"}"#, ErrorKind::Protocol)]
#[case::kind(400, r#"{"message":"Invalid Kind VISUAL_COLLECTION"}"#, ErrorKind::Protocol)]
#[case::child(400, r#"{"message":"Improper child kind"}"#, ErrorKind::Unavailable { retry_after: None })]
#[case::upload(400, r#"{"message":"Cannot complete upload"}"#, ErrorKind::Unavailable { retry_after: None })]
#[case::other_400(400, "no json at all", ErrorKind::Protocol)]
#[case::node(
    404,
    r#"{"logref":"x","message":"Node not found","code":"NODE_NOT_FOUND"}"#,
    ErrorKind::NotFound
)]
#[case::version(404, r#"{"message":"Node not found for ResourceVersion V1"}"#, ErrorKind::NotFound)]
#[case::route(404, "<UnknownOperationException/>", ErrorKind::NotFound)]
#[case::timeout(408, "", ErrorKind::Timeout)]
#[case::changed(412, r#"{"code":"PreconditionFailed"}"#, ErrorKind::Conflict { existing: None })]
#[case::large(413, "", ErrorKind::Rejected(Rejection::TooLarge))]
#[case::range(416, "", ErrorKind::Rejected(Rejection::Invalid))]
#[case::rate_gateway(429, r#"{"message":"Rate exceeded"}"#, ErrorKind::RateLimited { retry_after: RETRY })]
#[case::rate_content(429, r#"{"logref":"6a02c6ae","message":"Rate exceeded","code":""}"#, ErrorKind::RateLimited { retry_after: RETRY })]
#[case::rate_node(
    429,
    r#"{"logref":"x","message":"Concurrent Access on same node. Please back off.","code":""}"#,
    ErrorKind::RateLimited { retry_after: RETRY }
)]
#[case::internal(500, r#"{"message":"Internal failure"}"#, ErrorKind::Unavailable { retry_after: RETRY })]
#[case::bad_gateway(502, "", ErrorKind::Unavailable { retry_after: RETRY })]
#[case::busy(503, "", ErrorKind::Unavailable { retry_after: RETRY })]
#[case::gateway_timeout(504, "", ErrorKind::Unavailable { retry_after: RETRY })]
#[case::teapot(418, "", ErrorKind::Protocol)]
fn every_body_of_the_reference_has_its_kind(#[case] status: u16, #[case] body: &str, #[case] kind: ErrorKind) {
    let error = classified(status, body, None);
    assert_eq!(*error.kind(), kind, "{error}");
    let text = error.to_string();
    assert!(
        !text.contains('\n') && !text.ends_with('.') || body.contains("back off."),
        "{text}"
    );
}

#[rstest]
#[case::duplicate(
    r#"{"errorCode":"DuplicatesConflictError","errorDetails":{"conflictNodeIds":["existingId"]}}"#,
    Some("existingId")
)]
#[case::classic(
    r#"{"logref":"x","message":"m","code":"MD5_DUPLICATE","info":{"nodeId":"PimrSc1DNNEBo7"}}"#,
    Some("PimrSc1DNNEBo7")
)]
#[case::name(
    r#"{"logref":"x","message":"Node with the name a exists","code":"NAME_ALREADY_EXISTS","info":{"nodeId":"n"}}"#,
    None
)]
fn only_the_same_bytes_count_as_already_there(#[case] body: &str, #[case] existing: Option<&str>) {
    let error = classified(409, body, None);
    assert_eq!(
        *error.kind(),
        ErrorKind::Conflict {
            existing: existing.map(DestId::from)
        }
    );
}

#[test]
fn the_two_limits_of_listings_can_be_told() {
    let expired = classified(400, r#"{"logref":"78455be4","message":"Next token is expired"}"#, None);
    assert!(is_token_expired(&expired) && expired.to_string().contains("reference 78455be4"));
    let window = classified(400, r#"{"message":"Offset + limit cannot be greater than 9999"}"#, None);
    assert!(!is_token_expired(&window) && window.to_string().contains("9,999"));
    assert!(is_content_refusal(&classified(401, CONTENT_401, None)));
}

#[rstest]
#[case("https://www.amazon.de/ap/signin?openid.return_to=x", AuthProblem::Expired)]
#[case("https://www.amazon.de/errors/validateCaptcha?x", AuthProblem::Challenge)]
#[case("https://www.amazon.de/ap/cvf/request?arb=1", AuthProblem::Challenge)]
fn a_redirect_to_a_page_for_people_is_told_by_its_path(#[case] location: &str, #[case] problem: AuthProblem) {
    assert_eq!(*classified(302, "", Some(location)).kind(), ErrorKind::Auth(problem));
}

#[test]
fn another_redirect_is_a_change_of_the_service_and_its_query_is_not_shown() {
    let error = classified(302, "", Some("https://elsewhere.example/x?token=hush"));
    assert_eq!(*error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("https://elsewhere.example/x") && !error.to_string().contains("hush"));
}

#[test]
fn a_web_page_with_a_success_status_is_a_lost_session_or_a_robot_check() {
    assert_eq!(*unexpected_page(SIGN_IN).kind(), ErrorKind::Auth(AuthProblem::Expired));
    assert_eq!(
        *unexpected_page("<html>Anmelden</html>").kind(),
        ErrorKind::Auth(AuthProblem::Expired)
    );
    assert_eq!(*unexpected_page(ROBOT).kind(), ErrorKind::Auth(AuthProblem::Challenge));
}

#[test]
fn words_of_the_service_become_one_short_line() {
    let body = serde_json::json!({ "message": format!("a\nb{}", "x".repeat(500)) }).to_string();
    let text = classified(400, &body, None).to_string();
    assert!(
        text.contains("a b") && text.len() < 300 && !text.contains('\n'),
        "{text}"
    );
}
