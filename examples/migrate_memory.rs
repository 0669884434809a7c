//! Migrates between two providers in memory: the whole engine, without a network.
//!
//! Run it with `cargo run --example migrate_memory`.

#![expect(clippy::print_stdout, reason = "an example prints what it found")]

use std::sync::Arc;

use photomove::core::{Error, ErrorKind, MemoryAlbum, MemoryItem, MemoryProvider, Result, SystemClock};
use photomove::migrate::{EngineEnv, Journal, MigrateOptions, Migration};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let old = Arc::new(MemoryProvider::new("old service"));
    for number in 1..=5 {
        old.insert(MemoryItem::new(
            format!("id-{number}"),
            format!("IMG_{number:04}.jpg"),
            format!("picture {number}"),
        ));
    }
    // The same bytes under another name: one item at the destination, in both albums.
    old.insert(MemoryItem::new("id-6", "copy of IMG_0001.jpg", "picture 1"));
    old.add_album(MemoryAlbum::new("a", "Lisbon 2023", ["id-1".into(), "id-2".into()]));
    old.add_album(MemoryAlbum::new("b", "Favourites", ["id-6".into(), "id-5".into()]));
    let new = Arc::new(MemoryProvider::new("new service"));

    let folder = tempfile::tempdir().map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
    let journal = Journal::open(&folder.path().join("journal.db"), SystemClock::shared())?;
    let migration = Migration::new(
        old,
        new.clone(),
        journal,
        MigrateOptions::new(folder.path()),
        EngineEnv::system(),
    );

    let plan = migration.plan().await?;
    println!(
        "plan: {} files, {} bytes, {} albums",
        plan.parts.count, plan.parts.bytes, plan.albums
    );
    let summary = migration.run().await?;
    println!(
        "verified {} of {}, sent {}",
        summary.accounting.verified.count, summary.accounting.found.count, summary.uploaded.count
    );
    let again = migration.run().await?;
    println!("again: nothing to do is {}", again.nothing_to_do);
    let mut albums = new.albums();
    albums.sort_by(|a, b| a.title.cmp(&b.title));
    for album in albums {
        println!("album {}: {} items", album.title, album.members.len());
    }
    Ok(())
}
