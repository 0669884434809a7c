//! Whether an answer is the recorded one.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Answer, Replayer};
use crate::compare::Comparison;
use crate::recording::Exchange;

/// Headers that must be the recorded ones, once names are translated.
const TELLING_HEADERS: &[&str] = &[
    "content-range",
    "location",
    "x-count",
    "x-limit",
    "x-offset",
    "x-files",
    "x-folders",
];

impl Replayer {
    pub(super) fn compare(&mut self, exchange: &Exchange, path: &str, answer: &Answer, comparison: &mut Comparison) {
        if exchange.status() != answer.status {
            let body = String::from_utf8_lossy(&answer.body[..answer.body.len().min(300)]).into_owned();
            comparison.say(
                "status",
                format!("recorded {}, here {}: {body}", exchange.status(), answer.status),
            );
            return;
        }
        let headers: BTreeMap<&str, &str> = answer
            .headers
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
            .collect();
        self.compare_headers(exchange, &headers, comparison);
        let recorded = &exchange.response;
        if let Some(json) = recorded.get("json") {
            match serde_json::from_slice::<Value>(&answer.body) {
                Ok(here) => {
                    self.bindings.learn(json, &here);
                    self.token = here["access_token"].as_str().map(str::to_owned).or(self.token.take());
                    let translated = serde_json::from_str(&self.bindings.translate(&json.to_string()));
                    let translated: Value = translated.unwrap_or_default();
                    comparison.json(&translated, &here);
                    self.compare_order(path, &translated, &here, comparison);
                }
                Err(_) => comparison.say("", format!("no JSON here: {}", String::from_utf8_lossy(&answer.body))),
            }
        } else if let Some(text) = recorded["text"].as_str() {
            match serde_json::from_str::<Value>(text) {
                Ok(json) => comparison.json(&json, &serde_json::from_slice(&answer.body).unwrap_or_default()),
                Err(_) if text.is_empty() != answer.body.is_empty() => {
                    comparison.say("", format!("recorded {} bytes, here {}", text.len(), answer.body.len()));
                }
                Err(_) => {}
            }
        } else if let Some(binary) = recorded.get("binary")
            && answer.body.is_empty() != (binary["size"] == 0)
        {
            comparison.say(
                "",
                format!("recorded {} bytes, here {}", binary["size"], answer.body.len()),
            );
        }
    }

    fn compare_headers(&mut self, exchange: &Exchange, here: &BTreeMap<&str, &str>, comparison: &mut Comparison) {
        let media_type = |text: &str| text.split(';').next().unwrap_or_default().trim().to_lowercase();
        let (recorded, own) = (exchange.header("content-type"), here.get("content-type"));
        if recorded.map(media_type) != own.map(|own| media_type(own)) {
            comparison.say("content-type", format!("recorded {recorded:?}, here {own:?}"));
        }
        for name in exchange.response["headers"]
            .as_object()
            .into_iter()
            .flat_map(serde_json::Map::keys)
        {
            let name = name.to_lowercase();
            let (Some(recorded), own) = (exchange.header(&name), here.get(name.as_str())) else {
                continue;
            };
            let Some(own) = own else {
                if name.starts_with("x-") || TELLING_HEADERS.contains(&name.as_str()) || name == "content-disposition" {
                    comparison.say(&name, format!("recorded {recorded:?}, missing here"));
                }
                continue;
            };
            self.bindings.learn_header(&name, recorded, own);
            if TELLING_HEADERS.contains(&name.as_str()) && self.bindings.translate(recorded) != *own {
                comparison.say(&name, format!("recorded {recorded:?}, here {own:?}"));
            }
        }
    }

    /// Search rows come in an order, except where chance decides.
    fn compare_order(&self, path: &str, recorded: &Value, here: &Value, comparison: &mut Comparison) {
        let names = |rows: &Value| -> Vec<String> {
            let rows = rows.as_array().into_iter().flatten();
            rows.filter_map(|row| Some(row.get("FileName")?.as_str()?.to_owned()))
                .collect()
        };
        let (recorded, here) = (names(recorded), names(here));
        if !path.contains("order=random") && recorded != here && !recorded.is_empty() && recorded.len() <= here.len() {
            comparison.say("order", format!("recorded {recorded:?}, here {here:?}"));
        }
    }
}
