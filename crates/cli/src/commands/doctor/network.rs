//! Trusted certificates, proxies, and the hosts: are they there, and what time do they have.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use photomove_core::{MemoryQuotaStore, Operation, Result};
use photomove_http::http::Request;
use photomove_http::{Http, Method, Origin, StatusCode, header, proxy_for};
use tokio::task::JoinSet;
use url::Url;

use super::failed;
use super::findings::{Area, Findings};
use crate::app::App;
use crate::endpoint::Kind;
use crate::providers::{self, Accounts};
use crate::settings::Settings;
use crate::text;

/// How long a host may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// From here on a clock that is wrong breaks things.
const SKEW_MAX: SignedDuration = SignedDuration::from_mins(5);
const PROXIES: [&str; 8] = [
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
];

/// Says whether certificates can be used at all; without them no host can be asked.
pub(super) fn trust(found: &mut Findings, app: &App, settings: &Settings) -> bool {
    if let Err(error) = client(app, settings) {
        failed(found, Area::Network, &error);
        return false;
    }
    match &settings.ca_cert {
        Some(path) => {
            let shown = found.path(path);
            found.ok(
                Area::Network,
                &format!("certificates of the system and of {shown} are trusted"),
            );
        }
        None => found.ok(Area::Network, "certificates of the system are trusted"),
    }
    true
}

fn client(app: &App, settings: &Settings) -> Result<Http> {
    let env = Accounts::new(app, settings).http(Arc::new(MemoryQuotaStore::default()))?;
    Http::builder("doctor", &env)
        .connect_timeout(PATIENCE)
        .idle_timeout(PATIENCE)
        .build()
}

pub(super) fn proxies(found: &mut Findings, app: &App) {
    let mut any = false;
    for name in PROXIES {
        let Some(value) = app.environment.get(name) else {
            continue;
        };
        any = true;
        let value = value.to_string_lossy();
        if name.eq_ignore_ascii_case("no_proxy") {
            found.ok(Area::Network, &format!("{name} is {value}"));
            continue;
        }
        match proxy_words(&value) {
            Some(words) => found.ok(Area::Network, &format!("{name} is {words}")),
            None => found.bad(
                Area::Network,
                &format!("{name} is not an address"),
                &format!("write it as `{name}=http://proxy.example:3128`"),
            ),
        }
    }
    if !any {
        found.ok(Area::Network, "no proxy is named in the environment");
    }
}

/// Scheme, host and port of a proxy, and whether somebody signs in there; never who and with what.
fn proxy_words(value: &str) -> Option<String> {
    let has_scheme = value.contains("://");
    let url = Url::parse(&if has_scheme {
        value.to_owned()
    } else {
        format!("http://{value}")
    })
    .ok()?;
    let host = url.host_str().filter(|host| !host.is_empty())?;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let signs_in = if url.username().is_empty() && url.password().is_none() {
        ""
    } else {
        ", with a sign-in"
    };
    Some(format!("{}://{host}{port}{signs_in}", url.scheme()))
}

/// What a host answered.
struct Answer {
    status: StatusCode,
    took: Duration,
    /// How far the host's clock is ahead of ours.
    ahead: Option<SignedDuration>,
}

pub(super) async fn hosts(found: &mut Findings, app: &App, settings: &Settings) {
    let Ok(http) = client(app, settings) else { return };
    let mut asking = JoinSet::new();
    for (place, (kind, url)) in addresses(found, app, settings).await.into_iter().enumerate() {
        let (http, clock) = (http.clone(), app.clock.clone());
        asking.spawn(async move {
            let before = clock.now();
            let asked = ask(&http, &url).await;
            let after = clock.now();
            (
                place,
                kind,
                url,
                asked.map(|(status, date)| answer(status, date, before, after)),
            )
        });
    }
    let mut answers = asking.join_all().await;
    answers.sort_by_key(|(place, ..)| *place);
    let mut skews = Vec::new();
    for (_, kind, url, answer) in answers {
        let origin = Origin::of(&url);
        let by = proxy_for(&url)
            .map(|proxy| format!(" · through {proxy}"))
            .unwrap_or_default();
        match answer {
            Ok(answer) if answer.status == StatusCode::PROXY_AUTHENTICATION_REQUIRED => found.bad(
                Area::Network,
                &format!("{kind}: the proxy before {origin} wants a sign-in"),
                "put the user name and password into the proxy's address, or ask who runs it",
            ),
            Ok(answer) => {
                let clock = answer.ahead.map_or_else(|| "tells no time".to_owned(), skew_words);
                skews.extend(answer.ahead);
                let took = format!("{} ms", text::count(answer.took.as_millis() as u64));
                found.ok(
                    Area::Network,
                    &format!("{kind}: {origin} answers in {took} · {clock}{by}"),
                );
            }
            Err(error) => {
                let remedy = crate::errors::next_step(&error);
                let what = format!("{kind} at {}: {}", origin.host, error.message());
                found.bad(Area::Network, &what, &remedy);
            }
        }
    }
    clock(found, &skews);
}

/// The addresses that the providers ask, one for each origin.
async fn addresses(found: &mut Findings, app: &App, settings: &Settings) -> Vec<(&'static str, Url)> {
    let mut all: Vec<(&'static str, Url)> = Vec::new();
    for kind in Kind::ALL {
        match providers::addresses(&Accounts::new(app, settings), kind).await {
            Ok(urls) => all.extend(urls.into_iter().map(|url| (kind.label(), url))),
            Err(error) => failed(found, Area::Network, &error),
        }
    }
    let mut seen = Vec::new();
    all.retain(|(_, url)| {
        let origin = Origin::of(url);
        let new = !seen.contains(&origin);
        seen.push(origin);
        new
    });
    all
}

/// One request for the host's front page, without a sign-in; any answer will do.
async fn ask(http: &Http, url: &Url) -> Result<(StatusCode, Option<Timestamp>)> {
    let mut front = url.clone();
    front.set_path("/");
    let mut request = Request::new(Vec::new());
    *request.method_mut() = Method::HEAD;
    *request.uri_mut() = front.as_str().parse().map_err(|error| {
        photomove_core::Error::new(photomove_core::ErrorKind::Config, "address cannot be read").source(error)
    })?;
    let reply = http.raw(Operation::Connect, request).await?;
    let date = reply
        .headers()
        .get(header::DATE)
        .and_then(|date| jiff::fmt::rfc2822::parse(date.to_str().ok()?).ok())
        .map(|date| date.timestamp());
    Ok((reply.status(), date))
}

fn answer(status: StatusCode, date: Option<Timestamp>, before: Timestamp, after: Timestamp) -> Answer {
    // Told in whole seconds, some time between asking and hearing: what fits in there is no difference.
    let ahead = date.map(|date| {
        let (low, high) = (
            date.duration_since(after),
            date.duration_since(before) + SignedDuration::from_secs(1),
        );
        if low > SignedDuration::ZERO {
            low
        } else if high < SignedDuration::ZERO {
            high
        } else {
            SignedDuration::ZERO
        }
    });
    Answer {
        status,
        took: after.duration_since(before).unsigned_abs(),
        ahead,
    }
}

fn skew_words(ahead: SignedDuration) -> String {
    let by = text::duration(ahead.unsigned_abs());
    match ahead.as_secs() {
        0 => "the same time as here".to_owned(),
        1.. => format!("its clock is {by} ahead"),
        _ => format!("its clock is {by} behind"),
    }
}

/// Hosts of two companies do not have the same wrong time: if most differ, it is ours that is wrong.
fn clock(found: &mut Findings, skews: &[SignedDuration]) {
    let mut sorted = skews.to_vec();
    sorted.sort();
    let Some(middle) = sorted.get(sorted.len() / 2) else {
        return;
    };
    if middle.abs() <= SKEW_MAX {
        return;
    }
    let by = text::duration(middle.unsigned_abs());
    let how = if middle.is_positive() { "behind" } else { "ahead" };
    found.bad(
        Area::Network,
        &format!("the clock of this machine is {by} {how}: certificates may seem not valid yet or any more, sign-ins seem to have ended or are renewed too late, and the day of a quota ends at the wrong hour"),
        "set the clock, best by letting the system fetch the time",
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_shown_without_who_signs_in_there() {
        let shown = |value: &str| proxy_words(value);
        assert_eq!(
            shown("http://proxy.example:3128").as_deref(),
            Some("http://proxy.example:3128")
        );
        assert_eq!(
            shown("proxy.example:3128").as_deref(),
            Some("http://proxy.example:3128")
        );
        assert_eq!(
            shown("http://anna:hush@proxy.example").as_deref(),
            Some("http://proxy.example, with a sign-in")
        );
        assert_eq!(shown("http://"), None);
    }

    #[test]
    fn only_what_cannot_be_the_way_of_the_answer_is_a_difference() {
        let at = |seconds: i64| Timestamp::from_second(seconds).unwrap();
        let ahead = |date: i64| {
            answer(StatusCode::OK, Some(at(date)), at(100), at(103))
                .ahead
                .unwrap()
                .as_secs()
        };
        assert_eq!([99, 100, 103].map(ahead), [0, 0, 0]);
        assert_eq!(ahead(703), 600);
        assert_eq!(ahead(40), -59);
        assert_eq!(
            skew_words(SignedDuration::from_secs(600)),
            "its clock is 10 min 0 s ahead"
        );
    }

    #[test]
    fn one_host_with_a_wrong_clock_is_not_ours() {
        let mut found = Findings::new(crate::clean::Cleaner::default());
        let skews = [0, 1, 7200].map(SignedDuration::from_secs);
        clock(&mut found, &skews);
        assert_eq!(found.all().count(), 0);
        let skews = [-7200, -7201, 0].map(SignedDuration::from_secs);
        clock(&mut found, &skews);
        let said: Vec<_> = found.all().map(|finding| finding.what.clone()).collect();
        assert!(
            said[0].starts_with("the clock of this machine is 2 h 0 min ahead"),
            "{said:?}"
        );
    }
}
