//! Matroska and WebM: elements with a number and a length, both of one to eight bytes.

use std::time::Duration;

use crate::draft::{Draft, Giver};
use crate::window::Window;
use crate::{DateField, PixelSize, WarningKind, dates, text};

const SEGMENT: u32 = 0x1853_8067;
const SEEK_HEAD: u32 = 0x114d_9b74;
const SEEK: u32 = 0x4dbb;
const SEEK_ID: u32 = 0x53ab;
const SEEK_POSITION: u32 = 0x53ac;
const INFO: u32 = 0x1549_a966;
const TIME_SCALE: u32 = 0x002a_d7b1;
const DURATION: u32 = 0x4489;
const DATE: u32 = 0x4461;
const TITLE: u32 = 0x7ba9;
const TRACKS: u32 = 0x1654_ae6b;
const TRACK: u32 = 0xae;
const VIDEO: u32 = 0xe0;
const WIDTH: u32 = 0xb0;
const HEIGHT: u32 = 0xba;
const TAGS: u32 = 0x1254_c367;
const TAG: u32 = 0x7373;
const SIMPLE_TAG: u32 = 0x67c8;
const TAG_NAME: u32 = 0x45a3;
const TAG_TEXT: u32 = 0x4487;
const CLUSTER: u32 = 0x1f43_b675;

/// Seconds from 1970 to 2001, where its dates begin.
const EPOCH_2001: i64 = 978_307_200;
const CHILDREN_MAX: usize = 1024;
const TEXT_MAX: u64 = 64 << 10;

#[derive(Debug, Clone, Copy)]
struct Element {
    id: u32,
    body: u64,
    end: u64,
}

pub(super) fn read(window: &mut Window<'_>, draft: &mut Draft) {
    let size = window.size();
    let segment = children(window, 0, size, 8)
        .into_iter()
        .find(|child| child.id == SEGMENT);
    let Some(segment) = segment else {
        draft.warn(WarningKind::CutShort, "Matroska file without a segment");
        return;
    };
    let mut tags_at = None;
    let mut tags_read = false;
    let mut found_info = false;
    let mut at = segment.body;
    for _ in 0..CHILDREN_MAX {
        let Some(child) = element(window, at, segment.end) else {
            break;
        };
        match child.id {
            SEEK_HEAD => tags_at = tags_at.or_else(|| position_of(window, child, TAGS)),
            INFO => {
                found_info = true;
                info(window, child, draft);
            }
            TRACKS => tracks(window, child, draft),
            TAGS => {
                tags_read = true;
                tags(window, child, draft);
            }
            // The pictures follow; what stands behind them is in the list of places, if it is there.
            CLUSTER => break,
            _ => {}
        }
        at = child.end;
    }
    if !tags_read
        && let Some(at) = tags_at.and_then(|offset| segment.body.checked_add(offset))
        && let Some(found) = element(window, at, segment.end).filter(|found| found.id == TAGS)
    {
        tags(window, found, draft);
    }
    if !found_info {
        draft.warn(WarningKind::CutShort, "Matroska file without a header");
    }
}

/// Reads an element inside what ends at `end`; one of unknown length goes on to there.
fn element(window: &mut Window<'_>, at: u64, end: u64) -> Option<Element> {
    if at >= end {
        return None;
    }
    // A number of up to four bytes and a length of up to eight.
    let head = window.up_to(at, 12)?;
    let id_bytes = head.first()?.leading_zeros() as usize + 1;
    if id_bytes > 4 {
        return None;
    }
    let (id, rest) = head.split_at_checked(id_bytes)?;
    let size_bytes = rest.first()?.leading_zeros() as usize + 1;
    if size_bytes > 8 {
        return None;
    }
    let unknown = (1_u64 << (7 * size_bytes)) - 1;
    let size = number(rest.get(..size_bytes)?) & unknown;
    let body = at + (id_bytes + size_bytes) as u64;
    if body > end {
        return None;
    }
    let element_end = if size == unknown {
        end
    } else {
        body.checked_add(size)?.min(end)
    };
    Some(Element {
        id: u32::try_from(number(id)).ok()?,
        body,
        end: element_end,
    })
}

/// A big-endian number of up to eight bytes.
fn number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .take(8)
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn children(window: &mut Window<'_>, mut at: u64, end: u64, most: usize) -> Vec<Element> {
    let mut found = Vec::new();
    while found.len() < most
        && let Some(child) = element(window, at, end)
    {
        at = child.end;
        found.push(child);
    }
    found
}

impl Element {
    fn children(self, window: &mut Window<'_>) -> Vec<Self> {
        children(window, self.body, self.end, CHILDREN_MAX)
    }

    fn whole(self, window: &mut Window<'_>) -> Option<u64> {
        let length = usize::try_from(self.end - self.body)
            .ok()
            .filter(|length| *length <= 8)?;
        Some(number(&window.fetch(self.body, length)?))
    }

    fn float(self, window: &mut Window<'_>) -> Option<f64> {
        match self.end - self.body {
            4 => Some(f64::from(f32::from_be_bytes(window.array(self.body)?))),
            8 => Some(f64::from_be_bytes(window.array(self.body)?)),
            _ => None,
        }
    }

    fn text(self, window: &mut Window<'_>) -> Option<String> {
        let length = (self.end - self.body).min(TEXT_MAX);
        text::guessed(&window.up_to(self.body, usize::try_from(length).ok()?)?)
    }
}

fn position_of(window: &mut Window<'_>, head: Element, wanted: u32) -> Option<u64> {
    for seek in head.children(window).into_iter().filter(|child| child.id == SEEK) {
        let (mut id, mut position) = (None, None);
        for child in seek.children(window) {
            match child.id {
                SEEK_ID => id = child.whole(window),
                SEEK_POSITION => position = child.whole(window),
                _ => {}
            }
        }
        if id == Some(u64::from(wanted)) {
            return position;
        }
    }
    None
}

fn info(window: &mut Window<'_>, info: Element, draft: &mut Draft) {
    let mut scale = 1_000_000;
    let mut units = None;
    for child in info.children(window) {
        match child.id {
            TIME_SCALE => scale = child.whole(window).unwrap_or(scale),
            DURATION => units = child.float(window),
            DATE => {
                let instant = child.whole(window).and_then(|bits| {
                    let nanoseconds = bits.cast_signed();
                    let rest = i32::try_from(nanoseconds.rem_euclid(1_000_000_000)).ok()?;
                    dates::instant(EPOCH_2001 + nanoseconds.div_euclid(1_000_000_000), rest)
                });
                draft.at(DateField::MatroskaDate, instant.filter(|_| child.end > child.body));
            }
            TITLE => draft.title(Giver::ContainerText, child.text(window)),
            _ => {}
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "time scales are far below 2^53")]
    let seconds = units.map(|units| units * scale as f64 / 1e9);
    let duration = seconds
        .filter(|seconds| *seconds > 0.0)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    draft.duration(Giver::Container, duration);
}

fn tracks(window: &mut Window<'_>, tracks: Element, draft: &mut Draft) {
    for track in tracks.children(window).into_iter().filter(|child| child.id == TRACK) {
        for video in track.children(window).into_iter().filter(|child| child.id == VIDEO) {
            let (mut width, mut height) = (None, None);
            for child in video.children(window) {
                match child.id {
                    WIDTH => width = child.whole(window),
                    HEIGHT => height = child.whole(window),
                    _ => {}
                }
            }
            let side = |side: Option<u64>| u32::try_from(side?).ok();
            let size = side(width).zip(side(height));
            draft.size(
                Giver::Container,
                size.and_then(|(width, height)| PixelSize::of(width, height)),
            );
        }
    }
}

fn tags(window: &mut Window<'_>, tags: Element, draft: &mut Draft) {
    for tag in tags.children(window).into_iter().filter(|child| child.id == TAG) {
        for simple in tag.children(window).into_iter().filter(|child| child.id == SIMPLE_TAG) {
            let (mut name, mut value) = (None, None);
            for child in simple.children(window) {
                match child.id {
                    TAG_NAME => name = child.text(window),
                    TAG_TEXT => value = child.text(window),
                    _ => {}
                }
            }
            if let (Some(name), Some(value)) = (name, value) {
                tagged(&name, value, draft);
            }
        }
    }
}

fn tagged(name: &str, value: String, draft: &mut Draft) {
    let giver = Giver::ContainerText;
    match name.to_ascii_uppercase().as_str() {
        "TITLE" => draft.title(giver, Some(value)),
        "DESCRIPTION" | "SUMMARY" | "SYNOPSIS" => draft.description(giver, Some(value)),
        "COMMENT" => draft.description(Giver::Doubtful, Some(value)),
        "KEYWORDS" | "KEYWORD" => draft.keywords(giver, value.split(',').map(str::to_owned)),
        "DATE_RECORDED" => draft.wall(DateField::UserData, dates::parse(&value)),
        _ => {}
    }
}
