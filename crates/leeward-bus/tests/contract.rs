//! What every arm of the bus does. Mounted on the local one.

#![expect(clippy::wildcard_enum_match_arm, reason = "what is not expected ends the test")]

use leeward_bus::Bus;
use leeward_core::code::Code;
use leeward_core::hub::News;
use leeward_core::id::{AccountId, RoomId};
use std::sync::Arc;

fn typing(who: u64) -> News {
    News::Typing { room: RoomId(1), who: AccountId(who), thread: None }
}

fn who(news: &[News]) -> Vec<u64> {
    let account = |n: &News| match n {
        News::Typing { who, .. } => who.0,
        News::EndAccount { account, .. } => account.0,
        _ => panic!("only these are published here"),
    };
    news.iter().map(account).collect()
}

#[tokio::test]
async fn every_shard_gets_all_news_in_the_order_of_one_publisher() {
    let bus = Bus::local(1 << 20);
    let (a, b) = (bus.subscribe(), bus.subscribe());
    for n in 1..=3 {
        bus.publish(&typing(n));
    }
    for inbox in [a, b] {
        inbox.arrived().await;
        let mut news = Vec::new();
        assert!(!inbox.take(&mut news));
        assert_eq!(who(&news), [1, 2, 3]);
    }
}

#[tokio::test]
async fn a_shard_that_lags_keeps_its_bound_and_learns_that_it_lost_something() {
    let bus = Bus::local(4 * typing(0).cost_bytes());
    let inbox = bus.subscribe();
    for n in 1..=100 {
        bus.publish(&typing(n));
        assert!(inbox.bytes() <= 4 * typing(0).cost_bytes());
    }
    let mut news = Vec::new();
    assert!(inbox.take(&mut news), "ninety-six were lost");
    assert_eq!(who(&news), [1, 2, 3, 4]);
    news.clear();
    bus.publish(&News::EndAccount { account: AccountId(7), code: Code::Banned });
    assert!(!inbox.take(&mut news), "nothing was lost since");
    assert_eq!(who(&news), [7]);
}

#[tokio::test]
async fn a_waiting_shard_is_woken_from_another_thread() {
    let bus = Arc::new(Bus::local(1 << 20));
    let inbox = bus.subscribe();
    let publisher = Arc::clone(&bus);
    let thread = std::thread::spawn(move || publisher.publish(&typing(1)));
    inbox.arrived().await;
    thread.join().expect("it only publishes");
    let mut news = Vec::new();
    inbox.take(&mut news);
    assert_eq!(who(&news), [1]);
}
