//! What a listing of assets goes through: the whole library, that part of it which the service can tell apart for sure,
//! or the members of albums, one album after the other.

use photomove_core::{AlbumId, Asset, Cursor, Error, ErrorKind, Filters, MediaFilter, Operation, Page, Result};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::client::{AmazonClient, Filter, NodeQuery};

/// Name of the tour inside a cursor; a listing of everything has none.
const TOUR: &str = "tour";
const POSITION: &str = "position";

const PHOTOS: &str = "contentProperties.contentType:image*";
const VIDEOS: &str = "contentProperties.contentType:video*";
const FAVOURITES: &str = "favorite:(true)";
const OTHERS: &str = "favorite:(false)";

/// The durable part of a cursor beside the position.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Tour {
    /// Clauses that narrow the listing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    clauses: Vec<String>,
    /// Albums whose members are listed; none = the whole library.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    albums: Vec<String>,
    /// Which of them is being listed.
    #[serde(default)]
    at: usize,
}

impl Tour {
    /// Plans the listing that suits the filters. What the service may read in another way than we do is not left to it:
    /// dates, for it sorts by a date of its own making, which need not be the one that is moved.
    pub(super) async fn plan(client: &AmazonClient, filters: &Filters) -> Result<Self> {
        let mut tour = Self {
            albums: filters.album_ids.iter().map(ToString::to_string).collect(),
            ..Self::default()
        };
        // An album is read in few pages anyway.
        if !tour.albums.is_empty() {
            return Ok(tour);
        }
        let kinds = filters.kind.map(|kind| match kind {
            MediaFilter::Photo => (PHOTOS, VIDEOS),
            MediaFilter::Video => (VIDEOS, PHOTOS),
        });
        let favourites = filters.favourite.then_some((FAVOURITES, OTHERS));
        for (clause, rest) in [kinds, favourites].into_iter().flatten() {
            if is_proven(client, clause, rest).await? {
                tour.clauses.push(clause.to_owned());
            }
        }
        Ok(tour)
    }

    /// Takes a cursor apart; the second one is that of the present walk.
    pub(super) fn read(cursor: &Cursor) -> Result<(Self, Cursor)> {
        let Some(tour) = cursor.resume.get(TOUR) else {
            return Ok((Self::default(), cursor.clone()));
        };
        let tour = serde_json::from_value(tour.clone()).map_err(|error| {
            Error::new(ErrorKind::Internal, "position in the listing cannot be read")
                .provider(crate::KIND)
                .source(error)
        })?;
        let walk = Cursor {
            resume: cursor.resume[POSITION].clone(),
            ..cursor.clone()
        };
        Ok((tour, walk))
    }

    /// Puts a cursor together from that of the present walk.
    pub(super) fn cursor(&self, walk: Cursor) -> Cursor {
        if *self == Self::default() {
            return walk;
        }
        Cursor {
            resume: json!({ TOUR: self, POSITION: walk.resume }),
            ..walk
        }
    }

    /// The question of the present walk.
    pub(super) fn filter(&self) -> Filter {
        self.clauses
            .iter()
            .fold(Filter::files(), |filter, clause| filter.clause(clause))
    }

    /// The album of the present walk.
    pub(super) fn album(&self) -> Option<&str> {
        self.albums.get(self.at).map(String::as_str)
    }

    /// Lets a page of the present walk lead on to the next album; `beginning` is where a walk begins.
    pub(super) fn lead_on(&self, mut page: Page<Asset>, beginning: Cursor) -> Page<Asset> {
        if let Some(album) = self.album() {
            for asset in page.items.iter_mut().flatten() {
                asset.albums = Some(vec![AlbumId::from(album)]);
            }
        }
        // Albums overlap, so their counts say nothing about all of them.
        page.total_hint = page.total_hint.filter(|_| self.albums.len() < 2);
        page.next = match page.next {
            Some(next) => Some(self.cursor(next)),
            None => self.next().map(|next| next.cursor(beginning)),
        };
        page
    }

    fn next(&self) -> Option<Self> {
        let at = self.at + 1;
        (at < self.albums.len()).then(|| Self { at, ..self.clone() })
    }
}

/// Says whether the service tells files with a property apart from all others: both together must be all files that it
/// counts. One that it can put into neither would be lost without a word, and one that it does not understand finds
/// nothing.
async fn is_proven(client: &AmazonClient, clause: &str, rest: &str) -> Result<bool> {
    let count = async |filter: Filter| {
        let query = NodeQuery::new(filter).limit(1).for_operation(Operation::ListAssets);
        match client.nodes(&query).await {
            Ok(page) => Ok(page.count),
            // A filter that it does not know.
            Err(error) if matches!(error.kind(), ErrorKind::Protocol | ErrorKind::Rejected(_)) => Ok(None),
            Err(error) => Err(error),
        }
    };
    let with = |clause: &str| Filter::files().clause(clause);
    let (Some(some), Some(others)) = (count(with(clause)).await?, count(with(rest)).await?) else {
        return Ok(false);
    };
    let all = count(Filter::files()).await?;
    let proven = all.is_some_and(|all| all > 0 && some.checked_add(others) == Some(all));
    tracing::debug!(clause, some, others, all, proven, "narrowing the listing");
    Ok(proven)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(resume: serde_json::Value) -> Cursor {
        Cursor {
            resume,
            fast: Some("token".into()),
            fast_until: None,
        }
    }

    #[test]
    fn a_cursor_of_everything_is_as_it_ever_was() {
        let cursor = walk(json!({ "version": 1 }));
        assert_eq!(Tour::default().cursor(cursor.clone()), cursor);
        assert_eq!(Tour::read(&cursor).unwrap(), (Tour::default(), cursor));
    }

    #[test]
    fn a_tour_survives_being_written_down() {
        let tour = Tour {
            clauses: vec![VIDEOS.to_owned()],
            albums: vec!["a".into(), "b".into()],
            at: 1,
        };
        let inner = walk(json!({ "version": 1 }));
        let cursor = tour.cursor(inner.clone());
        assert_eq!(Tour::read(&cursor).unwrap(), (tour, inner));
        let broken = walk(json!({ TOUR: 7 }));
        assert_eq!(*Tour::read(&broken).unwrap_err().kind(), ErrorKind::Internal);
    }

    #[test]
    fn albums_follow_each_other_and_their_members_say_so() {
        let tour = Tour {
            albums: vec!["a".into(), "b".into()],
            ..Tour::default()
        };
        let page = || Page {
            items: Vec::new(),
            next: None,
            total_hint: Some(3),
        };
        let beginning = walk(json!({ "version": 1 }));
        let led = tour.lead_on(page(), beginning.clone());
        assert_eq!(led.total_hint, None);
        let (second, _) = Tour::read(&led.next.unwrap()).unwrap();
        assert_eq!(second.album(), Some("b"));
        assert!(second.lead_on(page(), beginning).next.is_none());
    }
}
