//! Checks of sinks.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use crate::{Checksums, DestAlbumId, DestId, PhotoSink, Result, SinkCaps, StageKind};

use super::{Checked, Failure, Outcome, Report, check_identity, check_secrets, ensure, run};

mod albums;
mod bench;
mod proof;
mod settle;
mod transfer;

use bench::Bench;

pub use albums::{adding_twice_is_a_set, albums_are_created_as_promised, commit_puts_items_into_an_album};
pub use proof::{
    describe_stores_what_it_says, prepare_and_restore_are_a_pair, read_back_gives_the_bytes,
    verify_claims_no_more_than_it_reports,
};
pub use settle::{settle_of_a_commit, settle_of_a_stage, settle_of_adding_to_an_album, settle_of_an_album};
pub use transfer::{
    batch_above_the_limit_is_refused, commit_keeps_order_and_length, find_tells_what_is_there,
    one_bad_bundle_does_not_fail_others, same_bytes_twice_are_one_item, staged_bytes_show_when_they_should,
};

/// A file to send to a sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestFile {
    /// File name, unique in the fixture.
    pub file_name: String,
    /// Media type.
    pub media_type: String,
    /// Bytes.
    pub bytes: Bytes,
}

/// An item that arrived.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrived {
    /// Id, as the sink names it.
    pub id: DestId,
    /// Hashes of its bytes, SHA-1 at least.
    pub checksums: Checksums,
    /// Description.
    pub description: Option<String>,
}

/// An album that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrivedAlbum {
    /// Id, as the sink names it.
    pub id: DestAlbumId,
    /// Title.
    pub title: String,
    /// Members; an item that was added twice and is a member twice shows twice.
    pub members: Vec<DestId>,
}

/// How the checks get at a sink and see what arrived behind its back.
#[async_trait]
pub trait SinkFixture: Send + Sync {
    /// Makes a sink over a new and empty library, signed in. The other methods are about the library made last.
    ///
    /// # Errors
    /// When the fixture is broken.
    async fn sink(&self) -> Result<Arc<dyn PhotoSink>>;
    /// Returns what people would see in the library.
    ///
    /// # Errors
    /// When the fixture is broken.
    async fn arrived(&self) -> Result<Vec<Arrived>>;
    /// Returns the albums that people would see.
    ///
    /// # Errors
    /// When the fixture is broken.
    async fn albums(&self) -> Result<Vec<ArrivedAlbum>>;
    /// Makes a file that the sink takes; another number gives other bytes and another name.
    fn file(&self, number: u32) -> TestFile;
    /// Says whether the service knows equal bytes again and keeps one item.
    fn knows_equal_bytes(&self) -> bool;
    /// Says whether evidence comes from hashes that the service tells, so that a false claim can be told from a true
    /// one; a service that only compared a hash when the bytes arrived cannot.
    fn tells_hashes(&self) -> bool {
        true
    }
    /// Names an item that does not exist, in the form of the sink's ids.
    fn unknown(&self) -> DestId {
        DestId::new("no-such-item")
    }
    /// Lets the time pass after which committed items can be seen.
    async fn let_become_visible(&self) {}
    /// Returns texts that must never show, such as the tokens that the sink is signed in with.
    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Runs all checks of sinks.
///
/// # Errors
/// The first check that failed.
pub async fn all(fixture: &dyn SinkFixture) -> Result<Report, Failure> {
    Ok(run!(fixture;
        own {
            capabilities_are_consistent,
            account_has_an_owner,
            debug_shows_no_secret,
        }
        transfer {
            staged_bytes_show_when_they_should,
            commit_keeps_order_and_length,
            one_bad_bundle_does_not_fail_others,
            same_bytes_twice_are_one_item,
            batch_above_the_limit_is_refused,
            find_tells_what_is_there,
        }
        albums {
            albums_are_created_as_promised,
            commit_puts_items_into_an_album,
            adding_twice_is_a_set,
        }
        settle {
            settle_of_a_stage,
            settle_of_a_commit,
            settle_of_an_album,
            settle_of_adding_to_an_album,
        }
        proof {
            verify_claims_no_more_than_it_reports,
            describe_stores_what_it_says,
            read_back_gives_the_bytes,
            prepare_and_restore_are_a_pair,
        }
    ))
}

/// What the sink says it can do is there and makes sense.
///
/// # Errors
/// When the check fails.
pub async fn capabilities_are_consistent(fixture: &dyn SinkFixture) -> Checked {
    let sink = fixture.sink().await?;
    let caps = caps_of(&*sink)?;
    ensure!(
        Arc::clone(&sink).as_sink().is_some(),
        "it has the capabilities of a sink, but `as_sink` is none"
    );
    let is_source = Arc::clone(&sink).as_source().is_some();
    let says_source = sink.capabilities().source.is_some();
    ensure!(
        is_source == says_source,
        "`as_source` and the capabilities do not agree whether it is a source"
    );
    ensure!(caps.stage_concurrency > 0, "it bears no `stage` at all");
    ensure!(caps.write_lanes > 0, "it bears no writing call at all");
    let can_look = caps.stage == StageKind::Hidden || !caps.find_by.is_empty();
    ensure!(
        can_look,
        "what it stages is visible at once, but it cannot be found by any hash"
    );
    if let Some(albums) = &caps.albums {
        ensure!(
            albums.add_batch > 0 && albums.title_chars > 0,
            "its albums take no members or no title"
        );
        let is_possible = albums.on_commit || !albums.foreign_items_only_on_commit;
        ensure!(
            is_possible,
            "items of other apps enter albums only on commit, but commit takes no album"
        );
    }
    Ok(Outcome::Passed)
}

/// The account has an owner, the same each time.
///
/// # Errors
/// When the check fails.
pub async fn account_has_an_owner(fixture: &dyn SinkFixture) -> Checked {
    check_identity(&*fixture.sink().await?).await
}

/// The `Debug` text of the sink holds none of the fixture's secrets, and no token of what was staged.
///
/// # Errors
/// When the check fails.
pub async fn debug_shows_no_secret(fixture: &dyn SinkFixture) -> Checked {
    let bench = Bench::new(fixture).await?;
    let staged = bench.stage(1).await?;
    let mut secrets = fixture.secrets();
    secrets.push(bench::token(&staged));
    let sink = &bench.sink;
    check_secrets(&format!("{sink:?} {sink:#?} {staged:?}"), &secrets)
}

/// The checks of this file, as the suite names them.
mod own {
    pub(super) use super::{account_has_an_owner, capabilities_are_consistent, debug_shows_no_secret};
}

fn caps_of(sink: &dyn PhotoSink) -> Result<SinkCaps, Failure> {
    sink.capabilities()
        .sink
        .ok_or_else(|| Failure::new("it is a sink without the capabilities of one"))
}
