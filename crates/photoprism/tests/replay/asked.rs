//! Which function of the client makes a recorded request.

use bytes::Bytes;
use photomove_core::{BytesBody, Error, ErrorKind, Result};
use photomove_photoprism::client::{
    DavRoot, DavWrite, Download, DownloadName, ImportRun, IndexRun, PhotoPrismClient, ThumbSize, UploadFile,
};
use photomove_photoprism::search::{
    AlbumSearch, FaceSearch, FolderSearch, GeoSearch, LabelSearch, Page, PhotoSearch, SubjectSearch,
};
use photomove_photoprism::wire::{
    AlbumProperties, LabelProperties, NewLabel, PhotoProperties, Root, Selection, Settings, ShareLinkProperties,
};
use photomove_photoprism::{PhotoPrismAuth, PhotoPrismConfig, SignIn};
use serde::Serialize;
use serde_json::{Value, json};

use crate::recording::Exchange;
use crate::server::Server;

/// What the client made of an answer.
pub(crate) type Answer = Result<Value>;

fn read<T: Serialize>(result: Result<T>) -> Option<Answer> {
    Some(result.map(|value| serde_json::to_value(value).unwrap()))
}

fn rows<T: Serialize>(result: Result<Page<T>>) -> Option<Answer> {
    read(result.map(|page| page.rows))
}

/// `None` means "not found" where a function does not take that for an error.
fn found<T: Serialize>(result: Result<Option<T>>) -> Option<Answer> {
    read(result.and_then(|found| found.ok_or_else(|| Error::new(ErrorKind::NotFound, "there is none"))))
}

async fn bytes(result: Result<Download>) -> Option<Answer> {
    Some(match result {
        Ok(download) => download.bytes(1 << 30).await.map(|bytes| json!({"size": bytes.len()})),
        Err(error) => Err(error),
    })
}

/// Asks by the client's function; `None` if there is none.
pub(crate) async fn by_client(client: &PhotoPrismClient, server: &Server, exchange: &Exchange) -> Option<Answer> {
    if crate::never::asked(exchange).is_some() {
        return None;
    }
    let api = exchange.api();
    if api.is_empty() {
        return outside(client, exchange).await;
    }
    match exchange.method.as_str() {
        "GET" => match looks(client, exchange, &api).await {
            None => fetches(client, exchange, &api).await,
            answer => answer,
        },
        "POST" => match signs_in(client, server, exchange, &api).await {
            None => posts(client, exchange, &api).await,
            answer => answer,
        },
        "PUT" => puts(client, &api).await,
        "DELETE" => deletes(client, &api).await,
        _ => None,
    }
}

async fn looks(client: &PhotoPrismClient, exchange: &Exchange, api: &[&str]) -> Option<Answer> {
    match api {
        ["albums"] => rows(client.albums(&AlbumSearch::new(), 1000, 0).await),
        ["albums", album] => read(client.album(album).await),
        ["albums", album, "links"] => read(client.links(album).await),
        ["config"] => read(client.config().await),
        ["config", "options"] => read(client.config_options().await),
        ["errors"] => read(client.log(10, 0, "").await),
        ["faces"] => rows(client.faces(&FaceSearch::new(), 10, 0).await),
        ["files", hash] => found(client.file(hash).await),
        ["folders", root, path @ ..] => {
            let root = if *root == "import" {
                Root::Import
            } else {
                Root::Originals
            };
            read(client.folders(&root, &path.join("/"), &FolderSearch::new()).await)
        }
        ["geo"] => read(client.geo(&GeoSearch::new()).await),
        ["labels"] => rows(client.labels(&LabelSearch::new(), 10, 0).await),
        ["metrics"] => read(client.metrics().await.map(|text| json!({"size": text.len()}))),
        ["moments", "time"] => read(client.months().await),
        ["photos"] => {
            let search = PhotoSearch::new();
            rows(client.photos(&search, 1000, 0).await)
        }
        ["photos", photo, "yaml"] => found(client.photo_yaml(photo).await.map(|text| text.map(|_| json!({})))),
        ["photos", photo] => read(client.photo(photo).await),
        ["session"] => {
            let session = client.read_session().await;
            read(session.map(|session| {
                json!({"user": session.user, "scope": session.scope, "provider": session.provider,
                "session_id": session.session_id, "expires_in": session.expires_in})
            }))
        }
        ["settings"] => read(client.settings().await),
        ["status"] => read(client.status().await),
        ["subjects"] => rows(client.subjects(&SubjectSearch::new(), 10, 0).await),
        ["subjects", subject] => read(client.subject(subject).await),
        ["users", user, "sessions"] => {
            let provider = exchange.query.contains("provider=application").then_some("application");
            read(client.user_sessions(user, provider, 100).await)
        }
        _ => None,
    }
}

async fn fetches(client: &PhotoPrismClient, exchange: &Exchange, api: &[&str]) -> Option<Answer> {
    let size = |text: &str| ThumbSize::from(text);
    match api {
        ["albums", album, "dl"] => bytes(client.download_album(album).await).await,
        ["albums", album, "t", _, tile] => bytes(client.album_cover(album, &size(tile)).await).await,
        ["dl", hash] => match exchange.header("range").and_then(|range| range.strip_prefix("bytes=")) {
            Some(range) => {
                let offset = range.split('-').next()?.parse().ok()?;
                bytes(client.download_from(hash, offset).await).await
            }
            None => bytes(client.download(hash, &DownloadName::File).await).await,
        },
        ["photos", photo, "dl"] => bytes(client.download_photo(photo).await).await,
        ["t", hash, _, tile] => bytes(client.thumbnail(hash, &size(tile)).await).await,
        ["videos", hash, _, format] => bytes(client.video(hash, format).await).await,
        ["zip", name] => bytes(client.download_zip(name).await).await,
        _ => None,
    }
}

/// Logins are made by a client of their own, which does so with its first request.
async fn signs_in(client: &PhotoPrismClient, server: &Server, exchange: &Exchange, api: &[&str]) -> Option<Answer> {
    let text = |name: &str| exchange.body[name].as_str().unwrap_or_default().to_owned();
    let enter = |sign_in: SignIn| async {
        let auth = PhotoPrismAuth::new(sign_in).with_passcode(text("code").into());
        let config = PhotoPrismConfig::new(server.base.clone());
        let client = PhotoPrismClient::new(&config, &crate::env(), auth).unwrap();
        let session = client.session_ref().await;
        read(session.map(|session| json!({"session_id": session.as_str()})))
    };
    match api {
        ["session"] if is_public(exchange) => enter(SignIn::Public).await,
        ["session"] => {
            let (name, password) = (text("username"), text("password").into());
            enter(SignIn::User { name, password }).await
        }
        ["oauth", "token"] if exchange.body.to_string().contains("client_name") => {
            let made = client
                .create_app_password("admin", &"photomove-test".into(), "photomove", "*")
                .await;
            read(made.map(|made| {
                json!({"session_id": made.session_id, "scope": made.scope,
                "expires_in": made.expires_in, "client_name": made.client_name, "status": made.status})
            }))
        }
        ["oauth", "token"] => {
            let (id, secret) = ("cqxetse3cy5eo9z2".to_owned(), "x".repeat(32).into());
            enter(SignIn::Client { id, secret }).await
        }
        ["oauth", "revoke"] => read(client.revoke().await),
        _ => None,
    }
}

fn is_public(exchange: &Exchange) -> bool {
    let json = exchange.json.as_ref();
    json.is_some_and(|json| json["config"]["public"] == true)
}

async fn posts(client: &PhotoPrismClient, exchange: &Exchange, api: &[&str]) -> Option<Answer> {
    let one = ["ptotzzzzzzzzzzzz"];
    match api {
        ["albums"] => read(client.create_album("Trip", false).await),
        ["albums", album, "clone"] => read(client.clone_albums(album, ["atotzzzzzzzzzzzz"]).await),
        ["albums", album, "like"] => read(client.like_album(album).await),
        ["albums", album, "links"] => {
            let properties = ShareLinkProperties::default();
            read(client.create_link(album, &properties).await)
        }
        ["albums", album, "photos"] => read(client.add_to_album(album, one).await),
        ["batch", "albums", "delete"] => read(client.delete_albums(["atotzzzzzzzzzzzz"]).await),
        ["batch", "labels", "delete"] => read(client.delete_labels(["ltotzzzzzzzzzzzz"]).await),
        ["batch", "photos", "approve"] => read(client.approve_photos(one).await),
        ["batch", "photos", "archive"] => read(client.archive_photos(one).await),
        ["batch", "photos", "delete"] if exchange.body["all"] == true => read(client.empty_archive().await),
        ["batch", "photos", "delete"] => read(client.delete_photos(one).await),
        ["batch", "photos", "private"] => read(client.toggle_private(one).await),
        ["batch", "photos", "restore"] => read(client.restore_photos(one).await),
        ["import", ""] => read(client.import(&ImportRun::default()).await),
        ["index"] => read(client.index(&IndexRun::default()).await),
        ["labels", label, "like"] => read(client.like_label(label).await),
        ["photos", photo, "approve"] => read(client.approve_photo(photo).await),
        ["photos", photo, "files", file, "primary"] => read(client.set_primary_file(photo, file).await),
        ["photos", photo, "files", file, "unstack"] => read(client.unstack_file(photo, file).await),
        ["photos", photo, "label"] => read(client.add_label(photo, &NewLabel::new("Beach")).await),
        ["photos", photo, "like"] => read(client.like_photo(photo).await),
        ["settings"] => read(client.change_settings(&Settings::default()).await),
        ["users", _, "upload", token] => {
            let body = BytesBody::new(Bytes::from_static(b"x"));
            let received = client.stage_files(token, &[UploadFile::new("a.jpg", &body)]).await;
            read(received.map(|received| json!({"taken": received.taken})))
        }
        ["zip"] => read(client.create_zip(&Selection::photos(one)).await),
        _ => None,
    }
}

async fn puts(client: &PhotoPrismClient, api: &[&str]) -> Option<Answer> {
    match api {
        ["albums", album] => read(client.update_album(album, &AlbumProperties::default()).await),
        ["albums", album, "links", link] => {
            let properties = ShareLinkProperties::default();
            read(client.update_link(album, link, &properties).await)
        }
        ["labels", label] => read(client.update_label(label, &LabelProperties::default()).await),
        ["photos", photo] => read(client.update_photo(photo, &PhotoProperties::default()).await),
        ["photos", photo, "label", label] => {
            let change = NewLabel::new("Beach");
            read(client.change_label(photo, label.parse().ok()?, &change).await)
        }
        ["users", _, "upload", token] => read(client.process_upload::<&str>(token, &[]).await),
        _ => None,
    }
}

async fn deletes(client: &PhotoPrismClient, api: &[&str]) -> Option<Answer> {
    match api {
        ["albums", album] => read(client.delete_album(album).await),
        ["albums", album, "like"] => read(client.unlike_album(album).await),
        ["albums", album, "links", link] => read(client.delete_link(album, link).await),
        ["albums", album, "photos"] => read(client.remove_from_album(album, ["ptotzzzzzzzzzzzz"]).await),
        ["errors"] => read(client.clear_log().await),
        ["import"] => read(client.cancel_import().await),
        ["index"] => read(client.cancel_index().await),
        ["labels", label, "like"] => read(client.unlike_label(label).await),
        ["photos", photo, "files", file] => read(client.delete_file(photo, file).await),
        ["photos", photo, "label", label] => read(client.remove_label(photo, label.parse().ok()?).await),
        ["photos", photo, "like"] => read(client.unlike_photo(photo).await),
        ["session"] => read(client.delete_session().await),
        _ => None,
    }
}

/// Folders by WebDAV, and health.
async fn outside(client: &PhotoPrismClient, exchange: &Exchange) -> Option<Answer> {
    let segments = exchange.segments();
    let (root, path) = match segments.as_slice() {
        ["health"] => return read(client.health().await),
        ["originals", path @ ..] => (DavRoot::Originals, path.join("/")),
        ["import", path @ ..] => (DavRoot::Import, path.join("/")),
        _ => return None,
    };
    let (dav, path) = (client.webdav(root), decoded(&path));
    let to = exchange.header("destination").unwrap_or_default();
    let to = decoded(to.rsplit_once("/originals/").map_or("", |(_, to)| to));
    let overwrite = exchange.header("overwrite") != Some("F");
    let entries = |entries: Vec<photomove_photoprism::client::DavEntry>| json!({"entries": entries.len()});
    match exchange.method.as_str() {
        "PROPFIND" if exchange.header("depth") == Some("0") && path.is_empty() => read(dav.check().await),
        "PROPFIND" if exchange.header("depth") == Some("0") => {
            found(dav.stat(&path).await.map(|found| found.map(|_| ())))
        }
        "PROPFIND" => read(dav.list(&path).await.map(entries)),
        "MKCOL" => read(dav.make_folders(&path).await),
        "MOVE" => read(dav.rename(&path, &to, overwrite).await),
        "COPY" => read(dav.copy(&path, &to, overwrite).await),
        "DELETE" => found(dav.delete(&path).await.map(|deleted| deleted.then_some(()))),
        "PUT" => {
            let body = BytesBody::new(Bytes::from_static(b"x"));
            let how = DavWrite::default().with_favorite(true).with_overwrite(true);
            read(dav.write(&path, &body, how).await)
        }
        "GET" => {
            let range = exchange.header("range").map(|_| 1).unwrap_or_default();
            read(dav.read(&path, range).await.map(|_| ()))
        }
        _ => None,
    }
}

fn decoded(path: &str) -> String {
    let pairs = format!("x={}", path.replace('+', "%2B"));
    url::form_urlencoded::parse(pairs.as_bytes())
        .next()
        .map(|(_, path)| path.into_owned())
        .unwrap_or_default()
}
