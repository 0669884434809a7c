//! App passwords that cover some things only.

use photomove_core::{AuthProblem, ErrorKind};
use photomove_photoprism::{PhotoPrismAuth, PhotoPrismClient};
use rstest::rstest;

use crate::support::{Bench, look, picture, upload};

#[tokio::test]
async fn a_scope_without_sessions_cannot_tell_whose_it_is() {
    let bench = Bench::start().await;
    let sign_in = bench.app_password("photos albums files");
    let client = bench.client(sign_in.clone());
    look(&client).await.unwrap();
    let account = client.account().await.unwrap();
    assert!(!account.told && account.user.is_none() && !account.is_nobody() && account.covers("photos").is_none());
    let error = client.user_uid().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Auth(AuthProblem::MissingScope));
    assert!(error.hint_text().unwrap().contains("sessions"), "{error:?}");
    let config = bench.config().with_user_uid(bench.sim().user_uid());
    let client = PhotoPrismClient::new(&config, &bench.env, PhotoPrismAuth::new(sign_in)).unwrap();
    let uploaded = upload(&client, "a.jpg", picture(1).await).await;
    assert!(uploaded.arrival.photo().is_some());
    // Keys of downloads come without that scope, too.
    let name = photomove_photoprism::client::DownloadName::File;
    client.download(&uploaded.sha1, &name).await.unwrap();
}

#[rstest]
#[case("photos")]
#[case("files")]
#[tokio::test]
async fn what_a_scope_does_not_cover_is_told(#[case] scope: &str) {
    let bench = Bench::start().await;
    let client = bench.client(bench.app_password(scope));
    let error = client.settings().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Auth(AuthProblem::MissingScope), "{error:?}");
    assert_eq!(look(&client).await.is_ok(), scope == "photos");
    assert!(client.config().await.unwrap().is_signed_in());
}

#[tokio::test]
async fn a_scope_is_told_where_the_server_tells_it() {
    let bench = Bench::start().await;
    let client = bench.client(bench.app_password("photos sessions"));
    let account = client.account().await.unwrap();
    assert_eq!(
        (account.covers("photos"), account.covers("albums")),
        (Some(true), Some(false))
    );
}
