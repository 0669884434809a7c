//! Health, configuration, settings, log and figures.

use photomove_core::ErrorKind;
use photomove_photoprism::SignIn;
use photomove_photoprism::wire::{ConfigMode, Generation, Settings, StackSettings};
use photomove_sim::photoprism::Generation as SimGeneration;
use rstest::rstest;

use crate::support::{Bench, picture, upload};

#[tokio::test]
async fn health_and_public_values_need_no_sign_in() {
    let bench = Bench::start().await;
    let client = bench.client(SignIn::User {
        name: "nobody".to_owned(),
        password: "wrong".into(),
    });
    assert_eq!(client.status().await.unwrap().status, "operational");
    client.health().await.unwrap();
    let config = client.public_config().await.unwrap();
    assert_eq!(config.mode, ConfigMode::Public);
    assert!(!config.public && !config.is_signed_in());
    assert_eq!(config.download_token.as_deref(), Some("public"));
    assert_eq!(bench.count("session_create"), 0);
}

#[rstest]
#[case(SimGeneration::G1, Generation::G1)]
#[case(SimGeneration::G2, Generation::G2)]
#[case(SimGeneration::G3, Generation::G3)]
#[tokio::test]
async fn the_release_tells_the_generation(#[case] runs: SimGeneration, #[case] told: Generation) {
    let bench = Bench::with(|switches| switches.generation = runs).await;
    let config = bench.client(bench.user()).config().await.unwrap();
    assert_eq!(config.server_version().generation(), Some(told));
}

#[tokio::test]
async fn the_configuration_counts_and_tells_what_is_off() {
    let bench = Bench::start().await;
    let client = bench.client(bench.user());
    upload(&client, "a.jpg", picture(1).await).await;
    let config = client.config().await.unwrap();
    assert_eq!(
        (config.mode, config.count.all + config.count.review, config.count.files),
        (ConfigMode::User, 1, 1)
    );
    assert!(config.download_token.is_some() && config.preview_token.is_some());
    assert!(!config.readonly && !config.disable.webdav);
    let stack = config.settings.unwrap().stack.unwrap();
    assert_eq!(
        (stack.uuid, stack.meta, stack.name),
        (Some(true), Some(true), Some(false))
    );
    bench.sim().switches().read_only = true;
    assert!(client.config().await.unwrap().readonly);
}

#[tokio::test]
async fn one_setting_is_changed_and_all_others_stay() {
    let bench = Bench::start().await;
    let client = bench.client(bench.user());
    let before = client.settings().await.unwrap();
    let off = StackSettings::default().with_switches(Some(false), Some(false), None);
    let after = client.change_settings(&Settings::of_stack(off)).await.unwrap();
    assert!(!bench.sim().setting("stack", "meta") && !bench.sim().setting("stack", "uuid"));
    assert_eq!(after.features, before.features);
    client
        .change_settings(&Settings::of_stack(before.stack.clone().unwrap()))
        .await
        .unwrap();
    assert_eq!(client.settings().await.unwrap(), before);
}

#[tokio::test]
async fn the_log_is_read_searched_and_emptied() {
    let bench = Bench::start().await;
    let client = bench.client(bench.user());
    for text in ["import: a.jpg is broken", "import: b.jpg exceeds file size limit"] {
        bench.sim().log_warning(text);
    }
    let all = client.log(10, 0, "").await.unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(
        (all[0].message.as_str(), all[0].level.as_str()),
        ("import: b.jpg exceeds file size limit", "warning")
    );
    assert!(all[0].time.is_some() && all[0].id > all[1].id);
    assert_eq!(client.log(10, 0, "a.jpg").await.unwrap().len(), 1);
    assert_eq!(client.log(10, 1, "").await.unwrap(), all[1..]);
    client.clear_log().await.unwrap();
    assert!(client.log(10, 0, "").await.unwrap().is_empty());
}

#[tokio::test]
async fn figures_and_options_are_for_administrators() {
    let bench = Bench::start().await;
    let client = bench.client(bench.user());
    let figures = client.metrics().await.unwrap();
    assert!(
        figures.contains("photoprism_statistics_media_count{stat=\"photos\"} 0"),
        "{figures}"
    );
    assert!(client.config_options().await.unwrap().is_object());
    let stranger = bench.client(bench.app_password("photos"));
    assert!(matches!(
        stranger.metrics().await.unwrap_err().kind(),
        ErrorKind::Auth(_)
    ));
}
