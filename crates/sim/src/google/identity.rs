//! Who somebody is: grants and their tokens, id tokens, userinfo, the OpenID configuration.

use std::collections::HashMap;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

use super::reply::{Reply, json_reply, oauth_error};
use super::scopes::{self, EMAIL, OPENID, Scopes};
use super::service::Urls;
use super::switches::{GoogleSwitches, GrantLifeTold};
use super::world::{AccessToken, AccountIndex, Grant, RefreshToken, World};

/// Live refresh tokens per account and client; the oldest go first.
const MOST_REFRESH_TOKENS: usize = 100;
/// After this long without use a refresh token is dead.
const UNUSED_LIFE: SignedDuration = SignedDuration::from_hours(183 * 24);
/// What a project in testing gives.
const TESTING_LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The issuer that id tokens and the OpenID configuration name, as at the real service.
const ISSUER: &str = "https://accounts.google.com";

/// What the token endpoint answers.
#[derive(Debug, Serialize)]
pub(super) struct Tokens {
    pub(super) access_token: String,
    pub(super) expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refresh_token_expires_in: Option<i64>,
    pub(super) scope: String,
    pub(super) token_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id_token: Option<String>,
}

/// Signs an account in at the app: a new grant with its tokens.
pub(super) fn sign_in(
    world: &mut World,
    now: Timestamp,
    switches: &GoogleSwitches,
    account: AccountIndex,
    scopes: Scopes,
    with_refresh_token: bool,
) -> Tokens {
    world.grants_made += 1;
    let grant = Grant {
        number: world.grants_made,
        client_id: world.client.id.clone(),
        account,
        scopes,
    };
    let mut tokens = access(world, now, switches, &grant);
    if with_refresh_token {
        let token = world.mint.secret("1//0g", 72);
        let expires = switches.project_in_testing.then(|| later(now, TESTING_LIFE));
        let number = grant.number;
        world.refresh.insert(
            token.clone(),
            RefreshToken {
                grant,
                last_used: now,
                expires,
                number,
            },
        );
        drop_oldest(world, account);
        tokens.refresh_token = Some(token);
        let told = switches.project_in_testing && switches.grant_life_told != GrantLifeTold::Never;
        tokens.refresh_token_expires_in = told.then(|| TESTING_LIFE.as_secs() - 1);
    }
    tokens
}

/// New access for a refresh token, without a new refresh token; `None` if it is dead.
pub(super) fn refresh(world: &mut World, now: Timestamp, switches: &GoogleSwitches, token: &str) -> Option<Tokens> {
    world.refreshes += 1;
    let held = world.refresh.get_mut(token)?;
    if held.expires.is_some_and(|expires| now >= expires) || now.duration_since(held.last_used) >= UNUSED_LIFE {
        world.refresh.remove(token);
        return None;
    }
    held.last_used = now;
    let (grant, expires) = (held.grant.clone(), held.expires);
    let mut tokens = access(world, now, switches, &grant);
    if switches.grant_life_told == GrantLifeTold::Always {
        tokens.refresh_token_expires_in = expires.map(|expires| expires.duration_since(now).as_secs());
    }
    Some(tokens)
}

/// Ends the grant that a token of either kind belongs to.
pub(super) fn revoke(world: &mut World, token: &str) -> bool {
    let by_access = world.access.get(token).map(|access| access.grant.number);
    let Some(number) = by_access.or_else(|| world.refresh.get(token).map(|refresh| refresh.grant.number)) else {
        return false;
    };
    world.access.retain(|_, access| access.grant.number != number);
    world.refresh.retain(|_, refresh| refresh.grant.number != number);
    true
}

/// The grant of a request's access token, if it came with one that works.
pub(super) fn caller(world: &World, now: Timestamp, headers: &HeaderMap, query: Option<&str>) -> Option<Grant> {
    let bearer = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim().to_owned());
    let parameters: HashMap<_, _> = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .into_owned()
        .collect();
    let token = bearer.or_else(|| parameters.get("access_token").cloned())?;
    world
        .access
        .get(&token)
        .filter(|access| now < access.expires)
        .map(|access| access.grant.clone())
}

/// `GET /v1/userinfo`
pub(super) fn userinfo(world: &World, grant: Option<&Grant>) -> Reply {
    let Some(grant) = grant else {
        let mut reply = oauth_error(401, "invalid_request", "Invalid Credentials");
        let challenge = axum::http::HeaderValue::from_static(
            "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\"",
        );
        reply
            .headers_mut()
            .insert(axum::http::header::WWW_AUTHENTICATE, challenge);
        return reply;
    };
    if !scopes::any(&grant.scopes, &[OPENID, EMAIL]) {
        return oauth_error(
            403,
            "insufficient_scope",
            "Request had insufficient authentication scopes.",
        );
    }
    json_reply(200, &Value::Object(claims(world, grant)), true)
}

/// `GET /.well-known/openid-configuration`: the real document's members, with the addresses of this stand-in.
pub(super) fn openid_configuration(urls: &Urls) -> Reply {
    let document = json!({
        "issuer": ISSUER,
        "authorization_endpoint": format!("{}/o/oauth2/v2/auth", urls.accounts),
        "token_endpoint": format!("{}/token", urls.oauth2),
        "userinfo_endpoint": format!("{}/v1/userinfo", urls.userinfo),
        "revocation_endpoint": format!("{}/revoke", urls.oauth2),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": ["aud", "email", "email_verified", "exp", "iat", "iss", "sub"],
        "code_challenge_methods_supported": ["plain", "S256"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
    });
    json_reply(200, &document, true)
}

fn access(world: &mut World, now: Timestamp, switches: &GoogleSwitches, grant: &Grant) -> Tokens {
    let token = world.mint.secret("ya29.a0", 150);
    let expires = later(now, switches.access_token_life);
    world.access.retain(|_, access| now < access.expires);
    world.access.insert(
        token.clone(),
        AccessToken {
            grant: grant.clone(),
            expires,
        },
    );
    Tokens {
        access_token: token,
        // The service rounds down: an hour is announced as 3599 seconds.
        expires_in: switches.access_token_life.as_secs() - 1,
        refresh_token: None,
        refresh_token_expires_in: None,
        scope: scopes::join(&grant.scopes),
        token_type: "Bearer",
        id_token: grant
            .scopes
            .contains(OPENID)
            .then(|| id_token(world, now, expires, grant)),
    }
}

/// Three base64url parts, as a real one; the signature is noise, since no key of Google's is at hand.
fn id_token(world: &World, now: Timestamp, expires: Timestamp, grant: &Grant) -> String {
    let mut body = claims(world, grant);
    for (name, value) in [
        ("iss", json!(ISSUER)),
        ("aud", json!(grant.client_id)),
        ("azp", json!(grant.client_id)),
        ("iat", json!(now.as_second())),
        ("exp", json!(expires.as_second())),
    ] {
        body.insert(name.to_owned(), value);
    }
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = part(&json!({"alg": "RS256", "kid": world.mint.lower_text("kid", 40), "typ": "JWT"}));
    format!(
        "{head}.{}.{}",
        part(&Value::Object(body)),
        world.mint.text_for("signature", 342)
    )
}

fn claims(world: &World, grant: &Grant) -> serde_json::Map<String, Value> {
    let account = &world.accounts[grant.account];
    let mut claims = serde_json::Map::new();
    claims.insert("sub".into(), json!(account.sub));
    if grant.scopes.contains(EMAIL) {
        claims.insert("email".into(), json!(account.email));
        claims.insert("email_verified".into(), json!(true));
    }
    claims
}

fn drop_oldest(world: &mut World, account: AccountIndex) {
    let mut numbers: Vec<u64> = world
        .refresh
        .values()
        .filter(|token| token.grant.account == account)
        .map(|token| token.number)
        .collect();
    if numbers.len() > MOST_REFRESH_TOKENS {
        numbers.sort_unstable();
        let oldest_kept = numbers[numbers.len() - MOST_REFRESH_TOKENS];
        world
            .refresh
            .retain(|_, token| token.grant.account != account || token.number >= oldest_kept);
    }
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-03-01T00:00:00Z".parse().unwrap()
    }

    fn signed_in(world: &mut World, switches: &GoogleSwitches) -> String {
        sign_in(world, now(), switches, 0, scopes::photomove(), true)
            .refresh_token
            .unwrap()
    }

    #[test]
    fn the_oldest_of_more_than_a_hundred_refresh_tokens_dies() {
        let (mut world, switches) = (World::new(1), GoogleSwitches::default());
        let tokens: Vec<String> = (0..101).map(|_| signed_in(&mut world, &switches)).collect();
        assert!(refresh(&mut world, now(), &switches, &tokens[0]).is_none());
        assert!(refresh(&mut world, now(), &switches, &tokens[1]).is_some());
    }

    #[test]
    fn a_refresh_token_dies_after_a_week_in_testing_and_after_half_a_year_unused() {
        let mut world = World::new(1);
        let mut switches = GoogleSwitches::default();
        let kept = signed_in(&mut world, &switches);
        switches.project_in_testing = true;
        let testing = signed_in(&mut world, &switches);
        let after = |days: i64| now() + SignedDuration::from_hours(24 * days);
        assert!(refresh(&mut world, after(6), &switches, &testing).is_some());
        assert!(refresh(&mut world, after(7), &switches, &testing).is_none());
        assert!(refresh(&mut world, after(180), &switches, &kept).is_some());
        assert!(refresh(&mut world, after(362), &switches, &kept).is_some());
        assert!(refresh(&mut world, after(362 + 183), &switches, &kept).is_none());
    }

    #[test]
    fn how_long_a_grant_lasts_is_told_where_the_switch_says_so() {
        for (told, at_consent, at_renewal) in [
            (GrantLifeTold::AtConsent, true, None),
            (GrantLifeTold::Always, true, Some(6 * 24 * 3600)),
            (GrantLifeTold::Never, false, None),
        ] {
            let mut world = World::new(1);
            let switches = GoogleSwitches {
                project_in_testing: true,
                grant_life_told: told,
                ..GoogleSwitches::default()
            };
            let tokens = sign_in(&mut world, now(), &switches, 0, scopes::photomove(), true);
            assert_eq!(tokens.refresh_token_expires_in.is_some(), at_consent, "{told:?}");
            let tomorrow = now() + SignedDuration::from_hours(24);
            let fresh = refresh(&mut world, tomorrow, &switches, &tokens.refresh_token.unwrap()).unwrap();
            assert_eq!(fresh.refresh_token_expires_in, at_renewal, "{told:?}");
        }
    }

    #[test]
    fn another_project_sees_nothing_and_the_first_ones_tokens_are_dead() {
        let (mut world, switches) = (World::new(1), GoogleSwitches::default());
        let token = signed_in(&mut world, &switches);
        let (client, app) = (world.client.id.clone(), world.app());
        world.new_project();
        assert!(refresh(&mut world, now(), &switches, &token).is_none());
        assert!(world.client.id != client && world.app() != app);
        assert_eq!(world.deleted_clients, [client]);
    }

    #[test]
    fn revoking_either_token_ends_both() {
        let (mut world, switches) = (World::new(1), GoogleSwitches::default());
        let tokens = sign_in(&mut world, now(), &switches, 0, scopes::photomove(), true);
        assert!(revoke(&mut world, &tokens.access_token));
        assert!(refresh(&mut world, now(), &switches, &tokens.refresh_token.unwrap()).is_none());
        assert!(!revoke(&mut world, "unheard of"));
    }
}
