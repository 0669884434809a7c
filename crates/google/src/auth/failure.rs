//! What the token endpoint's refusals mean.

use photomove_core::{AuthProblem, Error, ErrorKind, Operation};
use photomove_http::http::Response;

use crate::classify::shown;
use crate::wire::ErrorReplyBody;

/// Reads a reply of the token endpoint that is not a success.
pub(crate) fn of_reply(reply: &Response<Vec<u8>>, operation: Operation) -> Error {
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
            Some(failure) => of_name(&failure.status, &failure.message, operation),
            None => Error::new(
                ErrorKind::Protocol,
                "google's sign-in service gave an answer that is not known",
            ),
        }
    };
    error.provider("google").operation(operation).context("status", status)
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
            .hint("download the client secret file again at console.cloud.google.com, then `photomove auth login google`"),
        "unauthorized_client" | "access_denied" | "admin_policy_enforced" | "org_internal" | "disabled_client"
        | "deleted_client" => Error::new(ErrorKind::Config, told("google does not allow this sign-in"))
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
        assert_eq!(
            of_reply(&reply(status, body), Operation::RenewSignIn).disposition(),
            step
        );
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
