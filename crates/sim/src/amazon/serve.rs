//! Sending an original, whole or in part, and small pictures in place of it.

use std::ops::Range;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::seeded::Seeded;

use super::world::Node;

/// Largest side of a small picture; the real service goes up to the full size.
const MAX_SIDE_PX: u16 = 512;

/// The untouched bytes of a file. With `attachment` the answer names the file.
pub(super) fn serve(node: &Node, headers: &HeaderMap, ranges: bool, attachment: bool) -> Response {
    let Some(file) = &node.file else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let len = file.blob.len();
    let wanted = headers
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok())
        .filter(|_| ranges);
    let (status, range) = match wanted.and_then(|text| parse_range(text, len)) {
        None => (StatusCode::OK, 0..len),
        Some(Some(range)) => (StatusCode::PARTIAL_CONTENT, range),
        Some(None) => {
            let all = format!("bytes */{len}");
            return (StatusCode::RANGE_NOT_SATISFIABLE, [(header::CONTENT_RANGE, all)]).into_response();
        }
    };
    let mut response = Response::new(Body::from_stream(file.blob.stream(range.clone())));
    *response.status_mut() = status;
    let out = response.headers_mut();
    out.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
    if let Ok(value) = HeaderValue::from_str(&file.content_type) {
        out.insert(header::CONTENT_TYPE, value);
    }
    if status == StatusCode::PARTIAL_CONTENT {
        let text = format!("bytes {}-{}/{len}", range.start, range.end - 1);
        if let Ok(value) = HeaderValue::from_str(&text) {
            out.insert(header::CONTENT_RANGE, value);
        }
    }
    if let Some(value) = attachment
        .then(|| disposition(node.name.as_deref().unwrap_or_default()))
        .flatten()
    {
        out.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// Reads a `Range` header. Outer `None`: to be ignored; inner `None`: past the end.
fn parse_range(text: &str, len: u64) -> Option<Option<Range<u64>>> {
    let (from, to) = text.strip_prefix("bytes=")?.split_once('-')?;
    if to.contains(',') {
        return None;
    }
    let range = match (from, to) {
        ("", last) => len.saturating_sub(last.parse().ok()?)..len,
        (from, "") => from.parse().ok()?..len,
        (from, to) => from.parse().ok()?..to.parse::<u64>().ok()?.saturating_add(1).min(len),
    };
    Some(Some(range).filter(|range| range.start < range.end))
}

/// `attachment; filename="…"`, and the name once more in RFC 5987 where it is not plain ASCII.
fn disposition(name: &str) -> Option<HeaderValue> {
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii() && !c.is_ascii_control() { c } else { '_' })
        .flat_map(|c| {
            if matches!(c, '"' | '\\') {
                vec!['\\', c]
            } else {
                vec![c]
            }
        })
        .collect();
    let mut text = format!("attachment; filename=\"{plain}\"");
    if !name.is_ascii() {
        text += "; filename*=UTF-8''";
        for byte in name.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' => text.push(char::from(byte)),
                _ => text += &format!("%{byte:02X}"),
            }
        }
    }
    HeaderValue::from_str(&text).ok()
}

/// A small JPEG for a node, never its own bytes. `view_box` is `W` or `W,H`.
pub(super) fn small_picture(node: u64, view_box: Option<&str>) -> Result<Vec<u8>, String> {
    let sides = view_box
        .unwrap_or("256")
        .split(',')
        .map(str::parse::<u16>)
        .collect::<Result<Vec<_>, _>>();
    let (width, height) = match sides.as_deref() {
        Ok([width]) => (*width, *width),
        Ok([width, height]) => (*width, *height),
        _ => (0, 0),
    };
    if width == 0 || height == 0 {
        return Err(format!("Invalid viewBox: {}", view_box.unwrap_or_default()));
    }
    let (width, height) = (width.min(MAX_SIDE_PX), height.min(MAX_SIDE_PX));
    let shade = Seeded::new(node, "thumbnail").next_u64() as u8;
    let pixels = vec![shade; usize::from(width) * usize::from(height)];
    let mut jpeg = Vec::new();
    jpeg_encoder::Encoder::new(&mut jpeg, 60)
        .encode(&pixels, width, height, jpeg_encoder::ColorType::Luma)
        .map_err(|error| error.to_string())?;
    Ok(jpeg)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("bytes=0-9", Some(Some(0..10)))]
    #[case("bytes=90-", Some(Some(90..100)))]
    #[case("bytes=90-500", Some(Some(90..100)))]
    #[case("bytes=-5", Some(Some(95..100)))]
    #[case("bytes=100-", Some(None))]
    #[case("bytes=9-3", Some(None))]
    #[case("bytes=0-1,5-6", None)]
    #[case("items=0-1", None)]
    fn ranges_are_read(#[case] text: &str, #[case] wanted: Option<Option<Range<u64>>>) {
        assert_eq!(parse_range(text, 100), wanted);
    }

    #[rstest]
    #[case("IMG_1.JPG", "attachment; filename=\"IMG_1.JPG\"")]
    #[case("a \"b\"; c=d.jpg", "attachment; filename=\"a \\\"b\\\"; c=d.jpg\"")]
    #[case("é.jpg", "attachment; filename=\"_.jpg\"; filename*=UTF-8''%C3%A9.jpg")]
    fn names_are_quoted(#[case] name: &str, #[case] wanted: &str) {
        assert_eq!(disposition(name).unwrap(), wanted);
    }
}
