//! Staging, committing and finding.

use std::sync::atomic::Ordering;

use crate::{Checksums, Disposition, ErrorKind, Lookup, StageKind};

use super::bench::{Bench, Progress, part_key};
use super::{Checked, Failure, Outcome, SinkFixture, ensure};

/// Largest batch limit that is tried out.
const LARGEST_BATCH: u32 = 500;

/// Staged bytes are hidden until commit, or visible at once, as the capabilities say.
///
/// # Errors
/// When the check fails.
pub async fn staged_bytes_show_when_they_should(fixture: &dyn SinkFixture) -> Checked {
    let bench = Bench::new(fixture).await?;
    let log = Progress::default();
    let staged = bench.try_stage(&bench.part(1), 1, &log).await?;
    let size = bench.file(1).bytes.len() as u64;
    let stored = log.stored.load(Ordering::SeqCst);
    ensure!(stored <= size, "`stage` says that {stored} of {size} bytes are stored");
    let was_opened = log.opened.load(Ordering::SeqCst);
    ensure!(
        was_opened || !bench.caps.resumable,
        "it can go on in the middle, but `stage` does not say where"
    );
    bench.fixture.let_become_visible().await;
    let copies = bench.copies(1).await?;
    match bench.caps.stage {
        StageKind::Hidden => {
            ensure!(staged.visible.is_none(), "staging is hidden, but `stage` names an item");
            ensure!(copies == 0, "staging is hidden, but the file can be seen before commit");
        }
        StageKind::VisibleAtOnce => {
            ensure!(staged.visible.is_some(), "staging is final, but `stage` names no item");
            ensure!(copies == 1, "staging is final, but the file can be seen {copies} times");
        }
    }
    Ok(Outcome::Passed)
}

/// A batch gives one answer per bundle in its order, and each item has the bytes that were sent for it.
///
/// # Errors
/// When the check fails.
pub async fn commit_keeps_order_and_length(fixture: &dyn SinkFixture) -> Checked {
    let bench = Bench::new(fixture).await?;
    let numbers = [3, 1, 2];
    let ids = bench.put(&numbers, None).await?;
    let arrived = bench.arrived().await?;
    ensure!(
        arrived.len() == numbers.len(),
        "{} files were committed, {} arrived",
        numbers.len(),
        arrived.len()
    );
    for (number, id) in numbers.iter().zip(&ids) {
        let item = arrived.iter().find(|item| item.id == *id);
        let item = item.ok_or_else(|| Failure::new(format!("item {id} of file {number} did not arrive")))?;
        let is_same = item.checksums.sha1 == bench.sums(*number).sha1;
        ensure!(
            is_same,
            "item {id} does not have the bytes of file {number}: answers are in another order"
        );
    }
    Ok(Outcome::Passed)
}

/// A bundle that cannot be committed fails alone, or the call says that the batch is to be split.
///
/// # Errors
/// When the check fails.
pub async fn one_bad_bundle_does_not_fail_others(fixture: &dyn SinkFixture) -> Checked {
    let bench = Bench::new(fixture).await?;
    if bench.caps.stage == StageKind::VisibleAtOnce {
        return Ok(Outcome::DoesNotApply("staging is final, commit has nothing to refuse"));
    }
    if bench.caps.commit_batch.get() < 3 {
        return Ok(Outcome::DoesNotApply("a batch holds fewer than three bundles"));
    }
    let (first, last) = (
        bench.bundle(1, bench.stage(1).await?),
        bench.bundle(3, bench.stage(3).await?),
    );
    let bad = bench.bad_bundle(2);
    match bench
        .sink
        .commit(&[first.clone(), bad.clone(), last.clone()], None)
        .await
    {
        Ok(answers) => {
            let worked: Vec<_> = answers.iter().map(|answer| answer.is_ok()).collect();
            ensure!(
                worked == [true, false, true],
                "of a good, a bad and a good bundle these worked: {worked:?}"
            );
        }
        Err(error) => {
            let is_split = error.disposition() == Disposition::SplitBatch;
            ensure!(
                is_split,
                "one bad bundle fails the whole batch without asking to split it: {error}"
            );
            for good in [first, last] {
                let answers = bench.commit(&[good], None).await?;
                ensure!(
                    answers.iter().all(|answer| answer.is_ok()),
                    "a good bundle fails by itself"
                );
            }
            let alone = bench.sink.commit(&[bad], None).await;
            let failed = alone.map_or(true, |answers| answers.iter().all(|answer| answer.is_err()));
            ensure!(failed, "a bundle with a token that nobody gave was committed");
        }
    }
    bench.fixture.let_become_visible().await;
    let there = bench.arrived().await?.len();
    ensure!(there == 2, "two good bundles were committed, {there} items arrived");
    Ok(Outcome::Passed)
}

/// Where the service knows equal bytes again, sending them twice leaves one item and names it both times.
///
/// # Errors
/// When the check fails.
pub async fn same_bytes_twice_are_one_item(fixture: &dyn SinkFixture) -> Checked {
    if !fixture.knows_equal_bytes() {
        return Ok(Outcome::DoesNotApply("the service does not know equal bytes again"));
    }
    let bench = Bench::new(fixture).await?;
    let first = bench.put(&[1], None).await?;
    let again = bench.part(2);
    match bench.try_stage(&again, 1, &Progress::default()).await {
        Ok(staged) => {
            let answers = bench.commit(&[bench.bundle(2, staged)], None).await?;
            let ids: Vec<_> = answers
                .into_iter()
                .flatten()
                .flat_map(|one| one.parts)
                .filter_map(|(_, id)| id)
                .collect();
            ensure!(
                ids.is_empty() || ids == first,
                "the same bytes were sent twice: first {first:?}, then {ids:?}"
            );
        }
        Err(error) => {
            let existing = match error.kind() {
                ErrorKind::Conflict { existing } => existing.as_ref(),
                _ => return Err(error.into()),
            };
            ensure!(
                existing == first.first(),
                "the same bytes conflict with {existing:?} where {first:?} exists"
            );
        }
    }
    bench.fixture.let_become_visible().await;
    let copies = bench.copies(1).await?;
    ensure!(
        copies == 1,
        "the same bytes were sent twice and can be seen {copies} times"
    );
    Ok(Outcome::Passed)
}

/// A batch of one more than the limit is refused as a whole.
///
/// # Errors
/// When the check fails.
pub async fn batch_above_the_limit_is_refused(fixture: &dyn SinkFixture) -> Checked {
    let bench = Bench::new(fixture).await?;
    let limit = bench.caps.commit_batch.get();
    if limit > LARGEST_BATCH {
        return Ok(Outcome::DoesNotApply("the limit is too large to be tried out"));
    }
    if bench.caps.stage == StageKind::VisibleAtOnce {
        return Ok(Outcome::DoesNotApply("staging is final, commit has nothing to refuse"));
    }
    let mut batch = Vec::new();
    for number in 0..=limit {
        batch.push(bench.bundle(number, bench.stage(number).await?));
    }
    let answer = bench.sink.commit(&batch, None).await;
    ensure!(
        answer.is_err(),
        "a batch of {} was taken, the limit is {limit}",
        batch.len()
    );
    bench.fixture.let_become_visible().await;
    let there = bench.arrived().await?.len();
    ensure!(
        there == 0,
        "a batch above the limit was refused, but {there} items arrived"
    );
    Ok(Outcome::Passed)
}

/// `find` answers once for each question: absent, then found under the right id; without a hash it cannot tell.
///
/// # Errors
/// When the check fails.
pub async fn find_tells_what_is_there(fixture: &dyn SinkFixture) -> Checked {
    let bench = Bench::new(fixture).await?;
    let ids = bench.put(&[1], None).await?;
    let mut nameless = bench.wanted(1);
    nameless.checksums = Checksums::default();
    nameless.key = part_key(3);
    let questions = [bench.wanted(2), bench.wanted(1), nameless];
    let answers = bench.sink.find(&questions).await?;
    ensure!(
        answers.len() == questions.len(),
        "`find` gives {} answers to 3 questions",
        answers.len()
    );
    let guessed = matches!(answers[2], Lookup::Found { .. });
    ensure!(!guessed, "`find` finds a file of which nothing but the name is known");
    if bench.caps.find_by.is_empty() {
        let is_honest = answers.iter().all(|answer| *answer == Lookup::CannotTell);
        ensure!(is_honest, "it cannot look by any hash, but `find` answers {answers:?}");
        return Ok(Outcome::DoesNotApply("the service cannot look by hash"));
    }
    ensure!(
        answers[0] == Lookup::Absent,
        "`find` of what was never sent answers {:?}",
        answers[0]
    );
    let expected = ids.into_iter().next().map(|id| Lookup::Found { id, trashed: false });
    ensure!(
        Some(&answers[1]) == expected.as_ref(),
        "`find` of what arrived answers {:?}, not {expected:?}",
        answers[1]
    );
    Ok(Outcome::Passed)
}
