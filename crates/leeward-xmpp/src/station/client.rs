//! One client that has bound a resource.

use super::{Bound, Framing, Mark, Sm};
use crate::jid::Jid;
use crate::stanza::Kind;
use crate::xml::Element;
use bytes::Bytes;
use leeward_core::account::Role;
use leeward_core::id::{AccountId, SessionId};
use std::collections::VecDeque;

/// One client.
pub struct Client {
    /// Which of all clients that this connection's number was given to.
    pub(crate) generation: u64,
    bound: Bound,
    /// What goes before the rest of each stanza for it.
    address: Bytes,
    sm: Option<Sm>,
    /// Stanzas of it that are done with, in their order, and which of those after are.
    handled: u32,
    open: VecDeque<bool>,
    /// How often a stanza was kept under way.
    pub(super) kept: u32,
    /// Answers that what it sends waits for.
    pub(super) busy: u32,
    pub(super) waiting: VecDeque<(u32, Element)>,
    /// What the features keep of it.
    pub(crate) own: crate::features::Own,
    /// What it is in the rooms that it has joined.
    pub(crate) joined: crate::muc::Joined,
}

impl Client {
    pub(super) fn new(generation: u64, bound: Bound) -> Self {
        let sm = bound.sm.clone().map(Sm::new);
        Self {
            generation,
            address: address(&bound),
            own: crate::features::Own::of(&bound),
            bound,
            sm,
            handled: 0,
            open: VecDeque::new(),
            kept: 0,
            busy: 0,
            waiting: VecDeque::new(),
            joined: crate::muc::Joined::default(),
        }
    }

    /// Whose it is.
    pub fn account(&self) -> AccountId {
        self.bound.account
    }

    /// What the account may do in the workspace.
    pub fn role(&self) -> Role {
        self.bound.role
    }

    /// The sign-in that it counts as; 0: none.
    pub fn session(&self) -> SessionId {
        self.bound.session
    }

    /// Its full address.
    pub fn jid(&self) -> &Jid {
        &self.bound.jid
    }

    /// How it is written to.
    pub fn framing(&self) -> Framing {
        self.bound.framing
    }

    /// What stands before the [`Rest`] of a stanza of this kind for this client: `<message to='…'`.
    pub fn before(&self, kind: Kind) -> Bytes {
        match kind {
            Kind::Message => self.address.clone(),
            // The same but for the name of the element.
            Kind::Presence | Kind::Iq => {
                let after = &self.address["<message".len()..];
                [b"<", kind.as_str().as_bytes(), after].concat().into()
            }
        }
    }

    /// Its stream management, if it is on.
    pub fn sm(&self) -> Option<&Sm> {
        self.sm.as_ref()
    }

    /// Turns stream management on. False: it is on already.
    pub fn enable(&mut self, id: Option<String>) -> bool {
        if self.sm.is_some() {
            return false;
        }
        // Counting begins here on both sides (XEP-0198, section 4).
        self.sm = Some(Sm::new(id.clone()));
        self.bound.sm = Some(id);
        (self.handled, self.open) = (0, VecDeque::new());
        true
    }

    /// How many of its stanzas are done with, in their order.
    pub fn handled(&self) -> u32 {
        self.handled
    }

    pub(super) fn set_counts(&mut self, handled: u32, sm: Option<Sm>) {
        (self.handled, self.sm) = (handled, sm);
    }

    /// Whether all that it has sent is done with.
    pub(super) fn is_done(&self) -> bool {
        self.open.is_empty() && self.waiting.is_empty() && self.busy == 0
    }

    pub(super) fn may_sleep(&self) -> bool {
        self.sm.as_ref().is_some_and(|sm| sm.id.is_some() && !sm.overflowed)
    }

    pub(super) fn bound(&self) -> &Bound {
        &self.bound
    }

    pub(super) fn acknowledge(&mut self, h: u32) -> bool {
        self.sm.as_mut().is_some_and(|sm| sm.acknowledge(h))
    }

    /// Counts a stanza that is sent to it; whether to ask for an acknowledgement.
    pub(super) fn count(&mut self, mark: &Mark) -> bool {
        self.sm.as_mut().is_some_and(|sm| sm.sent(mark))
    }

    /// Counts a stanza that it has sent; its number.
    pub(super) fn receive(&mut self) -> u32 {
        self.open.push_back(false);
        self.handled.wrapping_add(u32::try_from(self.open.len()).unwrap_or(u32::MAX))
    }

    /// A stanza of it is done with.
    pub(super) fn handle(&mut self, number: u32) {
        let index = number.wrapping_sub(self.handled).wrapping_sub(1) as usize;
        if let Some(done) = self.open.get_mut(index) {
            *done = true;
        }
        while self.open.front() == Some(&true) {
            self.open.pop_front();
            self.handled = self.handled.wrapping_add(1);
        }
        if self.open.is_empty() {
            self.open.shrink_to(0);
        }
    }
}

fn address(bound: &Bound) -> Bytes {
    let mut out = String::from("<message");
    if bound.framing == Framing::Alone {
        out.push_str(" xmlns='jabber:client'");
    }
    out.push_str(" to='");
    crate::xml::escape_attribute(&bound.jid.to_string(), &mut out);
    out.push('\'');
    out.into()
}
