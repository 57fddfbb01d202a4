//! Sealed tokens: what a client carries so that the server need not look it up.
//!
//! A token is a few numbers and a MAC over them, under a key that every node of the workspace has.
//! Whoever holds the key ring can verify one without a database; whoever does not can neither make
//! nor change one. Nothing in a token is secret from its holder. Revocation is the caller's: it
//! compares the session with those it knows to have ended.
//!
//! Layout, before base64url without padding: version (1 byte), key id (1), role (1), then LEB128
//! numbers (account, session, session epoch, issued, expires, lease), then 16 bytes of BLAKE3 MAC
//! over the purpose and all that. A resume ticket takes about 55 characters.

use crate::account::Role;
use crate::code::Code;
use crate::id::{AccountId, Millis, SessionId};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// What a token is good for. A token sealed for one purpose does not open for another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// Acts for the account, on HTTP and in `hello`.
    SignIn,
    /// Resumes a session of the live connection.
    Resume,
    /// Reads one file from an address that cannot carry a header or a cookie; `session` is the file.
    File,
    /// Keeps a place in a line; its form is that of [`crate::storm::ticket`].
    Slot,
    /// Fills one file at an address that cannot carry a header; `session` is the file.
    Put,
    /// Takes up a managed stream of XMPP (XEP-0198).
    Xmpp,
}

/// What a token says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Grant {
    /// Whose it is.
    pub account: AccountId,
    /// Which session it belongs to.
    pub session: SessionId,
    /// Raised by each resume, which fences off what the connection before still sends.
    pub session_epoch: u32,
    /// The role of the account when it was sealed.
    pub role: Role,
    /// When it was sealed.
    pub issued: Millis,
    /// It opens before this moment only.
    pub expires: Millis,
    /// The lease granted with it, in milliseconds.
    pub lease_ms: u32,
}

/// The keys of a workspace: one to seal with, and those before it that still open.
#[derive(Clone)]
pub struct KeyRing {
    current: (u8, [u8; 32]),
    previous: Vec<(u8, [u8; 32])>,
}

impl KeyRing {
    /// A ring of keys, each with the id that stands in its tokens.
    pub fn new(current: (u8, [u8; 32]), previous: Vec<(u8, [u8; 32])>) -> Self {
        Self { current, previous }
    }

    /// Seals a grant, as text of base64url characters.
    pub fn seal(&self, purpose: Purpose, grant: &Grant) -> String {
        let (id, key) = &self.current;
        let mut bytes = Vec::with_capacity(64);
        bytes.extend_from_slice(&[VERSION, *id, role_byte(grant.role)]);
        for number in [
            grant.account.0,
            grant.session.0,
            u64::from(grant.session_epoch),
            grant.issued.0,
            grant.expires.0,
            u64::from(grant.lease_ms),
        ] {
            put_number(&mut bytes, number);
        }
        let mac = mac(key, purpose, &bytes);
        bytes.extend_from_slice(&mac);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Opens a token.
    ///
    /// # Errors
    /// [`Code::SignIn`] for whatever is wrong with it: the holder can do only one thing about it.
    pub fn open(&self, purpose: Purpose, text: &str, now: Millis) -> Result<Grant, Code> {
        self.verified(purpose, text).filter(|grant| now < grant.expires).ok_or(Code::SignIn)
    }

    /// The id of the key that seals.
    pub(crate) fn current_id(&self) -> u8 {
        self.current.0
    }

    /// The MAC of a body of another form, under the key that seals.
    pub(crate) fn mac(&self, purpose: Purpose, body: &[u8]) -> [u8; MAC_BYTES] {
        mac(&self.current.1, purpose, body)
    }

    /// Whether this is the MAC of a body under the key of this id.
    pub(crate) fn verifies(
        &self,
        purpose: Purpose,
        id: u8,
        body: &[u8],
        given: &[u8; MAC_BYTES],
    ) -> bool {
        self.key(id).is_some_and(|key| same(&mac(key, purpose, body), given))
    }

    fn verified(&self, purpose: Purpose, text: &str) -> Option<Grant> {
        if text.len() > TEXT_BYTES_MAX {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (body, given) = bytes.split_last_chunk::<MAC_BYTES>()?;
        let key = self.key(*body.get(1)?)?;
        if !same(&mac(key, purpose, body), given) {
            return None;
        }
        parse(body)
    }

    fn key(&self, id: u8) -> Option<&[u8; 32]> {
        std::iter::once(&self.current)
            .chain(&self.previous)
            .find_map(|(i, key)| (*i == id).then_some(key))
    }
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyRing {{ current: {}, previous: {} }}", self.current.0, self.previous.len())
    }
}

const VERSION: u8 = 1;
/// 128 bits: a forger who tries a billion tokens a second for a century succeeds with odds of 2⁻⁶⁶.
pub(crate) const MAC_BYTES: usize = 16;
/// The longest token there can be is 85 characters; the bound keeps longer ones from the decoder.
const TEXT_BYTES_MAX: usize = 96;

fn mac(key: &[u8; 32], purpose: Purpose, body: &[u8]) -> [u8; MAC_BYTES] {
    let purpose: &[u8] = match purpose {
        Purpose::SignIn => b"leeward sign-in\0",
        Purpose::Resume => b"leeward resume\0",
        Purpose::File => b"leeward file\0",
        Purpose::Slot => b"leeward slot\0",
        Purpose::Put => b"leeward put\0",
        Purpose::Xmpp => b"leeward xmpp\0",
    };
    let hash = blake3::Hasher::new_keyed(key).update(purpose).update(body).finalize();
    *hash.as_bytes().first_chunk().expect("a BLAKE3 hash has 32 bytes")
}

/// Compares in a time that does not depend on where the two differ.
fn same(a: &[u8; MAC_BYTES], b: &[u8; MAC_BYTES]) -> bool {
    std::hint::black_box(a.iter().zip(b).fold(0, |sum, (x, y)| sum | (x ^ y))) == 0
}

fn parse(body: &[u8]) -> Option<Grant> {
    let (&[version, _, role], mut rest) = body.split_first_chunk::<3>()?;
    let mut number = || take_number(&mut rest);
    let grant = Grant {
        role: role_of(role)?,
        account: AccountId(number()?),
        session: SessionId(number()?),
        session_epoch: u32::try_from(number()?).ok()?,
        issued: Millis(number()?),
        expires: Millis(number()?),
        lease_ms: u32::try_from(number()?).ok()?,
    };
    (version == VERSION && rest.is_empty()).then_some(grant)
}

fn role_byte(role: Role) -> u8 {
    match role {
        Role::Guest => 0,
        Role::Member => 1,
        Role::Moderator => 2,
        Role::Admin => 3,
        Role::Owner => 4,
    }
}

fn role_of(byte: u8) -> Option<Role> {
    [Role::Guest, Role::Member, Role::Moderator, Role::Admin, Role::Owner]
        .into_iter()
        .find(|role| role_byte(*role) == byte)
}

/// Appends a number as LEB128: seven bits a byte, least first.
fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(0x80 | (number & 0x7f) as u8);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take_number(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, tail) = rest.split_first()?;
        *rest = tail;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Millis = Millis(1_795_000_000_000);

    fn ring() -> KeyRing {
        KeyRing::new((7, [1; 32]), vec![(6, [2; 32])])
    }

    fn grant() -> Grant {
        Grant {
            account: AccountId(12_345),
            session: SessionId(6_789_012),
            session_epoch: 3,
            role: Role::Member,
            issued: NOW,
            expires: Millis(NOW.0 + 30 * 86_400_000),
            lease_ms: 15_000,
        }
    }

    #[test]
    fn a_resume_ticket_is_short() {
        let text = ring().seal(Purpose::Resume, &grant());
        assert!(text.len() <= 62, "{} characters: {text}", text.len());
    }

    #[test]
    fn a_token_opens_for_its_purpose_only() {
        let text = ring().seal(Purpose::Resume, &grant());
        assert_eq!(ring().open(Purpose::Resume, &text, NOW), Ok(grant()));
        assert_eq!(ring().open(Purpose::SignIn, &text, NOW), Err(Code::SignIn));
        assert_eq!(ring().open(Purpose::File, &text, NOW), Err(Code::SignIn));
    }

    #[test]
    fn a_token_expires_at_its_very_moment() {
        let text = ring().seal(Purpose::SignIn, &grant());
        let last = Millis(grant().expires.0 - 1);
        assert!(ring().open(Purpose::SignIn, &text, last).is_ok());
        assert_eq!(ring().open(Purpose::SignIn, &text, grant().expires), Err(Code::SignIn));
    }

    #[test]
    fn a_previous_key_opens_and_a_foreign_one_does_not() {
        let before = KeyRing::new((6, [2; 32]), vec![]);
        let text = before.seal(Purpose::SignIn, &grant());
        assert_eq!(ring().open(Purpose::SignIn, &text, NOW), Ok(grant()));
        let foreign = KeyRing::new((7, [9; 32]), vec![]).seal(Purpose::SignIn, &grant());
        assert_eq!(ring().open(Purpose::SignIn, &foreign, NOW), Err(Code::SignIn));
        let unknown = KeyRing::new((9, [1; 32]), vec![]).seal(Purpose::SignIn, &grant());
        assert_eq!(ring().open(Purpose::SignIn, &unknown, NOW), Err(Code::SignIn));
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let text = ring().seal(Purpose::Resume, &grant());
        let bytes = URL_SAFE_NO_PAD.decode(&text).expect("sealed just above");
        for bit in 0..bytes.len() * 8 {
            let mut forged = bytes.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            let forged = URL_SAFE_NO_PAD.encode(forged);
            assert_eq!(ring().open(Purpose::Resume, &forged, NOW), Err(Code::SignIn), "bit {bit}");
        }
    }

    #[test]
    fn every_changed_or_missing_character_is_noticed() {
        let text = ring().seal(Purpose::Resume, &grant());
        for at in 0..text.len() {
            assert!(ring().open(Purpose::Resume, &text[..at], NOW).is_err());
            for other in "ABab01-_=.".chars().filter(|c| !text[at..].starts_with(*c)) {
                let forged = format!("{}{other}{}", &text[..at], &text[at + 1..]);
                assert!(ring().open(Purpose::Resume, &forged, NOW).is_err(), "{forged}");
            }
        }
    }

    #[test]
    fn debug_output_shows_no_key() {
        assert_eq!(format!("{:?}", ring()), "KeyRing { current: 7, previous: 1 }");
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_to_the_same(
            account: u64, session: u64, session_epoch: u32, role in 0u8..5,
            issued: u64, expires in 1u64.., lease_ms: u32,
        ) {
            let grant = Grant {
                account: AccountId(account),
                session: SessionId(session),
                session_epoch,
                role: role_of(role).expect("five roles"),
                issued: Millis(issued),
                expires: Millis(expires),
                lease_ms,
            };
            let text = ring().seal(Purpose::SignIn, &grant);
            prop_assert!(text.len() <= TEXT_BYTES_MAX);
            prop_assert_eq!(ring().open(Purpose::SignIn, &text, Millis(0)), Ok(grant));
        }

        #[test]
        fn whatever_is_offered_is_refused_and_never_panics(text in ".{0,120}") {
            prop_assert_eq!(ring().open(Purpose::SignIn, &text, Millis(0)), Err(Code::SignIn));
        }
    }
}
