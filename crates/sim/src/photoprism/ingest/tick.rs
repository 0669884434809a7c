//! What the server does by itself while time passes: the background worker, and the runs that follow writes over WebDAV.
//! The clock is looked at whenever a call comes.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::photoprism::service::PhotoPrism;

use super::runs;
use super::stacking;

/// Does what is due.
pub(crate) async fn tick(server: &Arc<PhotoPrism>) {
    let (now, switches) = (server.now(), Arc::new(server.switches()));
    let (index_due, import_due) = {
        let mut world = server.world();
        match world.ingest.last_wakeup {
            None => world.ingest.last_wakeup = Some(now),
            Some(last) if is_over(last, now, switches.wakeup_interval) => {
                world.ingest.last_wakeup = Some(now);
                stacking::background(&mut world, now);
            }
            Some(_) => {}
        }
        let free = world.ingest.running.is_none();
        let due = |touched: Option<Timestamp>, after: Option<Duration>| {
            touched
                .zip(after)
                .is_some_and(|(touched, after)| free && is_over(touched, now, after))
        };
        let index = due(world.ingest.originals_touched, switches.auto_index);
        let import = due(world.ingest.import_touched, switches.auto_import);
        (index, import)
    };
    if index_due {
        runs::run_index(
            Arc::clone(server),
            Arc::clone(&switches),
            String::new(),
            false,
            String::new(),
        )
        .await;
    }
    if import_due {
        runs::auto_import(Arc::clone(server), switches).await;
    }
}

fn is_over(since: Timestamp, now: Timestamp, wait: Duration) -> bool {
    SignedDuration::try_from(wait).is_ok_and(|wait| now.duration_since(since) >= wait)
}
