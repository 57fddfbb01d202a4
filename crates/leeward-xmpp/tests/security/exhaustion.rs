//! Much of what is allowed once.

use crate::stage::world::{LOBBY, World, messages, two};
use crate::station::{Output, Question};

/// Requests to rooms count as those to the server do; pings are answered all the same.
#[test]
fn rooms_are_asked_no_faster_than_the_server() {
    for inside in [
        "<query xmlns='http://jabber.org/protocol/disco#info'/>",
        "<query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='owner'/></query>",
        "<vCard xmlns='vcard-temp'/>",
    ] {
        let mut world = two();
        let ask = format!("<iq to='{LOBBY}' type='get' id='1'>{inside}</iq>");
        (0..1_100).for_each(|_| world.says(1, &ask));
        let refused =
            world.sees(1).iter().filter(|got| got.contains("<resource-constraint")).count();
        assert_eq!(refused, 100, "{inside}");
        assert!(world.sees(1).iter().all(|got| !got.starts_with("closed")), "it goes on");
        world.forget();
        world.says(
            1,
            &format!("<iq to='{LOBBY}/bob' type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>"),
        );
        assert!(world.got(1)[0].contains("type='result'"));
    }
    let mut world = two();
    let archive =
        format!("<iq to='{LOBBY}' type='set' id='1'><query xmlns='urn:xmpp:mam:2'/></iq>");
    (0..1_100).for_each(|_| world.says(1, &archive));
    let asked = world.asked.iter().filter(|q| matches!(q, Question::Archive(..))).count();
    assert_eq!(asked, 1_000);
}

/// One stanza in is one for each who is there and one post: nothing is multiplied, and what is given to all is
/// rendered once.
#[test]
fn one_message_in_is_one_for_each_out() {
    let names: Vec<String> = (0..20).map(|n| format!("p{n:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut world = World::of(&names);
    for (conn, name) in (1..).zip(&names) {
        world.bound(conn, name);
        world.joins(conn, "lobby", name);
    }
    world.forget();
    world.says(
        1,
        &format!("<message to='{LOBBY}' type='groupchat' id='x'><body>a</body></message>"),
    );
    assert!(matches!(&world.asked[..], [Question::Post(..)]), "{:?}", world.asked);
    let outputs = std::mem::take(&mut world.outputs);
    let [Output::FanOut(conns, _, Some(_))] = &outputs[..] else { panic!("{outputs:?}") };
    assert_eq!(conns.len(), 20);
    for what in [
        "<composing xmlns='http://jabber.org/protocol/chatstates'/>",
        "<displayed xmlns='urn:xmpp:chat-markers:0' id='0000000001'/>",
    ] {
        world.forget();
        (0..50).for_each(|_| {
            world.says(1, &format!("<message to='{LOBBY}' type='groupchat'>{what}</message>"))
        });
        let told =
            world.outputs.iter().filter(|o| matches!(o, Output::Send(..) | Output::FanOut(..)));
        assert_eq!(told.count(), 0, "told by the hub, once, or to nobody: {what}");
    }
}

/// What waits for an answer of the store is bounded: beyond, a client is told to wait and goes on, and all that
/// was not refused is stored in its order.
#[test]
fn what_waits_behind_a_slow_store_is_bounded() {
    let mut world = two();
    world.slow = true;
    world
        .says(2, &format!("<message to='{LOBBY}' type='groupchat'><subject>a</subject></message>"));
    for n in 0..300 {
        world.says(
            2,
            &format!("<message to='{LOBBY}' type='groupchat' id='x{n}'><body>{n}</body></message>"),
        );
    }
    let refused = world.sees(2).iter().filter(|got| got.contains("<resource-constraint")).count();
    assert_eq!(refused, 300 - 256);
    world.slow = false;
    world.settle();
    let got = world.got(1);
    let body = |m: &&str| Some(m.split("<body>").nth(1)?.split('<').next()?.to_owned());
    let bodies: Vec<String> = messages(&got).iter().filter_map(body).collect();
    let expected: Vec<String> = (0..256).map(|n| n.to_string()).collect();
    assert_eq!(bodies, expected);
}

/// What an account keeps with the server is bounded in each of its places (XEP-0049, XEP-0163).
#[test]
fn nobody_keeps_more_than_there_is_room_for() {
    let long = "x".repeat(17 * 1024);
    let publish = format!(
        "<iq type='set' id='1'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='urn:x'>\
         <item id='1'><a xmlns='urn:a'>{long}</a></item></publish></pubsub></iq>"
    );
    let private = format!(
        "<iq type='set' id='1'><query xmlns='jabber:iq:private'><a xmlns='urn:a'>{long}</a></query></iq>"
    );
    let node = "n".repeat(200);
    let named = format!(
        "<iq type='set' id='1'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='{node}'>\
         <item id='1'><a xmlns='urn:a'/></item></publish></pubsub></iq>"
    );
    for set in [publish, private, named] {
        let mut world = two();
        world.says(1, &set);
        let got = world.got(1);
        assert!(got[0].contains("<resource-constraint"), "{got:?}");
        assert!(world.asked.is_empty(), "{:?}", world.asked);
    }
}
