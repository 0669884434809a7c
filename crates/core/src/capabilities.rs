//! What a provider can do, as data, so that plans and loss reports need no knowledge of any provider.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::{Allowance, Fields, HashKinds, SessionId};

/// What a provider can do at present; changes with scopes and server version.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Capabilities {
    /// As a source.
    pub source: Option<SourceCaps>,
    /// As a sink.
    pub sink: Option<SinkCaps>,
}

impl Capabilities {
    /// Puts both sides together.
    pub fn new(source: Option<SourceCaps>, sink: Option<SinkCaps>) -> Self {
        Self { source, sink }
    }
}

/// How much of a library a source sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All of it.
    WholeLibrary,
    /// What this program uploaded.
    OwnUploads,
    /// What the person picked by hand.
    UserPicked,
    /// What an archive holds.
    Archive,
}

/// How faithful the bytes are that a source gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fidelity {
    /// The bytes that were once uploaded.
    Original,
    /// The same picture without its position.
    LocationStripped,
    /// Another encoding.
    Reencoded,
}

/// In which order a source can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadOrder {
    /// Any.
    Any,
    /// As listed; a `.tgz` is read in sequence.
    BySequence,
}

/// Something a source cannot give or a sink cannot keep, in words for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// What is lost.
    pub what: &'static str,
    /// Why.
    pub why: &'static str,
}

/// Which [`crate::Filters`] a source applies itself, so that it reads less. Whoever lists checks every asset all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct FilterCaps {
    /// Dates: it may leave out what was taken before or after, and what has no date.
    pub dates: bool,
    /// The kind: it may leave out the other one.
    pub kind: bool,
    /// Favourites: it may leave out what is none.
    pub favourite: bool,
    /// Albums: given [`crate::Filters::album_ids`] it lists their members only, and [`crate::Asset::albums`] of each one
    /// names at least the album by which it came to be listed. An asset of two of them may come twice.
    pub albums: bool,
}

impl FilterCaps {
    /// It lists everything, whatever is meant.
    pub const NONE: Self = Self {
        dates: false,
        kind: false,
        favourite: false,
        albums: false,
    };

    /// Lists members of the albums that are meant only.
    #[must_use]
    pub const fn with_albums(mut self) -> Self {
        self.albums = true;
        self
    }

    /// Leaves out the other kind.
    #[must_use]
    pub const fn with_kind(mut self) -> Self {
        self.kind = true;
        self
    }

    /// Leaves out what is no favourite.
    #[must_use]
    pub const fn with_favourite(mut self) -> Self {
        self.favourite = true;
        self
    }

    /// Leaves out what was taken at another time.
    #[must_use]
    pub const fn with_dates(mut self) -> Self {
        self.dates = true;
        self
    }
}

/// What a source can do.
#[derive(Debug, Clone)]
pub struct SourceCaps {
    /// How much of the library it sees.
    pub scope: Scope,
    /// How faithful its bytes are.
    pub fidelity: Fidelity,
    /// Hashes that its listings promise.
    pub hashes: HashKinds,
    /// Metadata that its listings can hold.
    pub fields: Fields,
    /// Whether `open` can start in the middle.
    pub ranged: bool,
    /// In which order it is read.
    pub order: ReadOrder,
    /// Whether [`crate::Asset::albums`] is filled.
    pub members_in_listing: bool,
    /// How many `open` streams it bears at once.
    pub open_concurrency: u16,
    /// Which filters it applies itself.
    pub filters: FilterCaps,
    /// What it cannot give.
    pub loses: &'static [Gap],
}

/// When staged bytes become visible to the owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StageKind {
    /// Only after `commit`.
    Hidden,
    /// At once: hash and intent come first.
    VisibleAtOnce,
}

/// What becomes of an asset with several files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BundleKind {
    /// Each file becomes an item of its own.
    OneItemPerPart,
    /// The files stay together.
    PartsStack,
}

/// When a committed item can be seen by a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// At once.
    Immediate,
    /// After up to this long.
    Delayed(Duration),
}

/// Largest files that a sink takes; `None` = no limit known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ByteLimits {
    /// Bytes of a photo.
    pub photo: Option<u64>,
    /// Bytes of a video.
    pub video: Option<u64>,
}

/// Longest texts that a sink takes, in Unicode scalar values; `None` = no limit known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TextLimits {
    /// A description.
    pub description_chars: Option<u32>,
    /// A file name with its extension.
    pub file_name_chars: Option<u32>,
}

/// What a sink's album calls can do.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AlbumCaps {
    /// Whether `commit` can put items into an album.
    pub on_commit: bool,
    /// Whether items of other apps can enter an album only by `commit`.
    pub foreign_items_only_on_commit: bool,
    /// Members per `add_to_album`.
    pub add_batch: u32,
    /// Whether one bad member spoils an `add_to_album`.
    pub all_or_nothing: bool,
    /// Members per album.
    pub max_items: Option<u32>,
    /// Unicode scalar values in a title.
    pub title_chars: u32,
    /// Whether creating a title that exists returns the old album.
    pub find_or_create: bool,
}

impl AlbumCaps {
    /// Describes albums that hold `title_chars` long titles and take `add_batch` members a call; all else is the
    /// plainest case and public to change.
    pub fn new(title_chars: u32, add_batch: u32) -> Self {
        Self {
            on_commit: false,
            foreign_items_only_on_commit: false,
            add_batch,
            all_or_nothing: false,
            max_items: None,
            title_chars,
            find_or_create: false,
        }
    }
}

/// What calls cost against a daily budget, in requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RequestCost {
    /// For staging one part.
    pub per_part: u32,
    /// For one `commit`.
    pub per_commit: u32,
    /// Requests that a day allows.
    pub per_day: Option<u32>,
    /// IANA time zone at whose midnight the day ends.
    pub day_ends: Option<&'static str>,
    /// Bytes from which on a part is a large one, which costs `per_large_part` instead of `per_part`.
    pub large_from_bytes: Option<u64>,
    /// For staging one large part.
    pub per_large_part: u32,
    /// For each day on which parts are staged, whatever their number, such as a trial of the service.
    pub per_staging_day: u32,
    /// For each day on which large parts are staged, besides.
    pub per_large_staging_day: u32,
    /// For each `connect`.
    pub per_connect: u32,
}

/// Where the requests of a day are counted: the names under which a [`crate::QuotaStore`] keeps them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    /// Stable, unsecret name of whom the budget belongs to.
    pub account: String,
    /// Name of the budget.
    pub resource: &'static str,
}

/// What a sink can do.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SinkCaps {
    /// Hashes by which `find` can look.
    pub find_by: HashKinds,
    /// Hashes that `stage` needs before the first byte; where it is `resumable`, a body without them is sent in a
    /// resumable upload and sealed before that is final.
    pub needs_before_stage: HashKinds,
    /// Hashes that `verify` can report.
    pub reports: HashKinds,
    /// Those of them that it takes from what it holds at that moment, so that they prove something at any later time too.
    /// A service that compares hashes only while bytes are sent has none.
    pub reports_later: HashKinds,
    /// When staged bytes become visible.
    pub stage: StageKind,
    /// What becomes of assets with several files.
    pub bundle: BundleKind,
    /// Metadata kept at creation.
    pub on_create: Fields,
    /// Metadata that the service reads from the file itself: kept as far as it is inside, for bytes are never changed.
    pub reads_from_file: Fields,
    /// Metadata that `describe` can set later.
    pub on_update: Fields,
    /// Largest files.
    pub limits: ByteLimits,
    /// Longest texts.
    pub texts: TextLimits,
    /// Bundles per `commit`.
    pub commit_batch: NonZeroU32,
    /// How many `stage` calls it bears at once.
    pub stage_concurrency: u16,
    /// How many parts should lie staged at once, at most; `None` = any number. For a sink that may lose what is staged.
    pub stage_ahead: Option<u32>,
    /// How many writing calls (commit, albums, describe) it bears at once.
    pub write_lanes: u16,
    /// How long staged bytes live.
    pub staged_ttl: Option<Duration>,
    /// Whether `stage` can go on in the middle of a file.
    pub resumable: bool,
    /// When committed items can be listed.
    pub visible_after: Visibility,
    /// Albums, if it has any.
    pub albums: Option<AlbumCaps>,
    /// What calls cost.
    pub requests: RequestCost,
    /// Where its requests of the day are counted; known once it is connected.
    pub ledger: Option<Ledger>,
    /// What is left of the day's requests, and what is kept back of them; `None` = a day has no end of them.
    pub allowance: Option<Allowance>,
    /// Media types in lower case that it says to take; empty = it does not say. Others are tried all the same.
    pub media_types: &'static [&'static str],
    /// Why it cannot be asked what it holds, as a sentence for people; `None` = it can.
    pub unseen: Option<&'static str>,
    /// What no program can take back there, as a sentence for people; `None` = all can be taken back.
    pub lasting: Option<&'static str>,
    /// The session under which it stages at present, where staged bytes die with one: those of another one are gone.
    pub session: Option<SessionId>,
    /// What a run changes in its settings, as a sentence for people; `None` = nothing.
    pub changes: Option<&'static str>,
    /// What may follow from putting them back, as a sentence for people, who are asked first; `None` = nothing, they are
    /// put back when all is done.
    pub restore_warning: Option<&'static str>,
    /// What it cannot keep, beyond the fields.
    pub loses: &'static [Gap],
}

impl SinkCaps {
    /// Describes the plainest sink: hidden staging, one item per part, one lane, no limits, no albums.
    pub fn new(commit_batch: NonZeroU32) -> Self {
        Self {
            find_by: HashKinds::NONE,
            needs_before_stage: HashKinds::NONE,
            reports: HashKinds::NONE,
            reports_later: HashKinds::NONE,
            stage: StageKind::Hidden,
            bundle: BundleKind::OneItemPerPart,
            on_create: Fields::NONE,
            reads_from_file: Fields::NONE,
            on_update: Fields::NONE,
            limits: ByteLimits::default(),
            texts: TextLimits::default(),
            commit_batch,
            stage_concurrency: 1,
            stage_ahead: None,
            write_lanes: 1,
            staged_ttl: None,
            resumable: false,
            visible_after: Visibility::Immediate,
            albums: None,
            requests: RequestCost::default(),
            ledger: None,
            allowance: None,
            media_types: &[],
            unseen: None,
            lasting: None,
            session: None,
            changes: None,
            restore_warning: None,
            loses: &[],
        }
    }
}
