//! XMPP clients that are turned away. None of them understands a time to come back at: they come back at
//! once and for ever, or not at all. So each keeps its connection, silent, and the server asks for it
//! again when the time comes that it would have been told, with the place that it has in the line.

use super::line::Standing;
use crate::conn::Conn;
use crate::shard::Shard;
use leeward_core::code::{Code, Refusal};
use leeward_core::id::Instant;
use std::rc::Rc;

/// The least time before it is asked again, in milliseconds.
const AGAIN_MS: u32 = 500;
/// Connections beyond those that may be in, that are kept for that in a full house; the rest of what it
/// has to spare is for others to be told.
const SPARE: i64 = 32;

impl Shard {
    /// Keeps whoever was turned away, unless it can be of no use or there is no room for them.
    pub(super) fn keeps_outside(self: &Rc<Self>, conn: &Rc<Conn>, refusal: &Refusal) -> bool {
        let passes = matches!(refusal.code, Code::Gate | Code::Full | Code::Drain);
        let room = i64::from(self.node.config.connections_max) + SPARE;
        if !passes || self.node.counts().iter().sum::<i64>() > room {
            return false;
        }
        {
            let mut state = conn.state.borrow_mut();
            let Some(line) = state.xmpp.as_mut().filter(|l| l.stage == Standing::Knocking) else {
                return false;
            };
            let until = *line.waits_until.get_or_insert(line.until);
            let again = self.now().plus_ms(refusal.after_ms.unwrap_or(0).max(AGAIN_MS).into());
            line.until = again.min(until);
        }
        // Others need not wait for this one to have signed in.
        self.signed_in(conn);
        self.look_at_xmpp(conn);
        true
    }

    /// Asks again for somebody who was turned away. False: nobody was, or their time is over.
    pub(super) fn asks_again(self: &Rc<Self>, conn: &Rc<Conn>, now: Instant) -> bool {
        {
            let mut state = conn.state.borrow_mut();
            let Some(line) = &mut state.xmpp else { return false };
            let Some(until) = line.waits_until.filter(|until| *until > now) else { return false };
            line.until = until;
        }
        self.ask_again(conn);
        self.look_at_xmpp(conn);
        true
    }
}
