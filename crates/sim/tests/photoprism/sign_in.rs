//! Sessions, passcodes, passwords, limiters, public mode.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Stand, admin, header, json_of};
use photomove_sim::photoprism::PhotoPrismRole;

#[tokio::test]
async fn signing_in_gives_a_session_with_its_config() {
    let stand = Stand::start().await;
    let body = stand.login_admin().await;
    assert_eq!(body["id"], body["access_token"]);
    assert_eq!(body["access_token"].as_str().unwrap().len(), 48);
    assert_eq!(body["session_id"].as_str().unwrap().len(), 64);
    for (key, wanted) in [
        ("status", "success"),
        ("token_type", "Bearer"),
        ("provider", "local"),
        ("scope", ""),
    ] {
        assert_eq!(body[key], wanted);
    }
    assert_eq!(body["expires_in"], 1_209_600);
    assert_eq!(body["user"]["UID"], stand.sim().user_uid());
    assert_eq!(
        (&body["user"]["Role"], &body["user"]["SuperAdmin"]),
        (&json!("admin"), &json!(true))
    );
    assert_eq!(body["data"], json!({ "tokens": null, "shares": null }));
    assert_eq!(body["config"]["mode"], "user");
    assert_eq!(body["config"]["downloadToken"].as_str().unwrap().len(), 8);
    assert_eq!(stand.whoami(body["access_token"].as_str().unwrap()).await, 200);
}

#[tokio::test]
async fn names_are_trimmed_and_lower_cased_and_other_fields_do_not_count() {
    let stand = Stand::start().await;
    let password = stand.sim().password();
    let (status, _) = stand
        .login(json!({ "UserName": " ADMIN ", "Password": password, "x": 1 }))
        .await;
    assert_eq!(status, 200);
    let refused = json!({ "error": "Invalid credentials" });
    for body in [
        json!({ "email": "admin", "password": password }),
        json!({ "username": "admin", "password": "nope" }),
        json!({ "username": "nobody", "password": password }),
        json!({}),
    ] {
        assert_eq!(stand.login(body).await, (401, refused.clone()));
    }
    let text = stand.bare(Method::POST, "/api/v1/session").body("hello");
    let response = text.send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), header(&response, "content-type").as_deref()),
        (400, Some("text/plain; charset=utf-8"))
    );
    let unknown_share = stand.login(json!({ "token": "1234567890" })).await;
    assert_eq!(unknown_share, (404, refused));
}

#[tokio::test]
async fn three_headers_carry_the_token_and_the_first_counts() {
    let stand = Stand::start().await;
    let session = || stand.bare(Method::GET, "/api/v1/session");
    let good = stand.token.as_str();
    let bad = "b".repeat(48);
    for (wanted, request) in [
        (200, session().header("X-Auth-Token", good)),
        (200, session().header("X-Session-ID", good)),
        (200, session().bearer_auth(good)),
        (401, session().header("Authorization", format!("bearer {good}"))),
        (401, session().header("X-Auth-Token", &bad).bearer_auth(good)),
        (401, session()),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_u16(), wanted);
        assert_eq!(header(&response, "cache-control").as_deref(), Some("no-store"));
    }
    let (_, body) = stand.get("/session").await;
    let id = body["session_id"].as_str().unwrap().to_owned();
    assert_eq!(stand.get(&format!("/sessions/{id}")).await.0, 200);
    assert_eq!(stand.get("/session/abc").await.0, 400);
    assert_eq!(stand.get(&format!("/session/{}", "0".repeat(64))).await.0, 403);
    assert_eq!(stand.whoami(&id).await, 401, "the id is no credential");
}

#[tokio::test]
async fn signing_in_with_a_token_ends_that_token() {
    let stand = Stand::start().await;
    let again = stand
        .bare(Method::POST, "/api/v1/session")
        .header("X-Auth-Token", &stand.token);
    let (status, body) = json_of(again.json(&admin(stand.sim().password()))).await;
    assert_eq!((status, stand.whoami(&stand.token).await), (200, 401));
    assert_eq!(stand.whoami(body["access_token"].as_str().unwrap()).await, 200);
}

#[tokio::test]
async fn signing_out_ends_a_session_and_only_the_own_one() {
    let stand = Stand::start().await;
    let other = stand.sim().access_token();
    let delete = |path: &str, token: &str| json_of(stand.bare(Method::DELETE, path).header("X-Auth-Token", token));
    let foreign = format!("/api/v1/session/{}", "0".repeat(64));
    assert_eq!(delete(&foreign, &stand.token).await.0, 403);
    let (status, body) = delete("/api/v1/session", &stand.token).await;
    assert_eq!((status, &body["status"]), (200, &json!("deleted")));
    assert_eq!(delete("/api/v1/session", &stand.token).await.0, 401);
    assert_eq!(stand.whoami(&other).await, 200);
}

#[tokio::test]
async fn a_session_ends_at_its_age_however_much_it_is_used_and_by_idleness() {
    let stand = Stand::with(|switches| {
        switches.session_max_age = Duration::from_secs(100);
        switches.session_timeout = Duration::from_secs(40);
    })
    .await;
    for _ in 0..3 {
        stand.advance(33);
        assert_eq!(stand.whoami(&stand.token).await, 200);
    }
    let idle = stand.sim().access_token();
    stand.advance(1);
    assert_eq!(stand.whoami(&stand.token).await, 401);
    stand.advance(38);
    assert_eq!(stand.whoami(&idle).await, 200);
    stand.advance(40);
    assert_eq!(stand.whoami(&idle).await, 401);
}

#[tokio::test]
async fn a_passcode_is_asked_for_and_the_recovery_code_ends_it() {
    let stand = Stand::with(|switches| switches.passcode = true).await;
    let with = |code: &str| json!({ "username": "admin", "password": stand.sim().password(), "code": code });
    let (status, body) = stand.login(admin(stand.sim().password())).await;
    assert_eq!(status, 401);
    assert_eq!(
        body,
        json!({ "error": "passcode required", "code": 32, "message": "Enter verification code" })
    );
    assert_eq!(
        stand
            .login(json!({ "username": "admin", "password": "x", "code": "000000" }))
            .await
            .1,
        json!({ "error": "Invalid credentials" })
    );

    let code = stand.sim().passcode().unwrap();
    let blanks = format!("{} {}", &code[..3], &code[3..]);
    for code in [code.as_str(), blanks.as_str()] {
        let (status, body) = stand.login(with(code)).await;
        assert_eq!((status, &body["expires_in"]), (200, &json!(2_419_200)));
        assert_eq!(body["user"]["AuthMethod"], "2fa");
    }
    stand.advance(30);
    assert_eq!(stand.login(with(&code)).await.0, 200, "the code of the step before");
    stand.sim().restart(false);
    assert_eq!(stand.login(with("abc")).await.1["error"], "Input length unexpected");
    let wrong = if code == "000001" { "000002" } else { "000001" };
    let (status, body) = stand.login(with(wrong)).await;
    assert_eq!(
        (status, &body["code"], &body["error"]),
        (401, &json!(401), &json!("invalid passcode"))
    );

    stand.sim().restart(false);
    assert_eq!(stand.login(with("78569fjr9vah")).await.0, 200);
    assert_eq!(stand.login(admin(stand.sim().password())).await.0, 200);
    assert_eq!(stand.sim().passcode(), None);
}

#[tokio::test]
async fn a_passcode_is_set_up_confirmed_and_taken_away() {
    let stand = Stand::start().await;
    let path = format!("/users/{}/passcode", stand.sim().user_uid());
    assert_eq!(
        stand.post(&path, json!({ "type": "totp", "password": "nope" })).await.0,
        403
    );
    let (status, made) = stand
        .post(&path, json!({ "type": "totp", "password": stand.sim().password() }))
        .await;
    assert_eq!(
        (status, &made["VerifiedAt"], made["Secret"].as_str().unwrap().len()),
        (200, &Value::Null, 32)
    );
    assert_eq!(
        stand.login(admin(stand.sim().password())).await.0,
        200,
        "not active yet"
    );
    assert_eq!(
        stand.post(&format!("{path}/activate"), json!({})).await.0,
        403,
        "not confirmed yet"
    );
    let code = stand.sim().passcode().unwrap();
    let (_, confirmed) = stand
        .post(&format!("{path}/confirm"), json!({ "type": "totp", "code": code }))
        .await;
    assert!(confirmed["VerifiedAt"].is_string() && confirmed["ActivatedAt"].is_null());
    let (_, active) = stand.post(&format!("{path}/activate"), json!({ "type": "totp" })).await;
    assert!(active["ActivatedAt"].is_string());
    assert_eq!(stand.login(admin(stand.sim().password())).await.1["code"], 32);
    assert_eq!(stand.whoami(&stand.token).await, 200, "sessions from before go on");
    let (status, body) = stand
        .post(
            &format!("{path}/deactivate"),
            json!({ "password": stand.sim().password() }),
        )
        .await;
    assert_eq!((status, &body["message"]), (200, &json!("Settings saved")));
    assert_eq!(stand.login(admin(stand.sim().password())).await.0, 200);
}

#[tokio::test]
async fn the_eleventh_failure_is_refused_and_one_try_is_free_each_minute() {
    let stand = Stand::start().await;
    let limited = json!({ "error": "rate limit exceeded", "code": 429 });
    for _ in 0..10 {
        assert_eq!(stand.login(admin("wrong")).await.0, 401);
    }
    assert_eq!(stand.login(admin("wrong")).await, (429, limited.clone()));
    assert_eq!(
        stand.login(admin(stand.sim().password())).await,
        (429, limited.clone()),
        "the right one is refused, too"
    );
    assert_eq!(stand.get("/session").await.0, 200, "tokens go on");
    stand.advance(60);
    stand.login_admin().await;
    stand.login_admin().await;

    stand.sim().restart(false);
    let with = |code: &str| json!({ "username": "admin", "password": "wrong", "code": code });
    for wanted in [401, 401, 401, 429] {
        assert_eq!(
            stand.login(with("000000")).await.0,
            wanted,
            "with a passcode each failure counts three times"
        );
    }
}

#[tokio::test]
async fn too_many_unknown_tokens_shut_good_ones_out_for_ten_seconds() {
    let stand = Stand::start().await;
    for _ in 0..60 {
        assert_eq!(
            stand.whoami("hello").await,
            401,
            "what has no shape of a token does not count"
        );
    }
    assert_eq!(stand.whoami(&stand.token).await, 200);
    for _ in 0..60 {
        assert_eq!(stand.whoami(&"0".repeat(48)).await, 401);
    }
    assert_eq!(stand.whoami(&stand.token).await, 401);
    assert_eq!(stand.get("/config").await.1["mode"], "public");
    assert_eq!(stand.login(admin(stand.sim().password())).await.0, 429);
    stand.advance(10);
    for _ in 0..3 {
        assert_eq!(stand.whoami(&stand.token).await, 200);
    }
}

#[tokio::test]
async fn another_password_ends_the_other_sessions() {
    let stand = Stand::start().await;
    let other = stand.sim().access_token();
    let app = stand.sim().add_app_password("app", "*");
    let path = format!("/users/{}/password", stand.sim().user_uid());
    let change = |old: &str, new: &str| {
        let body = json!({ "old": old, "new": new });
        json_of(stand.request(Method::PUT, &path).json(&body))
    };
    assert_eq!(change("wrong", "long-enough").await.0, 400);
    let (status, body) = change(stand.sim().password(), "long-enough").await;
    assert_eq!((status, &body["message"]), (200, &json!("Password changed")));
    assert_eq!(
        (
            stand.whoami(&stand.token).await,
            stand.whoami(&other).await,
            stand.whoami(&app).await
        ),
        (200, 401, 200)
    );
    assert_eq!(stand.login(admin(stand.sim().password())).await.0, 401);
    assert_eq!(stand.login(admin("long-enough")).await.0, 200);
}

#[tokio::test]
async fn guests_may_not_manage_anything() {
    let stand = Stand::start().await;
    stand.sim().add_user("Gast", "gast-password", PhotoPrismRole::Guest);
    let (status, body) = stand
        .login(json!({ "username": "gast", "password": "gast-password" }))
        .await;
    assert_eq!((status, &body["user"]["Role"]), (200, &json!("guest")));
    let token = body["access_token"].as_str().unwrap();
    for path in ["/settings", "/errors", "/metrics"] {
        let request = stand
            .bare(Method::GET, &format!("/api/v1{path}"))
            .header("X-Auth-Token", token);
        assert_eq!(
            json_of(request).await,
            (403, json!({ "code": 403, "error": "Permission denied" }))
        );
    }
    assert_eq!(stand.whoami(token).await, 200);
}

#[tokio::test]
async fn nobody_signs_in_to_a_public_server() {
    let stand = Stand::with(|switches| switches.public = true).await;
    for body in [json!({}), admin("wrong")] {
        let (status, body) = stand.login(body).await;
        assert_eq!(
            (status, &body["provider"], &body["expires_in"]),
            (200, &json!("default"), &json!(0))
        );
        assert_eq!(body["access_token"], "234200000000000000000000000000000000000000000000");
        assert_eq!(
            body["session_id"],
            "a9b8ff820bf40ab451910f8bbfe401b2432446693aa539538fbd2399560a722f"
        );
        assert_eq!(
            (&body["config"]["downloadToken"], &body["config"]["mode"]),
            (&json!("public"), &json!("user"))
        );
        assert_eq!(
            (&body["config"]["public"], &body["config"]["authMode"]),
            (&json!(true), &json!("public"))
        );
        assert_eq!(body["user"]["UID"], stand.sim().user_uid());
    }
    assert_eq!(
        json_of(stand.bare(Method::POST, "/api/v1/session")).await.0,
        400,
        "a body is needed all the same"
    );
    let (status, session) = json_of(stand.bare(Method::GET, "/api/v1/session")).await;
    assert_eq!(status, 200);
    assert!(session.get("access_token").is_none() && session.get("id").is_none());
    assert_eq!(stand.whoami(&"a".repeat(48)).await, 200, "unknown tokens do not matter");
    let (status, body) = json_of(stand.bare(Method::DELETE, "/api/v1/session")).await;
    assert_eq!((status, &body["status"]), (200, &json!("deleted")));
    let refused = json_of(stand.bare(Method::DELETE, "/api/v1/errors")).await;
    assert_eq!(
        refused,
        (403, json!({ "code": 403, "error": "Not available in public mode" }))
    );
    assert_eq!(json_of(stand.bare(Method::POST, "/api/v1/oauth/token")).await.0, 403);
}
