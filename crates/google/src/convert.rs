//! Between the model and the wire: what a staged upload remembers, and which result belongs to which item.

use std::collections::HashMap;

use photomove_core::{Checksums, Metadata, Staged};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::wire::NewMediaItemResult;

/// What `commit` has to know about an upload, kept in [`Staged::token`] so that it outlives the process.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Upload {
    /// The service's upload token.
    pub(crate) token: String,
    /// Name of the file.
    #[serde(default)]
    pub(crate) name: String,
    /// SHA-1 in hexadecimal digits, by which twins in one batch are found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sha1: Option<String>,
}

impl Upload {
    pub(crate) fn new(token: String, name: &str, checksums: &Checksums) -> Self {
        Self {
            token,
            name: name.to_owned(),
            sha1: sha1_hex(checksums),
        }
    }

    pub(crate) fn to_secret(&self) -> SecretString {
        // A struct of three texts always becomes JSON; the bare token is what it is read as otherwise.
        serde_json::to_string(self)
            .unwrap_or_else(|_| self.token.clone())
            .into()
    }

    /// Reads what [`Upload::to_secret`] wrote, or a bare upload token.
    pub(crate) fn from_staged(staged: &Staged) -> Self {
        let text = staged.token.expose_secret();
        serde_json::from_str(text).unwrap_or_else(|_| Self {
            token: text.to_owned(),
            name: String::new(),
            sha1: None,
        })
    }
}

/// Returns the SHA-1 in hexadecimal digits.
pub(crate) fn sha1_hex(checksums: &Checksums) -> Option<String> {
    let sha1 = checksums.sha1?;
    Some(sha1.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Returns the description to send, `None` if there is none.
pub(crate) fn description(metadata: &Metadata) -> Option<&str> {
    let text = metadata.description.as_ref()?.value.as_str();
    (!text.is_empty()).then_some(text)
}

/// Sorts results to the uploads they belong to: by token, by position where the service left tokens out. `None` where
/// no result came.
pub(crate) fn results_by_upload(tokens: &[&str], results: Vec<NewMediaItemResult>) -> Vec<Option<NewMediaItemResult>> {
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, token) in tokens.iter().enumerate().rev() {
        places.entry(token).or_default().push(place);
    }
    let complete = results.len() == tokens.len();
    let mut sorted: Vec<Option<NewMediaItemResult>> = tokens.iter().map(|_| None).collect();
    for (position, result) in results.into_iter().enumerate() {
        // A position says nothing in a list that lacks some of its elements.
        let by_position = (result.upload_token.is_empty() && complete).then_some(position);
        let by_token = places.get_mut(result.upload_token.as_str()).and_then(Vec::pop);
        if let Some(place) = by_token.or(by_position)
            && sorted[place].is_none()
        {
            sorted[place] = Some(result);
        }
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn result(token: &str, id: &str) -> NewMediaItemResult {
        NewMediaItemResult {
            upload_token: token.to_owned(),
            media_item: Some(crate::wire::MediaItem {
                id: id.to_owned(),
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    fn ids(sorted: &[Option<NewMediaItemResult>]) -> Vec<Option<&str>> {
        sorted
            .iter()
            .map(|r| Some(r.as_ref()?.media_item.as_ref()?.id.as_str()))
            .collect()
    }

    #[test]
    fn a_missing_result_moves_no_other() {
        let sorted = results_by_upload(&["a", "b", "c"], vec![result("c", "3"), result("a", "1")]);
        assert_eq!(ids(&sorted), [Some("1"), None, Some("3")]);
    }

    #[test]
    fn results_without_tokens_go_by_position_only_if_all_came() {
        let sorted = results_by_upload(&["a", "b"], vec![result("", "1"), result("", "2")]);
        assert_eq!(ids(&sorted), [Some("1"), Some("2")]);
        let sorted = results_by_upload(&["a", "b"], vec![result("", "?")]);
        assert_eq!(ids(&sorted), [None, None]);
    }

    #[test]
    fn one_token_twice_gets_both_results_in_order() {
        let sorted = results_by_upload(&["a", "a"], vec![result("a", "1"), result("a", "2")]);
        assert_eq!(ids(&sorted), [Some("1"), Some("2")]);
    }

    #[test]
    fn a_bare_token_is_understood() {
        let staged = |token: &str| Staged {
            token: token.into(),
            until: None,
            bound_to: None,
            visible: None,
        };
        assert_eq!(Upload::from_staged(&staged("CAIS6g/+=")).token, "CAIS6g/+=");
        assert_eq!(Upload::from_staged(&staged("12345")).token, "12345");
    }

    proptest! {
        #[test]
        fn an_upload_survives_its_journal(token in ".{1,80}", name in ".{0,40}", sha1 in any::<[u8; 20]>()) {
            let checksums = Checksums { sha1: Some(sha1), ..Checksums::default() };
            let upload = Upload::new(token, &name, &checksums);
            let staged = Staged { token: upload.to_secret(), until: None, bound_to: None, visible: None };
            prop_assert!(Upload::from_staged(&staged) == upload);
            prop_assert_eq!(Checksums::sha1_from_hex(upload.sha1.as_deref().unwrap()), Some(sha1));
        }

        #[test]
        fn shuffled_results_find_their_uploads(order in Just((0..20usize).collect::<Vec<_>>()).prop_shuffle(), kept in 0..20usize) {
            let tokens: Vec<String> = (0..20).map(|n| format!("token{n}")).collect();
            let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
            let results = order.iter().take(kept).map(|n| result(tokens[*n], &n.to_string())).collect();
            let sorted = results_by_upload(&tokens, results);
            for (place, found) in ids(&sorted).into_iter().enumerate() {
                let expected = order[..kept].contains(&place).then(|| place.to_string());
                prop_assert_eq!(found.map(str::to_owned), expected);
            }
        }
    }
}
