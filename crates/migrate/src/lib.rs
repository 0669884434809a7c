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

mod about;
mod engine;
mod event;
mod filtered;
mod journal;
mod lock;
mod options;
mod plan;
mod plan_file;
mod recheck;
mod report;
mod run;
mod sampler;

pub use about::{JOURNAL_VERSION, disk_room, sqlite_version};
pub use engine::{Migration, RecheckOptions, Verification, restore_settings};
pub use event::{Event, NoObserver, Observer, Outcome, Progress, Reason, Stage, WaitReason};
pub use filtered::{Filtered, Namesakes};
pub use journal::checker::{Rule, Violation};
pub use journal::items::{ItemAlbum, ItemEvidence, ItemRecord, ReasonCount};
pub use journal::names::DistinctNames;
pub use journal::overview::{AlbumRecord, DaySum, JobOverview, KindAccounting};
pub use journal::{Failure, JobId, JobState, JobStatus, Journal, OpenIntent};
pub use lock::{Holding, LockKind, Locks};
pub use options::{EngineEnv, MigrateOptions, StopToken};
pub use plan::{
    AlbumPlan, DoubtfulType, Estimate, Example, KindCount, Loss, Plan, RefusedCount, RequestPlan, RoomToldBy,
    SplitAlbum, StoragePlan,
};
pub use plan_file::{
    Drift, DriftExample, DriftKind, PLAN_FILE_VERSION, PlanAccount, PlanAlbum, PlanEnd, PlanFile, PlanHeader, PlanItem,
    PlanOutcome, PlanPart,
};
pub use recheck::{Difference, Findings, Level, Recheck};
pub use report::{AccountName, Accounting, AlbumSummary, Count, RunLimit, StopReason, Summary};
pub use run::{
    Budget, Checked, Later, LeftAlone, Retried, Retryable, Run, RunKind, RunNotes, Speed, SpeedSample, Stages, Waiting,
};
pub use sampler::{Sample, Sampler, Wish};
