//! Following the server's work over its websocket.
//!
//! Optional by design: answers of the calls and look-ups by hash tell what became of files; this only tells more, and
//! earlier.
//!
//! # Source
//! Reference 4.3, recording `websocket.json`; RFC 6455.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::{Either, select};
use futures_util::{SinkExt, StreamExt, pin_mut};
use photomove_core::{Error, ErrorKind, Operation, Result};
use photomove_http::{HeaderMap, HeaderName, HeaderValue, Upgraded};
use secrecy::ExposeSecret;
use sha1::{Digest, Sha1};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

use super::{PhotoPrismClient, odd};
use crate::KIND;
use crate::wire::Event;

/// Fixed by RFC 6455, 1.3.
const ACCEPT_SUFFIX: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// The server sends a sign of life every 15 s.
const SILENCE: Duration = Duration::from_secs(60);
/// `config.updated` of a big library holds all its albums, cameras and people.
const MESSAGE_BYTES: usize = 32 * 1024 * 1024;

/// The server's messages as they come.
pub struct Events {
    socket: WebSocketStream<Upgraded>,
}

impl Events {
    /// Waits for the next message; `None` when the server ends the connection. Messages that are none are left out.
    ///
    /// # Errors
    /// [`ErrorKind::Network`] if the connection breaks; [`ErrorKind::Timeout`] if the server says nothing for a minute.
    pub async fn next(&mut self) -> Result<Option<Event>> {
        loop {
            let Ok(message) = tokio::time::timeout(SILENCE, self.socket.next()).await else {
                return Err(failed(ErrorKind::Timeout, "the server told nothing for a minute"));
            };
            match message {
                None | Some(Ok(Message::Close(_)) | Err(WsError::ConnectionClosed)) => return Ok(None),
                Some(Ok(Message::Text(text))) => {
                    if let Some(event) = Event::read(&text) {
                        return Ok(Some(event));
                    }
                }
                // Pings are answered by the library while the next message is awaited.
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    return Err(failed(ErrorKind::Network, "the connection for messages broke off").source(error));
                }
            }
        }
    }

    /// Ends the connection.
    pub async fn close(mut self) {
        // Whether the server hears of it makes no difference.
        let _ = self.socket.close(None).await;
    }
}

impl PhotoPrismClient {
    /// Opens a connection on which the server tells what it does. Administrators are told of everybody's work.
    ///
    /// # Errors
    /// When the sign-in fails, or the server or a proxy in front of it does not do websockets.
    pub async fn events(&self) -> Result<Events> {
        let live = self.session().entered().await?;
        let mut nonce = [0; 16];
        self.env().random.fill(&mut nonce);
        let key = STANDARD.encode(nonce);
        let mut headers = HeaderMap::new();
        headers.insert(
            HeaderName::from_static("sec-websocket-version"),
            HeaderValue::from_static("13"),
        );
        let sent = HeaderValue::from_str(&key).map_err(|_| odd(Operation::Connect, "no key for the websocket"))?;
        headers.insert(HeaderName::from_static("sec-websocket-key"), sent);
        let upgraded = self
            .0
            .http
            .upgrade(Operation::Connect, &self.api(&["ws"]), "websocket", headers)
            .await?;
        let answer = upgraded.headers().get("sec-websocket-accept");
        if answer.and_then(|value| value.to_str().ok()) != Some(accept(&key).as_str()) {
            return Err(odd(
                Operation::Connect,
                "what answers at the address of messages is no websocket",
            ));
        }
        let config = WebSocketConfig::default()
            .max_message_size(Some(MESSAGE_BYTES))
            .max_frame_size(Some(MESSAGE_BYTES));
        let mut socket = WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await;
        // Without a first message nothing comes, in public mode everything does.
        let token = live.token.as_ref().map_or("", |token| token.expose_secret());
        let hello = serde_json::json!({"session": token, "css": "", "js": "", "version": ""});
        socket
            .send(Message::text(hello.to_string()))
            .await
            .map_err(|error| failed(ErrorKind::Network, "the connection for messages broke off").source(error))?;
        Ok(Events { socket })
    }

    /// Does something and tells the server's messages meanwhile: progress of imports, indexing and uploads.
    ///
    /// Where there are no messages, the work is done without; it never fails for their sake.
    ///
    /// # Errors
    /// Those of the work.
    pub async fn with_events<T>(
        &self,
        work: impl Future<Output = Result<T>>,
        mut tell: impl FnMut(&Event),
    ) -> Result<T> {
        let mut events = match self.events().await {
            Ok(events) => events,
            Err(error) => {
                tracing::info!(provider = KIND, %error, "the server's messages cannot be followed");
                return work.await;
            }
        };
        pin_mut!(work);
        loop {
            let next = events.next();
            pin_mut!(next);
            match select(&mut work, next).await {
                Either::Left((done, _)) => break done,
                Either::Right((Ok(Some(event)), _)) => tell(&event),
                Either::Right((Ok(None) | Err(_), _)) => return work.await,
            }
        }
    }
}

/// Returns what a server answers to a key, which proves that it speaks websocket.
fn accept(key: &str) -> String {
    let mut hash = Sha1::new();
    hash.update(key.as_bytes());
    hash.update(ACCEPT_SUFFIX.as_bytes());
    STANDARD.encode(hash.finalize())
}

fn failed(kind: ErrorKind, message: &str) -> Error {
    Error::new(kind, message).provider(KIND).operation(Operation::Connect)
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_to_a_key_is_that_of_the_standard() {
        // RFC 6455, 1.3.
        assert_eq!(accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
