//! Rules, and how they are written in JSON.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Fault, NAMED};

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
#[serde(try_from = "Map<String, Value>", into = "Map<String, Value>")]
pub struct FaultRule {
    /// Operation as the request log and the counters name it, or `*`.
    pub operation: String,
    /// Which of the operation's requests.
    pub when: When,
    /// Only requests about a file whose name contains this; others are not even counted.
    pub name: Option<String>,
    /// How often it fires at most.
    pub times: Option<u64>,
    /// What happens to them.
    pub fault: Fault,
}

impl FaultRule {
    /// A rule for every request of `operation`.
    pub fn new(operation: impl Into<String>, fault: Fault) -> Self {
        Self {
            operation: operation.into(),
            when: When::Always,
            name: None,
            times: None,
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

    /// Restricts the rule to a share of its operation's requests, 0 to 1, decided by the seed.
    #[must_use]
    pub fn probability(mut self, share: f64) -> Self {
        self.when = When::Probability(share);
        self
    }

    /// Restricts the rule to requests about a file whose name contains `part`.
    #[must_use]
    pub fn named(mut self, part: impl Into<String>) -> Self {
        self.name = Some(part.into());
        self
    }

    /// Lets the rule fire so often at most.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    pub(super) fn is_about(&self, operation: &str) -> bool {
        match self.operation.as_str() {
            "*" => self.fault.suits(operation).is_ok() && (self.name.is_none() || has_names(operation)),
            own => own == operation,
        }
    }

    pub(super) fn is_about_one_of(&self, names: &[String]) -> bool {
        match &self.name {
            None => true,
            Some(part) => names.iter().any(|name| name.contains(part.as_str())),
        }
    }
}

fn has_names(operation: &str) -> bool {
    NAMED.contains(&operation) || operation.starts_with("upload")
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
    let plan: Vec<Map<String, Value>> = serde_json::from_str(json).map_err(|error| FaultError(error.to_string()))?;
    plan.into_iter()
        .enumerate()
        .map(|(index, rule)| {
            FaultRule::try_from(rule).map_err(|FaultError(reason)| FaultError(format!("rule {}: {reason}", index + 1)))
        })
        .collect()
}

/// Refuses rules that would never fire, so that a test would prove nothing: an operation that is in none of `known`, or a
/// fault or trigger that does not go with its operation.
///
/// # Errors
/// Names the first such rule and what would do.
pub fn check_operations(rules: &[FaultRule], known: &[&str]) -> Result<(), FaultError> {
    let wrong = rules.iter().filter(|rule| rule.operation != "*").find_map(|rule| {
        let operation = rule.operation.as_str();
        if !known.contains(&operation) {
            return Some(format!(
                "unknown operation `{operation}`, known: *, {}",
                known.join(", ")
            ));
        }
        if let Err(wanted) = rule.fault.suits(operation) {
            return Some(format!(
                "the fault `{}` does not go with `{operation}`, only with {wanted}",
                rule.fault.kind()
            ));
        }
        (rule.name.is_some() && !has_names(operation)).then(|| {
            format!(
                "`{operation}` has no file name, so `name` does not go with it, only with uploads and {}",
                NAMED.join(", ")
            )
        })
    });
    wrong.map_or(Ok(()), |reason| Err(FaultError(reason)))
}

const TRIGGERS: [&str; 6] = ["operation", "nth", "every", "probability", "name", "times"];

/// The faults and the fields that each has.
const FIELDS: [(&str, &[&str]); 34] = [
    ("status", &["status", "retry_after", "body", "body_kind"]),
    ("status_after", &["status", "retry_after", "body", "body_kind"]),
    ("reset_before", &[]),
    ("reset_after", &["at"]),
    ("stall", &["ms", "at", "acted"]),
    ("late", &["ms"]),
    ("drip", &["ms", "bytes"]),
    ("truncate", &["at"]),
    ("short", &["at"]),
    ("overlong", &["by"]),
    ("flip_bit", &[]),
    ("swap_body", &[]),
    ("html_200", &["body"]),
    ("duplicate_reply", &[]),
    ("garbage_reply", &[]),
    ("expire_session", &[]),
    ("revoke_refresh", &[]),
    ("restart", &["lose_sessions"]),
    ("intruder", &["count"]),
    ("wrong_hash_accepted", &[]),
    ("cut_upload", &["after_bytes"]),
    ("malformed_json", &[]),
    ("json_bom", &[]),
    ("encoded", &["encoding"]),
    ("wrong_content_type", &["content_type"]),
    ("deep_json", &["depth"]),
    ("repeat_token", &[]),
    ("repeat_page", &[]),
    ("empty_page", &[]),
    ("token_expired", &[]),
    ("endless_listing", &["items"]),
    ("redirect", &["to", "status"]),
    ("content_disposition", &["value"]),
    ("huge_header", &["bytes"]),
];

/// Names of all faults.
pub fn fault_kinds() -> impl Iterator<Item = &'static str> {
    FIELDS.iter().map(|(kind, _)| *kind)
}

impl TryFrom<Map<String, Value>> for FaultRule {
    type Error = FaultError;

    fn try_from(mut raw: Map<String, Value>) -> Result<Self, FaultError> {
        let mut triggers = Map::new();
        for field in TRIGGERS {
            triggers.extend(raw.remove_entry(field));
        }
        check_fields(&raw)?;
        let triggers: Triggers =
            serde_json::from_value(Value::Object(triggers)).map_err(|error| FaultError(error.to_string()))?;
        let when = triggers.when()?;
        let kind = raw["fault"].as_str().unwrap_or_default().to_owned();
        let fault: Fault = serde_json::from_value(Value::Object(raw))
            .map_err(|error| FaultError(format!("the fault `{kind}`: {error}")))?;
        fault.check().map_err(FaultError)?;
        if triggers.times == Some(0) {
            return Err(FaultError("`times` counts from 1".to_owned()));
        }
        Ok(Self {
            operation: triggers.operation,
            when,
            name: triggers.name,
            times: triggers.times,
            fault,
        })
    }
}

/// Refuses unknown faults, and fields that do not belong to the fault.
fn check_fields(raw: &Map<String, Value>) -> Result<(), FaultError> {
    let Some(kind) = raw.get("fault").and_then(Value::as_str) else {
        return Err(FaultError("a rule needs a `fault`, such as \"status\"".to_owned()));
    };
    let Some((_, own)) = FIELDS.iter().find(|(name, _)| *name == kind) else {
        let known = FIELDS.map(|(name, _)| name).join(", ");
        return Err(FaultError(format!("unknown fault `{kind}`, known: {known}")));
    };
    let Some(field) = raw
        .keys()
        .find(|field| *field != "fault" && !own.contains(&field.as_str()))
    else {
        return Ok(());
    };
    let owners: Vec<_> = FIELDS
        .iter()
        .filter(|(_, fields)| fields.contains(&field.as_str()))
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    Err(FaultError(if owners.is_empty() {
        let takes = [&TRIGGERS[..], own].concat().join(", ");
        format!("unknown field `{field}`; a rule with `{kind}` takes: {takes}")
    } else {
        format!(
            "`{field}` belongs to the fault {}, not to `{kind}`",
            owners.join(" or ")
        )
    }))
}

#[derive(Debug, Deserialize, Serialize)]
struct Triggers {
    operation: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nth: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    every: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    probability: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    times: Option<u64>,
}

impl Triggers {
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
}

impl From<FaultRule> for Map<String, Value> {
    fn from(rule: FaultRule) -> Self {
        let mut triggers = Triggers {
            operation: rule.operation,
            nth: None,
            every: None,
            probability: None,
            name: rule.name,
            times: rule.times,
        };
        match rule.when {
            When::Always => {}
            When::Nth(n) => triggers.nth = Some(n),
            When::Every(n) => triggers.every = Some(n),
            When::Probability(p) => triggers.probability = Some(p),
        }
        let mut out = Self::new();
        for part in [serde_json::to_value(triggers), serde_json::to_value(rule.fault)] {
            if let Ok(Value::Object(fields)) = part {
                out.extend(fields);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(
        r#"{"operation":"list","fault":"explode"}"#,
        "unknown fault `explode`, known: status"
    )]
    #[case(r#"{"operation":"list"}"#, "needs a `fault`")]
    #[case(r#"{"fault":"flip_bit"}"#, "missing field `operation`")]
    #[case(r#"{"operation":"list","fault":"status"}"#, "`status`: missing field `status`")]
    #[case(
        r#"{"operation":"list","fault":"status","status":99}"#,
        "needs a `status` from 200 to 599"
    )]
    #[case(
        r#"{"operation":"list","fault":"status","status":503,"retry_after":[1]}"#,
        "is a number, a text or"
    )]
    #[case(
        r#"{"operation":"list","fault":"status","status":503,"retry_after":"a\nb"}"#,
        "cannot stand in a header"
    )]
    #[case(
        r#"{"operation":"list","fault":"status","status":503,"body_kind":"xml"}"#,
        "unknown variant `xml`"
    )]
    #[case(r#"{"operation":"list","nth":1,"every":2,"fault":"flip_bit"}"#, "at most one")]
    #[case(r#"{"operation":"list","nth":0,"fault":"flip_bit"}"#, "count from 1")]
    #[case(r#"{"operation":"list","times":0,"fault":"flip_bit"}"#, "`times` counts from 1")]
    #[case(r#"{"operation":"list","probability":2,"fault":"flip_bit"}"#, "from 0 to 1")]
    #[case(
        r#"{"operation":"list","fault":"flip_bit","ms":3}"#,
        "`ms` belongs to the fault `stall` or `late` or `drip`, not to `flip_bit`"
    )]
    #[case(
        r#"{"operation":"list","fault":"flip_bit","when":3}"#,
        "unknown field `when`; a rule with `flip_bit` takes: operation"
    )]
    #[case(r#"{"operation":"list","fault":"late"}"#, "missing field `ms`")]
    #[case(r#"{"operation":"list","fault":"redirect","status":200}"#, "from 300 to 399")]
    #[case(r#"{"operation":"list","fault":"drip","ms":1,"bytes":0}"#, "count from 1")]
    fn refused_rules_say_why(#[case] rule: &str, #[case] reason: &str) {
        let error = parse_faults(&format!("[{rule}]")).unwrap_err().to_string();
        assert!(
            error.starts_with("fault plan: rule 1: ") && error.contains(reason),
            "{error}"
        );
    }

    #[test]
    fn a_plan_that_is_no_list_is_refused() {
        let error = parse_faults(r#"{"operation":"list"}"#).unwrap_err().to_string();
        assert!(error.starts_with("fault plan: "), "{error}");
    }

    #[rstest]
    #[case(
        r#"{"operation":"dowload","fault":"flip_bit"}"#,
        "unknown operation `dowload`, known: *, download"
    )]
    #[case(
        r#"{"operation":"download","fault":"empty_page"}"#,
        "`empty_page` does not go with `download`, only with listings"
    )]
    #[case(
        r#"{"operation":"download","fault":"cut_upload","after_bytes":1}"#,
        "only with uploads"
    )]
    #[case(r#"{"operation":"usage","fault":"swap_body"}"#, "only with single items")]
    #[case(r#"{"operation":"usage","name":"x","fault":"flip_bit"}"#, "`usage` has no file name")]
    fn rules_that_would_never_fire_are_refused(#[case] rule: &str, #[case] reason: &str) {
        let rules = parse_faults(&format!("[{rule}]")).unwrap();
        let error = check_operations(&rules, &["download", "usage"])
            .unwrap_err()
            .to_string();
        assert!(error.contains(reason), "{error}");
    }

    #[test]
    fn every_fault_can_be_written_with_its_fields_and_survives_a_round_trip() {
        let values = Map::from_iter(
            [
                ("retry_after", serde_json::json!({"date_in_s": -5})),
                ("body", "x".into()),
                ("body_kind", "html".into()),
                ("ms", 5.into()),
                ("at", 9.into()),
                ("acted", true.into()),
                ("bytes", 3.into()),
                ("by", 2.into()),
                ("after_bytes", 100.into()),
                ("encoding", "br".into()),
                ("content_type", "image/png".into()),
                ("depth", 10.into()),
                ("lose_sessions", true.into()),
                ("count", 2.into()),
                ("items", "new".into()),
                ("to", "http://localhost:1/".into()),
                ("value", "attachment".into()),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        for (kind, fields) in FIELDS {
            let mut rule = Map::from_iter([
                ("operation".to_owned(), "*".into()),
                ("every".to_owned(), 3.into()),
                ("name".to_owned(), "IMG".into()),
                ("times".to_owned(), 4.into()),
                ("fault".to_owned(), kind.into()),
            ]);
            for field in fields {
                let status = if kind == "redirect" { 307 } else { 429 };
                let value = values.get(*field).cloned().unwrap_or_else(|| status.into());
                rule.insert((*field).to_owned(), value);
            }
            let rules = parse_faults(&Value::Array(vec![Value::Object(rule.clone())]).to_string()).unwrap();
            assert_eq!(rules[0].fault.kind(), kind);
            assert_eq!(serde_json::to_value(&rules[0]).unwrap(), Value::Object(rule));
        }
    }

    #[test]
    fn the_documentation_has_every_fault_with_its_fields() {
        let lines: Vec<&str> = include_str!("plan.md").lines().collect();
        for (kind, fields) in FIELDS {
            let line = lines
                .iter()
                .find(|line| line.starts_with(&format!("| `{kind}` |")))
                .unwrap();
            let same = line.contains("| the same |");
            assert!(
                same || fields.iter().all(|field| line.contains(&format!("`{field}`"))),
                "{line}"
            );
        }
    }

    #[test]
    fn retry_after_may_be_anything() {
        for (written, wanted) in [
            ("7", "7"),
            ("99999999999", "99999999999"),
            ("-5", "-5"),
            (r#""soon""#, "soon"),
            (r#"{"date_in_s": 90}"#, "Thu, 01 Jan 1970 00:01:30 GMT"),
        ] {
            let rules = parse_faults(&format!(
                r#"[{{"operation":"*","fault":"status","status":503,"retry_after":{written}}}]"#
            ))
            .unwrap();
            let Fault::Status {
                retry_after: Some(retry_after),
                body: None,
                ..
            } = &rules[0].fault
            else {
                panic!("{rules:?}")
            };
            assert_eq!(retry_after.header(jiff::Timestamp::UNIX_EPOCH), wanted);
        }
    }
}
