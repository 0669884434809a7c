//! Where the server is and how it is asked.

use photomove_core::{Error, ErrorKind, Operation, Result};
use photomove_http::{Origin, OriginRule};
use serde::{Deserialize, Serialize};
use url::Url;

/// Process calls at once: more gain nothing, each only takes longer (*observed*: reference 4.1, recording
/// `performance.json`).
pub const PROCESSES: u16 = 2;
const UPLOADS: u16 = 3;
const DOWNLOADS: u16 = 4;

/// Settings of the PhotoPrism provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PhotoPrismConfig {
    /// Root of the site, with its base path if it has one, without `/api/v1`: `https://photos.example.org/prism`.
    pub url: Url,
    /// What the program calls itself, instead of the name of the whole program.
    #[serde(default)]
    pub user_agent: Option<String>,
    /// Whether the sign-in may be sent by plain `http://` to another machine, where anybody on the way can read it. For
    /// servers in one's own network; this very machine is always allowed.
    #[serde(default)]
    pub plain_http: bool,
    /// Whose uploads they are (`u…`), for sign-ins that may not ask: app passwords and clients without scope `sessions`.
    #[serde(default)]
    pub user_uid: Option<String>,
    /// Uploads processed at once, 1 or 2 (see [`PROCESSES`]).
    #[serde(default = "processes")]
    pub processes: u16,
    /// Files sent at once.
    #[serde(default = "uploads")]
    pub uploads: u16,
    /// Files fetched at once.
    #[serde(default = "downloads")]
    pub downloads: u16,
}

fn processes() -> u16 {
    PROCESSES
}

fn uploads() -> u16 {
    UPLOADS
}

fn downloads() -> u16 {
    DOWNLOADS
}

impl PhotoPrismConfig {
    /// Settings for the server at `url`, all else as usual.
    pub fn new(url: Url) -> Self {
        Self {
            url,
            user_agent: None,
            plain_http: false,
            user_uid: None,
            processes: PROCESSES,
            uploads: UPLOADS,
            downloads: DOWNLOADS,
        }
    }

    /// Sets what the program calls itself.
    #[must_use]
    pub fn with_user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = Some(user_agent.into());
        self
    }

    /// Allows plain `http://` to another machine.
    #[must_use]
    pub fn with_plain_http(mut self, allowed: bool) -> Self {
        self.plain_http = allowed;
        self
    }

    /// Says whose uploads they are.
    #[must_use]
    pub fn with_user_uid(mut self, uid: impl Into<String>) -> Self {
        self.user_uid = Some(uid.into());
        self
    }

    /// Sets how many uploads are processed at once.
    #[must_use]
    pub fn with_processes(mut self, processes: u16) -> Self {
        self.processes = processes;
        self
    }

    /// Sets how many files are sent at once.
    #[must_use]
    pub fn with_uploads(mut self, uploads: u16) -> Self {
        self.uploads = uploads;
        self
    }

    /// Sets how many files are fetched at once.
    #[must_use]
    pub fn with_downloads(mut self, downloads: u16) -> Self {
        self.downloads = downloads;
        self
    }

    /// Returns the address of the site as it is used, always ending in `/`: what a person copies from a browser
    /// (`…/library/browse?…`) or from the documentation of the interface (`…/api/v1`) is cut down to the root.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the address is none of the web, holds a password, or is plain `http://` to another
    /// machine without [`PhotoPrismConfig::plain_http`].
    pub fn site(&self) -> Result<Url> {
        let wrong = |message: &str, hint: &str| {
            Error::new(ErrorKind::Config, message)
                .provider(crate::KIND)
                .operation(Operation::Connect)
                .hint(hint)
        };
        let mut url = self.url.clone();
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(wrong(
                "the server's address must begin with `https://` or `http://`",
                "give it as your browser shows it, such as `https://photos.example.org`",
            ));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong(
                "the server's address holds a user name or password",
                "give the address alone and sign in with `photomove auth login photoprism`",
            ));
        }
        url.set_query(None);
        url.set_fragment(None);
        let path = root_path(url.path());
        url.set_path(&path);
        let origin = Origin::of(&url);
        if !origin.is_private() && !self.plain_http {
            return Err(wrong(
                &format!(
                    "by `http://` anybody on the way to {} could read the password",
                    origin.host
                ),
                "use `https://`; for a server in your own network, allow it with the setting `plain_http = true`",
            ));
        }
        Ok(url)
    }

    /// Returns the rule by which the sign-in is sent to this site only.
    pub(crate) fn origin_rule(&self, site: &Url) -> OriginRule {
        let origin = Origin::of(site);
        if self.plain_http {
            OriginRule::ExactOpenly(origin)
        } else {
            OriginRule::Exact(origin)
        }
    }
}

/// Cuts what belongs to pages and to the interface off a path.
fn root_path(path: &str) -> String {
    let mut segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let own = |segment: &&str| matches!(*segment, "library" | "api");
    if let Some(from) = segments.iter().rposition(own) {
        let is_api = segments[from] == "api" && segments.get(from + 1).is_some_and(|next| *next == "v1");
        // A base path may be called `library` too; the site's own pages are never its first and only segment twice.
        if is_api || segments[from] == "library" {
            segments.truncate(from);
        }
    }
    let mut root = String::from("/");
    for segment in segments {
        root.push_str(segment);
        root.push('/');
    }
    root
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn config(url: &str) -> PhotoPrismConfig {
        PhotoPrismConfig::new(Url::parse(url).unwrap())
    }

    #[rstest]
    #[case("https://a.example", "https://a.example/")]
    #[case("https://a.example/prism", "https://a.example/prism/")]
    #[case("https://a.example/prism/", "https://a.example/prism/")]
    #[case("https://a.example/prism/api/v1/", "https://a.example/prism/")]
    #[case("https://a.example/library/browse?view=cards#x", "https://a.example/")]
    #[case("https://a.example/library/login", "https://a.example/")]
    #[case("https://a.example/api", "https://a.example/api/")]
    #[case("http://127.0.0.1:2342", "http://127.0.0.1:2342/")]
    fn addresses_are_cut_down_to_the_root(#[case] given: &str, #[case] root: &str) {
        assert_eq!(config(given).site().unwrap().as_str(), root);
    }

    #[rstest]
    #[case("ftp://a.example", "must begin with")]
    #[case("https://me:secret@a.example", "holds a user name")]
    #[case("http://nas.example:2342", "anybody on the way")]
    fn unusable_addresses_are_refused_without_their_secrets(#[case] given: &str, #[case] says: &str) {
        let error = config(given).site().unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Config);
        assert!(
            error.to_string().contains(says) && !format!("{error:?}").contains("secret"),
            "{error:?}"
        );
        assert!(error.hint_text().is_some());
    }

    #[test]
    fn plain_http_to_another_machine_must_be_allowed() {
        let config = config("http://nas.example:2342").with_plain_http(true);
        let site = config.site().unwrap();
        assert!(config.origin_rule(&site).allows(&Origin::of(&site)));
    }

    #[test]
    fn settings_are_read_from_text_and_unknown_ones_are_told() {
        let config: PhotoPrismConfig = serde_json::from_str(r#"{"url": "http://127.0.0.1:9"}"#).unwrap();
        assert_eq!((config.processes, config.plain_http), (PROCESSES, false));
        assert!(serde_json::from_str::<PhotoPrismConfig>(r#"{"url": "http://127.0.0.1:9", "plain": true}"#).is_err());
    }
}
