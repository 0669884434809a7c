use std::time::Duration;

use futures_util::future::join_all;
use photomove_core::{AuthProblem, ErrorKind, ManualClock, PhotoProvider};
use photomove_google::GoogleConfig;
use photomove_google::auth::{SCOPE_EDIT, SCOPE_READ};
use photomove_sim::{Fault, FaultRule, GoogleSwitches};

use crate::support::{Bench, key, put, stage, switched};

#[tokio::test]
async fn a_token_is_renewed_once_for_all_before_it_runs_out() {
    let bench = Bench::start().await;
    let google = bench.google().await;
    let before = bench.access_token().await;
    google.connect().await.unwrap();
    assert_eq!(bench.sim().refresh_count(), 0);

    bench.sim().clock().advance(Duration::from_secs(3599 - 59));
    let calls = join_all((0..8).map(|_| google.client().albums_list(1, None))).await;
    assert!(calls.iter().all(Result::is_ok));
    assert_eq!(bench.sim().refresh_count(), 1);
    let file = bench.file().await;
    assert_ne!(bench.access_token().await, before);
    assert!(file.refresh_token.is_some(), "the old one stays where none came");
    let lasts = file.expires_at.unwrap().duration_since(bench.sim().clock().now());
    assert!(
        (3590..=3600).contains(&lasts.as_secs()),
        "by our clock, not by the machine's: {lasts:?}"
    );
}

#[tokio::test]
async fn a_token_that_dies_early_is_renewed_once_for_all_who_meet_it() {
    let bench = Bench::start().await;
    let google = bench.google().await;
    google.connect().await.unwrap();
    bench.sim().expire_access_tokens();
    let calls = join_all((0..6).map(|number| stage(&google, number))).await;
    for call in calls {
        call.unwrap();
    }
    assert_eq!(bench.sim().refresh_count(), 1);
}

#[tokio::test]
async fn a_revoked_sign_in_asks_for_a_new_one() {
    let bench = Bench::start().await;
    let google = bench.google().await;
    bench.sim().revoke_refresh();
    let error = google.connect().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Auth(AuthProblem::Revoked), "{error:?}");
    assert!(error.hint_text().unwrap().contains("`photomove auth login google`"));
    let file = bench.file().await;
    let secrets = [file.refresh_token, file.access_token]
        .map(|secret| secrecy::ExposeSecret::expose_secret(&secret.unwrap()).to_owned());
    for secret in secrets {
        assert!(!format!("{error:?} {google:?}").contains(&secret));
    }
}

#[tokio::test]
async fn a_token_endpoint_that_is_down_is_asked_again() {
    let down = Fault::Status {
        status: 503,
        retry_after: None,
        body: None,
    };
    let bench = Bench::with(
        GoogleSwitches::default(),
        vec![
            FaultRule::new("token", down.clone()).nth(1),
            FaultRule::new("token", down).nth(2),
        ],
    )
    .await;
    let google = bench.google().await;
    bench.sim().clock().advance(Duration::from_secs(4000));
    google.connect().await.unwrap();
}

#[tokio::test]
async fn a_token_endpoint_that_stumbles_over_a_dead_token_stops_nothing() {
    let down = Fault::Status {
        status: 503,
        retry_after: None,
        body: None,
    };
    // A renewal asks twice, for the second answer says why.
    let faults = (1..=4).map(|n| FaultRule::new("token", down.clone()).nth(n)).collect();
    let bench = Bench::with(GoogleSwitches::default(), faults).await;
    let google = bench.google().await;
    bench.sim().expire_access_tokens();
    let calls = join_all((0..4).map(|number| stage(&google, number))).await;
    for call in calls {
        call.unwrap();
    }
}

#[tokio::test]
async fn a_clock_that_is_a_day_off_costs_a_renewal_and_nothing_else() {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    for ahead in [true, false] {
        let bench = Bench::start().await;
        let (now, day) = (bench.sim().clock().now(), jiff::SignedDuration::try_from(DAY).unwrap());
        let clock = ManualClock::new(if ahead { now + day } else { now - day });
        let env = photomove_http::HttpEnv {
            clock: std::sync::Arc::new(clock.clone()),
            ..bench.env.clone()
        };
        let google = bench.configured_in(bench.config(), &env).await;
        stage(&google, 1).await.unwrap();
        assert_eq!(bench.sim().refresh_count(), u64::from(ahead), "it looks old, or fresh");
        // By the client's clock it has a day and an hour; by the service's it is dead.
        bench.sim().expire_access_tokens();
        stage(&google, 2).await.unwrap();
        assert_eq!(bench.sim().refresh_count(), 1 + u64::from(ahead));
        let slept = photomove_core::Clock::now(&clock).duration_since(if ahead { now + day } else { now - day });
        assert!(slept.as_secs() < 60, "{slept:?}");
    }
}

#[tokio::test]
async fn the_kept_sign_in_can_hold_the_client_itself() {
    let bench = Bench::start().await;
    let mut file = bench.file().await;
    let path = &bench.sims.env()["PHOTOMOVE_GOOGLE_CLIENT_SECRET"];
    let secret: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let without: GoogleConfig = {
        let mut config = bench.config();
        config.client_secret = None;
        config
    };
    bench.sim().clock().advance(Duration::from_secs(4000));

    let error = bench.configured(without.clone()).await.connect().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Config);
    assert!(error.message().contains("client secret file is needed"), "{error}");

    file.client_secret = secret["installed"]["client_secret"].as_str().map(Into::into);
    file.save(&*bench.store, &key()).await.unwrap();
    bench.configured(without).await.connect().await.unwrap();
}

#[tokio::test]
async fn a_missing_permission_is_named_also_by_the_upload_endpoint() {
    let bench = Bench::start().await;
    bench.sign_in_with(&[SCOPE_READ, SCOPE_EDIT, "openid"]).await;
    let google = bench.google().await;
    google.connect().await.unwrap();
    let error = stage(&google, 1).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Auth(AuthProblem::MissingScope), "{error:?}");

    bench.sign_in_with(&["openid"]).await;
    let error = bench.google().await.connect().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Auth(AuthProblem::MissingScope), "{error:?}");
}

#[tokio::test]
async fn whose_account_it_is_is_asked_where_the_file_does_not_tell() {
    let bench = Bench::start().await;
    let known = bench.google().await.connect().await.unwrap();
    let mut file = bench.file().await;
    (file.account, file.id_token) = (None, None);
    file.save(&*bench.store, &key()).await.unwrap();
    let asked = bench.google().await.connect().await.unwrap();
    assert_eq!(asked, known);
    assert_eq!(bench.count("userinfo"), 1);
    assert_eq!(bench.google().await.connect().await.unwrap(), known);
    assert_eq!(bench.count("userinfo"), 1, "it is remembered");
}

#[tokio::test]
async fn a_project_with_the_api_switched_off_is_told_before_anything_is_sent() {
    let bench = Bench::with(switched(|s| s.api_enabled = false), Vec::new()).await;
    let error = bench.google().await.connect().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Config);
    assert!(error.hint_text().unwrap().contains("https://"), "{error:?}");
}

#[tokio::test]
async fn tokens_go_nowhere_but_to_their_two_origins() {
    let bench = Bench::start().await;
    let google = bench.google().await;
    google.connect().await.unwrap();
    put(&google, 0..3, None).await;
    let service = bench.sims.service(photomove_sim::ServiceKind::Google).unwrap();
    let lines = service.shared().log.lines();
    assert!(lines.iter().any(|line| !line.credentials.is_empty()));
    for line in lines {
        let may = ["library", "userinfo"].contains(&line.origin.as_str());
        assert!(
            may || line
                .credentials
                .iter()
                .all(|name| !name.eq_ignore_ascii_case("authorization")),
            "{line:?}"
        );
    }
    assert!(bench.sims.unknown_requests().is_empty());
}
