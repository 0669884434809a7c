//! The photo search.

use super::{Parameters, parameters};
use crate::wire::MediaType;
use crate::wire::text_enum;

text_enum! {
    /// Order of found photos; the server refuses any other word.
    PhotoOrder {
        /// Latest number of the database first. Inside an album too: albums know no order of adding.
        Added = "added",
        /// The same.
        Imported = "imported",
        /// Wall clock, newest first.
        Newest = "newest",
        /// Wall clock, oldest first: the order that new photos disturb least while pages are read.
        Oldest = "oldest",
        /// Latest edit first, edited ones only.
        Edited = "edited",
        /// Latest change first, changed ones only.
        Updated = "updated",
        /// Latest archived first; selects no archived ones by itself.
        Archived = "archived",
        /// Best quality first.
        Relevance = "relevance",
        /// Longest first.
        Duration = "duration",
        /// Largest first, originals only.
        Size = "size",
        /// By colour, place and look.
        Similar = "similar",
        /// By folder and name.
        Name = "name",
        /// By title.
        Title = "title",
        /// At random.
        Random = "random",
    }
}

/// A search of photos: all that is set must hold.
///
/// Without any parameter it finds what is not archived: private ones, those in review and hidden ones included. Archived
/// ones are found by [`PhotoSearch::archived`] alone. A photo without a primary file is in no result at all.
///
/// # Source
/// `GET /photos` of the server's source, December 2024, and recording `photos-search.json`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PhotoSearch(Parameters);

impl PhotoSearch {
    /// Finds everything that is not archived.
    pub fn new() -> Self {
        Self::default()
    }

    /// Finds the content of an album, of a smart one too; an album that does not exist is refused.
    pub fn of_album(uid: impl Into<String>) -> Self {
        Self::new().scope(uid)
    }

    /// Sets a parameter that has no function here. The server ignores names that it does not know.
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
    pub fn order(self, order: PhotoOrder) -> Self {
        self.with("order", order.as_str())
    }

    /// Finds these types.
    #[must_use]
    pub fn types<'t>(self, types: impl IntoIterator<Item = &'t MediaType>) -> Self {
        self.with("type", super::list(types.into_iter().map(MediaType::as_str)))
    }

    /// Finds what lies within `km` kilometres, at most 5000, of a point in degrees.
    #[must_use]
    pub fn around(self, lat: f64, lng: f64, km: f64) -> Self {
        self.lat(lat).lng(lng).dist(km)
    }

    parameters! {
        /// Groups consecutive files of a photo into one row and fills its files. A photo may still come twice, at the border of
        /// two pages and in orders that part its files.
        merged: bool "merged";
        /// Text and `key:value` filters, as people type them.
        q: text "q";
        /// The same syntax, applied after.
        filter: text "filter";
        /// Content of the album with this id; see [`PhotoSearch::of_album`].
        scope: text "s";
        /// Lowest quality; 0 for any. Ignored together with private ones.
        quality: number "quality";
        /// Primary files only: one row a photo.
        primary: bool "primary";
        /// With `true` no private ones.
        public: bool "public";
        /// With `true` private ones only.
        private: bool "private";
        /// With `true` archived ones only.
        archived: bool "archived";
        /// With `true` hidden ones only: broken, or without a preview.
        hidden: bool "hidden";
        /// With `true` only those in review, of a quality below 3.
        review: bool "review";
        /// With `true` files with an error only.
        error: bool "error";
        /// Ids of photos, or ids of files, or SHA-1 hashes: one kind only.
        uids: list "uid";
        /// SHA-1 hashes of files, in lower case.
        hashes: list "hash";
        /// Exif image ids, XMP document or instance ids; `&` and `|`.
        ids: text "id";
        /// Full name relative to its root, with `*`.
        filename: text "filename";
        /// Base name, with `*`.
        name: text "name";
        /// Original name without extension, with `*`.
        original: text "original";
        /// Folder; with a final `/` this very folder, else with `*`.
        path: text "path";
        /// Title, with `*`.
        title: text "title";
        /// Everything but videos, sound and documents.
        photo: bool "photo";
        /// Videos.
        video: bool "video";
        /// Raw data.
        raw: bool "raw";
        /// Live photos.
        live: bool "live";
        /// Pictures.
        image: bool "image";
        /// Pictures that move.
        animated: bool "animated";
        /// Drawings.
        vector: bool "vector";
        /// Sound; servers since 2025.
        audio: bool "audio";
        /// Documents; servers since 2025.
        document: bool "document";
        /// Known since.
        added_since: time "added";
        /// Changed since.
        updated_since: time "updated";
        /// Edited since.
        edited_since: time "edited";
        /// Taken on this day, UTC.
        taken_on: date "taken";
        /// Taken before this day began, UTC.
        before: date "before";
        /// Taken on this day or later, UTC.
        after: date "after";
        /// Years of the wall clock; -1 for not known.
        years: numbers "year";
        /// Months; -1 for not known.
        months: numbers "month";
        /// Days; -1 for not known.
        days: numbers "day";
        /// Latitude in degrees.
        lat: float "lat";
        /// Longitude in degrees.
        lng: float "lng";
        /// Distance in kilometres.
        dist: float "dist";
        /// Rectangle `N,E,S,W` in degrees.
        latlng: text "latlng";
        /// S2 cell.
        s2: text "s2";
        /// Plus code.
        olc: text "olc";
        /// Near this photo; an unknown one is refused.
        near: text "near";
        /// With a known cell (`yes`) or without (`no`); without a service for places nothing has one.
        geo: text "geo";
        /// Altitude in metres.
        altitude: range "alt";
        /// Sensitivity.
        iso: range "iso";
        /// Focal length in millimetres.
        focal_length: range "mm";
        /// Aperture.
        aperture: decimals "f";
        /// Megapixels.
        megapixels: range "mp";
        /// Number or beginning of the name of a camera.
        camera: text "camera";
        /// Number or beginning of the name of a lens.
        lens: text "lens";
        /// Countries, two lower-case letters each.
        countries: list "country";
        /// States.
        states: list "state";
        /// Cities.
        cities: list "city";
        /// Kinds of place.
        categories: list "category";
        /// Colours, see [`crate::wire::Color`].
        colors: list "color";
        /// Colourfulness.
        chroma: number "chroma";
        /// Black and white.
        mono: bool "mono";
        /// Difference of looks.
        diff: number "diff";
        /// Keywords; `&` and `|`.
        keywords: text "keywords";
        /// Labels by name or short name; an unknown one finds nothing.
        labels: list "label";
        /// Id of a face, or `new`, `yes`, `no`.
        face: text "face";
        /// Least number of faces, or `new`, `yes`, `no`.
        faces: text "faces";
        /// People by id or exact name.
        subject: text "subject";
        /// People by part of their names.
        subjects: text "subjects";
        /// An album by id or beginning of its title.
        album: text "album";
        /// Albums by title; `&` and `|`. Ignored with a scope.
        albums: text "albums";
        /// In no visible album.
        unsorted: bool "unsorted";
        /// Favourites, or all others.
        favorite: bool "favorite";
        /// Scans, or all others.
        scan: bool "scan";
        /// Higher than wide.
        portrait: bool "portrait";
        /// Wider than high.
        landscape: bool "landscape";
        /// As high as wide.
        square: bool "square";
        /// Panoramas.
        panorama: bool "panorama";
        /// Stacks.
        stack: bool "stack";
        /// Taken out of a stack.
        unstacked: bool "unstacked";
        /// May be stacked.
        stackable: bool "stackable";
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn parameters_are_written_as_the_server_reads_them() {
        let search = PhotoSearch::of_album("aqxetse3cy5eo9z2")
            .order(PhotoOrder::Oldest)
            .merged(true)
            .quality(0)
            .hashes(["aa", "bb"])
            .years([2008, -1])
            .types(&[MediaType::Image, MediaType::Raw])
            .before(date(2008, 10, 22))
            .added_since("2020-01-01T00:00:00Z".parse().unwrap())
            .altitude(0..=100)
            .aperture(1.8..=4.0)
            .around(43.467, 11.885, 1.0)
            .favorite(false);
        let pairs: Vec<_> = search.pairs().collect();
        assert_eq!(
            pairs,
            [
                ("s", "aqxetse3cy5eo9z2"),
                ("order", "oldest"),
                ("merged", "true"),
                ("quality", "0"),
                ("hash", "aa|bb"),
                ("year", "2008|-1"),
                ("type", "image|raw"),
                ("before", "2008-10-22"),
                ("added", "2020-01-01T00:00:00Z"),
                ("alt", "0-100"),
                ("f", "1.8-4"),
                ("lat", "43.467"),
                ("lng", "11.885"),
                ("dist", "1"),
                ("favorite", "false"),
            ]
        );
    }

    #[test]
    fn setting_a_parameter_again_replaces_it() {
        let search = PhotoSearch::new().archived(true).archived(false);
        assert_eq!(search.pairs().collect::<Vec<_>>(), [("archived", "false")]);
        let page = search.parameters().page(100, 300);
        let page: Vec<_> = page
            .iter()
            .map(|(name, value)| (name.as_ref(), value.as_str()))
            .collect();
        assert_eq!(page, [("archived", "false"), ("count", "100"), ("offset", "300")]);
    }
}
