//! The questions of a station, found out: each by what the HTTP API does for the same, so that nothing
//! may be done by one protocol that may not be done by another.

use crate::http::{App, bring_in, change_facts, enter, make_direct, make_room, take_out};
use crate::node::Actor;
use crate::shard::Shard;
use leeward_core::code::{Code, Refusal};
use leeward_core::event::Draft;
use leeward_core::id::{Nonce, RoomId, SessionId};
use leeward_core::rules;
use leeward_xmpp::station::{Answer, Ask, Input, Question, RoomState};
use std::rc::Rc;

/// What came of it.
type Answered = Result<Answer, Refusal>;

impl Shard {
    /// Finds a question out, and tells the station.
    pub(super) fn answer(self: &Rc<Self>, ask: Ask, question: Question) {
        let shard = Rc::clone(self);
        self.tasks.spawn_local(async move {
            let answer = shard.find_out(question).await.unwrap_or_else(Answer::Refused);
            shard.tell_station(Input::Answered(ask, answer));
        });
    }

    async fn find_out(self: &Rc<Self>, question: Question) -> Answered {
        let (node, app) = (&self.node, &self.app);
        match question {
            Question::Account(account) => {
                let _turn = self.account_reads.acquire().await;
                node.metrics.store_reads.inc();
                let state = node.store.account_state(account).await?;
                Ok(state.map_or(Answer::None, |state| Answer::Account(state.version, state.rooms)))
            }
            Question::RoomNamed(name) => {
                let room = node.store.room_named(name).await?;
                Ok(room.map_or(Answer::None, |room| Answer::Which(room, false)))
            }
            Question::Room(room) => self.room_state(room).await,
            Question::PublicRooms(account) => self.rooms(account).await,
            Question::Post(conn, room, nonce, draft) => {
                let actor = self.actor_of(conn)?;
                self.post_for(actor, room, nonce, draft).await
            }
            Question::Direct(conn, other) => {
                let (actor, app) = (self.actor_of(conn)?, App::clone(app));
                let (room, made) = make_direct(&app, &actor, other).await?;
                Ok(Answer::Which(room, made))
            }
            Question::CreateRoom(conn, facts) => {
                let (room, made) = make_room(app, &self.actor_of(conn)?, facts).await?;
                Ok(Answer::Which(room, made))
            }
            Question::Join(conn, room) => {
                enter(app, &self.actor_of(conn)?, room).await?;
                Ok(Answer::Done)
            }
            Question::SetRole(conn, room, who, role) => {
                bring_in(app, &self.actor_of(conn)?, room, who, Some(role)).await?;
                Ok(Answer::Done)
            }
            Question::Remove { by, room, who, banned } => {
                take_out(app, &self.actor_of(by)?, room, who, banned).await?;
                Ok(Answer::Done)
            }
            Question::EditRoom(conn, room, facts) => {
                change_facts(app, &self.actor_of(conn)?, room, facts).await?;
                Ok(Answer::Done)
            }
            Question::Upload(conn, name, size, kind) => {
                let actor = self.actor_of(conn)?;
                let (put, get) = crate::http::upload_slot(app, &actor, name, size, kind).await?;
                Ok(Answer::Slot { put, get })
            }
            Question::Display(conn, display) => {
                crate::http::change_display(app, &self.actor_of(conn)?, display).await?;
                Ok(Answer::Done)
            }
            Question::Read(conn, room, seq) => {
                let actor = self.actor_of(conn)?;
                node.mark_read(actor.account, room, seq).await?;
                Ok(Answer::Done)
            }
            other @ (Question::Bans(..)
            | Question::Archive(..)
            | Question::DirectArchive(..)
            | Question::Find(..)
            | Question::About(..)
            | Question::Since(..)
            | Question::Settings(..)
            | Question::Keep(..)) => self.look_up(other).await,
        }
    }

    /// What is only looked up.
    async fn look_up(self: &Rc<Self>, question: Question) -> Answered {
        let (node, app) = (&self.node, &self.app);
        match question {
            Question::Bans(conn, room) => {
                app.access(&self.actor_of(conn)?, room).await?;
                Ok(Answer::Accounts(node.store.room_bans(room).await?))
            }
            Question::Archive(conn, room, query) => {
                app.access(&self.actor_of(conn)?, room).await?;
                Ok(Answer::Page(node.store.archive(room, query).await?))
            }
            Question::DirectArchive(account, query) => {
                Ok(Answer::Page(node.store.direct_archive(account, query).await?))
            }
            Question::Find(author, nonce) => {
                let found = node.store.called(author, nonce).await?;
                Ok(found.map_or(Answer::None, |(room, seq)| Answer::Found(room, seq)))
            }
            Question::About(room, target, by) => {
                let about = node.store.about(room, target, by).await?;
                Ok(about.map_or(Answer::None, Answer::About))
            }
            Question::Since(room, after, limit) => {
                let events = node.store.told_after(room, after, limit).await?;
                let all = events.len() < limit;
                Ok(Answer::Since(events, all))
            }
            Question::Settings(account, prefix) => {
                Ok(Answer::Settings(node.store.kept_for_clients(account, prefix).await?))
            }
            Question::Keep(account, key, value) => {
                node.store.keep_for_clients(account, key, value).await?;
                Ok(Answer::Done)
            }
            Question::Account(_)
            | Question::RoomNamed(_)
            | Question::Room(_)
            | Question::PublicRooms(_)
            | Question::Post(..)
            | Question::Direct(..)
            | Question::CreateRoom(..)
            | Question::Join(..)
            | Question::SetRole(..)
            | Question::Remove { .. }
            | Question::EditRoom(..)
            | Question::Upload(..)
            | Question::Display(..)
            | Question::Read(..) => Err(Code::Internal.into()),
        }
    }

    async fn room_state(&self, room: RoomId) -> Answered {
        let Some(snapshot) = self.node.snapshot(room).await? else { return Ok(Answer::None) };
        let members = if snapshot.members.len() == snapshot.members_total as usize {
            snapshot.members
        } else {
            self.node.store.members(room).await?
        };
        Ok(Answer::Room(Box::new(RoomState {
            room,
            facts: snapshot.facts,
            at: snapshot.at,
            members,
            lines: snapshot.lines,
        })))
    }

    /// The rooms that an account may know of: the public ones, and its own.
    async fn rooms(&self, account: leeward_core::id::AccountId) -> Answered {
        let guest = self
            .node
            .accounts
            .standing(account)
            .is_none_or(|standing| standing.role == leeward_core::account::Role::Guest);
        let state = self.node.store.account_state(account).await?;
        let own = state.map(|state| state.rooms).unwrap_or_default();
        let mut rooms: Vec<_> = own
            .into_iter()
            .filter(|room| !room.facts.name.is_empty() && !room.facts.archived)
            .map(|room| (room.id, room.facts, room.members))
            .collect();
        if !guest {
            let public = self.node.store.public_rooms(account).await?;
            let fresh = public.into_iter().filter(|room| !room.joined);
            rooms.extend(fresh.map(|room| (room.id, room.facts, room.members)));
        }
        rooms.sort_by(|a, b| a.1.name.cmp(&b.1.name));
        Ok(Answer::Rooms(rooms))
    }

    async fn post_for(&self, actor: Actor, room: RoomId, nonce: Nonce, draft: Draft) -> Answered {
        rules::check_draft(&draft)?;
        let posted = self.node.append(actor, room, nonce, draft, None).await?;
        Ok(Answer::Posted(posted.seq, posted.at))
    }

    /// Who is on a connection, as the account stands at this moment.
    fn actor_of(&self, conn: u32) -> Result<Actor, Refusal> {
        let who = self.conn(conn).and_then(|conn| conn.who.get()).ok_or(Code::SignIn)?;
        let session = (who.session != SessionId(0)).then_some(who.session);
        self.node.actor(who.account, session)
    }
}
