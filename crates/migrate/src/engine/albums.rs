//! The write lane: albums are created when first needed, further members are added in batches.

use std::sync::Arc;

use jiff::Timestamp;
use photomove_core::drill::Mutant;
use photomove_core::{DestAlbumId, DestId, Error, ErrorKind, Intent, Settled};

use super::commit::After;
use super::core::{Core, StepResult, defect};
use super::policy::{self, Step};
use crate::journal::albums::{self, AlbumRow};
use crate::journal::filings;
use crate::journal::intents::{self, IntentRow};
use crate::{Event, Reason, StopReason};

/// How often an album is tried again at once after a lost reply.
const CREATE_TRIES: u32 = 5;

/// Whether an album can be used.
#[derive(Debug)]
pub(super) enum Opened {
    /// It exists.
    Open(DestAlbumId),
    /// It was given up.
    Failed,
    /// Not now; the lane waits.
    Pause(Timestamp),
}

impl Core {
    /// Creates an album unless it exists.
    pub(super) async fn open_album(&self, id: i64) -> StepResult<Opened> {
        for _ in 0..CREATE_TRIES {
            let Some(album) = self.read(move |c| albums::load(c, id)).await? else {
                return Ok(Opened::Failed);
            };
            match (album.state.as_str(), album.dest.clone()) {
                ("open", Some(dest)) => return Ok(Opened::Open(dest)),
                ("failed", _) => return Ok(Opened::Failed),
                _ => {}
            }
            if let Some(pause) = self.create(&album).await? {
                return Ok(Opened::Pause(pause));
            }
        }
        Err(StopReason::Failed(
            Error::new(
                ErrorKind::Unavailable { retry_after: None },
                "replies to the creation of an album got lost again and again",
            )
            .hint("run the command again; it first finds out what became of the request"),
        ))
    }

    /// Makes one attempt; `Some` = the lane waits until then.
    async fn create(&self, album: &AlbumRow) -> StepResult<Option<Timestamp>> {
        // Another job may have made it since this one listed it.
        let id = album.id;
        if self.write(move |c| albums::adopt_sibling(c, id)).await? {
            return Ok(None);
        }
        if self.follows_lost_journal && self.adopt(album).await? {
            return Ok(None);
        }
        let early = match self.env.drill.has(Mutant::ActBeforeIntent) {
            true => Some(self.sink.create_album(&album.new).await),
            false => None,
        };
        let (job, now, row) = (self.job.id, self.now(), album.clone());
        let intent = self.write(move |c| albums::begin(c, job, &row, now)).await?;
        let id = album.id;
        let reply = match early {
            Some(reply) => reply,
            None => self.sink.create_album(&album.new).await,
        };
        match reply {
            Ok(dest) => {
                self.streaks.success();
                self.album_opened(album, intent, dest).await?;
                Ok(None)
            }
            Err(error) => {
                let unknown = policy::is_unknown(&error);
                let now = self.now();
                match self.decide(error, 0) {
                    Step::Stop(stop) => {
                        if !unknown {
                            self.write(move |c| albums::wanted_again(c, id, intent, now)).await?;
                        }
                        Err(stop)
                    }
                    _ if unknown => {
                        self.settle_created(id, intent).await?;
                        Ok(None)
                    }
                    Step::Again { reason, at } => {
                        self.tell_retry("create an album", &reason, Some(at));
                        self.write(move |c| albums::wanted_again(c, id, intent, now)).await?;
                        Ok(Some(at))
                    }
                    Step::Fail(reason) | Step::Split(reason) => {
                        self.album_failed(album, Some(intent), reason).await?;
                        Ok(None)
                    }
                    Step::Exists(dest) => {
                        let dest = DestAlbumId::from(dest.as_str());
                        self.album_opened(album, intent, dest).await?;
                        Ok(None)
                    }
                    Step::Settle(_) => {
                        self.settle_created(id, intent).await?;
                        Ok(None)
                    }
                }
            }
        }
    }

    async fn settle_created(&self, album: i64, intent: i64) -> StepResult {
        if self.env.drill.has(Mutant::BlindCreateRetry) {
            let now = self.now();
            return self.write(move |c| albums::wanted_again(c, album, intent, now)).await;
        }
        self.settle_now(intent).await
    }

    /// Looks for an album that an earlier journal may have known, which was lost; `true` = the album needs no creation.
    ///
    /// Its intent is long gone with that journal, so it is asked for as if its reply had only now got lost.
    async fn adopt(&self, album: &AlbumRow) -> StepResult<bool> {
        let target = self.job.target;
        let question = Intent::CreateAlbum {
            album: album.new.clone(),
            since: Timestamp::UNIX_EPOCH,
            known: self.read(move |c| albums::known(c, target)).await?,
        };
        match self.ask_settle(&question).await? {
            Settled::AlbumHappened(dest) => {
                let (id, title) = (album.id, album.new.title.clone());
                self.write(move |c| albums::adopted(c, id, &dest)).await?;
                self.board.tell(&Event::Album { title, reason: None });
                Ok(true)
            }
            Settled::DidNot | Settled::RepeatIsHarmless => Ok(false),
            Settled::Unknown => {
                let reason = Reason {
                    kind: "unknown_outcome".into(),
                    message: "the destination has several albums of that title, and the journal that knew them is lost"
                        .into(),
                };
                self.album_failed(album, None, reason).await?;
                Ok(true)
            }
            Settled::Happened(_) => Err(StopReason::Failed(defect(
                "the destination answered about items, not an album",
            ))),
        }
    }

    async fn album_opened(&self, album: &AlbumRow, intent: i64, dest: DestAlbumId) -> StepResult {
        let (id, now) = (album.id, self.now());
        self.write(move |c| albums::opened(c, id, intent, &dest, now)).await?;
        self.board.count(|counters| counters.albums += 1);
        self.board.tell(&Event::Album {
            title: album.new.title.clone(),
            reason: None,
        });
        Ok(())
    }

    async fn album_failed(&self, album: &AlbumRow, intent: Option<i64>, reason: Reason) -> StepResult {
        let (id, now, text) = (album.id, self.now(), failure(&reason));
        let kind = reason.kind.clone();
        self.write(move |c| albums::failed(c, id, intent, &kind, &text, now))
            .await?;
        self.tell_failed(album, reason);
        Ok(())
    }

    fn tell_failed(&self, album: &AlbumRow, reason: Reason) {
        self.board.tell(&Event::Album {
            title: album.new.title.clone(),
            reason: Some(reason),
        });
    }

    /// Gives up an album that the destination does not know any more.
    pub(super) async fn give_up_album(&self, id: i64, reason: Reason) -> StepResult {
        match self.read(move |c| albums::load(c, id)).await? {
            Some(album) => {
                let (text, kind, now) = (failure(&reason), reason.kind.clone(), self.now());
                self.write(move |c| albums::gone(c, id, &kind, &text, now)).await?;
                self.tell_failed(&album, reason);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Finds out whether an album was created although the reply got lost.
    pub(super) async fn settle_album(&self, intent: IntentRow) -> StepResult {
        let (Some(id), target) = (intent.album, self.job.target) else {
            return Err(StopReason::Failed(defect("an album's intent has no album")));
        };
        let title = intent.detail.title.clone().unwrap_or_default();
        let known = self.read(move |c| albums::known(c, target)).await?;
        let question = Intent::CreateAlbum {
            album: photomove_core::NewAlbum {
                title,
                description: intent.detail.description.clone(),
            },
            since: intent.opened_at,
            known,
        };
        let settled = self.ask_settle(&question).await?;
        let Some(album) = self.read(move |c| albums::load(c, id)).await? else {
            return Err(StopReason::Failed(defect("an album's row is gone")));
        };
        let (intent, now) = (intent.id, self.now());
        match settled {
            Settled::AlbumHappened(dest) => self.album_opened(&album, intent, dest).await,
            Settled::DidNot | Settled::RepeatIsHarmless => {
                self.write(move |c| albums::wanted_again(c, id, intent, now)).await
            }
            Settled::Unknown => {
                let reason = Reason {
                    kind: "unknown_outcome".into(),
                    message: "the reply got lost and the destination cannot say which album is the new one".into(),
                };
                self.album_failed(&album, Some(intent), reason).await
            }
            Settled::Happened(_) => Err(StopReason::Failed(defect(
                "the destination answered about items, not an album",
            ))),
        }
    }

    /// Creates an album that nothing has needed so far.
    pub(super) async fn create_only(self: Arc<Self>, id: i64) -> StepResult<After> {
        Ok(match self.open_album(id).await? {
            Opened::Pause(at) => After::Pause(at),
            Opened::Open(_) | Opened::Failed => After::Done,
        })
    }

    /// Adds the next items that exist to an album.
    pub(super) async fn add_further(self: Arc<Self>, album: i64) -> StepResult<After> {
        let dest = match self.open_album(album).await? {
            Opened::Open(dest) => dest,
            Opened::Failed => return Ok(After::Done),
            Opened::Pause(at) => return Ok(After::Pause(at)),
        };
        let Some(caps) = self.sink_caps.albums.clone() else {
            return Ok(After::Done);
        };
        let which = filings::Which {
            foreign: caps.foreign_items_only_on_commit.then_some(false),
            described: !self.later_fields().is_empty(),
        };
        let limit = caps.add_batch.max(1);
        let items = self.read(move |c| filings::take(c, album, which, limit)).await?;
        let mut stack = vec![items];
        while let Some(mut batch) = stack.pop() {
            if batch.is_empty() {
                continue;
            }
            match self.add_batch(album, &dest, &batch).await? {
                After::Done => {}
                After::Split => {
                    let rest = batch.split_off(batch.len() / 2);
                    stack.push(rest);
                    stack.push(batch);
                }
                pause @ After::Pause(_) => return Ok(pause),
            }
        }
        Ok(After::Done)
    }

    async fn add_batch(&self, album: i64, dest: &DestAlbumId, items: &[(i64, String)]) -> StepResult<After> {
        let (job, now) = (self.job.id, self.now());
        let (to, rows) = (dest.clone(), items.to_vec());
        let intent = self
            .write(move |c| albums::begin_add(c, job, album, &to, &rows, now))
            .await?;
        let members: Vec<DestId> = items.iter().map(|(_, id)| DestId::from(id.as_str())).collect();
        let foreign_only_on_commit = self
            .sink_caps
            .albums
            .as_ref()
            .is_some_and(|caps| caps.foreign_items_only_on_commit);
        let error = match self.sink.add_to_album(dest, &members).await {
            Ok(results) if results.len() == items.len() => {
                self.streaks.success();
                return self
                    .store_added(album, intent, items, results, foreign_only_on_commit)
                    .await;
            }
            Ok(_) => Error::new(ErrorKind::Protocol, "the reply is not as long as the request"),
            Err(error) => error,
        };
        let gone = *error.kind() == ErrorKind::NotFound && items.len() > 1;
        let uploads: Vec<i64> = items.iter().map(|(upload, _)| *upload).collect();
        let again = |uploads: Vec<i64>| {
            let now = self.now();
            self.write(move |c| {
                for upload in uploads {
                    filings::wanted_again(c, album, upload)?;
                }
                intents::close(c, intent, "did_not", now)
            })
        };
        let unknown = policy::is_unknown(&error);
        match self.decide(error, 0) {
            Step::Stop(stop) => {
                if !unknown {
                    again(uploads).await?;
                }
                Err(stop)
            }
            // A set operation: what is in the album already stays in it.
            Step::Settle(error) => {
                self.tell_retry("add to an album", &policy::reason(&error), None);
                again(uploads).await?;
                Ok(After::Pause(self.soon()))
            }
            Step::Again { reason, at } => {
                self.tell_retry("add to an album", &reason, Some(at));
                again(uploads).await?;
                Ok(After::Pause(at))
            }
            Step::Split(_) | Step::Fail(_) if items.len() > 1 || gone => {
                again(uploads).await?;
                Ok(After::Split)
            }
            Step::Split(reason) | Step::Fail(reason) => {
                let now = self.now();
                self.write(move |c| {
                    for upload in uploads {
                        give_up_item(c, album, upload, &reason, foreign_only_on_commit)?;
                    }
                    intents::close(c, intent, "refused", now)
                })
                .await?;
                Ok(After::Done)
            }
            Step::Exists(_) => {
                let results = items.iter().map(|_| Ok(())).collect();
                self.store_added(album, intent, items, results, foreign_only_on_commit)
                    .await
            }
        }
    }

    async fn store_added(
        &self,
        album: i64,
        intent: i64,
        items: &[(i64, String)],
        results: Vec<photomove_core::Result<()>>,
        foreign_only_on_commit: bool,
    ) -> StepResult<After> {
        let mut pause = None;
        let mut stop = None;
        let mut verdicts = Vec::with_capacity(items.len());
        for ((upload, _), result) in items.iter().zip(results) {
            let verdict = match result {
                Ok(()) => Ok(()),
                Err(error) => match self.decide(error, 0) {
                    Step::Exists(_) => Ok(()),
                    Step::Again { at, .. } => {
                        pause = Some(at);
                        Err(None)
                    }
                    Step::Settle(_) => Err(None),
                    Step::Stop(reason) => {
                        stop = Some(reason);
                        Err(None)
                    }
                    Step::Fail(reason) | Step::Split(reason) => Err(Some(reason)),
                },
            };
            verdicts.push((*upload, verdict));
        }
        let now = self.now();
        self.write(move |c| {
            for (upload, verdict) in &verdicts {
                match verdict {
                    Ok(()) => filings::filed(c, album, *upload)?,
                    Err(None) => filings::wanted_again(c, album, *upload)?,
                    Err(Some(reason)) => give_up_item(c, album, *upload, reason, foreign_only_on_commit)?,
                }
            }
            intents::close(c, intent, "answered", now)
        })
        .await?;
        match (stop, pause) {
            (Some(stop), _) => Err(stop),
            (None, Some(at)) => Ok(After::Pause(at)),
            (None, None) => Ok(After::Done),
        }
    }

    /// Finds out whether items are in an album; where nobody knows, they are added again, which does no harm.
    pub(super) async fn settle_add(&self, intent: IntentRow) -> StepResult {
        let (Some(album), Some(dest)) = (intent.album, intent.detail.dest_album.clone()) else {
            return Err(StopReason::Failed(defect("an intent to add has no album")));
        };
        let uploads: Vec<i64> = intent.items.iter().map(|(upload, _)| *upload).collect();
        let of = uploads.clone();
        let members = self.read(move |c| filings::dest_ids(c, &of)).await?;
        let question = Intent::AddToAlbum {
            album: DestAlbumId::from(dest),
            members,
        };
        let happened = matches!(self.ask_settle(&question).await?, Settled::Happened(_));
        let (id, now) = (intent.id, self.now());
        self.write(move |c| {
            for upload in uploads {
                if happened {
                    filings::filed(c, album, upload)?;
                } else {
                    filings::wanted_again(c, album, upload)?;
                }
            }
            intents::close(c, id, if happened { "happened" } else { "repeat" }, now)
        })
        .await
    }
}

fn failure(reason: &Reason) -> String {
    format!("the album could not be created: {}", reason.message)
}

/// An item that the album refuses: perhaps another app owns it, and it can enter only by being created again.
fn give_up_item(
    c: &rusqlite::Connection,
    album: i64,
    upload: i64,
    reason: &Reason,
    foreign_only_on_commit: bool,
) -> photomove_core::Result<()> {
    if foreign_only_on_commit {
        albums::mark_foreign(c, upload)?;
        filings::wanted_again(c, album, upload)
    } else {
        filings::unfiled(c, album, upload, &reason.message)
    }
}
