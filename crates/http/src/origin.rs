//! Origins, and which of them may see credentials.

use std::fmt;
use std::net::IpAddr;

use url::Url;

/// Scheme, host and port of an address; two addresses of one origin differ in path and query only.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    /// Scheme in lower case, `https` or `http`.
    pub scheme: String,
    /// Host in lower case; an IPv6 address in brackets.
    pub host: String,
    /// Port, the scheme's own one where the address names none.
    pub port: u16,
}

impl Origin {
    /// Returns the origin of an address. One that is not of the web gets an empty host, which no rule allows.
    pub fn of(url: &Url) -> Self {
        Self {
            scheme: url.scheme().to_owned(),
            host: url.host_str().unwrap_or_default().to_owned(),
            port: url.port_or_known_default().unwrap_or_default(),
        }
    }

    /// Says whether the host is this very machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback_host(&self.host)
    }

    /// Says whether what is sent can be read by nobody on the way: HTTPS, or no way at all.
    pub fn is_private(&self) -> bool {
        self.scheme == "https" || (self.scheme == "http" && self.is_loopback())
    }

    fn has_known_port(&self) -> bool {
        matches!((self.scheme.as_str(), self.port), ("https", 443) | ("http", 80))
    }
}

pub(crate) fn is_loopback_host(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        // RFC 6761: resolvers keep these names on the machine.
        Err(_) => bare == "localhost" || bare.ends_with(".localhost"),
    }
}

impl From<&Url> for Origin {
    fn from(url: &Url) -> Self {
        Self::of(url)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        if self.has_known_port() {
            return Ok(());
        }
        write!(f, ":{}", self.port)
    }
}

/// Says which origins may see a provider's credentials. Plain HTTP never may, except on this very machine and where a
/// person allowed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OriginRule {
    /// This one: scheme, host and port.
    Exact(Origin),
    /// This one, even by plain HTTP to another machine: somebody has said that nobody else is on the way. For servers
    /// that people run in their own network.
    ExactOpenly(Origin),
    /// Hosts below a domain, by HTTPS on its own port.
    HostSuffix {
        /// The domain, with or without its leading dot; the domain itself is not meant.
        suffix: String,
    },
    /// Hosts whose first label has a beginning in common, by HTTPS on its own port: `content-` and
    /// `.drive.amazonaws.com` allow `content-na.drive.amazonaws.com`.
    HostPattern {
        /// How the host begins.
        prefix: String,
        /// How it ends; between both is a part of one label, never a dot.
        suffix: String,
    },
}

impl OriginRule {
    /// Says whether the rule names this origin and credentials are safe on the way there.
    pub fn allows(&self, origin: &Origin) -> bool {
        (origin.is_private() || matches!(self, Self::ExactOpenly(_))) && self.names(origin)
    }

    /// Says whether the rule names this origin, however unsafe the way.
    pub(crate) fn names(&self, origin: &Origin) -> bool {
        let plain_https = origin.scheme == "https" && origin.port == 443;
        match self {
            Self::Exact(allowed) | Self::ExactOpenly(allowed) => !origin.host.is_empty() && allowed == origin,
            Self::HostSuffix { suffix } => {
                plain_https
                    && origin
                        .host
                        .strip_suffix(suffix.trim_start_matches('.'))
                        .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
            }
            Self::HostPattern { prefix, suffix } => {
                plain_https
                    && origin
                        .host
                        .strip_prefix(prefix.as_str())
                        .and_then(|rest| rest.strip_suffix(suffix.as_str()))
                        .is_some_and(|middle| !middle.is_empty() && !middle.contains('.'))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn origin(url: &str) -> Origin {
        Origin::of(&Url::parse(url).unwrap())
    }

    #[rstest]
    #[case("https://www.amazon.com/x?y", true)]
    #[case("https://a.b.amazon.com/", true)]
    #[case("https://WWW.Amazon.COM/", true)]
    #[case("https://amazon.com/", false)]
    #[case("https://evilamazon.com/", false)]
    #[case("https://www.amazon.com.evil.example/", false)]
    #[case("https://www.amazon.com:8443/", false)]
    #[case("http://www.amazon.com/", false)]
    #[case("https://www.amazon.com@evil.example/", false)]
    fn a_suffix_rule_allows_hosts_below_the_domain_by_https_only(
        #[case] url: &str,
        #[case] allowed: bool,
        #[values(".amazon.com", "amazon.com")] suffix: &str,
    ) {
        let rule = OriginRule::HostSuffix {
            suffix: suffix.to_owned(),
        };
        assert_eq!(rule.allows(&origin(url)), allowed);
    }

    #[rstest]
    #[case("https://content-na.drive.amazonaws.com/", true)]
    #[case("https://content-.drive.amazonaws.com/", false)]
    #[case("https://content-x.evil.drive.amazonaws.com/", false)]
    #[case("https://content-na.drive.amazonaws.com:444/", false)]
    #[case("http://content-na.drive.amazonaws.com/", false)]
    fn a_pattern_stands_for_a_part_of_one_label(#[case] url: &str, #[case] allowed: bool) {
        let rule = OriginRule::HostPattern {
            prefix: "content-".to_owned(),
            suffix: ".drive.amazonaws.com".to_owned(),
        };
        assert_eq!(rule.allows(&origin(url)), allowed);
    }

    #[rstest]
    #[case("http://127.0.0.1:8080/a", "http://127.0.0.1:8080/b", true)]
    #[case("http://127.0.0.1:8080/", "http://127.0.0.1:8081/", false)]
    #[case("http://127.0.0.1:8080/", "https://127.0.0.1:8080/", false)]
    #[case("http://[::1]:80/", "http://[::1]/", true)]
    #[case("http://photos.example/", "http://photos.example/", false)]
    #[case("https://photos.example/", "https://photos.example:443/", true)]
    #[case("http://localhost:1/", "http://localhost:1/", true)]
    #[case("http://localhost.evil.example/", "http://localhost.evil.example/", false)]
    fn an_exact_rule_compares_all_and_wants_a_private_way(
        #[case] rule: &str,
        #[case] url: &str,
        #[case] allowed: bool,
    ) {
        assert_eq!(OriginRule::Exact(origin(rule)).allows(&origin(url)), allowed);
    }

    #[test]
    fn an_open_rule_takes_plain_http_for_its_one_origin() {
        let rule = OriginRule::ExactOpenly(origin("http://nas.example:2342/"));
        assert!(rule.allows(&origin("http://nas.example:2342/x")));
        assert!(!rule.allows(&origin("http://nas.example/x")) && !rule.allows(&origin("https://nas.example:2342/")));
    }

    #[test]
    fn display_leaves_the_usual_port_out() {
        assert_eq!(origin("https://a.example:443/x").to_string(), "https://a.example");
        assert_eq!(origin("http://127.0.0.1:9/x").to_string(), "http://127.0.0.1:9");
    }
}
