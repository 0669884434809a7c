//! The engine of photomove: plan, journal, transfer, verify.
//!
//! [`Migration`] moves a library from any source to any sink. All that it knows lives in a [`Journal`]: stages hand
//! nothing to each other, each takes rows in its input state and writes the next. A crash, Ctrl-C, a spent quota and
//! the normal end are the same thing: no more rows are taken. What must not happen twice is written down before it
//! is done, and settled with the service after a crash.
//!
//! The engine prints nothing and knows no provider; it tells an [`Observer`] what happens.
//!
//! ```
//! use std::sync::Arc;
//! use photomove_core::{MemoryItem, MemoryProvider, SystemClock};
//! use photomove_migrate::{EngineEnv, Journal, MigrateOptions, Migration};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let state = folder.path();
//! let source = Arc::new(MemoryProvider::new("anna"));
//! source.insert(MemoryItem::new("1", "harbour.jpg", "bytes of a picture"));
//! let target = Arc::new(MemoryProvider::new("anna's new home"));
//!
//! let journal = Journal::open(&state.join("journal.sqlite"), SystemClock::shared())?;
//! let migration = Migration::new(
//!     source,
//!     target.clone(),
//!     journal,
//!     MigrateOptions::new(state),
//!     EngineEnv::system(),
//! );
//! assert_eq!(migration.plan().await?.to_send.count, 1);
//! let summary = migration.run().await?;
//! assert_eq!(summary.accounting.verified.count, 1);
//! assert!(migration.run().await?.nothing_to_do);
//! # Ok(())
//! # }
//! ```

mod engine;
mod event;
mod journal;
mod lock;
mod options;
mod report;

pub use engine::Migration;
pub use event::{Event, NoObserver, Observer, Outcome, Progress, Reason, Stage, WaitReason};
pub use journal::checker::{Rule, Violation};
pub use journal::{Failure, JobId, JobState, JobStatus, Journal, OpenIntent};
pub use lock::{LockKind, Locks};
pub use options::{EngineEnv, MigrateOptions, StopToken};
pub use report::{
    AccountName, Accounting, AlbumSummary, Count, Estimate, KindCount, Loss, Plan, RefusedCount, StopReason, Summary,
};
