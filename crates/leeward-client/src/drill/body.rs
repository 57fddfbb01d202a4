//! What a person of a drill has for a client: Leeward's own, or one that speaks XMPP. Never decides
//! when it speaks or loses its connection.

use super::ears::{Ears, MARK, TIME_DIGITS, wall_us};
use super::ledger::{Log, name};
use super::named::Named;
use super::order::{Part, Person, XmppServer};
use super::species::{Species, Transport};
use crate::server::Server;
use crate::xmpp::{self, Message, Place, Seat};
use crate::{Client, Options};
use leeward_core::event::Draft;
use leeward_core::id::{RoomId, Seq};
use leeward_core::wire::ClientFrame;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll};

/// The length of a message, in bytes.
const TEXT_BYTES: usize = 120;

/// A client.
pub(super) enum Body {
    Leeward(Box<Client>),
    Xmpp(Box<xmpp::Client>),
}

/// Where the server is, as far as a worker was told.
#[derive(Default)]
pub(super) struct Addresses {
    pub(super) server: Option<Server>,
    pub(super) build: String,
    tcp: Option<Rc<Place>>,
    websocket: Option<Rc<Place>>,
    bosh: Option<Rc<Place>>,
    /// Logs are kept by what rooms call their messages.
    places: bool,
}

impl Addresses {
    /// Where it speaks XMPP.
    pub(super) fn xmpp(&mut self, server: XmppServer) -> io::Result<()> {
        let XmppServer { tcp, websocket, bosh, domain, rooms, roots, resumes, scram, places } =
            server;
        let place = |url: String| {
            let roots = roots.clone().map(Into::into);
            let place = Place::parse(&url, &domain, &rooms, roots)?;
            Ok::<_, io::Error>(Rc::new(place.resuming(resumes).by_scram(scram)))
        };
        self.places = places;
        self.tcp = tcp.map(&place).transpose()?;
        self.websocket = websocket.map(&place).transpose()?;
        self.bosh = bosh.map(&place).transpose()?;
        Ok(())
    }

    /// The transport wanted, or else another; and the one to turn to when a session is lost.
    fn places(&self, species: Species) -> Option<(Rc<Place>, Option<Rc<Place>>)> {
        let places = match species.transport() {
            Transport::Tcp => [&self.tcp, &self.websocket, &self.bosh],
            Transport::WebSocket => [&self.websocket, &self.tcp, &self.bosh],
            Transport::Bosh => [&self.bosh, &self.websocket, &self.tcp],
        };
        let mut places = places.into_iter().flatten().cloned();
        let first = places.next()?;
        let second = places.next().filter(|_| species.transport() == Transport::Bosh);
        Some((first, second))
    }
}

impl Body {
    /// The client of a person.
    ///
    /// # Errors
    /// Nobody has said where its server is.
    pub(super) fn of(person: Person, addresses: &Addresses) -> io::Result<Self> {
        let unknown = || io::Error::from(io::ErrorKind::InvalidInput);
        let Person { token, from, species, hidden, xmpp, .. } = person;
        if let Some(names) = xmpp {
            let (first, second) = addresses.places(species).ok_or_else(unknown)?;
            let rooms = [Some(names.room), names.club].into_iter().flatten();
            let rooms: Vec<Box<str>> = rooms.map(Into::into).collect();
            let (name, password): (Box<str>, Box<str>) = (names.name.into(), token.into());
            let seat = |place| {
                let (name, password, rooms) = (name.clone(), password.clone(), rooms.clone());
                Rc::new(Seat { place, name, password, rooms, from })
            };
            let client = xmpp::Client::new(species, seat(first)).or_at(second.map(seat));
            return Ok(Self::Xmpp(Box::new(client)));
        }
        let server = addresses.server.as_ref().ok_or_else(unknown)?;
        let build = addresses.build.clone().into();
        let options = Options { from, hidden, build, ..Options::new(server.for_one(), token) };
        Ok(Self::Leeward(Box::new(Client::of(species, options))))
    }

    /// The rooms of which a person keeps logs by what XMPP says.
    pub(super) fn named(person: &Person, addresses: &Addresses) -> Vec<Named> {
        let Some(names) = person.xmpp.as_ref().filter(|_| addresses.places) else { return vec![] };
        let club = names.club.as_ref().zip(person.club);
        let rooms = [Some((&names.room, person.room)), club].into_iter().flatten();
        rooms.map(|(name, room)| Named::new(name, room)).collect()
    }

    pub(super) async fn listen(&mut self, ears: &mut Ears) {
        match self {
            Self::Leeward(client) => client.listen(ears).await,
            Self::Xmpp(client) => client.listen(ears).await,
        }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>, ears: &mut Ears) -> Poll<()> {
        match self {
            Self::Leeward(client) => client.poll(cx, ears),
            Self::Xmpp(client) => client.poll(cx, ears),
        }
    }

    /// Loses the connection by a reset; comes back at once, or in its own way.
    pub(super) fn reset(&mut self, at_once: bool) {
        let random = if at_once { 0 } else { crate::client::random() };
        match self {
            Self::Leeward(client) => client.reset(random),
            Self::Xmpp(client) => client.reset(random),
        }
        if at_once {
            match self {
                Self::Leeward(client) => client.try_now(),
                Self::Xmpp(client) => client.try_now(),
            }
        }
    }

    /// Leaves for good.
    pub(super) async fn leave(&mut self) {
        if let Self::Xmpp(client) = self {
            client.leave().await;
        }
    }

    pub(super) fn forget_session(&mut self) {
        match self {
            Self::Leeward(client) => client.forget_session(),
            Self::Xmpp(client) => client.forget_session(),
        }
    }

    /// Goes on as another build, from the next connection. XMPP tells none.
    pub(super) fn set_build(&mut self, build: &str) {
        if let Self::Leeward(client) = self {
            client.set_build(build.to_owned());
        }
    }

    /// What follows from what was heard, in these rooms.
    pub(super) fn upkeep(
        &mut self,
        (room, club): (RoomId, Option<RoomId>),
        build: &str,
        ears: &mut Ears,
    ) {
        // Who speaks XMPP is told of a loss, and has no places to keep accounts by.
        let Self::Leeward(client) = self else { return };
        if ears.present && ears.logs.is_empty() {
            let rooms = [Some(room), club].into_iter().flatten();
            ears.logs = rooms
                .map(|room| Log::new(room, client.position(room).map_or(Seq(0), |at| at.seq)))
                .collect();
        }
        // The bar lags behind the connection, which alone says whether the person is there.
        if ears.present && !client.is_welcome() {
            ears.gone(false);
        }
        if std::mem::take(&mut ears.wants_room) {
            client.say(ClientFrame::Open { room });
        }
        if std::mem::take(&mut ears.reload) {
            client.set_build(build.to_owned());
            client.start_again();
        }
    }

    /// Says something with the time in it, in the room or in the club.
    pub(super) fn say_time(&mut self, room: RoomId, is_club: bool, ears: &mut Ears) {
        let number = ears.number(is_club);
        self.say(room, is_club, &format!("{MARK}{:0TIME_DIGITS$} {number} ", wall_us()), ears);
    }

    /// Says something, made as long as every message is.
    pub(super) fn say(&mut self, room: RoomId, is_club: bool, text: &str, ears: &Ears) {
        let mut text = text.to_owned();
        text.extend(std::iter::repeat_n('x', TEXT_BYTES.saturating_sub(text.len())));
        match self {
            Self::Leeward(client) => {
                let draft = Draft::Message {
                    text,
                    thread: None,
                    also_room: false,
                    files: vec![],
                    quote: None,
                };
                client.post(room, draft);
            }
            Self::Xmpp(client) => client.post(is_club.into(), &text),
        }
        ears.scene.unanswered.set(ears.scene.unanswered.get() + 1);
    }

    /// Events that came again on the wire, and holes found there.
    pub(super) fn amiss(&self) -> (u32, u32) {
        match self {
            Self::Leeward(client) => client.amiss(),
            Self::Xmpp(_) => (0, 0),
        }
    }
}

/// The time and the number in a message, if it has any.
fn said(body: &str) -> Option<(u64, u64)> {
    let mut words = body.strip_prefix(MARK)?.split(' ');
    Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}

impl xmpp::Listener for Ears {
    fn knocking(&mut self) {
        self.forgets_the_past();
        self.knocks();
    }

    fn ready(&mut self, resumed: bool) {
        if !resumed {
            self.numbers.begin_anew();
            self.begins_anew();
        }
        self.in_at_last();
    }

    fn message(&mut self, message: Message<'_>) {
        if !self.present {
            self.scene.seen.borrow_mut().history += 1;
            self.hears_of_the_past(message);
            return;
        }
        if let Some((room, seq, name)) = self.place(message) {
            self.account(room, seq, name);
        }
        let Some((said_us, number)) = said(message.body()) else { return };
        if self.named.is_empty() {
            self.numbers.hear(name(message.from()), number);
        }
        if self.part == Part::Survivor {
            self.delivered(said_us);
        }
    }

    fn echoed(&mut self, _: usize, message: Message<'_>) {
        self.answered();
        if let Some((room, seq, name)) = self.place(message) {
            self.acknowledged(room, seq, name);
        }
        if let Some((_, number)) = said(message.body()) {
            self.scene.said.borrow_mut().insert(name(message.from()), number);
        }
    }

    fn refused(&mut self, condition: &str) {
        let mut seen = self.scene.seen.borrow_mut();
        *seen.refusals.entry(condition.to_owned()).or_default() += 1;
    }

    fn signed_out(&mut self, condition: &str) {
        self.scene.seen.borrow_mut().signed_out += 1;
        self.refused(condition);
    }

    fn lost(&mut self) {
        self.gone(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_and_the_number_are_read_out_of_a_message() {
        assert_eq!(said("drill 0001700000000000 12 xxxx"), Some((1_700_000_000_000, 12)));
        assert_eq!(said("said as the connection was lost xxx"), None);
    }
}
