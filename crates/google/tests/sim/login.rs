use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use photomove_core::{
    Answer, AuthProblem, CredentialStore, ErrorKind, Interaction, NobodyThere, PhotoProvider, Prompt, Result,
    SystemClock,
};
use photomove_google::auth::{SCOPE_APPEND, SCOPE_EDIT, SCOPE_READ};
use photomove_google::{ClientSecret, Login, SignedIn, sign_out};
use photomove_sim::google::ConsentMode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

use crate::support::{Bench, key};

/// What happens when the person is asked to open the page.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Browser {
    /// It runs here and follows the redirect to us.
    Here,
    /// It runs elsewhere: the person pastes the address at which it got stuck.
    Elsewhere,
    /// The person pastes the page's own address.
    WrongPaste,
    Refused,
    NeverComesBack,
}

#[derive(Debug)]
struct Person {
    browser: Browser,
    opened: Mutex<Option<Url>>,
}

impl Person {
    fn with(browser: Browser) -> Self {
        Self {
            browser,
            opened: Mutex::default(),
        }
    }
}

/// A browser of a few lines: returns the `Location` of the reply.
async fn get(url: &Url) -> Option<Url> {
    let address = (url.host_str().unwrap(), url.port().unwrap());
    let mut stream = TcpStream::connect(address).await.unwrap();
    let target = &url[url::Position::BeforePath..];
    let request = format!(
        "GET {target} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        url.authority()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    let location = reply.lines().find_map(|line| {
        line.split_once(": ")
            .filter(|(name, _)| name.eq_ignore_ascii_case("location"))
    });
    location.map(|(_, url)| Url::parse(url).unwrap())
}

#[async_trait]
impl Interaction for Person {
    async fn ask(&self, prompt: Prompt) -> Result<Answer> {
        let Prompt::OpenUrl { url, .. } = prompt else {
            panic!("{prompt:?}")
        };
        *self.opened.lock().unwrap() = Some(url.clone());
        Ok(match self.browser {
            Browser::Here => {
                tokio::spawn(async move { get(&get(&url).await.unwrap()).await });
                Answer::Done
            }
            Browser::Elsewhere => Answer::Text(get(&url).await.unwrap().to_string().into()),
            Browser::WrongPaste => Answer::Text(url.to_string().into()),
            Browser::Refused => Answer::Refused,
            Browser::NeverComesBack => Answer::Done,
        })
    }
}

fn login(bench: &Bench, secret: ClientSecret) -> Login {
    let mut env = bench.env.clone();
    env.clock = SystemClock::shared();
    Login::new(secret, &env).unwrap()
}

async fn sign_in(bench: &Bench, browser: Browser) -> Result<SignedIn> {
    login(bench, bench.secret()).run(&Person::with(browser)).await
}

#[tokio::test]
async fn a_sign_in_brings_tokens_and_whose_account_it_is() {
    let bench = Bench::start().await;
    bench.sim().set_consent(ConsentMode::Grant);
    for browser in [Browser::Here, Browser::Elsewhere] {
        let person = Person::with(browser);
        let signed_in = login(&bench, bench.secret()).run(&person).await.unwrap();
        assert_eq!(signed_in.file.scopes.len(), 5);
        assert_eq!(signed_in.owner, signed_in.identity.owner(bench.secret().project()));
        let opened = person.opened.lock().unwrap().take().unwrap();
        let asked: std::collections::HashMap<_, _> = opened.query_pairs().into_owned().collect();
        assert_eq!(asked["code_challenge_method"], "S256");
        assert_eq!(
            (asked["access_type"].as_str(), asked["prompt"].as_str()),
            ("offline", "consent")
        );
        assert!(asked["redirect_uri"].starts_with("http://127.0.0.1:"));

        let store = Arc::clone(&bench.store);
        signed_in.save(&*store, &key()).await.unwrap();
        let account = bench.google().await.connect().await.unwrap();
        assert_eq!(account.owner, signed_in.owner);
        assert_eq!(account.label, signed_in.identity.email);
    }
}

#[tokio::test]
async fn a_project_in_testing_says_when_its_sign_ins_end() {
    let bench = Bench::start().await;
    bench.sim().set_consent(ConsentMode::Grant);
    assert_eq!(sign_in(&bench, Browser::Here).await.unwrap().file.published, None);
    bench.sim().switches().project_in_testing = true;
    let file = sign_in(&bench, Browser::Here).await.unwrap().file;
    assert_eq!(file.published, Some(false));
    let life = file
        .refresh_expires_at
        .unwrap()
        .duration_since(file.signed_in_at.unwrap());
    assert_eq!(life.as_secs(), 7 * 24 * 3600 - 1);
}

#[tokio::test]
async fn a_taken_port_is_no_matter_where_the_address_is_pasted() {
    let bench = Bench::start().await;
    bench.sim().set_consent(ConsentMode::Grant);
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let path = &bench.sims.env()["PHOTOMOVE_GOOGLE_CLIENT_SECRET"];
    let mut file: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut client = file["installed"].take();
    client["redirect_uris"] = serde_json::json!([format!("http://127.0.0.1:{port}/back")]);
    let secret = ClientSecret::parse(&serde_json::json!({ "web": client }).to_string()).unwrap();
    assert!(secret.is_web());
    let person = Person::with(Browser::Elsewhere);
    let error = login(&bench, secret.clone()).run(&person).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Config);
    assert!(error.hint_text().unwrap().contains("--no-browser"), "{error:?}");
    login(&bench, secret).with_pasting(true).run(&person).await.unwrap();
}

#[tokio::test]
async fn what_goes_wrong_on_the_page_is_told_with_what_to_do() {
    let bench = Bench::start().await;
    for (mode, kind, words) in [
        (ConsentMode::Deny, AuthProblem::Missing, "consent was refused"),
        (
            ConsentMode::WrongState,
            AuthProblem::Missing,
            "does not belong to this sign-in",
        ),
        (ConsentMode::NoRefreshToken, AuthProblem::Missing, "no refresh token"),
        (
            ConsentMode::GrantOnly(vec![
                SCOPE_APPEND.into(),
                SCOPE_EDIT.into(),
                "openid".into(),
                "email".into(),
            ]),
            AuthProblem::MissingScope,
            "photoslibrary.readonly.appcreateddata",
        ),
        (
            ConsentMode::GrantOnly(vec![
                SCOPE_APPEND.into(),
                SCOPE_EDIT.into(),
                SCOPE_READ.into(),
                "email".into(),
            ]),
            AuthProblem::MissingScope,
            "openid",
        ),
    ] {
        bench.sim().set_consent(mode);
        let error = sign_in(&bench, Browser::Here).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Auth(kind), "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(error.hint_text().is_some(), "{error}");
    }
}

#[tokio::test]
async fn an_unticked_address_is_done_without() {
    let bench = Bench::start().await;
    let scopes = [SCOPE_APPEND, SCOPE_EDIT, SCOPE_READ, "openid"]
        .map(str::to_owned)
        .to_vec();
    bench.sim().set_consent(ConsentMode::GrantOnly(scopes));
    let signed_in = sign_in(&bench, Browser::Here).await.unwrap();
    assert_eq!(signed_in.identity.email, None);
}

#[tokio::test]
async fn a_wrong_client_is_an_error_of_the_settings() {
    let bench = Bench::start().await;
    bench.sim().set_consent(ConsentMode::Grant);
    let path = &bench.sims.env()["PHOTOMOVE_GOOGLE_CLIENT_SECRET"];
    let mut file: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    file["installed"]["client_secret"] = "GOCSPX-another".into();
    let wrong = ClientSecret::parse(&file.to_string()).unwrap();
    let error = login(&bench, wrong)
        .run(&Person::with(Browser::Here))
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Config);
    assert!(error.message().contains("does not know this OAuth client"), "{error}");
    assert!(!format!("{error:?}").contains("GOCSPX"));
}

#[tokio::test]
async fn a_person_who_does_not_answer_is_not_waited_for_without_end() {
    let bench = Bench::start().await;
    bench.sim().set_consent(ConsentMode::Grant);
    let patience = Duration::from_millis(200);
    let login = login(&bench, bench.secret()).with_patience(patience);
    let error = login.run(&Person::with(Browser::NeverComesBack)).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Timeout);
    assert!(error.hint_text().unwrap().contains("--no-browser"));
    for (browser, words) in [
        (Browser::Refused, "called off"),
        (Browser::WrongPaste, "not the address"),
    ] {
        let error = login.run(&Person::with(browser)).await.unwrap_err();
        assert!(error.message().contains(words), "{error}");
    }
    let error = login.run(&NobodyThere).await.unwrap_err();
    assert!(error.message().contains("nobody"), "{error}");
}

#[tokio::test]
async fn signing_out_ends_the_grant_and_forgets_it() {
    let bench = Bench::start().await;
    let google = bench.google().await;
    google.connect().await.unwrap();
    let (config, store) = (bench.config(), &*bench.store);
    assert!(sign_out(&config, &bench.env, store, &key()).await.unwrap());
    assert!(store.load(&key()).await.unwrap().is_none());
    assert_eq!(bench.count("revoke"), 1);
    assert!(!sign_out(&config, &bench.env, store, &key()).await.unwrap());

    // What Google no longer knows is forgotten all the same.
    let token = std::fs::read_to_string(&bench.sims.env()["PHOTOMOVE_GOOGLE_TOKEN"]).unwrap();
    store.save(&key(), &token.into()).await.unwrap();
    assert!(sign_out(&config, &bench.env, store, &key()).await.unwrap());
}
