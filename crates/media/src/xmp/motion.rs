//! What Google's properties say of a video inside a photo.

use super::tree::{Element, Space};
use super::{MotionHint, MotionMark, Packet};

/// Returns where the video is said to be. Motion Photo format 1.0: the parts of the file follow each other in the order of
/// the list, the picture first; the older form has the video's distance from the end.
pub(super) fn hint(packet: &Packet<'_>) -> Option<MotionHint> {
    let says = |name| packet.text(Space::Camera, name).is_some_and(|flag| flag.trim() == "1");
    let number = |name| packet.text(Space::Camera, name)?.trim().parse().ok();
    let distance = |name| packet.text(Space::Camera, name)?.trim().parse().ok();
    if says("MotionPhoto") {
        let listed = listed(packet);
        // Without a list, some writers say it in the way of the older form.
        let offset = || distance("MotionPhotoOffset").or_else(|| distance("MicroVideoOffset"));
        return Some(MotionHint {
            marked_by: MotionMark::MotionPhoto,
            from_end: listed.map(|(from_end, _)| from_end).or_else(offset),
            length: listed.and_then(|(_, length)| length),
            still_at_us: number("MotionPhotoPresentationTimestampUs"),
        });
    }
    says("MicroVideo").then(|| MotionHint {
        marked_by: MotionMark::MicroVideo,
        from_end: distance("MicroVideoOffset"),
        length: None,
        still_at_us: number("MicroVideoPresentationTimestampUs"),
    })
}

/// Returns how far before the end the video begins, and its length.
fn listed(packet: &Packet<'_>) -> Option<(u64, Option<u64>)> {
    let directory = packet.element(Space::Container, "Directory")?;
    let mut items = Vec::new();
    directory.visit(&mut |element| {
        if let Some(semantic) = element.property(Space::Item, "Semantic") {
            items.push((semantic, length(element, "Length"), length(element, "Padding")));
        }
    });
    let video = items.iter().position(|(semantic, ..)| semantic == "MotionPhoto")?;
    let (_, video_length, _) = items.get(video)?;
    let mut from_end = 0_u64;
    for (_, length, padding) in items.get(video..)? {
        from_end = from_end.checked_add((*length)?)?.checked_add(padding.unwrap_or(0))?;
    }
    Some((from_end, *video_length))
}

fn length(element: &Element, name: &str) -> Option<u64> {
    element.property(Space::Item, name)?.trim().parse().ok()
}
