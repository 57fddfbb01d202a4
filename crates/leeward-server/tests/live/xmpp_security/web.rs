//! The same by way of the web: frames of a WebSocket, requests of BOSH, files.

use crate::support::xmpp::{HEADER, PASSWORD, Xmpp, attribute, plain};
use crate::support::{PATIENCE, Raw, World};
use leeward_core::limits::FRAME_BYTES_MAX;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;

const OPEN: &str =
    "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>";
const BIND: &str = "<iq xmlns='jabber:client' type='set' id='bind'>\
     <bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";
const AGAIN: &str = " xmlns:xmpp='urn:xmpp:xbosh' xmpp:restart='true'";

/// A WebSocket that speaks XMPP.
pub(super) struct Socket {
    socket: WebSocketStream<TcpStream>,
    /// The same connection, for bytes that are no frames.
    raw: TcpStream,
}

impl Socket {
    async fn open(world: &World, headers: &[(&'static str, &str)]) -> Self {
        let tcp = TcpStream::connect(world.address).await.expect("it listens");
        let std = tcp.into_std().expect("a socket");
        let raw = TcpStream::from_std(std.try_clone().expect("a second handle")).expect("a socket");
        let tcp = TcpStream::from_std(std).expect("a socket");
        let url = format!("ws://{}/xmpp-websocket", world.address);
        let mut request = url.into_client_request().expect("a good address");
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("xmpp"));
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value).expect("a header"));
        }
        let upgrade = tokio_tungstenite::client_async(request, tcp).await.expect("an upgrade");
        assert!(!upgrade.1.headers().contains_key("sec-websocket-extensions"), "nothing is packed");
        let mut socket = Self { socket: upgrade.0, raw };
        socket.says(OPEN).await;
        socket.until("<stream:features").await;
        socket
    }

    pub(super) async fn sign_in(world: &World, name: &str) -> Self {
        let mut socket = Self::open(world, &[]).await;
        socket.says(&plain(name, PASSWORD)).await;
        socket.until("<success").await;
        socket.says(OPEN).await;
        socket.until("<stream:features").await;
        socket.says(BIND).await;
        socket.until("id='bind'").await;
        socket
    }

    async fn says(&mut self, text: &str) {
        self.sends(Message::text(text)).await;
    }

    async fn sends(&mut self, message: Message) {
        use futures_util::SinkExt as _;
        let _ = self.socket.send(message).await;
    }

    async fn next(&mut self) -> Option<String> {
        use futures_util::StreamExt as _;
        loop {
            let next = tokio::time::timeout(PATIENCE, self.socket.next()).await;
            match next.expect("something comes in time")?.ok()? {
                Message::Text(text) => return Some(text.to_string()),
                Message::Close(_) => return None,
                Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }

    async fn until(&mut self, words: &str) -> String {
        loop {
            let said = self.next().await.expect("it goes on");
            if said.contains(words) {
                return said;
            }
        }
    }

    /// All up to the end, which has to come.
    pub(super) async fn end(&mut self) -> String {
        let mut all = String::new();
        while let Some(said) = self.next().await {
            all.push_str(&said);
        }
        all
    }
}

/// A session of BOSH that has signed in.
pub(super) struct Session {
    sid: String,
}

fn body(rid: u32, sid: &str, more: &str, inside: &str) -> String {
    format!(
        "<body xmlns='http://jabber.org/protocol/httpbind' rid='{rid}' sid='{sid}'{more}>{inside}</body>"
    )
}

fn first(to: &str) -> String {
    format!(
        "<body xmlns='http://jabber.org/protocol/httpbind' rid='1'{to} wait='5' hold='1' ver='1.6' \
         xmlns:xmpp='urn:xmpp:xbosh' xmpp:version='1.0'/>"
    )
}

impl Session {
    pub(super) async fn sign_in(world: &World, name: &str) -> Self {
        let opened = Raw::bosh(world.address, "", &first(" to='localhost'")).await;
        let session = Self { sid: attribute(&opened, "sid") };
        let said = session.asks(world, 2, &plain(name, PASSWORD)).await;
        assert!(said.contains("<success"), "{said}");
        let again = body(3, &session.sid, AGAIN, "");
        Raw::bosh(world.address, "", &again).await;
        let said = session.asks(world, 4, BIND).await;
        assert!(said.contains("id='bind'"), "{said}");
        session
    }

    pub(super) async fn asks(&self, world: &World, rid: u32, inside: &str) -> String {
        Raw::bosh(world.address, "", &body(rid, &self.sid, "", inside)).await
    }
}

/// Tries passwords one after the other, coming by a proxy from this address; what is said to each.
pub(super) async fn sign_in(
    world: &World,
    from: &str,
    name: &str,
    passwords: &[String],
) -> Vec<String> {
    let headers = format!("x-forwarded-for: {from}\r\n");
    let opened = Raw::bosh(world.address, &headers, &first(" to='localhost'")).await;
    let sid = attribute(&opened, "sid");
    let mut said = Vec::new();
    for (rid, password) in (2..).zip(passwords) {
        let asks = body(rid, &sid, "", &plain(name, password));
        said.push(Raw::bosh(world.address, &headers, &asks).await);
    }
    said
}

/// A frame is a message of text with one element in it, masked, within its bound: anything else ends the
/// stream, and what is too long is not waited for (RFC 6455, section 5; RFC 7395, section 3.3).
#[tokio::test]
async fn what_is_no_frame_of_xmpp_ends_the_stream() {
    let world = World::start().await;
    let two = "<auth xmlns='urn:a'/><auth xmlns='urn:a'/>";
    for (message, why) in [
        (Message::binary(OPEN.as_bytes().to_vec()), "<not-well-formed "),
        (Message::text(two), "<not-well-formed "),
        (Message::text("<auth"), "<not-well-formed "),
        (Message::text(HEADER), "<restricted-xml "),
        (Message::text("x".repeat(FRAME_BYTES_MAX + 1)), "<policy-violation "),
        (
            Message::text(format!("<auth xmlns='urn:a'>{}</auth>", "x".repeat(11_000))),
            "<policy-violation ",
        ),
    ] {
        let mut socket = Socket::open(&world, &[]).await;
        socket.sends(message).await;
        let said = socket.end().await;
        assert!(said.contains(why) && said.contains("<close "), "{why}: {said}");
    }
    const TEXT: u8 = 0x81;
    let masked = |first: u8, text: &[u8]| {
        let length = u16::try_from(text.len()).expect("short").to_be_bytes();
        [&[first, 0x80 | 126][..], &length, &[0; 4], text].concat()
    };
    let mut endless = vec![masked(0x01, b"<auth xmlns='urn:a'>")];
    endless.extend((0..40).map(|_| masked(0x00, &[b'x'; 4_000])));
    for (bytes, what) in [
        ([&[TEXT, 5][..], b"<a/> "].concat(), "unmasked"),
        (
            [&[TEXT, 0x80 | 127][..], &(1u64 << 40).to_be_bytes(), &[0; 4]].concat(),
            "the head of a long one",
        ),
        (masked(TEXT, b"<auth xmlns='\xff'/>"), "no UTF-8"),
        (masked(0x80, b"<a/>"), "a part of nothing"),
        (masked(0xc1, b"<a/>"), "packed"),
        (endless.concat(), "parts without end"),
    ] {
        let mut socket = Socket::open(&world, &[]).await;
        socket.raw.write_all(&bytes).await.expect("it is sent");
        let said = socket.end().await;
        assert!(!said.contains("<success"), "{what}: {said}");
    }
    assert_eq!(world.figure("leeward_admissions").await, 0);
}

/// Who does not say that they speak XMPP gets no stream, and a cookie signs nobody in: any page may ask, and
/// brings no more than it knows (RFC 7395, section 3.1; cross-site WebSocket hijacking).
#[tokio::test]
async fn a_page_of_another_origin_gains_nothing_by_a_cookie() {
    let world = World::start().await;
    let member = world.with_password("member").await;
    let cookie = format!("leeward={}", member.token);
    let bearer = format!("Bearer {}", member.token);
    let headers =
        [("cookie", &*cookie), ("authorization", &*bearer), ("origin", "https://evil.example")];
    let mut socket = Socket::open(&world, &headers).await;
    socket.says(BIND).await;
    assert!(socket.end().await.contains("<not-authorized"));
    for protocol in
        ["", "sec-websocket-protocol: leeward.v1\r\n", "sec-websocket-protocol: mqtt\r\n"]
    {
        let head = format!(
            "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
             sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n{protocol}"
        );
        let said = Raw::request(world.address, ("GET", "/xmpp-websocket"), &head, b"").await;
        assert!(said.starts_with("HTTP/1.1 4"), "{protocol}: {said}");
    }
}

/// A session of BOSH is known by a name that cannot be guessed and by nothing else; what opens none costs
/// nothing and says why (XEP-0124, sections 7 and 17).
#[tokio::test]
async fn a_request_without_a_session_gets_none() {
    let world = World::start().await;
    let asks = async |body: &str| Raw::bosh(world.address, "", body).await;
    assert!(asks(&first(" to='evil.example'")).await.contains("condition='host-unknown'"));
    assert!(asks(&first("")).await.contains("condition='improper-addressing'"));
    let long = body(1, "", "", &"<a/>".repeat(100_000));
    for bad in [
        first(" to='localhost'").replace("httpbind", "bind"),
        first(" to='localhost'").replace("rid='1'", "rid='-1'"),
        long,
        "<!DOCTYPE a><body/>".to_owned(),
        String::new(),
    ] {
        assert!(asks(&bad).await.contains("condition='bad-request'"), "{bad:.80}");
    }
    let sid = attribute(&asks(&first(" to='localhost'")).await, "sid");
    let other = attribute(&asks(&first(" to='localhost'")).await, "sid");
    assert!(sid != other && sid.len() >= 32 && sid.bytes().all(|b| b.is_ascii_hexdigit()), "{sid}");
    for guess in ["1", &sid[1..], &sid.to_uppercase().replace(|c: char| c.is_ascii_digit(), "0")] {
        assert!(
            asks(&body(2, guess, "", "")).await.contains("condition='item-not-found'"),
            "{guess}"
        );
    }
    let long = body(2, &sid, "", &format!("<auth xmlns='urn:a'>{}</auth>", "x".repeat(11_000)));
    assert!(asks(&long).await.contains("<policy-violation "));
    assert!(asks(&body(3, &sid, "", "")).await.contains("terminate"), "its session is over");
}

/// What everybody asks before they connect is the same for all, is found without looking anything up, and
/// repeats nothing that was said to it (XEP-0156).
#[tokio::test]
async fn where_the_server_is_is_said_without_an_echo() {
    let world = World::start().await;
    for path in ["/.well-known/host-meta", "/.well-known/host-meta.json"] {
        let headers = "x-forwarded-host: evil.example\r\norigin: https://evil.example\r\n";
        let said = Raw::request(world.address, ("GET", path), headers, b"").await;
        assert!(said.starts_with("HTTP/1.1 200") && !said.contains("evil"), "{said}");
        assert!(
            said.contains("access-control-allow-origin: *") && said.contains("max-age="),
            "{said}"
        );
        let mut stream = TcpStream::connect(world.address).await.expect("it listens");
        let head = format!("GET {path} HTTP/1.1\r\nhost: '><script>\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.expect("it is sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("it is answered");
        assert!(!answer.contains("<script"), "{answer}");
    }
}

/// A place for a file takes what was announced, once, under no other name; and what is got is run by no browser
/// (XEP-0363, section 9).
#[tokio::test]
async fn a_place_for_a_file_takes_that_file_once() {
    let world = World::start().await;
    world.with_password("member").await;
    let mut client = Xmpp::sign_in(&world, "member").await;
    let page = b"<script>alert(1)</script>";
    client
        .says(&format!(
            "<iq to='files.localhost' type='get' id='slot'>\
             <request xmlns='urn:xmpp:http:upload:0' filename='../../x/page.html' size='{}' \
             content-type='text/html'/></iq>",
            page.len()
        ))
        .await;
    let said = client.until("</slot></iq>").await;
    let path = |what: &str| {
        let url = attribute(&said[said.find(what).expect("a slot")..], "url");
        url.strip_prefix("http://localhost:8080").expect("the address of the web").to_owned()
    };
    let (put, get) = (path("<put"), path("<get"));
    assert!(!put.contains("..") && put.ends_with("page.html"), "{put}");
    let puts = async |path: &str, bytes: &[u8]| {
        let said = Raw::request(world.address, ("PUT", path), "", bytes).await;
        said.split(' ').nth(1).expect("a status").parse::<u16>().expect("a number")
    };
    assert!((400..500).contains(&puts(&put, b"too short").await));
    assert!((400..500).contains(&puts(&put, &[b'x'; 2_000]).await));
    assert!(
        (400..500).contains(&puts(&get, page).await),
        "what opens for reading does not for writing"
    );
    let token = put.split('/').nth(4).expect("a token").to_owned();
    let others = put.replacen("/xmpp/files/", "/xmpp/files/9", 1);
    for path in [others, put.replace(&token, &token[1..]), put.replace(&token, "A")] {
        assert_eq!(puts(&path, page).await, 404, "{path}");
    }
    assert_eq!(puts(&put, page).await, 201);
    assert_eq!(puts(&put, page).await, 409, "it is taken");
    let got = Raw::request(world.address, ("GET", &get), "", b"").await.to_lowercase();
    for header in [
        "x-content-type-options: nosniff",
        "content-security-policy: default-src 'none'",
        "sandbox",
    ] {
        assert!(got.contains(header), "{header}: {got}");
    }
    assert!(!got.contains("content-type: text/html"), "{got}");
}
