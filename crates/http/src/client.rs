//! A provider's HTTP client.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use photomove_core::{Error, ErrorKind, Operation, Result};
use url::Url;

use crate::credentials::Renewals;
use crate::pace::Pacer;
use crate::quota::DayCounter;
use crate::transport::Transport;
use crate::{Attempts, Bucket, Call, ErrorReply, HttpEnv, Origin, OriginRule, QuotaRule, RetryPolicy, classify_status};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// Creating a batch of items has been seen to take most of a minute.
const IDLE_TIMEOUT: Duration = Duration::from_secs(120);

/// Reads an error reply.
pub(crate) type Classify = fn(&ErrorReply<'_>) -> Error;

/// Collects what a provider says about itself.
#[derive(Debug)]
pub struct HttpBuilder {
    provider: &'static str,
    env: HttpEnv,
    user_agent: Option<String>,
    origins: Vec<OriginRule>,
    classify: Classify,
    retry: RetryPolicy,
    buckets: Vec<(&'static str, Bucket)>,
    quotas: Vec<QuotaRule>,
    connect_timeout: Duration,
    idle_timeout: Duration,
}

impl HttpBuilder {
    /// Sets what the program calls itself at this service, instead of [`HttpEnv::user_agent`].
    #[must_use]
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = Some(user_agent.into());
        self
    }

    /// Sets the origins that may see credentials; without rules, none may.
    #[must_use]
    pub fn credential_origins(mut self, rules: Vec<OriginRule>) -> Self {
        self.origins = rules;
        self
    }

    /// Sets how error replies are read, instead of [`classify_status`].
    #[must_use]
    pub fn classify(mut self, classify: fn(&ErrorReply<'_>) -> Error) -> Self {
        self.classify = classify;
        self
    }

    /// Sets how often and how long calls are sent again.
    #[must_use]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Adds a bucket for [`Call::bucket`].
    #[must_use]
    pub fn bucket(mut self, name: &'static str, bucket: Bucket) -> Self {
        self.buckets.push((name, bucket));
        self
    }

    /// Adds a daily budget.
    #[must_use]
    pub fn quota(mut self, rule: QuotaRule) -> Self {
        self.quotas.push(rule);
        self
    }

    /// Sets how long connecting may take.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets how long a connection may say nothing, while sending, waiting and receiving.
    #[must_use]
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Makes the client.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if a trusted certificate or the user agent cannot be used.
    pub fn build(self) -> Result<Http> {
        let provider = self.provider;
        self.try_build().map_err(|error| error.provider(provider))
    }

    fn try_build(self) -> Result<Http> {
        let user_agent = self.user_agent.as_ref().unwrap_or(&self.env.user_agent);
        let transport = Transport::new(&self.env, user_agent, self.connect_timeout)?;
        let pacers = self
            .buckets
            .iter()
            .map(|(name, bucket)| Ok((*name, Pacer::new(bucket, &self.env.clock)?)))
            .collect::<Result<_>>()?;
        let quotas = self
            .quotas
            .into_iter()
            .map(|rule| DayCounter::new(rule, Arc::clone(&self.env.quota)))
            .collect::<Result<_>>()?;
        Ok(Http(Arc::new(Inner {
            provider: self.provider,
            env: self.env,
            transport,
            origins: self.origins,
            classify: self.classify,
            retry: self.retry,
            pacers,
            quotas,
            idle_timeout: self.idle_timeout,
            renewals: Renewals::default(),
        })))
    }
}

/// A provider's HTTP client; cheap to clone.
#[derive(Clone)]
pub struct Http(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) provider: &'static str,
    pub(crate) env: HttpEnv,
    pub(crate) transport: Transport,
    pub(crate) origins: Vec<OriginRule>,
    pub(crate) classify: Classify,
    pub(crate) retry: RetryPolicy,
    pacers: HashMap<&'static str, Pacer>,
    pub(crate) quotas: Vec<DayCounter>,
    pub(crate) idle_timeout: Duration,
    pub(crate) renewals: Renewals,
}

impl Http {
    /// Begins to describe the client of a provider.
    pub fn builder(provider: &'static str, env: &HttpEnv) -> HttpBuilder {
        HttpBuilder {
            provider,
            env: env.clone(),
            user_agent: None,
            origins: Vec::new(),
            classify: classify_status,
            retry: RetryPolicy::default(),
            buckets: Vec::new(),
            quotas: Vec::new(),
            connect_timeout: CONNECT_TIMEOUT,
            idle_timeout: IDLE_TIMEOUT,
        }
    }

    /// Begins one request.
    pub fn call(&self, operation: Operation, method: Method, url: Url) -> Call<'_> {
        Call::new(self, operation, method, url)
    }

    /// Begins to count attempts that the caller makes itself, by the rules of calls of that kind.
    pub fn attempts(&self, operation: Operation) -> Attempts<'_> {
        Attempts::new(self, operation)
    }

    /// Says whose daily budgets are used, once the account is known.
    pub fn set_quota_account(&self, account: &str) {
        for quota in &self.0.quotas {
            quota.set_account(account);
        }
    }

    /// Says whether an origin may see credentials.
    pub fn may_see_credentials(&self, origin: &Origin) -> bool {
        self.0.origins.iter().any(|rule| rule.allows(origin))
    }

    /// Returns what the client was made with.
    pub fn env(&self) -> &HttpEnv {
        &self.0.env
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }
}

impl Inner {
    pub(crate) fn pacer(&self, name: &'static str) -> Result<&Pacer> {
        self.pacers
            .get(name)
            .ok_or_else(|| Error::new(ErrorKind::Internal, "the provider has no such bucket").context("bucket", name))
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http")
            .field("provider", &self.0.provider)
            .field("origins", &self.0.origins)
            .finish_non_exhaustive()
    }
}
