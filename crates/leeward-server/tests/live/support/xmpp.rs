//! A client of XMPP that says exactly what it is told to, over TCP or whatever is on it; and requests of
//! HTTP with a body.

use super::{PATIENCE, Raw, World};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const HEADER: &str = "<?xml version='1.0'?><stream:stream to='localhost' version='1.0' \
     xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
const BIND: &str = "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";

/// One stream.
pub(crate) struct Xmpp<S = TcpStream> {
    pub(crate) stream: S,
    /// What came and was not looked at.
    heard: String,
}

impl Xmpp {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.expect("it listens"))
    }

    /// Signed in by the password, with a resource.
    pub(crate) async fn sign_in(world: &World, name: &str) -> Self {
        let mut client = Self::connect(world.xmpp).await;
        client.enters(name, PASSWORD).await;
        client
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Xmpp<S> {
    pub(crate) fn over(stream: S) -> Self {
        Self { stream, heard: String::new() }
    }

    /// Says something to a server that may have gone.
    pub(crate) async fn says(&mut self, text: &str) {
        let _ = self.stream.write_all(text.as_bytes()).await;
        let _ = self.stream.flush().await;
    }

    /// All up to and with the first of these words.
    pub(crate) async fn until(&mut self, words: &str) -> String {
        loop {
            if let Some(at) = self.heard.find(words) {
                let rest = self.heard.split_off(at + words.len());
                return std::mem::replace(&mut self.heard, rest);
            }
            assert!(self.read().await, "the stream ended before {words}: {}", self.heard);
        }
    }

    /// All up to the end, which has to come.
    pub(crate) async fn end(&mut self) -> String {
        while self.read().await {}
        std::mem::take(&mut self.heard)
    }

    /// Reads on; false at the end.
    async fn read(&mut self) -> bool {
        let mut bytes = vec![0; 16 * 1024];
        let read = tokio::time::timeout(PATIENCE, self.stream.read(&mut bytes));
        let read = read.await.unwrap_or_else(|_| panic!("nothing comes after: {}", self.heard));
        let count = read.unwrap_or(0);
        self.heard.push_str(std::str::from_utf8(&bytes[..count]).expect("no letter is cut here"));
        count > 0
    }

    /// Opens the stream; what is offered.
    pub(crate) async fn opens(&mut self) -> String {
        self.says(HEADER).await;
        self.until("</stream:features>").await
    }

    /// Signs in by a password; how that went.
    pub(crate) async fn tries(&mut self, name: &str, password: &str) -> String {
        self.says(&plain(name, password)).await;
        let said = self.until(">").await;
        if said.starts_with("<failure") { said + &self.until("</failure>").await } else { said }
    }

    /// All the way in.
    pub(crate) async fn enters(&mut self, name: &str, password: &str) {
        self.opens().await;
        let said = self.tries(name, password).await;
        assert!(said.starts_with("<success"), "{said}");
        self.opens().await;
        self.binds().await;
    }

    /// Binds a resource; the address that the client has.
    pub(crate) async fn binds(&mut self) -> String {
        self.says(BIND).await;
        self.until("<jid>").await;
        let jid = self.until("</jid>").await;
        self.until("</iq>").await;
        jid
    }

    /// Signed in, with the stream opened anew and nothing bound.
    pub(crate) async fn signs(&mut self, name: &str) {
        self.opens().await;
        let said = self.tries(name, PASSWORD).await;
        assert!(said.starts_with("<success"), "{said}");
        self.opens().await;
    }

    /// Turns stream management on; the id that it is taken up by.
    pub(crate) async fn manages(&mut self) -> String {
        self.says("<enable xmlns='urn:xmpp:sm:3' resume='true'/>").await;
        self.until("<enabled ").await;
        attribute(&self.until("/>").await, "id")
    }

    /// Asks to take a session up; the answer.
    pub(crate) async fn resumes(&mut self, previd: &str, h: &str) -> String {
        self.says(&format!("<resume xmlns='urn:xmpp:sm:3' previd='{previd}' h='{h}'/>")).await;
        let said = self.until(">").await;
        if said.starts_with("<failed") { said + &self.until("</failed>").await } else { said }
    }

    /// Comes into a room; all that it gets on coming.
    pub(crate) async fn joins(&mut self, room: &str, name: &str) -> String {
        self.says(&format!(
            "<presence to='{room}@rooms.localhost/{name}'><x xmlns='http://jabber.org/protocol/muc'/>\
             </presence>"
        ))
        .await;
        self.until("</subject></message>").await
    }
}

/// A sign-in by password, as RFC 6120 has it.
pub(crate) fn plain(name: &str, password: &str) -> String {
    let said = STANDARD.encode(format!("\0{name}\0{password}"));
    format!("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{said}</auth>")
}

/// An attribute of what was said.
pub(crate) fn attribute(said: &str, name: &str) -> String {
    let value = said.split(&format!("{name}='")).nth(1).and_then(|rest| rest.split('\'').next());
    value.unwrap_or_else(|| panic!("no {name} in {said}")).to_owned()
}

impl Raw {
    /// A request with a body; the whole answer.
    pub(crate) async fn request(
        address: SocketAddr,
        (method, path): (&str, &str),
        headers: &str,
        body: &[u8],
    ) -> String {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        let _ = stream.write_all(&[head.as_bytes(), body].concat()).await;
        let mut answer = Vec::new();
        let whole = stream.read_to_end(&mut answer);
        let _ = tokio::time::timeout(PATIENCE, whole).await.expect("it is answered");
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// A request of BOSH; the answer's body.
    pub(crate) async fn bosh(address: SocketAddr, headers: &str, body: &str) -> String {
        let answer = Self::request(address, ("POST", "/http-bind"), headers, body.as_bytes()).await;
        answer.split_once("\r\n\r\n").map_or(String::new(), |(_, body)| body.to_owned())
    }
}

impl World {
    /// Makes an account that is signed in and has a password, also for SCRAM.
    pub(crate) async fn with_password(&self, name: &str) -> super::Seat {
        let passwords = &self.node.passwords;
        let hash = passwords.hash(PASSWORD.to_owned()).await.expect("it is hashed");
        let role = leeward_core::account::Role::Member;
        let seat = self.account_with(name, role, Some(hash.clone())).await;
        let scram = passwords.scram(PASSWORD.to_owned()).await.expect("it is hashed");
        let kept = self.node.store.keep_scram(seat.account, hash, scram).await;
        kept.expect("it is stored");
        seat
    }
}
