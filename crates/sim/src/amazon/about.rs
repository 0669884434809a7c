//! Which file a request is about, as fault plans ask: by the id or the link in its path.

use std::sync::Arc;

use axum::http::Uri;

use super::state::State;
use super::storage::{BUCKET, signed_url};
use super::world::{FileFacts, Kind, Node, NodeIndex, World};

impl State {
    /// The name of the file that a path leads to.
    pub(super) fn file_name(&self, path: &str) -> Option<String> {
        let named = self.file_of(path)?;
        named.world.node(named.node).name.clone()
    }

    /// The same address for the next file of the same type, or of any type if there is no other of this one.
    pub(super) fn other_file(&self, uri: &Uri) -> Option<Uri> {
        let Named { world, node, place } = self.file_of(uri.path())?;
        let world = &*world;
        let type_of = |node: &Node| node.file.as_ref().map(|file: &FileFacts| file.content_type.clone());
        let wanted = type_of(world.node(node));
        let other =
            next_file(world, node, |other| type_of(other) == wanted).or_else(|| next_file(world, node, |_| true))?;
        let address = uri.path_and_query()?.as_str();
        let changed = match place {
            Place::Id(own) => address.replacen(own, &world.node(other).id, 1),
            Place::Link(token) => address.replacen(token, &self.link_token(world, other), 1),
            Place::Signed => signed_url(self, &self.link_token(world, other))
                .strip_prefix(&self.urls.storage)?
                .to_owned(),
        };
        changed.parse().ok()
    }

    fn file_of<'a>(&'a self, path: &'a str) -> Option<Named<'a>> {
        let by_id = |id| {
            let world = self.world();
            let node = world.find(id)?;
            let place = Place::Id(id);
            Some(Named { world, node, place })
        };
        let by_link = |token, place| {
            let link = self.open_link(token)?;
            let (world, node) = (link.world, link.node);
            Some(Named { world, node, place })
        };
        let named = match path.trim_matches('/').split('/').collect::<Vec<_>>()[..] {
            ["drive", "v1", "nodes", id]
            | ["drive", "v1", "nodes", id, "contentRedirection"]
            | ["cdproxy", "nodes", id]
            | ["cdproxy", "nodes", id, "content"]
            | ["v2", "download", "signed", id]
            | ["v1", "thumbnail", id] => by_id(id),
            ["cdproxy", "templink", token] => by_link(token, Place::Link(token)),
            [BUCKET, token] => by_link(token, Place::Signed),
            _ => None,
        };
        named.filter(|named| named.world.node(named.node).kind == Kind::File)
    }
}

fn next_file(world: &World, node: NodeIndex, suits: impl Fn(&Node) -> bool) -> Option<NodeIndex> {
    let count = world.nodes.len() as NodeIndex;
    (1..count).map(|step| (node + step) % count).find(|at| {
        let node = world.node(*at);
        node.file.is_some() && suits(node)
    })
}

/// The file that an address names.
struct Named<'a> {
    world: Arc<World>,
    node: NodeIndex,
    place: Place<'a>,
}

/// Where an address names its file.
enum Place<'a> {
    Id(&'a str),
    Link(&'a str),
    Signed,
}
