//! The server's settings, as `GET /settings` shows them.

use serde_json::{Map, Value, json};

use super::reply::Refusal;
use super::request::Object;
use super::switches::PhotoPrismSwitches;

/// All settings, as JSON: most of them are only kept and shown.
#[derive(Debug, Clone)]
pub(crate) struct Settings(Value);

impl Settings {
    /// What a fresh server has.
    pub(crate) fn new(switches: &PhotoPrismSwitches) -> Self {
        const OFF_BY_DEFAULT: [&str; 2] = ["people", "places"];
        let features: Map<String, Value> = [
            "account",
            "albums",
            "archive",
            "delete",
            "download",
            "edit",
            "estimates",
            "favorites",
            "files",
            "folders",
            "import",
            "labels",
            "library",
            "logs",
            "moments",
            "people",
            "places",
            "private",
            "ratings",
            "reactions",
            "review",
            "search",
            "services",
            "settings",
            "share",
            "upload",
            "videos",
        ]
        .into_iter()
        .map(|name| (name.to_owned(), (!OFF_BY_DEFAULT.contains(&name)).into()))
        .collect();
        let mut settings = Self(json!({
            "ui": { "scrollbar": true, "zoom": false, "theme": "default", "language": switches.language, "timeZone": "" },
            "search": { "batchSize": 0, "listView": true },
            "maps": { "animate": 0, "style": "" },
            "features": features,
            "import": { "path": "/", "move": false },
            "index": { "path": "/", "convert": true, "rescan": false, "skipArchived": false },
            "stack": { "uuid": switches.stack_uuid, "meta": switches.stack_meta, "name": switches.stack_name },
            "share": { "title": "" },
            "download": {
                "name": "file", "disabled": false, "originals": true, "mediaRaw": false, "mediaSidecar": false,
            },
            "templates": { "default": "index.gohtml" },
        }));
        settings.0["features"]["places"] = switches.places.into();
        settings
    }

    /// As JSON.
    pub(crate) fn value(&self) -> &Value {
        &self.0
    }

    /// Whether a feature such as `upload` is on.
    pub(crate) fn feature(&self, name: &str) -> bool {
        self.flag("features", name)
    }

    /// A setting that is `true` or `false`, such as `stack`, `meta`.
    pub(crate) fn flag(&self, section: &str, name: &str) -> bool {
        self.0[section][name].as_bool().unwrap_or(false)
    }

    /// A setting that is a text, such as `download`, `name`.
    pub(crate) fn text(&self, section: &str, name: &str) -> &str {
        self.0[section][name].as_str().unwrap_or_default()
    }

    /// The language of texts.
    pub(crate) fn language(&self) -> &str {
        self.text("ui", "language")
    }

    /// Changes a setting from a test.
    pub(crate) fn set(&mut self, section: &str, name: &str, value: Value) {
        self.0[section][name] = value;
    }

    /// Merges what was posted: other members stay, unknown ones are ignored, a wrong type refuses everything.
    pub(crate) fn merge(&mut self, posted: &Object) -> Result<(), Refusal> {
        let mut merged = self.0.clone();
        let Some(sections) = merged.as_object_mut() else {
            return Ok(());
        };
        for (section, members) in sections {
            let Some(posted) = posted.object(section)? else {
                continue;
            };
            for (name, slot) in members.as_object_mut().into_iter().flatten() {
                let Some(value) = posted.get(name) else { continue };
                if std::mem::discriminant(slot) != std::mem::discriminant(value) {
                    return Err(Refusal::undecodable());
                }
                *slot = value.clone();
            }
        }
        self.0 = merged;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_posted_changes_and_a_wrong_type_changes_nothing() {
        let mut settings = Settings::new(&PhotoPrismSwitches::default());
        let post = |text: &str| Object::read(text.as_bytes()).unwrap();
        settings
            .merge(&post(r#"{"Stack":{"uuid":false,"META":false,"x":1},"new":{}}"#))
            .unwrap();
        assert!(!settings.flag("stack", "uuid") && !settings.flag("stack", "meta") && settings.feature("upload"));
        assert!(
            settings
                .merge(&post(r#"{"ui":{"language":"de"},"features":{"upload":"no"}}"#))
                .is_err()
        );
        assert_eq!(settings.language(), "en");
        assert_eq!(settings.value()["features"].as_object().unwrap().len(), 27);
    }
}
