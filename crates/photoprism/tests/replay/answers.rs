//! Whether the client made of an answer what it is.

use photomove_core::{AuthProblem, Error, ErrorKind, Operation, Rejection};
use photomove_http::{ErrorReply, HeaderMap, Origin, StatusCode};
use photomove_photoprism::classify;
use photomove_photoprism::wire::ErrorBody;
use serde_json::Value;

use crate::asked::Answer;
use crate::recording::Exchange;

/// Compares what the client made of an answer with the answer.
pub(crate) fn compare(exchange: &Exchange, answer: Answer) -> Result<(), String> {
    match (exchange.status, answer) {
        (200..300, Ok(value)) => agrees(exchange, &value),
        (200..300, Err(error)) if is_drawing(exchange) && *error.kind() == ErrorKind::NotFound => Ok(()),
        (200..300, Err(error)) => Err(format!("was an error: {error:?}")),
        // A folder that exists is as good as one that was made.
        (405, Ok(_)) if exchange.method == "MKCOL" => Ok(()),
        (status, Ok(_)) => Err(format!("status {status} was no error")),
        (status, Err(error)) => kind_fits(status, error.kind()).map_err(|problem| format!("{problem}: {error:?}")),
    }
}

/// The server draws where it has no picture, and calls that a success.
fn is_drawing(exchange: &Exchange) -> bool {
    let kind = exchange.answer_headers["Content-Type"].as_str();
    kind.is_some_and(|kind| kind.starts_with("image/svg"))
}

fn agrees(exchange: &Exchange, value: &Value) -> Result<(), String> {
    if let Some(size) = exchange.size {
        return match value.get("size").and_then(Value::as_u64) {
            Some(own) if own == size as u64 => Ok(()),
            None => Ok(()),
            Some(own) => Err(format!("{own} bytes instead of {size}")),
        };
    }
    let Some(json) = &exchange.json else {
        return Ok(());
    };
    match (json, value) {
        (Value::Array(recorded), Value::Array(own)) if recorded.len() == own.len() => recorded
            .iter()
            .zip(own)
            .try_for_each(|(recorded, own)| same(recorded, own)),
        (Value::Array(recorded), own) => Err(format!("{} rows became {own}", recorded.len())),
        // Some answers wrap what they are about.
        (Value::Object(wrapped), own) if wrapped.len() == 1 && wrapped.contains_key("photo") => {
            same(&wrapped["photo"], own)
        }
        (recorded, own) => same(recorded, own),
    }
}

/// Compares what tells things apart; the whole of records is looked at by the test of their shapes.
fn same(recorded: &Value, own: &Value) -> Result<(), String> {
    let telling = [
        "UID",
        "Hash",
        "Title",
        "Name",
        "PhotoUID",
        "Quality",
        "session_id",
        "scope",
        "status",
        "message",
        "filename",
    ];
    for key in telling {
        if let (Some(recorded), Some(own)) = (recorded.get(key), own.get(key))
            && recorded != own
        {
            return Err(format!("{key} {recorded} became {own}"));
        }
    }
    Ok(())
}

/// Says whether an error is of a kind that fits its status.
pub(crate) fn kind_fits(status: u16, kind: &ErrorKind) -> Result<(), String> {
    let fits = match status {
        200..300 => return Ok(()),
        400 => matches!(kind, ErrorKind::Rejected(Rejection::Invalid)),
        401 => matches!(kind, ErrorKind::Auth(problem) if *problem != AuthProblem::MissingScope),
        // WebDAV says so of files that are not there, too.
        403 => matches!(kind, ErrorKind::Auth(AuthProblem::MissingScope) | ErrorKind::NotFound),
        404 => matches!(kind, ErrorKind::NotFound | ErrorKind::Config | ErrorKind::Unsupported),
        405 => matches!(kind, ErrorKind::Unsupported),
        409 => matches!(kind, ErrorKind::NotFound),
        412 => matches!(kind, ErrorKind::Conflict { .. }),
        416 => matches!(kind, ErrorKind::Protocol),
        429 => matches!(kind, ErrorKind::RateLimited { .. }),
        423 | 500 => matches!(kind, ErrorKind::Unavailable { .. }),
        300..400 => matches!(kind, ErrorKind::Config),
        _ => false,
    };
    fits.then_some(())
        .ok_or_else(|| format!("status {status} became {kind:?}"))
}

/// Reads a refusal as the client does.
pub(crate) fn refusal(status: u16, body: &str) -> Error {
    classify(&ErrorReply {
        status: StatusCode::from_u16(status).unwrap(),
        headers: &HeaderMap::new(),
        body,
        origin: &Origin::of(&"http://127.0.0.1:1/".parse().unwrap()),
        operation: Operation::Refresh,
        retry_after: None,
        redirected_to: None,
        now: jiff::Timestamp::UNIX_EPOCH,
    })
}

/// Reads the refusal of a request that the client never makes.
pub(crate) fn of_refusal(exchange: &Exchange) -> Result<(), String> {
    let text = match (&exchange.json, &exchange.text) {
        (Some(json), _) => json.to_string(),
        (None, text) => text.clone().unwrap_or_default(),
    };
    if exchange.status < 300 {
        return Ok(());
    }
    let error = refusal(exchange.status, &text);
    kind_fits(exchange.status, error.kind())?;
    let is_object = text.trim_start().starts_with('{');
    let named = ErrorBody::read(&text);
    let told = named.error.is_some() || named.status.is_some();
    if is_object && !told {
        return Err(format!("no error was read from {text}"));
    }
    Ok(())
}
