//! Uploads: files are staged under a token, then processed.

use std::time::Duration;

use photomove_core::{Error, ErrorKind, Happened, Operation, Result};
use photomove_http::Method;
use photomove_http::header::CONTENT_TYPE;
use serde_json::json;

use super::form::FormBody;
use super::ids::uid;
use super::photos::sha1_of;
use super::{Arrival, PROCESSES, PhotoPrismClient, UPLOADS, UploadFile};
use crate::wire::Message;

/// Longest token; the server builds the name of a folder from it.
const TOKEN_CHARS: usize = 63;
/// A request of processing is given up after this long; the server goes on with it (reference 5.3).
const PROCESS_TIMEOUT: Duration = Duration::from_secs(30 * 60);
/// Waits between two looks after an upload whose end nobody saw.
const LOOKS: [u64; 8] = [2, 4, 8, 15, 30, 60, 60, 60];

/// What the server says of files that were staged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Received {
    /// How many were sent.
    pub sent: u64,
    /// How many the server says to have; `None` if it says no number. Newer servers drop what they do not take.
    pub taken: Option<u64>,
}

impl Received {
    /// Says whether the server dropped some, as far as it tells.
    pub fn dropped_some(&self) -> bool {
        self.taken.is_some_and(|taken| taken < self.sent)
    }
}

/// What became of an uploaded file.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Uploaded {
    /// Its name.
    pub name: String,
    /// SHA-1 of its bytes in hex.
    pub sha1: String,
    /// What the server holds of it.
    pub arrival: Arrival,
}

impl PhotoPrismClient {
    /// Makes a token for files that belong together: it names a folder of the session at the server, nothing more.
    pub fn upload_token(&self) -> String {
        format!("photomove-{:016x}", self.env().random.next_u64())
    }

    /// Sends files to be staged under a token. Nothing is visible by it; the same names sent again replace the files.
    ///
    /// They wait for the session that they were sent under, see [`PhotoPrismClient::session_ref`]: under another one they
    /// are lost. Files of one token that share a name without extension become one photo when they are processed.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] if the server takes no uploads, for example because it is read-only;
    /// [`ErrorKind::Rejected`] if it could not store them, or they are too large for it or a proxy in front of it;
    /// [`ErrorKind::Quota`] if its storage is full.
    pub async fn stage_files(&self, token: &str, files: &[UploadFile<'_>]) -> Result<Received> {
        let user = self.user_uid().await?;
        let token = upload_token(token)?;
        let boundary = format!(
            "photomove{:016x}{:016x}",
            self.env().random.next_u64(),
            self.env().random.next_u64()
        );
        let form = FormBody::new(boundary, files);
        let call = self
            .call(Operation::Stage, Method::POST, &["users", uid(&user)?, "upload", token])
            .bucket(UPLOADS)
            // The same names replace what was staged by an attempt before.
            .repeatable(true)
            .header(CONTENT_TYPE, form.content_type())
            .body(&form);
        let message: Message = self.json(call).await?;
        Ok(Received {
            sent: files.len() as u64,
            taken: message.number(),
        })
    }

    /// Makes photos of what is staged under a token, and adds them to albums, by id or by title.
    ///
    /// It returns when all is done, which may take half an hour, and **says nothing about the files**: nothing staged, all
    /// refused and all duplicates look the same. See [`PhotoPrismClient::arrival`]. A title finds any album that is alike,
    /// deleted ones too, which then stay deleted: better give ids. It is not sent again when its reply is lost, because the
    /// server goes on by itself.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] from servers since 2026 if nothing is staged; [`ErrorKind::Auth`] if the server takes no
    /// uploads.
    pub async fn process_upload<S: AsRef<str>>(&self, token: &str, albums: &[S]) -> Result<Message> {
        let user = self.user_uid().await?;
        let albums: Vec<&str> = albums.iter().map(AsRef::as_ref).collect();
        let body = match albums.is_empty() {
            true => json!({}),
            false => json!({"albums": albums}),
        };
        let segments = ["users", uid(&user)?, "upload", upload_token(token)?];
        let call = self
            .long_call(Operation::Commit, Method::PUT, &segments)
            .bucket(PROCESSES)
            .repeatable(false)
            .timeout(PROCESS_TIMEOUT)
            .json(&body);
        self.json(call).await
    }

    /// Uploads files that belong together, and says what became of each: stage, process, look up by SHA-1.
    ///
    /// Files that share a name without extension become one photo. If the connection is lost while the server works, it is
    /// looked for the files for some minutes before that is an error.
    ///
    /// # Errors
    /// As [`PhotoPrismClient::stage_files`] and [`PhotoPrismClient::process_upload`]. A file that the server refused is no
    /// error, see [`Uploaded::arrival`].
    pub async fn upload<S: AsRef<str>>(&self, files: &[UploadFile<'_>], albums: &[S]) -> Result<Vec<Uploaded>> {
        let mut hashes = Vec::with_capacity(files.len());
        for file in files {
            hashes.push(sha1_of(file.body).await?);
        }
        let token = self.upload_token();
        self.stage_files(&token, files).await?;
        match self.process_upload(&token, albums).await {
            Ok(_) => self.arrivals(files, &hashes).await,
            // Newer servers say so when they kept none of the files.
            Err(error) if *error.kind() == ErrorKind::NotFound => self.arrivals(files, &hashes).await,
            Err(error) if error.has_happened() == Happened::Unknown => self.wait_for(files, &hashes, error).await,
            Err(error) => Err(error),
        }
    }

    async fn arrivals(&self, files: &[UploadFile<'_>], hashes: &[String]) -> Result<Vec<Uploaded>> {
        let mut uploaded = Vec::with_capacity(files.len());
        for (file, hash) in files.iter().zip(hashes) {
            uploaded.push(Uploaded {
                name: file.name.to_owned(),
                sha1: hash.clone(),
                arrival: self.arrival(hash).await?,
            });
        }
        Ok(uploaded)
    }

    /// Looks for files until all are there, or gives the error back.
    async fn wait_for(&self, files: &[UploadFile<'_>], hashes: &[String], lost: Error) -> Result<Vec<Uploaded>> {
        for seconds in LOOKS {
            self.env().clock.sleep(Duration::from_secs(seconds)).await;
            let uploaded = self.arrivals(files, hashes).await?;
            if !uploaded.iter().any(|file| file.arrival == Arrival::Unknown) {
                return Ok(uploaded);
            }
        }
        Err(lost)
    }
}

/// Checks a token: the server strips other letters without a word.
fn upload_token(token: &str) -> Result<&str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_:".contains(&byte);
    if token.is_empty() || token.len() > TOKEN_CHARS || !token.bytes().all(plain) {
        return Err(Error::new(ErrorKind::Config, "this is no token for uploads")
            .provider(crate::KIND)
            .operation(Operation::Stage)
            .hint("a token has 1 to 63 letters, digits, `-`, `_` and `:`"));
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_what_the_server_keeps_of_them() {
        assert!(upload_token("photomove-1:a_B").is_ok());
        for wrong in ["", "a/b", "a b", "ä", &"x".repeat(64)] {
            assert_eq!(*upload_token(wrong).unwrap_err().kind(), ErrorKind::Config, "{wrong}");
        }
    }

    #[test]
    fn fewer_than_sent_means_that_some_were_dropped() {
        let received = |taken| Received { sent: 2, taken };
        assert!(received(Some(1)).dropped_some());
        assert!(!received(Some(2)).dropped_some());
        assert!(
            !received(None).dropped_some(),
            "what is not said is not held against it"
        );
    }
}
