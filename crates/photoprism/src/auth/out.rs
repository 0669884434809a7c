//! Signing out.

use photomove_core::{CredentialKey, CredentialStore, ErrorKind, Result};
use photomove_http::HttpEnv;

use super::kept::KeptSignIn;
use super::{PhotoPrismAuth, SignIn};
use crate::client::PhotoPrismClient;

/// Ends a kept sign-in: the session at the server, then what is kept. Says whether there was one.
///
/// A session that the server knows no longer is forgotten all the same. An app password is forgotten here and stays valid
/// at the server, where its owner may use it elsewhere too.
///
/// # Errors
/// When the server cannot be asked; the sign-in is kept then, so that it can be tried again.
pub async fn sign_out(env: &HttpEnv, store: &dyn CredentialStore, key: &CredentialKey) -> Result<bool> {
    let Some(text) = store.load(key).await? else {
        return Ok(false);
    };
    // What cannot be read cannot be ended, and is forgotten like anything else.
    if let Ok(kept) = KeptSignIn::from_credential(&text)
        && let Some(session) = &kept.session
        && !matches!(kept.sign_in, SignIn::AppPassword { .. } | SignIn::Public)
    {
        // The token alone: with a password at hand, a session that is over would be opened once more to be ended.
        let token = SignIn::AppPassword {
            password: session.token.clone(),
        };
        let client = PhotoPrismClient::new(&kept.config(), env, PhotoPrismAuth::new(token))?;
        let ended = match kept.sign_in {
            SignIn::Client { .. } => client.revoke().await,
            _ => client.delete_session().await,
        };
        match ended {
            Err(error) if !matches!(error.kind(), ErrorKind::Auth(_)) => return Err(error),
            _ => {}
        }
    }
    store.remove(key).await
}
