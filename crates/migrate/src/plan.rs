//! What a run would do, in numbers.
//!
//! Counts of parts are `{count, bytes}`; bytes are those that the source tells, so that parts of unknown size count with
//! 0 of them.

use jiff::Timestamp;
use photomove_core::MediaKind;
use serde::Serialize;

use crate::{AccountName, Count, Drift, Filtered, JobId, Later, Reason};

/// Assets of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct KindCount {
    /// Kind.
    pub kind: MediaKind,
    /// How many assets.
    pub assets: u64,
    /// Their files, and the bytes as far as known.
    pub parts: Count,
    /// How many of the assets become several items, because the destination makes an item of each file.
    pub split: u64,
}

/// A file by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Example {
    /// Its name, as the source says it.
    pub name: String,
    /// Its length in bytes, where it is known.
    pub size_bytes: Option<u64>,
}

/// Files that will not be sent, for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedCount {
    /// Why; the message is about one of them.
    pub reason: Reason,
    /// How many.
    pub parts: Count,
    /// Some of them, at most 3.
    pub examples: Vec<Example>,
}

/// Files of a type that the destination does not say to take. They are sent all the same: the service decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DoubtfulType {
    /// Media type, in lower case.
    pub media_type: String,
    /// How many.
    pub parts: Count,
    /// Some of them, at most 3.
    pub examples: Vec<Example>,
}

/// Something that cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// Whether it is kept as far as the file itself holds it.
    pub in_file: bool,
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
    /// How many assets or albums; `None` = not counted.
    pub count: Option<u64>,
}

/// An album that holds more than one may hold at the destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SplitAlbum {
    /// Its title.
    pub title: String,
    /// Places in it.
    pub places: u64,
    /// How many albums it becomes.
    pub into: u64,
}

/// Albums at the destination.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct AlbumPlan {
    /// How many are to be created; an album that is split counts as many times as it becomes albums.
    pub to_create: u64,
    /// How many earlier runs have made.
    pub made: u64,
    /// How many albums of the source become several.
    pub split: u64,
    /// Some of them, at most 5.
    pub split_examples: Vec<SplitAlbum>,
}

/// Who says how much room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomToldBy {
    /// The destination.
    Service,
    /// The person.
    Person,
}

/// Room at the destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct StoragePlan {
    /// Bytes that all files to send need, as far as their sizes are known.
    pub needed_bytes: u64,
    /// Bytes that are free; `None` = nobody says.
    pub free_bytes: Option<u64>,
    /// Who says so.
    pub told_by: Option<RoomToldBy>,
    /// How many files fit before the room is used up, in the order of the listing; `None` = all, or not known.
    pub files_that_fit: Option<u64>,
}

impl StoragePlan {
    /// Says whether there is less room than is needed.
    pub fn is_short(&self) -> bool {
        self.free_bytes.is_some_and(|free| free < self.needed_bytes)
    }
}

/// What requests are made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct RequestPlan {
    /// Sending files.
    pub files: u64,
    /// Making items of them.
    pub items: u64,
    /// Creating albums.
    pub albums: u64,
    /// Adding items to further albums.
    pub memberships: u64,
    /// What the destination costs each day whatever is moved: connecting, trials of the service.
    pub daily: u64,
}

/// Requests that the destination will see, and how long that takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Estimate {
    /// How many in all.
    pub requests: u64,
    /// What for.
    pub of: RequestPlan,
    /// How many a day allows; `None` = any number.
    pub per_day: Option<u32>,
    /// How many of today's are used up, by whatever run.
    pub used_today: u64,
    /// On how many days requests are made, today's rest included; `None` = there is no daily limit, or no end.
    pub days: Option<u64>,
    /// When the last of these days begins, or now if today's rest suffices. The end comes no earlier, however fast bytes
    /// are.
    pub last_day: Option<Timestamp>,
    /// Bytes a second from source to destination, as earlier runs to that account measured it; `None` = not measured yet.
    pub bytes_per_second: Option<u64>,
    /// When all is done at that speed and under the daily limit; `None` = not known.
    pub done_at: Option<Timestamp>,
}

/// What a run would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Plan {
    /// Job in the journal.
    pub job: JobId,
    /// Where from.
    pub source: AccountName,
    /// Where to.
    pub target: AccountName,
    /// Which part of the library is meant, and what was left out; `None` = all of it is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filtered: Option<Filtered>,
    /// Assets and bytes by kind.
    pub kinds: Vec<KindCount>,
    /// Assets found.
    pub assets: u64,
    /// Files found.
    pub parts: Count,
    /// Files whose size the source does not tell.
    pub unknown_sizes: u64,
    /// Assets of which the source tells no date. Their files may hold one.
    pub undated: u64,
    /// Files to send.
    pub to_send: Count,
    /// Files that are copies of other files to send, by the hashes that the source promises: they become one item.
    pub duplicates: Count,
    /// Files of this library that the destination holds from an earlier run.
    pub already_there: Count,
    /// Files that this program has sent there, from whatever source.
    pub sent_earlier: Count,
    /// Why the destination cannot be asked what else it holds; `None` = it is asked before a file is sent.
    pub unseen: Option<String>,
    /// Files that will not be sent.
    pub refused: Vec<RefusedCount>,
    /// Files that the destination may not take.
    pub doubtful: Vec<DoubtfulType>,
    /// Albums of the source.
    pub albums: u64,
    /// Places of assets in albums.
    pub memberships: u64,
    /// Places in albums of assets that the source does not list.
    pub unlisted_members: u64,
    /// Albums at the destination.
    pub album_plan: AlbumPlan,
    /// What cannot be kept.
    pub losses: Vec<Loss>,
    /// Room at the destination.
    pub storage: StoragePlan,
    /// Requests to the destination, and how long that takes.
    pub estimate: Estimate,
    /// What nobody can take back there afterwards; `None` = all can be.
    pub lasting: Option<String>,
    /// What the run changes in the settings of the destination; `None` = nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<String>,
    /// Where the source is not as the plan file says; `None` = the run keeps to no plan file.
    pub drift: Option<Drift>,
    /// Listed items that could not be read.
    pub unreadable: u64,
    /// What this pass found to be different from the passes before; `None` in the first one.
    pub later: Option<Later>,
    /// Whether there is nothing to do.
    pub nothing_to_do: bool,
}

impl Plan {
    /// A plan of nothing between two accounts.
    pub fn empty(job: JobId, source: AccountName, target: AccountName) -> Self {
        Self {
            job,
            source,
            target,
            filtered: None,
            kinds: Vec::new(),
            assets: 0,
            parts: Count::default(),
            unknown_sizes: 0,
            undated: 0,
            to_send: Count::default(),
            duplicates: Count::default(),
            already_there: Count::default(),
            sent_earlier: Count::default(),
            unseen: None,
            refused: Vec::new(),
            doubtful: Vec::new(),
            albums: 0,
            memberships: 0,
            unlisted_members: 0,
            album_plan: AlbumPlan::default(),
            losses: Vec::new(),
            storage: StoragePlan::default(),
            estimate: Estimate::default(),
            lasting: None,
            changes: None,
            drift: None,
            unreadable: 0,
            later: None,
            nothing_to_do: true,
        }
    }
}
