//! How many requests of a bucket are in flight: one more after each round that went well, half as many after trouble.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places of a bucket.
#[derive(Debug, Clone)]
pub(crate) struct Lanes(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    places: Arc<Semaphore>,
    most: u16,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    open: u16,
    /// Places to be closed as soon as they are given back.
    owed: u16,
    /// Requests that went well since the last change.
    good: u16,
    /// Number of the next request.
    next: u64,
    /// Requests with lower numbers left before the last halving, and say nothing about what is open now.
    halved_at: u64,
}

/// The right to have one request in flight.
#[derive(Debug)]
pub(crate) struct Lane {
    place: Option<OwnedSemaphorePermit>,
    number: u64,
    lanes: Lanes,
}

impl Lane {
    /// Says which request it is, for [`Lanes::trouble`].
    pub(crate) fn number(&self) -> u64 {
        self.number
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        let Some(place) = self.place.take() else { return };
        let mut state = self.lanes.state();
        if state.owed > 0 {
            state.owed -= 1;
            place.forget();
        }
    }
}

impl Lanes {
    pub(super) fn new(most: u16) -> Self {
        let most = most.max(1);
        Self(Arc::new(Inner {
            places: Arc::new(Semaphore::new(usize::from(most))),
            most,
            state: Mutex::new(State {
                open: most,
                owed: 0,
                good: 0,
                next: 0,
                halved_at: 0,
            }),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a place; `None` if there are none any more.
    pub(super) async fn enter(&self) -> Option<Lane> {
        let place = Arc::clone(&self.0.places).acquire_owned().await.ok()?;
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        Some(Lane {
            place: Some(place),
            number,
            lanes: self.clone(),
        })
    }

    /// Returns how many may be in flight now.
    pub(super) fn open(&self) -> u16 {
        self.state().open
    }

    /// Notes that a request went well; returns how many may be in flight if that are more now.
    pub(super) fn well(&self) -> Option<u16> {
        let mut state = self.state();
        if state.open >= self.0.most {
            return None;
        }
        state.good += 1;
        if state.good < state.open {
            return None;
        }
        state.good = 0;
        state.open += 1;
        match state.owed.checked_sub(1) {
            Some(owed) => state.owed = owed,
            None => self.0.places.add_permits(1),
        }
        Some(state.open)
    }

    /// Notes that the service could not cope with the request of that number; returns how many may be in flight if that
    /// are fewer now.
    pub(super) fn trouble(&self, number: u64) -> Option<u16> {
        let mut state = self.state();
        state.good = 0;
        if number < state.halved_at || state.open == 1 {
            return None;
        }
        state.halved_at = state.next;
        let fewer = (state.open / 2).max(1);
        let close = state.open - fewer;
        state.open = fewer;
        let closed = self.0.places.forget_permits(usize::from(close));
        state.owed += close - u16::try_from(closed).unwrap_or(close);
        Some(fewer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes every place that is free.
    async fn fill(lanes: &Lanes) -> Vec<Lane> {
        let mut held = Vec::new();
        while lanes.0.places.available_permits() > 0 {
            held.push(lanes.enter().await.unwrap());
        }
        held
    }

    #[tokio::test]
    async fn trouble_halves_once_for_all_that_were_in_flight_down_to_one() {
        let lanes = Lanes::new(8);
        let held = fill(&lanes).await;
        let halved: Vec<_> = held.iter().map(|lane| lanes.trouble(lane.number())).collect();
        assert_eq!(halved[0], Some(4));
        assert!(halved[1..].iter().all(Option::is_none), "{halved:?}");
        drop(held);
        for wanted in [Some(2), Some(1), None] {
            let held = fill(&lanes).await;
            assert_eq!(lanes.trouble(held[0].number()), wanted);
        }
        assert_eq!(fill(&lanes).await.len(), 1);
    }

    #[tokio::test]
    async fn a_round_that_went_well_opens_one_more_up_to_the_number_of_the_provider() {
        let lanes = Lanes::new(4);
        let held = fill(&lanes).await;
        lanes.trouble(held[0].number());
        drop(held);
        let grown: Vec<_> = (0..8).map(|_| lanes.well()).collect();
        assert_eq!(grown, [None, Some(3), None, None, Some(4), None, None, None]);
        assert_eq!(fill(&lanes).await.len(), 4);
    }

    #[tokio::test]
    async fn places_that_are_owed_are_not_given_out_again() {
        let lanes = Lanes::new(4);
        let mut held = fill(&lanes).await;
        lanes.trouble(held[0].number());
        held.truncate(2);
        assert_eq!(lanes.0.places.available_permits(), 0, "two went and two were too many");
        assert_eq!((lanes.well(), lanes.well()), (None, Some(3)));
        assert_eq!(lanes.0.places.available_permits(), 1);
    }
}
