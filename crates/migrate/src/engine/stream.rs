//! Parts that are larger than the spool may hold: they stream from the source straight into a resumable upload.
//!
//! Nothing here ever holds the whole file, so its hash is taken while it passes. What counts is the hash of the bytes
//! as they were given to the destination, also those of an earlier process. Therefore bytes are read in blocks, and the
//! state of the hash at the end of a block is durable (a "mark") before its first byte is given away. Whoever goes on
//! in the middle reads again from the last mark before that place, gives nothing away before the next mark after it,
//! and goes on only if the hash there is the same: then what was sent in between is what was read again.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream;
use photomove_core::{Body, ByteStream, Checksums, Digester, Error, ErrorKind, HashKinds, Locator, Result};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinHandle};

use super::core::{Core, defect};
use super::receive::{check, wrong_length};
use super::transfer::{cut_short, listed_without_bytes};
use crate::journal::marks::{self, Marks};
use crate::journal::staging;
use crate::journal::uploads::{OriginRow, UploadRow};

/// How often a broken stream is continued in the middle without a single new byte.
const CONTINUATIONS: u32 = 3;
/// Farthest apart that marks are left by whatever settings; what lies between two is kept until the second is reached.
const BLOCK_MAX: u64 = 8 << 20;

/// Bytes read ahead: one block that is given away, and one that is being read.
pub(super) fn read_ahead(block: u64) -> u64 {
    block * 2
}

/// A body that lies at the source.
pub(super) struct StreamedBody(Arc<Inner>);

struct Inner {
    core: Arc<Core>,
    upload: i64,
    origin: OriginRow,
    size_bytes: u64,
    wanted: HashKinds,
    block: u64,
    known: Mutex<Known>,
}

struct Known {
    marks: Marks,
    locator: Locator,
    failure: Option<Error>,
    gone: bool,
    reader: Option<JoinHandle<()>>,
}

/// What ended a stream on the side of the source.
#[derive(Debug)]
pub(super) enum Cut {
    /// This error.
    Failed(Error),
    /// The source has the part no more.
    Gone,
}

impl StreamedBody {
    /// Describes the part; `marks` are those of the upload that is continued.
    pub(super) fn new(core: &Arc<Core>, row: &UploadRow, size_bytes: u64, marks: Marks) -> Self {
        Self(Arc::new(Inner {
            core: Arc::clone(core),
            upload: row.id,
            origin: row.origin.clone(),
            size_bytes,
            wanted: core.hashes_wanted(&row.origin),
            block: core.block(),
            known: Mutex::new(Known {
                marks,
                locator: row.origin.locator.clone(),
                failure: None,
                gone: false,
                reader: None,
            }),
        }))
    }

    /// Says whether the source ended it; a sink may have wrapped that into words of its own.
    pub(super) fn cut(&self) -> Option<Cut> {
        let mut known = self.0.known();
        let failure = known.failure.take();
        match known.gone {
            true => Some(Cut::Gone),
            false => failure.map(Cut::Failed),
        }
    }
}

impl fmt::Debug for StreamedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamedBody")
            .field("upload", &self.0.upload)
            .field("size_bytes", &self.0.size_bytes)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Body for StreamedBody {
    fn size_bytes(&self) -> u64 {
        self.0.size_bytes
    }

    fn checksums(&self) -> &Checksums {
        &self.0.origin.promised
    }

    async fn stream(&self, offset: u64) -> Result<ByteStream> {
        self.0.known().failure = None;
        let before = self.0.known().reader.take();
        if let Some(before) = before {
            // Whatever it was about to write down is written down before anything of this one.
            before.abort();
            let _ = before.await;
        }
        let reader = Reader::at(&self.0, offset).map_err(|error| self.0.fail(error))?;
        let (blocks, queue) = mpsc::channel(1);
        let task = tokio::spawn(reader.run(blocks));
        let end = task.abort_handle();
        self.0.known().reader = Some(task);
        let giver = Giver {
            inner: Arc::clone(&self.0),
            at: offset,
            block: Vec::new().into_iter(),
            queue,
            _end: EndOnDrop(end),
        };
        Ok(stream::unfold(Some(giver), |giver| async move {
            let mut giver = giver?;
            match giver.next().await {
                Ok(Some(chunk)) => Some((Ok(chunk), Some(giver))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        })
        .boxed())
    }

    async fn seal(&self) -> Result<Checksums> {
        let inner = &self.0;
        let whole = inner
            .known()
            .marks
            .get(&inner.size_bytes)
            .and_then(|state| Digester::restore(state));
        let digester = whole.ok_or_else(|| {
            inner.fail(Error::new(
                ErrorKind::Corrupt,
                "the destination says that it has the whole file, but not all of it was sent",
            ))
        })?;
        let (size_bytes, sums) = (digester.size_bytes(), digester.finish());
        check(&inner.core.env.drill, &inner.origin, size_bytes, &sums).map_err(|error| inner.fail(error))?;
        Ok(sums)
    }
}

impl Inner {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the error and returns words of the same kind for the sink.
    fn fail(&self, error: Error) -> Error {
        let told = Error::new(error.kind().clone(), error.message());
        self.known().failure = Some(error);
        told
    }

    /// A drain, or the end of the run's time, stops what can be continued at once: nobody waits hours for the end of a film.
    fn check_stop(&self) -> Result<()> {
        match self.core.is_ending() {
            true => Err(cut_short()),
            false => Ok(()),
        }
    }

    /// Asks the source for newer facts about where the part is.
    async fn look_again(&self, error: &Error) -> Result<()> {
        let locator = self.known().locator.clone();
        let asset = self.core.source.refresh(&self.origin.asset, &locator).await?;
        let Some(asset) = asset.filter(|asset| asset.parts.iter().any(|part| part.id == self.origin.part)) else {
            self.known().gone = true;
            return Err(Error::new(ErrorKind::NotFound, "the source does not have it any more"));
        };
        if asset.locator == locator {
            return Err(listed_without_bytes(error));
        }
        let (row, newer) = (self.origin.asset_row, asset.locator.clone());
        self.core
            .journal
            .write(move |c| staging::put_locator(c, row, &newer))
            .await?;
        self.known().locator = asset.locator;
        Ok(())
    }
}

/// Gives away what was read.
struct Giver {
    inner: Arc<Inner>,
    at: u64,
    block: std::vec::IntoIter<Bytes>,
    queue: mpsc::Receiver<Result<Vec<Bytes>>>,
    _end: EndOnDrop,
}

/// Ends the reader once nobody wants its bytes any more.
struct EndOnDrop(AbortHandle);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Giver {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        if self.at == self.inner.size_bytes {
            return Ok(None);
        }
        self.inner.check_stop().map_err(|error| self.inner.fail(error))?;
        loop {
            if let Some(chunk) = self.block.next() {
                self.at += chunk.len() as u64;
                return Ok(Some(chunk));
            }
            let block = self.queue.recv().await;
            let lost = || Err(self.inner.fail(defect("the reader of a file ended before the file")));
            self.block = block.unwrap_or_else(lost)?.into_iter();
        }
    }
}

/// Reads from the source, block after block, as fast as they are given away.
struct Reader {
    inner: Arc<Inner>,
    digester: Digester,
    /// Bytes before this place are not given away.
    from: u64,
    /// The last mark that holds.
    mark: u64,
    /// The mark at which the hash must be what it was.
    confirm: Option<(u64, Vec<u8>)>,
    stream: Option<ByteStream>,
    /// Bytes at the start of the stream that were not asked for.
    skip: u64,
    idle: u32,
    looked: bool,
}

impl Reader {
    /// Finds where to read from so that `offset` is reached with the hash of all bytes before it.
    fn at(inner: &Arc<Inner>, offset: u64) -> Result<Self> {
        let nothing = || (0, Digester::new(inner.wanted));
        let (mark, digester, confirm) = {
            let known = inner.known();
            let last = known.marks.range(..=offset).next_back();
            let (mark, digester) = last
                .and_then(|(at, state)| Some((*at, Digester::restore(state)?)))
                .unwrap_or_else(nothing);
            let confirm = (mark < offset).then(|| known.marks.range(offset..).next());
            let confirm = confirm.map(|next| next.map(|(at, state)| (*at, state.clone())));
            (mark, digester, confirm)
        };
        let confirm = match confirm {
            None => None,
            Some(Some((at, state))) if at - offset <= BLOCK_MAX => Some((at, state)),
            Some(_) => {
                return Err(Error::new(
                    ErrorKind::Corrupt,
                    "the destination says that it has bytes of which nothing is written down",
                ));
            }
        };
        Ok(Self {
            inner: Arc::clone(inner),
            digester,
            from: offset,
            mark,
            confirm,
            stream: None,
            skip: 0,
            idle: 0,
            looked: false,
        })
    }

    async fn run(mut self, blocks: mpsc::Sender<Result<Vec<Bytes>>>) {
        while self.digester.size_bytes() < self.inner.size_bytes {
            // Reading waits until the last block is being given away: two are in memory, never more.
            let Ok(place) = blocks.reserve().await else { return };
            match self.block().await {
                Ok(block) => place.send(Ok(block)),
                Err(error) => {
                    place.send(Err(self.inner.fail(error)));
                    return;
                }
            }
        }
    }

    /// Reads up to the next mark and makes it durable; returns what may be given away now.
    async fn block(&mut self) -> Result<Vec<Bytes>> {
        let (size, block) = (self.inner.size_bytes, self.inner.block);
        let next = (self.digester.size_bytes() / block + 1) * block;
        let end = self.confirm.as_ref().map_or(next.min(size), |(at, _)| *at);
        let mut chunks = Vec::new();
        while self.digester.size_bytes() < end {
            let mut chunk = self.chunk(end - self.digester.size_bytes()).await?;
            let begins = self.digester.size_bytes();
            self.digester.update(&chunk);
            let known_there = usize::try_from(self.from.saturating_sub(begins)).unwrap_or(usize::MAX);
            if known_there < chunk.len() {
                chunks.push(chunk.split_off(known_there));
            }
        }
        if end == size {
            self.no_more().await?;
        }
        match self.confirm.take() {
            Some((_, state)) if self.digester.save() == state => self.mark = end,
            Some(_) => {
                return Err(Error::new(
                    ErrorKind::Corrupt,
                    "the source gives other bytes than those that were sent before",
                ));
            }
            None => self.put_mark(end).await?,
        }
        Ok(chunks)
    }

    async fn put_mark(&mut self, at: u64) -> Result<()> {
        let (upload, after, state) = (self.inner.upload, self.mark, self.digester.save());
        let kept = state.clone();
        self.inner
            .core
            .journal
            .write(move |c| marks::put(c, upload, after, at, &state))
            .await?;
        let mut known = self.inner.known();
        // What comes after is sent anew.
        let _ = known.marks.split_off(&(after + 1));
        known.marks.insert(at, kept);
        drop(known);
        self.mark = at;
        Ok(())
    }

    /// Reads some bytes, at most `max`; what is left of them is read next.
    async fn chunk(&mut self, max: u64) -> Result<Bytes> {
        loop {
            self.inner.check_stop()?;
            let Some(stream) = &mut self.stream else {
                self.open().await?;
                continue;
            };
            let mut chunk = match stream.next().await {
                Some(Ok(chunk)) => chunk,
                Some(Err(error)) => {
                    self.broken(error)?;
                    continue;
                }
                None => {
                    self.broken(wrong_length(self.inner.size_bytes, self.digester.size_bytes()))?;
                    continue;
                }
            };
            let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(chunk.len());
            self.skip -= skipped as u64;
            let mut chunk = chunk.split_off(skipped);
            if chunk.is_empty() {
                continue;
            }
            let taken = usize::try_from(max).unwrap_or(usize::MAX).min(chunk.len());
            let rest = chunk.split_off(taken);
            if !rest.is_empty()
                && let Some(stream) = self.stream.take()
            {
                self.stream = Some(stream::iter([Ok(rest)]).chain(stream).boxed());
            }
            self.idle = 0;
            self.inner.core.board.received(chunk.len() as u64);
            return Ok(chunk);
        }
    }

    /// Says whether the source has more than it promised.
    async fn no_more(&mut self) -> Result<()> {
        let Some(mut stream) = self.stream.take() else {
            return Ok(());
        };
        let size = self.inner.size_bytes;
        while let Some(chunk) = stream.next().await {
            if !chunk?.is_empty() {
                return Err(Error::new(
                    ErrorKind::Corrupt,
                    format!("wrong length: expected {size} bytes, more arrived"),
                ));
            }
        }
        Ok(())
    }

    async fn open(&mut self) -> Result<()> {
        let (inner, at) = (Arc::clone(&self.inner), self.digester.size_bytes());
        let locator = inner.known().locator.clone();
        let media = match inner.core.source.open(&inner.origin.part, &locator, at).await {
            Ok(media) => media,
            Err(error) if *error.kind() == ErrorKind::NotFound => {
                if std::mem::replace(&mut self.looked, true) {
                    return Err(listed_without_bytes(&error));
                }
                return inner.look_again(&error).await;
            }
            Err(error) => return self.broken(error),
        };
        if let Some(said) = media.size_bytes.filter(|said| *said != inner.size_bytes) {
            return Err(wrong_length(inner.size_bytes, said));
        }
        self.skip = at.checked_sub(media.starts_at).ok_or_else(|| {
            Error::new(
                ErrorKind::Protocol,
                "the source answered another range than was asked for",
            )
        })?;
        self.stream = Some(media.stream);
        Ok(())
    }

    /// Lets a stream that broke be opened again where it was, unless that makes no sense.
    fn broken(&mut self, error: Error) -> Result<()> {
        self.stream = None;
        self.idle += 1;
        let in_the_middle = self.digester.size_bytes() > 0 && self.inner.core.source_caps.ranged;
        if in_the_middle && error.is_transient() && !error.is_exhausted() && self.idle <= CONTINUATIONS {
            return Ok(());
        }
        Err(error)
    }
}

impl Core {
    /// How far apart marks are: two blocks take as much memory as the largest part that is kept there.
    pub(super) fn block(&self) -> u64 {
        (self.options.memory_part_max_bytes / 2).clamp(1, BLOCK_MAX / 2)
    }
}
