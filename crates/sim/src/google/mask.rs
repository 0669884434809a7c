//! Partial responses: the `fields=` parameter, such as `mediaItems(id,mediaMetadata/width),nextPageToken`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::reply::ApiError;

/// Which fields to keep; an empty tree keeps everything below.
#[derive(Debug, Default, PartialEq)]
struct Tree(BTreeMap<String, Tree>);

/// Keeps only what the mask names.
pub(super) fn apply(mask: &str, value: Value) -> Result<Value, ApiError> {
    let invalid = || {
        ApiError::invalid(format!(
            "Request contains an invalid argument: invalid field selection {mask}"
        ))
    };
    let mut rest = mask;
    let tree = parse_list(&mut rest).filter(|_| rest.is_empty()).ok_or_else(invalid)?;
    Ok(keep(&tree, value))
}

fn parse_list(rest: &mut &str) -> Option<Tree> {
    let mut tree = Tree::default();
    loop {
        parse_path(rest, &mut tree)?;
        match rest.strip_prefix(',') {
            Some(after) => *rest = after,
            None => return Some(tree),
        }
    }
}

fn parse_path(rest: &mut &str, tree: &mut Tree) -> Option<()> {
    let end = rest
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '*'))
        .unwrap_or(rest.len());
    let (name, after) = rest.split_at(end);
    if name.is_empty() {
        return None;
    }
    *rest = after;
    let below = tree.0.entry(name.to_owned()).or_default();
    if let Some(after) = rest.strip_prefix(['/', '.']) {
        *rest = after;
        return parse_path(rest, below);
    }
    if let Some(after) = rest.strip_prefix('(') {
        *rest = after;
        below.0.extend(parse_list(rest)?.0);
        *rest = rest.strip_prefix(')')?;
    }
    Some(())
}

fn keep(tree: &Tree, value: Value) -> Value {
    if tree.0.is_empty() {
        return value;
    }
    match value {
        Value::Array(list) => list.into_iter().map(|element| keep(tree, element)).collect(),
        Value::Object(map) => {
            let chosen = |(name, value): (String, Value)| {
                let below = tree.0.get(&name).or_else(|| tree.0.get("*"))?;
                Some((name, keep(below, value)))
            };
            Value::Object(map.into_iter().filter_map(chosen).collect::<Map<_, _>>())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_named_fields_stay() {
        let value =
            json!({"newMediaItemResults": [{"uploadToken": "t", "mediaItem": {"productUrl": "p", "id": "i"}}], "x": 1});
        let masked = apply("newMediaItemResults(mediaItem/productUrl)", value).unwrap();
        assert_eq!(
            masked,
            json!({"newMediaItemResults": [{"mediaItem": {"productUrl": "p"}}]})
        );
    }

    #[test]
    fn a_broken_mask_is_refused() {
        assert_eq!(apply("a(b", json!({})).unwrap_err().status, 400);
        assert_eq!(apply("a)b", json!({})).unwrap_err().status, 400);
    }
}
