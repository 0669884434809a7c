//! The files of somebody who has already signed in: the client's secret and a token.

use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::control::Person;
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
    let client_path = write_client(google)?;
    let token_path = issue(google, Person::Same, Some(&dir.join(TOKEN_FILE)))?;
    Ok((client_path, token_path))
}

/// Writes the file of the OAuth client as it is now.
pub(super) fn write_client(google: &Google) -> Result<PathBuf, SimError> {
    let path = google.state_dir.join(CLIENT_FILE);
    let client = {
        let world = google.world();
        json!({
            "installed": {
                "client_id": world.client.id,
                "project_id": world.client.project,
                "auth_uri": format!("{}/o/oauth2/auth", google.urls.accounts),
                "token_uri": token_uri(google),
                "auth_provider_x509_cert_url": format!("{}/oauth2/v1/certs", google.urls.accounts),
                "client_secret": world.client.secret,
                "redirect_uris": ["http://localhost"],
            }
        })
    };
    write_document(&path, &client)?;
    Ok(path)
}

/// Signs a person in and writes the token to `path`; if there is none, over the file of the start.
pub(super) fn issue(google: &Google, person: Person, path: Option<&Path>) -> Result<PathBuf, SimError> {
    let path = path.map_or_else(|| google.state_dir.join(TOKEN_FILE), Path::to_owned);
    let (now, switches) = (google.now(), google.switches());
    let token = {
        let world = &mut *google.world();
        let account = world.account_of(person);
        let tokens = sign_in(world, now, &switches, account, scopes::photomove(), true);
        let expires_at = now
            .saturating_add(SignedDuration::from_secs(tokens.expires_in))
            .unwrap_or(now);
        let ends = tokens
            .refresh_token_expires_in
            .and_then(|life| now.saturating_add(SignedDuration::from_secs(life)).ok());
        let account = &world.accounts[account];
        json!({
            "version": 1,
            "client_id": world.client.id,
            "token_uri": token_uri(google),
            "scopes": [scopes::APPEND, scopes::READ, scopes::EDIT, scopes::OPENID, "email"],
            "access_token": tokens.access_token,
            "refresh_token": tokens.refresh_token,
            "token_type": tokens.token_type,
            "expires_at": expires_at.to_string(),
            "refresh_expires_at": ends.map(|at| at.to_string()),
            "id_token": tokens.id_token,
            "account": { "sub": account.sub, "email": account.email },
        })
    };
    write_document(&path, &token)?;
    Ok(path)
}

fn token_uri(google: &Google) -> String {
    format!("{}/token", google.urls.oauth2)
}

fn write_document(path: &Path, document: &Value) -> Result<(), SimError> {
    write_private(path, &format!("{document:#}\n")).map_err(|source| SimError::io("write", path, source))
}
