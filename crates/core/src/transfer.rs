//! What an engine and a sink say to each other.

use std::sync::Arc;

use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::{Checksums, DestAlbumId, DestId, Error, HashKinds, ItemKey, Metadata, PartRole, SessionId};

/// A part about to be staged.
#[derive(Debug, Clone)]
pub struct NewPart {
    /// Which part.
    pub key: ItemKey,
    /// Which asset it belongs to; parts of one bundle stay together where the sink can.
    pub bundle: ItemKey,
    /// What the file is to its asset.
    pub role: PartRole,
    /// Name with extension, as the source said it.
    pub file_name: String,
    /// Media type as the source said it, or as the bytes say.
    pub media_type: Option<String>,
    /// Metadata of the asset.
    pub metadata: Metadata,
    /// The files that it is to stay together with.
    pub siblings: Siblings,
}

/// All files of a bundle by name, and which of them is meant; empty where the sink keeps files apart.
///
/// A sink that tells by equal names which files belong together needs them all at once: sources name the files of one
/// picture as they like, and two of them may bear the same name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Siblings {
    /// Names as the source said them, in the order of the asset's parts, its own among them.
    pub names: Vec<String>,
    /// Place of its own name among them, from 0.
    pub place: usize,
}

/// Bytes that the sink holds and that are not committed yet.
#[derive(Debug, Clone)]
pub struct Staged {
    /// What `commit` needs to find them; may be as good as a key, so it is a secret.
    pub token: SecretString,
    /// When the sink forgets them; `None` = never.
    pub until: Option<Timestamp>,
    /// The session they die with.
    pub bound_to: Option<SessionId>,
    /// The item that is already visible, where staging is final.
    pub visible: Option<DestId>,
}

/// One asset ready to be committed.
#[derive(Debug, Clone)]
pub struct StagedBundle {
    /// Which asset.
    pub key: ItemKey,
    /// Its staged parts.
    pub parts: Vec<(ItemKey, Staged)>,
    /// Name of the first part.
    pub file_name: String,
    /// Its metadata.
    pub metadata: Metadata,
}

/// What became of a bundle.
#[derive(Debug, Clone)]
pub struct Committed {
    /// The item of each part, in the order of [`StagedBundle::parts`]; `None` where the sink tells it only later.
    pub parts: Vec<(ItemKey, Option<DestId>)>,
    /// Parts that the sink refused for good, while others of the bundle became an item; most sinks refuse all or none.
    pub refused: Vec<(ItemKey, Arc<Error>)>,
    /// Whether the sink held the same bytes before this call and says so.
    pub already_there: bool,
    /// Whether it is in the album that was asked for.
    pub in_album: bool,
    /// Whether this program may manage the item; `None` = not known.
    pub app_owned: Option<bool>,
}

/// An item to look for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Which part.
    pub key: ItemKey,
    /// Its hashes.
    pub checksums: Checksums,
    /// Its name.
    pub file_name: String,
}

/// Whether a sink holds an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// It does.
    Found {
        /// Which.
        id: DestId,
        /// Whether it sits in the bin.
        trashed: bool,
    },
    /// It holds the bytes where people do not see them, and takes no second copy.
    OutOfSight {
        /// Which.
        id: DestId,
        /// In what way.
        how: OutOfSight,
    },
    /// It does not.
    Absent,
    /// The sink cannot be asked.
    CannotTell,
}

/// In what way a sink holds an item that people do not see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutOfSight {
    /// Its owner has put it away; there it stays, and it can be taken out again.
    Archived,
    /// It is never shown, such as a file that could not be read.
    Hidden,
}

/// An album about to be created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewAlbum {
    /// Title.
    pub title: String,
    /// Description.
    pub description: Option<String>,
}

/// A call that must not happen twice, as it was written down before it was made.
#[derive(Debug, Clone)]
pub enum Intent {
    /// Bytes of one part were being staged.
    Stage {
        /// Which part.
        part: ItemKey,
        /// How to look for it.
        wanted: Wanted,
        /// What the sink had said so far.
        staged: Option<Staged>,
    },
    /// Bundles were being committed, in this order.
    Commit {
        /// The bundles.
        bundles: Vec<StagedBundle>,
        /// The album they were to enter.
        album: Option<DestAlbumId>,
    },
    /// An album was being created.
    CreateAlbum {
        /// The album.
        album: NewAlbum,
        /// When the call was made.
        since: Timestamp,
        /// Albums of that title that are known to be other albums.
        known: Vec<DestAlbumId>,
    },
    /// Items were being added to an album.
    AddToAlbum {
        /// The album.
        album: DestAlbumId,
        /// The items.
        members: Vec<DestId>,
    },
}

/// What became of an intent.
#[derive(Debug, Clone)]
pub enum Settled {
    /// It took effect; these are the items.
    Happened(Vec<(ItemKey, DestId)>),
    /// It took effect; this is the album.
    AlbumHappened(DestAlbumId),
    /// It did not take effect.
    DidNot,
    /// Nobody can tell, and doing it again does no harm.
    RepeatIsHarmless,
    /// Nobody can tell, and doing it again might do harm.
    Unknown,
}

/// What an engine believes about an item.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The item.
    pub id: DestId,
    /// Its length in bytes.
    pub size_bytes: u64,
    /// Its hashes.
    pub checksums: Checksums,
}

/// What a sink can prove about a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// These hashes are equal.
    Hash(HashKinds),
    /// The length is equal, no hash is known.
    SizeOnly,
    /// It exists, no more is known.
    ExistsOnly,
    /// It does not exist.
    Missing,
    /// It is not the same.
    Differs {
        /// In what.
        what: String,
    },
}
