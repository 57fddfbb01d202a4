//! What goes over the wire, request by request; and what is said again when connections are lost.

use super::*;
use crate::xmpp::Place;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const FIRST: &str = "<body xmlns='h' sid='s1' wait='50' requests='2'><stream:features/></body>";

/// The next request of a session; empty where there is to be none.
fn next(session: &mut Session) -> String {
    session
        .request("d")
        .and_then(|()| session.unanswered.back())
        .map_or_else(String::new, |last| last.1.to_string())
}

/// Hears an answer; the names of what came.
fn heard(session: &mut Session, answer: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut hear = |piece: Piece<'_>| {
        names.push(match piece {
            Piece::Header(_) => "answer".to_owned(),
            Piece::Element(e) => String::from_utf8_lossy(crate::xmpp::scan::name(e)).into_owned(),
            Piece::End => "end".to_owned(),
        });
        // Whoever has signed in wants the stream anew, which is another request here.
        Flow::Restart
    };
    session.hear(answer.as_bytes(), &mut hear).expect("readable");
    names
}

fn begun() -> Session {
    let mut session = Session { rid: 41, queue: format!("{OPEN}\n"), ..Session::default() };
    let first = next(&mut session);
    assert!(first.contains(" rid='42' to='d'") && first.contains("hold='1' wait='50'"), "{first}");
    assert_eq!(next(&mut session), "", "nothing more before the session has a name");
    assert_eq!(heard(&mut session, FIRST), ["answer", "features"]);
    session
}

#[test]
fn a_stream_opens_anew_by_a_request_of_its_own() {
    let mut session = begun();
    session.queue = format!("<response>x</response>\n{OPEN}\n<iq id='1'/>\n");
    let said = next(&mut session);
    assert!(said.ends_with(" rid='43' sid='s1'><response>x</response></body>"), "{said}");
    let anew = next(&mut session);
    assert!(anew.contains(" rid='44' to='d'") && anew.ends_with("xmpp:restart='true'/>"), "{anew}");
    assert_eq!(next(&mut session), "", "two are under way");
    let answer = "<body xmlns='h'><success/><iq/></body>";
    assert_eq!(heard(&mut session, answer), ["answer", "success", "iq"]);
    let last = next(&mut session);
    assert!(last.ends_with("sid='s1'><iq xmlns='jabber:client' id='1'/></body>"), "{last}");
}

#[test]
fn one_request_waits_at_the_server_all_the_while() {
    let mut session = begun();
    let waits = next(&mut session);
    assert!(waits.ends_with(" rid='43' sid='s1'></body>"), "{waits}");
    assert_eq!(next(&mut session), "");
    assert_eq!(heard(&mut session, "<body xmlns='h'/>"), ["answer"]);
    assert!(next(&mut session).contains(" rid='44' "));
}

#[test]
fn a_session_that_is_ended_is_not_gone_on_with() {
    let mut session = begun();
    assert!(session.lives());
    next(&mut session);
    let end = "<body xmlns='h' type='terminate' condition='item-not-found'/>";
    assert_eq!(heard(&mut session, end), ["end"]);
    assert!(!session.lives());
    session.queue.push_str("<iq/>\n");
    assert_eq!(next(&mut session), "");
}

/// Reads one request.
async fn read(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    while !all.ends_with(b"/>") && !all.ends_with(b"</body>") {
        assert!(stream.read_buf(&mut all).await.expect("readable") > 0, "closed before its end");
    }
    String::from_utf8(all).expect("text")
}

async fn answer(stream: &mut TcpStream, body: &str) {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    // In two pieces, as it may come.
    stream.write_all(head.as_bytes()).await.expect("open");
    stream.write_all(body.as_bytes()).await.expect("open");
}

async fn hears(bosh: &mut Bosh) -> Result<Vec<String>, SocketError> {
    let mut names = Vec::new();
    let mut hear = |piece: Piece<'_>| {
        if let Piece::Element(e) = piece {
            names.push(String::from_utf8_lossy(crate::xmpp::scan::name(e)).into_owned());
        }
        Flow::On
    };
    std::future::poll_fn(|cx| bosh.poll_hear(cx, &mut hear)).await?;
    Ok(names)
}

#[tokio::test(flavor = "current_thread")]
async fn what_was_not_answered_is_said_again_under_its_number() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/http-bind", listener.local_addr().expect("bound"));
    let place = Rc::new(Place::parse(&url, "d", "rooms.d", None).expect("a place"));
    let seat =
        Rc::new(Seat { place, name: "".into(), password: "".into(), rooms: vec![], from: None });
    let server = async {
        let (mut one, _) = listener.accept().await.expect("a connection");
        assert!(read(&mut one).await.starts_with("POST /http-bind HTTP/1.1\r\n"));
        answer(&mut one, FIRST).await;
        assert!(read(&mut one).await.contains(" rid='8' "), "it waits for an answer");
        let (mut two, _) = listener.accept().await.expect("another connection");
        assert!(read(&mut two).await.contains(" rid='9' sid='s1'><message"));
        drop((one, two));

        let (mut one, _) = listener.accept().await.expect("a connection");
        let (mut two, _) = listener.accept().await.expect("another connection");
        let (first, second) = (read(&mut one).await, read(&mut two).await);
        let is_late = first.contains(" rid='9' ");
        let (late, early) = if is_late { (&first, &second) } else { (&second, &first) };
        assert!(early.contains(" rid='8' ") && late.contains(" rid='9' "), "{early} {late}");
        // The later answer comes first, and has to wait for its turn.
        let (mut late, mut early) = if is_late { (one, two) } else { (two, one) };
        answer(&mut late, "<body xmlns='h'><message/></body>").await;
        answer(&mut early, "<body xmlns='h'><presence/></body>").await;
        (early, late)
    };
    let client = async {
        let mut bosh = Bosh::open(Rc::clone(&seat), 6).await.expect("a connection");
        bosh.say(&format!("{OPEN}\n"));
        assert_eq!(hears(&mut bosh).await.expect("an answer"), ["features"]);
        std::future::poll_fn(|cx| Poll::Ready(bosh.poll_flush(cx))).await.expect("sent");
        bosh.say("<message/>\n");
        hears(&mut bosh).await.expect_err("the connections are gone");
        let session = bosh.into_session();
        assert!(session.lives());
        let mut bosh = Bosh::open(seat, 99).await.expect("a connection");
        bosh.take_up(session);
        let first = hears(&mut bosh).await.expect("an answer");
        (first, hears(&mut bosh).await.expect("an answer"), bosh)
    };
    let both = async { tokio::join!(server, client) };
    let done = tokio::time::timeout(std::time::Duration::from_secs(10), both).await;
    let (_kept, (first, second, _bosh)) = done.expect("nobody waits for ever");
    assert_eq!((first, second), (vec!["presence".to_owned()], vec!["message".to_owned()]));
}
