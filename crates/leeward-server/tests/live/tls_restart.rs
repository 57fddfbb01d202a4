//! TLS: a session ticket opens after a restart of the server, and a handshake that stops half-way costs
//! a place for a moment and nothing else.

use crate::support::{Line, PATIENCE, World};
use leeward_server::config::TlsFiles;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, HandshakeKind, RootCertStore};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

fn beside(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/tls").join(name)
}

async fn world(dir: &Path) -> World {
    let tls = TlsFiles { cert: beside("first.pem"), key: beside("first.key") };
    World::over(dir, |config| config.tls = Some(tls)).await
}

/// A client that remembers its session tickets from one connection to the next.
fn client() -> TlsConnector {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(beside("first.pem")).expect("a certificate");
    roots.add(certificate).expect("it can be believed");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider's versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

async fn connect(client: &TlsConnector, world: &World) -> TlsStream<TcpStream> {
    let tcp = TcpStream::connect(world.address).await.expect("it listens");
    let server = ServerName::try_from("localhost").expect("a name");
    client.connect(server, tcp).await.expect("the handshake is good")
}

/// Connects, reads something so that the ticket has come, and says how the handshake went.
async fn visit(client: &TlsConnector, world: &World) -> Option<HandshakeKind> {
    let mut stream = connect(client, world).await;
    let request = b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.expect("it is sent");
    let mut answer = Vec::new();
    // Some ends of the stream are errors to rustls; the answer is what counts.
    let _ = stream.read_to_end(&mut answer).await;
    assert!(answer.starts_with(b"HTTP/1.1 200"));
    stream.get_ref().1.handshake_kind()
}

#[tokio::test]
async fn a_session_ticket_opens_after_a_restart_and_not_at_another_server() {
    let (dir, elsewhere) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir());
    let client = client();
    let before = world(dir.path()).await;
    assert_eq!(visit(&client, &before).await, Some(HandshakeKind::Full));
    assert_eq!(visit(&client, &before).await, Some(HandshakeKind::Resumed));
    before.stop().await;
    let after = world(dir.path()).await;
    assert_eq!(visit(&client, &after).await, Some(HandshakeKind::Resumed), "after a restart");
    assert_eq!(after.figure("leeward_tls_handshakes_resumed_total").await, 1);
    assert_eq!(after.figure("leeward_tls_handshakes_full_total").await, 0);
    // The control: the same certificate with another secret.
    let other = world(elsewhere.expect("a directory").path()).await;
    assert_eq!(visit(&client, &other).await, Some(HandshakeKind::Full), "another secret");
}

#[tokio::test]
async fn half_open_handshakes_are_few_at_a_time_and_shut_nobody_out() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let tls = TlsFiles { cert: beside("first.pem"), key: beside("first.key") };
    let world = World::over(dir.path(), |config| {
        config.tls = Some(tls);
        config.shards = 1;
        config.door.openings_max = 16;
        config.bounds.hello_max = Duration::from_millis(800);
    })
    .await;
    let member = world.account("member").await;
    let mut inside = Line::over(connect(&client(), &world).await, "localhost", &[]).await;
    inside.say(&json!({"t": "hello", "token": member.token})).await;
    inside.come_in().await;
    let mut half_open = Vec::new();
    for _ in 0..64 {
        let mut stream = TcpStream::connect(world.address).await.expect("it listens");
        // The head of a record that never comes.
        stream.write_all(&[22, 3, 1, 1, 0]).await.expect("it is sent");
        half_open.push(stream);
    }
    inside.quiet().await;
    assert!(world.node.openings() <= 16, "{}", world.node.openings());
    // Whoever comes behind them is served when they have been given up.
    let late = async { Line::over(connect(&client(), &world).await, "localhost", &[]).await };
    let mut late = tokio::time::timeout(PATIENCE, late).await.expect("it has its turn");
    late.say(&json!({"t": "hello", "token": member.token})).await;
    late.come_in().await;
    inside.quiet().await;
    drop(half_open);
}
