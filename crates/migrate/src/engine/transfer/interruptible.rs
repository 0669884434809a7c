//! Long uploads end in the middle when the run is stopped, if they can be continued.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use photomove_core::{Body, ByteStream, Checksums, Result};

use super::cut_short;
use super::log::Log;
use crate::StopToken;

/// A body that was received and ends in the middle once the run drains or its time is over, if its upload can be continued later.
#[derive(Debug)]
pub(super) struct Interruptible<'a> {
    inner: &'a dyn Body,
    /// Whether the bytes are kept on disk until then.
    is_kept: bool,
    watch: Watch,
}

#[derive(Debug, Clone)]
struct Watch {
    stop: StopToken,
    over: Arc<AtomicBool>,
    durable: Arc<AtomicBool>,
    cut: Arc<AtomicBool>,
}

impl<'a> Interruptible<'a> {
    pub(super) fn new(
        inner: &'a dyn Body,
        log: &Log<'_>,
        (stop, over): (&StopToken, &Arc<AtomicBool>),
        is_kept: bool,
    ) -> Self {
        Self {
            inner,
            is_kept,
            watch: Watch {
                stop: stop.clone(),
                over: Arc::clone(over),
                durable: log.durable(),
                cut: Arc::default(),
            },
        }
    }

    /// Says whether it ended in the middle; a sink may have put that into words of its own.
    pub(super) fn was_cut(&self) -> bool {
        self.watch.cut.load(Ordering::SeqCst)
    }
}

impl Watch {
    fn is_over(&self) -> bool {
        let is_wanted = self.stop.is_draining() || self.over.load(Ordering::SeqCst);
        let is_over = is_wanted && self.durable.load(Ordering::SeqCst);
        if is_over {
            self.cut.store(true, Ordering::SeqCst);
        }
        is_over
    }
}

#[async_trait]
impl Body for Interruptible<'_> {
    fn size_bytes(&self) -> u64 {
        self.inner.size_bytes()
    }

    fn checksums(&self) -> &Checksums {
        self.inner.checksums()
    }

    async fn stream(&self, offset: u64) -> Result<ByteStream> {
        let bytes = self.inner.stream(offset).await?;
        if !self.is_kept {
            return Ok(bytes);
        }
        let watch = self.watch.clone();
        Ok(stream::unfold(Some((bytes, watch)), |state| async move {
            let (mut bytes, watch) = state?;
            let chunk = bytes.next().await?;
            match watch.is_over() {
                true => Some((Err(cut_short()), None)),
                false => Some((chunk, Some((bytes, watch)))),
            }
        })
        .boxed())
    }

    async fn seal(&self) -> Result<Checksums> {
        self.inner.seal().await
    }
}
