//! Over TLS everything is as without, and a changed certificate is taken up while serving.
//!
//! The certificates beside this file are self-signed and good for nothing else.

use crate::support::{LOOPBACK, Line, PATIENCE, Seat, World};
use leeward_server::config::TlsFiles;
use leeward_server::run::listen;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// What the kernel keeps of what is under way, at each end: much less than one message.
const KERNEL_BYTES: usize = 4_096;

fn beside(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/tls").join(name)
}

pub(crate) fn put(name: &str, files: &TlsFiles) {
    std::fs::copy(beside(&format!("{name}.key")), &files.key).expect("it is copied");
    std::fs::copy(beside(&format!("{name}.pem")), &files.cert).expect("it is copied");
}

async fn world(dir: &Path) -> (World, TlsFiles) {
    let files = TlsFiles { cert: dir.join("cert.pem"), key: dir.join("key.pem") };
    put("first", &files);
    let tls = files.clone();
    let public = listen(LOOPBACK).expect("a port");
    // The kernel takes little at once: the rest waits in the server, where what has been encrypted may
    // have been sent in part.
    let socket = socket2::SockRef::from(&public);
    socket.set_send_buffer_size(KERNEL_BYTES).expect("it can be small");
    (World::at(public, &dir.join("data"), |config| config.tls = Some(tls)).await, files)
}

async fn connect(world: &World, name: &str) -> std::io::Result<TlsStream<TcpStream>> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(u32::try_from(KERNEL_BYTES).expect("small"))?;
    handshake(name, socket.connect(world.address).await?).await
}

/// Begins TLS on a connection to whoever has the certificate of that name.
pub(crate) async fn handshake(name: &str, tcp: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(beside(&format!("{name}.pem")));
    roots.add(certificate.expect("a certificate")).expect("it can be believed");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider's versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let server = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::new(config)).connect(server, tcp).await
}

async fn sign_in(world: &World, seat: &Seat) -> Line<TlsStream<TcpStream>> {
    let stream = connect(world, "first").await.expect("the handshake is good");
    let mut line = Line::over(stream, "localhost", &[]).await;
    line.say(&json!({"t": "hello", "token": seat.token})).await;
    line.come_in().await;
    line
}

#[tokio::test]
async fn messages_pass_whole_both_ways_however_long_they_wait() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (world, _) = world(dir.path()).await;
    let (owner, member) = (world.account("owner").await, world.account("member").await);
    let room = world.room("lobby", &[&owner, &member]).await;
    let mut reader = sign_in(&world, &member).await;
    let mut writer = sign_in(&world, &owner).await;
    let mut expected = Vec::new();
    for n in 0..25 {
        let text = format!("{n} {}", "x".repeat(30_000 - n * 1_200));
        let frame = json!({"t": "post", "room": room, "nonce": format!("n{n}"),
                           "draft": {"kind": "message", "text": text}});
        writer.say(&frame).await;
        assert_eq!(writer.until("posted").await["nonce"], format!("n{n}"));
        expected.push(text);
    }
    assert_eq!(reader.texts(25).await, expected);
    for n in 0..10 {
        // One that fits in what is encrypted at once and not in the kernel, and then silence.
        let text = format!("{n} {}", "y".repeat(25_000));
        let frame = json!({"t": "post", "room": room, "nonce": format!("y{n}"),
                           "draft": {"kind": "message", "text": text}});
        writer.say(&frame).await;
        writer.until("posted").await;
        assert_eq!(reader.texts(1).await, [text]);
    }
    reader.quiet().await;
    world.node.end_session(member.account, member.session);
    assert_eq!(reader.end().await.code, 4008);
}

#[tokio::test]
async fn a_changed_certificate_is_taken_up_while_connections_go_on() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (world, files) = world(dir.path()).await;
    let owner = world.account("owner").await;
    let mut held = sign_in(&world, &owner).await;
    assert!(connect(&world, "second").await.is_err(), "it is another");
    put("second", &files);
    let taken_up = async { while connect(&world, "second").await.is_err() {} };
    tokio::time::timeout(PATIENCE, taken_up).await.expect("it is taken up");
    assert!(connect(&world, "first").await.is_err(), "it was replaced");
    held.quiet().await;
}
