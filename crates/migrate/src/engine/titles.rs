//! Titles of albums that were asked for and that no album has: the nearest ones are named.

use photomove_core::{Error, ErrorKind, Operation};

/// Titles that are named beside a title that was not found.
const NAMED: usize = 3;
/// How alike two titles must be for one to be a misspelling of the other, from 0 to 1.
const ALIKE: f64 = 0.6;

/// The titles that come nearest to each that was asked for, as far as this run has listed albums.
#[derive(Debug, Default)]
pub(super) struct Titles {
    near: Vec<(String, Vec<(f64, String)>)>,
}

impl Titles {
    /// Compares a title of the library with those that were asked for.
    pub(super) fn note(&mut self, wanted: &[String], title: &str) {
        if self.near.is_empty() {
            self.near = wanted.iter().map(|wanted| (wanted.clone(), Vec::new())).collect();
        }
        for (wanted, near) in &mut self.near {
            let alike = likeness(wanted, title);
            if alike < ALIKE || near.iter().any(|(_, known)| known == title) {
                continue;
            }
            near.push((alike, title.to_owned()));
            near.sort_by(|a, b| b.0.total_cmp(&a.0));
            near.truncate(NAMED);
        }
    }

    /// The refusal of titles that no album has.
    pub(super) fn complaint(&self, missing: &[String]) -> Error {
        let message = match missing {
            [one] => format!("no album is called `{one}`"),
            several => format!("no albums are called {}", quoted(several.iter(), "or")),
        };
        let near: Vec<&String> = self
            .near
            .iter()
            .filter(|(wanted, _)| missing.contains(wanted))
            .flat_map(|(_, near)| near.iter().map(|(_, title)| title))
            .collect();
        let hint = match near.is_empty() {
            true => "the title must be the whole title of an album; upper and lower case do not matter".to_owned(),
            false => format!("did you mean {}?", quoted(near.into_iter(), "or")),
        };
        Error::new(ErrorKind::Config, message)
            .operation(Operation::ListAlbums)
            .hint(hint)
    }
}

/// How alike two titles are; one that begins with the other is nearly the same.
fn likeness(wanted: &str, title: &str) -> f64 {
    let (wanted, title) = (wanted.trim().to_lowercase(), title.trim().to_lowercase());
    if !wanted.is_empty() && title.contains(&wanted) {
        return 0.9;
    }
    strsim::normalized_damerau_levenshtein(&wanted, &title)
}

fn quoted<'a>(words: impl Iterator<Item = &'a String>, last: &str) -> String {
    let words: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        Some((end, [])) => end.clone(),
        Some((end, others)) => format!("{} {last} {end}", others.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(wanted: &[&str], library: &[&str]) -> String {
        let wanted: Vec<String> = wanted.iter().map(|title| (*title).to_owned()).collect();
        let mut titles = Titles::default();
        for title in library {
            titles.note(&wanted, title);
        }
        let error = titles.complaint(&wanted);
        format!("{} | {}", error.message(), error.hint_text().unwrap_or_default())
    }

    #[test]
    fn the_nearest_titles_are_named() {
        let library = ["Summer at the sea", "Winter", "Sumer", "Garden"];
        assert_eq!(
            complaint(&["summer"], &library),
            "no album is called `summer` | did you mean `Summer at the sea` or `Sumer`?"
        );
        assert_eq!(
            complaint(&["Wintre", "Gardens"], &library),
            "no albums are called `Wintre` or `Gardens` | did you mean `Winter` or `Garden`?"
        );
    }

    #[test]
    fn what_is_like_nothing_is_told_what_a_title_is() {
        assert_eq!(
            complaint(&["xyzzy"], &["Winter"]),
            "no album is called `xyzzy` | the title must be the whole title of an album; upper and lower case do not matter"
        );
    }
}
