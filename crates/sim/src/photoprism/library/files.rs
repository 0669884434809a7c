//! `GET /files/:hash`.

use super::super::access::{Action, Resource};
use super::super::reply::{Answer, Refusal, Reply};
use super::super::request::Call;
use super::super::wire;
use super::super::world::World;

/// The file with this SHA-1: of archived and hidden photos too, side-cars, and files that are not on the disk any more.
pub(super) fn get(world: &mut World, call: &Call) -> Answer {
    world.authorize(call, Resource::Files, &[Action::View])?;
    let file = world.file_by_hash(call.param("hash")).ok_or_else(Refusal::not_found)?;
    Ok(Reply::ok(&wire::file(file, world.photos.get(&file.photo_id))))
}
