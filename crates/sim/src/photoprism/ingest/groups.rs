//! Which files of a folder belong together, which of them gives the name, and what that name is (reference 3.6, 2.8.3).

use jiff::Timestamp;

use super::kinds::{Kind, Media, extension, is_hidden, kind_of, stem};

/// Files that are imported together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    /// Gives date and checksum of the new name.
    pub(crate) main: String,
    /// All others in order of their names.
    pub(crate) others: Vec<String>,
}

/// Groups the names of one folder. Names that no media file belongs to are in no group.
pub(crate) fn group<'a>(names: impl Iterator<Item = &'a str>, documents: bool) -> Vec<Group> {
    let mut names: Vec<&str> = names.filter(|name| !is_hidden(name)).collect();
    names.sort_unstable();
    let mut taken = vec![false; names.len()];
    let mut groups = Vec::new();
    for at in 0..names.len() {
        let is_media = |name: &str| kind_of(name, documents).is_some_and(|kind| kind.media != Media::Sidecar);
        if taken[at] || !is_media(names[at]) {
            continue;
        }
        let shortest = original_of(stem(names[at]), &names, documents).unwrap_or(stem(names[at]));
        let related: Vec<usize> = (0..names.len())
            .filter(|other| !taken[*other] && kind_of(names[*other], documents).is_some())
            .filter(|other| *other == at || belongs(names[*other], shortest))
            .collect();
        let members: Vec<&str> = related.iter().map(|at| names[*at]).collect();
        for at in related {
            taken[at] = true;
        }
        let main = main_of(&members, documents);
        groups.push(Group {
            main: main.to_owned(),
            others: members
                .iter()
                .filter(|name| **name != main)
                .map(|name| (*name).to_owned())
                .collect(),
        });
    }
    groups
}

/// The stem of the picture that `IMG_E7` or `NAME_abcd` was made from, if it is there.
fn original_of<'a>(own: &str, names: &[&'a str], documents: bool) -> Option<&'a str> {
    let is_media = |name: &str| kind_of(name, documents).is_some_and(|kind| kind.media != Media::Sidecar);
    names
        .iter()
        .filter(|name| is_media(name))
        .map(|name| stem(name))
        .find(|other| *other != own && is_variant(own, other))
}

/// `IMG_E1234` of `IMG_1234`, `NAME_ab12` of `NAME`.
fn is_variant(name: &str, of: &str) -> bool {
    let edited = name.strip_prefix("IMG_E").is_some_and(|number| {
        of.strip_prefix("IMG_") == Some(number) && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    let suffixed = name
        .strip_prefix(of)
        .and_then(|rest| rest.strip_prefix('_'))
        .is_some_and(|rest| rest.len() == 4 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    edited || suffixed
}

fn belongs(name: &str, to: &str) -> bool {
    let rest = name.strip_prefix(to).is_some_and(|rest| rest.starts_with('.'));
    rest || is_variant(stem(name), to)
}

/// RAW, HEIF and vectors before other pictures, videos before JPEG, shorter names before longer ones.
fn main_of<'a>(members: &[&'a str], documents: bool) -> &'a str {
    let rank = |name: &str| match kind_of(name, documents) {
        Some(Kind { media: Media::Raw, .. }) => 0,
        Some(Kind {
            media: Media::Vector | Media::Document,
            ..
        }) => 1,
        Some(Kind {
            code: "heic" | "heics" | "avif" | "avifs",
            ..
        }) => 2,
        Some(Kind {
            media: Media::Video, ..
        }) => 3,
        Some(Kind {
            code: "jpg" | "png", ..
        }) => 5,
        Some(Kind {
            media: Media::Image, ..
        }) => 4,
        Some(Kind {
            media: Media::Sidecar, ..
        })
        | None => 9,
    };
    members
        .iter()
        .enumerate()
        .min_by_key(|(at, name)| (rank(name), stem(name).len(), *at))
        .map_or("", |(_, name)| *name)
}

/// `2008/10/20081022_142839_2D5CB58A`, of a moment (UTC) and a checksum.
pub(crate) fn canonical_base(taken: Timestamp, crc: u32) -> String {
    let at = jiff::tz::TimeZone::UTC.to_datetime(taken);
    format!("{}_{crc:08X}", at.strftime("%Y/%m/%Y%m%d_%H%M%S"))
}

/// The path under which a file is stored: its last extension in small letters, and a number if the path is taken.
pub(crate) fn free_path(base: &str, name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let extension = extension(name).unwrap_or_default().to_ascii_lowercase();
    let path = format!("{base}.{extension}");
    if !is_taken(&path) {
        return path;
    }
    (1_u32..)
        .map(|number| format!("{base}.{number:05}.{extension}"))
        .find(|path| !is_taken(path))
        .unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grouped(names: &[&str]) -> Vec<(String, Vec<String>)> {
        group(names.iter().copied(), false)
            .into_iter()
            .map(|group| (group.main, group.others))
            .collect()
    }

    #[test]
    fn equal_base_names_are_one_group() {
        let one = |names: &[&str], main: &str, others: &[&str]| {
            let others = others.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(grouped(names), [(main.to_owned(), others)], "{names:?}");
        };
        one(&["IMG_1.JPG", "IMG_1.CR3"], "IMG_1.CR3", &["IMG_1.JPG"]);
        one(&["IMG_3.JPG", "IMG_3.HEIC"], "IMG_3.HEIC", &["IMG_3.JPG"]);
        one(&["IMG_4.PNG", "IMG_4.JPG"], "IMG_4.JPG", &["IMG_4.PNG"]);
        one(
            &["IMG_9.JPG", "IMG_9.MOV", "IMG_9.PNG"],
            "IMG_9.MOV",
            &["IMG_9.JPG", "IMG_9.PNG"],
        );
        one(&["IMG_5.HEIC", "IMG_5.MOV"], "IMG_5.HEIC", &["IMG_5.MOV"]);
        one(&["IMG_2.JPG", "IMG_2.jpg"], "IMG_2.JPG", &["IMG_2.jpg"]);
        one(&["IMG_E7.JPG", "IMG_7.JPG"], "IMG_7.JPG", &["IMG_E7.JPG"]);
        one(
            &["IMG_4.jpg", "IMG_4.jpg.supplemental-metadata.json", "IMG_4.yml"],
            "IMG_4.jpg",
            &["IMG_4.jpg.supplemental-metadata.json", "IMG_4.yml"],
        );
    }

    #[test]
    fn others_stay_apart_or_behind() {
        let names = ["IMG_8.JPG", "IMG_8 (2).JPG", "IMG_8(1).JPG", "IMG_8-edited.JPG"];
        assert_eq!(grouped(&names).len(), 4);
        assert!(grouped(&[".IMG_1.jpg", "@a.jpg", "note.txt", "a.jpg.part", "x.xmp", "noextension"]).is_empty());
    }

    #[test]
    fn paths_are_canonical_and_free() {
        let base = canonical_base("2008-10-22T14:28:39Z".parse().unwrap(), 0x2D5C_B58A);
        assert_eq!(base, "2008/10/20081022_142839_2D5CB58A");
        assert_eq!(
            free_path(&base, "GOOD.JPEG", |_| false),
            "2008/10/20081022_142839_2D5CB58A.jpeg"
        );
        let taken = format!("{base}.jpg");
        assert_eq!(
            free_path(&base, "a.jpg", |path| path == taken),
            "2008/10/20081022_142839_2D5CB58A.00001.jpg"
        );
        assert_eq!(free_path("x", "IMG_2041.jpg.json", |_| false), "x.json");
    }
}
