//! The small server on this machine that the browser is sent back to.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use photomove_core::{Error, ErrorKind, Operation, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use super::answer::{self, Code};
use super::page::Landing;
use super::secret::Redirect;

/// Longest request head that is read.
const HEAD_BYTES: usize = 16 * 1024;
/// Browsers open connections in advance; one that says nothing is dropped.
const PATIENCE: Duration = Duration::from_secs(30);
/// More connections than any browser opens for one page.
const CONNECTIONS: usize = 64;

/// Waits for the browser.
#[derive(Debug)]
pub(crate) struct Listener {
    tcp: TcpListener,
    redirect_uri: String,
    path: String,
}

impl Listener {
    /// Opens the port: any free one, or the one that the client has registered.
    pub(crate) async fn open(redirect: &Redirect) -> Result<Self> {
        let (port, exact) = match redirect {
            Redirect::AnyPort => (0, None),
            Redirect::Exactly(uri) => {
                let url = Url::parse(uri).ok();
                (url.and_then(|url| url.port()).unwrap_or(80), Some(uri.clone()))
            }
        };
        // The address itself and not `localhost`, as RFC 8252 8.3 asks: names can lead elsewhere.
        let tcp = TcpListener::bind(("127.0.0.1", port))
            .await
            .map_err(|error| cannot_listen(port, &error))?;
        let port = tcp.local_addr().map_err(|error| cannot_listen(port, &error))?.port();
        let redirect_uri = exact.unwrap_or_else(|| format!("http://127.0.0.1:{port}"));
        let path = Url::parse(&redirect_uri).map_or_else(|_| "/".to_owned(), |url| url.path().to_owned());
        Ok(Self {
            tcp,
            redirect_uri,
            path,
        })
    }

    /// Returns where the browser is to be sent; byte by byte what the exchange must repeat.
    pub(crate) fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// Returns the code that the browser brings.
    pub(crate) async fn code(&self, state: &str) -> Result<Code> {
        let mut guests = FuturesUnordered::new();
        loop {
            tokio::select! {
                accepted = self.tcp.accept(), if guests.len() < CONNECTIONS => {
                    // A connection that broke before it was one is the browser's affair.
                    if let Ok((guest, _)) = accepted {
                        guests.push(tokio::time::timeout(PATIENCE, self.serve(guest, state)));
                    }
                }
                Some(served) = guests.next(), if !guests.is_empty() => {
                    if let Ok(Some(outcome)) = served {
                        return outcome;
                    }
                }
            }
        }
    }

    /// Serves one connection; `None` if it did not bring an answer.
    async fn serve(&self, mut guest: TcpStream, state: &str) -> Option<Result<Code>> {
        let head = read_head(&mut guest).await?;
        let answer = target(&head).filter(|url| url.path() == self.path && answer::is_answer(url));
        let Some(url) = answer else {
            reply(&mut guest, Landing::NotHere).await;
            return None;
        };
        let outcome = answer::read(&url, state);
        let landing = match &outcome {
            Ok(_) => Landing::Arrived,
            Err(_) if answer::is_refusal(&url, state) => Landing::Declined,
            Err(_) => Landing::Unusable,
        };
        reply(&mut guest, landing).await;
        Some(outcome)
    }
}

async fn read_head(guest: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut chunk = [0; 2048];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = guest.read(&mut chunk).await.ok()?;
        if read == 0 || head.len() + read > HEAD_BYTES {
            return None;
        }
        head.extend_from_slice(&chunk[..read]);
    }
    String::from_utf8(head).ok()
}

/// Returns the address that a `GET` asks for.
fn target(head: &str) -> Option<Url> {
    let mut words = head.lines().next()?.split(' ');
    let (method, path, version) = (words.next()?, words.next()?, words.next()?);
    if method != "GET" || !path.starts_with('/') || !version.starts_with("HTTP/1.") {
        return None;
    }
    Url::parse(&format!("http://127.0.0.1{path}")).ok()
}

async fn reply(guest: &mut TcpStream, landing: Landing) {
    let page = landing.html();
    // The address holds a code; it must not end up in caches or at other sites.
    let answer = format!(
        "HTTP/1.1 {}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\
         Referrer-Policy: no-referrer\r\nContent-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n\
         X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{page}",
        landing.status(),
        page.len()
    );
    // The sign-in does not depend on whether the browser shows the page.
    let _ = guest.write_all(answer.as_bytes()).await;
    let _ = guest.shutdown().await;
}

fn cannot_listen(port: u16, error: &std::io::Error) -> Error {
    let place = match port {
        0 => "a port of 127.0.0.1".to_owned(),
        port => format!("port {port} of 127.0.0.1"),
    };
    Error::new(
        ErrorKind::Config,
        format!("cannot listen on {place} for the browser: {error}"),
    )
    .provider("google")
    .operation(Operation::SignIn)
    .hint(match port {
        0 => "use `photomove auth login google --no-browser` and paste the address that the browser ends at".to_owned(),
        port => format!(
            "is another program using port {port}? end it, or use `photomove auth login google --no-browser`; a client of type \
             `Desktop app` takes any port"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    async fn get(port: u16, line: &str) -> String {
        let mut guest = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        guest
            .write_all(format!("{line}\r\nHost: x\r\n\r\n").as_bytes())
            .await
            .unwrap();
        let mut answer = String::new();
        guest.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn icons_and_silent_connections_do_not_disturb_the_answer() {
        let listener = Listener::open(&Redirect::AnyPort).await.unwrap();
        let port = Url::parse(listener.redirect_uri()).unwrap().port().unwrap();
        let browser = async {
            let _silent = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            let icon = get(port, "GET /favicon.ico HTTP/1.1").await;
            let post = get(port, "POST /?state=S&code=4/0A HTTP/1.1").await;
            let bare = get(port, "GET / HTTP/1.1").await;
            let page = get(port, "GET /?state=S&code=4/0A HTTP/1.1").await;
            (icon, post, bare, page)
        };
        let (code, (icon, post, bare, page)) = tokio::join!(listener.code("S"), browser);
        assert_eq!(code.unwrap().0.expose_secret(), "4/0A");
        assert!(icon.starts_with("HTTP/1.1 404") && bare.starts_with("HTTP/1.1 404"));
        assert!(post.starts_with("HTTP/1.1 404"), "only a browser's own visit counts");
        assert!(page.starts_with("HTTP/1.1 200") && !page.contains("4/0A"));
    }

    #[tokio::test]
    async fn a_refusal_and_a_forged_answer_have_pages_of_their_own() {
        for (query, words) in [
            ("error=access_denied&state=S", "Consent was refused"),
            ("error=access_denied&state=forged", "cannot be used"),
            ("code=4/0A&state=forged", "cannot be used"),
        ] {
            let listener = Listener::open(&Redirect::AnyPort).await.unwrap();
            let port = Url::parse(listener.redirect_uri()).unwrap().port().unwrap();
            let line = format!("GET /?{query} HTTP/1.1");
            let (code, page) = tokio::join!(listener.code("S"), get(port, &line));
            assert!(code.is_err());
            assert!(page.starts_with("HTTP/1.1 400") && page.contains(words), "{page}");
        }
    }

    #[tokio::test]
    async fn a_registered_address_is_used_as_it_is() {
        let free = TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let uri = format!("http://localhost:{free}/back");
        let listener = Listener::open(&Redirect::Exactly(uri.clone())).await.unwrap();
        assert_eq!(listener.redirect_uri(), uri);
        let taken = Listener::open(&Redirect::Exactly(uri)).await.unwrap_err();
        assert_eq!(*taken.kind(), ErrorKind::Config);
        assert!(taken.hint_text().unwrap().contains(&free.to_string()), "{taken:?}");
    }
}
