//! A new picture is told to clients that want to know, whichever shard each is on (XEP-0163, XEP-0115).

use crate::support::World;
use crate::support::asker::{Asker, member};

/// So many that they are not all on the shard of the other.
const CLIENTS: usize = 8;
const INFO: &str = "<query xmlns='http://jabber.org/protocol/disco#info'>\
     <feature var='urn:xmpp:avatar:metadata+notify'/></query>";

#[tokio::test]
async fn a_new_picture_reaches_those_who_want_to_know() {
    let world = World::with(|config| config.shards = 4).await;
    let (owner, other) = (member(&world, "owner").await, member(&world, "other").await);
    world.room("lobby", &[&owner, &other]).await;
    let mut clients = Vec::new();
    for n in 0..CLIENTS {
        let mut client = Asker::sign_in(&world, "owner").await;
        let caps = format!(
            "<presence xmlns='jabber:client'><c xmlns='http://jabber.org/protocol/caps' \
             hash='sha-1' node='https://a.client' ver='kind{n}'/></presence>"
        );
        client.brings(&caps).await;
        client.got_by_and_by(&format!("id='caps-kind{n}'")).await;
        let answer = format!(
            "<iq xmlns='jabber:client' type='result' id='caps-kind{n}'>{INFO}</iq>\
             <iq xmlns='jabber:client' type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>"
        );
        client.brings(&answer).await;
        clients.push(client);
    }
    let mut painter = Asker::sign_in(&world, "other").await;
    let id = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
    let publish = format!(
        "<iq xmlns='jabber:client' type='set' id='1'><pubsub xmlns='http://jabber.org/protocol/pubsub'>\
         <publish node='urn:xmpp:avatar:metadata'><item id='{id}'>\
         <metadata xmlns='urn:xmpp:avatar:metadata'><info bytes='1' id='{id}' type='image/png'/></metadata>\
         </item></publish></pubsub></iq>"
    );
    painter.brings(&publish).await;
    for client in &mut clients {
        client.got_by_and_by(&format!("<item id='{id}'><metadata ")).await;
        assert!(client.got.contains("from='other@localhost'"), "{}", client.got);
    }
}
