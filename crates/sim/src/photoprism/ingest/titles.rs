//! Titles and keywords that the server makes out of file names.

/// Words that are in names because of cameras, apps and formats, and say nothing about the picture.
const NOISE: &[&str] = &[
    "avif",
    "copy",
    "dsc",
    "dscf",
    "dscn",
    "file",
    "gopro",
    "hdr",
    "heic",
    "huawei",
    "image",
    "img",
    "iphone",
    "jpeg",
    "jpg",
    "mkv",
    "mov",
    "mp4",
    "mvimg",
    "pano",
    "photo",
    "picture",
    "pxl",
    "screenshot",
    "tif",
    "tiff",
    "vid",
    "video",
    "wa",
    "webp",
];

/// Makers of cameras: they may begin a title, but are none alone, and no keywords.
const BRANDS: &[&str] = &["canon", "nikon", "olympus", "sony"];

/// Words that are written small unless they come first.
const SMALL: &[&str] = &[
    "a", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "und", "with",
];

/// Titles longer than this get no year.
const YEAR_FITS: usize = 20;

/// Longer words are no words.
const WORD_BYTES: usize = 50;

/// Words of a title at most.
const TITLE_WORDS: usize = 10;

/// What a photo's title is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TitleParts<'a> {
    /// Base name on the disk, without extension.
    pub(crate) name: &'a str,
    pub(crate) original_name: &'a str,
    /// Folder on the disk.
    pub(crate) path: &'a str,
    /// Year of the local date, if the date is not just the time of the upload.
    pub(crate) year: Option<i16>,
}

/// `Tanners Ridge / 2023` of names with words, else `Unknown / 2008`, else `Unknown`.
pub(crate) fn auto_title(parts: TitleParts<'_>) -> String {
    let named = [parts.name, parts.original_name, parts.path]
        .into_iter()
        .filter(|name| !is_generated(name))
        .map(file_title)
        .find(|title| !title.is_empty());
    let title = named.unwrap_or_else(|| "Unknown".to_owned());
    match parts.year {
        Some(year) if title.chars().count() <= YEAR_FITS => format!("{title} / {year}"),
        _ => title,
    }
}

/// Whether a name is one that the server gives: date, time and checksum; or a folder of a month.
pub(crate) fn is_generated(name: &str) -> bool {
    let base = name.rsplit('/').next().unwrap_or(name);
    let groups: Vec<&str> = base.split('_').collect();
    let digits = |text: &str, len| text.len() == len && text.bytes().all(|byte| byte.is_ascii_digit());
    match groups[..] {
        [day, time, sum] => digits(day, 8) && digits(time, 6) && sum.len() >= 8,
        _ => name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'/'),
    }
}

/// The words of a file or folder name as a title; empty if they make none.
pub(crate) fn file_title(name: &str) -> String {
    let mut title: Vec<String> = Vec::new();
    for word in words(name) {
        let lower = word.to_lowercase();
        let letters = word.chars().any(char::is_alphabetic);
        let number = !letters && word.chars().all(|c| c.is_ascii_digit());
        let skipped = match number {
            // Two digits are an age or a year, others count pictures.
            true => title.is_empty() || word.len() != 2,
            false => title.is_empty() && word.chars().count() < 3 && word.is_ascii(),
        };
        // `Canon_40D` names a camera, but `canon` alone is no title: noise counts only when nothing goes before it.
        let counted = lower.trim_end_matches(|c: char| c.is_ascii_digit());
        let is_endless = word.len() > WORD_BYTES;
        let is_noise = NOISE.contains(&lower.as_str()) && (title.is_empty() || lower.len() < 4)
            // `DSCN0010` is a camera's count.
            || title.is_empty() && NOISE.contains(&counted);
        if skipped || is_noise || is_endless || is_size(&lower) || title.len() >= TITLE_WORDS {
            continue;
        }
        title.push(match lower.as_str() {
            "iphone" => "iPhone".to_owned(),
            small if !title.is_empty() && SMALL.contains(&small) => lower,
            _ => capital(word),
        });
    }
    let text = title.join(" ");
    if BRANDS.contains(&text.to_lowercase().as_str()) {
        return String::new();
    }
    if text.chars().count() <= 4 && text.is_ascii() {
        String::new()
    } else {
        text
    }
}

/// Names' words: letters and digits, with anything else between them.
fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

/// `640x360`.
fn is_size(word: &str) -> bool {
    word.split_once('x').is_some_and(|(width, height)| {
        [width, height]
            .iter()
            .all(|side| !side.is_empty() && side.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// More words that were seen in titles and not among keywords.
const NO_KEYWORDS: &[&str] = &["bsg", "description", "picasa", "yes"];

/// Words of a name or text that are kept as keywords: three letters or more, small letters, no digits.
pub(crate) fn keywords(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphabetic() && !c.is_ascii_digit())
        .filter(|word| !is_size(word))
        .flat_map(|word| word.split(|c: char| c.is_ascii_digit()))
        .map(str::to_lowercase)
        .filter(|word| word.chars().count() >= 3)
        .filter(|word| {
            let lists = [NOISE, BRANDS, SMALL, NO_KEYWORDS];
            !lists.iter().any(|list| list.contains(&word.as_str()))
        })
        .collect()
}

/// A list of keywords as the server keeps it: sorted, each once, with `, ` between them.
pub(crate) fn keyword_list(words: impl IntoIterator<Item = String>) -> String {
    let mut words: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).collect();
    words.sort();
    words.dedup();
    words.join(", ")
}

/// Whether a title inside of a file is one, and not an id such as `030904-A-2140D-006`.
pub(crate) fn is_title(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    !text.is_empty() && !text.contains('_') && digits * 2 < text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn title(original_name: &str, year: Option<i16>) -> String {
        auto_title(TitleParts {
            name: "20081022_142839_2D5CB58A",
            original_name,
            path: "2008/10",
            year,
        })
    }

    #[test]
    fn titles_are_made_as_recorded() {
        for (name, expected) in [
            ("IMG_0001", "Unknown / 2008"),
            ("DSCN0010", "Unknown / 2008"),
            ("canon-ixus", "Canon Ixus / 2008"),
            ("s05_Pentax_K10D", "S05 Pentax K10D / 2008"),
            ("s00_Canon_40D", "S00 Canon 40D / 2008"),
            ("s01_Canon_PowerShot_S40", "S01 Canon PowerShot S40"),
            ("s38_cyclamen_persicum", "S38 Cyclamen Persicum"),
            ("s32_long_description", "S32 Long Description / 2008"),
            ("s49_iphone_hdr_YES", "S49 iPhone YES / 2008"),
            ("s17_samsung-one-ui-6", "S17 Samsung One Ui / 2008"),
            ("s25_67-0_length_string", "S25 67 Length String / 2008"),
            ("s09_8bit-sRGB", "S09 8bit SRGB / 2008"),
            ("s18_tif", "Unknown / 2008"),
            ("s47_IMG_2682", "Unknown / 2008"),
            ("s51_3gp_640x360", "S51 3gp / 2008"),
            ("s54_mkv_640x360", "Unknown / 2008"),
            ("IMG_8-edited", "Edited / 2008"),
            ("IMG_8 (2)", "Unknown / 2008"),
            ("endless", "Endless / 2008"),
            ("clip", "Unknown / 2008"),
            ("20240112_213853", "Unknown / 2008"),
            ("Été 東京 😀", "Été 東京 / 2008"),
        ] {
            assert_eq!(title(name, Some(2008)), expected, "{name}");
        }
        assert_eq!(title("s44_silver_fir", None), "S44 Silver Fir");
        let in_folder = TitleParts {
            name: "wood",
            original_name: "",
            path: "Album One",
            year: None,
        };
        assert_eq!(auto_title(in_folder), "Album One");
    }

    #[test]
    fn keywords_are_words() {
        assert_eq!(keyword_list(keywords("s29_endless_loop")), "endless, loop");
        assert_eq!(keyword_list(keywords("3gp_640x360 wood/Album One")), "album, one, wood");
        assert!(is_title("Mongol Els") && !is_title("030904-A-2140D-006") && !is_title(""));
    }
}
