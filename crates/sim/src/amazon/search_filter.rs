//! The filter language of `/search`: `type:(PHOTOS OR VIDEOS) AND timeYear:(2023)`; a space works like `AND`.

use super::world::{Kind, Node};

/// A parsed search; all clauses must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Search(Vec<Clause>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Clause {
    key: Key,
    /// Terms joined by `AND` inside, by `OR` outside.
    any_of: Vec<Vec<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Type,
    TimeYear,
    TimeMonth,
    TimeDay,
    Favorite,
    Name,
    Extension,
    /// Things, people, places: the stand-in recognises none, so nothing matches.
    Recognised,
}

impl Key {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "type" => Self::Type,
            "timeYear" => Self::TimeYear,
            "timeMonth" => Self::TimeMonth,
            "timeDay" => Self::TimeDay,
            "favorite" => Self::Favorite,
            "name" => Self::Name,
            "extension" => Self::Extension,
            "things" | "location" | "people" | "clusterId" | "familyMembers" => Self::Recognised,
            _ => return None,
        })
    }
}

impl Search {
    /// What a search without a filter looks for.
    pub(super) const DEFAULT: &'static str = "type:(PHOTOS OR VIDEOS)";

    /// Parses a search filter; the error goes behind `Invalid filter: `.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut rest = text.trim();
        let mut clauses = Vec::new();
        while !rest.is_empty() {
            let (name, after) = rest.split_once(':').ok_or_else(|| format!("unexpected `{rest}`"))?;
            let key = Key::parse(name.trim()).ok_or_else(|| format!("unknown key `{}`", name.trim()))?;
            let inside = after
                .strip_prefix('(')
                .ok_or_else(|| format!("`(` expected after `{name}:`"))?;
            let (expression, after) = inside.split_once(')').ok_or("a parenthesis is not closed")?;
            clauses.push(Clause {
                key,
                any_of: terms(expression)?,
            });
            rest = after.trim_start();
            if let Some(next) = rest.strip_prefix("AND ") {
                rest = next.trim_start();
                if rest.is_empty() {
                    return Err("nothing follows `AND`".to_owned());
                }
            }
        }
        Ok(Self(clauses))
    }

    /// Whether the search index shows this node; albums only where `type:(ALBUMS)` asks for them.
    pub(super) fn matches(&self, node: &Node) -> bool {
        let asks_for_type = self.0.iter().any(|clause| clause.key == Key::Type);
        let shown = node.is_media() || (asks_for_type && node.kind == Kind::Album);
        shown && self.0.iter().all(|clause| clause.matches(node))
    }
}

impl Clause {
    fn matches(&self, node: &Node) -> bool {
        self.any_of
            .iter()
            .any(|all_of| all_of.iter().all(|term| self.key.is(node, term)))
    }
}

impl Key {
    fn is(self, node: &Node, term: &str) -> bool {
        let date = || node.file.as_ref().map(|file| civil_date(file.content_ms));
        let number = |part: i16| term.parse() == Ok(part);
        match self {
            Self::Type => match term {
                "PHOTOS" => node.is_type("image/"),
                "VIDEOS" => node.is_type("video/"),
                "ALBUMS" => node.kind == Kind::Album,
                _ => false,
            },
            Self::TimeYear => date().is_some_and(|date| number(date.year())),
            Self::TimeMonth => date().is_some_and(|date| number(date.month().into())),
            Self::TimeDay => date().is_some_and(|date| number(date.day().into())),
            Self::Favorite => node.favorite.to_string() == term,
            Self::Name => wildcard(node.name.as_deref().unwrap_or_default(), term),
            Self::Extension => wildcard(node.extension(), term),
            Self::Recognised => false,
        }
    }
}

/// The calendar date of a content date, whose `Z` means nothing.
pub(super) fn civil_date(content_ms: i64) -> jiff::civil::Date {
    jiff::tz::Offset::UTC
        .to_datetime(jiff::Timestamp::from_millisecond(content_ms).unwrap_or_default())
        .date()
}

fn wildcard(text: &str, term: &str) -> bool {
    let (text, term) = (text.to_lowercase(), term.to_lowercase());
    match term.strip_suffix('*') {
        Some(prefix) => text.starts_with(prefix),
        None => text == term,
    }
}

/// `a AND b OR c`: `AND` binds closer.
fn terms(expression: &str) -> Result<Vec<Vec<String>>, String> {
    let any_of: Vec<Vec<String>> = expression
        .split(" OR ")
        .map(|all_of| all_of.split(" AND ").map(|term| term.trim().to_owned()).collect())
        .collect();
    if any_of.iter().flatten().any(String::is_empty) {
        return Err("a term is missing".to_owned());
    }
    Ok(any_of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amazon::world::World;
    use crate::library::{Library, LibraryAlbum, LibraryItem};
    use rstest::rstest;

    #[rstest]
    #[case("type:(PHOTOS OR VIDEOS)", 3)]
    #[case("type:(VIDEOS)", 0)]
    #[case("type:(ALBUMS)", 1)]
    #[case("", 3)]
    #[case("timeYear:(2010) AND timeMonth:(1) timeDay:(1)", 3)]
    #[case("timeYear:(2011 OR 2010)", 3)]
    #[case("timeMonth:(2)", 0)]
    #[case("name:(SYN*) AND extension:(jpg)", 3)]
    #[case("name:(syn_0000001.jpg)", 1)]
    #[case("things:(plant AND beach OR moon)", 0)]
    #[tokio::test]
    async fn searches_find_what_they_say(#[case] filter: &str, #[case] count: usize) {
        let mut library = Library::synthetic(3, 1000, 1).unwrap();
        library.albums = vec![LibraryAlbum {
            title: "One".to_owned(),
        }];
        library.items.push(LibraryItem::from_bytes("notes.txt", "text"));
        let world = World::new(library, 1, false).await.unwrap();
        let search = Search::parse(filter).unwrap();
        assert_eq!(world.nodes.iter().filter(|node| search.matches(node)).count(), count);
    }

    #[rstest]
    #[case("kind:(FOLDER)", "unknown key `kind`")]
    #[case("kind:FILE", "unknown key `kind`")]
    #[case("isTrashed:true", "unknown key `isTrashed`")]
    #[case("type:PHOTOS", "`(` expected")]
    #[case("type:(PHOTOS", "not closed")]
    #[case("type:(PHOTOS OR )", "a term is missing")]
    #[case("beach", "unexpected `beach`")]
    fn bad_searches_are_refused(#[case] filter: &str, #[case] reason: &str) {
        assert!(Search::parse(filter).unwrap_err().contains(reason));
    }
}
