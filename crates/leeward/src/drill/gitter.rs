//! Gitter's outage: everybody is dropped, and while they come back the lease parameters are changed,
//! first shorter, then much longer. Nobody may be expired by a lease they were not given; and a
//! return may cost what has changed, not a snapshot.

use super::Held;
use super::house::{Cast, House};
use super::progress::Progress;
use super::report::Promise;
use super::stage::Stage;
use super::storm::{self, Bounds, CALM};
use anyhow::Result;
use leeward_client::drill::{Loss, Species};
use serde_json::json;
use std::time::Duration;

pub(super) const STORY: &str = "All connections but the survivors' are reset. While the clients come back, the \
     lease is shortened to a quarter, and a moment later made five times as long; then everybody is \
     watched for longer than any lease lasts.";

/// What the server starts with, in milliseconds: short, so that the drill sees a lease end.
const PING_MS: u32 = 2_000;
const LEASE_MS: u32 = 6_000;
/// The most reads of the database for each who resumes: one in a hundred.
const READS_EACH: f64 = 0.01;
/// The most bytes for each who resumes, beside what it missed: welcome, pong and caught up.
const BYTES_EACH: f64 = 4_096.0;

pub(super) fn lease_keys() -> Vec<(&'static str, String)> {
    vec![("lease.ping_ms", PING_MS.to_string()), ("lease.lease_ms", LEASE_MS.to_string())]
}

pub(super) async fn hold(stage: &mut Stage, cast: Cast, show: Progress) -> Result<Held> {
    let (mix, species) = (cast.mix.clone(), cast.mix.to_string());
    show.begins(&format!("{} clients come in", cast.clients));
    let mut house = House::fill(stage, cast, show).await?;
    let mu = house.measure_mu(2).await?;
    let t_star_s = house.returners as f64 / mu.per_s.max(1e-3);
    let patience = storm::patience(&mix, t_star_s);
    house.calm(CALM).await?;
    let counted = ["leeward_store_reads_total", "leeward_leases_expired_total"];
    let mut before = [None; 2];
    for (name, value) in counted.iter().zip(&mut before) {
        *value = stage.operator.metric(name).await?;
    }
    house.lose(Loss { posting: true, ..Loss::default() }).await?;
    let half = house.returners / 2;
    house.watch("half on their way", patience, |v| v.crowd.admitted() >= half / 2).await?;
    change(stage, &mut house, PING_MS / 4, LEASE_MS / 4).await?;
    house.watch("half on their way", patience, |v| v.crowd.admitted() >= half).await?;
    change(stage, &mut house, PING_MS * 5, LEASE_MS * 5).await?;
    let view = house.all_back(patience).await?;
    house.mark("everybody is back");
    let reads = stage.operator.metric(counted[0]).await?;
    let mut run = house.recovered(&view, patience).await?;
    let watched = Duration::from_millis(u64::from(LEASE_MS) * 2);
    house.rest("waiting for leases to end that must not", watched).await?;
    let expired = stage.operator.metric(counted[1]).await?;
    house.settle(&mut run).await?;
    let admitted = view.crowd.admitted().max(1) as f64;
    let since = |now: Option<f64>, before: Option<f64>| now.zip(before).map(|(n, b)| n - b);
    run.store_reads_each = since(reads, before[0]).map(|reads| reads / admitted);
    run.species = species;
    run.measure_by(mu);

    let mut promises = storm::promises(&run, &mix, Bounds::of(&mix));
    let expired = since(expired, before[1]).unwrap_or_default() as u64;
    promises.push(Promise::count("false_expiry", "leases that ended falsely", expired, 0));
    if mix.species().all(Species::obeys) {
        promises.extend(costs(&run));
    }
    Ok((run, promises))
}

async fn change(stage: &mut Stage, house: &mut House, ping_ms: u32, lease_ms: u32) -> Result<()> {
    let lease = json!({"ping_ms": ping_ms, "lease_ms": lease_ms, "spread_ms": 5_000});
    let command = json!({"command": "lease", "visible": lease, "hidden": lease});
    stage.operator.command(&command).await?;
    house.mark(format!("leases of {} s", f64::from(lease_ms) / 1_000.0));
    Ok(())
}

fn costs(run: &super::report::Run) -> Vec<Promise> {
    let reads = run.store_reads_each.unwrap_or(f64::INFINITY);
    let (few, small) = (reads <= READS_EACH, run.bytes_each <= BYTES_EACH);
    let words = "a return costs what has changed: reads of the database for each";
    let reads = Promise {
        bound: format!("≤ {READS_EACH}"),
        ..fact("reads", words, few, format!("{reads:.4}"))
    };
    let words = "… bytes read by each on the way in";
    let bytes = format!("{:.0}", run.bytes_each);
    let bytes =
        Promise { bound: format!("≤ {BYTES_EACH}"), ..fact("bytes", words, small, bytes) };
    vec![reads, bytes]
}

fn fact(name: &'static str, words: &str, held: bool, measured: String) -> Promise {
    Promise::fact(name, words, held, measured)
}
