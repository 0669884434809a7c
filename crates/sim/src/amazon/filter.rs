//! The filter language of `/nodes` and `children`.
//!
//! ```text
//! query  := factor ("AND" factor)*                 "OR" between factors inside parentheses only
//! factor := "(" query ")" | field ":" what
//! what   := value | "(" value (("OR" | "AND") value)* ")" | ("[" | "{") bound "TO" bound ("]" | "}")
//! value  := "quoted" | word, either with a "*" at the end for a prefix; a backslash escapes
//! ```

use super::node::date_text;
use super::world::{Kind, Node, World};

/// Filter parameters that a query may have.
const MAX_CLAUSES: usize = 8;

/// A parsed filter.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Is(Field, Pattern),
    Range(Field, Bounds),
    /// A value of several words without quotes: the service finds nothing.
    Nothing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    IsRoot,
    Name,
    Kind,
    Status,
    CreatedDate,
    ModifiedDate,
    ContentDate,
    Labels,
    Description,
    Parents,
    Size,
    ContentType,
    Md5,
    Extension,
    Hidden,
    Favorite,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pattern {
    text: String,
    prefix: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bounds {
    from: Option<(i64, bool)>,
    to: Option<(i64, bool)>,
}

/// Why a filter is refused; goes behind `Invalid filter: `.
pub(super) type Refused = String;

impl Filter {
    /// Parses a filter; `md5` tells whether the MD5 of the content can be filtered by. An empty text matches all.
    pub(super) fn parse(text: &str, md5: bool) -> Result<Self, Refused> {
        if text.trim().is_empty() {
            return Ok(Self::All(Vec::new()));
        }
        let mut parser = Parser {
            rest: text,
            clauses: 0,
            md5,
        };
        let filter = parser.query(0)?;
        parser.skip_spaces();
        match parser.rest {
            "" if parser.clauses <= MAX_CLAUSES => Ok(filter),
            "" => Err(format!("more than {MAX_CLAUSES} filter parameters")),
            rest => Err(format!("unexpected `{rest}`")),
        }
    }

    pub(super) fn matches(&self, world: &World, node: &Node) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches(world, node)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(world, node)),
            Self::Nothing => false,
            Self::Is(field, pattern) => field.is(world, node, pattern),
            Self::Range(field, bounds) => field.date_ms(node).is_some_and(|at| bounds.hold(at)),
        }
    }
}

impl Bounds {
    fn hold(&self, at: i64) -> bool {
        self.from
            .is_none_or(|(from, inclusive)| at > from || (inclusive && at == from))
            && self.to.is_none_or(|(to, inclusive)| at < to || (inclusive && at == to))
    }
}

impl Pattern {
    /// Compared without case, as names are.
    fn fits(&self, text: &str) -> bool {
        let (text, wanted) = (text.to_lowercase(), self.text.to_lowercase());
        if self.prefix {
            text.starts_with(&wanted)
        } else {
            text == wanted
        }
    }
}

impl Field {
    fn parse(name: &str, md5: bool) -> Option<Self> {
        Some(match name {
            "isRoot" => Self::IsRoot,
            "name" => Self::Name,
            "kind" => Self::Kind,
            "status" => Self::Status,
            "createdDate" => Self::CreatedDate,
            "modifiedDate" => Self::ModifiedDate,
            "contentProperties.contentDate" => Self::ContentDate,
            "labels" => Self::Labels,
            "description" => Self::Description,
            "parents" | "parentIds" => Self::Parents,
            "contentProperties.size" => Self::Size,
            "contentProperties.contentType" => Self::ContentType,
            "contentProperties.md5" if md5 => Self::Md5,
            "contentProperties.extension" => Self::Extension,
            "hidden" | "settings.hidden" => Self::Hidden,
            "favorite" | "settings.favorite" => Self::Favorite,
            _ => return None,
        })
    }

    fn is_date(self) -> bool {
        matches!(self, Self::CreatedDate | Self::ModifiedDate | Self::ContentDate)
    }

    fn takes_prefix(self) -> bool {
        matches!(self, Self::Name | Self::Kind | Self::Status | Self::ContentType)
    }

    fn date_ms(self, node: &Node) -> Option<i64> {
        if node.quirk.is_some_and(|quirk| quirk.hides(self)) {
            return None;
        }
        match self {
            Self::CreatedDate => Some(node.created_ms),
            Self::ModifiedDate => Some(node.modified_ms),
            Self::ContentDate => node.file.as_ref().map(|file| file.content_ms),
            _ => None,
        }
    }

    fn is(self, world: &World, node: &Node, wanted: &Pattern) -> bool {
        if node.quirk.is_some_and(|quirk| quirk.hides(self)) {
            return false;
        }
        let flag = |value: bool| wanted.text == value.to_string();
        match self {
            // Only lower-case `true` is understood.
            Self::IsRoot => wanted.text == "true" && node.kind == Kind::Folder && node.parent.is_none(),
            Self::Name => node.name.as_deref().is_some_and(|name| wanted.fits(name)),
            Self::Kind => wanted.fits(node.kind.name()),
            Self::Status => wanted.fits(if node.trashed { "TRASH" } else { "AVAILABLE" }),
            Self::CreatedDate | Self::ModifiedDate | Self::ContentDate => self
                .date_ms(node)
                .is_some_and(|at| date_text(at) == wanted.text || date_ms(&wanted.text) == Some(at)),
            Self::Labels => false,
            Self::Description => node.description.as_deref().is_some_and(|text| wanted.fits(text)),
            Self::Parents => {
                let parents = node.albums.iter().copied().chain(node.parent);
                parents
                    .map(|parent| &world.node(parent).id)
                    .any(|id| *id == wanted.text)
            }
            Self::Size => node
                .file
                .as_ref()
                .is_some_and(|file| file.blob.len().to_string() == wanted.text),
            Self::ContentType => node.file.as_ref().is_some_and(|file| wanted.fits(&file.content_type)),
            Self::Md5 => node
                .file
                .as_ref()
                .and_then(|file| file.blob.known_hashes())
                .is_some_and(|hashes| hashes.md5_hex() == wanted.text),
            Self::Extension => wanted.fits(node.extension()),
            Self::Hidden => node.file.is_some() && flag(node.hidden),
            Self::Favorite => node.file.is_some() && flag(node.favorite),
        }
    }
}

fn date_ms(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>()
        .ok()
        .map(jiff::Timestamp::as_millisecond)
}

struct Parser<'a> {
    rest: &'a str,
    clauses: usize,
    md5: bool,
}

impl Parser<'_> {
    fn query(&mut self, depth: usize) -> Result<Filter, Refused> {
        let mut parts = vec![self.factor(depth)?];
        let mut operator = None;
        while let Some(word) = self.operator() {
            if word == "OR" && depth == 0 {
                return Err("`OR` stands inside parentheses only".to_owned());
            }
            if operator.is_some_and(|earlier| earlier != word) {
                return Err("`AND` and `OR` need parentheses between them".to_owned());
            }
            operator = Some(word);
            parts.push(self.factor(depth)?);
        }
        Ok(join(operator, parts))
    }

    fn factor(&mut self, depth: usize) -> Result<Filter, Refused> {
        if depth > 16 {
            return Err("too many parentheses".to_owned());
        }
        self.skip_spaces();
        if self.take('(') {
            let filter = self.query(depth + 1)?;
            self.expect(')')?;
            return Ok(filter);
        }
        let end = self
            .rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '.'))
            .unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        let field = Field::parse(name, self.md5).ok_or_else(|| format!("unknown field `{name}`"))?;
        self.expect(':')?;
        self.clauses += 1;
        self.what(field)
    }

    fn what(&mut self, field: Field) -> Result<Filter, Refused> {
        match self.rest.chars().next() {
            Some('(') => self.values(field),
            Some('[' | '{') => self.range(field),
            _ => {
                let value = self.value(field)?;
                Ok(if self.skip_stray_words() {
                    Filter::Nothing
                } else {
                    value
                })
            }
        }
    }

    fn values(&mut self, field: Field) -> Result<Filter, Refused> {
        self.expect('(')?;
        let mut parts = Vec::new();
        let mut operator = None;
        loop {
            self.skip_spaces();
            let value = self.value(field)?;
            parts.push(if self.skip_stray_words() {
                Filter::Nothing
            } else {
                value
            });
            match self.operator() {
                Some(word) if operator.is_some_and(|earlier| earlier != word) => {
                    return Err("`AND` and `OR` need parentheses between them".to_owned());
                }
                Some(word) => operator = Some(word),
                None => break,
            }
        }
        self.skip_spaces();
        self.expect(')')?;
        Ok(join(operator, parts))
    }

    fn range(&mut self, field: Field) -> Result<Filter, Refused> {
        if !field.is_date() {
            return Err("only dates have ranges".to_owned());
        }
        let inclusive_from = self.rest.starts_with('[');
        self.rest = &self.rest[1..];
        let from = self.bound()?;
        self.skip_spaces();
        self.rest = self.rest.strip_prefix("TO ").ok_or("`TO` expected in a range")?;
        let to = self.bound()?;
        self.skip_spaces();
        let inclusive_to = self.take(']');
        if !inclusive_to {
            self.expect('}')?;
        }
        let bounds = Bounds {
            from: from.map(|at| (at, inclusive_from)),
            to: to.map(|at| (at, inclusive_to)),
        };
        Ok(Filter::Range(field, bounds))
    }

    fn bound(&mut self) -> Result<Option<i64>, Refused> {
        self.skip_spaces();
        if self.take('*') {
            return Ok(None);
        }
        let (text, _) = self.text()?;
        date_ms(&text).map(Some).ok_or_else(|| format!("`{text}` is no date"))
    }

    fn value(&mut self, field: Field) -> Result<Filter, Refused> {
        let (text, quoted) = self.text()?;
        let prefix = self.take('*');
        if text.is_empty() && !prefix && !quoted {
            return Err("a value is missing".to_owned());
        }
        if prefix && !field.takes_prefix() {
            return Err("a prefix works on name, kind, status and the major content type only".to_owned());
        }
        if prefix && field == Field::ContentType && text.trim_end_matches('/').contains('/') {
            return Err("a prefix of the content type must be its major type".to_owned());
        }
        Ok(Filter::Is(field, Pattern { text, prefix }))
    }

    /// A quoted text or a word, unescaped, and whether it was quoted. Leaves an unescaped `*` at its end.
    fn text(&mut self) -> Result<(String, bool), Refused> {
        let quoted = self.take('"');
        let mut out = String::new();
        let mut chars = self.rest.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => out.push(chars.next().ok_or("a backslash escapes nothing")?.1),
                '"' if quoted => {
                    self.rest = &self.rest[at + 1..];
                    return Ok((out, true));
                }
                '(' | ')' | ']' | '}' | '*' if !quoted => {
                    self.rest = &self.rest[at..];
                    return Ok((out, false));
                }
                c if !quoted && c.is_whitespace() => {
                    self.rest = &self.rest[at..];
                    return Ok((out, false));
                }
                c => out.push(c),
            }
        }
        if quoted {
            return Err("a quote is not closed".to_owned());
        }
        self.rest = "";
        Ok((out, false))
    }

    /// Skips words that follow a value without `AND` or `OR`, and tells whether there were any.
    fn skip_stray_words(&mut self) -> bool {
        let mut any = false;
        loop {
            let rest = self.rest.trim_start();
            let end = rest.find(|c: char| c.is_whitespace() || c == ')').unwrap_or(rest.len());
            let word = &rest[..end];
            if word.is_empty() || word == "AND" || word == "OR" {
                return any;
            }
            any = true;
            self.rest = &rest[end..];
        }
    }

    fn operator(&mut self) -> Option<&'static str> {
        let rest = self.rest.trim_start();
        let (word, rest) = ["AND", "OR"]
            .into_iter()
            .find_map(|word| Some((word, rest.strip_prefix(word)?)))?;
        if !rest.starts_with(|c: char| c.is_whitespace() || c == '(') {
            return None;
        }
        // `rest` borrows from `self.rest`: same text, further on.
        let consumed = self.rest.len() - rest.len();
        self.rest = &self.rest[consumed..];
        Some(word)
    }

    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, c: char) -> bool {
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, c: char) -> Result<(), Refused> {
        if self.take(c) {
            Ok(())
        } else {
            Err(format!("`{c}` expected before `{}`", self.rest))
        }
    }
}

fn join(operator: Option<&str>, mut parts: Vec<Filter>) -> Filter {
    match operator {
        _ if parts.len() == 1 => parts.remove(0),
        Some("OR") => Filter::Any(parts),
        _ => Filter::All(parts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::{Library, LibraryItem};
    use rstest::rstest;

    async fn world() -> World {
        let mut library = Library::synthetic(3, 1000, 1).unwrap();
        library.items[0].name = "Sommer am See.jpg".to_owned();
        library.items[0].favorite = true;
        library.items[1].name = "b(1) \"q\".JPG".to_owned();
        library.items[1].favorite = false;
        library.items[2].favorite = false;
        library.items.push(LibraryItem::from_bytes("notes.txt", "text"));
        World::new(library, 1, false).await.unwrap()
    }

    fn found(world: &World, filter: &str) -> Result<Vec<String>, String> {
        let filter = Filter::parse(filter, true)?;
        let matching = world.nodes.iter().filter(|node| filter.matches(world, node));
        Ok(matching.map(|node| node.name.clone().unwrap_or_default()).collect())
    }

    const PICTURES: [&str; 3] = ["Sommer am See.jpg", "b(1) \"q\".JPG", "SYN_0000002.jpg"];

    #[rstest]
    #[case("isRoot:true", &[""])]
    #[case("isRoot:TRUE", &[])]
    #[case("kind:FOLDER AND name:\"Web\"", &["Web"])]
    #[case("kind:FOLDER AND status:(AVAILABLE*) AND name:web", &["Web"])]
    #[case("name:\"sommer am see.jpg\"", &["Sommer am See.jpg"])]
    #[case("name:Sommer\\ am\\ See.jpg", &["Sommer am See.jpg"])]
    #[case("name:Sommer am See.jpg", &[])]
    #[case("name:Sommer am See.jpg AND kind:FILE", &[])]
    #[case("name:Sommer*", &["Sommer am See.jpg"])]
    #[case("name:\"b(1) \\\"q\\\".JPG\"", &["b(1) \"q\".JPG"])]
    #[case("contentProperties.contentType:(image* OR video*)", &PICTURES)]
    #[case("(kind:(FILE* OR FOLDER*)) AND (contentProperties.contentType:image/jpeg)", &PICTURES)]
    #[case("kind:FILE AND favorite:(true)", &["Sommer am See.jpg"])]
    #[case("kind:FILE AND settings.favorite:false AND contentProperties.extension:txt", &["notes.txt"])]
    #[case("(name:notes.txt OR name:Web)", &["Web", "notes.txt"])]
    #[case("contentProperties.size:4", &["notes.txt"])]
    #[case("contentProperties.md5:1cb251ec0d568de6a929b520c4aed8d1", &["notes.txt"])]
    #[case("kind:FILE AND createdDate:{* TO \"2024-05-01T08:00:01.000Z\"]", &["Sommer am See.jpg", "b(1) \"q\".JPG"])]
    #[case("kind:FILE AND contentProperties.contentDate:[\"2010-01-01T08:40:00Z\" TO \"2010-01-01T09:20:00.000Z\"}", &["b(1) \"q\".JPG"])]
    #[tokio::test]
    async fn filters_find_what_they_say(#[case] filter: &str, #[case] names: &[&str]) {
        assert_eq!(found(&world().await, filter).unwrap(), names);
    }

    #[tokio::test]
    async fn parents_are_folders_and_albums() {
        let world = world().await;
        let web = world
            .nodes
            .iter()
            .find(|node| node.name.as_deref() == Some("Web"))
            .unwrap();
        assert_eq!(found(&world, &format!("parents:{}", web.id)).unwrap().len(), 4);
        assert_eq!(found(&world, "parentIds:nowhere").unwrap().len(), 0);
    }

    #[rstest]
    #[case("isTrashed:true", "unknown field `isTrashed`")]
    #[case("kind:FILE OR kind:FOLDER", "inside parentheses only")]
    #[case("kind:FILE AND", "unexpected `AND`")]
    #[case("kind:FILE AND AND name:x", "unknown field `AND`")]
    #[case("kind", "`:` expected")]
    #[case("name:\"open", "quote is not closed")]
    #[case("contentProperties.size:[1 TO 2]", "only dates have ranges")]
    #[case("createdDate:[yesterday TO *]", "is no date")]
    #[case("description:a*", "a prefix works on")]
    #[case("contentProperties.contentType:image/j*", "major type")]
    #[case("kind:FILE)", "unexpected `)`")]
    #[case(
        "name:a AND name:b AND name:c AND name:d AND name:e AND name:f AND name:g AND name:h AND name:i",
        "more than 8"
    )]
    fn bad_filters_are_refused(#[case] filter: &str, #[case] reason: &str) {
        let refused = Filter::parse(filter, true).unwrap_err();
        assert!(refused.contains(reason), "{refused}");
    }

    #[tokio::test]
    async fn what_a_node_does_not_show_is_not_found() {
        let world = World::new(Library::synthetic(1, 1000, 1).unwrap(), 1, true)
            .await
            .unwrap();
        let all = found(&world, "kind:FILE").unwrap().len();
        let typed = found(&world, "kind:FILE AND contentProperties.contentType:(image* OR video*)").unwrap();
        assert!(!typed.iter().any(|name| name == "odd NoContentProperties.jpg"));
        let starred = found(&world, "kind:FILE AND favorite:(true OR false)").unwrap();
        assert!(!starred.iter().any(|name| name == "odd NoSettings.jpg"));
        assert_eq!((typed.len() + 1, starred.len() + 1), (all, all));
    }

    #[test]
    fn the_md5_filter_can_be_switched_off() {
        assert!(Filter::parse("contentProperties.md5:00", false).is_err());
    }
}
