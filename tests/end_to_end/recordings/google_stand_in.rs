//! The stand-in of Google Photos, brought into the situation of each recording.

use photomove_sim::google::ErrorStyle;
use photomove_sim::{
    Fill, GoogleSim, GoogleSwitches, Library, LibraryAlbum, LibraryItem, MediaFacts, ServiceKind, SimOptions,
};
use serde_json::{Value, json};

use super::lab::{Ask, Given, Lab, refused};
use super::photo;
use super::recording::Recording;

const UPLOAD: &str = "POST /v1/uploads";
const BATCH_CREATE: &str = "POST /v1/mediaItems:batchCreate";
const BATCH_GET: &str = "GET /v1/mediaItems:batchGet";
const SEARCH: &str = "POST /v1/mediaItems:search";
const LIST: &str = "GET /v1/mediaItems";
const GET: &str = "GET /v1/mediaItems/{id}";
const ALBUMS: &str = "GET /v1/albums";
const ALBUM: &str = "GET /v1/albums/{id}";
const NEW_ALBUM: &str = "POST /v1/albums";
const ALBUM_ADD: &str = "POST /v1/albums/{id}:batchAddMediaItems";
const TOKEN: &str = "POST /token";

const APPEND_ONLY: &str = "https://www.googleapis.com/auth/photoslibrary.appendonly";
const READ: &str = "https://www.googleapis.com/auth/photoslibrary.readonly.appcreateddata";
const EDIT: &str = "https://www.googleapis.com/auth/photoslibrary.edit.appcreateddata";

/// The stand-in's reply for each recorded one; `None` where it has none.
pub async fn replies(recording: &Recording) -> Vec<Option<Given>> {
    let name = recording.stem();
    if name.starts_with("album") {
        albums(name).await
    } else if name.starts_with("mediaitem") || name.starts_with("fixture") || name.starts_with("search-videos") {
        items(name).await
    } else if name.starts_with("batch") {
        batches(name).await
    } else {
        refusals(name).await
    }
}

async fn albums(name: &str) -> Vec<Option<Given>> {
    let mut stage = Stage::start(|_| {}).await;
    let given = match name {
        "album-create" => stage.new_album().await,
        "album-get-with-cover" => {
            let id = stage.full_album().await;
            stage.only(&[READ]);
            stage.get(ALBUM, &id, "").await
        }
        "albums-batchadd-400-invalid-item" => {
            let foreign = stage.google().preload_phone_item(photo::plain(1).await, "IMG_1.jpg");
            let id = stage.empty_album().await;
            stage.post_to(ALBUM_ADD, &id, json!({"mediaItemIds": [foreign]})).await
        }
        "albums-list-app-created" => {
            stage.empty_album().await;
            stage.get(ALBUMS, "", "").await
        }
        "albums-list-pagetoken-shape" => {
            stage.empty_album().await;
            stage.empty_album().await;
            let query = "excludeNonAppCreatedData=true&pageSize=1";
            let page = stage.get(ALBUMS, "", query).await;
            let token = page.json()["nextPageToken"].as_str().expect("a token").to_owned();
            let plain = token.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
            assert!(
                plain && token.len() > 200,
                "page tokens are long texts of URL-safe base64, not {token}"
            );
            stage.get(ALBUMS, "", &format!("{query}&pageToken={token}")).await
        }
        "albums-list-unicode-title" => {
            stage.full_album().await;
            stage.only(&[READ]);
            stage.get(ALBUMS, "", "").await
        }
        other => panic!("no situation for {other}"),
    };
    vec![Some(given)]
}

async fn items(name: &str) -> Vec<Option<Given>> {
    let given = match name {
        "mediaitem-get-photo-2019" | "mediaitem-get-photo-with-description" => {
            let stage = Stage::start(|_| {}).await;
            let described = name.ends_with("description");
            let id = stage.item(1, described).await;
            stage.get(GET, &id, "").await
        }
        "mediaitem-photo-no-exposuretime" => {
            let stage = Stage::start(|_| {}).await;
            stage.item(1, false).await;
            stage.get(LIST, "", "").await
        }
        "mediaitems-batchget-500" => {
            let stage = Stage::start(|_| {}).await;
            let id = stage.item(1, false).await;
            stage.google().switches().poisonous_id = Some(id.clone());
            stage.get(BATCH_GET, "", &format!("mediaItemIds={id}")).await
        }
        "fixture-ha-list-albums" => {
            let stage = Stage::start(|_| {}).await;
            stage.full_album().await;
            stage.get(ALBUMS, "", "").await
        }
        "fixture-ha-list-mediaitems" => {
            let photo = LibraryItem::from_bytes("a.jpg", photo::plain(1).await);
            let stage = Stage::filled(vec![described(photo), described(video("a"))]).await;
            stage.get(LIST, "", "").await
        }
        "search-videos-processing-and-ready" => {
            let stage = Stage::filled(vec![video("a"), video("b")]).await;
            stage.google().switches().video_processing = jiff::SignedDuration::from_secs(600);
            stage.lab.advance(700);
            let token = stage.upload(movie("c")).await;
            stage
                .create(json!({"newMediaItems": [new_item(&token, "c.mp4", "")]}))
                .await;
            let filters = json!({"mediaTypeFilter": {"mediaTypes": ["VIDEO"]}});
            let given = stage.post(SEARCH, json!({"pageSize": 3, "filters": filters})).await;
            assert_eq!(
                given.json()["mediaItems"].as_array().map(Vec::len),
                Some(3),
                "{given:?}"
            );
            given
        }
        other => panic!("no situation for {other}"),
    };
    vec![Some(given)]
}

async fn batches(name: &str) -> Vec<Option<Given>> {
    let stage = Stage::start(|switches| {
        if name.ends_with("2018") {
            switches.success_message = "OK".into();
        }
        if name.contains("code3") {
            switches.failure_prefix = "BAD_IMAGE: ".into();
        }
    })
    .await;
    let given = match name {
        "batchcreate-400-more-than-50" => {
            let items: Vec<Value> = (0..51)
                .map(|number| new_item(&format!("token-{number}"), "a.jpg", ""))
                .collect();
            stage.post(BATCH_CREATE, json!({"newMediaItems": items})).await
        }
        "batchcreate-into-album-two-items" => {
            let album = stage.empty_album().await;
            let tokens = [
                stage.upload(photo::plain(1).await).await,
                stage.upload(photo::plain(2).await).await,
            ];
            let items = tokens.map(|token| new_item(&token, "a.jpg", "words"));
            stage.create(json!({"albumId": album, "newMediaItems": items})).await
        }
        "batchcreate-item-code3-http200" => {
            let token = stage.upload(b"no picture at all".to_vec()).await;
            stage
                .create(json!({"newMediaItems": [new_item(&token, "refused-by-google.arw", "")]}))
                .await
        }
        "batchcreate-ok-2018" => {
            let token = stage.upload(photo::plain(1).await).await;
            stage
                .create(json!({"newMediaItems": [new_item(&token, "a.jpg", "")]}))
                .await
        }
        "batchget-two-items" => {
            let (first, second) = (stage.item(1, true).await, stage.item(2, true).await);
            stage
                .get(BATCH_GET, "", &format!("mediaItemIds={first}&mediaItemIds={second}"))
                .await
        }
        other => panic!("no situation for {other}"),
    };
    vec![Some(given)]
}

async fn refusals(name: &str) -> Vec<Option<Given>> {
    let mut stage = Stage::start(|switches| {
        switches.error_style = match name {
            "429-writes-per-minute-per-user-2019" => ErrorStyle::ErrorsOnly,
            "search-403-insufficient-scopes" => ErrorStyle::Bare,
            _ => ErrorStyle::Full,
        };
        switches.api_enabled = !name.starts_with("api-not-enabled");
    })
    .await;
    let nothing = || json!({"newMediaItems": []});
    let given = match name {
        "429-daily-old-metric-name" => {
            stage.google().switches().requests_per_day = Some(0);
            stage.post(SEARCH, json!({})).await
        }
        "429-daily-with-headers" => {
            stage.google().switches().requests_per_day = Some(0);
            stage.post(BATCH_CREATE, nothing()).await
        }
        "429-messages-collected" => return quotas(&stage).await,
        "429-writes-per-minute-per-user-2019" => {
            stage.google().switches().writes_per_minute = Some(0);
            stage.new_album().await
        }
        "429-writes-per-minute-per-user-with-details" => {
            stage.google().switches().writes_per_minute = Some(0);
            stage.post(BATCH_CREATE, nothing()).await
        }
        "api-not-enabled-403-2020" => stage.get(ALBUMS, "", "").await,
        "http-error-messages-collected" => return collected(&stage).await,
        "library-401-headers" => {
            stage.token = "ya29.nobody".into();
            stage.get(LIST, "", "").await
        }
        "oauth-refresh-400-bad-request" | "oauth-refresh-400-revoked" => stage.revoked_refresh().await,
        "search-403-insufficient-scopes" => {
            stage.only(&[APPEND_ONLY]);
            stage.post(SEARCH, json!({})).await
        }
        "uploads-400-empty-payload" => stage.try_upload(Vec::new()).await,
        "uploads-400-upload-quota" => {
            stage.google().switches().uploads_per_minute = Some(0);
            stage.try_upload(photo::plain(1).await).await
        }
        "uploads-401-authentication-session" => {
            stage.token = "ya29.nobody".into();
            stage.try_upload(photo::plain(1).await).await
        }
        other => panic!("no situation for {other}"),
    };
    vec![Some(given)]
}

/// The day's quota, the minute's, and a write while another one goes on.
async fn quotas(stage: &Stage) -> Vec<Option<Given>> {
    let switches = || stage.google().switches();
    switches().requests_per_day = Some(0);
    let day = stage.new_album().await;
    (switches().requests_per_day, switches().writes_per_minute) = (None, Some(0));
    let minute = stage.new_album().await;
    switches().writes_per_minute = None;
    switches().hold_write_lane = jiff::SignedDuration::from_secs(60);
    assert_eq!(stage.new_album().await.status, 200);
    vec![Some(day), Some(minute), Some(stage.new_album().await)]
}

/// Refusals of one uploader's life, in the order of the recording; the last one was no reply.
async fn collected(stage: &Stage) -> Vec<Option<Given>> {
    let token = stage.upload(photo::plain(1).await).await;
    let good = json!({"newMediaItems": [new_item(&token, "a.jpg", "")]});
    let mut all = Vec::new();
    for status in [500, 503] {
        stage.fail("batch_create", status);
        all.push(Some(stage.post(BATCH_CREATE, good.clone()).await));
    }
    stage.google().service().shared().faults.replace(Vec::new());
    all.push(Some(
        stage
            .post(BATCH_CREATE, json!({"newMediaItems": [new_item("wrong", "a.jpg", "")]}))
            .await,
    ));
    let mut elsewhere = good;
    elsewhere["albumId"] = json!("wrong");
    all.push(Some(stage.post(BATCH_CREATE, elsewhere).await));
    for status in [500, 503] {
        stage.fail("album_list", status);
        all.push(Some(stage.get(ALBUMS, "", "").await));
    }
    all.push(None);
    all
}

fn new_item(token: &str, name: &str, description: &str) -> Value {
    let mut item = json!({"simpleMediaItem": {"uploadToken": token, "fileName": name}});
    if !description.is_empty() {
        item["description"] = json!(description);
    }
    item
}

/// The beginning of an MP4 file; `tail` makes it different from others.
fn movie(tail: &str) -> Vec<u8> {
    [
        b"\0\0\0\x14ftypisom\0\0\x02\0mp41",
        &[0, 0, 0, 12][..],
        b"free",
        tail.as_bytes(),
        b"....",
    ]
    .concat()
}

/// A video of which size and camera are known.
fn video(name: &str) -> LibraryItem {
    let facts = MediaFacts {
        make: Some("Examplo".into()),
        model: Some("Examplo Phone 12".into()),
        width_px: Some(1920),
        height_px: Some(1080),
        ..MediaFacts::default()
    };
    LibraryItem {
        facts,
        ..LibraryItem::from_bytes(format!("{name}.mp4"), movie(name))
    }
}

fn described(item: LibraryItem) -> LibraryItem {
    LibraryItem {
        description: Some("words".into()),
        ..item
    }
}

struct Stage {
    lab: Lab,
    token: String,
}

impl Stage {
    async fn start(change: impl FnOnce(&mut GoogleSwitches)) -> Self {
        Self::with(Vec::new(), change).await
    }

    async fn filled(items: Vec<LibraryItem>) -> Self {
        Self::with(items, |_| {}).await
    }

    async fn with(items: Vec<LibraryItem>, change: impl FnOnce(&mut GoogleSwitches)) -> Self {
        let mut google = GoogleSwitches::default();
        change(&mut google);
        let library = Library {
            items,
            albums: Vec::<LibraryAlbum>::new(),
        };
        let options = SimOptions {
            fill: Some(Fill::Library(library)),
            google,
            ..SimOptions::default()
        };
        let lab = Lab::start(ServiceKind::Google, options).await;
        let token = lab
            .sims
            .google()
            .expect("started")
            .access_token(&[APPEND_ONLY, READ, EDIT]);
        Self { lab, token }
    }

    fn google(&self) -> &GoogleSim {
        self.lab.sims.google().expect("started")
    }

    /// From here on the sign-in covers this only.
    fn only(&mut self, scopes: &[&str]) {
        self.token = self.google().access_token(scopes);
    }

    fn fail(&self, operation: &str, status: u16) {
        self.google()
            .service()
            .shared()
            .faults
            .replace(refused(operation, status));
    }

    async fn ask(&self, mut ask: Ask<'_>) -> Given {
        ask.headers.push(("authorization", format!("Bearer {}", self.token)));
        self.lab.ask(self.google().library_url(), ask).await
    }

    async fn get(&self, route: &str, id: &str, query: &str) -> Given {
        self.ask(Ask {
            route,
            id,
            query,
            ..Ask::default()
        })
        .await
    }

    async fn post(&self, route: &str, body: Value) -> Given {
        self.post_to(route, "", body).await
    }

    async fn post_to(&self, route: &str, id: &str, body: Value) -> Given {
        let headers = vec![("content-type", "application/json".to_owned())];
        self.ask(Ask {
            route,
            id,
            headers,
            body: body.to_string().into_bytes(),
            ..Ask::default()
        })
        .await
    }

    async fn try_upload(&self, bytes: Vec<u8>) -> Given {
        let headers = vec![
            ("content-type", "application/octet-stream".to_owned()),
            ("x-goog-upload-protocol", "raw".to_owned()),
        ];
        self.ask(Ask {
            route: UPLOAD,
            headers,
            body: bytes,
            ..Ask::default()
        })
        .await
    }

    async fn upload(&self, bytes: Vec<u8>) -> String {
        let given = self.try_upload(bytes).await;
        assert_eq!(given.status, 200, "{given:?}");
        given.json().as_str().expect("a token").to_owned()
    }

    async fn create(&self, body: Value) -> Given {
        let given = self.post(BATCH_CREATE, body).await;
        assert_eq!(given.status, 200, "{given:?}");
        given
    }

    /// Creates a photo and returns its id.
    async fn item(&self, number: u16, described: bool) -> String {
        let token = self.upload(photo::plain(number).await).await;
        let item = new_item(&token, "a.jpg", if described { "words" } else { "" });
        let given = self.create(json!({"newMediaItems": [item]})).await;
        given.json()["newMediaItemResults"][0]["mediaItem"]["id"]
            .as_str()
            .expect("an item")
            .to_owned()
    }

    async fn new_album(&self) -> Given {
        self.post(NEW_ALBUM, json!({"album": {"title": "제주"}})).await
    }

    async fn empty_album(&self) -> String {
        self.new_album().await.json()["id"]
            .as_str()
            .expect("an album")
            .to_owned()
    }

    /// An album with one photo in it.
    async fn full_album(&self) -> String {
        let (album, item) = (self.empty_album().await, self.item(1, false).await);
        let added = self.post_to(ALBUM_ADD, &album, json!({"mediaItemIds": [item]})).await;
        assert_eq!(added.status, 200, "{added:?}");
        album
    }

    /// Presents a refresh token whose grant was taken back.
    async fn revoked_refresh(&self) -> Given {
        let file = |name: &str| -> Value {
            let text = std::fs::read_to_string(&self.lab.sims.env()[name]).expect("credential file");
            serde_json::from_str(&text).expect("JSON")
        };
        let client = &file("PHOTOMOVE_GOOGLE_CLIENT_SECRET")["installed"];
        let token = &file("PHOTOMOVE_GOOGLE_TOKEN")["refresh_token"];
        self.google().revoke_refresh();
        let text = |value: &Value| -> String {
            value
                .as_str()
                .expect("text")
                .bytes()
                .map(|byte| format!("%{byte:02X}"))
                .collect()
        };
        let form = format!(
            "grant_type=refresh_token&refresh_token={}&client_id={}&client_secret={}",
            text(token),
            text(&client["client_id"]),
            text(&client["client_secret"])
        );
        let headers = vec![("content-type", "application/x-www-form-urlencoded".to_owned())];
        let ask = Ask {
            route: TOKEN,
            headers,
            body: form.into_bytes(),
            ..Ask::default()
        };
        self.lab.ask(self.google().oauth2_url(), ask).await
    }
}
