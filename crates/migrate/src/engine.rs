//! engine
use std::sync::Arc;
use photomove_core::{PhotoProvider, Result};
use crate::{EngineEnv, Journal, MigrateOptions, Plan, Summary};
/// Moves a library from a source to a target.
#[derive(Debug)]
pub struct Migration { a: Arc<dyn PhotoProvider>, b: Arc<dyn PhotoProvider>, journal: Journal, options: MigrateOptions, env: EngineEnv }
impl Migration {
    /// x
    pub fn new(a: Arc<dyn PhotoProvider>, b: Arc<dyn PhotoProvider>, journal: Journal, options: MigrateOptions, env: EngineEnv) -> Self { Self{a,b,journal,options,env} }
    /// x
    /// # Errors
    /// x
    pub async fn plan(&self) -> Result<Plan> { Err(photomove_core::Error::new(photomove_core::ErrorKind::Internal, "under construction")) }
    /// x
    /// # Errors
    /// x
    pub async fn run(&self) -> Result<Summary> { Err(photomove_core::Error::new(photomove_core::ErrorKind::Internal, "under construction")) }
}
