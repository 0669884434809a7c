//! The address of a server of one's own: what people type or copy from their browser, brought to one form.

use photomove_core::{Error, ErrorKind, Result};
use url::Url;

/// Reads the address of a server; what its own pages add behind it is left out. It ends with a slash.
///
/// # Errors
/// [`ErrorKind::Config`] if it is no address, or holds a user name or password.
pub(crate) fn server(text: &str) -> Result<Url> {
    let wrong = |message: &str, hint: &str| Error::new(ErrorKind::Config, message).hint(hint);
    // The text itself is left out: it may hold a password.
    let mut url = Url::parse(text.trim())
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| {
            wrong(
                "the address of the server must begin with `https://`",
                "write it as the browser shows it, such as `https://photos.example` or `https://photos.example:8443/base`",
            )
        })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong(
            "an endpoint's address must not hold a user name or password",
            "sign in with `photomove auth login photoprism` instead",
        ));
    }
    url.set_query(None);
    url.set_fragment(None);
    #[cfg(feature = "photoprism")]
    // Whether plain `http://` will do is asked where somebody signs in.
    let url = photomove_photoprism::PhotoPrismConfig::new(url)
        .with_plain_http(true)
        .site()?;
    Ok(url)
}

/// Shows such an address as people type it: without the last slash.
pub(crate) fn shown(server: &Url) -> &str {
    server.as_str().trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "photoprism")]
    fn what_a_browser_shows_leads_to_the_server() {
        for (typed, meant) in [
            ("https://photos.example", "https://photos.example"),
            ("https://Photos.example:443/", "https://photos.example"),
            ("https://h:8443/base/", "https://h:8443/base"),
            ("https://h/library/albums?view=cards#x", "https://h"),
            ("https://h/a/b/library/browse", "https://h/a/b"),
            ("https://h/base/api/v1", "https://h/base"),
            ("http://nas.local:2342", "http://nas.local:2342"),
            (" http://127.0.0.1:2342 ", "http://127.0.0.1:2342"),
            ("http://localhost:2342/library/login", "http://localhost:2342"),
        ] {
            let url = server(typed).unwrap();
            assert_eq!(shown(&url), meant, "{typed}");
            assert!(url.path().ends_with('/'));
        }
    }

    #[test]
    fn what_would_give_secrets_away_is_refused() {
        for (typed, part) in [
            ("photos.example", "must begin with `https://`"),
            ("ftp://photos.example", "must begin with `https://`"),
            ("https://", "must begin with `https://`"),
            (
                "https://me:hush@photos.example",
                "must not hold a user name or password",
            ),
        ] {
            let error = server(typed).unwrap_err();
            assert!(error.to_string().contains(part), "{typed}: {error}");
            assert!(
                error.hint_text().is_some() && !format!("{error:?}").contains("hush"),
                "{typed}"
            );
        }
    }
}
