//! The library as a source of photos: shown ones, archived ones, hidden ones, each with all its files.

mod position;

use async_trait::async_trait;
use futures_util::StreamExt;
use photomove_core::{
    Album, AlbumId, Asset, AssetId, Cursor, Error, ErrorKind, Fidelity, FilterCaps, Filters, Gap, HashKinds, Locator,
    Media, Member, Operation, Page, PartId, PhotoSource, ReadOrder, Rejection, Result, Scope, SourceCaps,
};

use crate::provider::PhotoPrism;
use crate::search::{AlbumOrder, AlbumSearch, PhotoOrder, PhotoSearch};
use crate::wire::PhotoRow;
use crate::{KIND, convert};

use position::{Pass, Place, Tour};

/// Photos that are read at once; the server gains nothing from more (reference 5.2).
const READS: usize = 4;
/// Albums on a page.
const PAGE_ALBUMS: u32 = 500;
/// How often a listing goes back because what it knows has moved; then it goes on, and the next pass finds the rest.
const REWINDS_MAX: u32 = 20;

/// What the server does not give, in words for people.
const LOSES: &[Gap] = &[
    Gap {
        what: "albums of folders, months, moments and states",
        why: "the server makes them itself of dates and places",
    },
    Gap {
        what: "category, location, notes and cover of albums",
        why: "only title and description of an album are moved",
    },
    Gap {
        what: "labels that the server guessed",
        why: "only those that somebody put there are moved, as keywords",
    },
    Gap {
        what: "regions of faces",
        why: "only names of people are moved",
    },
    Gap {
        what: "previews that the server made",
        why: "they are made anew from the originals",
    },
    Gap {
        what: "files that the server could make no picture of",
        why: "no search of the server finds them: look for them among the files on its disk",
    },
    Gap {
        what: "artist, copyright, licence, subject and notes of photos",
        why: "they stay in the files as far as they came with them; what was typed in at the server is left there",
    },
];

pub(crate) fn capabilities(provider: &PhotoPrism) -> SourceCaps {
    SourceCaps {
        scope: Scope::WholeLibrary,
        fidelity: Fidelity::Original,
        hashes: HashKinds::SHA1,
        fields: convert::FIELDS,
        ranged: true,
        order: ReadOrder::Any,
        members_in_listing: false,
        open_concurrency: provider.downloads(),
        filters: FilterCaps::NONE.with_albums().with_favourite(),
        loses: LOSES,
    }
}

impl PhotoPrism {
    /// Reads a page of search rows, once more from further back if what was read before is not where it was: then photos
    /// were deleted or archived meanwhile, and others have moved up into pages that were read.
    async fn rows(&self, search: &PhotoSearch, place: &mut Place) -> Result<(Vec<PhotoRow>, bool)> {
        // The last row of the page before comes again, as a mark.
        let overlap = u64::from(place.last.is_some());
        let from = place.offset.saturating_sub(overlap);
        let count = self.page_photos() + u32::try_from(overlap).unwrap_or(0);
        let page = self.client().photos(search, count, from).await?;
        let is_last = page.next_offset().is_none();
        let seen = place
            .last
            .as_ref()
            .and_then(|mark| page.rows.iter().position(|row| row.uid == *mark));
        // Where the newest come first, a row that is newer than the mark is as good: the mark itself may be gone.
        let newest = page.rows.first().and_then(PhotoRow::photo_id);
        let is_newer = place.newest_first && place.number.zip(newest).is_some_and(|(mark, newest)| newest >= mark);
        if place.last.is_some() && seen.is_none() && !is_newer && place.rewinds < REWINDS_MAX && from > 0 {
            // Further each time, with the same mark: it is not known how many are gone.
            let back = u64::from(self.page_photos()) << place.steps;
            place.rewinds += 1;
            place.steps += 1;
            place.offset = place.offset.saturating_sub(back);
            tracing::debug!(
                from,
                to = place.offset,
                "the listing has moved; it is read again from further back"
            );
            // Known rows come again, which does no harm.
            return Ok((Vec::new(), false));
        }
        place.steps = 0;
        place.offset = from + page.count;
        if let Some(last) = page.rows.last() {
            (place.last, place.number) = (Some(last.uid.clone()), last.photo_id());
        }
        let mut rows = page.rows;
        if let Some(seen) = seen {
            rows.drain(..=seen);
        }
        Ok((rows, is_last))
    }

    /// Reads photos with all their files; those that are gone since are left out.
    async fn photos_of(&self, ids: Vec<String>) -> Result<Vec<Result<Asset>>> {
        let read = |id: String| async move {
            match self.client().photo(&id).await {
                Ok(photo) => match convert::asset(&photo) {
                    Some(asset) => Ok(Some(Ok(asset))),
                    None if photo.is_ghost() => Ok(None),
                    None => Ok(Some(Err(no_original(&id)))),
                },
                Err(error) => match error.kind() {
                    ErrorKind::NotFound => Ok(None),
                    // One photo that cannot be read does not spoil the page.
                    ErrorKind::Protocol => Ok(Some(Err(error.operation(Operation::ListAssets)))),
                    _ => Err(error),
                },
            }
        };
        let mut found = futures_util::stream::iter(ids).map(read).buffered(READS);
        let mut assets = Vec::new();
        while let Some(one) = found.next().await {
            assets.extend(one?);
        }
        Ok(assets)
    }

    /// What is searched for in a pass.
    fn search(pass: Pass, tour: &Tour) -> PhotoSearch {
        let search = match tour.album() {
            Some(album) => PhotoSearch::of_album(album),
            None => PhotoSearch::new(),
        };
        let search = match tour.favourite {
            true => search.favorite(true),
            false => search,
        };
        // By the number of the database: no two photos share one, and new ones come first, so that they move known ones
        // into later pages and none into earlier ones.
        pass.of(search.order(PhotoOrder::Added))
    }
}

/// A photo that has previews only.
fn no_original(id: &str) -> Error {
    Error::new(
        ErrorKind::Rejected(Rejection::Invalid),
        "the photo has no original file",
    )
    .provider(KIND)
    .operation(Operation::ListAssets)
    .context("photo", id)
    .hint("open it in PhotoPrism: its file may have been deleted on the server's disk")
}

#[async_trait]
impl PhotoSource for PhotoPrism {
    async fn start(&self, filters: &Filters) -> Result<Cursor> {
        let albums = filters.album_ids.iter().map(ToString::to_string).collect();
        Ok(Tour::new(albums, filters.favourite).cursor())
    }

    async fn assets(&self, at: &Cursor) -> Result<Page<Asset>> {
        let mut tour = Tour::read(at)?;
        let (pass, album) = (tour.pass, tour.album().map(AlbumId::from));
        let search = Self::search(pass, &tour);
        let read = self.rows(&search, &mut tour.place).await;
        let (rows, is_last) = match read {
            // An album that was deleted since it was listed has no members.
            Err(error) if matches!(error.kind(), ErrorKind::Rejected(_)) && album.is_some() => {
                self.alive(&error).await?;
                (Vec::new(), true)
            }
            read => read?,
        };
        let mut ids: Vec<String> = Vec::with_capacity(rows.len());
        for row in rows {
            if pass.takes(&row) && ids.last() != Some(&row.uid) {
                ids.push(row.uid);
            }
        }
        // Rows of hidden ones are files, and a photo may have several.
        let mut taken = std::collections::HashSet::new();
        ids.retain(|id| taken.insert(id.clone()));
        let mut items = self.photos_of(ids).await?;
        if let Some(album) = album {
            for asset in items.iter_mut().flatten() {
                asset.albums = Some(vec![album.clone()]);
            }
        }
        let next = match is_last {
            false => Some(tour.cursor()),
            true => tour.next_pass().map(|tour| tour.cursor()),
        };
        Ok(Page {
            items,
            next,
            total_hint: None,
        })
    }

    async fn albums(&self, at: Option<&Cursor>) -> Result<Page<Album>> {
        let place = Place::read(at)?;
        let search = AlbumSearch::of_people().order(AlbumOrder::Slug);
        let page = self.client().albums(&search, PAGE_ALBUMS, place.offset).await?;
        let next = page.next_offset().map(|offset| Place::at(offset).cursor());
        Ok(Page {
            items: page.rows.into_iter().map(|album| Ok(convert::album(album))).collect(),
            next,
            total_hint: None,
        })
    }

    async fn members(&self, album: &AlbumId, at: Option<&Cursor>) -> Result<Page<Member>> {
        let mut tour = match at {
            Some(at) => Tour::read(at)?,
            None => self.tour_of(album).await?,
        };
        let order = match PhotoOrder::from(tour.order.as_str()) {
            // The server refuses words that it does not know.
            PhotoOrder::Other(_) => PhotoOrder::Oldest,
            order => order,
        };
        let search = tour.pass.of(PhotoSearch::of_album(album.as_str()).order(order));
        let (rows, is_last) = self.rows(&search, &mut tour.place).await?;
        let mut items = Vec::with_capacity(rows.len());
        // Hidden ones are members too; they are listed as assets in a pass of their own.
        for row in rows {
            items.push(Ok(Member {
                asset: AssetId::from(row.uid),
                position: Some(tour.listed),
            }));
            tour.listed += 1;
        }
        let next = match is_last {
            false => Some(tour.cursor()),
            true => tour.next_pass().map(|tour| tour.cursor()),
        };
        Ok(Page {
            items,
            next,
            total_hint: None,
        })
    }

    async fn refresh(&self, asset: &AssetId, _locator: &Locator) -> Result<Option<Asset>> {
        match self.client().photo(asset.as_str()).await {
            Ok(photo) => Ok(convert::asset(&photo)),
            Err(error) if *error.kind() == ErrorKind::NotFound => Ok(None),
            // An id that never was one.
            Err(error) if *error.kind() == ErrorKind::Config && !asset.as_str().starts_with('p') => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn open(&self, part: &PartId, locator: &Locator, offset: u64) -> Result<Media> {
        let Some(hash) = convert::hash_of(locator, part) else {
            return Err(Error::new(ErrorKind::NotFound, "the photo has no such file any more")
                .provider(KIND)
                .operation(Operation::Open)
                .context("file", part));
        };
        let download = self.client().download_from(hash, offset).await?;
        let starts_at = download.offset();
        Ok(Media {
            starts_at,
            size_bytes: download.size_bytes().map(|rest| rest + starts_at),
            stream: download.stream(),
        })
    }
}

impl PhotoPrism {
    /// Begins with the members of an album.
    async fn tour_of(&self, album: &AlbumId) -> Result<Tour> {
        let found = self.client().album(album.as_str()).await?;
        let mut tour = Tour::new(Vec::new(), false);
        tour.order = match found.order.as_str() {
            "" => PhotoOrder::Oldest.as_str().to_owned(),
            order => order.to_owned(),
        };
        tour.passes = vec![Pass::Shown, Pass::Archived];
        // Members come as the album shows them.
        tour.place.newest_first = false;
        Ok(tour)
    }

    /// Makes sure that a refused search says something about the album and not about the sign-in.
    async fn alive(&self, refusal: &Error) -> Result<()> {
        tracing::debug!(%refusal, "the album is gone");
        self.client().photos(&PhotoSearch::new(), 1, 0).await.map(drop)
    }
}
