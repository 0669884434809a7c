//! Files that people give for a client secret file by mistake, told by name.

use photomove_core::{Error, ErrorKind};
use serde_json::{Map, Value};

/// How to come by the right file.
const DOWNLOAD: &str = "download it at console.cloud.google.com: Clients, your `Desktop app`, Download JSON; `photomove auth setup google` shows the way";
const MAKE_DESKTOP: &str = "make another client at console.cloud.google.com (Clients, `Create client`, type `Desktop app`) and give the file of \
                            that one";
/// The OAuth client of `gcloud auth application-default login`.
const GCLOUD: &str = "764086051850-";

pub(super) fn wrong(message: &str) -> Error {
    Error::new(ErrorKind::Config, message).provider("google").hint(DOWNLOAD)
}

/// A web client that cannot lead back to this machine.
pub(super) fn web_client() -> Error {
    wrong("this is the file of a web client: it cannot send the browser back to this machine")
        .hint_instead(MAKE_DESKTOP)
}

/// A value that a client must have and this one lacks.
pub(super) fn lacks(name: &str) -> Error {
    let error = wrong(&format!("the client secret file lacks `{name}`"));
    if name != "client_secret" {
        return error;
    }
    error.hint_instead(
        "the console shows a secret only while it is made: open the client there, `Add secret`, and download the file at once; \
         clients for Android and iOS have none, so make one of type `Desktop app`",
    )
}

/// What is no JSON.
pub(super) fn not_json(text: &str) -> Error {
    if text.is_empty() {
        return wrong("the client secret file is empty");
    }
    let one_word = !text.contains(char::is_whitespace);
    if one_word && text.starts_with("AIza") {
        return wrong("this is an API key; it opens no personal photo library");
    }
    if one_word && text.starts_with("GOCSPX-") {
        return wrong("this is the client secret alone; the whole JSON file is needed");
    }
    if one_word && text.ends_with(".apps.googleusercontent.com") {
        return wrong("this is the client id alone; the whole JSON file is needed");
    }
    if text.starts_with('<') {
        return wrong("the client secret file is a web page, not JSON");
    }
    if text.starts_with('{') {
        return wrong("the client secret file is not whole JSON: a part of it is missing");
    }
    wrong("the client secret file is not JSON")
}

/// What is JSON of another kind.
pub(super) fn something_else(file: &Map<String, Value>) -> Error {
    let text = |name: &str| file.get(name).and_then(Value::as_str).unwrap_or_default();
    let has = |name: &str| file.contains_key(name);
    if text("type") == "service_account" || has("private_key") {
        return wrong("this is the key of a service account; those have no photo library").hint_instead(MAKE_DESKTOP);
    }
    if text("client_id").starts_with(GCLOUD) || has("quota_project_id") {
        return wrong("this is gcloud's sign-in (`application_default_credentials.json`), not a client secret file")
            .hint_instead(MAKE_DESKTOP);
    }
    if text("type") == "authorized_user" || has("refresh_token") || has("access_token") {
        return wrong("this is the token of a sign-in, as the OAuth playground and other programs give it, not a client secret file")
            .hint_instead(
                "a sign-in of another program is taken over with `photomove auth login google --token FILE`; a client is made at \
                 console.cloud.google.com: Clients, `Create client`, type `Desktop app`",
            );
    }
    if has("project_info") && has("client") {
        return wrong("this is the `google-services.json` of an Android app").hint_instead(MAKE_DESKTOP);
    }
    if has("client_id") {
        return wrong("the client secret file lacks its outer `installed`; it seems to be a part of the file");
    }
    if has("cookies") || has("error") {
        return wrong("this is another program's file, not a client secret file");
    }
    wrong("the client secret file has neither `installed` nor `web`")
}
