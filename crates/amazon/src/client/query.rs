//! Questions to the listings, in the service's two query languages.

use photomove_core::{Error, ErrorKind, Operation, Result};

use crate::KIND;
use crate::config::PAGE_SIZE_MAX;

/// Most clauses that a filter of the `/nodes` family may have.
pub const CLAUSES_MAX: usize = 8;
/// Largest `offset + limit` of the `/nodes` family.
pub(crate) const WINDOW: u64 = 9999;

/// A filter of the `/nodes` family: clauses that must all hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter(Vec<String>);

impl Filter {
    /// A filter that lets everything pass.
    pub fn new() -> Self {
        Self::default()
    }

    /// The root folder; matched loosely (*observed*), so that it must be looked for in the answer.
    pub(crate) fn root() -> Self {
        Self::new().clause("isRoot:true")
    }

    /// Files that are not in the bin.
    pub fn files() -> Self {
        Self::new().clause("kind:FILE").clause("status:AVAILABLE")
    }

    /// Albums that are not in the bin.
    pub fn albums() -> Self {
        Self::new().clause("kind:VISUAL_COLLECTION").clause("status:AVAILABLE")
    }

    /// Adds a clause in the service's own language, such as `kind:FOLDER`.
    #[must_use]
    pub fn clause(mut self, clause: impl Into<String>) -> Self {
        self.0.push(clause.into());
        self
    }

    /// Adds a clause that a field has exactly this value, quoted.
    #[must_use]
    pub fn equals(self, field: &str, value: &str) -> Self {
        let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
        self.clause(format!("{field}:\"{escaped}\""))
    }

    /// Adds a clause that nodes were created at `date` or later; `date` as the service writes it.
    #[must_use]
    pub fn created_from(self, date: &str) -> Self {
        self.clause(format!("createdDate:[\"{date}\" TO *]"))
    }

    fn text(&self) -> Result<String> {
        if self.0.len() > CLAUSES_MAX {
            return Err(Error::new(
                ErrorKind::Config,
                format!("a filter may have {CLAUSES_MAX} clauses at most"),
            )
            .provider(KIND)
            .context("clauses", self.0.len()));
        }
        Ok(self.0.join(" AND "))
    }
}

/// Order of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Oldest upload first; what comes while one reads is added at the end.
    CreatedAscending,
    /// Newest upload first.
    CreatedDescending,
    /// By name.
    NameAscending,
    /// Newest content date first; the default of the search.
    ContentDateDescending,
}

impl Sort {
    fn text(self) -> &'static str {
        match self {
            Self::CreatedAscending => "['createdDate ASC']",
            Self::CreatedDescending => "['createdDate DESC']",
            Self::NameAscending => "['name ASC']",
            Self::ContentDateDescending => "['contentProperties.contentDate DESC']",
        }
    }
}

/// Where a page begins. Token and offset never go together: the service then stops giving tokens.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Start {
    /// With the first node.
    #[default]
    Beginning,
    /// After the page that gave this token; tokens live for about ten minutes.
    Token(String),
    /// After so many nodes; offset and limit together may not exceed 9,999 but on the search.
    Offset(u64),
}

impl Start {
    fn pair(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Beginning => None,
            Self::Token(token) => Some(("startToken", token.clone())),
            Self::Offset(offset) => Some(("offset", offset.to_string())),
        }
    }
}

/// A question to the `/nodes` family.
#[derive(Debug, Clone)]
pub struct NodeQuery {
    filter: Filter,
    sort: Sort,
    limit: u16,
    start: Start,
    operation: Operation,
}

impl NodeQuery {
    /// Asks for nodes that pass, oldest upload first, 200 of them from the beginning.
    pub fn new(filter: Filter) -> Self {
        Self {
            filter,
            sort: Sort::CreatedAscending,
            limit: PAGE_SIZE_MAX,
            start: Start::Beginning,
            operation: Operation::ListAssets,
        }
    }

    /// Sets the order.
    #[must_use]
    pub fn sorted(mut self, sort: Sort) -> Self {
        self.sort = sort;
        self
    }

    /// Sets how many nodes come at most, 1 to 200.
    #[must_use]
    pub fn limit(mut self, nodes: u16) -> Self {
        self.limit = nodes.clamp(1, PAGE_SIZE_MAX);
        self
    }

    /// Sets where the page begins.
    #[must_use]
    pub fn starting(mut self, start: Start) -> Self {
        self.start = start;
        self
    }

    /// Says what it is for, which errors then name.
    #[must_use]
    pub fn for_operation(mut self, operation: Operation) -> Self {
        self.operation = operation;
        self
    }

    pub(crate) fn operation(&self) -> Operation {
        self.operation
    }

    pub(super) fn pairs(&self) -> Result<Vec<(&'static str, String)>> {
        let mut pairs = vec![
            ("filters", self.filter.text()?),
            ("sort", self.sort.text().to_owned()),
            ("limit", self.limit.to_string()),
        ];
        pairs.extend(self.start.pair());
        Ok(pairs)
    }
}

/// A question to the search.
#[derive(Debug, Clone)]
pub struct SearchQuery {
    filters: String,
    sort: Sort,
    limit: u16,
    start: Start,
    context: &'static str,
}

impl Default for SearchQuery {
    fn default() -> Self {
        Self {
            filters: "type:(PHOTOS OR VIDEOS)".to_owned(),
            sort: Sort::CreatedAscending,
            limit: PAGE_SIZE_MAX,
            start: Start::Beginning,
            context: "customer",
        }
    }
}

impl SearchQuery {
    /// Asks with filters in the search's own language, such as `type:(PHOTOS) AND timeYear:(2023)`.
    pub fn new(filters: impl Into<String>) -> Self {
        Self {
            filters: filters.into(),
            ..Self::default()
        }
    }

    /// Sets the order.
    #[must_use]
    pub fn sorted(mut self, sort: Sort) -> Self {
        self.sort = sort;
        self
    }

    /// Sets how many nodes come at most, 1 to 200.
    #[must_use]
    pub fn limit(mut self, nodes: u16) -> Self {
        self.limit = nodes.clamp(1, PAGE_SIZE_MAX);
        self
    }

    /// Sets where the page begins; offsets have no upper end here (*observed* up to 29,000).
    #[must_use]
    pub fn starting(mut self, start: Start) -> Self {
        self.start = start;
        self
    }

    /// Searches in what the family and groups share too.
    #[must_use]
    pub fn everywhere(mut self) -> Self {
        self.context = "all";
        self
    }

    pub(super) fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = vec![
            ("filters", self.filters.clone()),
            ("sort", self.sort.text().to_owned()),
            ("limit", self.limit.to_string()),
            ("searchContext", self.context.to_owned()),
            ("lowResThumbnail", "false".to_owned()),
        ];
        pairs.extend(self.start.pair());
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value<'p>(pairs: &'p [(&str, String)], name: &str) -> Option<&'p str> {
        pairs
            .iter()
            .find(|(pair, _)| *pair == name)
            .map(|(_, value)| value.as_str())
    }

    #[test]
    fn a_question_always_says_filter_order_and_limit() {
        let pairs = NodeQuery::new(Filter::files().created_from("2024-01-01T00:00:00.000Z"))
            .pairs()
            .unwrap();
        let filters = "kind:FILE AND status:AVAILABLE AND createdDate:[\"2024-01-01T00:00:00.000Z\" TO *]";
        assert_eq!(value(&pairs, "filters"), Some(filters));
        assert_eq!(value(&pairs, "sort"), Some("['createdDate ASC']"));
        assert_eq!((value(&pairs, "limit"), value(&pairs, "offset")), (Some("200"), None));
    }

    #[test]
    fn names_are_quoted_and_escaped() {
        let filter = Filter::new().equals("name", "two \"words\" \\ more");
        assert_eq!(filter.text().unwrap(), r#"name:"two \"words\" \\ more""#);
    }

    #[test]
    fn more_than_eight_clauses_are_never_sent() {
        let filter = (0..9).fold(Filter::new(), |filter, _| filter.clause("kind:FILE"));
        assert_eq!(*NodeQuery::new(filter).pairs().unwrap_err().kind(), ErrorKind::Config);
    }

    #[test]
    fn a_token_and_an_offset_never_go_together() {
        let query = NodeQuery::new(Filter::files())
            .starting(Start::Offset(3))
            .starting(Start::Token("t".into()));
        let pairs = query.pairs().unwrap();
        assert_eq!(
            (value(&pairs, "startToken"), value(&pairs, "offset")),
            (Some("t"), None)
        );
    }
}
