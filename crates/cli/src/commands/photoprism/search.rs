//! `photomove photoprism search`: photos that fit, one line each.

use clap::Args;
use futures_util::TryStreamExt;
use photomove_core::Result;
use photomove_photoprism::search::{PhotoOrder, PhotoSearch};

use super::{Prism, shown};
use crate::exit::Exit;
use crate::text;

/// Rows that are asked for at once.
const ROWS: u32 = 500;

/// Arguments of `photomove photoprism search`.
#[derive(Debug, Args)]
#[command(after_help = "\
QUERY is the server's own language: words, and filters such as `year:2019 country:de camera:canon favorite:yes keywords:\"sea\" \
filename:\"2019/07/*\" added:2024-01-01T00:00:00Z`. An unknown filter is refused, an odd value of a known one is not: \
`year:abc` filters nothing.

Archived and hidden photos are shown only where they are asked for; private ones, and those in review, always are.")]
pub(crate) struct SearchArgs {
    /// What to look for; everything if not given
    #[arg(value_name = "QUERY")]
    query: Vec<String>,
    /// Only photos of this album
    #[arg(long, value_name = "ALBUM")]
    album: Option<String>,
    /// Archived photos instead of the others
    #[arg(long)]
    archived: bool,
    /// Hidden photos, whose preview could not be made, instead of the others
    #[arg(long, conflicts_with = "archived")]
    hidden: bool,
    /// Only photos that wait for review
    #[arg(long)]
    review: bool,
    /// Only private photos
    #[arg(long, conflicts_with = "public")]
    private: bool,
    /// No private photos
    #[arg(long)]
    public: bool,
    /// Least quality, 1 to 7
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(0..=7))]
    quality: Option<i32>,
    /// `newest`, `oldest`, `added`, `edited`, `updated`, `archived`, `relevance`, `duration`, `size`, `similar`, `name`, `title`, `random`
    #[arg(long, value_name = "ORDER", default_value = "oldest", value_parser = order)]
    order: PhotoOrder,
    /// A row for each file instead of one for each photo
    #[arg(long)]
    files: bool,
    /// Skip the first N
    #[arg(long, value_name = "N", default_value_t = 0)]
    offset: u64,
    /// Stop after N; all if not given
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
}

fn order(word: &str) -> std::result::Result<PhotoOrder, String> {
    match PhotoOrder::from(word) {
        PhotoOrder::Other(_) => Err(format!(
            "known orders: {}",
            PhotoOrder::ALL
                .iter()
                .map(PhotoOrder::as_str)
                .collect::<Vec<_>>()
                .join(", ")
        )),
        order => Ok(order),
    }
}

impl SearchArgs {
    fn search(&self) -> PhotoSearch {
        let mut search = PhotoSearch::new().order(self.order.clone());
        if !self.files {
            search = search.merged(true);
        }
        if !self.query.is_empty() {
            search = search.q(self.query.join(" "));
        }
        if let Some(album) = &self.album {
            search = search.scope(album);
        }
        if let Some(quality) = self.quality {
            search = search.quality(quality);
        }
        // Left out where they are not asked for: `false` is a filter as well.
        for (asked, set) in [
            (
                self.archived,
                PhotoSearch::archived as fn(PhotoSearch, bool) -> PhotoSearch,
            ),
            (self.hidden, PhotoSearch::hidden),
            (self.review, PhotoSearch::review),
            (self.private, PhotoSearch::private),
            (self.public, PhotoSearch::public),
        ] {
            if asked {
                search = set(search, true);
            }
        }
        search
    }
}

/// Prints what is found, page by page.
pub(super) async fn run(prism: &Prism<'_>, args: SearchArgs) -> Result<Exit> {
    let limit = args.limit.unwrap_or(u64::MAX);
    let mut shown_rows = 0;
    let mut skipped = 0;
    let rows = u64::from(ROWS).min(limit.saturating_add(args.offset)).max(1);
    let mut rows = prism.client.all_photos(args.search(), rows as u32);
    while shown_rows < limit
        && let Some(row) = rows.try_next().await?
    {
        if skipped < args.offset {
            skipped += 1;
            continue;
        }
        shown::row(&prism.app.printer, &row);
        shown_rows += 1;
    }
    prism
        .app
        .printer
        .talk(&text::counted(shown_rows, if args.files { "file" } else { "photo" }));
    Ok(Exit::Done)
}
