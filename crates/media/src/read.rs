//! From bytes to facts.

use std::io;

use jiff::Timestamp;

use crate::container;
use crate::draft::{Draft, When};
use crate::window::{Trouble, Window};
use crate::{
    DateField, FileType, MediaFacts, Prefix, ReadAt, SNIFF_BYTES, WarningKind, dates, motion, sniff, sniff_named,
};

/// How facts are read. The defaults do for whole files.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ReadOptions<'n> {
    /// Name of the file: decides about its type where the bytes leave a choice, is the last source of a date, and tells
    /// whether a video's header has local time.
    pub name: Option<&'n str>,
    /// Dates after this instant are left out, such as a day from now.
    pub latest: Option<Timestamp>,
    /// Most bytes that are read, 16 MiB by default; hardly a file takes one hundredth of it.
    pub bytes_max: u64,
    /// Most single reads, 50,000 by default, which no sound file takes.
    pub reads_max: u32,
}

impl Default for ReadOptions<'_> {
    fn default() -> Self {
        Self {
            name: None,
            latest: None,
            bytes_max: 16 << 20,
            reads_max: 50_000,
        }
    }
}

impl<'n> ReadOptions<'n> {
    /// Tells the file's name.
    #[must_use]
    pub fn with_name(mut self, name: &'n str) -> Self {
        self.name = Some(name);
        self
    }

    /// Leaves out dates after an instant.
    #[must_use]
    pub fn with_latest(mut self, latest: Timestamp) -> Self {
        self.latest = Some(latest);
        self
    }

    /// Reads no more than so many bytes.
    #[must_use]
    pub fn with_bytes_max(mut self, bytes_max: u64) -> Self {
        self.bytes_max = bytes_max;
        self
    }
}

/// Reads what a file says about itself, and only the bytes that this takes.
///
/// A broken file gives what can be had, with [warnings](MediaFacts::warnings); a file of no known type gives its size and
/// a warning. Time and memory are limited whatever the bytes are.
///
/// # Errors
/// Only those of `reader`.
///
/// ```
/// use photomove_media::{ReadOptions, Seekable, read_facts};
///
/// # fn main() -> std::io::Result<()> {
/// # let file = std::io::Cursor::new(b"GIF89a\x02\0\x03\0\0\0\0;");
/// let mut file = Seekable::try_new(file)?;
/// let facts = read_facts(&mut file, &ReadOptions::default())?;
/// assert_eq!(facts.file_type.map(|t| t.media_type), Some("image/gif"));
/// assert_eq!(facts.size_px.map(|size| (size.width_px, size.height_px)), Some((2, 3)));
/// # Ok(())
/// # }
/// ```
pub fn read_facts(reader: &mut dyn ReadAt, options: &ReadOptions<'_>) -> io::Result<MediaFacts> {
    let mut window = Window::new(reader, options.bytes_max, options.reads_max);
    let mut draft = Draft::default();
    let first = window.up_to(0, SNIFF_BYTES).unwrap_or_default();
    let file_type = match options.name {
        Some(name) => sniff_named(&first, name),
        None => sniff(&first),
    };
    draft.is_video = file_type.is_some_and(|file_type| file_type.is_video());
    match file_type {
        Some(file_type) => container::read(file_type, &mut window, &mut draft),
        None => draft.warn(WarningKind::UnknownType, "the first bytes belong to no known type"),
    }
    let motion = motion::find(&mut window, &mut draft);
    if let Some(name) = options.name {
        name_says(name, &mut draft);
    }
    finish(window, draft, file_type, options, motion)
}

/// Reads what the first bytes of a file of `size_bytes` bytes say about it; more is not at hand.
pub fn read_facts_of_prefix(bytes: &[u8], size_bytes: u64, options: &ReadOptions<'_>) -> MediaFacts {
    // Memory does not fail to be read.
    read_facts(&mut Prefix::new(bytes, size_bytes), options).unwrap_or_default()
}

fn finish(
    window: Window<'_>,
    mut draft: Draft,
    file_type: Option<FileType>,
    options: &ReadOptions<'_>,
    motion: Option<crate::MotionPhoto>,
) -> io::Result<MediaFacts> {
    let size_bytes = window.size();
    let (bytes_read, trouble) = window.finish();
    let Trouble {
        missing_at,
        over_budget,
        error,
    } = trouble;
    if let Some(error) = error {
        return Err(error);
    }
    if missing_at.is_some() || over_budget {
        // What looks like the file's end is only the end of what was given.
        draft.forget(WarningKind::CutShort);
    }
    if let Some(at) = missing_at {
        draft.warn(WarningKind::NotGiven, format!("bytes from {at} on were not given"));
    }
    if over_budget {
        draft.warn(WarningKind::OverLimit, "more would have to be read than is allowed");
    }
    let mut facts = draft.into_facts(options.latest);
    facts.file_type = file_type;
    facts.size_bytes = size_bytes;
    facts.bytes_read = bytes_read;
    facts.missing_at = missing_at;
    facts.motion = motion;
    Ok(facts)
}

/// Takes the date of the file's name, and asks it about the clock of the camera.
fn name_says(name: &str, draft: &mut Draft) {
    let Some(stamp) = dates::parse_name(name) else {
        return;
    };
    // Many cameras write their own time where the format wants UTC; one that also puts it into the name gives that away.
    if stamp.offset.is_none() && stamp.precision >= crate::Precision::Second {
        draft.movie_header_was_local(stamp.local);
    }
    match stamp.offset {
        Some(offset) => {
            let instant = offset.to_timestamp(stamp.local).ok();
            draft.at(DateField::FileName, instant);
        }
        None => draft.wall(DateField::FileName, Some(stamp)),
    }
}

impl Draft {
    /// Takes the movie header's time for local time if a clock on the wall showed the same, give or take the seconds that
    /// a recording takes to begin.
    fn movie_header_was_local(&mut self, shown: jiff::civil::DateTime) {
        const SLACK_S: i64 = 10;
        self.change_date(DateField::MovieHeader, |when| {
            let When::Instant(instant) = when else { return when };
            let header = jiff::tz::Offset::UTC.to_datetime(instant);
            if shown.duration_until(header).as_secs().abs() > SLACK_S {
                return when;
            }
            When::Wall(dates::Stamp {
                local: header,
                offset: None,
                precision: crate::Precision::Second,
            })
        });
    }
}
