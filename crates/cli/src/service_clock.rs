//! The clock of a stand-in, in debug builds: a test that moves the service's clock moves the program's with it.
//!
//! Plain HTTP over a socket and a thread of their own: this clock runs before, beside and below everything else that
//! speaks to the network, and must not take its time from what it measures.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use photomove_core::{Clock, Error, ErrorKind, Result, SharedClock};
use serde::Deserialize;
use tokio::sync::watch;
use url::Url;

/// How often the stand-in is asked.
const EVERY: Duration = Duration::from_millis(20);
/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Both clocks run at the same speed: a smaller difference is the way of the answer, a larger one a jump.
const JUMP_MS: i64 = 50;
/// Longer than any answer of a clock.
const ANSWER_MAX: u64 = 64 * 1024;

/// Tells the time of a stand-in.
#[derive(Debug)]
pub(crate) struct ServiceClock {
    since: Instant,
    /// The stand-in's time at `since`, in milliseconds after 1970.
    start_ms: AtomicI64,
    jumped: watch::Sender<()>,
}

#[derive(Deserialize)]
struct Answer {
    now_ms: i64,
}

impl ServiceClock {
    /// Asks the stand-in for its time and goes on asking as long as the clock is in use.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the address is not one of plain HTTP or no time can be had there.
    pub(crate) fn follow(address: &str) -> Result<SharedClock> {
        let url = Url::parse(address)
            .ok()
            .filter(|url| url.scheme() == "http" && url.has_host())
            .ok_or_else(|| failed("it must be an address that begins with `http://`"))?;
        let mut line = Line { url, stream: None };
        let since = Instant::now();
        let (now_ms, _) = line.ask(since).map_err(failed)?;
        let clock = Arc::new(Self {
            since,
            start_ms: AtomicI64::new(now_ms),
            jumped: watch::Sender::new(()),
        });
        let followed = Arc::downgrade(&clock);
        std::thread::Builder::new()
            .name("clock".to_owned())
            .spawn(move || keep_asking(&followed, &mut line))
            .map_err(failed)?;
        Ok(clock)
    }

    fn at(&self, since_start: Duration) -> i64 {
        let passed = i64::try_from(since_start.as_millis()).unwrap_or(i64::MAX);
        self.start_ms.load(Ordering::SeqCst).saturating_add(passed)
    }

    /// Takes the stand-in's time at its start; `doubt_ms` is how far off it may be.
    fn set(&self, start_ms: i64, doubt_ms: i64) {
        let known = self.start_ms.load(Ordering::SeqCst);
        if known.abs_diff(start_ms) > JUMP_MS.max(doubt_ms).unsigned_abs() {
            self.start_ms.store(start_ms, Ordering::SeqCst);
            self.jumped.send_replace(());
        }
    }
}

fn keep_asking(clock: &Weak<ServiceClock>, line: &mut Line) {
    loop {
        std::thread::sleep(EVERY);
        let Some(clock) = clock.upgrade() else { return };
        // A stand-in that is gone tells no time any more; whoever needs it will say so.
        if let Ok((start_ms, doubt_ms)) = line.ask(clock.since) {
            clock.set(start_ms, doubt_ms);
        }
    }
}

#[async_trait]
impl Clock for ServiceClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.at(self.since.elapsed())).unwrap_or(Timestamp::MAX)
    }

    async fn sleep(&self, duration: Duration) {
        let mut jumped = self.jumped.subscribe();
        let until = self.now().saturating_add(duration).unwrap_or(Timestamp::MAX);
        loop {
            let left = until.duration_since(self.now());
            if left <= SignedDuration::ZERO {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(left.unsigned_abs()) => {}
                _ = jumped.changed() => {}
            }
        }
    }
}

/// A connection that is kept from answer to answer.
struct Line {
    url: Url,
    stream: Option<BufReader<TcpStream>>,
}

impl Line {
    /// Returns what the stand-in's clock said at `since`, and by how many milliseconds that may be wrong.
    fn ask(&mut self, since: Instant) -> io::Result<(i64, i64)> {
        let kept = self.stream.take();
        let before = since.elapsed();
        let now_ms = match kept.map(|stream| self.exchange(stream)) {
            Some(Ok(now_ms)) => now_ms,
            // A connection that was closed meanwhile is opened anew, once.
            _ => {
                let stream = self.connect()?;
                self.exchange(stream)?
            }
        };
        let after = since.elapsed();
        let way = i64::try_from((after - before).as_millis()).unwrap_or(i64::MAX);
        let asked = i64::try_from(before.as_millis()).unwrap_or(i64::MAX);
        Ok((now_ms.saturating_sub(asked.saturating_add(way / 2)), way))
    }

    fn connect(&self) -> io::Result<BufReader<TcpStream>> {
        let addresses = self.url.socket_addrs(|| None)?;
        let stream = TcpStream::connect(&*addresses)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(BufReader::new(stream))
    }

    fn exchange(&mut self, mut stream: BufReader<TcpStream>) -> io::Result<i64> {
        let host = &self.url[url::Position::BeforeHost..url::Position::AfterPort];
        let target = &self.url[url::Position::BeforePath..url::Position::AfterQuery];
        let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        stream.get_mut().write_all(request.as_bytes())?;
        let body = read_answer(&mut stream)?;
        let answer: Answer = serde_json::from_slice(&body).map_err(|_| odd("the answer holds no `now_ms`"))?;
        self.stream = Some(stream);
        Ok(answer.now_ms)
    }
}

fn read_answer(stream: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    let mut length = None;
    let mut head = stream.by_ref().take(ANSWER_MAX);
    let mut line = String::new();
    head.read_line(&mut line)?;
    if line.split(' ').nth(1) != Some("200") {
        return Err(odd(format!("the answer is `{}`", line.trim_end())));
    }
    loop {
        line.clear();
        if head.read_line(&mut line)? == 0 {
            return Err(odd("the answer ends before its body"));
        }
        match line.trim_end().split_once(':') {
            None => break,
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse::<u64>().ok().filter(|length| *length <= ANSWER_MAX);
            }
            Some(_) => {}
        }
    }
    let length = length.ok_or_else(|| odd("the answer does not say how long it is"))?;
    let mut body = Vec::new();
    stream.by_ref().take(length).read_to_end(&mut body)?;
    Ok(body)
}

fn odd(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}

fn failed(why: impl std::fmt::Display) -> Error {
    Error::new(
        ErrorKind::Config,
        format!("no time can be had from `PHOTOMOVE_CLOCK_URL`: {why}"),
    )
    .hint("it is the address of a stand-in's control route `clock`; unset it to use the machine's clock")
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// A clock that stands where it was last put.
    fn stand_in() -> (String, Arc<AtomicI64>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/control/clock", listener.local_addr().unwrap());
        let now_ms = Arc::new(AtomicI64::new(1_000_000));
        let told = Arc::clone(&now_ms);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = BufReader::new(stream.unwrap());
                let mut line = String::new();
                // Two answers a connection, so that both keeping and opening anew happen.
                for _ in 0..2 {
                    while stream.read_line(&mut line).is_ok_and(|read| read > 2) {}
                    let body = format!("{{\"now_ms\": {}}}", told.load(Ordering::SeqCst));
                    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                    let _ = stream.get_mut().write_all(format!("{head}{body}").as_bytes());
                }
            }
        });
        (address, now_ms)
    }

    #[tokio::test]
    async fn a_jump_of_the_stand_in_ends_a_sleep() {
        let (address, now_ms) = stand_in();
        let clock = ServiceClock::follow(&address).unwrap();
        let began = clock.now();
        assert!(began.as_millisecond() >= 1_000_000 && began.as_millisecond() < 1_000_000 + 60_000);
        let sleep = clock.sleep(Duration::from_secs(24 * 3600));
        tokio::pin!(sleep);
        tokio::select! {
            () = &mut sleep => panic!("a day has not passed"),
            () = tokio::task::yield_now() => {}
        }
        now_ms.fetch_add(25 * 3600 * 1000, Ordering::SeqCst);
        // Ends as soon as the next answer has come; else the test does not end.
        sleep.await;
        assert!(clock.now().duration_since(began) >= SignedDuration::from_hours(24));
    }

    #[tokio::test]
    async fn a_jump_back_is_followed_too() {
        let (address, now_ms) = stand_in();
        let clock = ServiceClock::follow(&address).unwrap();
        now_ms.store(0, Ordering::SeqCst);
        while clock.now().as_millisecond() >= 1_000_000 {
            tokio::time::sleep(EVERY).await;
        }
    }

    #[test]
    fn where_no_time_can_be_had_is_said() {
        for address in ["https://127.0.0.1/clock", "not an address"] {
            let error = ServiceClock::follow(address).unwrap_err();
            assert_eq!(error.kind(), &ErrorKind::Config);
            assert!(error.to_string().contains("`PHOTOMOVE_CLOCK_URL`"), "{error}");
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let error = ServiceClock::follow(&format!("http://{port}/clock")).unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Config);
    }
}
