//! Enumerations that several records share.

use super::text::text_enum;

text_enum! {
    /// Where a value comes from. The indexer replaces a value only by one of equal or higher priority; a direct change
    /// ignores priorities.
    Source {
        /// The server made it up.
        Auto = "",
        /// A default.
        Default = "default",
        /// Guessed from photos nearby in time.
        Estimate = "estimate",
        /// From the file's name.
        Name = "name",
        /// From a `.yml` companion.
        Yaml = "yaml",
        /// From a sign-in service.
        Oidc = "oidc",
        /// From a directory service.
        Ldap = "ldap",
        /// From the place.
        Location = "location",
        /// From a face region.
        Marker = "marker",
        /// From looking at the picture.
        Image = "image",
        /// From the title.
        Title = "title",
        /// From the subject.
        Subject = "subject",
        /// From a keyword.
        Keyword = "keyword",
        /// From the file's own metadata.
        Meta = "meta",
        /// From an XMP companion.
        Xmp = "xmp",
        /// Somebody said so; this is what survives an index run.
        Manual = "manual",
        /// An administrator said so.
        Admin = "admin",
    }
}

impl Source {
    /// Returns the priority, 1 to 128; `None` for a word that is not known.
    pub fn priority(&self) -> Option<u8> {
        Some(match self {
            Self::Auto | Self::Default => 1,
            Self::Estimate => 2,
            Self::Name => 4,
            Self::Yaml | Self::Oidc | Self::Ldap | Self::Location | Self::Marker | Self::Image => 8,
            Self::Title | Self::Subject | Self::Keyword | Self::Meta => 16,
            Self::Xmp => 32,
            Self::Manual => 64,
            Self::Admin => 128,
            Self::Other(_) => return None,
        })
    }
}

text_enum! {
    /// What a photo or a file is. `audio` and `document` came in 2025; only files are `sidecar`.
    MediaType {
        /// A picture.
        Image = "image",
        /// The raw data of a camera.
        Raw = "raw",
        /// A picture with a short video.
        Live = "live",
        /// A video.
        Video = "video",
        /// A picture that moves.
        Animated = "animated",
        /// A drawing.
        Vector = "vector",
        /// Sound.
        Audio = "audio",
        /// Text.
        Document = "document",
        /// A companion of another file.
        Sidecar = "sidecar",
    }
}

text_enum! {
    /// Which folder of the server a file's name is relative to.
    Root {
        /// Originals: what people put there.
        Originals = "/",
        /// Generated previews and moved companions.
        Sidecar = "sidecar",
        /// What waits for import.
        Import = "import",
        /// Examples of the server.
        Examples = "examples",
    }
}

text_enum! {
    /// What an album is.
    AlbumType {
        /// Made by people.
        Album = "album",
        /// One for each folder of the originals.
        Folder = "folder",
        /// Made by the server of photos that belong together.
        Moment = "moment",
        /// One for each month.
        Month = "month",
        /// One for each state of a country.
        State = "state",
    }
}

text_enum! {
    /// What a camera is.
    CameraType {
        /// Not known.
        Unknown = "",
        /// A telephone.
        Phone = "phone",
        /// A tablet.
        Tablet = "tablet",
        /// A camera with lenses to change.
        Body = "body",
        /// A compact camera.
        Compact = "compact",
        /// A scanner.
        Scanner = "scanner",
        /// A camera with film.
        Film = "film",
    }
}

/// The main colour of a picture; the server stores its number with photos and its name with files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Color(u8);

impl Color {
    const NAMES: [&'static str; 16] = [
        "black", "grey", "brown", "gold", "white", "purple", "blue", "cyan", "teal", "green", "lime", "yellow",
        "magenta", "orange", "red", "pink",
    ];

    /// Returns the colour of a number; 0 to 15 have one.
    pub fn from_number(number: i64) -> Option<Self> {
        let number = u8::try_from(number).ok()?;
        (usize::from(number) < Self::NAMES.len()).then_some(Self(number))
    }

    /// Returns the colour of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        let number = Self::NAMES.iter().position(|known| *known == name)?;
        u8::try_from(number).ok().map(Self)
    }

    /// Returns the number, 0 to 15.
    pub fn number(self) -> u8 {
        self.0
    }

    /// Returns the name.
    pub fn name(self) -> &'static str {
        Self::NAMES[usize::from(self.0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_go_both_ways_and_new_ones_are_kept() {
        for word in Source::ALL {
            assert_eq!(&Source::from(word.as_str()), word);
            assert!(word.priority().is_some());
        }
        for word in MediaType::ALL {
            assert_eq!(&MediaType::from(word.as_str()), word);
        }
        let new: MediaType = serde_json::from_str("\"hologram\"").unwrap();
        assert_eq!(new, MediaType::Other("hologram".into()));
        assert_eq!(serde_json::to_string(&new).unwrap(), "\"hologram\"");
        assert_eq!(serde_json::from_str::<Source>("null").unwrap(), Source::Auto);
    }

    #[test]
    fn manual_outlives_what_files_say() {
        assert!(Source::Manual.priority() > Source::Xmp.priority());
        assert_eq!(Source::from("nonsense").priority(), None);
    }

    #[test]
    fn colours_have_numbers_and_names() {
        for number in 0..16 {
            let color = Color::from_number(number).unwrap();
            assert_eq!(Color::from_name(color.name()), Some(color));
            assert_eq!(i64::from(color.number()), number);
        }
        assert_eq!(Color::from_number(16), None);
        assert_eq!(Color::from_number(-1), None);
    }
}
