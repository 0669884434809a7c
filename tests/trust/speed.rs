//! How fast libraries go into PhotoPrism and out of it where nothing but the program and the stand-ins takes time, and how
//! many requests an item takes. The requests are bounded in every test run; times are only told, and stand in
//! docs/performance.md.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use photomove_sim::{Counts, Fill, Library, LibraryAlbum, Service, ServiceKind, ServiceSpec, SimOptions};

use crate::figures::{full, say, size as sized};
use crate::ground::{Ground, options};
use crate::memory::MIB;

/// Items of an album.
const ALBUM: usize = 50;
/// Sizes at which figures are made.
const SIZES: [(usize, u64); 4] = [(500, 32_000), (2_000, 32_000), (500, MIB), (2_000, MIB)];
/// The size in tests.
const SMALL: (usize, u64) = (2 * ALBUM, 4_000);

/// Requests in all that one side may see for an item. What is paid once a run is in it: at the small size that is a lot.
struct Most {
    source: f64,
    target: f64,
}

/// What a run took.
struct Took {
    wall: Duration,
    /// Seconds of processor of the program and of the stand-ins; `None` where the system does not tell.
    processor: Option<(f64, f64)>,
}

/// Stand-ins of two services, of which the first holds so many items.
async fn ground(services: [ServiceKind; 2], items: usize, bytes: u64) -> Ground {
    let mut library = Library::synthetic(items as u64, bytes, 71).expect("computed library");
    library.albums = (0..items.div_ceil(ALBUM))
        .map(|number| LibraryAlbum {
            title: format!("Album {number:03}"),
        })
        .collect();
    for (index, item) in library.items.iter_mut().enumerate() {
        item.albums = vec![index / ALBUM];
    }
    let mut options = SimOptions {
        services: services.map(ServiceSpec::new).to_vec(),
        fill: Some(Fill::Library(library)),
        discard: true,
        ..options()
    };
    options.google.write_takes = Duration::ZERO;
    Ground::start(options).await
}

/// Moves everything, says what it took, and holds the requests against their bounds.
async fn moved(ground: &Ground, words: [&str; 2], size: (usize, u64), most: Most) {
    let (items, bytes) = size;
    let [source, target] = sides(ground);
    let before = (source.shared().counters.counts(), target.shared().counters.counts());
    let took = timed(ground, words).await;
    let asked = |service: &Arc<dyn Service>, before: &Counts| {
        let mut counts = service.shared().counters.counts();
        counts.requests -= before.requests;
        for (operation, count) in &mut counts.by_operation {
            *count -= before.by_operation.get(operation).copied().unwrap_or(0);
        }
        counts
    };
    let (source, target) = (asked(&source, &before.0), asked(&target, &before.1));
    let per_item = |count: u64| count as f64 / items as f64;
    let speed = items as f64 / took.wall.as_secs_f64();
    let processor = took.processor.map_or_else(
        || "unknown | unknown".to_owned(),
        |(program, stand_ins)| format!("{program:.1} s | {stand_ins:.1} s"),
    );
    say(&format!(
        "| {} → {} | {items} of {} kB | {speed:.0} | {processor} | {:.2} | {:.2} |",
        words[0],
        words[1],
        bytes / 1000,
        per_item(source.requests),
        per_item(target.requests),
    ));
    say(&format!("  source: {}", kinds(&source.by_operation, items)));
    say(&format!("  target: {}", kinds(&target.by_operation, items)));
    for (side, counts, most) in [("source", &source, most.source), ("target", &target, most.target)] {
        assert!(
            per_item(counts.requests) <= most,
            "the {side} was asked {} times for {items} items: {:?}",
            counts.requests,
            counts.by_operation
        );
    }
}

/// Source and target.
fn sides(ground: &Ground) -> [Arc<dyn Service>; 2] {
    let sims = &ground.sims;
    let other = |kind| sims.service(kind).map(Arc::clone);
    let source = sims.photoprisms().first().map(|sim| sim.service() as Arc<dyn Service>);
    let target = sims.photoprisms().last().map(|sim| sim.service() as Arc<dyn Service>);
    [
        other(ServiceKind::Amazon).or(source).expect("a source"),
        other(ServiceKind::Google).or(target).expect("a target"),
    ]
}

/// Requests of each kind for an item; those of which there are few in all, as they are.
fn kinds(counts: &BTreeMap<String, u64>, items: usize) -> String {
    let mut counts: Vec<(&String, &u64)> = counts.iter().filter(|(_, count)| **count > 0).collect();
    counts.sort_by_key(|(operation, count)| (std::cmp::Reverse(**count), operation.as_str()));
    let told = counts.into_iter().map(|(operation, count)| {
        let per_item = *count as f64 / items as f64;
        match per_item >= 0.1 {
            true => format!("{operation} {per_item:.2}"),
            false => format!("{operation} {count} in all"),
        }
    });
    told.collect::<Vec<_>>().join(", ")
}

/// Runs it to its end.
async fn timed(ground: &Ground, words: [&str; 2]) -> Took {
    let own = processor_s(std::process::id());
    let began = Instant::now();
    let mut run = ground.spawn(&[words[0], words[1], "--yes"]);
    let (id, mut program) = (run.id(), None);
    run.until(|| {
        program = processor_s(id).or(program);
        false
    })
    .await;
    let wall = began.elapsed();
    let stand_ins = processor_s(std::process::id()).zip(own).map(|(after, own)| after - own);
    run.ended().await.expect_code(0);
    Took {
        wall,
        processor: program.zip(stand_ins),
    }
}

/// Seconds of processor that a process has had.
#[cfg(target_os = "linux")]
fn processor_s(id: u32) -> Option<f64> {
    /// A second, in the unit of `/proc`: the same on all machines that Linux runs on today.
    const TICKS: f64 = 100.0;
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name, which may hold blanks, ends with the last bracket.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / TICKS)
}

#[cfg(not(target_os = "linux"))]
fn processor_s(_id: u32) -> Option<f64> {
    None
}

fn sizes() -> Vec<(usize, u64)> {
    match full() {
        true => SIZES.to_vec(),
        false => vec![SMALL],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn into_photoprism() {
    for size in sizes() {
        let ground = ground([ServiceKind::Amazon, ServiceKind::PhotoPrism], size.0, size.1).await;
        let most = Most {
            source: 1.5,
            // Of large libraries a part is looked up once more, see docs/performance.md.
            target: sized(5.5, 6.5),
        };
        moved(&ground, ["amazon", "photoprism"], size, most).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn out_of_photoprism() {
    for size in sizes() {
        let ground = ground([ServiceKind::PhotoPrism, ServiceKind::Google], size.0, size.1).await;
        let most = Most {
            source: 2.5,
            target: 3.0,
        };
        moved(&ground, ["photoprism", "google"], size, most).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_server_to_server() {
    for size in sizes() {
        let ground = ground([ServiceKind::PhotoPrism, ServiceKind::PhotoPrism], size.0, size.1).await;
        let secret = ground.aside("secret");
        std::fs::write(&secret, "photomove-test\n").expect("written");
        let secret = secret.display().to_string();
        let words = ["photoprism@a", "photoprism@b"];
        for (name, sim) in words.into_iter().zip(ground.sims.photoprisms()) {
            let login = ["auth", "login", name, "--url", sim.url(), "--user", "admin"];
            let login: Vec<&str> = login.into_iter().chain(["--secret-file", &secret]).collect();
            ground.run(&login).await.expect_code(0);
        }
        let most = Most {
            source: 2.5,
            // Of large libraries a part is looked up once more, see docs/performance.md.
            target: sized(5.5, 6.5),
        };
        moved(&ground, words, size, most).await;
    }
}
