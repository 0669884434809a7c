//! The connection below HTTP, so that a fault can break it as networks do: resets, early ends, bytes that nobody expects.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// Bytes of an answer that are kept to be sent again.
const KEPT_BYTES: usize = 1024 * 1024;

/// What is to happen to a connection; clones mean the same one.
#[derive(Debug, Clone, Default)]
pub(super) struct Wire(Arc<Mutex<Order>>);

#[derive(Debug, Default)]
enum Order {
    #[default]
    Pass,
    /// At once, and nothing more is sent.
    Break(Ending),
    /// As soon as everything that the server wants to send is sent.
    BreakWhenSent(Ending),
    /// Behind the answer, whose body has so many bytes.
    Follow { body_bytes: u64, with: Follower },
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// TCP RST.
    Reset,
    /// TCP FIN, although the answer is not over.
    Close,
}

/// What follows an answer.
#[derive(Debug)]
pub(super) enum Follower {
    /// The answer once more; of a large one only its first MiB.
    Same,
    /// Just these bytes.
    Bytes(Bytes),
}

impl Wire {
    /// Ends the connection before another byte is sent. Takes effect when the server wants to send something.
    pub(super) fn end(&self, ending: Ending) {
        self.order(Order::Break(ending));
    }

    /// Ends the connection when what was handed over so far is sent.
    pub(super) fn end_when_sent(&self, ending: Ending) {
        self.order(Order::BreakWhenSent(ending));
    }

    /// Sends more behind the answer that comes next and whose body has `body_bytes` bytes.
    pub(super) fn follow(&self, body_bytes: u64, with: Follower) {
        self.order(Order::Follow { body_bytes, with });
    }

    fn order(&self, order: Order) {
        *self.lock() = order;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Order> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connected<IncomingStream<'_, WireListener>> for Wire {
    fn connect_info(stream: IncomingStream<'_, WireListener>) -> Self {
        stream.io().wire.clone()
    }
}

/// A TCP listener whose connections obey a [`Wire`].
#[derive(Debug)]
pub(super) struct WireListener(pub(super) TcpListener);

impl Listener for WireListener {
    type Io = WireStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (WireStream, SocketAddr) {
        let (tcp, address) = Listener::accept(&mut self.0).await;
        let stream = WireStream {
            tcp,
            wire: Wire::default(),
            seen: BytesMut::new(),
            seen_bytes: 0,
            pending: Bytes::new(),
        };
        (stream, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// One connection.
#[derive(Debug)]
pub(super) struct WireStream {
    tcp: TcpStream,
    wire: Wire,
    /// The beginning of the present answer, while something is to follow it.
    seen: BytesMut,
    seen_bytes: u64,
    /// Bytes that were taken over and not yet sent.
    pending: Bytes,
}

impl WireStream {
    fn broken(&self, ending: Ending) -> io::Error {
        match ending {
            Ending::Reset => {
                // Where the system refuses, an abrupt close is what is left.
                if let Err(error) = self.tcp.set_zero_linger() {
                    tracing::debug!(%error, "no reset, closing");
                }
                io::Error::new(io::ErrorKind::ConnectionReset, "reset by the fault plan")
            }
            Ending::Close => io::Error::new(io::ErrorKind::BrokenPipe, "closed by the fault plan"),
        }
    }

    fn poll_pending(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.pending.is_empty() {
            let sent = ready!(Pin::new(&mut self.tcp).poll_write(cx, &self.pending))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.pending.advance(sent);
        }
        Poll::Ready(Ok(()))
    }

    /// Takes over bytes of an answer that something follows; `true` if the answer is complete with them.
    fn watch(&mut self, buf: &[u8], body_bytes: u64) -> bool {
        let fits = buf.len().min(KEPT_BYTES.saturating_sub(self.seen.len()));
        self.seen.extend_from_slice(&buf[..fits]);
        self.seen_bytes += buf.len() as u64;
        let head = self.seen.windows(4).position(|window| window == b"\r\n\r\n");
        head.is_some_and(|at| self.seen_bytes >= at as u64 + 4 + body_bytes)
    }
}

impl AsyncRead for WireStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(cx, buf)
    }
}

impl AsyncWrite for WireStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        ready!(this.poll_pending(cx))?;
        let body_bytes = match &*this.wire.lock() {
            Order::Break(ending) => return Poll::Ready(Err(this.broken(*ending))),
            Order::Pass | Order::BreakWhenSent(_) => None,
            Order::Follow { body_bytes, .. } => Some(*body_bytes),
        };
        let Some(body_bytes) = body_bytes else {
            return Pin::new(&mut this.tcp).poll_write(cx, buf);
        };
        let complete = this.watch(buf, body_bytes);
        let mut out = BytesMut::from(buf);
        if complete {
            // In one piece with the answer's end, so that no client can take it for the answer to its next request.
            let order = std::mem::take(&mut *this.wire.lock());
            match order {
                Order::Follow {
                    with: Follower::Bytes(bytes),
                    ..
                } => out.extend_from_slice(&bytes),
                _ => out.extend_from_slice(&this.seen),
            }
            this.seen.clear();
            this.seen_bytes = 0;
        }
        this.pending = out.freeze();
        // What does not fit now goes out with the next write or flush.
        match this.poll_pending(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            _ => Poll::Ready(Ok(buf.len())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        ready!(this.poll_pending(cx))?;
        ready!(Pin::new(&mut this.tcp).poll_flush(cx))?;
        match &*this.wire.lock() {
            Order::BreakWhenSent(ending) => Poll::Ready(Err(this.broken(*ending))),
            _ => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_pending(cx))?;
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}
