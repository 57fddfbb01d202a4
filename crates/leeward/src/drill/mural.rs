//! MURAL's outage: every TLS connection is reset at once, and one third of the clients come back with a
//! build that is no longer served.

use super::Held;
use super::house::Cast;
use super::progress::Progress;
use super::report::{Promise, Run};
use super::stage::Stage;
use super::storm::{self, Bounds};
use anyhow::Result;
use leeward_client::drill::Loss;

pub(super) const STORY: &str = "Every TLS connection but the survivors' is reset at the same instant. One third of \
     the clients come back with an old build, as after a deploy that some edges have missed: they are \
     told so, and wait behind the others.";

/// Of a hundred clients, those with an old build.
const STALE_PERCENT: u32 = 33;
/// Where nobody has to wait there is no order: shorter waits are alike, in seconds.
const NOTICED_S: f64 = 0.05;
/// Everybody is back within so many T*, full handshakes and old builds included.
const BACK: f64 = 1.4;

pub(super) async fn hold(stage: &mut Stage, cast: Cast, show: Progress) -> Result<Held> {
    let mix = cast.mix.clone();
    let loss = Loss { stale_percent: STALE_PERCENT, posting: true, ..Loss::default() };
    let run = storm::outage(stage, cast, loss, show, None).await?;
    let bounds = Bounds { obedient: BACK, ..Bounds::of(&mix) };
    let mut promises = storm::promises(&run, &mix, bounds);
    promises.extend(of_builds(&run));
    Ok((run, promises))
}

fn of_builds(run: &Run) -> Vec<Promise> {
    let Some(stale) = &run.stale else { return Vec::new() };
    let untold = stale.clients.saturating_sub(run.told_stale);
    let Some(fresh) = &run.plain else { return Vec::new() };
    let measured = format!("{:.2} s against {:.2} s", fresh.wait_half_s, stale.wait_half_s);
    let words = "those with the right build wait no longer than the others (half of them)";
    let behind = fresh.wait_half_s <= stale.wait_half_s + NOTICED_S;
    vec![
        Promise::count("untold", "old builds that were not told so", untold, 0),
        Promise { timed: true, ..Promise::fact("slow_lane", words, behind, measured) },
    ]
}
