//! BOSH (XEP-0124, XEP-0206): a stream over requests of HTTP, two of them under way at most, each on a
//! connection that is kept. The session outlives its connections: whoever comes back says again what was
//! not answered, under the same number. Never decides when to come back.

use super::link::read_some;
use super::scan::{Flow, Piece, Scanner, attribute};
use super::{Seat, words};
use crate::server::Stream;
use crate::socket::SocketError;
use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// The line by which a stream opens, or opens anew after SASL.
pub(crate) const OPEN: &str = "<open/>";
/// Asks whether anybody is there, as a page does that wakes up.
const WAKES: &str = "<iq type='get' id='wake'><ping xmlns='urn:xmpp:ping'/></iq>\n";
/// How long the server may keep a request, in seconds: a proxy gives up after 60.
const WAIT_S: u32 = 50;
/// The longest answer, in bytes.
const ANSWER_BYTES_MAX: usize = 8 << 20;

/// What a connection has for BOSH.
pub(crate) struct Bosh {
    seat: Rc<Seat>,
    session: Box<Session>,
    pipes: [Pipe; 2],
}

/// What outlives the connections.
#[derive(Debug, Default)]
pub(crate) struct Session {
    /// Empty until the server has named it.
    sid: Box<str>,
    /// The number of the last request.
    rid: u64,
    /// Requests that were not answered, in order.
    unanswered: VecDeque<(u64, Rc<str>)>,
    /// Lines that are in no request.
    queue: String,
    over: bool,
}

/// One connection, and the request that is under way on it.
#[derive(Default)]
struct Pipe {
    stream: Way,
    unsent: Vec<u8>,
    rid: Option<u64>,
    /// The answer as far as it has come, with its head.
    got: Vec<u8>,
    /// It has brought an answer before: the server may have closed it meanwhile.
    used: bool,
}

type Opening = Pin<Box<dyn Future<Output = io::Result<Stream>>>>;

#[derive(Default)]
enum Way {
    #[default]
    None,
    Opening(Opening),
    Open(Stream),
}

impl Session {
    /// Whether it can be taken up on other connections.
    pub(crate) fn lives(&self) -> bool {
        !self.sid.is_empty() && !self.over
    }

    /// The next request, if there is to be one: with something to say, or because the server has none
    /// that it could answer.
    fn request(&mut self, domain: &str) -> Option<()> {
        let idle = self.unanswered.is_empty();
        let mut lines = self.queue.lines();
        let opens = lines.next() == Some(OPEN);
        let may = if self.sid.is_empty() { opens && idle } else { self.unanswered.len() < 2 };
        if self.over || !may || self.queue.is_empty() && !idle {
            return None;
        }
        let said = match opens {
            true => OPEN.len() + 1,
            false => self.queue.find(OPEN).unwrap_or(self.queue.len()),
        };
        let rest = self.queue.split_off(said);
        let said = std::mem::replace(&mut self.queue, rest);
        self.rid += 1;
        let mut body =
            format!("<body xmlns='http://jabber.org/protocol/httpbind' rid='{}'", self.rid);
        if opens {
            body += &format!(" to='{domain}' xml:lang='en' xmlns:xmpp='urn:xmpp:xbosh'");
        }
        if self.sid.is_empty() {
            body += &format!(
                " xmpp:version='1.0' ver='1.6' hold='1' wait='{WAIT_S}' \
                 content='text/xml; charset=utf-8'/>"
            );
        } else {
            body += &format!(" sid='{}'", self.sid);
            if opens {
                body += " xmpp:restart='true'/>";
            } else {
                body.push('>');
                said.lines().for_each(|line| body += &words::alone(line));
                body += "</body>";
            }
        }
        self.unanswered.push_back((self.rid, body.into()));
        Some(())
    }

    /// The beginning of the next request.
    fn body(&mut self) -> String {
        self.rid += 1;
        format!("<body xmlns='http://jabber.org/protocol/httpbind' rid='{}'", self.rid)
    }

    /// The last request.
    fn end(&mut self) {
        let body = format!("{} sid='{}' type='terminate'/>", self.body(), self.sid);
        self.unanswered.push_back((self.rid, body.into()));
        self.over = true;
    }

    /// An answer has come, in its turn.
    fn hear(
        &mut self,
        answer: &[u8],
        hear: &mut impl FnMut(Piece<'_>) -> Flow,
    ) -> Result<(), SocketError> {
        self.unanswered.pop_front();
        if self.sid.is_empty() {
            self.sid = attribute(answer, b"sid").unwrap_or_default().into();
        }
        self.over |= attribute(answer, b"type") == Some("terminate") || self.sid.is_empty();
        if !self.over {
            hear(Piece::Header(answer));
        }
        let mut scanner = Scanner::default();
        let mut inner = |piece: Piece<'_>| {
            if matches!(piece, Piece::Element(_)) {
                // A stream that opens anew does so by a request of its own.
                hear(piece);
            }
            Flow::On
        };
        scanner.feed(answer, &mut inner).map_err(io::Error::other)?;
        if self.over {
            hear(Piece::End);
        }
        Ok(())
    }
}

impl Bosh {
    /// Connects, with a session of its own that begins with the first line. `rid` is where its
    /// requests are counted from.
    pub(crate) async fn open(seat: Rc<Seat>, rid: u32) -> Result<Self, SocketError> {
        let stream = seat.place.server.connect(seat.from).await?;
        let first = Pipe { stream: Way::Open(stream), ..Pipe::default() };
        let session = Box::new(Session { rid: rid.into(), ..Session::default() });
        Ok(Self { seat, session, pipes: [first, Pipe::default()] })
    }

    /// Goes on with a session.
    pub(crate) fn take_up(&mut self, session: Box<Session>) {
        self.session = session;
        self.session.queue.push_str(WAKES);
    }

    /// It is not to be gone on with.
    pub(crate) fn forget(&mut self) {
        self.session.over = true;
    }

    /// Says that nothing more will come, as a page does that is closed: a session would be kept for
    /// minutes otherwise. Ready when that has been answered, or cannot be.
    pub(crate) fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.session.lives() {
            self.session.end();
        }
        loop {
            match self.poll_hear(cx, |_| Flow::On) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Pending if self.session.unanswered.is_empty() => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// What is left when the connections are gone.
    pub(crate) fn into_session(self) -> Box<Session> {
        self.session
    }

    pub(crate) fn say(&mut self, lines: &str) {
        self.session.queue.push_str(lines);
    }

    pub(crate) fn reset_when_dropped(&self) {
        for pipe in &self.pipes {
            if let Way::Open(stream) = &pipe.stream {
                stream.reset_when_dropped();
            }
        }
    }

    /// Sends what is to be sent and hands the next answer on, if it is there.
    pub(crate) fn poll_hear(
        &mut self,
        cx: &mut Context<'_>,
        mut hear: impl FnMut(Piece<'_>) -> Flow,
    ) -> Poll<Result<(), SocketError>> {
        self.poll_flush(cx)?;
        let Some((next, _)) = self.session.unanswered.front() else { return Poll::Pending };
        for pipe in &mut self.pipes {
            if pipe.rid == Some(*next)
                && let Some(answer) = pipe.answer()?
            {
                return Poll::Ready(self.session.hear(&answer, &mut hear));
            }
        }
        Poll::Pending
    }

    /// Gives every request that is under way nowhere to a connection that is free.
    fn deal_out(&mut self) {
        for (rid, body) in &self.session.unanswered {
            let under_way = self.pipes.iter().any(|pipe| pipe.rid == Some(*rid));
            let free = self.pipes.iter_mut().find(|pipe| pipe.rid.is_none());
            if let Some(pipe) = free.filter(|_| !under_way) {
                pipe.ask(*rid, &post(&self.seat, body));
            }
        }
    }

    /// Sends what is to be sent, and reads what has come of it.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Result<(), SocketError> {
        while self.session.request(&self.seat.place.domain).is_some() {}
        loop {
            self.deal_out();
            let mut again = false;
            for pipe in &mut self.pipes {
                again |= pipe.poll(cx, &self.seat).inspect_err(|error| {
                    // Only what the client has done wrong is not worth trying again.
                    let wrong = matches!(error, SocketError::Status(400..=499));
                    self.session.over |= wrong;
                })?;
            }
            if !again {
                return Ok(());
            }
        }
    }
}

/// A request as it goes over the wire.
fn post(seat: &Seat, body: &str) -> Vec<u8> {
    let (path, host, length) = (&seat.place.path, seat.place.server.authority(), body.len());
    format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: text/xml; charset=utf-8\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

impl Pipe {
    fn ask(&mut self, rid: u64, request: &[u8]) {
        self.rid = Some(rid);
        self.unsent = request.to_vec();
    }

    /// Goes as far as it can; whether its request has to be given to it anew.
    fn poll(&mut self, cx: &mut Context<'_>, seat: &Rc<Seat>) -> Result<bool, SocketError> {
        if self.rid.is_none() || !self.got.is_empty() && self.is_whole()? {
            return Ok(false);
        }
        loop {
            match &mut self.stream {
                Way::None => {
                    let seat = Rc::clone(seat);
                    let connect = async move { seat.place.server.connect(seat.from).await };
                    self.stream = Way::Opening(Box::pin(connect));
                }
                Way::Opening(opening) => match opening.as_mut().poll(cx) {
                    Poll::Pending => return Ok(false),
                    Poll::Ready(stream) => self.stream = Way::Open(stream?),
                },
                Way::Open(stream) => {
                    let sent = stream.poll_send(cx, &mut self.unsent)?;
                    let read = match sent {
                        Poll::Pending => return Ok(false),
                        Poll::Ready(()) => read_some(stream, cx, |some| {
                            self.got.extend_from_slice(some);
                        }),
                    };
                    match read {
                        Poll::Pending => return Ok(false),
                        Poll::Ready(Ok(())) if self.is_whole()? => return Ok(false),
                        Poll::Ready(Ok(())) => {}
                        // Kept for too long: nothing of the request has been answered.
                        Poll::Ready(Err(_)) if self.used && self.got.is_empty() => {
                            *self = Self::default();
                            return Ok(true);
                        }
                        Poll::Ready(Err(error)) => return Err(error.into()),
                    }
                }
            }
        }
    }

    /// The bytes of the answer that has come: of its head, and of all of it.
    fn lengths(&self) -> Result<Option<(usize, usize)>, SocketError> {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut head = httparse::Response::new(&mut headers);
        let wrong = |words: &'static str| SocketError::Io(io::Error::other(words));
        let parsed = head.parse(&self.got).map_err(|_| wrong("what came is not HTTP"))?;
        let httparse::Status::Complete(length) = parsed else { return Ok(None) };
        let status = head.code.unwrap_or_default();
        if status != 200 {
            return Err(SocketError::Status(status));
        }
        let body = head.headers.iter().find(|h| h.name.eq_ignore_ascii_case("content-length"));
        let body = body.and_then(|h| std::str::from_utf8(h.value).ok()?.parse::<usize>().ok());
        let body = body.filter(|body| *body <= ANSWER_BYTES_MAX);
        let body = body.ok_or_else(|| wrong("an answer of unknown length"))?;
        Ok(Some((length, length + body)))
    }

    fn is_whole(&self) -> Result<bool, SocketError> {
        Ok(self.lengths()?.is_some_and(|(_, whole)| self.got.len() >= whole))
    }

    /// The body of the answer, once it is whole; the pipe is free then.
    fn answer(&mut self) -> Result<Option<Vec<u8>>, SocketError> {
        if self.got.is_empty() || !self.is_whole()? {
            return Ok(None);
        }
        let Some((head, _)) = self.lengths()? else { return Ok(None) };
        let answer = std::mem::take(&mut self.got).split_off(head);
        (self.rid, self.used) = (None, true);
        Ok(Some(answer))
    }
}

#[cfg(test)]
mod tests;
