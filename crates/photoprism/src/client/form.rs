//! Files as a multipart form, streamed.

use std::fmt::Write as _;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use photomove_core::{Body, ByteStream, Checksums, Error, ErrorKind, Result};

/// Name of each file part; the server looks at no other.
const PART: &str = "files";

/// A file on its way to the server.
#[derive(Debug, Clone, Copy)]
pub struct UploadFile<'b> {
    /// Name with extension. The server keeps what follows its last `/`, and never imports a file whose extension it does
    /// not know; files of one token that have the same name replace each other.
    pub name: &'b str,
    /// Media type; the server goes by the name.
    pub media_type: Option<&'b str>,
    /// Bytes.
    pub body: &'b dyn Body,
}

impl<'b> UploadFile<'b> {
    /// Takes a name and bytes.
    pub fn new(name: &'b str, body: &'b dyn Body) -> Self {
        Self {
            name,
            media_type: None,
            body,
        }
    }
}

/// A form of files. Nothing of it is held in memory but the lines between them.
#[derive(Debug)]
pub(crate) struct FormBody<'b> {
    boundary: String,
    parts: Vec<(Bytes, &'b dyn Body)>,
    end: Bytes,
    checksums: Checksums,
}

impl<'b> FormBody<'b> {
    /// Makes a form; `boundary` must not occur in any file.
    pub(crate) fn new(boundary: String, files: &[UploadFile<'b>]) -> Self {
        let parts = files
            .iter()
            .map(|file| (head(&boundary, file), file.body))
            .collect::<Vec<_>>();
        let end = match parts.is_empty() {
            true => format!("--{boundary}--\r\n"),
            false => format!("\r\n--{boundary}--\r\n"),
        };
        Self {
            boundary,
            parts,
            end: end.into(),
            checksums: Checksums::default(),
        }
    }

    pub(crate) fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }
}

#[async_trait]
impl Body for FormBody<'_> {
    fn size_bytes(&self) -> u64 {
        let parts = self.parts.iter();
        let size = |(head, body): &(Bytes, &dyn Body)| head.len() as u64 + body.size_bytes();
        parts.map(size).sum::<u64>() + breaks(self.parts.len()) + self.end.len() as u64
    }

    fn checksums(&self) -> &Checksums {
        &self.checksums
    }

    async fn stream(&self, offset: u64) -> Result<ByteStream> {
        if offset != 0 {
            return Err(Error::new(ErrorKind::Internal, "a form is sent from its beginning"));
        }
        let mut pieces: Vec<ByteStream> = Vec::with_capacity(self.parts.len() * 2 + 1);
        for (index, (head, body)) in self.parts.iter().enumerate() {
            if index > 0 {
                pieces.push(whole(Bytes::from_static(b"\r\n")));
            }
            pieces.push(whole(head.clone()));
            pieces.push(body.stream(0).await?);
        }
        pieces.push(whole(self.end.clone()));
        Ok(stream::iter(pieces).flatten().boxed())
    }

    async fn seal(&self) -> Result<Checksums> {
        for (_, body) in &self.parts {
            body.seal().await?;
        }
        Ok(self.checksums)
    }
}

/// Bytes of the line breaks between parts.
fn breaks(parts: usize) -> u64 {
    parts.saturating_sub(1) as u64 * 2
}

fn whole(bytes: Bytes) -> ByteStream {
    stream::once(async move { Ok(bytes) }).boxed()
}

fn head(boundary: &str, file: &UploadFile<'_>) -> Bytes {
    let mut name = String::with_capacity(file.name.len());
    for letter in file.name.chars() {
        match letter {
            '"' | '\\' => name.extend(['\\', letter]),
            // They would end the line, and no file system of the server takes them.
            control if control.is_control() => name.push('_'),
            letter => name.push(letter),
        }
    }
    let media_type = file
        .media_type
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '))
        .unwrap_or("application/octet-stream");
    let mut head = String::new();
    // Writing to a string cannot fail.
    let _ = write!(
        head,
        "--{boundary}\r\nContent-Disposition: form-data; name=\"{PART}\"; filename=\"{name}\"\r\n\
         Content-Type: {media_type}\r\n\r\n"
    );
    head.into()
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt;
    use photomove_core::BytesBody;

    use super::*;

    async fn written(files: &[UploadFile<'_>]) -> (String, u64) {
        let form = FormBody::new("line".into(), files);
        let chunks: Vec<Bytes> = form.stream(0).await.unwrap().try_collect().await.unwrap();
        (String::from_utf8(chunks.concat()).unwrap(), form.size_bytes())
    }

    #[tokio::test]
    async fn a_form_is_as_long_as_it_says() {
        let (one, two) = (BytesBody::new("first"), BytesBody::new("second"));
        let files = [
            UploadFile::new("Größe \"1\".jpg", &one),
            UploadFile {
                media_type: Some("video/quicktime"),
                ..UploadFile::new("b\r\n.mov", &two)
            },
        ];
        let (text, size) = written(&files).await;
        assert_eq!(text.len() as u64, size);
        let expected = "--line\r\nContent-Disposition: form-data; name=\"files\"; filename=\"Größe \\\"1\\\".jpg\"\r\n\
            Content-Type: application/octet-stream\r\n\r\nfirst\r\n\
            --line\r\nContent-Disposition: form-data; name=\"files\"; filename=\"b__.mov\"\r\n\
            Content-Type: video/quicktime\r\n\r\nsecond\r\n--line--\r\n";
        assert_eq!(text, expected);
    }

    #[tokio::test]
    async fn a_form_without_files_is_still_a_form() {
        let (text, size) = written(&[]).await;
        assert_eq!((text.as_str(), size), ("--line--\r\n", 10));
    }
}
