//! Rules that the journal keeps at every transaction, and those that it keeps once a job is finished.
//!
//! Asked at the end of every run and by whoever wants to know: the journal alone must be able to say that nothing was
//! lost on the way. Each rule is one query over rows that an index finds, so that all of them together stay a matter of
//! seconds for hundreds of thousands of photos.

use std::fmt;

use photomove_core::{Error, ErrorKind, Operation, Result};
use rusqlite::Connection;
use serde::Serialize;

use super::rows::{number, one};
use super::{JobId, Journal, accounting, sql_error, unsigned};

/// A rule of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rule {
    /// Every part that was found has exactly one outcome, or is on its way to it.
    OneOutcome,
    /// The outcomes add up to what was found.
    SumsAgree,
    /// What is being sent, created or added stands in an open intent.
    IntentFirst,
    /// What counts as held by the destination has its id there.
    DestinationKnown,
    /// Evidence says what the state says, and nothing is verified without an equal hash.
    StateProven,
    /// Every member of an album has its place there, duplicates in each of their albums.
    EveryPlaceKept,
    /// What is filed is in an album that exists; what is not says why.
    PlacesExplained,
    /// After the end no call is open.
    NoOpenIntent,
    /// After the end nothing is on its way.
    NothingUnderWay,
    /// After the end no upload token is left.
    NoTokenLeft,
    /// After the end every listing is complete.
    ListingComplete,
}

impl Rule {
    /// Returns what a breach of the rule means, as the rest of a sentence that begins with a number of rows.
    const fn breach(self) -> &'static str {
        match self {
            Self::OneOutcome => "files have no outcome and no upload",
            Self::SumsAgree => "files are missing in the sums of the outcomes",
            Self::IntentFirst => "rows are marked as being sent without an open request",
            Self::DestinationKnown => "items arrived without an id at the destination",
            Self::StateProven => "items have a state that their evidence does not bear out",
            Self::EveryPlaceKept => "places in albums were forgotten",
            Self::PlacesExplained => "places in albums are neither kept nor explained",
            Self::NoOpenIntent => "requests are still open after the end",
            Self::NothingUnderWay => "rows are still on their way after the end",
            Self::NoTokenLeft => "upload tokens are left after the end",
            Self::ListingComplete => "listings are not complete after the end",
        }
    }
}

/// A rule that the journal breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Violation {
    /// Which rule.
    pub rule: Rule,
    /// How many rows break it.
    pub count: u64,
    /// One of them, as the journal names it.
    pub example: Option<String>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.count, self.rule.breach())?;
        match &self.example {
            Some(example) => write!(f, ", such as {example}"),
            None => Ok(()),
        }
    }
}

/// When a rule holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// After every transaction.
    Always,
    /// Once the job is finished.
    End,
}

/// Each query counts the rows of job ?1 that break its rule, and names one of them.
const QUERIES: &[(Rule, Moment, &str)] = &[
    (
        Rule::OneOutcome,
        Moment::Always,
        "SELECT count(*), min('part '||p.id) FROM part p JOIN asset a ON a.id=p.asset LEFT JOIN upload u ON u.id=p.upload
         WHERE a.job=?1 AND (u.id IS NULL)=(p.skipped IS NULL)",
    ),
    (
        Rule::IntentFirst,
        Moment::Always,
        "SELECT count(*), min(u.state||' upload '||u.id) FROM upload u WHERE u.job=?1 AND u.state IN('staging','committing')
           AND NOT EXISTS(SELECT 1 FROM intent_item t CROSS JOIN intent i ON i.id=t.intent WHERE t.upload=u.id AND i.closed_at IS NULL
             AND i.kind=CASE u.state WHEN 'staging' THEN 'stage' ELSE 'commit' END)",
    ),
    (
        Rule::IntentFirst,
        Moment::Always,
        "SELECT count(*), min('creating album '||a.id) FROM album a WHERE a.job=?1 AND a.state='creating'
           AND NOT EXISTS(SELECT 1 FROM intent i WHERE i.job=?1 AND i.album=a.id AND i.closed_at IS NULL AND i.kind='create_album')",
    ),
    (
        Rule::IntentFirst,
        Moment::Always,
        "SELECT count(*), min('adding upload '||f.upload||' to album '||f.album) FROM filing f INDEXED BY filing_adding
         CROSS JOIN album a ON a.id=f.album WHERE f.state='adding' AND a.job=?1
           AND NOT EXISTS(SELECT 1 FROM intent_item t CROSS JOIN intent i ON i.id=t.intent WHERE t.upload=f.upload AND i.album=f.album
             AND i.closed_at IS NULL AND i.kind IN('commit','add_to_album'))",
    ),
    (
        Rule::DestinationKnown,
        Moment::Always,
        "SELECT count(*), min(state||' upload '||id) FROM upload WHERE job=?1 AND state IN('verified','already_there') AND dest_id IS NULL",
    ),
    // A hash names itself at the start of what was found out; a length or mere existence is no proof.
    (
        Rule::StateProven,
        Moment::Always,
        "SELECT count(*), min(u.state||' upload '||u.id) FROM upload u LEFT JOIN evidence e ON e.upload=u.id AND e.level='checksum'
         WHERE u.job=?1 AND u.state IN('verified','unverifiable')
           AND NOT (e.result IS u.state AND (u.state='unverifiable' OR e.detail LIKE 'MD5%' OR e.detail LIKE 'SHA-%'))",
    ),
    (
        Rule::EveryPlaceKept,
        Moment::Always,
        "SELECT count(*), min('asset '||m.asset||' in album '||m.album) FROM album a CROSS JOIN member m ON m.album=a.id
         CROSS JOIN part p ON p.asset=m.asset WHERE a.job=?1 AND p.upload IS NOT NULL
           AND NOT EXISTS(SELECT 1 FROM filing f WHERE f.album=m.album AND f.upload=p.upload)
           AND NOT EXISTS(SELECT 1 FROM album s CROSS JOIN filing f ON f.album=s.id
             WHERE s.job=?1 AND s.source_id=a.source_id AND f.upload=p.upload)",
    ),
    (
        Rule::PlacesExplained,
        Moment::Always,
        "SELECT count(*), min(f.state||' upload '||f.upload||' in album '||f.album) FROM album a CROSS JOIN filing f ON f.album=a.id
         WHERE a.job=?1 AND ((f.state='unfiled' AND coalesce(f.reason,'')='') OR (f.state='filed' AND a.dest_id IS NULL))",
    ),
    // What did not arrive is in no album; that is told with its outcome.
    (
        Rule::PlacesExplained,
        Moment::End,
        "SELECT count(*), min(f.state||' upload '||f.upload||' in album '||f.album) FROM album a CROSS JOIN filing f ON f.album=a.id
         CROSS JOIN upload u ON u.id=f.upload WHERE a.job=?1 AND f.state IN('wanted','adding') AND u.state<>'failed'",
    ),
    (
        Rule::NoOpenIntent,
        Moment::End,
        "SELECT count(*), min(kind||' intent '||id) FROM intent WHERE job=?1 AND closed_at IS NULL",
    ),
    (
        Rule::NothingUnderWay,
        Moment::End,
        "SELECT count(*), min(state||' upload '||id) FROM upload
         WHERE job=?1 AND state IN('wanted','spooled','staging','staged','committing','committed')",
    ),
    // Also those of another job that parts of this one wait for.
    (
        Rule::NothingUnderWay,
        Moment::End,
        "SELECT count(*), min(u.state||' upload '||u.id) FROM part p JOIN asset a ON a.id=p.asset JOIN upload u ON u.id=p.upload
         WHERE a.job=?1 AND u.job<>?1 AND u.state NOT IN('verified','unverifiable','already_there','failed')",
    ),
    (
        Rule::NothingUnderWay,
        Moment::End,
        "SELECT count(*), min(state||' album '||id) FROM album WHERE job=?1 AND state IN('wanted','creating')",
    ),
    (
        Rule::NoTokenLeft,
        Moment::End,
        "SELECT count(*), min('upload '||id) FROM upload WHERE job=?1 AND token IS NOT NULL",
    ),
    (
        Rule::NoTokenLeft,
        Moment::End,
        "SELECT count(*), min('intent '||t.intent) FROM intent_item t JOIN intent i ON i.id=t.intent WHERE i.job=?1 AND t.token IS NOT NULL",
    ),
    (
        Rule::ListingComplete,
        Moment::End,
        "SELECT count(*), min(stream) FROM cursor WHERE job=?1 AND done=0",
    ),
    (
        Rule::ListingComplete,
        Moment::End,
        "SELECT count(*), min(wanted.column1) FROM (VALUES('assets'),('albums'),('planned')) wanted
         WHERE NOT EXISTS(SELECT 1 FROM cursor WHERE job=?1 AND stream=wanted.column1 AND done=1)",
    ),
];

/// Returns the rules that a job breaks at that moment.
pub(crate) fn violations(c: &Connection, job: i64, moment: Moment) -> Result<Vec<Violation>> {
    let mut found: Vec<Violation> = Vec::new();
    let mut note = |rule: Rule, count: u64, example: Option<String>| {
        if count == 0 {
            return;
        }
        match found.iter_mut().find(|one| one.rule == rule) {
            Some(one) => one.count += count,
            None => found.push(Violation { rule, count, example }),
        }
    };
    let sums = accounting::accounting(c, job)?;
    if !sums.adds_up() {
        note(
            Rule::SumsAgree,
            sums.found.count.abs_diff(sums.outcomes().count).max(1),
            None,
        );
    }
    for (rule, when, sql) in QUERIES {
        if *when == Moment::End && moment == Moment::Always {
            continue;
        }
        let row = one(c, sql, [job], |row| {
            Ok((unsigned(row.get(0)?), row.get::<_, Option<String>>(1)?))
        })?;
        if let Some((count, example)) = row {
            note(*rule, count, example);
        }
    }
    Ok(found)
}

/// What every error about a broken rule begins with.
const BROKEN: &str = "the journal does not add up";

/// Says whether an error is about a broken rule.
pub(crate) fn is_violation(error: &Error) -> bool {
    error.message().starts_with(BROKEN)
}

/// Fails loudly if a job breaks a rule at that moment.
pub(crate) fn must_keep_rules(c: &Connection, job: i64, moment: Moment) -> Result<()> {
    let found = violations(c, job, moment)?;
    let Some((first, others)) = found.split_first() else {
        return Ok(());
    };
    let error = Error::new(ErrorKind::Internal, format!("{BROKEN}: {first}")).operation(Operation::Journal);
    let error = others.iter().fold(error, |error, other| error.context("also", other));
    Err(error.hint("this is a defect of photomove; keep the journal and report it"))
}

impl Journal {
    /// Says which rules the journal breaks for a job; none, unless photomove has a defect.
    ///
    /// Of a finished job more is asked than of one that is under way. Works beside a run.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn check(&self, job: JobId) -> Result<Vec<Violation>> {
        self.read(move |c| {
            // One view of the rows for all rules, whatever a run writes meanwhile.
            let c = c.unchecked_transaction().map_err(sql_error)?;
            let finished = number(
                &c,
                "SELECT EXISTS(SELECT 1 FROM job WHERE id=?1 AND state='finished')",
                [job.0],
            )?;
            let moment = if finished == 0 { Moment::Always } else { Moment::End };
            violations(&c, job.0, moment)
        })
        .await
    }
}
