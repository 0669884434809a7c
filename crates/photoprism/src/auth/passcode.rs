//! Asking a person for the passcode of an account with a second factor.

use photomove_core::{Answer, AuthProblem, Error, ErrorKind, Interaction, Operation, Prompt, Result};
use secrecy::{ExposeSecret, SecretString};

use crate::KIND;
use crate::classify::PASSCODE;

/// Three wrong ones lock the sign-in, so that the third is not tried.
const TRIES: u32 = 2;

/// Asks for a passcode after a login said that it wants one.
///
/// # Errors
/// The refusal itself, where nobody can be asked, nobody answers, or it was wrong too often.
pub(crate) async fn ask(
    interaction: Option<&dyn Interaction>,
    name: &str,
    refusal: Error,
    tried: u32,
) -> Result<SecretString> {
    let Some(interaction) = interaction.filter(|_| tried < TRIES) else {
        return Err(refusal);
    };
    let why = match is_wrong(&refusal) {
        true => format!("That passcode was not right. Next passcode of `{name}` at PhotoPrism"),
        false => format!("Passcode of `{name}` at PhotoPrism"),
    };
    match interaction.ask(Prompt::NewCredentials { why }).await? {
        Answer::Text(code) if !code.expose_secret().trim().is_empty() => Ok(code),
        Answer::Refused => Err(
            Error::new(ErrorKind::Auth(AuthProblem::Challenge), "the sign-in was called off")
                .provider(KIND)
                .operation(Operation::SignIn),
        ),
        _ => Err(refusal),
    }
}

/// Says whether a login failed for want of a passcode, or for a wrong one.
pub(crate) fn is_wanted(error: &Error) -> bool {
    *error.kind() == ErrorKind::Auth(AuthProblem::Challenge)
        && error.details().iter().any(|(name, _)| *name == PASSCODE)
}

fn is_wrong(error: &Error) -> bool {
    error
        .details()
        .iter()
        .any(|(name, value)| *name == PASSCODE && value == "wrong")
}
