//! Holding imports and uploads in the middle, so that tests can ask what happens meanwhile.

use std::sync::Arc;

use super::PhotoPrismSim;
use crate::photoprism::ingest::Gate;
use crate::photoprism::service::PhotoPrism;

/// Runs that are held before their next picture; they go on when this is dropped.
#[derive(Debug)]
pub struct Hold {
    server: Arc<PhotoPrism>,
    gate: fn(&PhotoPrism) -> &Gate,
}

impl Hold {
    fn new(sim: &PhotoPrismSim, gate: fn(&PhotoPrism) -> &Gate, passes: usize) -> Self {
        gate(&sim.server).hold(passes);
        Self {
            server: Arc::clone(&sim.server),
            gate,
        }
    }

    /// Waits until as many pictures as may have passed and so many runs stand before their next one.
    pub async fn reached(&self, runs: usize) {
        (self.gate)(&self.server).reached(runs).await;
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        (self.gate)(&self.server).release();
    }
}

impl PhotoPrismSim {
    /// Holds every import of the import folder after so many pictures.
    pub fn hold_imports(&self, passes: usize) -> Hold {
        Hold::new(self, |server| &server.gates.imports, passes)
    }

    /// Holds every processing of an upload after so many pictures.
    pub fn hold_uploads(&self, passes: usize) -> Hold {
        Hold::new(self, |server| &server.gates.uploads, passes)
    }
}
