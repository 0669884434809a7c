//! What lies at the target, compared with what lies at the source.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use photomove_sim::Sims;
use serde_json::Value;

use super::{Books, Findings, Rule, SOURCE, TARGET};

/// Compares both libraries and the journal.
pub(super) async fn check(sims: &Sims, books: &Books, findings: &mut Findings) {
    let source = lines(sims, SOURCE).await;
    let target = lines(sims, TARGET).await;
    check_items(&source, &target, books, findings);
    check_albums(sims, &source, &target, books, findings);
    check_doubled(sims, findings).await;
}

/// Nothing twice, and nothing that the source has not.
pub(super) async fn check_doubled(sims: &Sims, findings: &mut Findings) {
    let known: BTreeSet<String> = lines(sims, SOURCE).await.iter().map(sha1).collect();
    let mut seen: HashMap<String, u64> = HashMap::new();
    for item in sims.google().expect("started").library() {
        // What was there from another app is not ours, and may be something else.
        findings.check(Rule::Doubled, known.contains(&item.sha1) || !item.app_created, || {
            format!("the target holds {} that the source has not", item.name)
        });
        *seen.entry(item.sha1).or_default() += 1;
    }
    for (sha1, times) in seen.into_iter().filter(|(_, times)| *times > 1) {
        findings.add(Rule::Doubled, format!("the target holds {sha1} {times} times"));
    }
    let mut titles: BTreeMap<String, i64> = BTreeMap::new();
    for album in sims.service(TARGET).expect("started").album_lines() {
        *titles.entry(text(&album, "title")).or_default() += 1;
    }
    for album in sims.service(SOURCE).expect("started").album_lines() {
        *titles.entry(text(&album, "title")).or_default() -= 1;
    }
    for (title, more) in titles.into_iter().filter(|(_, more)| *more > 0) {
        findings.add(
            Rule::Doubled,
            format!("the target has {more} albums `{title}` too many"),
        );
    }
}

fn check_items(source: &[Value], target: &[Value], books: &Books, findings: &mut Findings) {
    let at_target: HashMap<String, &Value> = target.iter().map(|item| (text(item, "id"), item)).collect();
    let contents: BTreeSet<(String, Option<u64>)> =
        target.iter().map(|item| (sha1(item), item["size"].as_u64())).collect();
    let mut assets: HashMap<&str, u64> = HashMap::new();
    for asset in &books.assets {
        *assets.entry(asset).or_default() += 1;
    }
    let mut parts: HashMap<&str, Vec<_>> = HashMap::new();
    for part in &books.parts {
        parts.entry(&part.asset).or_default().push(part);
    }
    for item in source {
        let (id, name) = (text(item, "id"), &item["name"]);
        let own = parts.get(id.as_str()).map_or(&[][..], Vec::as_slice);
        if assets.get(id.as_str()) != Some(&1) || own.len() != 1 {
            findings.add(Rule::Lost, format!("{name} is {} times in the journal", own.len()));
            continue;
        }
        let Some(upload) = own[0].upload.and_then(|id| books.uploads.get(&id)) else {
            continue;
        };
        if !upload.arrived() {
            continue;
        }
        let content = (sha1(item), item["size"].as_u64());
        findings.check(Rule::Lost, contents.contains(&content), || {
            format!("{name} is {} in the journal and not at the target", upload.state)
        });
        let told = upload.dest.as_ref().and_then(|dest| at_target.get(dest));
        let right = told.is_some_and(|told| (sha1(told), told["size"].as_u64()) == content);
        findings.check(Rule::Bytes, right, || {
            format!("{name}: the journal's item at the target has other bytes, or is not there")
        });
    }
    findings.check(Rule::Lost, books.assets.len() == source.len(), || {
        format!(
            "the source has {} items, the journal {}",
            source.len(),
            books.assets.len()
        )
    });
}

fn check_albums(sims: &Sims, source: &[Value], target: &[Value], books: &Books, findings: &mut Findings) {
    let arrived = books.arrived();
    let excused: BTreeSet<(String, String)> = books
        .filings
        .iter()
        .filter(|filing| filing.state == "unfiled")
        .filter_map(|filing| Some((filing.title.clone(), books.uploads.get(&filing.upload)?.sha1.clone()?)))
        .collect();
    let wanted = members(source);
    let got = members(target);
    for album in sims.service(SOURCE).expect("started").album_lines() {
        let title = text(&album, "title");
        let none = BTreeSet::new();
        let (wanted, got) = (wanted.get(&title).unwrap_or(&none), got.get(&title).unwrap_or(&none));
        for sha1 in wanted.difference(got).filter(|sha1| arrived.contains(*sha1)) {
            findings.check(Rule::Albums, excused.contains(&(title.clone(), sha1.clone())), || {
                format!("`{title}` misses {sha1}")
            });
        }
        for sha1 in got.difference(wanted) {
            findings.add(
                Rule::Albums,
                format!("`{title}` holds {sha1}, which does not belong there"),
            );
        }
    }
}

/// Contents of each album by its title.
fn members(items: &[Value]) -> BTreeMap<String, BTreeSet<String>> {
    let mut albums: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for item in items {
        for title in item["albums"].as_array().into_iter().flatten() {
            albums
                .entry(title.as_str().unwrap_or_default().to_owned())
                .or_default()
                .insert(sha1(item));
        }
    }
    albums
}

/// Items that can be seen; what lies in the trash is not part of a library.
async fn lines(sims: &Sims, kind: photomove_sim::ServiceKind) -> Vec<Value> {
    let mut lines = sims.service(kind).expect("started").library_lines().await;
    lines.retain(|item| item["state"] != "trashed");
    lines
}

fn sha1(item: &Value) -> String {
    text(item, "sha1")
}

fn text(item: &Value, name: &str) -> String {
    item[name].as_str().unwrap_or_default().to_owned()
}
