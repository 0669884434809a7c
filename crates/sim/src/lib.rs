//! Stateful stand-ins of Amazon Photos, Google Photos and PhotoPrism for tests, demos and benches.
//!
//! Each service is a set of real HTTP servers on `127.0.0.1`, one listener per host role, so that redirects cross
//! origins as they do at the real service. The crate shares no type and no metadata reader with photomove's clients: it
//! is a second, independent reading of the protocols.
//!
//! * [`start`] starts the services that [`SimOptions`] names and returns [`Sims`];
//! * [`Library`] fills a service: from a folder, from computed JPEGs, or with the demo's pictures;
//! * [`FaultPlan`] makes chosen requests fail, the same ones for the same seed;
//! * [`RequestLog`] and [`Counters`] remember what came, so that tests can assert on it;
//! * with [`SimOptions::control`] every service also has control routes (see [`control`]).
//!
//! Bytes of big libraries are computed, never stored (see [`Blob`]), so a library of 200,000 items
//! costs about 120 MiB whatever the size of its pictures.

pub mod amazon;
pub mod blob;
pub mod clock;
pub mod control;
pub mod demo;
pub mod error;
pub mod facts;
pub mod faults;
mod files;
pub mod google;
pub mod library;
mod library_change;
pub mod log;
pub mod origin;
pub mod photoprism;
pub mod run;
pub mod seeded;
mod switch;
mod synthetic;

pub use amazon::{AmazonSim, AmazonSwitches};
pub use blob::{Blob, Hashes};
pub use clock::SimClock;
pub use control::{Person, Service, SessionCommand};
pub use error::SimError;
pub use facts::{MediaFacts, Taken};
pub use faults::{
    BodyKind, EndlessItems, Fault, FaultBody, FaultDecided, FaultPlan, FaultRule, RetryAfter, parse_faults,
};
pub use google::{GoogleSim, GoogleSwitches};
pub use library::{Library, LibraryAlbum, LibraryItem};
pub use library_change::{LibraryCommand, Membership, Renamed};
pub use log::{Counters, Counts, RequestLine, RequestLog};
pub use origin::{Operation, Origin, OriginSpec, Pace, Shared};
pub use photoprism::{Generation, PhotoPrismSim, PhotoPrismSwitches};
pub use run::{Fill, Ports, ServiceContext, ServiceKind, ServiceSpec, SimOptions, Sims, SyntheticVideos, start};
