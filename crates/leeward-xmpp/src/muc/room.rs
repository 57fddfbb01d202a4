//! One room as a station has it in memory: who is in it, its newest lines rendered once, and who of the
//! station's clients listens.

use super::render::{self, Frame};
use crate::features::ids;
use crate::jid::Jid;
use crate::ns;
use crate::stanza::Rest;
use crate::station::{About, Conn, Directory, Domain, RoomState, Told};
use crate::xml::Element;
use leeward_core::account::{Person, Role};
use leeward_core::event::{Event, Message, What};
use leeward_core::id::{AccountId, Instant, Millis, Nonce, RoomId, Seq};
use leeward_core::room::{MemberRole, RoomFacts, RoomKind};
use leeward_core::wire::Presence;
use std::collections::{BTreeMap, VecDeque};

/// Lines kept of a room: more than clients ask for when they join.
const LINES_MAX: usize = 100;
/// Largest room in which everybody is told who is there; in larger ones that would be most of the traffic.
pub(super) const SHOWN_MAX: usize = 200;

/// A room in memory.
pub(super) struct Room {
    pub(super) id: RoomId,
    pub(super) facts: RoomFacts,
    /// The last event that has been taken in.
    pub(super) head: Seq,
    pub(super) members: BTreeMap<AccountId, MemberRole>,
    lines: VecDeque<Line>,
    /// Those who are there, as they are shown.
    occupants: BTreeMap<AccountId, (Presence, Rest)>,
    /// Who listens.
    pub(super) joined: Vec<Conn>,
    /// Since when nobody does.
    pub(super) empty: Option<Instant>,
    /// Who types, and until when it is believed.
    pub(super) typing: BTreeMap<AccountId, Instant>,
}

/// A message in memory.
pub(super) struct Line {
    pub(super) seq: Seq,
    pub(super) from: AccountId,
    pub(super) at: Millis,
    pub(super) nonce: Option<Nonce>,
    /// As history tells it; none once it was taken back.
    history: Option<Rest>,
    message: Message,
}

impl Room {
    pub(super) fn of(state: RoomState, domain: &Domain, names: &dyn Directory) -> Self {
        let mut room = Self {
            id: state.room,
            facts: state.facts,
            head: state.at.seq,
            members: state.members.iter().map(|m| (m.account, m.role)).collect(),
            lines: VecDeque::new(),
            occupants: BTreeMap::new(),
            joined: Vec::new(),
            empty: None,
            typing: BTreeMap::new(),
        };
        let from = state.lines.len().saturating_sub(LINES_MAX);
        for event in state.lines.into_iter().skip(from) {
            room.keep_line(domain, names, &event);
        }
        let members: Vec<AccountId> = room.members.keys().copied().collect();
        for account in members {
            room.look_at(domain, names, account);
        }
        room
    }

    /// Its address.
    pub(super) fn jid(&self, domain: &Domain) -> Jid {
        let local = match self.facts.room_kind {
            RoomKind::Public | RoomKind::Private => self.facts.name.clone(),
            RoomKind::Direct => format!("group-{}", self.id),
        };
        Jid::of(&local, &format!("rooms.{}", domain.name))
    }

    /// Whether everybody in it is told who is there.
    pub(super) fn is_shown(&self) -> bool {
        self.members.len() <= SHOWN_MAX
    }

    pub(super) fn line(&self, seq: Seq) -> Option<&Line> {
        let at = self.lines.binary_search_by_key(&seq, |line| line.seq).ok()?;
        self.lines.get(at)
    }

    /// The message of an author that they call so.
    pub(super) fn called(&self, author: AccountId, nonces: &[Nonce]) -> Option<Seq> {
        let is = |line: &&Line| {
            line.from == author && line.nonce.as_ref().is_some_and(|nonce| nonces.contains(nonce))
        };
        self.lines.iter().rev().find(is).map(|line| line.seq)
    }

    /// What an event is about, as far as memory knows.
    pub(super) fn about(&self, target: Seq, by: AccountId) -> Option<About> {
        let line = self.line(target)?;
        let mine = |r: &&leeward_core::event::Reaction| r.by.contains(&by);
        let reactions = line.message.reactions.iter().filter(mine).map(|r| r.emoji.clone());
        Some(About {
            target,
            from: line.from,
            nonce: line.nonce.clone(),
            reactions: reactions.collect(),
        })
    }

    /// The newest lines that are still there, oldest first: at most `count`, of at most `chars`
    /// characters in all, none from before `since`.
    pub(super) fn history(
        &self,
        count: usize,
        chars: usize,
        since: Option<Millis>,
    ) -> Vec<(Seq, Rest)> {
        let mut left = chars;
        let mut lines = Vec::new();
        for line in self.lines.iter().rev() {
            let Some(rest) = &line.history else { continue };
            let old = since.is_some_and(|since| line.at < since);
            if lines.len() >= count || rest.bytes.len() > left || old {
                break;
            }
            left -= rest.bytes.len();
            lines.push((line.seq, rest.clone()));
        }
        lines.reverse();
        lines
    }

    /// Takes in what happened to its lines.
    pub(super) fn apply(&mut self, domain: &Domain, names: &dyn Directory, event: &Event) {
        self.head = event.seq;
        match &event.what {
            What::Message(_) => self.keep_line(domain, names, event),
            What::Edit { target, text, .. } => {
                self.change(domain, names, *target, |message| message.text.clone_from(text));
            }
            What::Delete { target } => {
                self.change(domain, names, *target, |message| message.deleted = true);
            }
            What::React { target, emoji, on } => {
                let (from, on) = (event.from, *on);
                if let Some(line) = self.line_mut(*target) {
                    react(&mut line.message, emoji, from, on);
                }
            }
            What::Join { who, role } | What::Role { who, role } => {
                self.members.insert(*who, *role);
                self.look_at(domain, names, *who);
            }
            What::Leave { who, .. } => {
                self.members.remove(who);
                self.occupants.remove(who);
            }
            What::Room(facts) => self.facts = facts.clone(),
            What::Pin { .. } => {}
        }
    }

    fn line_mut(&mut self, seq: Seq) -> Option<&mut Line> {
        let at = self.lines.binary_search_by_key(&seq, |line| line.seq).ok()?;
        self.lines.get_mut(at)
    }

    fn keep_line(&mut self, domain: &Domain, names: &dyn Directory, event: &Event) {
        let What::Message(message) = &event.what else { return };
        let line = Line {
            seq: event.seq,
            from: event.from,
            at: event.at,
            nonce: event.nonce.clone(),
            history: None,
            message: (**message).clone(),
        };
        if self.lines.len() >= LINES_MAX {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
        self.change(domain, names, event.seq, |_| ());
    }

    /// Changes a message in memory, and renders it anew.
    fn change(
        &mut self,
        domain: &Domain,
        names: &dyn Directory,
        seq: Seq,
        change: impl FnOnce(&mut Message),
    ) {
        let (id, by) = (self.id, self.jid(domain).to_string());
        let Some(line) = self.line_mut(seq) else { return };
        change(&mut line.message);
        let frame = Frame { room: id, by: &by, group: true, delayed: true };
        let event = Event {
            seq: line.seq,
            at: line.at,
            from: line.from,
            nonce: line.nonce.clone(),
            what: What::Message(Box::new(line.message.clone())),
        };
        let told = Told { event, about: None };
        let rendered =
            (!line.message.deleted).then(|| render::message(domain, names, frame, &told)).flatten();
        line.history = rendered.map(|message| Rest::of(&message));
    }

    /// Looks whether a member is there; the presence to tell if that has changed.
    pub(super) fn look_at(
        &mut self,
        domain: &Domain,
        names: &dyn Directory,
        account: AccountId,
    ) -> Option<Rest> {
        if !self.members.contains_key(&account) {
            return None;
        }
        let presence = names.presence(account);
        let before = self.occupants.get(&account).map(|(presence, _)| *presence);
        if before.unwrap_or(Presence::Offline) == presence {
            return None;
        }
        let person = names.person(account)?;
        let rest = Rest::of(&self.presence_of(domain, &person, presence, &[]));
        match presence {
            Presence::Offline => {
                self.occupants.remove(&account);
            }
            Presence::Online | Presence::Away => {
                self.occupants.insert(account, (presence, rest.clone()));
            }
        }
        Some(rest)
    }

    /// What a member is shown as has changed: their presence anew, if they are there.
    pub(super) fn anew(
        &mut self,
        domain: &Domain,
        names: &dyn Directory,
        account: AccountId,
    ) -> Option<Rest> {
        self.occupants.remove(&account)?;
        self.look_at(domain, names, account)
    }

    /// Those who are there, as they are shown, but for one.
    pub(super) fn others(&self, but: AccountId) -> impl Iterator<Item = &Rest> {
        let shown = self.is_shown();
        self.occupants
            .iter()
            .filter(move |(account, _)| **account != but)
            .filter(move |(account, _)| shown || self.moderates(**account))
            .map(|(_, (_, rest))| rest)
    }

    fn moderates(&self, account: AccountId) -> bool {
        self.members.get(&account) == Some(&MemberRole::Moderator)
    }

    pub(super) fn occupants(&self) -> usize {
        self.occupants.len()
    }

    /// The presence of an occupant.
    pub(super) fn presence_of(
        &self,
        domain: &Domain,
        person: &Person,
        presence: Presence,
        statuses: &[u16],
    ) -> Element {
        let there = presence != Presence::Offline;
        let (affiliation, role) = self.standing(person);
        let item = Element::new("item", ns::MUC_USER)
            .with("affiliation", affiliation)
            .with("role", if there { role } else { "none" })
            .with("jid", format!("{}@{}", person.name, domain.name));
        let status =
            |code: &u16| Element::new("status", ns::MUC_USER).with("code", code.to_string());
        let x = Element::new("x", ns::MUC_USER).child(item).children(statuses.iter().map(status));
        let show =
            (presence == Presence::Away).then(|| Element::new("show", ns::CLIENT).text("away"));
        let words = (there && !person.status.is_empty())
            .then(|| Element::new("status", ns::CLIENT).text(person.status.clone()));
        let nick = self.jid(domain).with(&person.name);
        Element::new("presence", ns::CLIENT)
            .with("from", nick.to_string())
            .with_some("type", (!there).then_some("unavailable"))
            .children(show)
            .children(words)
            .child(x)
            .child(render::occupant_id(domain, self.id, person.id))
    }

    /// Affiliation and role of somebody (XEP-0045, section 5). In rooms that anybody may enter a member is
    /// nobody in particular: some clients ask for lists of members wherever they are one.
    pub(super) fn standing(&self, person: &Person) -> (&'static str, &'static str) {
        let member = self.members.get(&person.id).copied();
        let open = self.facts.room_kind == RoomKind::Public;
        let affiliation = match (person.role, member) {
            (Role::Owner, Some(_)) => "owner",
            (Role::Admin, Some(_)) | (_, Some(MemberRole::Moderator)) => "admin",
            (_, Some(MemberRole::Member | MemberRole::Muted)) if !open => "member",
            (_, Some(_) | None) => "none",
        };
        let role = match (affiliation, member) {
            ("owner" | "admin", _) => "moderator",
            (_, Some(MemberRole::Muted)) => "visitor",
            (_, Some(_)) if self.facts.read_only || self.facts.archived => "visitor",
            (_, Some(_)) => "participant",
            (_, None) => "none",
        };
        (affiliation, role)
    }

    /// Whether somebody may moderate here.
    pub(super) fn may_moderate(&self, person: &Person) -> bool {
        self.standing(person).1 == "moderator"
    }

    /// What the room is about, as the last word of a join.
    pub(super) fn subject(&self, domain: &Domain) -> Element {
        Element::new("message", ns::CLIENT)
            .with("from", self.jid(domain).to_string())
            .with("type", "groupchat")
            .child(Element::new("subject", ns::CLIENT).text(self.facts.topic.clone()))
    }

    /// A place of one of its messages, by whatever a client calls it.
    pub(super) fn place(&self, author: AccountId, id: &str, salt: &str) -> Option<Seq> {
        ids::seq_of(id)
            .or_else(|| ids::place_in(id).filter(|(room, _)| *room == self.id).map(|(_, seq)| seq))
            .or_else(|| self.called(author, &ids::nonces_of(id, salt)))
    }
}

fn react(message: &mut Message, emoji: &str, by: AccountId, on: bool) {
    let reactions = &mut message.reactions;
    match reactions.iter_mut().find(|r| r.emoji == emoji) {
        Some(reaction) => {
            reaction.by.retain(|who| *who != by);
            if on {
                reaction.by.push(by);
            }
        }
        None if on => {
            reactions.push(leeward_core::event::Reaction { emoji: emoji.to_owned(), by: vec![by] })
        }
        None => {}
    }
    reactions.retain(|reaction| !reaction.by.is_empty());
}
