//! rclone's settings file, what `rclone config dump` prints, and a `token = …` line alone.

use photomove_core::Result;
use serde_json::{Map, Value};
use url::Url;

use super::{Import, Tool, secret, unusable};

/// What rclone calls its backend for Google Photos.
const TYPE: &str = "google photos";

/// A section of the file: its name and its values.
pub(super) struct Remote {
    name: String,
    values: Map<String, Value>,
}

/// Says whether the file is encrypted with a password of rclone's.
pub(super) fn is_encrypted(text: &str) -> bool {
    text.lines()
        .take(5)
        .any(|line| line.trim_start().starts_with("RCLONE_ENCRYPT_V"))
}

/// Reads a settings file or a part of one.
pub(super) fn of_conf(text: &str) -> Result<Import> {
    let mut remotes = Vec::new();
    let mut remote = Remote {
        name: String::new(),
        values: Map::new(),
    };
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            remotes.push(std::mem::replace(
                &mut remote,
                Remote {
                    name: name.to_owned(),
                    values: Map::new(),
                },
            ));
        } else if let Some((name, value)) = line.split_once('=')
            && !line.starts_with(['#', ';'])
        {
            remote.values.insert(name.trim().to_owned(), value.trim().into());
        }
    }
    remotes.push(remote);
    let sections = remotes.len() > 1;
    let found: Vec<Remote> = remotes.into_iter().filter(Remote::is_google_photos).collect();
    if found.is_empty() {
        return Err(unusable(if sections {
            "this rclone.conf has no remote of type `google photos` that is signed in"
        } else {
            "the file with the sign-in is neither JSON nor an rclone.conf"
        }));
    }
    only_one(found)
}

/// Reads what `rclone config dump` prints; `None` if it is something else.
pub(super) fn remotes_of_dump(object: &Map<String, Value>) -> Option<Vec<Remote>> {
    let remotes: Vec<Remote> = object
        .iter()
        .filter_map(|(name, values)| {
            Some(Remote {
                name: name.clone(),
                values: values.as_object()?.clone(),
            })
        })
        .filter(Remote::is_google_photos)
        .collect();
    (!remotes.is_empty()).then_some(remotes)
}

/// Takes the remote, if there is no doubt which one.
pub(super) fn only_one(mut remotes: Vec<Remote>) -> Result<Import> {
    if remotes.len() > 1 {
        let names: Vec<&str> = remotes.iter().map(|remote| remote.name.as_str()).collect();
        return Err(unusable(&format!(
            "rclone has several remotes of type `google photos`: {}",
            names.join(", ")
        ))
        .hint_instead("put the section of the one that you mean into a file of its own"));
    }
    match remotes.pop() {
        Some(remote) => remote.import(),
        None => Err(unusable("rclone has no remote of type `google photos`")),
    }
}

impl Remote {
    fn text(&self, name: &str) -> Option<&str> {
        self.values
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    }

    /// A line alone has no type.
    fn is_google_photos(&self) -> bool {
        let fits = self.text("type").map_or(self.name.is_empty(), |kind| kind == TYPE);
        fits && self.text("token").is_some()
    }

    fn import(self) -> Result<Import> {
        let token = self.text("token").unwrap_or_default();
        let Ok(Value::Object(token)) = serde_json::from_str(token) else {
            return Err(unusable("the value of `token` in rclone's file is not JSON"));
        };
        let mut import = Import::of_fields(token, Tool::Rclone)?;
        import.file.client_id = self.text("client_id").map(str::to_owned);
        import.file.client_secret = self.text("client_secret").map(secret);
        import.file.token_uri = self.text("token_url").and_then(|text| Url::parse(text).ok());
        Ok(import)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::RCLONE_TOKEN;
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn the_section_of_google_photos_is_found_among_others() {
        let conf = format!(
            "# a note\n[drive]\ntype = drive\ntoken = {{}}\n\n[photos]\ntype = google photos\nclient_id = 7-a.apps.googleusercontent.com\n\
             client_secret = hush-s\ntoken = {RCLONE_TOKEN}\n\n[empty]\ntype = google photos\n"
        );
        let import = Import::parse(&conf).unwrap();
        assert_eq!((import.tool(), import.has_client()), (Tool::Rclone, true));
        assert_eq!(import.file.access_token.unwrap().expose_secret(), "hush-a");
        assert_eq!(import.file.client_secret.unwrap().expose_secret(), "hush-s");
    }

    #[test]
    fn a_line_alone_and_a_dump_are_read_too() {
        for text in [
            format!("token = {RCLONE_TOKEN}"),
            serde_json::json!({"photos": {"type": "google photos", "token": RCLONE_TOKEN}}).to_string(),
        ] {
            let import = Import::parse(&text).unwrap();
            assert_eq!((import.tool(), import.has_client()), (Tool::Rclone, false));
            assert_eq!(import.file.refresh_token.unwrap().expose_secret(), "hush-r");
        }
    }

    #[test]
    fn doubt_is_told() {
        let section = |name: &str| format!("[{name}]\ntype = google photos\ntoken = {RCLONE_TOKEN}\n");
        let message = |text: &str| Import::parse(text).unwrap_err().message().to_owned();
        assert!(message(&(section("anna") + &section("otto"))).contains("anna, otto"));
        assert!(message("[drive]\ntype = drive\ntoken = {}\n").contains("no remote of type"));
        assert!(message("[p]\ntype = google photos\ntoken = hush\n").contains("not JSON"));
    }
}
