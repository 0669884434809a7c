//! Which request is which operation: paths of the Library API carry their verb behind a colon.

use axum::http::Method;
use axum::http::request::Parts;

use crate::origin::UNKNOWN;

use super::resumable;
use super::scopes::{APPEND, EDIT, READ};

/// A request to the Library host, with the id out of its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// A body in one request, or the start of an upload in several.
    Upload,
    /// Anything else at the address of an upload in several requests.
    UploadSession,
    BatchCreate,
    Search,
    List,
    Get(String),
    BatchGet,
    PatchItem(String),
    AlbumCreate,
    AlbumList,
    AlbumGet(String),
    AlbumPatch(String),
    AlbumAdd(String),
    AlbumRemove(String),
    Enrichment(String),
    /// A removed call, with the name of its rpc.
    Sharing(&'static str),
}

impl Route {
    /// The route of a request; `None` for those that the service never had.
    pub(super) fn of(method: &Method, path: &str) -> Option<Self> {
        let segments: Vec<&str> = path.strip_prefix("/v1/")?.split('/').collect();
        let verb = method.as_str();
        Some(match (verb, segments.as_slice()) {
            // A trailing slash is accepted here and nowhere else.
            ("POST", ["uploads"] | ["uploads", ""]) => Self::Upload,
            ("POST", ["mediaItems:batchCreate"]) => Self::BatchCreate,
            ("POST", ["mediaItems:search"]) => Self::Search,
            ("GET", ["mediaItems"]) => Self::List,
            ("GET", ["mediaItems:batchGet"]) => Self::BatchGet,
            ("GET", ["mediaItems", id]) => Self::Get(plain(id)?),
            ("PATCH", ["mediaItems", id]) => Self::PatchItem(plain(id)?),
            ("POST", ["albums"]) => Self::AlbumCreate,
            ("GET", ["albums"]) => Self::AlbumList,
            ("PATCH", ["albums", id]) => Self::AlbumPatch(plain(id)?),
            ("GET", ["albums", id]) => Self::AlbumGet(plain(id)?),
            ("POST", ["albums", last]) => {
                let (id, action) = last.rsplit_once(':')?;
                let id = plain(id)?;
                match action {
                    "batchAddMediaItems" => Self::AlbumAdd(id),
                    "batchRemoveMediaItems" => Self::AlbumRemove(id),
                    "addEnrichment" => Self::Enrichment(id),
                    "share" => Self::Sharing("ShareAlbum"),
                    "unshare" => Self::Sharing("UnshareAlbum"),
                    _ => return None,
                }
            }
            ("GET", ["sharedAlbums"]) => Self::Sharing("ListSharedAlbums"),
            ("GET", ["sharedAlbums", _]) => Self::Sharing("GetSharedAlbum"),
            ("POST", ["sharedAlbums:join"]) => Self::Sharing("JoinSharedAlbum"),
            ("POST", ["sharedAlbums:leave"]) => Self::Sharing("LeaveSharedAlbum"),
            _ => return None,
        })
    }

    /// What log, counters and fault plans call it.
    pub(super) fn operation(&self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::UploadSession => "upload_chunk",
            Self::BatchCreate => "batch_create",
            Self::Search => "search",
            Self::List => "list",
            Self::Get(_) => "get",
            Self::BatchGet => "batch_get",
            Self::PatchItem(_) => "patch_item",
            Self::AlbumCreate => "album_create",
            Self::AlbumList => "album_list",
            Self::AlbumGet(_) => "album_get",
            Self::AlbumPatch(_) => "album_patch",
            Self::AlbumAdd(_) => "album_add",
            Self::AlbumRemove(_) => "album_remove",
            Self::Enrichment(_) => "enrichment",
            Self::Sharing(_) => "sharing",
        }
    }

    /// The name of its rpc, as error details give it.
    pub(super) fn rpc(&self) -> &'static str {
        match self {
            Self::Upload | Self::UploadSession => "UploadMedia",
            Self::BatchCreate => "BatchCreateMediaItems",
            Self::Search => "SearchMediaItems",
            Self::List => "ListMediaItems",
            Self::Get(_) => "GetMediaItem",
            Self::BatchGet => "BatchGetMediaItems",
            Self::PatchItem(_) => "UpdateMediaItem",
            Self::AlbumCreate => "CreateAlbum",
            Self::AlbumList => "ListAlbums",
            Self::AlbumGet(_) => "GetAlbum",
            Self::AlbumPatch(_) => "UpdateAlbum",
            Self::AlbumAdd(_) => "BatchAddMediaItemsToAlbum",
            Self::AlbumRemove(_) => "BatchRemoveMediaItemsFromAlbum",
            Self::Enrichment(_) => "AddEnrichmentToAlbum",
            Self::Sharing(rpc) => rpc,
        }
    }

    /// The scopes of which one suffices; none suffices for removed calls.
    pub(super) fn scopes(&self) -> &'static [&'static str] {
        match self {
            Self::Upload | Self::UploadSession | Self::BatchCreate | Self::AlbumCreate => &[APPEND],
            Self::Search | Self::List | Self::Get(_) | Self::BatchGet | Self::AlbumList | Self::AlbumGet(_) => &[READ],
            Self::PatchItem(_) | Self::AlbumPatch(_) => &[EDIT],
            Self::AlbumAdd(_) | Self::AlbumRemove(_) | Self::Enrichment(_) => &[EDIT, APPEND],
            Self::Sharing(_) => &[],
        }
    }

    /// Whether it shares the account's single write lane; uploads do not.
    pub(super) fn writes(&self) -> bool {
        matches!(
            self,
            Self::BatchCreate
                | Self::PatchItem(_)
                | Self::AlbumCreate
                | Self::AlbumPatch(_)
                | Self::AlbumAdd(_)
                | Self::AlbumRemove(_)
                | Self::Enrichment(_)
        )
    }
}

/// An id without a verb; ids themselves have no colon.
fn plain(id: &str) -> Option<String> {
    (!id.is_empty() && !id.contains(':')).then(|| id.to_owned())
}

/// Operations of the Library host.
pub(super) fn library_operation(parts: &Parts) -> &'static str {
    match Route::of(&parts.method, parts.uri.path()) {
        None => UNKNOWN,
        Some(Route::Upload) if resumable::is_resumable(parts) => resumable::operation(parts),
        Some(route) => route.operation(),
    }
}

/// Operations of the hosts for accounts, tokens and people.
pub(super) fn identity_operation(parts: &Parts) -> &'static str {
    match (parts.method.as_str(), parts.uri.path()) {
        ("GET", "/o/oauth2/auth" | "/o/oauth2/v2/auth" | super::consent::DECISION_PATH) => "authorize",
        ("GET", "/.well-known/openid-configuration") => "openid_configuration",
        ("POST", "/token") => "token",
        ("POST", "/revoke") => "revoke",
        ("GET", "/v1/userinfo") => "userinfo",
        _ => UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("POST", "/v1/uploads", Some("upload"))]
    #[case("POST", "/v1/uploads/", Some("upload"))]
    #[case("GET", "/v1/uploads", None)]
    #[case("POST", "/v1/mediaItems:batchCreate", Some("batch_create"))]
    #[case("GET", "/v1/mediaItems:batchGet", Some("batch_get"))]
    #[case("GET", "/v1/mediaItems/abc", Some("get"))]
    #[case("PATCH", "/v1/albums/abc", Some("album_patch"))]
    #[case("POST", "/v1/albums/abc:batchAddMediaItems", Some("album_add"))]
    #[case("POST", "/v1/albums/abc:share", Some("sharing"))]
    #[case("POST", "/v1/albums/abc:explode", None)]
    #[case("DELETE", "/v1/albums/abc", None)]
    #[case("GET", "/v2/albums", None)]
    fn paths_and_verbs(#[case] method: &str, #[case] path: &str, #[case] operation: Option<&str>) {
        let route = Route::of(&method.parse().unwrap(), path);
        assert_eq!(route.map(|route| route.operation()), operation);
    }
}
