//! The page itself: which account, which permissions, yes or no.

use super::super::proto::Query;
use super::super::reply::{Reply, escape, plain};
use super::super::scopes::{self, Scopes};
use super::super::world::{AccountIndex, World};
use super::DECISION_PATH;

/// What came with the request and goes with the decision.
const CARRIED: [&str; 7] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
];

const STYLE: &str = "\
:root { color-scheme: light dark; --paper: #fff; --ink: #1f2328; --soft: #59636e; --line: #d1d9e0; --ground: #f6f8fa; \
--strong: #0b57d0; --on-strong: #fff; }
@media (prefers-color-scheme: dark) { :root { --paper: #1b1f24; --ink: #e6edf3; --soft: #9198a1; --line: #3d444d; \
--ground: #0d1117; --strong: #a8c7fa; --on-strong: #062e6f; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--ground); \
color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { width: min(34rem, 100%); background: var(--paper); border: 1px solid var(--line); border-radius: 12px; padding: 2rem; }
h1 { font-size: 1.4rem; font-weight: 500; margin: 0 0 .25rem; }
p { margin: 0 0 1rem; color: var(--soft); }
fieldset { border: 1px solid var(--line); border-radius: 8px; margin: 0 0 1rem; padding: .75rem 1rem; }
legend { padding: 0 .4rem; font-weight: 600; }
label { display: flex; gap: .6rem; padding: .25rem 0; }
label small { display: block; color: var(--soft); overflow-wrap: anywhere; }
.buttons { display: flex; justify-content: flex-end; gap: .75rem; margin: 1.25rem 0 0; }
button { font: inherit; padding: .5rem 1.25rem; border-radius: 999px; border: 1px solid var(--line); background: none; \
color: inherit; cursor: pointer; }
button[value=allow] { background: var(--strong); border-color: var(--strong); color: var(--on-strong); }
";

/// The page; `pressed` is the decision whose button a script presses as soon as the page is there.
pub(super) fn page(
    world: &World,
    account: AccountIndex,
    asked: &Scopes,
    query: &Query,
    pressed: Option<&str>,
) -> Reply {
    let project = escape(&world.client.project);
    let script = pressed.map_or_else(String::new, |decision| {
        format!(
            "<script>addEventListener(\"load\", () => document.querySelector(\"button[value={decision}]\").click());</script>\n"
        )
    });
    // An icon of its own, or browsers ask for `/favicon.ico`, which the service's door does not have.
    let text = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <title>Sign in (stand-in)</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>Sign in to the stand-in of Google Photos</h1>\n\
         <p>This page runs on your own computer; no real account is involved.</p>\n\
         <form method=\"get\" action=\"{DECISION_PATH}\">\n{}\
         <fieldset><legend>Account</legend>\n{}</fieldset>\n\
         <fieldset><legend>{project} wants to</legend>\n{}</fieldset>\n\
         <div class=\"buttons\"><button name=\"decision\" value=\"deny\">Cancel</button>\n\
         <button name=\"decision\" value=\"allow\">Continue</button></div>\n\
         </form>\n</main>\n{script}</body>\n</html>\n",
        carried(query),
        accounts(world, account),
        permissions(asked),
    );
    plain(200, "text/html; charset=UTF-8", text)
}

fn carried(query: &Query) -> String {
    let field = |name: &&str| {
        let value = escape(query.get(name)?);
        Some(format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">\n"))
    };
    CARRIED.iter().filter_map(field).collect()
}

fn accounts(world: &World, chosen: AccountIndex) -> String {
    let choice = |(at, account): (usize, &super::super::world::Account)| {
        let email = escape(&account.email);
        let checked = if at == chosen { " checked" } else { "" };
        format!("<label><input type=\"radio\" name=\"account\" value=\"{email}\"{checked}> {email}</label>\n")
    };
    world.accounts.iter().enumerate().map(choice).collect()
}

fn permissions(asked: &Scopes) -> String {
    let tick_box = |scope: &String| {
        format!(
            "<label><input type=\"checkbox\" name=\"granted\" value=\"{0}\" checked> <span>{1}<small>{2}</small></span></label>\n",
            escape(scope),
            meaning(scope),
            escape(scope.rsplit('/').next().unwrap_or(scope)),
        )
    };
    asked.iter().map(tick_box).collect()
}

/// What a permission means, for people.
fn meaning(scope: &str) -> &'static str {
    match scope {
        scopes::APPEND => "Add photos, videos and albums",
        scopes::READ => "See what this app added",
        scopes::EDIT => "Change what this app added",
        scopes::EMAIL => "See your e-mail address",
        scopes::OPENID => "Know that it is you",
        _ => "Something else",
    }
}
