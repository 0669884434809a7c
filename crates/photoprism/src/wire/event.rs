//! What the server tells over its websocket while it works.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{ServerConfig, nullable};

/// How bad a line of the log or a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventLevel {
    /// It went well (notices only).
    Success,
    /// For your information.
    Info,
    /// A warning.
    Warning,
    /// An error.
    Error,
    /// The server stops.
    Fatal,
}

/// What a piece of work is about.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct WorkEvent {
    /// Whose work, `u…`; empty where it is not told.
    #[serde(deserialize_with = "nullable")]
    pub uid: String,
    /// `upload`, `import`, `index`, …; empty where it is not told.
    #[serde(deserialize_with = "nullable")]
    pub action: String,
    /// Path of a file, below where it lies.
    #[serde(deserialize_with = "nullable")]
    pub file_name: String,
    /// Name of a file alone.
    #[serde(deserialize_with = "nullable")]
    pub base_name: String,
    /// Name of a file that was received.
    #[serde(deserialize_with = "nullable")]
    pub file: String,
    /// Folder of a file that is imported.
    #[serde(deserialize_with = "nullable")]
    pub sub_folder: String,
    /// Length of a file in bytes.
    #[serde(deserialize_with = "nullable")]
    pub file_size: i64,
    /// Folder that was worked on.
    #[serde(deserialize_with = "nullable")]
    pub path: String,
    /// What is done at the end: `folders`, `purge`, `cleanup`, `moments`, `faces`, `counts` or `labels`.
    #[serde(deserialize_with = "nullable")]
    pub step: String,
    /// How long it took.
    #[serde(deserialize_with = "nullable")]
    pub seconds: i64,
    /// When it began.
    pub time: Option<Timestamp>,
    /// What else came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// One message of the server.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// Files begin to arrive (`upload.start`).
    UploadStart(WorkEvent),
    /// A file has arrived (`upload.saved`).
    UploadSaved(WorkEvent),
    /// Uploaded files are in the library (`upload.completed`).
    UploadCompleted(WorkEvent),
    /// A file is imported (`import.file`).
    ImportFile(WorkEvent),
    /// An import is over (`import.completed`); uploads end with one too.
    ImportCompleted(WorkEvent),
    /// A folder is indexed (`index.folder`).
    IndexFolder(WorkEvent),
    /// A file is indexed (`index.indexing`).
    Indexing(WorkEvent),
    /// A preview is made (`index.converting`).
    Converting(WorkEvent),
    /// Work after the files (`index.updating`).
    IndexUpdating(WorkEvent),
    /// Indexing is over (`index.completed`); uploads and imports end with one too.
    IndexCompleted(WorkEvent),
    /// A notice for people (`notify.…`), in the language of the server's settings.
    Notify {
        /// How bad.
        level: EventLevel,
        /// The text.
        message: String,
    },
    /// A line of the log (`log.…`): the only word about single files.
    Log {
        /// How bad.
        level: EventLevel,
        /// The text.
        message: String,
        /// When.
        time: Option<Timestamp>,
    },
    /// Totals have changed (`count.…`).
    Count {
        /// Of what, such as `photos`.
        what: String,
        /// By how much.
        by: i64,
    },
    /// The server's configuration has changed (`config.updated`), which totals are part of.
    ConfigUpdated(Box<ServerConfig>),
    /// Things were made, changed, archived, restored or deleted (`photos.created`, …): rows, or ids.
    Entities {
        /// Which things, such as `photos`.
        what: String,
        /// What became of them, such as `created`.
        change: String,
        /// Rows, or ids as texts.
        entities: Vec<Value>,
    },
    /// Another one.
    Other {
        /// Its name.
        topic: String,
        /// What came with it.
        data: Value,
    },
}

impl Event {
    /// Reads a message; one that has another form than is known is [`Event::Other`]. `None` if it is none at all.
    pub fn read(text: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Message {
            event: String,
            #[serde(default)]
            data: Value,
        }
        let Message { event, data } = serde_json::from_str(text).ok()?;
        Some(Self::known(&event, &data).unwrap_or(Self::Other { topic: event, data }))
    }

    fn known(topic: &str, data: &Value) -> Option<Self> {
        let work = || serde_json::from_value::<WorkEvent>(data.clone()).ok();
        let (what, change) = topic.split_once('.')?;
        Some(match (what, change) {
            ("upload", "start") => Self::UploadStart(work()?),
            ("upload", "saved") => Self::UploadSaved(work()?),
            ("upload", "completed") => Self::UploadCompleted(work()?),
            ("import", "file") => Self::ImportFile(work()?),
            ("import", "completed") => Self::ImportCompleted(work()?),
            ("index", "folder") => Self::IndexFolder(work()?),
            ("index", "indexing") => Self::Indexing(work()?),
            ("index", "converting") => Self::Converting(work()?),
            ("index", "updating") => Self::IndexUpdating(work()?),
            ("index", "completed") => Self::IndexCompleted(work()?),
            ("notify", level) => Self::Notify {
                level: self::level(level)?,
                message: data.get("message")?.as_str()?.to_owned(),
            },
            ("log", level) => Self::Log {
                level: self::level(level)?,
                message: data.get("message")?.as_str()?.to_owned(),
                time: data
                    .get("time")
                    .and_then(Value::as_str)
                    .and_then(|text| text.parse().ok()),
            },
            ("count", what) => Self::Count {
                what: what.to_owned(),
                by: data.get("count")?.as_i64()?,
            },
            ("config", "updated") => {
                let config = data.get("config").filter(|config| config.is_object())?;
                Self::ConfigUpdated(serde_json::from_value(config.clone()).ok()?)
            }
            (what, change) => Self::Entities {
                what: what.to_owned(),
                change: change.to_owned(),
                entities: data.get("entities")?.as_array()?.clone(),
            },
        })
    }
}

fn level(text: &str) -> Option<EventLevel> {
    Some(match text {
        "success" => EventLevel::Success,
        "info" => EventLevel::Info,
        "warning" => EventLevel::Warning,
        "error" => EventLevel::Error,
        "fatal" => EventLevel::Fatal,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_and_strange_ones_kept() {
        let read = |text: &str| Event::read(text).unwrap();
        assert!(matches!(
            read(r#"{"event":"import.file","data":{"baseName":"a.jpg","fileName":"x/a.jpg","subFolder":null}}"#),
            Event::ImportFile(work) if work.base_name == "a.jpg" && work.file_name == "x/a.jpg"
        ));
        assert_eq!(
            read(r#"{"event":"count.photos","data":{"count":-1}}"#),
            Event::Count {
                what: "photos".to_owned(),
                by: -1
            }
        );
        assert!(matches!(
            read(r#"{"event":"photos.archived","data":{"entities":["p1"]}}"#),
            Event::Entities { change, entities, .. } if change == "archived" && entities.len() == 1
        ));
        for text in [
            r#"{"event":"new"}"#,
            r#"{"event":"log.info","data":7}"#,
            r#"{"event":"a.b","data":null}"#,
        ] {
            assert!(matches!(read(text), Event::Other { .. }), "{text}");
        }
        for text in ["", "[]", "{}", "x"] {
            assert_eq!(Event::read(text), None, "{text}");
        }
    }
}
