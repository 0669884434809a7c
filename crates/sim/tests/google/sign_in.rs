//! Consent, codes, tokens, and what a token is good for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use photomove_sim::google::ConsentMode;
use reqwest::{Method, Url};
use rstest::rstest;
use serde_json::{Value, json};

use super::support::{ALL, APPEND, READ, Stand, json_of, keys, message};

const REDIRECT: &str = "http://127.0.0.1:45671/done";
/// The pair of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

struct Client {
    id: String,
    secret: String,
    auth_uri: String,
    token_uri: String,
}

fn client(stand: &Stand) -> Client {
    let path = &stand.sims.env()["PHOTOMOVE_GOOGLE_CLIENT_SECRET"];
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let text = |name: &str| file["installed"][name].as_str().unwrap().to_owned();
    Client {
        id: text("client_id"),
        secret: text("client_secret"),
        auth_uri: text("auth_uri"),
        token_uri: text("token_uri"),
    }
}

/// Opens the authorization page and returns where it sends the browser.
async fn authorize(stand: &Stand, scope: &str) -> Url {
    let client = client(stand);
    let parameters = [
        ("client_id", client.id.as_str()),
        ("redirect_uri", REDIRECT),
        ("response_type", "code"),
        ("scope", scope),
        ("access_type", "offline"),
        ("state", "the state"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let response = stand
        .http
        .get(&client.auth_uri)
        .query(&parameters)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 302);
    Url::parse(response.headers()["location"].to_str().unwrap()).unwrap()
}

fn parameter(url: &Url, wanted: &str) -> Option<String> {
    url.query_pairs()
        .find(|(name, _)| name == wanted)
        .map(|(_, value)| value.into_owned())
}

async fn post_token(stand: &Stand, change: &[(&str, &str)]) -> (u16, Value) {
    let client = client(stand);
    let mut form = vec![
        ("client_id", client.id.as_str()),
        ("client_secret", client.secret.as_str()),
    ];
    form.retain(|(name, _)| change.iter().all(|(other, _)| name != other));
    form.extend(change);
    json_of(stand.http.post(&client.token_uri).form(&form).send().await.unwrap()).await
}

async fn exchange(stand: &Stand, code: &str, redirect: &str, verifier: &str) -> (u16, Value) {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect),
        ("code_verifier", verifier),
    ];
    post_token(stand, &form).await
}

async fn consenting() -> Stand {
    Stand::with(|switches| switches.consent = ConsentMode::Grant).await
}

fn all_scopes() -> String {
    format!("{} openid email", ALL.join(" "))
}

#[tokio::test]
async fn a_code_becomes_tokens_that_tell_who_signed_in() {
    let stand = consenting().await;
    let back = authorize(&stand, &all_scopes()).await;
    assert_eq!(parameter(&back, "state").unwrap(), "the state");
    assert!(back.as_str().starts_with(REDIRECT));
    let code = parameter(&back, "code").unwrap();
    let (status, tokens) = exchange(&stand, &code, REDIRECT, VERIFIER).await;

    assert_eq!(status, 200, "{tokens}");
    assert_eq!(
        keys(&tokens),
        [
            "access_token",
            "expires_in",
            "id_token",
            "refresh_token",
            "scope",
            "token_type"
        ]
    );
    assert_eq!(
        (&tokens["expires_in"], &tokens["token_type"]),
        (&json!(3599), &json!("Bearer"))
    );
    let parts: Vec<&str> = tokens["id_token"].as_str().unwrap().split('.').collect();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    assert_eq!(parts.len(), 3);
    assert_eq!(claims["aud"], json!(client(&stand).id));
    assert_eq!(
        (&claims["email"], &claims["email_verified"]),
        (&json!("owner@gmail.example"), &json!(true))
    );

    let userinfo = format!("{}/v1/userinfo", stand.google().userinfo_url());
    let bearer = tokens["access_token"].as_str().unwrap();
    let (status, who) = json_of(stand.http.get(&userinfo).bearer_auth(bearer).send().await.unwrap()).await;
    assert_eq!((status, &who["sub"]), (200, &claims["sub"]));
    assert_eq!(json_of(stand.http.get(&userinfo).send().await.unwrap()).await.0, 401);
}

#[tokio::test]
async fn a_code_works_once() {
    let stand = consenting().await;
    let code = parameter(&authorize(&stand, APPEND).await, "code").unwrap();
    assert_eq!(exchange(&stand, &code, REDIRECT, VERIFIER).await.0, 200);
    let again = exchange(&stand, &code, REDIRECT, VERIFIER).await;
    assert_eq!(
        again,
        (
            400,
            json!({ "error": "invalid_grant", "error_description": "Bad Request" })
        )
    );
}

#[rstest]
#[case::verifier(REDIRECT, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXX", "invalid_grant")]
#[case::redirect("http://127.0.0.1:45671/", VERIFIER, "redirect_uri_mismatch")]
#[tokio::test]
async fn a_wrong_exchange_is_refused_and_costs_the_code(
    #[case] redirect: &str,
    #[case] verifier: &str,
    #[case] error: &str,
) {
    let stand = consenting().await;
    let code = parameter(&authorize(&stand, APPEND).await, "code").unwrap();
    let (status, reply) = exchange(&stand, &code, redirect, verifier).await;
    assert_eq!((status, &reply["error"]), (400, &json!(error)));
    assert_eq!(exchange(&stand, &code, REDIRECT, VERIFIER).await.0, 400);
}

#[tokio::test]
async fn a_code_is_valid_for_minutes_and_a_garbled_one_is_malformed() {
    let stand = consenting().await;
    let code = parameter(&authorize(&stand, APPEND).await, "code").unwrap();
    stand.advance(601);
    assert_eq!(
        exchange(&stand, &code, REDIRECT, VERIFIER).await.1["error_description"],
        "Bad Request"
    );
    assert_eq!(
        exchange(&stand, "garbage", REDIRECT, VERIFIER).await.1["error_description"],
        "Malformed auth code."
    );
}

#[tokio::test]
async fn consent_can_be_refused_thinned_forged_or_without_a_refresh_token() {
    let stand = Stand::start().await;
    let google = stand.google();

    google.set_consent(ConsentMode::Deny);
    let back = authorize(&stand, &all_scopes()).await;
    assert_eq!(back.query().unwrap(), "error=access_denied&state=the+state");

    google.set_consent(ConsentMode::GrantOnly(vec![APPEND.to_owned()]));
    let code = parameter(&authorize(&stand, &all_scopes()).await, "code").unwrap();
    assert_eq!(exchange(&stand, &code, REDIRECT, VERIFIER).await.1["scope"], APPEND);

    google.set_consent(ConsentMode::WrongState);
    assert_ne!(
        parameter(&authorize(&stand, APPEND).await, "state").unwrap(),
        "the state"
    );

    google.set_consent(ConsentMode::NoRefreshToken);
    let code = parameter(&authorize(&stand, APPEND).await, "code").unwrap();
    let (status, tokens) = exchange(&stand, &code, REDIRECT, VERIFIER).await;
    assert_eq!((status, tokens.get("refresh_token")), (200, None));
}

#[tokio::test]
async fn a_person_sees_a_page_and_decides() {
    let stand = Stand::start().await;
    let client = client(&stand);
    let fields = [
        ("client_id", client.id.as_str()),
        ("redirect_uri", REDIRECT),
        ("response_type", "code"),
        ("scope", "openid email"),
        ("state", "s"),
    ];
    let page = stand.http.get(&client.auth_uri).query(&fields).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let page = page.text().await.unwrap();
    assert!(
        page.contains("owner@gmail.example") && page.contains("value=\"allow\""),
        "{page}"
    );

    let form = format!("{}/o/oauth2/consent", stand.google().accounts_url());
    let decide = async |more: &[(&str, &str)]| {
        let response = stand.http.get(&form).query(&fields).query(more).send().await.unwrap();
        Url::parse(response.headers()["location"].to_str().unwrap()).unwrap()
    };
    let ticked = [
        ("account", "owner@gmail.example"),
        ("granted", "openid"),
        ("decision", "allow"),
    ];
    assert_eq!(parameter(&decide(&ticked).await, "scope").unwrap(), "openid");
    assert_eq!(
        parameter(&decide(&[("decision", "deny")]).await, "error").unwrap(),
        "access_denied"
    );
}

#[rstest]
#[case::client("client_id", "nobody", 401)]
#[case::redirect("redirect_uri", "http://photos.example/", 400)]
#[case::scope("scope", "https://www.googleapis.com/auth/calendar", 400)]
#[case::response_type("response_type", "token", 400)]
#[tokio::test]
async fn a_wrong_authorization_request_ends_on_an_error_page(
    #[case] name: &str,
    #[case] value: &str,
    #[case] status: u16,
) {
    let stand = consenting().await;
    let client = client(&stand);
    let mut fields = vec![
        ("client_id", client.id.as_str()),
        ("redirect_uri", REDIRECT),
        ("response_type", "code"),
        ("scope", "openid"),
    ];
    fields.retain(|(field, _)| *field != name);
    fields.push((name, value));
    let response = stand.http.get(&client.auth_uri).query(&fields).send().await.unwrap();
    assert_eq!(response.status(), status);
    assert!(
        response.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
}

#[tokio::test]
async fn a_refresh_gives_no_new_refresh_token_and_is_counted() {
    let stand = consenting().await;
    let code = parameter(&authorize(&stand, &all_scopes()).await, "code").unwrap();
    let tokens = exchange(&stand, &code, REDIRECT, VERIFIER).await.1;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let (status, fresh) = post_token(&stand, &form).await;
    assert_eq!(status, 200);
    assert_eq!(
        keys(&fresh),
        ["access_token", "expires_in", "id_token", "scope", "token_type"]
    );
    assert_ne!(fresh["access_token"], tokens["access_token"]);
    assert_eq!(stand.google().refresh_count(), 1);

    stand.google().revoke_refresh();
    let dead = post_token(&stand, &form).await;
    assert_eq!(
        dead,
        (
            400,
            json!({ "error": "invalid_grant", "error_description": "Token has been expired or revoked." })
        )
    );
}

#[tokio::test]
async fn token_errors_have_the_headers_and_layout_of_the_captures() {
    let stand = Stand::start().await;
    let client = client(&stand);
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", "dead"),
        ("client_id", &client.id),
        ("client_secret", &client.secret),
    ];
    let response = stand.http.post(&client.token_uri).form(&form).send().await.unwrap();
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/json; charset=utf-8");
    assert_eq!(
        header("cache-control"),
        "no-cache, no-store, max-age=0, must-revalidate"
    );
    assert_eq!(header("pragma"), "no-cache");
    assert_eq!(header("server"), "scaffolding on HTTPServer2");
    let text = response.text().await.unwrap();
    assert_eq!(
        text,
        "{\n  \"error\": \"invalid_grant\",\n  \"error_description\": \"Token has been expired or revoked.\"\n}"
    );
}

#[rstest]
#[case::secret(&[("client_secret", "wrong")], 401, "invalid_client")]
#[case::client(&[("client_id", "nobody")], 401, "invalid_client")]
#[case::grant(&[("grant_type", "password")], 400, "unsupported_grant_type")]
#[case::device(&[("grant_type", "urn:ietf:params:oauth:grant-type:device_code")], 400, "unsupported_grant_type")]
#[case::missing(&[("refresh_token", "")], 400, "invalid_request")]
#[tokio::test]
async fn each_token_error_has_its_own_name(#[case] change: &[(&str, &str)], #[case] status: u16, #[case] error: &str) {
    let stand = Stand::start().await;
    let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", "dead")];
    form.retain(|(name, _)| change.iter().all(|(other, _)| name != other));
    form.extend(change);
    let (got, reply) = post_token(&stand, &form).await;
    assert_eq!((got, reply["error"].as_str().unwrap()), (status, error));
}

#[tokio::test]
async fn the_secret_may_come_in_a_basic_header() {
    let stand = consenting().await;
    let client = client(&stand);
    let code = parameter(&authorize(&stand, APPEND).await, "code").unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let request = stand
        .http
        .post(&client.token_uri)
        .basic_auth(&client.id, Some(&client.secret))
        .form(&form);
    assert_eq!(request.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn revoking_ends_the_grant() {
    let stand = Stand::start().await;
    let revoke = format!("{}/revoke", stand.google().oauth2_url());
    let post = async || {
        json_of(
            stand
                .http
                .post(&revoke)
                .form(&[("token", &stand.token)])
                .send()
                .await
                .unwrap(),
        )
        .await
    };
    assert_eq!(post().await, (200, json!({})));
    assert_eq!(stand.get("/v1/albums").await.0, 401);
    assert_eq!(post().await, (400, json!({ "error": "invalid_token" })));
}

#[tokio::test]
async fn an_access_token_lives_an_hour() {
    let stand = Stand::start().await;
    stand.advance(3599);
    assert_eq!(stand.get("/v1/albums").await, (200, json!({})));
    stand.advance(1);
    let response = stand.request(Method::GET, "/v1/albums").send().await.unwrap();
    let challenge = response.headers()["www-authenticate"].to_str().unwrap().to_owned();
    assert_eq!(
        challenge,
        "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\""
    );
    assert_eq!(response.headers()["server"], "ESF");
    let (status, reply) = json_of(response).await;
    assert_eq!((status, &reply["error"]["status"]), (401, &json!("UNAUTHENTICATED")));
}

#[tokio::test]
async fn too_few_scopes_are_named_per_method() {
    let stand = Stand::start().await;
    let reader = stand.google().access_token(&[READ]);
    let url = stand.google().library_url();
    let request = stand
        .http
        .post(format!("{url}/v1/albums"))
        .bearer_auth(&reader)
        .json(&json!({ "album": { "title": "x" } }));
    let (status, reply) = json_of(request.send().await.unwrap()).await;
    assert_eq!(status, 403);
    assert_eq!(
        reply,
        json!({ "error": {
            "code": 403, "message": "Request had insufficient authentication scopes.", "status": "PERMISSION_DENIED",
            "details": [{
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "domain": "googleapis.com",
                "metadata": {
                    "service": "photoslibrary.googleapis.com",
                    "method": "google.photos.library.v1.PhotosLibrary.CreateAlbum",
                },
            }],
        } })
    );
    // The removed scopes may be granted, and suffice for nothing.
    let removed = stand
        .google()
        .access_token(&["https://www.googleapis.com/auth/photoslibrary"]);
    let (status, reply) = json_of(
        stand
            .http
            .get(format!("{url}/v1/mediaItems"))
            .bearer_auth(&removed)
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(
        (status, message(&reply)),
        (403, "Request had insufficient authentication scopes.")
    );
}

#[tokio::test]
async fn the_written_token_file_works_and_says_who_it_is() {
    let stand = Stand::start().await;
    let dir = tempfile::tempdir().unwrap();
    let (_, token_path) = stand.google().write_credentials(dir.path()).unwrap();
    let token: Value = serde_json::from_str(&std::fs::read_to_string(&token_path).unwrap()).unwrap();
    assert_eq!(token["account"]["email"], "owner@gmail.example");
    assert_eq!(token["expires_at"], "2026-06-15T19:59:59Z");
    let bearer = token["access_token"].as_str().unwrap();
    let url = format!("{}/v1/albums", stand.google().library_url());
    assert_eq!(
        stand.http.get(url).bearer_auth(bearer).send().await.unwrap().status(),
        200
    );
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", token["refresh_token"].as_str().unwrap()),
    ];
    assert_eq!(post_token(&stand, &form).await.0, 200);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(
            std::fs::metadata(token_path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}

#[tokio::test]
async fn the_openid_configuration_names_the_stand_ins_own_addresses() {
    let stand = Stand::start().await;
    let url = format!("{}/.well-known/openid-configuration", stand.google().accounts_url());
    let (status, document) = json_of(stand.http.get(url).send().await.unwrap()).await;
    assert_eq!(status, 200);
    assert_eq!(
        document["userinfo_endpoint"],
        format!("{}/v1/userinfo", stand.google().userinfo_url())
    );
    assert_eq!(document["token_endpoint"], client(&stand).token_uri);
}
