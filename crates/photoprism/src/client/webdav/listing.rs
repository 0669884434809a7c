//! Listings of folders as WebDAV sends them (RFC 4918, 9.1).

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use roxmltree::{Document, Node};
use url::Url;

const DAV: &str = "DAV:";

/// A file or folder on the server.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DavEntry {
    /// Path below the root, without `/` at either end; empty for the root itself.
    pub path: String,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Length in bytes, of files.
    pub size_bytes: Option<u64>,
    /// Time of last change.
    pub modified: Option<Timestamp>,
    /// Changes with the content.
    pub etag: Option<String>,
    /// Media type, of files.
    pub content_type: Option<String>,
}

/// Reads a listing; `root` is the path of the root's address, ending in `/`.
pub(super) fn read(text: &str, root: &str) -> Result<Vec<DavEntry>, String> {
    let document = Document::parse(text).map_err(|error| error.to_string())?;
    let responses = document.root_element();
    if !responses.has_tag_name((DAV, "multistatus")) {
        return Err(format!("begins with <{}>", responses.tag_name().name()));
    }
    responses
        .children()
        .filter(|node| node.has_tag_name((DAV, "response")))
        .map(|response| entry(response, root))
        .collect()
}

fn entry(response: Node<'_, '_>, root: &str) -> Result<DavEntry, String> {
    let href = child(response, "href")
        .and_then(|node| node.text())
        .ok_or("no address")?;
    // Properties come in groups by status; those that were not found say nothing.
    let properties: Vec<Node<'_, '_>> = response
        .children()
        .filter(|node| node.has_tag_name((DAV, "propstat")) && is_found(*node))
        .filter_map(|node| child(node, "prop"))
        .collect();
    let find = |name: &str| properties.iter().find_map(|properties| child(*properties, name));
    let text = |name: &str| {
        find(name)
            .and_then(|node| node.text())
            .map(str::trim)
            .filter(|text| !text.is_empty())
    };
    Ok(DavEntry {
        path: path_below(href, root).ok_or_else(|| "an address outside the folder".to_owned())?,
        is_folder: find("resourcetype").is_some_and(|kind| child(kind, "collection").is_some()),
        size_bytes: text("getcontentlength").and_then(|text| text.parse().ok()),
        modified: text("getlastmodified").and_then(date),
        etag: text("getetag").map(str::to_owned),
        content_type: text("getcontenttype").map(str::to_owned),
    })
}

fn child<'a, 'd>(node: Node<'a, 'd>, name: &str) -> Option<Node<'a, 'd>> {
    node.children().find(|child| child.has_tag_name((DAV, name)))
}

fn is_found(propstat: Node<'_, '_>) -> bool {
    let status = child(propstat, "status").and_then(|node| node.text());
    status.is_none_or(|line| line.split_whitespace().nth(1).is_some_and(|code| code.starts_with('2')))
}

/// Returns the path below the root, decoded; addresses come with and without the host.
fn path_below(href: &str, root: &str) -> Option<String> {
    let base = Url::parse("http://server.invalid/").ok()?;
    let path = base.join(href.trim()).ok()?.path().to_owned();
    let below = path
        .strip_prefix(root)
        .or((path.as_str() == root.trim_end_matches('/')).then_some(""))?;
    let decoded: Option<Vec<String>> = below
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(decode)
        .collect();
    Some(decoded?.join("/"))
}

/// Decodes one segment of a path.
fn decode(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

fn date(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(href: &str, properties: &str) -> String {
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?><D:multistatus xmlns:D="DAV:"><D:response><D:href>{href}</D:href>
            <D:propstat><D:prop>{properties}</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>
            <D:propstat><D:prop><D:getetag>no</D:getetag></D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat>
            </D:response></D:multistatus>"#
        )
    }

    #[test]
    fn files_and_folders_are_told_apart() {
        let text = listing(
            "/prism/originals/Trip/%C3%89t%C3%A9%20%F0%9F%98%80.jpg",
            "<D:resourcetype></D:resourcetype><D:getcontentlength>79837</D:getcontentlength>\
             <D:getlastmodified>Sat, 21 Nov 2026 03:03:33 GMT</D:getlastmodified><D:getcontenttype>image/jpeg</D:getcontenttype>",
        );
        let entries = read(&text, "/prism/originals/").unwrap();
        assert_eq!(
            entries,
            [DavEntry {
                path: "Trip/Été 😀.jpg".to_owned(),
                is_folder: false,
                size_bytes: Some(79837),
                modified: Some("2026-11-21T03:03:33Z".parse().unwrap()),
                etag: None,
                content_type: Some("image/jpeg".to_owned()),
            }]
        );
        let folder = "<D:resourcetype><D:collection xmlns:D=\"DAV:\"/></D:resourcetype>";
        for href in ["/originals/", "/originals", "http://127.0.0.1:1/originals/"] {
            let entries = read(&listing(href, folder), "/originals/").unwrap();
            assert!(entries[0].is_folder && entries[0].path.is_empty(), "{href}");
        }
    }

    #[test]
    fn what_is_none_is_an_error() {
        let outside = listing("/elsewhere/x", "");
        for text in [
            "",
            "<html/>",
            "<D:multistatus xmlns:D=\"DAV:\"><D:response/></D:multistatus>",
            outside.as_str(),
        ] {
            assert!(read(text, "/originals/").is_err(), "{text}");
        }
    }
}
