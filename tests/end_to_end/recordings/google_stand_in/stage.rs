//! The stand-in of Google Photos with a sign-in, asked by hand.

use photomove_sim::{Fill, GoogleSim, GoogleSwitches, Library, LibraryAlbum, LibraryItem, ServiceKind, SimOptions};
use serde_json::{Value, json};

use crate::recordings::lab::{Ask, Given, Lab, refused};
use crate::recordings::photo;

pub const UPLOAD: &str = "POST /v1/uploads";
pub const BATCH_CREATE: &str = "POST /v1/mediaItems:batchCreate";
pub const BATCH_GET: &str = "GET /v1/mediaItems:batchGet";
pub const SEARCH: &str = "POST /v1/mediaItems:search";
pub const LIST: &str = "GET /v1/mediaItems";
pub const GET: &str = "GET /v1/mediaItems/{id}";
pub const ALBUMS: &str = "GET /v1/albums";
pub const ALBUM: &str = "GET /v1/albums/{id}";
pub const NEW_ALBUM: &str = "POST /v1/albums";
pub const ALBUM_ADD: &str = "POST /v1/albums/{id}:batchAddMediaItems";
pub const TOKEN: &str = "POST /token";

pub const APPEND_ONLY: &str = "https://www.googleapis.com/auth/photoslibrary.appendonly";
pub const READ: &str = "https://www.googleapis.com/auth/photoslibrary.readonly.appcreateddata";
pub const EDIT: &str = "https://www.googleapis.com/auth/photoslibrary.edit.appcreateddata";

/// An element of a `batchCreate`.
pub fn new_item(token: &str, name: &str, description: &str) -> Value {
    let mut item = json!({"simpleMediaItem": {"uploadToken": token, "fileName": name}});
    if !description.is_empty() {
        item["description"] = json!(description);
    }
    item
}

/// A signed-in stand-in.
pub struct Stage {
    pub lab: Lab,
    pub token: String,
}

impl Stage {
    pub async fn start(change: impl FnOnce(&mut GoogleSwitches)) -> Self {
        Self::with(Vec::new(), change).await
    }

    pub async fn filled(items: Vec<LibraryItem>) -> Self {
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

    pub fn google(&self) -> &GoogleSim {
        self.lab.sims.google().expect("started")
    }

    /// From here on the sign-in covers this only.
    pub fn only(&mut self, scopes: &[&str]) {
        self.token = self.google().access_token(scopes);
    }

    pub fn fail(&self, operation: &str, status: u16) {
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

    pub async fn get(&self, route: &str, id: &str, query: &str) -> Given {
        self.ask(Ask {
            route,
            id,
            query,
            ..Ask::default()
        })
        .await
    }

    pub async fn post(&self, route: &str, body: Value) -> Given {
        self.post_to(route, "", body).await
    }

    pub async fn post_to(&self, route: &str, id: &str, body: Value) -> Given {
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

    pub async fn try_upload(&self, bytes: Vec<u8>) -> Given {
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

    pub async fn upload(&self, bytes: Vec<u8>) -> String {
        let given = self.try_upload(bytes).await;
        assert_eq!(given.status, 200, "{given:?}");
        given.json().as_str().expect("a token").to_owned()
    }

    pub async fn create(&self, body: Value) -> Given {
        let given = self.post(BATCH_CREATE, body).await;
        assert_eq!(given.status, 200, "{given:?}");
        given
    }

    /// Creates a photo and returns its id.
    pub async fn item(&self, number: u16, described: bool) -> String {
        let token = self.upload(photo::plain(number).await).await;
        let item = new_item(&token, "a.jpg", if described { "words" } else { "" });
        let given = self.create(json!({"newMediaItems": [item]})).await;
        given.json()["newMediaItemResults"][0]["mediaItem"]["id"]
            .as_str()
            .expect("an item")
            .to_owned()
    }

    pub async fn new_album(&self) -> Given {
        self.post(NEW_ALBUM, json!({"album": {"title": "제주"}})).await
    }

    pub async fn empty_album(&self) -> String {
        self.new_album().await.json()["id"]
            .as_str()
            .expect("an album")
            .to_owned()
    }

    /// An album with one photo in it.
    pub async fn full_album(&self) -> String {
        let (album, item) = (self.empty_album().await, self.item(1, false).await);
        let added = self.post_to(ALBUM_ADD, &album, json!({"mediaItemIds": [item]})).await;
        assert_eq!(added.status, 200, "{added:?}");
        album
    }

    /// Presents a refresh token whose grant was taken back.
    pub async fn revoked_refresh(&self) -> Given {
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
