//! The sealed ticket: a slot as text that its holder can neither make nor change.
//!
//! Any node of the workspace opens it; only the node that gave it out knows whether it has been used.
//! It never decides who somebody is, only when: whoever loses one loses a place in a line.
//!
//! Layout, before base64url without padding, 46 bytes: version and class (1 byte), key id (1), node
//! (2), epoch (4), seq (5), slot in milliseconds since 2025 (5), how long before it was issued (4),
//! binding (8), BLAKE3 MAC (16). 62 characters fit a WebSocket close reason beside a code.

use super::Class;
use crate::id::Millis;
use crate::seal::{KeyRing, Purpose};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A moment kept for somebody.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Slot {
    /// In whose line.
    pub class: Class,
    /// Which node gave it out.
    pub node: u16,
    /// In which of its lives.
    pub epoch: u32,
    /// Which of its slots.
    pub seq: u64,
    /// The moment, by the server's clock.
    pub at: Millis,
    /// Since when its holder has waited, by the server's clock.
    pub issued: Millis,
    /// Whose: see [`super::Input::Knock`].
    pub bound: u64,
}

/// The length of every ticket, in characters.
pub const TEXT_BYTES: usize = 62;

const VERSION: u8 = 1;
/// 2025-01-01T00:00:00Z. Five bytes of milliseconds reach to 2059.
const START_MS: u64 = 1_735_689_600_000;
const FIVE_BYTES_MAX: u64 = (1 << 40) - 1;

/// Seals a slot, as text of base64url characters.
pub fn seal(ring: &KeyRing, slot: &Slot) -> String {
    let at = slot.at.0.saturating_sub(START_MS).min(FIVE_BYTES_MAX);
    let waited = u32::try_from(slot.at.0.saturating_sub(slot.issued.0)).unwrap_or(u32::MAX);
    let mut body = [0; 30];
    body[0] = VERSION << 4 | slot.class as u8;
    body[1] = ring.current_id();
    body[2..4].copy_from_slice(&slot.node.to_be_bytes());
    body[4..8].copy_from_slice(&slot.epoch.to_be_bytes());
    body[8..13].copy_from_slice(&slot.seq.min(FIVE_BYTES_MAX).to_be_bytes()[3..]);
    body[13..18].copy_from_slice(&at.to_be_bytes()[3..]);
    body[18..22].copy_from_slice(&waited.to_be_bytes());
    body[22..30].copy_from_slice(&slot.bound.to_be_bytes());
    let mut bytes = [0; 46];
    bytes[..30].copy_from_slice(&body);
    bytes[30..].copy_from_slice(&ring.mac(Purpose::Slot, &body));
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Opens a ticket; none for whatever is wrong with it.
pub fn open(ring: &KeyRing, text: &str) -> Option<Slot> {
    if text.len() != TEXT_BYTES {
        return None;
    }
    let mut bytes = [0; 46];
    let length = URL_SAFE_NO_PAD.decode_slice_unchecked(text, &mut bytes).ok()?;
    let body = bytes.first_chunk::<30>().filter(|_| length == bytes.len())?;
    let given = bytes.last_chunk::<16>()?;
    if !ring.verifies(Purpose::Slot, body[1], body, given) || body[0] >> 4 != VERSION {
        return None;
    }
    let number = |from: usize, to: usize| {
        body[from..to].iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte))
    };
    let at = START_MS + number(13, 18);
    Some(Slot {
        class: *Class::ALL.get(usize::from(body[0] & 0x0f))?,
        node: u16::try_from(number(2, 4)).ok()?,
        epoch: u32::try_from(number(4, 8)).ok()?,
        seq: number(8, 13),
        at: Millis(at),
        issued: Millis(at.saturating_sub(number(18, 22))),
        bound: number(22, 30),
    })
}
