//! The stand-in of PhotoPrism: one listener with the API below `/api/v1`, WebDAV and `/health`.
//!
//! It is a second, independent reading of the protocol: generations 1 to 3 by switch, with the oddities of the real server
//! (see [`PhotoPrismSwitches`]). Deliberate simplifications: no labels or faces from pictures, no real conversion, places
//! from a small table or `zz`, no LDAP and OIDC, visitors only sign in, no services and no sync, texts in English and German,
//! one client address for the limiters.

mod access;
mod control;
mod events;
mod ingest;
mod library;
mod limiter;
mod mint;
mod model;
mod reply;
mod request;
mod restore;
mod routes;
mod server;
mod service;
mod settings;
mod sign_in;
mod sim;
mod switches;
mod time;
mod wire;
mod words;
mod world;

pub use sim::{Hold, PhotoPrismRole, PhotoPrismSim, StoredAlbum, StoredFile, StoredPhoto};
pub use switches::{Generation, PhotoPrismSwitches};

/// Every operation name that requests may get.
pub const OPERATIONS: &[&str] = &[
    "session_create",
    "session_get",
    "session_delete",
    "oauth_token",
    "oauth_revoke",
    "oauth_refused",
    "discovery",
    "password",
    "passcode",
    "user_sessions",
    "config",
    "config_options",
    "settings_get",
    "settings_save",
    "status",
    "health",
    "page",
    "errors",
    "errors_clear",
    "metrics",
    "photo_search",
    "photo_view",
    "photo_get",
    "photo_yaml",
    "photo_update",
    "photo_like",
    "photo_unlike",
    "photo_approve",
    "photo_label",
    "photo_primary",
    "photo_unstack",
    "photo_orientation",
    "photo_file_delete",
    "batch_archive",
    "batch_restore",
    "batch_approve",
    "batch_private",
    "batch_delete",
    "batch_edit",
    "batch_albums_delete",
    "batch_labels_delete",
    "file_get",
    "download",
    "photo_download",
    "album_download",
    "zip_create",
    "zip_download",
    "thumbnail",
    "video",
    "cover",
    "icon",
    "album_search",
    "album_get",
    "album_create",
    "album_update",
    "album_delete",
    "album_like",
    "album_unlike",
    "album_add",
    "album_remove",
    "album_clone",
    "link_list",
    "link_create",
    "link_update",
    "link_delete",
    "link_open",
    "label_search",
    "label_update",
    "label_like",
    "subject_search",
    "subject_get",
    "subject_update",
    "subject_like",
    "faces",
    "geo",
    "moments",
    "folders",
    "upload",
    "upload_process",
    "import",
    "import_cancel",
    "index",
    "index_cancel",
    "websocket",
    "webdav_options",
    "webdav_propfind",
    "webdav_get",
    "webdav_head",
    "webdav_put",
    "webdav_mkcol",
    "webdav_delete",
    "webdav_copy",
    "webdav_move",
    "webdav_lock",
    "webdav_other",
    "unknown",
];
