//! Many computed pictures through all three routes.

use std::collections::BTreeMap;

use photomove_sim::Library;

use super::BYTES;
use super::journey::{Journey, Route};
use crate::figures::{Scenario, size};

async fn travel(route: Route, test: &'static str) {
    let scenario = Scenario::begin(test, 58);
    let count = size(200, 2_000);
    let library = Library::synthetic(count, BYTES, scenario.seed).expect("computed library");
    let journey = Journey::start(route, library, scenario.seed).await;
    assert_eq!(journey.source.len() as u64, count);
    journey.prove(&BTreeMap::new()).await;
    scenario.figure(
        &format!("computed pictures, {}", route.name()),
        count,
        "0 lost, 0 doubled",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn into_photoprism() {
    travel(Route::In, "prism::whole::into_photoprism").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn out_of_photoprism() {
    travel(Route::Out, "prism::whole::out_of_photoprism").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_server_to_server() {
    travel(Route::Across, "prism::whole::from_server_to_server").await;
}
