//! Methods of the Amazon client by their names in the table.

use photomove::amazon::wire::{ContentProperties, Node, NodePage, Properties, Usage};
use photomove::amazon::{AmazonClient, AmazonConfig, Cookies, Endpoints, Filter, NodeQuery, Route, SearchQuery};
use photomove_core::{Error, ErrorKind, Result};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

use super::lab;
use super::recording::{Recording, Reply};
use super::replay::{Replay, Request};

/// Calls one method against the recorded reply and writes down what it read, in the service's words.
pub async fn call(recording: &Recording, method: &str, reply: &Reply) -> (Vec<Request>, Result<Value>) {
    let replay = Replay::start(reply.clone()).await;
    let outcome = Box::pin(call_at(recording, method, reply, &replay.url)).await;
    (replay.requests(), outcome)
}

async fn call_at(recording: &Recording, method: &str, reply: &Reply, url: &str) -> Result<Value> {
    let client = client(url)?;
    let id = reply
        .body
        .as_ref()
        .and_then(|body| body["id"].as_str())
        .unwrap_or("node");
    match method {
        "AmazonClient::root" => client.root().await.map(node),
        "AmazonClient::usage" => client.usage().await.map(usage),
        "AmazonClient::nodes" => page(client.nodes(&NodeQuery::new(Filter::new())).await?),
        "AmazonClient::children" => page(client.children(id, &NodeQuery::new(Filter::new())).await?),
        "AmazonClient::search" => page(client.search(&SearchQuery::default()).await?),
        "AmazonClient::node" => client.node(id).await.map(node),
        "AmazonClient::node_with_link" => client.node_with_link(id).await.map(node),
        "AmazonClient::download (signed)" => download(&client, Route::Signed, id, None).await,
        "AmazonClient::download (redirection)" => {
            let target = recording.request_target().expect("a recorded request");
            let (path, query) = super::recording::split(&target);
            let id = path.split('/').nth(4).expect("an id in the path").to_owned();
            let owner = query
                .into_iter()
                .find(|(name, _)| name == "ownerId")
                .map(|(_, owner)| owner);
            download(&client, Route::Redirection, &id, owner.as_deref()).await
        }
        other => panic!("docs/recordings.md names an unknown method `{other}`"),
    }
}

fn client(url: &str) -> Result<AmazonClient> {
    let url = Some(url.parse().expect("address"));
    let endpoints = Endpoints {
        metadata: url.clone(),
        content: url.clone(),
        download: url.clone(),
        thumbnail: url,
    };
    let cookies = Cookies::parse("session-id=133-1; ubid-main=134-1; at-main=token")?;
    AmazonClient::new(
        &AmazonConfig::default().with_endpoints(endpoints),
        &cookies,
        &lab::env(),
    )
}

async fn download(client: &AmazonClient, route: Route, id: &str, owner: Option<&str>) -> Result<Value> {
    let download = client.download(route, id, owner, 0).await?;
    Ok(json!({"size": download.size_bytes}))
}

fn page(page: NodePage) -> Result<Value> {
    let nodes = page
        .nodes
        .into_iter()
        .map(|read| read.map(node))
        .collect::<Result<Vec<_>>>()?;
    let mut all = page.other;
    put(&mut all, "count", page.count);
    put(&mut all, "nextToken", page.next_token);
    put(&mut all, "data", Some(nodes));
    if all["data"].as_array().is_none_or(Vec::is_empty) {
        return Err(Error::new(ErrorKind::Internal, "recorded pages are not empty"));
    }
    Ok(all.into())
}

/// All that the client knows of a node, typed or not, under the service's own keys.
fn node(node: Node) -> Value {
    let mut all = node.other;
    put(&mut all, "id", Some(node.id));
    put(&mut all, "kind", node.kind);
    put(&mut all, "name", node.name);
    put(&mut all, "ownerId", node.owner_id);
    put(&mut all, "status", node.status);
    put(&mut all, "version", node.version);
    put(&mut all, "createdDate", node.created_date);
    put(&mut all, "modifiedDate", node.modified_date);
    put(&mut all, "parents", Some(node.parents));
    put(&mut all, "isRoot", node.is_root);
    put(&mut all, "isShared", node.is_shared);
    put(&mut all, "description", node.description);
    put(&mut all, "keywords", Some(node.keywords));
    put(&mut all, "labels", Some(node.labels));
    put(&mut all, "contentProperties", node.content.map(content));
    put(
        &mut all,
        "tempLink",
        node.temp_link.map(|link| link.expose_secret().to_owned()),
    );
    all.into()
}

fn content(content: ContentProperties) -> Value {
    let mut all = content.other;
    put(&mut all, "size", content.size);
    put(&mut all, "md5", content.md5);
    put(&mut all, "contentType", content.content_type);
    put(&mut all, "extension", content.extension);
    put(&mut all, "contentDate", content.content_date);
    put(&mut all, "version", content.version);
    for (name, Properties(properties)) in [
        ("image", content.image),
        ("video", content.video),
        ("address", content.address),
    ] {
        put(
            &mut all,
            name,
            Some(properties).filter(|properties| !properties.is_empty()),
        );
    }
    all.into()
}

fn usage(usage: Usage) -> Value {
    let mut all = Map::new();
    put(&mut all, "lastCalculated", usage.last_calculated);
    for (name, category) in usage.categories {
        let [total, billable] =
            [category.total, category.billable].map(|amount| json!({"bytes": amount.bytes, "count": amount.count}));
        put(&mut all, &name, Some(json!({"total": total, "billable": billable})));
    }
    all.into()
}

/// Adds a key unless there is nothing to add, or the odd value that stayed untyped is there already.
fn put(all: &mut Map<String, Value>, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        all.entry(name).or_insert(value.into());
    }
}
