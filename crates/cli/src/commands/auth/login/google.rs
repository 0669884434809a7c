//! Signing in to Google Photos.

use photomove_core::{Account, Result};

use super::LoginArgs;
use crate::providers::Accounts;

pub(super) async fn login(_accounts: &Accounts<'_>, _args: &LoginArgs, _name: &str) -> Result<Account> {
    Err(photomove_core::Error::new(photomove_core::ErrorKind::Internal, "stub"))
}
