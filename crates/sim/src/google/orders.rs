//! Listings that were put in order once, so that a walk over many pages does not sort a large library for each of them.

use std::sync::{Arc, Mutex, PoisonError};

/// Listings that are remembered; a walk needs one.
const REMEMBERED: usize = 8;

/// Positions of items by what was asked for; worth something until the library changes.
#[derive(Debug, Default)]
pub(super) struct Orders(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    changes: u64,
    /// Oldest first.
    known: Vec<(String, Arc<Vec<usize>>)>,
}

impl Orders {
    /// The order of a listing in a library after so many changes; `make` puts it together where it is not known.
    ///
    /// # Errors
    /// What `make` says; nothing is remembered then.
    pub(super) fn get<E>(
        &self,
        changes: u64,
        listing: &str,
        make: impl FnOnce() -> Result<Vec<usize>, E>,
    ) -> Result<Arc<Vec<usize>>, E> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.changes != changes {
            inner.known.clear();
            inner.changes = changes;
        }
        if let Some((_, order)) = inner.known.iter().find(|(known, _)| known == listing) {
            return Ok(Arc::clone(order));
        }
        let order = Arc::new(make()?);
        if inner.known.len() >= REMEMBERED {
            inner.known.remove(0);
        }
        inner.known.push((listing.to_owned(), Arc::clone(&order)));
        Ok(order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(orders: &Orders, changes: u64, listing: &str, fresh: usize) -> usize {
        orders.get::<()>(changes, listing, || Ok(vec![fresh])).unwrap()[0]
    }

    #[test]
    fn an_order_holds_until_something_changes() {
        let orders = Orders::default();
        assert_eq!(get(&orders, 1, "a", 10), 10);
        assert_eq!(get(&orders, 1, "a", 11), 10);
        assert_eq!(get(&orders, 1, "b", 12), 12);
        assert_eq!(get(&orders, 2, "a", 13), 13);
        assert!(orders.get(2, "c", || Err("refused")).is_err());
    }
}
