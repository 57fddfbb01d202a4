//! The certificate's files, read as the server and as a browser would read them.
//!
//! X.509 is not parsed here: the verifier that rustls has is asked about two days on which no
//! certificate counts, and says when it would.

use crate::config::TlsFiles;
use crate::doctor::facts::Certificate;
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, Error, RootCertStore, SignatureAlgorithm};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The year 9000: whatever a certificate says, it has run out by then.
const FAR_S: u64 = 221_845_392_000;

/// What the files hold. The error is what the server would say at its start.
pub(super) fn look(files: &TlsFiles, hosts: &[String]) -> Result<Certificate, String> {
    let at = |path: &Path, e: &dyn std::fmt::Display| format!("{}: {e}", path.display());
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&files.cert)
        .and_then(Iterator::collect)
        .map_err(|e| at(&files.cert, &e))?;
    let Some(leaf) = chain.first() else {
        return Err(at(&files.cert, &"there is no certificate in it"));
    };
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|e| at(&files.key, &e))?;
    let certified = CertifiedKey::from_der(chain.clone(), key, &aws_lc_rs::default_provider());
    let certified = certified.map_err(|e| {
        if matches!(e, Error::InconsistentKeys(_)) {
            return at(&files.key, &format!("the key does not belong to {}", files.cert.display()));
        }
        at(&files.cert, &e)
    })?;
    let parsed = ParsedCertificate::try_from(leaf).map_err(|e| at(&files.cert, &e))?;
    let mut until = u64::MAX;
    for certificate in &chain {
        until = until.min(not_after(certificate).map_err(|e| at(&files.cert, &e))?);
    }
    let stranger = |host: &&String| {
        let name = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        !ServerName::try_from(name).is_ok_and(|name| verify_server_name(&parsed, &name).is_ok())
    };
    Ok(Certificate {
        not_before_s: not_before(leaf).map_err(|e| at(&files.cert, &e))?,
        not_after_s: until,
        now_s: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
        strangers: hosts.iter().filter(stranger).cloned().collect(),
        self_signed: is_self_signed(leaf),
        rsa: certified.key.algorithm() == SignatureAlgorithm::RSA,
    })
}

/// What a verifier without anybody to trust says about a certificate at some time: its dates are
/// looked at before its signature.
fn verdict(
    certificate: &CertificateDer<'_>,
    roots: &RootCertStore,
    seconds: u64,
) -> Result<(), Error> {
    let parsed = ParsedCertificate::try_from(certificate)?;
    let at = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let provider = aws_lc_rs::default_provider();
    let algorithms = provider.signature_verification_algorithms.all;
    verify_server_cert_signed_by_trust_anchor(&parsed, roots, &[], at, algorithms)
}

fn not_after(certificate: &CertificateDer<'_>) -> Result<u64, Error> {
    match verdict(certificate, &RootCertStore::empty(), FAR_S) {
        Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
            Ok(not_after.as_secs())
        }
        Err(e) => Err(e),
        Ok(()) => Ok(u64::MAX),
    }
}

fn not_before(certificate: &CertificateDer<'_>) -> Result<u64, Error> {
    match verdict(certificate, &RootCertStore::empty(), 0) {
        Err(Error::InvalidCertificate(CertificateError::NotValidYetContext {
            not_before, ..
        })) => Ok(not_before.as_secs()),
        // It counted in 1970 already, so that nothing is said about when it began.
        Ok(()) | Err(_) => Ok(0),
    }
}

/// Whether its own key has signed it: then it verifies with itself as the one to trust.
fn is_self_signed(certificate: &CertificateDer<'static>) -> bool {
    let mut roots = RootCertStore::empty();
    let (Ok(()), Ok(from)) = (roots.add(certificate.clone()), not_before(certificate)) else {
        return false;
    };
    // A certificate that may sign others is refused here for just that, before its signature is
    // looked at; `openssl req -x509` makes such ones, and nobody else serves them.
    matches!(
        verdict(certificate, &roots, from),
        Ok(()) | Err(Error::InvalidCertificate(CertificateError::Other(_)))
    )
}
