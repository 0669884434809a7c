//! A provider's HTTP client.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use photomove_core::{Error, ErrorKind, Operation, Result};
use url::Url;

use crate::credentials::Renewals;
use crate::pace::{Minute, Pacer};
use crate::quota::DayCounter;
use crate::transport::Transport;
use crate::{Attempts, Bucket, Call, ErrorReply, HttpEnv, Origin, OriginRule, QuotaRule, RetryPolicy, classify_status};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// Creating a batch of items has been seen to take most of a minute.
const IDLE_TIMEOUT: Duration = Duration::from_secs(120);

/// Reads an error reply.
pub(crate) type Classify = fn(&ErrorReply<'_>) -> Error;
/// Reads what a refusal of a request of that bucket teaches.
pub(crate) type Learn = fn(&'static str, &Error) -> Option<Lesson>;

/// What a refusal teaches about how a service counts the requests of a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lesson {
    /// The bucket with whose requests those of the refused one are counted together; `None` = its own alone.
    pub counted_with: Option<&'static str>,
    /// How many a minute takes, if the service says so.
    pub per_minute: Option<u32>,
}

/// Collects what a provider says about itself.
#[derive(Debug)]
pub struct HttpBuilder {
    provider: &'static str,
    env: HttpEnv,
    user_agent: Option<String>,
    origins: Vec<OriginRule>,
    classify: Classify,
    learn: Learn,
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

    /// Sets how refusals are read for what they teach about the requests of a minute; by default nothing is learnt.
    #[must_use]
    pub fn learn(mut self, learn: fn(&'static str, &Error) -> Option<Lesson>) -> Self {
        self.learn = learn;
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
            .map(|(name, bucket)| Ok((*name, Pacer::new(self.provider, name, bucket, &self.env.clock)?)))
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
            learn: self.learn,
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
    pub(crate) learn: Learn,
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
            learn: |_, _| None,
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

    /// Paces a bucket by what an earlier refusal has taught.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] if there is no such bucket.
    pub fn teach(&self, bucket: &'static str, lesson: Lesson) -> Result<()> {
        self.0.take_lesson(bucket, lesson).map(|_| ())
    }

    /// Returns how many requests a minute takes that this bucket shares with another one; `None` if it shares none.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] if there is no such bucket.
    pub fn shared_minute(&self, bucket: &'static str) -> Result<Option<u32>> {
        Ok(self.0.pacer(bucket)?.shared_most())
    }

    /// Returns how many requests of a bucket may be in flight at present.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] if there is no such bucket.
    pub fn lanes(&self, bucket: &'static str) -> Result<u16> {
        Ok(self.0.pacer(bucket)?.lanes())
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
    /// Returns the minute in which a bucket is counted from now on and was not before.
    fn take_lesson(&self, bucket: &'static str, lesson: Lesson) -> Result<Option<Arc<Minute>>> {
        let pacer = self.pacer(bucket)?;
        let Some(other) = lesson.counted_with else {
            pacer.own_minute(lesson.per_minute);
            return Ok(None);
        };
        let minute = self.pacer(other)?.own_minute(lesson.per_minute);
        Ok(minute.filter(|minute| pacer.share(Arc::clone(minute))))
    }

    /// Takes what a refusal teaches. A minute that was counted wrongly until now is full: the service has just said so.
    pub(crate) fn learn_from(&self, bucket: &'static str, refusal: &Error) -> Result<()> {
        let Some(lesson) = (self.learn)(bucket, refusal) else {
            return Ok(());
        };
        if let Some(minute) = self.take_lesson(bucket, lesson)? {
            tracing::info!(
                provider = self.provider,
                bucket,
                ?lesson,
                "the service counts these requests too"
            );
            self.pacer(bucket)?.fill(&minute);
        }
        Ok(())
    }

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
