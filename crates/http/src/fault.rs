//! What a failed connection means, in words for people.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use photomove_core::{Error, ErrorKind, Happened};
use url::Url;

use crate::{Origin, proxy_for};

/// Turns a failure before the reply's first byte into an error; `happened` is `No` only if nothing was sent.
pub(crate) fn while_sending(error: reqwest::Error, origin: &Origin) -> Error {
    let error = error.without_url();
    if error.is_builder() {
        return Error::new(ErrorKind::Internal, "the request cannot be built").source(error);
    }
    let told = if error.is_connect() {
        not_connected(&error, origin)
    } else {
        broke_off(&error, origin).happened(Happened::Unknown, true)
    };
    told.source(error)
}

/// Turns a failure in the midst of a reply into an error.
pub(crate) fn while_reading(error: reqwest::Error, origin: &Origin) -> Error {
    let error = error.without_url();
    broke_off(&error, origin)
        .happened(Happened::Unknown, true)
        .source(error)
}

/// Nothing moved for too long.
pub(crate) fn silent(origin: &Origin, limit: Duration) -> Error {
    Error::new(
        ErrorKind::Timeout,
        format!("{origin} sent nothing for {} s", limit.as_secs_f64()),
    )
    .happened(Happened::Unknown, true)
}

fn not_connected(error: &reqwest::Error, origin: &Origin) -> Error {
    if let Some(problem) = cause::<rustls::Error>(error) {
        return no_tls(problem, origin);
    }
    let url = Url::parse(&origin.to_string()).ok();
    if let Some(proxy) = url.as_ref().and_then(proxy_for) {
        return not_through(error, origin, &proxy);
    }
    let host = &origin.host;
    if says(error, "dns error") {
        return Error::new(ErrorKind::Network, format!("host {host} cannot be found"))
            .hint("check the name and the connection to the network");
    }
    if error.is_timeout() {
        return Error::new(ErrorKind::Timeout, format!("{origin} does not answer"))
            .hint("check the connection to the network");
    }
    match cause::<io::Error>(error).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => Error::new(
            ErrorKind::Network,
            format!("nothing answers at {origin} (connection refused)"),
        )
        .hint("check the address, and that the service is running there"),
        Some(kind) => Error::new(ErrorKind::Network, format!("cannot connect to {origin} ({kind})"))
            .hint("check the connection to the network"),
        None => Error::new(ErrorKind::Network, format!("cannot connect to {origin}"))
            .hint("check the connection to the network and proxy settings"),
    }
}

/// Where a proxy is in between, it is the one that is looked up and connected to.
fn not_through(error: &reqwest::Error, origin: &Origin, proxy: &str) -> Error {
    if says(error, "tunnel error: proxy authorization required") {
        return Error::new(ErrorKind::Config, format!("the proxy {proxy} wants a sign-in"))
            .hint("put user name and password into its address: `HTTPS_PROXY=http://NAME:PASSWORD@…`");
    }
    let refused = cause::<io::Error>(error).is_some_and(|cause| cause.kind() == io::ErrorKind::ConnectionRefused);
    let (kind, message) = if says(error, "dns error") {
        (ErrorKind::Network, format!("the proxy {proxy} cannot be found"))
    } else if says(error, "tunnel error: unsuccessful") {
        (
            ErrorKind::Network,
            format!("the proxy {proxy} does not connect to {origin}"),
        )
    } else if error.is_timeout() {
        (
            ErrorKind::Timeout,
            format!("{origin} does not answer through the proxy {proxy}"),
        )
    } else if refused {
        (
            ErrorKind::Network,
            format!("nothing answers at the proxy {proxy} (connection refused)"),
        )
    } else {
        (
            ErrorKind::Network,
            format!("cannot connect to {origin} through the proxy {proxy}"),
        )
    };
    Error::new(kind, message)
        .hint("check the address in `HTTPS_PROXY` or `ALL_PROXY`; hosts that need no proxy are named in `NO_PROXY`")
}

fn no_tls(problem: &rustls::Error, origin: &Origin) -> Error {
    match problem {
        // Trying again would meet the same certificate; a person has to look.
        rustls::Error::InvalidCertificate(_) => {
            Error::new(ErrorKind::Config, format!("the certificate of {origin} is not trusted"))
                .hint("check the address and the machine's clock, or name the right root with `--ca-cert`")
        }
        rustls::Error::InvalidMessage(_) => Error::new(ErrorKind::Network, format!("{origin} does not speak TLS"))
            .hint("check the port, and whether the address must begin with `http://`"),
        _ => Error::new(ErrorKind::Network, format!("no safe connection to {origin} (TLS)"))
            .hint("check the address and proxy settings"),
    }
}

fn broke_off(error: &reqwest::Error, origin: &Origin) -> Error {
    if says(error, "message head is too large") {
        // The same would come again.
        return Error::new(
            ErrorKind::Protocol,
            format!("{origin} answered with headers that are far too long"),
        );
    }
    if error.is_timeout() {
        return Error::new(ErrorKind::Timeout, format!("{origin} took too long"));
    }
    match cause::<io::Error>(error).map(io::Error::kind) {
        // An `Other` says nothing to people.
        Some(kind) if kind != io::ErrorKind::Other => Error::new(
            ErrorKind::Network,
            format!("the connection to {origin} broke off ({kind})"),
        ),
        _ => Error::new(ErrorKind::Network, format!("the connection to {origin} broke off")),
    }
}

/// Finds a cause by its type, also inside I/O errors, which hide theirs from `source()`.
fn cause<'e, E: StdError + 'static>(error: &'e (dyn StdError + 'static)) -> Option<&'e E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        if let Some(io) = error.downcast_ref::<io::Error>()
            && let Some(inner) = io.get_ref()
        {
            if let Some(found) = inner.downcast_ref::<E>() {
                return Some(found);
            }
            next = Some(inner);
        } else {
            next = error.source();
        }
    }
    None
}

fn says(error: &(dyn StdError + 'static), words: &str) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.to_string() == words {
            return true;
        }
        next = error.source();
    }
    false
}
