//! Pages of a listing, and the tokens that lead from one to the next.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::reply::ApiError;
use super::switches::{GoogleSwitches, OversizedPage};

/// Which listing it is and how large its pages are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listing {
    /// Name of the request message; page tokens carry it.
    pub(super) request: &'static str,
    pub(super) default_size: usize,
    pub(super) max_size: usize,
}

pub(super) const LIST_ITEMS: Listing = Listing {
    request: "ListMediaItemsRequest",
    default_size: 25,
    max_size: 100,
};
pub(super) const SEARCH_ITEMS: Listing = Listing {
    request: "SearchMediaItemsRequest",
    default_size: 25,
    max_size: 100,
};
pub(super) const LIST_ALBUMS: Listing = Listing {
    request: "ListAlbumsRequest",
    default_size: 20,
    max_size: 50,
};

/// What a request says about its page.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    pub(super) size: i64,
    pub(super) token: &'a str,
    /// Every other parameter; a token works only with the same ones.
    pub(super) parameters: String,
}

/// Part of a listing.
#[derive(Debug, PartialEq)]
pub(super) struct Page<T> {
    pub(super) elements: Vec<T>,
    pub(super) next: Option<String>,
}

impl Listing {
    /// The page that is wanted out of `all`; `id` names an element, so that new ones do not shift the next page.
    pub(super) fn page<'a, T: Clone>(
        &self,
        all: &'a [T],
        id: impl Fn(&'a T) -> &'a str,
        wanted: &Wanted<'_>,
        switches: &GoogleSwitches,
    ) -> Result<Page<T>, ApiError> {
        let size = self.size(wanted.size, switches)?;
        let binding = format!("{size}\n{}", wanted.parameters);
        let mut start = 0;
        if !wanted.token.is_empty() {
            let (last, offset) = self.read_token(wanted.token, &binding)?;
            // Where nothing was added meanwhile, the last element still is where it was.
            let unmoved = offset
                .checked_sub(1)
                .filter(|at| all.get(*at).is_some_and(|element| id(element) == last));
            start = unmoved
                .or_else(|| all.iter().position(|element| id(element) == last))
                .map_or(offset.min(all.len()), |at| at + 1);
        } else if switches.empty_first_page && !all.is_empty() {
            return Ok(Page {
                elements: Vec::new(),
                next: Some(self.write_token("", 0, &binding)),
            });
        }
        let end = (start + size).min(all.len());
        let next = (end < all.len()).then(|| self.write_token(id(&all[end - 1]), end, &binding));
        let repeated = usize::from(switches.repeat_first_element && start > 0);
        Ok(Page {
            elements: all[start - repeated..end].to_vec(),
            next,
        })
    }

    fn size(&self, asked: i64, switches: &GoogleSwitches) -> Result<usize, ApiError> {
        match usize::try_from(asked) {
            Err(_) => Err(ApiError::invalid("Page size must not be negative.")),
            Ok(0) => Ok(self.default_size),
            Ok(size) if size > self.max_size => match switches.oversized_page {
                OversizedPage::Clamp => Ok(self.max_size),
                OversizedPage::Refuse => Err(ApiError::invalid(format!(
                    "Page size must be less than or equal to {}.",
                    self.max_size
                ))),
            },
            Ok(size) => Ok(size),
        }
    }

    fn write_token(&self, last: &str, offset: usize, binding: &str) -> String {
        let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{}\n{binding}", self.request)));
        // Captured tokens name the request's type and are some 330 characters long.
        let text = format!(
            "\ntype.googleapis.com/google.photos.library.v1.{}\n{digest}\n{offset}\n{last}\n",
            self.request
        );
        URL_SAFE_NO_PAD.encode(format!("{text:<250}"))
    }

    fn read_token(&self, token: &str, binding: &str) -> Result<(String, usize), ApiError> {
        let parts = || -> Option<(String, usize)> {
            let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token.trim_end_matches('=')).ok()?).ok()?;
            let lines: Vec<&str> = text.split('\n').collect();
            let [_, _, _, offset, last, _] = lines[..] else {
                return None;
            };
            let (last, offset) = (last.to_owned(), offset.parse().ok()?);
            // Made again rather than compared piece by piece: a token is good only with the very same request.
            (self.write_token(&last, offset, binding) == token.trim_end_matches('=')).then_some((last, offset))
        };
        parts().ok_or_else(|| ApiError::invalid("Invalid page token."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted<'a>(size: i64, token: &'a str, parameters: &str) -> Wanted<'a> {
        Wanted {
            size,
            token,
            parameters: parameters.to_owned(),
        }
    }

    fn pages(all: &[String], switches: &GoogleSwitches) -> Vec<Vec<String>> {
        let (mut token, mut pages) = (String::new(), Vec::new());
        loop {
            let page = LIST_ALBUMS
                .page(all, |id| id, &wanted(2, &token, ""), switches)
                .unwrap();
            pages.push(page.elements);
            match page.next {
                Some(next) => token = next,
                None => return pages,
            }
        }
    }

    fn letters(text: &str) -> Vec<String> {
        text.chars().map(String::from).collect()
    }

    #[test]
    fn pages_cover_the_listing_once() {
        let switches = GoogleSwitches::default();
        assert_eq!(
            pages(&letters("abcde"), &switches),
            [letters("ab"), letters("cd"), letters("e")]
        );
        assert_eq!(pages(&[], &switches), [letters("")]);
    }

    #[test]
    fn odd_pages_on_request() {
        let switches = GoogleSwitches {
            repeat_first_element: true,
            empty_first_page: true,
            ..GoogleSwitches::default()
        };
        assert_eq!(
            pages(&letters("abcd"), &switches),
            [letters(""), letters("ab"), letters("bcd")]
        );
    }

    #[test]
    fn a_token_goes_with_its_request_only() {
        let switches = GoogleSwitches::default();
        let all = letters("abcde");
        let token = LIST_ALBUMS
            .page(&all, |id| id, &wanted(2, "", "x"), &switches)
            .unwrap()
            .next
            .unwrap();
        assert!(token.len() > 330);
        for (listing, size, parameters) in [(LIST_ALBUMS, 3, "x"), (LIST_ALBUMS, 2, "y"), (LIST_ITEMS, 2, "x")] {
            let error = listing
                .page(&all, |id| id, &wanted(size, &token, parameters), &switches)
                .unwrap_err();
            assert_eq!(error.status, 400);
        }
        // An element added in front does not shift the second page.
        let more = letters("zabcde");
        let page = LIST_ALBUMS
            .page(&more, |id| id, &wanted(2, &token, "x"), &switches)
            .unwrap();
        assert_eq!(page.elements, letters("cd"));
    }

    #[test]
    fn too_large_pages_are_clamped_or_refused() {
        let all: Vec<String> = (0..60).map(|n| n.to_string()).collect();
        let mut switches = GoogleSwitches::default();
        let size = |switches: &_| {
            LIST_ALBUMS
                .page(&all, |id| id, &wanted(500, "", ""), switches)
                .map(|page| page.elements.len())
        };
        assert_eq!(size(&switches).unwrap(), 50);
        switches.oversized_page = OversizedPage::Refuse;
        assert_eq!(size(&switches).unwrap_err().status, 400);
    }
}
