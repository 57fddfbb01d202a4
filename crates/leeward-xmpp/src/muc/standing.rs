//! Who is seen in a room, and as what (XEP-0045, section 5): people who are online, whatever they are
//! connected with, once each.

use super::render::{name, occupant_id};
use crate::jid::Jid;
use crate::ns;
use crate::stanza::Rest;
use crate::station::{Directory, Domain};
use crate::xml::Element;
use leeward_core::account::Role;
use leeward_core::id::{AccountId, RoomId};
use leeward_core::room::{MemberRole, RoomFacts, RoomKind};
use leeward_core::rules;
use leeward_core::wire::Presence;
use std::collections::BTreeMap;

/// Members of a room up to which everybody is seen in it. In larger ones those who moderate are seen
/// and one sees oneself: a thousand people who come and go would be a million stanzas.
pub(super) const SEEN_MAX: usize = 200;

/// What a station of a room says who is who.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) domain: &'a Domain,
    pub(super) names: &'a dyn Directory,
    /// The room.
    pub(super) room: RoomId,
    /// Its address.
    pub(super) address: &'a str,
    /// Its facts.
    pub(super) facts: &'a RoomFacts,
}

/// What somebody is in a room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Standing {
    /// For how long: owners and admins see what clients show to those who moderate; everybody in a
    /// private room is a member. In open rooms others are nothing, so that their clients do not ask
    /// who else is a member each time they come.
    pub(super) affiliation: &'static str,
    /// What they may do at this moment.
    pub(super) role: &'static str,
}

impl Standing {
    /// Of whoever is not in it.
    pub(super) const NONE: Self = Self { affiliation: "none", role: "none" };

    /// Of whoever is in it.
    pub(super) fn of(facts: &RoomFacts, member: MemberRole, role: Role) -> Self {
        let moderates = rules::moderates(facts, Some(member), role);
        let owns = role == Role::Owner || member == MemberRole::Moderator;
        let affiliation = match (moderates, facts.room_kind) {
            (true, _) if owns => "owner",
            (true, _) => "admin",
            (false, RoomKind::Private | RoomKind::Direct) => "member",
            (false, RoomKind::Public) => "none",
        };
        let mute = facts.archived || member == MemberRole::Muted || facts.read_only;
        let role = match (moderates, mute) {
            (true, _) => "moderator",
            (false, true) => "visitor",
            (false, false) => "participant",
        };
        Self { affiliation, role }
    }
}

/// What else there is to say of somebody (XEP-0045, section 15.6.2).
pub(super) mod status {
    /// One's own.
    pub(crate) const SELF: u16 = 110;
    /// The room was made by coming.
    pub(crate) const CREATED: u16 = 201;
    /// The server chose another nick.
    pub(crate) const NICK: u16 = 210;
    /// For good.
    pub(crate) const BANNED: u16 = 301;
    /// Removed.
    pub(crate) const KICKED: u16 = 307;
    /// Not a member any more.
    pub(crate) const LEFT: u16 = 321;
}

impl Scene<'_> {
    /// Where somebody is in the room.
    pub(super) fn occupant(&self, account: AccountId) -> String {
        format!("{}/{}", self.address, name(self.names, account))
    }

    /// What a member is.
    pub(super) fn standing(&self, account: AccountId, member: MemberRole) -> Standing {
        let role = self.names.person(account).map_or(Role::Guest, |person| person.role);
        Standing::of(self.facts, member, role)
    }

    /// That somebody is there.
    pub(super) fn there(&self, account: AccountId, member: MemberRole, codes: &[u16]) -> Element {
        let mut presence = self.presence(account, None);
        if self.names.presence(account) == Presence::Away {
            presence = presence.child(Element::new("show", ns::CLIENT).text("away"));
        }
        if let Some(person) = self.names.person(account).filter(|p| !p.status.is_empty()) {
            presence = presence.child(Element::new("status", ns::CLIENT).text(person.status));
        }
        self.user(presence, account, self.standing(account, member), codes)
    }

    /// That somebody is not there any more.
    pub(super) fn gone(&self, account: AccountId, standing: Standing, codes: &[u16]) -> Element {
        self.user(self.presence(account, Some("unavailable")), account, standing, codes)
    }

    /// That the room is not there any more, for one who was in it; `instead`: where to go.
    pub(super) fn destroyed(
        &self,
        account: AccountId,
        instead: Option<&str>,
        why: &str,
    ) -> Element {
        let destroy = Element::new("destroy", ns::MUC_USER)
            .with_some("jid", instead)
            .child(Element::new("reason", ns::MUC_USER).text(why));
        let presence = self.presence(account, Some("unavailable"));
        let x = self.item(account, Standing::NONE).child(code(status::SELF)).child(destroy);
        presence.child(x).child(occupant_id(self.domain, self.room, account))
    }

    fn presence(&self, account: AccountId, kind: Option<&str>) -> Element {
        Element::new("presence", ns::CLIENT)
            .with("from", self.occupant(account))
            .with_some("type", kind)
    }

    fn user(&self, to: Element, who: AccountId, standing: Standing, codes: &[u16]) -> Element {
        let x = self.item(who, standing).children(codes.iter().copied().map(code));
        to.child(x).child(occupant_id(self.domain, self.room, who))
    }

    fn item(&self, account: AccountId, standing: Standing) -> Element {
        let jid = Jid::of(&name(self.names, account), &self.domain.name).to_string();
        let item = Element::new("item", ns::MUC_USER)
            .with("affiliation", standing.affiliation)
            .with("role", standing.role)
            .with("jid", jid);
        Element::new("x", ns::MUC_USER).child(item)
    }
}

fn code(code: u16) -> Element {
    Element::new("status", ns::MUC_USER).with("code", code.to_string())
}

/// A notice of the room about itself, such as that it is configured in another way.
pub(super) fn notice(room: &str, status: u16) -> Element {
    Element::new("message", ns::CLIENT)
        .with("type", "groupchat")
        .with("from", room)
        .child(Element::new("x", ns::MUC_USER).child(code(status)))
}

/// Those who are seen in a room. Each is rendered once, when something about them changes.
#[derive(Default)]
pub(super) struct Seen {
    shown: BTreeMap<AccountId, (Presence, Rest)>,
}

impl Seen {
    /// What is shown of those who are there, but not of one.
    pub(super) fn but(&self, account: AccountId) -> Vec<Rest> {
        let others = self.shown.iter().filter(|(who, _)| **who != account);
        others.map(|(_, (_, rest))| rest.clone()).collect()
    }

    /// How many are shown.
    pub(super) fn len(&self) -> usize {
        self.shown.len()
    }

    /// Looks at somebody anew, who is a member with this role; what is to be told of them, if anything.
    pub(super) fn look(
        &mut self,
        scene: Scene<'_>,
        who: AccountId,
        member: MemberRole,
        everybody: bool,
    ) -> Option<Rest> {
        let presence = scene.names.presence(who);
        let standing = scene.standing(who, member);
        let seen = everybody || standing.role == "moderator";
        if presence == Presence::Offline || !seen {
            self.shown.remove(&who)?;
            let gone = Standing { role: "none", ..standing };
            return Some(Rest::of(&scene.gone(who, gone, &[])));
        }
        let rest = Rest::of(&scene.there(who, member, &[]));
        let before = self.shown.insert(who, (presence, rest.clone()));
        (before.is_none_or(|(_, before)| before != rest)).then_some(rest)
    }

    /// Whether somebody is shown as doing just that.
    pub(super) fn is(&self, who: AccountId, presence: Presence) -> bool {
        self.shown.get(&who).map_or(Presence::Offline, |(shown, _)| *shown) == presence
    }

    /// Forgets somebody; whether they were shown.
    pub(super) fn forget(&mut self, who: AccountId) -> bool {
        self.shown.remove(&who).is_some()
    }
}
