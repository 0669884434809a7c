//! Recorded exchanges of the real services: each is in the table of `docs/recordings.md`, is read by the client, and has
//! the same shape as the stand-in's reply in the same situation.
//!
//! The recordings are not part of the repository; these tests skip, aloud, where they are missing.

mod amazon;
mod amazon_stand_in;
mod compare;
mod google;
mod google_stand_in;
mod lab;
mod photo;
mod recording;
mod refusals;
mod replay;
mod shape;
mod table;

use std::collections::BTreeSet;

use compare::{Difference, contained, differences};
use recording::{Recording, Reply};
use table::{Row, Shape, Table};

/// Most differences between stand-ins and recordings that may be explained away.
const EXPLAINED_MAX: usize = 10;
/// Query parameters of recorded requests that have lost their meaning since.
const NO_LONGER_SENT: [&str; 1] = ["excludeNonAppCreatedData"];

#[test]
fn every_recording_has_exactly_one_row() {
    let table = Table::read();
    for row in &table.rows {
        let silent = row.client.is_none() || row.stand_in.is_none() || row.shape != Shape::Exact;
        assert!(
            !silent || !row.note.is_empty(),
            "{}: the note must say why",
            row.recording
        );
        assert_eq!(
            row.stand_in.is_none(),
            row.shape == Shape::None,
            "{}: a shape belongs to a route",
            row.recording
        );
    }
    let Some(recordings) = Recording::all() else { return };
    let files: BTreeSet<&str> = recordings.iter().map(|recording| recording.name.as_str()).collect();
    let rows: BTreeSet<&str> = table.rows.iter().map(|row| row.recording.as_str()).collect();
    assert_eq!(
        rows.len(),
        table.rows.len(),
        "docs/recordings.md has two rows for one recording"
    );
    let odd: Vec<_> = files.symmetric_difference(&rows).collect();
    assert!(
        odd.is_empty(),
        "recordings without a row in docs/recordings.md, or rows without a recording: {odd:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clients_read_what_was_recorded() {
    let Some(recordings) = Recording::all() else { return };
    let table = Table::read();
    let mut problems = Vec::new();
    for (recording, row, method) in rows_with(&recordings, &table, |row| row.client.as_deref()) {
        for (index, found) in Box::pin(read_by_client(recording, row, method))
            .await
            .into_iter()
            .enumerate()
        {
            problems.extend(found.map(|problem| format!("{} [{index}] by {method}: {problem}", recording.name)));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stand_ins_have_the_recorded_shapes() {
    let Some(recordings) = Recording::all() else { return };
    let table = Table::read();
    let mut found = BTreeSet::new();
    for (recording, row, routes) in rows_with(&recordings, &table, |row| row.stand_in.as_deref()) {
        let given = match recording.service() {
            "amazon-photos" => Box::pin(amazon_stand_in::replies(recording)).await,
            _ => Box::pin(google_stand_in::replies(recording)).await,
        };
        let used: BTreeSet<&str> = given.iter().flatten().map(|given| given.route.as_str()).collect();
        assert_eq!(
            used,
            routes.split(", ").collect(),
            "{}: routes asked (left) and in the table (right)",
            recording.name
        );
        if row.shape == Shape::Request {
            for given in given.iter().flatten() {
                assert!(
                    given.status < 400,
                    "{}: the stand-in refused the recorded request: {given:?}",
                    recording.name
                );
            }
            continue;
        }
        found.extend(differences(recording, row.shape, &given));
    }
    let explained: BTreeSet<Difference> = table.explained.iter().cloned().collect();
    assert_eq!(
        explained.len(),
        table.explained.len(),
        "a difference is explained twice"
    );
    let lines = |differences: Vec<&Difference>| {
        differences
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    };
    let unexplained = lines(found.difference(&explained).collect());
    assert!(
        unexplained.is_empty(),
        "stand-ins differ from recordings:\n{unexplained}"
    );
    let stale = lines(explained.difference(&found).collect());
    assert!(
        stale.is_empty(),
        "docs/recordings.md explains differences that do not exist:\n{stale}"
    );
    assert!(
        explained.len() <= EXPLAINED_MAX,
        "{} differences are too many to explain away",
        explained.len()
    );
}

/// The recordings whose row has something in one of its columns.
fn rows_with<'a>(
    recordings: &'a [Recording],
    table: &'a Table,
    column: impl Fn(&'a Row) -> Option<&'a str>,
) -> Vec<(&'a Recording, &'a Row, &'a str)> {
    let rows = table.rows.iter().filter_map(|row| Some((row, column(row)?)));
    rows.filter_map(|(row, text)| {
        let recording = recordings.iter().find(|recording| recording.name == row.recording)?;
        Some((recording, row, text))
    })
    .collect()
}

/// What is wrong with each reply of a recording, as the client reads it.
async fn read_by_client(recording: &Recording, row: &Row, method: &str) -> Vec<Option<String>> {
    if row.shape == Shape::Request || recording.replies().is_empty() {
        return vec![sent_by_client(recording, method).await];
    }
    let refusals = refusals::expected(&recording.name);
    let replies = recording.replies();
    let refused = replies.iter().filter(|reply| reply.is_refusal()).count();
    assert_eq!(
        refusals.len(),
        refused,
        "{}: expected kinds of errors, and refusals",
        recording.name
    );
    let mut refusals = refusals.into_iter();
    let mut problems = Vec::new();
    for reply in &replies {
        let outcome = call(recording, method, reply).await.1;
        problems.push(match (outcome, reply.is_refusal()) {
            (Ok(read), false) => reply.body.as_ref().and_then(|body| contained(body, &read)),
            (Err(error), false) => Some(format!("should be read, but: {error} ({:?})", error.kind())),
            (Ok(read), true) => Some(format!("should be an error, but is {read}")),
            (Err(error), true) => {
                let (kind, wanted) = (refusals::timeless(error.kind()), refusals.next());
                (Some(&kind) != wanted.as_ref()).then(|| format!("{error} is {kind:?}, not {wanted:?}"))
            }
        });
    }
    problems
}

/// What is wrong with the request that the client sends, where only a request was recorded.
async fn sent_by_client(recording: &Recording, method: &str) -> Option<String> {
    let (requests, _) = call(recording, method, &Reply::empty()).await;
    let sent = requests.last().expect("the client asked").target.clone();
    let recorded = recording.request_target().expect("a recorded request");
    let ((path, query), (recorded_path, recorded_query)) = (recording::split(&sent), recording::split(&recorded));
    let wanted: Vec<_> = recorded_query
        .into_iter()
        .filter(|(name, _)| !NO_LONGER_SENT.contains(&name.as_str()))
        .collect();
    let same = path == recorded_path && wanted.iter().all(|pair| query.contains(pair)) && query.len() == wanted.len();
    (!same).then(|| format!("sends {sent}, recorded was {recorded}"))
}

async fn call(
    recording: &Recording,
    method: &str,
    reply: &Reply,
) -> (Vec<replay::Request>, photomove_core::Result<serde_json::Value>) {
    match recording.service() {
        "amazon-photos" => amazon::call(recording, method, reply).await,
        _ => google::call(recording, method, reply).await,
    }
}
