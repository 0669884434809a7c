//! Requests as browsers copy them: "Copy as cURL" for three shells, "Copy as PowerShell".

use photomove_core::{Error, Result};
use url::Url;

use super::words::{Shell, powershell_text};
use super::{COPY_AGAIN, config, none};
use crate::auth::cookies::{Cookies, suffix};
use crate::auth::marketplace::{self, Marketplace};

/// Options of curl whose next word is their value, as far as browsers write them; the value may look like an address.
const WITH_VALUE: [&str; 15] = [
    "-X",
    "--request",
    "-d",
    "--data",
    "--data-raw",
    "--data-binary",
    "--data-urlencode",
    "--json",
    "-A",
    "--user-agent",
    "-e",
    "--referer",
    "-o",
    "-u",
    "-x",
];
/// How PowerShell makes a cookie.
const POWERSHELL_COOKIE: &str = "System.Net.Cookie(";
/// The commands of PowerShell that send a request.
const POWERSHELL: [&str; 2] = ["Invoke-WebRequest", "Invoke-RestMethod"];

/// What was copied. No `Debug`: the cookies let somebody in.
#[derive(Default)]
struct Request {
    address: Option<String>,
    /// Texts of `Cookie` headers.
    headers: Vec<String>,
    /// Cookies one by one.
    pairs: Vec<(String, String)>,
}

/// Whether a text is a command of curl.
pub(super) fn is_curl(text: &str) -> bool {
    let name = text.split_whitespace().next().unwrap_or_default();
    name.eq_ignore_ascii_case("curl") || name.eq_ignore_ascii_case("curl.exe")
}

/// Whether a text is a command of PowerShell.
pub(super) fn is_powershell(text: &str) -> bool {
    text.starts_with("$session")
        || text.contains(POWERSHELL_COOKIE)
        || POWERSHELL.iter().any(|name| text.contains(name))
}

/// Whether a command of curl has all that its quotes and line ends promise.
pub(super) fn is_whole_curl(text: &str) -> bool {
    Shell::of(text).split(text).is_some()
}

/// Whether a command of PowerShell has all that its quotes, brackets and line ends promise.
pub(super) fn is_whole_powershell(text: &str) -> bool {
    let Some(start) = POWERSHELL.iter().find_map(|name| text.find(name)) else {
        return false;
    };
    let mut rest = &text[start..];
    let mut open = 0_i32;
    while let Some(c) = rest.chars().next() {
        if c == '"' {
            match powershell_text(rest) {
                Some((_, after)) => rest = after,
                None => return false,
            }
            continue;
        }
        open += i32::from(matches!(c, '{' | '(')) - i32::from(matches!(c, '}' | ')'));
        rest = &rest[c.len_utf8()..];
    }
    open <= 0 && !text.trim_end().ends_with('`')
}

/// Reads one command of curl, or several as "Copy all as cURL" gives them: the first that went to a shop with cookies.
pub(super) fn curl(text: &str) -> Result<Cookies> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let words = Shell::of(&text).split(&text).ok_or_else(broken_off)?;
    let requests = words
        .split(|word| matches!(word.as_str(), ";" | "&" | "&&"))
        .filter(|command| !command.is_empty())
        .map(of_words);
    let requests = requests.collect::<Result<Vec<Request>>>()?;
    let useful = |request: &&Request| {
        let has_cookies = !request.headers.is_empty();
        has_cookies && request.shop().is_ok()
    };
    match requests.iter().find(useful).or(requests.first()) {
        Some(request) => request.cookies(),
        None => Err(broken_off()),
    }
}

/// Reads the words of one command.
fn of_words(words: &[String]) -> Result<Request> {
    let mut request = Request::default();
    let mut words = words.iter().map(String::as_str).skip(1);
    while let Some(word) = words.next() {
        let (option, joined) = option_of(word);
        match option {
            "-b" | "--cookie" => {
                let value = joined.or_else(|| words.next()).unwrap_or_default();
                if !value.contains('=') {
                    return Err(config("the copied command takes its cookies from a file")
                        .hint("give that file with `--cookies FILE`"));
                }
                request.headers.push(value.to_owned());
            }
            "-H" | "--header" => {
                let value = joined.or_else(|| words.next()).unwrap_or_default();
                if let Some((name, cookies)) = value.split_once(':')
                    && name.trim().eq_ignore_ascii_case("cookie")
                {
                    request.headers.push(cookies.to_owned());
                }
            }
            "--url" => request.address = joined.or_else(|| words.next()).map(str::to_owned),
            _ if WITH_VALUE.contains(&option) => {
                let _value = joined.or_else(|| words.next());
            }
            _ if !word.starts_with('-') && request.address.is_none() => request.address = Some(word.to_owned()),
            _ => {}
        }
    }
    Ok(request)
}

/// An option and the value that is written in the same word.
fn option_of(word: &str) -> (&str, Option<&str>) {
    if let Some((option, value)) = word.split_once('=')
        && option.starts_with("--")
    {
        return (option, Some(value));
    }
    match word.split_at_checked(2) {
        Some((option @ ("-b" | "-H"), value)) if !value.is_empty() => (option, Some(value)),
        _ => (word, None),
    }
}

/// Reads "Copy as PowerShell".
pub(super) fn powershell(text: &str) -> Result<Cookies> {
    let mut request = Request::default();
    for piece in text.split(POWERSHELL_COOKIE).skip(1) {
        let (name, rest) = powershell_text(piece.trim_start()).ok_or_else(broken_off)?;
        let rest = rest.trim_start().strip_prefix(',').ok_or_else(broken_off)?;
        let (value, _) = powershell_text(rest.trim_start()).ok_or_else(broken_off)?;
        request.pairs.push((name, value));
    }
    if let Some((_, rest)) = text.split_once("-Uri") {
        request.address = powershell_text(rest.trim_start()).map(|(address, _)| address);
    }
    request.cookies()
}

impl Request {
    /// The shop that it went to.
    fn shop(&self) -> Result<Marketplace> {
        let address = self.address.as_deref().ok_or_else(broken_off)?;
        let url = Url::parse(address).or_else(|_| Url::parse(&format!("https://{address}")));
        let url = url.map_err(|_| broken_off())?;
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        if let Some(shop) = Marketplace::of_host(&host) {
            return Ok(shop);
        }
        if super::is_amazon_host(&host) {
            return Err(marketplace::unknown(&format!(
                "the copied request went to `{host}`, which belongs to no known Amazon shop"
            )));
        }
        let what = if host.ends_with("amazonaws.com") {
            "a browser sends no cookies there"
        } else {
            "which is no Amazon shop"
        };
        Err(config(format!("the copied request went to `{host}`, {what}")).hint(COPY_AGAIN))
    }

    fn cookies(&self) -> Result<Cookies> {
        let shop = self.shop()?;
        let mut cookies = Cookies::default();
        let parts = self.headers.iter().flat_map(|header| header.split(';'));
        // A cookie without a name is possible in browsers; the service's have one.
        let parts = parts.filter_map(|part| part.split_once('='));
        let pairs = self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (number, (name, value)) in parts.chain(pairs).enumerate() {
            let place = format!("cookie {} of the copied request", number + 1);
            cookies.add_of_browser(name.trim(), value.trim(), Some(shop.domain()), &place)?;
        }
        if cookies.is_empty() {
            return Err(none("the copied request has no cookies"));
        }
        contradiction(&cookies, shop)?;
        Ok(cookies)
    }
}

/// Refuses cookies that are of another shop than the one that they were sent to.
fn contradiction(cookies: &Cookies, shop: Marketplace) -> Result<()> {
    let shops = cookies.names().filter_map(suffix).map(Marketplace::from_suffix);
    let shops: Vec<Option<Marketplace>> = shops.collect();
    match shops.iter().flatten().next() {
        Some(other) if !shops.contains(&Some(shop)) => Err(config(format!(
            "the copied request has cookies of {other}, but it went to {shop}"
        ))
        .hint(format!(
            "open https://www.{other}/photos, where you are signed in, and copy a request of that page"
        ))),
        _ => Ok(()),
    }
}

fn broken_off() -> Error {
    config("the copied command breaks off").hint(COPY_AGAIN)
}

#[cfg(test)]
mod tests {
    use photomove_core::{AuthProblem, ErrorKind};
    use rstest::rstest;
    use secrecy::ExposeSecret;

    use super::super::any;
    use super::*;

    fn pairs(cookies: &Cookies) -> Vec<(&str, &str, Option<&str>)> {
        cookies
            .iter()
            .map(|cookie| {
                (
                    cookie.name.as_str(),
                    cookie.value.expose_secret(),
                    cookie.domain.as_deref(),
                )
            })
            .collect()
    }

    const CHROME_BASH: &str = "curl 'https://www.amazon.de/drive/v1/account/usage?asset=ALL&_=17' \\\n  -H 'accept: */*' \\\n  \
        -b 'session-id=133-1; ubid-acbde=2; at-acbde=Atza|x/y+z==; sess-at-acbde=\"q=\"' \\\n  \
        -H 'referer: https://www.amazon.de/photos/all' \\\n  -H $'x-odd: it\\'s\\u0021'";
    const CHROME_CMD: &str = "curl ^\"https://www.amazon.de/drive/v1/account/usage?asset=ALL^&_=17^\" ^\r\n  -H ^\"accept: */*^\" ^\r\n  \
        -b ^\"session-id=133-1; ubid-acbde=2; at-acbde=Atza^|x/y+z==; sess-at-acbde=^\\^\"q=^\\^\"^\" ^\r\n  -H ^\"x-odd: ^%^41^\"";
    const FIREFOX: &str = "curl 'https://www.amazon.de/drive/v1/nodes?x' --compressed -H 'User-Agent: M' \
        -H 'Connection: keep-alive' -H $'Cookie: session-id=133-1; ubid-acbde=2; at-acbde=Atza|x/y+z==; sess-at-acbde=\"q=\"'";
    const FIREFOX_CMD: &str = "curl \"https://www.amazon.de/drive/v1/nodes\" -H \"Accept: */*\" \
        -H \"Cookie: session-id=133-1; ubid-acbde=2; at-acbde=Atza|x/y+z==; sess-at-acbde=\"\"q=\"\"\"";
    const SAFARI: &str = "curl 'https://www.amazon.de/drive/v1/nodes' \\\r-X 'GET' \\\r\
        -H 'Cookie: session-id=133-1; ubid-acbde=2; at-acbde=Atza|x/y+z==; sess-at-acbde=\"q=\"' \\\r-H 'Accept: */*'\r";
    const POWERSHELL_TEXT: &str = "$session = New-Object Microsoft.PowerShell.Commands.WebRequestSession\r\n\
        $session.UserAgent = \"Mozilla/5.0\"\r\n\
        $session.Cookies.Add((New-Object System.Net.Cookie(\"session-id\", \"133-1\", \"/\", \".amazon.de\")))\r\n\
        $session.Cookies.Add((New-Object System.Net.Cookie(\"ubid-acbde\", \"2\", \"/\", \".amazon.de\")))\r\n\
        $session.Cookies.Add((New-Object System.Net.Cookie(\"at-acbde\", \"Atza|x/y+z==\", \"/\", \".amazon.de\")))\r\n\
        $session.Cookies.Add((New-Object System.Net.Cookie(\"sess-at-acbde\", \"`\"q=`\"\", \"/\", \".amazon.de\")))\r\n\
        Invoke-WebRequest -UseBasicParsing -Uri \"https://www.amazon.de/drive/v1/nodes\" `\r\n-WebSession $session `\r\n\
        -Headers @{\r\n\"accept\"=\"*/*\"\r\n}";

    #[rstest]
    #[case::chrome_bash(CHROME_BASH)]
    #[case::chrome_cmd(CHROME_CMD)]
    #[case::firefox(FIREFOX)]
    #[case::firefox_cmd(FIREFOX_CMD)]
    #[case::safari(SAFARI)]
    #[case::powershell(POWERSHELL_TEXT)]
    fn requests_of_every_browser_and_shell_are_understood(#[case] text: &str) {
        let de = Some("amazon.de");
        let expected = [
            ("session-id", "133-1", de),
            ("ubid-acbde", "2", de),
            ("at-acbde", "Atza|x/y+z==", de),
            ("sess-at-acbde", "\"q=\"", de),
        ];
        assert_eq!(pairs(&any(text).unwrap()), expected);
        assert!(super::super::is_whole(text));
        // Without its end it is not whole, wherever the line breaks.
        let lines: Vec<&str> = text.trim_end().split_inclusive(['\r', '\n']).collect();
        for end in 1..lines.len() {
            let part = lines[..end].concat();
            assert!(!super::super::is_whole(&part), "{part}");
        }
    }

    #[test]
    fn of_all_copied_requests_the_one_with_cookies_of_a_shop_counts() {
        let text = format!(
            "curl 'https://images.example/a.png' -H 'cookie: a=b' ;\ncurl 'https://www.amazon.de/x' ;\n{CHROME_BASH}"
        );
        assert_eq!(any(&text).unwrap().names().count(), 4);
    }

    #[test]
    fn strange_cookies_of_other_programs_are_left_out() {
        let text = "curl 'https://www.amazon.com/x' -b 'nameless; odd=\u{e9}; session-id=1; =x'";
        assert_eq!(
            any(text).unwrap().names().collect::<Vec<_>>(),
            ["session-id"],
            "a browser has more than the service's own"
        );
        let text = "curl 'https://www.amazon.com/x' -b 'session-id=HUSH\u{e9}'";
        let error = any(text).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("cookie 1 of the copied request has a character"),
            "{error}"
        );
        assert!(!format!("{error:?}").contains("HUSH"));
    }

    #[rstest]
    #[case(
        "curl 'https://www.google.com/x?HUSH' -H 'cookie: SID=HUSH'",
        "the copied request went to `www.google.com`, which is no Amazon shop"
    )]
    #[case(
        "curl 'https://content-eu.drive.amazonaws.com/cdproxy/HUSH'",
        "went to `content-eu.drive.amazonaws.com`, a browser sends no cookies there"
    )]
    #[case(
        "curl 'https://www.amazon.com/drive' -b 'session-id=HUSH; at-acbuk=HUSH; ubid-acbuk=HUSH'",
        "the copied request has cookies of amazon.co.uk, but it went to amazon.com"
    )]
    #[case(
        "curl 'https://www.amazon.zz/drive' -b 'session-id=HUSH'",
        "went to `www.amazon.zz`, which belongs to no known Amazon shop"
    )]
    #[case(
        "curl 'https://www.amazon.de/drive' -b 'session-id=HUSH",
        "the copied command breaks off"
    )]
    #[case("curl -H 'cookie: HUSH=1'", "the copied command breaks off")]
    #[case("curl 'https://www.amazon.de/drive' -b cookies.txt", "takes its cookies from a file")]
    #[case("Invoke-WebRequest -Uri \"https://www.google.com/HUSH\"", "went to `www.google.com`")]
    fn what_leads_nowhere_is_refused_without_its_content(#[case] text: &str, #[case] expected: &str) {
        let error = any(text).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(expected), "{error}");
        assert!(error.hint_text().is_some());
        assert!(!format!("{error:?}").contains("HUSH"), "{error:?}");
    }

    #[test]
    fn a_request_without_cookies_is_a_missing_sign_in() {
        let error = any("curl 'https://www.amazon.de/drive/v1/nodes' -H 'accept: */*'").unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Auth(AuthProblem::Missing));
        assert!(error.to_string().contains("the copied request has no cookies"));
    }
}
