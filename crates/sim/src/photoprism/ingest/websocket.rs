//! The websocket: what happens on the server, told to whoever has shown a token (reference 4.3).

use axum::extract::FromRequestParts;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::broadcast::error::RecvError;

use crate::photoprism::access::{Action, Resource, role_allows};
use crate::photoprism::reply::{Answer, Reply, TEXT};
use crate::photoprism::request::Call;
use crate::photoprism::routes::Incoming;
use crate::photoprism::server::config;
use crate::photoprism::service::PhotoPrism;

/// Longest message of a client in bytes.
const MESSAGE_BYTES: usize = 4096;

/// What a client says first, and may say again.
#[derive(Debug, Deserialize)]
struct Hello {
    #[serde(default)]
    session: String,
}

/// `GET /ws`.
pub(crate) async fn open(incoming: Incoming) -> Answer {
    let Incoming {
        server,
        call,
        mut parts,
        ..
    } = incoming;
    let Ok(upgrade) = WebSocketUpgrade::from_request_parts(&mut parts, &()).await else {
        return Ok(Reply::text(400, TEXT, "Bad Request\n")
            .header("sec-websocket-version", "13")
            .header("x-content-type-options", "nosniff"));
    };
    let upgrade = upgrade.max_message_size(MESSAGE_BYTES);
    Ok(Reply::raw(upgrade.on_upgrade(move |socket| talk(server, call, socket))))
}

/// Says nothing before it has seen a token, except in public mode.
async fn talk(server: Arc<PhotoPrism>, call: Call, mut socket: WebSocket) {
    let mut events = server.world().events.subscribe();
    let mut told = call.switches.public;
    loop {
        tokio::select! {
            heard = socket.recv() => match heard {
                Some(Ok(Message::Text(text))) => {
                    let Some(config) = hello(&server, &call, text.as_str()) else { continue };
                    told = true;
                    if send(&mut socket, "config.updated", json!({ "config": config })).await.is_err() {
                        return;
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
            event = events.recv() => match event {
                Ok(event) if told => {
                    if send(&mut socket, event.topic, event.data).await.is_err() {
                        return;
                    }
                }
                // A listener that is too slow misses messages, as with the real server.
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
        }
    }
}

/// The config of the session that a client names, if it is alive and may listen.
fn hello(server: &PhotoPrism, call: &Call, text: &str) -> Option<Value> {
    let hello: Hello = serde_json::from_str(text).ok()?;
    let mut world = server.world();
    let session = match call.switches.public {
        true => world.session_of(call)?,
        false => world.session_of_token(&hello.session, server.now(), &call.switches)?,
    };
    let mut call = call.clone();
    call.now = server.now();
    role_allows(&session, Resource::Photos, &[Action::Subscribe]).then(|| config::of_session(&world, &call, &session))
}

async fn send(socket: &mut WebSocket, topic: &str, data: Value) -> Result<(), axum::Error> {
    let text = json!({ "event": topic, "data": data }).to_string();
    socket.send(Message::Text(text.into())).await
}
