//! What a session wants done, done: the one place where its outputs are matched.
//!
//! A client that resumes costs one MAC, a few look-ups in memory and what it missed, from memory too.
//! The database is asked only for the account's own list, and only when that has changed.

use crate::conn::Conn;
use crate::node::{Actor, Node};
use crate::shard::Shard;
use leeward_core::account::Role;
use leeward_core::code::{Code, Refusal};
use leeward_core::event::Draft;
use leeward_core::hub::{self, Stand, Who};
use leeward_core::id::{Epoch, Nonce, Position, RoomId, Seq, SessionId};
use leeward_core::seal::{Grant, Purpose};
use leeward_core::session::{Admitted, Input, Output};
use leeward_core::storm::Class;
use leeward_core::wire::{Hello, Lease, ServerFrame};
use std::collections::BTreeMap;
use std::rc::Rc;

/// How long a resume ticket opens, in milliseconds: as long as a browser's sign-in.
const TICKET_MS: u64 = 30 * 24 * 3_600_000;
/// What the name of every build of the web app begins with.
const WEB: &str = "web/";
/// Requests kept for a client whose account is being read: what a client asks for right away.
const ASKED_MAX: usize = 64;

impl Shard {
    pub(crate) fn perform(self: &Rc<Self>, conn: &Rc<Conn>, output: Output) {
        // What needs the hub waits until the connection is in it.
        if conn.who.get().is_some()
            && let Some(opening) = &mut conn.state.borrow_mut().opening
        {
            match &output {
                Output::Typing(..) | Output::Watch(_) | Output::Open(_) | Output::Presence(_) => {
                    if opening.asked.len() < ASKED_MAX {
                        opening.asked.push(output);
                    }
                    return;
                }
                Output::Knock(_)
                | Output::Welcome(..)
                | Output::Send(_)
                | Output::Post(..)
                | Output::Read(..)
                | Output::Close(_) => {}
            }
        }
        match output {
            Output::Knock(hello) => {
                let node = std::sync::Arc::clone(&self.node);
                let pulse = node.admission.pulse(self.index);
                pulse.admissions.run(|| self.knock(conn, hello));
            }
            Output::Welcome(admitted, lease) => self.welcome(conn, admitted, lease),
            Output::Send(frame) => self.send(conn, &frame),
            Output::Post(room, nonce, draft) => self.post(conn, room, nonce, draft),
            Output::Read(room, seq) => self.mark_read(conn, room, seq),
            Output::Typing(room, thread) => {
                self.tell_hub(hub::Input::Typing(conn.id, room, thread));
            }
            Output::Watch(rooms) => self.tell_hub(hub::Input::Watch(conn.id, rooms)),
            Output::Open(room) => {
                self.take_in();
                self.tell_hub(hub::Input::Open(conn.id, room));
            }
            Output::Presence(state) => self.tell_hub(hub::Input::Presence(conn.id, state)),
            Output::Close(refusal) => {
                self.went(conn);
                self.node.metrics.refused(refusal.code);
                tracing::debug!(code = refusal.code.as_str(), "closing a connection");
                conn.close(self.now(), &refusal, None);
                self.look_again_after(conn);
            }
        }
    }

    /// Finds out who says hello, and asks to have them let in.
    fn knock(self: &Rc<Self>, conn: &Rc<Conn>, hello: Box<Hello>) {
        let token = match &mut conn.state.borrow_mut().opening {
            Some(opening) => {
                opening.place = None;
                opening.token.take()
            }
            None => None,
        };
        match identify(&self.node, &hello, token.as_deref()) {
            Ok((actor, ticket)) => {
                let class = self.class(&actor, ticket.is_some(), &hello.build);
                if let Some(opening) = &mut conn.state.borrow_mut().opening {
                    opening.hello = Some(hello);
                }
                self.ask(conn, &actor, ticket.map(|grant| grant.session_epoch), class);
            }
            Err(refusal) => self.step(conn, Input::Refused(refusal, None)),
        }
    }

    /// In which line somebody stands. Whoever runs another build of the web app than the one served
    /// here will load it anew, and so comes twice.
    fn class(&self, actor: &Actor, resumes: bool, build: &str) -> Class {
        let served = &self.node.config.build;
        let other = build.starts_with(WEB) && served != WEB && build != served;
        match actor.role {
            Role::Owner => Class::Operator,
            _ if other => Class::Stale,
            _ if resumes => Class::ResumeHere,
            Role::Guest => Class::Guest,
            Role::Member | Role::Moderator | Role::Admin => Class::SignIn,
        }
    }

    fn welcome(self: &Rc<Self>, conn: &Rc<Conn>, admitted: Admitted, lease: Lease) {
        let who = admitted.who;
        conn.who.set(Some(who));
        let ghost = admitted.ghost.filter(|epoch| self.node.live(*epoch).is_some());
        if let Some(epoch) = ghost {
            self.node.fence(who.account, epoch);
        }
        self.node.live_began(who.epoch, conn.number);
        self.node.metrics.welcomed(admitted.resumed);
        let now = self.node.now();
        let grant = Grant {
            account: who.account,
            session: who.session,
            session_epoch: who.epoch,
            role: who.role,
            issued: now,
            expires: leeward_core::id::Millis(now.0 + TICKET_MS),
            lease_ms: lease.lease_ms,
        };
        let frame = ServerFrame::Welcome {
            session: who.session,
            account: who.account,
            ticket: self.node.keys().seal(Purpose::Resume, &grant),
            lease,
            now,
            resumed: admitted.resumed,
            build: self.node.config.build.clone(),
        };
        let hello = conn.state.borrow_mut().opening.as_mut().and_then(|o| o.hello.take());
        let hello = hello.map(|hello| *hello).unwrap_or_default();
        let version = self.node.accounts.version(who.account);
        // Its lease may be shorter than the patience that it has been shown so far.
        let turn = self.wheel.borrow_mut().put(conn.id, self.now().plus_ms(lease.lease_ms.into()));
        conn.state.borrow_mut().turn = turn;
        self.together(|| {
            self.send(conn, &frame);
            if hello.account_version != 0 && hello.account_version == version {
                let stands = hello.positions.iter().map(|(room, epoch, seq)| Stand {
                    room: *room,
                    at: Position { epoch: *epoch, seq: *seq },
                    claimed: true,
                });
                self.attach(conn, who, stands.collect());
            } else {
                self.read_account(conn, who, hello);
            }
        });
    }

    /// Reads the account's own list, sends it, and goes on.
    fn read_account(self: &Rc<Self>, conn: &Rc<Conn>, who: Who, hello: Hello) {
        let (shard, conn) = (Rc::clone(self), Rc::clone(conn));
        self.tasks.spawn_local(async move {
            // Few at a time: the others' questions to the database stand in the same line.
            let _turn = shard.account_reads.acquire().await;
            if !conn.is_open() {
                return;
            }
            let claimed: BTreeMap<RoomId, (Epoch, Seq)> =
                hello.positions.iter().map(|(room, epoch, seq)| (*room, (*epoch, *seq))).collect();
            let state = loop {
                shard.node.metrics.store_reads.inc();
                let state = match shard.node.store.account_state(who.account).await {
                    Ok(Some(state)) => state,
                    Ok(None) => return shard.end(&conn, Code::SignIn.into()),
                    Err(e) => return shard.end(&conn, e.into()),
                };
                // A change that was published while this was read has not reached the connection.
                if state.version >= shard.node.accounts.version(who.account) {
                    break state;
                }
            };
            if !conn.is_open() {
                return;
            }
            let stand = |room: &leeward_core::room::RoomSummary| match claimed.get(&room.id) {
                Some((epoch, seq)) => Stand {
                    room: room.id,
                    at: Position { epoch: *epoch, seq: *seq },
                    claimed: true,
                },
                None => {
                    let at = Position { epoch: room.epoch, seq: room.head };
                    Stand { room: room.id, at, claimed: false }
                }
            };
            let stands = state.rooms.iter().map(stand).collect();
            let node = std::sync::Arc::clone(&shard.node);
            node.admission.pulse(shard.index).admissions.run(|| {
                shard.together(|| {
                    shard.send(&conn, &ServerFrame::Account(Box::new(state)));
                    shard.attach(&conn, who, stands);
                });
            });
        });
    }

    fn attach(self: &Rc<Self>, conn: &Rc<Conn>, who: Who, stands: Vec<Stand>) {
        // Whatever was acknowledged to anybody before is part of what this one missed.
        self.take_in();
        let opening = conn.state.borrow_mut().opening.take();
        self.tell_hub(hub::Input::Attach(conn.id, who, stands));
        for asked in opening.map(|opening| opening.asked).unwrap_or_default() {
            self.perform(conn, asked);
        }
    }

    /// All that a client missed has been sent to it.
    pub(crate) fn in_sync(&self, conn: &Rc<Conn>) {
        self.came_in(conn);
        let took_us = self.now().0.saturating_sub(conn.came.0);
        self.node.watch.in_sync.add(took_us);
        self.send(conn, &ServerFrame::CaughtUp { now: self.node.now() });
    }

    fn post(self: &Rc<Self>, conn: &Rc<Conn>, room: RoomId, nonce: Nonce, draft: Draft) {
        let (shard, conn) = (Rc::clone(self), Rc::clone(conn));
        self.tasks.spawn_local(async move {
            let posted = match shard.actor(&conn) {
                Ok(actor) => shard.node.append(actor, room, nonce.clone(), draft, None).await,
                Err(refusal) => Err(refusal),
            };
            let frame = match posted {
                Ok(posted) => ServerFrame::Posted { nonce, room, seq: posted.seq, at: posted.at },
                Err(refusal) => {
                    ServerFrame::Refused { nonce: Some(nonce), room: Some(room), refusal }
                }
            };
            shard.send(&conn, &frame);
            shard.step(&conn, Input::Answered);
        });
    }

    fn mark_read(self: &Rc<Self>, conn: &Rc<Conn>, room: RoomId, seq: Seq) {
        let Some(who) = conn.who.get() else { return };
        let (shard, conn) = (Rc::clone(self), Rc::clone(conn));
        self.tasks.spawn_local(async move {
            match shard.node.mark_read(who.account, room, seq).await {
                Ok(_) => {}
                Err(e) => {
                    let refusal = Refusal::from(e);
                    let frame = ServerFrame::Refused { nonce: None, room: Some(room), refusal };
                    shard.send(&conn, &frame);
                }
            }
        });
    }

    /// Who is on a connection, as the account stands at this moment.
    fn actor(&self, conn: &Conn) -> Result<Actor, Refusal> {
        let who = conn.who.get().ok_or(Code::SignIn)?;
        let session = (who.session != SessionId(0)).then_some(who.session);
        self.node.actor(who.account, session)
    }
}

/// Whom a hello comes from, and what its ticket says if it resumes. A ticket that does not open is
/// no harm to somebody who brings a token as well: they begin a session.
fn identify(
    node: &Node,
    hello: &Hello,
    token: Option<&str>,
) -> Result<(Actor, Option<Grant>), Refusal> {
    let token = hello.token.as_deref().or(token);
    let refused = match hello.ticket.as_deref().map(|ticket| node.open_ticket(ticket)) {
        Some(Ok((actor, grant))) => return Ok((actor, Some(grant))),
        Some(Err(refusal)) => Some(refusal),
        None => None,
    };
    match (token, refused) {
        (Some(token), _) => Ok((node.open_token(token)?, None)),
        (None, Some(refusal)) => Err(refusal),
        (None, None) => Err(Refusal::new(Code::SignIn)),
    }
}
