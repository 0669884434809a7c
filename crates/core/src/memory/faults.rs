//! Calls that are counted, and calls that are made to fail.

use crate::{Error, Operation};

use super::FailWhen;

type MakeError = Box<dyn FnOnce() -> Error + Send>;

struct Fault {
    operation: Operation,
    call: u64,
    when: FailWhen,
    error: MakeError,
}

/// Counts calls and holds what is to go wrong.
#[derive(Default)]
pub(super) struct Calls {
    counts: Vec<(Operation, u64)>,
    faults: Vec<Fault>,
}

impl Calls {
    pub(super) fn count(&self, operation: Operation) -> u64 {
        self.counts
            .iter()
            .find(|(counted, _)| *counted == operation)
            .map_or(0, |(_, count)| *count)
    }

    pub(super) fn counts(&self) -> &[(Operation, u64)] {
        &self.counts
    }

    /// Lets the `nth` call from now fail, counting from 1; 0 = the next call that no other failure is meant for.
    pub(super) fn fail(&mut self, operation: Operation, nth: u64, when: FailWhen, error: MakeError) {
        let made = self.count(operation);
        let is_taken = |call| {
            self.faults
                .iter()
                .any(|fault| fault.operation == operation && fault.call == call)
        };
        let call = if nth > 0 {
            made + nth
        } else {
            (made + 1..).find(|call| !is_taken(*call)).unwrap_or(made + 1)
        };
        self.faults.push(Fault {
            operation,
            call,
            when,
            error,
        });
    }

    /// Counts a call and returns what is to go wrong with it.
    pub(super) fn begin(&mut self, operation: Operation) -> Option<(FailWhen, Error)> {
        let call = self.count(operation) + 1;
        match self.counts.iter_mut().find(|(counted, _)| *counted == operation) {
            Some((_, count)) => *count = call,
            None => self.counts.push((operation, call)),
        }
        let index = self
            .faults
            .iter()
            .position(|fault| fault.operation == operation && fault.call == call)?;
        let fault = self.faults.swap_remove(index);
        Some((fault.when, (fault.error)()))
    }
}
