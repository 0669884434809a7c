//! Signing in: password with passcode, app password, OAuth2 client, or a server that asks nobody.

mod kept;
mod login;
mod out;
mod passcode;
mod session;

pub use kept::{KeptAccount, KeptSession, KeptSignIn, SignIn};
pub(crate) use login::join;
pub use login::{SignedIn, sign_in};
pub use out::sign_out;
pub use session::{Account, PhotoPrismAuth};

pub(crate) use session::{MediaTokens, SignedSession};
