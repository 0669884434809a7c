//! Requests that the harness makes for itself.

use serde_json::{Map, Value, json};

use super::Replayer;

impl Replayer {
    /// Status and JSON of an answer.
    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &Map<String, Value>,
        body: Option<Value>,
    ) -> (u16, Value) {
        let body = body.map(|body| body.to_string().into_bytes());
        let answer = Self::answer(self.request(method, path, headers, body)).await;
        let answer = answer.expect("the stand-in answers");
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    /// A call with a token.
    pub(crate) async fn call_with(&self, token: &str, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let headers = Map::from_iter([("X-Auth-Token".to_owned(), Value::from(token))]);
        self.call(method, &format!("/api/v1{path}"), &headers, body).await
    }

    /// Stages files in one request.
    pub(crate) async fn stage(&self, token: &str, folder: &str, files: &[(&str, Vec<u8>)]) {
        const BOUNDARY: &str = "7f4c2a9d";
        let mut body = Vec::new();
        for (name, bytes) in files {
            let head = format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\
                 Content-Type: application/octet-stream\r\n\r\n"
            );
            body.extend([head.as_bytes(), bytes, b"\r\n"].concat());
        }
        body.extend(format!("--{BOUNDARY}--\r\n").into_bytes());
        let headers = json!({
            "X-Auth-Token": token, "Content-Type": format!("multipart/form-data; boundary={BOUNDARY}"),
        });
        let headers = headers.as_object().expect("it is an object");
        let path = format!("/api/v1/users/{}/upload/{folder}", self.sim().user_uid());
        let answer = Self::answer(self.request("POST", &path, headers, Some(body))).await;
        assert_eq!(answer.expect("the stand-in answers").status, 200);
    }

    /// Has staged files processed.
    pub(crate) async fn process(&self, token: &str, folder: &str, albums: &[&str]) {
        let path = format!("/users/{}/upload/{folder}", self.sim().user_uid());
        let (status, answer) = self
            .call_with(token, "PUT", &path, Some(json!({ "albums": albums })))
            .await;
        assert_eq!(status, 200, "{answer}");
    }
}
