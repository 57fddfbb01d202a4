//! An errand: one request to an address that an administrator has named, and what it answers.
//!
//! A name is looked up here, its addresses are judged, and the one that passed is the one connected
//! to: who controls a name cannot lead the server into its own network by changing it in between.
//! Redirections are not followed, no proxy is asked. Few errands are under way at a time, each of
//! them for a short time, and little is read of an answer.

use super::reach::may_reach;
use crate::config::Prefix;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, HeaderName, USER_AGENT};
use http::{Method, Request, Response, Uri};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_rustls::TlsConnector;
use tokio_util::task::AbortOnDropHandle;

/// Errands under way: each holds a socket and up to [`ANSWER_BYTES_MAX`].
const UNDER_WAY_MAX: usize = 32;
/// How long one may take, from the look-up of the name to the last byte: what Slack allows, too.
const PATIENCE: Duration = Duration::from_secs(3);
/// Longest answer that is read, in bytes: two messages of the greatest length.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Runs errands.
pub(super) struct Errands {
    allowed: Vec<Prefix>,
    under_way: Semaphore,
    tls: OnceLock<Arc<ClientConfig>>,
}

/// What came back from a successful errand.
pub(super) struct Answer {
    pub(super) json: bool,
    pub(super) body: Bytes,
}

/// Why there is no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Trouble {
    /// Too many are under way.
    Busy,
    /// The address belongs to a network that errands do not go to.
    OutOfReach,
    /// Nobody took the request.
    Unreachable,
    /// It took too long.
    Late,
    /// The answer had another status than 200.
    Status(u16),
    /// The answer was too long.
    TooLong,
}

impl Errands {
    /// Errands go to public addresses, and to these.
    pub(super) fn new(allowed: Vec<Prefix>) -> Self {
        let under_way = Semaphore::new(UNDER_WAY_MAX);
        Self { allowed, under_way, tls: OnceLock::new() }
    }

    /// Whether an address may be named at all, as far as can be said before its name is looked up.
    pub(super) fn allows(&self, url: &Uri) -> bool {
        let literal = host(url).and_then(|host| host.parse::<IpAddr>().ok());
        literal.is_none_or(|address| may_reach(address, &self.allowed))
    }

    /// Posts a form.
    pub(super) async fn post(
        &self,
        url: &Uri,
        headers: &[(HeaderName, String)],
        form: String,
    ) -> Result<Answer, Trouble> {
        let _place = self.under_way.try_acquire().map_err(|_| Trouble::Busy)?;
        let run = self.run(url, headers, form);
        tokio::time::timeout(PATIENCE, run).await.unwrap_or(Err(Trouble::Late))
    }

    async fn run(
        &self,
        url: &Uri,
        headers: &[(HeaderName, String)],
        form: String,
    ) -> Result<Answer, Trouble> {
        let authority = url.authority().ok_or(Trouble::Unreachable)?;
        let path = url.path_and_query().map_or("/", |path| path.as_str());
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(HOST, authority.as_str())
            .header(USER_AGENT, concat!("leeward/", env!("CARGO_PKG_VERSION")))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::from(form)).map_err(|_| Trouble::Unreachable)?;
        let stream = self.connect(url).await?;
        if url.scheme_str() != Some("https") {
            return speak(stream, request).await;
        }
        let name = host(url).unwrap_or_default().to_owned();
        let name = ServerName::try_from(name).map_err(|_| Trouble::Unreachable)?;
        let connector = TlsConnector::from(self.tls().await);
        let stream = connector.connect(name, stream).await.map_err(|e| {
            tracing::info!(error = %e, "an errand found no trust");
            Trouble::Unreachable
        })?;
        speak(stream, request).await
    }

    /// Connects to the first address of the host that may be reached and answers.
    async fn connect(&self, url: &Uri) -> Result<TcpStream, Trouble> {
        let host = host(url).ok_or(Trouble::Unreachable)?;
        let port =
            url.port_u16().unwrap_or(if url.scheme_str() == Some("https") { 443 } else { 80 });
        let found = tokio::net::lookup_host((host, port)).await;
        let found: Vec<SocketAddr> = found.map_err(|_| Trouble::Unreachable)?.collect();
        let within = found.iter().filter(|at| may_reach(at.ip(), &self.allowed));
        let mut trouble = Trouble::OutOfReach;
        for address in within {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(_) => trouble = Trouble::Unreachable,
            }
        }
        Err(trouble)
    }

    /// Whom this machine trusts. Read once, when it is first needed.
    async fn tls(&self) -> Arc<ClientConfig> {
        if let Some(config) = self.tls.get() {
            return Arc::clone(config);
        }
        let read = tokio::task::spawn_blocking(trusting).await;
        let config = read.expect("reading certificates does not panic");
        Arc::clone(self.tls.get_or_init(|| config))
    }
}

fn trusting() -> Arc<ClientConfig> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (taken, _) = roots.add_parsable_certificates(found.certs);
    if taken == 0 {
        tracing::warn!("this machine trusts no certificates: commands by https cannot be reached");
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has the versions that it has by default")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

/// The host of an address, without the brackets of IPv6.
fn host(url: &Uri) -> Option<&str> {
    url.host().map(|host| host.trim_start_matches('[').trim_end_matches(']'))
}

async fn speak<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Answer, Trouble>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
        .max_buf_size(16 * 1024)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|_| Trouble::Unreachable)?;
    let _driver = AbortOnDropHandle::new(tokio::spawn(connection));
    let answer = sender.send_request(request).await.map_err(|_| Trouble::Unreachable)?;
    read(answer).await
}

async fn read(answer: Response<Incoming>) -> Result<Answer, Trouble> {
    if answer.status() != http::StatusCode::OK {
        return Err(Trouble::Status(answer.status().as_u16()));
    }
    let media = super::answer::media_type(answer.headers());
    let json = media.is_some_and(|media| media.eq_ignore_ascii_case("application/json"));
    let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
    let body = body.map_err(|e| match e.downcast_ref::<LengthLimitError>() {
        Some(_) => Trouble::TooLong,
        None => Trouble::Unreachable,
    })?;
    Ok(Answer { json, body: body.to_bytes() })
}
