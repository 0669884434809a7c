//! What the token endpoint's refusals mean.

use jiff::{SignedDuration, Timestamp};
use photomove_core::{AuthProblem, Error, ErrorKind, Operation};
use photomove_http::header::DATE;
use photomove_http::http::Response;

use crate::classify::shown;
use crate::wire::ErrorReplyBody;

/// A clock that is off by more than this is worth a word.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Reads a reply of the token endpoint that is not a success. `now` is this machine's time.
pub(crate) fn of_reply(reply: &Response<Vec<u8>>, operation: Operation, now: Timestamp) -> Error {
    let status = reply.status().as_u16();
    let error = if status >= 500 || status == 408 {
        let kind = ErrorKind::Unavailable { retry_after: None };
        Error::new(kind, "google's sign-in service has a problem")
    } else if status == 429 {
        let kind = ErrorKind::RateLimited { retry_after: None };
        Error::new(kind, "google's sign-in service was asked too often")
    } else {
        let body = ErrorReplyBody::read(&String::from_utf8_lossy(reply.body()));
        match body.failure() {
            Some(failure) => {
                let error = of_name(&failure.status, &failure.message, operation);
                match skew(reply, now).filter(|_| failure.status == "invalid_grant") {
                    Some(words) => error.hint_instead(words),
                    None => error,
                }
            }
            None => Error::new(
                ErrorKind::Protocol,
                "google's sign-in service gave an answer that is not known",
            ),
        }
    };
    error.provider("google").operation(operation).context("status", status)
}

/// Says how far this machine's clock is off, if it is: codes and tokens are then refused without another reason.
fn skew(reply: &Response<Vec<u8>>, now: Timestamp) -> Option<String> {
    let date = reply.headers().get(DATE)?.to_str().ok()?;
    let theirs = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
    let ahead = now.duration_since(theirs);
    if ahead.abs() <= SKEW {
        return None;
    }
    let (minutes, side) = (
        ahead.abs().as_mins(),
        if ahead.is_positive() { "ahead of" } else { "behind" },
    );
    Some(format!(
        "this machine's clock is {minutes} min {side} google's: set it right, then sign in again with `photomove auth login google`"
    ))
}

/// Reads the name of an error, as RFC 6749 and Google define them.
pub(crate) fn of_name(name: &str, words: &str, operation: Operation) -> Error {
    let told = |what: &str| match shown(words) {
        // Both are foreign: the name may come out of an address.
        text if text.is_empty() => format!("{what} ({})", shown(name)),
        text => format!("{what}: {text}"),
    };
    match name {
        "invalid_grant" if operation == Operation::SignIn => Error::new(
            ErrorKind::Auth(AuthProblem::Missing),
            told("google did not accept the answer of the sign-in page"),
        )
        .hint("sign in once more; if it fails again, check this machine's clock"),
        "invalid_grant" => Error::new(ErrorKind::Auth(AuthProblem::Revoked), told("the sign-in has ended"))
            .hint("sign in again with `photomove auth login google`; while the project's status is `Testing`, sign-ins end after 7 days"),
        "redirect_uri_mismatch" => Error::new(
            ErrorKind::Config,
            told("the OAuth client does not allow the browser to be sent back to this machine"),
        )
        .hint("make a client of type `Desktop app` at console.cloud.google.com"),
        "invalid_client" => Error::new(ErrorKind::Config, told("google does not know this OAuth client"))
            .hint("was it deleted, or its secret replaced? `photomove auth setup google` takes the file of another one"),
        "deleted_client" => Error::new(ErrorKind::Config, told("this OAuth client was deleted")).hint(
            "restore it at console.cloud.google.com (Clients, within 30 days), or make another one: `photomove auth setup google`",
        ),
        "unauthorized_client" if operation == Operation::RenewSignIn => Error::new(
            ErrorKind::Config,
            told("this sign-in was made through another OAuth client"),
        )
        .hint("give the file of that client with `--client-secret`, or sign in anew with `photomove auth login google`"),
        "unauthorized_client" | "access_denied" | "admin_policy_enforced" | "org_internal" | "disabled_client" => Error::new(ErrorKind::Config, told("google does not allow this sign-in"))
            .hint("is your address a test user of the project, and does its administrator allow the app?"),
        _ => Error::new(ErrorKind::Protocol, told("google's sign-in service refused the request")),
    }
    .provider("google")
    .operation(operation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use photomove_core::Disposition;
    use rstest::rstest;

    fn reply(status: u16, body: &str) -> Response<Vec<u8>> {
        let mut reply = Response::new(body.as_bytes().to_vec());
        *reply.status_mut() = photomove_http::StatusCode::from_u16(status).unwrap();
        reply
    }

    #[rstest]
    #[case(
        400,
        r#"{"error": "invalid_grant", "error_description": "Token has been expired or revoked."}"#,
        Disposition::AskPerson
    )]
    #[case(
        400,
        r#"{"error": "invalid_grant", "error_description": "Bad Request"}"#,
        Disposition::AskPerson
    )]
    #[case(400, r#"{"error": "redirect_uri_mismatch"}"#, Disposition::StopRun)]
    #[case(
        401,
        r#"{"error": "invalid_client", "error_description": "Unauthorized"}"#,
        Disposition::StopRun
    )]
    #[case(403, r#"{"error": "admin_policy_enforced"}"#, Disposition::StopRun)]
    #[case(400, r#"{"error": "invalid_request"}"#, Disposition::FailItem)]
    #[case(503, "<html>", Disposition::Retry { after: None })]
    #[case(408, r#"{"error": "invalid_request"}"#, Disposition::Retry { after: None })]
    #[case(404, "", Disposition::FailItem)]
    fn refusals_lead_to_the_right_step(#[case] status: u16, #[case] body: &str, #[case] step: Disposition) {
        let error = of_reply(&reply(status, body), Operation::RenewSignIn, Timestamp::UNIX_EPOCH);
        assert_eq!(error.disposition(), step);
    }

    #[rstest]
    #[case("2026-11-20T12:00:00Z", None)]
    #[case("2026-11-20T12:04:59Z", None)]
    #[case("2026-11-20T12:37:00Z", Some("37 min ahead of google's"))]
    #[case("2026-11-20T10:00:00Z", Some("120 min behind google's"))]
    fn a_clock_that_is_wrong_is_told(#[case] now: &str, #[case] words: Option<&str>) {
        let mut reply = reply(400, r#"{"error": "invalid_grant", "error_description": "Bad Request"}"#);
        let date = photomove_http::HeaderValue::from_static("Fri, 20 Nov 2026 12:00:00 GMT");
        reply.headers_mut().insert(DATE, date);
        for operation in [Operation::SignIn, Operation::RenewSignIn] {
            let error = of_reply(&reply, operation, now.parse().unwrap());
            let hint = error.hint_text().unwrap();
            match words {
                Some(words) => assert!(hint.contains(words), "{hint}"),
                None => assert!(!hint.contains("this machine's clock is"), "{hint}"),
            }
        }
    }

    #[test]
    fn a_client_that_is_gone_is_told_from_a_wrong_one() {
        for (name, words) in [
            ("deleted_client", "was deleted"),
            ("invalid_client", "does not know"),
            ("unauthorized_client", "another OAuth client"),
        ] {
            let error = of_name(name, "", Operation::RenewSignIn);
            assert_eq!(*error.kind(), ErrorKind::Config);
            assert!(error.message().contains(words), "{error}");
        }
    }

    #[test]
    fn a_dead_sign_in_names_the_command_that_mends_it() {
        let error = of_name(
            "invalid_grant",
            "Token has been expired or revoked.",
            Operation::RenewSignIn,
        );
        assert_eq!(*error.kind(), ErrorKind::Auth(AuthProblem::Revoked));
        assert!(error.hint_text().unwrap().contains("`photomove auth login google`"));
        assert_eq!(
            error.to_string(),
            "google: could not renew the sign-in: the sign-in has ended: Token has been expired or revoked"
        );
    }
}
