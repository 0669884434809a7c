//! The plan, read from the journal after the listing.

use std::sync::Arc;

use photomove_core::Result;

use super::core::Core;
use crate::journal::{JobId, accounting, jobs, plan};
use crate::{AccountName, Count, Estimate, Loss, Plan};

pub(super) async fn plan(core: &Arc<Core>, source: AccountName, target: AccountName) -> Result<Plan> {
    let (job, caps) = (core.job, core.sink_caps.clone());
    let gaps = core.source_caps.loses.iter().chain(caps.loses);
    let mut losses: Vec<Loss> = gaps
        .map(|gap| Loss {
            in_file: false,
            what: gap.what.into(),
            why: gap.why.into(),
            count: None,
        })
        .collect();
    let mut plan = core
        .journal
        .read(move |c| {
            let kinds = plan::kinds(c, job.id)?;
            let sums = accounting::accounting(c, job.id)?;
            let (to_send, duplicates) = plan::to_send(c, job.id)?;
            let (albums, memberships) = plan::albums(c, job.id)?;
            let (unreadable, unlisted_members) = jobs::oddities(c, job.id)?;
            let requests = plan::requests(c, job.id, &caps)?;
            let per_day = caps.requests.per_day.filter(|per_day| *per_day > 0);
            Ok(Plan {
                job: JobId(job.id),
                source,
                target,
                assets: kinds.iter().map(|kind| kind.assets).sum(),
                kinds,
                parts: sums.found,
                unknown_sizes: plan::unknown_sizes(c, job.id)?,
                to_send,
                duplicates,
                already_there: plan::held(&sums),
                refused: plan::refused(c, job.id)?,
                albums,
                memberships,
                unlisted_members,
                losses: plan::losses(c, job, &caps)?,
                estimate: Estimate {
                    requests,
                    per_day,
                    days: per_day.map(|per_day| requests.div_ceil(u64::from(per_day))),
                },
                unreadable,
                nothing_to_do: plan::nothing_to_do(c, job.id, caps.albums.is_some())?,
            })
        })
        .await?;
    plan.losses.append(&mut losses);
    if plan.to_send == Count::default() {
        plan.duplicates = Count::default();
    }
    Ok(plan)
}
