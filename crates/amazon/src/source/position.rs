//! How far a listing has come, in a form that outlives the service's own tokens.
//!
//! Listings are sorted by `createdDate`, so "all nodes created at this instant or later" finds the place again for ever.
//! Several nodes may share an instant: those already seen are told by their ids, and where one instant fills more than
//! a page, by an offset inside it. Nothing here asks the service.

use std::collections::HashSet;

use jiff::Timestamp;
use photomove_core::{Cursor, Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::client::{Start, WINDOW};
use crate::convert::time::instant;
use crate::wire::{Node, NodePage, protocol};

/// Pages in a row that may bring nothing new, or only what stands before the place, before the tokens are taken for broken.
const IDLE_PAGES_MAX: u8 = 3;

/// The durable part of a cursor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Position {
    /// Form of this text.
    version: u8,
    /// What is created later is left to the next listing.
    pub(super) until: Timestamp,
    /// Instant of the last node passed, as the service wrote it; `None` = nothing passed yet.
    #[serde(default)]
    from: Option<String>,
    /// How many nodes at `from` were passed.
    #[serde(default)]
    at_instant: u64,
    /// Where the next page at `from` begins at the least, after one that brought nothing new.
    #[serde(default)]
    skip: u64,
    /// Ids of the last nodes passed, one page of them at most: 200 ids of 22 letters, 5 KB in the cursor, whether the
    /// library has 200 nodes or 200,000. All ids of the latter would be 5 MB, written with every one of 1,000 pages.
    #[serde(default)]
    seen: Vec<String>,
    /// How many nodes the service counted at the start.
    #[serde(default)]
    pub(super) total: Option<u64>,
    /// How many nodes were passed.
    #[serde(default)]
    pub(super) passed: u64,
    /// How many of them are no items of the listing.
    #[serde(default)]
    pub(super) others: u64,
    /// Pages in a row that brought nothing new.
    #[serde(default)]
    idle: u8,
    /// Set when the service did not keep the order; then only tokens lead on.
    #[serde(default)]
    unordered: bool,
}

/// The short-lived part of a cursor: a token, and the question that it belongs to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Token {
    pub(super) token: String,
    /// Lower bound of the question.
    pub(super) from: Option<String>,
    /// Nodes that the question has brought so far.
    pub(super) before: u64,
}

/// One question, as it was asked.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asked {
    pub(super) from: Option<String>,
    pub(super) start: Start,
    /// Nodes of the question before this page.
    pub(super) before: u64,
    pub(super) limit: u16,
}

/// What a page brought.
#[derive(Debug)]
pub(super) struct Advance {
    /// Nodes that were not seen before, in order.
    pub(super) fresh: Vec<Result<Node>>,
    pub(super) next: Next,
}

#[derive(Debug, PartialEq)]
pub(super) enum Next {
    Token(Token),
    Position,
    End,
}

impl Position {
    pub(super) fn new(until: Timestamp) -> Self {
        Self {
            version: 1,
            until,
            from: None,
            at_instant: 0,
            skip: 0,
            seen: Vec::new(),
            total: None,
            passed: 0,
            others: 0,
            idle: 0,
            unordered: false,
        }
    }

    /// Reads it, with the token if it still lives.
    pub(super) fn read(cursor: &Cursor, now: Timestamp) -> Result<(Self, Option<Token>)> {
        let wrong = || Error::new(ErrorKind::Internal, "position in the listing cannot be read").provider(crate::KIND);
        let position: Self = serde_json::from_value(cursor.resume.clone()).map_err(|error| wrong().source(error))?;
        if position.version != 1 || position.from.as_deref().is_some_and(|from| instant(from).is_none()) {
            return Err(wrong());
        }
        let alive = cursor.fast_until.is_none_or(|until| now < until);
        let token = cursor.fast.as_deref().filter(|_| alive);
        // A token that cannot be read is as good as an expired one.
        Ok((position, token.and_then(|token| serde_json::from_str(token).ok())))
    }

    pub(super) fn cursor(&self, token: Option<(&Token, Timestamp)>) -> Cursor {
        Cursor {
            resume: json!(self),
            fast: token.map(|(token, _)| json!(token).to_string()),
            fast_until: token.map(|(_, until)| until),
        }
    }

    /// The question that goes on from here without a token.
    pub(super) fn ask(&self, limit: u16) -> Result<Asked> {
        let offset = self.offset(limit);
        // Past the window only a token leads on: the instant is then read again from its beginning.
        let offset = if offset + u64::from(limit) > WINDOW { 0 } else { offset };
        let start = if offset == 0 {
            Start::Beginning
        } else {
            Start::Offset(offset)
        };
        Ok(Asked {
            from: self.from.clone(),
            start,
            before: offset,
            limit,
        })
    }

    /// Where one instant fills a page, the page must begin inside it; a quarter is read again in case something before
    /// it was deleted meanwhile.
    fn offset(&self, limit: u16) -> u64 {
        let limit = u64::from(limit);
        let inside = if self.at_instant < limit {
            0
        } else {
            self.at_instant - limit / 4
        };
        inside.max(self.skip)
    }

    /// Takes in a page and says how to go on.
    ///
    /// # Errors
    /// [`ErrorKind::Protocol`] if the service repeats itself, or keeps no order where only the order leads on.
    pub(super) fn advance(&mut self, asked: &Asked, page: NodePage) -> Result<Advance> {
        let received = page.nodes.len() as u64;
        let reached = asked.before + received;
        if self.total.is_none() && asked.from.is_none() && asked.before == 0 {
            self.total = page.count;
        }
        self.note_order(&page.nodes);
        let behind = self.is_behind(&page.nodes);
        let from = self.from.clone();
        let fresh = self.pass(page.nodes, usize::from(asked.limit));
        let by_token = matches!(asked.start, Start::Token(_));
        self.idle = if fresh.is_empty() || behind {
            self.idle.saturating_add(1)
        } else if by_token && self.from == from {
            // One and the same instant again: many nodes of it, or a circle. Only going on is a sign that all is well.
            self.idle
        } else {
            0
        };
        if !by_token && fresh.is_empty() {
            // A short page that held nothing new: what is missing stands behind it.
            self.skip = reached.max(self.at_instant);
        }

        let used = match &asked.start {
            Start::Token(token) => Some(token.as_str()),
            _ => None,
        };
        let promised = page.next_token.is_some();
        if let Some(token) = page.next_token
            && used != Some(&*token)
            && self.idle < IDLE_PAGES_MAX
        {
            let token = Token {
                token,
                from: asked.from.clone(),
                before: reached,
            };
            return Ok(Advance {
                fresh,
                next: Next::Token(token),
            });
        }
        let complete = page.count.is_some_and(|count| reached >= count);
        let short = received < u64::from(asked.limit);
        let end = if by_token {
            // A token walk that ends early, or is left because it leads nowhere, goes on from its position, which proves
            // the end.
            complete && !promised
        } else {
            // An empty page that says itself that more is to come is asked for again before it is believed.
            let doubtful = page.count.is_some_and(|count| count > reached) && self.idle < IDLE_PAGES_MAX;
            (received == 0 && !doubtful) || (complete && (short || fresh.is_empty()))
        };
        if end {
            return Ok(Advance { fresh, next: Next::End });
        }
        if !by_token && self.idle >= IDLE_PAGES_MAX {
            return Err(protocol("the same page again and again"));
        }
        if self.unordered {
            return Err(protocol(
                "a listing in another order than asked for, and no token to go on",
            ));
        }
        Ok(Advance {
            fresh,
            next: Next::Position,
        })
    }

    /// Few nodes may stand in the wrong place; a page that goes down more often than that was not sorted at all.
    fn note_order(&mut self, nodes: &[Result<Node>]) {
        let dates: Vec<Timestamp> = nodes.iter().filter_map(|node| created(node.as_ref().ok()?)).collect();
        let descents = dates.windows(2).filter(|pair| pair[1] < pair[0]).count();
        if descents > 1 && descents * 4 > dates.len() {
            self.unordered = true;
            // Nothing can be said to be passed; a listing without its tokens begins anew.
            (self.from, self.at_instant, self.skip) = (None, 0, 0);
        }
    }

    /// Says whether a whole page stands before the place that was reached, as when tokens lead round in a circle. One
    /// such page may be chance.
    fn is_behind(&self, nodes: &[Result<Node>]) -> bool {
        let Some(at) = self.from.as_deref().and_then(instant).filter(|_| !self.unordered) else {
            return false;
        };
        let before = |node: &Result<Node>| node.as_ref().ok().and_then(created).is_some_and(|date| date < at);
        !nodes.is_empty() && nodes.iter().all(before)
    }

    /// Moves past the nodes and returns those that were not seen before.
    fn pass(&mut self, nodes: Vec<Result<Node>>, limit: usize) -> Vec<Result<Node>> {
        let mut seen: HashSet<String> = self.seen.iter().cloned().collect();
        let mut at = self.from.as_deref().and_then(instant);
        let mut fresh = Vec::with_capacity(nodes.len());
        for node in nodes {
            if let Ok(node) = &node {
                if !seen.insert(node.id.clone()) {
                    continue;
                }
                self.seen.push(node.id.clone());
            }
            // A date later than the listing's bound is odd or new; either would lead past what is still to come.
            let date = node
                .as_ref()
                .ok()
                .and_then(created)
                .filter(|date| *date <= self.until && !self.unordered);
            match date {
                Some(date) if at.is_none_or(|at| at < date) => {
                    at = Some(date);
                    self.from = node.as_ref().ok().and_then(|node| node.created_date.clone());
                    (self.at_instant, self.skip) = (1, 0);
                }
                // A date before the place where it stands says nothing about the place.
                Some(date) if at.is_some_and(|at| date < at) => {}
                _ => self.at_instant += 1,
            }
            self.passed += 1;
            fresh.push(node);
        }
        let excess = self.seen.len().saturating_sub(limit);
        self.seen.drain(..excess);
        fresh
    }
}

/// When a node was made.
pub(super) fn created(node: &Node) -> Option<Timestamp> {
    instant(node.created_date.as_deref()?)
}

#[cfg(test)]
mod tests;
