//! What the server tells its websockets.

use serde_json::{Value, json};
use tokio::sync::broadcast;

/// Messages that a slow listener may be behind by; older ones are lost to it, as with the real server.
const KEPT: usize = 1024;

/// A message: topic such as `import.file`, and its data.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) topic: &'static str,
    pub(crate) data: Value,
}

/// Hands messages to whoever listens.
#[derive(Debug, Clone)]
pub(crate) struct Events(broadcast::Sender<Event>);

impl Default for Events {
    fn default() -> Self {
        Self(broadcast::Sender::new(KEPT))
    }
}

impl Events {
    /// Tells all listeners.
    pub(crate) fn publish(&self, topic: &'static str, data: Value) {
        // An error only says that nobody listens.
        let _ = self.0.send(Event { topic, data });
    }

    /// Whether anybody listens: what is dear to write need not be written otherwise.
    pub(crate) fn heard(&self) -> bool {
        self.0.receiver_count() > 0
    }

    /// Tells that so much of something was added, and what it is.
    pub(crate) fn created(&self, counter: &'static str, topic: &'static str, entity: impl FnOnce() -> Value) {
        if self.heard() {
            self.publish(counter, json!({ "count": 1 }));
            self.publish(topic, json!({ "entities": [entity()] }));
        }
    }

    /// Listens from now on.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.0.subscribe()
    }
}
