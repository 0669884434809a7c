//! Facts that ExifTool's list does not have: videos inside photos, and how little is read.

use std::fs::File;

use photomove_media::{MediaFacts, MotionMark, ReadOptions, Seekable, read_facts, read_facts_of_prefix};

use crate::{Samples, TestResult, samples};

fn facts(samples: &Samples, name: &str) -> std::io::Result<MediaFacts> {
    let file = File::open(samples.folder.join(name))?;
    read_facts(&mut Seekable::try_new(file)?, &ReadOptions::default().with_name(name))
}

#[test]
fn motion_photos_say_where_their_video_is() -> TestResult {
    let Some(samples) = samples()? else {
        return Ok(());
    };
    for (name, mark) in [
        ("formats/samsung-one-ui-6.heic", MotionMark::MotionPhoto),
        ("formats/motion_photo_pixel_synth.jpg", MotionMark::MotionPhoto),
    ] {
        let motion = facts(&samples, name)?.motion.ok_or(name)?;
        assert_eq!(motion.marked_by, mark, "{name}");
        let video = motion.video.ok_or(name)?;
        let bytes = std::fs::read(samples.folder.join(name))?;
        let from = usize::try_from(video.start)?;
        let inner = &bytes[from..from + usize::try_from(video.length)?];
        let inner = read_facts_of_prefix(inner, inner.len() as u64, &ReadOptions::default());
        assert!(inner.file_type.is_some_and(|t| t.is_video()), "{name}: {inner:?}");
    }
    let others = samples
        .oracle
        .keys()
        .filter(|name| !name.contains("motion") && !name.contains("samsung-one"));
    for name in others {
        assert_eq!(facts(&samples, name)?.motion, None, "{name}");
    }
    Ok(())
}

#[test]
fn little_is_read() -> TestResult {
    let Some(samples) = samples()? else {
        return Ok(());
    };
    for (name, row) in &samples.oracle {
        let facts = facts(&samples, name)?;
        assert_eq!(Some(facts.size_bytes), row["FileSize"].as_u64(), "{name}");
        assert!(facts.bytes_read <= 96 << 10, "{name}: {} bytes", facts.bytes_read);
    }
    Ok(())
}

#[test]
fn the_beginning_of_a_photo_is_enough() -> TestResult {
    let Some(samples) = samples()? else {
        return Ok(());
    };
    for name in ["phone/iphone_hdr_YES.jpg", "phone/IMG_2682.heic", "formats/denali.webp"] {
        let whole = facts(&samples, name)?;
        let bytes = std::fs::read(samples.folder.join(name))?;
        let options = ReadOptions::default().with_name(name);
        let first = read_facts_of_prefix(&bytes[..bytes.len().min(128 << 10)], bytes.len() as u64, &options);
        assert_eq!(
            (&first.taken, &first.place, first.size_px),
            (&whole.taken, &whole.place, whole.size_px),
            "{name}"
        );
    }
    Ok(())
}
