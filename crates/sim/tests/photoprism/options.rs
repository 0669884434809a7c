//! Starting servers: several at once, their variables, their control routes.

use photomove_sim::{ServiceKind, ServiceSpec, SessionCommand, SimOptions, start};
use serde_json::{Value, json};

use crate::support::Stand;

#[tokio::test]
async fn two_servers_are_told_apart_by_their_variables() {
    let dir = tempfile::tempdir().unwrap();
    let env_file = dir.path().join("env");
    let sims = start(SimOptions {
        services: vec![
            ServiceSpec::new(ServiceKind::PhotoPrism),
            ServiceSpec::new(ServiceKind::PhotoPrism),
        ],
        state_dir: Some(dir.path().join("state")),
        control: true,
        env_file: Some(env_file.clone()),
        ..SimOptions::default()
    })
    .await
    .unwrap();
    let [first, second] = sims.photoprisms() else {
        panic!("two were asked for")
    };
    assert_ne!((first.url(), first.user_uid()), (second.url(), second.user_uid()));
    let env = sims.env();
    assert_eq!(
        env["PHOTOMOVE_SIM_PHOTOPRISM_ENDPOINT"],
        format!("photoprism:{}", first.url())
    );
    assert_eq!(env["PHOTOMOVE_SIM_PHOTOPRISM_2_ENDPOINT"], second.endpoint());
    assert_eq!(env["PHOTOMOVE_SIM_PHOTOPRISM_2_URL"], second.url());
    assert_eq!(
        (
            env["PHOTOMOVE_SIM_PHOTOPRISM_USER"].as_str(),
            env["PHOTOMOVE_SIM_PHOTOPRISM_PASSWORD"].as_str()
        ),
        ("admin", "photomove-test")
    );
    assert_ne!(
        env["PHOTOMOVE_SIM_PHOTOPRISM_CONTROL"],
        env["PHOTOMOVE_SIM_PHOTOPRISM_2_CONTROL"]
    );
    assert_eq!(
        env["PHOTOMOVE_PHOTOPRISM_SIGN_IN"],
        first.sign_in_file().display().to_string()
    );
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(second.sign_in_file()).unwrap()).unwrap();
    assert_eq!(kept["url"], format!("{}/", second.url()));
    assert!(
        std::fs::read_to_string(env_file)
            .unwrap()
            .contains("PHOTOMOVE_SIM_PHOTOPRISM_2_PASSWORD='photomove-test'")
    );
    let lines = sims.lines();
    assert_eq!((lines.len(), &lines[1]["endpoint"]), (2, &json!(second.endpoint())));
    sims.shutdown().await;
}

#[tokio::test]
async fn control_commands_change_the_fate_of_sessions() {
    let stand = Stand::start().await;
    let change = |command: SessionCommand| stand.sim().change_sessions(&command).unwrap();
    change(SessionCommand {
        exhaust_sign_in: true,
        ..SessionCommand::default()
    });
    assert_eq!(
        stand
            .login(json!({ "username": "admin", "password": stand.sim().password() }))
            .await
            .0,
        429
    );
    change(SessionCommand {
        restart: true,
        exhaust_tokens: true,
        ..SessionCommand::default()
    });
    assert_eq!(stand.whoami(&stand.token).await, 401);
    stand.advance(10);
    assert_eq!(stand.whoami(&stand.token).await, 200);
    let app = stand.sim().add_app_password("app", "*");
    change(SessionCommand {
        expire: true,
        ..SessionCommand::default()
    });
    assert_eq!(stand.whoami(&stand.token).await, 401);
    stand.advance(10);
    assert_eq!(stand.whoami(&app).await, 200);
    change(SessionCommand {
        new_password: Some("another-one".into()),
        ..SessionCommand::default()
    });
    assert_eq!(
        stand
            .login(json!({ "username": "admin", "password": "another-one" }))
            .await
            .0,
        200
    );
    let foreign = SessionCommand {
        new_project: true,
        ..SessionCommand::default()
    };
    assert!(stand.sim().change_sessions(&foreign).is_err());
}
