//! What people read when a connection fails.

use std::io::{self, Write};

use photomove_core::{ErrorKind, Happened, Operation};
use photomove_http::{Http, HttpEnv, Method, RetryPolicy};
use tokio::net::TcpListener;
use url::Url;

use crate::server::env;

async fn failure(url: &str) -> photomove_core::Error {
    let http = Http::builder("test", &env().0)
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    let url = Url::parse(url).unwrap();
    http.call(Operation::Connect, Method::POST, url)
        .send()
        .await
        .unwrap_err()
}

#[tokio::test]
async fn nothing_listens() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = failure(&format!("http://{address}/path?token=s3cret")).await;
    assert_eq!(
        error.message(),
        format!("nothing answers at http://{address} (connection refused)")
    );
    assert_eq!(*error.kind(), ErrorKind::Network);
    assert_eq!(error.has_happened(), Happened::No);
    assert!(error.hint_text().is_some());
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
}

#[tokio::test]
async fn no_such_host() {
    if ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
        .iter()
        .any(|name| std::env::var_os(name).is_some())
    {
        // Past the harness, which keeps the words of passing tests to itself.
        let _ = writeln!(io::stderr(), "skipped: a proxy looks names up, not this machine");
        return;
    }
    let error = failure("https://photos.invalid/").await;
    assert_eq!(error.message(), "host photos.invalid cannot be found");
    assert_eq!(error.has_happened(), Happened::No);
}

#[tokio::test]
async fn no_tls_where_tls_is_wanted() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let error = failure(&format!("https://{address}/")).await;
    assert_eq!(error.message(), format!("https://{address} does not speak TLS"));
    assert_eq!(error.has_happened(), Happened::No);
}

#[tokio::test]
async fn an_address_that_is_not_of_the_web() {
    let error = failure("ftp://photos.example/").await;
    assert_eq!(*error.kind(), ErrorKind::Config);
}

#[test]
fn certificates_that_are_none() {
    for pem in [
        "",
        "not a certificate",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
    ] {
        let env = HttpEnv {
            ca_certs_pem: vec![pem.into()],
            ..HttpEnv::system()
        };
        let error = Http::builder("test", &env).build().unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Config, "{pem}");
        assert!(error.hint_text().unwrap().contains("PEM"));
    }
}
