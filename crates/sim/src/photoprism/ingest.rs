//! How files come in: uploads, import, index, WebDAV; and the websocket that tells about it. Modules of it stand below
//! `photoprism/ingest/`.

use super::routes::Route;

mod admit;
mod albums;
mod apply;
mod archives;
mod cameras;
mod dav_list;
mod fill;
mod gate;
mod google_json;
mod groups;
mod import;
mod index;
mod judge;
pub(crate) mod kinds;
mod news;
pub(crate) mod preview;
mod probe;
mod receive;
mod record;
mod runs;
mod stacking;
mod state;
mod tick;
pub(crate) mod titles;
mod upload;
mod webdav;
mod websocket;
mod yaml;
pub(crate) mod zones;

pub(crate) use fill::fill;
pub(crate) use gate::{Gate, Gates};
pub(crate) use state::State;
pub(crate) use tick::tick;

/// Routes of ingest.
pub(crate) const ROUTES: &[Route] = &[
    Route::streaming("POST", "/api/v1/users/:uid/upload/:token", "upload", |incoming| {
        Box::pin(upload::stage(incoming))
    }),
    Route::streaming(
        "PUT",
        "/api/v1/users/:uid/upload/:token",
        "upload_process",
        |incoming| Box::pin(upload::process(incoming)),
    ),
    Route::streaming("POST", "/api/v1/import/*path", "import", |incoming| {
        Box::pin(runs::import(incoming))
    }),
    Route::json("DELETE", "/api/v1/import", "import_cancel", runs::cancel_import),
    Route::streaming("POST", "/api/v1/index", "index", |incoming| {
        Box::pin(runs::index(incoming))
    }),
    Route::json("DELETE", "/api/v1/index", "index_cancel", runs::cancel_index),
    Route::streaming("GET", "/api/v1/ws", "websocket", |incoming| {
        Box::pin(websocket::open(incoming))
    }),
    dav("OPTIONS", "/originals/*path", "webdav_options"),
    dav("PROPFIND", "/originals/*path", "webdav_propfind"),
    dav("GET", "/originals/*path", "webdav_get"),
    dav("HEAD", "/originals/*path", "webdav_head"),
    dav("PUT", "/originals/*path", "webdav_put"),
    dav("MKCOL", "/originals/*path", "webdav_mkcol"),
    dav("DELETE", "/originals/*path", "webdav_delete"),
    dav("COPY", "/originals/*path", "webdav_copy"),
    dav("MOVE", "/originals/*path", "webdav_move"),
    dav("LOCK", "/originals/*path", "webdav_lock"),
    dav("UNLOCK", "/originals/*path", "webdav_other"),
    dav("PROPPATCH", "/originals/*path", "webdav_other"),
    dav("POST", "/originals/*path", "webdav_other"),
    dav("PATCH", "/originals/*path", "webdav_other"),
    dav("OPTIONS", "/import/*path", "webdav_options"),
    dav("PROPFIND", "/import/*path", "webdav_propfind"),
    dav("GET", "/import/*path", "webdav_get"),
    dav("HEAD", "/import/*path", "webdav_head"),
    dav("PUT", "/import/*path", "webdav_put"),
    dav("MKCOL", "/import/*path", "webdav_mkcol"),
    dav("DELETE", "/import/*path", "webdav_delete"),
    dav("COPY", "/import/*path", "webdav_copy"),
    dav("MOVE", "/import/*path", "webdav_move"),
    dav("LOCK", "/import/*path", "webdav_lock"),
    dav("UNLOCK", "/import/*path", "webdav_other"),
    dav("PROPPATCH", "/import/*path", "webdav_other"),
    dav("POST", "/import/*path", "webdav_other"),
    dav("PATCH", "/import/*path", "webdav_other"),
];

const fn dav(method: &'static str, pattern: &'static str, operation: &'static str) -> Route {
    Route::streaming(method, pattern, operation, |incoming| Box::pin(webdav::serve(incoming)))
}
