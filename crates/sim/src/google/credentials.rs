//! The files of somebody who has already signed in: the client's secret and a token.

use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use serde_json::json;

use crate::error::SimError;
use crate::files::write_private;

use super::identity::sign_in;
use super::scopes;
use super::service::Google;

/// Name of the file with the OAuth client.
const CLIENT_FILE: &str = "google-client-secret.json";
/// Name of the file with the token.
const TOKEN_FILE: &str = "google-token.json";

/// Writes both files, signing the first account in with every scope that photomove asks for.
pub(super) fn write(google: &Google, dir: &Path) -> Result<(PathBuf, PathBuf), SimError> {
    std::fs::create_dir_all(dir).map_err(|source| SimError::io("create", dir, source))?;
    let (client_path, token_path) = (dir.join(CLIENT_FILE), dir.join(TOKEN_FILE));
    let (now, switches) = (google.now(), google.switches());
    let token_uri = format!("{}/token", google.urls.oauth2);
    let mut world = google.world();
    let tokens = sign_in(&mut world, now, &switches, 0, scopes::photomove(), true);
    let client = json!({
        "installed": {
            "client_id": world.client.id,
            "project_id": world.client.project,
            "auth_uri": format!("{}/o/oauth2/auth", google.urls.accounts),
            "token_uri": token_uri,
            "auth_provider_x509_cert_url": format!("{}/oauth2/v1/certs", google.urls.accounts),
            "client_secret": world.client.secret,
            "redirect_uris": ["http://localhost"],
        }
    });
    let expires_at = now
        .saturating_add(SignedDuration::from_secs(tokens.expires_in))
        .unwrap_or(now);
    let account = &world.accounts[0];
    let token = json!({
        "version": 1,
        "client_id": world.client.id,
        "token_uri": token_uri,
        "scopes": [scopes::APPEND, scopes::READ, scopes::EDIT, scopes::OPENID, "email"],
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "token_type": tokens.token_type,
        "expires_at": expires_at.to_string(),
        "id_token": tokens.id_token,
        "account": { "sub": account.sub, "email": account.email },
    });
    drop(world);
    for (path, document) in [(&client_path, client), (&token_path, token)] {
        write_private(path, &format!("{document:#}\n")).map_err(|source| SimError::io("write", path, source))?;
    }
    Ok((client_path, token_path))
}
