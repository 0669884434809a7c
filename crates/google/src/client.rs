//! The Library API, one function per endpoint, in the service's own words.

mod session;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use photomove_core::{Allowance, AuthProblem, Body, Error, ErrorKind, Operation, Rejection, Result};
use photomove_http::header::CONTENT_TYPE;
use photomove_http::{
    Bucket, Call, Credentials, Http, HttpEnv, Lesson, Method, Origin, OriginRule, QuotaRule, RetryPolicy,
};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::classify::{RATE_LIMITED_WAIT, classify, lesson, missing_scope};
use crate::wire::{
    Album, AlbumPage, AlbumPosition, BatchCreateReply, BatchGetReply, EnrichmentItem, ItemPage, MediaItem,
    NewEnrichment, NewMediaItem, SearchRequest, UserInfo,
};
use crate::{GoogleConfig, day};

pub(crate) use session::{Finish, LARGEST_GRANULARITY, Progress, http_status};

/// Requests a project has a day.
pub(crate) const REQUESTS_PER_DAY: u32 = 10_000;
/// Uploads at once.
pub(crate) const UPLOADS_IN_FLIGHT: u16 = 6;
/// Longest upload token; captures have 531 characters.
const TOKEN_BYTES: usize = 16 * 1024;

/// Name of the budget of requests a day.
pub(crate) const REQUESTS: &str = "library requests";

/// Bucket of uploads.
pub(crate) const UPLOADS: &str = "uploads";
/// Bucket of everything that changes the library.
pub(crate) const WRITES: &str = "writes";
const READS: &str = "reads";

/// Whose requests of the day are counted.
pub(crate) fn quota_account(project: &str) -> String {
    format!("google:{project}")
}

/// A typed client of the Library API. Cheap to clone.
///
/// Failed requests are sent again where that does no harm; bytes go up several at once, everything that changes the
/// library one call at a time, as the service wants it.
#[derive(Clone)]
pub struct LibraryClient {
    http: Http,
    credentials: Arc<dyn Credentials>,
    library: Url,
    userinfo: Url,
    hash_header: bool,
    allowance: Allowance,
}

impl LibraryClient {
    /// Makes a client that signs its requests with `credentials`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if an address, the user agent or a trusted certificate cannot be used.
    pub fn new(config: &GoogleConfig, env: &HttpEnv, credentials: Arc<dyn Credentials>) -> Result<Self> {
        let (library, userinfo) = (config.library()?, config.userinfo()?);
        let exact = |url: &Url| OriginRule::Exact(Origin::of(url));
        let bucket = |in_flight| Bucket {
            per_second: None,
            per_minute: None,
            in_flight,
            rate_limited_backoff: RATE_LIMITED_WAIT,
        };
        let allowance = Allowance::default();
        let mut builder = Http::builder("google", env)
            .credential_origins(vec![exact(&library), exact(&userinfo)])
            .classify(classify)
            .learn(lesson)
            .retry(RetryPolicy {
                attempts: 5,
                min_delay: Duration::from_secs(1),
                max_delay: Duration::from_secs(60),
                budget: Duration::from_secs(15 * 60),
            })
            .bucket(UPLOADS, bucket(UPLOADS_IN_FLIGHT))
            .bucket(
                WRITES,
                Bucket {
                    per_minute: config.writes_per_minute,
                    ..bucket(1)
                },
            )
            .bucket(READS, bucket(4))
            .quota(QuotaRule {
                account: "unknown".to_owned(),
                resource: REQUESTS,
                per_day: Some(config.requests_per_day.into()),
                zone: day::ZONE,
                origins: vec![Origin::of(&library)],
                allowance: allowance.clone(),
            });
        if let Some(user_agent) = &config.user_agent {
            builder = builder.user_agent(user_agent);
        }
        Ok(Self {
            http: builder.build()?,
            credentials,
            library,
            userinfo,
            hash_header: config.hash_header,
            allowance,
        })
    }

    /// Returns what is left of the day's requests.
    pub(crate) fn allowance(&self) -> &Allowance {
        &self.allowance
    }

    /// Counts uploads among the changes that a minute takes, as an earlier run learnt.
    pub(crate) fn count_uploads_as_changes(&self, per_minute: Option<u32>) -> Result<()> {
        let counted_with = Some(WRITES);
        self.http.teach(
            UPLOADS,
            Lesson {
                counted_with,
                per_minute,
            },
        )
    }

    /// Returns how many uploads and changes together a minute takes; `None` as long as uploads do not count.
    pub(crate) fn uploads_count_as_changes(&self) -> Result<Option<u32>> {
        self.http.shared_minute(UPLOADS)
    }

    /// Says whose requests of the day are used: the Google project.
    pub fn set_project(&self, project: &str) {
        self.http.set_quota_account(&quota_account(project));
    }

    pub(crate) fn http(&self) -> &Http {
        &self.http
    }

    pub(crate) fn origins(&self) -> Vec<Url> {
        vec![self.library.clone(), self.userinfo.clone()]
    }

    /// Sends the bytes of a file and returns an upload token, which works for one day and for this account only.
    ///
    /// Nothing becomes visible by it. `media_type` is a help only: the service looks into the bytes. Repeating it does
    /// no harm, for an unused token simply expires.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`] if the service does not take the file; [`ErrorKind::Corrupt`] if the bytes changed on
    /// their way; [`ErrorKind::Auth`] with [`AuthProblem::MissingScope`] without `photoslibrary.appendonly`.
    ///
    /// # Source
    /// "Upload media", step 1 (read 2026-08); the hash header is *observed* in Google's Data Transfer Project.
    pub async fn upload_raw(&self, body: &dyn Body, media_type: Option<&str>) -> Result<String> {
        let sha1 = body.checksums().sha1.filter(|_| self.hash_header);
        self.upload(Operation::Stage, body, media_type, sha1).await
    }

    /// Sends bytes with a hash of the caller's; `Operation::Verify` is the canary, which is not sent again.
    pub(crate) async fn upload(
        &self,
        operation: Operation,
        body: &dyn Body,
        media_type: Option<&str>,
        sha1: Option<[u8; 20]>,
    ) -> Result<String> {
        if body.size_bytes() == 0 {
            // Some versions of the service gave an empty token for it, which then spoils a whole batch.
            let kind = ErrorKind::Rejected(Rejection::Empty);
            let error = Error::new(kind, "google photos takes no empty files");
            return Err(error.provider("google").operation(operation));
        }
        let mut call = self
            .call(operation, Method::POST, &["v1", "uploads"], UPLOADS)
            .repeatable(true)
            .html_is_error()
            .header(CONTENT_TYPE, "application/octet-stream")
            .header("x-goog-upload-protocol", "raw")
            .body(body);
        if let Some(media_type) = media_type.filter(|text| text.is_ascii()) {
            call = call.header("x-goog-upload-content-type", media_type);
        }
        if let Some(sha1) = sha1 {
            call = call.header("x-goog-hash", hash_value(&sha1));
        }
        let reply = call.send().await.map_err(refused_for_good)?;
        upload_token(&reply.text(TOKEN_BYTES).await?, operation)
    }

    /// Makes items of uploads, 1 to 50, at once in an album of this program's if one is given.
    ///
    /// Each element has its own outcome, even if all failed; match them by upload token.
    ///
    /// # Errors
    /// [`ErrorKind::BadBatch`] if one upload token is not valid; nothing was created then.
    pub async fn batch_create(
        &self,
        items: &[NewMediaItem],
        album: Option<&str>,
        position: Option<&AlbumPosition>,
    ) -> Result<BatchCreateReply> {
        let mut body = json!({"newMediaItems": items});
        if let Some(album) = album {
            body["albumId"] = json!(album);
            if let Some(position) = position {
                body["albumPosition"] = json!(position);
            }
        }
        self.call(
            Operation::Commit,
            Method::POST,
            &["v1", "mediaItems:batchCreate"],
            WRITES,
        )
        .json(&body)
        .send()
        .await?
        .json()
        .await
    }

    /// Reads one item that this program created.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is none, or it was created by another program.
    pub async fn media_item(&self, id: &str) -> Result<MediaItem> {
        self.read(Operation::Refresh, &["v1", "mediaItems", id], &[]).await
    }

    /// Reads up to 50 items that this program created; one result per id, same order.
    ///
    /// # Errors
    /// When the call failed; a single bad id has been *observed* to do that.
    pub async fn batch_get(&self, ids: &[&str]) -> Result<BatchGetReply> {
        let query: Vec<_> = ids.iter().map(|id| ("mediaItemIds", *id)).collect();
        self.read(Operation::Refresh, &["v1", "mediaItems:batchGet"], &query)
            .await
    }

    /// Lists items that this program created; at most 100 a page. New ones may take a while to appear.
    ///
    /// # Errors
    /// When the page cannot be had.
    pub async fn list(&self, page_size: u8, page_token: Option<&str>) -> Result<ItemPage> {
        let size = page_size.to_string();
        let query = page_query(&size, page_token);
        self.read(Operation::ListAssets, &["v1", "mediaItems"], &query).await
    }

    /// Searches among the items that this program created.
    ///
    /// # Errors
    /// When the service does not take the request or cannot be asked.
    pub async fn search(&self, request: &SearchRequest) -> Result<ItemPage> {
        let operation = match request.album_id {
            Some(_) => Operation::ListMembers,
            None => Operation::ListAssets,
        };
        self.call(operation, Method::POST, &["v1", "mediaItems:search"], READS)
            .repeatable(true)
            .json(request)
            .send()
            .await?
            .json()
            .await
    }

    /// Sets the description of an item that this program created; fewer than 1000 characters.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is no such item.
    pub async fn patch_description(&self, id: &str, description: &str) -> Result<MediaItem> {
        self.call(Operation::Describe, Method::PATCH, &["v1", "mediaItems", id], WRITES)
            .repeatable(true)
            .query(&[("updateMask", "description")])
            .json(&json!({"description": description}))
            .send()
            .await?
            .json()
            .await
    }

    /// Creates an album; at most 500 characters, not unique, not idempotent.
    ///
    /// # Errors
    /// When the service refuses or cannot be asked.
    pub async fn album_create(&self, title: &str) -> Result<Album> {
        self.call(Operation::CreateAlbum, Method::POST, &["v1", "albums"], WRITES)
            .json(&json!({"album": {"title": title}}))
            .send()
            .await?
            .json()
            .await
    }

    /// Lists albums that this program created; at most 50 a page.
    ///
    /// # Errors
    /// When the page cannot be had.
    pub async fn albums_list(&self, page_size: u8, page_token: Option<&str>) -> Result<AlbumPage> {
        self.albums_for(Operation::ListAlbums, page_size, page_token).await
    }

    pub(crate) async fn albums_for(
        &self,
        operation: Operation,
        page_size: u8,
        page_token: Option<&str>,
    ) -> Result<AlbumPage> {
        let size = page_size.to_string();
        let query = page_query(&size, page_token);
        self.read(operation, &["v1", "albums"], &query).await
    }

    /// Reads one album.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is none that this program may see.
    pub async fn album(&self, id: &str) -> Result<Album> {
        self.read(Operation::ListAlbums, &["v1", "albums", id], &[]).await
    }

    /// Sets the title of an album, or its cover, which must be one of its items.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is no such album.
    pub async fn album_patch(&self, id: &str, title: Option<&str>, cover_item: Option<&str>) -> Result<Album> {
        let mut body = json!({});
        let mut mask = Vec::new();
        if let Some(title) = title {
            body["title"] = json!(title);
            mask.push("title");
        }
        if let Some(cover) = cover_item {
            body["coverPhotoMediaItemId"] = json!(cover);
            mask.push("coverPhotoMediaItemId");
        }
        self.call(Operation::Describe, Method::PATCH, &["v1", "albums", id], WRITES)
            .repeatable(true)
            .query(&[("updateMask", mask.join(","))])
            .json(&body)
            .send()
            .await?
            .json()
            .await
    }

    /// Adds up to 50 items to an album, in order, all or none; both must be of this program's making.
    ///
    /// # Errors
    /// [`ErrorKind::BadBatch`] if one item is not; [`ErrorKind::NotFound`] if the album is gone.
    pub async fn album_add(&self, album: &str, items: &[&str]) -> Result<()> {
        self.album_change(album, "batchAddMediaItems", json!({"mediaItemIds": items}))
            .await
    }

    /// Takes up to 50 items out of an album, all or none; they stay in the library.
    ///
    /// # Errors
    /// [`ErrorKind::BadBatch`] if one item is not in it; [`ErrorKind::NotFound`] if the album is gone.
    pub async fn album_remove(&self, album: &str, items: &[&str]) -> Result<()> {
        self.album_change(album, "batchRemoveMediaItems", json!({"mediaItemIds": items}))
            .await
    }

    async fn album_change(&self, album: &str, verb: &str, body: serde_json::Value) -> Result<()> {
        let method = format!("{album}:{verb}");
        let call = self.call(Operation::AddToAlbum, Method::POST, &["v1", "albums", &method], WRITES);
        // A set operation: twice is as good as once.
        call.repeatable(true)
            .json(&body)
            .send()
            .await?
            .json::<serde_json::Value>()
            .await?;
        Ok(())
    }

    /// Puts a text, a place or a map into an album.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if the album is gone.
    pub async fn add_enrichment(
        &self,
        album: &str,
        enrichment: &NewEnrichment,
        position: &AlbumPosition,
    ) -> Result<EnrichmentItem> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Made {
            enrichment_item: EnrichmentItem,
        }
        let method = format!("{album}:addEnrichment");
        let made: Made = self
            .call(Operation::AddToAlbum, Method::POST, &["v1", "albums", &method], WRITES)
            .json(&json!({"newEnrichmentItem": enrichment, "albumPosition": position}))
            .send()
            .await?
            .json()
            .await?;
        Ok(made.enrichment_item)
    }

    /// Reads who is signed in; this request is not one of the day's.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] if the sign-in does not cover it.
    pub async fn userinfo(&self) -> Result<UserInfo> {
        self.http
            .call(Operation::Connect, Method::GET, self.userinfo.clone())
            .credentials(&*self.credentials)
            .bucket(READS)
            .send()
            .await?
            .json()
            .await
    }

    async fn read<T: serde::de::DeserializeOwned>(
        &self,
        operation: Operation,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T> {
        let mut call = self.call(operation, Method::GET, path, READS);
        if !query.is_empty() {
            call = call.query(query);
        }
        call.send().await?.json().await
    }

    fn call<'a>(&'a self, operation: Operation, method: Method, path: &[&str], bucket: &'static str) -> Call<'a> {
        let mut url = self.library.clone();
        // Never fails: the address was checked to have a host.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        self.http
            .call(operation, method, url)
            .credentials(&*self.credentials)
            .bucket(bucket)
    }
}

/// Returns the value of the header by which the service compares what arrived.
fn hash_value(sha1: &[u8; 20]) -> String {
    format!("sha1={}", STANDARD.encode(sha1))
}

/// Reads an upload token, which is one word.
fn upload_token(text: &str, operation: Operation) -> Result<String> {
    let token = text.trim();
    if token.is_empty() || token.contains(|c: char| c.is_whitespace() || c == '<') {
        let error = Error::new(ErrorKind::Protocol, "google photos gave no upload token");
        return Err(error.provider("google").operation(operation));
    }
    Ok(token.to_owned())
}

/// A fresh token that is refused like the old one lacks the permission: the upload endpoint answers both alike.
fn refused_for_good(error: Error) -> Error {
    let refused = matches!(error.kind(), ErrorKind::Auth(AuthProblem::Expired)) && error.is_exhausted();
    if !refused {
        return error;
    }
    let operation = error.operation_name().unwrap_or(Operation::Stage);
    missing_scope().provider("google").operation(operation).source(error)
}

fn page_query<'a>(size: &'a str, token: Option<&'a str>) -> Vec<(&'static str, &'a str)> {
    let token = token
        .filter(|token| !token.is_empty())
        .map(|token| ("pageToken", token));
    std::iter::once(("pageSize", size)).chain(token).collect()
}

impl fmt::Debug for LibraryClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LibraryClient")
            .field("library", &self.library.as_str())
            .field("hash_header", &self.hash_header)
            .finish_non_exhaustive()
    }
}
