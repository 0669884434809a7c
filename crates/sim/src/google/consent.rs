//! The authorization page: what a browser sees between the app's request and the redirect back to it.

mod page;

use std::net::Ipv4Addr;

use jiff::{SignedDuration, Timestamp};
use url::{Host, Url};

use super::proto::Query;
use super::reply::{Reply, html, redirect};
use super::scopes::{self, Scopes};
use super::switches::{ConsentMode, GoogleSwitches};
use super::world::{AccountIndex, Challenge, Code, World};

/// Path that the page's form leads to.
pub(super) const DECISION_PATH: &str = "/o/oauth2/consent";

/// How long a code waits for its exchange.
const CODE_LIFE: SignedDuration = SignedDuration::from_mins(10);

/// A checked authorization request.
struct Asked {
    redirect_uri: String,
    state: Option<String>,
    scopes: Scopes,
    challenge: Option<Challenge>,
}

/// `GET /o/oauth2/v2/auth` and the older `/o/oauth2/auth`.
pub(super) fn authorize(world: &mut World, now: Timestamp, switches: &GoogleSwitches, query: &Query) -> Reply {
    let asked = match check(world, query) {
        Ok(asked) => asked,
        Err(reply) => return *reply,
    };
    let Some(account) = choose_account(world, switches, query.get("login_hint")) else {
        return html(400, "Error", "there is no such account at this stand-in");
    };
    match &switches.consent {
        ConsentMode::Ask => page::page(world, account, &asked.scopes, query, None),
        ConsentMode::ClickAllow => page::page(world, account, &asked.scopes, query, Some("allow")),
        ConsentMode::ClickDeny => page::page(world, account, &asked.scopes, query, Some("deny")),
        ConsentMode::Deny => denied(&asked),
        ConsentMode::Grant => granted(world, now, account, asked, true),
        ConsentMode::NoRefreshToken => granted(world, now, account, asked, false),
        ConsentMode::GrantOnly(some) => {
            let some: Scopes = some.iter().filter_map(|name| scopes::canonical(name)).collect();
            let scopes = asked.scopes.intersection(&some).cloned().collect();
            granted(world, now, account, Asked { scopes, ..asked }, true)
        }
        ConsentMode::WrongState => {
            let state = Some(world.mint.secret("forged-", 12));
            granted(world, now, account, Asked { state, ..asked }, true)
        }
    }
}

/// What the person pressed on the page.
pub(super) fn decide(world: &mut World, now: Timestamp, query: &Query) -> Reply {
    let asked = match check(world, query) {
        Ok(asked) => asked,
        Err(reply) => return *reply,
    };
    let account = query.get("account").and_then(|email| world.account(email));
    let ticked: Scopes = query.all("granted").into_iter().collect();
    match (query.get("decision"), account) {
        (Some("allow"), Some(account)) => {
            let scopes = asked.scopes.intersection(&ticked).cloned().collect();
            granted(world, now, account, Asked { scopes, ..asked }, true)
        }
        _ => denied(&asked),
    }
}

fn check(world: &World, query: &Query) -> Result<Asked, Box<Reply>> {
    let text = |name| query.get(name).unwrap_or_default();
    let refuse = |status, error: &str, why: &str| {
        Err(Box::new(html(
            status,
            &format!("Error {status}: {error}"),
            &format!("{error}: {why}"),
        )))
    };
    if world.deleted_clients.iter().any(|id| id == text("client_id")) {
        return refuse(401, "deleted_client", "The OAuth client was deleted.");
    }
    if text("client_id") != world.client.id {
        return refuse(401, "invalid_client", "The OAuth client was not found.");
    }
    if !is_loopback(text("redirect_uri")) {
        return refuse(
            400,
            "redirect_uri_mismatch",
            "a desktop app is sent back to 127.0.0.1, [::1] or localhost over http only",
        );
    }
    if text("response_type") != "code" {
        return refuse(400, "unsupported_response_type", "response_type must be code");
    }
    let scopes = match scopes::parse(text("scope")) {
        Ok(scopes) if !scopes.is_empty() => scopes,
        Ok(_) => return refuse(400, "invalid_request", "Missing required parameter: scope"),
        Err(unknown) => {
            return refuse(
                400,
                "invalid_scope",
                &format!("Some requested scopes were invalid. {{invalid=[{unknown}]}}"),
            );
        }
    };
    let method = query.get("code_challenge_method").unwrap_or("plain");
    if !["plain", "S256"].contains(&method) {
        return refuse(400, "invalid_request", "code_challenge_method must be S256 or plain");
    }
    let challenge = query.get("code_challenge").map(|value| Challenge {
        value: value.to_owned(),
        hashed: method == "S256",
    });
    Ok(Asked {
        redirect_uri: text("redirect_uri").to_owned(),
        state: query.get("state").map(str::to_owned),
        scopes,
        challenge,
    })
}

/// Any port and path of this computer, as for every client of the desktop kind.
fn is_loopback(uri: &str) -> bool {
    Url::parse(uri).is_ok_and(|uri| {
        uri.scheme() == "http"
            && match uri.host() {
                Some(Host::Ipv4(ip)) => ip == Ipv4Addr::LOCALHOST,
                Some(Host::Ipv6(ip)) => ip.is_loopback(),
                Some(Host::Domain(name)) => name == "localhost",
                None => false,
            }
    })
}

fn choose_account(world: &World, switches: &GoogleSwitches, hint: Option<&str>) -> Option<AccountIndex> {
    match &switches.consent_account {
        Some(email) => world.account(email),
        None => Some(hint.and_then(|hint| world.account(hint)).unwrap_or(0)),
    }
}

fn granted(world: &mut World, now: Timestamp, account: AccountIndex, asked: Asked, with_refresh_token: bool) -> Reply {
    if asked.scopes.is_empty() {
        return denied(&asked);
    }
    let value = world.mint.secret("4/0A", 52);
    let scope = scopes::join(&asked.scopes);
    let code = Code {
        client_id: world.client.id.clone(),
        account,
        redirect_uri: asked.redirect_uri.clone(),
        challenge: asked.challenge.clone(),
        scopes: asked.scopes.clone(),
        expires: now.saturating_add(CODE_LIFE).unwrap_or(Timestamp::MAX),
        with_refresh_token,
    };
    world.codes.retain(|_, code| now < code.expires);
    world.codes.insert(value.clone(), code);
    back(&asked, &[("code", &value), ("scope", &scope)])
}

fn denied(asked: &Asked) -> Reply {
    back(asked, &[("error", "access_denied")])
}

fn back(asked: &Asked, parameters: &[(&str, &str)]) -> Reply {
    let Ok(mut uri) = Url::parse(&asked.redirect_uri) else {
        return html(
            400,
            "Error 400: redirect_uri_mismatch",
            "the redirect address cannot be read",
        );
    };
    {
        let mut pairs = uri.query_pairs_mut();
        let (errors, others): (Vec<_>, Vec<_>) = parameters.iter().partition(|(name, _)| *name == "error");
        pairs.extend_pairs(errors.into_iter().copied());
        if let Some(state) = &asked.state {
            pairs.append_pair("state", state);
        }
        pairs.extend_pairs(others.into_iter().copied());
    }
    redirect(uri.as_str())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("http://127.0.0.1:8085", true)]
    #[case("http://127.0.0.1:8085/path", true)]
    #[case("http://localhost", true)]
    #[case("http://[::1]:9/", true)]
    #[case("https://127.0.0.1:8085", false)]
    #[case("http://127.0.0.1.evil.example/", false)]
    #[case("urn:ietf:wg:oauth:2.0:oob", false)]
    fn a_desktop_app_is_sent_back_to_this_computer_only(#[case] uri: &str, #[case] accepted: bool) {
        assert_eq!(is_loopback(uri), accepted);
    }

    /// The page of a request, under this mode.
    fn page_of(mode: ConsentMode) -> String {
        let mut world = World::new(1);
        let query = Query::parse(&format!(
            "client_id={}&redirect_uri=http://localhost:1&response_type=code&scope=openid%20email",
            world.client.id
        ));
        let switches = GoogleSwitches {
            consent: mode,
            ..GoogleSwitches::default()
        };
        let reply = authorize(&mut world, Timestamp::UNIX_EPOCH, &switches, &query);
        let body = futures_util::FutureExt::now_or_never(axum::body::to_bytes(reply.into_body(), 1 << 20));
        String::from_utf8(body.unwrap().unwrap().to_vec()).unwrap()
    }

    #[test]
    fn a_script_presses_only_where_it_is_asked_to() {
        let page = page_of(ConsentMode::Ask);
        assert!(page.contains("value=\"owner@gmail.example\" checked") && page.contains("value=\"openid\" checked"));
        assert!(!page.contains("<script"), "{page}");
        assert!(page_of(ConsentMode::ClickAllow).contains("button[value=allow]"));
        assert!(page_of(ConsentMode::ClickDeny).contains("button[value=deny]"));
    }

    #[test]
    fn what_came_cannot_break_out_of_the_page() {
        let mut world = World::new(1);
        let query = Query::parse(&format!(
            "client_id={}&redirect_uri=http://localhost:1&response_type=code&scope=openid&state=%22%3E%3Cscript%3E",
            world.client.id
        ));
        let reply = authorize(&mut world, Timestamp::UNIX_EPOCH, &GoogleSwitches::default(), &query);
        assert_eq!(reply.status(), 200);
        let text = format!(
            "{:?}",
            futures_util::FutureExt::now_or_never(axum::body::to_bytes(reply.into_body(), 1 << 20)).unwrap()
        );
        assert!(
            text.contains("&quot;&gt;&lt;script&gt;") && !text.contains("<script>"),
            "{text}"
        );
    }
}
