//! Moves photo libraries between services, and proves that it did.
//!
//! This crate gathers photomove's libraries under one name:
//!
//! | module | what it is |
//! |---|---|
//! | [`core`] | data model, errors, provider traits, a provider in memory |
//! | [`migrate`] | the engine: journal, transfer, verification, accounting |
//! | [`http`] | what every HTTP provider needs once |
//! | [`media`] | facts about files from their bytes and names |
//! | `amazon` | Amazon Photos as a source (feature `amazon`) |
//! | `google` | Google Photos as a sink (feature `google`) |
//! | `photoprism` | PhotoPrism as source and sink (feature `photoprism`) |
//!
//! Without the command line: `photomove = { version = "0.1", default-features = false, features = ["google"] }`.

pub use photomove_core as core;
pub use photomove_http as http;
pub use photomove_media as media;
pub use photomove_migrate as migrate;

#[cfg(feature = "amazon")]
pub use photomove_amazon as amazon;
#[cfg(feature = "google")]
pub use photomove_google as google;
#[cfg(feature = "photoprism")]
pub use photomove_photoprism as photoprism;
