//! Sessions of single requests (BOSH) go on after a planned restart, under the same name and from the same
//! request; what is said in between comes once and in order.

use crate::support::asker::{Asker, WAIT_S, ask, direct, member};
use crate::support::{Line, PATIENCE, Seat, World, post, text_of};
use leeward_core::id::RoomId;
use leeward_store::{SqliteConfig, Store};
use serde_json::json;
use std::path::Path;
use std::time::{Duration, Instant};

async fn says(world: &World, seat: &Seat, room: RoomId, text: &str) {
    let mut line = Line::sign_in(world, seat).await;
    line.say(&post(room, text)).await;
    line.until("posted").await;
}

/// The next server over a directory.
async fn again(dir: &Path, change: impl FnOnce(&mut leeward_server::NodeConfig)) -> World {
    World::over(dir, change).await
}

#[tokio::test]
async fn a_session_goes_on_under_its_name_and_nothing_is_lost_or_doubled() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut world = World::over(dir.path(), |_| {}).await;
    let (owner, seat) = (world.account("owner").await, member(&world, "member").await);
    let lobby = world.room("lobby", &[&owner, &seat]).await;
    let two = direct(&world, &owner, &seat).await;
    let mut asker = Asker::sign_in(&world, "member").await;
    asker.brings(&Asker::says("before")).await;
    asker.hears(&["before"]).await;
    // One that waits is answered as soon as the next is there: after that, that one waits.
    let first = asker.waits();
    let answered = asker.rid;
    let second = asker.waits();
    let (status, first) = first.await.expect("it is asked");
    assert_eq!(status, 200);
    asker.listen(&first);
    world.begin_stop();
    let (status, said) = second.await.expect("it is asked");
    assert_eq!((status, said.as_str()), (503, ""), "it is to be asked again");
    world.stop().await;
    let world = again(dir.path(), |_| {}).await;
    asker.address = world.address;
    for (room, text) in [(lobby, "between"), (two, "psst"), (lobby, "and between")] {
        says(&world, &owner, room, text).await;
    }
    // What was answered is answered the same; what was not is answered with what there is.
    assert_eq!(asker.again(answered).await, first);
    asker.again(asker.rid).await;
    let wait = async {
        while asker.heard.len() < 4 {
            asker.brings("").await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("all of it comes");
    asker.brings(&Asker::says("after")).await;
    while !asker.heard.iter().any(|text| text == "after") {
        asker.brings("").await;
    }
    let in_lobby: Vec<&String> = asker.heard.iter().filter(|text| *text != "psst").collect();
    assert_eq!(in_lobby, ["before", "between", "and between", "after"]);
    assert_eq!(asker.heard.len(), 5, "{:?}", asker.heard);
    let log: Vec<_> =
        world.log(lobby).await.iter().filter_map(text_of).map(str::to_owned).collect();
    assert_eq!(log, ["before", "between", "and between", "after"]);
    // Not asked for again: it is where it is, and stops once more.
    drop(world);
    let world = again(dir.path(), |_| {}).await;
    asker.address = world.address;
    asker.brings(&Asker::says("once more")).await;
    while asker.heard.last().is_none_or(|text| text != "once more") {
        asker.brings("").await;
    }
    assert_eq!(asker.heard.len(), 6, "{:?}", asker.heard);
    let (_, out) = ask(asker.address, asker.body(asker.rid + 50, "", "")).await;
    assert!(out.contains("item-not-found"), "{out}");
    assert!(asker.is_gone().await, "who asks out of turn has ended it");
}

#[tokio::test]
async fn whoever_speaks_while_the_server_stops_is_heard_once_and_in_order() {
    const SPEAKERS: usize = 6;
    const EACH: usize = 60;
    const ALL: usize = SPEAKERS * EACH;
    let dir = tempfile::tempdir().expect("a directory");
    let mut world = World::over(dir.path(), |_| {}).await;
    let (owner, seat) = (world.account("owner").await, member(&world, "member").await);
    let lobby = world.room("lobby", &[&owner, &seat]).await;
    let mut askers = Vec::new();
    for _ in 0..SPEAKERS {
        askers.push(Asker::sign_in_waiting(&world, "member", 1).await);
    }
    let (to, at) = tokio::sync::watch::channel(world.address);
    let speak = |(n, asker): (usize, Asker)| {
        tokio::spawn(asker.speaks(at.clone(), format!("s{n}"), (EACH, ALL)))
    };
    let speakers: Vec<_> = askers.into_iter().enumerate().map(speak).collect();
    for stop in 1..=3 {
        let enough = stop * ALL / 5;
        let said = async |world: &World| {
            world.log(lobby).await.iter().filter_map(text_of).count() >= enough
        };
        world.until("they speak", said).await;
        world.stop().await;
        world = again(dir.path(), |_| {}).await;
        let said = world.log(lobby).await.iter().filter_map(text_of).count();
        assert!(said < ALL, "it was stopped too late");
        to.send(world.address).expect("they listen");
    }
    let mut heard = Vec::new();
    for speaker in speakers {
        heard.push(
            tokio::time::timeout(PATIENCE, speaker).await.expect("in time").expect("it ends"),
        );
    }
    let log: Vec<_> =
        world.log(lobby).await.iter().filter_map(text_of).map(str::to_owned).collect();
    assert_eq!(log.len(), ALL);
    let each: std::collections::BTreeSet<_> = log.iter().collect();
    assert_eq!(each.len(), ALL, "each once");
    for heard in heard {
        assert_eq!(heard, log);
    }
}

#[tokio::test]
async fn what_has_ended_does_not_go_on() {
    let dir = tempfile::tempdir().expect("a directory");
    let world = World::over(dir.path(), |_| {}).await;
    let mut seats = vec![world.account("owner").await];
    let names = ["closed", "offline", "changed", "banned", "stays"];
    for name in names {
        seats.push(member(&world, name).await);
    }
    world.room("lobby", &seats.iter().collect::<Vec<_>>()).await;
    let mut askers = Vec::new();
    for name in names {
        askers.push(Asker::sign_in(&world, name).await);
    }
    askers[0].rid += 1;
    let close = askers[0].body(askers[0].rid, "", " type='terminate'");
    let (_, said) = ask(world.address, close).await;
    assert!(said.contains("terminate"), "{said}");
    drop(world);
    let world = again(dir.path(), |_| {}).await;
    for asker in &mut askers {
        asker.address = world.address;
    }
    assert!(askers[0].is_gone().await, "it was closed");
    world
        .ordered(json!({"do": "set_password", "name": "changed", "password": "another password"}))
        .await;
    assert!(askers[2].is_gone().await, "its password was changed");
    let banned = world.node.store.set_disabled(seats[4].account, true).await.expect("it is kept");
    world.node.accounts.put(banned.0);
    assert!(askers[3].is_gone().await, "its account is disabled");
    let said = askers[4]
        .brings("<iq xmlns='jabber:client' type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>")
        .await;
    assert!(said.contains("id='p'"), "the others go on: {said}");
    drop(world);
    // While no server runs.
    let store = Store::open(&SqliteConfig::new(dir.path())).expect("nobody has it");
    store.set_password_hash(seats[2].account, None, None).await.expect("it is kept");
    store.close().await;
    drop(store);
    let world = again(dir.path(), |_| {}).await;
    askers[1].address = world.address;
    assert!(askers[1].is_gone().await, "its password was changed while no server ran");
}

#[tokio::test]
async fn what_is_said_while_no_request_waits_is_given_to_the_next() {
    let world = World::with(|config| config.shards = 1).await;
    let (owner, seat) = (world.account("owner").await, member(&world, "member").await);
    let lobby = world.room("lobby", &[&owner, &seat]).await;
    let mut line = Line::sign_in(&world, &owner).await;
    let mut asker = Asker::sign_in_waiting(&world, "member", 2).await;
    // Until there is nothing else to be said.
    while asker.brings("").await != "<body xmlns='http://jabber.org/protocol/httpbind'/>" {}
    line.say(&post(lobby, "nobody waits")).await;
    // What one connection of the shard has got was given to all.
    line.until("event").await;
    let began = Instant::now();
    asker.brings("").await;
    assert_eq!(asker.heard, ["nobody waits"]);
    let took = began.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[tokio::test]
async fn a_session_that_takes_nothing_ends_and_is_not_asked_for_in_vain() {
    let world = World::with(|config| config.shards = 1).await;
    let (owner, seat) = (world.account("owner").await, member(&world, "member").await);
    let lobby = world.room("lobby", &[&owner, &seat]).await;
    let asker = Asker::sign_in(&world, "member").await;
    let mut line = Line::sign_in(&world, &owner).await;
    // A mebibyte may wait.
    for n in 0..120 {
        let draft = json!({"kind": "message", "text": "long".repeat(2_400)});
        let nonce = format!("nonce-{n}");
        line.say(&json!({"t": "post", "room": lobby, "nonce": nonce, "draft": draft})).await;
        line.until("posted").await;
    }
    let began = Instant::now();
    assert!(asker.is_gone().await);
    let took = began.elapsed();
    assert!(took < Duration::from_secs(WAIT_S) / 2, "{took:?}");
    assert_eq!(world.figure("leeward_connections").await, 1, "nothing of it is left");
}

#[tokio::test]
async fn whoever_goes_on_waits_at_a_gate_and_is_looked_at_when_it_is_let_in() {
    const PING: &str =
        "<iq xmlns='jabber:client' type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>";
    let dir = tempfile::tempdir().expect("a directory");
    let world = World::over(dir.path(), |_| {}).await;
    let mut seats = vec![world.account("owner").await];
    for name in ["first", "second", "banned"] {
        seats.push(member(&world, name).await);
    }
    world.room("lobby", &seats.iter().collect::<Vec<_>>()).await;
    let mut askers = Vec::new();
    for name in ["first", "second", "banned"] {
        askers.push(Asker::sign_in(&world, name).await);
    }
    drop(world);
    let world = again(dir.path(), |_| {}).await;
    askers.iter_mut().for_each(|asker| asker.address = world.address);
    let gate = async |gate| {
        world.ordered(json!({"command": "gate", "class": null, "gate": gate})).await;
    };
    gate(json!({"state": "closed", "message": "soon"})).await;
    askers[0].rid += 1;
    let same = askers[0].body(askers[0].rid, PING, "");
    let refused = ask(world.address, same.clone()).await;
    assert_eq!(refused, (503, String::new()), "not told that it has ended");
    gate(json!({"state": "paced", "per_s": 1, "message": "slowly"})).await;
    let (status, said) = ask(world.address, same).await;
    assert!(status == 200 && said.contains("id='p'"), "the same goes on: {said}");
    let waits = [askers[1].sends(PING), askers[2].sends(PING)];
    world.until("both wait", async |world| world.node.view().parked as u64 >= 2).await;
    let banned = world.node.store.set_disabled(seats[3].account, true).await.expect("it is kept");
    world.node.accounts.put(banned.0);
    gate(json!({"state": "open"})).await;
    let [second, banned] = waits;
    let (_, said) = second.await.expect("it is asked");
    assert!(said.contains("id='p'"), "{said}");
    let (_, said) = banned.await.expect("it is asked");
    assert!(said.contains("condition='item-not-found'"), "{said}");
}
