//! What the browser brings back from the sign-in page.

use std::fmt;

use photomove_core::{AuthProblem, Error, ErrorKind, Operation, Result};
use secrecy::SecretString;
use url::Url;

use super::failure;

/// The code to be exchanged for tokens; single use, valid for minutes.
pub(crate) struct Code(pub(crate) SecretString);

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code")
    }
}

/// Says whether an address carries an answer at all; browsers ask for icons as well.
pub(crate) fn is_answer(url: &Url) -> bool {
    url.query_pairs().any(|(name, _)| matches!(&*name, "code" | "error"))
}

/// Says whether an answer of this sign-in is the person's `Cancel`.
pub(crate) fn is_refusal(url: &Url, state: &str) -> bool {
    let has = |wanted: (&str, &str)| url.query_pairs().any(|(name, value)| (&*name, &*value) == wanted);
    has(("state", state)) && has(("error", "access_denied"))
}

/// Reads the answer. The state is checked before anything else is believed.
pub(crate) fn read(url: &Url, state: &str) -> Result<Code> {
    let value = |wanted: &str| {
        let found = url.query_pairs().find(|(name, _)| name == wanted);
        found
            .map(|(_, value)| value.into_owned())
            .filter(|value| !value.is_empty())
    };
    if value("state").as_deref() != Some(state) {
        return Err(unsigned("the answer of the browser does not belong to this sign-in")
            .hint("sign in once more, in the page that opens then"));
    }
    match value("error") {
        Some(error) if error == "access_denied" => {
            return Err(unsigned("consent was refused on google's page")
                .hint("sign in again with `photomove auth login google` and press `Continue` there"));
        }
        Some(error) => return Err(failure::of_name(&error, "", Operation::SignIn)),
        None => {}
    }
    let code = value("code").ok_or_else(|| unsigned("the answer of the browser holds no code"))?;
    Ok(Code(code.into()))
}

/// Reads what a person pasted: the address that the browser ended at, or the part of it behind the question mark.
pub(crate) fn read_pasted(text: &str, state: &str) -> Result<Code> {
    let text = text.trim();
    let url = match Url::parse(text) {
        Ok(url) if url.has_host() => Ok(url),
        _ => Url::parse(&format!(
            "http://127.0.0.1/?{}",
            text.rsplit('?').next().unwrap_or_default()
        )),
    };
    match url {
        Ok(url) if is_answer(&url) => read(&url, state),
        _ => Err(unsigned("this is not the address that google's page leads to")
            .hint("copy the whole address from the browser's address bar; it holds `code=`")),
    }
}

pub(crate) fn unsigned(message: &str) -> Error {
    Error::new(ErrorKind::Auth(AuthProblem::Missing), message)
        .provider("google")
        .operation(Operation::SignIn)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use secrecy::ExposeSecret;

    #[rstest]
    #[case("http://127.0.0.1:5/?state=S&code=4/0A&scope=x", Ok("4/0A"))]
    #[case("http://127.0.0.1:5/?code=4%2F0A&state=S", Ok("4/0A"))]
    #[case("  ?state=S&code=4/0A ", Ok("4/0A"))]
    #[case("state=S&code=4/0A", Ok("4/0A"))]
    #[case("127.0.0.1:5/?state=S&code=4/0A", Ok("4/0A"))]
    #[case("http://127.0.0.1:5/?state=forged&code=4/0A", Err("does not belong"))]
    #[case("http://127.0.0.1:5/?code=4/0A", Err("does not belong"))]
    #[case("http://127.0.0.1:5/?error=access_denied&state=S", Err("consent was refused"))]
    #[case("http://127.0.0.1:5/?error=access_denied&state=forged", Err("does not belong"))]
    #[case("http://127.0.0.1:5/?error=admin_policy_enforced&state=S", Err("does not allow"))]
    #[case("http://127.0.0.1:5/?state=S&code=", Err("no code"))]
    #[case("4/0A", Err("not the address"))]
    #[case("", Err("not the address"))]
    fn the_state_is_checked_before_the_code(#[case] pasted: &str, #[case] expected: Result<&str, &str>) {
        match (read_pasted(pasted, "S"), expected) {
            (Ok(code), Ok(expected)) => assert_eq!(code.0.expose_secret(), expected),
            (Err(error), Err(part)) => assert!(error.message().contains(part), "{error}"),
            (read, expected) => panic!("{read:?} instead of {expected:?}"),
        }
    }
}
