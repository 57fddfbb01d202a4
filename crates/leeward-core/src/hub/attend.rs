//! Connections in a hub: where they are, what they watch, how they end.

use super::who::Attached;
use super::{Conn, Hub, News, Output, Shed, Stand, Who, room};
use crate::code::Code;
use crate::id::{AccountId, Epoch, Instant, Position, RoomId, Seq};
use crate::limits;
use crate::wire::{self, Presence, ServerFrame};
use crate::ws;
use bytes::Bytes;

impl Hub {
    pub(super) fn attach(&mut self, now: Instant, conn: Conn, who: Who, stands: Vec<Stand>) {
        self.place(now, conn, Attached::new(who, stands.len()));
        // Held until all have been asked for, so that a room in memory does not end the wait.
        self.expect(conn, 1);
        for stand in stands {
            self.stand(now, conn, stand);
        }
        self.settled(conn);
    }

    pub(super) fn attach_apart(&mut self, now: Instant, conn: Conn, who: Who) {
        self.place(now, conn, Attached { apart: true, in_sync: true, ..Attached::new(who, 0) });
    }

    fn place(&mut self, now: Instant, conn: Conn, attached: Attached) {
        let (index, who) = (conn as usize, attached.who);
        if self.conns.len() <= index {
            self.conns.resize_with(index + 1, || None);
        }
        debug_assert!(self.conns[index].is_none(), "an index is reused after it was given back");
        self.conns[index] = Some(attached);
        self.accounts.insert((who.account, conn));
        self.came(now, who);
    }

    fn stand(&mut self, now: Instant, conn: Conn, stand: Stand) {
        self.load(now, stand.room);
        let Some(room) = self.rooms.get_mut(&stand.room) else { return };
        if room.is_loaded() {
            self.enter(conn, stand.room, stand.at, stand.claimed);
        } else {
            room.waiting.push((conn, stand.at, stand.claimed));
            self.expect(conn, 1);
        }
    }

    /// Has a connection wait for a room that it comes into, from after `seq` on.
    pub(super) fn wait_for(&mut self, conn: Conn, id: RoomId, seq: Seq) {
        // The epoch is not known before the room is; it is not looked at where nothing is claimed.
        let at = Position { epoch: Epoch(0), seq };
        if let Some(room) = self.rooms.get_mut(&id) {
            room.waiting.push((conn, at, false));
            self.expect(conn, 1);
        }
    }

    fn expect(&mut self, conn: Conn, more: u32) {
        if let Some(Some(attached)) = self.conns.get_mut(conn as usize) {
            attached.expected += more;
        }
    }

    /// A connection is on the list of a room that it may not be in.
    pub(super) fn note_opened(&mut self, conn: Conn) {
        if let Some(Some(attached)) = self.conns.get_mut(conn as usize) {
            attached.opened = true;
        }
    }

    /// One of the rooms that a connection waits for is there.
    pub(super) fn settled(&mut self, conn: Conn) {
        let Some(Some(attached)) = self.conns.get_mut(conn as usize) else { return };
        attached.expected = attached.expected.saturating_sub(1);
        if attached.expected == 0 && !attached.in_sync {
            attached.in_sync = true;
            attached.rooms.shrink_to_fit();
            self.outputs.push_back(Output::InSync(conn));
        }
    }

    pub(super) fn detach(&mut self, now: Instant, conn: Conn) {
        let Some(attached) = self.conns.get_mut(conn as usize).and_then(Option::take) else {
            return;
        };
        self.accounts.remove(&(attached.who.account, conn));
        for id in attached.rooms {
            if let Some(room) = self.rooms.get_mut(&id) {
                room.unsubscribe(now, conn);
            }
        }
        if attached.expected > 0 || attached.opened {
            for room in self.rooms.values_mut() {
                room.forget(conn);
            }
        }
        self.went(now, attached.who);
    }

    pub(super) fn who(&self, conn: Conn) -> Option<Who> {
        self.conns.get(conn as usize)?.as_ref().map(|attached| attached.who)
    }

    /// The connections of an account on this shard.
    pub(super) fn connections_of(&self, account: AccountId) -> Vec<Conn> {
        self.accounts.range((account, 0)..=(account, Conn::MAX)).map(|(_, conn)| *conn).collect()
    }

    pub(super) fn subscribe(&mut self, conn: Conn, id: RoomId) {
        let Some(Some(attached)) = self.conns.get_mut(conn as usize) else { return };
        if !attached.apart
            && !attached.rooms.contains(&id)
            && let Some(room) = self.rooms.get_mut(&id)
        {
            attached.rooms.push(id);
            room.subscribers.push(conn);
            if attached.watched.contains(&id) {
                room.watchers.push(conn);
                self.show_presence(conn, id);
            }
        }
    }

    pub(super) fn unsubscribe(&mut self, now: Instant, conn: Conn, id: RoomId) {
        if let Some(Some(attached)) = self.conns.get_mut(conn as usize) {
            attached.rooms.retain(|room| *room != id);
        }
        if let Some(room) = self.rooms.get_mut(&id) {
            room.unsubscribe(now, conn);
        }
    }

    /// Closes the connections of an account that are meant. The shell detaches them.
    pub(super) fn close_where(
        &mut self,
        account: AccountId,
        code: Code,
        of: impl Fn(&Who) -> bool,
    ) {
        for conn in self.connections_of(account) {
            if self.who(conn).as_ref().is_some_and(&of) {
                self.outputs.push_back(Output::Close(conn, code));
            }
        }
    }

    pub(super) fn watch(&mut self, conn: Conn, mut rooms: Vec<RoomId>) {
        if rooms.len() > limits::WATCHED_ROOMS_MAX {
            self.outputs.push_back(Output::Refuse(conn, None, Code::TooMany));
            return;
        }
        rooms.sort_unstable();
        rooms.dedup();
        let Some(Some(attached)) = self.conns.get_mut(conn as usize) else { return };
        rooms.shrink_to_fit();
        let before = std::mem::replace(&mut attached.watched, rooms.clone());
        // A room that it is not in, or not yet, is watched from when it comes in.
        rooms.retain(|id| attached.rooms.contains(id));
        for id in before.iter().filter(|id| !rooms.contains(id)) {
            if let Some(room) = self.rooms.get_mut(id) {
                room::remove(&mut room.watchers, conn);
            }
        }
        for id in rooms {
            if let Some(room) = self.rooms.get_mut(&id)
                && !room.watchers.contains(&conn)
            {
                room.watchers.push(conn);
            }
            self.show_presence(conn, id);
        }
    }

    pub(super) fn typing(&mut self, conn: Conn, id: RoomId, thread: Option<Seq>) {
        let Some(who) = self.who(conn).map(|who| who.account) else { return };
        // Whoever hears its rooms in another way has been found to be in them by whoever drives it.
        let apart =
            self.conns.get(conn as usize).is_some_and(|c| c.as_ref().is_some_and(|c| c.apart));
        if apart || self.rooms.get(&id).is_some_and(|room| room.has_member(who)) {
            self.outputs.push_back(Output::Publish(News::Typing { room: id, who, thread }));
        }
    }

    pub(super) fn somebody_types(&mut self, id: RoomId, who: AccountId, thread: Option<Seq>) {
        if self.sheds(Shed::Typing) {
            return;
        }
        let Some(room) = self.rooms.get(&id).filter(|room| !room.watchers.is_empty()) else {
            return;
        };
        let frame = framed(&ServerFrame::Typing { room: id, who, thread });
        for &conn in &room.watchers {
            if self.who(conn).is_some_and(|w| w.account != who) {
                self.outputs.push_back(Output::Send(conn, frame.clone()));
            }
        }
    }

    /// Sends a person to whoever may know them: to all members of the workspace, and to guests who
    /// share a room with them.
    pub(super) fn person(&mut self, person: AccountId, frame: &Bytes) {
        for (conn, attached) in self.conns.iter().enumerate() {
            let Some(attached) = attached else { continue };
            let shares = || {
                attached
                    .rooms
                    .iter()
                    .any(|id| self.rooms.get(id).is_some_and(|room| room.has_member(person)))
            };
            if attached.who.role != crate::account::Role::Guest || shares() {
                let conn = Conn::try_from(conn).expect("indexed by one");
                self.outputs.push_back(Output::Send(conn, frame.clone()));
            }
        }
    }

    pub(super) fn set_presence(&mut self, now: Instant, conn: Conn, presence: Presence) {
        if let Some(Some(attached)) = self.conns.get_mut(conn as usize) {
            attached.presence = presence;
            let account = attached.who.account;
            self.note_presence(now, account);
        }
    }
}

pub(super) fn framed(frame: &ServerFrame) -> Bytes {
    ws::encode::text(&wire::encode(frame))
}
