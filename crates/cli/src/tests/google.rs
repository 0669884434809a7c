//! Signing in to Google Photos: the way through the console, whose account it is, how long it lasts, and other tools' sign-ins.

use photomove_sim::control::{Person as Who, SessionCommand};
use photomove_sim::google::GrantLifeTold;
use photomove_sim::{Fault, FaultRule};
use serde_json::{Value, json};

use super::*;

/// A home of somebody who has never signed in to Google, and stand-ins that give consent by themselves.
async fn newcomer(change: impl FnOnce(&mut SimOptions)) -> (Sims, Home) {
    let sims = sims(|options| {
        options.google.consent = ConsentMode::Grant;
        change(options);
    })
    .await;
    let home = Home::new().with_sims(&sims).without("PHOTOMOVE_GOOGLE_TOKEN");
    let folder = home.folder.path().display().to_string();
    (sims, home.with("HOME", folder).with("XDG_CONFIG_HOME", "none"))
}

fn act(sims: &Sims, command: &SessionCommand) {
    sims.google().unwrap().service().change_sessions(command).unwrap();
}

fn kept(home: &Home) -> Value {
    let path = home.folder.path().join("state/credentials/google@default.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// What takes more than a week at six requests a day.
const FORTY: Option<Fill> = Some(Fill::Synthetic { count: 40, bytes: 2048 });

const LOGIN: [&str; 3] = ["auth", "login", "google"];

#[tokio::test]
async fn the_way_through_the_console_ends_with_a_client_that_google_knows() {
    let (sims, home) = newcomer(|_| {}).await;
    let right = home.value("PHOTOMOVE_GOOGLE_CLIENT_SECRET");
    let text = std::fs::read_to_string(&right).unwrap();
    let mut client: Value = serde_json::from_str(&text).unwrap();
    let web = home.file("web.json", &json!({ "web": client["installed"] }).to_string());
    client["installed"]["client_secret"] = "GOCSPX-hush".into();
    let stale = home.file("stale.json", &client.to_string());
    std::fs::create_dir(home.folder.path().join("Downloads")).unwrap();
    home.file("Downloads/client_secret_1.json", "<html>");
    let home = home.without("PHOTOMOVE_GOOGLE_CLIENT_SECRET").answering(&[
        "0",
        "",
        "what?",
        "o",
        "",
        "b",
        "",
        "f",
        "yes",
        &web,
        &format!("'{stale}'"),
        &right,
        "no",
    ]);
    let ran = home.run(&["auth", "setup", "google"]).await;
    // How old a file is differs from run to run.
    let seen = home.seen(&ran).replace(&right, "[file]");
    let seen: Vec<&str> = seen.lines().filter(|line| !line.starts_with("? Take ")).collect();
    assert!(!seen.join("\n").contains("hush"));
    insta::assert_snapshot!(seen.join("\n"));
    assert!(
        home.folder
            .path()
            .join("state/credentials/google-client@default.json")
            .exists()
    );
    sims.shutdown().await;
}

#[tokio::test]
async fn the_way_can_be_left_and_taken_up_again() {
    let (sims, home) = newcomer(|_| {}).await;
    let home = home
        .without("PHOTOMOVE_GOOGLE_CLIENT_SECRET")
        .answering(&["0", "", "", "q"]);
    let ran = home.run(&["auth", "setup", "google"]).await;
    assert_eq!(ran.exit, Exit::Interrupted);
    assert!(ran.talk.contains("auth setup google`"), "{}", ran.talk);
    let home = home.answering(&["2", "q"]);
    let ran = home.run(&["auth", "setup", "google"]).await;
    assert!(
        ran.talk.contains("Last time you got to the marked step"),
        "{}",
        ran.talk
    );
    assert!(ran.talk.contains("Step 3 of 6"), "{}", ran.talk);
    sims.shutdown().await;
}

#[tokio::test]
async fn a_sign_in_without_a_client_leads_to_one() {
    let (sims, home) = newcomer(|_| {}).await;
    let right = home.value("PHOTOMOVE_GOOGLE_CLIENT_SECRET");
    let home = home.without("PHOTOMOVE_GOOGLE_CLIENT_SECRET");
    let nobody = home.run(&LOGIN).await;
    assert_eq!(nobody.exit, Exit::Usage);
    assert!(nobody.talk.contains("`photomove auth setup google`"), "{}", nobody.talk);
    // Yes, at the file, its path, and no idea whether the project is published.
    let home = home.answering(&["yes", "6", &right, "2"]);
    let ran = sign_in(&home, &LOGIN).await;
    assert_eq!(ran.exit, Exit::Done, "{}", ran.talk);
    assert!(
        ran.data.contains("signed in to Google Photos (owner@gmail.example)"),
        "{}",
        ran.data
    );
    assert!(kept(&home)["published"].is_null());
    sims.shutdown().await;
}

#[tokio::test]
async fn without_a_terminal_the_steps_are_printed() {
    let (sims, home) = newcomer(|_| {}).await;
    let ran = home.run(&["auth", "setup", "google"]).await;
    assert_eq!(ran.exit, Exit::SignIn);
    assert!(
        ran.data.contains("Step 6 of 6") && ran.data.contains("--client-secret FILE"),
        "{}",
        ran.data
    );
    let ran = home.run(&["auth", "setup", "google", "--json"]).await;
    assert_eq!(ran.data.lines().count(), 6, "{}", ran.data);
    let console = home.with("PHOTOMOVE_GOOGLE_CONSOLE_URL", "http://127.0.0.1:9/c");
    let ran = console.run(&["auth", "setup", "google"]).await;
    assert!(ran.data.contains("http://127.0.0.1:9/c/projectcreate") && !ran.data.contains("cloud.google.com"));
    let file = console.value("PHOTOMOVE_GOOGLE_CLIENT_SECRET");
    let ran = console
        .run(&["auth", "setup", "google", "--client-secret", &file])
        .await;
    assert_eq!(ran.exit, Exit::Done, "{}", ran.talk);
    assert!(ran.data.contains("the file is good"), "{}", ran.data);
    let ran = console.run(&["auth", "setup", "amazon"]).await;
    assert_eq!(ran.exit, Exit::Usage);
    sims.shutdown().await;
}

#[tokio::test]
async fn another_account_than_last_time_replaces_nothing_by_itself() {
    let (sims, home) = newcomer(|_| {}).await;
    assert_eq!(sign_in(&home, &LOGIN).await.exit, Exit::Done);
    let before = kept(&home);
    act(
        &sims,
        &SessionCommand {
            switch_account: Some(Who::Other),
            ..SessionCommand::default()
        },
    );
    let nobody = sign_in(&home, &LOGIN).await;
    assert_eq!(nobody.exit, Exit::SignIn);
    let words = "last time it was owner@gmail.example, now it is other@gmail.example";
    assert!(
        nobody.talk.contains(words) && nobody.talk.contains("`--replace`"),
        "{}",
        nobody.talk
    );
    assert_eq!(kept(&home), before);

    let home = home.answering(&["0"]);
    let left = sign_in(&home, &LOGIN).await;
    assert_eq!((left.exit, kept(&home)), (Exit::Interrupted, before.clone()));
    let named = sign_in(&home.answering(&["2"]), &["auth", "login", "google@other"]).await;
    assert_eq!(
        named.exit,
        Exit::Done,
        "a name of its own is another place: {}",
        named.talk
    );
    sims.shutdown().await;
}

#[tokio::test]
async fn another_account_may_be_let_in() {
    for (answers, words) in [
        (None, &["auth", "login", "google", "--replace"][..]),
        (Some(["1", "0"]), &LOGIN[..]),
    ] {
        let (sims, home) = newcomer(|_| {}).await;
        assert_eq!(sign_in(&home, &LOGIN).await.exit, Exit::Done);
        act(
            &sims,
            &SessionCommand {
                switch_account: Some(Who::Other),
                ..SessionCommand::default()
            },
        );
        let home = match answers {
            Some(answers) => home.answering(&answers),
            None => home,
        };
        let ran = sign_in(&home, words).await;
        assert_eq!(ran.exit, Exit::Done, "{}", ran.talk);
        assert_eq!(kept(&home)["account"]["email"], "other@gmail.example");
        sims.shutdown().await;
    }
}

#[tokio::test]
async fn another_project_is_told_at_the_sign_in_and_at_the_plan() {
    let (sims, home) = newcomer(|_| {}).await;
    assert_eq!(sign_in(&home, &LOGIN).await.exit, Exit::Done);
    let run = home.run(&["amazon", "google", "--yes"]).await;
    assert_eq!(run.exit, Exit::Done, "{}", run.talk);
    assert!(!run.talk.contains("belongs to the Google project"), "{}", run.talk);

    sims.google().unwrap().new_project().unwrap();
    let words = "belongs to the Google project 412345678902, the earlier one to 412345678901";
    let again = sign_in(&home, &LOGIN).await;
    assert_eq!(again.exit, Exit::Done, "{}", again.talk);
    assert!(again.talk.contains(words), "{}", again.talk);
    let plan = home.run(&["plan", "amazon", "google"]).await;
    assert!(plan.talk.contains(words), "{}", plan.talk);
    sims.shutdown().await;
}

#[tokio::test]
async fn a_deleted_client_is_told_before_a_page_opens() {
    let (sims, home) = newcomer(|_| {}).await;
    let old = home.file(
        "old.json",
        &std::fs::read_to_string(home.value("PHOTOMOVE_GOOGLE_CLIENT_SECRET")).unwrap(),
    );
    sims.google().unwrap().new_project().unwrap();
    let ran = home.run(&["auth", "login", "google", "--client-secret", &old]).await;
    assert_eq!(ran.exit, Exit::Usage);
    assert!(ran.talk.contains("this OAuth client was deleted"), "{}", ran.talk);
    assert!(!ran.talk.contains("open this address"), "{}", ran.talk);
    sims.shutdown().await;
}

#[tokio::test]
async fn a_plan_that_outlasts_the_sign_in_is_refused_with_the_way_out() {
    let (sims, home) = newcomer(|options| {
        options.google.project_in_testing = true;
        options.fill = FORTY;
    })
    .await;
    let home = home.with("PHOTOMOVE_GOOGLE_REQUESTS_PER_DAY", "6");
    assert_eq!(sign_in(&home, &LOGIN).await.exit, Exit::Done);
    let plan = home.run(&["plan", "amazon", "google"]).await;
    assert_eq!(plan.exit, Exit::Done);
    assert!(
        plan.talk.contains("note: the sign-in at Google Photos ends on "),
        "{}",
        plan.talk
    );

    let refused = home.run(&["amazon", "google", "--yes"]).await;
    assert_eq!(refused.exit, Exit::Usage, "{}", refused.talk);
    for words in [
        "the Google project's status is `Testing`",
        "publish the app (`In production`) at https://console.cloud.google.com/auth/audience?project=412345678901",
        "it counts for new sign-ins only",
        "`--accept-7-days`",
    ] {
        assert!(refused.talk.contains(words), "{words}: {}", refused.talk);
    }
    assert_eq!(sims.google().unwrap().library().len(), 0);
    let accepted = home.run(&["amazon", "google", "--yes", "--accept-7-days"]).await;
    assert_ne!(accepted.exit, Exit::Usage, "{}", accepted.talk);
    sims.shutdown().await;
}

#[tokio::test]
async fn where_nobody_said_how_long_it_lasts_the_person_may_know() {
    for (answer, exit) in [("0", Exit::Quota), ("1", Exit::Usage), ("2", Exit::Quota)] {
        let (sims, home) = newcomer(|options| {
            options.google.project_in_testing = true;
            options.google.grant_life_told = GrantLifeTold::Never;
            options.fill = FORTY;
        })
        .await;
        let mut home = home.with("PHOTOMOVE_GOOGLE_REQUESTS_PER_DAY", "6").answering(&[answer]);
        assert_eq!(sign_in(&home, &LOGIN).await.exit, Exit::Done);
        home.answers = None;
        let run = home.run(&["amazon", "google", "--yes"]).await;
        assert_eq!(run.exit, exit, "{answer}: {}", run.talk);
        assert_eq!(run.talk.contains("may end on"), answer == "2", "{}", run.talk);
        sims.shutdown().await;
    }
}

#[tokio::test]
async fn a_sign_in_of_another_tool_is_taken_over() {
    let (sims, home) = newcomer(|_| {}).await;
    let scopes = [
        "https://www.googleapis.com/auth/photoslibrary.appendonly",
        "https://www.googleapis.com/auth/photoslibrary.readonly.appcreateddata",
    ];
    let reply = sims.google().unwrap().token_reply(&scopes);
    let token = json!({"access_token": reply["access_token"], "token_type": "Bearer", "refresh_token": reply["refresh_token"],
        "expiry": "2020-01-01T00:00:00.5+01:00"});
    let conf = home.file("rclone.conf", &format!("[g]\ntype = google photos\ntoken = {token}\n"));
    let before = std::fs::read_to_string(&conf).unwrap();
    let ran = home.run(&["auth", "login", "google", "--token", &conf]).await;
    assert_eq!(ran.exit, Exit::Done, "{}", ran.talk);
    insta::assert_snapshot!(home.seen(&ran));
    assert_eq!(std::fs::read_to_string(&conf).unwrap(), before);
    let run = home.run(&["amazon", "google", "--yes"]).await;
    assert_eq!(run.exit, Exit::Done, "{}", run.talk);
    // A sign-in that tells whose it is may be another person's.
    let nobody = sign_in(&home, &LOGIN).await;
    assert_eq!(nobody.exit, Exit::SignIn);
    assert!(
        nobody
            .talk
            .contains("last time it was somebody of project 412345678901"),
        "{}",
        nobody.talk
    );
    let wrong = home.file("wrong.json", "{\"installed\": {}}");
    let ran = home.run(&["auth", "login", "google", "--token", &wrong]).await;
    assert_eq!(ran.exit, Exit::Usage);
    assert!(
        ran.talk.contains("this is the file of an OAuth client, not a sign-in"),
        "{}",
        ran.talk
    );
    sims.shutdown().await;
}

#[tokio::test]
async fn status_and_logout_say_what_is_known() {
    let down = Fault::Status {
        status: 503,
        retry_after: None,
        body: None,
    };
    let (sims, home) = newcomer(|options| {
        options.google.project_in_testing = true;
        options.faults = vec![FaultRule::new("revoke", down).nth(1)];
    })
    .await;
    assert_eq!(sign_in(&home, &LOGIN).await.exit, Exit::Done);
    let status = home.run(&["auth", "status"]).await;
    for words in [
        "google (kept): valid · owner@gmail.example",
        "  may: upload, read back what it sent, edit what it sent",
        "  access: until ",
        "  sign-in: ends on ",
        "  google project: 412345678901",
    ] {
        assert!(status.data.contains(words), "{words}: {}", status.data);
    }
    let status = home.run(&["auth", "status", "--json"]).await;
    let google: Value = serde_json::from_str(status.data.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&google["published"], &google["may"]["edit"]),
        (&json!(false), &json!(true))
    );

    let failed = home.run(&["auth", "logout", "google"]).await;
    assert_eq!(failed.exit, Exit::Error);
    assert!(
        failed.talk.contains("could not take the sign-in back"),
        "{}",
        failed.talk
    );
    assert!(
        failed.talk.contains("the sign-in is kept") && failed.talk.contains("--local`"),
        "{}",
        failed.talk
    );
    assert!(kept(&home)["refresh_token"].is_string());
    let done = home.run(&["auth", "logout", "google"]).await;
    assert_eq!(done.exit, Exit::Done);
    assert!(
        done.data.contains("forgotten and taken back at the service"),
        "{}",
        done.data
    );
    let none = home.run(&["auth", "logout", "google"]).await;
    assert!(
        none.data.contains("nobody is signed in to Google Photos here"),
        "{}",
        none.data
    );
    sims.shutdown().await;
}

#[tokio::test]
async fn an_api_that_is_switched_off_keeps_the_sign_in() {
    let (sims, home) = newcomer(|options| options.google.api_enabled = false).await;
    let ran = sign_in(&home, &LOGIN).await;
    assert_eq!(ran.exit, Exit::Usage);
    for words in [
        "the google project has the Photos Library API switched off (project 412345678901, status 403)",
        "open https://console.developers.google.com/apis/api/photoslibrary.googleapis.com/overview?project=412345678901",
        "the sign-in itself is kept",
    ] {
        assert!(ran.talk.contains(words), "{words}: {}", ran.talk);
    }
    sims.google().unwrap().switches().api_enabled = true;
    let status = home.run(&["auth", "status"]).await;
    assert!(status.data.contains("google (kept): valid"), "{}", status.data);
    sims.shutdown().await;
}
