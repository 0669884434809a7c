//! The client that `yup-oauth2` gets.

use photomove_core::ErrorKind;
use photomove_http::{HttpEnv, hyper_client};
use yup_oauth2::client::HyperClientBuilder;

use crate::server::{Server, ok};

async fn get(url: &str) -> Result<u16, String> {
    let client = hyper_client::builder(&HttpEnv::system())
        .unwrap()
        .build_hyper_client()
        .unwrap();
    let reply = client.get(url.parse().unwrap()).await;
    reply
        .map(|reply| reply.status().as_u16())
        .map_err(|error| format!("{error:?}"))
}

#[tokio::test]
async fn this_machine_is_reached_in_plain() {
    let server = Server::start(|_, _| ok("token")).await;
    assert_eq!(get(server.url("/token").as_str()).await, Ok(200));
}

#[tokio::test]
async fn other_machines_are_not() {
    let error = get("http://accounts.invalid/token").await.unwrap_err();
    assert!(error.contains("plain http"), "{error}");
}

#[tokio::test]
async fn tls_is_spoken_where_the_address_wants_it() {
    let server = Server::start(|_, _| ok("token")).await;
    let url = server.url("/token").to_string().replace("http://", "https://");
    assert!(get(&url).await.unwrap_err().contains("InvalidMessage"));
}

#[test]
fn certificates_that_are_none_are_refused() {
    for pem in [
        "nothing of the kind",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
    ] {
        let env = HttpEnv {
            ca_certs_pem: vec![pem.into()],
            ..HttpEnv::system()
        };
        let error = hyper_client::builder(&env).map(drop).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Config, "{pem}");
    }
}
