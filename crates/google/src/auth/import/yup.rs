//! What crate `yup-oauth2` keeps: a list of tokens, each with the scopes that it was asked for.

use photomove_core::Result;
use serde_json::{Map, Value};

use super::super::lenient::instant;
use super::super::permission;
use super::{Import, Tool, unusable};

/// Takes the entry that covers most of what is needed.
pub(super) fn best(entries: &[Value]) -> Result<Import> {
    let mut read = Vec::new();
    for entry in entries {
        if let Some(fields) = fields(entry) {
            read.push(Import::of_fields(fields, Tool::YupOauth2)?);
        }
    }
    let lacks = |import: &Import| permission::missing(&import.file.scopes).len();
    read.into_iter()
        .min_by_key(lacks)
        .ok_or_else(|| unusable("the list holds no sign-in"))
}

fn fields(entry: &Value) -> Option<Map<String, Value>> {
    let mut fields = entry.get("token")?.as_object()?.clone();
    fields.insert("scopes".to_owned(), entry.get("scopes").cloned().unwrap_or_default());
    // Its form depends on how crate `time` was built. One that is not known costs nothing: the sign-in is renewed anyway.
    let expires_at = fields.remove("expires_at").as_ref().and_then(instant);
    if let Some(at) = expires_at {
        fields.insert("expires_at".to_owned(), at.to_string().into());
    }
    Some(fields)
}

#[cfg(test)]
mod tests {
    use super::super::super::{SCOPE_APPEND, SCOPE_READ};
    use super::*;
    use serde_json::json;

    #[test]
    fn the_entry_that_covers_most_is_taken() {
        let entry = |scopes: Value, name: &str, at: Value| json!({"scopes": scopes, "token": {"access_token": name, "refresh_token": name, "expires_at": at, "id_token": null}});
        let list = json!([
            entry(json!(["openid"]), "poor", json!("2026-11-20 12:34:56.0 +00:00:00")),
            entry(
                json!([SCOPE_APPEND, SCOPE_READ]),
                "rich",
                json!([2026, 324, 12, 34, 56, 0, 0, 0, 0])
            ),
            entry(json!([SCOPE_APPEND]), "middling", json!({"odd": 1})),
        ]);
        let import = Import::parse(&list.to_string()).unwrap();
        assert_eq!((import.tool(), import.file.scopes.len()), (Tool::YupOauth2, 2));
        assert_eq!(import.file.expires_at, "2026-11-20T12:34:56Z".parse().ok());
    }
}
