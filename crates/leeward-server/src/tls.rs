//! TLS from certificate files, read again when they change.
//!
//! One ticket for each connection, which opens after a restart as well; no early data: what comes
//! first is the hello of a session, and that must not be said twice by somebody who listened. Never
//! logs a key.

mod tickets;

use crate::config::TlsFiles;
use crate::node::StartError;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::NoServerSessionStorage;
use std::path::Path;
use std::sync::{Arc, RwLock};
use std::time::SystemTime;
pub(crate) use tickets::Tickets;

/// The certificate in use.
pub(crate) struct Tls {
    files: TlsFiles,
    pub(crate) tickets: Arc<Tickets>,
    inner: RwLock<Inner>,
}

struct Inner {
    config: Arc<ServerConfig>,
    /// The same for XMPP (XEP-0368).
    xmpp: Arc<ServerConfig>,
    /// When the files were last written, as far as they have been looked at.
    seen: Option<(SystemTime, SystemTime)>,
}

impl Tls {
    /// Reads the files.
    pub(crate) fn open(files: &TlsFiles, tickets: Arc<Tickets>) -> Result<Self, StartError> {
        let seen = written(files);
        let config = read(files, &tickets).map_err(StartError::Tls)?;
        let xmpp = for_xmpp(&config);
        let inner = Inner { config, xmpp, seen };
        Ok(Self { files: files.clone(), tickets, inner: RwLock::new(inner) })
    }

    /// For the next handshake.
    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        let inner = self.inner.read().expect("nothing panics while it holds this lock");
        Arc::clone(&inner.config)
    }

    /// For the next handshake of an XMPP client.
    pub(crate) fn xmpp_config(&self) -> Arc<ServerConfig> {
        let inner = self.inner.read().expect("nothing panics while it holds this lock");
        Arc::clone(&inner.xmpp)
    }

    /// Reads the files again if they have changed. What cannot be read is said once, and the
    /// certificate in use stays.
    pub(crate) fn look(&self) {
        let seen = written(&self.files);
        let mut inner = self.inner.write().expect("nothing panics while it holds this lock");
        if inner.seen == seen {
            return;
        }
        inner.seen = seen;
        match read(&self.files, &self.tickets) {
            Ok(config) => {
                inner.xmpp = for_xmpp(&config);
                inner.config = config;
                tracing::info!("the certificate was read again");
            }
            Err(why) => tracing::warn!(%why, "the changed certificate cannot be used"),
        }
    }
}

/// The same certificate, for clients that say that they speak XMPP, or nothing.
fn for_xmpp(config: &Arc<ServerConfig>) -> Arc<ServerConfig> {
    let mut config = ServerConfig::clone(config);
    config.alpn_protocols = vec![b"xmpp-client".to_vec()];
    Arc::new(config)
}

fn written(files: &TlsFiles) -> Option<(SystemTime, SystemTime)> {
    let modified = |path: &Path| std::fs::metadata(path).and_then(|m| m.modified()).ok();
    Some((modified(&files.cert)?, modified(&files.key)?))
}

fn read(files: &TlsFiles, tickets: &Arc<Tickets>) -> Result<Arc<ServerConfig>, String> {
    let at = |path: &Path, e: &dyn std::fmt::Display| format!("{}: {e}", path.display());
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&files.cert)
        .and_then(Iterator::collect)
        .map_err(|e| at(&files.cert, &e))?;
    if chain.is_empty() {
        return Err(at(&files.cert, &"there is no certificate in it"));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|e| at(&files.key, &e))?;
    if is_rsa(&key) {
        let why = "an RSA key makes each handshake many times as dear as an ECDSA key does";
        tracing::warn!(file = %files.key.display(), "{why}");
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|e| at(&files.cert, &e))?;
    config.send_tls13_tickets = 1;
    config.max_early_data_size = 0;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.ticketer = Arc::<Tickets>::clone(tickets);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Whether a key is RSA, by its form or by the algorithm that PKCS#8 names.
fn is_rsa(key: &PrivateKeyDer<'_>) -> bool {
    /// DER of the object identifier 1.2.840.113549.1.1.1.
    const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    match key {
        PrivateKeyDer::Pkcs1(_) => true,
        PrivateKeyDer::Pkcs8(key) => {
            let head = &key.secret_pkcs8_der()[..key.secret_pkcs8_der().len().min(32)];
            head.windows(RSA_ENCRYPTION.len()).any(|w| w == RSA_ENCRYPTION)
        }
        PrivateKeyDer::Sec1(_) | _ => false,
    }
}
