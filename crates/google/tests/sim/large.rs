//! A large file, by the measure of tests, with all that can happen to it on its way.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use photomove_core::{Body, ByteStream, BytesBody, Checksums, Error, ErrorKind, Result, StageLog, Staged};
use tokio::sync::Notify;

/// What pieces are multiples of.
pub const GRAIN: u64 = 4 * 1024;
/// Not a multiple of anything.
pub const SIZE: u64 = 1024 * 1024 + 4321;

pub fn film_bytes() -> Vec<u8> {
    let size = usize::try_from(SIZE).unwrap();
    let mut bytes = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00".to_vec();
    bytes.extend((bytes.len()..size).map(|place| place.to_le_bytes()[place % 3]));
    bytes
}

/// What a sink told of an upload.
#[derive(Default)]
pub struct Kept {
    opened: Mutex<Vec<Staged>>,
    stored: Mutex<Vec<u64>>,
}

impl Kept {
    pub fn opened(&self) -> Vec<Staged> {
        self.opened.lock().unwrap().clone()
    }

    pub fn stored(&self) -> Vec<u64> {
        self.stored.lock().unwrap().clone()
    }
}

#[async_trait]
impl StageLog for Kept {
    async fn opened(&self, handle: &Staged) -> Result<()> {
        self.opened.lock().unwrap().push(handle.clone());
        Ok(())
    }

    async fn stored(&self, bytes: u64) {
        self.stored.lock().unwrap().push(bytes);
    }
}

type Hook = Arc<dyn Fn() + Send + Sync>;

/// A body that was received before, or that streams from its source and knows its hash at the end.
#[derive(Clone)]
pub struct Film {
    bytes: BytesBody,
    known: Checksums,
    sealed: Checksums,
    corrupt: bool,
    whole_only: bool,
    stop_after: Option<u64>,
    break_at: Option<u64>,
    shared: Arc<Shared>,
    on_reading: Option<Hook>,
}

#[derive(Default)]
struct Shared {
    opened: Mutex<Vec<u64>>,
    reached: Notify,
    broken: AtomicBool,
}

impl Film {
    pub fn received() -> Self {
        let film = Self::streamed();
        Self {
            known: film.sealed,
            ..film
        }
    }

    pub fn streamed() -> Self {
        Self::streaming(film_bytes())
    }

    pub fn streaming(bytes: Vec<u8>) -> Self {
        let bytes = BytesBody::new(bytes);
        Self {
            known: Checksums::default(),
            sealed: *bytes.checksums(),
            bytes,
            corrupt: false,
            whole_only: false,
            stop_after: None,
            break_at: None,
            shared: Arc::default(),
            on_reading: None,
        }
    }

    /// Is found at its end not to be what the source promised.
    pub fn corrupt(self) -> Self {
        Self { corrupt: true, ..self }
    }

    /// Cannot be read from its middle as it was before.
    pub fn whole_only(self) -> Self {
        Self {
            whole_only: true,
            ..self
        }
    }

    /// Never gives more than so many bytes.
    pub fn stopping_after(&self, bytes: u64) -> Self {
        Self {
            stop_after: Some(bytes),
            shared: Arc::default(),
            ..self.clone()
        }
    }

    /// Breaks off there, the first time.
    pub fn breaking_once_at(self, offset: u64) -> Self {
        Self {
            break_at: Some(offset),
            ..self
        }
    }

    pub fn on_first_reading(self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        Self {
            on_reading: Some(Arc::new(hook)),
            ..self
        }
    }

    /// Returns once it has given all that it ever gives.
    pub async fn reached(&self) {
        self.shared.reached.notified().await;
    }

    /// Returns the offsets from which it was read.
    pub fn opened(&self) -> Vec<u64> {
        self.shared.opened.lock().unwrap().clone()
    }

    pub fn forget(&self) {
        self.shared.opened.lock().unwrap().clear();
    }
}

impl fmt::Debug for Film {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Film")
    }
}

#[async_trait]
impl Body for Film {
    fn size_bytes(&self) -> u64 {
        self.bytes.size_bytes()
    }

    fn checksums(&self) -> &Checksums {
        &self.known
    }

    async fn stream(&self, offset: u64) -> Result<ByteStream> {
        let is_first = {
            let mut opened = self.shared.opened.lock().unwrap();
            opened.push(offset);
            opened.len() == 1
        };
        if let (true, Some(hook)) = (is_first, &self.on_reading) {
            hook();
        }
        if self.whole_only && offset > 0 {
            return Err(Error::new(
                ErrorKind::Corrupt,
                "not the file of which the beginning was sent",
            ));
        }
        let whole = self.bytes.stream(offset).await?;
        if let Some(limit) = self.stop_after {
            let shared = Arc::clone(&self.shared);
            let end = stream::once(async move {
                shared.reached.notify_one();
                std::future::pending().await
            });
            return Ok(up_to(whole, limit - offset).chain(end).boxed());
        }
        let breaks = self
            .break_at
            .filter(|_| !self.shared.broken.swap(true, Ordering::SeqCst));
        if let Some(at) = breaks {
            let error = Error::new(ErrorKind::Network, "the source broke off").provider("source");
            return Ok(up_to(whole, at - offset).chain(stream::iter([Err(error)])).boxed());
        }
        Ok(whole)
    }

    async fn seal(&self) -> Result<Checksums> {
        if self.corrupt {
            let error = Error::new(ErrorKind::Corrupt, "not the bytes that were promised");
            return Err(error.provider("source"));
        }
        Ok(self.sealed)
    }
}

fn up_to(whole: ByteStream, limit: u64) -> ByteStream {
    let left = usize::try_from(limit).unwrap();
    let cut = whole.scan(left, |left, chunk| {
        let chunk = chunk.map(|mut chunk| chunk.split_to(chunk.len().min(*left)));
        *left -= chunk.as_ref().map_or(0, bytes::Bytes::len);
        std::future::ready((chunk.is_err() || chunk.as_ref().is_ok_and(|chunk| !chunk.is_empty())).then_some(chunk))
    });
    cut.boxed()
}
