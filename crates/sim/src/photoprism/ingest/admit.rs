//! Which files get into the index at all: limits, extensions, and what the file itself is.

use crate::photoprism::world::World;

use super::index::{Context, Member};
use super::judge::{Tools, Verdict, judge};
use super::kinds::{self, Kind, Media};
use super::news;

/// What the limits and the file itself say, with the lines that the server logs.
pub(super) fn admit(world: &mut World, context: Context<'_>, member: &Member, kind: Kind, tools: Tools) -> Verdict {
    let Context {
        now, switches, action, ..
    } = context;
    let (path, size) = (&member.path, member.probe.stored.size());
    let limit = switches.originals_limit_mb.saturating_mul(1_000_000);
    if switches.originals_limit_mb > 0 && size > limit {
        let mb = |bytes: u64| bytes as f64 / 1e6;
        let text = format!(
            "{action}: {path} exceeds file size limit ({:.1} MB / {:.1} MB)",
            mb(size),
            mb(limit)
        );
        world.log(now, "warning", text);
        return Verdict::Refused;
    }
    let found = &member.probe.metadata;
    let pixels = f64::from(found.width_px) * f64::from(found.height_px) / 1e6;
    if switches.resolution_limit_mp > 0 && pixels > switches.resolution_limit_mp as f64 {
        let limit = switches.resolution_limit_mp;
        world.log(
            now,
            "error",
            format!(
                "{action}: {path} exceeds resolution limit ({:.0} / {limit} MP)",
                pixels.round()
            ),
        );
        return Verdict::Refused;
    }
    let content = member.probe.content_type;
    if action == "index" && mismatched(kind, content) {
        let told = kinds::told_as(content);
        let text = format!("index: skipped '{path}' due to invalid extension for media type '{told}'");
        world.log(now, "warning", text);
        return Verdict::Refused;
    }
    let verdict = judge(kind, content, member.probe.whole, found, tools);
    let verdict = match verdict {
        Verdict::Hidden if !switches.image_converter => Verdict::Refused,
        verdict => verdict,
    };
    let is_picture = (kind.code, content) == ("jpg", "image/jpeg");
    if matches!(verdict, Verdict::NeedsPreview | Verdict::Hidden | Verdict::Refused) && !is_picture {
        news::converting(world, member, kind.code);
    }
    if verdict == Verdict::Refused && kind.media != Media::Raw {
        if is_picture {
            world.log(now, "error", "media: failed to create tile_500");
            world.log(
                now,
                "error",
                format!("{action}: failed to generate thumbnails for {path}"),
            );
        } else {
            world.log(
                now,
                "error",
                format!("{action}: failed to create preview image for {path}"),
            );
        }
    }
    verdict
}

/// Whether an index run skips a file because its content has another extension.
fn mismatched(kind: Kind, content: &str) -> bool {
    let expected: &[&str] = match kind.code {
        "jpg" => &["image/jpeg"],
        "png" => &["image/png"],
        "gif" => &["image/gif"],
        "tiff" => &["image/tiff"],
        "heic" | "heics" => &["image/heic", "image/heif", "image/avif"],
        _ => return false,
    };
    !expected.contains(&content)
}
