//! `websocket.json`: the messages about what happened meanwhile, by topic, with their keys and types.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::compare::Comparison;
use super::known;
use super::recipes::sample;
use super::recording::{folder, read_rows, samples};
use super::replayer::{Difference, Replayer};
use super::scenarios::Chain;

/// Topics of which the server sends more or fewer, as its steps need: only their form is compared.
const OFTEN: &[&str] = &["config.updated", "count.", "log.info"];

/// An import of a folder of this name is the last thing that is told.
const END: &str = "the-end";

async fn connect(replayer: &Replayer) -> WebSocketStream<TcpStream> {
    let url = replayer.sim().url().replacen("http://", "ws://", 1) + "/api/v1/ws";
    let host = url.trim_start_matches("ws://").split('/').next().unwrap_or_default();
    let stream = TcpStream::connect(host.to_owned()).await.expect("the stand-in listens");
    client_async(url, stream).await.expect("it speaks websocket").0
}

/// The next message.
async fn next(socket: &mut WebSocketStream<TcpStream>) -> Value {
    loop {
        let message = socket
            .next()
            .await
            .expect("the stand-in stays")
            .expect("it sends messages");
        if let Message::Text(text) = message {
            return serde_json::from_str(text.as_str()).expect("messages are JSON");
        }
    }
}

/// What the recorder did while it listened.
async fn act(replayer: &Replayer, token: &str, samples: &std::path::Path) {
    let picture = sample(Some(samples), "camera/sony-d700.jpg").expect("the sample is there");
    let plot = sample(Some(samples), "formats/density_plot.png").expect("the sample is there");
    let sha1 = super::recipes::sha1_hex(&picture);
    replayer
        .stage(token, "ws", &[("W1.jpg", picture.clone()), ("W4.png", plot)])
        .await;
    replayer.stage(token, "ws", &[("W3.jpg", b"garbage".to_vec())]).await;
    replayer.process(token, "ws", &["WS Album"]).await;
    replayer.stage(token, "ws2", &[("W2.jpg", picture)]).await;
    replayer.process(token, "ws2", &[]).await;
    let (_, file) = replayer.call_with(token, "GET", &format!("/files/{sha1}"), None).await;
    let uid = file["PhotoUID"].as_str().expect("the picture is there").to_owned();
    let selection = json!({ "photos": [uid] });
    for (method, path, body) in [
        (
            "PUT",
            format!("/photos/{uid}"),
            json!({ "Title": "WS", "TitleSrc": "manual" }),
        ),
        ("POST", "/batch/photos/archive".to_owned(), selection.clone()),
        ("POST", "/batch/photos/restore".to_owned(), selection),
        ("POST", "/import/nope".to_owned(), json!({})),
        ("POST", "/index".to_owned(), json!({ "path": "/" })),
    ] {
        let (status, answer) = replayer.call_with(token, method, &path, Some(body)).await;
        assert_eq!(status, 200, "{path}: {answer}");
    }
    replayer
        .call_with(token, "POST", &format!("/import/{END}"), Some(json!({})))
        .await;
}

/// Data by topic, in the order of the messages, albums by name.
fn by_topic(messages: &[Value]) -> BTreeMap<String, Vec<Value>> {
    let mut topics: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for message in messages {
        let topic = message["event"].as_str().unwrap_or_default().to_owned();
        topics.entry(topic).or_default().push(message["data"].clone());
    }
    // Which album is made first is not promised.
    for albums in topics.get_mut("albums.created").into_iter() {
        albums.sort_by_key(|data| data["entities"][0]["Slug"].to_string());
    }
    topics
}

/// Whether the recording left the data out.
fn is_cut(data: &Value) -> bool {
    data.is_string() || data["config"].is_string()
}

#[tokio::test]
async fn messages_have_the_recorded_topics_keys_and_types() {
    let (Some(folder), Some(samples)) = (folder(), samples()) else {
        return;
    };
    let recording = read_rows(&folder, "websocket");
    let recorded = by_topic(recording["messages"].as_array().expect("messages"));
    let mut chain = Chain::of(&[]);
    (chain.switches.stack_meta, chain.switches.stack_uuid) = (false, false);
    let began = "2026-11-21T03:14:04Z".parse().ok();
    let replayer = Replayer::start(&chain, began, None).await;
    let token = replayer.sim().access_token();
    let mut socket = connect(&replayer).await;
    let hello = json!({ "session": token, "css": "", "js": "", "version": "" });
    socket.send(Message::text(hello.to_string())).await.expect("it listens");
    let mut messages = vec![next(&mut socket).await];
    act(&replayer, &token, &samples).await;
    loop {
        let message = next(&mut socket).await;
        if message.to_string().contains(END) {
            break;
        }
        messages.push(message);
    }
    let here = by_topic(&messages);
    let mut differences = Vec::new();
    let topics: BTreeSet<&String> = recorded.keys().chain(here.keys()).collect();
    let none = Vec::new();
    for topic in topics {
        let mut comparison = Comparison::default();
        let (recorded, here) = (recorded.get(topic).unwrap_or(&none), here.get(topic).unwrap_or(&none));
        let shown: Vec<&Value> = recorded.iter().filter(|data| !is_cut(data)).collect();
        if recorded.is_empty() || here.is_empty() {
            comparison.say(topic, format!("recorded {}, here {}", recorded.len(), here.len()));
        } else if !OFTEN.iter().any(|often| topic.starts_with(often))
            && !(shown.len()..=recorded.len()).contains(&here.len())
        {
            comparison.say(
                topic,
                format!("recorded {} messages, here {}", recorded.len(), here.len()),
            );
        }
        for (recorded, here) in shown.into_iter().zip(here) {
            comparison.json(recorded, here);
        }
        differences.extend(comparison.differences.into_iter().map(|what| Difference {
            recording: "websocket".to_owned(),
            exchange: topic.clone(),
            what,
        }));
    }
    known::check(&["websocket"], &differences);
}
