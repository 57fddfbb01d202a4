//! A node that falls in the middle of a storm knows after its start how fast it was.

use crate::support::{Line, World};
use leeward_core::storm::LimitedBy;
use leeward_store::Note;

#[tokio::test]
async fn the_rate_survives_a_restart_and_is_climbed_to_from_a_quarter() {
    let world = World::start().await;
    let member = world.account("member").await;
    for _ in 0..40 {
        Line::sign_in(&world, &member).await;
    }
    let known = async |world: &World| world.node.store.note(Note::Storm).await.expect("it reads");
    world
        .until("it is kept", async |world| known(world).await.is_some_and(|b| b[4..] != [0; 4]))
        .await;
    let dir = world.stop().await.expect("it had a directory of its own");
    let kept = {
        let world = World::over(dir.path(), |_| {}).await;
        let kept = known(&world).await.expect("it is kept");
        let figures = world.node.storm();
        let mu_per_s = u32::from_be_bytes(kept[4..].try_into().expect("four bytes"));
        assert!(mu_per_s > 0);
        // Whatever had been measured counts for the first moment only as far as a quarter.
        assert!(figures.limit_per_s <= mu_per_s.max(100) * 3, "{figures:?}");
        assert!(figures.limited_by == LimitedBy::Start || figures.limit_per_s >= mu_per_s / 4);
        kept
    };
    let world = World::over(dir.path(), |_| {}).await;
    let again = known(&world).await.expect("it is kept");
    let epoch = |bytes: &[u8]| u32::from_be_bytes(bytes[..4].try_into().expect("four bytes"));
    assert!(epoch(&again) > epoch(&kept), "each life has slots of its own");
}
