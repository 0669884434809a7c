//! Where bytes come from: anything that can be read at a place of one's choice.

use std::io::{self, Read, Seek, SeekFrom};

/// Bytes that can be read from any place, such as a file, or a download that takes ranges.
///
/// [`read_facts`](crate::read_facts) asks for a few kilobytes here and there and leaves out the pictures themselves.
pub trait ReadAt {
    /// Size of the whole in bytes, whether all of it can be read or not.
    fn size_bytes(&self) -> u64;

    /// Reads into `buffer` from `offset` on and returns how many bytes that were; 0 means that there are no more.
    ///
    /// # Errors
    /// Whatever keeps the bytes from being read; the reading of facts stops with it.
    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
}

impl ReadAt for &[u8] {
    fn size_bytes(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(copy(self, offset, buffer))
    }
}

/// The first bytes of something larger, of which no more is at hand.
#[derive(Debug, Clone, Copy)]
pub struct Prefix<'b> {
    bytes: &'b [u8],
    size_bytes: u64,
}

impl<'b> Prefix<'b> {
    /// Takes the first bytes of a file of `size_bytes` bytes.
    pub fn new(bytes: &'b [u8], size_bytes: u64) -> Self {
        Self {
            bytes,
            size_bytes: size_bytes.max(bytes.len() as u64),
        }
    }
}

impl ReadAt for Prefix<'_> {
    fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(copy(self.bytes, offset, buffer))
    }
}

fn copy(bytes: &[u8], offset: u64, buffer: &mut [u8]) -> usize {
    let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
    let rest = &bytes[from..];
    let length = rest.len().min(buffer.len());
    buffer[..length].copy_from_slice(&rest[..length]);
    length
}

/// Anything that can seek, such as an open file.
#[derive(Debug)]
pub struct Seekable<R> {
    inner: R,
    size_bytes: u64,
    at: u64,
}

impl<R: Read + Seek> Seekable<R> {
    /// Takes an open file and asks it for its size.
    ///
    /// # Errors
    /// The file cannot seek.
    pub fn try_new(mut inner: R) -> io::Result<Self> {
        let size_bytes = inner.seek(SeekFrom::End(0))?;
        Ok(Self {
            inner,
            size_bytes,
            at: size_bytes,
        })
    }
}

impl<R: Read + Seek> ReadAt for Seekable<R> {
    fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if offset != self.at {
            self.at = self.inner.seek(SeekFrom::Start(offset))?;
        }
        loop {
            match self.inner.read(buffer) {
                Ok(length) => {
                    self.at += length as u64;
                    return Ok(length);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}
