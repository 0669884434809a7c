//! The album search.

use super::{Parameters, parameters};
use crate::wire::{AlbumType, text_enum};

text_enum! {
    /// Order of found albums; the server takes any other word for the first one.
    AlbumOrder {
        /// Favourites first, then by title.
        Favorites = "favorites",
        /// By title.
        Name = "name",
        /// By title, backwards.
        NameReverse = "name_reverse",
        /// Latest first.
        Added = "added",
        /// By date, newest first.
        Newest = "newest",
        /// By date, oldest first.
        Oldest = "oldest",
        /// As moments are shown.
        Moment = "moment",
        /// Latest edit first.
        Edited = "edited",
        /// By number of photos.
        Count = "count",
        /// By place.
        Place = "place",
        /// By folder.
        Path = "path",
        /// By category.
        Category = "category",
        /// By short name.
        Slug = "slug",
    }
}

/// A search of albums. Deleted ones are never found.
///
/// There is no filter for titles: the server ignores it and returns everything. Compare the titles of what is found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AlbumSearch(Parameters);

impl AlbumSearch {
    /// Finds albums of all types, folders and months included.
    pub fn new() -> Self {
        Self::default()
    }

    /// Finds albums that people made.
    pub fn of_people() -> Self {
        Self::new().types(&[AlbumType::Album])
    }

    /// Sets a parameter that has no function here.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.set(name, value);
        self
    }

    pub(crate) fn parameters(&self) -> &Parameters {
        &self.0
    }

    /// Returns the parameters that are set, as the server reads them.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .pairs()
            .iter()
            .map(|(name, value)| (name.as_ref(), value.as_str()))
    }

    /// Sets the order.
    #[must_use]
    pub fn order(self, order: AlbumOrder) -> Self {
        self.with("order", order.as_str())
    }

    /// Finds these types.
    #[must_use]
    pub fn types<'t>(self, types: impl IntoIterator<Item = &'t AlbumType>) -> Self {
        self.with("type", super::list(types.into_iter().map(AlbumType::as_str)))
    }

    parameters! {
        /// Part of title or location. A colon in it makes it a filter.
        q: text "q";
        /// Ids.
        uids: list "uid";
        /// Categories.
        categories: list "category";
        /// Locations.
        locations: list "location";
        /// Years, those of the photos in it included.
        year: number "year";
        /// Months.
        month: number "month";
        /// Days.
        day: number "day";
        /// Favourites, or all others.
        favorite: bool "favorite";
        /// With `true` no private ones.
        public: bool "public";
    }

    /// Finds albums of a country, two letters; servers ignore the filter in its usual place.
    #[must_use]
    pub fn country(self, country: &str) -> Self {
        self.with("Country", country)
    }
}
