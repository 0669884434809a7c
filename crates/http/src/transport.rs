//! The one place that builds HTTP clients.

use std::sync::Arc;
use std::time::Duration;

use photomove_core::{Error, ErrorKind, Result};
use rustls::crypto::CryptoProvider;
use url::Url;

use crate::HttpEnv;
use crate::origin::is_loopback_host;

/// Shorter than what servers keep, so that a request rarely meets a connection that is just being closed.
const POOL_IDLE: Duration = Duration::from_secs(30);
const KEEP_ALIVE: Duration = Duration::from_secs(60);

/// Connections to services, and to this very machine past any proxy.
#[derive(Debug, Clone)]
pub(crate) struct Transport {
    outside: reqwest::Client,
    local: reqwest::Client,
}

impl Transport {
    pub(crate) fn new(env: &HttpEnv, user_agent: &str, connect: Duration) -> Result<Self> {
        install_crypto();
        Ok(Self {
            outside: build(builder(env, user_agent, connect)?, env)?,
            local: build(builder(env, user_agent, connect)?.no_proxy(), env)?,
        })
    }

    pub(crate) fn client(&self, url: &Url) -> &reqwest::Client {
        if url.host_str().is_some_and(is_loopback_host) {
            &self.local
        } else {
            &self.outside
        }
    }
}

/// Returns a client for connections that go on as something else: only HTTP/1.1 can do that.
pub(crate) fn for_upgrade(env: &HttpEnv, user_agent: &str, connect: Duration, url: &Url) -> Result<reqwest::Client> {
    install_crypto();
    let builder = builder(env, user_agent, connect)?
        .http1_only()
        .pool_max_idle_per_host(0);
    let local = url.host_str().is_some_and(is_loopback_host);
    build(if local { builder.no_proxy() } else { builder }, env)
}

/// Returns ring, the one source of cryptography in this program.
pub(crate) fn crypto() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// reqwest without a provider of its own takes the process's one and panics if there is none.
fn install_crypto() {
    if CryptoProvider::get_default().is_none() {
        // Lost races do no harm: then another thread has installed one.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that builds clients")]
fn builder(env: &HttpEnv, user_agent: &str, connect: Duration) -> Result<reqwest::ClientBuilder> {
    let mut certificates = Vec::new();
    for pem in &env.ca_certs_pem {
        let bundle = reqwest::Certificate::from_pem_bundle(pem).map_err(bad_certificate)?;
        if bundle.is_empty() {
            return Err(
                Error::new(ErrorKind::Config, "the file of trusted certificates holds none")
                    .hint("it must be in PEM form: `-----BEGIN CERTIFICATE-----`"),
            );
        }
        certificates.extend(bundle);
    }
    Ok(reqwest::Client::builder()
        .user_agent(user_agent)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .gzip(true)
        .connect_timeout(connect)
        .pool_idle_timeout(POOL_IDLE)
        .tcp_keepalive(KEEP_ALIVE)
        .tls_certs_merge(certificates))
}

fn build(builder: reqwest::ClientBuilder, env: &HttpEnv) -> Result<reqwest::Client> {
    builder.build().map_err(|error| {
        // reqwest looks into certificates only now, and does not say that they are to blame.
        if !env.ca_certs_pem.is_empty() {
            return bad_certificate(error);
        }
        Error::new(ErrorKind::Config, "the HTTP client cannot be set up")
            .hint("check proxy settings and the machine's own trusted certificates")
            .source(error)
    })
}

fn bad_certificate(error: reqwest::Error) -> Error {
    Error::new(ErrorKind::Config, "a trusted certificate cannot be read")
        .hint("it must be in PEM form: `-----BEGIN CERTIFICATE-----`")
        .source(error)
}
