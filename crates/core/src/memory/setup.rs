//! How a memory provider is set up before it is used.

use std::num::NonZeroU32;
use std::sync::Mutex;
use std::time::Duration;

use crate::{
    AlbumCaps, BundleKind, Fidelity, Fields, FilterCaps, HashKinds, ProviderInfo, ReadOrder, Scope, SettingChange,
    SharedClock, SinkCaps, SourceCaps, SystemClock, TextLimits,
};

use super::state::{ALL_FIELDS, State};
use super::{ALL_HASHES, KIND, MemoryProvider};

const COMMIT_BATCH: NonZeroU32 = NonZeroU32::MIN.saturating_add(49);

/// How it behaves; fixed once it is in use.
pub(super) struct Rules {
    pub(super) source: Option<SourceCaps>,
    pub(super) sink: Option<SinkCaps>,
    pub(super) page_items: usize,
    pub(super) page_token_life: Duration,
    pub(super) dedup: bool,
    pub(super) reuse_tokens: bool,
    pub(super) bad_token_spoils_batch: bool,
    pub(super) exists_only: bool,
    pub(super) capacity: Option<u64>,
    pub(super) settings: Vec<SettingChange>,
    pub(super) sessions: bool,
    pub(super) forgets: Fields,
}

impl MemoryProvider {
    /// Makes an empty library whose owner is `name`: finds by MD5 and SHA-1, proves by all hashes, knows equal bytes
    /// again, keeps all metadata, takes 50 items a commit and albums then or later.
    pub fn new(name: impl Into<String>) -> Self {
        let owner = name.into();
        Self {
            info: ProviderInfo {
                kind: KIND,
                label: format!("memory of {owner}"),
                origins: Vec::new(),
            },
            clock: SystemClock::shared(),
            rules: Rules {
                source: Some(source_caps()),
                sink: Some(sink_caps()),
                page_items: 100,
                page_token_life: Duration::from_secs(3600),
                dedup: true,
                reuse_tokens: true,
                bad_token_spoils_batch: false,
                exists_only: false,
                capacity: None,
                settings: Vec::new(),
                sessions: false,
                forgets: Fields::NONE,
            },
            state: Mutex::new(State::new(owner)),
        }
    }

    /// Makes an empty library that behaves as Google Photos does: nothing can be looked up, staged bytes expire after a
    /// day, one bad token spoils a batch, album calls are all or nothing, items of other apps enter albums only on
    /// commit, one writing call at a time, only descriptions are kept.
    pub fn demanding(name: impl Into<String>) -> Self {
        let mut provider = Self::new(name).with_sink_caps(|caps| {
            caps.find_by = HashKinds::NONE;
            caps.reports = HashKinds::SHA1;
            caps.reports_later = HashKinds::NONE;
            caps.needs_before_stage = HashKinds::SHA1;
            caps.on_create = Fields::DESCRIPTION;
            caps.on_update = Fields::DESCRIPTION;
            caps.texts = TextLimits {
                description_chars: Some(1000),
                file_name_chars: Some(255),
            };
            caps.write_lanes = 1;
            caps.staged_ttl = Some(Duration::from_secs(24 * 3600));
            caps.albums = Some(AlbumCaps {
                on_commit: true,
                foreign_items_only_on_commit: true,
                all_or_nothing: true,
                max_items: Some(20_000),
                ..AlbumCaps::new(500, 50)
            });
        });
        provider.rules.bad_token_spoils_batch = true;
        provider
    }

    /// Makes an empty library that behaves as a server of one's own does that keeps the files of a picture together: they
    /// are found and proven by SHA-1, staged bytes die with the session, metadata are set once an item is there, albums
    /// are filled later, several calls at once.
    pub fn stacking(name: impl Into<String>) -> Self {
        let provider = Self::new(name).with_sink_caps(|caps| {
            caps.find_by = HashKinds::SHA1;
            caps.reports = HashKinds::SHA1;
            caps.reports_later = HashKinds::SHA1;
            caps.needs_before_stage = HashKinds::SHA1;
            caps.bundle = BundleKind::PartsStack;
            caps.on_create = Fields::NONE;
            caps.stage_ahead = Some(8);
            caps.commit_batch = NonZeroU32::MIN.saturating_add(2);
            caps.albums = Some(AlbumCaps::new(160, 10));
        });
        provider.with_sessions()
    }

    /// Lets tokens and cursors age by this clock.
    #[must_use]
    pub fn with_clock(mut self, clock: SharedClock) -> Self {
        self.clock = clock;
        self
    }

    /// Changes what it can do as a sink; it behaves accordingly.
    #[must_use]
    pub fn with_sink_caps(mut self, change: impl FnOnce(&mut SinkCaps)) -> Self {
        change(self.rules.sink.get_or_insert_with(sink_caps));
        self
    }

    /// Changes what it can do as a source; it behaves accordingly.
    #[must_use]
    pub fn with_source_caps(mut self, change: impl FnOnce(&mut SourceCaps)) -> Self {
        change(self.rules.source.get_or_insert_with(source_caps));
        self
    }

    /// Makes it a sink only.
    #[must_use]
    pub fn without_source(mut self) -> Self {
        self.rules.source = None;
        self
    }

    /// Makes it a source only.
    #[must_use]
    pub fn without_sink(mut self) -> Self {
        self.rules.sink = None;
        self
    }

    /// Lists that many elements a page; at least 1, otherwise 100.
    #[must_use]
    pub fn with_page_items(mut self, items: usize) -> Self {
        self.rules.page_items = items.max(1);
        self
    }

    /// Lets the tokens of its pages live that long, an hour otherwise; the durable place in a listing works for ever.
    #[must_use]
    pub fn with_page_token_life(mut self, life: Duration) -> Self {
        self.rules.page_token_life = life;
        self
    }

    /// Says whether committing equal bytes again gives the item that exists; it does otherwise.
    #[must_use]
    pub fn with_dedup(mut self, dedup: bool) -> Self {
        self.rules.dedup = dedup;
        self
    }

    /// Says whether a token can be committed a second time; it can otherwise.
    #[must_use]
    pub fn with_token_reuse(mut self, reuse: bool) -> Self {
        self.rules.reuse_tokens = reuse;
        self
    }

    /// Says whether one bad token fails a whole commit of several with [`crate::ErrorKind::BadBatch`].
    #[must_use]
    pub fn with_bad_token_spoiling_batch(mut self, spoils: bool) -> Self {
        self.rules.bad_token_spoils_batch = spoils;
        self
    }

    /// Lets `verify` prove no more than existence, whatever the capabilities promise.
    #[must_use]
    pub fn with_exists_only_evidence(mut self) -> Self {
        self.rules.exists_only = true;
        self
    }

    /// Limits what it can hold, in bytes; none otherwise.
    #[must_use]
    pub fn with_capacity(mut self, bytes: u64) -> Self {
        self.rules.capacity = Some(bytes);
        self
    }

    /// Lets staged bytes die with the session under which they were sent; see [`MemoryProvider::end_session`].
    #[must_use]
    pub fn with_sessions(mut self) -> Self {
        self.rules.sessions = true;
        self
    }

    /// Lets `describe` take fields and not keep them, whatever the capabilities promise; it says so each time.
    #[must_use]
    pub fn with_forgotten_fields(mut self, fields: Fields) -> Self {
        self.rules.forgets = fields;
        self
    }

    /// Adds a setting that `prepare` changes and `restore` puts back.
    #[must_use]
    pub fn with_setting(mut self, change: SettingChange) -> Self {
        self.state()
            .settings
            .insert(change.setting.clone(), change.before.clone());
        self.rules.settings.push(change);
        self
    }
}

fn source_caps() -> SourceCaps {
    SourceCaps {
        scope: Scope::WholeLibrary,
        fidelity: Fidelity::Original,
        hashes: ALL_HASHES,
        fields: ALL_FIELDS,
        ranged: true,
        order: ReadOrder::Any,
        members_in_listing: false,
        open_concurrency: 4,
        filters: FilterCaps::NONE,
        loses: &[],
    }
}

fn sink_caps() -> SinkCaps {
    SinkCaps {
        find_by: HashKinds::MD5.union(HashKinds::SHA1),
        reports: ALL_HASHES,
        reports_later: ALL_HASHES,
        on_create: ALL_FIELDS,
        on_update: ALL_FIELDS,
        stage_concurrency: 4,
        write_lanes: 2,
        albums: Some(AlbumCaps {
            on_commit: true,
            ..AlbumCaps::new(500, 100)
        }),
        ..SinkCaps::new(COMMIT_BATCH)
    }
}
