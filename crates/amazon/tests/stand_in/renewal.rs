//! Sessions that end in the midst of a library.

use std::time::Duration;

use futures_util::future::join_all;
use photomove_amazon::AmazonConfig;
use photomove_core::{AuthProblem, Checksums, ErrorKind, PhotoProvider};
use photomove_sim::AmazonSwitches;
use photomove_sim::amazon::{LossScope, Renewal, SessionLoss, SetCookies};
use rstest::rstest;

use crate::support::{StandIn, list_all, open, read};

fn renewable() -> AmazonSwitches {
    AmazonSwitches {
        renewable_cookies: true,
        strict: true,
        ..AmazonSwitches::default()
    }
}

#[rstest]
#[case::after_every_dozen_requests(AmazonSwitches { session_requests: Some(12), ..renewable() })]
#[case::with_a_new_session_id(AmazonSwitches { session_requests: Some(12), renewal: Renewal::RotatesSessionId, ..renewable() })]
#[case::at_the_metadata_host_only(AmazonSwitches { session_requests: Some(3), loss_scope: LossScope::MetadataOnly, ..renewable() })]
#[case::at_the_hosts_of_bytes_only(AmazonSwitches { session_requests: Some(7), loss_scope: LossScope::ContentOnly, ..renewable() })]
#[case::with_a_page_to_sign_in(AmazonSwitches { session_requests: Some(12), session_loss: SessionLoss::SignInHtml, ..renewable() })]
#[case::with_no_sign_in_found(AmazonSwitches { session_requests: Some(12), session_loss: SessionLoss::MetadataMessage, ..renewable() })]
#[case::access_that_changes_on_the_way(AmazonSwitches { set_cookies: SetCookies::RotateAccess, ..renewable() })]
#[case::small_change(AmazonSwitches { set_cookies: SetCookies::SessionToken, ..renewable() })]
#[tokio::test]
async fn a_whole_library_arrives_however_often_the_session_ends(#[case] switches: AmazonSwitches) {
    let stand_in = StandIn::small(switches).await;
    let source = stand_in.provider();
    source.connect().await.unwrap();
    let assets = list_all(&source).await.unwrap();
    assert_eq!(assets.len(), 30);
    // Four at once, as the engine does.
    for four in assets.chunks(4) {
        let opened = join_all(four.iter().map(|asset| open(&source, asset, 0))).await;
        for (asset, media) in four.iter().zip(opened) {
            let bytes = read(media.unwrap()).await.unwrap();
            assert_eq!(asset.parts[0].checksums.md5, Checksums::of(&bytes).md5);
        }
    }
    stand_in.end().await;
}

#[tokio::test]
async fn a_session_that_nobody_renews_ends_in_one_error() {
    let stand_in = StandIn::small(AmazonSwitches {
        renewal: Renewal::Refuses,
        ..renewable()
    })
    .await;
    let source = stand_in.provider();
    source.connect().await.unwrap();
    let assets = list_all(&source).await.unwrap();
    stand_in.sim().expire();
    let before = stand_in.log().len();
    let opened = join_all(assets[..8].iter().map(|asset| open(&source, asset, 0))).await;
    for error in opened.into_iter().map(Result::unwrap_err) {
        assert_eq!(*error.kind(), ErrorKind::Auth(AuthProblem::Expired), "{error:?}");
    }
    let log = stand_in.log();
    let asked = log[before..]
        .iter()
        .filter(|line| line.path.contains("exchangetoken"))
        .count();
    assert_eq!(asked, 1);
    stand_in.end().await;
}

#[tokio::test]
async fn a_session_that_ends_by_its_age_is_renewed_when_the_run_goes_on() {
    let stand_in = StandIn::small(AmazonSwitches {
        session_life: Some(Duration::from_secs(3600)),
        ..renewable()
    })
    .await;
    let source = stand_in.provider_with(AmazonConfig::default().with_page_size(7));
    source.connect().await.unwrap();
    stand_in.clock.advance(Duration::from_secs(86_400));
    stand_in.service_time_passes(Duration::from_secs(86_400));
    assert_eq!(list_all(&source).await.unwrap().len(), 30);
    stand_in.end().await;
}
