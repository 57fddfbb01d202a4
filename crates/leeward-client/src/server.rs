//! Where a server is and how to reach it: an address from a URL, a TCP connection, TLS on top.
//! Never speaks HTTP.

use rustls::NamedGroup;
use rustls::client::{
    ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Where Debian, and most other systems, keep the certificates they trust.
const SYSTEM_ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";

/// A server's address. Cloning shares it.
#[derive(Clone)]
pub struct Server {
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Inner {
    host: Arc<str>,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

/// Whose certificates are believed.
#[derive(Clone, Debug, Default)]
pub enum Roots {
    /// The system's.
    #[default]
    System,
    /// Those in this PEM file only.
    File(PathBuf),
}

impl Server {
    /// Reads `http://host[:port]`, `https://…`, `ws://…`, `wss://…`, `xmpp://…` or `xmpps://…` (TLS from
    /// the first byte); a path is ignored.
    ///
    /// # Errors
    /// The URL is of another form, or the certificates cannot be read.
    pub fn parse(url: &str, roots: &Roots) -> io::Result<Self> {
        let wrong = || io::Error::new(io::ErrorKind::InvalidInput, format!("not a server: {url}"));
        let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
        let secure = match scheme {
            "http" | "ws" | "xmpp" => false,
            "https" | "wss" | "xmpps" => true,
            _ => return Err(wrong()),
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let port_at = authority.rfind(':').filter(|at| !authority[*at..].contains(']'));
        let (host, port) = match port_at {
            Some(at) => (&authority[..at], authority[at + 1..].parse().map_err(|_| wrong())?),
            None => (authority, default_port(scheme)),
        };
        let host: Arc<str> = host.trim_matches(['[', ']']).into();
        if host.is_empty() {
            return Err(wrong());
        }
        let tls = if secure {
            let name = ServerName::try_from(host.to_string()).map_err(|_| wrong())?;
            Some((connector(roots)?, name))
        } else {
            None
        };
        Ok(Self { inner: Arc::new(Inner { host, port, tls }) })
    }

    /// The same server for one client among many in a process, which is to resume its own TLS sessions
    /// and nobody else's, as clients on devices of their own do.
    #[must_use]
    pub fn for_one(&self) -> Self {
        let mut inner = Inner::clone(&self.inner);
        let Some((connector, _)) = &mut inner.tls else { return self.clone() };
        let mut config = rustls::ClientConfig::clone(connector.config());
        config.resumption = Resumption::store(Arc::new(OneSession::default()));
        *connector = TlsConnector::from(Arc::new(config));
        Self { inner: Arc::new(inner) }
    }

    /// The value of the `Host` header.
    pub fn authority(&self) -> String {
        let Inner { host, port, .. } = &*self.inner;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    /// The value of the `Origin` header of a page served from there.
    pub fn origin(&self) -> String {
        let scheme = if self.inner.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.authority())
    }

    /// Connects, from the address `from` if one is given.
    ///
    /// # Errors
    /// No address answered, or its certificate is not believed.
    pub async fn connect(&self, from: Option<IpAddr>) -> io::Result<Stream> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
        let addresses = tokio::net::lookup_host((&*self.inner.host, self.inner.port)).await?;
        for address in addresses.collect::<Vec<_>>() {
            match connect_to(address, from).await {
                Ok(socket) => return self.secure(socket).await,
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn secure(&self, socket: TcpStream) -> io::Result<Stream> {
        socket.set_nodelay(true)?;
        match &self.inner.tls {
            None => Ok(Stream::Plain(socket)),
            Some((connector, name)) => {
                let stream = connector.connect(name.clone(), socket).await?;
                Ok(Stream::Tls(Box::new(stream)))
            }
        }
    }
}

fn default_port(scheme: &str) -> u16 {
    match scheme {
        "https" | "wss" => 443,
        "xmpp" => 5222,
        "xmpps" => 5223,
        _ => 80,
    }
}

async fn connect_to(address: SocketAddr, from: Option<IpAddr>) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(from) = from {
        socket.bind(SocketAddr::new(from, 0))?;
    }
    socket.connect(address).await
}

fn connector(roots: &Roots) -> io::Result<TlsConnector> {
    let path = match roots {
        Roots::System => Path::new(SYSTEM_ROOTS),
        Roots::File(path) => path,
    };
    let wrong = |e: &dyn std::fmt::Display| io::Error::other(format!("{}: {e}", path.display()));
    let mut store = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|e| wrong(&e))? {
        // A system's bundle may hold certificates of forms that rustls does not know.
        let _ = store.add(certificate.map_err(|e| wrong(&e))?);
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| wrong(&e))?
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// What one client remembers of one server: its last ticket.
#[derive(Debug, Default)]
struct OneSession {
    ticket: Mutex<Option<Box<Tls13ClientSessionValue>>>,
}

impl OneSession {
    fn ticket(&self) -> MutexGuard<'_, Option<Box<Tls13ClientSessionValue>>> {
        self.ticket.lock().expect("nothing panics while it holds this lock")
    }
}

impl ClientSessionStore for OneSession {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    // TLS 1.2 is spoken with servers of other make only, and not resumed.
    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _: ServerName<'static>, value: Tls13ClientSessionValue) {
        *self.ticket() = Some(Box::new(value));
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.ticket().take().map(|ticket| *ticket)
    }
}

/// Bytes to and from a server.
pub enum Stream {
    /// Without TLS.
    Plain(TcpStream),
    /// With TLS; boxed, because it is a hundred times larger than the other.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Sends all of what waits, and gives its memory back.
    ///
    /// # Errors
    /// The connection is lost.
    pub(crate) fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        unsent: &mut Vec<u8>,
    ) -> Poll<io::Result<()>> {
        while !unsent.is_empty() {
            let sent = ready!(Pin::new(&mut *self).poll_write(cx, unsent))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            if sent == unsent.len() {
                *unsent = Vec::new();
            } else {
                unsent.drain(..sent);
            }
        }
        Pin::new(self).poll_flush(cx)
    }

    /// Has the kernel reset the connection when this is dropped, and throw away what waits in it.
    pub(crate) fn reset_when_dropped(&self) {
        let tcp = match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => stream.get_ref().0,
        };
        // A socket that is gone already needs no reset.
        let _ = tcp.set_zero_linger();
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(s) => Pin::new(s).poll_read(cx, buf),
            Self::Tls(s) => Pin::new(s).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(s) => Pin::new(s).poll_write(cx, buf),
            Self::Tls(s) => Pin::new(s).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(s) => Pin::new(s).poll_flush(cx),
            Self::Tls(s) => Pin::new(s).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(s) => Pin::new(s).poll_shutdown(cx),
            Self::Tls(s) => Pin::new(s).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authority(url: &str) -> Option<String> {
        Server::parse(url, &Roots::System).ok().map(|s| s.authority())
    }

    #[test]
    fn a_url_names_host_and_port() {
        assert_eq!(authority("http://127.0.0.1:8080").as_deref(), Some("127.0.0.1:8080"));
        assert_eq!(authority("ws://chat.example/path").as_deref(), Some("chat.example:80"));
        assert_eq!(authority("http://[::1]:9").as_deref(), Some("[::1]:9"));
        assert_eq!(authority("http://[::1]/").as_deref(), Some("[::1]:80"));
        assert_eq!(authority("xmpp://chat.example").as_deref(), Some("chat.example:5222"));
    }

    #[test]
    fn what_is_no_url_of_a_server_is_refused() {
        for url in ["", "chat.example", "ftp://chat.example", "http://", "http://a:port"] {
            assert_eq!(authority(url), None, "{url}");
        }
    }
}
