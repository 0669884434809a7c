//! Settings of the provider. Cookies are not among them: they are credentials.

use std::fmt;

use photomove_core::{Error, ErrorKind, Operation, Result};
use photomove_http::{Origin, OriginRule};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::auth::{Marketplace, Region};

/// Most nodes that the service gives at once (*observed*).
pub const PAGE_SIZE_MAX: u16 = 200;

/// Settings; every one has a default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct AmazonConfig {
    /// Shop that the account belongs to; `None` = told by the cookies' names.
    pub marketplace: Option<Marketplace>,
    /// Addresses to use instead of the marketplace's own.
    pub endpoints: Endpoints,
    /// Nodes per page, 1 to 200.
    pub page_size: u16,
    /// Downloads in flight, 1 or more.
    pub downloads: u16,
    /// Metadata requests per second, 1 or more.
    pub requests_per_second: u16,
}

impl Default for AmazonConfig {
    fn default() -> Self {
        Self {
            marketplace: None,
            endpoints: Endpoints::default(),
            page_size: PAGE_SIZE_MAX,
            // What clients that lived with the service do; faster ones reported refusals.
            downloads: 4,
            requests_per_second: 5,
        }
    }
}

impl AmazonConfig {
    /// Names the shop.
    #[must_use]
    pub fn with_marketplace(mut self, marketplace: Marketplace) -> Self {
        self.marketplace = Some(marketplace);
        self
    }

    /// Replaces addresses.
    #[must_use]
    pub fn with_endpoints(mut self, endpoints: Endpoints) -> Self {
        self.endpoints = endpoints;
        self
    }

    /// Sets the number of nodes per page, 1 to 200.
    #[must_use]
    pub fn with_page_size(mut self, nodes: u16) -> Self {
        self.page_size = nodes;
        self
    }

    /// Returns the addresses that are asked for an account of this shop.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if one of those that were set cannot be used.
    pub fn addresses(&self, marketplace: Marketplace) -> Result<Vec<Url>> {
        Ok(Hosts::new(marketplace, &self.endpoints)?.origins())
    }

    pub(crate) fn check(&self) -> Result<()> {
        let wrong = |setting: &'static str, range: &str| {
            Err(
                Error::new(ErrorKind::Config, format!("setting `{setting}` must be {range}"))
                    .provider(crate::KIND)
                    .operation(Operation::Settings),
            )
        };
        if !(1..=PAGE_SIZE_MAX).contains(&self.page_size) {
            return wrong("page_size", "from 1 to 200");
        }
        if self.downloads == 0 {
            return wrong("downloads", "at least 1");
        }
        if self.requests_per_second == 0 {
            return wrong("requests_per_second", "at least 1");
        }
        Ok(())
    }
}

/// Base addresses, one per role of a host; `None` = the marketplace's own.
///
/// Cookies are sent to the origins of these addresses, so they must be the service's or a stand-in's.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Endpoints {
    /// Metadata, pages and the token helper; `https://www.amazon.<domain>`.
    pub metadata: Option<Url>,
    /// Classic content host; `https://content-<region>.drive.amazonaws.com`.
    pub content: Option<Url>,
    /// Signed downloads; `https://download-photos.amazon.<domain>`.
    pub download: Option<Url>,
    /// Thumbnails; `https://thumbnails-photos.amazon.<domain>`.
    pub thumbnail: Option<Url>,
}

impl fmt::Debug for Endpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A user name or a query in an address may be a secret.
        let shown = |url: &Option<Url>| url.as_ref().map(photomove_http::redact::url);
        f.debug_struct("Endpoints")
            .field("metadata", &shown(&self.metadata))
            .field("content", &shown(&self.content))
            .field("download", &shown(&self.download))
            .field("thumbnail", &shown(&self.thumbnail))
            .finish()
    }
}

/// The addresses in use.
#[derive(Debug, Clone)]
pub(crate) struct Hosts {
    pub(crate) metadata: Url,
    /// `None` where the marketplace's region is not known.
    pub(crate) content: Option<Url>,
    pub(crate) download: Url,
    pub(crate) thumbnail: Url,
    domain: &'static str,
}

impl Hosts {
    pub(crate) fn new(marketplace: Marketplace, endpoints: &Endpoints) -> Result<Self> {
        let domain = marketplace.domain();
        let or = |given: &Option<Url>, name, own: String| match given {
            Some(url) => base(name, url),
            None => base(name, &own.parse().map_err(|_| unusable(name))?),
        };
        let content = match (&endpoints.content, marketplace.region().map(Region::code)) {
            (None, None) => None,
            (given, region) => {
                let own = format!("https://content-{}.drive.amazonaws.com", region.unwrap_or_default());
                Some(or(given, "content", own)?)
            }
        };
        Ok(Self {
            metadata: or(&endpoints.metadata, "metadata", format!("https://www.{domain}"))?,
            content,
            download: or(
                &endpoints.download,
                "download",
                format!("https://download-photos.{domain}"),
            )?,
            thumbnail: or(
                &endpoints.thumbnail,
                "thumbnail",
                format!("https://thumbnails-photos.{domain}"),
            )?,
            domain,
        })
    }

    /// Where cookies may go: the shop's own hosts, the content hosts of all regions, and what the settings name.
    pub(crate) fn credential_rules(&self) -> Vec<OriginRule> {
        let named = [
            Some(&self.metadata),
            self.content.as_ref(),
            Some(&self.download),
            Some(&self.thumbnail),
        ];
        let mut rules: Vec<OriginRule> = named
            .into_iter()
            .flatten()
            .map(|url| OriginRule::Exact(Origin::of(url)))
            .collect();
        rules.push(OriginRule::HostSuffix {
            suffix: format!(".{}", self.domain),
        });
        rules.push(OriginRule::HostPattern {
            prefix: "content-".into(),
            suffix: ".drive.amazonaws.com".into(),
        });
        rules
    }

    /// The origins, for [`photomove_core::ProviderInfo`].
    pub(crate) fn origins(&self) -> Vec<Url> {
        let mut all = vec![self.metadata.clone(), self.download.clone(), self.thumbnail.clone()];
        all.extend(self.content.clone());
        all
    }
}

/// Checks an address and makes joining below its path work.
fn base(name: &'static str, url: &Url) -> Result<Url> {
    let usable = matches!(url.scheme(), "https" | "http")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none();
    if !usable {
        return Err(unusable(name));
    }
    let mut url = url.clone();
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

fn unusable(name: &'static str) -> Error {
    Error::new(
        ErrorKind::Config,
        format!("the {name} address of Amazon Photos must be `https://host[:port][/path]`"),
    )
    .provider(crate::KIND)
    .operation(Operation::Settings)
    .hint(format!("correct the setting `endpoints.{name}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(marketplace: &str, endpoints: &Endpoints) -> Hosts {
        Hosts::new(marketplace.parse().unwrap(), endpoints).unwrap()
    }

    #[test]
    fn addresses_follow_from_the_marketplace() {
        let german = hosts("amazon.de", &Endpoints::default());
        assert_eq!(german.metadata.as_str(), "https://www.amazon.de/");
        assert_eq!(
            german.content.unwrap().as_str(),
            "https://content-eu.drive.amazonaws.com/"
        );
        assert_eq!(german.download.as_str(), "https://download-photos.amazon.de/");
        assert_eq!(german.thumbnail.as_str(), "https://thumbnails-photos.amazon.de/");
        assert!(hosts("amazon.com.br", &Endpoints::default()).content.is_none());
    }

    #[test]
    fn cookies_go_to_the_shop_the_content_hosts_and_configured_origins_only() {
        let endpoints = Endpoints {
            download: Some("http://127.0.0.1:9/d".parse().unwrap()),
            ..Endpoints::default()
        };
        let rules = hosts("amazon.de", &endpoints).credential_rules();
        let allowed = |url: &str| rules.iter().any(|rule| rule.allows(&Origin::of(&url.parse().unwrap())));
        for url in [
            "https://www.amazon.de/drive/v1/nodes",
            "https://download-photos.amazon.de/x",
            "https://content-na.drive.amazonaws.com/x",
            "http://127.0.0.1:9/other",
        ] {
            assert!(allowed(url), "{url}");
        }
        for url in [
            "https://www.amazon.com/",
            "https://bucket.s3.amazonaws.com/",
            "https://www.amazon.de.evil.example/",
            "http://www.amazon.de/",
            "http://127.0.0.1:10/",
        ] {
            assert!(!allowed(url), "{url}");
        }
    }

    #[test]
    fn an_unusable_address_names_its_setting() {
        let endpoints = Endpoints {
            metadata: Some("https://me:pw@h/".parse().unwrap()),
            ..Endpoints::default()
        };
        let error = Hosts::new("de".parse().unwrap(), &endpoints).unwrap_err();
        assert_eq!(error.hint_text(), Some("correct the setting `endpoints.metadata`"));
        assert!(!format!("{error:?} {endpoints:?}").contains("pw"));
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        assert!(AmazonConfig::default().check().is_ok());
        assert!(AmazonConfig::default().with_page_size(201).check().is_err());
        assert!(AmazonConfig::default().with_page_size(0).check().is_err());
    }

    #[test]
    fn settings_come_from_text() {
        let config: AmazonConfig =
            serde_json::from_str(r#"{"marketplace": "amazon.co.uk", "endpoints": {"content": "http://127.0.0.1:1"}}"#)
                .unwrap();
        assert_eq!(config.marketplace.unwrap().suffix(), "acbuk");
        assert!(serde_json::from_str::<AmazonConfig>(r#"{"markteplace": "amazon.de"}"#).is_err());
    }
}
