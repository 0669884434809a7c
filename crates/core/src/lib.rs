//! Data model, capabilities, errors and provider traits of photomove.
//!
//! This crate knows no network, no database and no command line. A provider implements [`PhotoProvider`] and, as far as
//! it can, [`PhotoSource`] and [`PhotoSink`]; an engine moves assets between any two of them. [`MemoryProvider`] is a
//! complete provider that lives in memory, for tests, examples and documentation.
//!
//! With the feature `conformance`, `conformance` holds the checks that every provider is expected to pass.

mod asset;
mod body;
mod capabilities;
mod checksum;
mod clock;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod credentials;
pub mod drill;
mod error;
mod facts;
mod files;
mod filters;
mod ids;
mod interaction;
mod limits;
mod memory;
mod metadata;
mod provider;
mod quota;
mod random;
mod transfer;

pub use asset::{Album, Asset, Cursor, Locator, Media, MediaKind, Member, Page, Part, PartRole};
pub use body::{Body, ByteStream, BytesBody};
pub use capabilities::{
    AlbumCaps, BundleKind, ByteLimits, Capabilities, Fidelity, FilterCaps, Gap, Ledger, ReadOrder, RequestCost, Scope,
    SinkCaps, SourceCaps, StageKind, TextLimits, Visibility,
};
pub use checksum::{Agreement, Checksums, Digester, HashKinds};
pub use clock::{Clock, ManualClock, SharedClock, SystemClock};
pub use credentials::{CredentialKey, CredentialStore, FileCredentialStore, MemoryCredentialStore};
pub use error::{AuthProblem, Disposition, Error, ErrorKind, Happened, Operation, Rejection, Resource, Result};
pub use facts::{FactStore, MemoryFactStore};
pub use files::{PrivateFile, read_secret, write_private};
pub use filters::{Filters, Fit, MediaFilter};
pub use ids::{AlbumId, AssetId, DestAlbumId, DestId, ItemKey, Owner, PartId, SessionId};
pub use interaction::{Answer, Interaction, NobodyThere, Prompt};
pub use limits::{LimitedSink, cut_chars, cut_file_name};
pub use memory::{Damage, FailWhen, MemoryAlbum, MemoryItem, MemoryPart, MemoryProvider};
pub use metadata::{CaptureTime, Fields, Metadata, Origin, Place, Precision, Sourced};
pub use provider::{Account, PhotoProvider, PhotoSink, PhotoSource, ProviderInfo, SettingChange, StageLog};
pub use quota::{Allowance, MemoryQuotaStore, QuotaStore};
pub use random::{Random, SeededRandom, SharedRandom, SystemRandom};
pub use transfer::{
    Claim, Committed, Evidence, Intent, Lookup, NewAlbum, NewPart, OutOfSight, Settled, Siblings, Staged, StagedBundle,
    Wanted,
};
