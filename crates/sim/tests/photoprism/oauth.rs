//! OAuth clients, app passwords, scopes.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Stand, json_of};

const INVALID: &str = r#"{"code":40,"error":"invalid credentials","message":"Invalid credentials"}"#;

impl Stand {
    async fn token_by_form(&self, fields: &[(&str, &str)]) -> (u16, Value) {
        json_of(self.bare(Method::POST, "/api/v1/oauth/token").form(fields)).await
    }

    async fn app_password(&self, fields: &[(&str, &str)]) -> (u16, Value) {
        json_of(self.request(Method::POST, "/oauth/token").form(fields)).await
    }

    async fn status_as(&self, token: &str, method: Method, path: &str) -> u16 {
        let request = self
            .bare(method, &format!("/api/v1{path}"))
            .header("X-Auth-Token", token);
        request.send().await.unwrap().status().as_u16()
    }
}

fn invalid() -> Value {
    serde_json::from_str(INVALID).unwrap()
}

#[tokio::test]
async fn clients_get_tokens_by_basic_and_by_form_but_not_by_json() {
    let stand = Stand::start().await;
    let (id, secret) = stand.sim().add_client("bound", "*", true, 10);
    let endpoint = || stand.bare(Method::POST, "/api/v1/oauth/token");
    let (status, body) = json_of(endpoint().basic_auth(&id, Some(&secret))).await;
    assert_eq!(status, 200);
    assert_eq!(body["access_token"].as_str().unwrap().len(), 48);
    for (key, wanted) in [
        ("status", json!("success")),
        ("token_type", json!("Bearer")),
        ("expires_in", json!(86_400)),
        ("client_name", json!("bound")),
        ("scope", json!("*")),
    ] {
        assert_eq!(body[key], wanted);
    }
    let credentials = [("client_id", id.as_str()), ("client_secret", secret.as_str())];
    assert_eq!(stand.token_by_form(&credentials).await.0, 200);
    let asked = [
        credentials[0],
        credentials[1],
        ("grant_type", "client_credentials"),
        ("scope", "photos"),
    ];
    assert_eq!(
        stand.token_by_form(&asked).await.1["scope"],
        "*",
        "a scope asked for is ignored"
    );
    let form = reqwest::multipart::Form::new()
        .text("client_id", id.clone())
        .text("client_secret", secret.clone());
    assert_eq!(json_of(endpoint().multipart(form)).await.0, 200);

    let json = json!({ "grant_type": "client_credentials", "client_id": id, "client_secret": secret });
    for request in [
        endpoint().json(&json),
        endpoint().basic_auth(&id, Some("x".repeat(32))),
        endpoint().basic_auth("abc", Some(&secret)),
        endpoint(),
        endpoint().form(&[credentials[0], credentials[1], ("grant_type", "bogus")]),
    ] {
        assert_eq!(json_of(request).await, (401, invalid()));
    }
}

#[tokio::test]
async fn a_client_with_a_user_and_one_without_are_told_apart() {
    let stand = Stand::start().await;
    for (bound, uid) in [(true, stand.sim().user_uid()), (false, String::new())] {
        let (id, secret) = stand.sim().add_client("c", "*", bound, 10);
        let (_, body) = stand
            .token_by_form(&[("client_id", &id), ("client_secret", &secret)])
            .await;
        let token = body["access_token"].as_str().unwrap();
        let (status, session) = json_of(stand.bare(Method::GET, "/api/v1/session").bearer_auth(token)).await;
        assert_eq!((status, &session["provider"]), (200, &json!("client")));
        assert_eq!(session["user"]["UID"], uid);
        assert_eq!(session["config"]["mode"], "user");
        assert_eq!(stand.status_as(token, Method::GET, "/settings").await, 200);
        assert_eq!(
            stand.status_as(token, Method::POST, "/users/x/passcode").await,
            403,
            "no app manages passcodes"
        );
    }
}

#[tokio::test]
async fn too_many_tokens_end_the_oldest() {
    let stand = Stand::start().await;
    let (id, secret) = stand.sim().add_client("limited", "photos  albums files", true, 2);
    let mut tokens = Vec::new();
    for _ in 0..4 {
        stand.advance(2);
        let (_, body) = stand
            .token_by_form(&[("client_id", &id), ("client_secret", &secret)])
            .await;
        assert_eq!(body["scope"], "albums files photos");
        tokens.push(body["access_token"].as_str().unwrap().to_owned());
    }
    let mut alive = Vec::new();
    for token in &tokens {
        // Without the scope `sessions` this is 403 for a living token.
        alive.push(stand.whoami(token).await);
    }
    assert_eq!(alive, [401, 401, 403, 403]);
    stand.advance(86_400);
    assert_eq!(stand.whoami(&tokens[3]).await, 401);
}

#[tokio::test]
async fn app_passwords_are_made_with_a_session_and_a_name() {
    let stand = Stand::start().await;
    let password = stand.sim().password();
    let full = [
        ("grant_type", "password"),
        ("username", "admin"),
        ("password", password),
        ("client_name", "photomove"),
        ("scope", "*"),
        ("expires_in", "0"),
    ];
    let (status, body) = stand.app_password(&full).await;
    assert_eq!(
        (status, &body["expires_in"], &body["client_name"]),
        (200, &json!(0), &json!("photomove"))
    );
    let app = body["access_token"].as_str().unwrap().to_owned();
    assert_eq!(app.len(), 27);
    let json = json!({
        "grant_type": "password", "username": "admin", "password": password, "client_name": "b", "scope": "photos albums",
        "expires_in": 3600,
    });
    let (status, scoped) = json_of(stand.request(Method::POST, "/oauth/token").json(&json)).await;
    assert_eq!(
        (status, &scoped["expires_in"], &scoped["scope"]),
        (200, &json!(3600), &json!("albums photos"))
    );
    let scoped = scoped["access_token"].as_str().unwrap().to_owned();

    assert_eq!(stand.token_by_form(&full).await, (401, invalid()), "without a session");
    let mut wrong = full;
    wrong[2].1 = "x";
    assert_eq!(stand.app_password(&wrong).await.0, 401);
    assert_eq!(stand.app_password(&full[..3]).await.0, 401, "without a name");
    let mut session = full;
    session[0].1 = "session";
    assert_eq!(stand.app_password(&session).await.0, 401, "not for local accounts");

    assert_eq!((stand.whoami(&app).await, stand.whoami(&scoped).await), (200, 403));
    let (status, body) = stand.login(json!({ "username": "admin", "password": app })).await;
    assert_eq!(
        (status, &body["provider"], &body["scope"]),
        (200, &json!("application"), &json!("*"))
    );
    let token = body["access_token"].as_str().unwrap().to_owned();
    assert_eq!(
        stand.login(json!({ "username": "admin", "password": scoped })).await.0,
        401,
        "its scope lacks sessions"
    );

    let list = format!(
        "/users/{}/sessions?provider=application&count=10",
        stand.sim().user_uid()
    );
    let (status, rows) = stand.get(&list).await;
    assert_eq!((status, rows.as_array().unwrap().len()), (200, 2));
    assert_eq!(
        (&rows[0]["ClientName"], &rows[0]["AuthScope"]),
        (&json!("photomove"), &json!("*"))
    );
    assert_eq!(stand.status_as(&app, Method::GET, &list).await, 403);

    let revoke = json_of(
        stand
            .bare(Method::POST, "/api/v1/oauth/revoke")
            .header("X-Auth-Token", &app),
    )
    .await;
    assert_eq!((revoke.0, &revoke.1["status"]), (200, &json!("deleted")));
    assert_eq!(
        (stand.whoami(&app).await, stand.whoami(&token).await),
        (401, 401),
        "what it began ends with it"
    );
}

#[tokio::test]
async fn an_app_password_skips_the_passcode() {
    let stand = Stand::with(|switches| switches.passcode = true).await;
    let app = stand.sim().add_app_password("photomove", "*");
    assert_eq!(
        stand.login(json!({ "username": "admin", "password": app })).await.0,
        200
    );
    let mut wrong = app.clone();
    let last = if wrong.pop() == Some('a') { 'b' } else { 'a' };
    wrong.push(last);
    assert_eq!(
        stand.login(json!({ "username": "admin", "password": wrong })).await.0,
        401
    );
    assert_eq!(stand.whoami(&wrong).await, 401);
}

#[tokio::test]
async fn tokens_are_revoked_by_those_who_may() {
    let stand = Stand::start().await;
    let revoke = |token: Option<&str>, fields: &[(&str, &str)]| {
        let mut request = stand.bare(Method::POST, "/api/v1/oauth/revoke").form(fields);
        if let Some(token) = token {
            request = request.header("X-Auth-Token", token);
        }
        json_of(request)
    };
    let [first, second, third] = ["a", "b", "c"].map(|name| stand.sim().add_app_password(name, "*"));
    let id = stand.get("/session").await.1["session_id"].as_str().unwrap().to_owned();
    assert_eq!(
        revoke(Some(&stand.token), &[]).await.0,
        403,
        "a user's session is no client's"
    );
    assert_eq!(
        revoke(None, &[("token", &first), ("token_type_hint", "access_token")])
            .await
            .0,
        200
    );
    assert_eq!(
        revoke(None, &[("token", &first), ("token_type_hint", "access_token")]).await,
        (401, invalid())
    );
    let session_of = |token: &str| json_of(stand.bare(Method::GET, "/api/v1/session").bearer_auth(token));
    let second_id = session_of(&second).await.1["session_id"].as_str().unwrap().to_owned();
    let by_id = [("token", second_id.as_str()), ("token_type_hint", "session_id")];
    assert_eq!(revoke(None, &by_id).await.0, 403);
    assert_eq!(revoke(Some(&third), &by_id).await.0, 403, "an app is no user");
    assert_eq!(revoke(Some(&stand.token), &by_id).await.0, 200);
    assert_eq!(
        revoke(Some(&stand.token), &[("token", &id), ("token_type_hint", "session_id")])
            .await
            .0,
        403
    );
    let json = stand
        .bare(Method::POST, "/api/v1/oauth/revoke")
        .json(&json!({ "token": third, "token_type_hint": "x" }));
    assert_eq!(json_of(json).await.0, 200, "of JSON only the hint is not seen");
    assert_eq!((stand.whoami(&second).await, stand.whoami(&third).await), (401, 401));
}

#[tokio::test]
async fn every_resource_needs_its_scope() {
    let stand = Stand::start().await;
    // As recorded with one app password for each scope.
    for (scope, allowed) in [
        ("*", &["/settings", "/errors", "/metrics", "/session", "/config"][..]),
        ("photos albums files", &["/config"]),
        ("photos albums files sessions", &["/session", "/config"]),
        ("settings", &["/settings", "/config"]),
        ("logs", &["/errors", "/config"]),
        ("metrics", &["/metrics", "/config"]),
        ("webdav", &["/config"]),
        ("read", &["/settings", "/errors", "/metrics", "/config"]),
        ("write", &["/config"]),
    ] {
        let app = stand.sim().add_app_password(scope, scope);
        for path in ["/settings", "/errors", "/metrics", "/session", "/config"] {
            let wanted = if allowed.contains(&path) { 200 } else { 403 };
            assert_eq!(
                stand.status_as(&app, Method::GET, path).await,
                wanted,
                "{scope}: {path}"
            );
        }
        let config = json_of(stand.bare(Method::GET, "/api/v1/config").bearer_auth(&app))
            .await
            .1;
        assert_eq!(config["mode"], "user", "any scope may read the config");
    }
}

#[tokio::test]
async fn addresses_of_oauth_are_published_and_some_are_always_refused() {
    let stand = Stand::start().await;
    let (_, document) = json_of(stand.bare(Method::GET, "/.well-known/oauth-authorization-server")).await;
    assert_eq!(
        document["token_endpoint"],
        format!("{}/api/v1/oauth/token", stand.sim().url())
    );
    assert_eq!(document["scopes_supported"].as_array().unwrap().len(), 23);
    let (_, document) = json_of(stand.bare(Method::GET, "/.well-known/openid-configuration")).await;
    assert_eq!(
        document["userinfo_endpoint"],
        format!("{}/api/v1/oauth/userinfo", stand.sim().url())
    );
    for path in ["/oauth/userinfo", "/oauth/authorize"] {
        assert_eq!(stand.get(path).await, (405, json!({ "status": "failed" })));
    }
}
