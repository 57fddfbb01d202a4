//! Tickets: what is sealed opens to the same, and nothing else opens.

use crate::id::Millis;
use crate::seal::{Grant, KeyRing, Purpose};
use crate::storm::ticket::{open, seal};
use crate::storm::{Class, Slot};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;

fn ring() -> KeyRing {
    KeyRing::new((7, [1; 32]), vec![(6, [2; 32])])
}

fn slot() -> Slot {
    Slot {
        class: Class::ResumeHere,
        node: 3,
        epoch: 60_000_000,
        seq: 9_999_999,
        at: Millis(1_795_000_041_300),
        issued: Millis(1_795_000_000_000),
        bound: u64::MAX,
    }
}

#[test]
fn a_ticket_fits_a_close_reason() {
    let text = seal(&ring(), &slot());
    assert_eq!(text.len(), 62, "{text}");
    assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
    assert_eq!(open(&ring(), &text), Some(slot()));
}

#[test]
fn a_previous_key_opens_and_a_foreign_one_does_not() {
    let before = seal(&KeyRing::new((6, [2; 32]), vec![]), &slot());
    assert_eq!(open(&ring(), &before), Some(slot()));
    for foreign in [KeyRing::new((7, [9; 32]), vec![]), KeyRing::new((9, [1; 32]), vec![])] {
        assert_eq!(open(&ring(), &seal(&foreign, &slot())), None);
    }
}

#[test]
fn every_flipped_bit_and_every_missing_character_is_noticed() {
    let text = seal(&ring(), &slot());
    let bytes = URL_SAFE_NO_PAD.decode(&text).expect("sealed just above");
    for bit in 0..bytes.len() * 8 {
        let mut forged = bytes.clone();
        forged[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(open(&ring(), &URL_SAFE_NO_PAD.encode(forged)), None, "bit {bit}");
    }
    for cut in 0..text.len() {
        assert_eq!(open(&ring(), &text[..cut]), None);
    }
    assert_eq!(open(&ring(), &format!("{text}A")), None);
    assert_eq!(open(&ring(), &format!("{}é", &text[..60])), None);
}

#[test]
fn a_token_of_another_purpose_is_no_ticket() {
    let grant = Grant {
        account: crate::id::AccountId(1),
        session: crate::id::SessionId(2),
        session_epoch: 3,
        role: crate::account::Role::Member,
        issued: Millis(1_795_000_000_000),
        expires: Millis(1_795_000_000_000),
        lease_ms: 15_000,
    };
    for purpose in [
        Purpose::SignIn,
        Purpose::Resume,
        Purpose::File,
        Purpose::Slot,
        Purpose::Put,
        Purpose::Xmpp,
    ] {
        assert_eq!(open(&ring(), &ring().seal(purpose, &grant)), None);
    }
}

proptest! {
    #[test]
    fn what_is_sealed_opens_to_the_same(
        class in 0usize..7, node: u16, epoch: u32, seq in 0u64..1 << 40,
        at in 1_735_689_600_000u64..2_800_000_000_000, waited in 0u64..4_000_000_000, bound: u64,
    ) {
        let issued = Millis(at.saturating_sub(waited));
        let slot = Slot { class: Class::ALL[class], node, epoch, seq, at: Millis(at), issued, bound };
        let text = seal(&ring(), &slot);
        prop_assert_eq!(text.len(), 62);
        prop_assert_eq!(open(&ring(), &text), Some(slot));
    }

    #[test]
    fn whatever_is_offered_is_refused_and_never_panics(text in ".{0,80}", tail in "[A-Za-z0-9_-]{62}") {
        prop_assert_eq!(open(&ring(), &text), None);
        prop_assert_eq!(open(&ring(), &tail), None);
    }
}
