//! A stage for little plays: what clients send, and exactly what they get. Used by the plays beside each
//! feature and, by its path, by those that see of the crate what everybody sees. `world` has a shell as
//! well, which answers what a station asks.
#![allow(
    dead_code,
    unused_imports,
    clippy::wildcard_enum_match_arm,
    reason = "each play uses its own part of this, and looks for one thing among all that happens"
)]

mod shell;
pub(crate) mod talk;
pub(crate) mod world;

use crate::jid::Jid;
use crate::stanza::Rest;
use crate::station::{
    Answer, Ask, Bound, Conn, Directory, Domain, Framing, Input, Output, Question, Station,
    Workspace,
};
use crate::xml::Element;
use leeward_core::account::{Person, Role};
use leeward_core::id::{AccountId, Instant, Millis, SessionId};
use leeward_core::wire::Presence;
use std::cell::RefCell;
use std::sync::Arc;

pub(crate) const DOMAIN: &str = "chat.example.org";

/// Who is who: accounts 1, 2, 3… in the order in which they were made.
#[derive(Default)]
pub(crate) struct Town {
    pub(crate) people: Vec<Person>,
    pub(crate) online: RefCell<Vec<AccountId>>,
}

impl Directory for Town {
    fn person(&self, account: AccountId) -> Option<Person> {
        self.people.iter().find(|p| p.id == account).cloned()
    }
    fn by_name(&self, name: &str) -> Option<AccountId> {
        self.people.iter().find(|p| p.name == name).map(|p| p.id)
    }
    fn count(&self) -> usize {
        self.people.len()
    }
    fn everybody(&self) -> Vec<Person> {
        self.people.clone()
    }
    fn presence(&self, account: AccountId) -> Presence {
        let online = self.online.borrow().contains(&account);
        if online { Presence::Online } else { Presence::Offline }
    }
    fn version(&self, _account: AccountId) -> u64 {
        1
    }
    fn file_url(&self, file: &leeward_core::event::FileRef) -> String {
        format!("https://{DOMAIN}/api/v1/files/{}/{}", file.id, file.name)
    }
    fn wall(&self) -> Millis {
        Millis(1_790_000_000_000)
    }
}

/// A station, the town around it and the moment.
pub(crate) struct Play {
    pub(crate) station: Station,
    pub(crate) town: Town,
    pub(crate) now: Instant,
}

impl Play {
    /// With these people, all of them members.
    pub(crate) fn of(names: &[&str]) -> Self {
        let person = |(id, name): (u64, &&str)| Person {
            id: AccountId(id),
            name: (*name).to_owned(),
            display: name.to_uppercase(),
            role: Role::Member,
            bot: false,
            disabled: false,
            status: String::new(),
        };
        let domain = Domain {
            name: DOMAIN.into(),
            workspace: Workspace::new("Example".into()),
            software: ("Leeward", "0"),
            files_url: "https://chat.example.org".into(),
            file_bytes_max: 1_000,
            secret: [7; 32],
        };
        Self {
            station: Station::new(Arc::new(domain)),
            town: Town { people: (1..).zip(names).map(person).collect(), ..Town::default() },
            now: Instant(1_000_000),
        }
    }

    /// What comes of an input.
    pub(crate) fn give(&mut self, input: Input) -> Vec<Output> {
        self.station.handle(self.now, &self.town, input);
        std::iter::from_fn(|| self.station.next_output()).collect()
    }

    /// Has the account of that name bind `resource` on a connection.
    pub(crate) fn bound(&mut self, conn: Conn, name: &str, resource: &str) -> Vec<Output> {
        let account = self.town.by_name(name).expect("the play names who is in the town");
        self.give(Input::Bound(
            conn,
            Box::new(Bound {
                account,
                role: Role::Member,
                session: SessionId(0),
                jid: Jid::of(name, DOMAIN).with(resource),
                framing: Framing::Stream,
                carbons: false,
                inactive: false,
                began: Instant(0),
                sm: None,
            }),
        ))
    }

    /// A client sends an element.
    pub(crate) fn says(&mut self, conn: Conn, element: Element) -> Vec<Output> {
        self.give(Input::Element(conn, element))
    }

    /// The answer to a question.
    pub(crate) fn answer(&mut self, ask: Ask, answer: Answer) -> Vec<Output> {
        self.give(Input::Answered(ask, answer))
    }
}

/// What one client is given, as text, its address included.
pub(crate) fn given(play: &Play, outputs: &[Output], to: Conn) -> Vec<String> {
    let whole = |rest: &Rest| {
        let before = play.station.client(to).map(|client| client.before(rest.kind));
        let bytes = [&before.unwrap_or_default()[..], &rest.bytes[..]].concat();
        String::from_utf8(bytes).expect("what is written is text")
    };
    let text = |output: &Output| match output {
        Output::Send(conn, rest, _) => (*conn == to).then(|| whole(rest)),
        Output::FanOut(conns, rest, _) => conns.contains(&to).then(|| whole(rest)),
        Output::Raw(conn, bytes) => {
            (*conn == to).then(|| String::from_utf8_lossy(bytes).into_owned())
        }
        Output::Close(conn, why) => (*conn == to).then(|| format!("closed: {why}")),
        _ => None,
    };
    outputs.iter().filter_map(text).collect()
}

/// The questions among what is to be done.
pub(crate) fn questions(outputs: &[Output]) -> Vec<(Ask, Question)> {
    let question = |output: &Output| match output {
        Output::Ask(ask, question) => Some((*ask, question.clone())),
        _ => None,
    };
    outputs.iter().filter_map(question).collect()
}
