//! Fault plans: which requests fail, and how. The same plan with the same seed fails the same requests.
//!
//! A plan is a JSON list of rules:
//!
//! ```
//! let rules = photomove_sim::parse_faults(r#"[
//!   {"operation": "download", "nth": 2, "fault": "truncate"},
//!   {"operation": "*", "probability": 0.01, "fault": "status", "status": 503, "retry_after": 2}
//! ]"#)?;
//! assert_eq!(rules.len(), 2);
//! # Ok::<(), photomove_sim::faults::FaultError>(())
//! ```

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::seeded::mix;

/// What happens to a request that a rule picks.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The request is not acted on; it is answered with this status.
    Status {
        /// HTTP status code, 400 to 599.
        status: u16,
        /// Value of `Retry-After` in seconds; no header if `None`.
        retry_after: Option<u64>,
        /// Body; the service's usual error body for the status if `None`.
        body: Option<String>,
    },
    /// The answer's body ends early although `Content-Length` promises more, and the connection closes.
    Truncate {
        /// Bytes that are sent; half of the body if `None`.
        at: Option<u64>,
    },
    /// One bit of the answer's body is wrong; length and headers are right.
    FlipBit,
    /// Google only: an upload whose `X-Goog-Hash` is wrong is accepted.
    WrongHashAccepted,
}

impl Fault {
    fn touches_response(&self) -> bool {
        !matches!(self, Self::WrongHashAccepted)
    }
}

/// When a rule fires, counted over the requests of its operation since the plan was loaded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum When {
    /// Every request.
    Always,
    /// Only the n-th request, from 1.
    Nth(u64),
    /// Each n-th request: the n-th, the 2n-th, ….
    Every(u64),
    /// Each request with this probability, 0 to 1, decided by the seed.
    Probability(f64),
}

/// One rule of a fault plan.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "RawRule", into = "RawRule")]
pub struct FaultRule {
    /// Operation as the request log and the counters name it, or `*`.
    pub operation: String,
    /// Which of the operation's requests.
    pub when: When,
    /// What happens to them.
    pub fault: Fault,
}

impl FaultRule {
    /// A rule for every request of `operation`.
    pub fn new(operation: impl Into<String>, fault: Fault) -> Self {
        Self {
            operation: operation.into(),
            when: When::Always,
            fault,
        }
    }

    /// Restricts the rule to the n-th request of its operation, from 1.
    #[must_use]
    pub fn nth(mut self, n: u64) -> Self {
        self.when = When::Nth(n);
        self
    }

    /// Restricts the rule to each n-th request of its operation.
    #[must_use]
    pub fn every(mut self, n: u64) -> Self {
        self.when = When::Every(n);
        self
    }

    fn matches(&self, operation: &str) -> bool {
        self.operation == "*" || self.operation == operation
    }
}

/// Why a fault plan was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("fault plan: {0}")]
pub struct FaultError(String);

/// Reads a fault plan from JSON text.
///
/// # Errors
/// The text is no list of rules, names an unknown fault, or a rule contradicts itself.
pub fn parse_faults(json: &str) -> Result<Vec<FaultRule>, FaultError> {
    serde_json::from_str(json).map_err(|error| FaultError(error.to_string()))
}

/// Refuses rules whose operation is in none of `known`: they would never fire, and a test would prove nothing.
///
/// # Errors
/// Names the first unknown operation and those that exist.
pub fn check_operations(rules: &[FaultRule], known: &[&str]) -> Result<(), FaultError> {
    match rules
        .iter()
        .find(|rule| rule.operation != "*" && !known.contains(&rule.operation.as_str()))
    {
        None => Ok(()),
        Some(rule) => Err(FaultError(format!(
            "unknown operation `{}`, known: *, {}",
            rule.operation,
            known.join(", ")
        ))),
    }
}

/// The rules in force at one service, replaceable while it runs.
#[derive(Debug)]
pub struct FaultPlan {
    seed: u64,
    rules: Mutex<Vec<Counted>>,
}

#[derive(Debug)]
struct Counted {
    rule: FaultRule,
    hits: u64,
}

impl FaultPlan {
    /// A plan with these rules; `seed` decides what `probability` picks.
    pub fn new(seed: u64, rules: Vec<FaultRule>) -> Self {
        let plan = Self {
            seed,
            rules: Mutex::default(),
        };
        plan.replace(rules);
        plan
    }

    /// Replaces all rules and starts counting again from 1.
    pub fn replace(&self, rules: Vec<FaultRule>) {
        let counted = rules.into_iter().map(|rule| Counted { rule, hits: 0 }).collect();
        *self.rules.lock().unwrap_or_else(PoisonError::into_inner) = counted;
    }

    /// The fault for this request's answer, if any. Call it once per request: it counts.
    pub fn decide(&self, operation: &str) -> Option<Fault> {
        self.pick(operation, Fault::touches_response)
    }

    /// Whether this upload's wrong hash is to be accepted. Call it once per upload whose hash is wrong: it counts.
    pub fn wrong_hash_accepted(&self, operation: &str) -> bool {
        self.pick(operation, |fault| *fault == Fault::WrongHashAccepted)
            .is_some()
    }

    /// Every matching rule counts the request; the first that fires wins.
    fn pick(&self, operation: &str, kind: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let mut picked = None;
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        for (index, counted) in rules.iter_mut().enumerate() {
            if !kind(&counted.rule.fault) || !counted.rule.matches(operation) {
                continue;
            }
            counted.hits += 1;
            if picked.is_none() && fires(counted.rule.when, counted.hits, self.seed ^ mix(index as u64)) {
                picked = Some(counted.rule.fault.clone());
            }
        }
        picked
    }
}

fn fires(when: When, hit: u64, seed: u64) -> bool {
    match when {
        When::Always => true,
        When::Nth(n) => hit == n,
        When::Every(n) => hit.is_multiple_of(n),
        When::Probability(p) => ((mix(seed ^ mix(hit)) >> 11) as f64 / (1_u64 << 53) as f64) < p,
    }
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    operation: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nth: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    every: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    probability: Option<f64>,
    fault: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<u64>,
}

impl TryFrom<RawRule> for FaultRule {
    type Error = FaultError;

    fn try_from(raw: RawRule) -> Result<Self, FaultError> {
        let when = raw.when()?;
        let fault = raw.fault()?;
        Ok(Self {
            operation: raw.operation,
            when,
            fault,
        })
    }
}

impl RawRule {
    fn when(&self) -> Result<When, FaultError> {
        match (self.nth, self.every, self.probability) {
            (None, None, None) => Ok(When::Always),
            (Some(n), None, None) if n > 0 => Ok(When::Nth(n)),
            (None, Some(n), None) if n > 0 => Ok(When::Every(n)),
            (None, None, Some(p)) if (0.0..=1.0).contains(&p) => Ok(When::Probability(p)),
            (Some(0), None, None) | (None, Some(0), None) => {
                Err(FaultError("`nth` and `every` count from 1".to_owned()))
            }
            (None, None, Some(_)) => Err(FaultError("`probability` goes from 0 to 1".to_owned())),
            _ => Err(FaultError(
                "a rule has at most one of `nth`, `every` and `probability`".to_owned(),
            )),
        }
    }

    fn fault(&self) -> Result<Fault, FaultError> {
        let belongs = |field: &str, present: bool, owner: &str| {
            if present && self.fault != owner {
                return Err(FaultError(format!(
                    "`{field}` belongs to the fault `{owner}`, not to `{}`",
                    self.fault
                )));
            }
            Ok(())
        };
        belongs("status", self.status.is_some(), "status")?;
        belongs("retry_after", self.retry_after.is_some(), "status")?;
        belongs("body", self.body.is_some(), "status")?;
        belongs("at", self.at.is_some(), "truncate")?;
        match self.fault.as_str() {
            "status" => match self.status {
                Some(status @ 400..=599) => Ok(Fault::Status {
                    status,
                    retry_after: self.retry_after,
                    body: self.body.clone(),
                }),
                _ => Err(FaultError(
                    "the fault `status` needs a `status` from 400 to 599".to_owned(),
                )),
            },
            "truncate" => Ok(Fault::Truncate { at: self.at }),
            "flip_bit" => Ok(Fault::FlipBit),
            "wrong_hash_accepted" => Ok(Fault::WrongHashAccepted),
            other => Err(FaultError(format!(
                "unknown fault `{other}`, known: status, truncate, flip_bit, wrong_hash_accepted"
            ))),
        }
    }
}

impl From<FaultRule> for RawRule {
    fn from(rule: FaultRule) -> Self {
        let mut raw = Self {
            operation: rule.operation,
            nth: None,
            every: None,
            probability: None,
            fault: String::new(),
            status: None,
            retry_after: None,
            body: None,
            at: None,
        };
        match rule.when {
            When::Always => {}
            When::Nth(n) => raw.nth = Some(n),
            When::Every(n) => raw.every = Some(n),
            When::Probability(p) => raw.probability = Some(p),
        }
        raw.fault = match rule.fault {
            Fault::Status {
                status,
                retry_after,
                body,
            } => {
                (raw.status, raw.retry_after, raw.body) = (Some(status), retry_after, body);
                "status"
            }
            Fault::Truncate { at } => {
                raw.at = at;
                "truncate"
            }
            Fault::FlipBit => "flip_bit",
            Fault::WrongHashAccepted => "wrong_hash_accepted",
        }
        .to_owned();
        raw
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(json: &str) -> FaultPlan {
        FaultPlan::new(1, parse_faults(json).unwrap())
    }

    fn fired(plan: &FaultPlan, operation: &str, requests: usize) -> Vec<usize> {
        (1..=requests).filter(|_| plan.decide(operation).is_some()).collect()
    }

    #[test]
    fn nth_and_every_count_only_their_operation() {
        let plan = plan(
            r#"[{"operation":"download","nth":2,"fault":"flip_bit"},{"operation":"list","every":3,"fault":"truncate"}]"#,
        );
        assert_eq!(fired(&plan, "list", 7), [3, 6]);
        assert_eq!(fired(&plan, "download", 5), [2]);
    }

    #[test]
    fn probability_picks_the_same_requests_for_the_same_seed() {
        let json = r#"[{"operation":"*","probability":0.3,"fault":"status","status":503}]"#;
        let first = fired(&plan(json), "list", 200);
        assert_eq!(first, fired(&plan(json), "list", 200));
        assert!((30..90).contains(&first.len()), "{} of 200", first.len());
    }

    #[test]
    fn wrong_hash_accepted_is_no_fault_of_the_answer() {
        let plan = plan(r#"[{"operation":"upload","fault":"wrong_hash_accepted"}]"#);
        assert_eq!(plan.decide("upload"), None);
        assert!(plan.wrong_hash_accepted("upload") && plan.wrong_hash_accepted("upload"));
        assert!(!plan.wrong_hash_accepted("list"));
    }

    #[test]
    fn refused_plans_say_why() {
        let refused = |json: &str| parse_faults(json).unwrap_err().to_string();
        assert!(
            refused(r#"[{"operation":"list","fault":"explode"}]"#).contains("unknown fault `explode`, known: status")
        );
        assert!(refused(r#"[{"operation":"list","fault":"status"}]"#).contains("needs a `status`"));
        assert!(refused(r#"[{"operation":"list","nth":1,"every":2,"fault":"flip_bit"}]"#).contains("at most one"));
        assert!(refused(r#"[{"operation":"list","nth":0,"fault":"flip_bit"}]"#).contains("count from 1"));
        assert!(
            refused(r#"[{"operation":"list","fault":"flip_bit","at":3}]"#).contains("belongs to the fault `truncate`")
        );
        assert!(refused(r#"[{"operation":"list","fault":"flip_bit","when":3}]"#).contains("unknown field `when`"));
        assert!(refused(r#"{"operation":"list"}"#).contains("fault plan"));
    }

    #[test]
    fn an_operation_that_no_service_knows_is_refused() {
        let rules = parse_faults(r#"[{"operation":"dowload","fault":"flip_bit"}]"#).unwrap();
        let error = check_operations(&rules, &["download"]).unwrap_err().to_string();
        assert!(
            error.contains("unknown operation `dowload`, known: *, download"),
            "{error}"
        );
    }

    #[test]
    fn rules_survive_a_round_trip_through_json() {
        let json = r#"[{"operation":"*","nth":2,"fault":"status","status":429,"retry_after":7,"body":"x"},{"operation":"a","probability":0.5,"fault":"truncate","at":9}]"#;
        let rules = parse_faults(json).unwrap();
        assert_eq!(parse_faults(&serde_json::to_string(&rules).unwrap()).unwrap(), rules);
    }
}
