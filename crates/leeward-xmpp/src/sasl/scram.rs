//! SCRAM (RFC 5802, RFC 7677): the server's side, and what is kept of a password for it.

use super::Binding;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Digest as _;
use subtle::ConstantTimeEq as _;
use unicode_normalization::UnicodeNormalization as _;

/// Rounds of PBKDF2. RFC 7677 asks for 4,096 at least; each client does them once, and keeps the keys.
pub const ITERATIONS: u32 = 10_000;

/// What is kept of a password for SCRAM (RFC 5802, section 3): nobody can sign in with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scram {
    /// The salt of both.
    pub salt: [u8; 16],
    /// Rounds of both.
    pub iterations: u32,
    /// For SCRAM-SHA-1: stored key and server key.
    pub sha1: ([u8; 20], [u8; 20]),
    /// For SCRAM-SHA-256: stored key and server key.
    pub sha256: ([u8; 32], [u8; 32]),
}

/// Of which hash the mechanism is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hash {
    /// SCRAM-SHA-1.
    Sha1,
    /// SCRAM-SHA-256.
    Sha256,
}

impl Scram {
    /// What is to be kept of this password. Takes some milliseconds.
    pub fn of(password: &str, salt: [u8; 16], iterations: u32) -> Self {
        // As much of SASLprep (RFC 4013) as clients do: compatibility forms, other blanks as blanks.
        let blank = |c: char| if c.is_whitespace() { ' ' } else { c };
        let prepared: String = password.chars().map(blank).nfkc().collect();
        let (mut sha1, mut sha256) = ([0; 20], [0; 32]);
        pbkdf2::pbkdf2_hmac::<sha1::Sha1>(prepared.as_bytes(), &salt, iterations, &mut sha1);
        pbkdf2::pbkdf2_hmac::<sha2::Sha256>(prepared.as_bytes(), &salt, iterations, &mut sha256);
        let stored1 = sha1::Sha1::digest(mac1(&sha1, b"Client Key")).into();
        let stored256 = sha2::Sha256::digest(mac256(&sha256, b"Client Key")).into();
        Self {
            salt,
            iterations,
            sha1: (stored1, mac1(&sha1, b"Server Key")),
            sha256: (stored256, mac256(&sha256, b"Server Key")),
        }
    }

    /// For a name that nobody has: always the same, and no password fits.
    pub fn of_nobody(secret: &[u8; 32], name: &str) -> Self {
        let mut bytes = [0; 48];
        blake3::Hasher::new_keyed(secret).update(name.as_bytes()).finalize_xof().fill(&mut bytes);
        let salt = *bytes.first_chunk().expect("48 bytes have a first 16");
        let key = *bytes.last_chunk().expect("48 bytes have a last 32");
        let short = *bytes.last_chunk().expect("48 bytes have a last 20");
        Self { salt, iterations: ITERATIONS, sha1: (short, short), sha256: (key, key) }
    }

    /// In the form in which it is kept.
    pub fn to_bytes(&self) -> Vec<u8> {
        let iterations = self.iterations.to_be_bytes();
        let (a, b) = (&self.sha1, &self.sha256);
        [&[VERSION][..], &iterations, &self.salt, &a.0, &a.1, &b.0, &b.1].concat()
    }

    /// Reads that form.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (version, rest) = bytes.split_first()?;
        let (iterations, rest) = rest.split_first_chunk()?;
        let (salt, rest) = rest.split_first_chunk()?;
        let (stored1, rest) = rest.split_first_chunk()?;
        let (server1, rest) = rest.split_first_chunk()?;
        let (stored256, rest) = rest.split_first_chunk()?;
        let (server256, rest) = rest.split_first_chunk()?;
        (*version == VERSION && rest.is_empty()).then_some(Self {
            salt: *salt,
            iterations: u32::from_be_bytes(*iterations),
            sha1: (*stored1, *server1),
            sha256: (*stored256, *server256),
        })
    }
}

const VERSION: u8 = 1;

/// Why an exchange ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ScramError {
    /// A message is not of the form.
    Malformed,
    /// The proof, the nonce or the binding is wrong.
    Wrong,
}

/// One exchange, after the client's first message.
#[derive(Clone, Debug)]
pub struct Exchange {
    hash: Hash,
    /// What the client is called, unverified.
    pub name: String,
    /// `n,,` or the like, with the binding's data after it.
    header: Vec<u8>,
    client_first_bare: String,
    nonce: String,
    server_first: Option<String>,
    scram: Option<Scram>,
}

impl Exchange {
    /// Begins with the client's first message. `plus`: the mechanism's name ends so; `binding`: what the
    /// connection could be bound to.
    ///
    /// # Errors
    /// When the message is not of the form, or pretends that there is no binding where one was offered.
    pub fn begin(
        hash: Hash,
        plus: bool,
        binding: Option<&Binding>,
        message: &[u8],
        server_nonce: &str,
    ) -> Result<Self, ScramError> {
        let text = std::str::from_utf8(message).map_err(|_| ScramError::Malformed)?;
        let mut parts = text.splitn(3, ',');
        let flag = parts.next().ok_or(ScramError::Malformed)?;
        let authzid = parts.next().ok_or(ScramError::Malformed)?;
        let bare = parts.next().ok_or(ScramError::Malformed)?;
        let mut header = format!("{flag},{authzid},").into_bytes();
        match (flag, plus, binding) {
            ("n", false, _) | ("y", false, None) => {}
            // It could have bound, and somebody has taken the offer out (RFC 5802, section 6).
            ("y", false, Some(_)) => return Err(ScramError::Wrong),
            (flag, true, Some(binding)) if flag.strip_prefix("p=") == Some(binding.name()) => {
                header.extend_from_slice(binding.data());
            }
            (flag, true, _) if flag.starts_with("p=") => return Err(ScramError::Wrong),
            _ => return Err(ScramError::Malformed),
        }
        let mut attributes = bare.split(',');
        let name = attributes.next().and_then(|a| a.strip_prefix("n="));
        let nonce = attributes.next().and_then(|a| a.strip_prefix("r="));
        let (Some(name), Some(nonce)) = (name.and_then(unescape), nonce) else {
            return Err(ScramError::Malformed);
        };
        let printable = nonce.bytes().all(|b| b.is_ascii_graphic() && b != b',');
        if nonce.is_empty() || !printable || name.is_empty() {
            return Err(ScramError::Malformed);
        }
        // Nobody acts for another (RFC 4422, 3.4.1).
        let other = authzid.strip_prefix("a=").is_some_and(|a| a.split('@').next() != Some(&name));
        if other || !(authzid.is_empty() || authzid.starts_with("a=")) {
            return Err(ScramError::Wrong);
        }
        Ok(Self {
            hash,
            name,
            header,
            client_first_bare: bare.to_owned(),
            nonce: format!("{nonce}{server_nonce}"),
            server_first: None,
            scram: None,
        })
    }

    /// The server's first message.
    pub fn challenge(&mut self, scram: Scram) -> String {
        let salt = STANDARD.encode(scram.salt);
        let first = format!("r={},s={salt},i={}", self.nonce, scram.iterations);
        (self.server_first, self.scram) = (Some(first.clone()), Some(scram));
        first
    }

    /// The server's last message, if the client's proves that it knows the password.
    ///
    /// # Errors
    /// When it does not.
    pub fn finish(&self, message: &[u8]) -> Result<String, ScramError> {
        let text = std::str::from_utf8(message).map_err(|_| ScramError::Malformed)?;
        let (Some(first), Some(scram)) = (&self.server_first, &self.scram) else {
            return Err(ScramError::Malformed);
        };
        let (without, proof) = text.rsplit_once(",p=").ok_or(ScramError::Malformed)?;
        let proof = STANDARD.decode(proof).map_err(|_| ScramError::Malformed)?;
        let mut attributes = without.split(',');
        let channel = attributes.next().and_then(|a| a.strip_prefix("c="));
        let nonce = attributes.next().and_then(|a| a.strip_prefix("r="));
        let channel = channel.and_then(|c| STANDARD.decode(c).ok()).ok_or(ScramError::Malformed)?;
        let signed = format!("{},{first},{without}", self.client_first_bare);
        let right = channel == self.header && nonce == Some(&self.nonce);
        let (proved, signature) = match self.hash {
            Hash::Sha1 => {
                let key = unmask(&proof, &mac1(&scram.sha1.0, signed.as_bytes()));
                let stored = sha1::Sha1::digest(key);
                let signature = mac1(&scram.sha1.1, signed.as_bytes());
                (stored.ct_eq(&scram.sha1.0).into(), STANDARD.encode(signature))
            }
            Hash::Sha256 => {
                let key = unmask(&proof, &mac256(&scram.sha256.0, signed.as_bytes()));
                let stored = sha2::Sha256::digest(key);
                let signature = mac256(&scram.sha256.1, signed.as_bytes());
                (stored.ct_eq(&scram.sha256.0).into(), STANDARD.encode(signature))
            }
        };
        if right && proved { Ok(format!("v={signature}")) } else { Err(ScramError::Wrong) }
    }
}

/// The client's key: its proof without the signature that hides it. Of another length: nothing that
/// could be right.
fn unmask(proof: &[u8], signature: &[u8]) -> Vec<u8> {
    if proof.len() != signature.len() {
        return Vec::new();
    }
    proof.iter().zip(signature).map(|(p, s)| p ^ s).collect()
}

/// `=2C` is a comma and `=3D` an equals sign in a name (RFC 5802, section 5.1).
fn unescape(name: &str) -> Option<String> {
    let plain = name.replace("=2C", ",").replace("=3D", "\0");
    (!plain.contains('=') && !name.contains('\0')).then(|| plain.replace('\0', "="))
}

fn mac1(key: &[u8], data: &[u8]) -> [u8; 20] {
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(data);
    mac.finalize().into_bytes().into()
}

pub(super) fn mac256(key: &[u8], data: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(data);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn salt(text: &str) -> [u8; 16] {
        let mut salt = [0; 16];
        let bytes = STANDARD.decode(text).unwrap();
        salt[..bytes.len()].copy_from_slice(&bytes);
        salt
    }

    /// RFC 7677, section 3.
    #[test]
    fn the_example_of_the_rfc_for_sha_256_is_taken() {
        let scram = Scram::of("pencil", salt("W22ZaJ0SNY7soEsUEjb6gQ=="), 4_096);
        let mut exchange = Exchange::begin(
            Hash::Sha256,
            false,
            None,
            b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
            "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
        )
        .unwrap();
        assert_eq!(
            exchange.challenge(scram),
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
        );
        let last = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                    p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
        assert_eq!(
            exchange.finish(last.as_bytes()).unwrap(),
            "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
        );
        for wrong in [
            last.replace("dHzb", "dHzc"),
            last.replace("biws", "eSws"),
            last.replace("k0,p", "k1,p"),
            last.replace("pencil", ""),
        ] {
            if wrong != last {
                assert_eq!(exchange.finish(wrong.as_bytes()), Err(ScramError::Wrong), "{wrong}");
            }
        }
    }

    /// RFC 5802, section 5; its salt has 12 bytes, so that only the form is compared.
    #[test]
    fn what_is_kept_is_read_again() {
        let scram = Scram::of("pencil", [9; 16], 4_096);
        assert_eq!(Scram::read(&scram.to_bytes()), Some(scram.clone()));
        assert_eq!(Scram::read(&scram.to_bytes()[1..]), None);
        assert_eq!(Scram::of("\u{2168}", [9; 16], 1), Scram::of("IX", [9; 16], 1), "RFC 4013");
    }

    #[test]
    fn whoever_pretends_that_nothing_can_be_bound_is_refused() {
        let binding = Binding::Exporter([3; 32]);
        let begin = |flag: &str, plus, binding: Option<&Binding>| {
            let message = format!("{flag},,n=member,r=abc");
            Exchange::begin(Hash::Sha1, plus, binding, message.as_bytes(), "x").map(|e| e.header)
        };
        assert_eq!(begin("y", false, Some(&binding)), Err(ScramError::Wrong));
        assert_eq!(begin("y", false, None).unwrap(), b"y,,");
        assert_eq!(begin("n", false, Some(&binding)).unwrap(), b"n,,");
        assert_eq!(begin("p=tls-unique", true, Some(&binding)), Err(ScramError::Wrong));
        assert_eq!(begin("p=tls-exporter", false, Some(&binding)), Err(ScramError::Malformed));
        let bound = begin("p=tls-exporter", true, Some(&binding)).unwrap();
        assert_eq!(bound, [b"p=tls-exporter,,".to_vec(), vec![3; 32]].concat());
    }

    #[test]
    fn nobody_acts_for_another_and_names_are_unescaped() {
        let begin = |message: &str| {
            Exchange::begin(Hash::Sha1, false, None, message.as_bytes(), "x").map(|e| e.name)
        };
        assert_eq!(begin("n,a=owner,n=member,r=abc"), Err(ScramError::Wrong));
        assert_eq!(begin("n,a=member@x,n=member,r=abc").unwrap(), "member");
        assert_eq!(begin("n,,n=a=2Cb=3D,r=abc").unwrap(), "a,b=");
        for bad in ["", "n", "n,,", "n,,n=a", "n,,n=,r=b", "n,,n=a=2,r=b", "n,,n=a,r="] {
            assert_eq!(begin(bad), Err(ScramError::Malformed), "{bad}");
        }
    }

    #[test]
    fn nobody_looks_like_somebody() {
        let nobody = Scram::of_nobody(&[1; 32], "nobody");
        assert_eq!(nobody, Scram::of_nobody(&[1; 32], "nobody"));
        assert_ne!(nobody.salt, Scram::of_nobody(&[1; 32], "no-one").salt);
        assert_eq!(nobody.iterations, ITERATIONS);
    }
}
