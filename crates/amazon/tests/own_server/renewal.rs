//! Sessions that run out, and what brings them back.

use std::sync::{Arc, Mutex};

use axum::response::Response;
use futures_util::future::join_all;
use photomove_amazon::{AmazonPhotos, Cookies};
use photomove_core::{AuthProblem, Disposition, ErrorKind, Operation, PhotoProvider, Result};
use rstest::rstest;
use serde_json::json;

use crate::support::{
    Keeper, Seen, Server, answer, env, first_page, node, open, page, read, renewable, reply, root, stale, stale_content,
};

/// What the service says when it is asked for new cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exchange {
    /// New cookies that work.
    Renews,
    /// New cookies that work no better than the old ones.
    RenewsInVain,
    /// New cookies that work at the metadata host only.
    RenewsHalf,
    /// A status.
    Refuses(u16),
    /// The page for signing in.
    Page,
    /// JSON without cookies.
    Nothing,
}

#[derive(Debug)]
struct World {
    /// `at-main` that is accepted; `None` = no session lives.
    alive: Option<&'static str>,
    /// `at-main` that the content host accepts, if another than the metadata host.
    alive_at_content: Option<&'static str>,
    owner: &'static str,
    exchange: Exchange,
    /// What the metadata host refuses with.
    refusal: fn() -> Response,
    /// Requests for the root that are answered with 503 before others are answered.
    ill: u32,
}

/// An account whose session can die.
#[derive(Clone)]
struct Account(Arc<Mutex<World>>);

impl Account {
    async fn start(exchange: Exchange) -> (Self, Server) {
        let account = Self(Arc::new(Mutex::new(World {
            alive: Some("old"),
            alive_at_content: None,
            owner: "A0OWN",
            exchange,
            refusal: stale,
            ill: 0,
        })));
        let own = account.clone();
        let server = Server::start(move |seen| own.answer(seen)).await;
        (account, server)
    }

    fn set(&self, change: impl FnOnce(&mut World)) {
        change(&mut self.0.lock().unwrap());
    }

    /// The session dies; the exchange brings one whose `at-main` is `new`.
    fn expire(&self) {
        self.set(|world| world.alive = None);
    }

    fn answer(&self, seen: &Seen) -> Response {
        let mut world = self.0.lock().unwrap();
        if seen.path == "/ap/exchangetoken/refresh" {
            return world.renew();
        }
        let at = seen.cookie("at-main");
        if seen.path.starts_with("/downloads/") {
            return match world.alive_at_content.or(world.alive) {
                Some(alive) if at == Some(alive) => reply(200, &[("content-type", "image/jpeg")], "bytes"),
                _ => stale_content(),
            };
        }
        if at != world.alive || at.is_none() {
            return (world.refusal)();
        }
        match seen.asks_for_root() {
            true if world.ill > 0 => {
                world.ill -= 1;
                reply(503, &[], "")
            }
            true => root(world.owner),
            false if seen.path.contains("contentRedirection") || seen.path.ends_with("/n1") => reply(404, &[], ""),
            false => page(1, vec![node(1, world.owner)], None),
        }
    }
}

impl World {
    fn renew(&mut self) -> Response {
        match self.exchange {
            Exchange::Renews => {
                self.alive = Some("new");
                self.alive_at_content = self.alive_at_content.map(|_| "new");
            }
            Exchange::RenewsHalf => self.alive = Some("new"),
            Exchange::RenewsInVain => {}
            Exchange::Refuses(status) => return reply(status, &[("content-type", "application/json")], "{}"),
            Exchange::Page => return reply(200, &[("content-type", "text/html")], "<html>name=\"signIn\"</html>"),
            Exchange::Nothing => return answer(&json!({"response": {"tokens": {}}})),
        }
        answer(&json!({"response": {"tokens": {"cookies": [
            {"Name": "at-main", "Value": "new"}, {"Name": "sess-at-main", "Value": "key2"},
            {"Name": "sst-main", "Value": "s2"}, {"Name": "x-main", "Value": "x2"},
            {"Name": "session-id", "Value": "200-9"}, {"Name": "evil", "Value": "x"},
        ]}}}))
    }
}

const EXCHANGE: &str = "exchangetoken";

fn kind<T>(result: Result<T>) -> ErrorKind {
    match result {
        Ok(_) => panic!("it went well"),
        Err(error) => error.kind().clone(),
    }
}

const EXPIRED: ErrorKind = ErrorKind::Auth(AuthProblem::Expired);

#[tokio::test]
async fn a_session_that_has_run_out_is_renewed_once_and_kept() {
    let (account, server) = Account::start(Exchange::Renews).await;
    let keeper = Arc::new(Keeper::default());
    let amazon = server.keeping(&keeper).await;
    amazon.connect().await.unwrap();
    account.expire();
    assert_eq!(first_page(&amazon).await.unwrap().len(), 1);

    let seen = server.seen();
    let asked: Vec<&Seen> = seen.iter().filter(|seen| seen.path.contains(EXCHANGE)).collect();
    assert_eq!(asked.len(), 1);
    assert_eq!(
        (asked[0].method.as_str(), asked[0].header("content-type")),
        ("POST", Some("application/x-www-form-urlencoded"))
    );
    let form: Vec<(String, String)> = url::form_urlencoded::parse(asked[0].body.as_bytes())
        .into_owned()
        .collect();
    let expected = [
        ("app_name", "Amazon Drive"),
        ("requested_token_type", "auth_cookies"),
        ("domain", ".amazon.com"),
        ("source_token_type", "refresh_token"),
        ("source_token", "\"key=\""),
    ];
    assert_eq!(form, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(
        asked[0].header("cookie"),
        seen[0].header("cookie"),
        "all known cookies are sent"
    );

    let last = seen.last().unwrap();
    assert_eq!(
        last.header("cookie"),
        Some("session-id=200-9; ubid-main=133-2; at-main=new; x-main=x2; sess-at-main=key2; sst-main=s2")
    );
    assert_eq!(
        last.header("x-amzn-sessionid"),
        Some("200-9"),
        "the header follows the cookie"
    );
    assert_eq!((keeper.saves(), keeper.value("at-main").as_deref()), (1, Some("new")));
    assert_eq!(keeper.value("evil"), None);

    // The next run begins with what was kept.
    let next = server.keeping(&keeper).await;
    next.connect().await.unwrap();
    assert_eq!(server.count(EXCHANGE), 1);
}

#[rstest]
#[case::no_sign_in_among_the_cookies(|| reply(401, &[], r#"{"Message": "No Auth Method Provided"}"#))]
#[case::sign_in_page(|| reply(200, &[("content-type", "text/html")], "<html>name=\"signIn\"</html>"))]
#[case::redirect(|| reply(302, &[("location", "/ap/signin?x=y")], ""))]
#[tokio::test]
async fn every_form_of_loss_is_renewed(#[case] refusal: fn() -> Response) {
    let (account, server) = Account::start(Exchange::Renews).await;
    let amazon = server.provider();
    amazon.connect().await.unwrap();
    account.set(|world| world.refusal = refusal);
    account.expire();
    first_page(&amazon).await.unwrap();
    assert_eq!(server.count(EXCHANGE), 1);
    // The old session is refused still, in whatever words.
    let old = server.provider();
    account.set(|world| world.exchange = Exchange::Refuses(403));
    assert!(old.connect().await.is_err());
}

#[tokio::test]
async fn twenty_refused_calls_share_one_renewal() {
    let (account, server) = Account::start(Exchange::Renews).await;
    let amazon = server.provider();
    amazon.connect().await.unwrap();
    account.expire();
    let lists = join_all((0..10).map(|_| first_page(&amazon)));
    let opens = join_all((0..10).map(|_| open(&amazon, "n1", 0)));
    let (lists, opens) = tokio::join!(lists, opens);
    assert!(lists.iter().all(Result::is_ok) && opens.iter().all(Result::is_ok));
    assert_eq!(server.count(EXCHANGE), 1);
}

#[rstest]
#[case(Exchange::Refuses(400))]
#[case(Exchange::Refuses(401))]
#[case(Exchange::Refuses(404))]
#[case(Exchange::Refuses(403))]
#[case(Exchange::Refuses(500))]
#[case(Exchange::Page)]
#[case(Exchange::Nothing)]
#[case(Exchange::RenewsInVain)]
#[tokio::test]
async fn a_dead_session_ends_in_one_error_after_one_renewal(#[case] exchange: Exchange) {
    let (account, server) = Account::start(exchange).await;
    let keeper = Arc::new(Keeper::default());
    let amazon = server.keeping(&keeper).await;
    amazon.connect().await.unwrap();
    account.expire();
    let error = first_page(&amazon).await.unwrap_err();
    assert_eq!((error.kind(), error.disposition()), (&EXPIRED, Disposition::AskPerson));
    assert!(error.hint_text().unwrap().contains("photomove auth login amazon"));
    // A host that is ill is asked three times; that is no second renewal.
    let sent = if exchange == Exchange::Refuses(500) { 3 } else { 1 };
    assert_eq!(server.count(EXCHANGE), sent);
    let before = server.seen().len();
    for _ in 0..3 {
        assert_eq!(kind(first_page(&amazon).await), EXPIRED);
        assert_eq!(kind(open(&amazon, "n1", 0).await), EXPIRED);
    }
    assert_eq!(server.count(EXCHANGE), sent, "no renewal is asked for again");
    assert!(
        server.seen().len() - before <= 15,
        "{} requests",
        server.seen().len() - before
    );
    assert_eq!(keeper.saves(), 0);
}

#[tokio::test]
async fn a_refused_renewal_does_not_prove_that_the_session_is_dead() {
    // One answer of a list is a refusal, although the session lives.
    let (account, _) = Account::start(Exchange::Refuses(403)).await;
    let flaky = {
        let refusals = Arc::new(Mutex::new(1));
        Server::start(move |seen| {
            let lists = !seen.asks_for_root() && !seen.path.contains(EXCHANGE);
            let mut refusals = refusals.lock().unwrap();
            if lists && *refusals > 0 {
                *refusals -= 1;
                return stale();
            }
            account.answer(seen)
        })
        .await
    };
    let amazon = flaky.provider();
    amazon.connect().await.unwrap();
    assert_eq!(first_page(&amazon).await.unwrap().len(), 1);
    assert_eq!(flaky.count(EXCHANGE), 1);
}

#[tokio::test]
async fn cookies_that_cannot_be_renewed_are_not_tried() {
    let (account, server) = Account::start(Exchange::Renews).await;
    let cookies = Cookies::parse("session-id=133-1; ubid-main=133-2; at-main=old; sess-at-main=key").unwrap();
    let amazon = AmazonPhotos::new(&server.config(), &cookies, &env()).unwrap();
    amazon.connect().await.unwrap();
    account.expire();
    let before = server.seen().len();
    assert_eq!(kind(first_page(&amazon).await), EXPIRED);
    assert_eq!(server.seen().len() - before, 1);
}

#[tokio::test]
async fn renewed_cookies_of_another_account_are_refused_and_not_kept() {
    let (account, server) = Account::start(Exchange::Renews).await;
    let keeper = Arc::new(Keeper::default());
    let amazon = server.keeping(&keeper).await;
    amazon.connect().await.unwrap();
    account.expire();
    account.set(|world| world.owner = "A0OTHER");
    let wrong = ErrorKind::Auth(AuthProblem::WrongAccount);
    let error = first_page(&amazon).await.unwrap_err();
    assert_eq!((error.kind(), error.disposition()), (&wrong, Disposition::AskPerson));
    assert!(!format!("{error:?}").contains("A0O"), "owners are not named: {error:?}");
    assert_eq!(kind(first_page(&amazon).await), wrong);
    assert_eq!((server.count(EXCHANGE), keeper.saves()), (1, 0));
    let last = server.seen().pop().unwrap();
    assert_eq!(
        last.cookie("at-main"),
        Some("old"),
        "the new cookies were used for the question only"
    );
}

#[tokio::test]
async fn what_another_run_or_the_person_has_kept_is_taken_first() {
    let (account, server) = Account::start(Exchange::Refuses(403)).await;
    let keeper = Arc::new(Keeper::default());
    let amazon = server.keeping(&keeper).await;
    amazon.connect().await.unwrap();
    account.expire();
    assert_eq!(kind(first_page(&amazon).await), EXPIRED);
    // The person signs in again in another terminal: first as somebody else, then rightly.
    let signed_in = |at: &str| {
        let cookies = Cookies::parse(&format!("session-id=3; ubid-main=2; at-main={at}")).unwrap();
        *keeper.kept.lock().unwrap() = Some(cookies);
    };
    signed_in("guest");
    account.set(|world| (world.alive, world.owner) = (Some("guest"), "A0OTHER"));
    assert_eq!(
        kind(first_page(&amazon).await),
        ErrorKind::Auth(AuthProblem::WrongAccount)
    );
    signed_in("again");
    account.set(|world| (world.alive, world.owner) = (Some("again"), "A0OWN"));
    assert_eq!(first_page(&amazon).await.unwrap().len(), 1);
    assert_eq!((server.count(EXCHANGE), keeper.saves()), (1, 0));
}

#[tokio::test]
async fn a_full_disk_stops_no_run() {
    let (account, server) = Account::start(Exchange::Renews).await;
    let keeper = Arc::new(Keeper {
        full: true,
        ..Keeper::default()
    });
    let amazon = server.keeping(&keeper).await;
    account.expire();
    assert_eq!(first_page(&amazon).await.unwrap().len(), 1);
}

#[tokio::test]
async fn new_cookies_are_not_lost_while_nobody_says_whose_they_are() {
    let (account, server) = Account::start(Exchange::Renews).await;
    let amazon = server.provider();
    amazon.connect().await.unwrap();
    account.expire();
    account.set(|world| world.ill = 3);
    let error = first_page(&amazon).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unavailable { .. }), "{error:?}");
    assert_eq!(error.operation_name(), Some(Operation::RenewSignIn));
    assert_eq!(first_page(&amazon).await.unwrap().len(), 1);
    assert_eq!(server.count(EXCHANGE), 1);
}

#[tokio::test]
async fn a_second_death_after_good_answers_is_renewed_again() {
    let (account, server) = Account::start(Exchange::Renews).await;
    let amazon = server.provider();
    for renewals in 1..=3 {
        account.expire();
        first_page(&amazon).await.unwrap();
        assert_eq!(server.count(EXCHANGE), renewals);
    }
}

#[tokio::test]
async fn a_content_host_that_knew_the_cookies_and_refuses_them_later_causes_a_renewal() {
    let (account, server) = Account::start(Exchange::Renews).await;
    let amazon = server.provider();
    amazon.connect().await.unwrap();
    assert_eq!(read(open(&amazon, "n1", 0).await.unwrap()).await.unwrap(), b"bytes");
    account.set(|world| world.alive_at_content = Some("none"));
    assert_eq!(read(open(&amazon, "n1", 0).await.unwrap()).await.unwrap(), b"bytes");
    assert_eq!(server.count(EXCHANGE), 1);
}

#[rstest]
#[case(Exchange::RenewsInVain)]
#[case(Exchange::RenewsHalf)]
#[case(Exchange::Refuses(403))]
#[tokio::test]
async fn a_content_host_that_goes_on_refusing_is_asked_no_further(#[case] exchange: Exchange) {
    let (account, server) = Account::start(exchange).await;
    let amazon = server.provider();
    amazon.connect().await.unwrap();
    read(open(&amazon, "n1", 0).await.unwrap()).await.unwrap();
    account.set(|world| world.alive_at_content = Some("none"));
    for _ in 0..3 {
        let error = open(&amazon, "n1", 0).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.disposition()),
            (&EXPIRED, Disposition::AskPerson),
            "{error:?}"
        );
    }
    assert_eq!(server.count(EXCHANGE), 1);
    first_page(&amazon).await.unwrap();
}

#[tokio::test]
async fn a_content_host_that_never_knew_the_cookies_stands_in_another_region() {
    let (account, server) = Account::start(Exchange::Renews).await;
    let amazon = server.provider();
    amazon.connect().await.unwrap();
    account.set(|world| world.alive_at_content = Some("none"));
    assert_eq!(
        kind(open(&amazon, "n1", 0).await),
        ErrorKind::Auth(AuthProblem::WrongRegion)
    );
    assert_eq!(server.count(EXCHANGE), 0);
}

#[tokio::test]
async fn a_death_that_shows_at_a_download_first_is_renewed_by_the_metadata_host() {
    let (account, server) = Account::start(Exchange::Renews).await;
    let amazon = AmazonPhotos::new(&server.config(), &renewable(), &env()).unwrap();
    amazon.connect().await.unwrap();
    account.expire();
    assert_eq!(read(open(&amazon, "n1", 0).await.unwrap()).await.unwrap(), b"bytes");
    assert_eq!(server.count(EXCHANGE), 1);
}
