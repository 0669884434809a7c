//! Where tests hold the runs of ingest: before each picture a run passes here, and waits as long as somebody holds it.

use tokio::sync::watch;

/// What one gate knows.
#[derive(Debug, Default)]
struct Held {
    /// Whether runs have to wait.
    held: bool,
    /// Pictures that may go on although it is held.
    passes: usize,
    /// Runs that stand before a picture.
    waiting: usize,
}

/// A place at which runs can be held.
#[derive(Debug, Default)]
pub(crate) struct Gate(watch::Sender<Held>);

impl Gate {
    /// Goes on at once if nobody holds the gate.
    pub(crate) async fn pass(&self) {
        let mut changes = self.0.subscribe();
        let waits = self.0.send_if_modified(|own| {
            own.waiting += usize::from(own.held);
            own.held
        });
        let mut passed = !waits;
        while !passed {
            // The sender lives as long as this borrow of it: there is no error.
            let _ = changes.wait_for(|own| !own.held || own.passes > 0).await;
            self.0.send_if_modified(|own| {
                passed = !own.held || own.passes > 0;
                if passed {
                    own.passes = own.passes.saturating_sub(1);
                    own.waiting = own.waiting.saturating_sub(1);
                }
                passed
            });
        }
    }

    /// From now on only so many pictures may pass.
    pub(crate) fn hold(&self, passes: usize) {
        self.0.send_modify(|own| (own.held, own.passes) = (true, passes));
    }

    /// Whoever waits goes on.
    pub(crate) fn release(&self) {
        self.0.send_modify(|own| (own.held, own.passes) = (false, 0));
    }

    /// Comes back when all passes are used up and so many runs wait.
    pub(crate) async fn reached(&self, runs: usize) {
        let mut changes = self.0.subscribe();
        let _ = changes.wait_for(|own| own.passes == 0 && own.waiting >= runs).await;
    }
}

/// The gates of a server.
#[derive(Debug, Default)]
pub(crate) struct Gates {
    pub(crate) imports: Gate,
    pub(crate) uploads: Gate,
}
