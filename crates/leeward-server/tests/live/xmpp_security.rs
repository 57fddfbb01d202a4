//! What is refused to clients of XMPP that would have it otherwise, over real sockets: before they have
//! signed in, when they come back, and when they do not go on.

mod web;

use crate::support::xmpp::{HEADER, PASSWORD, Xmpp, attribute, plain};
use crate::support::{LOOPBACK, Line, Raw, Seat, World};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac_of::hmac;
use leeward_core::code::Code;
use leeward_server::config::TlsFiles;
use leeward_server::run::listen;
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

/// Longer than a sign-in, and than a client may send at all.
const LONG: usize = 11_000;
const TOO_LONG: usize = 257 * 1024;

/// Before anybody has signed in an element is no longer than a sign-in; afterwards it has the bound that
/// clients are told (XEP-0478). What is beyond is not waited for.
#[tokio::test]
async fn an_element_beyond_its_bound_ends_the_stream_before_it_ends() {
    let world = World::start().await;
    world.with_password("member").await;
    let mut stranger = Xmpp::connect(world.xmpp).await;
    assert!(stranger.opens().await.contains("<max-bytes>10000<"));
    stranger.says(&format!("<auth xmlns='urn:x'>{}", "x".repeat(LONG))).await;
    assert!(stranger.end().await.contains("<policy-violation "));
    let mut endless = Xmpp::connect(world.xmpp).await;
    endless.says(&format!("<stream:stream to='{}", "x".repeat(LONG))).await;
    assert!(endless.end().await.contains("<policy-violation "));
    let mut member = Xmpp::sign_in(&world, "member").await;
    let long = "x".repeat(200 * 1024);
    member
        .says(&format!("<message id='long' to='a@localhost'><body>{long}</body></message>"))
        .await;
    member.until("id='long'").await;
    member.says(&format!("<message><body>{}", "x".repeat(TOO_LONG))).await;
    assert!(member.end().await.contains("<policy-violation "));
}

/// What follows the request for TLS in the clear is not heard, whoever has put it there: neither what came
/// with it nor what was said while the client waited for its features (RFC 6120, section 5.4.3.3).
#[tokio::test]
async fn what_comes_in_the_clear_after_starttls_is_never_done() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let files = TlsFiles { cert: dir.path().join("cert.pem"), key: dir.path().join("key.pem") };
    crate::tls::put("first", &files);
    let public = listen(LOOPBACK).expect("a port");
    let world = World::at(public, &dir.path().join("data"), |c| c.tls = Some(files)).await;
    world.with_password("member").await;
    world.with_password("attacker").await;
    let starttls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
    let injected = plain("attacker", PASSWORD);
    let mut client = Xmpp::connect(world.xmpp).await;
    client.says(&format!("{HEADER}{starttls}{injected}")).await;
    client.until("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>").await;
    let stream = crate::tls::handshake("first", client.stream).await.expect("TLS begins");
    let mut client = Xmpp::over(stream);
    let features = client.opens().await;
    assert!(features.contains("SCRAM-SHA-256-PLUS") && !features.contains("<success"));
    let said = client.tries("member", PASSWORD).await;
    assert!(said.starts_with("<success"), "{said}");
    client.opens().await;
    let jid = client.binds().await;
    assert!(jid.starts_with("member@localhost/"), "signed in by what was injected: {jid}");
}

/// No other server, no component and no other service is spoken with: what they begin with ends the stream
/// (XEP-0220, XEP-0114, XEP-0065).
#[tokio::test]
async fn no_other_server_and_no_component_is_spoken_with() {
    let world = World::start().await;
    world.with_password("member").await;
    let dialback = "<db:result xmlns:db='jabber:server:dialback' to='localhost' from='evil.example'>a</db:result>";
    let handshake = "<handshake>aaee83c26aeeafcbabeabfcbcd50df997e0a2a1e</handshake>";
    for (space, says) in [("jabber:server", dialback), ("jabber:component:accept", handshake)] {
        let mut other = Xmpp::connect(world.xmpp).await;
        other.says(&HEADER.replace("jabber:client", space)).await;
        other.says(says).await;
        assert!(other.end().await.contains("<not-authorized "), "{space}");
    }
    let mut client = Xmpp::sign_in(&world, "member").await;
    client
        .says("<iq to='localhost' type='get' id='d'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>")
        .await;
    let items = client.until("</iq>").await;
    assert!(items.contains("rooms.localhost"));
    assert!(!items.contains("proxy") && !items.contains("bytestreams"), "{items}");
}

/// Whoever comes and goes leaves nothing behind: no connection, no timer that holds one, no place at the door
/// (CVE-2026-43506).
#[tokio::test]
async fn a_thousand_who_come_and_go_leave_nothing_behind() {
    let world = World::start().await;
    for says in ["", HEADER, "<stream:stream", "\u{0}"] {
        for _ in 0..250 {
            let mut stream = TcpStream::connect(world.xmpp).await.expect("it listens");
            let _ = stream.write_all(says.as_bytes()).await;
        }
    }
    world
        .until("all are gone", async |w| {
            w.figure("leeward_connections").await == 0
                && w.figure("leeward_admitting").await == 0
                && w.node.openings() == 0
        })
        .await;
}

/// Whoever has not signed in after half a minute is sent away, whatever they say meanwhile: nothing, a letter
/// at a time, blanks that keep a connection alive, or a wrong password.
#[tokio::test]
async fn whoever_does_not_sign_in_is_sent_away_whatever_they_say() {
    let world = World::start().await;
    world.with_password("member").await;
    let silent = Xmpp::connect(world.xmpp).await;
    let mut open = Xmpp::connect(world.xmpp).await;
    open.opens().await;
    let mut wrong = Xmpp::connect(world.xmpp).await;
    wrong.opens().await;
    assert!(wrong.tries("member", "a guess").await.contains("<not-authorized"));
    let mut dribble = Xmpp::connect(world.xmpp).await;
    dribble.says("<stream:stream to='").await;
    let held = [(silent, ""), (open, " "), (wrong, "\n"), (dribble, "x")];
    let ends = held.map(|(mut client, says)| {
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(Duration::from_millis(500));
            let mut said = [0; 1_024];
            loop {
                tokio::select! {
                    read = client.stream.read(&mut said) => match read {
                        Ok(0) | Err(_) => return,
                        Ok(_) => {}
                    },
                    _ = ticks.tick() => client.says(says).await,
                }
            }
        })
    });
    for end in ends {
        let ended = tokio::time::timeout(Duration::from_secs(45), end).await;
        ended.expect("it is sent away").expect("it only waits");
    }
    world.until("their places are free", async |w| w.node.openings() == 0).await;
}

/// Wrong passwords are counted for a name and a network together: whoever guesses is slowed down, and the one
/// whose name it is comes in from elsewhere. What a header says of where somebody comes from counts only
/// behind a proxy.
#[tokio::test]
async fn whoever_guesses_passwords_locks_out_nobody_but_themselves() {
    for behind_proxy in [true, false] {
        let world = World::with(|config| config.behind_proxy = behind_proxy).await;
        world.with_password("member").await;
        let (began, before) = (std::time::Instant::now(), world.node.passwords.asked());
        for n in 0..8 {
            let from = if behind_proxy { "10.1.1.1".to_owned() } else { format!("10.{n}.1.1") };
            let guesses = ["a", "b", "c"].map(|guess| format!("{guess}{n}"));
            for said in web::sign_in(&world, &from, "member", &guesses).await {
                assert!(said.contains("<not-authorized"), "{said}");
            }
        }
        let looked_at = world.node.passwords.asked() - before;
        let most = 10 + began.elapsed().as_secs() / 6 + 1;
        assert!(looked_at <= most, "{looked_at} of 24 guesses were looked at");
        if behind_proxy {
            let said = web::sign_in(&world, "10.2.2.2", "member", &[PASSWORD.to_owned()]).await;
            assert!(said[0].contains("<success"), "{said:?}");
        }
    }
}

/// Beginnings of SCRAM count as guesses do, until one comes to a sign-in: beyond a hundred the server looks
/// nothing up and goes on as with an account that it does not have (RFC 5802, section 9).
#[tokio::test]
async fn whoever_begins_scram_again_and_again_is_told_nothing_any_more() {
    let world = World::start().await;
    world.with_password("member").await;
    let salt = async || {
        let mut client = Xmpp::connect(world.xmpp).await;
        client.opens().await;
        let first = STANDARD.encode("n,,n=member,r=abcdefabcdef");
        client
            .says(&format!(
                "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>{first}</auth>"
            ))
            .await;
        let said = client.until("</challenge>").await;
        let challenge = said.rsplit('>').nth(1).and_then(|rest| rest.split('<').next());
        let text = STANDARD.decode(challenge.expect("a challenge")).expect("it is base64");
        let text = String::from_utf8(text).expect("it is text");
        text.split(",s=").nth(1).and_then(|rest| rest.split(',').next()).expect("a salt").to_owned()
    };
    let own = salt().await;
    for n in 1..100 {
        assert_eq!(salt().await, own, "after {n}");
    }
    assert_ne!(salt().await, own, "the account's own salt is not told for ever");
    // Whoever knows the password is nobody who guesses.
    drop(Xmpp::sign_in(&world, "member").await);
    assert_eq!(salt().await, own);
}

/// An account has so many clients at a time, and no more.
#[tokio::test]
async fn an_account_has_no_more_clients_than_there_is_room_for() {
    const RESOURCES_MAX: usize = 200;
    let world = World::with(|config| config.shards = 1).await;
    for name in ["member", "other"] {
        world.with_password(name).await;
    }
    let mut clients = Vec::new();
    for _ in 0..RESOURCES_MAX {
        clients.push(Xmpp::sign_in(&world, "member").await);
    }
    let mut beyond = Xmpp::connect(world.xmpp).await;
    beyond.signs("member").await;
    beyond
        .says("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
        .await;
    assert!(beyond.end().await.contains("<resource-constraint "));
    Xmpp::sign_in(&world, "other").await;
    drop(clients);
    world.until("they are gone", async |w| w.figure("leeward_connections").await == 0).await;
    Xmpp::sign_in(&world, "member").await;
}

/// A session is its account's own: nobody else takes it up, by its id, by another or by none; at a count that
/// cannot be it is not taken up, and two who try at once get it once (XEP-0198).
#[tokio::test]
async fn a_session_is_taken_up_by_its_own_account_and_once() {
    let world = World::start().await;
    let (owner, member) = (world.with_password("owner").await, world.with_password("member").await);
    world.room("lobby", &[&owner, &member]).await;
    let sleeps = async || {
        let mut client = Xmpp::sign_in(&world, "member").await;
        let id = client.manages().await;
        client.joins("lobby", "member").await;
        client.says("<r xmlns='urn:xmpp:sm:3'/>").await;
        client.until("<a xmlns='urn:xmpp:sm:3'").await;
        id
    };
    let id = sleeps().await;
    let mut other = Xmpp::connect(world.xmpp).await;
    other.signs("owner").await;
    assert!(other.resumes(&id, "0").await.contains("<item-not-found"));
    for forged in ["", "x", "1", &id[1..], &format!("{id}x"), &"A".repeat(id.len())] {
        let mut client = Xmpp::connect(world.xmpp).await;
        client.signs("member").await;
        assert!(client.resumes(forged, "0").await.contains("<item-not-found"), "{forged}");
    }
    let mut client = Xmpp::connect(world.xmpp).await;
    client.signs("member").await;
    let resumed = client.resumes(&id, "0").await;
    assert!(resumed.starts_with("<resumed"), "it still sleeps after all that: {resumed}");
    let id = sleeps().await;
    let mut client = Xmpp::connect(world.xmpp).await;
    client.signs("member").await;
    assert!(client.resumes(&id, "4000000").await.contains("<item-not-found"));
    let id = sleeps().await;
    let (mut one, mut two) = (Xmpp::connect(world.xmpp).await, Xmpp::connect(world.xmpp).await);
    one.signs("member").await;
    two.signs("member").await;
    let took = tokio::join!(one.resumes(&id, "0"), two.resumes(&id, "0"));
    let resumed = |said: &String| said.starts_with("<resumed");
    match (resumed(&took.0), resumed(&took.1)) {
        // One took it from the other, who is cut off.
        (true, true) => {
            let ended = tokio::select! { said = one.end() => said, said = two.end() => said };
            assert!(!ended.contains("<stream:error"), "{ended}");
        }
        (false, false) => panic!("nobody has it: {took:?}"),
        (true, false) | (false, true) => {}
    }
}

/// Nothing of an account is left when it may not sign in any more: every stream ends, on whatever way it came,
/// and what slept is taken up by nobody. The same for its sessions when its password has changed.
#[tokio::test]
async fn an_account_that_is_closed_has_no_session_left() {
    let world = World::start().await;
    let (owner, member) = (world.with_password("owner").await, world.with_password("member").await);
    world.room("lobby", &[&owner, &member]).await;
    for change in ["password", "closed"] {
        let mut asleep = Xmpp::sign_in(&world, "member").await;
        let id = asleep.manages().await;
        drop(asleep);
        let mut client = Xmpp::sign_in(&world, "member").await;
        let mut socket = web::Socket::sign_in(&world, "member").await;
        let bosh = web::Session::sign_in(&world, "member").await;
        let password = if change == "password" {
            let body = json!({ "current": PASSWORD, "password": "another password" }).to_string();
            let headers = format!(
                "authorization: Bearer {}\r\ncontent-type: application/json\r\n",
                member.token
            );
            let path = ("POST", "/api/v1/me/password");
            let said = Raw::request(world.address, path, &headers, body.as_bytes()).await;
            assert!(said.starts_with("HTTP/1.1 2"), "{said}");
            "another password"
        } else {
            close(&world, &member).await;
            PASSWORD
        };
        assert!(client.end().await.contains("<not-authorized "), "{change}");
        assert!(socket.end().await.contains("<not-authorized "), "{change}");
        let said = bosh.asks(&world, 5, "").await;
        assert!(said.contains("terminate"), "{change}: {said}");
        let mut back = Xmpp::connect(world.xmpp).await;
        back.opens().await;
        let said = back.tries("member", password).await;
        assert_eq!(said.starts_with("<success"), change == "password", "{said}");
        if change == "password" {
            back.opens().await;
            assert!(back.resumes(&id, "0").await.contains("<item-not-found"));
            // The rest goes by the first password again.
            let hash = world.node.passwords.hash(PASSWORD.to_owned()).await.expect("it is hashed");
            let kept = world.node.store.set_password_hash(member.account, Some(hash), None).await;
            kept.expect("it is stored");
        }
    }
}

async fn close(world: &World, seat: &Seat) {
    let (entry, _) = world.node.store.set_disabled(seat.account, true).await.expect("it is stored");
    world.node.accounts.put(entry);
    world.node.end_account(seat.account, Code::Banned);
}

/// Whoever does not read delays nobody: what waits for them is bounded, they are cut off, and what they missed
/// they are given when they take their session up, once and in order.
#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off_and_misses_nothing() {
    let world = World::with(|config| config.bounds.queue_bytes_max = 64 * 1024).await;
    let (owner, member) = (world.with_password("owner").await, world.with_password("member").await);
    let room = world.room("lobby", &[&owner, &member]).await;
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4_096).expect("it can be small");
    let mut deaf = Xmpp::over(socket.connect(world.xmpp).await.expect("it listens"));
    deaf.enters("member", PASSWORD).await;
    let id = deaf.manages().await;
    deaf.joins("lobby", "member").await;
    let mut writer = Line::sign_in(&world, &owner).await;
    let filler = "x".repeat(8_000);
    let mut count = 0;
    while world.figure("leeward_refusals_total{code=\"slow\"}").await == 0 {
        count += 1;
        assert!(count < 4_000, "nobody is slow after 32 MB");
        let text = format!("{count}.{filler}");
        let frame = json!({"t": "post", "room": room, "nonce": format!("n{count}"),
                           "draft": {"kind": "message", "text": text}});
        writer.say(&frame).await;
        writer.until("posted").await;
    }
    let mut back = Xmpp::connect(world.xmpp).await;
    back.signs("member").await;
    assert!(back.resumes(&id, "0").await.starts_with("<resumed"));
    writer.post(room, "at last").await;
    let said = back.until("<body>at last<").await;
    let mut seen = said.split("<body>").skip(1).filter_map(|body| body.split('.').next());
    for n in 1..=count {
        assert_eq!(seen.next(), Some(n.to_string().as_str()), "each once and in order");
    }
    drop(deaf);
}

/// A token opens for the device that it was given to and for nobody else: neither for another account nor for
/// another device, nor after a change of the password (XEP-0484).
#[tokio::test]
async fn a_token_opens_for_its_own_device_and_until_the_password_changes() {
    let world = World::start().await;
    world.with_password("owner").await;
    let member = world.with_password("member").await;
    let sasl2 = async |mechanism: &str, first: &[u8], device: &str, inside: &str| {
        let mut client = Xmpp::connect(world.xmpp).await;
        client.opens().await;
        let said = STANDARD.encode(first);
        client
            .says(&format!(
                "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='{mechanism}'>\
                 <initial-response>{said}</initial-response><user-agent id='{device}'/>{inside}\
                 </authenticate>"
            ))
            .await;
        let said = client.until(">").await;
        let end = if said.starts_with("<failure") { "</failure>" } else { "</success>" };
        said + &client.until(end).await
    };
    let wants = "<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/>\
                 <bind xmlns='urn:xmpp:bind:0'/>";
    let first = format!("\0member\0{PASSWORD}");
    let said = sasl2("PLAIN", first.as_bytes(), "device-one", wants).await;
    let token = attribute(&said[said.find("<token").expect("a token")..], "token");
    let proof = |name: &str, token: &str| {
        [name.as_bytes(), b"\0", &hmac(token.as_bytes(), b"Initiator")].concat()
    };
    let fast = "<fast xmlns='urn:xmpp:fast:0'/>";
    let tries = async |name: &str, token: &str, device: &str| {
        sasl2("HT-SHA-256-NONE", &proof(name, token), device, fast).await
    };
    assert!(tries("member", &token, "device-one").await.starts_with("<success"));
    assert!(tries("member", &token, "device-two").await.starts_with("<failure"));
    assert!(tries("owner", &token, "device-one").await.starts_with("<failure"));
    assert!(tries("member", &token[1..], "device-one").await.starts_with("<failure"));
    assert!(tries("nobody", &token, "device-one").await.starts_with("<failure"));
    let body = json!({ "current": PASSWORD, "password": "another password" }).to_string();
    let headers =
        format!("authorization: Bearer {}\r\ncontent-type: application/json\r\n", member.token);
    let path = ("POST", "/api/v1/me/password");
    Raw::request(world.address, path, &headers, body.as_bytes()).await;
    let said = tries("member", &token, "device-one").await;
    assert!(said.starts_with("<failure"), "{said}");
}

/// What a token's proof is made with (draft-schmaus-kitten-sasl-ht).
mod hmac_of {
    use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};

    pub(super) fn hmac(key: &[u8], data: &[u8]) -> Vec<u8> {
        sign(&Key::new(HMAC_SHA256, key), data).as_ref().to_vec()
    }
}
