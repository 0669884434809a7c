//! Words for numbers: counts, bytes, durations; and a guess at misspelled words.

use std::borrow::Cow;
use std::time::Duration;

use dialoguer::console::measure_text_width;

/// `12,345`.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 photo`, `2 photos`: the plural is the word with `s`.
pub(crate) fn counted(n: u64, word: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{} {word}{plural}", count(n))
}

/// `512 B`, `4.1 kB`, `23.5 MB`: decimal units, as services and disks are sold.
pub(crate) fn bytes(n: u64) -> String {
    const UNITS: [&str; 6] = ["B", "kB", "MB", "GB", "TB", "PB"];
    if n < 1000 {
        return format!("{n} B");
    }
    let mut value = n as f64;
    let mut unit = 0;
    // 999.95 would be rounded to `1000.0`.
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// A text of somebody else's as it can be shown: control characters and those that turn the direction of what follows are
/// replaced, so that a name can neither move the cursor nor look like another one.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let hides = |c: char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    match text.contains(hides) {
        true => Cow::Owned(text.replace(hides, "\u{fffd}")),
        false => Cow::Borrowed(text),
    }
}

/// Words on several lines, foreign ones among them: all but the line ends as [`printable`] has it.
pub(crate) fn printable_lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// `0.4 s`, `42 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`.
pub(crate) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", duration.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// A name on one line: what would steer the terminal is shown as a mark.
pub(crate) fn clean(name: &str) -> String {
    printable(name).into_owned()
}

/// Breaks a text into lines of at most `width` columns; the first one begins `indent` columns in, further ones two more.
/// A word that is longer than that is broken too.
pub(crate) fn wrapped(text: &str, indent: usize, width: usize) -> String {
    let mut lines = Vec::new();
    let mut line = " ".repeat(indent);
    let mut used = indent;
    let further = indent + 2;
    let mut empty = true;
    for word in text.split(' ') {
        let mut word = word;
        let room = |used: usize, empty: bool| width.saturating_sub(used + usize::from(!empty));
        if measure_text_width(word) > room(used, empty) && !empty {
            lines.push(std::mem::replace(&mut line, " ".repeat(further)));
            (used, empty) = (further, true);
        }
        while measure_text_width(word) > room(used, empty) {
            let end = word
                .char_indices()
                .map(|(at, c)| at + c.len_utf8())
                .take_while(|end| measure_text_width(&word[..*end]) <= room(used, empty))
                .last();
            // Narrower than a character: it has to go somewhere.
            let Some(end) = end else { break };
            line.push_str(&word[..end]);
            word = &word[end..];
            lines.push(std::mem::replace(&mut line, " ".repeat(further)));
            used = further;
        }
        if !empty {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += measure_text_width(word);
        empty = false;
    }
    lines.push(line);
    lines.join("\n")
}

/// Columns for text on the terminal that standard error is; 80 where there is none. Long lines are hard to read, so that
/// no more than 120 are used.
pub(crate) fn columns() -> usize {
    let size = dialoguer::console::Term::stderr().size_checked();
    size.map_or(80, |(_, columns)| usize::from(columns).clamp(40, 120))
}

/// Reads `10GiB`, `500 MB`, `4096`: decimal and binary units, with or without a space, in any case.
pub(crate) fn parse_bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let split = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "t" | "tb" => 1_000_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        _ => return None,
    };
    if let Ok(whole) = number.parse::<u64>() {
        return whole.checked_mul(factor);
    }
    let value = number.parse::<f64>().ok()? * factor as f64;
    // Above 2^53 a fraction means nothing; below it the conversion is exact enough for a limit.
    (value.is_finite() && value < 9e15).then_some(value as u64)
}

/// Returns the known words that `word` may be a misspelling of, nearest first.
pub(crate) fn similar<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let word = word.to_lowercase();
    let mut near: Vec<(usize, &str)> = known
        .into_iter()
        .map(|candidate| (distance(&word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1))
        .collect();
    near.sort_by_key(|(distance, _)| *distance);
    near.dedup_by_key(|(_, candidate)| *candidate);
    near.into_iter().map(|(_, candidate)| candidate).collect()
}

/// Edits between two words; two neighbours swapped are one edit.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let cost = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1)
                .min(rows[i][j - 1] + 1)
                .min(rows[i - 1][j - 1] + cost);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped() {
        assert_eq!(
            [0, 7, 999, 1000, 1_234_567].map(count),
            ["0", "7", "999", "1,000", "1,234,567"]
        );
        assert_eq!(counted(1, "album"), "1 album");
        assert_eq!(counted(2000, "album"), "2,000 albums");
    }

    #[test]
    fn bytes_have_one_decimal_and_never_four_digits() {
        assert_eq!(
            [0, 999, 1000, 999_949, 999_950, 23_456_789].map(bytes),
            ["0 B", "999 B", "1.0 kB", "999.9 kB", "1.0 MB", "23.5 MB"]
        );
    }

    #[test]
    fn names_cannot_move_the_cursor_or_turn_around() {
        assert_eq!(printable("a\u{1b}[2Jb\n"), "a\u{fffd}[2Jb\u{fffd}");
        assert_eq!(printable("gpj.\u{202e}exe"), "gpj.\u{fffd}exe");
        assert_eq!(printable("عيد 京都 👨‍👩‍👧.jpg"), "عيد 京都 👨‍👩‍👧.jpg");
    }

    #[test]
    fn durations_have_two_units_at_most() {
        let spoken = |seconds: f64| duration(Duration::from_secs_f64(seconds));
        assert_eq!(spoken(0.42), "0.4 s");
        assert_eq!(spoken(42.0), "42 s");
        assert_eq!(spoken(185.0), "3 min 5 s");
        assert_eq!(spoken(7800.0), "2 h 10 min");
        assert_eq!(spoken(273_600.0), "3 d 4 h");
    }

    #[test]
    fn sizes_are_read_with_decimal_and_binary_units() {
        assert_eq!(parse_bytes("4096"), Some(4096));
        assert_eq!(parse_bytes("10GiB"), Some(10 << 30));
        assert_eq!(parse_bytes("1.5 MB"), Some(1_500_000));
        assert_eq!(parse_bytes("500k"), Some(500_000));
        for wrong in ["", "GB", "1 parsec", "-1", "1.2.3", "99999999999 TB"] {
            assert_eq!(parse_bytes(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn text_is_broken_between_words_and_long_words_within() {
        assert_eq!(wrapped("one two three", 2, 9), "  one two\n    three");
        assert_eq!(wrapped("abcdefgh ij", 0, 5), "abcde\n  fgh\n  ij");
        assert_eq!(wrapped("short", 2, 80), "  short");
        assert_eq!(wrapped("日本語 日本", 0, 6), "日本語\n  日本");
    }

    #[test]
    fn near_words_are_suggested_and_far_ones_are_not() {
        assert_eq!(similar("usgae", ["usage", "google", "amazon"]), ["usage"]);
        assert_eq!(similar("Amazn", ["usage", "google", "amazon"]), ["amazon"]);
        assert!(similar("xyzzy", ["usage", "google", "amazon"]).is_empty());
    }
}
