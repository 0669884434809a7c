//! Signing in within a run, where somebody is at the terminal and nothing has begun.

use photomove_core::{AuthProblem, Error, ErrorKind, Result};

use super::course::stopped_while_waiting;
use super::pause::Pause;
use crate::commands::auth::sign_in_now;
use crate::endpoint::Endpoint;

/// Offers to sign in right here; says whether somebody did. Where nobody is at the terminal, or a sign-in would not help,
/// nothing is asked.
///
/// # Errors
/// [`ErrorKind::Cancelled`] if somebody wants the run to end; else as the sign-in.
pub(super) async fn offer(pause: &Pause<'_>, endpoint: &Endpoint, error: &Error) -> Result<bool> {
    let app = pause.app();
    if !app.person.is_there() || !is_mended_by_sign_in(error) {
        return Ok(false);
    }
    let label = endpoint.kind.label();
    let named = match &endpoint.account {
        Some(_) => format!(" as `{endpoint}`"),
        None => String::new(),
    };
    let (why, question) = match error.kind() {
        ErrorKind::Auth(AuthProblem::Missing) => (
            format!("Nobody is signed in to {label}{named}"),
            format!("Sign in to {label}{named} now?"),
        ),
        _ => (error.to_string(), format!("Sign in to {label}{named} again now?")),
    };
    app.printer.talk(&format!("{why}\n"));
    let signed_in = async {
        if !app.person.confirm(&question).await? {
            return Ok(false);
        }
        app.printer.talk("");
        sign_in_now(app, endpoint).await?;
        app.printer.talk("");
        Ok(true)
    };
    tokio::select! {
        signed_in = signed_in => signed_in,
        () = app.signals.drain.cancelled() => Err(stopped_while_waiting()),
    }
}

/// Another region is a matter of settings, and a check that the service wants is passed elsewhere.
fn is_mended_by_sign_in(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Auth(problem) => !matches!(problem, AuthProblem::WrongRegion | AuthProblem::Challenge),
        _ => false,
    }
}
