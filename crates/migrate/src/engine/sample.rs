//! A look at a file that was sent, for whoever makes a picture of the library.

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use photomove_core::{Body, Result};
use tokio::sync::SemaphorePermit;

use super::core::Core;
use crate::journal::uploads::UploadRow;
use crate::{JobId, Sample, Wish};

/// What was taken of a file while its bytes were here.
pub(super) struct Taken<'a> {
    wish: Wish,
    first: Bytes,
    /// One look at a time: the copy is the one thing in memory that no budget counts.
    _turn: SemaphorePermit<'a>,
}

impl Core {
    /// Copies the beginning of a file if somebody wants it. What goes wrong is nobody's loss.
    pub(super) async fn look_at(&self, row: &UploadRow, body: &dyn Body) -> Option<Taken<'_>> {
        let sampler = self.env.sampler.as_ref()?;
        if self.env.stop.is_draining() {
            return None;
        }
        let wish = sampler.wants(&sample(self, row, body.size_bytes()))?;
        // Who comes while somebody else's is looked at is not waited for: there are many others.
        let turn = self.sample_place.try_acquire().ok()?;
        match first_bytes(body, wish.first_bytes).await {
            Ok(first) => Some(Taken {
                wish,
                first,
                _turn: turn,
            }),
            Err(error) => {
                tracing::debug!(%error, upload = row.id, "no look at the file");
                None
            }
        }
    }

    /// Gives the copy to who wants it, once the file itself holds no memory any more: whoever waits for memory must not
    /// hold any.
    pub(super) async fn give_sample(&self, row: &UploadRow, size_bytes: u64, taken: Taken<'_>) {
        let Some(sampler) = &self.env.sampler else { return };
        let Ok(_memory) = self.hold_memory(taken.wish.work_bytes).await else {
            return;
        };
        sampler.take(&sample(self, row, size_bytes), taken.first).await;
    }
}

fn sample<'a>(core: &Core, row: &'a UploadRow, size_bytes: u64) -> Sample<'a> {
    Sample {
        job: JobId(core.job.id),
        key: row.key,
        name: &row.name,
        media_type: row.media_type.as_deref(),
        size_bytes,
    }
}

async fn first_bytes(body: &dyn Body, most: u64) -> Result<Bytes> {
    let most = usize::try_from(most.min(body.size_bytes())).unwrap_or(usize::MAX);
    // A copy: a slice would keep all of the file in memory.
    let mut first = BytesMut::with_capacity(most);
    let mut stream = body.stream(0).await?;
    while first.len() < most {
        let Some(chunk) = stream.next().await else { break };
        let chunk = chunk?;
        let wanted = chunk.len().min(most - first.len());
        first.extend_from_slice(&chunk[..wanted]);
    }
    Ok(first.freeze())
}
