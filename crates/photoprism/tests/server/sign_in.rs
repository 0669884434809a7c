//! Ways in: password, passcode, app password, client, nobody asked.

use photomove_core::{AuthProblem, Disposition, ErrorKind};
use photomove_photoprism::{KeptSignIn, PhotoPrismAuth, SignIn, sign_in};
use photomove_sim::photoprism::PhotoPrismRole;
use rstest::rstest;
use secrecy::ExposeSecret;

use crate::support::{Bench, Person, key, look};

#[tokio::test]
async fn a_password_opens_one_session_for_all_requests() {
    let bench = Bench::start().await;
    let client = bench.client(bench.user());
    let looks = (0..8).map(|_| look(&client));
    let looked = futures_util::future::join_all(looks).await;
    assert!(looked.into_iter().all(|looked| looked.is_ok()));
    assert_eq!(bench.count("session_create"), 1);
    let account = client.account().await.unwrap();
    let user = account.user.as_ref().unwrap();
    assert_eq!((user.name.as_str(), user.role.as_str()), ("admin", "admin"));
    assert!(account.told && account.covers("photos") == Some(true) && !account.is_nobody());
    assert_eq!(client.user_uid().await.unwrap(), bench.sim().user_uid());
}

#[rstest]
#[case("en")]
#[case("de")]
#[tokio::test]
async fn a_wrong_password_is_told_in_any_language(#[case] language: &str) {
    let bench = Bench::with(|switches| language.clone_into(&mut switches.language)).await;
    let wrong = SignIn::User {
        name: "admin".to_owned(),
        password: "s3cret".into(),
    };
    let error = look(&bench.client(wrong)).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Auth(AuthProblem::Revoked), "{error:?}");
    assert_eq!(error.disposition(), Disposition::AskPerson);
    assert!(!format!("{error:?}").contains("s3cret"));
    // One attempt: more would lock the account out.
    assert_eq!(bench.count("session_create"), 1);
}

#[tokio::test]
async fn after_too_many_attempts_the_next_waits_a_minute() {
    let bench = Bench::with(|switches| switches.login_burst = 1).await;
    let wrong = SignIn::User {
        name: "admin".to_owned(),
        password: "wrong".into(),
    };
    look(&bench.client(wrong.clone())).await.unwrap_err();
    let before = bench.env.clock.now();
    look(&bench.client(bench.user())).await.unwrap();
    let waited = bench.env.clock.now().duration_since(before);
    assert!(waited.as_secs() >= 60, "{waited:?}");
}

#[tokio::test]
async fn a_passcode_is_wanted_and_can_be_given() {
    let bench = Bench::with(|switches| switches.passcode = true).await;
    let error = look(&bench.client(bench.user())).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Auth(AuthProblem::Challenge), "{error:?}");
    let passcode = bench.sim().passcode().unwrap();
    let auth = PhotoPrismAuth::new(bench.user()).with_passcode(passcode.into());
    look(&bench.client_with(auth)).await.unwrap();
}

#[tokio::test]
async fn a_person_is_asked_for_the_passcode_and_again_if_it_was_wrong() {
    let bench = Bench::with(|switches| switches.passcode = true).await;
    let passcode = bench.sim().passcode().unwrap();
    let person = Person::saying(&[Some("000000"), Some(&passcode)]);
    let auth = PhotoPrismAuth::new(bench.user()).with_interaction(person.clone());
    look(&bench.client_with(auth)).await.unwrap();
    let asked = person.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 2);
    assert!(
        asked[0].contains("admin") && asked[1].contains("not right"),
        "{asked:?}"
    );
}

#[tokio::test]
async fn a_third_wrong_passcode_is_never_tried() {
    let bench = Bench::with(|switches| switches.passcode = true).await;
    let person = Person::saying(&[Some("000000"), Some("000001"), Some("000002")]);
    let auth = PhotoPrismAuth::new(bench.user()).with_interaction(person.clone());
    let error = look(&bench.client_with(auth)).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Auth(AuthProblem::Challenge), "{error:?}");
    assert_eq!(person.asked.lock().unwrap().len(), 2);
    let refusing = Person::saying(&[None]);
    let auth = PhotoPrismAuth::new(bench.user()).with_interaction(refusing);
    let error = look(&bench.client_with(auth)).await.unwrap_err();
    assert!(error.to_string().contains("called off"), "{error}");
}

#[tokio::test]
async fn an_app_password_needs_no_login_and_no_passcode() {
    let bench = Bench::with(|switches| switches.passcode = true).await;
    let client = bench.client(bench.app_password("*"));
    look(&client).await.unwrap();
    assert_eq!(bench.count("session_create"), 0);
    assert_eq!(client.user_uid().await.unwrap(), bench.sim().user_uid());
    assert_eq!(client.account().await.unwrap().provider, "application");
    // It is its own session, with which it begins and ends.
    client.log_out().await.unwrap();
    look(&client).await.unwrap();
}

#[tokio::test]
async fn a_client_acts_for_its_user_and_one_without_is_told() {
    let bench = Bench::start().await;
    let as_client = |(id, secret): (String, String)| {
        bench.client(SignIn::Client {
            id,
            secret: secret.into(),
        })
    };
    let bound = as_client(bench.sim().add_client("bound", "*", true, 10));
    look(&bound).await.unwrap();
    assert_eq!(bound.user_uid().await.unwrap(), bench.sim().user_uid());
    let free = as_client(bench.sim().add_client("free", "*", false, 10));
    assert!(free.account().await.unwrap().is_nobody());
    let error = free.user_uid().await.unwrap_err();
    assert!(error.to_string().contains("acts for no user"), "{error}");
    let error = look(&free).await.unwrap_err();
    assert_eq!(error.disposition(), Disposition::FailItem, "{error:?}");
    let wrong = as_client(("cqxetse3cy5eo9z2".to_owned(), "x".repeat(32)));
    let error = look(&wrong).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Auth(AuthProblem::Revoked), "{error:?}");
}

#[tokio::test]
async fn a_token_of_a_client_is_asked_for_once() {
    let bench = Bench::start().await;
    let (id, secret) = bench.sim().add_client("bound", "*", true, 1);
    let client = bench.client(SignIn::Client {
        id,
        secret: secret.into(),
    });
    for _ in 0..3 {
        look(&client).await.unwrap();
    }
    assert_eq!(bench.count("oauth_token"), 1);
}

#[tokio::test]
async fn a_server_that_asks_nobody_is_used_without_token() {
    let bench = Bench::with(|switches| switches.public = true).await;
    let client = bench.client(SignIn::Public);
    look(&client).await.unwrap();
    assert_eq!(client.user_uid().await.unwrap(), bench.sim().user_uid());
    let lines = bench.sim().shared().log.lines();
    let search = lines.iter().find(|line| line.operation == "photo_search").unwrap();
    assert!(search.credentials.is_empty(), "{search:?}");
    // It takes any password, which a person should know.
    let error = look(&bench.client(bench.user())).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("public mode"), "{error}");
}

#[tokio::test]
async fn a_server_that_asks_is_not_used_without_sign_in() {
    let bench = Bench::start().await;
    let error = look(&bench.client(SignIn::Public)).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Auth(AuthProblem::Missing), "{error:?}");
}

#[tokio::test]
async fn signing_in_gives_what_is_to_be_kept() {
    let bench = Bench::start().await;
    let signed = sign_in(&bench.config(), &bench.env, bench.user(), None, None)
        .await
        .unwrap();
    assert_eq!(signed.account.user.as_ref().unwrap().uid, bench.sim().user_uid());
    signed.kept.save(&*bench.store, &key()).await.unwrap();
    for _ in 0..2 {
        let client = bench.kept_client();
        look(&client).await.unwrap();
        assert_eq!(client.user_uid().await.unwrap(), bench.sim().user_uid());
    }
    assert_eq!(bench.count("session_create"), 1);
    // Another run finds what this one has staged: the session is the same.
    let session = bench.kept_client().session_ref().await.unwrap();
    assert_eq!(bench.kept_client().session_ref().await.unwrap(), session);
}

#[tokio::test]
async fn the_sign_in_that_the_stand_in_writes_is_one_of_ours() {
    let bench = Bench::start().await;
    let text = std::fs::read_to_string(bench.sim().sign_in_file()).unwrap();
    let kept = KeptSignIn::from_credential(&text.into()).unwrap();
    assert_eq!(kept.config().site().unwrap(), bench.config().site().unwrap());
    look(&bench.client(kept.sign_in)).await.unwrap();
}

#[tokio::test]
async fn a_sign_in_is_never_sent_to_another_server() {
    let (bench, other) = (Bench::start().await, Bench::start().await);
    let signed = sign_in(&bench.config(), &bench.env, bench.user(), None, None)
        .await
        .unwrap();
    signed.kept.save(&*other.store, &key()).await.unwrap();
    let error = look(&other.kept_client()).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Auth(AuthProblem::WrongAccount), "{error:?}");
    assert_eq!(other.sim().counters().requests, 0);
}

#[tokio::test]
async fn an_app_password_is_made_listed_and_taken_back() {
    let bench = Bench::start().await;
    let client = bench.client(bench.user());
    let password = bench.sim().password().into();
    let made = client
        .create_app_password("admin", &password, "photomove", "photos albums")
        .await
        .unwrap();
    assert_eq!((made.scope.as_str(), made.expires_in), ("albums photos", 0));
    let uid = client.user_uid().await.unwrap();
    let listed = client.user_sessions(&uid, Some("application"), 10).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].client_name, "photomove");
    let own = bench.client(SignIn::AppPassword {
        password: made.access_token.expose_secret().into(),
    });
    look(&own).await.unwrap();
    own.revoke().await.unwrap();
    let error = look(&own).await.unwrap_err();
    assert_eq!(error.disposition(), Disposition::AskPerson, "{error:?}");
    let wrong = client
        .create_app_password("admin", &"wrong".into(), "photomove", "*")
        .await
        .unwrap_err();
    assert_eq!(*wrong.kind(), ErrorKind::Auth(AuthProblem::Revoked));
}

#[tokio::test]
async fn a_base_path_is_kept() {
    let bench = Bench::with(|switches| "prism/photos".clone_into(&mut switches.base_path)).await;
    assert!(bench.config().site().unwrap().path().ends_with("/prism/photos/"));
    look(&bench.client(bench.user())).await.unwrap();
    let mut config = bench.config();
    config.url.set_path("/");
    let auth = PhotoPrismAuth::new(bench.user());
    let client = photomove_photoprism::PhotoPrismClient::new(&config, &bench.env, auth).unwrap();
    let error = look(&client).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Config, "{error:?}");
    assert!(error.to_string().contains("there is no photoprism"), "{error}");
}

#[tokio::test]
async fn a_guest_is_told_what_it_may_not() {
    let bench = Bench::start().await;
    bench.sim().add_user("gast", "gast-passwort", PhotoPrismRole::Guest);
    let client = bench.client(SignIn::User {
        name: "gast".to_owned(),
        password: "gast-passwort".into(),
    });
    assert_eq!(client.account().await.unwrap().user.unwrap().role, "guest");
    let error = client.change_settings(&Default::default()).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Auth(AuthProblem::MissingScope), "{error:?}");
}
