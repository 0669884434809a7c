//! Everything that the stand-in remembers: people, apps, what they were granted, and their libraries.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::blob::{Blob, Hashes};
use crate::control::Person;

use super::details::Details;
use super::mint::Mint;
use super::orders::Orders;
use super::quota::Quotas;
use super::scopes::Scopes;

/// SHA-1 of a body: what makes two uploads the same object.
pub(super) type ContentId = [u8; 20];

/// What is kept of an upload token: tokens are long, and a big run makes many.
pub(super) type TokenKey = [u8; 20];

/// Tokens from which on old ones are looked for.
const SWEEP_AT: usize = 10_000;

/// Who signs in where a test wants somebody else.
const OTHER_EMAIL: &str = "other@gmail.example";

/// Position of an account in [`World::accounts`].
pub(super) type AccountIndex = usize;

/// A person with a Google account.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) sub: String,
    pub(super) email: String,
    /// Bytes that may be stored; `None` means no limit.
    pub(super) storage_limit: Option<u64>,
}

/// An OAuth client of a Cloud project. "App" means the project.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) id: String,
    pub(super) secret: String,
    pub(super) project: String,
    pub(super) project_number: String,
}

impl Client {
    /// The client of the first project, or of one of those after it.
    fn new(mint: &mut Mint, number: usize) -> Self {
        let (project_number, project, seed) = match number {
            0 => (
                "412345678901".to_owned(),
                "photomove-sim".to_owned(),
                "client".to_owned(),
            ),
            _ => (
                (412_345_678_901 + number).to_string(),
                format!("photomove-sim-{}", number + 1),
                format!("client {number}"),
            ),
        };
        Self {
            id: format!(
                "{project_number}-{}.apps.googleusercontent.com",
                mint.lower_text(&seed, 32)
            ),
            secret: mint.secret("GOCSPX-", 21),
            project,
            project_number,
        }
    }
}

/// A code that waits to be exchanged.
#[derive(Debug)]
pub(super) struct Code {
    pub(super) client_id: String,
    pub(super) account: AccountIndex,
    pub(super) redirect_uri: String,
    pub(super) challenge: Option<Challenge>,
    pub(super) scopes: Scopes,
    pub(super) expires: Timestamp,
    pub(super) with_refresh_token: bool,
}

/// The PKCE challenge that came with an authorization request.
#[derive(Debug, Clone)]
pub(super) struct Challenge {
    pub(super) value: String,
    pub(super) hashed: bool,
}

/// What one sign-in allows; access and refresh tokens of it die together when it is revoked.
#[derive(Debug, Clone)]
pub(super) struct Grant {
    pub(super) number: u64,
    pub(super) client_id: String,
    pub(super) account: AccountIndex,
    pub(super) scopes: Scopes,
}

#[derive(Debug)]
pub(super) struct AccessToken {
    pub(super) grant: Grant,
    pub(super) expires: Timestamp,
}

#[derive(Debug)]
pub(super) struct RefreshToken {
    pub(super) grant: Grant,
    pub(super) last_used: Timestamp,
    /// Issued while the project was in testing.
    pub(super) expires: Option<Timestamp>,
    pub(super) number: u64,
}

/// Bytes that the stand-in has received, by content.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) blob: Blob,
    pub(super) size: u64,
    pub(super) hashes: Hashes,
    pub(super) details: Details,
}

impl Stored {
    pub(super) fn content(&self) -> ContentId {
        self.hashes.sha1
    }
}

/// What an upload token stands for.
#[derive(Debug, Clone)]
pub(super) struct Upload {
    pub(super) account: AccountIndex,
    pub(super) stored: Arc<Stored>,
    pub(super) file_name: Option<String>,
    pub(super) declared_type: Option<String>,
    pub(super) created: Timestamp,
    pub(super) used: bool,
    /// The internal error that chance had in store for it has been sent.
    pub(super) failed_once: bool,
}

/// Who put something into a library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Creator {
    /// The app of this project.
    Project(String),
    /// The phone's backup or the person in a browser.
    Person,
}

/// One photo or video of a library.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) account: AccountIndex,
    pub(super) creator: Creator,
    pub(super) stored: Arc<Stored>,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) mime: String,
    pub(super) created: Timestamp,
    pub(super) favorite: bool,
    pub(super) trashed: bool,
}

impl Item {
    /// Capture time, or upload time for a file that says none; `zone` is the one of times without an offset.
    pub(super) fn creation_time(&self, zone: &TimeZone) -> Timestamp {
        self.stored.details.taken_at(zone).unwrap_or(self.created)
    }

    pub(super) fn is_video(&self) -> bool {
        self.mime.starts_with("video/")
    }
}

/// A place in an album.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Entry {
    Item(String),
    Enrichment(String),
}

/// An album with its places in order.
#[derive(Debug, Clone)]
pub(super) struct Album {
    pub(super) id: String,
    pub(super) account: AccountIndex,
    pub(super) creator: Creator,
    pub(super) title: String,
    entries: Vec<Entry>,
    /// The same without order, so that a large album need not be searched for each item.
    held: HashSet<Entry>,
    pub(super) cover: Option<String>,
    pub(super) deleted: bool,
}

impl Album {
    /// The places in order.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Whether it has this place.
    pub(super) fn has(&self, entry: &Entry) -> bool {
        self.held.contains(entry)
    }

    /// Puts entries in, in order, from position `at` on; what is there already stays where it is.
    pub(super) fn insert(&mut self, mut at: usize, entries: Vec<Entry>) {
        for entry in entries {
            if self.held.insert(entry.clone()) {
                self.entries.insert(at, entry);
                at += 1;
            }
        }
    }

    /// Takes items out.
    pub(super) fn remove(&mut self, items: &[String]) {
        let gone = |entry: &Entry| matches!(entry, Entry::Item(id) if items.contains(id));
        self.entries.retain(|entry| !gone(entry));
        self.held.retain(|entry| !gone(entry));
    }

    pub(super) fn item_ids(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Item(id) => Some(id.as_str()),
            Entry::Enrichment(_) => None,
        })
    }

    pub(super) fn holds(&self, item: &str) -> bool {
        self.has(&Entry::Item(item.to_owned()))
    }

    pub(super) fn count(&self) -> usize {
        self.item_ids().count()
    }
}

/// Where in an album something new goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Position {
    First,
    Last,
    After(Entry),
}

/// The whole state, behind one lock.
#[derive(Debug)]
pub(super) struct World {
    pub(super) mint: Mint,
    pub(super) accounts: Vec<Account>,
    pub(super) client: Client,
    /// Ids of the clients that were before it.
    pub(super) deleted_clients: Vec<String>,
    pub(super) codes: HashMap<String, Code>,
    pub(super) access: HashMap<String, AccessToken>,
    pub(super) refresh: HashMap<String, RefreshToken>,
    pub(super) grants_made: u64,
    pub(super) refreshes: u64,
    pub(super) uploads: HashMap<TokenKey, Upload>,
    /// Tokens that are looked through next for those whose time is over, once there are so many.
    sweep_at: usize,
    /// Every body that a token or an item stands for, once.
    pub(super) bodies: HashMap<ContentId, Weak<Stored>>,
    /// Bytes of all items of an account; what lies in the trash still counts, as at the real service.
    storage: HashMap<AccountIndex, u64>,
    /// Grows with every change of what a listing shows.
    pub(super) changes: u64,
    pub(super) orders: Orders,
    /// In order of creation.
    pub(super) items: Vec<Item>,
    by_id: HashMap<String, usize>,
    by_content: HashMap<(AccountIndex, ContentId), usize>,
    /// In order of creation.
    pub(super) albums: Vec<Album>,
    pub(super) quotas: Quotas,
}

impl World {
    /// One account, one project, an empty library.
    pub(super) fn new(seed: u64) -> Self {
        let mut mint = Mint::new(seed);
        let client = Client::new(&mut mint, 0);
        let owner = Account {
            sub: "101234567890123456789".into(),
            email: "owner@gmail.example".into(),
            storage_limit: None,
        };
        Self {
            mint,
            accounts: vec![owner],
            client,
            deleted_clients: Vec::new(),
            codes: HashMap::new(),
            access: HashMap::new(),
            refresh: HashMap::new(),
            grants_made: 0,
            refreshes: 0,
            uploads: HashMap::new(),
            sweep_at: SWEEP_AT,
            bodies: HashMap::new(),
            storage: HashMap::new(),
            changes: 0,
            orders: Orders::default(),
            items: Vec::new(),
            by_id: HashMap::new(),
            by_content: HashMap::new(),
            albums: Vec::new(),
            quotas: Quotas::default(),
        }
    }

    /// Deletes the client with all that was granted to it; another project's takes its place.
    pub(super) fn new_project(&mut self) {
        let number = self.deleted_clients.len() + 1;
        let client = Client::new(&mut self.mint, number);
        let old = std::mem::replace(&mut self.client, client);
        self.deleted_clients.push(old.id);
        self.codes.clear();
        self.access.clear();
        self.refresh.clear();
    }

    pub(super) fn account(&self, email: &str) -> Option<AccountIndex> {
        self.accounts
            .iter()
            .position(|account| account.email == email || account.sub == email)
    }

    /// The account of a person; the other one gets theirs when first spoken of.
    pub(super) fn account_of(&mut self, person: Person) -> AccountIndex {
        match person {
            Person::Same => 0,
            Person::Other => self.account(OTHER_EMAIL).unwrap_or_else(|| {
                self.accounts.push(Account {
                    sub: "109876543210987654321".into(),
                    email: OTHER_EMAIL.into(),
                    storage_limit: None,
                });
                self.accounts.len() - 1
            }),
        }
    }

    /// What the ids of this account and this app begin with.
    pub(super) fn id_prefix(&self, account: AccountIndex) -> String {
        self.mint.id_prefix(&self.accounts[account].sub, &self.client.project)
    }

    pub(super) fn app(&self) -> Creator {
        Creator::Project(self.client.project.clone())
    }

    /// The item of these bytes in this library, in the trash or not.
    pub(super) fn item_of(&self, account: AccountIndex, content: &ContentId) -> Option<usize> {
        self.by_content.get(&(account, *content)).copied()
    }

    /// The item with this id in this library, whoever created it; the trash does not count.
    pub(super) fn item(&self, account: AccountIndex, id: &str) -> Option<&Item> {
        let item = &self.items[*self.by_id.get(id)?];
        (item.account == account && !item.trashed).then_some(item)
    }

    pub(super) fn item_mut(&mut self, id: &str) -> Option<&mut Item> {
        self.by_id.get(id).map(|at| &mut self.items[*at])
    }

    /// The item, if the app that asks created it.
    pub(super) fn own_item(&self, account: AccountIndex, id: &str) -> Option<&Item> {
        self.item(account, id).filter(|item| item.creator == self.app())
    }

    /// Positions of the items that the app may see, in order of creation; fresh ones only after `delay`.
    pub(super) fn visible_items(&self, account: AccountIndex, now: Timestamp, delay: SignedDuration) -> Vec<usize> {
        let app = self.app();
        let seen = |item: &Item| {
            item.account == account && item.creator == app && !item.trashed && now.duration_since(item.created) >= delay
        };
        (0..self.items.len()).filter(|at| seen(&self.items[*at])).collect()
    }

    /// Whether the app may see an item; a fresh one only after `delay`.
    pub(super) fn visible_item(
        &self,
        account: AccountIndex,
        id: &str,
        now: Timestamp,
        delay: SignedDuration,
    ) -> Option<usize> {
        let at = *self.by_id.get(id)?;
        let item = self.own_item(account, id)?;
        (now.duration_since(item.created) >= delay).then_some(at)
    }

    /// Adds an item under the id that its content decides.
    pub(super) fn add_item(&mut self, new: NewItem) -> usize {
        let NewItem {
            account,
            creator,
            stored,
            name,
            description,
            mime,
            created,
            favorite,
        } = new;
        let prefix = self.id_prefix(account);
        let sub = &self.accounts[account].sub;
        let mut generation = 0;
        let id = loop {
            let id = self.mint.item_id(&prefix, sub, &stored.content(), generation);
            if !self.by_id.contains_key(&id) {
                break id;
            }
            generation += 1;
        };
        let at = self.items.len();
        self.by_id.insert(id.clone(), at);
        self.by_content.insert((account, stored.content()), at);
        *self.storage.entry(account).or_default() += stored.size;
        self.changes += 1;
        self.items.push(Item {
            id,
            account,
            creator,
            stored,
            name,
            description,
            mime,
            created,
            favorite,
            trashed: false,
        });
        at
    }

    pub(super) fn add_album(&mut self, account: AccountIndex, creator: Creator, title: String) -> usize {
        let prefix = self.id_prefix(account);
        let id = self.mint.album_id(&prefix);
        self.albums.push(Album {
            id,
            account,
            creator,
            title,
            entries: Vec::new(),
            held: HashSet::new(),
            cover: None,
            deleted: false,
        });
        self.albums.len() - 1
    }

    pub(super) fn album_at(&self, account: AccountIndex, id: &str) -> Option<usize> {
        self.albums
            .iter()
            .position(|album| album.account == account && album.id == id)
    }

    /// The album, if the app that asks created it and the person has not deleted it.
    pub(super) fn own_album(&self, account: AccountIndex, id: &str) -> Option<usize> {
        let app = self.app();
        self.album_at(account, id)
            .filter(|at| self.albums[*at].creator == app && !self.albums[*at].deleted)
    }

    /// Bytes that the library of an account takes up.
    pub(super) fn storage_used(&self, account: AccountIndex) -> u64 {
        self.storage.get(&account).copied().unwrap_or(0)
    }

    /// Keeps what an upload token stands for. Now and then the tokens older than `life` go, and bodies that nobody needs.
    pub(super) fn add_upload(&mut self, key: TokenKey, upload: Upload, life: SignedDuration) {
        if self.uploads.len() >= self.sweep_at {
            let now = upload.created;
            self.uploads.retain(|_, held| now.duration_since(held.created) < life);
            self.bodies.retain(|_, body| body.strong_count() > 0);
            self.sweep_at = SWEEP_AT.max(2 * self.uploads.len());
        }
        self.uploads.insert(key, upload);
    }
}

/// What [`World::add_item`] needs.
#[derive(Debug)]
pub(super) struct NewItem {
    pub(super) account: AccountIndex,
    pub(super) creator: Creator,
    pub(super) stored: Arc<Stored>,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) mime: String,
    pub(super) created: Timestamp,
    pub(super) favorite: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(bytes: &[u8]) -> Arc<Stored> {
        Arc::new(Stored {
            blob: Blob::memory(bytes.to_vec()),
            size: bytes.len() as u64,
            hashes: Hashes::of(bytes),
            details: Details::default(),
        })
    }

    fn add(world: &mut World, bytes: &[u8], creator: Creator) -> String {
        let new = NewItem {
            account: 0,
            creator,
            stored: stored(bytes),
            name: "a.jpg".into(),
            description: String::new(),
            mime: "image/jpeg".into(),
            created: Timestamp::UNIX_EPOCH,
            favorite: false,
        };
        let at = world.add_item(new);
        world.items[at].id.clone()
    }

    #[test]
    fn only_the_apps_own_items_are_seen() {
        let mut world = World::new(1);
        let app = world.app();
        let mine = add(&mut world, b"mine", app);
        let phone = add(&mut world, b"phone", Creator::Person);
        let now = Timestamp::UNIX_EPOCH;
        let seen: Vec<_> = world
            .visible_items(0, now, SignedDuration::ZERO)
            .iter()
            .map(|at| world.items[*at].id.clone())
            .collect();
        assert_eq!(seen, [mine]);
        assert!(world.item(0, &phone).is_some() && world.own_item(0, &phone).is_none());
        assert!(world.visible_items(0, now, SignedDuration::from_secs(5)).is_empty());
        assert_eq!(world.storage_used(0), 9);
    }

    #[test]
    fn the_same_bytes_made_anew_get_another_id() {
        let mut world = World::new(1);
        let app = world.app();
        let first = add(&mut world, b"same", app.clone());
        let second = add(&mut world, b"same", app);
        assert_ne!(first, second);
    }
}
