//! What the browser shows when it is back: one small page, in light and dark, without anything from elsewhere.

/// What happened, as far as this machine knows it when the browser arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Landing {
    /// An answer with a code came.
    Arrived,
    /// The person pressed `Cancel`.
    Declined,
    /// The answer cannot be used.
    Unusable,
    /// Something else was asked for.
    NotHere,
}

const STYLE: &str = "\
:root{color-scheme:light dark;--ground:#f6f8fa;--paper:#fff;--ink:#1f2328;--soft:#59636e;--line:#d1d9e0;--good:#1a7f37;--bad:#b35900}\
@media (prefers-color-scheme:dark){:root{--ground:#0d1117;--paper:#161b22;--ink:#e6edf3;--soft:#9198a1;--line:#3d444d;\
--good:#3fb950;--bad:#db8b3b}}\
*{box-sizing:border-box}\
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--ground);color:var(--ink);\
font:17px/1.55 system-ui,-apple-system,'Segoe UI',sans-serif}\
main{width:min(30rem,100%);padding:2.25rem 2rem;background:var(--paper);border:1px solid var(--line);border-radius:14px;\
text-align:center}\
svg{width:3.5rem;height:3.5rem}\
h1{margin:.75rem 0 .5rem;font-size:1.4rem;font-weight:600;line-height:1.25}\
p{margin:0;color:var(--soft)}\
footer{margin-top:1.5rem;font-size:.85rem;color:var(--soft)}";

const TICK: &str = "<path d=\"M8 12.5l2.8 2.8L16.2 9\"/>";
const DASH: &str = "<path d=\"M8 12h8\"/>";

impl Landing {
    /// Returns the status line's end.
    pub(crate) fn status(self) -> &'static str {
        match self {
            Self::Arrived => "200 OK",
            Self::Declined | Self::Unusable => "400 Bad Request",
            Self::NotHere => "404 Not Found",
        }
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            // Only the exchange that follows can tell whether everything was allowed.
            Self::Arrived => (
                "Google’s answer has arrived",
                "Go back to photomove: it says whether everything is in order. You can close this page.",
            ),
            Self::Declined => (
                "You are not signed in",
                "Consent was refused on Google’s page, and nothing was changed. photomove says how to try again. You can close \
                 this page.",
            ),
            Self::Unusable => (
                "You are not signed in",
                "Google’s answer cannot be used. photomove says why and what to do. You can close this page.",
            ),
            Self::NotHere => ("Nothing to see here", "This address is for photomove’s sign-in only."),
        }
    }

    /// Returns the page.
    pub(crate) fn html(self) -> String {
        let (title, words) = self.words();
        let (colour, sign) = match self {
            Self::Arrived => ("--good", TICK),
            _ => ("--bad", DASH),
        };
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title} – photomove</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n\
             <svg viewBox=\"0 0 24 24\" fill=\"none\" stroke=\"var({colour})\" stroke-width=\"1.5\" stroke-linecap=\"round\" \
             stroke-linejoin=\"round\" aria-hidden=\"true\"><circle cx=\"12\" cy=\"12\" r=\"10\"/>{sign}</svg>\n\
             <h1>{title}</h1>\n<p>{words}</p>\n<footer>photomove</footer>\n</main>\n</body>\n</html>\n"
        )
    }
}
