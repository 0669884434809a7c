//! What each file is to its photo.

use photomove_core::PartRole;

use crate::wire::{File, MediaType, Photo};

/// Says whether a file is a picture, developed or drawn.
pub(super) fn is_still(file: &File) -> bool {
    matches!(
        file.media_type,
        MediaType::Image | MediaType::Animated | MediaType::Vector
    ) || file.media_type == MediaType::Live && file.mime.starts_with("image/")
}

fn is_companion(file: &File) -> bool {
    file.sidecar || file.media_type == MediaType::Sidecar
}

/// Returns the files that people put there, the one that the photo is first. Those that vanished from the server's disk
/// are among them: that they cannot be had is to be told, not to be passed over.
pub(super) fn ordered(photo: &Photo) -> Vec<(&File, PartRole)> {
    let mut files: Vec<&File> = photo.originals().filter(|file| !file.hash.is_empty()).collect();
    // By name, which is the order in which the server stacked them; it lists them in another one each time.
    files.sort_by(|one, other| (one.name.as_str(), &one.uid).cmp(&(other.name.as_str(), &other.uid)));
    let Some(first) = first(photo, &files) else {
        return Vec::new();
    };
    let primary = files.remove(first);
    let has_still = is_still(primary);
    let mut parts = vec![(primary, PartRole::Primary)];
    parts.extend(files.into_iter().map(|file| (file, role(file, has_still))));
    parts
}

/// A stack of companions alone is none: the server keeps one where its picture was deleted.
fn first(photo: &Photo, files: &[&File]) -> Option<usize> {
    let find = |test: &dyn Fn(&File) -> bool| files.iter().position(|file| test(file));
    let wants_video = photo.kind == MediaType::Video;
    find(&|file| file.primary && !wants_video && is_still(file))
        .or_else(|| find(&|file| wants_video && file.media_type == MediaType::Video))
        .or_else(|| find(&is_still))
        .or_else(|| find(&|file| !is_companion(file)))
}

fn role(file: &File, beside_picture: bool) -> PartRole {
    match &file.media_type {
        _ if is_companion(file) => PartRole::Sidecar,
        MediaType::Raw => PartRole::Raw,
        _ if is_still(file) => PartRole::Edited,
        MediaType::Video | MediaType::Live if beside_picture => PartRole::Motion,
        _ => PartRole::Edited,
    }
}
