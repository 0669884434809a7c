//! Which proxy the environment and the system name.

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use crate::Origin;

/// Returns the proxy through which an address is reached, as scheme, host and port; `None` = none. Never with a user name or
/// a password, whatever the environment holds.
///
/// This is what [`crate::Http`] does: proxies from `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and the system's settings, none
/// for hosts of `NO_PROXY` and none for this very machine.
pub fn proxy_for(url: &Url) -> Option<String> {
    if Origin::of(url).is_loopback() {
        return None;
    }
    let uri: Uri = url.as_str().parse().ok()?;
    let proxy = Matcher::from_system().intercept(&uri)?;
    let address = proxy.uri();
    let port = address.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!(
        "{}://{}{port}",
        address.scheme_str().unwrap_or("http"),
        address.host().unwrap_or_default()
    ))
}
