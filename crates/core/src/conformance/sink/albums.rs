//! Albums.

use crate::{DestAlbumId, DestId, NewAlbum};

use super::bench::Bench;
use super::{ArrivedAlbum, Checked, Failure, Outcome, SinkFixture, ensure};

const TITLE: &str = "Čerstvý sníh – 雪";

pub(super) const NO_ALBUMS: Outcome = Outcome::DoesNotApply("the service has no albums");

pub(super) fn new_album() -> NewAlbum {
    NewAlbum {
        title: TITLE.into(),
        description: None,
    }
}

async fn album(bench: &Bench<'_>, id: &DestAlbumId) -> Result<ArrivedAlbum, Failure> {
    bench.fixture.let_become_visible().await;
    let albums = bench.fixture.albums().await?;
    let found = albums.into_iter().find(|album| album.id == *id);
    found.ok_or_else(|| Failure::new(format!("album {id} was created but cannot be seen")))
}

fn sorted(mut ids: Vec<DestId>) -> Vec<DestId> {
    ids.sort_unstable();
    ids
}

/// A new album is empty and has its title; a second one of that title is another or the same, as the capabilities say.
///
/// # Errors
/// When the check fails.
pub async fn albums_are_created_as_promised(fixture: &dyn SinkFixture) -> Checked {
    let bench = Bench::new(fixture).await?;
    let Some(caps) = bench.caps.albums.clone() else {
        return Ok(NO_ALBUMS);
    };
    let first = bench.sink.create_album(&new_album()).await?;
    let made = album(&bench, &first).await?;
    ensure!(
        made.title == TITLE,
        "the album `{TITLE}` has the title `{}`",
        made.title
    );
    ensure!(
        made.members.is_empty(),
        "a new album has {} members",
        made.members.len()
    );
    let second = bench.sink.create_album(&new_album()).await?;
    let is_same = first == second;
    ensure!(
        is_same == caps.find_or_create,
        "creating a title twice gives {first} and {second}, the capabilities say otherwise"
    );
    Ok(Outcome::Passed)
}

/// Items committed with an album are in it, and the answers say so.
///
/// # Errors
/// When the check fails.
pub async fn commit_puts_items_into_an_album(fixture: &dyn SinkFixture) -> Checked {
    let bench = Bench::new(fixture).await?;
    let Some(caps) = bench.caps.albums.clone() else {
        return Ok(NO_ALBUMS);
    };
    if !caps.on_commit {
        return Ok(Outcome::DoesNotApply("commit takes no album"));
    }
    let id = bench.sink.create_album(&new_album()).await?;
    let batch = [bench.bundle(1, bench.stage(1).await?)];
    for answer in bench.commit(&batch, Some(&id)).await? {
        ensure!(
            answer?.in_album,
            "an item was committed with an album, but the answer says it is not in it"
        );
    }
    let outside = bench.put(&[2], None).await?;
    let members = album(&bench, &id).await?.members;
    ensure!(
        members.len() == 1,
        "one item was committed with the album, it has {} members",
        members.len()
    );
    ensure!(
        !members.contains(&outside[0]),
        "an item was committed without an album and is in one"
    );
    Ok(Outcome::Passed)
}

/// Adding items that are members already changes nothing.
///
/// # Errors
/// When the check fails.
pub async fn adding_twice_is_a_set(fixture: &dyn SinkFixture) -> Checked {
    let bench = Bench::new(fixture).await?;
    let Some(caps) = bench.caps.albums.clone() else {
        return Ok(NO_ALBUMS);
    };
    if caps.add_batch < 2 {
        return Ok(Outcome::DoesNotApply("an addition holds fewer than two members"));
    }
    let id = bench.sink.create_album(&new_album()).await?;
    let items = bench.put(&[1, 2], None).await?;
    for round in ["first", "second"] {
        let answers = bench.sink.add_to_album(&id, &items).await?;
        ensure!(
            answers.len() == items.len(),
            "adding {} members gives {} answers",
            items.len(),
            answers.len()
        );
        for answer in answers {
            if let Err(error) = answer {
                return Err(Failure::new(format!(
                    "adding a member for the {round} time fails: {error}"
                )));
            }
        }
    }
    let members = sorted(album(&bench, &id).await?.members);
    let expected = sorted(items);
    ensure!(
        members == expected,
        "after adding twice the album has {members:?}, not {expected:?}"
    );
    Ok(Outcome::Passed)
}
