//! A tour of the client at a real server, which it leaves as it was: two pictures of its own making and an album come and
//! go. It runs when `PHOTOMOVE_LIVE_PHOTOPRISM_URL`, `_USER` and `_PASSWORD` are set; a passcode cannot be given, an app
//! password as password can. The same tour always runs at the stand-in.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod tour;

use std::io::Write;

use photomove_http::HttpEnv;
use photomove_photoprism::{PhotoPrismAuth, PhotoPrismClient, PhotoPrismConfig, SignIn};
use photomove_sim::{ServiceKind, ServiceSpec, SimOptions};
use rstest::rstest;

use crate::tour::Tour;

fn client(url: &str, name: &str, password: &str) -> PhotoPrismClient {
    // Whoever sets the address knows the way there.
    let config = PhotoPrismConfig::new(url.parse().unwrap()).with_plain_http(true);
    let auth = PhotoPrismAuth::new(SignIn::User {
        name: name.to_owned(),
        password: password.into(),
    });
    PhotoPrismClient::new(&config, &HttpEnv::system(), auth).unwrap()
}

async fn run(client: PhotoPrismClient) {
    let mut tour = Tour::new(client);
    let seen = tour.run().await;
    let cleaned = tour.clean_up().await;
    seen.unwrap();
    cleaned.unwrap();
}

#[tokio::test]
async fn the_tour_ends_well_at_a_real_server() {
    let variable = |name: &str| std::env::var(format!("PHOTOMOVE_LIVE_PHOTOPRISM_{name}")).ok();
    let (Some(url), Some(user), Some(password)) = (variable("URL"), variable("USER"), variable("PASSWORD")) else {
        // Past the test harness, which swallows what a passing test prints.
        let _ = writeln!(
            std::io::stderr(),
            "skipped: PHOTOMOVE_LIVE_PHOTOPRISM_URL, _USER and _PASSWORD are not all set"
        );
        return;
    };
    run(client(&url, &user, &password)).await;
}

#[rstest]
#[case(photomove_sim::photoprism::Generation::G1)]
#[case(photomove_sim::photoprism::Generation::G2)]
#[case(photomove_sim::photoprism::Generation::G3)]
#[tokio::test]
async fn the_tour_ends_well_at_the_stand_in(#[case] generation: photomove_sim::photoprism::Generation) {
    let options = SimOptions {
        services: vec![ServiceSpec::new(ServiceKind::PhotoPrism)],
        photoprism: photomove_sim::PhotoPrismSwitches::of(generation),
        ..SimOptions::default()
    };
    let sims = photomove_sim::start(options).await.unwrap();
    let sim = sims.photoprism().unwrap();
    run(client(sim.url(), sim.user(), sim.password())).await;
    assert!(
        sim.photos().iter().all(|photo| photo.files.is_empty()),
        "{:?}",
        sim.photos()
    );
    assert!(
        sim.albums().iter().all(|album| album.deleted || album.kind != "album"),
        "{:?}",
        sim.albums()
    );
    assert!(sim.originals().is_empty(), "{:?}", sim.originals());
}
