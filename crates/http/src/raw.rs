//! Requests as other crates make them.

use http::header::CONTENT_LENGTH;
use http::{Method, Request, Response};
use photomove_core::drill::Boundary;
use photomove_core::{Error, ErrorKind, Operation, Result};
use url::Url;

use crate::reply::Context;
use crate::trace::Asked;
use crate::{Bandwidth, Http, Origin, Reply, fault};

/// Longest reply that is read.
const REPLY_BYTES: usize = 1024 * 1024;

impl Http {
    /// Sends a request exactly as it is, once, and returns the reply whatever its status: no redirects, no retry, no
    /// pacing, no credentials of ours. This is what crate `oauth2` wants.
    ///
    /// Such requests carry secrets in their bodies, so that plain HTTP is for this very machine only, and for origins of
    /// [`crate::OriginRule::ExactOpenly`].
    ///
    /// # Errors
    /// [`ErrorKind::Network`] or [`ErrorKind::Timeout`] if there was no reply; [`ErrorKind::Protocol`] if it is longer
    /// than 1 MiB; [`ErrorKind::Config`] if the address is not safe.
    pub async fn raw(&self, operation: Operation, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>> {
        let context = Context {
            provider: self.inner().provider,
            operation,
            repeatable: *request.method() != Method::POST && *request.method() != Method::PATCH,
        };
        Box::pin(self.send_raw(context, request))
            .await
            .map_err(|error| context.complete(error))
    }

    async fn send_raw(&self, context: Context, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>> {
        let inner = self.inner();
        let (mut head, body) = request.into_parts();
        let url = Url::parse(&head.uri.to_string())
            .map_err(|error| Error::new(ErrorKind::Config, "address cannot be read").source(error))?;
        let origin = Origin::of(&url);
        if !origin.is_private() && !self.may_see_credentials(&origin) {
            return Err(Error::new(
                ErrorKind::Config,
                format!("secrets are not sent to {origin}, where anybody on the way could read them"),
            )
            .hint("use `https://`; plain `http://` is for this very machine only"));
        }
        // reqwest writes the length itself.
        head.headers.remove(CONTENT_LENGTH);
        let sending = inner
            .transport
            .client(&url)
            .request(head.method.clone(), url.clone())
            .headers(head.headers)
            .body(body)
            .send();
        let began = tokio::time::Instant::now();
        inner.env.drill.pass(Boundary::BeforeRequest);
        let sent = match tokio::time::timeout(inner.idle_timeout, sending).await {
            Ok(sent) => sent.map_err(|error| fault::while_sending(error, &origin)),
            Err(_) => Err(fault::silent(&origin, inner.idle_timeout)),
        };
        let asked = Asked {
            provider: inner.provider,
            method: &head.method,
            url: &url,
            took: began.elapsed(),
            retry: 0,
        };
        asked.log(sent.as_ref().map(|response| (response.status(), response.headers())));
        let response = sent?;
        inner.env.drill.pass(Boundary::AfterRequest);
        let reply = Reply::new(
            response,
            &head.method,
            context,
            (inner.idle_timeout, Bandwidth::unlimited()),
            None,
        );
        let mut answer = Response::new(Vec::new());
        *answer.status_mut() = reply.status();
        answer.headers_mut().clone_from(reply.headers());
        *answer.body_mut() = reply.bytes(REPLY_BYTES).await?.to_vec();
        Ok(answer)
    }
}
