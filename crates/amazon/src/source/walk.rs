//! Reads one page of a listing, by token where there is one and by position else.

use jiff::{SignedDuration, Timestamp};
use photomove_core::{Cursor, Error, ErrorKind, Operation, Page, Result};

use super::position::{Asked, Next, Position, Token};
use crate::client::{AmazonClient, Filter, NodeQuery, Start};
use crate::wire::{Node, NodePage};

/// Tokens live for ten minutes (*observed*); one that is used in its last moments would be a request for nothing.
const TOKEN_LIFE: SignedDuration = SignedDuration::from_mins(9);

/// What is listed.
pub(super) struct Walk<'w> {
    pub(super) client: &'w AmazonClient,
    pub(super) filter: Filter,
    /// Folder or album whose children are listed; `None` = the whole tree.
    pub(super) parent: Option<&'w str>,
    pub(super) operation: Operation,
    pub(super) limit: u16,
}

impl Walk<'_> {
    /// Reads a page; `item` makes an item of a node, or nothing of one that does not belong to the listing.
    pub(super) async fn page<T>(
        &self,
        at: &Cursor,
        now: Timestamp,
        item: impl Fn(Node, &Position) -> Option<Result<T>>,
    ) -> Result<Page<T>> {
        let (mut position, token) = Position::read(at, now)?;
        let owner = self.client.owner().await?;
        let (asked, page) = self.read(&position, token).await?;
        let of_others = |node: &Node| node.owner_id.as_ref().is_some_and(|of| *of != owner);
        let suspicious = page.nodes.is_empty() || page.nodes.iter().flatten().any(of_others);
        let advance = position
            .advance(&asked, page)
            .map_err(|error| error.operation(self.operation))?;
        // A browser's session can be switched to another account. Then the listing goes on with that one's nodes, or ends
        // where that one has none: two libraries would be mixed, or half of one taken for the whole. What others share
        // stands in listings too, so it is not the nodes that are believed but the account itself.
        let ends = advance.next == Next::End && self.parent.is_none();
        if suspicious || ends {
            self.client.confirm_owner(self.operation).await?;
        }
        let mut items = Vec::with_capacity(advance.fresh.len());
        for node in advance.fresh {
            match node.map(|node| item(node, &position)) {
                Ok(Some(item)) => items.push(item),
                Ok(None) => position.others += 1,
                Err(error) => items.push(Err(error.operation(self.operation))),
            }
        }
        let next = match &advance.next {
            Next::Token(token) => Some(position.cursor(Some((token, now.saturating_add(TOKEN_LIFE).unwrap_or(now))))),
            Next::Position => Some(position.cursor(None)),
            Next::End => {
                self.compare(&position);
                None
            }
        };
        let total_hint = position.total.map(|total| total.saturating_sub(position.others));
        Ok(Page {
            items,
            next,
            total_hint,
        })
    }

    async fn read(&self, position: &Position, token: Option<Token>) -> Result<(Asked, NodePage)> {
        if let Some(token) = token {
            let asked = Asked {
                from: token.from,
                start: Start::Token(token.token),
                before: token.before,
                limit: self.limit,
            };
            match self.ask(&asked).await {
                Ok(page) => return Ok((asked, page)),
                // "Next token is expired", or no token of theirs at all: the position leads on.
                Err(error) if token_refused(&error) => {
                    tracing::debug!(%error, "going on without the page token");
                }
                Err(error) => return Err(error),
            }
        }
        let asked = position.ask(self.limit)?;
        let page = self.ask(&asked).await?;
        Ok((asked, page))
    }

    async fn ask(&self, asked: &Asked) -> Result<NodePage> {
        let filter = match &asked.from {
            Some(from) => self.filter.clone().created_from(from),
            None => self.filter.clone(),
        };
        let query = NodeQuery::new(filter)
            .limit(asked.limit)
            .starting(asked.start.clone())
            .for_operation(self.operation);
        match self.parent {
            Some(id) => self.client.children(id, &query).await,
            None => self.client.nodes(&query).await,
        }
    }

    /// The service's own count is the only proof that a listing is whole.
    fn compare(&self, position: &Position) {
        let Some(total) = position.total.filter(|total| *total > position.passed) else {
            return;
        };
        tracing::warn!(
            counted = total,
            listed = position.passed,
            operation = %self.operation,
            "Amazon Photos counted more nodes than it listed"
        );
    }
}

fn token_refused(error: &Error) -> bool {
    crate::classify::is_token_expired(error) || *error.kind() == ErrorKind::Protocol
}
