//! A socket, plain or with TLS on it, read and written without waiting.
//!
//! Whoever waits does so on the TCP socket below, so that both kinds are driven alike and an idle
//! connection holds no buffer of ours. Never decides anything.

use std::cell::RefCell;
use std::io::{self, IoSlice, Read, Write};
use std::task::{Context, Poll};
use tokio::net::TcpStream;

/// A connected socket.
pub(crate) enum Socket {
    Plain(TcpStream),
    Tls(Box<(TcpStream, RefCell<rustls::ServerConnection>)>),
}

impl Socket {
    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(tls) => &tls.0,
        }
    }

    /// Whether there may be something to read; otherwise the task is woken when there is.
    pub(crate) fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp().poll_read_ready(cx)
    }

    /// Whether something may be written; otherwise the task is woken when it may.
    pub(crate) fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp().poll_write_ready(cx)
    }

    /// Reads what there is. `WouldBlock` when there is nothing, 0 at the end.
    pub(crate) fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        let tls = match self {
            Self::Plain(tcp) => return tcp.try_read(buf),
            Self::Tls(tls) => tls,
        };
        let mut connection = tls.1.borrow_mut();
        loop {
            match connection.reader().read(buf) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                // The peer went without saying so.
                Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
                done => return done,
            }
            if connection.read_tls(&mut Raw(&tls.0))? == 0 {
                return Ok(0);
            }
            let processed = connection.process_new_packets();
            // An alert or an answer of the TLS layer; what does not go now goes with the next write.
            let _ = send_encrypted(&mut connection, &tls.0);
            processed.map_err(io::Error::other)?;
        }
    }

    /// Writes some of it. `WouldBlock` when nothing can be taken.
    pub(crate) fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let tls = match self {
            Self::Plain(tcp) => match slices {
                [one] => return tcp.try_write(one),
                many => return tcp.try_write_vectored(many),
            },
            Self::Tls(tls) => tls,
        };
        let mut connection = tls.1.borrow_mut();
        // What was encrypted before goes first; there is never more than one write's worth of it.
        send_encrypted(&mut connection, &tls.0)?;
        let taken = connection.writer().write_vectored(slices)?;
        match send_encrypted(&mut connection, &tls.0) {
            Err(e) if e.kind() != io::ErrorKind::WouldBlock => Err(e),
            Ok(()) | Err(_) => Ok(taken),
        }
    }

    /// Whether something that was taken has not been sent.
    pub(crate) fn holds_back(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tls(tls) => tls.1.borrow().wants_write(),
        }
    }

    /// Sends what is left of earlier writes: `WouldBlock` when some of it stays.
    pub(crate) fn try_flush(&self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Tls(tls) => send_encrypted(&mut tls.1.borrow_mut(), &tls.0),
        }
    }

    /// Bytes that it takes in the process, beside itself: what TLS keeps for a connection.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Plain(_) => 0,
            Self::Tls(_) => TLS_BYTES,
        }
    }

    /// Says that nothing more will be written.
    pub(crate) fn shut(&self) {
        if let Self::Tls(tls) = self {
            let mut connection = tls.1.borrow_mut();
            connection.send_close_notify();
            // The peer sees the end of the TCP stream in any case.
            let _ = send_encrypted(&mut connection, &tls.0);
        }
        // It may be gone already.
        let _ = socket2::SockRef::from(self.tcp()).shutdown(std::net::Shutdown::Write);
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
