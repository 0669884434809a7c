//! Sessions that end in mid-run, keys that run out, and signing out.

use photomove_core::{AuthProblem, CredentialStore, Disposition, ErrorKind};
use photomove_photoprism::client::DownloadName;
use photomove_photoprism::{SignIn, sign_in, sign_out};

use crate::support::{Bench, Person, key, look, picture, upload};

#[tokio::test]
async fn an_ended_session_is_opened_anew_once_for_all_who_wait() {
    let bench = Bench::start().await;
    let client = bench.client(bench.user());
    look(&client).await.unwrap();
    let before = (client.session_ref().await.unwrap(), bench.env.clock.now());
    bench.sim().expire_sessions();
    let looks = futures_util::future::join_all((0..6).map(|_| look(&client))).await;
    assert!(looks.iter().all(Result::is_ok), "{looks:?}");
    assert_eq!(bench.count("session_create"), 2);
    assert_ne!(client.session_ref().await.unwrap(), before.0);
    // A login that works proves that nobody is locked out, so that there is nothing to wait for.
    assert_eq!(bench.env.clock.now(), before.1);
}

#[tokio::test]
async fn a_session_is_renewed_before_it_reaches_its_age() {
    let bench = Bench::start().await;
    let client = bench.client(bench.user());
    look(&client).await.unwrap();
    bench.sim().clock().advance(std::time::Duration::from_secs(1_209_590));
    look(&client).await.unwrap();
    assert_eq!(bench.count("session_create"), 2);
    let refused = bench
        .sim()
        .shared()
        .log
        .lines()
        .iter()
        .filter(|line| line.status == 401)
        .count();
    assert_eq!(refused, 0);
}

#[tokio::test]
async fn a_new_session_is_kept_for_the_next_run() {
    let bench = Bench::start().await;
    let signed = sign_in(&bench.config(), &bench.env, bench.user(), None, None)
        .await
        .unwrap();
    signed.kept.save(&*bench.store, &key()).await.unwrap();
    bench.sim().expire_sessions();
    let client = bench.kept_client();
    look(&client).await.unwrap();
    look(&bench.kept_client()).await.unwrap();
    assert_eq!(bench.count("session_create"), 2);
    assert_eq!(
        bench.kept_client().session_ref().await.unwrap(),
        client.session_ref().await.unwrap()
    );
}

#[tokio::test]
async fn a_passcode_is_asked_for_in_mid_run_too() {
    let bench = Bench::with(|switches| switches.passcode = true).await;
    let passcode = bench.sim().passcode().unwrap();
    let person = Person::saying(&[Some(&passcode), Some(&passcode)]);
    let auth = photomove_photoprism::PhotoPrismAuth::new(bench.user()).with_interaction(person.clone());
    let client = bench.client_with(auth);
    look(&client).await.unwrap();
    bench.sim().expire_sessions();
    look(&client).await.unwrap();
    assert_eq!(person.asked.lock().unwrap().len(), 2);
}

/// Others at the same address have used up the attempts with unknown tokens: good tokens are refused, too.
#[tokio::test]
async fn a_good_token_that_is_refused_for_others_sake_outlives_it() {
    for app_password in [false, true] {
        let bench = Bench::with(|switches| switches.auth_burst = 3).await;
        let sign_in = if app_password {
            bench.app_password("*")
        } else {
            bench.user()
        };
        let client = bench.client(sign_in);
        look(&client).await.unwrap();
        let session = client.session_ref().await.unwrap();
        let logins = bench.count("session_create");
        for _ in 0..4 {
            assert_eq!(bench.ask_with_unknown_token().await, 401);
        }
        let before = bench.env.clock.now();
        look(&client).await.unwrap();
        let waited = bench.env.clock.now().duration_since(before).as_secs();
        assert!((60..=120).contains(&waited), "{waited} s");
        // The session is the same, so that what was staged under it is still there.
        assert_eq!(client.session_ref().await.unwrap(), session);
        let tried = bench.count("session_create") - logins;
        assert_eq!(tried, u64::from(!app_password));
    }
}

#[tokio::test]
async fn keys_of_downloads_are_renewed_after_a_restart() {
    let bench = Bench::start().await;
    let client = bench.client(bench.user());
    let uploaded = upload(&client, "a.jpg", picture(1).await).await;
    let fetch = || async {
        let download = client.download(&uploaded.sha1, &DownloadName::File).await?;
        download.bytes(1 << 20).await
    };
    let bytes = fetch().await.unwrap();
    for lose_sessions in [false, true] {
        bench.sim().restart(lose_sessions);
        assert_eq!(fetch().await.unwrap(), bytes, "sessions lost: {lose_sessions}");
    }
    assert_eq!(bench.count("session_create"), 2);
}

#[tokio::test]
async fn an_app_password_that_was_taken_back_is_a_matter_for_the_person() {
    let bench = Bench::start().await;
    let client = bench.client(bench.app_password("*"));
    client.revoke().await.unwrap();
    let error = look(&client).await.unwrap_err();
    assert_eq!(error.disposition(), Disposition::AskPerson, "{error:?}");
    assert!(error.hint_text().unwrap().contains("photomove auth login photoprism"));
}

#[tokio::test]
async fn signing_out_ends_the_session_and_forgets_it() {
    let bench = Bench::start().await;
    let signed = sign_in(&bench.config(), &bench.env, bench.user(), None, None)
        .await
        .unwrap();
    signed.kept.save(&*bench.store, &key()).await.unwrap();
    let token = signed.kept.session.unwrap().token;
    assert!(sign_out(&bench.env, &*bench.store, &key()).await.unwrap());
    assert!(bench.store.load(&key()).await.unwrap().is_none());
    let error = look(&bench.client(SignIn::AppPassword { password: token }))
        .await
        .unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Auth(AuthProblem::Expired)),
        "{error:?}"
    );
    assert!(!sign_out(&bench.env, &*bench.store, &key()).await.unwrap());
    assert_eq!(bench.count("session_create"), 1);
}

#[tokio::test]
async fn a_session_that_is_over_is_not_opened_again_to_be_ended() {
    let bench = Bench::start().await;
    let signed = sign_in(&bench.config(), &bench.env, bench.user(), None, None)
        .await
        .unwrap();
    signed.kept.save(&*bench.store, &key()).await.unwrap();
    bench.sim().expire_sessions();
    assert!(sign_out(&bench.env, &*bench.store, &key()).await.unwrap());
    assert_eq!(bench.count("session_create"), 1);
}

#[tokio::test]
async fn tokens_of_clients_are_taken_back_and_app_passwords_only_forgotten() {
    let bench = Bench::start().await;
    let (id, secret) = bench.sim().add_client("bound", "*", true, 10);
    let as_client = SignIn::Client {
        id,
        secret: secret.into(),
    };
    for (way, revoked) in [(as_client, 1), (bench.app_password("*"), 1)] {
        let signed = sign_in(&bench.config(), &bench.env, way.clone(), None, None)
            .await
            .unwrap();
        signed.kept.save(&*bench.store, &key()).await.unwrap();
        assert!(sign_out(&bench.env, &*bench.store, &key()).await.unwrap());
        assert_eq!(bench.count("oauth_revoke"), revoked);
        look(&bench.client(way)).await.unwrap();
    }
}

#[tokio::test]
async fn logging_out_ends_the_sessions_that_the_client_opened() {
    let bench = Bench::start().await;
    let (id, secret) = bench.sim().add_client("bound", "*", true, 10);
    let as_client = SignIn::Client {
        id,
        secret: secret.into(),
    };
    for way in [bench.user(), as_client] {
        let client = bench.client(way);
        look(&client).await.unwrap();
        client.log_out().await.unwrap();
    }
    assert_eq!((bench.count("session_delete"), bench.count("oauth_revoke")), (1, 1));
}
