//! `photomove photoprism albums`: albums, one line each.

use clap::Args;
use futures_util::TryStreamExt;
use photomove_core::Result;
use photomove_photoprism::search::{AlbumOrder, AlbumSearch};
use photomove_photoprism::wire::AlbumType;

use super::{Prism, shown};
use crate::exit::Exit;
use crate::text;

/// Arguments of `photomove photoprism albums`.
#[derive(Debug, Args)]
pub(crate) struct AlbumsArgs {
    /// Part of a title or place; all if not given
    #[arg(value_name = "QUERY")]
    query: Option<String>,
    /// `album` (made by people), `folder`, `moment`, `month`, `state`, or `all`
    #[arg(long, value_name = "TYPE", default_value = "album", value_parser = types)]
    r#type: Types,
    /// Only favourites
    #[arg(long)]
    favorite: bool,
    /// `favorites`, `name`, `name_reverse`, `added`, `newest`, `oldest`, `moment`, `edited`, `count`, `place`, `path`, `category`, `slug`
    #[arg(long, value_name = "ORDER", default_value = "name", value_parser = order)]
    order: AlbumOrder,
    /// Stop after N; all if not given
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
}

/// Which types of albums; `None` = all.
#[derive(Debug, Clone)]
struct Types(Option<AlbumType>);

fn types(word: &str) -> std::result::Result<Types, String> {
    match (word, AlbumType::from(word)) {
        ("all", _) => Ok(Types(None)),
        (_, AlbumType::Other(_)) => Err("known types: album, folder, moment, month, state, all".to_owned()),
        (_, known) => Ok(Types(Some(known))),
    }
}

// The server takes an order that it does not know for its usual one.
fn order(word: &str) -> std::result::Result<AlbumOrder, String> {
    match AlbumOrder::from(word) {
        AlbumOrder::Other(_) => Err(format!(
            "known orders: {}",
            AlbumOrder::ALL
                .iter()
                .map(AlbumOrder::as_str)
                .collect::<Vec<_>>()
                .join(", ")
        )),
        order => Ok(order),
    }
}

/// Prints the albums that fit.
pub(super) async fn run(prism: &Prism<'_>, args: AlbumsArgs) -> Result<Exit> {
    let mut search = AlbumSearch::new().order(args.order);
    if let Types(Some(only)) = &args.r#type {
        search = search.types([only]);
    }
    if let Some(query) = args.query {
        search = search.q(query);
    }
    if args.favorite {
        search = search.favorite(true);
    }
    let limit = args.limit.unwrap_or(u64::MAX);
    let mut albums = prism.client.all_albums(search);
    let mut found = 0;
    while found < limit
        && let Some(album) = albums.try_next().await?
    {
        shown::album(&prism.app.printer, &album);
        found += 1;
    }
    prism.app.printer.talk(&text::counted(found, "album"));
    Ok(Exit::Done)
}
