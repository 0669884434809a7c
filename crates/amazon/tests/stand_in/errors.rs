//! Refusals, told apart.

use std::time::Duration;

use photomove_amazon::{AmazonConfig, AmazonPhotos, Cookies};
use photomove_core::{AuthProblem, ErrorKind, Filters, PhotoProvider, PhotoSource};
use photomove_sim::AmazonSwitches;
use photomove_sim::amazon::SessionLoss;
use rstest::rstest;

use crate::support::{StandIn, list_all, open, waited};

#[rstest]
#[case(SessionLoss::BadAuthentication, AuthProblem::Expired)]
#[case(SessionLoss::SignInRedirect, AuthProblem::Expired)]
#[case(SessionLoss::SignInHtml, AuthProblem::Expired)]
#[case(SessionLoss::MetadataMessage, AuthProblem::Missing)]
#[tokio::test]
async fn a_lost_session_stops_at_once_and_goes_on_with_new_cookies(
    #[case] session_loss: SessionLoss,
    #[case] problem: AuthProblem,
) {
    let stand_in = StandIn::small(AmazonSwitches {
        session_loss,
        ..AmazonSwitches::default()
    })
    .await;
    let source = stand_in.provider_without_renewal();
    let owner = source.connect().await.unwrap().owner;
    let start = source.start(&Filters::default()).await.unwrap();
    let page = source.assets(&start).await.unwrap();
    let asset = page.items.into_iter().next().unwrap().unwrap();
    let next = page.next.unwrap();

    stand_in.sim().expire();
    let before = stand_in.log().len();
    let error = source.assets(&next).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Auth(problem), "{error:?}");
    assert!(
        error.hint_text().is_some_and(|hint| hint.contains("cookies")),
        "{error:?}"
    );
    assert_eq!(
        stand_in.log().len() - before,
        1,
        "a refused session is never asked again in a loop"
    );
    let error = open(&source, &asset, 0).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Auth(problem), "{error:?}");

    stand_in.sim().sign_in_again().unwrap();
    let again = stand_in.provider();
    assert_eq!(again.connect().await.unwrap().owner, owner);
    assert_eq!(again.assets(&next).await.unwrap().items.len(), 7);
    stand_in.end().await;
}

#[tokio::test]
async fn underscores_in_the_names_do_no_harm() {
    let stand_in = StandIn::small(AmazonSwitches::default()).await;
    let variables = stand_in
        .sim()
        .cookies()
        .into_iter()
        .map(|(name, value)| (name.replace('-', "_"), value));
    let cookies = Cookies::from_variables(variables).unwrap();
    let config = AmazonConfig::default().with_endpoints(stand_in.endpoints());
    let source = AmazonPhotos::new(&config, &cookies, &stand_in.env()).unwrap();
    source.connect().await.unwrap();
    stand_in.end().await;
}

#[tokio::test]
async fn refusals_that_pass_are_waited_out() {
    let stand_in = StandIn::small(AmazonSwitches::default()).await;
    stand_in.faults(
        r#"[{"operation": "list", "nth": 1, "fault": "status", "status": 503},
            {"operation": "list", "nth": 3, "fault": "status", "status": 429},
            {"operation": "list", "nth": 5, "fault": "status", "status": 429, "retry_after": 40}]"#,
    );
    assert_eq!(list_all(&stand_in.provider()).await.unwrap().len(), 30);
    let refused = stand_in.log().iter().filter(|line| line.status != 200).count();
    assert_eq!(refused, 3);
    // 15 s at least after the first refusal for speed, 40 s as asked after the second.
    assert!(waited(&stand_in) >= Duration::from_secs(55), "{:?}", waited(&stand_in));
    stand_in.end().await;
}

#[tokio::test]
async fn a_refused_network_is_not_called_an_expired_session() {
    let stand_in = StandIn::small(AmazonSwitches::default()).await;
    stand_in.faults(r#"[{"operation": "list", "fault": "status", "status": 503}]"#);
    let error = stand_in.provider().connect().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unavailable { .. }), "{error:?}");
    assert!(error.hint_text().unwrap().contains("data centres"), "{error:?}");
    stand_in.faults(
        r#"[{"operation": "list", "fault": "status", "status": 503,
             "body": "<html><!-- To discuss automated access to Amazon data please contact api-services-support@amazon.com --></html>"}]"#,
    );
    let error = stand_in.provider().connect().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Auth(AuthProblem::Challenge));
    stand_in.end().await;
}

#[tokio::test]
async fn nothing_listening_is_a_network_error_with_the_address() {
    let stand_in = StandIn::small(AmazonSwitches::default()).await;
    let source = stand_in.provider();
    stand_in.end().await;
    let error = source.connect().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Network);
    assert!(error.to_string().contains("127.0.0.1"), "{error}");
}
