//! Searches of labels, people, faces, folders and places.

use super::{Parameters, parameters};

macro_rules! search {
    ($(#[$doc:meta])* $name:ident { $($parameters:tt)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        pub struct $name(Parameters);

        impl $name {
            /// Finds everything that is shown usually.
            pub fn new() -> Self {
                Self::default()
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

            parameters! { $($parameters)+ }
        }
    };
}

search! {
    /// A search of labels.
    LabelSearch {
        /// Part of the name.
        q: text "q";
        /// Those of low priority too.
        all: bool "all";
        /// Favourites only.
        favorite: bool "favorite";
        /// Short name.
        slug: text "slug";
        /// Name.
        name: text "name";
        /// Ids.
        uids: list "uid";
    }
}

search! {
    /// A search of people.
    SubjectSearch {
        /// Part of the name.
        q: text "q";
        /// What it is; `person`.
        kind: text "type";
        /// Those without photos too.
        all: bool "all";
        /// Least number of files.
        files: number "files";
        /// Least number of photos.
        photos: number "photos";
        /// Order, such as `name`, `count`, `added`, `relevance`.
        order: text "order";
        /// Hidden ones: `yes` or `no`.
        hidden: text "hidden";
        /// Favourites: `yes` or `no`.
        favorite: text "favorite";
        /// Private ones: `yes` or `no`.
        private: text "private";
        /// Ids.
        uids: list "uid";
    }
}

search! {
    /// A search of faces.
    FaceSearch {
        /// Without a name: `yes` or `no`.
        unknown: text "unknown";
        /// Hidden ones: `yes` or `no`.
        hidden: text "hidden";
        /// Id of the person.
        subject: text "subject";
        /// Id of the face.
        id: text "uid";
        /// With the region that shows it.
        markers: bool "markers";
    }
}

search! {
    /// What of a folder is listed.
    FolderSearch {
        /// Files too; only with a count.
        files: bool "files";
        /// Folders of folders too.
        recursive: bool "recursive";
        /// Not from the server's memory.
        uncached: bool "uncached";
        /// With `true` nothing private.
        public: bool "public";
        /// How many at most.
        count: number "count";
        /// How many to leave out first.
        offset: number "offset";
    }
}

search! {
    /// A search of photos with a position.
    GeoSearch {
        /// Text and `key:value` filters.
        q: text "q";
        /// Content of the album with this id.
        scope: text "s";
        /// How many at most; 100,000 without it.
        count: number "count";
        /// With `true` archived ones only.
        archived: bool "archived";
        /// With `true` no private ones.
        public: bool "public";
    }
}
