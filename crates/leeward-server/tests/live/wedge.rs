//! However the limiter is broken, people come in again within moments, and those who are in notice
//! nothing. `cargo run --release -p leeward-server --example wedge` does the same a thousand times.

use crate::support::wedge::{House, STALLED_MAX, faults};
use serde_json::json;
use std::time::Duration;

const FIRST_MAX: Duration = Duration::from_millis(2_500);
const ALL_MAX: Duration = Duration::from_secs(10);

#[tokio::test]
async fn every_way_to_break_the_limiter_is_healed() {
    for fault in faults() {
        let mut house = House::build(true).await;
        let mut counted = 0;
        while counted < 2 {
            let healed = house.round(&fault, ALL_MAX * 2).await;
            if healed.stalled > STALLED_MAX {
                continue;
            }
            counted += 1;
            assert!(healed.first <= FIRST_MAX, "{fault}: {healed:?}");
            assert!(healed.all <= ALL_MAX, "{fault}: {healed:?}");
        }
    }
}

#[tokio::test]
async fn without_the_guard_nobody_comes_in_again() {
    for fault in [json!({"kind": "poison"}), json!({"kind": "leak_permits", "count": 45})] {
        let mut house = House::build(false).await;
        let patience = Duration::from_secs(4);
        let healed = house.round(&fault, patience).await;
        assert_eq!(healed.first, patience, "{fault}");
        assert_eq!(house.rebuilds(), 0);
    }
}
