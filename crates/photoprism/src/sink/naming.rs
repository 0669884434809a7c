//! Names under which files are sent: the server tells by them what a file is and which files belong together.

use photomove_core::Siblings;
use photomove_media::{FileKind, FileType, safe_file_name, split_extension};

/// Longest stem in bytes: the server takes names of 255 bytes, and puts things of its own to them.
const STEM_BYTES: usize = 180;

/// Endings of one type, for several files of it in one stack (reference 3.4).
const SPELLINGS: &[&[&str]] = &[
    &["jpg", "jpeg", "jpe", "jfif", "jif", "jfi"],
    &["png", "pn", "pnga"],
    &["heic", "heif", "hif"],
    &["tif", "tiff"],
    &["mov", "qt"],
    &["mp4", "mp"],
    &["mpg", "mpeg"],
];
/// Endings whose content is of another type by right: several JPEG in one, thumbnails of cameras.
const CONTAINERS: &[(&str, &str)] = &[
    ("mpo", "jpg"),
    ("thm", "jpg"),
    ("apng", "png"),
    ("avcs", "heic"),
    ("avci", "heic"),
];
const RAW: &[&str] = &[
    "dng", "raw", "3fr", "ari", "arw", "bay", "cap", "crw", "cr2", "cr3", "data", "dcs", "dcr", "drf", "eip", "erf",
    "fff", "gpr", "iiq", "k25", "kdc", "mdc", "mef", "mos", "mrw", "nef", "nrw", "obm", "orf", "pef", "ptx", "pxn",
    "r3d", "raf", "rwl", "rwz", "rw2", "srf", "srw", "sr2", "x3f",
];
const VIDEO: &[&str] = &[
    "mp4", "mp", "m4v", "mov", "qt", "avi", "mpg", "mpeg", "mp2", "mpv", "mjpg", "mjpeg", "mkv", "webm", "mts", "m2ts",
    "3gp", "3g2", "flv", "f4v", "ogv", "ogg", "ogx", "asf", "wmv", "dv", "mxf", "avc", "hevc", "vvc", "evc", "av1",
];
const PICTURES: &[&str] = &[
    "jpg", "jpeg", "jpe", "jif", "jfif", "jfi", "png", "apng", "pnga", "pn", "gif", "bmp", "tif", "tiff", "psd",
    "heic", "heif", "hif", "avci", "avcs", "heics", "heifs", "avif", "avis", "avifs", "webp", "jxl", "mpo", "thm",
    "svg", "ai", "ps", "ps2", "ps3", "eps", "eps2", "eps3", "epi", "ept", "epsf", "epsi", "pdf",
];
const COMPANIONS: &[&str] = &["xmp", "aae", "xml", "json", "txt", "nfo", "md", "markdown"];
/// Companions that the server takes for its own records: a foreign id in one would attach the file to another photo.
const RECORDS: &[&str] = &["yml", "yaml"];

/// Why a file is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The server takes no files of that ending.
    Unknown,
    /// The server would take it for one of its own records.
    Record,
}

/// Returns the name to send a file under; `seen` is what its bytes show.
///
/// All files of a bundle get the stem of the first one, so that the server stacks them, and no two the same name.
pub(super) fn name(own: &str, siblings: &Siblings, seen: Option<FileType>) -> Result<String, Refusal> {
    let names: Vec<&str> = siblings.names.iter().map(String::as_str).collect();
    let (names, place) = match names.get(siblings.place) {
        Some(_) => (names, siblings.place),
        None => (vec![own], 0),
    };
    let stem = stem(names[0]);
    let ending = ending(own, seen)?;
    // All are named alike without knowing each other's bytes: each has the end that its name says. One whose bytes say
    // otherwise takes an end that no other can have, or the server would replace one file by the other.
    let (mut ends, mut by_name): (Vec<String>, String) = (Vec::new(), String::new());
    for (at, name) in names.iter().enumerate() {
        let said = said(name);
        if at == place {
            by_name.clone_from(&said);
        }
        ends.push(free(&said, &ends, at));
    }
    let plain = format!(".{ending}");
    let end = match ending == by_name {
        true => ends.swap_remove(place),
        false if place == 0 && !ends[1..].contains(&plain) => plain,
        false => numbered(&ending, place),
    };
    Ok(format!("{stem}{end}"))
}

/// The ending that a name is taken to mean, as long as nobody has looked at the bytes.
fn said(name: &str) -> String {
    ending(name, None).unwrap_or_else(|_| extension(name))
}

/// The end of a name that nobody before has: another spelling of the ending, else with a number before it.
fn free(ending: &str, taken: &[String], place: usize) -> String {
    let is_free = |end: &String| !taken.contains(end);
    let own = std::iter::once(ending);
    let others = SPELLINGS
        .iter()
        .find(|all| all.contains(&ending))
        .copied()
        .unwrap_or_default();
    let mut spelled = own.chain(others.iter().copied()).map(|ending| format!(".{ending}"));
    spelled.find(is_free).unwrap_or_else(|| numbered(ending, place))
}

/// An end that only the file at that place has. Four characters after `_` make a companion of the same photo
/// (reference 3.6).
fn numbered(ending: &str, place: usize) -> String {
    format!("_{place:04}.{ending}")
}

fn extension(name: &str) -> String {
    split_extension(name).1.unwrap_or_default().to_ascii_lowercase()
}

/// The stem without what the server leaves aside: names that begin with `.`, `@`, `_.` or `__` are never imported.
fn stem(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let safe = safe_file_name(split_extension(name).0);
    let mut stem = safe.trim_start_matches(['.', '@', ' ']);
    while stem.starts_with("_.") || stem.starts_with("__") {
        stem = stem.trim_start_matches('_').trim_start_matches(['.', '@', ' ']);
    }
    let mut end = stem.len().min(STEM_BYTES);
    while !stem.is_char_boundary(end) {
        end -= 1;
    }
    match stem[..end].trim_end_matches(['.', ' ']) {
        // With its ending the second one would begin with `_.`.
        "" | "_" => "unnamed".to_owned(),
        stem => stem.to_owned(),
    }
}

/// The ending by which the server takes a file for what it is.
fn ending(name: &str, seen: Option<FileType>) -> Result<String, Refusal> {
    let own = extension(name);
    if RECORDS.contains(&own.as_str()) {
        return Err(Refusal::Record);
    }
    let right = match seen {
        None => own,
        Some(seen) if fits(&own, &seen) => own,
        Some(seen) => seen.extension.to_owned(),
    };
    let known = [PICTURES, RAW, VIDEO, COMPANIONS];
    match known.iter().any(|list| list.contains(&right.as_str())) {
        true => Ok(right),
        false => Err(Refusal::Unknown),
    }
}

/// Says whether a file of that ending may have that content. Pictures must match, or the server hides them for ever
/// (reference 3.4); videos and raw files are read by their content.
fn fits(own: &str, seen: &FileType) -> bool {
    if CONTAINERS
        .iter()
        .any(|(ending, holds)| *ending == own && seen.extension == *holds)
    {
        return true;
    }
    let is_raw = RAW.contains(&own);
    match seen.kind {
        FileKind::Video => VIDEO.contains(&own),
        _ if seen.raw => is_raw,
        // Raw files hide in TIFF's clothes, and some in JPEG's.
        _ if is_raw => matches!(seen.extension, "tif" | "tiff"),
        FileKind::Photo => {
            seen.has_extension(own) && PICTURES.contains(&own)
                || SPELLINGS
                    .iter()
                    .any(|all| all.contains(&own) && all.contains(&seen.extension))
        }
        FileKind::Other => true,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn of(extension: &str) -> Option<FileType> {
        FileType::of_extension(extension)
    }

    fn alone(own: &str, seen: Option<FileType>) -> Result<String, Refusal> {
        name(own, &Siblings::default(), seen)
    }

    #[rstest]
    #[case("IMG_1.JPG", "jpg", "IMG_1.jpg")]
    #[case("IMG_1.JPEG", "jpg", "IMG_1.jpeg")]
    #[case("IMG_1.jpg", "png", "IMG_1.png")]
    #[case("IMG_1.jpg", "heic", "IMG_1.heic")]
    #[case("IMG_1.heic", "jpg", "IMG_1.jpg")]
    #[case("IMG_1.jpg", "webp", "IMG_1.webp")]
    #[case("IMG_1.HIF", "heic", "IMG_1.hif")]
    #[case("IMG_1.jpg", "mp4", "IMG_1.mp4")]
    #[case("IMG_1.mp4", "mov", "IMG_1.mp4")]
    #[case("IMG_1.MPO", "jpg", "IMG_1.mpo")]
    #[case("IMG_1.nef", "tif", "IMG_1.nef")]
    #[case("IMG_1.nef", "nef", "IMG_1.nef")]
    #[case("IMG_1.dng", "jpg", "IMG_1.jpg")]
    #[case("IMG_1", "jpg", "IMG_1.jpg")]
    #[case("Dr. Smith", "jpg", "Dr. Smith.jpg")]
    #[case("a/b\\c.jpg", "jpg", "c.jpg")]
    #[case(".hidden.jpg", "jpg", "hidden.jpg")]
    #[case("@eaDir.jpg", "jpg", "eaDir.jpg")]
    #[case("__x.jpg", "jpg", "x.jpg")]
    #[case("_._.jpg", "jpg", "unnamed.jpg")]
    #[case("写真.heic", "heic", "写真.heic")]
    fn the_ending_follows_the_content(#[case] own: &str, #[case] seen: &str, #[case] sent: &str) {
        assert_eq!(alone(own, of(seen)).unwrap(), sent);
    }

    #[test]
    fn what_the_server_never_takes_is_not_sent() {
        assert_eq!(alone("a.zip", None), Err(Refusal::Unknown));
        assert_eq!(alone("a", None), Err(Refusal::Unknown));
        assert_eq!(alone("a.yml", None), Err(Refusal::Record));
        assert_eq!(alone("a.xmp", None).unwrap(), "a.xmp");
        assert_eq!(alone("a.svg", None).unwrap(), "a.svg");
    }

    #[test]
    fn long_names_are_cut_between_letters() {
        let sent = alone(&format!("{}.jpg", "写".repeat(100)), of("jpg")).unwrap();
        assert!(sent.len() <= 190 && sent.ends_with(".jpg"), "{sent}");
    }

    fn bundle(names: &[&str], seen: &[&str]) -> Vec<String> {
        let all: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let of_place = |place: usize| Siblings {
            names: all.clone(),
            place,
        };
        (0..names.len())
            .map(|place| name(names[place], &of_place(place), of(seen[place])).unwrap())
            .collect()
    }

    #[test]
    fn files_of_a_bundle_share_the_first_stem_and_no_name() {
        let live = bundle(&["IMG_1.HEIC", "clip of it.MOV"], &["heic", "mov"]);
        assert_eq!(live, ["IMG_1.heic", "IMG_1.mov"]);
        let raw = bundle(&["a.jpg", "b.dng", "a.jpg.xmp"], &["jpg", "dng", "-"]);
        assert_eq!(raw, ["a.jpg", "a.dng", "a.xmp"]);
        let stack = bundle(
            &["a.jpg", "a (2).jpg", "a-edited.jpeg", "x.png"],
            &["jpg", "jpg", "jpg", "png"],
        );
        assert_eq!(stack, ["a.jpg", "a.jpeg", "a.jpe", "a.png"]);
        let many: Vec<&str> = vec!["a.xmp"; 3];
        assert_eq!(bundle(&many, &["-", "-", "-"]), ["a.xmp", "a_0001.xmp", "a_0002.xmp"]);
    }

    #[test]
    fn content_that_belies_a_name_never_takes_the_name_of_another_file() {
        for (names, seen, sent) in [
            (["a.jpg", "a.png"], ["png", "png"], ["a_0000.png", "a.png"]),
            (["a.heic", "a.jpg"], ["jpg", "jpg"], ["a_0000.jpg", "a.jpg"]),
            (["a.jpg", "a.heic"], ["jpg", "jpg"], ["a.jpg", "a_0001.jpg"]),
            (["a.heic", "a.mov"], ["jpg", "mov"], ["a.jpg", "a.mov"]),
            (["a.jpg", "b.jpg"], ["heic", "jpg"], ["a.heic", "a.jpeg"]),
        ] {
            assert_eq!(bundle(&names, &seen), sent, "{names:?}");
        }
        // Whatever they are called and whatever they hold.
        let kinds = ["jpg", "png", "heic", "mp4"];
        let of = |code: usize| [kinds[code % 4], kinds[code / 4 % 4], kinds[code / 16]];
        for named in 0..64 {
            let names = of(named).map(|ending| format!("x.{ending}"));
            for held in 0..64 {
                let sent = bundle(&names.each_ref().map(String::as_str), &of(held));
                let distinct: std::collections::BTreeSet<_> = sent.iter().collect();
                assert_eq!(distinct.len(), 3, "{names:?} {:?} {sent:?}", of(held));
            }
        }
    }
}
