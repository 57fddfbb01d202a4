//! tokio-xmpp, as programs use it: signs in, comes into a room, hears what was said and what is said, speaks,
//! and comes back by itself after its connection was cut, with nothing lost or doubled.

use crate::support::xmpp::PASSWORD;
use crate::support::{LOOPBACK, Line, PATIENCE, World, text_of};
use futures_util::StreamExt as _;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_xmpp::connect::DnsConfig;
use tokio_xmpp::jid::{BareJid, Jid};
use tokio_xmpp::parsers::message::{Lang, Message, MessageType};
use tokio_xmpp::parsers::muc::Muc;
use tokio_xmpp::parsers::muc::muc::History;
use tokio_xmpp::parsers::presence::Presence;
use tokio_xmpp::xmlstream::Timeouts;
use tokio_xmpp::{Client, Event, Stanza};

const ROOM: &str = "lobby@rooms.localhost";

/// A way to the server that can be cut.
struct Way {
    address: SocketAddr,
    cut: Arc<Notify>,
}

impl Way {
    async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind(LOOPBACK).await.expect("a port");
        let address = listener.local_addr().expect("it listens");
        let cut = Arc::new(Notify::new());
        let cuts = Arc::clone(&cut);
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let Ok(mut far) = TcpStream::connect(server).await else { return };
                let cuts = Arc::clone(&cuts);
                tokio::spawn(async move {
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        () = cuts.notified() => {}
                    }
                });
            }
        });
        Self { address, cut }
    }

    fn cut(&self) {
        self.cut.notify_waiters();
    }
}

async fn next(client: &mut Client) -> Event {
    let next = tokio::time::timeout(PATIENCE, client.next());
    next.await.expect("something comes in time").expect("it goes on")
}

/// Until it is online; whether it took its session up again.
async fn online(client: &mut Client) -> (String, bool) {
    loop {
        if let Event::Online { bound_jid, resumed, .. } = next(client).await {
            return (bound_jid.to_string(), resumed);
        }
    }
}

/// What is said in the room, up to and with this.
async fn hears(client: &mut Client, last: &str) -> Vec<String> {
    let mut heard = Vec::new();
    loop {
        if let Event::Stanza(Stanza::Message(message)) = next(client).await
            && message.type_ == MessageType::Groupchat
            && let Some(body) = message.bodies.into_values().next()
        {
            heard.push(body);
            if heard.last().is_some_and(|body| body == last) {
                return heard;
            }
        }
    }
}

async fn says(client: &mut Client, text: &str) {
    let room: Jid = ROOM.parse().expect("an address");
    let message = Message::groupchat(room).with_body(Lang::default(), text.to_owned());
    client.send_stanza(message.into()).await.expect("it is sent");
}

#[tokio::test]
async fn tokio_xmpp_says_and_hears_and_comes_back_by_itself() {
    let world = World::start().await;
    let (owner, member) = (world.with_password("owner").await, world.with_password("member").await);
    let room = world.room("lobby", &[&owner, &member]).await;
    let mut writer = Line::sign_in(&world, &owner).await;
    for text in ["first", "second", "third"] {
        writer.post(room, text).await;
    }
    let way = Way::to(world.xmpp).await;
    let account: BareJid = "member@localhost".parse().expect("an address");
    let address = DnsConfig::Addr { addr: way.address.to_string() };
    let mut client = Client::new_plaintext(account, PASSWORD, address, Timeouts::tight());
    let (bound, resumed) = online(&mut client).await;
    assert!(bound.starts_with("member@localhost/") && !resumed, "{bound}");

    let nick: Jid = format!("{ROOM}/member").parse().expect("an address");
    let muc = Muc::new().with_history(History::new().with_maxstanzas(2));
    let comes = Presence::available().with_to(nick).with_payload(muc);
    client.send_stanza(comes.into()).await.expect("it is sent");
    assert_eq!(hears(&mut client, "third").await, ["second", "third"], "the history it asked for");
    says(&mut client, "hello").await;
    writer.post(room, "welcome").await;
    let heard = hears(&mut client, "welcome").await;
    assert!(heard == ["hello", "welcome"] || heard == ["welcome"], "{heard:?}");
    if heard.len() == 1 {
        assert_eq!(hears(&mut client, "hello").await, ["hello"]);
    }

    for round in 0..2 {
        way.cut();
        let missed = format!("missed {round}");
        writer.post(room, &missed).await;
        assert_eq!(online(&mut client).await, (bound.clone(), true), "the same session");
        says(&mut client, &format!("back {round}")).await;
        let heard = hears(&mut client, &format!("back {round}")).await;
        assert_eq!(heard, [missed, format!("back {round}")], "each once and in order");
    }
    let log = world.log(room).await;
    let said: Vec<&str> = log.iter().filter_map(text_of).collect();
    let own = said.iter().filter(|text| text.starts_with("back") || **text == "hello").count();
    assert_eq!(own, 3, "{said:?}");
    client.send_end().await.expect("it says goodbye");
}
