//! The websocket as a client meets it.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::support::Stand;

async fn connect(stand: &Stand) -> WebSocketStream<TcpStream> {
    let url = stand.sim().url().replacen("http://", "ws://", 1) + "/api/v1/ws";
    let host = url.trim_start_matches("ws://").split('/').next().unwrap().to_owned();
    let stream = TcpStream::connect(host).await.unwrap();
    client_async(url, stream).await.unwrap().0
}

/// The next message.
async fn next(socket: &mut WebSocketStream<TcpStream>) -> Value {
    let message = socket.next().await.unwrap();
    serde_json::from_str(message.unwrap().to_text().unwrap()).unwrap()
}

#[tokio::test]
async fn events_come_to_those_who_have_shown_a_token() {
    let stand = Stand::start().await;
    let (mut silent, mut heard) = (connect(&stand).await, connect(&stand).await);
    let hello = json!({ "session": stand.token, "css": "", "js": "", "version": "" }).to_string();
    heard.send(Message::text(hello.clone())).await.unwrap();
    let first = next(&mut heard).await;
    assert_eq!(first["event"], "config.updated");
    assert!(first["data"]["config"]["mode"].is_string());
    stand.post("/import/nope", json!({})).await;
    let mut topics = Vec::new();
    while !topics.contains(&"notify.success".to_owned()) {
        let event = next(&mut heard).await;
        topics.push(event["event"].as_str().unwrap().to_owned());
    }
    assert!(topics.contains(&"notify.error".to_owned()), "{topics:?}");
    // Had it been told anything, that would come before the answer to its own first words.
    silent.send(Message::text(hello)).await.unwrap();
    let first = next(&mut silent).await;
    assert_eq!(first["event"], "config.updated");
    assert_eq!(first["data"]["config"]["mode"], "user");
    let plain = stand.bare(reqwest::Method::GET, "/api/v1/ws").send().await.unwrap();
    assert_eq!(plain.status(), 400);
}
