//! Documents by which OAuth clients find their addresses.

use serde_json::{Value, json};

use super::super::access::Resource;
use super::super::reply::{Answer, Reply};
use super::super::request::Call;
use super::super::world::World;

pub(super) fn oauth(_: &mut World, call: &Call) -> Answer {
    Ok(Reply::ok(&document(call)))
}

pub(super) fn openid(_: &mut World, call: &Call) -> Answer {
    let mut document = document(call);
    document["userinfo_endpoint"] = format!("{}/api/v1/oauth/userinfo", call.site).into();
    document["jwks_uri"] = "".into();
    document["id_token_signing_alg_values_supported"] = json!([]);
    Ok(Reply::ok(&document))
}

fn document(call: &Call) -> Value {
    let at = |path: &str| format!("{}/api/v1/oauth/{path}", call.site);
    json!({
        "issuer": format!("{}/", call.site),
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "registration_endpoint": "",
        "response_types_supported": ["token"],
        "response_modes_supported": [],
        "grant_types_supported": ["client_credentials"],
        "subject_types_supported": [],
        "scopes_supported": Resource::ALL.map(Resource::as_str),
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "claims_supported": [],
        "code_challenge_methods_supported": [],
        "introspection_endpoint": "",
        "introspection_endpoint_auth_methods_supported": [],
        "revocation_endpoint": at("revoke"),
        "revocation_endpoint_auth_methods_supported": ["none"],
        "end_session_endpoint": "",
        "request_parameter_supported": false,
        "request_object_signing_alg_values_supported": [],
        "device_authorization_endpoint": "",
        "dpop_signing_alg_values_supported": [],
    })
}
