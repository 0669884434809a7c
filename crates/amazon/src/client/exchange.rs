//! Asks for new cookies, and whose account cookies open. Knows nothing of the session that a run uses.

use std::sync::OnceLock;
use std::time::Duration;

use photomove_core::{Error, ErrorKind, Operation, Result};
use photomove_http::{Http, HttpEnv, Method, RetryPolicy};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::{ACCEPT_JSON, BASE, Filter, METADATA, NodeQuery, builder, join, root_of};
use crate::auth::{Session, SessionCredentials, is_amazon_name, suffix};
use crate::config::{AmazonConfig, Hosts};
use crate::wire::{NodePage, protocol};

/// What an answer of these routes has at most; usual ones have a few thousand bytes.
const ANSWER_BYTES: usize = 1024 * 1024;
/// Longest value of a cookie that is taken; browsers take no longer ones.
const VALUE_BYTES: usize = 4096;
/// Most cookies that are taken from one answer.
const COOKIES_MAX: usize = 64;

/// Two requests that carry cookies of their own, and never cause a renewal themselves.
pub(super) struct Exchange {
    config: AmazonConfig,
    hosts: Hosts,
    env: HttpEnv,
    /// Made when it is needed: most runs never are, and a client reads all of the system's certificates.
    http: OnceLock<Http>,
}

impl Exchange {
    pub(super) fn new(config: &AmazonConfig, hosts: &Hosts, env: &HttpEnv) -> Self {
        Self {
            config: config.clone(),
            hosts: hosts.clone(),
            env: env.clone(),
            http: OnceLock::new(),
        }
    }

    fn http(&self) -> Result<&Http> {
        if let Some(http) = self.http.get() {
            return Ok(http);
        }
        let http = builder(&self.config, &self.hosts, &self.env)
            .retry(RetryPolicy {
                attempts: 3,
                min_delay: Duration::from_secs(1),
                max_delay: Duration::from_secs(20),
                budget: Duration::from_secs(120),
            })
            .build()?;
        Ok(self.http.get_or_init(|| http))
    }

    /// Asks for new cookies in exchange for `key`.
    ///
    /// # Errors
    /// When the service refuses, cannot be asked, or answers without a new `at-…`.
    pub(super) async fn renew(
        &self,
        session: &Session,
        key: &SecretString,
        credentials: &SessionCredentials,
    ) -> Result<Vec<(String, SecretString)>> {
        let domain = session.marketplace().domain();
        let of_domain = format!(".{domain}");
        let form = [
            ("app_name", "Amazon Drive"),
            ("requested_token_type", "auth_cookies"),
            ("domain", of_domain.as_str()),
            ("source_token_type", "refresh_token"),
            ("source_token", key.expose_secret()),
        ];
        let url = join(&self.hosts.metadata, &["ap", "exchangetoken", "refresh"]);
        let call = self
            .http()?
            .call(Operation::RenewSignIn, Method::POST, url)
            .header("accept", ACCEPT_JSON)
            .credentials(credentials)
            .bucket(METADATA)
            .form(&form)
            // Asking twice brings cookies twice.
            .repeatable(true)
            .no_redirects()
            .html_is_error();
        let value: Value = call.send().await?.json_within(ANSWER_BYTES).await?;
        fresh(&value, domain, session.suffix()).map_err(|error| error.operation(Operation::RenewSignIn))
    }

    /// Asks whose account the cookies open.
    ///
    /// # Errors
    /// When the service refuses or cannot be asked.
    pub(super) async fn owner(&self, credentials: &SessionCredentials) -> Result<String> {
        let url = join(&self.hosts.metadata, &["drive", "v1", "nodes"]);
        let query = NodeQuery::new(Filter::root()).pairs()?;
        let call = self
            .http()?
            .call(Operation::RenewSignIn, Method::GET, url)
            .header("accept", ACCEPT_JSON)
            .credentials(credentials)
            .bucket(METADATA)
            .query(BASE)
            .query(&query)
            .no_redirects()
            .html_is_error();
        let page = NodePage::from_value(call.send().await?.json_within(ANSWER_BYTES).await?)?;
        // root_of() gives only nodes with an owner.
        Ok(root_of(page)?.owner_id.unwrap_or_default())
    }
}

/// Picks the session's cookies out of an answer: `response.tokens.cookies`, a list of `{Name, Value}`, or such lists by
/// domain, as the service's other routes of this family answer.
fn fresh(value: &Value, domain: &str, own_suffix: &str) -> Result<Vec<(String, SecretString)>> {
    let lists: Vec<&Value> = match value.pointer("/response/tokens/cookies") {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(Value::Object(by_domain)) => by_domain
            .iter()
            .filter(|(of, _)| of.trim_start_matches('.').trim_start_matches("www.") == domain)
            .filter_map(|(_, list)| list.as_array())
            .flatten()
            .collect(),
        _ => return Err(protocol("no cookies where new ones belong")),
    };
    let text = |entry: &Value, names: [&str; 2]| {
        let found = names.iter().find_map(|name| entry.get(*name)?.as_str());
        found.unwrap_or_default().to_owned()
    };
    let fresh: Vec<(String, SecretString)> = lists
        .into_iter()
        .take(COOKIES_MAX)
        .map(|entry| (text(entry, ["Name", "name"]), text(entry, ["Value", "value"])))
        .filter(|(name, value)| {
            let of_another_shop = suffix(name).is_some_and(|suffix| suffix != own_suffix);
            is_amazon_name(name) && !of_another_shop && !value.is_empty() && value.len() <= VALUE_BYTES
        })
        .map(|(name, value)| (name, value.into()))
        .collect();
    let at = format!("at-{own_suffix}");
    if fresh.iter().any(|(name, _)| *name == at) {
        Ok(fresh)
    } else {
        Err(protocol("new cookies without the one that opens the account"))
    }
}

/// Says whether a failed exchange was answered: the service will not renew, whatever that says about the session.
pub(super) fn was_answered(error: &Error) -> bool {
    !matches!(
        error.kind(),
        ErrorKind::Network | ErrorKind::Timeout | ErrorKind::Cancelled | ErrorKind::Internal | ErrorKind::Config
    )
}

/// Says whether the refusal is of a kind that may pass by itself.
pub(super) fn may_pass(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Unavailable { .. } | ErrorKind::RateLimited { .. }
    )
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn names(cookies: &Value) -> Result<Vec<String>> {
        let answer = json!({"response": {"tokens": {"cookies": cookies}}});
        let fresh = fresh(&answer, "amazon.de", "acbde")?;
        Ok(fresh.into_iter().map(|(name, _)| name).collect())
    }

    #[rstest]
    #[case(json!([{"Name": "at-acbde", "Value": "new"}, {"Name": "session-id", "Value": "2"}]))]
    #[case(json!({".amazon.de": [{"Name": "at-acbde", "Value": "new", "Secure": true}, {"name": "session-id", "value": "2"}],
                  ".amazon.com": [{"Name": "session-token", "Value": "x"}]}))]
    #[case(json!([{"Name": "at-acbde", "Value": "new"}, {"Name": "session-id", "Value": "2"}, {"Name": "at-main", "Value": "x"},
                  {"Name": "evil", "Value": "x"}, {"Name": "sst-acbde", "Value": ""}, {"Name": 3}, "x", null]))]
    fn new_cookies_of_the_session_are_picked_and_nothing_else(#[case] cookies: Value) {
        assert_eq!(names(&cookies).unwrap(), ["at-acbde", "session-id"]);
    }

    #[rstest]
    #[case(json!(null))]
    #[case(json!([]))]
    #[case(json!("at-acbde"))]
    #[case(json!([{"Name": "session-id", "Value": "2"}]))]
    #[case(json!([{"Name": "at-main", "Value": "new"}]))]
    fn an_answer_without_a_new_key_renews_nothing(#[case] cookies: Value) {
        assert_eq!(*names(&cookies).unwrap_err().kind(), ErrorKind::Protocol);
    }

    #[test]
    fn a_value_that_is_too_long_is_left_out() {
        let long = "x".repeat(VALUE_BYTES + 1);
        assert!(names(&json!([{"Name": "at-acbde", "Value": long}])).is_err());
    }
}
