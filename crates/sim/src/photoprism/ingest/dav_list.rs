//! `PROPFIND`: what is in a folder, as XML.

use std::fmt::Write;

use crate::photoprism::model::Stored;
use crate::photoprism::reply::{Reply, TEXT};
use crate::photoprism::request::Call;
use crate::photoprism::world::World;

use super::webdav::{Kind, Target, content_type, etag, http_date, kind};

const LOCKS: &str = "<D:supportedlock><D:lockentry xmlns:D=\"DAV:\"><D:lockscope><D:exclusive/></D:lockscope>\
                     <D:locktype><D:write/></D:locktype></D:lockentry></D:supportedlock>";

pub(super) fn propfind(world: &World, call: &Call, target: &Target) -> Reply {
    let depth = call.header("depth").unwrap_or("infinity");
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><D:multistatus xmlns:D=\"DAV:\">".to_owned();
    match kind(world, target) {
        Kind::Nothing => return Reply::text(404, TEXT, "Not Found"),
        Kind::File => {
            if let Some(stored) = world.disk.get(target.root, &target.path) {
                file(&mut text, target, &target.path, stored);
            }
        }
        Kind::Folder => {
            folder(&mut text, call, target, &target.path);
            let near = |path: &str| {
                let rest = path.strip_prefix(&target.path).unwrap_or(path).trim_start_matches('/');
                depth != "1" || !rest.contains('/')
            };
            if depth != "0" {
                for path in world
                    .disk
                    .folders_below(target.root, &target.path)
                    .filter(|path| near(path))
                {
                    folder(&mut text, call, target, path);
                }
                for (path, stored) in world
                    .disk
                    .files_below(target.root, &target.path)
                    .filter(|(path, _)| near(path))
                {
                    file(&mut text, target, path, stored);
                }
            }
        }
    }
    text.push_str("</D:multistatus>");
    Reply::text(207, "text/xml; charset=utf-8", text)
}

fn folder(text: &mut String, call: &Call, target: &Target, path: &str) {
    let slash = if path.is_empty() { "" } else { "/" };
    let href = format!("{}{}{slash}", encoded(&target.prefix), encoded(path));
    let name = escaped(path.rsplit('/').next().unwrap_or_default());
    let _ = write!(
        text,
        "<D:response><D:href>{href}</D:href><D:propstat><D:prop>{LOCKS}\
         <D:resourcetype><D:collection xmlns:D=\"DAV:\"/></D:resourcetype><D:displayname>{name}</D:displayname>\
         <D:getlastmodified>{}</D:getlastmodified></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>",
        http_date(call.now)
    );
}

fn file(text: &mut String, target: &Target, path: &str, stored: &Stored) {
    let href = format!("{}{}", encoded(&target.prefix), encoded(path));
    let name = escaped(path.rsplit('/').next().unwrap_or_default());
    let _ = write!(
        text,
        "<D:response><D:href>{href}</D:href><D:propstat><D:prop><D:resourcetype></D:resourcetype>\
         <D:displayname>{name}</D:displayname><D:getcontentlength>{}</D:getcontentlength>\
         <D:getlastmodified>{}</D:getlastmodified><D:getcontenttype>{}</D:getcontenttype><D:getetag>{}</D:getetag>{LOCKS}\
         </D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>",
        stored.size(),
        http_date(stored.modified),
        content_type(path),
        etag(stored)
    );
}

/// A path as it stands in an address.
fn encoded(path: &str) -> String {
    path.bytes().fold(String::with_capacity(path.len()), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"/-_.~!$'()*+,;=:@".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

/// A text as it stands in XML.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_for_addresses_and_for_xml() {
        assert_eq!(
            encoded("/originals/Trip/Été 😀.jpg"),
            "/originals/Trip/%C3%89t%C3%A9%20%F0%9F%98%80.jpg"
        );
        assert_eq!(escaped("A & <B>"), "A &amp; &lt;B&gt;");
    }
}
