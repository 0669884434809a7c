//! The contact sheet: small pictures of some of the photos that were moved, kept for the report.
//!
//! Which ones is left to chance, but to the same chance in every run: those with the smallest keys, and keys are hashes.

use std::path::{Path, PathBuf};

use photomove_core::ItemKey;
use photomove_migrate::JobId;

/// Pictures of a sheet.
pub(crate) const PICTURES: usize = 48;

/// Folder of a job's small pictures.
fn folder(state_dir: &Path, job: JobId) -> PathBuf {
    state_dir.join("contact").join(job.0.to_string())
}

/// Lists the small pictures of a job: key of the item, file. None is no mistake.
pub(crate) fn pictures(state_dir: &Path, job: JobId) -> Vec<(ItemKey, PathBuf)> {
    let Ok(entries) = std::fs::read_dir(folder(state_dir, job)) else {
        return Vec::new();
    };
    let mut found: Vec<_> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let name = path.file_name()?.to_str()?.strip_suffix(".jpg")?;
            let key = (name.len() == 32).then(|| u128::from_str_radix(name, 16).ok())??;
            Some((ItemKey::from_u128(key), path))
        })
        .collect();
    found.sort_by_key(|(key, _)| key.as_u128());
    found.truncate(PICTURES);
    found
}

#[cfg(feature = "thumbnails")]
pub(crate) use self::sheet::ContactSheet;

#[cfg(feature = "thumbnails")]
mod sheet {
    use std::collections::{BTreeSet, HashMap};
    use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

    use async_trait::async_trait;
    use bytes::Bytes;
    use photomove_core::write_private;
    use photomove_media::{thumbnail, thumbnail_needs};
    use photomove_migrate::{Sample, Sampler, Wish};

    use super::{ItemKey, JobId, PICTURES, Path, PathBuf, folder, pictures};

    /// Longest side of a small picture.
    const SIDE_PX: u32 = 200;

    /// Keeps small pictures of the photos that are sent. A run never fails because of it.
    #[derive(Debug)]
    pub(crate) struct ContactSheet {
        state_dir: PathBuf,
        /// Keys of the kept pictures by job.
        kept: Mutex<HashMap<JobId, BTreeSet<u128>>>,
    }

    impl ContactSheet {
        /// Keeps them in this state folder.
        pub(crate) fn new(state_dir: &Path) -> Arc<Self> {
            Arc::new(Self {
                state_dir: state_dir.to_path_buf(),
                kept: Mutex::default(),
            })
        }

        fn kept(&self) -> MutexGuard<'_, HashMap<JobId, BTreeSet<u128>>> {
            self.kept.lock().unwrap_or_else(PoisonError::into_inner)
        }

        fn is_wanted(&self, job: JobId, key: u128) -> bool {
            let mut kept = self.kept();
            let keys = kept.entry(job).or_insert_with(|| {
                let found = pictures(&self.state_dir, job);
                found.into_iter().map(|(key, _)| key.as_u128()).collect()
            });
            let is_small = keys.len() < PICTURES || keys.last().is_some_and(|largest| key < *largest);
            is_small && !keys.contains(&key)
        }

        /// Notes a new picture; returns the one that has to go for it.
        fn note(&self, job: JobId, key: u128) -> Option<u128> {
            let mut kept = self.kept();
            let keys = kept.entry(job).or_default();
            keys.insert(key);
            (keys.len() > PICTURES).then(|| keys.pop_last()).flatten()
        }

        fn path(&self, job: JobId, key: u128) -> PathBuf {
            folder(&self.state_dir, job).join(format!("{}.jpg", ItemKey::from_u128(key)))
        }
    }

    #[async_trait]
    impl Sampler for ContactSheet {
        fn wants(&self, sample: &Sample<'_>) -> Option<Wish> {
            if !is_jpeg(sample) || !self.is_wanted(sample.job, sample.key.as_u128()) {
                return None;
            }
            let needs = thumbnail_needs(sample.size_bytes);
            Some(Wish {
                first_bytes: needs.first_bytes,
                work_bytes: needs.work_bytes,
            })
        }

        async fn take(&self, sample: &Sample<'_>, first: Bytes) {
            let (job, key) = (sample.job, sample.key.as_u128());
            let is_whole = first.len() as u64 == sample.size_bytes;
            let path = self.path(job, key);
            let made = tokio::task::spawn_blocking(move || {
                let Some(picture) = thumbnail(&first, is_whole, SIDE_PX) else {
                    return Ok(false);
                };
                write_private(&path, &picture).map(|()| true)
            });
            match made.await {
                Ok(Ok(true)) => {}
                Ok(Ok(false)) => return,
                Ok(Err(error)) => return tracing::debug!(%error, "a small picture could not be kept"),
                Err(error) => return tracing::debug!(%error, "a small picture could not be made"),
            }
            if let Some(other) = self.note(job, key)
                && let Err(error) = std::fs::remove_file(self.path(job, other))
            {
                tracing::debug!(%error, "a small picture could not be removed");
            }
        }
    }

    fn is_jpeg(sample: &Sample<'_>) -> bool {
        if sample
            .media_type
            .is_some_and(|kind| kind.eq_ignore_ascii_case("image/jpeg"))
        {
            return true;
        }
        let ending = sample
            .name
            .rsplit_once('.')
            .map(|(_, ending)| ending.to_ascii_lowercase());
        matches!(ending.as_deref(), Some("jpg" | "jpeg"))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        const JOB: JobId = JobId(3);

        fn jpeg() -> Bytes {
            let mut bytes = Vec::new();
            jpeg_encoder::Encoder::new(&mut bytes, 70)
                .encode(&[120; 24 * 16 * 3], 24, 16, jpeg_encoder::ColorType::Rgb)
                .unwrap();
            bytes.into()
        }

        async fn offer(sheet: &ContactSheet, key: u128, bytes: &Bytes) -> bool {
            let sample = Sample::new(JOB, ItemKey::from_u128(key), "a.JPG", bytes.len() as u64);
            let wish = sheet.wants(&sample);
            if wish.is_some() {
                sheet.take(&sample, bytes.clone()).await;
            }
            wish.is_some()
        }

        fn keys(folder: &tempfile::TempDir) -> Vec<u128> {
            let found = pictures(folder.path(), JOB);
            found.iter().map(|(key, _)| key.as_u128()).collect()
        }

        #[tokio::test]
        async fn the_smallest_keys_are_kept_over_several_runs() {
            let folder = tempfile::tempdir().unwrap();
            let bytes = jpeg();
            let sheet = ContactSheet::new(folder.path());
            for key in 1000..1000 + PICTURES as u128 {
                assert!(offer(&sheet, key, &bytes).await);
            }
            assert!(!offer(&sheet, 1000, &bytes).await, "known");
            assert!(!offer(&sheet, 5000, &bytes).await, "too large a key");
            let sheet = ContactSheet::new(folder.path());
            assert!(offer(&sheet, 7, &bytes).await);
            let kept = keys(&folder);
            assert_eq!((kept.len(), kept[0], kept[PICTURES - 1]), (PICTURES, 7, 1046));
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                let path = &pictures(folder.path(), JOB)[0].1;
                assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
            }
        }

        #[tokio::test]
        async fn what_is_no_picture_leaves_nothing_and_fails_nothing() {
            let folder = tempfile::tempdir().unwrap();
            let sheet = ContactSheet::new(folder.path());
            assert!(offer(&sheet, 1, &Bytes::from_static(b"no picture")).await);
            assert!(keys(&folder).is_empty());
            let video = Sample::new(JOB, ItemKey::from_u128(1), "a.mp4", 10);
            assert_eq!(sheet.wants(&video), None);
            // A file where the folder should be.
            std::fs::write(folder.path().join("contact"), "x").unwrap();
            offer(&sheet, 2, &jpeg()).await;
            assert!(keys(&folder).is_empty());
        }
    }
}
