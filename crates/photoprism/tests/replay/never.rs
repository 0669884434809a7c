//! Recorded requests that no function of the client makes, each with the reason.

use crate::recording::Exchange;

struct Reason {
    why: &'static str,
    is: fn(&Exchange) -> bool,
}

const REASONS: &[Reason] = &[
    Reason {
        why: "the interface has no HEAD, OPTIONS and PATCH; the client looks at answers instead",
        is: |exchange| matches!(exchange.method.as_str(), "HEAD" | "OPTIONS" | "PATCH"),
    },
    Reason {
        why: "files are written under another name and moved instead of locked",
        is: |exchange| exchange.method == "LOCK" || exchange.name == "put-locked",
    },
    Reason {
        why: "a method that the server does not know there",
        is: |exchange| {
            exchange.name.starts_with("wrong-method")
                || matches!(
                    exchange.name.as_str(),
                    "like-batch" | "archive-put" | "import-get" | "post"
                )
        },
    },
    Reason {
        why: "an address that there is not",
        is: |exchange| {
            let path = exchange.path.as_str();
            let none = [
                "/",
                "/nope",
                "/api/v1",
                "/api/v1/",
                "/api/v1//albums",
                "/api/v1/Albums",
                "/api/v1/nope",
            ];
            none.contains(&path) && exchange.name != "propfind"
        },
    },
    Reason {
        why: "a trailing slash too many or too few, which the client gets right",
        is: |exchange| {
            let moved = matches!(exchange.status, 301 | 307);
            moved && exchange.path.starts_with("/api/")
                || exchange.path == "/api/v1/import" && exchange.method == "POST"
        },
    },
    Reason {
        why: "folders to import are named in the body",
        is: |exchange| exchange.path.starts_with("/api/v1/import/") && exchange.path.len() > "/api/v1/import/".len(),
    },
    Reason {
        why: "the client asks for its own session without naming it",
        is: |exchange| matches!(exchange.api().as_slice(), ["session" | "sessions", _]),
    },
    Reason {
        why: "passwords and second factors are the person's business, in a browser",
        is: |exchange| matches!(exchange.api().as_slice(), ["users", _, "passcode" | "password", ..]),
    },
    Reason {
        why: "for programs that sign in through a browser, which the server answers with a refusal",
        is: |exchange| {
            exchange.path.starts_with("/.well-known/")
                || matches!(exchange.api().as_slice(), ["oauth", "userinfo" | "authorize"])
        },
    },
    Reason {
        why: "pages and drawings for people",
        is: |exchange| exchange.path.starts_with("/s/") || exchange.path.starts_with("/api/v1/svg/"),
    },
    Reason {
        why: "the rows of the search, once more and shorter, for the server's own pages",
        is: |exchange| exchange.path == "/api/v1/photos/view",
    },
    Reason {
        why: "an id or hash that the client refuses itself, or writes in the case that the server finds",
        is: |exchange| {
            let odd = |segment: &&str| segment.len() >= 39 && segment.chars().any(|c| c.is_ascii_uppercase());
            let api = exchange.api();
            let hashed = matches!(api.as_slice(), ["files" | "dl" | "t", ..]);
            let malformed = matches!(api.as_slice(), ["files" | "dl", hash] if hash.len() != 40);
            malformed || (hashed && api.iter().any(odd))
        },
    },
    Reason {
        why: "a key of thumbnails that the server did not give",
        is: |exchange| matches!(exchange.api().as_slice(), ["t", _, key, _] if *key != "8a3sn3bg"),
    },
    Reason {
        why: "the client looks whether a photo has the file before it makes it primary: the server does not",
        is: |exchange| exchange.name == "primary-unknown",
    },
    Reason {
        why: "the client looks which links there are before it changes one: the server answers with a fault of its own",
        is: |exchange| matches!(exchange.api().as_slice(), ["albums", _, "links", _]) && exchange.status == 500,
    },
    Reason {
        why: "tokens of uploads that the client does not take",
        is: |exchange| matches!(exchange.name.as_str(), "upload-odd-token" | "upload-token-slash"),
    },
    Reason {
        why: "folders are listed, not read, and what is moved is moved somewhere",
        is: |exchange| matches!(exchange.name.as_str(), "get-folder" | "move-no-destination"),
    },
    Reason {
        why: "copies are asked for whole, and never only if they changed",
        is: |exchange| exchange.header("if-modified-since").is_some(),
    },
    Reason {
        why: "the plain address of messages, which the client asks to become a websocket",
        is: |exchange| exchange.path == "/api/v1/ws",
    },
];

/// Returns why the client never makes a request.
pub(crate) fn asked(exchange: &Exchange) -> Option<&'static str> {
    REASONS
        .iter()
        .find(|reason| (reason.is)(exchange))
        .map(|reason| reason.why)
}

/// Returns reasons that no exchange needs.
pub(crate) fn unneeded(all: &[Exchange]) -> Vec<&'static str> {
    let needed = |reason: &&Reason| all.iter().any(|exchange| (reason.is)(exchange));
    REASONS
        .iter()
        .filter(|reason| !needed(reason))
        .map(|reason| reason.why)
        .collect()
}
