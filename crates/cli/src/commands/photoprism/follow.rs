//! `photomove photoprism watch`, and what the server says while it imports or indexes.

use photomove_core::Result;
use photomove_photoprism::wire::{Event, EventLevel};
use serde_json::json;

use super::Prism;
use crate::exit::Exit;
use crate::text;

/// Says what the server does, until it ends the connection or somebody ends the command.
pub(super) async fn watch(prism: &Prism<'_>) -> Result<Exit> {
    let mut events = prism.client.events().await?;
    prism.app.printer.talk("what the server says, until Ctrl-C:");
    while let Some(event) = events.next().await? {
        tell(prism, &event);
    }
    prism.app.printer.talk("the server ended the connection");
    Ok(Exit::Done)
}

/// Says one thing that the server tells; totals and the like are left to programs' own look-ups.
pub(super) fn tell(prism: &Prism<'_>, event: &Event) {
    let (topic, words) = match event {
        Event::UploadSaved(work) => ("received", work.file.clone()),
        Event::UploadCompleted(work) => ("upload done", format!("in {} s", work.seconds)),
        Event::ImportFile(work) => ("importing", work.file_name.clone()),
        Event::ImportCompleted(work) => ("import done", format!("in {} s", work.seconds)),
        Event::IndexFolder(work) => ("folder", work.file_name.clone()),
        Event::Indexing(work) => ("indexing", work.file_name.clone()),
        Event::Converting(work) => ("converting", work.file_name.clone()),
        Event::IndexUpdating(work) => ("updating", work.step.clone()),
        Event::IndexCompleted(work) => ("index done", format!("in {} s", work.seconds)),
        Event::Notify { level, message } => (level_word(*level), message.clone()),
        Event::Log {
            level: level @ (EventLevel::Warning | EventLevel::Error | EventLevel::Fatal),
            message,
            ..
        } => (level_word(*level), message.clone()),
        _ => return,
    };
    let printer = &prism.app.printer;
    printer.object(&json!({ "type": "photoprism_event", "what": topic, "says": words }));
    if !printer.is_json() {
        printer.talk(&format!("{topic}: {}", text::clean(&words)));
    }
}

fn level_word(level: EventLevel) -> &'static str {
    match level {
        EventLevel::Success => "success",
        EventLevel::Warning => "warning",
        EventLevel::Error => "error",
        EventLevel::Fatal => "fatal",
        _ => "info",
    }
}
