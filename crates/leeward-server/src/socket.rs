//! A socket, plain or with TLS on it, read and written without waiting.
//!
//! Whoever waits does so on the TCP socket below, so that both kinds are driven alike and an idle
//! connection holds no buffer of ours. Never decides anything.

use std::cell::{OnceCell, RefCell};
use std::io::{self, IoSlice, Read, Write};
use std::task::{Context, Poll};
use tokio::net::TcpStream;

/// A connected socket, or what takes the place of one for a client that comes by requests of HTTP.
pub(crate) struct Socket {
    tcp: Option<TcpStream>,
    tls: OnceCell<Box<RefCell<rustls::ServerConnection>>>,
}

impl Socket {
    /// Without TLS, as yet.
    pub(crate) fn plain(tcp: TcpStream) -> Self {
        Self { tcp: Some(tcp), tls: OnceCell::new() }
    }

    /// With TLS on it.
    pub(crate) fn with_tls(tcp: TcpStream, connection: rustls::ServerConnection) -> Self {
        let socket = Self::plain(tcp);
        socket.begin_tls(connection);
        socket
    }

    /// None: nothing is read from it or written to it.
    pub(crate) fn none() -> Self {
        Self { tcp: None, tls: OnceCell::new() }
    }

    /// What comes from here on is encrypted. Once only.
    pub(crate) fn begin_tls(&self, connection: rustls::ServerConnection) {
        let fresh = self.tls.set(Box::new(RefCell::new(connection)));
        debug_assert!(fresh.is_ok(), "the protocols above begin TLS once");
    }

    fn tcp(&self) -> io::Result<&TcpStream> {
        self.tcp.as_ref().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// The TLS handshake is under way.
    pub(crate) fn is_shaking_hands(&self) -> bool {
        self.tls.get().is_some_and(|tls| tls.borrow().is_handshaking())
    }

    /// Whether there is TLS on it.
    pub(crate) fn has_tls(&self) -> bool {
        self.tls.get().is_some()
    }

    /// 32 bytes that both ends of this TLS connection know and nobody else does (RFC 9266).
    pub(crate) fn exporter(&self) -> Option<[u8; 32]> {
        let tls = self.tls.get()?.borrow();
        tls.export_keying_material([0; 32], b"EXPORTER-Channel-Binding", None).ok()
    }

    /// Whether there may be something to read; otherwise the task is woken when there is.
    pub(crate) fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp.as_ref().map_or(Poll::Pending, |tcp| tcp.poll_read_ready(cx))
    }

    /// Whether something may be written; otherwise the task is woken when it may.
    pub(crate) fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp.as_ref().map_or(Poll::Pending, |tcp| tcp.poll_write_ready(cx))
    }

    /// Reads what there is. `WouldBlock` when there is nothing, 0 at the end.
    pub(crate) fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        let tcp = self.tcp()?;
        let Some(tls) = self.tls.get() else { return tcp.try_read(buf) };
        let mut connection = tls.borrow_mut();
        loop {
            match connection.reader().read(buf) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                // The peer went without saying so.
                Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
                done => return done,
            }
            if connection.read_tls(&mut Raw(tcp))? == 0 {
                return Ok(0);
            }
            let processed = connection.process_new_packets();
            // An alert or an answer of the TLS layer; what does not go now goes with the next write.
            let _ = send_encrypted(&mut connection, tcp);
            processed.map_err(io::Error::other)?;
        }
    }

    /// Writes some of it. `WouldBlock` when nothing can be taken.
    pub(crate) fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let tcp = self.tcp()?;
        let Some(tls) = self.tls.get() else {
            return match slices {
                [one] => tcp.try_write(one),
                many => tcp.try_write_vectored(many),
            };
        };
        let mut connection = tls.borrow_mut();
        // What was encrypted before goes first; there is never more than one write's worth of it.
        send_encrypted(&mut connection, tcp)?;
        let taken = connection.writer().write_vectored(slices)?;
        match send_encrypted(&mut connection, tcp) {
            Err(e) if e.kind() != io::ErrorKind::WouldBlock => Err(e),
            Ok(()) | Err(_) => Ok(taken),
        }
    }

    /// Whether something that was taken has not been sent.
    pub(crate) fn holds_back(&self) -> bool {
        self.tls.get().is_some_and(|tls| tls.borrow().wants_write())
    }

    /// Sends what is left of earlier writes: `WouldBlock` when some of it stays.
    pub(crate) fn try_flush(&self) -> io::Result<()> {
        match (&self.tcp, self.tls.get()) {
            (Some(tcp), Some(tls)) => send_encrypted(&mut tls.borrow_mut(), tcp),
            (None, _) | (_, None) => Ok(()),
        }
    }

    /// Bytes that it takes in the process, beside itself: what TLS keeps for a connection.
    pub(crate) fn bytes(&self) -> usize {
        if self.has_tls() { TLS_BYTES } else { 0 }
    }

    /// Says that nothing more will be written.
    pub(crate) fn shut(&self) {
        let Some(tcp) = &self.tcp else { return };
        if let Some(tls) = self.tls.get() {
            let mut connection = tls.borrow_mut();
            connection.send_close_notify();
            // The peer sees the end of the TCP stream in any case.
            let _ = send_encrypted(&mut connection, tcp);
        }
        // It may be gone already.
        let _ = socket2::SockRef::from(tcp).shutdown(std::net::Shutdown::Write);
    }
}

/// What rustls keeps for an idle connection, as measured.
const TLS_BYTES: usize = 8 * 1024;

fn send_encrypted(connection: &mut rustls::ServerConnection, tcp: &TcpStream) -> io::Result<()> {
    while connection.wants_write() {
        if connection.write_tls(&mut Raw(tcp))? == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
    }
    Ok(())
}

/// The TCP socket as rustls wants it.
struct Raw<'a>(&'a TcpStream);

impl Read for Raw<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buf)
    }
}

impl Write for Raw<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.try_write(buf)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(bufs)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
