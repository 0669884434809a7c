//! The forms that most requests have.

use photomove_core::{Operation, Result};
use photomove_http::{Method, Reply};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::PhotoPrismClient;
use super::photos::Pairs;

impl PhotoPrismClient {
    pub(crate) async fn get<T: DeserializeOwned>(&self, operation: Operation, path: &[&str]) -> Result<T> {
        self.json(self.call(operation, Method::GET, path)).await
    }

    pub(crate) async fn list(&self, operation: Operation, path: &[&str], pairs: &Pairs) -> Result<Reply> {
        self.send(self.call(operation, Method::GET, path).query(pairs)).await
    }

    pub(crate) async fn put<T, B>(&self, operation: Operation, path: &[&str], body: &B) -> Result<T>
    where
        T: DeserializeOwned,
        B: Serialize + ?Sized,
    {
        self.json(self.call(operation, Method::PUT, path).json(body)).await
    }

    /// Sends what must not happen twice.
    pub(crate) async fn post<T, B>(&self, operation: Operation, path: &[&str], body: &B) -> Result<T>
    where
        T: DeserializeOwned,
        B: Serialize + ?Sized,
    {
        self.json(self.call(operation, Method::POST, path).json(body)).await
    }

    /// Sends what is as good done twice as once.
    pub(crate) async fn post_again<T, B>(&self, operation: Operation, path: &[&str], body: &B) -> Result<T>
    where
        T: DeserializeOwned,
        B: Serialize + ?Sized,
    {
        let call = self.call(operation, Method::POST, path);
        self.json(call.repeatable(true).json(body)).await
    }

    pub(crate) async fn delete<T: DeserializeOwned>(&self, operation: Operation, path: &[&str]) -> Result<T> {
        self.json(self.call(operation, Method::DELETE, path)).await
    }
}
