//! Receiving a part whole, before anything of it is sent.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use photomove_core::drill::{Drill, Mutant};
use photomove_core::{
    Agreement, Body, ByteStream, BytesBody, Checksums, Digester, Error, ErrorKind, HashKinds, Locator, Operation,
    Rejection, Result,
};
use tokio::fs::File;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};
use tokio::sync::OwnedSemaphorePermit;

use super::core::Core;
use super::spool::{FileBody, NoRoom, Room, Spool, spool_error};
use crate::journal::staging::Received;
use crate::journal::uploads::{OriginRow, UploadRow};

/// How often a broken stream is continued in the middle without a single new byte.
const CONTINUATIONS: u32 = 3;
/// How long a part waits for room in the spool before it asks again.
pub(super) const ROOM_PAUSE: Duration = Duration::from_secs(5);

/// A part that arrived as promised. Its memory or room in the spool is given back when this is dropped.
#[derive(Debug)]
pub(super) struct Parcel {
    pub body: Box<dyn Body>,
    pub received: Received,
    _hold: Hold,
}

#[derive(Debug)]
enum Hold {
    Memory(#[expect(dead_code, reason = "held until dropped")] OwnedSemaphorePermit),
    Disk(#[expect(dead_code, reason = "held until dropped")] Room),
}

/// Why a part was not received.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The source or the disk said so.
    Failed(Error),
    /// The source has it no more.
    Gone,
    /// The spool has no room at present.
    NoRoom,
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Where bytes go while they arrive.
enum Store {
    Memory {
        buffer: BytesMut,
        permit: OwnedSemaphorePermit,
    },
    Disk {
        file: File,
        room: Room,
    },
}

impl Core {
    /// Opens what an earlier run left in the spool; `None` if that is not what it was.
    pub(super) async fn reopen(&self, row: &UploadRow) -> Result<Option<Parcel>> {
        let (Some(name), Some((size_bytes, checksums))) = (&row.spool, row.received) else {
            return Ok(None);
        };
        let Some(body) = self.spool.reopen(name, size_bytes, &checksums).await? else {
            return Ok(None);
        };
        Ok(Some(Parcel {
            body: Box::new(body),
            received: Received {
                size_bytes,
                checksums,
                spool: Some(name.clone()),
            },
            _hold: Hold::Disk(self.spool.hold(row.id, size_bytes)),
        }))
    }

    /// Receives a part whole and checks it against what the source promised.
    pub(super) async fn receive(&self, row: &UploadRow, locator: &Locator) -> Result<Parcel, Trouble> {
        let origin = &row.origin;
        let store = self.make_room(row, origin.size_bytes).await?;
        let wanted = self.hashes_wanted(origin);
        let mut intake = Download {
            core: self,
            upload: row.id,
            origin,
            locator,
            digester: Digester::new(wanted),
            wanted,
            store: Some(store),
        };
        intake.run().await.inspect_err(|trouble| self.note_disk(trouble))?;
        let Download { digester, store, .. } = intake;
        let size_bytes = digester.size_bytes();
        let checksums = digester.finish();
        check(&self.env.drill, origin, size_bytes, &checksums)?;
        let store = store.ok_or_else(|| super::core::defect("a download ended without its store"))?;
        self.pack(row.id, store, size_bytes, checksums).await
    }

    /// The hashes that are taken of a part while it arrives.
    pub(super) fn hashes_wanted(&self, origin: &OriginRow) -> HashKinds {
        self.sink_caps
            .find_by
            .union(self.sink_caps.needs_before_stage)
            .union(self.sink_caps.reports)
            .union(origin.promised.kinds())
    }

    /// Waits for that much of the memory for parts; who asks for more than there is gets all of it.
    pub(super) async fn hold_memory(&self, bytes: u64) -> Result<OwnedSemaphorePermit> {
        let budget = self.options.memory_budget_bytes.div_ceil(1024).max(1);
        let kib = bytes.div_ceil(1024).clamp(1, budget);
        Arc::clone(&self.memory)
            .acquire_many_owned(u32::try_from(kib).unwrap_or(u32::MAX))
            .await
            .map_err(|_| super::core::defect("the memory budget was closed"))
    }

    async fn make_room(&self, row: &UploadRow, size: Option<u64>) -> Result<Store, Trouble> {
        let in_memory = size.unwrap_or(self.options.memory_part_max_bytes);
        if in_memory <= self.options.memory_part_max_bytes {
            let permit = self.hold_memory(in_memory).await?;
            let expected = usize::try_from(size.unwrap_or(0)).unwrap_or(0);
            return Ok(Store::Memory {
                buffer: BytesMut::with_capacity(expected),
                permit,
            });
        }
        let room = self.reserve(in_memory, &row.origin.promised)?;
        let file = self.spool.create(row.id).await?;
        Ok(Store::Disk { file, room })
    }

    fn reserve(&self, bytes: u64, promised: &Checksums) -> Result<Room, Trouble> {
        let reserved = self.spool.reserve(bytes);
        if self.disk_full.load(Ordering::SeqCst) {
            return Err(Trouble::NoRoom);
        }
        reserved.map_err(|none| self.no_room(none, promised, &format!("{bytes} bytes")))
    }

    /// Notes that the disk failed, before the room of the part is given back: whoever waits for that asks the source for
    /// nothing any more.
    fn note_disk(&self, trouble: &Trouble) {
        if let Trouble::Failed(error) = trouble
            && error.operation_name() == Some(Operation::Spool)
        {
            self.disk_full.store(true, Ordering::SeqCst);
        }
    }

    /// Says why a file of that length cannot be kept on its way.
    fn no_room(&self, none: NoRoom, promised: &Checksums, length: &str) -> Trouble {
        let error = match none {
            NoRoom::Later => return Trouble::NoRoom,
            NoRoom::Never => Error::new(
                ErrorKind::Rejected(Rejection::TooLarge),
                format!(
                    "the file has {length}, files on their way may take {}{}",
                    self.spool.max_bytes(),
                    match self.sink_caps.resumable {
                        false => ", and the destination takes no file while it is read",
                        true if self.can_be_found(promised) => "",
                        true => ", and the source tells no hash by which the destination could find it",
                    }
                ),
            )
            .hint("allow more with `--spool-max`"),
            NoRoom::DiskFull => Error::new(
                ErrorKind::Internal,
                format!("the disk has no room for a file of {length} on its way; a tenth of it stays free"),
            )
            .operation(Operation::Spool)
            .hint("make room on the disk, or name another folder for the spool, and run the command again; it continues where it stopped"),
        };
        Trouble::Failed(error)
    }

    async fn pack(&self, upload: i64, store: Store, size_bytes: u64, checksums: Checksums) -> Result<Parcel, Trouble> {
        let mut received = Received {
            size_bytes,
            checksums,
            spool: None,
        };
        match store {
            Store::Memory { buffer, permit } => Ok(Parcel {
                body: Box::new(BytesBody::with_checksums(buffer.freeze(), checksums)),
                received,
                _hold: Hold::Memory(permit),
            }),
            Store::Disk { mut file, room } => {
                let name = Spool::file_name(upload);
                let path = self.spool.path(&name);
                let flushed = file.flush().await.map_err(|error| spool_error(&path, error).into());
                flushed.inspect_err(|trouble| self.note_disk(trouble))?;
                received.spool = Some(name);
                Ok(Parcel {
                    body: Box::new(FileBody::new(path, size_bytes, checksums)),
                    received,
                    _hold: Hold::Disk(room),
                })
            }
        }
    }
}

struct Download<'a> {
    core: &'a Core,
    upload: i64,
    origin: &'a OriginRow,
    locator: &'a Locator,
    digester: Digester,
    wanted: HashKinds,
    store: Option<Store>,
}

impl Download<'_> {
    async fn run(&mut self) -> Result<(), Trouble> {
        let mut idle = 0;
        loop {
            let before = self.digester.size_bytes();
            let error = match self.pull(before).await {
                Ok(()) => return Ok(()),
                Err(Trouble::Failed(error)) => error,
                Err(other) => return Err(other),
            };
            idle = if self.digester.size_bytes() > before {
                0
            } else {
                idle + 1
            };
            let in_the_middle = self.digester.size_bytes() > 0 && self.core.source_caps.ranged;
            let broken = error.is_transient() && *error.kind() != ErrorKind::Corrupt && !error.is_exhausted();
            if !(in_the_middle && broken) || idle >= CONTINUATIONS {
                return Err(error.into());
            }
        }
    }

    /// Reads on from `offset` to the end.
    async fn pull(&mut self, offset: u64) -> Result<(), Trouble> {
        let media = self.core.source.open(&self.origin.part, self.locator, offset).await?;
        if media.starts_at != offset {
            self.start_over(media.starts_at).await?;
        }
        if let (Some(promised), Some(said)) = (self.origin.size_bytes, media.size_bytes)
            && promised != said
        {
            return Err(wrong_length(promised, said).into());
        }
        let mut stream: ByteStream = media.stream;
        while let Some(chunk) = stream.next().await {
            self.take(chunk?).await?;
        }
        let (expected, got) = (self.origin.size_bytes.or(media.size_bytes), self.digester.size_bytes());
        match expected {
            Some(expected) if expected != got => Err(wrong_length(expected, got).into()),
            _ => Ok(()),
        }
    }

    async fn take(&mut self, chunk: Bytes) -> Result<(), Trouble> {
        let total = self.digester.size_bytes() + chunk.len() as u64;
        if let Some(expected) = self.origin.size_bytes.filter(|expected| total > *expected) {
            return Err(Error::new(
                ErrorKind::Corrupt,
                format!("wrong length: expected {expected} bytes, more arrived"),
            )
            .into());
        }
        self.digester.update(&chunk);
        if let Some(Store::Memory { buffer, .. }) = &self.store
            && buffer.len() + chunk.len()
                > usize::try_from(self.core.options.memory_part_max_bytes).unwrap_or(usize::MAX)
        {
            self.spill().await?;
        }
        let path = || self.core.spool.path(&Spool::file_name(self.upload));
        match &mut self.store {
            Some(Store::Memory { buffer, .. }) => buffer.extend_from_slice(&chunk),
            Some(Store::Disk { file, room }) => {
                if self.origin.size_bytes.is_none() {
                    room.grow_to(total).map_err(|none| {
                        self.core
                            .no_room(none, &self.origin.promised, &format!("more than {} bytes", total - 1))
                    })?;
                }
                file.write_all(&chunk)
                    .await
                    .map_err(|error| spool_error(&path(), error))?;
            }
            None => return Err(super::core::defect("a download lost its store").into()),
        }
        self.core.board.received(chunk.len() as u64);
        Ok(())
    }

    /// Moves a part of unknown length, which outgrew its place in memory, to the disk.
    async fn spill(&mut self) -> Result<(), Trouble> {
        let Some(Store::Memory { buffer, .. }) = &self.store else {
            return Ok(());
        };
        let room = self.core.reserve(buffer.len() as u64, &self.origin.promised)?;
        let mut file = self.core.spool.create(self.upload).await?;
        file.write_all(buffer)
            .await
            .map_err(|error| spool_error(&self.core.spool.path(&Spool::file_name(self.upload)), error))?;
        self.store = Some(Store::Disk { file, room });
        Ok(())
    }

    /// The source ignored the range: what arrived so far arrives again.
    async fn start_over(&mut self, starts_at: u64) -> Result<(), Trouble> {
        if starts_at != 0 {
            return Err(Error::new(
                ErrorKind::Protocol,
                "the source answered another range than was asked for",
            )
            .into());
        }
        self.digester = Digester::new(self.wanted);
        match &mut self.store {
            Some(Store::Memory { buffer, .. }) => buffer.clear(),
            Some(Store::Disk { file, .. }) => {
                let rewind = async {
                    file.flush().await?;
                    file.set_len(0).await?;
                    file.rewind().await
                };
                rewind
                    .await
                    .map_err(|error| spool_error(&self.core.spool.path(&Spool::file_name(self.upload)), error))?;
            }
            None => {}
        }
        Ok(())
    }
}

pub(super) fn wrong_length(expected: u64, got: u64) -> Error {
    Error::new(
        ErrorKind::Corrupt,
        format!("wrong length: expected {expected} bytes, got {got}"),
    )
}

/// Compares what arrived with what was promised.
pub(super) fn check(drill: &Drill, origin: &OriginRow, size_bytes: u64, got: &Checksums) -> Result<()> {
    if size_bytes == 0 {
        return Err(Error::new(
            ErrorKind::Rejected(Rejection::Empty),
            "the file is empty (0 bytes)",
        ));
    }
    if let Some(expected) = origin.size_bytes.filter(|expected| *expected != size_bytes) {
        return Err(wrong_length(expected, size_bytes));
    }
    let Agreement::Different(kinds) = origin.promised.agrees(got) else {
        return Ok(());
    };
    if drill.has(Mutant::LengthWithoutHash) {
        return Ok(());
    }
    let (name, expected, got) = if kinds.contains(HashKinds::MD5) {
        ("MD5", origin.promised.md5_hex(), got.md5_hex())
    } else if kinds.contains(HashKinds::SHA1) {
        ("SHA-1", origin.promised.sha1_hex(), got.sha1_hex())
    } else {
        let hex = |sums: &Checksums| {
            sums.sha256
                .map(|hash| hash.iter().map(|byte| format!("{byte:02x}")).collect())
        };
        ("SHA-256", hex(&origin.promised), hex(got))
    };
    Err(Error::new(
        ErrorKind::Corrupt,
        format!(
            "wrong {name}: expected {}, got {}",
            expected.unwrap_or_default(),
            got.unwrap_or_default()
        ),
    ))
}
