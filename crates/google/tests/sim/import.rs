//! Sign-ins that other programs made, against the stand-in.

use std::sync::Arc;

use photomove_core::{AuthProblem, CredentialStore, ErrorKind, PhotoProvider};
use photomove_google::auth::{Import, Lasts, SCOPE_APPEND, SCOPE_EDIT, SCOPE_READ, Tool};
use photomove_google::{ClientSecret, TokenFile};
use photomove_sim::GoogleSwitches;
use photomove_sim::google::GrantLifeTold;
use serde_json::{Value, json};

use crate::support::{Bench, key, switched};

const LIBRARY: [&str; 3] = [SCOPE_APPEND, SCOPE_READ, SCOPE_EDIT];

/// What a file of each tool holds, made of one sign-in with these scopes.
fn files(bench: &Bench, scopes: &[&str]) -> [(Tool, String); 4] {
    let reply = bench.sim().token_reply(scopes);
    let path = &bench.sims.env()["PHOTOMOVE_GOOGLE_CLIENT_SECRET"];
    let client: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let client = &client["installed"];
    let (access, refresh) = (&reply["access_token"], &reply["refresh_token"]);
    let google_auth = json!({
        "token": access, "refresh_token": refresh, "token_uri": client["token_uri"], "client_id": client["client_id"],
        "client_secret": client["client_secret"], "scopes": scopes, "universe_domain": "googleapis.com", "account": "",
        "expiry": "2026-11-21T19:00:00.5",
    });
    let rclone = json!({"access_token": access, "token_type": "Bearer", "refresh_token": refresh, "expiry": "2026-11-21T19:00:00.123456789+01:00"});
    let conf = format!(
        "[photos]\ntype = google photos\nclient_id = {}\nclient_secret = {}\ntoken_url = {}\ntoken = {rclone}\n",
        client["client_id"].as_str().unwrap(),
        client["client_secret"].as_str().unwrap(),
        client["token_uri"].as_str().unwrap(),
    );
    let yup = json!([{"scopes": scopes, "token": {
        "access_token": access, "refresh_token": refresh, "expires_at": "2026-11-21 19:00:00.0 +00:00:00", "id_token": null,
    }}]);
    [
        (Tool::GoogleAuth, google_auth.to_string()),
        (Tool::Rclone, rclone.to_string()),
        (Tool::Rclone, conf),
        (Tool::YupOauth2, yup.to_string()),
    ]
}

async fn redeemed(bench: &Bench, text: &str) -> photomove_core::Result<TokenFile> {
    let import = Import::parse(text)?;
    let client = (!import.has_client()).then(|| bench.secret());
    import.redeem(client.as_ref(), &bench.env).await
}

#[tokio::test]
async fn every_tools_sign_in_works_and_tells_whose_it_is_if_it_can() {
    let bench = Bench::start().await;
    let with_openid = [&LIBRARY[..], &["openid", "email"]].concat();
    for (scopes, owner) in [
        (&with_openid[..], "101234567890123456789@412345678901"),
        (&LIBRARY[..], "somebody@412345678901"),
    ] {
        for (tool, text) in files(&bench, scopes) {
            assert_eq!(Import::parse(&text).unwrap().tool(), tool);
            let file = redeemed(&bench, &text).await.unwrap();
            assert_eq!(file.scopes.len(), scopes.len(), "{tool:?}: the reply's list counts");
            file.save(&*bench.store, &key()).await.unwrap();
            // Without the client of the settings: the file has its own now.
            let mut config = bench.config();
            config.client_secret = None;
            let account = bench.configured(config).await.connect().await.unwrap();
            assert_eq!(account.owner.as_str(), owner, "{tool:?}");
            let label = account.label.unwrap();
            assert!(label.contains('@') == owner.starts_with("10"), "{label}");
        }
    }
    // A token that covers nothing of it is never used to ask who it is.
    assert_eq!(bench.count("userinfo"), 0);
}

#[tokio::test]
async fn a_file_that_says_nothing_about_itself_is_asked_about() {
    let bench = Bench::start().await;
    for (scopes, person) in [(&["openid", SCOPE_READ][..], true), (&LIBRARY[..], false)] {
        let reply = bench.sim().token_reply(scopes);
        let client = bench.secret().client_id().to_owned();
        let file = json!({"client_id": client, "access_token": reply["access_token"], "refresh_token": reply["refresh_token"]});
        bench.store.save(&key(), &file.to_string().into()).await.unwrap();
        let account = bench.google().await.connect().await.unwrap();
        assert_eq!(account.owner.as_str().starts_with("somebody@"), !person);
    }
}

#[tokio::test]
async fn permissions_that_are_missing_are_named_with_what_fails() {
    let bench = Bench::start().await;
    for (scopes, missing) in [
        (&[SCOPE_APPEND, SCOPE_EDIT][..], "photoslibrary.readonly.appcreateddata"),
        (&[SCOPE_READ][..], "photoslibrary.appendonly"),
        (
            &["https://www.googleapis.com/auth/photoslibrary"][..],
            "since March 2025",
        ),
    ] {
        let (_, text) = files(&bench, scopes)[0].clone();
        let error = redeemed(&bench, &text).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Auth(AuthProblem::MissingScope));
        assert!(error.message().contains(missing), "{error}");
    }
    // What a migration can do without is noted, and no obstacle.
    let (_, text) = files(&bench, &[SCOPE_APPEND, SCOPE_READ])[0].clone();
    let file = redeemed(&bench, &text).await.unwrap();
    assert_eq!(file.missing().unwrap().len(), 1);
}

#[tokio::test]
async fn a_dead_sign_in_and_another_client_are_told_apart() {
    let bench = Bench::start().await;
    let text = files(&bench, &LIBRARY)[1].1.clone();
    let mut other: Value =
        serde_json::from_str(&std::fs::read_to_string(&bench.sims.env()["PHOTOMOVE_GOOGLE_CLIENT_SECRET"]).unwrap())
            .unwrap();
    other["installed"]["client_secret"] = "GOCSPX-another".into();
    let wrong = ClientSecret::parse(&other.to_string()).unwrap();
    let import = Import::parse(&text).unwrap();
    let error = import.clone().redeem(Some(&wrong), &bench.env).await.unwrap_err();
    assert!(error.message().contains("does not know this OAuth client"), "{error}");

    bench.sim().revoke_refresh();
    let error = import.redeem(Some(&bench.secret()), &bench.env).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Auth(AuthProblem::Revoked), "{error}");
}

#[tokio::test]
async fn a_renewal_may_tell_when_the_grant_ends() {
    for (told, lasts) in [
        (GrantLifeTold::Always, true),
        (GrantLifeTold::AtConsent, false),
        (GrantLifeTold::Never, false),
    ] {
        let switches: GoogleSwitches = switched(|switches| {
            switches.project_in_testing = true;
            switches.grant_life_told = told;
        });
        let bench = Bench::with(switches, Vec::new()).await;
        let text = files(&bench, &LIBRARY)[3].1.clone();
        bench.sim().clock().advance(std::time::Duration::from_secs(24 * 3600));
        let file = redeemed(&bench, &text).await.unwrap();
        let now = bench.sim().clock().now();
        match file.lasts(now) {
            Lasts::Until(until) if lasts => {
                assert_eq!(until.duration_since(now).as_hours(), 6 * 24, "{told:?}");
                assert_eq!(file.published, None, "what is left does not tell how long it was");
                file.save(&*bench.store, &key()).await.unwrap();
                assert_eq!(bench.google().await.connect().await.unwrap().expires, Some(until));
            }
            Lasts::Perhaps(None) if !lasts => {}
            other => panic!("{told:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_client_is_checked_without_changing_anything() {
    let bench = Bench::start().await;
    let secret = bench.secret();
    secret.check(&bench.env).await.unwrap();
    let path = Arc::new(bench.sim().new_project().unwrap());
    let error = secret.check(&bench.env).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Config);
    assert!(error.message().contains("was deleted"), "{error}");
    let new = ClientSecret::parse(&std::fs::read_to_string(&*path).unwrap()).unwrap();
    assert_eq!(new.project(), "412345678902");
    new.check(&bench.env).await.unwrap();
}
