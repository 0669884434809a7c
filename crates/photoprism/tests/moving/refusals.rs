//! Servers and sign-ins that nothing can be moved into, told before anything is read.

use photomove_core::{AuthProblem, Error, ErrorKind, PhotoProvider};
use photomove_photoprism::SignIn;
use photomove_sim::PhotoPrismSwitches;
use rstest::rstest;

use crate::support::{Bench, unstacked};

async fn refusal(bench: &Bench, sign_in: SignIn) -> Error {
    let sink = bench.provider_with(sign_in).as_sink().unwrap();
    let error = sink.connect().await.unwrap_err();
    assert!(error.hint_text().is_some(), "{error:?}");
    assert_eq!(bench.count("upload"), 0);
    error
}

#[tokio::test]
async fn a_read_only_server_can_be_read_and_not_written() {
    let bench = Bench::with(|switches| switches.read_only = true).await;
    bench.source().connect().await.unwrap();
    let error = refusal(&bench, bench.user()).await;
    assert_eq!(*error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("read-only"), "{error}");
}

#[rstest]
#[case("upload")]
#[case("import")]
#[tokio::test]
async fn features_that_are_needed_are_named(#[case] feature: &str) {
    let bench = Bench::start().await;
    bench.sim().set_setting("features", feature, false);
    let error = refusal(&bench, bench.user()).await;
    assert!(error.to_string().contains(feature), "{error}");
}

#[rstest]
#[case("photos albums sessions settings", "files")]
#[case("photos albums files sessions settings read", "write")]
#[tokio::test]
async fn scopes_that_are_too_narrow_are_named(#[case] scope: &str, #[case] lacks: &str) {
    let bench = Bench::start().await;
    let error = refusal(&bench, bench.app_password(scope)).await;
    assert_eq!(*error.kind(), ErrorKind::Auth(AuthProblem::MissingScope), "{error:?}");
    assert!(error.to_string().contains(lacks), "{error}");
}

#[tokio::test]
async fn a_client_without_a_user_is_refused_on_either_side() {
    let bench = Bench::start().await;
    let (id, secret) = bench.sim().add_client("nobody", "*", false, 10);
    let sign_in = || SignIn::Client {
        id: id.clone(),
        secret: secret.clone().into(),
    };
    for error in [
        bench.provider_with(sign_in()).connect().await.unwrap_err(),
        refusal(&bench, sign_in()).await,
    ] {
        assert_eq!(*error.kind(), ErrorKind::Auth(AuthProblem::MissingScope), "{error:?}");
        assert!(error.to_string().contains("no user"), "{error}");
    }
}

#[tokio::test]
async fn stacking_that_cannot_be_switched_off_is_a_reason_to_stop() {
    let narrow = "photos albums files sessions";
    let bench = Bench::with(|_: &mut PhotoPrismSwitches| ()).await;
    let error = refusal(&bench, bench.app_password(narrow)).await;
    assert!(error.to_string().contains("one photo of different pictures"), "{error}");
    // Where it is off anyway there is nothing to switch.
    let bench = Bench::with(unstacked).await;
    let sink = bench.provider_with(bench.app_password(narrow)).as_sink().unwrap();
    sink.connect().await.unwrap();
    assert!(sink.prepare().await.unwrap().is_empty());
    assert_eq!(sink.capabilities().sink.unwrap().changes, None);
}

#[tokio::test]
async fn stacking_is_switched_off_and_put_back_as_it_was() {
    let bench = Bench::with(|switches| (switches.stack_meta, switches.stack_uuid) = (true, false)).await;
    let sink = bench.sink();
    sink.connect().await.unwrap();
    assert!(sink.capabilities().sink.unwrap().changes.is_some());
    let changes = sink.prepare().await.unwrap();
    assert_eq!(changes.len(), 1);
    assert_eq!(
        (changes[0].setting.as_str(), changes[0].before.as_str()),
        ("stack.meta", "true")
    );
    assert!(!bench.sim().setting("stack", "meta"));
    assert!(sink.prepare().await.unwrap().is_empty());
    sink.restore(&changes).await.unwrap();
    assert!(bench.sim().setting("stack", "meta"));
    assert!(!bench.sim().setting("stack", "uuid"), "what was off stays off");
}
