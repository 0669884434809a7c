//! What all checks of sinks do: stage, commit, and look.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    BytesBody, Checksums, Committed, DestAlbumId, DestId, ItemKey, Metadata, NewPart, Origin, PartRole, PhotoSink,
    Result, SinkCaps, Sourced, StageLog, Staged, StagedBundle, Wanted,
};

use super::{Arrived, Failure, SinkFixture, TestFile, caps_of, ensure};

/// A sink over an empty library.
pub(super) struct Bench<'a> {
    pub(super) fixture: &'a dyn SinkFixture,
    pub(super) sink: Arc<dyn PhotoSink>,
    pub(super) caps: SinkCaps,
}

/// What a `stage` call told.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) opened: AtomicBool,
    pub(super) stored: AtomicU64,
}

#[async_trait]
impl StageLog for Progress {
    async fn opened(&self, _handle: &Staged) -> Result<()> {
        self.opened.store(true, Ordering::SeqCst);
        Ok(())
    }

    async fn stored(&self, bytes: u64) {
        self.stored.fetch_max(bytes, Ordering::SeqCst);
    }
}

pub(super) fn token(staged: &Staged) -> String {
    staged.token.expose_secret().to_owned()
}

pub(super) fn bundle_key(number: u32) -> ItemKey {
    ItemKey::from_u128(u128::from(number))
}

pub(super) fn part_key(number: u32) -> ItemKey {
    ItemKey::from_u128(u128::from(number) | 1 << 64)
}

fn description(number: u32) -> Metadata {
    let value = format!("picture {number}");
    Metadata {
        description: Some(Sourced {
            value,
            origin: Origin::Provider,
        }),
        ..Metadata::default()
    }
}

impl<'a> Bench<'a> {
    pub(super) async fn new(fixture: &'a dyn SinkFixture) -> Result<Self, Failure> {
        let sink = fixture.sink().await?;
        let caps = caps_of(&*sink)?;
        let there = fixture.arrived().await?.len();
        ensure!(there == 0, "the fixture's library is not empty, it has {there} items");
        Ok(Self { fixture, sink, caps })
    }

    pub(super) fn file(&self, number: u32) -> TestFile {
        self.fixture.file(number)
    }

    pub(super) fn sums(&self, number: u32) -> Checksums {
        Checksums::of(&self.file(number).bytes)
    }

    pub(super) fn wanted(&self, number: u32) -> Wanted {
        Wanted {
            key: part_key(number),
            checksums: self.sums(number),
            file_name: self.file(number).file_name,
        }
    }

    pub(super) fn part(&self, number: u32) -> NewPart {
        let file = self.file(number);
        NewPart {
            key: part_key(number),
            bundle: bundle_key(number),
            role: PartRole::Primary,
            file_name: file.file_name,
            media_type: Some(file.media_type),
            metadata: description(number),
            siblings: crate::Siblings::default(),
        }
    }

    pub(super) async fn try_stage(&self, part: &NewPart, file: u32, log: &Progress) -> Result<Staged> {
        let bytes = self.file(file).bytes;
        let mut checksums = Checksums::of(&bytes);
        if self.caps.needs_before_stage.contains(crate::HashKinds::SHA256) {
            let mut digester = crate::Digester::new(crate::HashKinds::SHA256);
            digester.update(&bytes);
            checksums = digester.finish();
        }
        let body = BytesBody::with_checksums(bytes, checksums);
        self.sink.stage(part, &body, None, log).await
    }

    pub(super) async fn stage(&self, number: u32) -> Result<Staged, Failure> {
        Ok(self.try_stage(&self.part(number), number, &Progress::default()).await?)
    }

    pub(super) fn bundle(&self, number: u32, staged: Staged) -> StagedBundle {
        StagedBundle {
            key: bundle_key(number),
            parts: vec![(part_key(number), staged)],
            file_name: self.file(number).file_name,
            metadata: description(number),
        }
    }

    /// A bundle whose token nobody ever gave.
    pub(super) fn bad_bundle(&self, number: u32) -> StagedBundle {
        let token = SecretString::from("nobody-ever-gave-this-token".to_owned());
        self.bundle(
            number,
            Staged {
                token,
                until: None,
                bound_to: None,
                visible: None,
            },
        )
    }

    /// Commits and checks the shape of the answer.
    pub(super) async fn commit(
        &self,
        batch: &[StagedBundle],
        album: Option<&DestAlbumId>,
    ) -> Result<Vec<Result<Committed>>, Failure> {
        let answers = self.sink.commit(batch, album).await?;
        ensure!(
            answers.len() == batch.len(),
            "`commit` of {} bundles gives {} answers",
            batch.len(),
            answers.len()
        );
        for (answer, bundle) in answers.iter().zip(batch) {
            let Ok(committed) = answer else { continue };
            let answered: Vec<_> = committed.parts.iter().map(|(key, _)| *key).collect();
            let asked: Vec<_> = bundle.parts.iter().map(|(key, _)| *key).collect();
            ensure!(
                answered == asked,
                "`commit` answers for the parts {answered:?} where {asked:?} were sent"
            );
        }
        Ok(answers)
    }

    /// Stages and commits files one batch at a time and returns their items.
    pub(super) async fn put(&self, numbers: &[u32], album: Option<&DestAlbumId>) -> Result<Vec<DestId>, Failure> {
        let size = usize::try_from(self.caps.commit_batch.get()).unwrap_or(usize::MAX);
        let mut ids = Vec::new();
        for numbers in numbers.chunks(size) {
            let mut batch = Vec::new();
            for number in numbers {
                batch.push(self.bundle(*number, self.stage(*number).await?));
            }
            let answers = self.commit(&batch, album).await?;
            self.fixture.let_become_visible().await;
            let arrived = self.arrived().await?;
            for (number, answer) in numbers.iter().zip(answers) {
                let told = answer?.parts.into_iter().next().and_then(|(_, id)| id);
                let seen = arrived
                    .iter()
                    .find(|item| item.checksums.sha1 == self.sums(*number).sha1);
                let id = told.or_else(|| seen.map(|item| item.id.clone()));
                ids.push(id.ok_or_else(|| Failure::new(format!("file {number} was committed but did not arrive")))?);
            }
        }
        Ok(ids)
    }

    pub(super) async fn arrived(&self) -> Result<Vec<Arrived>, Failure> {
        Ok(self.fixture.arrived().await?)
    }

    /// Counts how often the bytes of a file arrived.
    pub(super) async fn copies(&self, number: u32) -> Result<usize, Failure> {
        let sha1 = self.sums(number).sha1;
        Ok(self
            .arrived()
            .await?
            .iter()
            .filter(|item| item.checksums.sha1 == sha1)
            .count())
    }
}
