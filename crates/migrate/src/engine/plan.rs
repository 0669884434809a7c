//! The plan, read from the journal after the listing.

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use photomove_core::{QuotaStore, Result};

use super::core::Core;
use super::forecast::{self, Budget};
use super::{planned, speed};
use crate::journal::{JobId, accounting, filtered, jobs, later, overview, plan};
use crate::{AccountName, AlbumPlan, Count, Estimate, Loss, Plan, RoomToldBy, StoragePlan};

/// Works it out; writes nothing but the losses, for whoever asks later.
pub(super) async fn plan(core: &Arc<Core>, source: AccountName, target: AccountName) -> Result<Plan> {
    let (job, caps) = (core.job, core.sink_caps.clone());
    let (room, told_free) = (core.room, core.options.target_free_bytes);
    let filters = core.options.filters.clone();
    let drift = planned::drift(core).await?;
    let (mut plan, large) = core
        .journal
        .read(move |c| {
            let kinds = plan::kinds(c, job.id, caps.bundle)?;
            let sums = accounting::accounting(c, job.id)?;
            let (to_send, duplicates) = plan::to_send(c, job.id)?;
            let (albums, memberships) = plan::albums(c, job.id)?;
            let (unreadable, unlisted_members) = jobs::oddities(c, job.id)?;
            let (of, large) = plan::requests(c, job.id, &caps)?;
            let free = room.or(told_free);
            let plan = Plan {
                job: JobId(job.id),
                source,
                target,
                filtered: filtered::summary(c, job.id, &filters)?,
                assets: kinds.iter().map(|kind| kind.assets).sum(),
                kinds,
                parts: sums.found,
                unknown_sizes: plan::unknown_sizes(c, job.id)?,
                undated: plan::undated(c, job.id)?,
                to_send,
                duplicates,
                already_there: plan::held(&sums),
                sent_earlier: plan::sent_earlier(c, job.target)?,
                unseen: caps.unseen.filter(|_| caps.find_by.is_empty()).map(str::to_owned),
                refused: plan::refused(c, job.id)?,
                doubtful: plan::doubtful(c, job.id, caps.media_types)?,
                albums,
                memberships,
                unlisted_members,
                album_plan: match caps.albums {
                    Some(_) => plan::album_plan(c, job.id)?,
                    None => AlbumPlan::default(),
                },
                losses: plan::losses(c, job, &caps)?,
                storage: StoragePlan {
                    needed_bytes: to_send.bytes,
                    free_bytes: free,
                    told_by: match room {
                        Some(_) => Some(RoomToldBy::Service),
                        None => told_free.map(|_| RoomToldBy::Person),
                    },
                    files_that_fit: match free {
                        Some(free) => plan::fitting(c, job.id, free)?,
                        None => None,
                    },
                },
                estimate: Estimate {
                    of,
                    per_day: caps.requests.per_day.filter(|per_day| *per_day > 0),
                    ..Estimate::default()
                },
                lasting: caps.lasting.map(str::to_owned),
                changes: caps.changes.map(str::to_owned),
                drift,
                unreadable,
                later: later::later(c, job)?,
                nothing_to_do: plan::nothing_to_do(c, job.id, caps.albums.is_some())?,
            };
            Ok((plan, large))
        })
        .await?;
    estimate(core, &mut plan, large).await?;
    plan.losses.append(&mut gaps(core));
    // For whoever asks later, without a connection to either side.
    let kept = plan.losses.clone();
    core.journal
        .write(move |c| overview::put_losses(c, job.id, &kept))
        .await?;
    if plan.to_send == Count::default() {
        plan.duplicates = Count::default();
    }
    Ok(plan)
}

/// Adds up requests, and works out when they and the bytes are done.
async fn estimate(core: &Core, plan: &mut Plan, large: u64) -> Result<()> {
    let now = core.now();
    let cost = &core.sink_caps.requests;
    let estimate = &mut plan.estimate;
    let of = &mut estimate.of;
    let work = of.files + of.items + of.albums + of.memberships;
    if work == 0 {
        return Ok(());
    }
    let mut daily = u64::from(cost.per_connect);
    if of.files > 0 {
        daily += u64::from(cost.per_staging_day);
    }
    if large > 0 {
        daily += u64::from(cost.per_large_staging_day);
    }
    // A machine without a time-zone database counts days of UTC, as any other clock would be a guess.
    let zone = cost
        .day_ends
        .and_then(|zone| TimeZone::get(zone).ok())
        .unwrap_or(TimeZone::UTC);
    if let Some(ledger) = &core.sink_caps.ledger {
        let day = forecast::day_of(now, &zone);
        estimate.used_today = core.journal.used(&ledger.account, ledger.resource, &day).await?;
    }
    estimate.bytes_per_second = speed::known(&core.journal, &core.speed_account).await?;
    let needs = estimate
        .bytes_per_second
        .map(|speed| Duration::from_secs_f64(plan.to_send.bytes as f64 / speed.max(1) as f64));
    let budget = Budget {
        per_day: estimate.per_day.map(u64::from),
        used_today: estimate.used_today,
        daily,
        zone,
    };
    let forecast = forecast::forecast(now, work, needs, &budget);
    (estimate.days, estimate.last_day, estimate.done_at) = (forecast.days, forecast.last_day, forecast.done_at);
    of.daily = daily * forecast.days.unwrap_or(1);
    estimate.requests = work + of.daily;
    Ok(())
}

/// What never moves between these two services, whatever the library holds.
pub(super) fn gaps(core: &Core) -> Vec<Loss> {
    let gaps = core.source_caps.loses.iter().chain(core.sink_caps.loses);
    gaps.map(|gap| Loss {
        in_file: false,
        what: gap.what.into(),
        why: gap.why.into(),
        count: None,
    })
    .collect()
}
