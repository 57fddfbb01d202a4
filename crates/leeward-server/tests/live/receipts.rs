//! That a message has come is told to all clients of its author, whichever shard each is on.

use crate::support::World;
use crate::support::asker::{Asker, direct, member};

/// So many that they are not all on the shard of the other.
const CLIENTS: usize = 12;

#[tokio::test]
async fn a_receipt_reaches_every_client_of_the_author() {
    let world = World::with(|config| config.shards = 4).await;
    let (owner, other) = (member(&world, "owner").await, member(&world, "other").await);
    world.room("lobby", &[&owner, &other]).await;
    direct(&world, &owner, &other).await;
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        clients.push(Asker::sign_in(&world, "owner").await);
    }
    let mut reader = Asker::sign_in(&world, "other").await;
    let chat = |to: &str, id: &str, inner: &str| {
        format!(
            "<message xmlns='jabber:client' to='{to}@localhost' type='chat' id='{id}'>{inner}</message>"
        )
    };
    let said = "<body>are you there?</body><request xmlns='urn:xmpp:receipts'/>";
    let waits = clients[0].sends(&chat("other", "0123456789abcdef0", said));
    while reader.heard.is_empty() {
        reader.brings("").await;
    }
    let got = "<received xmlns='urn:xmpp:receipts' id='0123456789abcdef0'/>";
    let _under_way = reader.sends(&chat("owner", "0123456789abcdef1", got));
    // One that waits is answered with it.
    let (_, answer) = waits.await.expect("it is asked");
    clients[0].listen(&answer);
    for client in &mut clients {
        client.got_by_and_by(got).await;
        assert_eq!(client.got.matches(got).count(), 1, "{}", client.got);
    }
    assert!(!reader.got.contains("<received"), "{}", reader.got);
}
