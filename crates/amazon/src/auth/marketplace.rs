//! Marketplaces: which cookie suffix belongs to which web domain and which content region.

use std::fmt;
use std::str::FromStr;

use photomove_core::{Error, ErrorKind, Operation, Result};
use serde::{Deserialize, Serialize};

/// Where the content hosts of a marketplace stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Region {
    /// `content-na.drive.amazonaws.com`.
    NorthAmerica,
    /// `content-eu.drive.amazonaws.com`.
    Europe,
    /// `content-jp.drive.amazonaws.com`; seen in one client only.
    Japan,
}

impl Region {
    /// Returns the part of the host name that stands for the region, such as `eu`.
    pub fn code(self) -> &'static str {
        match self {
            Self::NorthAmerica => "na",
            Self::Europe => "eu",
            Self::Japan => "jp",
        }
    }
}

/// One of Amazon's national shops; an account's cookies work at its own only.
///
/// Parses from a domain (`amazon.de`, `www.amazon.de`), a domain's end (`de`, `co.uk`) or a cookie suffix (`acbde`),
/// and displays as the domain.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Marketplace(&'static Row);

#[derive(Debug, PartialEq, Eq)]
struct Row {
    suffix: &'static str,
    domain: &'static str,
    region: Option<Region>,
}

const fn row(suffix: &'static str, domain: &'static str, region: Option<Region>) -> Row {
    Row { suffix, domain, region }
}

const NA: Option<Region> = Some(Region::NorthAmerica);
const EU: Option<Region> = Some(Region::Europe);
const JP: Option<Region> = Some(Region::Japan);

/// *Observed*: the first eight by clients that worked there, the others inferred from the pattern. Where no region is
/// known, content addresses must come from the settings or from the service's own redirects.
static TABLE: [Row; 22] = [
    row("main", "amazon.com", NA),
    row("acbca", "amazon.ca", NA),
    row("acbde", "amazon.de", EU),
    row("acbfr", "amazon.fr", EU),
    row("acbit", "amazon.it", EU),
    row("acbes", "amazon.es", EU),
    row("acbuk", "amazon.co.uk", EU),
    row("acbjp", "amazon.co.jp", JP),
    row("acbau", "amazon.com.au", None),
    row("acbbr", "amazon.com.br", None),
    row("acbmx", "amazon.com.mx", None),
    row("acbtr", "amazon.com.tr", None),
    row("acbbe", "amazon.com.be", None),
    row("acbnl", "amazon.nl", EU),
    row("acbse", "amazon.se", EU),
    row("acbpl", "amazon.pl", EU),
    row("acbie", "amazon.ie", EU),
    row("acbin", "amazon.in", None),
    row("acbsg", "amazon.sg", None),
    row("acbae", "amazon.ae", None),
    row("acbsa", "amazon.sa", None),
    row("acbeg", "amazon.eg", None),
];

impl Marketplace {
    /// Lists all that are known.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(Self)
    }

    /// Returns the one whose cookies end in `suffix`, such as `acbde` of `at-acbde`.
    pub fn from_suffix(suffix: &str) -> Option<Self> {
        Self::all().find(|marketplace| marketplace.0.suffix == suffix)
    }

    /// Returns the one that a host belongs to, such as `www.amazon.de` or `thumbnails-photos.amazon.de`.
    pub fn of_host(host: &str) -> Option<Self> {
        Self::all().find(|marketplace| {
            let before = host.strip_suffix(marketplace.0.domain);
            before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
        })
    }

    /// Returns the web domain, such as `amazon.de`.
    pub fn domain(self) -> &'static str {
        self.0.domain
    }

    /// Returns what its cookie names end in, such as `acbde`.
    pub fn suffix(self) -> &'static str {
        self.0.suffix
    }

    /// Returns where its content hosts stand, where that is known.
    pub fn region(self) -> Option<Region> {
        self.0.region
    }
}

impl fmt::Debug for Marketplace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Marketplace({})", self.domain())
    }
}

impl fmt::Display for Marketplace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.domain())
    }
}

impl FromStr for Marketplace {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wanted = text.trim().to_ascii_lowercase();
        let bare = wanted.strip_prefix("https://").unwrap_or(&wanted).trim_end_matches('/');
        let bare = bare.strip_prefix("www.").unwrap_or(bare);
        let found = Self::all().find(|marketplace| {
            let domain = marketplace.domain();
            bare == domain || bare == marketplace.suffix() || domain.strip_prefix("amazon.") == Some(bare)
        });
        // What people type for the two domains that differ from their country code.
        let found = found.or_else(|| match bare {
            "uk" | "amazon.uk" => Self::from_suffix("acbuk"),
            "us" | "amazon.us" => Self::from_suffix("main"),
            "jp" | "amazon.jp" => Self::from_suffix("acbjp"),
            _ => None,
        });
        found.ok_or_else(|| unknown(&format!("unknown Amazon marketplace `{}`", text.trim().escape_debug())))
    }
}

/// The error for a marketplace that the table does not hold.
pub(crate) fn unknown(message: &str) -> Error {
    let known: Vec<&str> = Marketplace::all().map(Marketplace::domain).collect();
    Error::new(ErrorKind::Config, message)
        .provider(crate::KIND)
        .operation(Operation::Settings)
        .hint(format!(
            "name the shop with `--marketplace DOMAIN` or the setting `marketplace`; known: {}",
            known.join(", ")
        ))
}

impl TryFrom<String> for Marketplace {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Marketplace> for String {
    fn from(marketplace: Marketplace) -> Self {
        marketplace.domain().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_that_are_no_country_code_come_out_right() {
        let domain = |suffix| Marketplace::from_suffix(suffix).map(Marketplace::domain);
        assert_eq!(domain("acbuk"), Some("amazon.co.uk"));
        assert_eq!(domain("acbjp"), Some("amazon.co.jp"));
        assert_eq!(domain("main"), Some("amazon.com"));
        assert_eq!(domain("acbxx"), None);
    }

    #[test]
    fn people_may_write_it_in_several_ways() {
        for text in [
            "amazon.de",
            "www.amazon.de",
            "de",
            "acbde",
            " DE ",
            "https://www.amazon.de/",
        ] {
            assert_eq!(text.parse::<Marketplace>().unwrap().domain(), "amazon.de", "{text}");
        }
        assert_eq!("uk".parse::<Marketplace>().unwrap().region(), Some(Region::Europe));
    }

    #[test]
    fn an_unknown_one_is_told_at_once_with_the_known_ones() {
        let error = "amazon.zz".parse::<Marketplace>().unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Config);
        assert!(
            error.to_string().contains("unknown Amazon marketplace `amazon.zz`"),
            "{error}"
        );
        let hint = error.hint_text().unwrap();
        assert!(
            hint.contains("--marketplace") && hint.contains("amazon.co.jp"),
            "{hint}"
        );
    }

    #[test]
    fn hosts_belong_to_their_own_shop_only() {
        let domain = |host| Marketplace::of_host(host).map(Marketplace::domain);
        assert_eq!(domain("www.amazon.com.au"), Some("amazon.com.au"));
        assert_eq!(domain("amazon.de"), Some("amazon.de"));
        assert_eq!(domain("notamazon.de"), None);
        assert_eq!(domain("www.amazon.de.example.org"), None);
    }

    #[test]
    fn every_row_has_its_own_suffix_and_domain() {
        for (index, row) in TABLE.iter().enumerate() {
            assert!(
                !TABLE[..index]
                    .iter()
                    .any(|other| other.suffix == row.suffix || other.domain == row.domain)
            );
        }
    }
}
