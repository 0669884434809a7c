//! The rules in force, their counts, and which request they pick.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::seeded::mix;

use super::Fault;
use super::rule::{FaultRule, When};

/// Request extension: the fault that the plan decided for a request, for handlers that have a part in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultDecided(pub Fault);

/// How many faults really happened, by their names.
#[derive(Debug, Default)]
pub struct FaultTally(Mutex<BTreeMap<&'static str, u64>>);

impl FaultTally {
    /// Counts one that happened.
    pub fn add(&self, fault: &Fault) {
        *self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(fault.kind())
            .or_default() += 1;
    }

    /// The numbers at this moment.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts
            .iter()
            .map(|(kind, count)| ((*kind).to_owned(), *count))
            .collect()
    }
}

/// The rules in force at one service, replaceable while it runs.
#[derive(Debug)]
pub struct FaultPlan {
    seed: u64,
    rules: Mutex<Vec<Counted>>,
    tally: Arc<FaultTally>,
}

#[derive(Debug)]
struct Counted {
    rule: FaultRule,
    hits: u64,
    fired: u64,
}

impl FaultPlan {
    /// A plan with these rules; `seed` decides what `probability` picks.
    pub fn new(seed: u64, rules: Vec<FaultRule>) -> Self {
        let plan = Self {
            seed,
            rules: Mutex::default(),
            tally: Arc::default(),
        };
        plan.replace(rules);
        plan
    }

    /// Replaces all rules and starts counting again from 1. The tally goes on.
    pub fn replace(&self, rules: Vec<FaultRule>) {
        let fresh = |rule| Counted {
            rule,
            hits: 0,
            fired: 0,
        };
        *self.rules.lock().unwrap_or_else(PoisonError::into_inner) = rules.into_iter().map(fresh).collect();
    }

    /// Which faults happened so far; kept when the rules are replaced.
    pub fn tally(&self) -> &Arc<FaultTally> {
        &self.tally
    }

    /// Whether a rule wants to know the file names that a request of this operation is about.
    pub fn asks_for_names(&self, operation: &str) -> bool {
        self.rules
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .any(|counted| counted.rule.name.is_some() && counted.rule.is_about(operation))
    }

    /// The fault of this request, if any. Call it once per request: it counts.
    ///
    /// `names` are the file names that the request is about.
    pub fn decide(&self, operation: &str, names: &[String]) -> Option<Fault> {
        self.pick(operation, names, |fault| *fault != Fault::WrongHashAccepted)
    }

    /// Whether this upload's wrong hash is to be accepted. Call it once per upload whose hash is wrong: it counts, and
    /// the tally takes it as happened.
    pub fn wrong_hash_accepted(&self, operation: &str) -> bool {
        let picked = self.pick(operation, &[], |fault| *fault == Fault::WrongHashAccepted);
        if let Some(fault) = &picked {
            self.tally.add(fault);
        }
        picked.is_some()
    }

    /// Every matching rule counts the request; the first that fires wins.
    fn pick(&self, operation: &str, names: &[String], kind: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let mut picked = None;
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        for (index, counted) in rules.iter_mut().enumerate() {
            let rule = &counted.rule;
            if !kind(&rule.fault) || !rule.is_about(operation) || !rule.is_about_one_of(names) {
                continue;
            }
            counted.hits += 1;
            let spent = rule.times.is_some_and(|times| counted.fired >= times);
            if picked.is_none() && !spent && fires(rule.when, counted.hits, self.seed ^ mix(index as u64)) {
                picked = Some(rule.fault.clone());
                counted.fired += 1;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::parse_faults;

    fn plan(json: &str) -> FaultPlan {
        FaultPlan::new(1, parse_faults(json).unwrap())
    }

    fn fired(plan: &FaultPlan, operation: &str, requests: usize) -> Vec<usize> {
        (1..=requests)
            .filter(|_| plan.decide(operation, &[]).is_some())
            .collect()
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
    fn times_bounds_every_trigger() {
        let plan = plan(
            r#"[{"operation":"list","every":2,"times":2,"fault":"flip_bit"},{"operation":"get","times":1,"fault":"flip_bit"}]"#,
        );
        assert_eq!(fired(&plan, "list", 9), [2, 4]);
        assert_eq!(fired(&plan, "get", 9), [1]);
    }

    #[test]
    fn a_name_restricts_what_is_counted() {
        let plan = plan(r#"[{"operation":"upload","name":"cat","nth":2,"fault":"reset_before"}]"#);
        let named = |name: &str| plan.decide("upload", &[name.to_owned()]).is_some();
        assert!(plan.asks_for_names("upload") && !plan.asks_for_names("list"));
        assert_eq!(
            ["a-cat.jpg", "dog.jpg", "cat.mp4", "cat.jpg"].map(named),
            [false, false, true, false]
        );
    }

    #[test]
    fn a_rule_for_all_operations_passes_over_those_that_it_does_not_suit() {
        let plan = plan(
            r#"[{"operation":"*","nth":1,"fault":"empty_page"},{"operation":"*","nth":1,"fault":"cut_upload","after_bytes":7}]"#,
        );
        assert_eq!(plan.decide("usage", &[]), None);
        assert_eq!(plan.decide("upload", &[]), Some(Fault::CutUpload { after_bytes: 7 }));
        assert_eq!(plan.decide("list", &[]), Some(Fault::EmptyPage));
    }

    #[test]
    fn wrong_hash_accepted_is_no_fault_of_the_answer() {
        let plan = plan(r#"[{"operation":"upload","fault":"wrong_hash_accepted"}]"#);
        assert_eq!(plan.decide("upload", &[]), None);
        assert!(plan.wrong_hash_accepted("upload") && plan.wrong_hash_accepted("upload"));
        assert!(!plan.wrong_hash_accepted("list"));
        assert_eq!(plan.tally().counts()["wrong_hash_accepted"], 2);
    }
}
