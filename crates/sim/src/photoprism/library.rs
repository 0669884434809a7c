//! The library: searching, reading and changing photos, albums, labels, files. Modules of it stand below
//! `photoprism/library/`.

use super::routes::Route;

pub(crate) mod albums;
mod batch;
mod downloads;
mod files;
mod folders;
pub(crate) mod labels;
mod links;
pub(crate) mod patterns;
mod photos;
pub(crate) mod places;
pub(crate) mod quality;
pub(crate) mod search;
mod selection;
pub(crate) mod slug;
mod subjects;
mod thumbs;
mod unstack;
mod update;
mod yaml;
pub(crate) mod zips;

pub(crate) use update::settle_title;

/// Routes of the library.
#[rustfmt::skip]
pub(crate) const ROUTES: &[Route] = &[
    Route::json("GET", "/api/v1/photos", "photo_search", search::photos),
    Route::json("GET", "/api/v1/photos/view", "photo_view", search::view),
    Route::json("GET", "/api/v1/photos/:uid", "photo_get", photos::get),
    Route::json("PUT", "/api/v1/photos/:uid", "photo_update", update::update),
    Route::json("GET", "/api/v1/photos/:uid/yaml", "photo_yaml", photos::backup),
    Route::json("GET", "/api/v1/photos/:uid/dl", "photo_download", downloads::photo),
    Route::json("POST", "/api/v1/photos/:uid/like", "photo_like", photos::like),
    Route::json("DELETE", "/api/v1/photos/:uid/like", "photo_unlike", photos::unlike),
    Route::json("POST", "/api/v1/photos/:uid/approve", "photo_approve", photos::approve),
    Route::json("POST", "/api/v1/photos/:uid/label", "photo_label", labels::add_to_photo),
    Route::json("PUT", "/api/v1/photos/:uid/label/:id", "photo_label", labels::change_on_photo),
    Route::json("DELETE", "/api/v1/photos/:uid/label/:id", "photo_label", labels::remove_from_photo),
    Route::json("POST", "/api/v1/photos/:uid/files/:fuid/primary", "photo_primary", photos::set_primary),
    Route::streaming("POST", "/api/v1/photos/:uid/files/:fuid/unstack", "photo_unstack", |incoming| Box::pin(photos::unstack(incoming))),
    Route::json("PUT", "/api/v1/photos/:uid/files/:fuid/orientation", "photo_orientation", photos::orient),
    Route::json("DELETE", "/api/v1/photos/:uid/files/:fuid", "photo_file_delete", photos::delete_file),
    Route::json("POST", "/api/v1/batch/photos/archive", "batch_archive", batch::archive),
    Route::json("POST", "/api/v1/batch/photos/restore", "batch_restore", batch::restore),
    Route::json("POST", "/api/v1/batch/photos/approve", "batch_approve", batch::approve),
    Route::json("POST", "/api/v1/batch/photos/private", "batch_private", batch::toggle_private),
    Route::json("POST", "/api/v1/batch/photos/delete", "batch_delete", batch::delete),
    Route::json("POST", "/api/v1/batch/albums/delete", "batch_albums_delete", batch::delete_albums),
    Route::json("POST", "/api/v1/batch/labels/delete", "batch_labels_delete", batch::delete_labels),
    Route::json("GET", "/api/v1/files/:hash", "file_get", files::get),
    Route::json("GET", "/api/v1/dl/:hash", "download", downloads::download),
    Route::json("GET", "/api/v1/t/:hash/:token/:size", "thumbnail", downloads::thumbnail),
    Route::json("GET", "/api/v1/videos/:hash/:token/:format", "video", downloads::video),
    Route::json("GET", "/api/v1/svg/:icon", "icon", downloads::placeholder),
    Route::streaming("POST", "/api/v1/zip", "zip_create", |incoming| Box::pin(zips::create(incoming))),
    Route::streaming("GET", "/api/v1/zip/:filename", "zip_download", |incoming| Box::pin(zips::fetch(incoming))),
    Route::json("GET", "/api/v1/albums", "album_search", albums::search::albums),
    Route::json("POST", "/api/v1/albums", "album_create", albums::create),
    Route::json("GET", "/api/v1/albums/:uid", "album_get", albums::get),
    Route::json("PUT", "/api/v1/albums/:uid", "album_update", albums::update),
    Route::json("DELETE", "/api/v1/albums/:uid", "album_delete", albums::delete),
    Route::json("POST", "/api/v1/albums/:uid/like", "album_like", albums::like_album),
    Route::json("DELETE", "/api/v1/albums/:uid/like", "album_unlike", albums::unlike_album),
    Route::json("POST", "/api/v1/albums/:uid/photos", "album_add", albums::content::add),
    Route::json("DELETE", "/api/v1/albums/:uid/photos", "album_remove", albums::content::remove),
    Route::json("POST", "/api/v1/albums/:uid/clone", "album_clone", albums::content::clone),
    Route::streaming("GET", "/api/v1/albums/:uid/dl", "album_download", |incoming| Box::pin(zips::album(incoming))),
    Route::json("GET", "/api/v1/albums/:uid/t/:token/:size", "cover", downloads::album_cover),
    Route::json("GET", "/api/v1/albums/:uid/links", "link_list", links::list),
    Route::json("POST", "/api/v1/albums/:uid/links", "link_create", links::create),
    Route::json("PUT", "/api/v1/albums/:uid/links/:link", "link_update", links::update),
    Route::json("DELETE", "/api/v1/albums/:uid/links/:link", "link_delete", links::delete),
    Route::json("GET", "/s/:token/*slug", "link_open", links::open),
    Route::json("GET", "/api/v1/labels", "label_search", labels::search),
    Route::json("PUT", "/api/v1/labels/:uid", "label_update", labels::update),
    Route::json("POST", "/api/v1/labels/:uid/like", "label_like", labels::like_label),
    Route::json("DELETE", "/api/v1/labels/:uid/like", "label_like", labels::unlike_label),
    Route::json("GET", "/api/v1/labels/:uid/t/:token/:size", "cover", downloads::label_cover),
    Route::json("GET", "/api/v1/subjects", "subject_search", subjects::search),
    Route::json("GET", "/api/v1/subjects/:uid", "subject_get", subjects::get),
    Route::json("PUT", "/api/v1/subjects/:uid", "subject_update", subjects::update),
    Route::json("POST", "/api/v1/subjects/:uid/like", "subject_like", subjects::like_subject),
    Route::json("DELETE", "/api/v1/subjects/:uid/like", "subject_like", subjects::unlike_subject),
    Route::json("GET", "/api/v1/faces", "faces", subjects::faces),
    Route::json("GET", "/api/v1/faces/:id", "faces", subjects::face),
    Route::json("GET", "/api/v1/geo", "geo", search::geo),
    Route::json("GET", "/api/v1/moments/time", "moments", folders::moments),
    Route::json("GET", "/api/v1/folders/originals", "folders", folders::originals),
    Route::json("GET", "/api/v1/folders/originals/*path", "folders", folders::originals),
    Route::json("GET", "/api/v1/folders/import", "folders", folders::import),
    Route::json("GET", "/api/v1/folders/import/*path", "folders", folders::import),
    Route::json("GET", "/api/v1/folders/t/:uid/:token/:size", "cover", downloads::folder_cover),
];
