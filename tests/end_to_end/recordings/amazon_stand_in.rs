//! The stand-in of Amazon Photos, brought into the situation of each recording.

use photomove_sim::amazon::{Region, TempLinkForm};
use photomove_sim::{AmazonSwitches, FaultRule, Fill, Library, LibraryItem, ServiceKind, SimOptions};
use serde_json::Value;

use super::lab::{Ask, Given, Lab, refused};
use super::photo;
use super::recording::{Recording, split};

const NODES: &str = "GET /drive/v1/nodes";
const NODE: &str = "GET /drive/v1/nodes/{id}";
const CHILDREN: &str = "GET /drive/v1/nodes/{id}/children";
const USAGE: &str = "GET /drive/v1/account/usage";
const ENDPOINT: &str = "GET /drive/v1/account/endpoint";
const CONTENT: &str = "GET /cdproxy/nodes/{id}";

/// The stand-in's reply for each recorded one; `None` where it has none.
pub async fn replies(recording: &Recording) -> Vec<Option<Given>> {
    match recording.stem() {
        "doc-account-quota-info-2014" => {
            let stage = Stage::with(synthetic(), |_| {}).await;
            vec![
                Some(stage.metadata("GET /drive/v1/account/quota", "", "").await),
                Some(stage.metadata("GET /drive/v1/account/info", "", "").await),
            ]
        }
        "doc-account-usage-2014" | "usage-one-photo" => {
            one(Stage::with(synthetic(), |_| {}).await.metadata(USAGE, "", "").await)
        }
        "download-redirect-web-app-2020" => {
            let stage = Stage::with(synthetic(), |_| {}).await;
            let (_, query) = split(&recording.request_target().expect("a request"));
            // The same parameters, for a file and an owner that are there.
            let names: Vec<&str> = query.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["querySuffix", "ownerId"]);
            let query = format!("querySuffix=%3Fdownload%3Dtrue&ownerId={}", stage.owner());
            let id = stage.first_file().await;
            one(stage
                .metadata("GET /drive/v1/nodes/{id}/contentRedirection", &id, &query)
                .await)
        }
        "dtp-account-endpoint-2026" => one(Stage::with(synthetic(), |_| {}).await.metadata(ENDPOINT, "", "").await),
        "dtp-endpoint-403-not-registered" => {
            one(Stage::with(synthetic(), |switches| switches.account_endpoint = false)
                .await
                .metadata(ENDPOINT, "", "")
                .await)
        }
        "fixture-acd-nodes" => {
            let stage = Stage::with(of(LibraryItem::from_bytes("x.txt", "some text")), |_| {}).await;
            let root = stage.found("isRoot%3Atrue").await;
            let file = stage.first_file().await;
            vec![
                Some(stage.metadata(NODE, &root, BASE).await),
                Some(stage.metadata(NODE, &file, BASE).await),
            ]
        }
        "list-400-next-token-expired" => one(expired_page(&Stage::with(synthetic(), |_| {}).await).await),
        "node-file-photo-2022" => {
            let library = of(LibraryItem::from_bytes("IMG_0001.jpg", photo::full().await));
            let stage = Stage::with(library, |_| {}).await;
            let id = stage.first_file().await;
            one(stage.metadata(NODE, &id, BASE).await)
        }
        "root-401-metadata-host" => {
            let stage = Stage::with(synthetic(), |_| {}).await;
            let headers = vec![(
                "cookie",
                stage
                    .cookies()
                    .replace("session-id", "session_id")
                    .replace("ubid-", "ubid_"),
            )];
            let query = format!("filters=isRoot%3Atrue&{BASE}");
            one(stage
                .lab
                .ask(
                    &stage.url("metadata"),
                    Ask {
                        route: NODES,
                        query: &query,
                        headers,
                        ..Ask::default()
                    },
                )
                .await)
        }
        "server-500-internal-failure" => {
            let stage = Stage::failing(refused("download", 500)).await;
            one(stage.content(&stage.first_file().await).await)
        }
        "share-children-file" => {
            let stage = Stage::with(of(LibraryItem::from_bytes("disk.iso", vec![7; 64])), |_| {}).await;
            let file = stage.first_file().await;
            let folder = stage.metadata(NODE, &file, BASE).await.json()["parents"][0]
                .as_str()
                .expect("a folder")
                .to_owned();
            let query = "asset=ALL&tempLink=true&limit=1&offset=0&resourceVersion=V2&ContentType=JSON";
            one(stage.metadata(CHILDREN, &folder, query).await)
        }
        "templink-urls" => temp_links(recording).await,
        "throttle-429-bodies" => {
            let stage = Stage::failing([refused("get", 429), refused("download", 429)].concat()).await;
            let id = stage.first_file().await;
            vec![
                Some(stage.metadata(NODE, &id, BASE).await),
                Some(stage.content(&id).await),
                None,
            ]
        }
        "upload-401-content-host" => {
            let stage = Stage::with(synthetic(), |switches| switches.content_region = Region::Europe).await;
            one(stage.content(&stage.first_file().await).await)
        }
        other => panic!("no situation for {other}"),
    }
}

const BASE: &str = "asset=ALL&tempLink=false&resourceVersion=V2&ContentType=JSON";

fn one(given: Given) -> Vec<Option<Given>> {
    vec![Some(given)]
}

/// The page behind a token that has become too old.
async fn expired_page(stage: &Stage) -> Given {
    let file = stage.first_file().await;
    let folder = stage.metadata(NODE, &file, BASE).await.json()["parents"][0]
        .as_str()
        .expect("a folder")
        .to_owned();
    let page = stage.metadata(CHILDREN, &folder, &format!("limit=1&{BASE}")).await;
    let token = page.json()["nextToken"].as_str().expect("a token").to_owned();
    stage.lab.advance(700);
    let token: String = token.bytes().map(|byte| format!("%{byte:02X}")).collect();
    stage
        .metadata(CHILDREN, &folder, &format!("startToken={token}&limit=1&{BASE}"))
        .await
}

/// A node with a link, once for each recorded link; host apart, the links must have the recorded form.
async fn temp_links(recording: &Recording) -> Vec<Option<Given>> {
    let stage = Stage::with(synthetic(), |switches| switches.temp_link = TempLinkForm::Token).await;
    let id = stage.first_file().await;
    let mut all = Vec::new();
    for reply in recording.replies() {
        let given = stage
            .metadata(NODE, &id, &BASE.replace("tempLink=false", "tempLink=true"))
            .await;
        let body = reply.body.expect("a link");
        assert_eq!(form(&given.json()["tempLink"]), form(&body["tempLink"]));
        all.push(Some(given));
    }
    all
}

/// The path of a link without its last part, and how many parts that path has.
fn form(link: &Value) -> (String, usize) {
    let (_, rest) = link.as_str().expect("a link").split_once("://").expect("an address");
    let (path, _) = split(rest);
    let path = path.split_once('/').expect("a path").1.to_owned();
    let (front, token) = path.rsplit_once('/').expect("a token");
    assert!(
        token.len() >= 22 && token.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)),
        "{token}"
    );
    (front.to_owned(), path.split('/').count())
}

fn synthetic() -> Library {
    Library::synthetic(3, 2000, 7).expect("a library")
}

fn of(item: LibraryItem) -> Library {
    Library {
        items: vec![item],
        albums: Vec::new(),
    }
}

struct Stage {
    lab: Lab,
}

impl Stage {
    async fn with(library: Library, change: impl FnOnce(&mut AmazonSwitches)) -> Self {
        Self::start(library, Vec::new(), change).await
    }

    async fn failing(faults: Vec<FaultRule>) -> Self {
        Self::start(synthetic(), faults, |_| {}).await
    }

    async fn start(library: Library, faults: Vec<FaultRule>, change: impl FnOnce(&mut AmazonSwitches)) -> Self {
        let mut amazon = AmazonSwitches::default();
        change(&mut amazon);
        let options = SimOptions {
            fill: Some(Fill::Library(library)),
            faults,
            amazon,
            ..SimOptions::default()
        };
        Self {
            lab: Lab::start(ServiceKind::Amazon, options).await,
        }
    }

    fn url(&self, role: &str) -> String {
        self.lab.sims.amazon().expect("started").origins()[role].clone()
    }

    fn owner(&self) -> String {
        self.lab.sims.amazon().expect("started").owner_id().to_owned()
    }

    fn cookies(&self) -> String {
        let cookies = self.lab.sims.amazon().expect("started").cookies();
        cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join("; ")
    }

    fn signed(&self) -> Vec<(&'static str, String)> {
        let session = self.lab.sims.amazon().expect("started").cookies()[0].1.clone();
        vec![("cookie", self.cookies()), ("x-amzn-sessionid", session)]
    }

    async fn metadata(&self, route: &str, id: &str, query: &str) -> Given {
        self.lab
            .ask(
                &self.url("metadata"),
                Ask {
                    route,
                    id,
                    query,
                    headers: self.signed(),
                    ..Ask::default()
                },
            )
            .await
    }

    async fn content(&self, id: &str) -> Given {
        self.lab
            .ask(
                &self.url("content"),
                Ask {
                    route: CONTENT,
                    id,
                    headers: self.signed(),
                    ..Ask::default()
                },
            )
            .await
    }

    /// Id of the first file.
    async fn first_file(&self) -> String {
        self.found("kind%3AFILE").await
    }

    /// Id of the first node that a filter lets pass.
    async fn found(&self, filters: &str) -> String {
        let page = self.metadata(NODES, "", &format!("filters={filters}&{BASE}")).await;
        page.json()["data"][0]["id"].as_str().expect("a node").to_owned()
    }
}
