//! Lists an Amazon Photos library with the provider crate alone: account, albums with their size, every photo.
//!
//! ```sh
//! PHOTOMOVE_AMAZON_COOKIES=cookies.txt cargo run --example list_amazon
//! ```
//!
//! The file holds the cookies of a browser that is signed in to Amazon. `PHOTOMOVE_AMAZON_METADATA_URL` points the example
//! at a stand-in, such as `photomove sim amazon` prints.

#![expect(clippy::print_stdout, reason = "an example prints what it found")]

use photomove::amazon::{AmazonClient, AmazonConfig, Cookies, Endpoints, Filter, NodeQuery, Sort, Start};
use photomove::core::{Error, ErrorKind, Result};
use photomove::http::HttpEnv;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let cookies = Cookies::parse(&read(&variable("PHOTOMOVE_AMAZON_COOKIES")?)?)?;
    let mut endpoints = Endpoints::default();
    if let Ok(url) = std::env::var("PHOTOMOVE_AMAZON_METADATA_URL") {
        endpoints.metadata = Some(url.parse().map_err(|error| wrong(format!("not an address: {error}")))?);
    }
    let config = AmazonConfig::default().with_endpoints(endpoints);
    let client = AmazonClient::new(&config, &cookies, &HttpEnv::system())?;

    println!("shop: {}", client.marketplace().domain());
    for (category, usage) in client.usage().await?.categories {
        let total = usage.total;
        println!(
            "{category}: {} files, {} bytes",
            total.count.unwrap_or(0),
            total.bytes.unwrap_or(0)
        );
    }

    let mut start = Start::Beginning;
    loop {
        let page = client.albums(start).await?;
        for album in page.nodes.into_iter().flatten() {
            let members = client
                .children(&album.id, &NodeQuery::new(Filter::new()).limit(1))
                .await?;
            println!(
                "album {}: {} items",
                album.name.unwrap_or_default(),
                members.count.unwrap_or_default()
            );
        }
        let Some(token) = page.next_token else { break };
        start = Start::Token(token);
    }

    let oldest_first = NodeQuery::new(Filter::files()).sorted(Sort::CreatedAscending);
    let mut start = Start::Beginning;
    let mut listed = 0;
    loop {
        let page = client.nodes(&oldest_first.clone().starting(start)).await?;
        for node in page.nodes.into_iter().flatten() {
            listed += 1;
            println!("{listed} {}", node.name.unwrap_or_default());
        }
        let Some(token) = page.next_token else { break };
        start = Start::Token(token);
    }
    Ok(())
}

fn variable(name: &str) -> Result<String> {
    std::env::var(name).map_err(|_| wrong(format!("set `{name}`")))
}

fn read(path: &str) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| wrong(format!("cannot read {path}: {error}")))
}

fn wrong(message: String) -> Error {
    Error::new(ErrorKind::Config, message)
}
