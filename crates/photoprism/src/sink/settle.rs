//! Finding out what became of calls whose replies never came. A server goes on with what it was asked to process, whoever
//! listens.

use std::time::Duration;

use photomove_core::{DestId, Error, ErrorKind, Operation, Result, Settled, StagedBundle};

use super::PhotoPrismSink;
use super::commit::tickets;
use super::present::{Present, unsettled};
use super::token::Ticket;
use crate::KIND;

/// Waits between two looks (reference 4.2).
const LOOKS_S: [u64; 6] = [2, 4, 8, 15, 30, 60];
/// Bytes that a server surely processes in the time of those looks; for more it is looked longer.
const BYTES_IN_TIME: u64 = 500 * 1024 * 1024;
/// Further looks, a minute apart, at most.
const MORE_LOOKS_MAX: u64 = 20;

impl PhotoPrismSink {
    /// Looks for the files of bundles until one of each bundle is there, or long enough.
    pub(super) async fn settle_commit(&self, bundles: &[StagedBundle]) -> Result<Settled> {
        // One whose ticket cannot be read was never processed.
        let known: Vec<(&StagedBundle, Vec<Ticket>)> = bundles
            .iter()
            .filter_map(|bundle| Some((bundle, tickets(bundle).ok()?)))
            .collect();
        let bytes: u64 = known
            .iter()
            .flat_map(|(_, tickets)| tickets)
            .map(|ticket| ticket.size_bytes)
            .sum();
        let more = (bytes / BYTES_IN_TIME).min(MORE_LOOKS_MAX);
        let more = std::iter::repeat_n(60, usize::try_from(more).unwrap_or(0));
        let mut looks = LOOKS_S.into_iter().chain(more);
        loop {
            let hashes: Vec<&str> = known
                .iter()
                .flat_map(|(_, tickets)| tickets)
                .map(|ticket| ticket.sha1.as_str())
                .collect();
            let present = self
                .present(&hashes)
                .await
                .map_err(|error| error.operation(Operation::Settle))?;
            let of = |ticket: &Ticket| present.get(&ticket.sha1).unwrap_or(&Present::Unknown);
            if hashes
                .iter()
                .any(|hash| present.get(*hash) == Some(&Present::Unsettled))
            {
                return Err(unsettled().operation(Operation::Settle));
            }
            let is_done = |(_, tickets): &(&StagedBundle, Vec<Ticket>)| {
                tickets.iter().all(|ticket| *of(ticket) != Present::Unknown)
            };
            let pause = looks.next();
            if known.iter().all(is_done) || pause.is_none() {
                let found: Vec<_> = known
                    .iter()
                    .flat_map(|(bundle, tickets)| bundle.parts.iter().zip(tickets))
                    .filter(|(_, ticket)| of(ticket).photo().is_some())
                    .map(|((key, _), ticket)| (*key, DestId::from(ticket.sha1.as_str())))
                    .collect();
                return Ok(match found.is_empty() {
                    // Under the same session it processes what still waits; under another one nothing waits.
                    true => Settled::RepeatIsHarmless,
                    // Those that are missing are committed once more: what waits is processed, what was refused is not.
                    false => Settled::Happened(found),
                });
            }
            let Some(seconds) = pause else { continue };
            if !self.client().env().wait(Duration::from_secs(seconds)).await {
                return Err(Error::new(
                    ErrorKind::Cancelled,
                    "stopped before the server could be done with the uploads",
                )
                .provider(KIND)
                .operation(Operation::Settle));
            }
        }
    }
}
