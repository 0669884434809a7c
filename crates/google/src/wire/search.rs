//! What `mediaItems.search` can be asked.

use serde::Serialize;

/// A search; `album_id` and `filters` exclude each other.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchRequest {
    /// Lists this album, in its order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub album_id: Option<String>,
    /// Items a page, at most 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u8>,
    /// Where to go on, with an otherwise identical request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_token: Option<String>,
    /// Which items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filters: Option<Filters>,
    /// `MediaMetadata.creation_time`, with or without ` desc`; only with a date filter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_by: Option<String>,
}

/// Which items; all given ones must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Filters {
    /// By capture date; items without a date in the file are never found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_filter: Option<DateFilter>,
    /// By what is in the picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_filter: Option<ContentFilter>,
    /// By kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type_filter: Option<MediaTypeFilter>,
    /// By feature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feature_filter: Option<FeatureFilter>,
    /// Archived ones too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub include_archived_media: bool,
}

/// Up to five dates and five ranges.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct DateFilter {
    /// Days, months or years.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dates: Vec<Date>,
    /// Ranges, both ends included.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ranges: Vec<DateRange>,
}

/// A date of which parts may be 0 for "any".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Date {
    /// 0 to 9999.
    pub year: u16,
    /// 0 to 12.
    pub month: u8,
    /// 0 to 31.
    pub day: u8,
}

/// A range of dates of the same form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DateRange {
    /// First date.
    pub start_date: Date,
    /// Last date.
    pub end_date: Date,
}

/// Categories such as `LANDSCAPES`, at most ten a list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContentFilter {
    /// Any of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub included_content_categories: Vec<String>,
    /// None of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excluded_content_categories: Vec<String>,
}

/// Exactly one of `ALL_MEDIA`, `VIDEO`, `PHOTO`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MediaTypeFilter {
    /// The one.
    pub media_types: [String; 1],
}

/// `NONE` or `FAVORITES`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FeatureFilter {
    /// The features.
    pub included_features: Vec<String>,
}
