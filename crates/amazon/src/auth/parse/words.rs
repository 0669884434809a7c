//! Words of command lines as shells cut them: what browsers copy is written for one of three.

/// What a command line is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shell {
    /// sh, bash, zsh.
    Posix,
    /// The command prompt of Windows.
    Cmd,
}

impl Shell {
    /// Tells it from the quoting: browsers escape with carets for the command prompt, and quote with `'` for the others.
    pub(super) fn of(text: &str) -> Self {
        let carets = text.contains("^\"") || text.lines().any(|line| line.trim_end().ends_with(" ^"));
        let after_name = text.split_whitespace().nth(1).unwrap_or_default();
        let double = after_name.starts_with('"') && !text.lines().any(|line| line.trim_end().ends_with('\\'));
        if carets || double { Self::Cmd } else { Self::Posix }
    }

    /// Cuts a command line, with line ends as `\n`, into words; `None` if it breaks off.
    pub(super) fn split(self, text: &str) -> Option<Vec<String>> {
        match self {
            Self::Posix if breaks_off(text, '\\') => None,
            Self::Posix => shell_words::split(&plain_quotes(text)?).ok(),
            Self::Cmd if breaks_off(text, '^') => None,
            Self::Cmd => arguments(&without_carets(text)),
        }
    }
}

/// Whether the last line promises another one. A doubled mark is a mark itself.
fn breaks_off(text: &str, mark: char) -> bool {
    let text = text.trim_end_matches([' ', '\t', '\n']);
    (text.len() - text.trim_end_matches(mark).len()) % 2 == 1
}

/// Writes each `$'…'`, which the POSIX splitter does not know, as `'…'`; `None` if one is not closed.
fn plain_quotes(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    let mut quote = None;
    while let Some(c) = rest.next() {
        match (quote, c) {
            (None, '$') if rest.as_str().starts_with('\'') => {
                rest.next();
                out.push('\'');
                for c in ansi_c(&mut rest)?.chars() {
                    match c {
                        '\'' => out.push_str(r"'\''"),
                        c => out.push(c),
                    }
                }
                out.push('\'');
                continue;
            }
            (None | Some('"'), '\\') => {
                out.push(c);
                out.extend(rest.next());
                continue;
            }
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
        out.push(c);
    }
    Some(out)
}

/// Reads the inside of `$'…'` up to and with its closing quote.
fn ansi_c(rest: &mut std::str::Chars<'_>) -> Option<String> {
    let mut out = String::new();
    loop {
        match rest.next()? {
            '\'' => return Some(out),
            '\\' => match rest.next()? {
                'n' => out.push('\n'),
                'r' => out.push('\r'),
                't' => out.push('\t'),
                'a' => out.push('\u{7}'),
                'b' => out.push('\u{8}'),
                'e' | 'E' => out.push('\u{1b}'),
                'f' => out.push('\u{c}'),
                'v' => out.push('\u{b}'),
                'x' => out.push(code(rest, 16, 2, 0)?),
                'u' => out.push(code(rest, 16, 4, 0)?),
                'U' => out.push(code(rest, 16, 8, 0)?),
                first @ '0'..='7' => out.push(code(rest, 8, 2, first.to_digit(8)?)?),
                c => out.push(c),
            },
            c => out.push(c),
        }
    }
}

/// Reads at most so many digits of a character's number.
fn code(rest: &mut std::str::Chars<'_>, radix: u32, most: usize, mut number: u32) -> Option<char> {
    for _ in 0..most {
        let Some(digit) = rest.clone().next().and_then(|c| c.to_digit(radix)) else {
            break;
        };
        rest.next();
        number = number.checked_mul(radix)?.checked_add(digit)?;
    }
    char::from_u32(number)
}

/// What the command prompt makes of its carets: outside of quotes each lets the next character through as it is, and joins
/// lines.
fn without_carets(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    let mut quoted = false;
    while let Some(c) = rest.next() {
        match c {
            '^' if !quoted => match rest.next() {
                // The line end goes, and what follows it is taken as it is: a second line end is one.
                Some('\n') => out.extend(rest.next()),
                escaped => out.extend(escaped),
            },
            '"' => {
                quoted = !quoted;
                out.push(c);
            }
            // A quote never lasts beyond its line.
            '\n' => {
                quoted = false;
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// Cuts a line as programs on Windows do; `None` if a quote is not closed.
fn arguments(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            ' ' | '\t' | '\n' if !quoted => words.extend(word.take()),
            '\\' => {
                let mut count = 1;
                while rest.next_if_eq(&'\\').is_some() {
                    count += 1;
                }
                let word = word.get_or_insert_default();
                // Only before a quote does a backslash mean anything.
                if rest.peek() == Some(&'"') {
                    word.extend(std::iter::repeat_n('\\', count / 2));
                    if count % 2 == 1 {
                        word.extend(rest.next());
                    }
                } else {
                    word.extend(std::iter::repeat_n('\\', count));
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                if quoted && rest.next_if_eq(&'"').is_some() {
                    word.push('"');
                } else {
                    quoted = !quoted;
                }
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    (!quoted).then_some(words)
}

/// Reads a PowerShell text in double quotes that begins at the start of `text`; returns it and what follows.
pub(super) fn powershell_text(text: &str) -> Option<(String, &str)> {
    const NUMBERED: &str = "$([char]";
    let mut rest = text.strip_prefix('"')?.chars();
    let mut out = String::new();
    loop {
        if let Some(after) = rest.as_str().strip_prefix(NUMBERED) {
            let (number, after) = after.split_once(')')?;
            out.push(char::from_u32(number.trim().parse().ok()?)?);
            rest = after.chars();
            continue;
        }
        match rest.next()? {
            '"' if rest.as_str().starts_with('"') => {
                rest.next();
                out.push('"');
            }
            '"' => return Some((out, rest.as_str())),
            '`' => out.push(match rest.next()? {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                c => c,
            }),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(r"curl 'a b' \
  -H 'c'", &["curl", "a b", "-H", "c"])]
    #[case(r"curl $'it\'s' 'it'\''s' $'\u0021\x21\041\t\\'", &["curl", "it's", "it's", "!!!\t\\"])]
    #[case(r#"curl -s "$'x'" '$'"#, &["curl", "-s", "$'x'", "$"])]
    fn posix_words(#[case] text: &str, #[case] expected: &[&str]) {
        assert_eq!(Shell::of(text), Shell::Posix, "{text}");
        assert_eq!(Shell::Posix.split(text).unwrap(), expected);
    }

    #[rstest]
    #[case("curl ^\"https://x/^?a=1^&b=2^\" ^\n  -H ^\"a: ^\\^\"q^\\^\"^\" ^\n  -b ^\"c=Atza^|x^%^2F^\"",
        &["curl", "https://x/?a=1&b=2", "-H", "a: \"q\"", "-b", "c=Atza|x%2F"])]
    #[case("curl ^\"a^\n\nb^\"", &["curl", "a\nb"])]
    #[case(r#"curl "https://x" -H "a: ""q""" -H "c:\d\\""#, &["curl", "https://x", "-H", "a: \"q\"", "-H", r"c:\d\"])]
    fn words_of_the_command_prompt(#[case] text: &str, #[case] expected: &[&str]) {
        assert_eq!(Shell::of(text), Shell::Cmd, "{text}");
        assert_eq!(Shell::Cmd.split(text).unwrap(), expected);
    }

    #[rstest]
    #[case("curl 'a")]
    #[case("curl $'a")]
    #[case("curl 'a' \\")]
    #[case("curl 'a' \\\n")]
    #[case("curl ^\"a")]
    #[case("curl ^\"a^\" ^")]
    fn what_breaks_off_is_told(#[case] text: &str) {
        assert_eq!(Shell::of(text).split(text), None);
    }

    #[rstest]
    #[case(r#""a`"b`$c""d$([char]233)`n", x"#, Some(("a\"b$c\"dé\n", ", x")))]
    #[case(r#""open"#, None)]
    #[case("x", None)]
    fn texts_of_powershell(#[case] text: &str, #[case] expected: Option<(&str, &str)>) {
        let found = powershell_text(text);
        assert_eq!(found.as_ref().map(|(text, rest)| (text.as_str(), *rest)), expected);
    }
}
