//! The token endpoint: codes and refresh tokens in, access tokens out; and revocation.

use std::collections::HashMap;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::identity::{refresh, revoke, sign_in};
use super::reply::{Reply, oauth_error, oauth_reply};
use super::switches::GoogleSwitches;
use super::world::{Challenge, World};

/// Fields of a form; the first of several with one name counts.
pub(super) struct Form(HashMap<String, String>);

impl Form {
    pub(super) fn parse(text: &[u8]) -> Self {
        let mut fields = HashMap::new();
        for (name, value) in url::form_urlencoded::parse(text).into_owned() {
            fields.entry(name).or_insert(value);
        }
        Self(fields)
    }

    fn get(&self, name: &str) -> Result<&str, Box<Reply>> {
        match self.0.get(name).map(String::as_str) {
            Some(value) if !value.is_empty() => Ok(value),
            _ => refuse(400, "invalid_request", &format!("Missing required parameter: {name}")),
        }
    }
}

/// `POST /token`
pub(super) fn token(
    world: &mut World,
    now: Timestamp,
    switches: &GoogleSwitches,
    headers: &HeaderMap,
    form: &Form,
) -> Reply {
    let answered = form.get("grant_type").and_then(|grant_type| {
        check_client(world, headers, form)?;
        match grant_type {
            "authorization_code" => exchange(world, now, switches, form),
            "refresh_token" => {
                let token = form.get("refresh_token")?;
                match refresh(world, now, switches, token) {
                    Some(tokens) => Ok(oauth_reply(200, &tokens)),
                    None => refuse(400, "invalid_grant", "Token has been expired or revoked."),
                }
            }
            other => refuse(400, "unsupported_grant_type", &format!("Invalid grant_type: {other}")),
        }
    });
    answered.unwrap_or_else(|refusal| *refusal)
}

/// `POST /revoke`
pub(super) fn revoke_token(world: &mut World, form: &Form) -> Reply {
    match form.get("token") {
        Ok(token) if revoke(world, token) => oauth_reply(200, &json!({})),
        Ok(_) => oauth_error(400, "invalid_token", ""),
        Err(refusal) => *refusal,
    }
}

/// The client's id and secret, in the form or in a Basic header.
fn check_client(world: &World, headers: &HeaderMap, form: &Form) -> Result<(), Box<Reply>> {
    let (id, secret) = match basic(headers) {
        Some(pair) => pair,
        None => {
            let secret = form.0.get("client_secret").cloned().unwrap_or_default();
            let missing = |_| {
                Box::new(oauth_error(
                    400,
                    "invalid_request",
                    "Could not determine client ID from request.",
                ))
            };
            (form.get("client_id").map_err(missing)?.to_owned(), secret)
        }
    };
    if world.deleted_clients.contains(&id) {
        return refuse(401, "deleted_client", "The OAuth client was deleted.");
    }
    if id != world.client.id {
        return refuse(401, "invalid_client", "The OAuth client was not found.");
    }
    if secret.is_empty() {
        return refuse(400, "invalid_request", "client_secret is missing.");
    }
    if secret != world.client.secret {
        return refuse(401, "invalid_client", "Unauthorized");
    }
    Ok(())
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let encoded = headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    // RFC 6749 2.3.1: both are form-encoded before they are joined.
    let decode = |part: &str| {
        url::form_urlencoded::parse(format!("x={part}").as_bytes())
            .next()
            .map(|(_, value)| value.into_owned())
    };
    Some((decode(id)?, decode(secret)?))
}

fn exchange(world: &mut World, now: Timestamp, switches: &GoogleSwitches, form: &Form) -> Result<Reply, Box<Reply>> {
    let invalid = |why| refuse(400, "invalid_grant", why);
    let value = form.get("code")?;
    let redirect_uri = form.get("redirect_uri")?;
    if !value.starts_with("4/") {
        return invalid("Malformed auth code.");
    }
    // Taken out before the other checks: a code works once, also when that once was wrong.
    let code = world
        .codes
        .remove(value)
        .filter(|code| now < code.expires && code.client_id == world.client.id);
    let Some(code) = code else {
        return invalid("Bad Request");
    };
    if code.redirect_uri != redirect_uri {
        return refuse(400, "redirect_uri_mismatch", "Bad Request");
    }
    if !proves(code.challenge.as_ref(), form.0.get("code_verifier").map(String::as_str)) {
        return invalid("Bad Request");
    }
    let tokens = sign_in(world, now, switches, code.account, code.scopes, code.with_refresh_token);
    Ok(oauth_reply(200, &tokens))
}

fn refuse<T>(status: u16, error: &str, description: &str) -> Result<T, Box<Reply>> {
    Err(Box::new(oauth_error(status, error, description)))
}

/// Whether the verifier is the one that the challenge was made of.
fn proves(challenge: Option<&Challenge>, verifier: Option<&str>) -> bool {
    match (challenge, verifier) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(challenge), Some(verifier)) => {
            let well_formed = (43..=128).contains(&verifier.len())
                && verifier
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
            let made = match challenge.hashed {
                true => URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)),
                false => verifier.to_owned(),
            };
            well_formed && made == challenge.value
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_7636_is_accepted() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = Challenge {
            value: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".into(),
            hashed: true,
        };
        assert!(proves(Some(&challenge), Some(verifier)));
        assert!(!proves(
            Some(&challenge),
            Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXj")
        ));
        assert!(!proves(Some(&challenge), None));
        assert!(!proves(
            Some(&Challenge {
                value: "short".into(),
                hashed: false
            }),
            Some("short")
        ));
    }
}
