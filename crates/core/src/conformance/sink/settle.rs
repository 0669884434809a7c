//! What became of calls whose replies were lost. What `settle` says must be true, whatever it says.

use jiff::Timestamp;

use crate::{Intent, Settled, StageKind};

use super::albums::{NO_ALBUMS, new_album};
use super::bench::{Bench, part_key};
use super::{Checked, Failure, Outcome, SinkFixture, ensure};

/// A part that was never staged did not happen; one that was is found, or staging it again does no harm.
///
/// # Errors
/// When the check fails.
pub async fn settle_of_a_stage(fixture: &dyn SinkFixture) -> Checked {
    let bench = Bench::new(fixture).await?;
    let intent = |number| Intent::Stage {
        part: part_key(number),
        wanted: bench.wanted(number),
        staged: None,
    };
    let answer = bench.sink.settle(&intent(1)).await?;
    let is_true = matches!(answer, Settled::DidNot | Settled::RepeatIsHarmless);
    ensure!(is_true, "nothing was staged, `settle` says {answer:?}");
    let staged = bench.stage(1).await?;
    bench.fixture.let_become_visible().await;
    let answer = bench.sink.settle(&intent(1)).await?;
    match answer {
        Settled::RepeatIsHarmless => {
            if let Err(error) = bench.stage(1).await {
                // An item that is there may be refused a second time, and says which it is.
                ensure!(
                    bench.caps.stage == StageKind::VisibleAtOnce,
                    "repeating should be harmless, but {error}"
                );
            }
            let copies = bench.copies(1).await?;
            ensure!(
                copies <= 1,
                "repeating should be harmless, but the file can be seen {copies} times"
            );
        }
        Settled::Happened(items) => {
            let expected = staged.visible.map(|id| (part_key(1), id));
            ensure!(
                items.first() == expected.as_ref(),
                "`settle` names {items:?}, `stage` made {expected:?}"
            );
        }
        Settled::DidNot => {
            let is_hidden = bench.caps.stage == StageKind::Hidden;
            ensure!(
                is_hidden,
                "the file was staged and can be seen, `settle` says that it was not"
            );
        }
        Settled::Unknown | Settled::AlbumHappened(_) => {
            return Err(Failure::new(format!("a file was staged, `settle` says {answer:?}")));
        }
    }
    Ok(Outcome::Passed)
}

/// A commit that was never made did not happen; one that was is not denied; a repeat that is called harmless is.
///
/// # Errors
/// When the check fails.
pub async fn settle_of_a_commit(fixture: &dyn SinkFixture) -> Checked {
    let bench = Bench::new(fixture).await?;
    let batch = vec![bench.bundle(1, bench.stage(1).await?)];
    let intent = Intent::Commit {
        bundles: batch.clone(),
        album: None,
    };
    if bench.caps.stage == StageKind::Hidden {
        let answer = bench.sink.settle(&intent).await?;
        let is_false = matches!(answer, Settled::Happened(_) | Settled::AlbumHappened(_));
        ensure!(!is_false, "nothing was committed, `settle` says {answer:?}");
    }
    bench.commit(&batch, None).await?;
    bench.fixture.let_become_visible().await;
    let arrived = bench.arrived().await?;
    match bench.sink.settle(&intent).await? {
        Settled::Happened(items) => {
            let is_there = |id| arrived.iter().any(|item| item.id == id);
            let is_true = !items.is_empty() && items.into_iter().all(|(key, id)| key == part_key(1) && is_there(id));
            ensure!(is_true, "`settle` names items that are not those that were committed");
        }
        Settled::RepeatIsHarmless => {
            // The repeat itself may be refused: then the bytes are sent again, which must not double them either.
            let _ = bench.sink.commit(&batch, None).await;
            if bench.caps.stage == StageKind::Hidden {
                let again = [bench.bundle(1, bench.stage(1).await?)];
                bench.commit(&again, None).await?;
            }
            bench.fixture.let_become_visible().await;
            let copies = bench.copies(1).await?;
            ensure!(
                copies == 1,
                "repeating should be harmless, but the file can be seen {copies} times"
            );
        }
        Settled::Unknown => {}
        answer @ (Settled::DidNot | Settled::AlbumHappened(_)) => {
            return Err(Failure::new(format!("a file was committed, `settle` says {answer:?}")));
        }
    }
    Ok(Outcome::Passed)
}

/// A lost album is found by its title among those that nobody knows; a known one is never taken for it.
///
/// # Errors
/// When the check fails.
pub async fn settle_of_an_album(fixture: &dyn SinkFixture) -> Checked {
    let bench = Bench::new(fixture).await?;
    if bench.caps.albums.is_none() {
        return Ok(NO_ALBUMS);
    }
    let intent = |known| Intent::CreateAlbum {
        album: new_album(),
        since: Timestamp::UNIX_EPOCH,
        known,
    };
    let answer = bench.sink.settle(&intent(Vec::new())).await?;
    let is_true = matches!(answer, Settled::DidNot | Settled::RepeatIsHarmless);
    ensure!(is_true, "no album was created, `settle` says {answer:?}");
    let made = bench.sink.create_album(&new_album()).await?;
    bench.fixture.let_become_visible().await;
    match bench.sink.settle(&intent(Vec::new())).await? {
        Settled::AlbumHappened(found) => ensure!(found == made, "`settle` finds {found}, {made} was created"),
        Settled::RepeatIsHarmless => {
            let again = bench.sink.create_album(&new_album()).await?;
            ensure!(
                again == made,
                "repeating should be harmless, but a second album {again} was created"
            );
            return Ok(Outcome::Passed);
        }
        Settled::Unknown => {}
        answer @ (Settled::DidNot | Settled::Happened(_)) => {
            return Err(Failure::new(format!("an album was created, `settle` says {answer:?}")));
        }
    }
    let answer = bench.sink.settle(&intent(vec![made])).await?;
    let is_false = matches!(answer, Settled::AlbumHappened(_) | Settled::Happened(_));
    ensure!(
        !is_false,
        "the only album of that title is known to be another one, `settle` says {answer:?}"
    );
    Ok(Outcome::Passed)
}

/// Adding to an album has an answer of its own kind, and what it says is true.
///
/// # Errors
/// When the check fails.
pub async fn settle_of_adding_to_an_album(fixture: &dyn SinkFixture) -> Checked {
    let bench = Bench::new(fixture).await?;
    if bench.caps.albums.is_none() {
        return Ok(NO_ALBUMS);
    }
    let album = bench.sink.create_album(&new_album()).await?;
    let members = bench.put(&[1], None).await?;
    let intent = Intent::AddToAlbum {
        album: album.clone(),
        members: members.clone(),
    };
    let answer = bench.sink.settle(&intent).await?;
    let is_false = matches!(answer, Settled::Happened(_) | Settled::AlbumHappened(_));
    ensure!(!is_false, "nothing was added, `settle` says {answer:?}");
    for answer in bench.sink.add_to_album(&album, &members).await? {
        answer?;
    }
    let answer = bench.sink.settle(&intent).await?;
    let is_false = matches!(answer, Settled::DidNot | Settled::AlbumHappened(_));
    ensure!(!is_false, "an item was added, `settle` says {answer:?}");
    Ok(Outcome::Passed)
}
