//! Terms of leases that change in the middle of a storm concern what is granted from there on: nobody
//! loses a connection by it.

use crate::support::{Line, World};
use leeward_core::lease::Terms;
use leeward_core::wire::Lease;
use serde_json::json;
use std::time::{Duration, Instant};

const LONG: Lease = Lease { ping_ms: 2_000, lease_ms: 6_000, spread_ms: 250 };

#[tokio::test]
async fn a_change_of_terms_expires_nobody_who_keeps_to_what_was_granted() {
    let world = World::with(|config| config.lease = Terms { visible: LONG, hidden: LONG }).await;
    let member = world.account("member").await;
    let mut before = Vec::new();
    for _ in 0..10 {
        before.push(Line::sign_in(&world, &member).await);
    }
    let granted = Instant::now();
    // Others come in all the while.
    let (address, token) = (world.address, member.token.clone());
    let storm = tokio::spawn(async move {
        let mut lines = Vec::new();
        for _ in 0..150 {
            let mut line = Line::open(address, &[]).await;
            line.say(&json!({"t": "hello", "token": token})).await;
            line.come_in().await;
            lines.push(line);
        }
        lines
    });
    let short = json!({"ping_ms": 500, "lease_ms": 1_500, "spread_ms": 250});
    let order = json!({"command": "lease", "visible": short, "hidden": short});
    let answer = world.ordered(order).await;
    assert_eq!(answer["visible"]["lease_ms"], 1_500);
    let granted_short = async |_: &World| {
        let line = Line::sign_in(&world, &member).await;
        line.welcome["lease"]["lease_ms"] == 1_500
    };
    world.until("the terms are taken up", granted_short).await;
    storm.await.expect("all came in");
    // Silent for longer than the short lease and shorter than the one that they hold.
    tokio::time::sleep_until((granted + Duration::from_millis(4_500)).into()).await;
    for line in &mut before {
        line.say(&json!({"t": "ping", "n": 1})).await;
        let pong = line.until("pong").await;
        assert_eq!(pong["lease"]["lease_ms"], 1_500, "from here on");
    }
}
