//! Whatever a client sends, it gets the documented answer and nobody else is touched.

use crate::support::{Line, World, hello, post};
use leeward_core::limits::FRAME_BYTES_MAX;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn what_is_not_a_frame_ends_the_connection_with_its_code() {
    let world = World::start().await;
    let owner = world.account("owner").await;
    let room = world.room("lobby", &[&owner]).await;
    let mut witness = Line::sign_in(&world, &owner).await;
    let big = "x".repeat(FRAME_BYTES_MAX + 1);
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let cases: Vec<(&str, Message, u16, &str)> = vec![
        ("nothing", Message::text(""), 4004, "bad_frame"),
        ("malformed", Message::text(r#"{"t":"#), 4004, "bad_frame"),
        ("an unknown type", Message::text(r#"{"t":"explode"}"#), 4004, "bad_frame"),
        ("an unknown field", Message::text(r#"{"t":"ping","m":1}"#), 4004, "bad_frame"),
        ("deeply nested", Message::text(deep), 4004, "bad_frame"),
        ("oversized", Message::text(big), 4005, "too_big"),
        ("binary", Message::binary(vec![1, 2, 3]), 4004, "bad_frame"),
        ("hello again", Message::text(r#"{"t":"hello"}"#), 4004, "bad_frame"),
    ];
    for (what, message, code, name) in cases {
        let mut line = Line::sign_in(&world, &owner).await;
        line.send(message).await;
        let end = line.end().await;
        assert_eq!((end.code, end.said["code"].as_str()), (code, Some(name)), "{what}: {end:?}");
        assert_eq!(end.said["t"], "goodbye", "{what}");
        assert!(end.said["message"].as_str().is_some_and(|m| !m.is_empty()), "{what}");
    }
    assert_eq!(witness.post(room, "still here").await["t"], "posted");
}

/// A connection whose bytes are also written by hand.
async fn by_hand(world: &World) -> (Line, tokio::net::TcpStream) {
    let tcp = tokio::net::TcpStream::connect(world.address).await.expect("it listens");
    let std = tcp.into_std().expect("a socket");
    let second = std.try_clone().expect("a second handle");
    let raw = tokio::net::TcpStream::from_std(second).expect("a socket");
    let tcp = tokio::net::TcpStream::from_std(std).expect("a socket");
    (Line::over(tcp, "x", &[]).await, raw)
}

/// A frame with this first byte, masked under zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("short");
    assert!(length < 126, "short");
    [&[first, 0x80 | length, 0, 0, 0, 0], payload].concat()
}

#[tokio::test]
async fn bytes_that_are_not_utf_8_end_the_connection() {
    use tokio::io::AsyncWriteExt as _;
    let world = World::start().await;
    const TEXT: u8 = 0x81;
    const FIRST_PART: u8 = 0x01;
    const LAST_PART: u8 = 0x80;
    // A frame that would be in good form if what is wrong in it were passed over or replaced.
    let wrong = |bytes: &[u8]| [&b"{\"t\":\"hello\",\"build\":\""[..], bytes, b"\"}"].concat();
    for (what, bytes) in [
        ("no text at all", frame(TEXT, &[0xff, 0xfe])),
        ("within a field", frame(TEXT, &wrong(&[0xff]))),
        ("overlong", frame(TEXT, &wrong(&[0xc0, 0xaf]))),
        ("a surrogate", frame(TEXT, &wrong(&[0xed, 0xa0, 0x80]))),
        ("cut off", frame(TEXT, &wrong(&[0xe2, 0x82]))),
        (
            "split over two parts",
            [frame(FIRST_PART, b"{\"t\":\"hello\",\"build\":\"\xe2"), frame(LAST_PART, b"x\"}")]
                .concat(),
        ),
    ] {
        let (mut line, mut raw) = by_hand(&world).await;
        raw.write_all(&bytes).await.expect("it is sent");
        let end = line.end().await;
        assert_eq!((end.code, &end.said["code"]), (4004, &json!("bad_frame")), "{what}");
        assert_eq!(end.said["t"], "refuse", "{what}: it was never let in");
    }
    let (mut line, mut raw) = by_hand(&world).await;
    let split =
        [frame(FIRST_PART, b"{\"t\":\"hello\",\"build\":\"\xe2"), frame(LAST_PART, b"\x82\xac\"}")];
    raw.write_all(&split.concat()).await.expect("it is sent");
    assert_eq!(line.end().await.said["code"], "sign_in", "a character may be split over two parts");
}

#[tokio::test]
async fn a_post_that_is_not_utf_8_is_not_stored() {
    use tokio::io::AsyncWriteExt as _;
    let world = World::start().await;
    let owner = world.account("owner").await;
    let room = world.room("lobby", &[&owner]).await;
    let (mut line, mut raw) = by_hand(&world).await;
    line.say(&json!({"t": "hello", "token": owner.token})).await;
    line.come_in().await;
    let before = world.log(room).await.len();
    let text = format!("{{\"t\":\"post\",\"room\":{room},\"nonce\":\"n\",\"draft\":");
    let post = [text.as_bytes(), b"{\"kind\":\"message\",\"text\":\"a\xffb\"}}"].concat();
    raw.write_all(&frame(0x81, &post)).await.expect("it is sent");
    let end = line.end().await;
    assert_eq!((end.code, &end.said["t"]), (4004, &json!("goodbye")));
    assert_eq!(world.log(room).await.len(), before);
}

#[tokio::test]
async fn nothing_is_let_in_without_a_token_that_is_good() {
    let world = World::start().await;
    let owner = world.account("owner").await;
    let mut forged = owner.token.clone();
    forged.replace_range(10..11, if &forged[10..11] == "A" { "B" } else { "A" });
    for said in [
        json!({"t": "hello"}),
        json!({"t": "hello", "token": ""}),
        json!({"t": "hello", "token": "x".repeat(5_000)}),
        json!({"t": "hello", "token": forged}),
        hello(&owner.token, 0, world.epoch, &[]),
    ] {
        let mut line = Line::open(world.address, &[]).await;
        line.say(&said).await;
        let end = line.end().await;
        assert_eq!((end.code, &end.said["code"]), (4001, &json!("sign_in")), "{said}");
        assert_eq!(end.said["then"], "sign_in");
    }
    let mut line = Line::open(world.address, &[]).await;
    line.say(&json!({"t": "ping"})).await;
    assert_eq!(line.end().await.code, 4004, "hello comes first");
}

#[tokio::test]
async fn a_token_may_come_with_the_upgrade() {
    let world = World::start().await;
    let owner = world.account("owner").await;
    let cookie = format!("leeward={}", owner.token);
    let bearer = format!("Bearer {}", owner.token);
    let origin = format!("http://{}", world.address);
    for headers in
        [vec![("cookie", &*cookie), ("origin", &*origin)], vec![("authorization", &*bearer)]]
    {
        let mut line = Line::open(world.address, &headers).await;
        line.say(&json!({"t": "hello"})).await;
        line.come_in().await;
        assert_eq!(line.welcome["account"], json!(owner.account));
    }
    let foreign = [("cookie", &*cookie), ("origin", "https://evil.example")];
    let mut line = Line::open(world.address, &foreign).await;
    let end = line.end().await;
    assert_eq!((end.code, &end.said["code"]), (4006, &json!("bad_origin")));
}

#[tokio::test]
async fn posts_where_one_may_not_are_refused_one_by_one() {
    let world = World::start().await;
    let (owner, member) = (world.account("owner").await, world.account("member").await);
    let foreign = world.room("foreign", &[&member]).await;
    let before = world.log(foreign).await.len();
    let room = world.room("lobby", &[&owner]).await;
    let mut line = Line::sign_in(&world, &owner).await;
    let refused = line.post(foreign, "let me in").await;
    assert_eq!((&refused["t"], &refused["code"]), (&json!("refused"), &json!("not_found")));
    assert_eq!((&refused["nonce"], &refused["room"]), (&json!("let-me-in"), &json!(foreign)));
    line.say(&json!({"t": "open", "room": foreign})).await;
    assert_eq!(line.until("refused").await["code"], "not_found");
    for (draft, code) in [
        (json!({"kind": "message", "text": ""}), "bad_request"),
        (json!({"kind": "message", "text": "x".repeat(40_000)}), "too_long"),
        (json!({"kind": "delete", "target": 999}), "not_found"),
    ] {
        line.say(&json!({"t": "post", "room": room, "nonce": code, "draft": draft})).await;
        assert_eq!(line.until("refused").await["code"], code);
    }
    line.say(&post(room, "fine")).await;
    assert_eq!(line.until("posted").await["nonce"], "fine", "the connection goes on");
    assert_eq!(world.log(foreign).await.len(), before, "nothing was stored there");
}
