//! Evidence, metadata, and settings.

use crate::conformance::drain;
use crate::{Checksums, Claim, ErrorKind, Evidence, Fields, Metadata, Origin, PartId, Sourced};

use super::bench::Bench;
use super::{Checked, Failure, Outcome, SinkFixture, ensure};

/// Evidence never names a hash that the sink does not report or that was not claimed, a false claim gets no proof, and
/// what does not exist is missing.
///
/// # Errors
/// When the check fails.
pub async fn verify_claims_no_more_than_it_reports(fixture: &dyn SinkFixture) -> Checked {
    let bench = Bench::new(fixture).await?;
    let id = bench.put(&[1], None).await?.remove(0);
    let size_bytes = bench.file(1).bytes.len() as u64;
    let claims = [
        Claim {
            id: id.clone(),
            size_bytes,
            checksums: bench.sums(1),
        },
        Claim {
            id,
            size_bytes,
            checksums: bench.sums(2),
        },
        Claim {
            id: fixture.unknown(),
            size_bytes,
            checksums: Checksums::default(),
        },
    ];
    let answers = bench.sink.verify(&claims).await?;
    ensure!(
        answers.len() == claims.len(),
        "`verify` of {} claims gives {} answers",
        claims.len(),
        answers.len()
    );
    let mut answers = answers.into_iter();
    let (Some(right), Some(wrong), Some(missing)) = (answers.next(), answers.next(), answers.next()) else {
        return Err(Failure::new("`verify` gives too few answers"));
    };
    let right = right?;
    match &right {
        Evidence::Hash(kinds) => {
            let reports = bench.caps.reports;
            ensure!(!kinds.is_empty(), "`verify` proves by no hash at all");
            ensure!(
                reports.contains(*kinds),
                "`verify` proves by {kinds}, the capabilities name {reports}"
            );
            ensure!(
                bench.sums(1).kinds().contains(*kinds),
                "`verify` proves by {kinds}, which was not claimed"
            );
        }
        Evidence::SizeOnly | Evidence::ExistsOnly => {}
        answer => return Err(Failure::new(format!("`verify` of a true claim says {answer:?}"))),
    }
    if matches!(right, Evidence::Hash(_)) && fixture.tells_hashes() {
        let wrong = wrong?;
        let is_told = matches!(wrong, Evidence::Differs { .. });
        ensure!(is_told, "`verify` of a claim with another file's hashes says {wrong:?}");
    }
    let missing = missing?;
    ensure!(
        missing == Evidence::Missing,
        "`verify` of what does not exist says {missing:?}"
    );
    Ok(Outcome::Passed)
}

/// Metadata arrives as promised: on creation, and later exactly those fields that `describe` says it stored.
///
/// # Errors
/// When the check fails.
pub async fn describe_stores_what_it_says(fixture: &dyn SinkFixture) -> Checked {
    let bench = Bench::new(fixture).await?;
    let id = bench.put(&[1], None).await?.remove(0);
    let description = |arrived: Vec<super::Arrived>| {
        arrived
            .into_iter()
            .find(|item| item.id == id)
            .and_then(|item| item.description)
    };
    if bench.caps.on_create.contains(Fields::DESCRIPTION) {
        let kept = description(bench.arrived().await?);
        ensure!(
            kept.as_deref() == Some("picture 1"),
            "the description sent on creation arrived as {kept:?}"
        );
    }
    if bench.caps.on_update.is_empty() {
        return Ok(Outcome::DoesNotApply("the service changes no metadata later"));
    }
    let text = |value: &str| {
        Some(Sourced {
            value: value.to_owned(),
            origin: Origin::Provider,
        })
    };
    let patch = Metadata {
        title: text("new title"),
        description: text("new description"),
        favourite: Some(Sourced {
            value: true,
            origin: Origin::Provider,
        }),
        ..Metadata::default()
    };
    let stored = bench.sink.describe(&id, &patch).await?;
    let may = bench.caps.on_update;
    ensure!(
        may.contains(stored),
        "`describe` says it stored {stored:?}, the capabilities name {may:?}"
    );
    ensure!(
        patch.fields().contains(stored),
        "`describe` says it stored {stored:?}, which was not sent"
    );
    bench.fixture.let_become_visible().await;
    let kept = description(bench.arrived().await?);
    let is_new = kept.as_deref() == Some("new description");
    let says_new = stored.contains(Fields::DESCRIPTION);
    ensure!(
        is_new == says_new,
        "`describe` says it stored {stored:?}, the description is {kept:?}"
    );
    Ok(Outcome::Passed)
}

/// Where the sink gives bytes back, they are those that were sent.
///
/// # Errors
/// When the check fails.
pub async fn read_back_gives_the_bytes(fixture: &dyn SinkFixture) -> Checked {
    let bench = Bench::new(fixture).await?;
    let id = bench.put(&[1], None).await?.remove(0);
    match bench.sink.read_back(&id, &PartId::new("0")).await {
        Ok(media) => {
            let bytes = drain(media).await?;
            ensure!(
                bench.file(1).bytes == bytes,
                "`read_back` gives other bytes than were sent"
            );
            Ok(Outcome::Passed)
        }
        Err(error) if *error.kind() == ErrorKind::Unsupported => {
            Ok(Outcome::DoesNotApply("the service does not give the bytes back"))
        }
        Err(error) => Err(error.into()),
    }
}

/// What `prepare` changes, `restore` puts back, so that a second `prepare` changes the same again.
///
/// # Errors
/// When the check fails.
pub async fn prepare_and_restore_are_a_pair(fixture: &dyn SinkFixture) -> Checked {
    let bench = Bench::new(fixture).await?;
    let changes = bench.sink.prepare().await?;
    bench.sink.restore(&changes).await?;
    if changes.is_empty() {
        return Ok(Outcome::DoesNotApply("the service needs no preparation"));
    }
    let again = bench.sink.prepare().await?;
    ensure!(
        again == changes,
        "`prepare` changes {changes:?}, and after `restore` {again:?}"
    );
    bench.sink.restore(&again).await?;
    Ok(Outcome::Passed)
}
