//! What can be searched for, in the server's own parameters.
//!
//! The server refuses what it cannot read of numbers, dates and switches, but **swallows nonsense in lists and texts**:
//! a year that is no number filters nothing. The types here leave no room for that.

mod albums;
mod page;
mod photos;
mod things;

pub use albums::{AlbumOrder, AlbumSearch};
pub use page::Page;
pub use photos::{PhotoOrder, PhotoSearch};
pub use things::{FaceSearch, FolderSearch, GeoSearch, LabelSearch, SubjectSearch};

use std::borrow::Cow;

/// Parameters of an address, in the order in which they were set; setting one again replaces it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Parameters(Vec<(Cow<'static, str>, String)>);

impl Parameters {
    pub(crate) fn set(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) {
        let (name, value) = (name.into(), value.into());
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some(known) => known.1 = value,
            None => self.0.push((name, value)),
        }
    }

    pub(crate) fn pairs(&self) -> &[(Cow<'static, str>, String)] {
        &self.0
    }

    /// Returns the parameters with those of a page.
    pub(crate) fn page(&self, count: u32, offset: u64) -> Vec<(Cow<'static, str>, String)> {
        let mut pairs = self.0.clone();
        pairs.push(("count".into(), count.to_string()));
        if offset > 0 {
            pairs.push(("offset".into(), offset.to_string()));
        }
        pairs
    }
}

/// Joins the words of a list.
pub(crate) fn list<I: IntoIterator<Item = S>, S: AsRef<str>>(words: I) -> String {
    let mut text = String::new();
    for word in words {
        if !text.is_empty() {
            text.push('|');
        }
        text.push_str(word.as_ref());
    }
    text
}

/// Makes one function for each parameter of a search.
macro_rules! parameters {
    (@value bool, $value:ident) => { if $value { "true" } else { "false" } };
    (@value text, $value:ident) => { $value.into() };
    (@value list, $value:ident) => { $crate::search::list($value) };
    (@value numbers, $value:ident) => {
        $crate::search::list($value.into_iter().map(|number: i32| number.to_string()))
    };
    (@value number, $value:ident) => { $value.to_string() };
    (@value float, $value:ident) => { $value.to_string() };
    (@value time, $value:ident) => { $value.to_string() };
    (@value date, $value:ident) => { $value.to_string() };
    (@value range, $value:ident) => { format!("{}-{}", $value.start(), $value.end()) };
    ($($(#[$doc:meta])* $function:ident: $kind:ident $name:literal;)+) => {
        $( parameters!(@function $(#[$doc])* $function $kind $name); )+
    };
    (@function $(#[$doc:meta])* $function:ident bool $name:literal) => {
        $(#[$doc])* #[must_use]
        pub fn $function(self, value: bool) -> Self { self.with($name, parameters!(@value bool, value)) }
    };
    (@function $(#[$doc:meta])* $function:ident text $name:literal) => {
        $(#[$doc])* #[must_use]
        pub fn $function(self, value: impl Into<String>) -> Self { self.with($name, value) }
    };
    (@function $(#[$doc:meta])* $function:ident list $name:literal) => {
        $(#[$doc])* #[must_use]
        pub fn $function<I: IntoIterator<Item = S>, S: AsRef<str>>(self, value: I) -> Self {
            self.with($name, parameters!(@value list, value))
        }
    };
    (@function $(#[$doc:meta])* $function:ident numbers $name:literal) => {
        $(#[$doc])* #[must_use]
        pub fn $function(self, value: impl IntoIterator<Item = i32>) -> Self {
            self.with($name, parameters!(@value numbers, value))
        }
    };
    (@function $(#[$doc:meta])* $function:ident number $name:literal) => {
        $(#[$doc])* #[must_use]
        pub fn $function(self, value: i32) -> Self { self.with($name, parameters!(@value number, value)) }
    };
    (@function $(#[$doc:meta])* $function:ident float $name:literal) => {
        $(#[$doc])* #[must_use]
        pub fn $function(self, value: f64) -> Self { self.with($name, parameters!(@value float, value)) }
    };
    (@function $(#[$doc:meta])* $function:ident time $name:literal) => {
        $(#[$doc])* #[must_use]
        pub fn $function(self, value: jiff::Timestamp) -> Self { self.with($name, parameters!(@value time, value)) }
    };
    (@function $(#[$doc:meta])* $function:ident date $name:literal) => {
        $(#[$doc])* #[must_use]
        pub fn $function(self, value: jiff::civil::Date) -> Self { self.with($name, parameters!(@value date, value)) }
    };
    (@function $(#[$doc:meta])* $function:ident range $name:literal) => {
        $(#[$doc])* #[must_use]
        pub fn $function(self, value: std::ops::RangeInclusive<i32>) -> Self {
            self.with($name, parameters!(@value range, value))
        }
    };
    (@function $(#[$doc:meta])* $function:ident decimals $name:literal) => {
        $(#[$doc])* #[must_use]
        pub fn $function(self, value: std::ops::RangeInclusive<f64>) -> Self {
            self.with($name, parameters!(@value range, value))
        }
    };
}

pub(crate) use parameters;
