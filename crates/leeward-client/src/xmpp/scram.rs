//! SCRAM-SHA-256 (RFC 7677), the client's half, as most clients sign in. What a password becomes is kept
//! for the next time, as they keep it. Never looks at the server's proof: it is the one under load.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::cell::RefCell;

/// Its name among the mechanisms.
pub(crate) const MECHANISM: &str = "SCRAM-SHA-256";
/// Neither bound to the connection nor in another's name.
const HEADER: &str = "n,,";
/// The most rounds that a server may ask for.
const ROUNDS_MAX: u32 = 1_000_000;

/// A sign-in under way.
#[derive(Clone, Debug)]
pub(crate) struct Scram {
    /// What was said first, without the header.
    bare: Box<str>,
}

/// What a password became, with which salt and in how many rounds.
struct Kept {
    password: Box<str>,
    salt: Vec<u8>,
    rounds: u32,
    salted: [u8; 32],
}

thread_local! {
    /// The last of them: all the people of a drill have one password.
    static KEPT: RefCell<Option<Kept>> = const { RefCell::new(None) };
}

impl Scram {
    /// Begins. `nonce` is unlike any other, and has no comma.
    pub(crate) fn begin(name: &str, nonce: &str) -> Self {
        let name = name.replace('=', "=3D").replace(',', "=2C");
        Self { bare: format!("n={name},r={nonce}").into() }
    }

    /// The first message, as it goes over the wire.
    pub(crate) fn first(&self) -> String {
        STANDARD.encode(format!("{HEADER}{}", self.bare))
    }

    /// The second, to what the server has said; none where that is no challenge.
    pub(crate) fn answer(&self, password: &str, challenge: &str) -> Option<String> {
        let challenge = String::from_utf8(STANDARD.decode(challenge.trim()).ok()?).ok()?;
        let part = |name: &str| challenge.split(',').find_map(|part| part.strip_prefix(name));
        let salt = STANDARD.decode(part("s=")?).ok()?;
        let rounds = part("i=")?.parse().ok().filter(|rounds| *rounds <= ROUNDS_MAX)?;
        let without = format!("c={},r={}", STANDARD.encode(HEADER), part("r=")?);
        let key = mac(&salted(password, salt, rounds), b"Client Key");
        let signed = format!("{},{challenge},{without}", self.bare);
        let signature = mac(&Sha256::digest(key), signed.as_bytes());
        let proof: Vec<u8> = key.iter().zip(signature).map(|(k, s)| k ^ s).collect();
        Some(STANDARD.encode(format!("{without},p={}", STANDARD.encode(proof))))
    }
}

fn salted(password: &str, salt: Vec<u8>, rounds: u32) -> [u8; 32] {
    KEPT.with_borrow_mut(|kept| {
        let fits = |k: &&Kept| *k.password == *password && k.salt == salt && k.rounds == rounds;
        if let Some(kept) = kept.as_ref().filter(fits) {
            return kept.salted;
        }
        let mut salted = [0; 32];
        pbkdf2::pbkdf2_hmac::<Sha256>(password.as_bytes(), &salt, rounds, &mut salted);
        *kept = Some(Kept { password: password.into(), salt, rounds, salted });
        salted
    })
}

fn mac(key: &[u8], data: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(data);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7677, section 3.
    #[test]
    fn the_example_of_the_rfc_is_answered_as_there() {
        let scram = Scram::begin("user", "rOprNGfwEbeRWgbNEkqO");
        assert_eq!(scram.first(), STANDARD.encode("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"));
        let challenge = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
            s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let answer = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
            p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
        for _ in 0..2 {
            let said = scram.answer("pencil", &STANDARD.encode(challenge));
            assert_eq!(said, Some(STANDARD.encode(answer)));
        }
        let other = scram.answer("pencils", &STANDARD.encode(challenge));
        assert!(other.is_some_and(|other| other != STANDARD.encode(answer)));
    }

    #[test]
    fn what_is_no_challenge_is_not_answered() {
        let scram = Scram::begin("a,b=c", "x");
        assert_eq!(scram.first(), STANDARD.encode("n,,n=a=2Cb=3Dc,r=x"));
        for challenge in ["", "r=x", "r=x,s=AAAA,i=many", "r=x,s=AAAA,i=99999999"] {
            assert_eq!(scram.answer("p", &STANDARD.encode(challenge)), None, "{challenge}");
        }
        assert_eq!(scram.answer("p", "not base64"), None);
    }
}
