//! Users, clients, sessions, import and index.

use photomove_core::{AuthProblem, ErrorKind};
use photomove_photoprism::client::{ImportRun, IndexRun};
use photomove_photoprism::{PhotoPrismConfig, SignIn};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::rows;
use crate::support::{Bench, text};

fn user(bench: &Bench) -> SignIn {
    SignIn::User {
        name: bench.user(),
        password: bench.password().into(),
    }
}

fn oauth(bench: &Bench) -> SignIn {
    SignIn::Client {
        id: bench.oauth.0.clone(),
        secret: bench.oauth.1.clone().into(),
    }
}

/// Ids of the sessions that the stand-in has of its user.
async fn sessions(bench: &Bench) -> usize {
    let uid = bench.client.user_uid().await.unwrap();
    let all = bench
        .state(&format!("users/{uid}/sessions?provider=local&count=100"))
        .await;
    all.as_array().unwrap().len()
}

/// A refusal that a new sign-in does not mend.
fn refused(kind: &ErrorKind) -> bool {
    matches!(kind, ErrorKind::Auth(problem) if *problem != AuthProblem::Expired)
}

rows! {
    user_class: "User" => async |bench: &Bench| {
        let client = bench.client_as(user(bench));
        let session = client.read_session().await.unwrap();
        let state = bench.state("session").await;
        assert_eq!(json!(session.user_uid()), state["user"]["UID"]);
        assert_eq!(session.provider, "local");
    };
    username: "User.username" => async |bench: &Bench| {
        let session = bench.client_as(user(bench)).read_session().await.unwrap();
        assert_eq!(session.user.unwrap().name, bench.user());
        assert_eq!(bench.state("session").await["user"]["Name"], json!(bench.user()));
        let nobody = SignIn::User { name: "nobody".into(), password: bench.password().into() };
        assert!(refused(bench.client_as(nobody).read_session().await.unwrap_err().kind()));
    };
    password: "User.password" => async |bench: &Bench| {
        let before = sessions(bench).await;
        let wrong = SignIn::User { name: bench.user(), password: "wrong-hush".into() };
        assert!(!format!("{wrong:?}").contains("hush"));
        let error = bench.client_as(wrong).read_session().await.unwrap_err();
        assert!(refused(error.kind()), "{error:?}");
        assert!(!format!("{error:?}").contains("hush"));
        assert_eq!(sessions(bench).await, before, "no session was made");
    };
    uid: "User.uid" => async |bench: &Bench| {
        let uid = bench.client.user_uid().await.unwrap();
        assert_eq!(json!(uid), bench.state("session").await["user"]["UID"]);
        assert!(uid.starts_with('u') && uid.len() == 16);
    };
    login: "User.login" => async |bench: &Bench| {
        let before = sessions(bench).await;
        let client = bench.client_as(user(bench));
        assert_eq!(sessions(bench).await, before, "nothing is sent before the first request");
        client.config().await.unwrap();
        client.config().await.unwrap();
        assert_eq!(sessions(bench).await, before + 1, "one login serves all requests");
    };
    logout: "User.logout" => async |bench: &Bench| {
        let before = sessions(bench).await;
        let client = bench.client_as(user(bench));
        client.config().await.unwrap();
        client.log_out().await.unwrap();
        assert_eq!(sessions(bench).await, before);
    };
    user_request: "User.request" => async |bench: &Bench| {
        let client = bench.client_as(user(bench));
        let album = client.create_album("Asked for", false).await.unwrap();
        assert_eq!(bench.album_state(&album.uid).await["Title"], "Asked for");
    };
    client_class: "Client" => async |bench: &Bench| {
        let client = bench.client_as(oauth(bench));
        let session = client.read_session().await.unwrap();
        assert_eq!(session.provider, "client");
        assert_eq!(json!(session.user_uid()), bench.state("session").await["user"]["UID"], "it acts for the user");
    };
    client_id: "Client.client_id" => async |bench: &Bench| {
        let wrong = SignIn::Client { id: "cqxetse3cy5eo9z2".into(), secret: bench.oauth.1.clone().into() };
        assert!(refused(bench.client_as(wrong).read_session().await.unwrap_err().kind()));
        bench.client_as(oauth(bench)).read_session().await.unwrap();
        assert!(bench.oauth.0.starts_with('c'));
    };
    client_secret: "Client.client_secret" => async |bench: &Bench| {
        let wrong = SignIn::Client { id: bench.oauth.0.clone(), secret: "hush".repeat(8).into() };
        assert!(!format!("{wrong:?}").contains("hush"));
        let error = bench.client_as(wrong).read_session().await.unwrap_err();
        assert!(refused(error.kind()) && !format!("{error:?}").contains("hush"), "{error:?}");
    };
    client_login: "Client.login" => async |bench: &Bench| {
        let client = bench.client_as(oauth(bench));
        let album = client.create_album("Made by a client", false).await.unwrap();
        assert_eq!(bench.album_state(&album.uid).await["Title"], "Made by a client");
    };
    client_logout: "Client.logout" => async |bench: &Bench| {
        let client = bench.client_as(oauth(bench));
        let one = client.session_ref().await.unwrap();
        client.log_out().await.unwrap();
        // The token is worth nothing any more: the next request needs another one.
        client.settings().await.unwrap();
        let two = client.session_ref().await.unwrap();
        assert_ne!(one, two);
    };
    client_request: "Client.request" => async |bench: &Bench| {
        let client = bench.client_as(oauth(bench));
        let photo = bench.photo().await;
        client.like_photo(&photo.uid).await.unwrap();
        assert_eq!(bench.photo_state(&photo.uid).await["Favorite"], true);
    };
    user_session: "user_session" => async |bench: &Bench| {
        let before = sessions(bench).await;
        let client = bench.another_client();
        assert_eq!(client.album(&bench.album("One").await.uid).await.unwrap().title, "One");
        assert_eq!(sessions(bench).await, before + 1);
        client.log_out().await.unwrap();
        assert_eq!(sessions(bench).await, before);
    };
    client_session: "client_session" => async |bench: &Bench| {
        let client = bench.client_as(oauth(bench));
        assert_eq!(client.album(&bench.album("One").await.uid).await.unwrap().title, "One");
        client.log_out().await.unwrap();
    };
    api_url: "get_api_url" => async |bench: &Bench| {
        let address = format!("{}/api/v1/", bench.url().trim_end_matches('/'));
        let config = PhotoPrismConfig::new(address.parse().unwrap());
        assert_eq!(config.site().unwrap(), bench.config().site().unwrap());
        let wrong = PhotoPrismConfig::new("ftp://localhost:2342".parse().unwrap());
        assert_eq!(*wrong.site().unwrap_err().kind(), ErrorKind::Config);
        assert_eq!(bench.client.status().await.unwrap().status, text(&bench.state("status").await["status"]));
    };
    request: "request" => async |bench: &Bench| {
        let error = bench.client.album("aqxetse3cy5eo9z2").await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::NotFound);
        assert_eq!(bench.status_of("albums/aqxetse3cy5eo9z2").await, 404);
        assert_eq!(error.provider_name(), Some("photoprism"));
    };
    start_import: "start_import" => async |bench: &Bench| {
        let run = ImportRun { path: "nowhere".into(), albums: vec!["Trip".into()], ..ImportRun::default() };
        let done = bench.client.import(&run).await.unwrap();
        assert_eq!((done.code, done.number()), (200, Some(0)), "a folder that does not exist is no error there");
        assert_eq!(bench.state("photos?count=10").await, json!([]));
        bench.client.cancel_import().await.unwrap();
    };
    start_index: "start_index" => async |bench: &Bench| {
        let photo = bench.photo().await;
        let run = IndexRun { rescan: true, cleanup: true, ..IndexRun::default() };
        let done = bench.client.index(&run).await.unwrap();
        assert!(done.code == 200 && done.number().is_some());
        assert_eq!(bench.photo_state(&photo.uid).await["UID"], json!(photo.uid), "it is still the same photo");
        bench.client.cancel_index().await.unwrap();
    };
    tokens: "get_tokens_from_session" => async |bench: &Bench| {
        let session = bench.client.read_session().await.unwrap();
        let state = bench.state("session").await;
        let config = session.config.as_ref().unwrap();
        assert_eq!(json!(config.download_token), state["config"]["downloadToken"]);
        assert_eq!(json!(config.preview_token), state["config"]["previewToken"]);
        assert_eq!(session.token().unwrap().expose_secret().len(), 48);
        assert!(!format!("{session:?}").contains(session.token().unwrap().expose_secret()));
    };
}
