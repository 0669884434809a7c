//! The hyper client that `yup-oauth2` needs, with the same trust, proxies and rules as [`crate::Http`].

use std::error::Error as StdError;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::{TokioExecutor, TokioIo};
use photomove_core::{Error, ErrorKind, Result};
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tower_service::Service;
use yup_oauth2::client::{CustomHyperClientBuilder, HyperClientBuilder};

use crate::HttpEnv;
use crate::origin::is_loopback_host;
use crate::transport::crypto;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
const PEM_HINT: &str = "it must be in PEM form: `-----BEGIN CERTIFICATE-----`";
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// What `yup_oauth2`'s authenticator builders take as their client.
pub type OAuthClientBuilder = CustomHyperClientBuilder<HttpsConnector<Connector>>;

/// Makes the client.
///
/// # Errors
/// [`ErrorKind::Config`] if a trusted certificate cannot be used.
pub fn builder(env: &HttpEnv) -> Result<OAuthClientBuilder> {
    let mut tcp = HttpConnector::new();
    // The scheme is the outer connector's business.
    tcp.enforce_http(false);
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    let connector = Connector {
        tcp,
        proxies: Arc::new(Matcher::from_system()),
    };
    let https = HttpsConnectorBuilder::new()
        .with_tls_config(tls_config(env)?)
        .https_or_http()
        .enable_http1()
        .wrap_connector(connector);
    let client = Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(0)
        .build::<_, String>(https);
    Ok(CustomHyperClientBuilder::from(client).with_timeout(REQUEST_TIMEOUT))
}

fn tls_config(env: &HttpEnv) -> Result<ClientConfig> {
    let mut extra = Vec::new();
    for pem in &env.ca_certs_pem {
        let before = extra.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            extra.push(certificate.map_err(|error| unusable("a trusted certificate cannot be read", error))?);
        }
        if extra.len() == before {
            return Err(Error::new(ErrorKind::Config, "the file of trusted certificates holds none").hint(PEM_HINT));
        }
    }
    let verifier = Verifier::new_with_extra_roots(extra, crypto())
        .map_err(|error| unusable("trusted certificates cannot be used", error))?;
    let config = ClientConfig::builder_with_provider(crypto())
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable("TLS cannot be set up", error))?
        // "Dangerous" is any verifier of one's own; this one asks the system, as the rest of the program does.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(config)
}

fn unusable(message: &str, error: impl StdError + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Config, message).hint(PEM_HINT).source(error)
}

/// Opens connections: through the system's proxy where there is one, in plain only to this very machine.
#[derive(Clone, Debug)]
pub struct Connector {
    tcp: HttpConnector,
    proxies: Arc<Matcher>,
}

type Opening = Pin<Box<dyn Future<Output = Result<TokioIo<TcpStream>, BoxError>> + Send>>;
type BoxError = Box<dyn StdError + Send + Sync>;

impl Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = BoxError;
    type Future = Opening;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tcp.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Opening {
        let local = uri.host().is_some_and(is_loopback_host);
        if !local && uri.scheme_str() != Some("https") {
            return Box::pin(async { Err(io::Error::other("secrets are not sent over plain http").into()) });
        }
        let proxy = if local { None } else { self.proxies.intercept(&uri) };
        // Who sends through it keeps its requests to itself; that a token is fetched is worth a line.
        tracing::debug!(
            host = uri.host(),
            proxy = proxy.is_some(),
            "connecting to renew a sign-in"
        );
        match proxy {
            None => {
                let opening = self.tcp.call(uri);
                Box::pin(async move { Ok(opening.await?) })
            }
            Some(proxy) => {
                let mut tunnel = Tunnel::new(proxy.uri().clone(), self.tcp.clone());
                if let Some(auth) = proxy.basic_auth() {
                    tunnel = tunnel.with_auth(auth.clone());
                }
                Box::pin(async move { Ok(tunnel.call(uri).await?) })
            }
        }
    }
}
