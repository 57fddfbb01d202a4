//! Sessions of BOSH while no node runs: put aside when it stops, gone on with when the next is asked for them.
//!
//! Nobody signs in who goes on with one: so whether its account still may is looked at then, and a password
//! that is changed meanwhile ends it. Whoever comes back is let in as they are who resume; until then their
//! requests wait, and are asked again if that takes too long.

use super::bosh::{Bosh, Call, Digest, Sessions};
use super::line::{Standing, WAITING_MS};
use super::sleepers::{KEPT_BYTES_MAX, SLEEP_MS, packed, part, put};
use super::steps::random;
use crate::conn::Conn;
use crate::shard::Shard;
use crate::socket::Socket;
use leeward_core::id::{AccountId, Instant};
use leeward_core::storm::Class;
use leeward_store::{Note, Store, StoreError};
use leeward_xmpp::bosh::Session;
use leeward_xmpp::station::{Asleep, Framing, Input};
use leeward_xmpp::stream::{Stream, Transport};
use std::net::IpAddr;
use std::rc::Rc;

/// What goes on of a session.
pub(super) struct Aside {
    /// Its requests and answers.
    session: Vec<u8>,
    /// Who it is, and what it has seen.
    asleep: Vec<u8>,
    account: AccountId,
    until: Instant,
}

impl Aside {
    /// As bytes, behind what stands for the name of its session.
    fn to_bytes(&self, sid: Digest) -> Vec<u8> {
        let mut bytes = sid.to_vec();
        put(&mut bytes, &self.session);
        put(&mut bytes, &self.asleep);
        bytes
    }

    fn read(bytes: &[u8]) -> Option<(Digest, Self)> {
        let (sid, mut rest) = bytes.split_first_chunk()?;
        let [session, asleep] = [part(&mut rest)?, part(&mut rest)?].map(<[u8]>::to_vec);
        let account = Asleep::read(&asleep)?.bound.account;
        let until = Instant(0).plus_ms(SLEEP_MS);
        Some((*sid, Self { session, asleep, account, until }))
    }
}

impl Sessions {
    /// Keeps what goes on for the next start.
    pub(crate) async fn keep(&self, store: &Store) -> Result<(), StoreError> {
        let aside = std::mem::take(&mut self.table().aside);
        if aside.is_empty() {
            return Ok(());
        }
        let sessions = aside.into_iter().map(|(sid, aside)| aside.to_bytes(sid)).collect();
        store.keep_note(Note::Bosh, packed(sessions, KEPT_BYTES_MAX)).await
    }

    /// Reads what was kept when the node before this one stopped, and forgets it: it is good for one start.
    pub(crate) async fn open(store: &Store, shards: usize) -> Result<Self, StoreError> {
        let kept = store.note(Note::Bosh).await?.unwrap_or_default();
        let mut rest = &kept[..];
        let each = std::iter::from_fn(|| part(&mut rest));
        let aside = each.filter_map(Aside::read).collect();
        if !kept.is_empty() {
            store.keep_note(Note::Bosh, Vec::new()).await?;
        }
        Ok(Self::new(shards, aside))
    }

    /// Whoever has not come back does not any more.
    pub(super) fn forget_aside(&self) {
        let mut table = self.table();
        table.aside.clear();
        table.changed.clear();
    }

    /// Nothing of an account goes on that has not by now.
    pub(crate) fn forget(&self, account: AccountId) {
        let mut table = self.table();
        table.aside.retain(|_, aside| aside.account != account);
        table.changed.insert(account);
    }
}

impl Shard {
    /// Where a session is; one that was put aside comes to this shard, and waits to be let in.
    pub(super) fn place_of(self: &Rc<Self>, sid: Digest, from: IpAddr) -> Option<(u32, u32)> {
        let (conn, place) = {
            let mut table = self.node.xmpp.bosh.table();
            if let Some(place) = table.awake.get(&sid) {
                return Some(*place);
            }
            let aside = table.aside.remove(&sid)?;
            let conn = self.go_on_with(sid, aside, from)?;
            let place = (self.index, conn.id);
            table.awake.insert(sid, place);
            (conn, place)
        };
        self.ask_unnamed(&conn, Class::ResumeHere);
        self.look_at_xmpp(&conn);
        Some(place)
    }

    /// A connection for a session that goes on, if it still may.
    fn go_on_with(self: &Rc<Self>, sid: Digest, aside: Aside, from: IpAddr) -> Option<Rc<Conn>> {
        let now = self.now();
        let session = Session::read(now, &aside.session).filter(|_| now < aside.until)?;
        let bound = Asleep::read(&aside.asleep)?.bound;
        self.node.login_as(bound.account, bound.session).ok()?;
        let conn = self.arrive(Socket::none(), Transport::Bosh, (from, None), Vec::new());
        if let Some(line) = &mut conn.state.borrow_mut().xmpp {
            line.stream = Stream::live(self.node.xmpp.setting(false), random());
            line.stage = Standing::Knocking;
            line.until = now.plus_ms(WAITING_MS);
            let waking = Some(Box::new((aside, Vec::new())));
            let (waiting, dirty) = (Vec::new(), false);
            line.bosh = Some(Box::new(Bosh { sid, session, waiting, dirty, waking }));
        }
        Some(conn)
    }

    /// Somebody has been let in. False: it is none whose session goes on.
    pub(super) fn goes_on(self: &Rc<Self>, conn: &Rc<Conn>) -> bool {
        let Some((aside, early)) = waking(conn) else { return false };
        let ended = self.node.xmpp.bosh.table().changed.contains(&aside.account);
        let asleep = Asleep::read(&aside.asleep).filter(|_| !ended);
        // They may have been signed out while they waited.
        let login = asleep
            .as_ref()
            .and_then(|Asleep { bound, .. }| self.node.login_as(bound.account, bound.session).ok());
        let (Some(mut asleep), Some(login)) = (asleep, login) else {
            self.end_bosh(conn);
            early.into_iter().for_each(|call| self.bosh_call(call));
            return true;
        };
        asleep.bound.role = login.role;
        self.together(|| {
            self.node.metrics.welcomed(true);
            self.goes_live(conn, &login, None);
            let woken = Input::Woken(conn.id, Framing::Alone, Box::new(asleep), 0);
            self.tell_station(woken);
        });
        early.into_iter().for_each(|call| self.bosh_call(call));
        true
    }

    /// Somebody is not let in. False: it is none whose session would have gone on. Otherwise it is put aside
    /// again, and its requests are asked again.
    pub(super) fn lies_down(self: &Rc<Self>, conn: &Rc<Conn>) -> bool {
        let Some((aside, _)) = waking(conn) else { return false };
        let bosh = conn.state.borrow_mut().xmpp.as_mut().and_then(|line| line.bosh.take());
        if let Some(bosh) = bosh {
            let mut table = self.node.xmpp.bosh.table();
            table.awake.remove(&bosh.sid);
            if !table.changed.contains(&aside.account) {
                table.aside.insert(bosh.sid, aside);
            }
        }
        conn.kill();
        self.gone(conn);
        true
    }

    /// The node stops: whoever waits is to ask again.
    pub(crate) fn pause_bosh(self: &Rc<Self>, conn: &Rc<Conn>) {
        if !self.lies_down(conn)
            && let Some(line) = &mut conn.state.borrow_mut().xmpp
            && let Some(bosh) = &mut line.bosh
        {
            bosh.waiting.clear();
        }
    }

    /// All that could be done has been: puts every session aside that goes on.
    pub(crate) fn put_aside(self: &Rc<Self>) {
        for conn in self.all().into_iter().filter(|conn| conn.is_bosh()) {
            let (live, managed) = {
                let state = conn.state.borrow();
                let line = state.xmpp.as_ref();
                (
                    line.is_some_and(|line| line.is_live()),
                    line.is_some_and(|line| line.sm.is_some()),
                )
            };
            if managed {
                self.leave_xmpp(&conn, false);
            } else if live {
                self.tell_station(Input::Keep(conn.id));
            }
        }
    }

    /// What the station has of a client that goes on.
    pub(super) fn keep_aside(&self, conn: u32, asleep: &Asleep) {
        let Some(conn) = self.conn(conn) else { return };
        let bosh = conn.state.borrow_mut().xmpp.as_mut().and_then(|line| line.bosh.take());
        let Some(bosh) = bosh else { return };
        let mut table = self.node.xmpp.bosh.table();
        table.awake.remove(&bosh.sid);
        if let Some(session) = bosh.session.to_bytes() {
            let account = asleep.bound.account;
            let until = self.now().plus_ms(SLEEP_MS);
            let aside = Aside { session, asleep: asleep.to_bytes(), account, until };
            table.aside.insert(bosh.sid, aside);
        }
    }
}

/// What a connection is to go on from, and what it was asked meanwhile.
fn waking(conn: &Conn) -> Option<(Aside, Vec<Call>)> {
    let mut state = conn.state.borrow_mut();
    state.xmpp.as_mut()?.bosh.as_mut()?.waking.take().map(|waking| *waking)
}
