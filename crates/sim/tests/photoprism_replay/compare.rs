//! Whether an answer has the shape of a recorded one: keys, types and nulls, looked at from both sides.

use jiff::Timestamp;
use serde_json::Value;

use super::bind::pairs;

/// Keys whose values say what an operation did, whatever the ids and the clock are: they must be the recorded ones.
const TELLING: &[&str] = &[
    "Albums",
    "Category",
    "Country",
    "Day",
    "Favorite",
    "FileName",
    "FileType",
    "Hidden",
    "MediaType",
    "Merged",
    "Month",
    "Name",
    "Order",
    "OriginalName",
    "Primary",
    "Private",
    "Quality",
    "Root",
    "Slug",
    "Stack",
    "TakenAtLocal",
    "TakenSrc",
    "TimeZone",
    "Title",
    "TitleSrc",
    "Type",
    "TypeSrc",
    "Uncertainty",
    "Year",
    "code",
    "mode",
    "provider",
    "scope",
];

/// What is the matter with an answer; empty if nothing is.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    pub(crate) differences: Vec<String>,
}

impl Comparison {
    pub(crate) fn say(&mut self, at: &str, what: impl std::fmt::Display) {
        let at = if at.is_empty() { "." } else { at };
        self.differences.push(format!("{at}: {what}"));
    }

    /// Compares a value with a recorded one.
    pub(crate) fn json(&mut self, recorded: &Value, here: &Value) {
        self.at("", "", recorded, here, false);
    }

    /// `partial`: only what the recording shows is compared, because it was shortened.
    fn at(&mut self, at: &str, key: &str, recorded: &Value, here: &Value, partial: bool) {
        match (recorded, here) {
            (Value::Object(recorded), Value::Object(here)) => {
                let partial = partial || recorded.contains_key("_note") || is_cut_row(recorded, here);
                for (key, recorded) in recorded.iter().filter(|(key, _)| *key != "_note") {
                    match here.get(key) {
                        Some(here) => self.at(&format!("{at}.{key}"), key, recorded, here, partial),
                        None => self.say(&format!("{at}.{key}"), "missing here"),
                    }
                }
                for key in here.keys().filter(|key| !partial && !recorded.contains_key(*key)) {
                    self.say(&format!("{at}.{key}"), "not recorded");
                }
            }
            (Value::Array(recorded), Value::Array(here)) => self.lists(at, key, recorded, here, partial),
            _ if kind(recorded) != kind(here) => {
                self.say(at, format!("recorded {}, here {}", kind(recorded), kind(here)));
            }
            _ if TELLING.contains(&key) && !is_cut(recorded) && telling(recorded) != telling(here) => {
                self.say(at, format!("recorded {recorded}, here {here}"));
            }
            _ => {}
        }
    }

    fn lists(&mut self, at: &str, key: &str, recorded: &[Value], here: &[Value], partial: bool) {
        let is_note = |value: &Value| value.get("_note").is_some();
        let noted = recorded.iter().any(is_note);
        let shown: Vec<_> = recorded.iter().filter(|value| !is_note(value)).cloned().collect();
        // Shortened recordings tell albums by their titles.
        if shown.first().is_some_and(Value::is_string) && here.first().is_some_and(Value::is_object) {
            let titles: Vec<_> = here.iter().map(|value| value["Title"].clone()).collect();
            if titles != shown {
                self.say(at, format!("recorded {shown:?}, here {titles:?}"));
            }
            return;
        }
        let cut = (noted || partial) && shown.len() < here.len() && key != "Files" && key != "Labels";
        if shown.len() != here.len() && (!cut || shown.is_empty()) {
            self.say(at, format!("recorded {} elements, here {}", shown.len(), here.len()));
        }
        let partial = partial || noted;
        for (index, (recorded, here)) in pairs(&shown, here).into_iter().enumerate() {
            self.at(&format!("{at}[{index}]"), key, recorded, here, partial);
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(text) if is_time(text) => "time",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Times in texts are a type of their own: a client that reads one must find one.
fn is_time(text: &str) -> bool {
    text.len() >= 20 && text.as_bytes()[10] == b'T' && text.parse::<Timestamp>().is_ok()
}

/// Rows of searches that were cut to a few members without saying so, and a config that was cut to its counts.
fn is_cut_row(recorded: &serde_json::Map<String, Value>, here: &serde_json::Map<String, Value>) -> bool {
    let is_counts_of_config = recorded.len() == 1 && recorded.contains_key("count") && here.contains_key("mode");
    is_counts_of_config || recorded.contains_key("UID") && recorded.len() * 2 < here.len()
}

/// Texts that the recording cut or replaced by their length.
fn is_cut(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|text| text.contains(" characters)") || text.contains("(cut in this recording)"))
}

fn telling(value: &Value) -> Value {
    match value {
        // 3 and 3.0 are one number.
        Value::Number(number) => number.as_f64().map_or(Value::Null, Value::from),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn differences(recorded: Value, here: Value) -> Vec<String> {
        let mut comparison = Comparison::default();
        comparison.json(&recorded, &here);
        comparison.differences
    }

    #[test]
    fn keys_types_and_nulls_are_compared_from_both_sides() {
        let recorded = json!({ "a": 1, "b": null, "c": "2026-11-21T02:54:22Z", "d": [1, 2], "e": { "f": true } });
        assert_eq!(
            differences(
                recorded.clone(),
                json!({ "a": 2.5, "b": null, "c": "2027-11-21T02:54:22.5Z", "d": [3, 4], "e": { "f": false } })
            ),
            [""; 0]
        );
        assert_eq!(
            differences(
                recorded,
                json!({ "a": "1", "b": 0, "c": "soon", "d": [1], "e": { "g": 1 }, "h": 1 })
            ),
            [
                ".a: recorded number, here string",
                ".b: recorded null, here number",
                ".c: recorded time, here string",
                ".d: recorded 2 elements, here 1",
                ".e.f: missing here",
                ".e.g: not recorded",
                ".h: not recorded",
            ]
        );
    }

    #[test]
    fn shortened_answers_are_compared_as_far_as_they_go() {
        let recorded =
            json!({ "_note": "shortened", "UID": "x", "Albums": ["B"], "Files": [{ "Hash": "1", "Primary": true }] });
        let mut here = json!({ "UID": "y", "Albums": [{ "Title": "B" }], "Files": [{ "Hash": "1", "Primary": true, "Size": 3 }], "More": 1 });
        assert_eq!(differences(recorded.clone(), here.clone()), [""; 0]);
        here["Files"][0]["Primary"] = json!(false);
        here["Albums"] = json!([{ "Title": "C" }]);
        assert_eq!(differences(recorded, here).len(), 2);
        let rows = json!([{ "UID": "x", "Slug": "a" }, { "_note": "3 rows in all" }]);
        assert_eq!(
            differences(rows, json!([{ "UID": "y", "Slug": "a", "Title": "" }, {}, {}])),
            [""; 0]
        );
    }
}
