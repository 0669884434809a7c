use photomove_core::Disposition;
use photomove_http::{HeaderMap, Origin, StatusCode};
use rstest::rstest;
use url::Url;

use super::*;

fn refuse(status: u16, body: &str, operation: Operation) -> Error {
    let address = Url::parse("https://photos.example/prism/library/login?s3cret").unwrap();
    classify(&ErrorReply {
        status: StatusCode::from_u16(status).unwrap(),
        headers: &HeaderMap::new(),
        body,
        origin: &Origin::of(&address),
        operation,
        retry_after: None,
        redirected_to: (300..400).contains(&status).then_some(&address),
        now: jiff::Timestamp::UNIX_EPOCH,
    })
}

const LOGIN: Operation = Operation::SignIn;
const REVOKED: ErrorKind = ErrorKind::Auth(AuthProblem::Revoked);
const CHALLENGE: ErrorKind = ErrorKind::Auth(AuthProblem::Challenge);
const EXPIRED: ErrorKind = ErrorKind::Auth(AuthProblem::Expired);
const NOT_ALLOWED: ErrorKind = ErrorKind::Auth(AuthProblem::MissingScope);
const INVALID: ErrorKind = ErrorKind::Rejected(Rejection::Invalid);
const BUSY: ErrorKind = ErrorKind::Unavailable { retry_after: None };

#[rstest]
#[case::wrong_password(401, r#"{"error":"Invalid credentials"}"#, LOGIN, REVOKED)]
#[case::german(401, r#"{"error":"Ungültige Zugangsdaten"}"#, LOGIN, REVOKED)]
#[case::passcode_wanted(
    401,
    r#"{"error":"x","code":32,"message":"Bestätigungscode eingeben"}"#,
    LOGIN,
    CHALLENGE
)]
#[case::passcode_wrong(401, r#"{"error":"x","code":401,"message":"y"}"#, LOGIN, CHALLENGE)]
#[case::wrong_client(401, r#"{"error":"x","code":40,"message":"y"}"#, LOGIN, REVOKED)]
#[case::oauth_in_public_mode(403, r#"{"code":403,"error":"Permission denied"}"#, LOGIN, NOT_ALLOWED)]
#[case::login_locked(429, r#"{"error":"x","code":429}"#, LOGIN, ErrorKind::RateLimited { retry_after: Some(LOGIN_REFILL) })]
#[case::no_photoprism_at_login(404, "<html>", LOGIN, ErrorKind::Config)]
#[case::no_photoprism(404, "", Operation::Connect, ErrorKind::Config)]
#[case::web_page(200, "<html>", Operation::Connect, ErrorKind::Protocol)]
#[case::elsewhere(301, "", Operation::Connect, ErrorKind::Config)]
#[case::expired(401, r#"{"code":401,"error":"x"}"#, Operation::ListAssets, EXPIRED)]
#[case::expired_upload(401, r#"{"code":401,"error":"x"}"#, Operation::Stage, EXPIRED)]
#[case::forbidden(403, r#"{"code":403,"error":"x"}"#, Operation::Describe, NOT_ALLOWED)]
#[case::read_only(403, r#"{"code":403,"error":"x"}"#, Operation::Stage, NOT_ALLOWED)]
#[case::download_key(403, "<svg xmlns=\"http://www.w3.org/2000/svg\">", Operation::Open, NOT_ALLOWED)]
#[case::gone(404, r#"{"code":404,"error":"x"}"#, Operation::Refresh, ErrorKind::NotFound)]
#[case::upload_failed(400, r#"{"code":400,"error":"x"}"#, Operation::Stage, INVALID)]
#[case::bad_search(400, r#"{"code":400,"error":"x"}"#, Operation::ListAssets, INVALID)]
#[case::bad_request(400, r#"{"code":400,"error":"x"}"#, Operation::Describe, INVALID)]
#[case::proxy_limit(413, "<html>", Operation::Stage, ErrorKind::Rejected(Rejection::TooLarge))]
#[case::server_limit(
    413,
    r#"{"code":413,"error":"x"}"#,
    Operation::Stage,
    ErrorKind::Rejected(Rejection::TooLarge)
)]
#[case::people_busy(429, r#"{"code":429,"error":"x"}"#, Operation::Describe, ErrorKind::RateLimited { retry_after: None })]
#[case::panic(500, "", Operation::Describe, BUSY)]
#[case::indexing(500, r#"{"error":"Already running"}"#, Operation::Commit, BUSY)]
#[case::proxy_gave_up(504, "<html>", Operation::Commit, BUSY)]
#[case::busy(503, r#"{"code":503,"error":"x"}"#, Operation::Commit, BUSY)]
#[case::disk_full(507, r#"{"code":507,"error":"x"}"#, Operation::Stage, ErrorKind::Quota { resource: Resource::Storage, resets_at: None })]
#[case::exists(412, "Precondition Failed", Operation::Stage, ErrorKind::Conflict { existing: None })]
#[case::no_folder(409, "Conflict", Operation::Stage, ErrorKind::NotFound)]
#[case::locked(423, "Locked", Operation::Stage, BUSY)]
#[case::unknown(418, "", Operation::Describe, ErrorKind::Protocol)]
fn refusals_have_the_right_kind(
    #[case] status: u16,
    #[case] body: &str,
    #[case] operation: Operation,
    #[case] kind: ErrorKind,
) {
    let error = refuse(status, body, operation);
    assert_eq!(*error.kind(), kind, "{error:?}");
    let shown = format!("{error:?}");
    assert!(shown.contains("photoprism") && !shown.contains("s3cret"), "{shown}");
}

#[rstest]
#[case(r#"{"error":"x","code":32}"#, "missing")]
#[case(r#"{"error":"x","code":401}"#, "wrong")]
fn a_missing_passcode_is_told_from_a_wrong_one(#[case] body: &str, #[case] told: &str) {
    let error = refuse(401, body, LOGIN);
    assert!(error.details().contains(&(PASSCODE, told.to_owned())), "{error:?}");
    assert_eq!(error.disposition(), Disposition::AskPerson);
}

#[test]
fn what_stops_everybody_stops_the_run_and_what_passes_is_tried_again() {
    let disposition = |status, operation| refuse(status, "{}", operation).disposition();
    assert_eq!(disposition(507, Operation::Stage), Disposition::StopRun);
    assert_eq!(disposition(401, Operation::Stage), Disposition::RefreshAndRetry);
    assert_eq!(disposition(413, Operation::Stage), Disposition::FailItem);
    let after = Some(LOGIN_REFILL);
    assert_eq!(disposition(429, LOGIN), Disposition::Retry { after });
}

#[test]
fn the_servers_own_words_are_shown_and_never_decide() {
    for words in ["Permission denied", "Zugriff verweigert"] {
        let body = serde_json::json!({"code": 403, "error": words}).to_string();
        let error = refuse(403, &body, Operation::Describe);
        assert!(error.to_string().contains(words));
        assert_eq!(error.message(), refuse(403, "", Operation::Describe).message());
    }
    let long = serde_json::json!({"error": format!("a\nb{}", "x".repeat(1000))}).to_string();
    let error = refuse(500, &long, Operation::Describe);
    assert!(error.to_string().len() < 400 && !error.to_string().contains('\n'));
}

#[test]
fn a_redirect_names_where_it_leads_without_its_query() {
    let error = refuse(302, "", Operation::Connect);
    assert!(
        error.to_string().contains("https://photos.example/prism/library/login"),
        "{error}"
    );
}
