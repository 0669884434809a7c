//! The filters of `mediaItems.search`: their rules, and which items they let through.

use jiff::civil::Date;

use super::proto::Message;
use super::reply::ApiError;
use super::world::Item;

const CATEGORIES: [&str; 27] = [
    "NONE",
    "LANDSCAPES",
    "RECEIPTS",
    "CITYSCAPES",
    "LANDMARKS",
    "SELFIES",
    "PEOPLE",
    "PETS",
    "WEDDINGS",
    "BIRTHDAYS",
    "DOCUMENTS",
    "TRAVEL",
    "ANIMALS",
    "FOOD",
    "SPORT",
    "NIGHT",
    "PERFORMANCES",
    "WHITEBOARDS",
    "SCREENSHOTS",
    "UTILITY",
    "ARTS",
    "CRAFTS",
    "FASHION",
    "HOUSES",
    "GARDENS",
    "FLOWERS",
    "HOLIDAYS",
];

/// The names that a `filters` object may have.
pub(super) const FILTER_FIELDS: [&str; 6] = [
    "dateFilter",
    "contentFilter",
    "mediaTypeFilter",
    "featureFilter",
    "includeArchivedMedia",
    "excludeNonAppCreatedData",
];

/// Checked filters; all of them must let an item through.
#[derive(Debug, Default)]
pub(super) struct Filters {
    dates: Option<Vec<(PartialDate, PartialDate)>>,
    video: Option<bool>,
    favorites_only: bool,
    /// No picture is recognised here, so a wanted category finds nothing.
    wants_category: bool,
}

impl Filters {
    /// Reads and checks the `filters` of a search.
    pub(super) fn read(filters: &Message<'_>) -> Result<Self, ApiError> {
        let mut checked = Self::default();
        if let Some(dates) = filters.message("dateFilter", &["dates", "ranges"])? {
            checked.dates = Some(date_filter(&dates)?);
        }
        if let Some(content) = filters.message(
            "contentFilter",
            &["includedContentCategories", "excludedContentCategories"],
        )? {
            checked.wants_category = content_filter(&content)?;
        }
        if let Some(types) = filters.message("mediaTypeFilter", &["mediaTypes"])? {
            checked.video = media_type(&types.strings("mediaTypes")?)?;
        }
        if let Some(features) = filters.message("featureFilter", &["includedFeatures"])? {
            for feature in features.strings("includedFeatures")? {
                match feature.as_str() {
                    "NONE" => {}
                    "FAVORITES" => checked.favorites_only = true,
                    other => {
                        return Err(ApiError::invalid(format!(
                            "Invalid value at 'filters.feature_filter': \"{other}\""
                        )));
                    }
                }
            }
        }
        // Read for their type only: nothing is archived here, and the scopes already exclude foreign items.
        filters.flag("includeArchivedMedia")?;
        filters.flag("excludeNonAppCreatedData")?;
        Ok(checked)
    }

    pub(super) fn has_dates(&self) -> bool {
        self.dates.is_some()
    }

    /// Whether filters are present that `orderBy` does not go with.
    pub(super) fn has_others_than_dates(&self) -> bool {
        self.video.is_some() || self.favorites_only || self.wants_category
    }

    /// Whether an item passes all filters.
    pub(super) fn lets_through(&self, item: &Item) -> bool {
        let date = item.stored.details.taken_locally().map(|taken| taken.date());
        // Without a date in the file an item is never found by date; the upload time does not stand in.
        let dated = self.dates.as_ref().is_none_or(|ranges| {
            date.is_some_and(|date| {
                ranges
                    .iter()
                    .any(|(start, end)| start.reached_by(date) && !end.passed_by(date))
            })
        });
        dated
            && self.video.is_none_or(|video| item.is_video() == video)
            && (!self.favorites_only || item.favorite)
            && !self.wants_category
    }
}

/// A date of which year, month or day may be missing (0).
#[derive(Debug, Clone, Copy, PartialEq)]
struct PartialDate {
    year: i16,
    month: i8,
    day: i8,
}

impl PartialDate {
    fn read(message: &Message<'_>) -> Result<Self, ApiError> {
        let invalid = || ApiError::invalid("Invalid date in the date filter.");
        let part = |name: &str, max: i64| match message.int(name) {
            Ok(value) if (0..=max).contains(&value) => Ok(value),
            Ok(_) => Err(invalid()),
            Err(error) => Err(error),
        };
        let (year, month, day) = (part("year", 9999)?, part("month", 12)?, part("day", 31)?);
        // Allowed: y-m-d, y-m, y, and m-d of every year.
        let date = match (year > 0, month > 0, day > 0) {
            (true, true, _) | (true, false, false) | (false, true, true) => Self {
                year: i16::try_from(year).map_err(|_| invalid())?,
                month: i8::try_from(month).map_err(|_| invalid())?,
                day: i8::try_from(day).map_err(|_| invalid())?,
            },
            _ => return Err(invalid()),
        };
        Ok(date)
    }

    /// Year, month and day, each only where this date has one.
    fn cut(&self, date: Date) -> (i16, i8, i8) {
        let pick = |has: bool, value: i8| if has { value } else { 0 };
        (
            if self.year > 0 { date.year() } else { 0 },
            pick(self.month > 0, date.month()),
            pick(self.day > 0, date.day()),
        )
    }

    fn parts(&self) -> (i16, i8, i8) {
        (self.year, self.month, self.day)
    }

    fn reached_by(&self, date: Date) -> bool {
        self.cut(date) >= self.parts()
    }

    fn passed_by(&self, date: Date) -> bool {
        self.cut(date) > self.parts()
    }

    fn same_format(&self, other: &Self) -> bool {
        let format = |date: &Self| (date.year > 0, date.month > 0, date.day > 0);
        format(self) == format(other)
    }
}

fn date_filter(filter: &Message<'_>) -> Result<Vec<(PartialDate, PartialDate)>, ApiError> {
    const DATE: [&str; 3] = ["year", "month", "day"];
    let mut ranges = Vec::new();
    let dates = filter.messages("dates", &DATE)?;
    let given = filter.messages("ranges", &["startDate", "endDate"])?;
    if dates.len() > 5 || given.len() > 5 {
        return Err(ApiError::invalid(
            "A date filter can have at most 5 dates and 5 ranges.",
        ));
    }
    for date in &dates {
        let date = PartialDate::read(date)?;
        ranges.push((date, date));
    }
    for range in &given {
        let end = |name| match range.message(name, &DATE)? {
            Some(date) => PartialDate::read(&date),
            None => Err(ApiError::invalid("A date range needs a start date and an end date.")),
        };
        let (start, end) = (end("startDate")?, end("endDate")?);
        if !start.same_format(&end) || start.parts() > end.parts() {
            return Err(ApiError::invalid(
                "Start and end of a date range must have the same format and be in order.",
            ));
        }
        ranges.push((start, end));
    }
    Ok(ranges)
}

/// Whether a category is wanted, so that nothing can be found.
fn content_filter(filter: &Message<'_>) -> Result<bool, ApiError> {
    let included = filter.strings("includedContentCategories")?;
    let excluded = filter.strings("excludedContentCategories")?;
    if included.len() > 10 || excluded.len() > 10 {
        return Err(ApiError::invalid(
            "A content filter can have at most 10 categories of each kind.",
        ));
    }
    for category in included.iter().chain(&excluded) {
        if !CATEGORIES.contains(&category.as_str()) {
            return Err(ApiError::invalid(format!(
                "Invalid value at 'filters.content_filter' (TYPE_ENUM), \"{category}\""
            )));
        }
    }
    if included
        .iter()
        .any(|category| category != "NONE" && excluded.contains(category))
    {
        return Err(ApiError::invalid("A category cannot be included and excluded."));
    }
    Ok(included.iter().any(|category| category != "NONE"))
}

/// `Some(true)` for videos only.
fn media_type(types: &[String]) -> Result<Option<bool>, ApiError> {
    match types {
        [one] => match one.as_str() {
            "ALL_MEDIA" => Ok(None),
            "VIDEO" => Ok(Some(true)),
            "PHOTO" => Ok(Some(false)),
            other => Err(ApiError::invalid(format!(
                "Invalid value at 'filters.media_type_filter' (TYPE_ENUM), \"{other}\""
            ))),
        },
        _ => Err(ApiError::invalid("A media type filter needs exactly one media type.")),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    fn read(filters: &Value) -> Result<Filters, ApiError> {
        Filters::read(&Message::of_body(Some(filters), &FILTER_FIELDS)?)
    }

    fn finds(filter: Value, day: Date) -> bool {
        let filters = read(&json!({ "dateFilter": filter })).unwrap();
        filters
            .dates
            .unwrap()
            .iter()
            .any(|(start, end)| start.reached_by(day) && !end.passed_by(day))
    }

    #[rstest]
    #[case(json!({"dates": [{"year": 2020}]}), true)]
    #[case(json!({"dates": [{"year": 2020, "month": 5}]}), true)]
    #[case(json!({"dates": [{"month": 5, "day": "3"}]}), true)]
    #[case(json!({"dates": [{"year": 2020, "month": 5, "day": 4}]}), false)]
    #[case(json!({"ranges": [{"startDate": {"year": 2020, "month": 5, "day": 3}, "endDate": {"year": 2020, "month": 5, "day": 3}}]}), true)]
    #[case(json!({"ranges": [{"startDate": {"year": 2019, "month": 1}, "endDate": {"year": 2020, "month": 4}}]}), false)]
    fn ends_are_inclusive_and_missing_parts_match_all(#[case] filter: Value, #[case] found: bool) {
        assert_eq!(finds(filter, date(2020, 5, 3)), found);
    }

    #[rstest]
    #[case(json!({"dateFilter": {"dates": [{}]}}))]
    #[case(json!({"dateFilter": {"dates": [{"year": 2020, "day": 3}]}}))]
    #[case(json!({"dateFilter": {"dates": [{"month": 3}]}}))]
    #[case(json!({"dateFilter": {"dates": [{"year": 1}, {"year": 2}, {"year": 3}, {"year": 4}, {"year": 5}, {"year": 6}]}}))]
    #[case(json!({"dateFilter": {"ranges": [{"startDate": {"year": 2020}, "endDate": {"year": 2021, "month": 1}}]}}))]
    #[case(json!({"mediaTypeFilter": {"mediaTypes": ["PHOTO", "VIDEO"]}}))]
    #[case(json!({"contentFilter": {"includedContentCategories": ["PETS"], "excludedContentCategories": ["PETS"]}}))]
    #[case(json!({"contentFilter": {"includedContentCategories": ["CATS"]}}))]
    #[case(json!({"colour": "red"}))]
    fn forbidden_filters_are_refused(#[case] filters: Value) {
        assert_eq!(read(&filters).unwrap_err().status, 400);
    }
}
