//! Connections that begin as HTTP and go on as something else.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::header::{CONNECTION, UPGRADE};
use http::{HeaderMap, HeaderValue, StatusCode};
use photomove_core::{Error, ErrorKind, Operation, Result};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use url::Url;

use crate::reply::Context as CallContext;
use crate::transport::for_upgrade;
use crate::{ErrorReply, Http, Origin, fault, retry_after};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// A connection that has gone on as what was asked for. The bytes belong to the other protocol.
pub struct Upgraded {
    headers: HeaderMap,
    io: reqwest::Upgraded,
}

impl Upgraded {
    /// Returns the headers of the answer that made it so.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }
}

impl Http {
    /// Asks the server to go on as `protocol`, such as `websocket` (RFC 9110 7.8). One attempt, no redirects, not signed.
    ///
    /// # Errors
    /// What `classify` makes of any answer but `101 Switching Protocols`; [`ErrorKind::Network`] and
    /// [`ErrorKind::Timeout`] if there was none; [`ErrorKind::Config`] if the origin may not see credentials: what
    /// follows is private.
    pub async fn upgrade(
        &self,
        operation: Operation,
        url: &Url,
        protocol: &'static str,
        headers: HeaderMap,
    ) -> Result<Upgraded> {
        let context = CallContext {
            provider: self.inner().provider,
            operation,
            repeatable: true,
        };
        Box::pin(self.try_upgrade(operation, url, protocol, headers))
            .await
            .map_err(|error| context.complete(error))
    }

    async fn try_upgrade(
        &self,
        operation: Operation,
        url: &Url,
        protocol: &'static str,
        mut headers: HeaderMap,
    ) -> Result<Upgraded> {
        let origin = Origin::of(url);
        if !self.may_see_credentials(&origin) {
            return Err(Error::new(
                ErrorKind::Config,
                format!("no lasting connection is opened to {origin}, which may not see what is private"),
            ));
        }
        let inner = self.inner();
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static(protocol));
        let client = for_upgrade(&inner.env, &inner.env.user_agent, CONNECT_TIMEOUT, url)?;
        let sending = client.get(url.clone()).headers(headers).send();
        let response = match tokio::time::timeout(inner.idle_timeout, sending).await {
            Ok(sent) => sent.map_err(|error| fault::while_sending(error, &origin))?,
            Err(_) => return Err(fault::silent(&origin, inner.idle_timeout)),
        };
        let (status, headers) = (response.status(), response.headers().clone());
        if status == StatusCode::SWITCHING_PROTOCOLS {
            let upgraded = response.upgrade().await;
            let io = upgraded.map_err(|error| fault::while_reading(error, &origin))?;
            return Ok(Upgraded { headers, io });
        }
        let now = inner.env.clock.now();
        let error = (inner.classify)(&ErrorReply {
            status,
            headers: &headers,
            body: "",
            origin: &origin,
            operation,
            retry_after: retry_after(&headers, now),
            redirected_to: None,
            now,
        });
        Err(error.context("status", status.as_u16()))
    }
}

impl AsyncRead for Upgraded {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Upgraded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

impl fmt::Debug for Upgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgraded").finish_non_exhaustive()
    }
}
