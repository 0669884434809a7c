//! The tables of `docs/recordings.md`.

use std::path::Path;

use super::compare::Difference;

/// How a stand-in's reply is compared with a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The same keys.
    Exact,
    /// The recorded keys; the recording is known not to be whole.
    AtLeast,
    /// Only a request was recorded; it must be understood.
    Request,
    /// Not at all.
    None,
}

#[derive(Debug)]
pub struct Row {
    pub recording: String,
    pub client: Option<String>,
    pub stand_in: Option<String>,
    pub shape: Shape,
    pub note: String,
}

#[derive(Debug)]
pub struct Table {
    pub rows: Vec<Row>,
    pub explained: Vec<Difference>,
}

impl Table {
    pub fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/recordings.md");
        let text = std::fs::read_to_string(path).expect("docs/recordings.md");
        let rows = body(&text, "| recording | client method | stand-in route | shape | note |");
        let explained = body(&text, "| recording | path | difference | why |");
        Self {
            rows: rows.map(row).collect(),
            explained: explained.map(difference).collect(),
        }
    }
}

/// The lines of the table with this head, as cells without backticks.
fn body<'a>(text: &'a str, head: &str) -> impl Iterator<Item = Vec<String>> + use<'a> {
    let (_, rest) = text.split_once(&format!("{head}\n")).expect("the table is there");
    let lines = rest.lines().skip(1).take_while(|line| line.starts_with('|'));
    lines.map(|line| {
        let cells = line.trim().trim_matches('|').split('|');
        cells.map(|cell| cell.trim().replace('`', "")).collect()
    })
}

fn row(cells: Vec<String>) -> Row {
    let [recording, client, stand_in, shape, note] = cells.try_into().expect("five cells");
    let shape = match shape.as_str() {
        "exact" => Shape::Exact,
        "at least" => Shape::AtLeast,
        "request" => Shape::Request,
        "–" => Shape::None,
        other => panic!("{recording}: unknown shape {other:?}"),
    };
    let some = |cell: String| (cell != "–").then_some(cell);
    Row {
        client: some(client),
        stand_in: some(stand_in),
        shape,
        note,
        recording,
    }
}

fn difference(cells: Vec<String>) -> Difference {
    let [recording, path, what, why] = cells.try_into().expect("four cells");
    assert!(!why.is_empty(), "{recording} {path}: say why");
    Difference { recording, path, what }
}
