//! Short silent videos of one second: motion JPEG in an MP4 container, written with mp4-atom.

use jiff::civil::DateTime;
use mp4_atom::{
    Codec, Dinf, Dref, Encode, Ftyp, Hdlr, Jpeg, Mdat, Mdhd, Mdia, Minf, Moov, Mvhd, Stbl, Stco, Stsc, StscEntry, Stsd,
    Stsz, StszSamples, Stts, SttsEntry, Tkhd, Trak, Url, Visual, Vmhd,
};

use super::picture;
use crate::error::SimError;
use crate::seeded::Seeded;

const WIDTH_PX: u16 = 96;
const HEIGHT_PX: u16 = 72;
const FRAMES: u32 = 5;
/// Bytes of the header of an `mdat` below 4 GiB.
const SHORT_MDAT: usize = 8;
/// Units of time in a second.
const TIMESCALE: u32 = 600;
/// Seconds from 1904, where these files count from, to 1970.
const EPOCH_1904_S: i64 = 2_082_844_800;

/// An MP4 whose header says that it was taken at `local`, `offset_s` seconds east of UTC.
pub(super) fn mp4(seeded: &mut Seeded, local: DateTime, offset_s: i32) -> Result<Vec<u8>, SimError> {
    let frames = frames(seeded)?;
    let mut bytes = head(&frames, local, offset_s, 1, SHORT_MDAT)?;
    Mdat { data: frames.concat() }.encode(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// Pictures of a film.
pub(crate) fn frames(seeded: &mut Seeded) -> Result<Vec<Vec<u8>>, SimError> {
    (0..FRAMES)
        .map(|_| picture::encode(&picture::scene(seeded, WIDTH_PX, HEIGHT_PX), WIDTH_PX, HEIGHT_PX, None))
        .collect()
}

/// `ftyp` and `moov` of a film of `seconds` seconds. An `mdat` must follow with a header of `mdat_head` bytes, and then
/// the frames.
pub(crate) fn head(
    frames: &[Vec<u8>],
    local: DateTime,
    offset_s: i32,
    seconds: u32,
    mdat_head: usize,
) -> Result<Vec<u8>, SimError> {
    let offset = jiff::tz::Offset::from_seconds(offset_s).map_err(failed)?;
    let at = offset.to_timestamp(local).map_err(failed)?;
    let created = u64::try_from(at.as_second() + EPOCH_1904_S).unwrap_or_default();

    let mut bytes = Vec::new();
    let brands = vec![b"isom".into(), b"mp42".into()];
    Ftyp {
        major_brand: b"isom".into(),
        minor_version: 512,
        compatible_brands: brands,
    }
    .encode(&mut bytes)
    .map_err(failed)?;
    let sizes: Vec<u32> = frames.iter().map(|frame| frame.len() as u32).collect();
    // `moov` has the same length whatever offset it names: encode once to learn where the frames start.
    let mut probe = Vec::new();
    moov(created, seconds, sizes.clone(), 0)
        .encode(&mut probe)
        .map_err(failed)?;
    let frames_at = (bytes.len() + probe.len() + mdat_head) as u32;
    moov(created, seconds, sizes, frames_at)
        .encode(&mut bytes)
        .map_err(failed)?;
    Ok(bytes)
}

fn failed(error: impl std::fmt::Display) -> SimError {
    SimError::Generate {
        what: "a video".to_owned(),
        message: error.to_string(),
    }
}

fn moov(created: u64, seconds: u32, sizes: Vec<u32>, frames_at: u32) -> Moov {
    let duration = u64::from(TIMESCALE) * u64::from(seconds);
    let header = Mvhd {
        creation_time: created,
        modification_time: created,
        timescale: TIMESCALE,
        duration,
        rate: 1.into(),
        volume: 1.into(),
        next_track_id: 2,
        ..Mvhd::default()
    };
    let track = Tkhd {
        creation_time: created,
        modification_time: created,
        track_id: 1,
        duration,
        enabled: true,
        in_movie: true,
        width: WIDTH_PX.into(),
        height: HEIGHT_PX.into(),
        ..Tkhd::default()
    };
    let media = Mdhd {
        creation_time: created,
        modification_time: created,
        timescale: TIMESCALE,
        duration,
        language: "und".to_owned(),
    };
    let visual = Visual {
        data_reference_index: 1,
        width: WIDTH_PX,
        height: HEIGHT_PX,
        ..Visual::default()
    };
    let samples = Stbl {
        stsd: Stsd {
            codecs: vec![Codec::from(Jpeg {
                visual,
                ..Jpeg::default()
            })],
        },
        stts: Stts {
            entries: vec![SttsEntry {
                sample_count: FRAMES,
                sample_delta: (TIMESCALE / FRAMES).saturating_mul(seconds),
            }],
        },
        stsc: Stsc {
            entries: vec![StscEntry {
                first_chunk: 1,
                samples_per_chunk: FRAMES,
                sample_description_index: 1,
            }],
        },
        stsz: Stsz {
            samples: StszSamples::Different { sizes },
        },
        stco: Some(Stco {
            entries: vec![frames_at],
        }),
        ..Stbl::default()
    };
    let information = Minf {
        vmhd: Some(Vmhd::default()),
        dinf: Dinf {
            dref: Dref {
                entries: vec![Url::default().into()],
            },
        },
        stbl: samples,
        ..Minf::default()
    };
    let handler = Hdlr {
        handler: b"vide".into(),
        name: "VideoHandler".to_owned(),
    };
    let media = Mdia {
        mdhd: media,
        hdlr: handler,
        minf: information,
    };
    Moov {
        mvhd: header,
        trak: vec![Trak {
            tkhd: track,
            mdia: media,
            ..Trak::default()
        }],
        ..Moov::default()
    }
}
