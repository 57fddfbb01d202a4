//! A restored backup: nothing that was sealed before it opens, and what is kept as a hash does.

use crate::support::{Line, World};
use leeward_core::account::Role;
use leeward_store::{NewAccount, Store};
use serde_json::{Value, json};

#[tokio::test]
async fn after_a_restore_everybody_signs_in_again_and_bots_go_on() {
    let world = World::start().await;
    let here = world.account("member").await;
    let gone = world.account("former").await;
    let store = world.node.store.clone();
    let at = world.node.now();
    let bot = NewAccount {
        name: "bot".into(),
        display: "bot".into(),
        role: Role::Member,
        bot: true,
        password_hash: None,
        at,
    };
    let bot = store.create_account(bot).await.expect("the name is free").person.id;
    let hash = *blake3::hash(b"bot's token").as_bytes();
    store.create_bot_token(bot, hash, "a bot".into(), at).await.expect("it is kept");
    let ticket = Line::sign_in(&world, &here).await.ticket();
    let place = tempfile::tempdir().expect("a temporary directory");
    store.backup(place.path().join("backup")).await.expect("a backup");
    assert!(store.revoke_session(gone.account, gone.session).await.expect("it is stored"));
    let since = world.sign_in(here.account, Role::Member).await;
    drop(store);
    let data = world.stop().await;

    Store::restore(&place.path().join("backup"), &place.path().join("data")).expect("it is whole");
    let world = World::over(&place.path().join("data"), |_| {}).await;
    let again = world.sign_in(gone.account, Role::Member).await;
    assert_eq!(again.session, since.session, "an id that was given is given again");
    let hellos = [
        json!({"t": "hello", "token": here.token, "build": "test/1"}),
        json!({"t": "hello", "token": gone.token, "build": "test/1"}),
        json!({"t": "hello", "token": since.token, "build": "test/1"}),
        json!({"t": "hello", "ticket": ticket, "build": "test/1"}),
    ];
    for hello in hellos {
        let mut line = Line::open(world.address, &[]).await;
        line.say(&hello).await;
        let refused = line.end().await.said;
        let told = (&refused["t"], &refused["code"], &refused["then"]);
        assert_eq!(told, (&json!("refuse"), &json!("sign_in"), &json!("sign_in")), "{hello}");
    }
    let line = Line::sign_in(&world, &again).await;
    assert_ne!(line.welcome["session"], Value::Null);
    let actor = world.node.open_token("bot's token").expect("a hash is as good as before");
    assert_eq!((actor.account, actor.bot), (bot, true));
    drop(data);
}
