//! `docs/reference/journal.md` is what the tables are. `UPDATE_DOCS=1 cargo test -p photomove-migrate reference` writes it.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::Connection;

use super::schema;

/// A table, what it holds, and what its columns mean.
type Table = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const TABLES: &[Table] = &[
    (
        "job",
        "One row for each migration: a source account, a target account, options.",
        &[
            ("id", "number of the job, as commands take it"),
            ("source", "`account` that is read"),
            ("target", "`account` that is written"),
            ("options", "what was asked for, JSON; `{}` is everything"),
            ("options_hash", "tells jobs of the same accounts apart"),
            ("pass", "how often the source was listed"),
            ("bound_at", "when this pass began"),
            ("created_at", "when it was begun"),
            ("unreadable", "items of the listing that could not be read"),
            ("unlisted", "items that the source counts but did not list"),
            ("state", "where it stands, see below"),
            ("wake_at", "when it can go on, if it waits for an instant"),
            ("before_at", "when the pass before this one began"),
        ],
    ),
    (
        "account",
        "An owner at a service.",
        &[
            ("id", "number"),
            ("kind", "service, such as `amazon`"),
            (
                "origin",
                "empty for the service itself, else the address of another server",
            ),
            ("owner", "owner as the service knows it"),
            ("label", "name for people, such as an e-mail address"),
        ],
    ),
    (
        "asset",
        "A photo or video of the source.",
        &[
            ("id", "number"),
            ("job", "`job` it belongs to"),
            ("source_id", "id at the source"),
            ("revision", "changes when the source changes the item"),
            ("kind", "`photo`, `video` or `live_photo`"),
            (
                "metadata",
                "title, dates, place and so on, JSON, with the origin of each value",
            ),
            (
                "locator",
                "what the source needs to find it again, JSON; never a link or a secret",
            ),
            (
                "read_before",
                "instant after which it cannot be read any more, if there is one",
            ),
            ("pass", "last pass that listed it"),
            ("since", "pass that listed it first; 0 = not known"),
        ],
    ),
    (
        "part",
        "A file of an asset. A live photo has two. Outcomes are counted by parts.",
        &[
            ("id", "number"),
            ("asset", "`asset` it belongs to"),
            ("source_id", "id at the source"),
            ("role", "`primary`, `motion`, `raw`, `edited` or `sidecar`"),
            ("name", "file name at the source"),
            ("media_type", "type that the source names"),
            ("size", "bytes, if the source tells"),
            ("md5", "hash that the source promises"),
            ("sha1", "hash that the source promises"),
            ("sha256", "hash that the source promises"),
            ("upload", "`upload` that carries its bytes; equal files share one"),
            ("skipped", "why it is not sent, if it is left out"),
            ("since", "pass that listed it first; 0 = not known"),
            (
                "again",
                "`run` that takes it up once more because a person asked for it",
            ),
        ],
    ),
    (
        "upload",
        "Bytes that are to be at the target once: the queue of all work.",
        &[
            ("id", "number"),
            ("target", "`account` that is written"),
            ("job", "`job` that sends it"),
            ("bundle", "`asset` it is created with"),
            ("key", "name of the item for the target, decided by account and item"),
            ("size", "bytes"),
            ("md5", "hash, once known"),
            ("sha1", "hash, once known"),
            ("sha256", "hash, once known"),
            ("spool", "file on disk that holds it on its way"),
            ("state", "where it is, see below"),
            ("first_album", "`album` it is created in"),
            ("place", "order in which items are created"),
            (
                "token",
                "the target's name for bytes that are no item yet; a secret, gone at the end",
            ),
            ("token_until", "when the token ends"),
            ("token_session", "sign-in that the token is bound to"),
            ("staged_at", "when all bytes had arrived"),
            ("sent", "bytes that the target has, of an upload that can go on"),
            ("dest_id", "id at the target"),
            ("app_owned", "whether the target counts the item as ours"),
            ("commits", "how often it was tried to make an item of it"),
            ("described", "whether its description is set"),
            ("attempts", "how often it failed"),
            ("next_try", "not before this instant"),
            ("error_kind", "why it failed, a word for programs"),
            ("error", "why it failed, a line for people"),
            ("expired", "how often its token ended before an item was made of it"),
            (
                "again",
                "`run` that takes it up once more because a person asked for it",
            ),
            ("before", "its state until a later look found it lost at the target"),
        ],
    ),
    (
        "album",
        "An album to make; one that is too large for the target has several slices.",
        &[
            ("id", "number"),
            ("job", "`job` it belongs to"),
            ("source_id", "id at the source"),
            ("slice", "0, or the number of a further part of a split album"),
            ("title", "title at the target"),
            ("description", "description at the source"),
            ("state", "where it is, see below"),
            ("dest_id", "id at the target"),
            ("listed", "whether its members are known"),
            ("error", "why it could not be made, a line for people"),
            ("error_kind", "why it could not be made, a word for programs"),
            ("since", "pass that listed it first; 0 = not known"),
            ("pass", "last pass that listed it"),
            ("source_title", "title at the source"),
            (
                "again",
                "`run` that takes it up once more because a person asked for it",
            ),
        ],
    ),
    (
        "member",
        "Which assets are in which album at the source.",
        &[
            ("album", "`album`"),
            ("asset", "`asset`"),
            ("position", "order in the album"),
            ("since", "pass that listed it first; 0 = not known"),
            ("pass", "last pass that listed it"),
        ],
    ),
    (
        "filing",
        "A place of an upload in an album at the target.",
        &[
            ("album", "`album`"),
            ("upload", "`upload`"),
            ("position", "order in the album"),
            ("state", "where it is, see below"),
            ("ready", "1 once both the item and the album exist"),
            ("reason", "why it is not in the album"),
            (
                "again",
                "`run` that takes it up once more because a person asked for it",
            ),
        ],
    ),
    (
        "intent",
        "A call that must not happen twice, written down before it is made.",
        &[
            ("id", "number"),
            ("job", "`job` that makes it"),
            ("kind", "what is called, see below"),
            ("album", "`album` it is about"),
            ("detail", "what else is needed to find out what became of it, JSON"),
            ("opened_at", "when it was written down"),
            ("closed_at", "when its outcome was known; empty = open"),
            ("outcome", "what became of it"),
        ],
    ),
    (
        "intent_item",
        "The uploads that an intent is about, in order.",
        &[
            ("intent", "`intent`"),
            ("position", "order in the call"),
            ("upload", "`upload`"),
            ("token", "token that was handed over; a secret, gone at the end"),
        ],
    ),
    (
        "evidence",
        "What the target proves of an upload.",
        &[
            ("upload", "`upload`"),
            (
                "level",
                "how closely it was looked at: `receipt`, `checksum` or `download`",
            ),
            ("result", "`verified` or `unverifiable`, or what is wrong"),
            ("at", "when"),
            ("detail", "what it rests on, such as the hash that agreed"),
        ],
    ),
    (
        "cursor",
        "How far each listing has come.",
        &[
            ("job", "`job`"),
            ("stream", "what is listed"),
            ("resume", "where to go on, for ever, JSON"),
            ("fast", "where to go on, as long as the service remembers"),
            ("fast_until", "when the service forgets it"),
            ("done", "1 once the listing is complete"),
        ],
    ),
    (
        "run",
        "One row for each time that a command worked on a job.",
        &[
            ("id", "number"),
            ("job", "`job`"),
            ("kind", "what it did, see below"),
            ("started_at", "when it began"),
            ("ended_at", "when it ended; empty = it is under way or was killed"),
            ("updated_at", "when `progress` was written"),
            ("progress", "counters, JSON"),
            ("outcome", "how it ended"),
        ],
    ),
    (
        "day_sum",
        "What arrived on each day.",
        &[
            ("job", "`job`"),
            ("day", "day by the clock of this machine, `2026-03-01`"),
            ("files", "files that became items"),
            ("bytes", "their bytes"),
        ],
    ),
    (
        "loss",
        "What the target cannot keep, as the last plan counted it.",
        &[
            ("job", "`job`"),
            ("position", "order"),
            ("in_file", "1 if the file itself holds it"),
            ("what", "which field"),
            ("why", "why it is lost"),
            ("count", "how many items have it"),
        ],
    ),
    (
        "setback",
        "What did not stay at the target although it should have, as it was seen there.",
        &[
            ("upload", "`upload`"),
            ("what", "which field"),
            ("why", "why it is lost"),
        ],
    ),
    (
        "recheck",
        "How far `verify` has come.",
        &[
            ("job", "`job`"),
            ("level", "how closely it looks"),
            ("begun_at", "when it began"),
            ("second_look", "1 while what was missing is looked for again"),
            ("place", "last `upload` that was looked at"),
            ("sums", "counters, JSON"),
        ],
    ),
    (
        "planned",
        "Items of the plan file that `apply` carries out.",
        &[
            ("job", "`job`"),
            ("source_id", "id at the source"),
            ("name", "file name, for people"),
            ("revision", "revision that was planned"),
            ("parts", "files that were planned, JSON"),
            ("albums", "albums that were planned, JSON"),
            ("state", "how the source differs from the plan, see below"),
        ],
    ),
    (
        "planned_album",
        "Albums of the plan file that `apply` carries out.",
        &[
            ("job", "`job`"),
            ("source_id", "id at the source"),
            ("title", "title that was planned"),
            ("places", "members that were planned"),
            ("state", "how the source differs from the plan, see below"),
            ("now_title", "title at the source now, if it is another one"),
            ("kept", "planned members that are still there"),
            ("grown", "members that came after the plan"),
        ],
    ),
    (
        "chosen",
        "Members of the albums that a filter names, until the assets are listed.",
        &[
            ("album", "`album`"),
            ("asset", "id of the asset at the source"),
            ("position", "order in the album"),
        ],
    ),
    (
        "hash_state",
        "Checkpoints of the hash of a file that streams through, so that a later run need not read its beginning again.",
        &[
            ("upload", "`upload`"),
            ("offset", "bytes that are hashed"),
            ("state", "inside of the hash"),
        ],
    ),
    (
        "last_upload",
        "The highest number that an upload ever had: it is never given again.",
        &[("id", "number")],
    ),
    (
        "ledger",
        "Requests that count against a budget.",
        &[
            ("account", "whose budget it is"),
            ("resource", "which budget"),
            ("day", "day by the service's clock"),
            ("used", "how many were made"),
            ("refused_at", "when the service said that it was enough"),
        ],
    ),
    (
        "account_fact",
        "What was found out about an account, such as whether uploads are compared with their hash today.",
        &[
            ("account", "whose fact it is"),
            ("fact", "which"),
            ("value", "what was found out"),
            ("at", "when"),
        ],
    ),
    (
        "setting_change",
        "Settings of the target that were changed for a run.",
        &[
            ("id", "number"),
            ("target", "`account`"),
            ("job", "`job`"),
            ("setting", "which"),
            ("before", "value before"),
            ("after", "value during the run"),
            ("restored_at", "when it was put back"),
        ],
    ),
];

/// Table and column, and what each of its values means.
type States = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const STATES: &[States] = &[
    (
        "job",
        "state",
        &[
            ("listing", "the source is being listed"),
            ("running", "items are moved, or would be if a run were under way"),
            ("waiting", "stopped until an instant or until a person has signed in"),
            ("finished", "all parts have their outcome"),
        ],
    ),
    (
        "upload",
        "state",
        &[
            ("wanted", "to be received from the source"),
            ("spooled", "received and hashed, on disk"),
            ("staging", "being sent; an intent is open"),
            ("staged", "all bytes are at the target, but no item yet"),
            ("committing", "an item is being made; an intent is open"),
            ("committed", "the item exists; not looked at yet"),
            ("verified", "it exists, and a hash agreed at the target"),
            ("unverifiable", "it exists, without proof"),
            ("already_there", "the target had it before"),
            ("failed", "not sent or not accepted; `error` says why"),
        ],
    ),
    (
        "album",
        "state",
        &[
            ("wanted", "to be made"),
            ("creating", "being made; an intent is open"),
            ("open", "exists at the target"),
            ("failed", "could not be made; `error` says why"),
        ],
    ),
    (
        "filing",
        "state",
        &[
            ("wanted", "to be put into the album"),
            ("adding", "being put there; an intent is open"),
            ("filed", "is in the album"),
            ("unfiled", "could not be put there; `reason` says why"),
        ],
    ),
    (
        "intent",
        "kind",
        &[
            ("stage", "sending bytes"),
            ("commit", "making items"),
            ("create_album", "making an album"),
            ("add_to_album", "putting items into an album"),
        ],
    ),
    (
        "run",
        "kind",
        &[
            ("migrate", "moved"),
            ("retry", "took up what had failed"),
            ("verify", "looked at the target again"),
        ],
    ),
    (
        "planned",
        "state",
        &[
            ("unseen", "planned, not seen at the source so far"),
            ("same", "as planned"),
            ("changed", "at the source, but other than planned"),
            ("new", "at the source, but not planned"),
        ],
    ),
    (
        "planned_album",
        "state",
        &[
            ("unseen", "planned, not seen at the source so far"),
            ("same", "as planned"),
            ("new", "at the source, but not planned"),
        ],
    ),
];

/// Questions that people ask, each tried out on the tables.
const QUESTIONS: &[(&str, &str)] = &[
    (
        "Where is every file of job 1?",
        "SELECT coalesce(u.state, 'skipped') AS outcome, count(*) AS files, sum(p.size) AS bytes\n\
         FROM part p JOIN asset a ON a.id = p.asset LEFT JOIN upload u ON u.id = p.upload\n\
         WHERE a.job = 1 GROUP BY outcome;",
    ),
    (
        "What failed, and why?",
        "SELECT p.name, u.error FROM upload u JOIN part p ON p.upload = u.id WHERE u.state = 'failed' ORDER BY p.name;",
    ),
    (
        "What became of one picture?",
        "SELECT p.name, u.state, u.dest_id, e.detail FROM part p\n\
         LEFT JOIN upload u ON u.id = p.upload LEFT JOIN evidence e ON e.upload = u.id WHERE p.name = 'IMG_1234.jpg';",
    ),
    (
        "Which albums were made, with how many items?",
        "SELECT b.title, b.state, count(f.upload) AS items FROM album b\n\
         LEFT JOIN filing f ON f.album = b.id AND f.state = 'filed' GROUP BY b.id ORDER BY b.title;",
    ),
    (
        "How many requests did each day take?",
        "SELECT day, resource, sum(used) AS requests FROM ledger GROUP BY day, resource ORDER BY day;",
    ),
];

fn tables() -> Connection {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.sqlite");
    let mut connection = Connection::open_in_memory().unwrap();
    schema::bring_up(&mut connection, &path, schema::MIGRATIONS, schema::VERSION).unwrap();
    connection
}

fn column(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

fn page(connection: &Connection) -> String {
    let mut text = format!(
        "# The journal\n\nAll that photomove knows lies in one SQLite file, `journal.db` in the state folder. Read it as you like, also \
         while a run is under way; do not write to it.\n\n```sh\nsqlite3 -readonly ~/.local/state/photomove/journal.db\n```\n\n\
         This page is about version {} (`PRAGMA user_version`). An older journal is copied and brought up to date by the next run; a \
         newer one is refused. Instants are milliseconds since 1970 in UTC: `datetime(created_at / 1000, 'unixepoch')`. It holds \
         names of files and albums and who you are, and while uploads are under way also their tokens; it is readable for you \
         alone. `photomove doctor` shows where it lies and whether it is sound.\n\n## Questions\n",
        schema::VERSION
    );
    for (question, sql) in QUESTIONS {
        text.push_str(&format!("\n{question}\n\n```sql\n{sql}\n```\n"));
    }
    text.push_str("\n## Tables\n");
    for (table, about, columns) in TABLES {
        text.push_str(&format!(
            "\n### `{table}`\n\n{about}\n\n| column | type | meaning |\n|---|---|---|\n"
        ));
        for (name, meaning) in *columns {
            let sql = format!("SELECT lower(type) FROM pragma_table_info('{table}') WHERE name='{name}'");
            let kind = column(connection, &sql).into_iter().next().unwrap_or_default();
            text.push_str(&format!("| `{name}` | {kind} | {meaning} |\n"));
        }
        for (_, column, states) in STATES.iter().filter(|(of, ..)| of == table) {
            text.push_str(&format!("\n| `{column}` | meaning |\n|---|---|\n"));
            for (state, meaning) in *states {
                text.push_str(&format!("| `{state}` | {meaning} |\n"));
            }
        }
    }
    text
}

#[test]
fn reference_of_the_journal() {
    let connection = tables();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/journal.md");
    let page = page(&connection);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, page).unwrap();
        return;
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default().replace('\r', "");
    assert!(
        found == page,
        "docs/reference/journal.md is not what the tables are; `UPDATE_DOCS=1 cargo test -p photomove-migrate reference` writes it anew"
    );
}

#[test]
fn reference_names_every_table_column_and_state() {
    let connection = tables();
    let exist = column(
        &connection,
        "SELECT m.name || '.' || c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c
         WHERE m.type='table' AND m.name NOT LIKE 'sqlite_%'",
    );
    let described = TABLES
        .iter()
        .flat_map(|(table, _, columns)| columns.iter().map(move |(name, _)| format!("{table}.{name}")));
    let exist: BTreeSet<String> = exist.into_iter().collect();
    let described: BTreeSet<String> = described.collect();
    assert_eq!(
        exist.symmetric_difference(&described).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "columns without a description, or descriptions without a column"
    );
    for sql in column(&connection, "SELECT sql FROM sqlite_schema WHERE type='table'") {
        let table = sql.split(['(', ' ']).nth(2).unwrap();
        for check in sql.split("CHECK(").skip(1) {
            let Some((name, values)) = check.split_once(" IN") else {
                continue;
            };
            let values = values.trim_start().trim_start_matches('(').split(')').next().unwrap();
            let values: BTreeSet<&str> = values.split(',').map(|value| value.trim().trim_matches('\'')).collect();
            let known: BTreeSet<&str> = STATES
                .iter()
                .filter(|(of, column, _)| *of == table && *column == name)
                .flat_map(|(.., states)| states.iter().map(|(state, _)| *state))
                .collect();
            assert_eq!(values, known, "{table}.{name}");
        }
    }
}

#[test]
fn reference_asks_questions_that_can_be_asked() {
    let connection = tables();
    for (question, sql) in QUESTIONS {
        assert!(connection.prepare(sql).is_ok(), "{question}");
    }
}
