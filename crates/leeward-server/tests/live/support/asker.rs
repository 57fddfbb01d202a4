//! A client of XMPP that speaks by single requests (BOSH), each on a socket of its own.

use super::{PATIENCE, Seat, World};
use leeward_core::account::Role;
use leeward_core::id::RoomId;
use leeward_core::room::{MemberRole, RoomFacts, RoomKind};
use leeward_store::Author;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What everybody signs in with here.
const PASSWORD: &str = "correct horse battery";
/// How long a request may wait for something to be said, in seconds.
pub(crate) const WAIT_S: u64 = 10;

/// One such client.
pub(crate) struct Asker {
    pub(crate) address: SocketAddr,
    sid: String,
    pub(crate) rid: u64,
    /// What was in the bodies of messages, in order.
    pub(crate) heard: Vec<String>,
    /// All that was answered since it signed in.
    pub(crate) got: String,
}

/// What a request is answered. `None`: its connection was refused, or cut before all had come.
async fn try_ask(address: SocketAddr, body: &str) -> Option<(u16, String)> {
    let head = format!(
        "POST /http-bind HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: text/xml\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await.ok()?;
    stream.write_all((head + body).as_bytes()).await.ok()?;
    let mut answer = String::new();
    let read = stream.read_to_string(&mut answer);
    tokio::time::timeout(PATIENCE, read).await.expect("in time").ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    (length.parse() == Ok(body.len())).then_some(())?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}

pub(crate) async fn ask(address: SocketAddr, body: String) -> (u16, String) {
    try_ask(address, &body).await.expect("it is answered")
}

impl Asker {
    /// Signs in and comes into the lobby.
    pub(crate) async fn sign_in(world: &World, name: &str) -> Self {
        Self::sign_in_waiting(world, name, WAIT_S).await
    }

    /// The same; a request waits so long for something to be said, in seconds.
    pub(crate) async fn sign_in_waiting(world: &World, name: &str, wait_s: u64) -> Self {
        let mut asker = Self {
            address: world.address,
            sid: String::new(),
            rid: 5_000,
            heard: Vec::new(),
            got: String::new(),
        };
        let open = format!(
            "<body xmlns='http://jabber.org/protocol/httpbind' rid='{}' to='localhost' \
             wait='{wait_s}' hold='1' ver='1.6'/>",
            asker.rid
        );
        let (_, mut said) = ask(asker.address, open).await;
        let sid = said.split_once("sid='").and_then(|(_, rest)| rest.split_once('\''));
        asker.sid = sid.expect("a name").0.to_owned();
        assert!(asker.sid.len() >= 32 && asker.sid.bytes().all(|b| b.is_ascii_hexdigit()));
        let secret = base64(&format!("\0{name}\0{PASSWORD}"));
        let steps = [
            ("mechanisms", String::new(), ""),
            (
                "<success",
                format!(
                    "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{secret}</auth>"
                ),
                "",
            ),
            ("<bind", String::new(), " xmlns:xmpp='urn:xmpp:xbosh' xmpp:restart='true'"),
            (
                "<jid>",
                "<iq xmlns='jabber:client' type='set' id='b'>\
                 <bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"
                    .to_owned(),
                "",
            ),
            (
                "<subject",
                format!(
                    "<presence xmlns='jabber:client' to='lobby@rooms.localhost/{name}'>\
                     <x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>"
                ),
                "",
            ),
        ];
        for (wanted, brought, attributes) in steps {
            let (mut brought, mut attributes) = (brought, attributes);
            while !said.contains(wanted) {
                said = asker.brings_with(&std::mem::take(&mut brought), attributes).await;
                attributes = "";
            }
        }
        asker.got.clear();
        asker
    }

    pub(crate) fn body(&self, rid: u64, inner: &str, attributes: &str) -> String {
        let sid = &self.sid;
        format!(
            "<body xmlns='http://jabber.org/protocol/httpbind' rid='{rid}' sid='{sid}'{attributes}>{inner}</body>"
        )
    }

    async fn brings_with(&mut self, inner: &str, attributes: &str) -> String {
        self.rid += 1;
        let body = self.body(self.rid, inner, attributes);
        self.asks(body).await
    }

    /// The next request.
    pub(crate) async fn brings(&mut self, inner: &str) -> String {
        self.brings_with(inner, "").await
    }

    /// A request that was made before.
    pub(crate) async fn again(&mut self, rid: u64) -> String {
        let body = self.body(rid, "", "");
        self.asks(body).await
    }

    async fn asks(&mut self, body: String) -> String {
        let (status, answer) = ask(self.address, body).await;
        assert_eq!(status, 200);
        assert!(!answer.contains("terminate"), "{answer}");
        self.listen(&answer);
        answer
    }

    pub(crate) fn listen(&mut self, answer: &str) {
        let bodies = answer.split("<body>").skip(1);
        self.got.push_str(answer);
        self.heard.extend(bodies.filter_map(|rest| Some(rest.split_once("</body>")?.0.to_owned())));
    }

    /// The next request, which is not waited for.
    pub(crate) fn sends(&mut self, inner: &str) -> JoinHandle<(u16, String)> {
        self.rid += 1;
        tokio::spawn(ask(self.address, self.body(self.rid, inner, "")))
    }

    /// The same, which brings nothing.
    pub(crate) fn waits(&mut self) -> JoinHandle<(u16, String)> {
        self.sends("")
    }

    /// Asks until so much has been heard.
    pub(crate) async fn hears(&mut self, wanted: &[&str]) {
        let wait = async {
            while self.heard.len() < wanted.len() {
                self.brings("").await;
            }
        };
        let _ = tokio::time::timeout(PATIENCE, wait).await;
        assert_eq!(self.heard, wanted);
    }

    /// Asks until this was among what was answered.
    pub(crate) async fn got_by_and_by(&mut self, wanted: &str) {
        let wait = async {
            while !self.got.contains(wanted) {
                self.brings("").await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, wait).await;
        assert!(waited.is_ok(), "no {wanted} in {}", self.got);
    }

    /// Says so much in the lobby, one thing after the other, whatever becomes of the server meanwhile; then
    /// asks until it has heard what all say. What it has heard.
    pub(crate) async fn speaks(
        mut self,
        at: watch::Receiver<SocketAddr>,
        name: String,
        (own, all): (usize, usize),
    ) -> Vec<String> {
        for n in 0..own {
            self.insists(&at, &Self::says(&format!("{name}-{n}"))).await;
        }
        while self.heard.len() < all {
            self.insists(&at, "").await;
        }
        self.heard
    }

    /// The next request, made until it is answered.
    async fn insists(&mut self, at: &watch::Receiver<SocketAddr>, inner: &str) {
        self.rid += 1;
        let body = self.body(self.rid, inner, "");
        loop {
            let address = *at.borrow();
            match try_ask(address, &body).await {
                Some((200, answer)) => {
                    assert!(!answer.contains("terminate"), "{answer}");
                    return self.listen(&answer);
                }
                Some((503, _)) | None => tokio::time::sleep(Duration::from_millis(10)).await,
                Some(other) => panic!("{other:?}"),
            }
        }
    }

    /// Words for the lobby.
    pub(crate) fn says(text: &str) -> String {
        format!(
            "<message xmlns='jabber:client' to='lobby@rooms.localhost' type='groupchat' id='{text}-0123456789abcdef'>\
             <body>{text}</body></message>"
        )
    }

    /// What is said to a name that there is not, or not any more.
    pub(crate) async fn is_gone(&self) -> bool {
        let (status, answer) = ask(self.address, self.body(self.rid + 1, "", "")).await;
        status == 200 && answer.contains("type='terminate' condition='item-not-found'")
    }
}

fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |three: &[u8]| {
        let number =
            three.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - three.len()));
        let digit = |n: usize| char::from(DIGITS[(number >> (18 - 6 * n) & 63) as usize]);
        (0..4).map(|n| if n <= three.len() { digit(n) } else { '=' }).collect::<String>()
    };
    text.as_bytes().chunks(3).map(group).collect()
}

/// An account with a password.
pub(crate) async fn member(world: &World, name: &str) -> Seat {
    let seat = world.account(name).await;
    let hash = world.node.passwords.hash(PASSWORD.into()).await.expect("it is hashed");
    world.node.store.set_password_hash(seat.account, Some(hash), None).await.expect("it is kept");
    world.sign_in(seat.account, Role::Member).await
}

/// The direct room of two.
pub(crate) async fn direct(world: &World, one: &Seat, two: &Seat) -> RoomId {
    let facts = RoomFacts {
        room_kind: RoomKind::Direct,
        name: String::new(),
        topic: String::new(),
        archived: false,
        read_only: false,
    };
    let by = Author { account: one.account, role: Role::Member };
    let both = [one, two].map(|seat| (seat.account, MemberRole::Member)).to_vec();
    let made = world.node.store.create_room(by, facts, both, world.node.now()).await;
    made.expect("the room is made").room
}
