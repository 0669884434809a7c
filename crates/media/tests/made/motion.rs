//! Videos inside photos.

use photomove_media::{ByteRange, MotionMark, WarningKind};

use crate::build::Value::Text;
use crate::build::{atom, ftyp, jpeg_with_exif, jpeg_with_xmp};
use crate::{facts, warned};

#[test]
fn the_older_form_counts_from_the_end() {
    let video = ftyp(b"mp42");
    let still = jpeg_with_xmp(&format!(
        r#"GCamera:MicroVideo="1" GCamera:MicroVideoOffset="{}" GCamera:MicroVideoPresentationTimestampUs="1500000""#,
        video.len()
    ));
    let motion = facts(&[still.clone(), video.clone()].concat()).motion.unwrap();
    assert_eq!(
        (motion.marked_by, motion.still_at_us),
        (MotionMark::MicroVideo, Some(1_500_000))
    );
    let range = ByteRange {
        start: still.len() as u64,
        length: video.len() as u64,
    };
    assert_eq!(motion.video, Some(range));
}

#[test]
fn a_photo_that_lost_its_video_says_so() {
    let facts = facts(&jpeg_with_xmp(
        r#"GCamera:MotionPhoto="1" GCamera:MicroVideoOffset="300""#,
    ));
    assert_eq!(facts.motion.unwrap().video, None);
    assert!(warned(&facts, WarningKind::Damaged));
}

#[test]
fn samsungs_trailer_is_found() {
    let still = jpeg_with_exif(vec![(0x010f, Text("samsung"))]);
    let video = ftyp(b"mp42");
    let name = b"MotionPhoto_Data";
    let mut data = vec![0, 0, 0x30, 0x0a];
    data.extend(u32::try_from(name.len()).unwrap().to_le_bytes());
    data.extend(name);
    data.extend(&video);
    let length = u32::try_from(data.len()).unwrap();
    let mut list = b"SEFH\x6a\0\0\0\x01\0\0\0\0\0\x30\x0a".to_vec();
    list.extend(length.to_le_bytes());
    list.extend(length.to_le_bytes());
    let foot = u32::try_from(list.len()).unwrap();
    let file = [still.clone(), data, list, foot.to_le_bytes().to_vec(), b"SEFT".to_vec()].concat();
    let motion = facts(&file).motion.unwrap();
    assert_eq!(motion.marked_by, MotionMark::SamsungTrailer);
    let range = ByteRange {
        start: still.len() as u64 + 24,
        length: video.len() as u64,
    };
    assert_eq!(motion.video, Some(range));
    // Other makers' files are not read at their end.
    let other = jpeg_with_exif(vec![(0x010f, Text("samson"))]);
    assert_eq!(facts(&[other, file[still.len()..].to_vec()].concat()).motion, None);
}

#[test]
fn a_box_of_a_heif_picture_is_found() {
    let meta = atom(b"meta", [0; 4]);
    let file = [ftyp(b"heic"), meta, atom(b"mpvd", ftyp(b"mp42"))].concat();
    assert_eq!(facts(&file).motion.map(|m| m.marked_by), Some(MotionMark::VideoBox));
}
